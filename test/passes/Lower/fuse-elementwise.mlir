// RUN: blockattn-opt %s --pass-pipeline='builtin.module(blockattn-lower-onnx-to-linalg,canonicalize,cse,func.func(blockattn-fuse-elementwise),canonicalize)' --split-input-file | FileCheck %s

// A gated activation is one loop.
// CHECK-LABEL: func.func @gate(
// CHECK-COUNT-1: linalg.generic
// CHECK: math.exp
// CHECK: arith.mulf
// CHECK-NOT: linalg.generic
func.func @gate(%x: tensor<1x?x8xf32> {onnx.dims = ["", "n", ""]}, %y: tensor<1x?x8xf32> {onnx.dims = ["", "n", ""]}) -> tensor<1x?x8xf32> {
  %0 = onnx.Swish(%x) : (tensor<1x?x8xf32>) -> tensor<1x?x8xf32>
  %1 = onnx.Mul(%0, %y) : (tensor<1x?x8xf32>, tensor<1x?x8xf32>) -> tensor<1x?x8xf32>
  return %1 : tensor<1x?x8xf32>
}

// -----

// What is dear and used twice is computed once.
// CHECK-LABEL: func.func @twice(
// CHECK-COUNT-1: math.exp
// CHECK-NOT: math.exp
func.func @twice(%x: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>) {
  %0 = onnx.Exp(%x) : (tensor<?xf32>) -> tensor<?xf32>
  %1 = onnx.Neg(%0) : (tensor<?xf32>) -> tensor<?xf32>
  %2 = onnx.Abs(%0) : (tensor<?xf32>) -> tensor<?xf32>
  return %1, %2 : tensor<?xf32>, tensor<?xf32>
}

// -----

// The root of a norm is taken once a row, not once an element.
// CHECK-LABEL: func.func @norm(
// CHECK: math.sqrt
// CHECK: linalg.generic {{.*}}["parallel", "parallel"]
// CHECK-NOT: math.sqrt
func.func @norm(%x: tensor<?x8xf32>, %w: tensor<8xf32>) -> tensor<?x8xf32> {
  %0 = onnx.RMSNormalization(%x, %w) : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

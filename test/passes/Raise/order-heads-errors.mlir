// Reshapes and transpositions of rank 3 that join or split no heads.
// RUN: blockattn-opt %s --pass-pipeline='builtin.module(func.func(blockattn-order-heads))' | FileCheck %s
// CHECK-NOT: x4x

// The first dimension is taken apart, too.
// CHECK-LABEL: func @first
func.func @first(%x: tensor<?x?x32xf32> {onnx.dims = ["n", "b", ""]}) -> tensor<?x?x8xf32> {
  %shape = onnx.Constant dense<[-1, 6, 8]> : tensor<3xi64>
  %r = onnx.Reshape(%x, %shape) : (tensor<?x?x32xf32>, tensor<3xi64>) -> tensor<?x?x8xf32>
  %t = onnx.Transpose(%r) {perm = array<i64: 1, 0, 2>} : (tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  return %t : tensor<?x?x8xf32>
}

// What is joined is no multiple of a head.
// CHECK-LABEL: func @multiple
func.func @multiple(%w: tensor<?x?x?xf32>, %v: tensor<?x?x8xf32>) -> tensor<?x36xf32> {
  %shape = onnx.Constant dense<[-1, 36]> : tensor<2xi64>
  %o = onnx.MatMul(%w, %v) : (tensor<?x?x?xf32>, tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  %t = onnx.Transpose(%o) {perm = array<i64: 1, 0, 2>} : (tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  %r = onnx.Reshape(%t, %shape) : (tensor<?x?x8xf32>, tensor<2xi64>) -> tensor<?x36xf32>
  return %r : tensor<?x36xf32>
}

// The second 0 would be another dimension with heads apart.
// CHECK-LABEL: func @zero
func.func @zero(%w: tensor<6x?x?xf32>, %v: tensor<6x?x8xf32>) -> tensor<?x6x?xf32> {
  %shape = onnx.Constant dense<[-1, 0, 32]> : tensor<3xi64>
  %o = onnx.MatMul(%w, %v) : (tensor<6x?x?xf32>, tensor<6x?x8xf32>) -> tensor<6x?x8xf32>
  %t = onnx.Transpose(%o) {perm = array<i64: 1, 0, 2>} : (tensor<6x?x8xf32>) -> tensor<?x6x8xf32>
  %r = onnx.Reshape(%t, %shape) : (tensor<?x6x8xf32>, tensor<3xi64>) -> tensor<?x6x32xf32>
  %s = onnx.Transpose(%r) {perm = array<i64: 0, 1, 2>} : (tensor<?x6x32xf32>) -> tensor<?x6x?xf32>
  return %s : tensor<?x6x?xf32>
}

// Frames that are stacked two by two: the first dimension is no batch of heads.
// CHECK-LABEL: func @frames
func.func @frames(%x: tensor<?x?x8xf32> {onnx.dims = ["batch", "seq", ""]}, %w: tensor<8x8xf32>) -> tensor<?x16xf32> {
  %shape = onnx.Constant dense<[-1, 16]> : tensor<2xi64>
  %o = onnx.MatMul(%x, %w) : (tensor<?x?x8xf32>, tensor<8x8xf32>) -> tensor<?x?x8xf32>
  // CHECK: onnx.Transpose
  // CHECK-NEXT: onnx.Reshape
  // CHECK-NEXT: return
  %t = onnx.Transpose(%o) {perm = array<i64: 1, 0, 2>} : (tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  %r = onnx.Reshape(%t, %shape) : (tensor<?x?x8xf32>, tensor<2xi64>) -> tensor<?x16xf32>
  return %r : tensor<?x16xf32>
}

// CHECK-LABEL: func @fixed_frames
func.func @fixed_frames(%x: tensor<1x6x8xf32>, %w: tensor<8x8xf32>) -> tensor<3x16xf32> {
  %shape = onnx.Constant dense<[-1, 16]> : tensor<2xi64>
  %o = onnx.MatMul(%x, %w) : (tensor<1x6x8xf32>, tensor<8x8xf32>) -> tensor<1x6x8xf32>
  // CHECK: onnx.Transpose
  // CHECK-NEXT: onnx.Reshape
  // CHECK-NEXT: return
  %t = onnx.Transpose(%o) {perm = array<i64: 1, 0, 2>} : (tensor<1x6x8xf32>) -> tensor<6x1x8xf32>
  %r = onnx.Reshape(%t, %shape) : (tensor<6x1x8xf32>, tensor<2xi64>) -> tensor<3x16xf32>
  return %r : tensor<3x16xf32>
}

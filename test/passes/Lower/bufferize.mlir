// RUN: blockattn-opt %s --pass-pipeline='builtin.module(blockattn-lower-onnx-to-linalg,canonicalize,cse,blockattn-bufferize,canonicalize,cse,canonicalize)' --split-input-file | FileCheck %s

// The result is computed where the caller wants it, through its reshape.
// CHECK-LABEL: func.func @direct(
// CHECK-SAME: %[[X:.*]]: memref<1x?x16xf32> {{.*}}, %[[W:.*]]: memref<16x32xf32>, %[[OUT:.*]]: memref<1x?x32xf32> {blockattn.output = 0 : i64}
// CHECK-NOT: memref.alloc
// CHECK: %[[ROWS:.*]] = memref.collapse_shape %[[OUT]]
// CHECK: linalg.matmul ins(%{{.*}}, %[[W]] {{.*}}) outs(%[[ROWS]] : memref<?x32xf32>)
// CHECK-NOT: memref.copy
// CHECK: return{{$}}
func.func @direct(%x: tensor<1x?x16xf32> {onnx.dims = ["", "n", ""]}, %w: tensor<16x32xf32>) -> tensor<1x?x32xf32> {
  %0 = onnx.MatMul(%x, %w) : (tensor<1x?x16xf32>, tensor<16x32xf32>) -> tensor<1x?x32xf32>
  return %0 : tensor<1x?x32xf32>
}

// -----

// Operands of a concatenation are computed in their places.
// CHECK-LABEL: func.func @concat(
// CHECK-SAME: %[[A:.*]]: memref<?x4xf32> {{{.*}}}, %[[B:.*]]: memref<?x4xf32> {{{.*}}}, %[[OUT:.*]]: memref<?x4xf32> {blockattn.output
// CHECK: %[[WHOLE:.*]] = memref.alloc
// CHECK-NOT: memref.alloc
// CHECK: %[[PLACE:.*]] = memref.subview %[[WHOLE]]
// CHECK: linalg.generic {{.*}} ins(%[[A]] : memref<?x4xf32>) outs(%[[PLACE]]
// CHECK: math.exp
// CHECK: memref.copy %[[B]]
// CHECK: return
func.func @concat(%a: tensor<?x4xf32> {onnx.dims = ["n", ""]}, %b: tensor<?x4xf32> {onnx.dims = ["m", ""]}) -> tensor<?x4xf32> {
  %0 = onnx.Exp(%a) : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %1 = onnx.Concat(%0, %b) {axis = 0 : i64} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}

// -----

// Inputs are never written: a result that is an input is a copy.
// CHECK-LABEL: func.func @pass_through(
// CHECK-SAME: %[[X:.*]]: memref<?xf32>, %[[OUT:.*]]: memref<?xf32>
// CHECK: memref.copy %[[X]], %[[OUT]]
func.func @pass_through(%x: tensor<?xf32>) -> tensor<?xf32> {
  return %x : tensor<?xf32>
}

// -----

// A result whose size depends on data stays a result.
// CHECK-LABEL: func.func @dependent(
// CHECK-SAME: -> (memref<?xi64> {blockattn.output = 0 : i64})
// CHECK: memref.load
// CHECK: return %{{.*}} : memref<?xi64>
func.func @dependent(%n: tensor<i64>) -> tensor<?xi64> {
  %0 = onnx.Constant dense<0> : tensor<i64>
  %1 = onnx.Constant dense<1> : tensor<i64>
  %2 = onnx.Range(%0, %n, %1) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  return %2 : tensor<?xi64>
}

// -----

// Constants stand in the order of their first use, whatever the order is in which
// functions become buffers.
// CHECK: memref.global "private" constant @constant : memref<2xf32> = dense<[1.000000e+00, 2.000000e+00]>
// CHECK-NEXT: memref.global "private" constant @constant_0 : memref<2xf32> = dense<[3.000000e+00, 4.000000e+00]>
// CHECK-NEXT: memref.global "private" constant @constant_1 : memref<2xf32> = dense<[5.000000e+00, 6.000000e+00]>
// CHECK-NOT: memref.global
// CHECK-LABEL: func.func @first_use(
// CHECK: memref.get_global @constant :
// CHECK-LABEL: func.func @second_use(
// CHECK: memref.get_global @constant_0 :
// CHECK-LABEL: func.func @third_use(
// CHECK-DAG: memref.get_global @constant :
// CHECK-DAG: memref.get_global @constant_1 :
func.func @first_use(%x: tensor<2xf32>) -> tensor<2xf32> {
  %c = onnx.Constant dense<[1.0, 2.0]> : tensor<2xf32>
  %0 = onnx.Add(%x, %c) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}
func.func @second_use(%x: tensor<2xf32>) -> tensor<2xf32> {
  %c = onnx.Constant dense<[3.0, 4.0]> : tensor<2xf32>
  %0 = onnx.Add(%x, %c) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}
func.func @third_use(%x: tensor<2xf32>) -> tensor<2xf32> {
  %c = onnx.Constant dense<[1.0, 2.0]> : tensor<2xf32>
  %d = onnx.Constant dense<[5.0, 6.0]> : tensor<2xf32>
  %0 = onnx.Add(%x, %c) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %1 = onnx.Mul(%0, %d) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return %1 : tensor<2xf32>
}

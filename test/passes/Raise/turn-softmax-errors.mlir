// What is no softmax over the columns of a product, or cannot be turned.
// RUN: blockattn-opt %s --pass-pipeline='builtin.module(func.func(blockattn-turn-softmax))' | FileCheck %s
// CHECK-NOT: axis = -1

// Linear attention: softmax over the tokens of the keys themselves.
// CHECK-LABEL: func @no_product
// CHECK: onnx.Softmax(%arg0) {axis = -2 : i64}
func.func @no_product(%k: tensor<2x?x8xf32>) -> tensor<2x8x?xf32> {
  %p = onnx.Softmax(%k) {axis = -2 : i64} : (tensor<2x?x8xf32>) -> tensor<2x?x8xf32>
  %t = onnx.Transpose(%p) {perm = array<i64: 0, 2, 1>} : (tensor<2x?x8xf32>) -> tensor<2x8x?xf32>
  return %t : tensor<2x8x?xf32>
}

// What is added to each row would have to become a column.
// CHECK-LABEL: func @row
// CHECK: onnx.Softmax(%{{.*}}) {axis = -2 : i64}
func.func @row(%k: tensor<2x?x8xf32>, %qt: tensor<2x8x?xf32>, %row: tensor<?xf32>) -> tensor<2x?x?xf32> {
  %s = onnx.MatMul(%k, %qt) : (tensor<2x?x8xf32>, tensor<2x8x?xf32>) -> tensor<2x?x?xf32>
  %a = onnx.Add(%s, %row) : (tensor<2x?x?xf32>, tensor<?xf32>) -> tensor<2x?x?xf32>
  %p = onnx.Softmax(%a) {axis = -2 : i64} : (tensor<2x?x?xf32>) -> tensor<2x?x?xf32>
  %t = onnx.Transpose(%p) {perm = array<i64: 0, 2, 1>} : (tensor<2x?x?xf32>) -> tensor<2x?x?xf32>
  return %t : tensor<2x?x?xf32>
}

// Its result is not turned.
// CHECK-LABEL: func @as_it_is
// CHECK: onnx.Softmax(%{{.*}}) {axis = -2 : i64}
func.func @as_it_is(%k: tensor<2x?x8xf32>, %qt: tensor<2x8x?xf32>) -> tensor<?x2x?xf32> {
  %s = onnx.MatMul(%k, %qt) : (tensor<2x?x8xf32>, tensor<2x8x?xf32>) -> tensor<2x?x?xf32>
  %p = onnx.Softmax(%s) {axis = -2 : i64} : (tensor<2x?x?xf32>) -> tensor<2x?x?xf32>
  %t = onnx.Transpose(%p) {perm = array<i64: 1, 0, 2>} : (tensor<2x?x?xf32>) -> tensor<?x2x?xf32>
  return %t : tensor<?x2x?xf32>
}

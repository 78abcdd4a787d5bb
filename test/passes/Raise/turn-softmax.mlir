// RUN: blockattn-opt %s --pass-pipeline='builtin.module(func.func(blockattn-turn-softmax))' | FileCheck %s

// Product and mask are turned with the softmax; a scalar stays.
// CHECK-LABEL: func @masked
func.func @masked(%k: tensor<?x4x?x8xf32> {onnx.dims = ["b", "", "n", ""]}, %qt: tensor<?x4x8x?xf32> {onnx.dims = ["b", "", "", "n"]}, %mask: tensor<?x?xi1> {onnx.dims = ["n", "n"]}, %v: tensor<?x4x?x8xf32> {onnx.dims = ["b", "", "n", ""]}) -> tensor<?x4x?x8xf32> {
  %scale = onnx.Constant dense<0.5> : tensor<f32>
  %masked = onnx.Constant dense<-1.0E+9> : tensor<f32>
  // CHECK-NOT: onnx.MatMul
  // CHECK-DAG: %[[Q:.*]] = onnx.Transpose(%arg1) {perm = array<i64: 0, 1, 3, 2>} : (tensor<?x4x8x?xf32>) -> tensor<?x4x?x8xf32>
  // CHECK-DAG: %[[KT:.*]] = onnx.Transpose(%arg0) {perm = array<i64: 0, 1, 3, 2>} : (tensor<?x4x?x8xf32>) -> tensor<?x4x8x?xf32>
  // CHECK-DAG: %[[M:.*]] = onnx.Transpose(%arg2) {perm = array<i64: 1, 0>}
  // CHECK-DAG: %[[S:.*]] = onnx.MatMul(%[[Q]], %[[KT]])
  // CHECK: %[[SCALED:.*]] = onnx.Mul(%[[S]], %{{.*}})
  // CHECK: %[[W:.*]] = onnx.Where(%[[M]], %[[SCALED]], %{{.*}})
  // CHECK: %[[P:.*]] = onnx.Softmax(%[[W]]) {axis = -1 : i64}
  // CHECK: onnx.MatMul(%[[P]], %arg3)
  %s0 = onnx.MatMul(%k, %qt) : (tensor<?x4x?x8xf32>, tensor<?x4x8x?xf32>) -> tensor<?x4x?x?xf32>
  %s1 = onnx.Mul(%s0, %scale) : (tensor<?x4x?x?xf32>, tensor<f32>) -> tensor<?x4x?x?xf32>
  %s2 = onnx.Where(%mask, %s1, %masked) : (tensor<?x?xi1>, tensor<?x4x?x?xf32>, tensor<f32>) -> tensor<?x4x?x?xf32>
  %p = onnx.Softmax(%s2) {axis = -2 : i64} : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %pt = onnx.Transpose(%p) {perm = array<i64: 0, 1, 3, 2>} : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %y = onnx.MatMul(%pt, %v) : (tensor<?x4x?x?xf32>, tensor<?x4x?x8xf32>) -> tensor<?x4x?x8xf32>
  return %y : tensor<?x4x?x8xf32>
}

// Keys and queries that are transposed already become what they were; whoever
// sees the weights as they were still does.
// CHECK-LABEL: func @seen
func.func @seen(%k: tensor<2x?x8xf32> {onnx.dims = ["", "n", ""]}, %q: tensor<2x?x8xf32> {onnx.dims = ["", "n", ""]}) -> (tensor<2x?x?xf32>, tensor<2x?x?xf32>) {
  %qt = onnx.Transpose(%q) {perm = array<i64: 0, 2, 1>} : (tensor<2x?x8xf32>) -> tensor<2x8x?xf32>
  // CHECK: %[[KT:.*]] = onnx.Transpose(%arg0)
  // CHECK: %[[S:.*]] = onnx.MatMul(%arg1, %[[KT]])
  // CHECK: %[[P:.*]] = onnx.Softmax(%[[S]]) {axis = -1 : i64}
  // CHECK: %[[PT:.*]] = onnx.Transpose(%[[P]]) {perm = array<i64: 0, 2, 1>}
  // CHECK: return %[[P]], %[[PT]]
  %s = onnx.MatMul(%k, %qt) : (tensor<2x?x8xf32>, tensor<2x8x?xf32>) -> tensor<2x?x?xf32>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<2x?x?xf32>) -> tensor<2x?x?xf32>
  %pt = onnx.Transpose(%p) {perm = array<i64: 0, 2, 1>} : (tensor<2x?x?xf32>) -> tensor<2x?x?xf32>
  return %pt, %p : tensor<2x?x?xf32>, tensor<2x?x?xf32>
}

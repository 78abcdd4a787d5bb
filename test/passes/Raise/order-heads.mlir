// RUN: blockattn-opt %s --pass-pipeline='builtin.module(func.func(blockattn-order-heads))' | FileCheck %s
// RUN: blockattn-opt %s --blockattn-raise | FileCheck %s --check-prefix=RAISED

// nn.MultiheadAttention: [tokens, batch, 32] as [tokens, batch * 4, 8]. The
// result is joined to a matrix of tokens.
// CHECK-LABEL: func @merged
// RAISED-LABEL: func @merged
// RAISED-DAG: %[[X:.*]] = onnx.Transpose(%arg0) {perm = array<i64: 1, 0, 2>}
// RAISED-DAG: %[[Z:.*]] = onnx.Transpose(%arg1) {perm = array<i64: 1, 0, 2>}
// RAISED-DAG: %[[Q0:.*]] = onnx.Reshape(%[[X]], %{{.*}}) : (tensor<?x?x32xf32>, tensor<4xi64>) -> tensor<?x?x4x8xf32>
// RAISED-DAG: %[[Q:.*]] = onnx.Transpose(%[[Q0]]) {perm = array<i64: 1, 0, 2, 3>}
// RAISED-DAG: %[[K0:.*]] = onnx.Reshape(%[[Z]], %{{.*}}) : (tensor<?x?x32xf32>, tensor<4xi64>) -> tensor<?x?x4x8xf32>
// RAISED-DAG: %[[K:.*]] = onnx.Transpose(%[[K0]]) {perm = array<i64: 1, 0, 2, 3>}
// RAISED: blockattn.attention %[[Q]], %[[K]], %[[K]] {scale = 5.000000e-01 : f32}
func.func @merged(%qb: tensor<?x?x32xf32> {onnx.dims = ["b", "n", ""]}, %kb: tensor<?x?x32xf32> {onnx.dims = ["b", "n", ""]}) -> tensor<?x32xf32> {
  %merged = onnx.Constant dense<[0, -1, 8]> : tensor<3xi64>
  %matrix = onnx.Constant dense<[-1, 32]> : tensor<2xi64>
  %scale = onnx.Constant dense<0.5> : tensor<f32>
  // CHECK: %[[X:.*]] = onnx.Transpose(%arg0) {perm = array<i64: 1, 0, 2>}
  // CHECK: %[[Z:.*]] = onnx.Transpose(%arg1) {perm = array<i64: 1, 0, 2>}
  %q = onnx.Transpose(%qb) {perm = array<i64: 1, 0, 2>} : (tensor<?x?x32xf32>) -> tensor<?x?x32xf32>
  %k = onnx.Transpose(%kb) {perm = array<i64: 1, 0, 2>} : (tensor<?x?x32xf32>) -> tensor<?x?x32xf32>
  // CHECK: %[[Q4:.*]] = onnx.Reshape(%[[X]], %{{.*}}) : (tensor<?x?x32xf32>, tensor<4xi64>) -> tensor<?x?x4x8xf32>
  // CHECK: %[[QH:.*]] = onnx.Transpose(%[[Q4]]) {perm = array<i64: 1, 2, 0, 3>} : (tensor<?x?x4x8xf32>) -> tensor<?x4x?x8xf32>
  // CHECK: %[[Q1:.*]] = onnx.Reshape(%[[QH]], %{{.*}}) : (tensor<?x4x?x8xf32>, tensor<4xi64>) -> tensor<?x1x?x8xf32>
  // CHECK: %[[QM:.*]] = onnx.Squeeze(%[[Q1]]
  %q0 = onnx.Reshape(%q, %merged) : (tensor<?x?x32xf32>, tensor<3xi64>) -> tensor<?x?x8xf32>
  %q1 = onnx.Transpose(%q0) {perm = array<i64: 1, 0, 2>} : (tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  // CHECK: %[[K4:.*]] = onnx.Reshape(%[[Z]]
  // CHECK: %[[KH:.*]] = onnx.Transpose(%[[K4]]) {perm = array<i64: 1, 2, 0, 3>}
  // CHECK: %[[K1:.*]] = onnx.Reshape(%[[KH]]
  // CHECK: %[[KM:.*]] = onnx.Squeeze(%[[K1]]
  // CHECK: %[[KT:.*]] = onnx.Transpose(%[[KM]]) {perm = array<i64: 0, 2, 1>}
  // CHECK: onnx.MatMul(%[[QM]], %[[KT]])
  %k0 = onnx.Reshape(%k, %merged) : (tensor<?x?x32xf32>, tensor<3xi64>) -> tensor<?x?x8xf32>
  %kt = onnx.Transpose(%k0) {perm = array<i64: 1, 2, 0>} : (tensor<?x?x8xf32>) -> tensor<?x8x?xf32>
  %v = onnx.Transpose(%k0) {perm = array<i64: 1, 0, 2>} : (tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  %s0 = onnx.MatMul(%q1, %kt) : (tensor<?x?x8xf32>, tensor<?x8x?xf32>) -> tensor<?x?x?xf32>
  %s = onnx.Mul(%s0, %scale) : (tensor<?x?x?xf32>, tensor<f32>) -> tensor<?x?x?xf32>
  %p = onnx.Softmax(%s) : (tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  // CHECK: %[[O:.*]] = onnx.MatMul
  // CHECK: %[[O1:.*]] = onnx.Unsqueeze(%[[O]]
  // CHECK: %[[OH:.*]] = onnx.Reshape(%[[O1]], %{{.*}}) : (tensor<?x1x?x8xf32>, tensor<4xi64>) -> tensor<?x4x?x8xf32>
  // CHECK: %[[OT:.*]] = onnx.Transpose(%[[OH]]) {perm = array<i64: 2, 0, 1, 3>}
  // CHECK: onnx.Reshape(%[[OT]], %{{.*}}) {{.*}}-> tensor<?x32xf32>
  %o = onnx.MatMul(%p, %v) : (tensor<?x?x?xf32>, tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  %t = onnx.Transpose(%o) {perm = array<i64: 1, 0, 2>} : (tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  %y = onnx.Reshape(%t, %matrix) : (tensor<?x?x8xf32>, tensor<2xi64>) -> tensor<?x32xf32>
  return %y : tensor<?x32xf32>
}

// Keys that go from [tokens, batch, heads, size] to their matrices at once.
// CHECK-LABEL: func @keys
// CHECK: %[[H:.*]] = onnx.Transpose(%arg0) {perm = array<i64: 1, 2, 0, 3>} : (tensor<?x2x4x8xf32>) -> tensor<2x4x?x8xf32>
// CHECK: %[[T:.*]] = onnx.Transpose(%[[H]]) {perm = array<i64: 0, 1, 3, 2>} : (tensor<2x4x?x8xf32>) -> tensor<2x4x8x?xf32>
// CHECK: return %[[T]]
func.func @keys(%k: tensor<?x2x4x8xf32>) -> tensor<2x4x8x?xf32> {
  %t = onnx.Transpose(%k) {perm = array<i64: 1, 2, 3, 0>} : (tensor<?x2x4x8xf32>) -> tensor<2x4x8x?xf32>
  return %t : tensor<2x4x8x?xf32>
}

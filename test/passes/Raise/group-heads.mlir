// RUN: blockattn-opt %s --pass-pipeline='builtin.module(func.func(blockattn-group-heads))' | FileCheck %s
// RUN: blockattn-opt %s --blockattn-raise | FileCheck %s --check-prefix=RAISED

// einsum("bqhgd,bkhd->bhgqk"), softmax, einsum("bhgqk,bkhd->bqhgd"): no rows
// are joined, and keys and values get a dimension of 1 for the group.
// CHECK-LABEL: func @grouped
// RAISED-LABEL: func @grouped
// RAISED: %[[Q:.*]] = onnx.Reshape(%arg0
// RAISED: %[[K:.*]] = onnx.Reshape(%arg1
// RAISED: blockattn.attention %[[Q]], %[[K]], %[[K]] {scale = 5.000000e-01 : f32}
// RAISED-NOT: onnx.Transpose
// RAISED: return
func.func @grouped(%q: tensor<?x?x32xf32> {onnx.dims = ["b", "n", ""]}, %kv: tensor<?x?x16xf32> {onnx.dims = ["b", "n", ""]}) -> tensor<?x?x32xf32> {
  %heads = onnx.Constant dense<[0, 0, 4, 8]> : tensor<4xi64>
  %kvHeads = onnx.Constant dense<[0, 0, 2, 8]> : tensor<4xi64>
  %groups = onnx.Constant dense<[0, 0, 2, 2, 8]> : tensor<5xi64>
  %joined = onnx.Constant dense<[0, 2, -1, 8]> : tensor<4xi64>
  %apart = onnx.Constant dense<[0, 2, 2, 0, -1]> : tensor<5xi64>
  %batch = onnx.Shape(%q) {start = 0 : i64, end = 1 : i64} : (tensor<?x?x32xf32>) -> tensor<1xi64>
  %tokens = onnx.Shape(%q) {start = 1 : i64, end = 2 : i64} : (tensor<?x?x32xf32>) -> tensor<1xi64>
  %two = onnx.Constant dense<2> : tensor<1xi64>
  %rows = onnx.Mul(%tokens, %two) : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  %weightRows = onnx.Concat(%batch, %two, %rows, %tokens) {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4xi64>
  %made = onnx.Constant dense<[0, 2, -1, 2, 8]> : tensor<5xi64>
  %flat = onnx.Constant dense<[0, 0, 32]> : tensor<3xi64>
  %scale = onnx.Constant dense<0.5> : tensor<f32>
  %x = onnx.Reshape(%q, %heads) : (tensor<?x?x32xf32>, tensor<4xi64>) -> tensor<?x?x4x8xf32>
  // CHECK: %[[KV:.*]] = onnx.Reshape(%arg1
  %k = onnx.Reshape(%kv, %kvHeads) : (tensor<?x?x16xf32>, tensor<4xi64>) -> tensor<?x?x2x8xf32>
  %q5 = onnx.Reshape(%x, %groups) : (tensor<?x?x4x8xf32>, tensor<5xi64>) -> tensor<?x?x2x2x8xf32>
  %qt = onnx.Transpose(%q5) {perm = array<i64: 0, 2, 3, 1, 4>} : (tensor<?x?x2x2x8xf32>) -> tensor<?x2x2x?x8xf32>
  // CHECK: %[[KT:.*]] = onnx.Transpose(%[[KV]]) {perm = array<i64: 0, 2, 3, 1>}
  %kt = onnx.Transpose(%k) {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x2x8xf32>) -> tensor<?x2x8x?xf32>
  // CHECK: %[[Q5:.*]] = onnx.Transpose(%{{.*}}) {perm = array<i64: 0, 2, 3, 1, 4>}
  // CHECK-NOT: onnx.Reshape
  // CHECK: %[[K5:.*]] = onnx.Unsqueeze(%[[KT]], %{{.*}}) : (tensor<?x2x8x?xf32>, tensor<1xi64>) -> tensor<?x2x1x8x?xf32>
  // CHECK: %[[S:.*]] = onnx.MatMul(%[[Q5]], %[[K5]]) : (tensor<?x2x2x?x8xf32>, tensor<?x2x1x8x?xf32>) -> tensor<?x2x2x?x?xf32>
  %q4 = onnx.Reshape(%qt, %joined) : (tensor<?x2x2x?x8xf32>, tensor<4xi64>) -> tensor<?x2x?x8xf32>
  %s4 = onnx.MatMul(%q4, %kt) : (tensor<?x2x?x8xf32>, tensor<?x2x8x?xf32>) -> tensor<?x2x?x?xf32>
  %s5 = onnx.Reshape(%s4, %apart) : (tensor<?x2x?x?xf32>, tensor<5xi64>) -> tensor<?x2x2x?x?xf32>
  // CHECK: onnx.Mul(%[[S]]
  %s = onnx.Mul(%s5, %scale) : (tensor<?x2x2x?x?xf32>, tensor<f32>) -> tensor<?x2x2x?x?xf32>
  // CHECK: %[[P:.*]] = onnx.Softmax
  %p = onnx.Softmax(%s) : (tensor<?x2x2x?x?xf32>) -> tensor<?x2x2x?x?xf32>
  %pt = onnx.Transpose(%p) {perm = array<i64: 0, 1, 3, 2, 4>} : (tensor<?x2x2x?x?xf32>) -> tensor<?x2x?x2x?xf32>
  %v = onnx.Transpose(%k) {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x8xf32>) -> tensor<?x2x?x8xf32>
  %p4 = onnx.Reshape(%pt, %weightRows) : (tensor<?x2x?x2x?xf32>, tensor<4xi64>) -> tensor<?x2x?x?xf32>
  // CHECK: %[[V5:.*]] = onnx.Unsqueeze
  // CHECK: %[[Y:.*]] = onnx.MatMul(%[[P]], %[[V5]]) : (tensor<?x2x2x?x?xf32>, tensor<?x2x1x?x8xf32>) -> tensor<?x2x2x?x8xf32>
  // CHECK: onnx.Reshape(%[[Y]], %{{.*}}) : (tensor<?x2x2x?x8xf32>, tensor<4xi64>) -> tensor<?x4x?x8xf32>
  %o4 = onnx.MatMul(%p4, %v) : (tensor<?x2x?x?xf32>, tensor<?x2x?x8xf32>) -> tensor<?x2x?x8xf32>
  %o5 = onnx.Reshape(%o4, %made) : (tensor<?x2x?x8xf32>, tensor<5xi64>) -> tensor<?x2x?x2x8xf32>
  %o = onnx.Transpose(%o5) {perm = array<i64: 0, 2, 1, 3, 4>} : (tensor<?x2x?x2x8xf32>) -> tensor<?x?x2x2x8xf32>
  %y = onnx.Reshape(%o, %flat) : (tensor<?x?x2x2x8xf32>, tensor<3xi64>) -> tensor<?x?x32xf32>
  return %y : tensor<?x?x32xf32>
}

// Queries that are never [batch, tokens, heads, size], nor is what is made.
// RAISED-LABEL: func @split
// RAISED-DAG: %[[Q5:.*]] = onnx.Reshape(%arg0
// RAISED-DAG: %[[Q:.*]] = onnx.Reshape(%[[Q5]], %{{.*}}) : (tensor<?x?x2x2x8xf32>, tensor<4xi64>) -> tensor<?x?x4x8xf32>
// RAISED-DAG: %[[K:.*]] = onnx.Reshape(%arg1
// RAISED: %[[Y:.*]] = blockattn.attention %[[Q]], %[[K]], %[[K]] {scale = 1.000000e+00 : f32}
// RAISED: onnx.Reshape(%[[Y]]
func.func @split(%q: tensor<?x?x32xf32> {onnx.dims = ["b", "n", ""]}, %kv: tensor<?x?x16xf32> {onnx.dims = ["b", "n", ""]}) -> tensor<?x2x2x?x8xf32> {
  %kvHeads = onnx.Constant dense<[0, 0, 2, 8]> : tensor<4xi64>
  %groups = onnx.Constant dense<[0, 0, 2, 2, 8]> : tensor<5xi64>
  %joined = onnx.Constant dense<[0, 2, -1, 8]> : tensor<4xi64>
  %apart = onnx.Constant dense<[0, 2, 2, 0, -1]> : tensor<5xi64>
  %k = onnx.Reshape(%kv, %kvHeads) : (tensor<?x?x16xf32>, tensor<4xi64>) -> tensor<?x?x2x8xf32>
  %q5 = onnx.Reshape(%q, %groups) : (tensor<?x?x32xf32>, tensor<5xi64>) -> tensor<?x?x2x2x8xf32>
  %qt = onnx.Transpose(%q5) {perm = array<i64: 0, 2, 3, 1, 4>} : (tensor<?x?x2x2x8xf32>) -> tensor<?x2x2x?x8xf32>
  %kt = onnx.Transpose(%k) {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x2x8xf32>) -> tensor<?x2x8x?xf32>
  %q4 = onnx.Reshape(%qt, %joined) : (tensor<?x2x2x?x8xf32>, tensor<4xi64>) -> tensor<?x2x?x8xf32>
  %s4 = onnx.MatMul(%q4, %kt) : (tensor<?x2x?x8xf32>, tensor<?x2x8x?xf32>) -> tensor<?x2x?x?xf32>
  %s5 = onnx.Reshape(%s4, %apart) : (tensor<?x2x?x?xf32>, tensor<5xi64>) -> tensor<?x2x2x?x?xf32>
  %p = onnx.Softmax(%s5) : (tensor<?x2x2x?x?xf32>) -> tensor<?x2x2x?x?xf32>
  %v = onnx.Transpose(%k) {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x8xf32>) -> tensor<?x2x?x8xf32>
  %eight = onnx.Constant dense<8> : tensor<1xi64>
  %batch = onnx.Shape(%q) {start = 0 : i64, end = 1 : i64} : (tensor<?x?x32xf32>) -> tensor<1xi64>
  %tokens = onnx.Shape(%q) {start = 1 : i64, end = 2 : i64} : (tensor<?x?x32xf32>) -> tensor<1xi64>
  %two = onnx.Constant dense<2> : tensor<1xi64>
  %rows = onnx.Mul(%tokens, %two) : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  %weightRows = onnx.Concat(%batch, %two, %rows, %tokens) {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4xi64>
  %made = onnx.Concat(%batch, %two, %two, %tokens, %eight) {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<5xi64>
  %p4 = onnx.Reshape(%p, %weightRows) : (tensor<?x2x2x?x?xf32>, tensor<4xi64>) -> tensor<?x2x?x?xf32>
  %o4 = onnx.MatMul(%p4, %v) : (tensor<?x2x?x?xf32>, tensor<?x2x?x8xf32>) -> tensor<?x2x?x8xf32>
  %o5 = onnx.Reshape(%o4, %made) : (tensor<?x2x?x8xf32>, tensor<5xi64>) -> tensor<?x2x2x?x8xf32>
  return %o5 : tensor<?x2x2x?x8xf32>
}

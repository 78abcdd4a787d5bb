// RUN: blockattn-opt %s --blockattn-decompose-onnx-attention | FileCheck %s

// CHECK-LABEL: func @heads
// CHECK-SAME: %[[Q:.*]]: tensor<1x4x?x8xf32>, %[[K:.*]]: tensor<1x4x?x8xf32>, %[[V:.*]]: tensor<1x4x?x8xf32>
func.func @heads(%q: tensor<1x4x?x8xf32>, %k: tensor<1x4x?x8xf32>, %v: tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32> {
  // CHECK: %[[T:.*]] = onnx.Transpose(%[[K]]) {perm = array<i64: 0, 1, 3, 2>}
  // CHECK: %[[S:.*]] = onnx.MatMul(%[[Q]], %[[T]])
  // CHECK: %[[C:.*]] = onnx.Constant dense<2.500000e-01>
  // CHECK: %[[SCALED:.*]] = onnx.Mul(%[[S]], %[[C]])
  // CHECK: %[[P:.*]] = onnx.Softmax(%[[SCALED]]) {axis = -1 : i64}
  // A row without any key becomes 0.
  // CHECK: onnx.IsNaN(%[[P]])
  // CHECK: %[[W:.*]] = onnx.Where
  // CHECK: onnx.MatMul(%[[W]], %[[V]])
  %y = onnx.Attention(%q, %k, %v) {scale = 0.25 : f32} : (tensor<1x4x?x8xf32>, tensor<1x4x?x8xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  return %y : tensor<1x4x?x8xf32>
}

// [batch, tokens, heads * size]; two heads of queries for one of keys; a soft
// cap; causal.
// CHECK-LABEL: func @hidden
func.func @hidden(%q: tensor<2x?x32xf32>, %k: tensor<2x?x16xf32>, %v: tensor<2x?x16xf32>) -> tensor<2x?x32xf32> {
  // CHECK: onnx.Reshape{{.*}} -> tensor<2x?x4x8xf32>
  // CHECK: onnx.Transpose{{.*}} -> tensor<2x4x?x8xf32>
  // CHECK: onnx.Expand{{.*}} -> tensor<2x2x2x?x8xf32>
  // The scale is 1 / sqrt(8).
  // CHECK: onnx.Constant dense<0.353553385>
  // CHECK: onnx.Tanh
  // CHECK: onnx.Range
  // CHECK: onnx.LessOrEqual
  // CHECK: onnx.Softmax
  // CHECK: onnx.Reshape{{.*}} -> tensor<2x?x32xf32>
  %y = onnx.Attention(%q, %k, %v) {is_causal = 1 : i64, q_num_heads = 4 : i64, kv_num_heads = 2 : i64, softcap = 5.0 : f32} : (tensor<2x?x32xf32>, tensor<2x?x16xf32>, tensor<2x?x16xf32>) -> tensor<2x?x32xf32>
  return %y : tensor<2x?x32xf32>
}

// Past keys and values come first, and are returned with the new ones.
// CHECK-LABEL: func @past
func.func @past(%q: tensor<1x2x?x8xf32>, %k: tensor<1x2x?x8xf32>, %v: tensor<1x2x?x8xf32>, %pk: tensor<1x2x?x8xf32>, %pv: tensor<1x2x?x8xf32>) -> (tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>) {
  // CHECK: %[[K:.*]] = onnx.Concat(%arg3, %arg1) {axis = 2 : i64}
  // CHECK: %[[V:.*]] = onnx.Concat(%arg4, %arg2) {axis = 2 : i64}
  // CHECK: return %{{.*}}, %[[K]], %[[V]]
  %y, %rk, %rv = onnx.Attention(%q, %k, %v, _, %pk, %pv) : (tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>) -> (tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>)
  return %y, %rk, %rv : tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>
}

// The keys that are no padding are told for each batch entry, and the queries
// are the last of them.
// CHECK-LABEL: func @nonpad
func.func @nonpad(%q: tensor<2x4x?x8xf32>, %k: tensor<2x4x?x8xf32>, %v: tensor<2x4x?x8xf32>, %n: tensor<2xi64>) -> tensor<2x4x?x8xf32> {
  // CHECK: %[[N:.*]] = onnx.Unsqueeze(%arg3, %{{.*}}) : {{.*}} -> tensor<2x1x1x1xi64>
  // CHECK: %[[FIRST:.*]] = onnx.Sub(%[[N]]
  // CHECK: %[[ROWS:.*]] = onnx.Add(%{{.*}}, %[[FIRST]]) : {{.*}} -> tensor<2x1x?x1xi64>
  // CHECK: onnx.Less(%{{.*}}, %[[N]]) : {{.*}} -> tensor<2x1x1x?xi1>
  // CHECK: onnx.LessOrEqual({{.*}}) : {{.*}} -> tensor<2x1x?x?xi1>
  // CHECK: onnx.Softmax
  %y = onnx.Attention(%q, %k, %v, _, _, _, %n) {is_causal = 1 : i64} : (tensor<2x4x?x8xf32>, tensor<2x4x?x8xf32>, tensor<2x4x?x8xf32>, tensor<2xi64>) -> tensor<2x4x?x8xf32>
  return %y : tensor<2x4x?x8xf32>
}

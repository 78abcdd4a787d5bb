// RUN: blockattn-opt %s --pass-pipeline='builtin.module(func.func(blockattn-decompose-microsoft))' -split-input-file | FileCheck %s

// Projection, mask of [batch, tokens], keys and values of the past in one.
// CHECK-LABEL: @attention
// CHECK: %[[P:.*]] = onnx.MatMul(%arg0, %arg1)
// CHECK: onnx.Split(%[[P]], %{{.*}}) {axis = 2 : i64}
// CHECK: %[[K:.*]] = onnx.Gather(%arg3, %{{.*}}) {axis = 0 : i64} : {{.*}} -> tensor<?x4x?x8xf32>
// CHECK: %[[V:.*]] = onnx.Gather(%arg3, %{{.*}}) {axis = 0 : i64} : {{.*}} -> tensor<?x4x?x8xf32>
// CHECK: %[[G:.*]] = onnx.Greater(%arg2,
// CHECK: %[[U:.*]] = onnx.Unsqueeze(%[[G]], %{{.*}}) : {{.*}} -> tensor<?x1x1x?xi1>
// CHECK: %[[B:.*]] = onnx.Where(%[[U]],
// CHECK: %[[A:.*]], %[[PK:.*]], %[[PV:.*]] = onnx.Attention(%{{.*}}, %{{.*}}, %{{.*}}, %[[B]], %[[K]], %[[V]]) {is_causal = 1 : i64}
// CHECK: onnx.Transpose(%[[A]]) {perm = array<i64: 0, 2, 1, 3>}
// CHECK: onnx.Unsqueeze(%[[PK]],
// CHECK: onnx.Unsqueeze(%[[PV]],
// CHECK: onnx.Concat{{.*}} {axis = 0 : i64} : {{.*}} -> tensor<2x?x4x?x8xf32>
func.func @attention(%x: tensor<?x?x64xf32> {onnx.dims = ["b", "s", ""]}, %w: tensor<64x96xf32>,
    %mask: tensor<?x?xi32> {onnx.dims = ["b", "t"]}, %past: tensor<2x?x4x?x8xf32> {onnx.dims = ["", "b", "", "p", ""]})
    -> (tensor<?x?x32xf32>, tensor<2x?x4x?x8xf32>) {
  %0:2 = onnx.ms.Attention(%x, %w, _, %mask, %past) {num_heads = 4, unidirectional = 1}
    : (tensor<?x?x64xf32>, tensor<64x96xf32>, tensor<?x?xi32>, tensor<2x?x4x?x8xf32>)
    -> (tensor<?x?x32xf32>, tensor<2x?x4x?x8xf32>)
  return %0#0, %0#1 : tensor<?x?x32xf32>, tensor<2x?x4x?x8xf32>
}

// -----

// A mask of one dimension: as many numbers as rows are lengths.
// CHECK-LABEL: @lengths
// CHECK: %[[C:.*]] = onnx.Range
// CHECK: onnx.Less(%[[C]], %{{.*}}) : {{.*}} -> tensor<?x?xi1>
// CHECK-NOT: onnx.And
// CHECK: onnx.Attention
func.func @lengths(%x: tensor<?x?x64xf32> {onnx.dims = ["b", "s", ""]}, %w: tensor<64x96xf32>,
    %mask: tensor<?xi32> {onnx.dims = ["b"]}) -> tensor<?x?x32xf32> {
  %0 = onnx.ms.Attention(%x, %w, _, %mask) {num_heads = 4}
    : (tensor<?x?x64xf32>, tensor<64x96xf32>, tensor<?xi32>) -> tensor<?x?x32xf32>
  return %0 : tensor<?x?x32xf32>
}

// -----

// Twice as many are ends and beginnings.
// CHECK-LABEL: @ranges
// CHECK: onnx.Less
// CHECK: onnx.GreaterOrEqual
// CHECK: onnx.And
// CHECK: onnx.Attention
func.func @ranges(%x: tensor<3x?x64xf32>, %w: tensor<64x96xf32>, %mask: tensor<6xi32>) -> tensor<3x?x32xf32> {
  %0 = onnx.ms.Attention(%x, %w, _, %mask) {num_heads = 4}
    : (tensor<3x?x64xf32>, tensor<64x96xf32>, tensor<6xi32>) -> tensor<3x?x32xf32>
  return %0 : tensor<3x?x32xf32>
}

// -----

// CHECK-LABEL: @packed_keys
// CHECK: onnx.Gather(%arg1, %{{.*}}) {axis = 3 : i64} : {{.*}} -> tensor<?x?x4x16xf32>
// CHECK: onnx.Gather(%arg1, %{{.*}}) {axis = 3 : i64} : {{.*}} -> tensor<?x?x4x16xf32>
// CHECK: onnx.Attention({{.*}}) {scale = 2.500000e-01 : f32} : (tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>)
func.func @packed_keys(%x: tensor<?x?x64xf32>, %kv: tensor<?x?x4x2x16xf32>) -> tensor<?x?x64xf32> {
  %0 = onnx.ms.MultiHeadAttention(%x, %kv) {num_heads = 4, scale = 0.25 : f32}
    : (tensor<?x?x64xf32>, tensor<?x?x4x2x16xf32>) -> tensor<?x?x64xf32>
  return %0 : tensor<?x?x64xf32>
}

// -----

// Heads from one tensor, rotated behind each row's past tokens; a window counts
// the query itself. Distances count for it: each row's past is moved to the end.
// CHECK-LABEL: @group_query
// CHECK: onnx.Split(%arg0, %{{.*}}) {axis = 2 : i64} : {{.*}} -> (tensor<?x?x64xf32>, tensor<?x?x32xf32>, tensor<?x?x32xf32>)
// CHECK: %[[ISFIRST:.*]] = onnx.Equal(
// CHECK: %[[L:.*]] = onnx.Where(%[[ISFIRST]], %{{.*}}, %{{.*}}) : {{.*}} -> tensor<?xi64>
// CHECK: %[[U:.*]] = onnx.Unsqueeze(%[[L]], %{{.*}}) : {{.*}} -> tensor<?x1xi64>
// CHECK: %[[A:.*]] = onnx.Add(%[[U]], %{{.*}}) : {{.*}} -> tensor<?x?xi64>
// CHECK: %[[P:.*]] = onnx.Expand(%[[A]],
// CHECK: onnx.RotaryEmbedding(%{{.*}}, %arg4, %arg4, %[[P]]) {rotary_embedding_dim = 8 : i64} : (tensor<?x4x?x16xf32>
// CHECK: %[[K:.*]] = onnx.RotaryEmbedding(%{{.*}}, %arg4, %arg4, %[[P]]) {rotary_embedding_dim = 8 : i64} : (tensor<?x2x?x16xf32>
// CHECK: %[[T:.*]] = onnx.GreaterOrEqual
// CHECK: %[[M:.*]] = onnx.Concat(%[[T]], %{{.*}}) {axis = 1 : i64} : {{.*}} -> tensor<?x?xi1>
// CHECK: %[[B:.*]] = onnx.Unsqueeze(%[[M]], %{{.*}}) : {{.*}} -> tensor<?x1x1x?xi1>
// CHECK: %[[PK:.*]] = onnx.GatherND(%arg1, %{{.*}}) {batch_dims = 2 : i64} : {{.*}} -> tensor<?x2x?x16xf32>
// CHECK: %[[PV:.*]] = onnx.GatherND(%arg1, %{{.*}}) {batch_dims = 2 : i64} : {{.*}} -> tensor<?x2x?x16xf32>
// CHECK: onnx.Attention(%{{.*}}, %[[K]], %{{.*}}, %[[B]], %[[PK]], %[[PV]]) {is_causal = 1 : i64, left_window_size = 3 : i64, softcap = 5.000000e+01 : f32}
// CHECK: %[[C:.*]] = onnx.Concat(%arg1, %[[K]]) {axis = 2 : i64}
// CHECK: %[[E:.*]] = onnx.Max(
// CHECK: %[[EU:.*]] = onnx.Unsqueeze(%[[E]],
// CHECK: %[[R:.*]] = onnx.Slice(%[[C]], %{{.*}}, %[[EU]],
// CHECK: onnx.TensorScatter(%[[R]], %[[K]], %[[L]]) {axis = 2 : i64}
// CHECK: onnx.TensorScatter(%{{.*}}, %{{.*}}, %[[L]]) {axis = 2 : i64}
func.func @group_query(%x: tensor<?x?x128xf32>, %past: tensor<?x2x?x16xf32>, %n: tensor<?xi32>,
    %t: tensor<i32>, %cos: tensor<512x4xf32>) -> (tensor<?x?x64xf32>, tensor<?x2x?x16xf32>, tensor<?x2x?x16xf32>) {
  %0:3 = onnx.ms.GroupQueryAttention(%x, _, _, %past, %past, %n, %t, %cos, %cos)
    {do_rotary = 1, kv_num_heads = 2, local_window_size = 4, num_heads = 4, softcap = 50.0 : f32}
    : (tensor<?x?x128xf32>, tensor<?x2x?x16xf32>, tensor<?x2x?x16xf32>, tensor<?xi32>, tensor<i32>, tensor<512x4xf32>, tensor<512x4xf32>)
    -> (tensor<?x?x64xf32>, tensor<?x2x?x16xf32>, tensor<?x2x?x16xf32>)
  return %0#0, %0#1, %0#2 : tensor<?x?x64xf32>, tensor<?x2x?x16xf32>, tensor<?x2x?x16xf32>
}

// -----

// Without a window the past stays where it is. A bias has columns by place.
// CHECK-LABEL: @past_and_bias
// CHECK: %[[T:.*]] = onnx.Less(%{{.*}}, %{{.*}}) : {{.*}} -> tensor<?x?xi1>
// CHECK: %[[M:.*]] = onnx.Concat(%[[T]],
// CHECK: %[[U:.*]] = onnx.Unsqueeze(%[[M]],
// CHECK: %[[G:.*]] = onnx.GatherElements(%{{.*}}, %{{.*}}) {axis = 3 : i64}
// CHECK: %[[B:.*]] = onnx.Where(%[[U]], %[[G]], %{{.*}})
// CHECK-NOT: onnx.GatherND
// CHECK: onnx.Attention(%{{.*}}, %{{.*}}, %{{.*}}, %[[B]], %arg1, %arg1) {is_causal = 1 : i64}
func.func @past_and_bias(%x: tensor<?x?x128xf32>, %past: tensor<?x2x?x16xf32>, %n: tensor<?xi32>,
    %t: tensor<i32>, %bias: tensor<1x4x?x?xf32>) -> tensor<?x?x64xf32> {
  %0 = onnx.ms.GroupQueryAttention(%x, _, _, %past, %past, %n, %t, _, _, _, %bias) {kv_num_heads = 2, num_heads = 4}
    : (tensor<?x?x128xf32>, tensor<?x2x?x16xf32>, tensor<?x2x?x16xf32>, tensor<?xi32>, tensor<i32>, tensor<1x4x?x?xf32>)
    -> tensor<?x?x64xf32>
  return %0 : tensor<?x?x64xf32>
}

// -----

// A buffer for a window of 4: tokens leave it, as many at once as it has room to
// spare. What is there counts for the mask, all tokens for the positions.
// CHECK-LABEL: @window_cache
// CHECK: %[[ROWS:.*]] = onnx.Where(
// CHECK: %[[OVER:.*]] = onnx.Max(
// CHECK: %[[TIMES:.*]] = onnx.Div(
// CHECK: %[[GONE:.*]] = onnx.Mul(%[[TIMES]],
// CHECK: %[[KEPT:.*]] = onnx.Sub(%[[ROWS]], %[[GONE]])
// CHECK: %[[LACKS:.*]] = onnx.Less(
// CHECK: %[[THERE:.*]] = onnx.Where(%[[LACKS]], %{{.*}}, %[[KEPT]])
// CHECK: onnx.GreaterOrEqual
// CHECK: onnx.GatherND(%arg1,
// CHECK: onnx.GatherND(%arg1,
// CHECK: onnx.Attention({{.*}}) {is_causal = 1 : i64, left_window_size = 3 : i64}
// CHECK: %[[C:.*]] = onnx.Concat(%arg1,
// CHECK-NOT: onnx.Slice
// CHECK: %[[P:.*]] = onnx.TensorScatter(%[[C]], %{{.*}}, %[[THERE]]) {axis = 2 : i64}
// CHECK: onnx.GatherND(%[[P]], %{{.*}}) {batch_dims = 2 : i64}
func.func @window_cache(%x: tensor<?x?x128xf32>, %past: tensor<?x2x?x16xf32>, %n: tensor<?xi32>, %t: tensor<i32>)
    -> (tensor<?x?x64xf32>, tensor<?x2x?x16xf32>, tensor<?x2x?x16xf32>) {
  %0:3 = onnx.ms.GroupQueryAttention(%x, _, _, %past, %past, %n, %t)
    {kv_num_heads = 2, local_window_size = 4, num_heads = 4, sliding_window_cache = 1}
    : (tensor<?x?x128xf32>, tensor<?x2x?x16xf32>, tensor<?x2x?x16xf32>, tensor<?xi32>, tensor<i32>)
    -> (tensor<?x?x64xf32>, tensor<?x2x?x16xf32>, tensor<?x2x?x16xf32>)
  return %0#0, %0#1, %0#2 : tensor<?x?x64xf32>, tensor<?x2x?x16xf32>, tensor<?x2x?x16xf32>
}

// -----

// A score of no key for each head, in a column of its own.
// CHECK-LABEL: @sinks
// CHECK: %{{.*}}, %{{.*}}, %[[V:.*]], %[[S:.*]] = onnx.Attention({{.*}}) {{{.*}}qk_matmul_output_mode = 2 : i64}
// CHECK: %[[R:.*]] = onnx.Reshape(%arg3, %{{.*}}) : {{.*}} -> tensor<1x4x1x1xf32>
// CHECK: %[[E:.*]] = onnx.Expand(%[[R]],
// CHECK: %[[C:.*]] = onnx.Concat(%[[S]], %[[E]]) {axis = 3 : i64}
// CHECK: %[[P:.*]] = onnx.Softmax(%[[C]])
// CHECK: %[[W:.*]] = onnx.Slice(%[[P]],
// CHECK: onnx.MatMul(%[[W]],
func.func @sinks(%x: tensor<?x?x128xf32>, %n: tensor<?xi32>, %t: tensor<i32>, %h: tensor<4xf32>) -> tensor<?x?x64xf32> {
  %0 = onnx.ms.GroupQueryAttention(%x, _, _, _, _, %n, %t, _, _, _, _, %h) {kv_num_heads = 2, num_heads = 4}
    : (tensor<?x?x128xf32>, tensor<?xi32>, tensor<i32>, tensor<4xf32>) -> tensor<?x?x64xf32>
  return %0 : tensor<?x?x64xf32>
}

// -----

// With a smooth softmax it is 0.
// CHECK-LABEL: @smooth
// CHECK: %[[Z:.*]] = onnx.Constant dense<0.000000e+00> : tensor<4xf32>
// CHECK: onnx.Reshape(%[[Z]], %{{.*}}) : {{.*}} -> tensor<1x4x1x1xf32>
// CHECK: onnx.Softmax
func.func @smooth(%x: tensor<?x?x64xf32>, %n: tensor<?xi32>, %t: tensor<i32>) -> tensor<?x?x64xf32> {
  %0 = onnx.ms.GroupQueryAttention(%x, %x, %x, _, _, %n, %t) {smooth_softmax = 1, kv_num_heads = 4, num_heads = 4}
    : (tensor<?x?x64xf32>, tensor<?x?x64xf32>, tensor<?x?x64xf32>, tensor<?xi32>, tensor<i32>) -> tensor<?x?x64xf32>
  return %0 : tensor<?x?x64xf32>
}

// -----

// Given positions, norms of the heads before the rotation.
// CHECK-LABEL: @normed
// CHECK: %[[Q:.*]] = onnx.RMSNormalization(%{{.*}}, %arg5) {epsilon = 9.99999997E-7 : f32}
// CHECK: %[[K:.*]] = onnx.RMSNormalization(%{{.*}}, %arg5)
// CHECK: onnx.RotaryEmbedding(%[[Q]], %arg3, %arg3, %arg4) {interleaved = 1 : i64}
// CHECK: onnx.RotaryEmbedding(%[[K]], %arg3, %arg3, %arg4) {interleaved = 1 : i64}
// CHECK: onnx.Attention
func.func @normed(%x: tensor<?x?x64xf32>, %n: tensor<?xi32>, %t: tensor<i32>, %cos: tensor<512x8xf32>,
    %pos: tensor<?x?xi64>, %w: tensor<16xf32>) -> tensor<?x?x64xf32> {
  %0 = onnx.ms.GroupQueryAttention(%x, %x, %x, _, _, %n, %t, %cos, %cos, %pos, _, _, _, _, %w, %w)
    {do_rotary = 1, kv_num_heads = 4, num_heads = 4, rotary_interleaved = 1}
    : (tensor<?x?x64xf32>, tensor<?x?x64xf32>, tensor<?x?x64xf32>, tensor<?xi32>, tensor<i32>,
       tensor<512x8xf32>, tensor<512x8xf32>, tensor<?x?xi64>, tensor<16xf32>, tensor<16xf32>)
    -> tensor<?x?x64xf32>
  return %0 : tensor<?x?x64xf32>
}

// -----

// One number is the position of the first token.
// CHECK-LABEL: @rotary
// CHECK: %[[H:.*]] = onnx.Transpose{{.*}} -> tensor<?x4x?x16xf32>
// CHECK: %[[F:.*]] = onnx.Reshape(%arg1, %{{.*}}) : {{.*}} -> tensor<i64>
// CHECK: %[[R:.*]] = onnx.Range(%[[F]],
// CHECK: onnx.RotaryEmbedding(%[[H]], %arg2, %arg2, %{{.*}})
func.func @rotary(%x: tensor<?x?x64xf32>, %p: tensor<1xi64>, %cos: tensor<512x8xf32>) -> tensor<?x?x64xf32> {
  %0 = onnx.ms.RotaryEmbedding(%x, %p, %cos, %cos)
    : (tensor<?x?x64xf32>, tensor<1xi64>, tensor<512x8xf32>, tensor<512x8xf32>) -> tensor<?x?x64xf32>
  return %0 : tensor<?x?x64xf32>
}

// -----

// The head size of the past is known, whatever it is called.
// CHECK-LABEL: @open_past
// CHECK-SAME: tensor<?x2x?x16xf32> {onnx.dims = ["b", "", "p", ""]}
func.func @open_past(%x: tensor<?x?x128xf32>, %past: tensor<?x2x?x?xf32> {onnx.dims = ["b", "", "p", "size"]},
    %n: tensor<?xi32>, %t: tensor<i32>) -> tensor<?x?x64xf32> {
  %0 = onnx.ms.GroupQueryAttention(%x, _, _, %past, %past, %n, %t) {kv_num_heads = 2, num_heads = 4}
    : (tensor<?x?x128xf32>, tensor<?x2x?x?xf32>, tensor<?x2x?x?xf32>, tensor<?xi32>, tensor<i32>) -> tensor<?x?x64xf32>
  return %0 : tensor<?x?x64xf32>
}

// RUN: blockattn-opt %s --pass-pipeline='builtin.module(func.func(blockattn-decompose-microsoft))' -split-input-file | FileCheck %s

// CHECK-LABEL: @activations
// CHECK: %[[A:.*]] = onnx.Add(%arg0, %arg1)
// CHECK: %[[B:.*]] = onnx.Gelu(%[[A]]) : (tensor<?x?x8xf32>)
// CHECK: %[[C:.*]] = onnx.Gelu(%[[B]]) {approximate = "tanh"}
// CHECK: %[[D:.*]] = onnx.Add(%[[C]], %arg1)
// CHECK: %[[E:.*]] = onnx.Gelu(%[[D]]) {approximate = "tanh"}
// CHECK: %[[F:.*]] = onnx.Swish(%[[E]]) {alpha = 1.702000e+00 : f32}
// CHECK: return %[[F]] : tensor<?x?x8xf32>
func.func @activations(%x: tensor<?x?x8xf32>, %b: tensor<8xf32>) -> tensor<?x?x8xf32> {
  %0 = onnx.ms.BiasGelu(%x, %b) : (tensor<?x?x8xf32>, tensor<8xf32>) -> tensor<?x?x8xf32>
  %1 = onnx.ms.FastGelu(%0) : (tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  %2 = onnx.ms.FastGelu(%1, %b) : (tensor<?x?x8xf32>, tensor<8xf32>) -> tensor<?x?x8xf32>
  %3 = onnx.ms.QuickGelu(%2) : (tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  return %3 : tensor<?x?x8xf32>
}

// -----

// The sum is a result of its own; of the statistics those of LayerNormalization
// are there.
// CHECK-LABEL: @skip_norms
// CHECK: %[[A:.*]] = onnx.Add(%arg0, %arg0)
// CHECK: %[[B:.*]] = onnx.Add(%[[A]], %arg1)
// CHECK: %[[N:.*]], %{{.*}}, %[[S:.*]] = onnx.LayerNormalization(%[[B]], %arg1) {epsilon = 9.99999974E-6 : f32}
// CHECK: %[[C:.*]] = onnx.Add(%[[N]], %[[B]])
// CHECK: %[[R:.*]] = onnx.RMSNormalization(%[[C]], %arg1) {epsilon = 9.99999996E-13 : f32}
// CHECK: return %[[R]], %[[C]], %[[S]]
func.func @skip_norms(%x: tensor<?x?x8xf32>, %w: tensor<8xf32>)
    -> (tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x1xf32>) {
  %0:3 = onnx.ms.SkipLayerNormalization(%x, %x, %w, _, %w) {epsilon = 1.0e-5 : f32}
    : (tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<8xf32>, tensor<8xf32>)
    -> (tensor<?x?x8xf32>, _, tensor<?x?x1xf32>, tensor<?x?x8xf32>)
  %1:2 = onnx.ms.SkipSimplifiedLayerNormalization(%0#0, %0#2, %w)
    : (tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<8xf32>) -> (tensor<?x?x8xf32>, _, _, tensor<?x?x8xf32>)
  return %1#0, %1#1, %0#1 : tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x?x1xf32>
}

// -----

// Positions count from 0 where none are given; the mask is counted.
// CHECK-LABEL: @embeddings
// CHECK: %[[W:.*]] = onnx.Gather(%arg1, %arg0)
// CHECK: %[[R:.*]] = onnx.Range
// CHECK: %[[I:.*]] = onnx.Unsqueeze(%[[R]],
// CHECK: %[[P:.*]] = onnx.Gather(%arg2, %[[I]])
// CHECK: %[[S:.*]] = onnx.Add(%[[W]], %[[P]])
// CHECK: %[[N:.*]] = onnx.LayerNormalization(%[[S]], %arg3, %arg3)
// CHECK: %[[O:.*]] = onnx.Equal(%arg0,
// CHECK: %[[C:.*]] = onnx.Cast(%[[O]]) {to = i32}
// CHECK: %[[L:.*]] = onnx.ReduceSum(%[[C]], %{{.*}}) {keepdims = 0 : i64}
// CHECK: return %[[N]], %[[L]], %[[S]]
func.func @embeddings(%ids: tensor<?x?xi32>, %words: tensor<20x8xf32>,
    %places: tensor<12x8xf32>, %w: tensor<8xf32>)
    -> (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?x?x8xf32>) {
  %0:3 = onnx.ms.EmbedLayerNormalization(%ids, _, %words, %places, _, %w, %w, %ids)
    : (tensor<?x?xi32>, tensor<20x8xf32>, tensor<12x8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<?x?xi32>)
    -> (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?x?x8xf32>)
  return %0#0, %0#1, %0#2 : tensor<?x?x8xf32>, tensor<?xi32>, tensor<?x?x8xf32>
}

// -----

// CHECK-LABEL: @fused_matmul
// CHECK: %[[A:.*]] = onnx.Transpose(%arg0) {perm = array<i64: 1, 2, 0, 3>} : (tensor<?x6x4x5xf32>) -> tensor<6x4x?x5xf32>
// CHECK: %[[B:.*]] = onnx.Transpose(%arg1) {perm = array<i64: 0, 1, 3, 2>} : (tensor<6x4x7x5xf32>) -> tensor<6x4x5x7xf32>
// CHECK: %[[P:.*]] = onnx.MatMul(%[[A]], %[[B]])
// CHECK: onnx.Mul(%[[P]], %{{.*}}) : (tensor<6x4x?x7xf32>, tensor<f32>)
func.func @fused_matmul(%a: tensor<?x6x4x5xf32>, %b: tensor<6x4x7x5xf32>) -> tensor<6x4x?x7xf32> {
  %0 = onnx.ms.FusedMatMul(%a, %b) {alpha = 0.5 : f32, transB = 1, transBatchA = 1}
    : (tensor<?x6x4x5xf32>, tensor<6x4x7x5xf32>) -> tensor<6x4x?x7xf32>
  return %0 : tensor<6x4x?x7xf32>
}

// -----

// The weight is unpacked on [N, blocks, bytes, 2] in one go, and never larger.
// CHECK-LABEL: @four_bits
// CHECK: onnx.Cast(%{{.*}}) {to = f32} : (tensor<24x2x16xui8>)
// CHECK: onnx.Floor
// CHECK: onnx.Floor
// CHECK: onnx.Sub{{.*}} -> tensor<24x2x16x2xf32>
// CHECK: onnx.Sub(%{{.*}}, %{{.*}}) : (tensor<24x2x16x2xf32>, tensor<24x2x1x1xf32>)
// CHECK: onnx.Mul(%{{.*}}, %{{.*}}) : (tensor<24x2x16x2xf32>, tensor<24x2x1x1xf32>)
// CHECK: onnx.Reshape{{.*}} -> tensor<24x64xf32>
// CHECK: onnx.Slice{{.*}} -> tensor<24x60xf32>
// CHECK: onnx.Transpose
// CHECK: onnx.MatMul(%arg0, %{{.*}}) : (tensor<?x?x60xf32>, tensor<60x24xf32>)
// CHECK: onnx.Add(%{{.*}}, %arg4)
func.func @four_bits(%x: tensor<?x?x60xf32>, %w: tensor<24x2x16xui8>, %s: tensor<24x2xf32>,
    %z: tensor<24x1xui8>, %v: tensor<24xf32>) -> tensor<?x?x24xf32> {
  %0 = onnx.ms.MatMulNBits(%x, %w, %s, %z, _, %v) {K = 60, N = 24, block_size = 32}
    : (tensor<?x?x60xf32>, tensor<24x2x16xui8>, tensor<24x2xf32>, tensor<24x1xui8>, tensor<24xf32>) -> tensor<?x?x24xf32>
  return %0 : tensor<?x?x24xf32>
}

// -----

// Columns in groups of any order.
// CHECK-LABEL: @grouped
// CHECK: onnx.Gather(%{{.*}}, %arg3) {axis = 1 : i64} : (tensor<24x2xf32>, tensor<64xi32>) -> tensor<24x64xf32>
// CHECK: onnx.MatMul
func.func @grouped(%x: tensor<?x?x64xf32>, %w: tensor<24x2x32xui8>, %s: tensor<24x2xf32>,
    %g: tensor<64xi32>) -> tensor<?x?x24xf32> {
  %0 = onnx.ms.MatMulNBits(%x, %w, %s, _, %g) {K = 64, N = 24, bits = 8, block_size = 32}
    : (tensor<?x?x64xf32>, tensor<24x2x32xui8>, tensor<24x2xf32>, tensor<64xi32>) -> tensor<?x?x24xf32>
  return %0 : tensor<?x?x24xf32>
}

// -----

// Rows are gathered while they are packed.
// CHECK-LABEL: @gather
// CHECK: onnx.Gather(%arg0, %arg1) {axis = 0 : i64} : (tensor<12x32xui8>, tensor<?x?xi64>) -> tensor<?x?x32xui8>
// CHECK: onnx.Gather(%arg2, %arg1) {axis = 0 : i64} : (tensor<12x2xf32>, tensor<?x?xi64>) -> tensor<?x?x2xf32>
// CHECK: onnx.Gather{{.*}} {axis = 2 : i64} : (tensor<?x?x2xf32>, tensor<64xi64>) -> tensor<?x?x64xf32>
func.func @gather(%data: tensor<12x32xui8>, %ids: tensor<?x?xi64>, %s: tensor<12x2xf32>) -> tensor<?x?x64xf32> {
  %0 = onnx.ms.GatherBlockQuantized(%data, %ids, %s) {block_size = 32}
    : (tensor<12x32xui8>, tensor<?x?xi64>, tensor<12x2xf32>) -> tensor<?x?x64xf32>
  return %0 : tensor<?x?x64xf32>
}

// -----

// Every token meets every expert; what it was not sent to counts nothing. The
// router has a row for each token.
// CHECK-LABEL: @experts
// CHECK: %[[S:.*]] = onnx.Split(%arg1, %{{.*}}) {axis = 0 : i64}
// CHECK: %[[P:.*]] = onnx.Softmax(%[[S]])
// CHECK: %[[V:.*]], %[[I:.*]] = onnx.TopK(%[[P]], %{{.*}}) {axis = -1 : i64} : (tensor<?x4xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
// CHECK: %[[SUM:.*]] = onnx.ReduceSum(%[[V]], %{{.*}})
// CHECK: %[[SHARE:.*]] = onnx.Div(%[[V]], %[[SUM]])
// CHECK: %[[GATES:.*]] = onnx.ScatterElements(%{{.*}}, %[[I]], %[[SHARE]]) {axis = 1 : i64}
// CHECK: onnx.MatMul(%{{.*}}, %{{.*}}) : (tensor<?x64xf32>, tensor<64x128xf32>) -> tensor<?x128xf32>
// CHECK: onnx.Min
// CHECK: onnx.Clip
// CHECK: onnx.Swish(%{{.*}}) {alpha = 1.702000e+00 : f32}
// CHECK: %[[ALL:.*]] = onnx.MatMul(%{{.*}}, %{{.*}}) : (tensor<4x?x16xf32>, tensor<4x16x64xf32>) -> tensor<4x?x64xf32>
// CHECK: %[[T:.*]] = onnx.Transpose(%[[GATES]])
// CHECK: onnx.Mul(%[[ALL]], %{{.*}})
// CHECK: onnx.ReduceSum
// CHECK: onnx.Reshape{{.*}} -> tensor<?x?x64xf32>
func.func @experts(%x: tensor<?x?x64xf32>, %r: tensor<?x4xf32>, %w1: tensor<4x32x64xf32>, %b1: tensor<4x32xf32>,
    %w2: tensor<4x64x16xf32>) -> tensor<?x?x64xf32> {
  %0 = onnx.ms.MoE(%x, %r, %w1, %b1, %w2) {k = 2, activation_type = "swiglu", swiglu_fusion = 1, swiglu_limit = 7.0 : f32,
      activation_alpha = 1.702 : f32, activation_beta = 1.0 : f32, normalize_routing_weights = 1}
    : (tensor<?x?x64xf32>, tensor<?x4xf32>, tensor<4x32x64xf32>, tensor<4x32xf32>, tensor<4x64x16xf32>) -> tensor<?x?x64xf32>
  return %0 : tensor<?x?x64xf32>
}

// -----

// A third product beside the first.
// CHECK-LABEL: @third
// CHECK: %[[A:.*]] = onnx.Swish
// CHECK: onnx.Mul(%[[A]], %{{.*}}) : (tensor<?x4x16xf32>, tensor<?x4x16xf32>)
func.func @third(%x: tensor<?x64xf32>, %r: tensor<?x4xf32>, %w1: tensor<4x16x64xf32>, %w2: tensor<4x64x16xf32>) -> tensor<?x64xf32> {
  %0 = onnx.ms.MoE(%x, %r, %w1, _, %w2, _, %w1) {activation_type = "silu"}
    : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x16x64xf32>, tensor<4x64x16xf32>, tensor<4x16x64xf32>) -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

// -----

// Weights are unpacked as those of MatMulNBits, all experts at once.
// CHECK-LABEL: @packed_experts
// CHECK: onnx.Reshape(%arg2, %{{.*}}) : (tensor<4x16x32xui8>, tensor<3xi64>) -> tensor<64x4x8xui8>
// CHECK: onnx.GatherElements(%arg5, %{{.*}}) {axis = 1 : i64}
// CHECK: onnx.Relu
func.func @packed_experts(%x: tensor<?x64xf32>, %r: tensor<?x4xf32>, %w1: tensor<4x16x32xui8>, %s1: tensor<4x16x4xf32>,
    %w2: tensor<4x64x8xui8>, %rw: tensor<?x4xf32>) -> tensor<?x64xf32> {
  %s2 = onnx.Constant dense<0.5> : tensor<4x64x1xf32>
  %0 = onnx.ms.QMoE(%x, %r, %w1, %s1, _, %w2, %s2, _, _, _, _, _, _, _, %rw) {k = 2, block_size = 16}
    : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x16x32xui8>, tensor<4x16x4xf32>, tensor<4x64x8xui8>, tensor<4x64x1xf32>, tensor<?x4xf32>) -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

// -----

// What the optimizer joined is taken apart again.
// CHECK-LABEL: @byte_products
// CHECK: %[[Y:.*]], %[[S:.*]], %[[Z:.*]] = onnx.DynamicQuantizeLinear(%arg0)
// CHECK: %[[F:.*]] = onnx.Mul(%[[S]], %arg2) : (tensor<f32>, tensor<3xf32>) -> tensor<3xf32>
// CHECK: %[[P:.*]] = onnx.MatMulInteger(%[[Y]], %arg1, %[[Z]]) : (tensor<?x4xui8>, tensor<4x3xi8>, tensor<ui8>) -> tensor<?x3xi32>
// CHECK: %[[C:.*]] = onnx.Cast(%[[P]]) {to = f32}
// CHECK: %[[M:.*]] = onnx.Mul(%[[C]], %[[F]])
// CHECK: onnx.Add(%[[M]], %arg3)
// CHECK: onnx.MatMulInteger(%arg4, %arg1, _, %arg5)
// CHECK-NOT: onnx.ms
func.func @byte_products(%x: tensor<?x4xf32>, %b: tensor<4x3xi8>, %s: tensor<3xf32>, %c: tensor<3xf32>, %a: tensor<?x4xui8>, %z: tensor<3xi8>, %t: tensor<f32>) -> (tensor<?x3xf32>, tensor<?x3xf32>) {
  %0 = onnx.ms.DynamicQuantizeMatMul(%x, %b, %s, _, %c) : (tensor<?x4xf32>, tensor<4x3xi8>, tensor<3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  %1 = onnx.ms.MatMulIntegerToFloat(%a, %b, %t, %s, _, %z) : (tensor<?x4xui8>, tensor<4x3xi8>, tensor<f32>, tensor<3xf32>, tensor<3xi8>) -> tensor<?x3xf32>
  return %0, %1 : tensor<?x3xf32>, tensor<?x3xf32>
}

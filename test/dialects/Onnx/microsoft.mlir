// RUN: blockattn-opt %s | blockattn-opt | FileCheck %s
// RUN: blockattn-opt %s --pass-pipeline='builtin.module(func.func(blockattn-infer-shapes))' | FileCheck %s --check-prefix=SHAPES

// Ops of com.microsoft, and the shapes that follow from their operands.

// CHECK-LABEL: func @activations
// SHAPES-LABEL: func @activations
func.func @activations(%x: tensor<?x?x8xf32>, %b: tensor<8xf32>) {
  // CHECK: onnx.ms.BiasGelu(%{{.*}}, %{{.*}}) : (tensor<?x?x8xf32>, tensor<8xf32>) -> tensor<*xf32>
  // SHAPES: onnx.ms.BiasGelu{{.*}} -> tensor<?x?x8xf32>
  %0 = onnx.ms.BiasGelu(%x, %b) : (tensor<?x?x8xf32>, tensor<8xf32>) -> tensor<*xf32>
  // CHECK: onnx.ms.FastGelu(%{{.*}}) : (tensor<?x?x8xf32>) -> tensor<*xf32>
  // SHAPES: onnx.ms.FastGelu{{.*}} -> tensor<?x?x8xf32>
  %1 = onnx.ms.FastGelu(%x) : (tensor<?x?x8xf32>) -> tensor<*xf32>
  // CHECK: onnx.ms.FastGelu(%{{.*}}, %{{.*}}) : (tensor<?x?x8xf32>, tensor<8xf32>) -> tensor<*xf32>
  %2 = onnx.ms.FastGelu(%x, %b) : (tensor<?x?x8xf32>, tensor<8xf32>) -> tensor<*xf32>
  // CHECK: onnx.ms.QuickGelu(%{{.*}}) {alpha = 1.000000e+00 : f32}
  // SHAPES: onnx.ms.QuickGelu{{.*}} -> tensor<?x?x8xf32>
  %3 = onnx.ms.QuickGelu(%x) {alpha = 1.0 : f32} : (tensor<?x?x8xf32>) -> tensor<*xf32>
  return
}

// CHECK-LABEL: func @norms
// SHAPES-LABEL: func @norms
func.func @norms(%x: tensor<?x?x8xf32>, %w: tensor<8xf32>, %ids: tensor<?x?xi32>,
    %words: tensor<20x8xf32>, %places: tensor<12x8xf32>) {
  // CHECK: onnx.ms.SkipLayerNormalization(%{{.*}}, %{{.*}}, %{{.*}}, _, %{{.*}}) {epsilon = 9.99999974E-6 : f32}
  // SHAPES: onnx.ms.SkipLayerNormalization{{.*}} -> (tensor<?x?x8xf32>, _, _, tensor<?x?x8xf32>)
  %0:2 = onnx.ms.SkipLayerNormalization(%x, %x, %w, _, %w) {epsilon = 1.0e-5 : f32} : (tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<8xf32>, tensor<8xf32>) -> (tensor<*xf32>, _, _, tensor<*xf32>)
  // SHAPES: onnx.ms.SkipLayerNormalization{{.*}} -> (tensor<?x?x8xf32>, tensor<?x?x1xf32>, tensor<?x?x1xf32>)
  %1:3 = onnx.ms.SkipLayerNormalization(%x, %x, %w, %w) : (tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<8xf32>, tensor<8xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>)
  // CHECK: onnx.ms.SkipSimplifiedLayerNormalization(%{{.*}}, %{{.*}}, %{{.*}}) : {{.*}} -> (tensor<*xf32>, _, _, tensor<*xf32>)
  // SHAPES: onnx.ms.SkipSimplifiedLayerNormalization{{.*}} -> (tensor<?x?x8xf32>, _, _, tensor<?x?x8xf32>)
  %2:2 = onnx.ms.SkipSimplifiedLayerNormalization(%x, %x, %w) : (tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<8xf32>) -> (tensor<*xf32>, _, _, tensor<*xf32>)
  // CHECK: onnx.ms.EmbedLayerNormalization(%{{.*}}, _, %{{.*}}, %{{.*}}, _, %{{.*}}, %{{.*}}, %{{.*}})
  // SHAPES: onnx.ms.EmbedLayerNormalization{{.*}} -> (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?x?x8xf32>)
  %3:3 = onnx.ms.EmbedLayerNormalization(%ids, _, %words, %places, _, %w, %w, %ids) : (tensor<?x?xi32>, tensor<20x8xf32>, tensor<12x8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<?x?xi32>) -> (tensor<*xf32>, tensor<*xi32>, tensor<*xf32>)
  return
}

// CHECK-LABEL: func @products
// SHAPES-LABEL: func @products
func.func @products(%a: tensor<?x6x4x5xf32>, %b: tensor<6x?x7x5xf32>, %x: tensor<?x?x64xf32>,
    %w: tensor<24x2x16xui8>, %s: tensor<24x2xf32>, %z: tensor<24x1xui8>, %v: tensor<24xf32>,
    %data: tensor<12x32xui8>, %ids: tensor<?x?xi64>, %scales: tensor<12x2xf32>) {
  // CHECK: onnx.ms.FusedMatMul(%{{.*}}, %{{.*}}) {alpha = 5.000000e-01 : f32, transB = 1 : i64, transBatchA = 1 : i64}
  // SHAPES: onnx.ms.FusedMatMul{{.*}} -> tensor<6x4x?x7xf32>
  %0 = onnx.ms.FusedMatMul(%a, %b) {alpha = 0.5 : f32, transB = 1, transBatchA = 1} : (tensor<?x6x4x5xf32>, tensor<6x?x7x5xf32>) -> tensor<*xf32>
  // CHECK: onnx.ms.MatMulNBits(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, _, %{{.*}}) {K = 64 : i64, N = 24 : i64, block_size = 32 : i64}
  // SHAPES: onnx.ms.MatMulNBits{{.*}} -> tensor<?x?x24xf32>
  %1 = onnx.ms.MatMulNBits(%x, %w, %s, %z, _, %v) {K = 64, N = 24, block_size = 32} : (tensor<?x?x64xf32>, tensor<24x2x16xui8>, tensor<24x2xf32>, tensor<24x1xui8>, tensor<24xf32>) -> tensor<*xf32>
  // CHECK: onnx.ms.GatherBlockQuantized(%{{.*}}, %{{.*}}, %{{.*}}) {block_size = 32 : i64}
  // SHAPES: onnx.ms.GatherBlockQuantized{{.*}} -> tensor<?x?x64xf32>
  %2 = onnx.ms.GatherBlockQuantized(%data, %ids, %scales) {block_size = 32} : (tensor<12x32xui8>, tensor<?x?xi64>, tensor<12x2xf32>) -> tensor<*xf32>
  return
}

// CHECK-LABEL: func @attention
// SHAPES-LABEL: func @attention
func.func @attention(%x: tensor<?x?x64xf32>, %w: tensor<64x96xf32>, %mask: tensor<?x?xi32>,
    %past: tensor<2x?x4x?x8xf32>, %kv: tensor<?x?x4x2x16xf32>, %qkv: tensor<?x?x128xf32>,
    %pk: tensor<?x2x?x?xf32>, %n: tensor<?xi32>, %t: tensor<i32>, %cos: tensor<512x8xf32>,
    %pos: tensor<?x?xi64>) {
  // CHECK: onnx.ms.RotaryEmbedding(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}})
  // SHAPES: onnx.ms.RotaryEmbedding{{.*}} -> tensor<?x?x64xf32>
  %0 = onnx.ms.RotaryEmbedding(%x, %pos, %cos, %cos) : (tensor<?x?x64xf32>, tensor<?x?xi64>, tensor<512x8xf32>, tensor<512x8xf32>) -> tensor<*xf32>
  // CHECK: onnx.ms.Attention(%{{.*}}, %{{.*}}, _, %{{.*}}, %{{.*}}) {num_heads = 4 : i64, unidirectional = 1 : i64}
  // SHAPES: onnx.ms.Attention{{.*}} -> (tensor<?x?x32xf32>, tensor<2x?x4x?x8xf32>)
  %1:2 = onnx.ms.Attention(%x, %w, _, %mask, %past) {num_heads = 4, unidirectional = 1} : (tensor<?x?x64xf32>, tensor<64x96xf32>, tensor<?x?xi32>, tensor<2x?x4x?x8xf32>) -> (tensor<*xf32>, tensor<*xf32>)
  // CHECK: onnx.ms.MultiHeadAttention(%{{.*}}, %{{.*}}) {num_heads = 4 : i64}
  // SHAPES: onnx.ms.MultiHeadAttention{{.*}} -> (tensor<?x?x64xf32>, tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>)
  %2:3 = onnx.ms.MultiHeadAttention(%x, %kv) {num_heads = 4} : (tensor<?x?x64xf32>, tensor<?x?x4x2x16xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>)
  // The head size of the past is that of the query, whatever is declared.
  // CHECK: onnx.ms.GroupQueryAttention(%{{.*}}, _, _, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) {kv_num_heads = 2 : i64, num_heads = 4 : i64}
  // SHAPES: onnx.ms.GroupQueryAttention{{.*}} -> (tensor<?x?x64xf32>, tensor<?x2x?x16xf32>, tensor<?x2x?x16xf32>)
  %3:3 = onnx.ms.GroupQueryAttention(%qkv, _, _, %pk, %pk, %n, %t) {kv_num_heads = 2, num_heads = 4} : (tensor<?x?x128xf32>, tensor<?x2x?x?xf32>, tensor<?x2x?x?xf32>, tensor<?xi32>, tensor<i32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>)
  return
}

// CHECK-LABEL: func @experts
// SHAPES-LABEL: func @experts
func.func @experts(%x: tensor<?x?x64xf32>, %r: tensor<?x4xf32>, %w1: tensor<4x32x64xf32>, %b1: tensor<4x32xf32>,
    %w2: tensor<4x64x16xf32>, %p1: tensor<4x32x32xui8>, %s1: tensor<4x32x2xf32>, %p2: tensor<4x64x16xui8>,
    %s2: tensor<4x64x1xf32>) {
  // CHECK: onnx.ms.MoE(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) {activation_type = "swiglu", k = 2 : i64, swiglu_fusion = 1 : i64, swiglu_limit = 7.000000e+00 : f32}
  // SHAPES: onnx.ms.MoE{{.*}} -> tensor<?x?x64xf32>
  %0 = onnx.ms.MoE(%x, %r, %w1, %b1, %w2) {k = 2, activation_type = "swiglu", swiglu_fusion = 1, swiglu_limit = 7.0 : f32} : (tensor<?x?x64xf32>, tensor<?x4xf32>, tensor<4x32x64xf32>, tensor<4x32xf32>, tensor<4x64x16xf32>) -> tensor<*xf32>
  // CHECK: onnx.ms.QMoE(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) {block_size = 32 : i64, k = 2 : i64}
  // SHAPES: onnx.ms.QMoE{{.*}} -> tensor<?x?x64xf32>
  %1 = onnx.ms.QMoE(%x, %r, %p1, %s1, %b1, %p2, %s2) {k = 2, block_size = 32} : (tensor<?x?x64xf32>, tensor<?x4xf32>, tensor<4x32x32xui8>, tensor<4x32x2xf32>, tensor<4x32xf32>, tensor<4x64x16xui8>, tensor<4x64x1xf32>) -> tensor<*xf32>
  return
}

// CHECK-LABEL: func @byte_products
// SHAPES-LABEL: func @byte_products
func.func @byte_products(%x: tensor<?x4xf32>, %a: tensor<?x4xui8>, %b: tensor<4x3xi8>, %s: tensor<f32>, %t: tensor<3xf32>,
    %z: tensor<ui8>, %zb: tensor<3xi8>) {
  // CHECK: onnx.ms.MatMulIntegerToFloat(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, _, %{{.*}})
  // SHAPES: onnx.ms.MatMulIntegerToFloat{{.*}} -> tensor<?x3xf32>
  %0 = onnx.ms.MatMulIntegerToFloat(%a, %b, %s, %t, %z, _, %t) : (tensor<?x4xui8>, tensor<4x3xi8>, tensor<f32>, tensor<3xf32>, tensor<ui8>, tensor<3xf32>) -> tensor<*xf32>
  // CHECK: onnx.ms.DynamicQuantizeMatMul(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}})
  // SHAPES: onnx.ms.DynamicQuantizeMatMul{{.*}} -> tensor<?x3xf32>
  %1 = onnx.ms.DynamicQuantizeMatMul(%x, %b, %t, %zb) : (tensor<?x4xf32>, tensor<4x3xi8>, tensor<3xf32>, tensor<3xi8>) -> tensor<*xf32>
  return
}

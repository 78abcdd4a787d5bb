// RUN: blockattn-opt %s -split-input-file -verify-diagnostics

// Constraints of ops of com.microsoft.

func.func @f(%x: tensor<?x8xf32>, %b: tensor<7xf32>) {
  // expected-error @+1 {{'onnx.ms.BiasGelu' op (C3) the bias, 'tensor<7xf32>', does not broadcast to 'tensor<?x8xf32>'}}
  %0 = onnx.ms.BiasGelu(%x, %b) : (tensor<?x8xf32>, tensor<7xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @f(%x: tensor<?x8xf32>, %b: tensor<8xf16>) {
  // expected-error @+1 {{'onnx.ms.BiasGelu' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.ms.BiasGelu(%x, %b) : (tensor<?x8xf32>, tensor<8xf16>) -> tensor<?x8xf32>
  return
}

// -----

func.func @f(%x: tensor<?x8xf32>) {
  // expected-error @+1 {{'onnx.ms.FastGelu' op (C2) the first operand and the result must have one shape, but are 'tensor<?x8xf32>' and 'tensor<?x9xf32>'}}
  %0 = onnx.ms.FastGelu(%x) : (tensor<?x8xf32>) -> tensor<?x9xf32>
  return
}

// -----

func.func @f(%x: tensor<?x2x8xf32>, %y: tensor<?x3x8xf32>, %w: tensor<8xf32>) {
  // expected-error @+1 {{'onnx.ms.SkipLayerNormalization' op (C2) skip, 'tensor<?x3x8xf32>', does not broadcast to 'tensor<?x2x8xf32>'}}
  %0 = onnx.ms.SkipLayerNormalization(%x, %y, %w) : (tensor<?x2x8xf32>, tensor<?x3x8xf32>, tensor<8xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @f(%x: tensor<?x8xf32>, %w: tensor<8xf32>, %v: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.ms.SkipLayerNormalization' op (C3) a weight must have shape [8], but is 'tensor<4xf32>'}}
  %0 = onnx.ms.SkipLayerNormalization(%x, %x, %w, _, %v) : (tensor<?x8xf32>, tensor<?x8xf32>, tensor<8xf32>, tensor<4xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @f(%x: tensor<?x8xf32>, %w: tensor<8xf16>) {
  // expected-error @+1 {{'onnx.ms.SkipSimplifiedLayerNormalization' op (C1) operands, output and sum must have one element type, but there are 'f16' and 'f32'}}
  %0 = onnx.ms.SkipSimplifiedLayerNormalization(%x, %x, %w) : (tensor<?x8xf32>, tensor<?x8xf32>, tensor<8xf16>) -> tensor<*xf32>
  return
}

// -----

func.func @f(%x: tensor<?x8xf32>, %w: tensor<8xf32>) {
  // expected-error @+1 {{'onnx.ms.SkipSimplifiedLayerNormalization' op (C4) epsilon must be finite and not negative, but is -1}}
  %0 = onnx.ms.SkipSimplifiedLayerNormalization(%x, %x, %w) {epsilon = -1.0 : f32} : (tensor<?x8xf32>, tensor<?x8xf32>, tensor<8xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @f(%i: tensor<?x?xi32>, %t: tensor<9x8xf32>, %w: tensor<8xf32>) {
  // expected-error @+1 {{'onnx.ms.EmbedLayerNormalization' op (C6) position_embedding must not be left out}}
  %0 = onnx.ms.EmbedLayerNormalization(%i, _, %t, _, _, %w, %w) : (tensor<?x?xi32>, tensor<9x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @f(%i: tensor<?x?xi32>, %t: tensor<9x8xf32>, %w: tensor<8xf32>) {
  // expected-error @+1 {{'onnx.ms.EmbedLayerNormalization' op (C3) segment_ids and segment_embedding must both be given or both be left out}}
  %0 = onnx.ms.EmbedLayerNormalization(%i, %i, %t, %t, _, %w, %w) : (tensor<?x?xi32>, tensor<?x?xi32>, tensor<9x8xf32>, tensor<9x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @f(%i: tensor<?x?xi32>, %t: tensor<9x8xf32>, %u: tensor<9x4xf32>, %w: tensor<8xf32>) {
  // expected-error @+1 {{'onnx.ms.EmbedLayerNormalization' op (C2) the embeddings must be matrices with one number of columns, but one is 'tensor<9x4xf32>'}}
  %0 = onnx.ms.EmbedLayerNormalization(%i, _, %t, %u, _, %w, %w) : (tensor<?x?xi32>, tensor<9x8xf32>, tensor<9x4xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.ms.FusedMatMul' op (C2) an operand must have a rank of at least 2, but is 'tensor<4xf32>'}}
  %0 = onnx.ms.FusedMatMul(%x, %x) {transA = 1} : (tensor<4xf32>, tensor<4xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @f(%x: tensor<?x64xf32>, %w: tensor<24x2x16xui8>, %s: tensor<24x2xf32>) {
  // expected-error @+1 {{'onnx.ms.MatMulNBits' op (C2) bits must be 2, 4 or 8, but is 3}}
  %0 = onnx.ms.MatMulNBits(%x, %w, %s) {K = 64, N = 24, bits = 3, block_size = 32} : (tensor<?x64xf32>, tensor<24x2x16xui8>, tensor<24x2xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @f(%x: tensor<?x64xf32>, %w: tensor<24x2x16xui8>, %s: tensor<24x2xf32>) {
  // expected-error @+1 {{'onnx.ms.MatMulNBits' op (C2) block_size must be a power of two and at least 16, but is 24}}
  %0 = onnx.ms.MatMulNBits(%x, %w, %s) {K = 64, N = 24, block_size = 24} : (tensor<?x64xf32>, tensor<24x2x16xui8>, tensor<24x2xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @f(%x: tensor<?x64xf32>, %w: tensor<24x2x16xui8>, %s: tensor<24x3xf32>) {
  // expected-error @+1 {{'onnx.ms.MatMulNBits' op (C3) scales must have 48 elements, but is 'tensor<24x3xf32>'}}
  %0 = onnx.ms.MatMulNBits(%x, %w, %s) {K = 64, N = 24, block_size = 32} : (tensor<?x64xf32>, tensor<24x2x16xui8>, tensor<24x3xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @f(%x: tensor<?x60xf32>, %w: tensor<24x2x16xui8>, %s: tensor<24x2xf32>) {
  // expected-error @+1 {{'onnx.ms.MatMulNBits' op (C4) the last dimension of A must be 64, but A is 'tensor<?x60xf32>'}}
  %0 = onnx.ms.MatMulNBits(%x, %w, %s) {K = 64, N = 24, block_size = 32} : (tensor<?x60xf32>, tensor<24x2x16xui8>, tensor<24x2xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @f(%x: tensor<?x64xf32>, %w: tensor<24x2x16xui8>, %s: tensor<24x2xf32>, %g: tensor<60xi32>) {
  // expected-error @+1 {{'onnx.ms.MatMulNBits' op (C5) g_idx must be a vector of at least 64 elements, but is 'tensor<60xi32>'}}
  %0 = onnx.ms.MatMulNBits(%x, %w, %s, _, %g) {K = 64, N = 24, block_size = 32} : (tensor<?x64xf32>, tensor<24x2x16xui8>, tensor<24x2xf32>, tensor<60xi32>) -> tensor<*xf32>
  return
}

// -----

func.func @f(%d: tensor<12x32xui8>, %i: tensor<?xi64>, %s: tensor<12x2xf32>) {
  // expected-error @+1 {{'onnx.ms.GatherBlockQuantized' op (C3) gather_axis and quantize_axis must differ, but both are 1}}
  %0 = onnx.ms.GatherBlockQuantized(%d, %i, %s) {block_size = 32, gather_axis = 1} : (tensor<12x32xui8>, tensor<?xi64>, tensor<12x2xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @f(%d: tensor<12x32xui8>, %i: tensor<?xi64>, %s: tensor<12x2xf32>) {
  // expected-error @+1 {{'onnx.ms.GatherBlockQuantized' op (C1) scales and output must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.ms.GatherBlockQuantized(%d, %i, %s) {block_size = 32} : (tensor<12x32xui8>, tensor<?xi64>, tensor<12x2xf32>) -> tensor<*xf16>
  return
}

// -----

func.func @f(%x: tensor<?x?x64xf32>, %p: tensor<3xi64>, %c: tensor<9x8xf32>) {
  // expected-error @+1 {{'onnx.ms.RotaryEmbedding' op (C3) position_ids must be one number or a matrix, but are 'tensor<3xi64>'}}
  %0 = onnx.ms.RotaryEmbedding(%x, %p, %c, %c) : (tensor<?x?x64xf32>, tensor<3xi64>, tensor<9x8xf32>, tensor<9x8xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @f(%x: tensor<?x?x64xf32>, %p: tensor<1xi64>, %c: tensor<9x8xf32>, %s: tensor<9x4xf32>) {
  // expected-error @+1 {{'onnx.ms.RotaryEmbedding' op (C4) the caches must have one shape, but are 'tensor<9x8xf32>' and 'tensor<9x4xf32>'}}
  %0 = onnx.ms.RotaryEmbedding(%x, %p, %c, %s) : (tensor<?x?x64xf32>, tensor<1xi64>, tensor<9x8xf32>, tensor<9x4xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @f(%x: tensor<?x?x64xf32>, %p: tensor<1xi64>, %c: tensor<9x4xf32>) {
  // expected-error @+1 {{'onnx.ms.RotaryEmbedding' op (C5) rotary_embedding_dim must be even and not negative, and go with num_heads, but they are 8 and 0}}
  %0 = onnx.ms.RotaryEmbedding(%x, %p, %c, %c) {rotary_embedding_dim = 8} : (tensor<?x?x64xf32>, tensor<1xi64>, tensor<9x4xf32>, tensor<9x4xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @f(%x: tensor<?x?x60xf32>, %w: tensor<64x96xf32>) {
  // expected-error @+1 {{'onnx.ms.Attention' op (C2) the input has 60 columns, but the weights have 64 rows}}
  %0 = onnx.ms.Attention(%x, %w) {num_heads = 4} : (tensor<?x?x60xf32>, tensor<64x96xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @f(%x: tensor<?x?x64xf32>, %w: tensor<64x96xf32>) {
  // expected-error @+1 {{'onnx.ms.Attention' op (C3) 32 is not a multiple of 5 heads}}
  %0 = onnx.ms.Attention(%x, %w) {num_heads = 5} : (tensor<?x?x64xf32>, tensor<64x96xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @f(%x: tensor<?x?x64xf32>, %w: tensor<64x96xf32>) {
  // expected-error @+1 {{'onnx.ms.Attention' op (C3) the weights have 96 columns, but qkv_hidden_sizes are [32, 32, 16]}}
  %0 = onnx.ms.Attention(%x, %w) {num_heads = 4, qkv_hidden_sizes = array<i64: 32, 32, 16>} : (tensor<?x?x64xf32>, tensor<64x96xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @f(%x: tensor<?x?x64xf32>, %w: tensor<64x96xf32>, %p: tensor<?x4x?x8xf32>) {
  // expected-error @+1 {{'onnx.ms.Attention' op (C4) past must be [2, batch, heads, tokens, size], but is 'tensor<?x4x?x8xf32>'}}
  %0 = onnx.ms.Attention(%x, %w, _, _, %p) {num_heads = 4} : (tensor<?x?x64xf32>, tensor<64x96xf32>, tensor<?x4x?x8xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @f(%x: tensor<?x?x64xf32>, %w: tensor<64x96xf32>) {
  // expected-error @+1 {{'onnx.ms.Attention' op (C5) qkv_hidden_sizes must be three positive numbers, but are [32, 32]}}
  %0 = onnx.ms.Attention(%x, %w) {num_heads = 4, qkv_hidden_sizes = array<i64: 32, 32>} : (tensor<?x?x64xf32>, tensor<64x96xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @f(%x: tensor<?x?x64xf32>) {
  // expected-error @+1 {{'onnx.ms.MultiHeadAttention' op (C2) the hidden size of query, 64, is not a multiple of 5 heads}}
  %0 = onnx.ms.MultiHeadAttention(%x, %x, %x) {num_heads = 5} : (tensor<?x?x64xf32>, tensor<?x?x64xf32>, tensor<?x?x64xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @f(%x: tensor<?x?x64xf32>) {
  // expected-error @+1 {{'onnx.ms.MultiHeadAttention' op (C3) a query without a key must have rank 5, but is 'tensor<?x?x64xf32>'}}
  %0 = onnx.ms.MultiHeadAttention(%x) {num_heads = 4} : (tensor<?x?x64xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @f(%x: tensor<?x?x4x2x16xf32>) {
  // expected-error @+1 {{'onnx.ms.MultiHeadAttention' op (C3) a packed operand must be [batch, tokens, 4, 3, size], but is 'tensor<?x?x4x2x16xf32>'}}
  %0 = onnx.ms.MultiHeadAttention(%x) {num_heads = 4} : (tensor<?x?x4x2x16xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @f(%x: tensor<?x?x64xf32>, %p: tensor<?x4x?x16xf32>) {
  // expected-error @+1 {{'onnx.ms.MultiHeadAttention' op (C4) past_key and past_value must both be given or both be left out}}
  %0 = onnx.ms.MultiHeadAttention(%x, %x, %x, _, _, _, %p) {num_heads = 4} : (tensor<?x?x64xf32>, tensor<?x?x64xf32>, tensor<?x?x64xf32>, tensor<?x4x?x16xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @f(%x: tensor<?x?x64xf32>, %n: tensor<?xi32>, %t: tensor<i32>) {
  // expected-error @+1 {{'onnx.ms.GroupQueryAttention' op (C2) num_heads must be a positive multiple of kv_num_heads, but they are 4 and 3}}
  %0 = onnx.ms.GroupQueryAttention(%x, _, _, _, _, %n, %t) {kv_num_heads = 3, num_heads = 4} : (tensor<?x?x64xf32>, tensor<?xi32>, tensor<i32>) -> tensor<*xf32>
  return
}

// -----

func.func @f(%x: tensor<?x?x60xf32>, %n: tensor<?xi32>, %t: tensor<i32>) {
  // expected-error @+1 {{'onnx.ms.GroupQueryAttention' op (C3) the hidden size of query, 60, is not a multiple of 8 heads}}
  %0 = onnx.ms.GroupQueryAttention(%x, _, _, _, _, %n, %t) {kv_num_heads = 2, num_heads = 4} : (tensor<?x?x60xf32>, tensor<?xi32>, tensor<i32>) -> tensor<*xf32>
  return
}

// -----

func.func @f(%x: tensor<?x?x64xf32>, %n: tensor<?xi32>, %t: tensor<i32>) {
  // expected-error @+1 {{'onnx.ms.GroupQueryAttention' op (C5) do_rotary needs cos_cache and sin_cache}}
  %0 = onnx.ms.GroupQueryAttention(%x, _, _, _, _, %n, %t) {do_rotary = 1, kv_num_heads = 2, num_heads = 4} : (tensor<?x?x64xf32>, tensor<?xi32>, tensor<i32>) -> tensor<*xf32>
  return
}

// -----

func.func @f(%x: tensor<?x?x64xf32>, %n: tensor<?xi32>, %t: tensor<i32>) {
  // expected-error @+1 {{'onnx.ms.GroupQueryAttention' op (C6) softcap must be finite and not negative, but is -1}}
  %0 = onnx.ms.GroupQueryAttention(%x, _, _, _, _, %n, %t) {kv_num_heads = 2, num_heads = 4, softcap = -1.0 : f32} : (tensor<?x?x64xf32>, tensor<?xi32>, tensor<i32>) -> tensor<*xf32>
  return
}

// -----

func.func @f(%x: tensor<?x?x64xf32>) {
  // expected-error @+1 {{'onnx.ms.GroupQueryAttention' op (C7) seqlens_k and total_sequence_length must not be left out}}
  %0 = onnx.ms.GroupQueryAttention(%x) {kv_num_heads = 2, num_heads = 4} : (tensor<?x?x64xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @f(%x: tensor<64xf32>, %r: tensor<?x4xf32>, %w: tensor<4x16x64xf32>, %v: tensor<4x64x16xf32>) {
  // expected-error @+1 {{'onnx.ms.MoE' op (C2) input must have rank 2 or 3, but is 'tensor<64xf32>'}}
  %0 = onnx.ms.MoE(%x, %r, %w, _, %v) : (tensor<64xf32>, tensor<?x4xf32>, tensor<4x16x64xf32>, tensor<4x64x16xf32>) -> tensor<64xf32>
  return
}

// -----

func.func @f(%x: tensor<?x64xf32>, %r: tensor<?x4xf32>, %w: tensor<3x16x64xf32>, %v: tensor<4x64x16xf32>) {
  // expected-error @+1 {{'onnx.ms.MoE' op (C3) the weight of fc1 must have rank 3 and be of 4 experts, but is 'tensor<3x16x64xf32>'}}
  %0 = onnx.ms.MoE(%x, %r, %w, _, %v) : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<3x16x64xf32>, tensor<4x64x16xf32>) -> tensor<?x64xf32>
  return
}

// -----

func.func @f(%x: tensor<?x64xf32>, %r: tensor<?x4xf32>, %w: tensor<4x16x64xf32>) {
  // expected-error @+1 {{'onnx.ms.MoE' op (C4) fc2_experts_weights must not be left out}}
  %0 = onnx.ms.MoE(%x, %r, %w) : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x16x64xf32>) -> tensor<?x64xf32>
  return
}

// -----

func.func @f(%x: tensor<?x64xf32>, %r: tensor<?x4xf32>, %w: tensor<4x16x64xf32>, %v: tensor<4x64x16xf32>) {
  // expected-error @+1 {{'onnx.ms.MoE' op (C5) k must be positive and at most 4, but is 5}}
  %0 = onnx.ms.MoE(%x, %r, %w, _, %v) {k = 5} : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x16x64xf32>, tensor<4x64x16xf32>) -> tensor<?x64xf32>
  return
}

// -----

func.func @f(%x: tensor<?x64xf32>, %r: tensor<?x4xf32>, %w: tensor<4x16x64xf32>, %v: tensor<4x64x16xf32>) {
  // expected-error @+1 {{'onnx.ms.MoE' op (C6) activation_type must be relu, gelu, silu, swiglu or identity, but is 'mish'}}
  %0 = onnx.ms.MoE(%x, %r, %w, _, %v) {activation_type = "mish"} : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x16x64xf32>, tensor<4x64x16xf32>) -> tensor<?x64xf32>
  return
}

// -----

func.func @f(%x: tensor<?x64xf32>, %r: tensor<?x4xf32>, %w: tensor<4x16x32xui8>, %s: tensor<4x16xf32>, %v: tensor<4x64x8xui8>) {
  // expected-error @+1 {{'onnx.ms.QMoE' op (C7) the bits of a weight must be 2, 4 or 8, but are 3}}
  %0 = onnx.ms.QMoE(%x, %r, %w, %s, _, %v, %s) {expert_weight_bits = 3} : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x16x32xui8>, tensor<4x16xf32>, tensor<4x64x8xui8>, tensor<4x16xf32>) -> tensor<?x64xf32>
  return
}

// -----

func.func @f(%x: tensor<?x64xf32>, %r: tensor<?x4xf32>, %w: tensor<4x16x32xui8>, %s: tensor<4x16xf32>, %v: tensor<4x64x8xui8>) {
  // expected-error @+1 {{'onnx.ms.QMoE' op (C8) fc2_scales must not be left out}}
  %0 = onnx.ms.QMoE(%x, %r, %w, %s, _, %v) : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x16x32xui8>, tensor<4x16xf32>, tensor<4x64x8xui8>) -> tensor<?x64xf32>
  return
}

// -----

func.func @f(%a: tensor<?x4xui8>, %b: tensor<4x3xi8>, %s: tensor<f32>, %z: tensor<i8>) {
  // expected-error @+1 {{'onnx.ms.MatMulIntegerToFloat' op (C1) A and its zero point must have one element type, but there are 'ui8' and 'i8'}}
  %0 = onnx.ms.MatMulIntegerToFloat(%a, %b, %s, %s, %z) : (tensor<?x4xui8>, tensor<4x3xi8>, tensor<f32>, tensor<f32>, tensor<i8>) -> tensor<?x3xf32>
  return
}

// -----

func.func @f(%a: tensor<2x4xui8>, %b: tensor<4x3xi8>, %s: tensor<3xf32>) {
  // expected-error @+1 {{'onnx.ms.MatMulIntegerToFloat' op (C2) a_scale must be one number, or one for each row of 'tensor<2x4xui8>', but is 'tensor<3xf32>'}}
  %0 = onnx.ms.MatMulIntegerToFloat(%a, %b, %s, %s) : (tensor<2x4xui8>, tensor<4x3xi8>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @f(%a: tensor<?x4xf32>, %b: tensor<4x3xi8>, %s: tensor<f16>) {
  // expected-error @+1 {{'onnx.ms.DynamicQuantizeMatMul' op (C1) the floats must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.ms.DynamicQuantizeMatMul(%a, %b, %s) : (tensor<?x4xf32>, tensor<4x3xi8>, tensor<f16>) -> tensor<?x3xf32>
  return
}

// -----

func.func @f(%a: tensor<?x5xf32>, %b: tensor<4x3xi8>, %s: tensor<f32>) {
  // expected-error @+1 {{'onnx.ms.DynamicQuantizeMatMul' op (C4) A has 5 columns, but B has 4 rows}}
  %0 = onnx.ms.DynamicQuantizeMatMul(%a, %b, %s) : (tensor<?x5xf32>, tensor<4x3xi8>, tensor<f32>) -> tensor<?x3xf32>
  return
}

// -----

func.func @f(%a: tensor<?x4xf32>, %b: tensor<4x3xi8>, %s: tensor<f32>, %c: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.ms.DynamicQuantizeMatMul' op (C6) the bias must have shape [3], but is 'tensor<4xf32>'}}
  %0 = onnx.ms.DynamicQuantizeMatMul(%a, %b, %s, _, %c) : (tensor<?x4xf32>, tensor<4x3xi8>, tensor<f32>, tensor<4xf32>) -> tensor<?x3xf32>
  return
}

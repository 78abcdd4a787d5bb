// RUN: blockattn-opt %s --pass-pipeline='builtin.module(func.func(blockattn-decompose-microsoft))' -split-input-file -verify-diagnostics

// Options that no standard op has: the node, the option, what to do.

func.func @f(%x: tensor<?x?x64xf32>, %n: tensor<?xi32>, %t: tensor<i32>) -> tensor<?x?x64xf32> {
  // expected-error @+1 {{GroupQueryAttention is not supported as it is here: quantized keys and values are not supported; export with k_quant_type and v_quant_type NONE}}
  %0 = onnx.ms.GroupQueryAttention(%x, %x, %x, _, _, %n, %t) {k_quant_type = "PER_TENSOR", kv_num_heads = 4, num_heads = 4} : (tensor<?x?x64xf32>, tensor<?x?x64xf32>, tensor<?x?x64xf32>, tensor<?xi32>, tensor<i32>) -> tensor<?x?x64xf32>
  return %0 : tensor<?x?x64xf32>
}

// -----

func.func @f(%x: tensor<?x?x64xf32>, %n: tensor<?xi32>, %t: tensor<i32>) -> tensor<?x?x64xf32> {
  // expected-error @+1 {{GroupQueryAttention is not supported as it is here: sliding_window_cache (a past that is cut to the window) needs a local_window_size}}
  %0 = onnx.ms.GroupQueryAttention(%x, %x, %x, _, _, %n, %t) {sliding_window_cache = 1, kv_num_heads = 4, num_heads = 4} : (tensor<?x?x64xf32>, tensor<?x?x64xf32>, tensor<?x?x64xf32>, tensor<?xi32>, tensor<i32>) -> tensor<?x?x64xf32>
  return %0 : tensor<?x?x64xf32>
}

// -----

func.func @f(%x: tensor<?x?x64xf32>, %n: tensor<?xi32>, %t: tensor<i32>) -> tensor<?x?x64xf32> {
  // expected-error @+1 {{GroupQueryAttention is not supported as it is here: local_window_size is 0, so that no query sees a key; -1 is without a window}}
  %0 = onnx.ms.GroupQueryAttention(%x, %x, %x, _, _, %n, %t) {local_window_size = 0, kv_num_heads = 4, num_heads = 4} : (tensor<?x?x64xf32>, tensor<?x?x64xf32>, tensor<?x?x64xf32>, tensor<?xi32>, tensor<i32>) -> tensor<?x?x64xf32>
  return %0 : tensor<?x?x64xf32>
}

// -----

func.func @f(%x: tensor<?x?x64xf32>, %n: tensor<?xi32>, %t: tensor<i32>, %c: tensor<9x16xf32>) -> tensor<?x?x64xf32> {
  // expected-error @+1 {{GroupQueryAttention is not supported as it is here: its caches must be matrices with at most half as many columns as a head has elements}}
  %0 = onnx.ms.GroupQueryAttention(%x, %x, %x, _, _, %n, %t, %c, %c) {do_rotary = 1, kv_num_heads = 4, num_heads = 4} : (tensor<?x?x64xf32>, tensor<?x?x64xf32>, tensor<?x?x64xf32>, tensor<?xi32>, tensor<i32>, tensor<9x16xf32>, tensor<9x16xf32>) -> tensor<?x?x64xf32>
  return %0 : tensor<?x?x64xf32>
}

// -----

func.func @f(%x: tensor<?x?x?xf32>, %n: tensor<?xi32>, %t: tensor<i32>) -> tensor<?x?x?xf32> {
  // expected-error @+1 {{GroupQueryAttention is not supported as it is here: the shape of its query is not known}}
  %0 = onnx.ms.GroupQueryAttention(%x, _, _, _, _, %n, %t) {kv_num_heads = 4, num_heads = 4} : (tensor<?x?x?xf32>, tensor<?xi32>, tensor<i32>) -> tensor<?x?x?xf32>
  return %0 : tensor<?x?x?xf32>
}

// -----

func.func @f(%x: tensor<?x?x64xf32>, %n: tensor<1xi32>) -> tensor<?x?x64xf32> {
  // expected-error @+1 {{MultiHeadAttention is not supported as it is here: past_sequence_length and cache_indirection (buffers that past and present share, beam search) are not supported; export without them}}
  %0 = onnx.ms.MultiHeadAttention(%x, %x, %x, _, _, _, _, _, %n) {num_heads = 4} : (tensor<?x?x64xf32>, tensor<?x?x64xf32>, tensor<?x?x64xf32>, tensor<1xi32>) -> tensor<?x?x64xf32>
  return %0 : tensor<?x?x64xf32>
}

// -----

func.func @f(%x: tensor<?x?x64xf32>, %k: tensor<?x4x?x16xf32>) -> tensor<?x?x64xf32> {
  // expected-error @+1 {{MultiHeadAttention is not supported as it is here: it is unidirectional, with keys of another sequence; what a query sees of these is not defined}}
  %0 = onnx.ms.MultiHeadAttention(%x, %k, %k) {num_heads = 4, unidirectional = 1} : (tensor<?x?x64xf32>, tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>) -> tensor<?x?x64xf32>
  return %0 : tensor<?x?x64xf32>
}

// -----

func.func @f(%x: tensor<2x?x64xf32>, %m: tensor<8xi32>) -> tensor<2x?x64xf32> {
  // expected-error @+1 {{MultiHeadAttention is not supported as it is here: its mask has one dimension, whose size is neither that of the batch nor twice that; export with a mask of [batch, tokens]}}
  %0 = onnx.ms.MultiHeadAttention(%x, %x, %x, _, %m) {num_heads = 4} : (tensor<2x?x64xf32>, tensor<2x?x64xf32>, tensor<2x?x64xf32>, tensor<8xi32>) -> tensor<2x?x64xf32>
  return %0 : tensor<2x?x64xf32>
}

// -----

func.func @f(%x: tensor<?x?x64xf32>, %w: tensor<64x96xf32>) -> tensor<?x?x32xf32> {
  // expected-error @+1 {{Attention is not supported as it is here: do_rotary is not supported; export rotary positions as RotaryEmbedding or with GroupQueryAttention}}
  %0 = onnx.ms.Attention(%x, %w) {do_rotary = 1, num_heads = 4} : (tensor<?x?x64xf32>, tensor<64x96xf32>) -> tensor<?x?x32xf32>
  return %0 : tensor<?x?x32xf32>
}

// -----

func.func @f(%x: tensor<?x?x64xf32>, %w: tensor<64x96xf32>) -> tensor<?x?x32xf32> {
  // expected-error @+1 {{Attention is not supported as it is here: a buffer that past and present share is not supported; export with past_present_share_buffer = 0}}
  %0 = onnx.ms.Attention(%x, %w) {num_heads = 4, past_present_share_buffer = 1} : (tensor<?x?x64xf32>, tensor<64x96xf32>) -> tensor<?x?x32xf32>
  return %0 : tensor<?x?x32xf32>
}

// -----

func.func @f(%x: tensor<?x?x64xf32>, %w: tensor<64x96xf32>, %m: tensor<?x1x?x?xi32>) -> tensor<?x?x32xf32> {
  // expected-error @+1 {{Attention is not supported as it is here: its mask has another rank than 1, 2 or 3; export with a mask of [batch, tokens]}}
  %0 = onnx.ms.Attention(%x, %w, _, %m) {num_heads = 4} : (tensor<?x?x64xf32>, tensor<64x96xf32>, tensor<?x1x?x?xi32>) -> tensor<?x?x32xf32>
  return %0 : tensor<?x?x32xf32>
}

// -----

func.func @f(%x: tensor<?x?x64xf32>, %p: tensor<?x?xi64>, %c: tensor<9x12xf32>) -> tensor<?x?x64xf32> {
  // expected-error @+1 {{RotaryEmbedding is not supported as it is here: is_packed_batching is not supported; export without it}}
  %0 = onnx.ms.RotaryEmbedding(%x, %p, %c, %c) {is_packed_batching = 1} : (tensor<?x?x64xf32>, tensor<?x?xi64>, tensor<9x12xf32>, tensor<9x12xf32>) -> tensor<?x?x64xf32>
  return %0 : tensor<?x?x64xf32>
}

// -----

func.func @f(%x: tensor<?x?x64xf32>, %p: tensor<?x?xi64>, %c: tensor<9x12xf32>) -> tensor<?x?x64xf32> {
  // expected-error @+1 {{RotaryEmbedding is not supported as it is here: its hidden size is 64, which its caches of 12 columns do not divide into heads}}
  %0 = onnx.ms.RotaryEmbedding(%x, %p, %c, %c) : (tensor<?x?x64xf32>, tensor<?x?xi64>, tensor<9x12xf32>, tensor<9x12xf32>) -> tensor<?x?x64xf32>
  return %0 : tensor<?x?x64xf32>
}

// -----

func.func @f(%x: tensor<?x64xf32>, %w: tensor<24x2x16xi8>, %s: tensor<24x2xf32>) -> tensor<?x24xf32> {
  // expected-error @+1 {{MatMulNBits is not supported as it is here: its weight must be bytes (uint8)}}
  %0 = onnx.ms.MatMulNBits(%x, %w, %s) {K = 64, N = 24, block_size = 32} : (tensor<?x64xf32>, tensor<24x2x16xi8>, tensor<24x2xf32>) -> tensor<?x24xf32>
  return %0 : tensor<?x24xf32>
}

// -----

func.func @f(%d: tensor<12x32xui8>, %i: tensor<?xi64>, %s: tensor<12x3xf32>) -> tensor<?x64xf32> {
  // expected-error @+1 {{GatherBlockQuantized is not supported as it is here: its scales must have 2 elements along the axis that is quantized}}
  %0 = onnx.ms.GatherBlockQuantized(%d, %i, %s) {block_size = 32} : (tensor<12x32xui8>, tensor<?xi64>, tensor<12x3xf32>) -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

// -----

// All are reported, not the first alone.
func.func @both(%x: tensor<?x8xf32>, %w: tensor<8xf32>, %y: tensor<?x?x64xf32>, %v: tensor<64x96xf32>)
    -> (tensor<?x1xf32>, tensor<?x?x32xf32>) {
  // expected-error @+1 {{SkipSimplifiedLayerNormalization is not supported as it is here: its statistics (outputs 1 and 2) are used, which is not supported; compute them with other ops}}
  %0:2 = onnx.ms.SkipSimplifiedLayerNormalization(%x, %x, %w)
    : (tensor<?x8xf32>, tensor<?x8xf32>, tensor<8xf32>) -> (tensor<?x8xf32>, _, tensor<?x1xf32>)
  // expected-error @+1 {{Attention is not supported as it is here: do_rotary is not supported}}
  %1 = onnx.ms.Attention(%y, %v) {do_rotary = 1, num_heads = 4} : (tensor<?x?x64xf32>, tensor<64x96xf32>) -> tensor<?x?x32xf32>
  return %0#1, %1 : tensor<?x1xf32>, tensor<?x?x32xf32>
}

// -----

func.func @f(%x: tensor<?x64xf32>, %r: tensor<?x4xf32>, %w: tensor<4x16x64xf32>, %v: tensor<4x64x16xf32>) -> tensor<?x64xf32> {
  // expected-error @+1 {{MoE is not supported as it is here: use_sparse_mixer (a router that compares scores with one another) is not supported; export the router as plain operators}}
  %0 = onnx.ms.MoE(%x, %r, %w, _, %v) {use_sparse_mixer = 1} : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x16x64xf32>, tensor<4x64x16xf32>) -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

// -----

func.func @f(%x: tensor<?x64xf32>, %r: tensor<?x4xf32>, %w: tensor<4x16x64xf32>, %v: tensor<4x64x16xf32>) -> tensor<?x64xf32> {
  // expected-error @+1 {{MoE is not supported as it is here: its swiglu needs fc3, or a swiglu_fusion of 1 or 2}}
  %0 = onnx.ms.MoE(%x, %r, %w, _, %v) {activation_type = "swiglu"} : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x16x64xf32>, tensor<4x64x16xf32>) -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

// -----

func.func @f(%x: tensor<?x64xf32>, %r: tensor<?x4xf32>, %w: tensor<4x16x64xf32>, %v: tensor<4x64x16xf32>) -> tensor<?x64xf32> {
  // expected-error @+1 {{MoE is not supported as it is here: the shapes of its weights do not fit to one another or to its input}}
  %0 = onnx.ms.MoE(%x, %r, %w, _, %v) {activation_type = "swiglu", swiglu_fusion = 1} : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x16x64xf32>, tensor<4x64x16xf32>) -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

// -----

func.func @f(%x: tensor<?x64xf32>, %r: tensor<?x4xf32>, %w: tensor<4x16x32xui8>, %s: tensor<4x16xf32>, %v: tensor<4x64x8xui8>) -> tensor<?x64xf32> {
  // expected-error @+1 {{QMoE is not supported as it is here: quant_type 'fp4' is not supported; export with 'int'}}
  %0 = onnx.ms.QMoE(%x, %r, %w, %s, _, %v, %s) {quant_type = "fp4"} : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x16x32xui8>, tensor<4x16xf32>, tensor<4x64x8xui8>, tensor<4x16xf32>) -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

// -----

func.func @f(%x: tensor<?x64xf32>, %r: tensor<?x4xf32>, %w: tensor<4x16x32xui8>, %s: tensor<4x16xf32>, %v: tensor<4x64x8xui8>) -> tensor<?x64xf32> {
  // expected-error @+1 {{QMoE is not supported as it is here: its weights are arranged for one device (weights_prepacked = 1); export with weights_prepacked = 0}}
  %0 = onnx.ms.QMoE(%x, %r, %w, %s, _, %v, %s) {weights_prepacked = 1} : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x16x32xui8>, tensor<4x16xf32>, tensor<4x64x8xui8>, tensor<4x16xf32>) -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

// -----

func.func @f(%a: tensor<2x4xui8>, %b: tensor<4xi8>, %s: tensor<2xf32>, %t: tensor<f32>) -> tensor<2xf32> {
  // expected-error @+1 {{MatMulIntegerToFloat is not supported as it is here: it has a scale for each row or column of one operand, and the other is a vector; export the vector as a matrix}}
  %0 = onnx.ms.MatMulIntegerToFloat(%a, %b, %s, %t) : (tensor<2x4xui8>, tensor<4xi8>, tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

// One row of scores is not for all tokens.
func.func @f(%x: tensor<4x64xf32>, %r: tensor<1x4xf32>, %w: tensor<4x16x64xf32>, %v: tensor<4x64x16xf32>) -> tensor<4x64xf32> {
  // expected-error @+1 {{an operand has size 1 in dimension 0, where 4 goes with the other operands}}
  %0 = onnx.ms.MoE(%x, %r, %w, _, %v) : (tensor<4x64xf32>, tensor<1x4xf32>, tensor<4x16x64xf32>, tensor<4x64x16xf32>) -> tensor<4x64xf32>
  return %0 : tensor<4x64xf32>
}

// -----

func.func @f(%x: tensor<0x64xf32>, %r: tensor<0x4xf32>, %w: tensor<4x16x64xf32>, %v: tensor<4x64x16xf32>) -> tensor<0x64xf32> {
  // expected-error @+1 {{MoE is not supported as it is here: its input has no elements}}
  %0 = onnx.ms.MoE(%x, %r, %w, _, %v) : (tensor<0x64xf32>, tensor<0x4xf32>, tensor<4x16x64xf32>, tensor<4x64x16xf32>) -> tensor<0x64xf32>
  return %0 : tensor<0x64xf32>
}

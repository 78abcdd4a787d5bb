// RUN: blockattn-opt %s | blockattn-opt | FileCheck %s

// Products, norms, softmax, attention.

// CHECK-LABEL: func @nn
func.func @nn(%x: tensor<2x?x8xf32>, %u: tensor<*x!onnx.unknown>,
    %w: tensor<8x4xf32>, %s: tensor<8xf32>, %m: tensor<?x8xf32>,
    %c: tensor<f32>, %true: tensor<i1>, %q: tensor<1x8x?x16xf32>,
    %k: tensor<1x2x?x16xf32>, %q3: tensor<1x?x128xf32>,
    %k3: tensor<1x?x32xf32>, %bias: tensor<?x?xf32>, %len: tensor<1xi64>,
    %cache: tensor<512x8xf32>, %cache3: tensor<1x?x4xf32>,
    %pos: tensor<1x?xi64>) {
  // Products: matrices, batches, vectors.
  // CHECK: onnx.MatMul(%{{.*}}, %{{.*}}) : (tensor<2x?x8xf32>, tensor<8x4xf32>) -> tensor<2x?x4xf32>
  %1 = onnx.MatMul(%x, %w) : (tensor<2x?x8xf32>, tensor<8x4xf32>) -> tensor<2x?x4xf32>
  // CHECK: onnx.MatMul(%{{.*}}, %{{.*}}) : (tensor<8xf32>, tensor<8x4xf32>) -> tensor<4xf32>
  %2 = onnx.MatMul(%s, %w) : (tensor<8xf32>, tensor<8x4xf32>) -> tensor<4xf32>
  // CHECK: onnx.MatMul(%{{.*}}, %{{.*}}) : (tensor<2x?x8xf32>, tensor<8xf32>) -> tensor<2x?xf32>
  %3 = onnx.MatMul(%x, %s) : (tensor<2x?x8xf32>, tensor<8xf32>) -> tensor<2x?xf32>
  // CHECK: onnx.MatMul(%{{.*}}, %{{.*}}) : (tensor<8xf32>, tensor<8xf32>) -> tensor<f32>
  %4 = onnx.MatMul(%s, %s) : (tensor<8xf32>, tensor<8xf32>) -> tensor<f32>
  // CHECK: onnx.Gemm(%{{.*}}, %{{.*}}) : (tensor<?x8xf32>, tensor<8x4xf32>) -> tensor<?x4xf32>
  %5 = onnx.Gemm(%m, %w) : (tensor<?x8xf32>, tensor<8x4xf32>) -> tensor<?x4xf32>
  // CHECK: onnx.Gemm(%{{.*}}, %{{.*}}, %{{.*}}) {alpha = 5.000000e-01 : f32, beta = 2.000000e+00 : f32, transB = 1 : i64} : (tensor<?x8xf32>, tensor<?x8xf32>, tensor<f32>) -> tensor<?x?xf32>
  %6 = onnx.Gemm(%m, %m, %c) {alpha = 5.000000e-01 : f32, beta = 2.000000e+00 : f32, transB = 1 : i64} : (tensor<?x8xf32>, tensor<?x8xf32>, tensor<f32>) -> tensor<?x?xf32>

  // Norms, softmax, dropout.
  // CHECK: onnx.LayerNormalization(%{{.*}}, %{{.*}}) : (tensor<2x?x8xf32>, tensor<8xf32>) -> tensor<2x?x8xf32>
  %7 = onnx.LayerNormalization(%x, %s) : (tensor<2x?x8xf32>, tensor<8xf32>) -> tensor<2x?x8xf32>
  // CHECK: onnx.LayerNormalization(%{{.*}}, %{{.*}}, %{{.*}}) {axis = 2 : i64, epsilon = 9.99999996E-13 : f32, stash_type = f32} : (tensor<2x?x8xf32>, tensor<8xf32>, tensor<8xf32>) -> (tensor<2x?x8xf32>, tensor<2x?x1xf32>)
  %8, %mean = onnx.LayerNormalization(%x, %s, %s) {axis = 2 : i64, epsilon = 9.99999996E-13 : f32, stash_type = f32} : (tensor<2x?x8xf32>, tensor<8xf32>, tensor<8xf32>) -> (tensor<2x?x8xf32>, tensor<2x?x1xf32>)
  // CHECK: onnx.LayerNormalization(%{{.*}}, %{{.*}}) : (tensor<2x?x8xf32>, tensor<8xf32>) -> (tensor<2x?x8xf32>, _, tensor<2x?x1xf32>)
  %9, %std = onnx.LayerNormalization(%x, %s) : (tensor<2x?x8xf32>, tensor<8xf32>) -> (tensor<2x?x8xf32>, _, tensor<2x?x1xf32>)
  // CHECK: onnx.RMSNormalization(%{{.*}}, %{{.*}}) {epsilon = 9.99999997E-7 : f32} : (tensor<2x?x8xf32>, tensor<8xf32>) -> tensor<2x?x8xf32>
  %10 = onnx.RMSNormalization(%x, %s) {epsilon = 9.99999997E-7 : f32} : (tensor<2x?x8xf32>, tensor<8xf32>) -> tensor<2x?x8xf32>
  // CHECK: onnx.Softmax(%{{.*}}) : (tensor<2x?x8xf32>) -> tensor<2x?x8xf32>
  %11 = onnx.Softmax(%x) : (tensor<2x?x8xf32>) -> tensor<2x?x8xf32>
  // CHECK: onnx.LogSoftmax(%{{.*}}) {axis = 1 : i64} : (tensor<2x?x8xf32>) -> tensor<2x?x8xf32>
  %12 = onnx.LogSoftmax(%x) {axis = 1 : i64} : (tensor<2x?x8xf32>) -> tensor<2x?x8xf32>
  // CHECK: onnx.Dropout(%{{.*}}) : (tensor<2x?x8xf32>) -> tensor<2x?x8xf32>
  %13 = onnx.Dropout(%x) : (tensor<2x?x8xf32>) -> tensor<2x?x8xf32>
  // CHECK: onnx.Dropout(%{{.*}}, _, %{{.*}}) {seed = 3 : i64} : (tensor<2x?x8xf32>, tensor<i1>) -> (tensor<2x?x8xf32>, tensor<2x?x8xi1>)
  %14, %mask = onnx.Dropout(%x, _, %true) {seed = 3 : i64} : (tensor<2x?x8xf32>, tensor<i1>) -> (tensor<2x?x8xf32>, tensor<2x?x8xi1>)

  // Attention.
  // CHECK: onnx.Attention(%{{.*}}, %{{.*}}, %{{.*}}) {is_causal = 1 : i64} : (tensor<1x8x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>) -> tensor<1x8x?x16xf32>
  %15 = onnx.Attention(%q, %k, %k) {is_causal = 1 : i64} : (tensor<1x8x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>) -> tensor<1x8x?x16xf32>
  // CHECK: onnx.Attention(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) {scale = 2.500000e-01 : f32, softcap = 5.000000e+01 : f32} : (tensor<1x8x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>, tensor<?x?xf32>) -> tensor<1x8x?x16xf32>
  %16 = onnx.Attention(%q, %k, %k, %bias) {scale = 2.500000e-01 : f32, softcap = 5.000000e+01 : f32} : (tensor<1x8x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>, tensor<?x?xf32>) -> tensor<1x8x?x16xf32>
  // CHECK: onnx.Attention(%{{.*}}, %{{.*}}, %{{.*}}, _, %{{.*}}, %{{.*}}) {is_causal = 1 : i64} : (tensor<1x8x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>) -> (tensor<1x8x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>)
  %17:3 = onnx.Attention(%q, %k, %k, _, %k, %k) {is_causal = 1 : i64} : (tensor<1x8x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>) -> (tensor<1x8x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>)
  // CHECK: onnx.Attention(%{{.*}}, %{{.*}}, %{{.*}}) {qk_matmul_output_mode = 3 : i64, softmax_precision = f32} : (tensor<1x8x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>) -> (tensor<1x8x?x16xf32>, _, _, tensor<1x8x?x?xf32>)
  %18, %scores = onnx.Attention(%q, %k, %k) {qk_matmul_output_mode = 3 : i64, softmax_precision = f32} : (tensor<1x8x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>) -> (tensor<1x8x?x16xf32>, _, _, tensor<1x8x?x?xf32>)
  // CHECK: onnx.Attention(%{{.*}}, %{{.*}}, %{{.*}}, _, _, _, %{{.*}}) {left_window_size = 64 : i64, right_window_size = 0 : i64} : (tensor<1x8x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1xi64>) -> tensor<1x8x?x16xf32>
  %19 = onnx.Attention(%q, %k, %k, _, _, _, %len) {left_window_size = 64 : i64, right_window_size = 0 : i64} : (tensor<1x8x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1xi64>) -> tensor<1x8x?x16xf32>
  // CHECK: onnx.Attention(%{{.*}}, %{{.*}}, %{{.*}}) {kv_num_heads = 2 : i64, q_num_heads = 8 : i64} : (tensor<1x?x128xf32>, tensor<1x?x32xf32>, tensor<1x?x32xf32>) -> tensor<1x?x128xf32>
  %20 = onnx.Attention(%q3, %k3, %k3) {kv_num_heads = 2 : i64, q_num_heads = 8 : i64} : (tensor<1x?x128xf32>, tensor<1x?x32xf32>, tensor<1x?x32xf32>) -> tensor<1x?x128xf32>
  // CHECK: onnx.Attention(%{{.*}}, %{{.*}}, %{{.*}}) : (tensor<*x!onnx.unknown>, tensor<*x!onnx.unknown>, tensor<*x!onnx.unknown>) -> tensor<*x!onnx.unknown>
  %21 = onnx.Attention(%u, %u, %u) : (tensor<*x!onnx.unknown>, tensor<*x!onnx.unknown>, tensor<*x!onnx.unknown>) -> tensor<*x!onnx.unknown>
  // CHECK: onnx.RotaryEmbedding(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) : (tensor<1x8x?x16xf32>, tensor<512x8xf32>, tensor<512x8xf32>, tensor<1x?xi64>) -> tensor<1x8x?x16xf32>
  %22 = onnx.RotaryEmbedding(%q, %cache, %cache, %pos) : (tensor<1x8x?x16xf32>, tensor<512x8xf32>, tensor<512x8xf32>, tensor<1x?xi64>) -> tensor<1x8x?x16xf32>
  // CHECK: onnx.RotaryEmbedding(%{{.*}}, %{{.*}}, %{{.*}}) {interleaved = 1 : i64, num_heads = 8 : i64, rotary_embedding_dim = 8 : i64} : (tensor<1x?x128xf32>, tensor<1x?x4xf32>, tensor<1x?x4xf32>) -> tensor<1x?x128xf32>
  %23 = onnx.RotaryEmbedding(%q3, %cache3, %cache3) {interleaved = 1 : i64, num_heads = 8 : i64, rotary_embedding_dim = 8 : i64} : (tensor<1x?x128xf32>, tensor<1x?x4xf32>, tensor<1x?x4xf32>) -> tensor<1x?x128xf32>
  return
}

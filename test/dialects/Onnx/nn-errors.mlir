// RUN: blockattn-opt %s -split-input-file -verify-diagnostics

// Constraints of products, norms, softmax and attention.

func.func @f(%a: tensor<4x8xf32>, %b: tensor<8x2xf16>) {
  // expected-error @+1 {{'onnx.MatMul' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.MatMul(%a, %b) : (tensor<4x8xf32>, tensor<8x2xf16>) -> tensor<4x2xf32>
  return
}

// -----

func.func @f(%a: tensor<f32>, %b: tensor<8x2xf32>) {
  // expected-error @+1 {{'onnx.MatMul' op (C2) an operand must have a rank of at least 1, but is 'tensor<f32>'}}
  %0 = onnx.MatMul(%a, %b) : (tensor<f32>, tensor<8x2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @f(%a: tensor<4x8xf32>, %b: tensor<7x2xf32>) {
  // expected-error @+1 {{'onnx.MatMul' op (C3) A has 8 columns, but B has 7 rows}}
  %0 = onnx.MatMul(%a, %b) : (tensor<4x8xf32>, tensor<7x2xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @f(%a: tensor<2x4x8xf32>, %b: tensor<3x8x2xf32>) {
  // expected-error @+1 {{'onnx.MatMul' op (C4) the leading dimensions do not broadcast: 'tensor<2x4x8xf32>' and 'tensor<3x8x2xf32>'}}
  %0 = onnx.MatMul(%a, %b) : (tensor<2x4x8xf32>, tensor<3x8x2xf32>) -> tensor<2x4x2xf32>
  return
}

// -----

func.func @f(%a: tensor<?x8xf32>, %b: tensor<8x2xf32>) {
  // expected-error @+1 {{'onnx.MatMul' op (C4) the result must have shape [?, 2], but is 'tensor<?x3xf32>'}}
  %0 = onnx.MatMul(%a, %b) : (tensor<?x8xf32>, tensor<8x2xf32>) -> tensor<?x3xf32>
  return
}

// -----

func.func @f(%a: tensor<4x8xf32>, %b: tensor<8x2xf32>) {
  // expected-error @+1 {{'onnx.Gemm' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Gemm(%a, %b) : (tensor<4x8xf32>, tensor<8x2xf32>) -> tensor<4x2xf16>
  return
}

// -----

func.func @f(%a: tensor<4x8xf32>, %b: tensor<1x8x2xf32>) {
  // expected-error @+1 {{'onnx.Gemm' op (C2) A, B and the result must be matrices, but one is 'tensor<1x8x2xf32>'}}
  %0 = onnx.Gemm(%a, %b) : (tensor<4x8xf32>, tensor<1x8x2xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @f(%a: tensor<4x8xf32>, %b: tensor<8x2xf32>) {
  // expected-error @+1 {{'onnx.Gemm' op (C3) A has 8 columns, but B has 2 rows}}
  %0 = onnx.Gemm(%a, %b) {transB = 1 : i64} : (tensor<4x8xf32>, tensor<8x2xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @f(%a: tensor<8x4xf32>, %b: tensor<8x2xf32>) {
  // expected-error @+1 {{'onnx.Gemm' op (C4) the result must have shape [4, 2], but is 'tensor<8x2xf32>'}}
  %0 = onnx.Gemm(%a, %b) {transA = 1 : i64} : (tensor<8x4xf32>, tensor<8x2xf32>) -> tensor<8x2xf32>
  return
}

// -----

func.func @f(%a: tensor<4x8xf32>, %b: tensor<8x2xf32>, %c: tensor<3xf32>) {
  // expected-error @+1 {{'onnx.Gemm' op (C5) C does not broadcast to [4, 2]: it is 'tensor<3xf32>'}}
  %0 = onnx.Gemm(%a, %b, %c) : (tensor<4x8xf32>, tensor<8x2xf32>, tensor<3xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @f(%x: tensor<2x8xf32>, %s: tensor<8xf16>) {
  // expected-error @+1 {{'onnx.LayerNormalization' op (C1) X, Scale, B and Y must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.LayerNormalization(%x, %s) : (tensor<2x8xf32>, tensor<8xf16>) -> tensor<2x8xf32>
  return
}

// -----

func.func @f(%x: tensor<2x8xf32>, %s: tensor<8xf32>) {
  // expected-error @+1 {{'onnx.LayerNormalization' op (C2) axis is 2, but the rank is 2}}
  %0 = onnx.LayerNormalization(%x, %s) {axis = 2 : i64} : (tensor<2x8xf32>, tensor<8xf32>) -> tensor<2x8xf32>
  return
}

// -----

func.func @f(%x: tensor<2x8xf32>, %s: tensor<8xf32>) {
  // expected-error @+1 {{'onnx.LayerNormalization' op (C3) the result must have shape [2, 8], but is 'tensor<2x7xf32>'}}
  %0 = onnx.LayerNormalization(%x, %s) : (tensor<2x8xf32>, tensor<8xf32>) -> tensor<2x7xf32>
  return
}

// -----

func.func @f(%x: tensor<2x8xf32>, %s: tensor<8xf32>, %b: tensor<7xf32>) {
  // expected-error @+1 {{'onnx.LayerNormalization' op (C4) scale and bias must broadcast to X, but one is 'tensor<7xf32>' for 'tensor<2x8xf32>'}}
  %0 = onnx.LayerNormalization(%x, %s, %b) : (tensor<2x8xf32>, tensor<8xf32>, tensor<7xf32>) -> tensor<2x8xf32>
  return
}

// -----

func.func @f(%x: tensor<2x8xf32>, %s: tensor<8xf32>) {
  // expected-error @+1 {{'onnx.LayerNormalization' op (C5) Mean or InvStdDev must have shape [2, 1], but is 'tensor<2xf32>'}}
  %0:2 = onnx.LayerNormalization(%x, %s) : (tensor<2x8xf32>, tensor<8xf32>) -> (tensor<2x8xf32>, _, tensor<2xf32>)
  return
}

// -----

func.func @f(%x: tensor<2x8xf32>, %s: tensor<8xf32>) {
  // expected-error @+1 {{'onnx.LayerNormalization' op (C6) epsilon must be finite and not negative, but is -1.000000e+00}}
  %0 = onnx.LayerNormalization(%x, %s) {epsilon = -1.0 : f32} : (tensor<2x8xf32>, tensor<8xf32>) -> tensor<2x8xf32>
  return
}

// -----

func.func @f(%x: tensor<2x8xf16>, %s: tensor<8xf32>) {
  // expected-error @+1 {{'onnx.RMSNormalization' op (C1) scale and Y must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.RMSNormalization(%x, %s) : (tensor<2x8xf16>, tensor<8xf32>) -> tensor<2x8xf16>
  return
}

// -----

func.func @f(%x: tensor<2x8xf32>, %s: tensor<8xf32>) {
  // expected-error @+1 {{'onnx.RMSNormalization' op (C2) the first operand and the result must have one shape, but are 'tensor<2x8xf32>' and 'tensor<2x7xf32>'}}
  %0 = onnx.RMSNormalization(%x, %s) : (tensor<2x8xf32>, tensor<8xf32>) -> tensor<2x7xf32>
  return
}

// -----

func.func @f(%x: tensor<2x8xf32>, %s: tensor<8xf32>) {
  // expected-error @+1 {{'onnx.RMSNormalization' op (C3) axis is -3, but the rank is 2}}
  %0 = onnx.RMSNormalization(%x, %s) {axis = -3 : i64} : (tensor<2x8xf32>, tensor<8xf32>) -> tensor<2x8xf32>
  return
}

// -----

func.func @f(%x: tensor<2x8xf32>, %s: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.RMSNormalization' op (C4) scale and bias must broadcast to X, but one is 'tensor<4xf32>' for 'tensor<2x8xf32>'}}
  %0 = onnx.RMSNormalization(%x, %s) : (tensor<2x8xf32>, tensor<4xf32>) -> tensor<2x8xf32>
  return
}

// -----

func.func @f(%x: tensor<2x8xf32>, %s: tensor<8xf32>) {
  // expected-error @+1 {{'onnx.RMSNormalization' op (C5) epsilon must be finite and not negative, but is nan}}
  %0 = onnx.RMSNormalization(%x, %s) {epsilon = 0x7FC00000 : f32} : (tensor<2x8xf32>, tensor<8xf32>) -> tensor<2x8xf32>
  return
}

// -----

func.func @f(%x: tensor<2x8xf32>) {
  // expected-error @+1 {{'onnx.Softmax' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Softmax(%x) : (tensor<2x8xf32>) -> tensor<2x8xf16>
  return
}

// -----

func.func @f(%x: tensor<2x8xf32>) {
  // expected-error @+1 {{'onnx.Softmax' op (C2) the first operand and the result must have one shape, but are 'tensor<2x8xf32>' and 'tensor<2x7xf32>'}}
  %0 = onnx.Softmax(%x) : (tensor<2x8xf32>) -> tensor<2x7xf32>
  return
}

// -----

func.func @f(%x: tensor<2x8xf32>) {
  // expected-error @+1 {{'onnx.LogSoftmax' op (C3) axis is 2, but the rank is 2}}
  %0 = onnx.LogSoftmax(%x) {axis = 2 : i64} : (tensor<2x8xf32>) -> tensor<2x8xf32>
  return
}

// -----

func.func @f(%x: tensor<2x8xf32>) {
  // expected-error @+1 {{'onnx.Dropout' op (C1) data and output must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Dropout(%x) : (tensor<2x8xf32>) -> tensor<2x8xf16>
  return
}

// -----

func.func @f(%x: tensor<2x8xf32>) {
  // expected-error @+1 {{'onnx.Dropout' op (C2) output or mask must have shape [2, 8], but is 'tensor<2x7xi1>'}}
  %0:2 = onnx.Dropout(%x) : (tensor<2x8xf32>) -> (tensor<2x8xf32>, tensor<2x7xi1>)
  return
}

// -----

func.func @f(%x: tensor<2x8xf32>, %r: tensor<2xf32>) {
  // expected-error @+1 {{'onnx.Dropout' op (C3) ratio and training_mode must have one element, but one is 'tensor<2xf32>'}}
  %0 = onnx.Dropout(%x, %r) : (tensor<2x8xf32>, tensor<2xf32>) -> tensor<2x8xf32>
  return
}

// -----

func.func @f(%q: tensor<1x8x?x16xf32>, %k: tensor<1x2x?x16xf16>,
    %v: tensor<1x2x?x16xf32>) {
  // expected-error @+1 {{'onnx.Attention' op (C1) Q, K, past_key and Y must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Attention(%q, %k, %v) : (tensor<1x8x?x16xf32>, tensor<1x2x?x16xf16>, tensor<1x2x?x16xf32>) -> tensor<1x8x?x16xf32>
  return
}

// -----

func.func @f(%q: tensor<1x8x?x16xf32>, %k: tensor<1x2x?x16xf32>,
    %v: tensor<1x2x?x16xf32>, %pk: tensor<1x2x?x16xf32>,
    %pv: tensor<1x2x?x16xf16>) {
  // expected-error @+1 {{'onnx.Attention' op (C1) V and past_value must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Attention(%q, %k, %v, _, %pk, %pv) : (tensor<1x8x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf16>) -> tensor<1x8x?x16xf32>
  return
}

// -----

func.func @f(%q: tensor<1x8x?x16xf32>, %k: tensor<1x?x32xf32>,
    %v: tensor<1x2x?x16xf32>) {
  // expected-error @+1 {{'onnx.Attention' op (C2) Q, K, V and Y must have one rank, but there are 4 and 3}}
  %0 = onnx.Attention(%q, %k, %v) : (tensor<1x8x?x16xf32>, tensor<1x?x32xf32>, tensor<1x2x?x16xf32>) -> tensor<1x8x?x16xf32>
  return
}

// -----

func.func @f(%q: tensor<8x16xf32>, %k: tensor<1x2x?x16xf32>,
    %v: tensor<1x2x?x16xf32>) {
  // expected-error @+1 {{'onnx.Attention' op (C2) Q, K, V and Y must have rank 3 or 4, but one is 'tensor<8x16xf32>'}}
  %0 = onnx.Attention(%q, %k, %v) : (tensor<8x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>) -> tensor<1x8x?x16xf32>
  return
}

// -----

func.func @f(%q: tensor<1x?x128xf32>, %k: tensor<1x?x32xf32>,
    %v: tensor<1x?x32xf32>) {
  // expected-error @+1 {{'onnx.Attention' op (C3) needs q_num_heads and kv_num_heads for operands of rank 3}}
  %0 = onnx.Attention(%q, %k, %v) : (tensor<1x?x128xf32>, tensor<1x?x32xf32>, tensor<1x?x32xf32>) -> tensor<1x?x128xf32>
  return
}

// -----

func.func @f(%q: tensor<1x?x128xf32>, %k: tensor<1x?x32xf32>,
    %v: tensor<1x?x32xf32>) {
  // expected-error @+1 {{'onnx.Attention' op (C3) the numbers of heads must be positive, but are 8 and 0}}
  %0 = onnx.Attention(%q, %k, %v) {kv_num_heads = 0 : i64, q_num_heads = 8 : i64} : (tensor<1x?x128xf32>, tensor<1x?x32xf32>, tensor<1x?x32xf32>) -> tensor<1x?x128xf32>
  return
}

// -----

func.func @f(%q: tensor<1x?x128xf32>, %k: tensor<1x?x32xf32>,
    %v: tensor<1x?x32xf32>) {
  // expected-error @+1 {{'onnx.Attention' op (C3) the hidden size 32 is not a multiple of 3 heads}}
  %0 = onnx.Attention(%q, %k, %v) {kv_num_heads = 3 : i64, q_num_heads = 8 : i64} : (tensor<1x?x128xf32>, tensor<1x?x32xf32>, tensor<1x?x32xf32>) -> tensor<1x?x128xf32>
  return
}

// -----

func.func @f(%q: tensor<1x8x?x16xf32>, %k: tensor<1x3x?x16xf32>,
    %v: tensor<1x3x?x16xf32>) {
  // expected-error @+1 {{'onnx.Attention' op (C4) the 8 heads of Q are not a multiple of the 3 of K}}
  %0 = onnx.Attention(%q, %k, %v) : (tensor<1x8x?x16xf32>, tensor<1x3x?x16xf32>, tensor<1x3x?x16xf32>) -> tensor<1x8x?x16xf32>
  return
}

// -----

func.func @f(%q: tensor<1x8x?x16xf32>, %k: tensor<1x2x?x16xf32>,
    %v: tensor<1x4x?x16xf32>) {
  // expected-error @+1 {{'onnx.Attention' op (C4) K has 2 heads, but V has 4}}
  %0 = onnx.Attention(%q, %k, %v) : (tensor<1x8x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x4x?x16xf32>) -> tensor<1x8x?x16xf32>
  return
}

// -----

func.func @f(%q: tensor<1x8x?x16xf32>, %k: tensor<2x2x?x16xf32>,
    %v: tensor<1x2x?x16xf32>) {
  // expected-error @+1 {{'onnx.Attention' op (C5) Q, K and V must have one batch size, but have [1, 2, 1]}}
  %0 = onnx.Attention(%q, %k, %v) : (tensor<1x8x?x16xf32>, tensor<2x2x?x16xf32>, tensor<1x2x?x16xf32>) -> tensor<1x8x?x16xf32>
  return
}

// -----

func.func @f(%q: tensor<1x8x?x16xf32>, %k: tensor<1x2x4x16xf32>,
    %v: tensor<1x2x5x16xf32>) {
  // expected-error @+1 {{'onnx.Attention' op (C5) K and V must have one length, but have [4, 5]}}
  %0 = onnx.Attention(%q, %k, %v) : (tensor<1x8x?x16xf32>, tensor<1x2x4x16xf32>, tensor<1x2x5x16xf32>) -> tensor<1x8x?x16xf32>
  return
}

// -----

func.func @f(%q: tensor<1x8x?x16xf32>, %k: tensor<1x2x?x8xf32>,
    %v: tensor<1x2x?x16xf32>) {
  // expected-error @+1 {{'onnx.Attention' op (C5) Q and K must have one head size, but have [16, 8]}}
  %0 = onnx.Attention(%q, %k, %v) : (tensor<1x8x?x16xf32>, tensor<1x2x?x8xf32>, tensor<1x2x?x16xf32>) -> tensor<1x8x?x16xf32>
  return
}

// -----

func.func @f(%q: tensor<1x8x?x16xf32>, %k: tensor<1x2x?x16xf32>,
    %v: tensor<1x2x?x16xf32>, %pk: tensor<1x2x?x16xf32>) {
  // expected-error @+1 {{'onnx.Attention' op (C6) past_key and past_value must both be given or both be left out, but past_value is missing}}
  %0 = onnx.Attention(%q, %k, %v, _, %pk) : (tensor<1x8x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>) -> tensor<1x8x?x16xf32>
  return
}

// -----

func.func @f(%q: tensor<1x8x?x16xf32>, %k: tensor<1x2x?x16xf32>,
    %v: tensor<1x2x?x16xf32>, %pk: tensor<1x4x?x16xf32>,
    %pv: tensor<1x2x?x16xf32>) {
  // expected-error @+1 {{'onnx.Attention' op (C6) past_key must have shape [1, 2, ?, 16], but is 'tensor<1x4x?x16xf32>'}}
  %0 = onnx.Attention(%q, %k, %v, _, %pk, %pv) : (tensor<1x8x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x4x?x16xf32>, tensor<1x2x?x16xf32>) -> tensor<1x8x?x16xf32>
  return
}

// -----

func.func @f(%q: tensor<1x8x?x16xf32>, %k: tensor<1x2x?x16xf32>,
    %v: tensor<1x2x?x16xf32>, %pk: tensor<1x2x3x16xf32>,
    %pv: tensor<1x2x4x16xf32>) {
  // expected-error @+1 {{'onnx.Attention' op (C6) past_key and past_value differ in length: 3 and 4}}
  %0 = onnx.Attention(%q, %k, %v, _, %pk, %pv) : (tensor<1x8x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x3x16xf32>, tensor<1x2x4x16xf32>) -> tensor<1x8x?x16xf32>
  return
}

// -----

func.func @f(%q: tensor<1x8x?x16xf32>, %k: tensor<1x2x?x16xf32>,
    %v: tensor<1x2x?x16xf32>) {
  // expected-error @+1 {{'onnx.Attention' op (C7) present_key and present_value must both be given or both be left out, but present_key is missing}}
  %0:2 = onnx.Attention(%q, %k, %v) : (tensor<1x8x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>) -> (tensor<1x8x?x16xf32>, _, tensor<1x2x?x16xf32>)
  return
}

// -----

func.func @f(%q: tensor<1x8x?x16xf32>, %k: tensor<1x2x?x16xf32>,
    %v: tensor<1x2x?x16xf32>) {
  // expected-error @+1 {{'onnx.Attention' op (C7) present_key must have shape [1, 2, ?, 16], but is 'tensor<1x?x32xf32>'}}
  %0:3 = onnx.Attention(%q, %k, %v) : (tensor<1x8x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>) -> (tensor<1x8x?x16xf32>, tensor<1x?x32xf32>, tensor<1x2x?x16xf32>)
  return
}

// -----

func.func @f(%q: tensor<1x8x?x16xf32>, %k: tensor<1x2x?x16xf32>,
    %v: tensor<1x2x?x16xf32>, %pk: tensor<1x2x?x16xf32>,
    %pv: tensor<1x2x?x16xf32>, %n: tensor<1xi64>) {
  // expected-error @+1 {{'onnx.Attention' op (C8) nonpad_kv_seqlen and past_key exclude one another}}
  %0 = onnx.Attention(%q, %k, %v, _, %pk, %pv, %n) : (tensor<1x8x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1xi64>) -> tensor<1x8x?x16xf32>
  return
}

// -----

func.func @f(%q: tensor<1x8x?x16xf32>, %k: tensor<1x2x?x16xf32>,
    %v: tensor<1x2x?x16xf32>, %n: tensor<2xi64>) {
  // expected-error @+1 {{'onnx.Attention' op (C8) nonpad_kv_seqlen must be a vector of [1], but is 'tensor<2xi64>'}}
  %0 = onnx.Attention(%q, %k, %v, _, _, _, %n) : (tensor<1x8x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>, tensor<2xi64>) -> tensor<1x8x?x16xf32>
  return
}

// -----

func.func @f(%q: tensor<1x8x?x16xf32>, %k: tensor<1x2x6x16xf32>,
    %v: tensor<1x2x6x16xf32>, %m: tensor<?x7xf32>) {
  // expected-error @+1 {{'onnx.Attention' op (C9) the mask must broadcast to [1, 8, ?, 6], but is 'tensor<?x7xf32>'}}
  %0 = onnx.Attention(%q, %k, %v, %m) : (tensor<1x8x?x16xf32>, tensor<1x2x6x16xf32>, tensor<1x2x6x16xf32>, tensor<?x7xf32>) -> tensor<1x8x?x16xf32>
  return
}

// -----

func.func @f(%q: tensor<1x8x?x16xf32>, %k: tensor<1x2x?x16xf32>,
    %v: tensor<1x2x?x16xf32>, %m: tensor<1x3x?x?xi1>) {
  // expected-error @+1 {{'onnx.Attention' op (C9) the mask must broadcast to [1, 8, ?, ?], but is 'tensor<1x3x?x?xi1>'}}
  %0 = onnx.Attention(%q, %k, %v, %m) : (tensor<1x8x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x3x?x?xi1>) -> tensor<1x8x?x16xf32>
  return
}

// -----

func.func @f(%q: tensor<1x8x?x16xf32>, %k: tensor<1x2x?x16xf32>,
    %v: tensor<1x2x?x16xf32>) {
  // expected-error @+1 {{'onnx.Attention' op (C10) softcap must be finite and not negative, but is -1.000000e+00}}
  %0 = onnx.Attention(%q, %k, %v) {softcap = -1.0 : f32} : (tensor<1x8x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>) -> tensor<1x8x?x16xf32>
  return
}

// -----

func.func @f(%q: tensor<1x8x?x16xf32>, %k: tensor<1x2x?x16xf32>,
    %v: tensor<1x2x?x16xf32>) {
  // expected-error @+1 {{'onnx.Attention' op (C10) qk_matmul_output_mode must lie in [0, 3], but is 4}}
  %0 = onnx.Attention(%q, %k, %v) {qk_matmul_output_mode = 4 : i64} : (tensor<1x8x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>) -> tensor<1x8x?x16xf32>
  return
}

// -----

func.func @f(%q: tensor<1x8x?x16xf32>, %k: tensor<1x2x?x16xf32>,
    %v: tensor<1x2x?x16xf32>) {
  // expected-error @+1 {{'onnx.Attention' op (C10) a window size must be at least -1, but is -2}}
  %0 = onnx.Attention(%q, %k, %v) {left_window_size = -2 : i64} : (tensor<1x8x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>) -> tensor<1x8x?x16xf32>
  return
}

// -----

func.func @f(%q: tensor<1x8x?x16xf32>, %k: tensor<1x2x?x16xf32>,
    %v: tensor<1x2x?x32xf32>) {
  // expected-error @+1 {{'onnx.Attention' op (C11) the result must have shape [1, 8, ?, 32], but is 'tensor<1x8x?x16xf32>'}}
  %0 = onnx.Attention(%q, %k, %v) : (tensor<1x8x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x32xf32>) -> tensor<1x8x?x16xf32>
  return
}

// -----

func.func @f(%q: tensor<1x?x128xf32>, %k: tensor<1x?x32xf32>,
    %v: tensor<1x?x32xf32>) {
  // expected-error @+1 {{'onnx.Attention' op (C11) the result must have shape [1, ?, 128], but is 'tensor<1x?x32xf32>'}}
  %0 = onnx.Attention(%q, %k, %v) {kv_num_heads = 2 : i64, q_num_heads = 8 : i64} : (tensor<1x?x128xf32>, tensor<1x?x32xf32>, tensor<1x?x32xf32>) -> tensor<1x?x32xf32>
  return
}

// -----

func.func @f(%x: tensor<1x8x?x16xf32>, %c: tensor<512x8xf16>,
    %s: tensor<512x8xf16>, %p: tensor<1x?xi64>) {
  // expected-error @+1 {{'onnx.RotaryEmbedding' op (C1) X, the caches and Y must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.RotaryEmbedding(%x, %c, %s, %p) : (tensor<1x8x?x16xf32>, tensor<512x8xf16>, tensor<512x8xf16>, tensor<1x?xi64>) -> tensor<1x8x?x16xf32>
  return
}

// -----

func.func @f(%x: tensor<1x8x?x16xf32>, %c: tensor<512x8xf32>,
    %s: tensor<512x8xf32>, %p: tensor<1x?xi64>) {
  // expected-error @+1 {{'onnx.RotaryEmbedding' op (C2) the first operand and the result must have one shape, but are 'tensor<1x8x?x16xf32>' and 'tensor<1x2x?x16xf32>'}}
  %0 = onnx.RotaryEmbedding(%x, %c, %s, %p) : (tensor<1x8x?x16xf32>, tensor<512x8xf32>, tensor<512x8xf32>, tensor<1x?xi64>) -> tensor<1x2x?x16xf32>
  return
}

// -----

func.func @f(%x: tensor<1x?x128xf32>, %c: tensor<512x8xf32>,
    %s: tensor<512x8xf32>, %p: tensor<1x?xi64>) {
  // expected-error @+1 {{'onnx.RotaryEmbedding' op (C3) needs a positive num_heads for rank 3, but has 0}}
  %0 = onnx.RotaryEmbedding(%x, %c, %s, %p) : (tensor<1x?x128xf32>, tensor<512x8xf32>, tensor<512x8xf32>, tensor<1x?xi64>) -> tensor<1x?x128xf32>
  return
}

// -----

func.func @f(%x: tensor<1x?x128xf32>, %c: tensor<512x8xf32>,
    %s: tensor<512x8xf32>, %p: tensor<1x?xi64>) {
  // expected-error @+1 {{'onnx.RotaryEmbedding' op (C3) the hidden size 128 is not a multiple of 3 heads}}
  %0 = onnx.RotaryEmbedding(%x, %c, %s, %p) {num_heads = 3 : i64} : (tensor<1x?x128xf32>, tensor<512x8xf32>, tensor<512x8xf32>, tensor<1x?xi64>) -> tensor<1x?x128xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %c: tensor<512x8xf32>, %s: tensor<512x8xf32>,
    %p: tensor<1x?xi64>) {
  // expected-error @+1 {{'onnx.RotaryEmbedding' op (C3) X must have rank 3 or 4, but is 'tensor<4xf32>'}}
  %0 = onnx.RotaryEmbedding(%x, %c, %s, %p) : (tensor<4xf32>, tensor<512x8xf32>, tensor<512x8xf32>, tensor<1x?xi64>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<1x8x?x16xf32>, %c: tensor<512x8xf32>,
    %s: tensor<256x8xf32>, %p: tensor<1x?xi64>) {
  // expected-error @+1 {{'onnx.RotaryEmbedding' op (C4) the caches must have one shape, but are 'tensor<512x8xf32>' and 'tensor<256x8xf32>'}}
  %0 = onnx.RotaryEmbedding(%x, %c, %s, %p) : (tensor<1x8x?x16xf32>, tensor<512x8xf32>, tensor<256x8xf32>, tensor<1x?xi64>) -> tensor<1x8x?x16xf32>
  return
}

// -----

func.func @f(%x: tensor<1x8x?x16xf32>, %c: tensor<512x8xf32>,
    %s: tensor<512x8xf32>) {
  // expected-error @+1 {{'onnx.RotaryEmbedding' op (C4) the caches must have rank 3 without position_ids, but are 'tensor<512x8xf32>'}}
  %0 = onnx.RotaryEmbedding(%x, %c, %s) : (tensor<1x8x?x16xf32>, tensor<512x8xf32>, tensor<512x8xf32>) -> tensor<1x8x?x16xf32>
  return
}

// -----

func.func @f(%x: tensor<1x8x?x16xf32>, %c: tensor<512x8xf32>,
    %s: tensor<512x8xf32>, %p: tensor<2x?xi64>) {
  // expected-error @+1 {{'onnx.RotaryEmbedding' op (C5) position_ids must have shape [1, ?], but are 'tensor<2x?xi64>'}}
  %0 = onnx.RotaryEmbedding(%x, %c, %s, %p) : (tensor<1x8x?x16xf32>, tensor<512x8xf32>, tensor<512x8xf32>, tensor<2x?xi64>) -> tensor<1x8x?x16xf32>
  return
}

// -----

func.func @f(%x: tensor<1x8x?x16xf32>, %c: tensor<512x8xf32>,
    %s: tensor<512x8xf32>, %p: tensor<1x?xi64>) {
  // expected-error @+1 {{'onnx.RotaryEmbedding' op (C6) rotary_embedding_dim must be even, and lie between 0 and the head size [16], but is 7}}
  %0 = onnx.RotaryEmbedding(%x, %c, %s, %p) {rotary_embedding_dim = 7 : i64} : (tensor<1x8x?x16xf32>, tensor<512x8xf32>, tensor<512x8xf32>, tensor<1x?xi64>) -> tensor<1x8x?x16xf32>
  return
}

// -----

func.func @f(%x: tensor<1x8x?x16xf32>, %c: tensor<512x8xf32>,
    %s: tensor<512x8xf32>, %p: tensor<1x?xi64>) {
  // expected-error @+1 {{'onnx.RotaryEmbedding' op (C6) rotary_embedding_dim must be even, and lie between 0 and the head size [16], but is 18}}
  %0 = onnx.RotaryEmbedding(%x, %c, %s, %p) {rotary_embedding_dim = 18 : i64} : (tensor<1x8x?x16xf32>, tensor<512x8xf32>, tensor<512x8xf32>, tensor<1x?xi64>) -> tensor<1x8x?x16xf32>
  return
}

// -----

func.func @f(%x: tensor<1x8x?x16xf32>, %c: tensor<512x8xf32>,
    %s: tensor<512x8xf32>, %p: tensor<1x?xi64>) {
  // expected-error @+1 {{'onnx.RotaryEmbedding' op (C7) 8 elements are rotated, but a cache is 'tensor<512x8xf32>'}}
  %0 = onnx.RotaryEmbedding(%x, %c, %s, %p) {rotary_embedding_dim = 8 : i64} : (tensor<1x8x?x16xf32>, tensor<512x8xf32>, tensor<512x8xf32>, tensor<1x?xi64>) -> tensor<1x8x?x16xf32>
  return
}

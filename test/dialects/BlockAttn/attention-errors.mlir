// RUN: blockattn-opt %s --split-input-file --verify-diagnostics

func.func @c1(%q: tensor<1x?x4x16xf32>, %k: tensor<1x?x4x16xbf16>) -> tensor<1x?x4x16xf32> {
  // expected-error@+1 {{(C1) query, key, value and result must have one element type, but the query has 'f32' and another has 'bf16'}}
  %0 = blockattn.attention %q, %k, %k {scale = 1.0 : f32} : tensor<1x?x4x16xf32>, tensor<1x?x4x16xbf16>, tensor<1x?x4x16xbf16> -> tensor<1x?x4x16xf32>
  return %0 : tensor<1x?x4x16xf32>
}

// -----

func.func @c2_batch(%q: tensor<1x?x4x16xf32>, %k: tensor<2x?x4x16xf32>) -> tensor<1x?x4x16xf32> {
  // expected-error@+1 {{(C2) the batch sizes of the operands differ}}
  %0 = blockattn.attention %q, %k, %k {scale = 1.0 : f32} : tensor<1x?x4x16xf32>, tensor<2x?x4x16xf32>, tensor<2x?x4x16xf32> -> tensor<1x?x4x16xf32>
  return %0 : tensor<1x?x4x16xf32>
}

// -----

func.func @c2_length(%q: tensor<1x3x4x16xf32>, %k: tensor<1x3x4x16xf32>, %v: tensor<1x4x4x16xf32>) -> tensor<1x3x4x16xf32> {
  // expected-error@+1 {{(C2) key and value differ in length: 3 and 4}}
  %0 = blockattn.attention %q, %k, %v {scale = 1.0 : f32} : tensor<1x3x4x16xf32>, tensor<1x3x4x16xf32>, tensor<1x4x4x16xf32> -> tensor<1x3x4x16xf32>
  return %0 : tensor<1x3x4x16xf32>
}

// -----

func.func @c2_head_size(%q: tensor<1x3x4x16xf32>, %k: tensor<1x3x4x8xf32>) -> tensor<1x3x4x8xf32> {
  // expected-error@+1 {{(C2) query and key differ in head size: 16 and 8}}
  %0 = blockattn.attention %q, %k, %k {scale = 1.0 : f32} : tensor<1x3x4x16xf32>, tensor<1x3x4x8xf32>, tensor<1x3x4x8xf32> -> tensor<1x3x4x8xf32>
  return %0 : tensor<1x3x4x8xf32>
}

// -----

func.func @c3(%q: tensor<1x3x4x16xf32>, %k: tensor<1x3x3x16xf32>) -> tensor<1x3x4x16xf32> {
  // expected-error@+1 {{(C3) the query's 4 heads are not a multiple of the key's 3}}
  %0 = blockattn.attention %q, %k, %k {scale = 1.0 : f32} : tensor<1x3x4x16xf32>, tensor<1x3x3x16xf32>, tensor<1x3x3x16xf32> -> tensor<1x3x4x16xf32>
  return %0 : tensor<1x3x4x16xf32>
}

// -----

func.func @c4_negative(%q: tensor<1x?x4x16xf32>) -> tensor<1x?x4x16xf32> {
  // expected-error@+1 {{(C4) window must not be negative}}
  %0 = blockattn.attention %q, %q, %q {causal, scale = 1.0 : f32, window = -1 : i64} : tensor<1x?x4x16xf32>, tensor<1x?x4x16xf32>, tensor<1x?x4x16xf32> -> tensor<1x?x4x16xf32>
  return %0 : tensor<1x?x4x16xf32>
}

// -----

func.func @c5_scale(%q: tensor<1x?x4x16xf32>) -> tensor<1x?x4x16xf32> {
  // expected-error@+1 {{(C5) scale must be finite}}
  %0 = blockattn.attention %q, %q, %q {scale = 0x7F800000 : f32} : tensor<1x?x4x16xf32>, tensor<1x?x4x16xf32>, tensor<1x?x4x16xf32> -> tensor<1x?x4x16xf32>
  return %0 : tensor<1x?x4x16xf32>
}

// -----

func.func @c5_softcap(%q: tensor<1x?x4x16xf32>) -> tensor<1x?x4x16xf32> {
  // expected-error@+1 {{(C5) softcap must be finite and not negative}}
  %0 = blockattn.attention %q, %q, %q {scale = 1.0 : f32, softcap = -1.0 : f32} : tensor<1x?x4x16xf32>, tensor<1x?x4x16xf32>, tensor<1x?x4x16xf32> -> tensor<1x?x4x16xf32>
  return %0 : tensor<1x?x4x16xf32>
}

// -----

func.func @c6_causal(%q: tensor<1x?x4x16xf32>, %l: !blockattn.layout) -> tensor<1x?x4x16xf32> {
  // expected-error@+1 {{(C6) a layout needs causal}}
  %0 = blockattn.attention %q, %q, %q layout(%l) {scale = 1.0 : f32} : tensor<1x?x4x16xf32>, tensor<1x?x4x16xf32>, tensor<1x?x4x16xf32> -> tensor<1x?x4x16xf32>
  return %0 : tensor<1x?x4x16xf32>
}

// -----

func.func @c6_batch(%q: tensor<2x?x4x16xf32>, %l: !blockattn.layout) -> tensor<2x?x4x16xf32> {
  // expected-error@+1 {{(C6) a layout describes one packed sequence, but the batch size is 2}}
  %0 = blockattn.attention %q, %q, %q layout(%l) {causal, scale = 1.0 : f32} : tensor<2x?x4x16xf32>, tensor<2x?x4x16xf32>, tensor<2x?x4x16xf32> -> tensor<2x?x4x16xf32>
  return %0 : tensor<2x?x4x16xf32>
}

// -----

func.func @c6_lengths(%q: tensor<1x3x4x16xf32>, %k: tensor<1x5x4x16xf32>, %l: !blockattn.layout) -> tensor<1x3x4x16xf32> {
  // expected-error@+1 {{(C6) under a layout queries and keys are the same tokens, but there are 3 and 5}}
  %0 = blockattn.attention %q, %k, %k layout(%l) {causal, scale = 1.0 : f32} : tensor<1x3x4x16xf32>, tensor<1x5x4x16xf32>, tensor<1x5x4x16xf32> -> tensor<1x3x4x16xf32>
  return %0 : tensor<1x3x4x16xf32>
}

// -----

func.func @c7_layer(%q: tensor<1x?x4x16xf32>, %c: !blockattn.kv) -> tensor<1x?x4x16xf32> {
  // expected-error@+1 {{(C7) a cache needs the layer to read}}
  %0 = blockattn.attention %q, %q, %q cache(%c) {causal, scale = 1.0 : f32} : tensor<1x?x4x16xf32>, tensor<1x?x4x16xf32>, tensor<1x?x4x16xf32> -> tensor<1x?x4x16xf32>
  return %0 : tensor<1x?x4x16xf32>
}

// -----

func.func @c8_no_cache(%q: tensor<1x?x4x16xf32>) -> tensor<1x?x4x16xf32> {
  // expected-error@+1 {{(C8) query_rotary has no meaning without a cache}}
  %0 = blockattn.attention %q, %q, %q {causal, scale = 1.0 : f32, query_rotary = #blockattn.rope<inv_freq = dense<1.0> : tensor<2xf32>>} : tensor<1x?x4x16xf32>, tensor<1x?x4x16xf32>, tensor<1x?x4x16xf32> -> tensor<1x?x4x16xf32>
  return %0 : tensor<1x?x4x16xf32>
}

// -----

func.func @c8_too_wide(%q: tensor<1x?x4x16xf32>, %c: !blockattn.kv) -> tensor<1x?x4x16xf32> {
  // expected-error@+1 {{(C8) the rotary dimension 18 exceeds the head size 16}}
  %0 = blockattn.attention %q, %q, %q cache(%c) {causal, layer = 0 : i64, scale = 1.0 : f32, query_rotary = #blockattn.rope<inv_freq = dense<1.0> : tensor<9xf32>>} : tensor<1x?x4x16xf32>, tensor<1x?x4x16xf32>, tensor<1x?x4x16xf32> -> tensor<1x?x4x16xf32>
  return %0 : tensor<1x?x4x16xf32>
}

// -----

func.func @c9(%q: tensor<1x3x4x16xf32>, %m: tensor<1x4xi1>) -> tensor<1x3x4x16xf32> {
  // expected-error@+1 {{(C9) key_mask must have the key's batch and length}}
  %0 = blockattn.attention %q, %q, %q key_mask(%m : tensor<1x4xi1>) {scale = 1.0 : f32} : tensor<1x3x4x16xf32>, tensor<1x3x4x16xf32>, tensor<1x3x4x16xf32> -> tensor<1x3x4x16xf32>
  return %0 : tensor<1x3x4x16xf32>
}

// -----

func.func @c10(%q: tensor<1x3x4x16xf32>) -> tensor<1x3x2xf32> {
  // expected-error@+1 {{(C10) lse must have the query's batch, tokens and heads}}
  %0, %1 = blockattn.attention %q, %q, %q {scale = 1.0 : f32} : tensor<1x3x4x16xf32>, tensor<1x3x4x16xf32>, tensor<1x3x4x16xf32> -> tensor<1x3x4x16xf32>, tensor<1x3x2xf32>
  return %1 : tensor<1x3x2xf32>
}

// -----

func.func @c11(%q: tensor<1x3x4x16xf32>) -> tensor<1x3x4x16xf32> {
  // expected-error@+1 {{(C11) there must be a slope for each head, but there are 2 slopes}}
  %0 = blockattn.attention %q, %q, %q {scale = 1.0 : f32, slopes = array<f32: 1.0, 0.5>} : tensor<1x3x4x16xf32>, tensor<1x3x4x16xf32>, tensor<1x3x4x16xf32> -> tensor<1x3x4x16xf32>
  return %0 : tensor<1x3x4x16xf32>
}

// -----

func.func @c11_finite(%q: tensor<1x3x1x16xf32>) -> tensor<1x3x1x16xf32> {
  // expected-error@+1 {{(C11) slopes must be finite}}
  %0 = blockattn.attention %q, %q, %q {scale = 1.0 : f32, slopes = array<f32: 0x7F800000>} : tensor<1x3x1x16xf32>, tensor<1x3x1x16xf32>, tensor<1x3x1x16xf32> -> tensor<1x3x1x16xf32>
  return %0 : tensor<1x3x1x16xf32>
}

// -----

func.func @c12_slopes(%q: tensor<1x3x4x16xf32>, %p: tensor<1x3xi64>) -> tensor<1x3x4x16xf32> {
  // expected-error@+1 {{(C12) key_positions has no meaning without slopes}}
  %0 = blockattn.attention %q, %q, %q key_positions(%p : tensor<1x3xi64>) {scale = 1.0 : f32} : tensor<1x3x4x16xf32>, tensor<1x3x4x16xf32>, tensor<1x3x4x16xf32> -> tensor<1x3x4x16xf32>
  return %0 : tensor<1x3x4x16xf32>
}

// -----

func.func @c12_shape(%q: tensor<1x3x1x16xf32>, %p: tensor<1x4xi64>) -> tensor<1x3x1x16xf32> {
  // expected-error@+1 {{(C12) key_positions must have the key's batch and length}}
  %0 = blockattn.attention %q, %q, %q key_positions(%p : tensor<1x4xi64>) {scale = 1.0 : f32, slopes = array<f32: 1.0>} : tensor<1x3x1x16xf32>, tensor<1x3x1x16xf32>, tensor<1x3x1x16xf32> -> tensor<1x3x1x16xf32>
  return %0 : tensor<1x3x1x16xf32>
}

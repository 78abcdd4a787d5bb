// RUN: blockattn-opt %s --split-input-file --verify-diagnostics

// What attention_kernel, packed_product, output_dims and layout_from_positions
// refuse.

func.func @c1_none(%q: memref<1x?x2x8xf32>, %k: memref<1x?x1x8xf32>, %w: memref<?xf32>) {
  // expected-error@+1 {{(C1) one or two outputs are needed, but there are 0}}
  blockattn.attention_kernel %q, %k, %k outs(%w : memref<?xf32>) {scale = 0.5 : f32}
      : memref<1x?x2x8xf32>, memref<1x?x1x8xf32>, memref<1x?x1x8xf32>
  return
}

// -----

func.func @c1_three(%q: memref<1x?x2x8xf32>, %k: memref<1x?x1x8xf32>, %o: memref<1x?x2x8xf32>, %l: memref<1x?x2xf32>) {
  // expected-error@+1 {{(C1) one or two outputs are needed, but there are 3}}
  blockattn.attention_kernel %q, %k, %k outs(%o, %l, %l : memref<1x?x2x8xf32>, memref<1x?x2xf32>, memref<1x?x2xf32>) {scale = 0.5 : f32}
      : memref<1x?x2x8xf32>, memref<1x?x1x8xf32>, memref<1x?x1x8xf32>
  return
}

// -----

func.func @c1_ranks(%q: memref<1x?x2x8xf32>, %k: memref<1x?x1x8xf32>, %o: memref<1x?x2x8xf32>) {
  // expected-error@+1 {{(C1) the result has rank 4 and the log-sum-exp rank 3}}
  blockattn.attention_kernel %q, %k, %k outs(%o, %o : memref<1x?x2x8xf32>, memref<1x?x2x8xf32>) {scale = 0.5 : f32}
      : memref<1x?x2x8xf32>, memref<1x?x1x8xf32>, memref<1x?x1x8xf32>
  return
}

// -----

func.func @c2_mixed(%q: memref<1x?x2x8xf32>, %k: tensor<1x?x1x8xf32>, %o: memref<1x?x2x8xf32>) {
  // expected-error@+1 {{(C2) operands must be all tensors or all memrefs}}
  blockattn.attention_kernel %q, %k, %k outs(%o : memref<1x?x2x8xf32>) {scale = 0.5 : f32}
      : memref<1x?x2x8xf32>, tensor<1x?x1x8xf32>, tensor<1x?x1x8xf32>
  return
}

// -----

func.func @c2_no_result(%q: tensor<1x?x2x8xf32>, %k: tensor<1x?x1x8xf32>, %o: tensor<1x?x2x8xf32>) {
  // expected-error@+1 {{(C2) there must be one result for each output}}
  blockattn.attention_kernel %q, %k, %k outs(%o : tensor<1x?x2x8xf32>) {scale = 0.5 : f32}
      : tensor<1x?x2x8xf32>, tensor<1x?x1x8xf32>, tensor<1x?x1x8xf32>
  return
}

// -----

func.func @c2_result_on_memrefs(%q: memref<1x?x2x8xf32>, %k: memref<1x?x1x8xf32>, %o: memref<1x?x2x8xf32>) {
  // expected-error@+1 {{(C2) there must be no result on memrefs}}
  %0 = blockattn.attention_kernel %q, %k, %k outs(%o : memref<1x?x2x8xf32>) {scale = 0.5 : f32}
      : memref<1x?x2x8xf32>, memref<1x?x1x8xf32>, memref<1x?x1x8xf32> -> tensor<1x?x2x8xf32>
  return
}

// -----

func.func @c2_type(%q: tensor<1x?x2x8xf32>, %k: tensor<1x?x1x8xf32>, %o: tensor<1x?x2x8xf32>) {
  // expected-error@+1 {{(C2) a result has type 'tensor<1x3x2x8xf32>', its output 'tensor<1x?x2x8xf32>'}}
  %0 = blockattn.attention_kernel %q, %k, %k outs(%o : tensor<1x?x2x8xf32>) {scale = 0.5 : f32}
      : tensor<1x?x2x8xf32>, tensor<1x?x1x8xf32>, tensor<1x?x1x8xf32> -> tensor<1x3x2x8xf32>
  return
}

// -----

func.func @c3_layout_not_causal(%q: memref<1x?x2x8xf32>, %k: memref<1x?x1x8xf32>, %first: memref<?xi64>, %o: memref<1x?x2x8xf32>) {
  // expected-error@+1 {{(C3) first_key and cache need causal}}
  blockattn.attention_kernel %q, %k, %k first_key(%first : memref<?xi64>) outs(%o : memref<1x?x2x8xf32>) {scale = 0.5 : f32}
      : memref<1x?x2x8xf32>, memref<1x?x1x8xf32>, memref<1x?x1x8xf32>
  return
}

// -----

func.func @c3_cache_not_causal(%q: memref<1x?x2x8xf32>, %k: memref<1x?x1x8xf32>, %cache: memref<?x?xi64>, %o: memref<1x?x2x8xf32>) {
  // expected-error@+1 {{(C3) first_key and cache need causal}}
  blockattn.attention_kernel %q, %k, %k cache(%cache : memref<?x?xi64>) outs(%o : memref<1x?x2x8xf32>) {layer = 0 : i64, scale = 0.5 : f32}
      : memref<1x?x2x8xf32>, memref<1x?x1x8xf32>, memref<1x?x1x8xf32>
  return
}

// -----

func.func @c3_both(%q: memref<1x?x2x8xf32>, %k: memref<1x?x1x8xf32>, %first: memref<?xi64>, %cache: memref<?x?xi64>, %o: memref<1x?x2x8xf32>) {
  // expected-error@+1 {{(C3) first_key and cache exclude one another}}
  blockattn.attention_kernel %q, %k, %k first_key(%first : memref<?xi64>) cache(%cache : memref<?x?xi64>) outs(%o : memref<1x?x2x8xf32>)
      {causal, layer = 0 : i64, scale = 0.5 : f32} : memref<1x?x2x8xf32>, memref<1x?x1x8xf32>, memref<1x?x1x8xf32>
  return
}

// -----

func.func @c4_layer(%q: memref<1x?x2x8xf32>, %k: memref<1x?x1x8xf32>, %cache: memref<?x?xi64>, %o: memref<1x?x2x8xf32>) {
  // expected-error@+1 {{(C4) a cache needs the layer to read}}
  blockattn.attention_kernel %q, %k, %k cache(%cache : memref<?x?xi64>) outs(%o : memref<1x?x2x8xf32>) {causal, scale = 0.5 : f32}
      : memref<1x?x2x8xf32>, memref<1x?x1x8xf32>, memref<1x?x1x8xf32>
  return
}

// -----

func.func @c4_rotary(%q: memref<1x?x2x8xf32>, %k: memref<1x?x1x8xf32>, %o: memref<1x?x2x8xf32>) {
  // expected-error@+1 {{(C4) query_rotary has no meaning without a cache}}
  blockattn.attention_kernel %q, %k, %k outs(%o : memref<1x?x2x8xf32>)
      {causal, query_rotary = #blockattn.rope<inv_freq = dense<[1.0, 0.1, 0.01, 0.001]> : tensor<4xf32>>, scale = 0.5 : f32} : memref<1x?x2x8xf32>, memref<1x?x1x8xf32>, memref<1x?x1x8xf32>
  return
}

// -----

func.func @c5_positions(%q: memref<1x?x2x8xf32>, %k: memref<1x?x1x8xf32>, %p: memref<1x?xi64>, %o: memref<1x?x2x8xf32>) {
  // expected-error@+1 {{(C5) key_positions has no meaning without slopes}}
  blockattn.attention_kernel %q, %k, %k key_positions(%p : memref<1x?xi64>) outs(%o : memref<1x?x2x8xf32>) {causal, scale = 0.5 : f32}
      : memref<1x?x2x8xf32>, memref<1x?x1x8xf32>, memref<1x?x1x8xf32>
  return
}

// -----

func.func @c5_slopes(%q: memref<1x?x2x8xf32>, %k: memref<1x?x1x8xf32>, %o: memref<1x?x2x8xf32>) {
  // expected-error@+1 {{(C5) there must be a slope for each head, but there are 3}}
  blockattn.attention_kernel %q, %k, %k outs(%o : memref<1x?x2x8xf32>)
      {causal, scale = 0.5 : f32, slopes = array<f32: 0.5, 0.25, 0.125>} : memref<1x?x2x8xf32>, memref<1x?x1x8xf32>, memref<1x?x1x8xf32>
  return
}

// -----

// Dimensions are numbers of the index type.
func.func @output_dims(%n: i64) {
  // expected-error@+1 {{operand #0 must be variadic of index, but got 'i64'}}
  "blockattn.output_dims"(%n) {output = 0 : i64} : (i64) -> ()
  return
}

// -----

func.func @layout_rank(%p: tensor<?xi64>) {
  // expected-error@+1 {{operand #0 must be}}
  %0 = blockattn.layout_from_positions %p : tensor<?xi64>
  return
}

// -----

func.func @packed_mixed(%a: tensor<?x32xf32>, %w: memref<8x1x16xi8>, %s: memref<8xf32>, %o: memref<?x8xf32>) {
  // expected-error@+1 {{(C1) operands must be all tensors or all memrefs}}
  %0 = blockattn.packed_product %a, %w scales(%s : memref<8xf32>) outs(%o : memref<?x8xf32>) {bits = 4 : i64, block_size = 32 : i64} : tensor<?x32xf32>, memref<8x1x16xi8> -> tensor<?x8xf32>
  return
}

// -----

func.func @packed_result(%a: memref<?x32xf32>, %w: memref<8x1x16xi8>, %s: memref<8xf32>, %o: memref<?x8xf32>) {
  // expected-error@+1 {{(C1) there must be no result on memrefs}}
  %0 = blockattn.packed_product %a, %w scales(%s : memref<8xf32>) outs(%o : memref<?x8xf32>) {bits = 4 : i64, block_size = 32 : i64} : memref<?x32xf32>, memref<8x1x16xi8> -> tensor<?x8xf32>
  return
}

// -----

func.func @packed_bits(%a: memref<?x32xf32>, %w: memref<8x1x8xi8>, %s: memref<8xf32>, %o: memref<?x8xf32>) {
  // expected-error@+1 {{(C2) bits must be 4 or 8, but is 2}}
  blockattn.packed_product %a, %w scales(%s : memref<8xf32>) outs(%o : memref<?x8xf32>) {bits = 2 : i64, block_size = 32 : i64} : memref<?x32xf32>, memref<8x1x8xi8>
  return
}

// -----

func.func @packed_block(%a: memref<?x32xf32>, %w: memref<8x1x16xi8>, %s: memref<8xf32>, %o: memref<?x8xf32>) {
  // expected-error@+1 {{(C2) block_size must be a power of two and at least 16, but is 24}}
  blockattn.packed_product %a, %w scales(%s : memref<8xf32>) outs(%o : memref<?x8xf32>) {bits = 4 : i64, block_size = 24 : i64} : memref<?x32xf32>, memref<8x1x16xi8>
  return
}

// -----

func.func @packed_unknown(%a: memref<?x?xf32>, %w: memref<8x1x16xi8>, %s: memref<8xf32>, %o: memref<?x8xf32>) {
  // expected-error@+1 {{(C3) the shape of the weight must be known}}
  blockattn.packed_product %a, %w scales(%s : memref<8xf32>) outs(%o : memref<?x8xf32>) {bits = 4 : i64, block_size = 32 : i64} : memref<?x?xf32>, memref<8x1x16xi8>
  return
}

// -----

func.func @packed_bytes(%a: memref<?x64xf32>, %w: memref<8x1x16xi8>, %s: memref<8xf32>, %o: memref<?x8xf32>) {
  // expected-error@+1 {{(C3) the weight has type 'memref<8x1x16xi8>' for 'memref<?x64xf32>' and 'memref<?x8xf32>'}}
  blockattn.packed_product %a, %w scales(%s : memref<8xf32>) outs(%o : memref<?x8xf32>) {bits = 4 : i64, block_size = 32 : i64} : memref<?x64xf32>, memref<8x1x16xi8>
  return
}

// RUN: blockattn-opt %s --blockattn-lower-gemm --split-input-file --verify-diagnostics

// The library wants rows in one piece.
func.func @gaps(%a: memref<?x32xf32, strided<[64, 2]>>, %w: memref<8x1x16xi8>, %s: memref<8xf32>, %c: memref<?x8xf32>) {
  // expected-error @below {{'blockattn.packed_product' op has rows with gaps between their elements}}
  blockattn.packed_product %a, %w scales(%s : memref<8xf32>) outs(%c : memref<?x8xf32>)
      {bits = 4 : i64, block_size = 32 : i64} : memref<?x32xf32, strided<[64, 2]>>, memref<8x1x16xi8>
  return
}

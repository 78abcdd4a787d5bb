// RUN: blockattn-opt %s --blockattn-lower-gemm --cse --split-input-file | FileCheck %s

// CHECK: func.func private @ba_rt_gemm_f32(!llvm.ptr, i32, i32, i64, i64, i64, !llvm.ptr, i64, !llvm.ptr, i64, f32, !llvm.ptr, i64)

// The fill goes into beta = 0.
// CHECK-LABEL: func.func @plain
// CHECK-SAME:    (%[[EXEC:.*]]: !llvm.ptr {blockattn.exec},
// CHECK-NOT:     linalg
// CHECK:         %[[BETA:.*]] = arith.constant 0.000000e+00 : f32
// CHECK:         call @ba_rt_gemm_f32(%[[EXEC]], %c0_i32, %c0_i32, {{.*}}, %[[BETA]], %{{.*}}, %{{.*}})
// CHECK-NOT:     linalg
func.func @plain(%a: memref<?x32xf32>, %b: memref<32x?xf32>, %c: memref<?x?xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%c : memref<?x?xf32>)
  linalg.matmul ins(%a, %b : memref<?x32xf32>, memref<32x?xf32>) outs(%c : memref<?x?xf32>)
  return
}

// A weight that is stored transposed is read as it lies. Another fill than
// zero stays.
// CHECK-LABEL: func.func @transposed_weight
// CHECK:         %[[ONE:.*]] = arith.constant 1.000000e+00 : f32
// CHECK:         linalg.fill
// CHECK:         call @ba_rt_gemm_f32(%{{.*}}, %c0_i32, %c1_i32, {{.*}}, %[[ONE]], %{{.*}}, %{{.*}})
func.func @transposed_weight(%a: memref<?x32xf32>, %b: memref<48x32xf32>, %c: memref<?x48xf32>) {
  %one = arith.constant 1.0 : f32
  linalg.fill ins(%one : f32) outs(%c : memref<?x48xf32>)
  linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
                                 affine_map<(m, n, k) -> (n, k)>,
                                 affine_map<(m, n, k) -> (m, n)>]
      ins(%a, %b : memref<?x32xf32>, memref<48x32xf32>) outs(%c : memref<?x48xf32>)
  return
}

// Something reads the output between the fill and the product.
// CHECK-LABEL: func.func @fill_is_read
// CHECK:         linalg.fill
// CHECK:         memref.load
// CHECK:         call @ba_rt_gemm_f32
func.func @fill_is_read(%a: memref<4x32xf32>, %b: memref<32x8xf32>, %c: memref<4x8xf32>) -> f32 {
  %zero = arith.constant 0.0 : f32
  %i = arith.constant 0 : index
  linalg.fill ins(%zero : f32) outs(%c : memref<4x8xf32>)
  %r = memref.load %c[%i, %i] : memref<4x8xf32>
  linalg.matmul ins(%a, %b : memref<4x32xf32>, memref<32x8xf32>) outs(%c : memref<4x8xf32>)
  return %r : f32
}

// Attention's score product: two batch dimensions, heads inside of tokens.
// CHECK-LABEL: func.func @batched
// CHECK:         scf.for
// CHECK:           scf.for
// CHECK:             call @ba_rt_gemm_f32
func.func @batched(%q: memref<?x?x4x16xf32>, %k: memref<?x?x4x16xf32>, %s: memref<?x4x?x?xf32>) {
  linalg.generic {indexing_maps = [affine_map<(b, h, m, n, k) -> (b, m, h, k)>,
                                   affine_map<(b, h, m, n, k) -> (b, n, h, k)>,
                                   affine_map<(b, h, m, n, k) -> (b, h, m, n)>],
                  iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
      ins(%q, %k : memref<?x?x4x16xf32>, memref<?x?x4x16xf32>) outs(%s : memref<?x4x?x?xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %c, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// -----

// Not f32, no unit stride, no sum of products: left to the loops.
// CHECK-NOT:   ba_rt_gemm_f32
// CHECK-LABEL: func.func @refused
// CHECK:         linalg.matmul
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @refused(%a: memref<4x8xf16>, %b: memref<8x4xf16>, %c: memref<4x4xf16>,
                   %d: memref<4x8xf32, strided<[64, 2]>>, %e: memref<8x4xf32>, %f: memref<4x4xf32>) {
  linalg.matmul ins(%a, %b : memref<4x8xf16>, memref<8x4xf16>) outs(%c : memref<4x4xf16>)
  linalg.matmul ins(%d, %e : memref<4x8xf32, strided<[64, 2]>>, memref<8x4xf32>) outs(%f : memref<4x4xf32>)
  linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (k, m)>,
                                   affine_map<(m, n, k) -> (k, n)>,
                                   affine_map<(m, n, k) -> (m, n)>],
                  iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%e, %e : memref<8x4xf32>, memref<8x4xf32>) outs(%f : memref<4x4xf32>) {
  ^bb0(%x: f32, %y: f32, %z: f32):
    %0 = arith.addf %x, %y : f32
    %1 = arith.maximumf %z, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// -----

// Products of 16-bit floats are summed in f32 by a service of their own. Its
// first number is the type: 0 for f16, 1 for bf16.
// CHECK-DAG:   func.func private @ba_rt_gemm_16(!llvm.ptr, i32, i32, i32, i64, i64, i64, !llvm.ptr, i64, !llvm.ptr, i64, f32, !llvm.ptr, i64)
// CHECK-LABEL: func.func @half
// CHECK:         call @ba_rt_gemm_16(%{{.*}}, %c0_i32, %c0_i32, %c0_i32, {{.*}})
// CHECK:         call @ba_rt_gemm_16(%{{.*}}, %c1_i32, %c0_i32, %c1_i32, {{.*}})
func.func @half(%a: memref<?x8xf16>, %b: memref<8x4xf16>, %c: memref<?x4xbf16>, %d: memref<4x4xbf16>,
                %e: memref<?x4xf32>) {
  linalg.matmul ins(%a, %b : memref<?x8xf16>, memref<8x4xf16>) outs(%e : memref<?x4xf32>)
  linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
      ins(%c, %d : memref<?x4xbf16>, memref<4x4xbf16>) outs(%e : memref<?x4xf32>)
  return
}

// -----

// A packed weight goes to the library as it is. Without zero points their
// address is null; scales may have 16 bits.
// CHECK: func.func private @ba_rt_gemm_packed(!llvm.ptr, i64, i64, i64, !llvm.ptr, i64, i32, i64, !llvm.ptr, i32, !llvm.ptr, !llvm.ptr, !llvm.ptr, i64)

// CHECK-LABEL: func.func @packed
// CHECK-SAME:    (%[[EXEC:.*]]: !llvm.ptr {blockattn.exec},
// CHECK-NOT:     blockattn.packed_product
// CHECK-DAG:     %[[NULL:.*]] = llvm.mlir.zero
// CHECK-DAG:     %[[F32:.*]] = arith.constant 2 : i32
// CHECK:         call @ba_rt_gemm_packed(%[[EXEC]], {{.*}}, %{{.*}}, %[[F32]], %{{.*}}, %[[NULL]], %{{.*}}, %{{.*}})
// CHECK:         call @ba_rt_gemm_packed(%[[EXEC]], {{.*}}, %{{.*}}, %c0_i32, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}})
func.func @packed(%a: memref<?x40xf32>, %w: memref<8x2x16xi8>, %s: memref<8x2xf32>,
                  %h: memref<16xf16>, %z: memref<8xi8>, %c: memref<?x8xf32>) {
  blockattn.packed_product %a, %w scales(%s : memref<8x2xf32>) outs(%c : memref<?x8xf32>)
      {bits = 4 : i64, block_size = 32 : i64} : memref<?x40xf32>, memref<8x2x16xi8>
  blockattn.packed_product %a, %w scales(%h : memref<16xf16>) zero_points(%z : memref<8xi8>) outs(%c : memref<?x8xf32>)
      {bits = 4 : i64, block_size = 32 : i64} : memref<?x40xf32>, memref<8x2x16xi8>
  return
}

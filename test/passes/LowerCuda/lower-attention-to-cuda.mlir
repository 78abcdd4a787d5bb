// RUN: blockattn-opt %s --blockattn-lower-attention-to-cuda --canonicalize --split-input-file | FileCheck %s
// RUN: blockattn-opt %s --blockattn-lower-attention-to-cuda --canonicalize --split-input-file | FileCheck %s --check-prefix=WHY

// 16-bit floats are multiplied by tensor cores; scores never leave registers.
// WHY: blockattn.attention_variants = [{kernel = "attention_0_mma_d64", reason = "16-bit floats and a head size of whole 16 bytes; not wgmma: sm_80 has none; --target=cuda:sm_90a, for Hopper alone, gives it", variant = "mma"}]
// CHECK-LABEL: func.func @tensor_cores
// The rows of a tile are queries times heads of a group.
// CHECK:         %[[GROUP:.*]] = arith.divui
// CHECK:         %[[ROWS:.*]] = arith.muli %{{.*}}, %[[GROUP]]
// CHECK:         gpu.launch_func @kernels::@attention_0_mma_d64
// CHECK-SAME:    threads in (%c128{{.*}}, %c1{{.*}}, %c1{{.*}}) dynamic_shared_memory_size %c55424_i32
// CHECK-NOT:     blockattn.attention_kernel
// CHECK:       gpu.module @kernels
// CHECK:         llvm.mlir.global external @attention_shared() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<0 x i8>
// CHECK:         gpu.func @attention_0_mma_d64({{.*}}) kernel attributes {known_block_size = array<i32: 128, 1, 1>, nvvm.minctasm = 2 : i32}
// The queries and the first tile are on their way before it is known where the
// keys begin.
// CHECK:           nvvm.cp.async.shared.global
// CHECK:           nvvm.cp.async.commit.group
// CHECK:           nvvm.redux.sync min
// CHECK:           nvvm.barrier
// CHECK:           scf.for {{.*}} iter_args
// CHECK:             nvvm.cp.async.wait.group 0
// CHECK:             nvvm.barrier
// CHECK:             nvvm.ldmatrix {{.*}}layout = #nvvm.mma_layout<row>, num = 4
// CHECK:             nvvm.mma.sync {{.*}}bf16
// A tile that all rows see is not masked.
// CHECK:             scf.if
// CHECK:               arith.cmpi sle
// CHECK:               arith.select
// CHECK:             } else {
// CHECK-NEXT:          scf.yield
// CHECK:             nvvm.shfl.sync bfly
// CHECK:             llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz"
// CHECK:             llvm.call_intrinsic "llvm.nvvm.ff2bf16x2.rn"
// CHECK:             nvvm.ldmatrix {{.*}}layout = #nvvm.mma_layout<col>, num = 4
// CHECK:             nvvm.mma.sync
// CHECK:           gpu.return
func.func @tensor_cores(%q: memref<1x?x?x64xbf16>, %k: memref<1x?x?x64xbf16>, %v: memref<1x?x?x64xbf16>,
                        %first: memref<?xi64>, %o: memref<1x?x?x64xbf16>) {
  blockattn.attention_kernel %q, %k, %v first_key(%first : memref<?xi64>) outs(%o : memref<1x?x?x64xbf16>)
      {scale = 0.125 : f32, causal} : memref<1x?x?x64xbf16>, memref<1x?x?x64xbf16>, memref<1x?x?x64xbf16>
  return
}

// -----

// f32 keeps its precision.
// WHY: reason = "f32 has no tensor core instruction of full precision", variant = "simt"
// CHECK-LABEL: func.func @full_precision
// CHECK:         gpu.launch_func @kernels::@attention_0_simt_d20
// CHECK:         gpu.func @attention_0_simt_d20
// CHECK-NOT:     nvvm.mma.sync
// CHECK:         llvm.intr.fma
// The log-sum-exp.
// CHECK:         llvm.call_intrinsic "llvm.nvvm.lg2.approx.ftz.f"
func.func @full_precision(%q: memref<?x?x4x20xf32>, %k: memref<?x?x2x20xf32>, %v: memref<?x?x2x12xf32>,
                          %mask: memref<?x?xi1>, %o: memref<?x?x4x12xf32>, %lse: memref<?x?x4xf32>) {
  blockattn.attention_kernel %q, %k, %v key_mask(%mask : memref<?x?xi1>)
      outs(%o, %lse : memref<?x?x4x12xf32>, memref<?x?x4xf32>)
      {scale = 0.25 : f32, softcap = 20.0 : f32} : memref<?x?x4x20xf32>, memref<?x?x2x20xf32>, memref<?x?x2x12xf32>
  return
}

// -----

// Rows that cp.async and ldmatrix cannot take go the same way.
// WHY: reason = "head size 20 is not a multiple of 8 from 8 to 256", variant = "simt"
func.func @odd(%q: memref<?x?x4x20xf16>, %k: memref<?x?x2x20xf16>, %o: memref<?x?x4x20xf16>) {
  blockattn.attention_kernel %q, %k, %k outs(%o : memref<?x?x4x20xf16>)
      {scale = 0.25 : f32} : memref<?x?x4x20xf16>, memref<?x?x2x20xf16>, memref<?x?x2x20xf16>
  return
}

// -----

// WHY: reason = "rows are not known to be aligned to 16 bytes", variant = "simt"
func.func @unaligned(%q: memref<?x?x4x16xf16, strided<[?, 100, 16, 1], offset: ?>>, %k: memref<?x?x2x16xf16>, %o: memref<?x?x4x16xf16>) {
  blockattn.attention_kernel %q, %k, %k outs(%o : memref<?x?x4x16xf16>)
      {scale = 0.25 : f32} : memref<?x?x4x16xf16, strided<[?, 100, 16, 1], offset: ?>>, memref<?x?x2x16xf16>, memref<?x?x2x16xf16>
  return
}

// -----

// Cached blocks: turned queries for each, the keys shared out among thread
// blocks, and a second kernel that merges what they found.
// CHECK-LABEL: func.func @cache
// CHECK:         gpu.launch_func @kernels::@attention_0_mma_d64 blocks in (%{{[0-9]+}}, %{{[0-9]+}}, %c1
// CHECK:         gpu.launch_func @kernels::@attention_0_merge_d64
// CHECK:       llvm.mlir.global internal constant @attention_0_mma_d64_frequencies
// CHECK:         gpu.func @attention_0_mma_d64
// CHECK:           nvvm.shfl.sync up
// CHECK:           scf.while
// An angle is made small in f64.
// CHECK:             llvm.fmul %{{.*}} : f64
// CHECK:             llvm.fptrunc %{{.*}} : f64 to f32
// CHECK:             "llvm.nvvm.cos.approx.ftz.f"
// CHECK:             "llvm.nvvm.sin.approx.ftz.f"
// CHECK:         gpu.func @attention_0_merge_d64
// CHECK:           llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz"
func.func @cache(%q: memref<1x?x8x64xf16>, %k: memref<1x?x2x64xf16>, %v: memref<1x?x2x64xf16>, %cache: memref<?x?xi64>,
                 %o: memref<1x?x8x64xf16>, %parts: memref<?xf32>) {
  blockattn.attention_kernel %q, %k, %v cache(%cache : memref<?x?xi64>)
      outs(%o, %parts : memref<1x?x8x64xf16>, memref<?xf32>)
      {scale = 0.125 : f32, causal, layer = 2 : i64, window = 100 : i64,
       query_rotary = #blockattn.rope<inv_freq = dense<[1.0, 0.1, 0.01, 0.001]> : tensor<4xf32>>}
      : memref<1x?x8x64xf16>, memref<1x?x2x64xf16>, memref<1x?x2x64xf16>
  return
}

// -----

// A bias that grows with the distance.
// CHECK-LABEL: func.func @slopes
// CHECK:       llvm.mlir.global internal constant @attention_0_mma_d64_slopes(dense<[0.721347{{.*}}, 0.360673{{.*}}]>
func.func @slopes(%q: memref<1x?x2x64xf16>, %o: memref<1x?x2x64xf16>) {
  blockattn.attention_kernel %q, %q, %q outs(%o : memref<1x?x2x64xf16>)
      {scale = 0.125 : f32, causal, slopes = array<f32: 0.5, 0.25>}
      : memref<1x?x2x64xf16>, memref<1x?x2x64xf16>, memref<1x?x2x64xf16>
  return
}

// -----

// A window without an order: as many keys ahead as back.
// CHECK-LABEL: func.func @two_sided
// CHECK:         gpu.func @attention_0_mma_d64
// CHECK:           %[[END:.*]] = arith.addi %{{.*}}, %c65_i32 : i32
// CHECK-NEXT:      arith.minsi %[[END]], %{{.*}} : i32
// CHECK:           %[[LAST:.*]] = arith.addi %[[AT:.*]], %c64_i32 : i32
// CHECK-NEXT:      arith.minsi %[[LAST]], %{{.*}} : i32
// CHECK-NEXT:      %[[FIRST:.*]] = arith.addi %[[AT]], %c-64_i32 : i32
// CHECK-NEXT:      arith.maxsi %[[FIRST]], %{{.*}} : i32
func.func @two_sided(%q: memref<1x?x2x64xf16>, %o: memref<1x?x2x64xf16>) {
  blockattn.attention_kernel %q, %q, %q outs(%o : memref<1x?x2x64xf16>)
      {scale = 0.125 : f32, window = 65 : i64}
      : memref<1x?x2x64xf16>, memref<1x?x2x64xf16>, memref<1x?x2x64xf16>
  return
}

// -----

// A window longer than any sequence is not cut to 32 bits, where it would be 1.
// CHECK-LABEL: func.func @long_window
// CHECK:         gpu.func @attention_0_mma_d64
// CHECK-DAG:       arith.constant -1073741823 : i32
// CHECK-DAG:       arith.constant 1073741824 : i32
// CHECK-DAG:       arith.constant 1073741823 : i32
func.func @long_window(%q: memref<1x?x2x64xf16>, %o: memref<1x?x2x64xf16>) {
  blockattn.attention_kernel %q, %q, %q outs(%o : memref<1x?x2x64xf16>)
      {scale = 0.125 : f32, window = 4294967297 : i64}
      : memref<1x?x2x64xf16>, memref<1x?x2x64xf16>, memref<1x?x2x64xf16>
  return
}

// RUN: blockattn-opt %s --blockattn-lower-attention-to-cuda=chip=sm_90a --canonicalize --split-input-file | FileCheck %s
// RUN: blockattn-opt %s --blockattn-lower-attention-to-cuda=chip=sm_90a --canonicalize --split-input-file | FileCheck %s --check-prefix=WHY
// RUN: blockattn-opt %s --blockattn-lower-attention-to-cuda=chip=sm_90 --canonicalize --split-input-file | FileCheck %s --check-prefix=OTHER

// Other architectures, later ones too, don't have these instructions.
// OTHER-NOT: {{variant = "wgmma"|_wgmma_|wgmma\.}}

// WHY: blockattn.attention_variants = [{kernel = "attention_0_wgmma_d128", reason = "16-bit floats and a head size of whole 32 bytes on sm_90a", variant = "wgmma"}]
// CHECK-LABEL: func.func @hopper
// CHECK:         gpu.launch_func @kernels::@attention_0_wgmma_d128
// CHECK-SAME:    threads in (%c384{{.*}}, %c1{{.*}}, %c1{{.*}}) dynamic_shared_memory_size
// CHECK:         gpu.func @attention_0_wgmma_d128({{.*}}) kernel attributes {known_block_size = array<i32: 384, 1, 1>, nvvm.minctasm = 1 : i32}
// Full and empty, keys and values, two places each.
// CHECK-COUNT-8:   nvvm.mbarrier.init
// CHECK:           nvvm.barrier
// The first keys and the queries are on their way before it is known where the
// keys begin.
// CHECK:           scf.if
// CHECK:             nvvm.cp.async.shared.global
// CHECK:             nvvm.cp.async.mbarrier.arrive {{.*}}noinc = true
// CHECK:           } else {
// CHECK:             nvvm.cp.async.shared.global
// CHECK:           }
// CHECK:           nvvm.redux.sync min
// One group of warps only brings tiles in, and needs few registers.
// CHECK:           nvvm.setmaxregister decrease 40
// CHECK:           scf.for
// CHECK:             nvvm.mbarrier.try_wait.parity
// CHECK:             nvvm.cp.async.shared.global
// CHECK:           } else {
// CHECK:             nvvm.setmaxregister increase 232
// The first tile is masked. Queries and keys are read from shared memory.
// CHECK:             nvvm.mbarrier.try_wait.parity
// CHECK:             nvvm.fence.proxy
// CHECK:             nvvm.wgmma.fence.aligned
// CHECK:             llvm.inline_asm {{.*}}wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 {{.*}}left, right, replace, 1, 1, 0, 0;
// CHECK:             nvvm.wgmma.commit.group.sync.aligned
// CHECK:             wgmma.wait_group.sync.aligned 0;
// CHECK:             arith.cmpi sle
// Tiles at the edge, whole tiles, tiles at the other edge.
// CHECK:             scf.for
// CHECK:               bar.sync
// CHECK:               wgmma.mma_async
// The weights stay in registers; the values' rows are keys.
// CHECK:               wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 {{.*}}right, accumulate, 1, 1, 1;
// CHECK:               bar.arrive
// The softmax goes on while that product is in flight.
// CHECK:               wgmma.wait_group.sync.aligned 1;
// CHECK:               mbarrier.arrive.shared
// CHECK:               arith.select
// CHECK:               llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz"
// CHECK:               wgmma.wait_group.sync.aligned 0;
// CHECK:             scf.for
// CHECK:               wgmma.wait_group.sync.aligned 1;
// CHECK-NOT:           arith.cmpi sle
// CHECK:               wgmma.wait_group.sync.aligned 0;
// CHECK:             scf.for
// CHECK:               arith.cmpi sle
func.func @hopper(%q: memref<1x?x?x128xbf16>, %k: memref<1x?x?x128xbf16>, %v: memref<1x?x?x128xbf16>,
                  %first: memref<?xi64>, %o: memref<1x?x?x128xbf16>) {
  blockattn.attention_kernel %q, %k, %v first_key(%first : memref<?xi64>) outs(%o : memref<1x?x?x128xbf16>)
      {scale = 0.088 : f32, causal} : memref<1x?x?x128xbf16>, memref<1x?x?x128xbf16>, memref<1x?x?x128xbf16>
  return
}

// -----

// Queries over cached blocks are turned for each block, by the warps that have
// the rows.
// WHY: variant = "wgmma"
// The cached keys are brought in before the kernels that come before this one
// are known to be over.
// CHECK-LABEL: func.func @cached
// CHECK:         gpu.launch_func @kernels::@attention_0_wgmma_d64
// CHECK-SAME:    threads in (%c640{{.*}}, %c1{{.*}}, %c1{{.*}}) dynamic_shared_memory_size
// CHECK:         gpu.func @attention_0_wgmma_d64
// CHECK:           %[[ALONE:.*]] = arith.cmpi eq, %{{.*}}, %c1_i32
// CHECK-COUNT-32:  nvvm.mbarrier.init
// The rows whose bounds these are: those of the first team where it is alone.
// CHECK:           %[[INSIDE:.*]] = arith.remui %[[WARP:[0-9]+]], %c4_i32
// CHECK-NEXT:      %[[OF_ROWS:.*]] = arith.select %[[ALONE]], %[[INSIDE]], %[[WARP]]
// CHECK:           arith.muli %[[OF_ROWS]], %c16_i32
// CHECK-NOT:       nvvm.griddepcontrol
// CHECK:           nvvm.setmaxregister decrease 32
// CHECK-NOT:       nvvm.griddepcontrol
// CHECK:           scf.while
// CHECK:             scf.if
// CHECK-NEXT:          nvvm.griddepcontrol wait
// CHECK:             nvvm.mbarrier.try_wait.parity
// CHECK:             nvvm.cp.async.shared.global
// What came six fetches ago is there for the tensor cores, and the rest is in
// the end.
// CHECK:             nvvm.cp.async.wait.group 6
// CHECK-NEXT:        %[[NUMBER:.*]] = arith.muli
// CHECK-NEXT:        arith.addi %[[NUMBER]], %c-6_i32
// CHECK-NEXT:        nvvm.fence.proxy
// CHECK:             nvvm.mbarrier.arrive
// CHECK:           nvvm.cp.async.wait.group 0
// CHECK-NEXT:      nvvm.fence.proxy
// CHECK:           nvvm.mbarrier.arrive
// CHECK:           nvvm.setmaxregister increase 112
// CHECK-NEXT:      nvvm.griddepcontrol wait
// CHECK:           scf.while
// CHECK:             nvvm.barrier id = %{{.*}} number_of_threads = %c128_i32
// CHECK:             llvm.nvvm.cos.approx.ftz.f
// CHECK:             nvvm.fence.proxy
// CHECK-NOT:         bar.sync
// CHECK:             wgmma.mma_async.sync.aligned.m64n64k16.f32.f16.f16
// CHECK-NOT:         nvvm.fence.proxy
// CHECK-NOT:         bar.arrive
// Where one team has all rows the four have a quarter of the keys each, and the
// first adds up what they found.
// CHECK:           scf.if
// CHECK-NEXT:        nvvm.barrier id = %c9{{.*}} number_of_threads = %c512_i32
// CHECK:             scf.if
// CHECK-COUNT-36:      llvm.store %{{.*}} : f32, !llvm.ptr<3>
// CHECK:             nvvm.barrier id = %c9{{.*}} number_of_threads = %c512_i32
// CHECK:           scf.if
// CHECK-COUNT-36:    llvm.load %{{.*}} : !llvm.ptr<3> -> f32
// CHECK-COUNT-36:    llvm.load %{{.*}} : !llvm.ptr<3> -> f32
// CHECK-COUNT-36:    llvm.load %{{.*}} : !llvm.ptr<3> -> f32
func.func @cached(%q: memref<1x?x8x64xf16>, %k: memref<1x?x2x64xf16>, %cache: memref<?x?xi64>, %o: memref<1x?x8x64xf16>) {
  blockattn.attention_kernel %q, %k, %k cache(%cache : memref<?x?xi64>) outs(%o : memref<1x?x8x64xf16>)
      {scale = 0.125 : f32, causal, layer = 0 : i64, query_rotary = #blockattn.rope<inv_freq = dense<[1.0, 0.5, 0.25, 0.125, 0.1, 0.05, 0.01, 0.001]> : tensor<8xf32>>}
      : memref<1x?x8x64xf16>, memref<1x?x2x64xf16>, memref<1x?x2x64xf16>
  return
}

// -----

// Small heads leave registers for a third team.
// CHECK-LABEL: func.func @small_heads
// CHECK:         threads in (%c512{{.*}}, %c1{{.*}}, %c1{{.*}}) dynamic_shared_memory_size
// CHECK:         nvvm.setmaxregister decrease 32
// CHECK:         nvvm.setmaxregister increase 160
func.func @small_heads(%q: memref<?x?x4x64xf16>, %k: memref<?x?x2x64xf16>, %o: memref<?x?x4x64xf16>) {
  blockattn.attention_kernel %q, %k, %k outs(%o : memref<?x?x4x64xf16>)
      {scale = 0.25 : f32} : memref<?x?x4x64xf16>, memref<?x?x2x64xf16>, memref<?x?x2x64xf16>
  return
}

// -----

// WHY: reason = "16-bit floats and a head size of whole 16 bytes; not wgmma: masks and positions of keys have to be read", variant = "mma"
func.func @key_mask(%q: memref<?x?x4x64xf16>, %k: memref<?x?x2x64xf16>, %mask: memref<?x?xi1>, %o: memref<?x?x4x64xf16>) {
  blockattn.attention_kernel %q, %k, %k key_mask(%mask : memref<?x?xi1>) outs(%o : memref<?x?x4x64xf16>)
      {scale = 0.25 : f32} : memref<?x?x4x64xf16>, memref<?x?x2x64xf16>, memref<?x?x2x64xf16>
  return
}

// -----

// WHY: reason = "16-bit floats and a head size of whole 16 bytes; not wgmma: head size 256 is not a multiple of 16 up to 128", variant = "mma"
func.func @large(%q: memref<?x?x4x256xf16>, %k: memref<?x?x2x256xf16>, %o: memref<?x?x4x256xf16>) {
  blockattn.attention_kernel %q, %k, %k outs(%o : memref<?x?x4x256xf16>)
      {scale = 0.25 : f32} : memref<?x?x4x256xf16>, memref<?x?x2x256xf16>, memref<?x?x2x256xf16>
  return
}

// The PTX of attention by wgmma, for Hopper: what tells the variants apart.
// RUN: blockattn-opt %s --pass-pipeline='builtin.module(func.func(blockattn-split-attention{chip=sm_90a}),blockattn-device-memory-to-llvm{chip=sm_90a})' -o %t.mlir
// RUN: mlir-opt %t.mlir --allow-unregistered-dialect --pass-pipeline='builtin.module(nvvm-attach-target{chip=sm_90a features=+ptx80 O=3},gpu-module-to-binary{format=isa})' | %python %S/Inputs/ptx_of.py > %t.ptx
// RUN: FileCheck %s --input-file=%t.ptx
// RUN: FileCheck %s --input-file=%t.ptx --check-prefix=PLAIN
// RUN: blockattn-opt %s --pass-pipeline='builtin.module(func.func(blockattn-split-attention{chip=sm_90a}),blockattn-lower-attention-to-cuda{chip=sm_90a},canonicalize)' | FileCheck %s --check-prefix=HOST

!bf1664 = memref<1x?x?x64xbf16>
!f1680 = memref<1x?x?x80xf16>
!bf1696 = memref<1x?x?x96xbf16>
!f16128 = memref<1x?x?x128xf16>
!bf16256 = memref<1x?x?x256xbf16>
!heads2 = memref<1x?x2x64xbf16>
!heads8 = memref<1x?x8x64xbf16>

// CHECK: .version 8.0
// CHECK: .target sm_90a

// A team brings keys in, two or, of small heads, three multiply: 128 keys for the
// scores, and the width of a head for the values.
// PLAIN-LABEL: .visible .entry attention_0_wgmma_d64(
// PLAIN-NOT: {{lg2[.]|sin[.]|cos[.]|, -1233;|_slopes|_frequencies|0fC1E6D4CA}}
// HOST-LABEL: func.func @d64
// HOST: @attention_0_wgmma_d64 {{.*}} threads in (%c512{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}}) dynamic_shared_memory_size %c91520_i32
// CHECK-LABEL: .visible .entry attention_0_wgmma_d64(
// CHECK: .maxntid 512, 1, 1
// CHECK-NEXT: .minnctapersm 1
// CHECK: griddepcontrol.wait
// CHECK-COUNT-8: mbarrier.init.shared.b64
// CHECK: redux.sync.min.s32
// CHECK: setmaxnreg.dec.sync.aligned.u32 32;
// CHECK: cp.async.cg.shared.global
// CHECK: setmaxnreg.inc.sync.aligned.u32 160;
// CHECK-COUNT-4: wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16
// CHECK: wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16
// CHECK: ex2.approx.ftz.f32
func.func @d64(%q: !bf1664, %k: !bf1664, %o: !bf1664, %first: memref<?xi64>) {
  blockattn.attention_kernel %q, %k, %k first_key(%first : memref<?xi64>) outs(%o : !bf1664)
      {scale = 0.125 : f32, causal} : !bf1664, !bf1664, !bf1664
  return
}

// PLAIN-LABEL: .visible .entry attention_1_wgmma_d80(
// PLAIN-NOT: {{lg2[.]|sin[.]|cos[.]|, -1233;|_slopes|_frequencies|0fC1E6D4CA}}
// HOST-LABEL: func.func @d80
// HOST: @attention_1_wgmma_d80 {{.*}} threads in (%c384{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}}) dynamic_shared_memory_size %c165248_i32
// CHECK-LABEL: .visible .entry attention_1_wgmma_d80(
// CHECK: .maxntid 384, 1, 1
// CHECK-NEXT: .minnctapersm 1
// CHECK: griddepcontrol.wait
// CHECK-COUNT-8: mbarrier.init.shared.b64
// CHECK: redux.sync.min.s32
// CHECK: setmaxnreg.dec.sync.aligned.u32 40;
// CHECK: cp.async.cg.shared.global
// CHECK: setmaxnreg.inc.sync.aligned.u32 232;
// CHECK-COUNT-5: wgmma.mma_async.sync.aligned.m64n128k16.f32.f16.f16
// CHECK: wgmma.mma_async.sync.aligned.m64n80k16.f32.f16.f16
// CHECK: ex2.approx.ftz.f32
func.func @d80(%q: !f1680, %k: !f1680, %o: !f1680, %first: memref<?xi64>) {
  blockattn.attention_kernel %q, %k, %k first_key(%first : memref<?xi64>) outs(%o : !f1680)
      {scale = 0.125 : f32, causal} : !f1680, !f1680, !f1680
  return
}

// PLAIN-LABEL: .visible .entry attention_2_wgmma_d96(
// PLAIN-NOT: {{lg2[.]|sin[.]|cos[.]|, -1233;|_slopes|_frequencies|0fC1E6D4CA}}
// HOST-LABEL: func.func @d96
// HOST: @attention_2_wgmma_d96 {{.*}} threads in (%c384{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}}) dynamic_shared_memory_size %c165248_i32
// CHECK-LABEL: .visible .entry attention_2_wgmma_d96(
// CHECK: .maxntid 384, 1, 1
// CHECK-NEXT: .minnctapersm 1
// CHECK: griddepcontrol.wait
// CHECK-COUNT-8: mbarrier.init.shared.b64
// CHECK: redux.sync.min.s32
// CHECK: setmaxnreg.dec.sync.aligned.u32 40;
// CHECK: cp.async.cg.shared.global
// CHECK: setmaxnreg.inc.sync.aligned.u32 232;
// CHECK-COUNT-6: wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16
// CHECK: wgmma.mma_async.sync.aligned.m64n96k16.f32.bf16.bf16
// CHECK: ex2.approx.ftz.f32
func.func @d96(%q: !bf1696, %k: !bf1696, %o: !bf1696, %first: memref<?xi64>) {
  blockattn.attention_kernel %q, %k, %k first_key(%first : memref<?xi64>) outs(%o : !bf1696)
      {scale = 0.125 : f32, causal} : !bf1696, !bf1696, !bf1696
  return
}

// PLAIN-LABEL: .visible .entry attention_3_wgmma_d128(
// PLAIN-NOT: {{lg2[.]|sin[.]|cos[.]|, -1233;|_slopes|_frequencies|0fC1E6D4CA}}
// HOST-LABEL: func.func @d128
// HOST: @attention_3_wgmma_d128 {{.*}} threads in (%c384{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}}) dynamic_shared_memory_size %c165248_i32
// CHECK-LABEL: .visible .entry attention_3_wgmma_d128(
// CHECK: .maxntid 384, 1, 1
// CHECK-NEXT: .minnctapersm 1
// CHECK: griddepcontrol.wait
// CHECK-COUNT-8: mbarrier.init.shared.b64
// CHECK: redux.sync.min.s32
// CHECK: setmaxnreg.dec.sync.aligned.u32 40;
// CHECK: cp.async.cg.shared.global
// CHECK: setmaxnreg.inc.sync.aligned.u32 232;
// CHECK-COUNT-8: wgmma.mma_async.sync.aligned.m64n128k16.f32.f16.f16
// CHECK: wgmma.mma_async.sync.aligned.m64n128k16.f32.f16.f16
// CHECK: ex2.approx.ftz.f32
func.func @d128(%q: !f16128, %k: !f16128, %o: !f16128, %first: memref<?xi64>) {
  blockattn.attention_kernel %q, %k, %k first_key(%first : memref<?xi64>) outs(%o : !f16128)
      {scale = 0.125 : f32, causal} : !f16128, !f16128, !f16128
  return
}

// Too wide for registers: warps and mma.sync.
// PLAIN-LABEL: .visible .entry attention_4_mma_d256(
// HOST-LABEL: func.func @d256
// HOST: @attention_4_mma_d256 {{.*}} threads in (%c128{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}}) dynamic_shared_memory_size %c101504_i32
// CHECK-LABEL: .visible .entry attention_4_mma_d256(
// CHECK: .maxntid 128, 1, 1
// CHECK: griddepcontrol.wait
// CHECK-COUNT-128: mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32
// CHECK-NOT: {{wgmma[.]mma|mma[.]sync}}
func.func @d256(%q: !bf16256, %k: !bf16256, %o: !bf16256, %first: memref<?xi64>) {
  blockattn.attention_kernel %q, %k, %k first_key(%first : memref<?xi64>) outs(%o : !bf16256)
      {scale = 0.125 : f32, causal} : !bf16256, !bf16256, !bf16256
  return
}

// PLAIN-LABEL: .visible .entry attention_5_wgmma_d64(
// HOST-LABEL: func.func @softcap
// HOST: @attention_5_wgmma_d64 {{.*}} threads in (%c512{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}}) dynamic_shared_memory_size %c91520_i32
// CHECK-LABEL: .visible .entry attention_5_wgmma_d64(
// CHECK: .maxntid 512, 1, 1
// CHECK-NEXT: .minnctapersm 1
// CHECK: griddepcontrol.wait
// CHECK-COUNT-8: mbarrier.init.shared.b64
// CHECK: wgmma.mma_async
// CHECK: fma.rn.f32 %r{{[0-9]+}}, %r{{[0-9]+}}, 0fC1E6D4CA, 0f41E6D4CA;
// CHECK-NOT: tanh.approx
func.func @softcap(%q: !bf1664, %k: !bf1664, %o: !bf1664, %first: memref<?xi64>) {
  blockattn.attention_kernel %q, %k, %k first_key(%first : memref<?xi64>) outs(%o : !bf1664)
      {scale = 0.125 : f32, causal, softcap = 20.0 : f32} : !bf1664, !bf1664, !bf1664
  return
}

// PLAIN-LABEL: .visible .entry attention_6_wgmma_d64(
// HOST-LABEL: func.func @window
// HOST: @attention_6_wgmma_d64 {{.*}} threads in (%c512{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}}) dynamic_shared_memory_size %c91520_i32
// CHECK-LABEL: .visible .entry attention_6_wgmma_d64(
// CHECK: .maxntid 512, 1, 1
// CHECK-NEXT: .minnctapersm 1
// CHECK: griddepcontrol.wait
// CHECK-COUNT-8: mbarrier.init.shared.b64
// CHECK: add.s32 %r{{[0-9]+}}, %r{{[0-9]+}}, -1233;
// CHECK: redux.sync.min.s32
// CHECK: wgmma.mma_async
func.func @window(%q: !bf1664, %k: !bf1664, %o: !bf1664, %first: memref<?xi64>) {
  blockattn.attention_kernel %q, %k, %k first_key(%first : memref<?xi64>) outs(%o : !bf1664)
      {scale = 0.125 : f32, causal, window = 1234 : i64} : !bf1664, !bf1664, !bf1664
  return
}

// PLAIN-LABEL: .visible .entry attention_7_wgmma_d64(
// HOST-LABEL: func.func @lse
// HOST: @attention_7_wgmma_d64 {{.*}} threads in (%c512{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}}) dynamic_shared_memory_size %c91520_i32
// CHECK-LABEL: .visible .entry attention_7_wgmma_d64(
// CHECK: .maxntid 512, 1, 1
// CHECK-NEXT: .minnctapersm 1
// CHECK: griddepcontrol.wait
// CHECK-COUNT-8: mbarrier.init.shared.b64
// CHECK: wgmma.mma_async
// CHECK-COUNT-2: lg2.approx.ftz.f32
// CHECK-NOT: lg2.approx
func.func @lse(%q: !bf1664, %k: !bf1664, %o: !bf1664, %first: memref<?xi64>, %lse: memref<1x?x?xf32>) {
  blockattn.attention_kernel %q, %k, %k first_key(%first : memref<?xi64>) outs(%o, %lse : !bf1664, memref<1x?x?xf32>)
      {scale = 0.125 : f32, causal} : !bf1664, !bf1664, !bf1664
  return
}

// PLAIN-LABEL: .visible .entry attention_8_wgmma_d64(
// HOST-LABEL: func.func @slopes
// HOST: @attention_8_wgmma_d64 {{.*}} threads in (%c512{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}}) dynamic_shared_memory_size %c91520_i32
// CHECK-LABEL: .visible .entry attention_8_wgmma_d64(
// CHECK: .maxntid 512, 1, 1
// CHECK-NEXT: .minnctapersm 1
// CHECK: griddepcontrol.wait
// CHECK-COUNT-8: mbarrier.init.shared.b64
// CHECK: attention_8_wgmma_d64_slopes
// CHECK: wgmma.mma_async
func.func @slopes(%q: !heads2, %k: !heads2, %o: !heads2, %first: memref<?xi64>) {
  blockattn.attention_kernel %q, %k, %k first_key(%first : memref<?xi64>) outs(%o : !heads2)
      {scale = 0.125 : f32, causal, slopes = array<f32: 0.5, 0.25>} : !heads2, !heads2, !heads2
  return
}

// Four teams, 64 keys each time: their rings have 32 barriers. Cached keys are
// read before other kernels are known to have ended.
// PLAIN-LABEL: .visible .entry attention_9_wgmma_d64(
// HOST-LABEL: func.func @cache
// HOST: @attention_9_wgmma_d64 {{.*}} threads in (%c640{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}}) dynamic_shared_memory_size %c166016_i32
// CHECK-LABEL: .visible .entry attention_9_wgmma_d64(
// CHECK: .maxntid 640, 1, 1
// CHECK: griddepcontrol.launch_dependents
// CHECK-NOT: griddepcontrol.wait
// CHECK-COUNT-32: mbarrier.init.shared.b64
// CHECK-NOT: griddepcontrol.wait
// CHECK: setmaxnreg.dec.sync.aligned.u32 32;
// CHECK: setmaxnreg.inc.sync.aligned.u32 112;
// CHECK: griddepcontrol.wait
// CHECK: wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16
// CHECK: sin.approx.ftz.f32
// CHECK: wgmma.mma_async
// CHECK: lg2.approx.ftz.f32
// HOST: @attention_9_merge_d64 {{.*}} threads in (%c128{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}}) dynamic_shared_memory_size %c0_i32
// CHECK-LABEL: .visible .entry attention_9_merge_d64(
// CHECK: .maxntid 128, 1, 1
// CHECK-NEXT: .minnctapersm 8
// CHECK: griddepcontrol.wait
// CHECK-NOT: {{mma|ldmatrix|cp[.]async}}
// CHECK: shfl.sync
// CHECK: ex2.approx.ftz.f32
// CHECK: rcp.rn.f32
// CHECK: st.global
func.func @cache(%q: !heads8, %k: !heads2, %o: !heads8, %cache: memref<?x?xi64>) {
  blockattn.attention_kernel %q, %k, %k cache(%cache : memref<?x?xi64>) outs(%o : !heads8)
      {scale = 0.125 : f32, causal, layer = 2 : i64,
       query_rotary = #blockattn.rope<inv_freq = dense<[1.0, 0.1, 0.01, 0.001]> : tensor<4xf32>>} : !heads8, !heads2, !heads2
  return
}

// The PTX of attention without tensor cores, as artifacts have it: f32, and rows
// that ldmatrix does not take.
// RUN: blockattn-opt %s --pass-pipeline='builtin.module(func.func(blockattn-split-attention{chip=sm_80}),blockattn-device-memory-to-llvm{chip=sm_80})' -o %t.mlir
// RUN: mlir-opt %t.mlir --allow-unregistered-dialect --pass-pipeline='builtin.module(nvvm-attach-target{chip=sm_80 features=+ptx78 O=3},gpu-module-to-binary{format=isa})' | %python %S/Inputs/ptx_of.py > %t.ptx
// RUN: FileCheck %s --input-file=%t.ptx
// RUN: FileCheck %s --input-file=%t.ptx --check-prefix=PLAIN
// RUN: blockattn-opt %s --pass-pipeline='builtin.module(func.func(blockattn-split-attention{chip=sm_80}),blockattn-lower-attention-to-cuda{chip=sm_80},canonicalize)' | FileCheck %s --check-prefix=HOST

!f3264 = memref<1x?x?x64xf32>
!f3280 = memref<1x?x?x80xf32>
!f3296 = memref<1x?x?x96xf32>
!f32128 = memref<1x?x?x128xf32>
!f32256 = memref<1x?x?x256xf32>
!f1620 = memref<1x?x?x20xf16>
!heads2 = memref<1x?x2x64xf32>
!heads8 = memref<1x?x8x64xf32>

// CHECK: .target sm_80
// CHECK-NOT: {{mma[.]sync|ldmatrix|cp[.]async}}

// Four rows a thread, and of each its share of the outputs.
// PLAIN-LABEL: .visible .entry attention_0_simt_d64(
// PLAIN-NOT: {{lg2[.]|sin[.]|cos[.]|, -1233;|_slopes|_frequencies|0fC1E6D4CA}}
// HOST-LABEL: func.func @d64
// HOST: @attention_0_simt_d64 {{.*}} threads in (%c256{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}}) dynamic_shared_memory_size %c42880_i32
// CHECK-LABEL: .visible .entry attention_0_simt_d64(
// CHECK: .maxntid 256, 1, 1
// CHECK-NEXT: .minnctapersm 1
// CHECK: redux.sync.min.s32
// CHECK: fma.rn.f32
// CHECK: ex2.approx.ftz.f32
// CHECK-COUNT-16: st.global.b32
// CHECK-NOT: st.global
// CHECK-NOT: {{mma[.]sync|ldmatrix|cp[.]async}}
func.func @d64(%q: !f3264, %k: !f3264, %o: !f3264, %first: memref<?xi64>) {
  blockattn.attention_kernel %q, %k, %k first_key(%first : memref<?xi64>) outs(%o : !f3264)
      {scale = 0.125 : f32, causal} : !f3264, !f3264, !f3264
  return
}

// PLAIN-LABEL: .visible .entry attention_1_simt_d80(
// PLAIN-NOT: {{lg2[.]|sin[.]|cos[.]|, -1233;|_slopes|_frequencies|0fC1E6D4CA}}
// HOST-LABEL: func.func @d80
// HOST: @attention_1_simt_d80 {{.*}} threads in (%c256{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}}) dynamic_shared_memory_size %c51072_i32
// CHECK-LABEL: .visible .entry attention_1_simt_d80(
// CHECK: .maxntid 256, 1, 1
// CHECK-NEXT: .minnctapersm 1
// CHECK: redux.sync.min.s32
// CHECK: fma.rn.f32
// CHECK: ex2.approx.ftz.f32
// CHECK-COUNT-20: st.global.b32
// CHECK-NOT: st.global
// CHECK-NOT: {{mma[.]sync|ldmatrix|cp[.]async}}
func.func @d80(%q: !f3280, %k: !f3280, %o: !f3280, %first: memref<?xi64>) {
  blockattn.attention_kernel %q, %k, %k first_key(%first : memref<?xi64>) outs(%o : !f3280)
      {scale = 0.125 : f32, causal} : !f3280, !f3280, !f3280
  return
}

// PLAIN-LABEL: .visible .entry attention_2_simt_d96(
// PLAIN-NOT: {{lg2[.]|sin[.]|cos[.]|, -1233;|_slopes|_frequencies|0fC1E6D4CA}}
// HOST-LABEL: func.func @d96
// HOST: @attention_2_simt_d96 {{.*}} threads in (%c256{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}}) dynamic_shared_memory_size %c59264_i32
// CHECK-LABEL: .visible .entry attention_2_simt_d96(
// CHECK: .maxntid 256, 1, 1
// CHECK-NEXT: .minnctapersm 1
// CHECK: redux.sync.min.s32
// CHECK: fma.rn.f32
// CHECK: ex2.approx.ftz.f32
// CHECK-COUNT-24: st.global.b32
// CHECK-NOT: st.global
// CHECK-NOT: {{mma[.]sync|ldmatrix|cp[.]async}}
func.func @d96(%q: !f3296, %k: !f3296, %o: !f3296, %first: memref<?xi64>) {
  blockattn.attention_kernel %q, %k, %k first_key(%first : memref<?xi64>) outs(%o : !f3296)
      {scale = 0.125 : f32, causal} : !f3296, !f3296, !f3296
  return
}

// PLAIN-LABEL: .visible .entry attention_3_simt_d128(
// PLAIN-NOT: {{lg2[.]|sin[.]|cos[.]|, -1233;|_slopes|_frequencies|0fC1E6D4CA}}
// HOST-LABEL: func.func @d128
// HOST: @attention_3_simt_d128 {{.*}} threads in (%c256{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}}) dynamic_shared_memory_size %c75648_i32
// CHECK-LABEL: .visible .entry attention_3_simt_d128(
// CHECK: .maxntid 256, 1, 1
// CHECK-NEXT: .minnctapersm 1
// CHECK: redux.sync.min.s32
// CHECK: fma.rn.f32
// CHECK: ex2.approx.ftz.f32
// CHECK-COUNT-32: st.global.b32
// CHECK-NOT: st.global
// CHECK-NOT: {{mma[.]sync|ldmatrix|cp[.]async}}
func.func @d128(%q: !f32128, %k: !f32128, %o: !f32128, %first: memref<?xi64>) {
  blockattn.attention_kernel %q, %k, %k first_key(%first : memref<?xi64>) outs(%o : !f32128)
      {scale = 0.125 : f32, causal} : !f32128, !f32128, !f32128
  return
}

// Two rows.
// PLAIN-LABEL: .visible .entry attention_4_simt_d256(
// PLAIN-NOT: {{lg2[.]|sin[.]|cos[.]|, -1233;|_slopes|_frequencies|0fC1E6D4CA}}
// HOST-LABEL: func.func @d256
// HOST: @attention_4_simt_d256 {{.*}} threads in (%c256{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}}) dynamic_shared_memory_size %c68608_i32
// CHECK-LABEL: .visible .entry attention_4_simt_d256(
// CHECK: .maxntid 256, 1, 1
// CHECK-NEXT: .minnctapersm 1
// CHECK: redux.sync.min.s32
// CHECK: fma.rn.f32
// CHECK: ex2.approx.ftz.f32
// CHECK-COUNT-32: st.global.b32
// CHECK-NOT: st.global
// CHECK-NOT: {{mma[.]sync|ldmatrix|cp[.]async}}
func.func @d256(%q: !f32256, %k: !f32256, %o: !f32256, %first: memref<?xi64>) {
  blockattn.attention_kernel %q, %k, %k first_key(%first : memref<?xi64>) outs(%o : !f32256)
      {scale = 0.125 : f32, causal} : !f32256, !f32256, !f32256
  return
}

// PLAIN-LABEL: .visible .entry attention_5_simt_d64(
// HOST-LABEL: func.func @softcap
// HOST: @attention_5_simt_d64 {{.*}} threads in (%c256{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}}) dynamic_shared_memory_size %c42880_i32
// CHECK-LABEL: .visible .entry attention_5_simt_d64(
// CHECK: .maxntid 256, 1, 1
// CHECK-NEXT: .minnctapersm 1
// CHECK: fma.rn.f32 %r{{[0-9]+}}, %r{{[0-9]+}}, 0fC1E6D4CA, 0f41E6D4CA;
// CHECK-NOT: tanh.approx
// CHECK-NOT: {{mma[.]sync|ldmatrix|cp[.]async}}
func.func @softcap(%q: !f3264, %k: !f3264, %o: !f3264, %first: memref<?xi64>) {
  blockattn.attention_kernel %q, %k, %k first_key(%first : memref<?xi64>) outs(%o : !f3264)
      {scale = 0.125 : f32, causal, softcap = 20.0 : f32} : !f3264, !f3264, !f3264
  return
}

// PLAIN-LABEL: .visible .entry attention_6_simt_d64(
// HOST-LABEL: func.func @window
// HOST: @attention_6_simt_d64 {{.*}} threads in (%c256{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}}) dynamic_shared_memory_size %c42880_i32
// CHECK-LABEL: .visible .entry attention_6_simt_d64(
// CHECK: .maxntid 256, 1, 1
// CHECK-NEXT: .minnctapersm 1
// CHECK: add.s32 %r{{[0-9]+}}, %r{{[0-9]+}}, -1233;
// CHECK-NOT: {{mma[.]sync|ldmatrix|cp[.]async}}
func.func @window(%q: !f3264, %k: !f3264, %o: !f3264, %first: memref<?xi64>) {
  blockattn.attention_kernel %q, %k, %k first_key(%first : memref<?xi64>) outs(%o : !f3264)
      {scale = 0.125 : f32, causal, window = 1234 : i64} : !f3264, !f3264, !f3264
  return
}

// PLAIN-LABEL: .visible .entry attention_7_simt_d64(
// HOST-LABEL: func.func @lse
// HOST: @attention_7_simt_d64 {{.*}} threads in (%c256{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}}) dynamic_shared_memory_size %c42880_i32
// CHECK-LABEL: .visible .entry attention_7_simt_d64(
// CHECK: .maxntid 256, 1, 1
// CHECK-NEXT: .minnctapersm 1
// CHECK-COUNT-4: lg2.approx.ftz.f32
// CHECK-NOT: {{mma[.]sync|ldmatrix|cp[.]async}}
func.func @lse(%q: !f3264, %k: !f3264, %o: !f3264, %first: memref<?xi64>, %lse: memref<1x?x?xf32>) {
  blockattn.attention_kernel %q, %k, %k first_key(%first : memref<?xi64>) outs(%o, %lse : !f3264, memref<1x?x?xf32>)
      {scale = 0.125 : f32, causal} : !f3264, !f3264, !f3264
  return
}

// PLAIN-LABEL: .visible .entry attention_8_simt_d64(
// HOST-LABEL: func.func @slopes
// HOST: @attention_8_simt_d64 {{.*}} threads in (%c256{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}}) dynamic_shared_memory_size %c42880_i32
// CHECK-LABEL: .visible .entry attention_8_simt_d64(
// CHECK: .maxntid 256, 1, 1
// CHECK-NEXT: .minnctapersm 1
// CHECK: mov.b64 %rd{{[0-9]+}}, attention_8_simt_d64_slopes;
// CHECK-NOT: {{mma[.]sync|ldmatrix|cp[.]async}}
func.func @slopes(%q: !heads2, %k: !heads2, %o: !heads2, %first: memref<?xi64>) {
  blockattn.attention_kernel %q, %k, %k first_key(%first : memref<?xi64>) outs(%o : !heads2)
      {scale = 0.125 : f32, causal, slopes = array<f32: 0.5, 0.25>} : !heads2, !heads2, !heads2
  return
}

// PLAIN-LABEL: .visible .entry attention_9_simt_d64(
// HOST-LABEL: func.func @cache
// HOST: @attention_9_simt_d64 {{.*}} threads in (%c256{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}}) dynamic_shared_memory_size %c43008_i32
// CHECK-LABEL: .visible .entry attention_9_simt_d64(
// CHECK: .maxntid 256, 1, 1
// CHECK: redux.sync.add.s32
// CHECK: mov.b64 %rd{{[0-9]+}}, attention_9_simt_d64_frequencies;
// CHECK: cos.approx.ftz.f32
// CHECK: sin.approx.ftz.f32
// CHECK: fma.rn.f32
// CHECK: lg2.approx.ftz.f32
// HOST: @attention_9_merge_d64 {{.*}} threads in (%c128{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}}) dynamic_shared_memory_size %c0_i32
// CHECK-LABEL: .visible .entry attention_9_merge_d64(
// CHECK: .maxntid 128, 1, 1
// CHECK-NEXT: .minnctapersm 8
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

// PLAIN-LABEL: .visible .entry attention_10_simt_d20(
// PLAIN-NOT: {{lg2[.]|sin[.]|cos[.]|, -1233;|_slopes|_frequencies|0fC1E6D4CA}}
// HOST-LABEL: func.func @f16_d20
// HOST: @attention_10_simt_d20 {{.*}} threads in (%c256{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}}) dynamic_shared_memory_size %c21888_i32
// CHECK-LABEL: .visible .entry attention_10_simt_d20(
// CHECK: .maxntid 256, 1, 1
// CHECK-NEXT: .minnctapersm 1
// CHECK: cvt.f32.f16
// CHECK: fma.rn.f32
// CHECK: cvt.rn.f16.f32
// CHECK-NOT: {{mma[.]sync|ldmatrix|cp[.]async}}
func.func @f16_d20(%q: !f1620, %k: !f1620, %o: !f1620, %first: memref<?xi64>) {
  blockattn.attention_kernel %q, %k, %k first_key(%first : memref<?xi64>) outs(%o : !f1620)
      {scale = 0.125 : f32, causal} : !f1620, !f1620, !f1620
  return
}

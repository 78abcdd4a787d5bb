// The PTX of attention by mma.sync, as artifacts have it: what tells the variants apart.
// RUN: blockattn-opt %s --pass-pipeline='builtin.module(func.func(blockattn-split-attention{chip=sm_80}),blockattn-device-memory-to-llvm{chip=sm_80})' -o %t.mlir
// RUN: mlir-opt %t.mlir --allow-unregistered-dialect --pass-pipeline='builtin.module(nvvm-attach-target{chip=sm_80 features=+ptx78 O=3},gpu-module-to-binary{format=isa})' | %python %S/Inputs/ptx_of.py > %t.ptx
// RUN: FileCheck %s --input-file=%t.ptx
// RUN: FileCheck %s --input-file=%t.ptx --check-prefix=PLAIN
// RUN: blockattn-opt %s --pass-pipeline='builtin.module(func.func(blockattn-split-attention{chip=sm_100a}),blockattn-device-memory-to-llvm{chip=sm_100a})' | mlir-opt --allow-unregistered-dialect --pass-pipeline='builtin.module(nvvm-attach-target{chip=sm_100a features=+ptx86 O=3},gpu-module-to-binary{format=isa})' | %python %S/Inputs/ptx_of.py | FileCheck %s --check-prefix=SM100
// RUN: blockattn-opt %s --pass-pipeline='builtin.module(func.func(blockattn-split-attention{chip=sm_80}),blockattn-lower-attention-to-cuda{chip=sm_80},canonicalize)' | FileCheck %s --check-prefix=HOST

!bf1664 = memref<1x?x?x64xbf16>
!f1680 = memref<1x?x?x80xf16>
!bf1696 = memref<1x?x?x96xbf16>
!f16128 = memref<1x?x?x128xf16>
!bf16256 = memref<1x?x?x256xbf16>
!heads2 = memref<1x?x2x64xbf16>
!heads8 = memref<1x?x8x64xbf16>

// CHECK: .version 7.8
// CHECK: .target sm_80
// CHECK-DAG: .global .align 8 .b8 attention_9_mma_d64_frequencies[32]
// CHECK-DAG: .global .align 4 .b8 attention_8_mma_d64_slopes[8]
// CHECK-DAG: .extern .shared .align 16 .b8 attention_shared[]

// Later generations have the same kernels; they start before others have ended.
// SM100: .target sm_100a
// SM100-LABEL: .visible .entry attention_0_mma_d64(
// SM100: griddepcontrol.launch_dependents
// SM100: griddepcontrol.wait
// SM100: cp.async.cg.shared.global
// SM100-COUNT-128: mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32
// SM100-NOT: {{tcgen05|wgmma[.]mma}}
// SM100-LABEL: .visible .entry attention_4_mma_d256(
// SM100: griddepcontrol.wait
// SM100: mma.sync
// SM100-LABEL: .visible .entry attention_9_merge_d64(
// SM100: griddepcontrol.wait
// SM100-NOT: mma.sync

// Two tiles of 16 rows a warp, 64 keys or, of wider heads, 48: as many products for
// the scores as for the values.
// PLAIN-LABEL: .visible .entry attention_0_mma_d64(
// PLAIN-NOT: {{lg2[.]|sin[.]|cos[.]|, -1233;|_slopes|_frequencies|0fC1E6D4CA}}
// HOST-LABEL: func.func @d64
// HOST: @attention_0_mma_d64 {{.*}} threads in (%c128{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}}) dynamic_shared_memory_size %c55424_i32
// CHECK-LABEL: .visible .entry attention_0_mma_d64(
// CHECK: .maxntid 128, 1, 1
// CHECK-NEXT: .minnctapersm 2
// CHECK: cp.async.cg.shared.global
// CHECK: redux.sync.min.s32
// CHECK: ldmatrix.sync.aligned.m8n8.x4{{([.]trans)?}}.shared.b16
// CHECK-COUNT-128: mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32
// CHECK-NOT: mma.sync
func.func @d64(%q: !bf1664, %k: !bf1664, %o: !bf1664, %first: memref<?xi64>) {
  blockattn.attention_kernel %q, %k, %k first_key(%first : memref<?xi64>) outs(%o : !bf1664)
      {scale = 0.125 : f32, causal} : !bf1664, !bf1664, !bf1664
  return
}

// PLAIN-LABEL: .visible .entry attention_1_mma_d80(
// PLAIN-NOT: {{lg2[.]|sin[.]|cos[.]|, -1233;|_slopes|_frequencies|0fC1E6D4CA}}
// HOST-LABEL: func.func @d80
// HOST: @attention_1_mma_d80 {{.*}} threads in (%c128{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}}) dynamic_shared_memory_size %c56448_i32
// CHECK-LABEL: .visible .entry attention_1_mma_d80(
// CHECK: .maxntid 128, 1, 1
// CHECK-NEXT: .minnctapersm 2
// CHECK: cp.async.cg.shared.global
// CHECK: redux.sync.min.s32
// CHECK: ldmatrix.sync.aligned.m8n8.x4{{([.]trans)?}}.shared.b16
// CHECK-COUNT-120: mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32
// CHECK-NOT: mma.sync
func.func @d80(%q: !f1680, %k: !f1680, %o: !f1680, %first: memref<?xi64>) {
  blockattn.attention_kernel %q, %k, %k first_key(%first : memref<?xi64>) outs(%o : !f1680)
      {scale = 0.125 : f32, causal} : !f1680, !f1680, !f1680
  return
}

// PLAIN-LABEL: .visible .entry attention_2_mma_d96(
// PLAIN-NOT: {{lg2[.]|sin[.]|cos[.]|, -1233;|_slopes|_frequencies|0fC1E6D4CA}}
// HOST-LABEL: func.func @d96
// HOST: @attention_2_mma_d96 {{.*}} threads in (%c128{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}}) dynamic_shared_memory_size %c66688_i32
// CHECK-LABEL: .visible .entry attention_2_mma_d96(
// CHECK: .maxntid 128, 1, 1
// CHECK-NEXT: .minnctapersm 2
// CHECK: cp.async.cg.shared.global
// CHECK: redux.sync.min.s32
// CHECK: ldmatrix.sync.aligned.m8n8.x4{{([.]trans)?}}.shared.b16
// CHECK-COUNT-144: mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32
// CHECK-NOT: mma.sync
func.func @d96(%q: !bf1696, %k: !bf1696, %o: !bf1696, %first: memref<?xi64>) {
  blockattn.attention_kernel %q, %k, %k first_key(%first : memref<?xi64>) outs(%o : !bf1696)
      {scale = 0.125 : f32, causal} : !bf1696, !bf1696, !bf1696
  return
}

// PLAIN-LABEL: .visible .entry attention_3_mma_d128(
// PLAIN-NOT: {{lg2[.]|sin[.]|cos[.]|, -1233;|_slopes|_frequencies|0fC1E6D4CA}}
// HOST-LABEL: func.func @d128
// HOST: @attention_3_mma_d128 {{.*}} threads in (%c128{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}}) dynamic_shared_memory_size %c87168_i32
// CHECK-LABEL: .visible .entry attention_3_mma_d128(
// CHECK: .maxntid 128, 1, 1
// CHECK-NEXT: .minnctapersm 2
// CHECK: cp.async.cg.shared.global
// CHECK: redux.sync.min.s32
// CHECK: ldmatrix.sync.aligned.m8n8.x4{{([.]trans)?}}.shared.b16
// CHECK-COUNT-192: mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32
// CHECK-NOT: mma.sync
func.func @d128(%q: !f16128, %k: !f16128, %o: !f16128, %first: memref<?xi64>) {
  blockattn.attention_kernel %q, %k, %k first_key(%first : memref<?xi64>) outs(%o : !f16128)
      {scale = 0.125 : f32, causal} : !f16128, !f16128, !f16128
  return
}

// One tile of rows and 16 keys leave room for the values.
// PLAIN-LABEL: .visible .entry attention_4_mma_d256(
// PLAIN-NOT: {{lg2[.]|sin[.]|cos[.]|, -1233;|_slopes|_frequencies|0fC1E6D4CA}}
// HOST-LABEL: func.func @d256
// HOST: @attention_4_mma_d256 {{.*}} threads in (%c128{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}}) dynamic_shared_memory_size %c67712_i32
// CHECK-LABEL: .visible .entry attention_4_mma_d256(
// CHECK: .maxntid 128, 1, 1
// CHECK-NEXT: .minnctapersm 2
// CHECK: cp.async.cg.shared.global
// CHECK: redux.sync.min.s32
// CHECK: ldmatrix.sync.aligned.m8n8.x4{{([.]trans)?}}.shared.b16
// CHECK-COUNT-64: mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32
// CHECK-NOT: mma.sync
func.func @d256(%q: !bf16256, %k: !bf16256, %o: !bf16256, %first: memref<?xi64>) {
  blockattn.attention_kernel %q, %k, %k first_key(%first : memref<?xi64>) outs(%o : !bf16256)
      {scale = 0.125 : f32, causal} : !bf16256, !bf16256, !bf16256
  return
}

// tanh by an exponential; the cap times log2(e), so that scores are exponents.
// PLAIN-LABEL: .visible .entry attention_5_mma_d64(
// HOST-LABEL: func.func @softcap
// HOST: @attention_5_mma_d64 {{.*}} threads in (%c128{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}}) dynamic_shared_memory_size %c55424_i32
// CHECK-LABEL: .visible .entry attention_5_mma_d64(
// CHECK: .maxntid 128, 1, 1
// CHECK-NEXT: .minnctapersm 2
// CHECK: mma.sync
// CHECK: fma.rn.f32 %r{{[0-9]+}}, %r{{[0-9]+}}, 0fC1E6D4CA, 0f41E6D4CA;
// CHECK-NOT: tanh.approx
func.func @softcap(%q: !bf1664, %k: !bf1664, %o: !bf1664, %first: memref<?xi64>) {
  blockattn.attention_kernel %q, %k, %k first_key(%first : memref<?xi64>) outs(%o : !bf1664)
      {scale = 0.125 : f32, causal, softcap = 20.0 : f32} : !bf1664, !bf1664, !bf1664
  return
}

// The first key of a row is 1233 back, and tiles before it are left out.
// PLAIN-LABEL: .visible .entry attention_6_mma_d64(
// HOST-LABEL: func.func @window
// HOST: @attention_6_mma_d64 {{.*}} threads in (%c128{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}}) dynamic_shared_memory_size %c55424_i32
// CHECK-LABEL: .visible .entry attention_6_mma_d64(
// CHECK: .maxntid 128, 1, 1
// CHECK-NEXT: .minnctapersm 2
// CHECK: add.s32 %r{{[0-9]+}}, %r{{[0-9]+}}, -1233;
// CHECK: redux.sync.min.s32
// CHECK: mma.sync
func.func @window(%q: !bf1664, %k: !bf1664, %o: !bf1664, %first: memref<?xi64>) {
  blockattn.attention_kernel %q, %k, %k first_key(%first : memref<?xi64>) outs(%o : !bf1664)
      {scale = 0.125 : f32, causal, window = 1234 : i64} : !bf1664, !bf1664, !bf1664
  return
}

// The logarithm of the sum of each of the four rows of a thread.
// PLAIN-LABEL: .visible .entry attention_7_mma_d64(
// HOST-LABEL: func.func @lse
// HOST: @attention_7_mma_d64 {{.*}} threads in (%c128{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}}) dynamic_shared_memory_size %c55424_i32
// CHECK-LABEL: .visible .entry attention_7_mma_d64(
// CHECK: .maxntid 128, 1, 1
// CHECK-NEXT: .minnctapersm 2
// CHECK: mma.sync
// CHECK-COUNT-4: lg2.approx.ftz.f32
// CHECK-NOT: lg2.approx
func.func @lse(%q: !bf1664, %k: !bf1664, %o: !bf1664, %first: memref<?xi64>, %lse: memref<1x?x?xf32>) {
  blockattn.attention_kernel %q, %k, %k first_key(%first : memref<?xi64>) outs(%o, %lse : !bf1664, memref<1x?x?xf32>)
      {scale = 0.125 : f32, causal} : !bf1664, !bf1664, !bf1664
  return
}

// PLAIN-LABEL: .visible .entry attention_8_mma_d64(
// HOST-LABEL: func.func @slopes
// HOST: @attention_8_mma_d64 {{.*}} threads in (%c128{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}}) dynamic_shared_memory_size %c55424_i32
// CHECK-LABEL: .visible .entry attention_8_mma_d64(
// CHECK: .maxntid 128, 1, 1
// CHECK-NEXT: .minnctapersm 2
// CHECK: mov.b64 %rd{{[0-9]+}}, attention_8_mma_d64_slopes;
// CHECK: mma.sync
func.func @slopes(%q: !heads2, %k: !heads2, %o: !heads2, %first: memref<?xi64>) {
  blockattn.attention_kernel %q, %k, %k first_key(%first : memref<?xi64>) outs(%o : !heads2)
      {scale = 0.125 : f32, causal, slopes = array<f32: 0.5, 0.25>} : !heads2, !heads2, !heads2
  return
}

// Queries are turned for each cached block; what the parts of the keys give, with
// the logarithms of their sums, is merged by a second kernel.
// PLAIN-LABEL: .visible .entry attention_9_mma_d64(
// HOST-LABEL: func.func @cache
// HOST: @attention_9_mma_d64 {{.*}} threads in (%c128{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}}) dynamic_shared_memory_size %c55552_i32
// CHECK-LABEL: .visible .entry attention_9_mma_d64(
// CHECK: .maxntid 128, 1, 1
// CHECK-NEXT: .minnctapersm 2
// CHECK: redux.sync.add.s32
// CHECK: mov.b64 %rd{{[0-9]+}}, attention_9_mma_d64_frequencies;
// CHECK: cos.approx.ftz.f32
// CHECK: sin.approx.ftz.f32
// CHECK: mma.sync
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

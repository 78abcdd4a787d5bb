// The PTX of products of one row and of few rows: what tells the variants apart.
// RUN: blockattn-opt %s --blockattn-device-memory-to-llvm=chip=sm_80 | mlir-opt --allow-unregistered-dialect --pass-pipeline='builtin.module(nvvm-attach-target{chip=sm_80 features=+ptx78 O=3},gpu-module-to-binary{format=isa})' | %python %S/Inputs/ptx_of.py > %t.sm_80.ptx
// RUN: FileCheck %s --input-file=%t.sm_80.ptx --check-prefixes=CHECK,SM80
// RUN: blockattn-opt %s --blockattn-device-memory-to-llvm=chip=sm_90a | mlir-opt --allow-unregistered-dialect --pass-pipeline='builtin.module(nvvm-attach-target{chip=sm_90a features=+ptx80 O=3},gpu-module-to-binary{format=isa})' | %python %S/Inputs/ptx_of.py > %t.sm_90a.ptx
// RUN: FileCheck %s --input-file=%t.sm_90a.ptx --check-prefixes=CHECK,HOPPER
// RUN: blockattn-opt %s --blockattn-device-memory-to-llvm=chip=sm_100a | mlir-opt --allow-unregistered-dialect --pass-pipeline='builtin.module(nvvm-attach-target{chip=sm_100a features=+ptx86 O=3},gpu-module-to-binary{format=isa})' | %python %S/Inputs/ptx_of.py > %t.sm_100a.ptx
// RUN: FileCheck %s --input-file=%t.sm_100a.ptx --check-prefixes=CHECK,SM100
// RUN: blockattn-opt %s --blockattn-lower-gemm-to-cuda=chip=sm_90a --canonicalize | FileCheck %s --check-prefix=HOST

// SM80: .target sm_80
// HOPPER: .target sm_90a
// HOPPER: .extern .shared .align 16 .b8 few_rows_shared[]
// SM100: .target sm_100a
// No library has to be linked.
// CHECK-NOT: .func

// One row: a thread block has 64 columns, or, where they are few, 16, or a part of
// the depth with others of its cluster; a thread reads 8 times 16 bytes at once, of
// weights before the row is known to be there. Up to 64 rows: Hopper's own kernel.
// SM80-LABEL: .visible .entry row_product_bf16_bf16_16(
// SM80: .maxntid 256, 1, 1
// SM80: .shared .align 4 .b8 {{.*}}[512];
// SM80-COUNT-8: ld.global.v4.b32
// SM80: {{fma[.]rn[.]f32[^x]}}
// SM80: shfl.sync.bfly.b32
// SM80: bar.sync
// SM80: cvt.rn.bf16.f32
// SM80: st.global.b16
// SM80-LABEL: .visible .entry row_product_bf16_bf16_64(
// SM80: .maxntid 256, 1, 1
// SM80: .shared .align 4 .b8 {{.*}}[2048];
// SM80-COUNT-8: ld.global.v4.b32
// SM80: {{fma[.]rn[.]f32[^x]}}
// SM80: shfl.sync.bfly.b32
// SM80: bar.sync
// SM80: cvt.rn.bf16.f32
// SM80: st.global.b16
// HOPPER-LABEL: .visible .entry row_product_bf16_bf16_64x4(
// HOPPER: .maxntid 256, 1, 1
// HOPPER-NEXT: .explicitcluster
// HOPPER-NEXT: .reqnctapercluster 4, 1, 1
// HOPPER: .shared .align 4 .b8 {{.*}}[2048];
// HOPPER: griddepcontrol.launch_dependents
// HOPPER-COUNT-8: ld.global.v4.b32
// HOPPER: griddepcontrol.wait
// HOPPER: {{fma[.]rn[.]f32[^x]}}
// HOPPER: shfl.sync.bfly.b32
// HOPPER: bar.sync
// HOPPER: barrier.cluster.arrive
// HOPPER-NEXT: barrier.cluster.wait
// HOPPER-COUNT-3: mapa.shared::cluster
// HOPPER: cvt.rn.bf16.f32
// HOPPER: st.global.b16
// HOPPER: barrier.cluster.wait
// HOPPER-LABEL: .visible .entry row_product_bf16_bf16_64(
// HOPPER: .maxntid 256, 1, 1
// HOPPER-NOT: cluster
// HOPPER: .shared .align 4 .b8 {{.*}}[2048];
// HOPPER: griddepcontrol.launch_dependents
// HOPPER-COUNT-8: ld.global.v4.b32
// HOPPER: griddepcontrol.wait
// HOPPER: {{fma[.]rn[.]f32[^x]}}
// HOPPER: shfl.sync.bfly.b32
// HOPPER: bar.sync
// HOPPER: cvt.rn.bf16.f32
// HOPPER: st.global.b16
// HOPPER-LABEL: .visible .entry few_rows_product_bf16_bf16(
// HOPPER: .maxntid 128, 1, 1
// HOPPER-NEXT: .minnctapersm 2
// HOPPER-NOT: cluster
// HOPPER: griddepcontrol.launch_dependents
// HOPPER-COUNT-24: cp.async.cg.shared.global
// HOPPER: griddepcontrol.wait
// HOPPER: cp.async.wait_group 2;
// HOPPER: wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16
// HOPPER: cvt.rn.bf16x2.f32
// HOPPER: st.global
// HOPPER-LABEL: .visible .entry few_rows_product_bf16_bf16_x4(
// HOPPER: .maxntid 128, 1, 1
// HOPPER-NEXT: .minnctapersm 2
// HOPPER-NEXT: .explicitcluster
// HOPPER-NEXT: .reqnctapercluster 4, 1, 1
// HOPPER: griddepcontrol.launch_dependents
// HOPPER-COUNT-24: cp.async.cg.shared.global
// HOPPER: griddepcontrol.wait
// HOPPER: cp.async.wait_group 2;
// HOPPER: wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16
// HOPPER: st.shared.v2.b32
// HOPPER: barrier.cluster.wait
// HOPPER-COUNT-16: mapa.shared::cluster
// HOPPER: cvt.rn.bf16x2.f32
// HOPPER: st.global
// HOPPER: barrier.cluster.wait
// HOPPER-LABEL: .visible .entry few_rows_product_bf16_bf16_x8(
// HOPPER: .maxntid 128, 1, 1
// HOPPER-NEXT: .minnctapersm 2
// HOPPER-NEXT: .explicitcluster
// HOPPER-NEXT: .reqnctapercluster 8, 1, 1
// HOPPER: griddepcontrol.launch_dependents
// HOPPER-COUNT-24: cp.async.cg.shared.global
// HOPPER: griddepcontrol.wait
// HOPPER: cp.async.wait_group 2;
// HOPPER: wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16
// HOPPER: st.shared.v2.b32
// HOPPER: barrier.cluster.wait
// HOPPER-COUNT-16: mapa.shared::cluster
// HOPPER: cvt.rn.bf16x2.f32
// HOPPER: st.global
// HOPPER: barrier.cluster.wait
// SM100-LABEL: .visible .entry row_product_bf16_bf16_64x4(
// SM100: .maxntid 256, 1, 1
// SM100-NEXT: .explicitcluster
// SM100-NEXT: .reqnctapercluster 4, 1, 1
// SM100: .shared .align 4 .b8 {{.*}}[2048];
// SM100: griddepcontrol.launch_dependents
// SM100-COUNT-8: ld.global.{{v4[.]b32|v2[.]b64}}
// SM100: griddepcontrol.wait
// SM100: fma.rn.f32x2
// SM100: shfl.sync.bfly.b32
// SM100: bar.sync
// SM100: barrier.cluster.arrive
// SM100-NEXT: barrier.cluster.wait
// SM100-COUNT-3: mapa.shared::cluster
// SM100: cvt.rn.bf16.f32
// SM100: st.global.b16
// SM100: barrier.cluster.wait
// SM100-LABEL: .visible .entry row_product_bf16_bf16_64(
// SM100: .maxntid 256, 1, 1
// SM100-NOT: cluster
// SM100: .shared .align 4 .b8 {{.*}}[2048];
// SM100: griddepcontrol.launch_dependents
// SM100-COUNT-8: ld.global.{{v4[.]b32|v2[.]b64}}
// SM100: griddepcontrol.wait
// SM100: fma.rn.f32x2
// SM100: shfl.sync.bfly.b32
// SM100: bar.sync
// SM100: cvt.rn.bf16.f32
// SM100: st.global.b16
// HOST-LABEL: func.func @bf16(
// HOST: @row_product_bf16_bf16_64x4 {{.*}} threads in (%c256{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}})
// HOST: @few_rows_product_bf16_bf16_x8 {{.*}} threads in (%c128{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}}) dynamic_shared_memory_size %c99328_i32
func.func @bf16(%a: memref<?x32xbf16>, %w: memref<32x48xbf16> {blockattn.weight = 0 : i64}, %c: memref<?x48xbf16>) {
  %zero = arith.constant 0.0 : bf16
  linalg.fill ins(%zero : bf16) outs(%c : memref<?x48xbf16>)
  linalg.matmul ins(%a, %w : memref<?x32xbf16>, memref<32x48xbf16>) outs(%c : memref<?x48xbf16>)
  return
}

// Added to what is there.
// SM80-LABEL: .visible .entry row_product_f16_add_f16_16(
// SM80: {{fma[.]rn[.]f32[^x]}}
// SM80: bar.sync
// SM80: ld.global.b16
// SM80: cvt.rn.f16.f32
// SM80: st.global.b16
// SM80-LABEL: .visible .entry row_product_f16_add_f16_64(
// SM80: {{fma[.]rn[.]f32[^x]}}
// SM80: bar.sync
// SM80: ld.global.b16
// SM80: cvt.rn.f16.f32
// SM80: st.global.b16
// HOPPER-LABEL: .visible .entry row_product_f16_add_f16_64x4(
// HOPPER: {{fma[.]rn[.]f32[^x]}}
// HOPPER: bar.sync
// HOPPER: ld.global.b16
// HOPPER: cvt.rn.f16.f32
// HOPPER: st.global.b16
// HOPPER-LABEL: .visible .entry row_product_f16_add_f16_64(
// HOPPER: {{fma[.]rn[.]f32[^x]}}
// HOPPER: bar.sync
// HOPPER: ld.global.b16
// HOPPER: cvt.rn.f16.f32
// HOPPER: st.global.b16
// HOPPER-LABEL: .visible .entry few_rows_product_f16_add_f16(
// HOPPER: wgmma.mma_async.sync.aligned.m64n128k16.f32.f16.f16
// HOPPER: cvt.rn.f16x2.f32
// HOPPER: st.global.
// HOPPER-LABEL: .visible .entry few_rows_product_f16_add_f16_x4(
// HOPPER: wgmma.mma_async.sync.aligned.m64n128k16.f32.f16.f16
// HOPPER: cvt.rn.f16x2.f32
// HOPPER: st.global.
// HOPPER-LABEL: .visible .entry few_rows_product_f16_add_f16_x8(
// HOPPER: wgmma.mma_async.sync.aligned.m64n128k16.f32.f16.f16
// HOPPER: cvt.rn.f16x2.f32
// HOPPER: st.global.
// SM100-LABEL: .visible .entry row_product_f16_add_f16_64x4(
// SM100: fma.rn.f32x2
// SM100: bar.sync
// SM100: ld.global.b16
// SM100: cvt.rn.f16.f32
// SM100: st.global.b16
// SM100-LABEL: .visible .entry row_product_f16_add_f16_64(
// SM100: fma.rn.f32x2
// SM100: bar.sync
// SM100: ld.global.b16
// SM100: cvt.rn.f16.f32
// SM100: st.global.b16
// HOST-LABEL: func.func @added(
// HOST: @row_product_f16_add_f16_64x4 {{.*}} threads in (%c256{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}})
// HOST: @few_rows_product_f16_add_f16_x8 {{.*}} threads in (%c128{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}}) dynamic_shared_memory_size %c99328_i32
func.func @added(%a: memref<?x32xf16>, %w: memref<32x48xf16> {blockattn.weight = 1 : i64}, %c: memref<?x48xf16>) {
  linalg.matmul ins(%a, %w : memref<?x32xf16>, memref<32x48xf16>) outs(%c : memref<?x48xf16>)
  return
}

// f32 of 16-bit floats.
// SM80-LABEL: .visible .entry row_product_bf16_f32_16(
// SM80: {{fma[.]rn[.]f32[^x]}}
// SM80-NOT: cvt.rn
// SM80: st.global.b32
// SM80-LABEL: .visible .entry row_product_bf16_f32_64(
// SM80: {{fma[.]rn[.]f32[^x]}}
// SM80-NOT: cvt.rn
// SM80: st.global.b32
// HOPPER-LABEL: .visible .entry row_product_bf16_f32_64x4(
// HOPPER: {{fma[.]rn[.]f32[^x]}}
// HOPPER-NOT: cvt.rn
// HOPPER: st.global.b32
// HOPPER-LABEL: .visible .entry row_product_bf16_f32_64(
// HOPPER: {{fma[.]rn[.]f32[^x]}}
// HOPPER-NOT: cvt.rn
// HOPPER: st.global.b32
// HOPPER-LABEL: .visible .entry few_rows_product_bf16_f32(
// HOPPER: wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16
// HOPPER-NOT: cvt.rn
// HOPPER: st.global.
// HOPPER-LABEL: .visible .entry few_rows_product_bf16_f32_x4(
// HOPPER: wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16
// HOPPER-NOT: cvt.rn
// HOPPER: st.global.
// HOPPER-LABEL: .visible .entry few_rows_product_bf16_f32_x8(
// HOPPER: wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16
// HOPPER-NOT: cvt.rn
// HOPPER: st.global.
// SM100-LABEL: .visible .entry row_product_bf16_f32_64x4(
// SM100: fma.rn.f32x2
// SM100-NOT: cvt.rn
// SM100: st.global.b32
// SM100-LABEL: .visible .entry row_product_bf16_f32_64(
// SM100: fma.rn.f32x2
// SM100-NOT: cvt.rn
// SM100: st.global.b32
// HOST-LABEL: func.func @logits(
// HOST: @row_product_bf16_f32_64x4 {{.*}} threads in (%c256{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}})
// HOST: @few_rows_product_bf16_f32_x8 {{.*}} threads in (%c128{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}}) dynamic_shared_memory_size %c99328_i32
func.func @logits(%a: memref<?x32xbf16>, %w: memref<32x48xbf16> {blockattn.weight = 2 : i64}, %c: memref<?x48xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%c : memref<?x48xf32>)
  linalg.matmul ins(%a, %w : memref<?x32xbf16>, memref<32x48xbf16>) outs(%c : memref<?x48xf32>)
  return
}

// f32 is never multiplied by tensor cores.
// SM80-LABEL: .visible .entry row_product_f32_f32_16(
// SM80: {{fma[.]rn[.]f32[^x]}}
// SM80-NOT: cvt.rn
// SM80: st.global.b32
// SM80-LABEL: .visible .entry row_product_f32_f32_64(
// SM80: {{fma[.]rn[.]f32[^x]}}
// SM80-NOT: cvt.rn
// SM80: st.global.b32
// HOPPER-LABEL: .visible .entry row_product_f32_f32_64x4(
// HOPPER: {{fma[.]rn[.]f32[^x]}}
// HOPPER-NOT: cvt.rn
// HOPPER: st.global.b32
// HOPPER-LABEL: .visible .entry row_product_f32_f32_64(
// HOPPER: {{fma[.]rn[.]f32[^x]}}
// HOPPER-NOT: cvt.rn
// HOPPER: st.global.b32
// SM100-LABEL: .visible .entry row_product_f32_f32_64x4(
// SM100: fma.rn.f32x2
// SM100-NOT: cvt.rn
// SM100: st.global.b32
// SM100-LABEL: .visible .entry row_product_f32_f32_64(
// SM100: fma.rn.f32x2
// SM100-NOT: cvt.rn
// SM100: st.global.b32
// HOST-LABEL: func.func @f32(
// HOST: @row_product_f32_f32_64x4 {{.*}} threads in (%c256{{[_0-9]*}}, %c1{{[_0-9]*}}, %c1{{[_0-9]*}})
func.func @f32(%a: memref<?x32xf32>, %w: memref<32x48xf32> {blockattn.weight = 3 : i64}, %c: memref<?x48xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%c : memref<?x48xf32>)
  linalg.matmul ins(%a, %w : memref<?x32xf32>, memref<32x48xf32>) outs(%c : memref<?x48xf32>)
  return
}

// RUN: blockattn-opt %s --blockattn-lower-attention-to-cuda --canonicalize --split-input-file | FileCheck %s --check-prefixes=CHECK,SMALL
// RUN: blockattn-opt %s --blockattn-lower-attention-to-cuda=chip=sm_86 --canonicalize --split-input-file | FileCheck %s --check-prefixes=CHECK,SMALL
// RUN: blockattn-opt %s --blockattn-lower-attention-to-cuda=chip=sm_90 --canonicalize --split-input-file | FileCheck %s --check-prefixes=CHECK,SMALL
// RUN: blockattn-opt %s --blockattn-lower-attention-to-cuda=chip=sm_120 --canonicalize --split-input-file | FileCheck %s --check-prefixes=CHECK,SMALL
// RUN: blockattn-opt %s --blockattn-lower-attention-to-cuda=chip=sm_90a --canonicalize --split-input-file | FileCheck %s --check-prefixes=CHECK,LARGE
// RUN: blockattn-opt %s --blockattn-lower-attention-to-cuda=chip=sm_100a --canonicalize --split-input-file | FileCheck %s --check-prefixes=CHECK,LARGE

// A thread block of sm_86, sm_89 and sm_120 has 101376 bytes of shared memory,
// and code without a letter runs there as well: long heads have fewer keys in a
// tile. Where there is more, they keep their tile.

// CHECK-LABEL: func.func @tensor_cores
// SMALL:         %[[BYTES:.*]] = arith.constant 67712 : i32
// LARGE:         %[[BYTES:.*]] = arith.constant 101504 : i32
// CHECK:         gpu.launch_func @kernels::@attention_0_mma_d256 {{.*}} dynamic_shared_memory_size %[[BYTES]]
func.func @tensor_cores(%q: memref<1x?x4x256xbf16>, %k: memref<1x?x2x256xbf16>, %o: memref<1x?x4x256xbf16>) {
  blockattn.attention_kernel %q, %k, %k outs(%o : memref<1x?x4x256xbf16>)
      {scale = 0.0625 : f32, causal} : memref<1x?x4x256xbf16>, memref<1x?x2x256xbf16>, memref<1x?x2x256xbf16>
  return
}

// -----

// The turns of a rotary embedding take their part.
// CHECK-LABEL: func.func @rotated
// SMALL:         %[[BYTES:.*]] = arith.constant 68736 : i32
// LARGE:         %[[BYTES:.*]] = arith.constant 102528 : i32
// CHECK:         gpu.launch_func @kernels::@attention_0_mma_d256 {{.*}} dynamic_shared_memory_size %[[BYTES]]
func.func @rotated(%q: memref<1x?x4x256xbf16>, %k: memref<1x?x2x256xbf16>, %cache: memref<?x?xi64>, %o: memref<1x?x4x256xbf16>) {
  blockattn.attention_kernel %q, %k, %k cache(%cache : memref<?x?xi64>) outs(%o : memref<1x?x4x256xbf16>)
      {scale = 0.0625 : f32, causal, layer = 0 : i64, query_rotary = #blockattn.rope<inv_freq = dense<1.0> : tensor<128xf32>, interleaved = false, scale = 1.0>}
      : memref<1x?x4x256xbf16>, memref<1x?x2x256xbf16>, memref<1x?x2x256xbf16>
  return
}

// -----

// CHECK-LABEL: func.func @full_precision
// SMALL:         %[[BYTES:.*]] = arith.constant 68608 : i32
// LARGE:         %[[BYTES:.*]] = arith.constant 141184 : i32
// CHECK:         gpu.launch_func @kernels::@attention_0_simt_d256 {{.*}} dynamic_shared_memory_size %[[BYTES]]
func.func @full_precision(%q: memref<1x?x4x256xf32>, %k: memref<1x?x2x256xf32>, %o: memref<1x?x4x256xf32>) {
  blockattn.attention_kernel %q, %k, %k outs(%o : memref<1x?x4x256xf32>)
      {scale = 0.0625 : f32, causal} : memref<1x?x4x256xf32>, memref<1x?x2x256xf32>, memref<1x?x2x256xf32>
  return
}

// -----

// What fits everywhere is the same everywhere.
// CHECK-LABEL: func.func @ordinary
// CHECK:         %[[BYTES:.*]] = arith.constant 75648 : i32
// CHECK:         gpu.launch_func @kernels::@attention_0_simt_d128 {{.*}} dynamic_shared_memory_size %[[BYTES]]
func.func @ordinary(%q: memref<1x?x4x128xf32>, %k: memref<1x?x2x128xf32>, %o: memref<1x?x4x128xf32>) {
  blockattn.attention_kernel %q, %k, %k outs(%o : memref<1x?x4x128xf32>)
      {scale = 0.0625 : f32, causal} : memref<1x?x4x128xf32>, memref<1x?x2x128xf32>, memref<1x?x2x128xf32>
  return
}

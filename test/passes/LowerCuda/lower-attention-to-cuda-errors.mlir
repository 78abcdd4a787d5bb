// RUN: blockattn-opt %s --blockattn-lower-attention-to-cuda --split-input-file --verify-diagnostics
// RUN: not blockattn-opt %s --blockattn-lower-attention-to-cuda=chip=sm_7 --split-input-file 2>&1 | FileCheck %s --check-prefix=CHIP

// CHIP: error: there is no architecture 'sm_7'; those known are sm_80, sm_86, sm_89, sm_90, sm_90a, sm_100, sm_100a, sm_120

func.func @tensors(%q: tensor<1x4x2x8xf32>, %k: tensor<1x4x1x8xf32>, %o: tensor<1x4x2x8xf32>) -> tensor<1x4x2x8xf32> {
  // expected-error@+1 {{attention on tensors cannot become code; bufferize it first (--blockattn-bufferize)}}
  %0 = blockattn.attention_kernel %q, %k, %k outs(%o : tensor<1x4x2x8xf32>) {scale = 0.5 : f32}
      : tensor<1x4x2x8xf32>, tensor<1x4x1x8xf32>, tensor<1x4x1x8xf32> -> tensor<1x4x2x8xf32>
  return %0 : tensor<1x4x2x8xf32>
}

// -----

func.func @unknown(%q: memref<1x?x2x?xf32>, %k: memref<1x?x1x?xf32>, %o: memref<1x?x2x?xf32>) {
  // expected-error@+1 {{no CUDA kernel for this attention: its head size is not known; give the model's inputs static head dimensions; compile with --target=cpu}}
  blockattn.attention_kernel %q, %k, %k outs(%o : memref<1x?x2x?xf32>) {scale = 0.5 : f32}
      : memref<1x?x2x?xf32>, memref<1x?x1x?xf32>, memref<1x?x1x?xf32>
  return
}

// -----

func.func @large(%q: memref<1x?x2x264xbf16>, %k: memref<1x?x1x264xbf16>, %o: memref<1x?x2x264xbf16>) {
  // expected-error@+1 {{no CUDA kernel for this attention: its head size 264 is above 256; compile with --target=cpu}}
  blockattn.attention_kernel %q, %k, %k outs(%o : memref<1x?x2x264xbf16>) {scale = 0.5 : f32}
      : memref<1x?x2x264xbf16>, memref<1x?x1x264xbf16>, memref<1x?x1x264xbf16>
  return
}

// -----

func.func @spread(%q: memref<1x?x2x8xf32>, %k: memref<1x?x1x8xf32, strided<[?, 16, 16, 2]>>, %o: memref<1x?x2x8xf32>) {
  // expected-error@+1 {{no CUDA kernel for this attention: the elements of a head are not beside one another in memory; compile with --target=cpu}}
  blockattn.attention_kernel %q, %k, %k outs(%o : memref<1x?x2x8xf32>) {scale = 0.5 : f32}
      : memref<1x?x2x8xf32>, memref<1x?x1x8xf32, strided<[?, 16, 16, 2]>>, memref<1x?x1x8xf32, strided<[?, 16, 16, 2]>>
  return
}

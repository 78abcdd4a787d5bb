// RUN: blockattn-opt %s --pass-pipeline='builtin.module(func.func(blockattn-split-attention))' --split-input-file | FileCheck %s
// RUN: not blockattn-opt %s --pass-pipeline='builtin.module(func.func(blockattn-split-attention{chip=sm_7}))' --split-input-file 2>&1 | FileCheck %s --check-prefix=CHIP

// CHIP: error: there is no architecture 'sm_7'; those known are sm_80, sm_86, sm_89, sm_90, sm_90a, sm_100, sm_100a, sm_120

// Nothing else makes the pass fail: attention that gets no memory to work in stays as it
// is.

// On tensors there is no memory yet.
// CHECK-LABEL: func.func @tensors
// CHECK-NOT:     alloc
// CHECK:         blockattn.attention_kernel {{.*}} outs(%{{[a-z0-9]*}} : tensor<1x?x8x64xf16>)
// CHECK-NEXT:    return
func.func @tensors(%q: tensor<1x?x8x64xf16>, %k: tensor<1x?x2x64xf16>, %cache: tensor<?x?xi64>, %o: tensor<1x?x8x64xf16>) -> tensor<1x?x8x64xf16> {
  %0 = blockattn.attention_kernel %q, %k, %k cache(%cache : tensor<?x?xi64>) outs(%o : tensor<1x?x8x64xf16>)
      {scale = 0.125 : f32, causal, layer = 0 : i64} : tensor<1x?x8x64xf16>, tensor<1x?x2x64xf16>, tensor<1x?x2x64xf16> -> tensor<1x?x8x64xf16>
  return %0 : tensor<1x?x8x64xf16>
}

// -----

// A layout's blocks are computed with their queries.
// CHECK-LABEL: func.func @layout
// CHECK-NOT:     alloc
// CHECK:         blockattn.attention_kernel {{.*}} outs(%{{[a-z0-9]*}} : memref<1x?x8x64xf16>)
// CHECK-NEXT:    return
func.func @layout(%q: memref<1x?x8x64xf16>, %k: memref<1x?x2x64xf16>, %first: memref<?xi64>, %o: memref<1x?x8x64xf16>) {
  blockattn.attention_kernel %q, %k, %k first_key(%first : memref<?xi64>) outs(%o : memref<1x?x8x64xf16>)
      {scale = 0.125 : f32, causal} : memref<1x?x8x64xf16>, memref<1x?x2x64xf16>, memref<1x?x2x64xf16>
  return
}

// -----

// It has its memory already: a second run of the pass adds none.
// CHECK-LABEL: func.func @twice
// CHECK-NOT:     alloc
// CHECK:         blockattn.attention_kernel {{.*}} outs(%{{[a-z0-9]*}}, %{{[a-z0-9]*}} : memref<1x?x8x64xf16>, memref<?xf32>)
// CHECK-NEXT:    return
func.func @twice(%q: memref<1x?x8x64xf16>, %k: memref<1x?x2x64xf16>, %cache: memref<?x?xi64>, %o: memref<1x?x8x64xf16>, %w: memref<?xf32>) {
  blockattn.attention_kernel %q, %k, %k cache(%cache : memref<?x?xi64>) outs(%o, %w : memref<1x?x8x64xf16>, memref<?xf32>)
      {scale = 0.125 : f32, causal, layer = 0 : i64} : memref<1x?x8x64xf16>, memref<1x?x2x64xf16>, memref<1x?x2x64xf16>
  return
}

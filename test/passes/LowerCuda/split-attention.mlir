// RUN: blockattn-opt %s --pass-pipeline='builtin.module(func.func(blockattn-split-attention,canonicalize))' | FileCheck %s --check-prefixes=CHECK,SM80
// RUN: blockattn-opt %s --pass-pipeline='builtin.module(func.func(blockattn-split-attention{chip=sm_86},canonicalize))' | FileCheck %s --check-prefixes=CHECK,SM86

// Two parts or more need memory: for each row its outputs and its log-sum-exp.
// CHECK-LABEL: func.func @few_queries
// CHECK-SAME:    (%[[Q:.*]]: memref<1x?x8x64xf16>
// CHECK-DAG:     %[[C65:.*]] = arith.constant 65 : index
// As many thread blocks as fill a GPU, two on each multiprocessor.
// SM80-DAG:      arith.constant 264 : index
// SM86-DAG:      arith.constant 168 : index
// CHECK-DAG:     %[[C64:.*]] = arith.constant 64 : index
// CHECK:         %[[QUERIES:.*]] = memref.dim
// CHECK:         %[[PARTS:.*]] = arith.minsi %{{.*}}, %[[C64]]
// CHECK:         %[[SIZE:.*]] = arith.muli
// CHECK:         %[[MEMORY:.*]] = memref.alloc(%{{.*}}) : memref<?xf32>
// CHECK:         blockattn.attention_kernel {{.*}} outs(%{{.*}}, %[[MEMORY]] : memref<1x?x8x64xf16>, memref<?xf32>)
func.func @few_queries(%q: memref<1x?x8x64xf16>, %k: memref<1x?x2x64xf16>, %cache: memref<?x?xi64>, %o: memref<1x?x8x64xf16>) {
  blockattn.attention_kernel %q, %k, %k cache(%cache : memref<?x?xi64>) outs(%o : memref<1x?x8x64xf16>)
      {scale = 0.125 : f32, causal, layer = 0 : i64} : memref<1x?x8x64xf16>, memref<1x?x2x64xf16>, memref<1x?x2x64xf16>
  return
}

// Without cached blocks there are as many queries as keys, and no need.
// CHECK-LABEL: func.func @prefill
// CHECK-NOT:     memref.alloc
func.func @prefill(%q: memref<1x?x8x64xf16>, %k: memref<1x?x2x64xf16>, %o: memref<1x?x8x64xf16>) {
  blockattn.attention_kernel %q, %k, %k outs(%o : memref<1x?x8x64xf16>)
      {scale = 0.125 : f32, causal} : memref<1x?x8x64xf16>, memref<1x?x2x64xf16>, memref<1x?x2x64xf16>
  return
}

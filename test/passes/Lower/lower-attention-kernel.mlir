// RUN: blockattn-opt %s --blockattn-lower-attention-kernel --split-input-file | FileCheck %s

// Tasks are (sequence, key head, tile of rows); the scratch memory of a task
// has constant size, whatever the number of keys.
// CHECK-LABEL: func.func @plain
// CHECK-SAME:    (%[[Q:.*]]: memref<?x?x4x64xf32>, %[[K:.*]]: memref<?x?x2x64xf32>, %[[V:.*]]: memref<?x?x2x64xf32>
// CHECK-NOT:     blockattn.attention_kernel
// CHECK:         scf.parallel
// CHECK:           memref.alloca() {{.*}} : memref<8x64x16xf32>
// CHECK:           memref.alloca() {{.*}} : memref<96x16xf32>
// CHECK:           %[[KEYS:.*]] = memref.subview %[[K]]{{.*}} to memref<?x64xf32, strided<[128, 1], offset: ?>>
// CHECK:           scf.for
// CHECK:             scf.for
// Six keys at once, one after the other along the head.
// CHECK:               scf.for {{.*}} -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>)
// CHECK:                 memref.load %[[KEYS]]
// CHECK:                 vector.broadcast
// Without a mask nothing is compared with a position.
// CHECK-NOT:     arith.cmpi sge
// CHECK:         return
func.func @plain(%q: memref<?x?x4x64xf32>, %k: memref<?x?x2x64xf32>, %v: memref<?x?x2x64xf32>,
                 %o: memref<?x?x4x64xf32>) {
  blockattn.attention_kernel %q, %k, %v outs(%o : memref<?x?x4x64xf32>) {scale = 0.125 : f32}
      : memref<?x?x4x64xf32>, memref<?x?x2x64xf32>, memref<?x?x2x64xf32>
  return
}

// -----

// Under a layout each row has a first and a last key; only tiles at the edge
// of what a group of rows sees are masked one by one.
// CHECK-LABEL: func.func @layout
// CHECK:         memref.load %{{.*}} : memref<?xi64>
// CHECK:         scf.if {{.*}} -> (vector<16xf32>)
// CHECK:         arith.cmpi sge, %{{.*}} : vector<16xi32>
// CHECK:         arith.cmpi sle, %{{.*}} : vector<16xi32>
func.func @layout(%q: memref<1x?x4x64xf32>, %k: memref<1x?x4x64xf32>, %first: memref<?xi64>,
                  %o: memref<1x?x4x64xf32>) {
  blockattn.attention_kernel %q, %k, %k first_key(%first : memref<?xi64>)
      outs(%o : memref<1x?x4x64xf32>) {scale = 0.125 : f32, causal}
      : memref<1x?x4x64xf32>, memref<1x?x4x64xf32>, memref<1x?x4x64xf32>
  return
}

// -----

// Cached keys are read where they lie; the queries are turned, once a block.
// CHECK-LABEL: func.func @cache
// CHECK-SAME:    %[[TABLE:[a-z0-9]*]]: memref<?x?xi64>
// CHECK:         %[[C5:.*]] = arith.constant 6 : index
// CHECK:         %[[ADDRESS:.*]] = memref.load %[[TABLE]][%{{.*}}, %[[C5]]]
// CHECK:         llvm.inttoptr %[[ADDRESS]] : i64 to !llvm.ptr
// CHECK:         math.cos %{{.*}} : f64
// CHECK:         math.sin %{{.*}} : f64
func.func @cache(%q: memref<1x?x4x16xf32>, %k: memref<1x?x2x16xf32>, %table: memref<?x?xi64>,
                 %o: memref<1x?x4x16xf32>) {
  blockattn.attention_kernel %q, %k, %k cache(%table : memref<?x?xi64>)
      outs(%o : memref<1x?x4x16xf32>)
      {scale = 0.25 : f32, causal, layer = 1 : i64,
       query_rotary = #blockattn.rope<inv_freq = dense<[1.0, 0.1]> : tensor<2xf32>>}
      : memref<1x?x4x16xf32>, memref<1x?x2x16xf32>, memref<1x?x2x16xf32>
  return
}

// -----

// A soft cap, a mask of keys, half precision, and the log-sum-exp.
// CHECK-LABEL: func.func @rest
// CHECK:         arith.extf %{{.*}} : f16 to f32
// CHECK:         math.tanh %{{.*}} : vector<16xf32>
// CHECK:         memref.load %{{.*}} : memref<?xi1, {{.*}}>
// CHECK:         math.log %{{.*}} : vector<16xf32>
// CHECK:         arith.truncf %{{.*}} : f32 to f16
func.func @rest(%q: memref<?x?x4x16xf16>, %k: memref<?x?x2x16xf16>, %mask: memref<?x?xi1>,
                %o: memref<?x?x4x16xf16>, %lse: memref<?x?x4xf32>) {
  blockattn.attention_kernel %q, %k, %k key_mask(%mask : memref<?x?xi1>)
      outs(%o, %lse : memref<?x?x4x16xf16>, memref<?x?x4xf32>)
      {scale = 0.25 : f32, softcap = 30.0 : f32}
      : memref<?x?x4x16xf16>, memref<?x?x2x16xf16>, memref<?x?x2x16xf16>
  return
}

// RUN: blockattn-opt %s --blockattn-narrow-products --split-input-file | FileCheck %s

#map = affine_map<(i, j) -> (i, j)>

// The product writes what the conversion would have.
// CHECK-LABEL: func.func @narrow
// CHECK-SAME:    (%[[A:.*]]: memref<?x32xbf16>, %[[B:.*]]: memref<16x32xbf16>, %[[OUT:.*]]: memref<?x16xbf16>)
// CHECK-NOT:     memref.alloc
// CHECK:         linalg.fill ins(%{{.*}} : bf16) outs(%[[OUT]] : memref<?x16xbf16>)
// CHECK-NEXT:    linalg.matmul indexing_maps = {{.*}} ins(%[[A]], %[[B]] : memref<?x32xbf16>, memref<16x32xbf16>) outs(%[[OUT]] : memref<?x16xbf16>)
// CHECK-NOT:     linalg.generic
func.func @narrow(%a: memref<?x32xbf16>, %b: memref<16x32xbf16>, %out: memref<?x16xbf16>) {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %n = memref.dim %a, %c0 : memref<?x32xbf16>
  %c = memref.alloc(%n) : memref<?x16xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<?x16xf32>)
  linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
                                 affine_map<(m, n, k) -> (n, k)>,
                                 affine_map<(m, n, k) -> (m, n)>]
      ins(%a, %b : memref<?x32xbf16>, memref<16x32xbf16>) outs(%c : memref<?x16xf32>)
  linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c : memref<?x16xf32>) outs(%out : memref<?x16xbf16>) {
  ^bb0(%x: f32, %y: bf16):
    %r = arith.truncf %x : f32 to bf16
    linalg.yield %r : bf16
  }
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>

// Somebody else reads the sums, or changes a factor in between.
// CHECK-LABEL: func.func @stays
// CHECK:         linalg.matmul {{.*}} outs(%{{.*}} : memref<4x4xf32>)
// CHECK:         linalg.matmul {{.*}} outs(%{{.*}} : memref<4x4xf32>)
func.func @stays(%a: memref<4x8xf16>, %b: memref<8x4xf16>, %out: memref<4x4xf16>, %sums: memref<4x4xf32>) {
  %zero = arith.constant 0.0 : f32
  %h = arith.constant 1.0 : f16
  %c = memref.alloc() : memref<4x4xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<4x4xf32>)
  linalg.matmul ins(%a, %b : memref<4x8xf16>, memref<8x4xf16>) outs(%c : memref<4x4xf32>)
  linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c : memref<4x4xf32>) outs(%out : memref<4x4xf16>) {
  ^bb0(%x: f32, %y: f16):
    %r = arith.truncf %x : f32 to f16
    linalg.yield %r : f16
  }
  memref.copy %c, %sums : memref<4x4xf32> to memref<4x4xf32>
  %d = memref.alloc() : memref<4x4xf32>
  linalg.fill ins(%zero : f32) outs(%d : memref<4x4xf32>)
  linalg.matmul ins(%a, %b : memref<4x8xf16>, memref<8x4xf16>) outs(%d : memref<4x4xf32>)
  linalg.fill ins(%h : f16) outs(%a : memref<4x8xf16>)
  linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%d : memref<4x4xf32>) outs(%out : memref<4x4xf16>) {
  ^bb0(%x: f32, %y: f16):
    %r = arith.truncf %x : f32 to f16
    linalg.yield %r : f16
  }
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#map3 = affine_map<(i, j, k) -> (i, j, k)>

// What would be rounded only to be made f32 again is not rounded, in whatever
// shape it is wanted.
// CHECK-LABEL: func.func @widen
// CHECK-SAME:    (%[[A:.*]]: memref<?x32xbf16>, %[[B:.*]]: memref<32x16xbf16>, %[[OUT:.*]]: memref<1x?x16xf32>, %[[N:.*]]: index)
// CHECK-NOT:     memref.alloc
// CHECK:         %[[C:.*]] = memref.reinterpret_cast %[[OUT]] to offset: [0], sizes: [%[[N]], 16], strides: [16, 1]
// CHECK:         linalg.fill ins(%{{.*}} : f32) outs(%[[C]] : memref<?x16xf32>)
// CHECK-NEXT:    linalg.matmul ins(%[[A]], %[[B]] : {{.*}}) outs(%[[C]] : memref<?x16xf32>)
// CHECK-NOT:     linalg.generic
func.func @widen(%a: memref<?x32xbf16>, %b: memref<32x16xbf16>, %out: memref<1x?x16xf32>, %n: index) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc(%n) : memref<?x16xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<?x16xf32>)
  linalg.matmul ins(%a, %b : memref<?x32xbf16>, memref<32x16xbf16>) outs(%c : memref<?x16xf32>)
  %half = memref.alloc(%n) : memref<?x16xbf16>
  linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c : memref<?x16xf32>) outs(%half : memref<?x16xbf16>) {
  ^bb0(%x: f32, %y: bf16):
    %r = arith.truncf %x : f32 to bf16
    linalg.yield %r : bf16
  }
  %shown = memref.expand_shape %half [[0, 1], [2]] output_shape [1, %n, 16] : memref<?x16xbf16> into memref<1x?x16xbf16>
  linalg.generic {indexing_maps = [#map3, #map3], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%shown : memref<1x?x16xbf16>) outs(%out : memref<1x?x16xf32>) {
  ^bb0(%x: bf16, %y: f32):
    %r = arith.extf %x : bf16 to f32
    linalg.yield %r : f32
  }
  return
}

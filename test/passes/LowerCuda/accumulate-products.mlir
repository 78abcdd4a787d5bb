// RUN: blockattn-opt %s --allow-unregistered-dialect --blockattn-accumulate-products --split-input-file | FileCheck %s

#map = affine_map<(i, j, k) -> (i, j, k)>

// Nothing reads %x afterwards: it is where the sum is made, whatever shape the
// product has been given since.
// CHECK-LABEL: func.func @add
// CHECK-SAME:    (%[[A:.*]]: memref<?x32xbf16>, %[[B:.*]]: memref<32x16xbf16>, %[[N:.*]]: index, %[[M:.*]]: index
// CHECK:         %[[ROWS:.*]] = arith.muli %[[N]], %[[M]]
// CHECK:         %[[X:.*]] = memref.alloc(%[[N]], %[[M]]) : memref<?x?x16xbf16>
// CHECK:         "test.make"(%[[X]])
// CHECK-NOT:     memref.alloc
// CHECK-NOT:     linalg.fill
// CHECK:         %[[SUMS:.*]] = memref.reinterpret_cast %[[X]] to offset: [0], sizes: [%[[ROWS]], 16], strides: [16, 1]
// CHECK:         linalg.matmul ins(%[[A]], %[[B]] : {{.*}}) outs(%[[SUMS]] : memref<?x16xbf16>)
// CHECK-NOT:     linalg.generic
// CHECK:         "test.use"(%[[X]])
func.func @add(%a: memref<?x32xbf16>, %b: memref<32x16xbf16>, %n: index, %m: index) {
  %zero = arith.constant 0.0 : bf16
  %c16 = arith.constant 16 : index
  %rows = arith.muli %n, %m : index
  %stride = arith.muli %m, %c16 : index
  %x = memref.alloc(%n, %m) : memref<?x?x16xbf16>
  "test.make"(%x) : (memref<?x?x16xbf16>) -> ()
  %c = memref.alloc(%rows) : memref<?x16xbf16>
  linalg.fill ins(%zero : bf16) outs(%c : memref<?x16xbf16>)
  linalg.matmul ins(%a, %b : memref<?x32xbf16>, memref<32x16xbf16>) outs(%c : memref<?x16xbf16>)
  %cv = memref.reinterpret_cast %c to offset: [0], sizes: [%n, %m, 16], strides: [%stride, 16, 1] : memref<?x16xbf16> to memref<?x?x16xbf16>
  %out = memref.alloc(%n, %m) : memref<?x?x16xbf16>
  linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x, %cv : memref<?x?x16xbf16>, memref<?x?x16xbf16>) outs(%out : memref<?x?x16xbf16>) {
  ^bb0(%p: bf16, %q: bf16, %o: bf16):
    %pw = arith.extf %p : bf16 to f32
    %qw = arith.extf %q : bf16 to f32
    %s = arith.addf %pw, %qw : f32
    %r = arith.truncf %s : f32 to bf16
    linalg.yield %r : bf16
  }
  "test.use"(%out) : (memref<?x?x16xbf16>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>

// f32, and the product comes first.
// CHECK-LABEL: func.func @first
// CHECK:         %[[X:.*]] = memref.alloc() : memref<4x4xf32>
// CHECK:         linalg.matmul ins({{.*}}) outs(%[[X]] : memref<4x4xf32>)
// CHECK-NEXT:    "test.use"(%[[X]])
func.func @first(%a: memref<4x8xf32>, %b: memref<8x4xf32>) {
  %zero = arith.constant 0.0 : f32
  %x = memref.alloc() : memref<4x4xf32>
  "test.make"(%x) : (memref<4x4xf32>) -> ()
  %c = memref.alloc() : memref<4x4xf32>
  %out = memref.alloc() : memref<4x4xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<4x4xf32>)
  linalg.matmul ins(%a, %b : memref<4x8xf32>, memref<8x4xf32>) outs(%c : memref<4x4xf32>)
  linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c, %x : memref<4x4xf32>, memref<4x4xf32>) outs(%out : memref<4x4xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %s = arith.addf %p, %q : f32
    linalg.yield %s : f32
  }
  "test.use"(%out) : (memref<4x4xf32>) -> ()
  return
}

// RUN: blockattn-opt %s --blockattn-narrow-products --split-input-file | FileCheck %s

// The pass cannot fail: a product whose sums another may see, or that it cannot
// move, stays as it is.

#map = affine_map<(i, j) -> (i, j)>
#turned = affine_map<(i, j) -> (j, i)>

// The conversion turns the result around.
// CHECK-LABEL: func.func @turned
// CHECK:         linalg.matmul {{.*}} outs(%{{.*}} : memref<4x4xf32>)
// CHECK:         linalg.generic
func.func @turned(%a: memref<4x8xf16>, %b: memref<8x4xf16>, %out: memref<4x4xf16>) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<4x4xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<4x4xf32>)
  linalg.matmul ins(%a, %b : memref<4x8xf16>, memref<8x4xf16>) outs(%c : memref<4x4xf32>)
  linalg.generic {indexing_maps = [#map, #turned], iterator_types = ["parallel", "parallel"]}
      ins(%c : memref<4x4xf32>) outs(%out : memref<4x4xf16>) {
  ^bb0(%x: f32, %y: f16):
    %r = arith.truncf %x : f32 to f16
    linalg.yield %r : f16
  }
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>

// The conversion does more than that.
// CHECK-LABEL: func.func @more
// CHECK:         linalg.matmul {{.*}} outs(%{{.*}} : memref<4x4xf32>)
// CHECK:         arith.addf
func.func @more(%a: memref<4x8xf16>, %b: memref<8x4xf16>, %out: memref<4x4xf16>) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<4x4xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<4x4xf32>)
  linalg.matmul ins(%a, %b : memref<4x8xf16>, memref<8x4xf16>) outs(%c : memref<4x4xf32>)
  linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c : memref<4x4xf32>) outs(%out : memref<4x4xf16>) {
  ^bb0(%x: f32, %y: f16):
    %r = arith.truncf %x : f32 to f16
    %s = arith.addf %r, %r : f16
    linalg.yield %s : f16
  }
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>

// The other half type, a result that is a part of a buffer, and f32 factors.
// CHECK-LABEL: func.func @types
// CHECK-COUNT-3: linalg.matmul {{.*}} outs(%{{.*}} : memref<4x4xf32>)
// CHECK-NOT:     linalg.matmul
// CHECK:         return
func.func @types(%a: memref<4x8xf16>, %b: memref<8x4xf16>, %d: memref<4x8xf32>, %e: memref<8x4xf32>,
                 %other: memref<4x4xbf16>, %part: memref<4x4xf16, strided<[8, 1]>>, %out: memref<4x4xf16>) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<4x4xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<4x4xf32>)
  linalg.matmul ins(%a, %b : memref<4x8xf16>, memref<8x4xf16>) outs(%c : memref<4x4xf32>)
  linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c : memref<4x4xf32>) outs(%other : memref<4x4xbf16>) {
  ^bb0(%x: f32, %y: bf16):
    %r = arith.truncf %x : f32 to bf16
    linalg.yield %r : bf16
  }
  %f = memref.alloc() : memref<4x4xf32>
  linalg.fill ins(%zero : f32) outs(%f : memref<4x4xf32>)
  linalg.matmul ins(%a, %b : memref<4x8xf16>, memref<8x4xf16>) outs(%f : memref<4x4xf32>)
  linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%f : memref<4x4xf32>) outs(%part : memref<4x4xf16, strided<[8, 1]>>) {
  ^bb0(%x: f32, %y: f16):
    %r = arith.truncf %x : f32 to f16
    linalg.yield %r : f16
  }
  %g = memref.alloc() : memref<4x4xf32>
  linalg.fill ins(%zero : f32) outs(%g : memref<4x4xf32>)
  linalg.matmul ins(%d, %e : memref<4x8xf32>, memref<8x4xf32>) outs(%g : memref<4x4xf32>)
  linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%g : memref<4x4xf32>) outs(%out : memref<4x4xf16>) {
  ^bb0(%x: f32, %y: f16):
    %r = arith.truncf %x : f32 to f16
    linalg.yield %r : f16
  }
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>

// The sums are added to what was there, or are the caller's.
// CHECK-LABEL: func.func @sums
// CHECK-COUNT-2: linalg.matmul {{.*}} outs(%{{.*}} : memref<4x4xf32>)
// CHECK-NOT:     linalg.matmul
// CHECK:         return
func.func @sums(%a: memref<4x8xf16>, %b: memref<8x4xf16>, %start: memref<4x4xf32>, %out: memref<4x4xf16>) {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %c = memref.alloc() : memref<4x4xf32>
  linalg.fill ins(%one : f32) outs(%c : memref<4x4xf32>)
  linalg.matmul ins(%a, %b : memref<4x8xf16>, memref<8x4xf16>) outs(%c : memref<4x4xf32>)
  linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c : memref<4x4xf32>) outs(%out : memref<4x4xf16>) {
  ^bb0(%x: f32, %y: f16):
    %r = arith.truncf %x : f32 to f16
    linalg.yield %r : f16
  }
  linalg.fill ins(%zero : f32) outs(%start : memref<4x4xf32>)
  linalg.matmul ins(%a, %b : memref<4x8xf16>, memref<8x4xf16>) outs(%start : memref<4x4xf32>)
  linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%start : memref<4x4xf32>) outs(%out : memref<4x4xf16>) {
  ^bb0(%x: f32, %y: f16):
    %r = arith.truncf %x : f32 to f16
    linalg.yield %r : f16
  }
  return
}

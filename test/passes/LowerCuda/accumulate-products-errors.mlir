// RUN: blockattn-opt %s --allow-unregistered-dialect --blockattn-accumulate-products --split-input-file | FileCheck %s

// The pass cannot fail: a product that must not be added in place stays as it is.

#map = affine_map<(i, j) -> (i, j)>
#turned = affine_map<(i, j) -> (j, i)>

// The other term is read again.
// CHECK-LABEL: func.func @read_later
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @read_later(%a: memref<4x4xf32>, %b: memref<4x4xf32>, %arg: memref<4x4xf32>) {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %x = memref.alloc() : memref<4x4xf32>
  "test.make"(%x) : (memref<4x4xf32>) -> ()
  %c = memref.alloc() : memref<4x4xf32>
  %out = memref.alloc() : memref<4x4xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<4x4xf32>)
  linalg.matmul ins(%a, %b : memref<4x4xf32>, memref<4x4xf32>) outs(%c : memref<4x4xf32>)
  linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%x, %c : memref<4x4xf32>, memref<4x4xf32>) outs(%out : memref<4x4xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %s = arith.addf %p, %q : f32
    linalg.yield %s : f32
  }
  "test.use"(%out) : (memref<4x4xf32>) -> ()
  "test.use"(%x) : (memref<4x4xf32>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#turned = affine_map<(i, j) -> (j, i)>

// The other term is the caller's.
// CHECK-LABEL: func.func @not_ours
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @not_ours(%a: memref<4x4xf32>, %b: memref<4x4xf32>, %arg: memref<4x4xf32>) {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %x = memref.alloc() : memref<4x4xf32>
  "test.make"(%x) : (memref<4x4xf32>) -> ()
  %c = memref.alloc() : memref<4x4xf32>
  %out = memref.alloc() : memref<4x4xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<4x4xf32>)
  linalg.matmul ins(%a, %b : memref<4x4xf32>, memref<4x4xf32>) outs(%c : memref<4x4xf32>)
  linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%arg, %c : memref<4x4xf32>, memref<4x4xf32>) outs(%out : memref<4x4xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %s = arith.addf %p, %q : f32
    linalg.yield %s : f32
  }
  "test.use"(%out) : (memref<4x4xf32>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#turned = affine_map<(i, j) -> (j, i)>

// The result is the caller's.
// CHECK-LABEL: func.func @theirs
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @theirs(%a: memref<4x4xf32>, %b: memref<4x4xf32>, %arg: memref<4x4xf32>) {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %x = memref.alloc() : memref<4x4xf32>
  "test.make"(%x) : (memref<4x4xf32>) -> ()
  %c = memref.alloc() : memref<4x4xf32>
  %out = memref.alloc() : memref<4x4xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<4x4xf32>)
  linalg.matmul ins(%a, %b : memref<4x4xf32>, memref<4x4xf32>) outs(%c : memref<4x4xf32>)
  linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%x, %c : memref<4x4xf32>, memref<4x4xf32>) outs(%arg : memref<4x4xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %s = arith.addf %p, %q : f32
    linalg.yield %s : f32
  }

  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#turned = affine_map<(i, j) -> (j, i)>

// The other term is a factor.
// CHECK-LABEL: func.func @factor
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @factor(%a: memref<4x4xf32>, %b: memref<4x4xf32>, %arg: memref<4x4xf32>) {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %x = memref.alloc() : memref<4x4xf32>
  "test.make"(%x) : (memref<4x4xf32>) -> ()
  %c = memref.alloc() : memref<4x4xf32>
  %out = memref.alloc() : memref<4x4xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<4x4xf32>)
  linalg.matmul ins(%x, %b : memref<4x4xf32>, memref<4x4xf32>) outs(%c : memref<4x4xf32>)
  linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%x, %c : memref<4x4xf32>, memref<4x4xf32>) outs(%out : memref<4x4xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %s = arith.addf %p, %q : f32
    linalg.yield %s : f32
  }
  "test.use"(%out) : (memref<4x4xf32>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#turned = affine_map<(i, j) -> (j, i)>

// The product is read by somebody else, too.
// CHECK-LABEL: func.func @seen
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @seen(%a: memref<4x4xf32>, %b: memref<4x4xf32>, %arg: memref<4x4xf32>) {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %x = memref.alloc() : memref<4x4xf32>
  "test.make"(%x) : (memref<4x4xf32>) -> ()
  %c = memref.alloc() : memref<4x4xf32>
  %out = memref.alloc() : memref<4x4xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<4x4xf32>)
  linalg.matmul ins(%a, %b : memref<4x4xf32>, memref<4x4xf32>) outs(%c : memref<4x4xf32>)
  linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%x, %c : memref<4x4xf32>, memref<4x4xf32>) outs(%out : memref<4x4xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %s = arith.addf %p, %q : f32
    linalg.yield %s : f32
  }
  "test.use"(%out) : (memref<4x4xf32>) -> ()
  "test.use"(%c) : (memref<4x4xf32>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#turned = affine_map<(i, j) -> (j, i)>

// The product is added to something already.
// CHECK-LABEL: func.func @started
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @started(%a: memref<4x4xf32>, %b: memref<4x4xf32>, %arg: memref<4x4xf32>) {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %x = memref.alloc() : memref<4x4xf32>
  "test.make"(%x) : (memref<4x4xf32>) -> ()
  %c = memref.alloc() : memref<4x4xf32>
  %out = memref.alloc() : memref<4x4xf32>
  linalg.fill ins(%one : f32) outs(%c : memref<4x4xf32>)
  linalg.matmul ins(%a, %b : memref<4x4xf32>, memref<4x4xf32>) outs(%c : memref<4x4xf32>)
  linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%x, %c : memref<4x4xf32>, memref<4x4xf32>) outs(%out : memref<4x4xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %s = arith.addf %p, %q : f32
    linalg.yield %s : f32
  }
  "test.use"(%out) : (memref<4x4xf32>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#turned = affine_map<(i, j) -> (j, i)>

// It is not added.
// CHECK-LABEL: func.func @not_a_sum
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @not_a_sum(%a: memref<4x4xf32>, %b: memref<4x4xf32>, %arg: memref<4x4xf32>) {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %x = memref.alloc() : memref<4x4xf32>
  "test.make"(%x) : (memref<4x4xf32>) -> ()
  %c = memref.alloc() : memref<4x4xf32>
  %out = memref.alloc() : memref<4x4xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<4x4xf32>)
  linalg.matmul ins(%a, %b : memref<4x4xf32>, memref<4x4xf32>) outs(%c : memref<4x4xf32>)
  linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%x, %c : memref<4x4xf32>, memref<4x4xf32>) outs(%out : memref<4x4xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %s = arith.mulf %p, %q : f32
    linalg.yield %s : f32
  }
  "test.use"(%out) : (memref<4x4xf32>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#turned = affine_map<(i, j) -> (j, i)>

// The product is added to itself.
// CHECK-LABEL: func.func @twice
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @twice(%a: memref<4x4xf32>, %b: memref<4x4xf32>, %arg: memref<4x4xf32>) {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %x = memref.alloc() : memref<4x4xf32>
  "test.make"(%x) : (memref<4x4xf32>) -> ()
  %c = memref.alloc() : memref<4x4xf32>
  %out = memref.alloc() : memref<4x4xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<4x4xf32>)
  linalg.matmul ins(%a, %b : memref<4x4xf32>, memref<4x4xf32>) outs(%c : memref<4x4xf32>)
  linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c, %c : memref<4x4xf32>, memref<4x4xf32>) outs(%out : memref<4x4xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %s = arith.addf %p, %q : f32
    linalg.yield %s : f32
  }
  "test.use"(%out) : (memref<4x4xf32>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#turned = affine_map<(i, j) -> (j, i)>

// The other term is turned around.
// CHECK-LABEL: func.func @turned
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @turned(%a: memref<4x4xf32>, %b: memref<4x4xf32>, %arg: memref<4x4xf32>) {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %x = memref.alloc() : memref<4x4xf32>
  "test.make"(%x) : (memref<4x4xf32>) -> ()
  %c = memref.alloc() : memref<4x4xf32>
  %out = memref.alloc() : memref<4x4xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<4x4xf32>)
  linalg.matmul ins(%a, %b : memref<4x4xf32>, memref<4x4xf32>) outs(%c : memref<4x4xf32>)
  linalg.generic {indexing_maps = [#turned, #map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%x, %c : memref<4x4xf32>, memref<4x4xf32>) outs(%out : memref<4x4xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %s = arith.addf %p, %q : f32
    linalg.yield %s : f32
  }
  "test.use"(%out) : (memref<4x4xf32>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#turned = affine_map<(i, j) -> (j, i)>

// A factor changes before the sum is made.
// CHECK-LABEL: func.func @between
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @between(%a: memref<4x4xf32>, %b: memref<4x4xf32>, %arg: memref<4x4xf32>) {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %x = memref.alloc() : memref<4x4xf32>
  "test.make"(%x) : (memref<4x4xf32>) -> ()
  %c = memref.alloc() : memref<4x4xf32>
  %out = memref.alloc() : memref<4x4xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<4x4xf32>)
  linalg.matmul ins(%a, %b : memref<4x4xf32>, memref<4x4xf32>) outs(%c : memref<4x4xf32>)
  "test.make"(%a) : (memref<4x4xf32>) -> ()
  linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%x, %c : memref<4x4xf32>, memref<4x4xf32>) outs(%out : memref<4x4xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %s = arith.addf %p, %q : f32
    linalg.yield %s : f32
  }
  "test.use"(%out) : (memref<4x4xf32>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>

// In a loop the other term is read again, by the next iteration.
// CHECK-LABEL: func.func @loop
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @loop(%a: memref<4x4xf32>, %b: memref<4x4xf32>, %n: index) {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %x = memref.alloc() : memref<4x4xf32>
  "test.make"(%x) : (memref<4x4xf32>) -> ()
  scf.for %i = %c0 to %n step %c1 {
    %c = memref.alloc() : memref<4x4xf32>
    %out = memref.alloc() : memref<4x4xf32>
    linalg.fill ins(%zero : f32) outs(%c : memref<4x4xf32>)
    linalg.matmul ins(%a, %b : memref<4x4xf32>, memref<4x4xf32>) outs(%c : memref<4x4xf32>)
    linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel"]}
        ins(%x, %c : memref<4x4xf32>, memref<4x4xf32>) outs(%out : memref<4x4xf32>) {
    ^bb0(%p: f32, %q: f32, %o: f32):
      %s = arith.addf %p, %q : f32
      linalg.yield %s : f32
    }
    "test.use"(%out) : (memref<4x4xf32>) -> ()
  }
  return
}

// -----

#map = affine_map<(i, j, k) -> (i, j, k)>

// Nobody can tell that the product has as many elements.
// CHECK-LABEL: func.func @part
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @part(%a: memref<?x4xf32>, %b: memref<4x4xf32>, %n: index, %m: index) {
  %zero = arith.constant 0.0 : f32
  %c4 = arith.constant 4 : index
  %stride = arith.muli %m, %c4 : index
  %x = memref.alloc(%m) : memref<2x?x4xf32>
  "test.make"(%x) : (memref<2x?x4xf32>) -> ()
  %c = memref.alloc(%n) : memref<?x4xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<?x4xf32>)
  linalg.matmul ins(%a, %b : memref<?x4xf32>, memref<4x4xf32>) outs(%c : memref<?x4xf32>)
  %cv = memref.reinterpret_cast %c to offset: [0], sizes: [2, %m, 4], strides: [%stride, 4, 1] : memref<?x4xf32> to memref<2x?x4xf32>
  %out = memref.alloc(%m) : memref<2x?x4xf32>
  linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x, %cv : memref<2x?x4xf32>, memref<2x?x4xf32>) outs(%out : memref<2x?x4xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %s = arith.addf %p, %q : f32
    linalg.yield %s : f32
  }
  "test.use"(%out) : (memref<2x?x4xf32>) -> ()
  return
}

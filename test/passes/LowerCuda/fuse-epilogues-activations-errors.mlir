// RUN: blockattn-opt %s --allow-unregistered-dialect --blockattn-fuse-epilogues --split-input-file | FileCheck %s --implicit-check-not=blockattn.epilogue

// The pass cannot fail: an activation that the library does not have, or not just so, stays a
// computation of its own.

#map = affine_map<(i, j) -> (i, j)>
#vector = affine_map<(i, j) -> (j)>

// A number that is not 0 is the least.
// CHECK-LABEL: func.func @relu_of_more
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @relu_of_more(%a: memref<?x8xf32>, %b: memref<8x16xf32>, %bias: memref<16xf32>, %n: index) {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %c = memref.alloc(%n) : memref<?x16xf32>
  %out = memref.alloc(%n) : memref<?x16xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<?x16xf32>)
  linalg.matmul ins(%a, %b : memref<?x8xf32>, memref<8x16xf32>) outs(%c : memref<?x16xf32>)
  linalg.generic {indexing_maps = [#map, #vector, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c, %bias : memref<?x16xf32>, memref<16xf32>) outs(%out : memref<?x16xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %s = arith.addf %p, %q : f32
    %r = arith.maximumf %s, %one : f32
    linalg.yield %r : f32
  }
  "test.use"(%out) : (memref<?x16xf32>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>

// Products of f64 are kernels of our own.
// CHECK-LABEL: func.func @relu_of_doubles
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @relu_of_doubles(%a: memref<?x8xf64>, %b: memref<8x16xf64>, %n: index) {
  %zero = arith.constant 0.0 : f64
  %c = memref.alloc(%n) : memref<?x16xf64>
  %out = memref.alloc(%n) : memref<?x16xf64>
  linalg.fill ins(%zero : f64) outs(%c : memref<?x16xf64>)
  linalg.matmul ins(%a, %b : memref<?x8xf64>, memref<8x16xf64>) outs(%c : memref<?x16xf64>)
  linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c : memref<?x16xf64>) outs(%out : memref<?x16xf64>) {
  ^bb0(%p: f64, %o: f64):
    %r = arith.maximumf %p, %zero : f64
    linalg.yield %r : f64
  }
  "test.use"(%out) : (memref<?x16xf64>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#vector = affine_map<(i, j) -> (j)>

// Which number ReLU keeps of NaN and 0 is not the same here.
// CHECK-LABEL: func.func @relu_of_nothing
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @relu_of_nothing(%a: memref<?x8xf32>, %b: memref<8x16xf32>, %bias: memref<16xf32>, %n: index) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc(%n) : memref<?x16xf32>
  %out = memref.alloc(%n) : memref<?x16xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<?x16xf32>)
  linalg.matmul ins(%a, %b : memref<?x8xf32>, memref<8x16xf32>) outs(%c : memref<?x16xf32>)
  linalg.generic {indexing_maps = [#map, #vector, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c, %bias : memref<?x16xf32>, memref<16xf32>) outs(%out : memref<?x16xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %s = arith.addf %p, %q : f32
    %r = arith.maxnumf %s, %zero : f32
    linalg.yield %r : f32
  }
  "test.use"(%out) : (memref<?x16xf32>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#vector = affine_map<(i, j) -> (j)>

// The smaller one.
// CHECK-LABEL: func.func @least
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @least(%a: memref<?x8xf32>, %b: memref<8x16xf32>, %bias: memref<16xf32>, %n: index) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc(%n) : memref<?x16xf32>
  %out = memref.alloc(%n) : memref<?x16xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<?x16xf32>)
  linalg.matmul ins(%a, %b : memref<?x8xf32>, memref<8x16xf32>) outs(%c : memref<?x16xf32>)
  linalg.generic {indexing_maps = [#map, #vector, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c, %bias : memref<?x16xf32>, memref<16xf32>) outs(%out : memref<?x16xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %s = arith.addf %p, %q : f32
    %r = arith.minimumf %s, %zero : f32
    linalg.yield %r : f32
  }
  "test.use"(%out) : (memref<?x16xf32>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#vector = affine_map<(i, j) -> (j)>

// The bias is added to what ReLU gives.
// CHECK-LABEL: func.func @after
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @after(%a: memref<?x8xf32>, %b: memref<8x16xf32>, %bias: memref<16xf32>, %n: index) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc(%n) : memref<?x16xf32>
  %out = memref.alloc(%n) : memref<?x16xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<?x16xf32>)
  linalg.matmul ins(%a, %b : memref<?x8xf32>, memref<8x16xf32>) outs(%c : memref<?x16xf32>)
  linalg.generic {indexing_maps = [#map, #vector, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c, %bias : memref<?x16xf32>, memref<16xf32>) outs(%out : memref<?x16xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %s = arith.maximumf %p, %zero : f32
    %r = arith.addf %s, %q : f32
    linalg.yield %r : f32
  }
  "test.use"(%out) : (memref<?x16xf32>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#vector = affine_map<(i, j) -> (j)>

// How exact the library's GELU is in f32 is not documented.
// CHECK-LABEL: func.func @gelu_in_f32
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @gelu_in_f32(%a: memref<?x8xf32>, %b: memref<8x16xf32>, %bias: memref<16xf32>, %n: index) {
  %zero = arith.constant 0.0 : f32
  %half = arith.constant 5.000000e-01 : f32
  %inner = arith.constant 0.797884583 : f32
  %cube = arith.constant 4.471500e-02 : f32
  %one = arith.constant 1.0 : f32
  %c = memref.alloc(%n) : memref<?x16xf32>
  %out = memref.alloc(%n) : memref<?x16xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<?x16xf32>)
  linalg.matmul ins(%a, %b : memref<?x8xf32>, memref<8x16xf32>) outs(%c : memref<?x16xf32>)
  linalg.generic {indexing_maps = [#map, #vector, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c, %bias : memref<?x16xf32>, memref<16xf32>) outs(%out : memref<?x16xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %x = arith.addf %p, %q : f32
    %g0 = arith.mulf %x, %x : f32
    %g1 = arith.mulf %g0, %x : f32
    %g2 = arith.mulf %g1, %cube : f32
    %g3 = arith.addf %x, %g2 : f32
    %g4 = arith.mulf %g3, %inner : f32
    %g5 = math.tanh %g4 : f32
    %g6 = arith.mulf %x, %half : f32
    %g7 = arith.addf %g5, %one : f32
    %r = arith.mulf %g6, %g7 : f32
    linalg.yield %r : f32
  }
  "test.use"(%out) : (memref<?x16xf32>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#vector = affine_map<(i, j) -> (j)>

// GELU by the error function is another one.
// CHECK-LABEL: func.func @gelu_by_erf
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @gelu_by_erf(%a: memref<?x8xf16>, %b: memref<8x16xf16>, %bias: memref<16xf16>, %n: index) {
  %zero = arith.constant 0.0 : f16
  %half = arith.constant 5.000000e-01 : f32
  %inner = arith.constant 0.797884583 : f32
  %one = arith.constant 1.0 : f32
  %c = memref.alloc(%n) : memref<?x16xf16>
  %out = memref.alloc(%n) : memref<?x16xf16>
  linalg.fill ins(%zero : f16) outs(%c : memref<?x16xf16>)
  linalg.matmul ins(%a, %b : memref<?x8xf16>, memref<8x16xf16>) outs(%c : memref<?x16xf16>)
  linalg.generic {indexing_maps = [#map, #vector, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c, %bias : memref<?x16xf16>, memref<16xf16>) outs(%out : memref<?x16xf16>) {
  ^bb0(%p: f16, %q: f16, %o: f16):
    %pw = arith.extf %p : f16 to f32
    %qw = arith.extf %q : f16 to f32
    %x = arith.addf %pw, %qw : f32
    %g0 = arith.mulf %x, %inner : f32
    %g1 = math.erf %g0 : f32
    %g2 = arith.mulf %x, %half : f32
    %g3 = arith.addf %g1, %one : f32
    %g8 = arith.mulf %g2, %g3 : f32
    %r = arith.truncf %g8 : f32 to f16
    linalg.yield %r : f16
  }
  "test.use"(%out) : (memref<?x16xf16>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#vector = affine_map<(i, j) -> (j)>

// Another factor of the cube.
// CHECK-LABEL: func.func @almost_gelu
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @almost_gelu(%a: memref<?x8xf16>, %b: memref<8x16xf16>, %bias: memref<16xf16>, %n: index) {
  %zero = arith.constant 0.0 : f16
  %half = arith.constant 5.000000e-01 : f32
  %inner = arith.constant 0.797884583 : f32
  %cube = arith.constant 4.471000e-02 : f32
  %one = arith.constant 1.0 : f32
  %c = memref.alloc(%n) : memref<?x16xf16>
  %out = memref.alloc(%n) : memref<?x16xf16>
  linalg.fill ins(%zero : f16) outs(%c : memref<?x16xf16>)
  linalg.matmul ins(%a, %b : memref<?x8xf16>, memref<8x16xf16>) outs(%c : memref<?x16xf16>)
  linalg.generic {indexing_maps = [#map, #vector, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c, %bias : memref<?x16xf16>, memref<16xf16>) outs(%out : memref<?x16xf16>) {
  ^bb0(%p: f16, %q: f16, %o: f16):
    %pw = arith.extf %p : f16 to f32
    %qw = arith.extf %q : f16 to f32
    %x = arith.addf %pw, %qw : f32
    %g0 = arith.mulf %x, %x : f32
    %g1 = arith.mulf %g0, %x : f32
    %g2 = arith.mulf %g1, %cube : f32
    %g3 = arith.addf %x, %g2 : f32
    %g4 = arith.mulf %g3, %inner : f32
    %g5 = math.tanh %g4 : f32
    %g6 = arith.mulf %x, %half : f32
    %g7 = arith.addf %g5, %one : f32
    %g8 = arith.mulf %g6, %g7 : f32
    %r = arith.truncf %g8 : f32 to f16
    linalg.yield %r : f16
  }
  "test.use"(%out) : (memref<?x16xf16>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#vector = affine_map<(i, j) -> (j)>

// The square in place of the cube.
// CHECK-LABEL: func.func @other_gelu
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @other_gelu(%a: memref<?x8xf16>, %b: memref<8x16xf16>, %bias: memref<16xf16>, %n: index) {
  %zero = arith.constant 0.0 : f16
  %half = arith.constant 5.000000e-01 : f32
  %inner = arith.constant 0.797884583 : f32
  %cube = arith.constant 4.471500e-02 : f32
  %one = arith.constant 1.0 : f32
  %c = memref.alloc(%n) : memref<?x16xf16>
  %out = memref.alloc(%n) : memref<?x16xf16>
  linalg.fill ins(%zero : f16) outs(%c : memref<?x16xf16>)
  linalg.matmul ins(%a, %b : memref<?x8xf16>, memref<8x16xf16>) outs(%c : memref<?x16xf16>)
  linalg.generic {indexing_maps = [#map, #vector, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c, %bias : memref<?x16xf16>, memref<16xf16>) outs(%out : memref<?x16xf16>) {
  ^bb0(%p: f16, %q: f16, %o: f16):
    %pw = arith.extf %p : f16 to f32
    %qw = arith.extf %q : f16 to f32
    %x = arith.addf %pw, %qw : f32
    %g0 = arith.mulf %x, %x : f32
    %g1 = arith.mulf %g0, %one : f32
    %g2 = arith.mulf %g1, %cube : f32
    %g3 = arith.addf %x, %g2 : f32
    %g4 = arith.mulf %g3, %inner : f32
    %g5 = math.tanh %g4 : f32
    %g6 = arith.mulf %x, %half : f32
    %g7 = arith.addf %g5, %one : f32
    %g8 = arith.mulf %g6, %g7 : f32
    %r = arith.truncf %g8 : f32 to f16
    linalg.yield %r : f16
  }
  "test.use"(%out) : (memref<?x16xf16>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#vector = affine_map<(i, j) -> (j)>

// Half of something else.
// CHECK-LABEL: func.func @mixed_gelu
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @mixed_gelu(%a: memref<?x8xf16>, %b: memref<8x16xf16>, %bias: memref<16xf16>, %n: index) {
  %zero = arith.constant 0.0 : f16
  %half = arith.constant 5.000000e-01 : f32
  %inner = arith.constant 0.797884583 : f32
  %cube = arith.constant 4.471500e-02 : f32
  %one = arith.constant 1.0 : f32
  %c = memref.alloc(%n) : memref<?x16xf16>
  %out = memref.alloc(%n) : memref<?x16xf16>
  linalg.fill ins(%zero : f16) outs(%c : memref<?x16xf16>)
  linalg.matmul ins(%a, %b : memref<?x8xf16>, memref<8x16xf16>) outs(%c : memref<?x16xf16>)
  linalg.generic {indexing_maps = [#map, #vector, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c, %bias : memref<?x16xf16>, memref<16xf16>) outs(%out : memref<?x16xf16>) {
  ^bb0(%p: f16, %q: f16, %o: f16):
    %pw = arith.extf %p : f16 to f32
    %qw = arith.extf %q : f16 to f32
    %x = arith.addf %pw, %qw : f32
    %g0 = arith.mulf %x, %x : f32
    %g1 = arith.mulf %g0, %x : f32
    %g2 = arith.mulf %g1, %cube : f32
    %g3 = arith.addf %x, %g2 : f32
    %g4 = arith.mulf %g3, %inner : f32
    %g5 = math.tanh %g4 : f32
    %g6 = arith.mulf %pw, %half : f32
    %g7 = arith.addf %g5, %one : f32
    %g8 = arith.mulf %g6, %g7 : f32
    %r = arith.truncf %g8 : f32 to f16
    linalg.yield %r : f16
  }
  "test.use"(%out) : (memref<?x16xf16>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#vector = affine_map<(i, j) -> (j)>

// Another activation.
// CHECK-LABEL: func.func @silu
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @silu(%a: memref<?x8xf16>, %b: memref<8x16xf16>, %bias: memref<16xf16>, %n: index) {
  %zero = arith.constant 0.0 : f16
  %one = arith.constant 1.0 : f32
  %c = memref.alloc(%n) : memref<?x16xf16>
  %out = memref.alloc(%n) : memref<?x16xf16>
  linalg.fill ins(%zero : f16) outs(%c : memref<?x16xf16>)
  linalg.matmul ins(%a, %b : memref<?x8xf16>, memref<8x16xf16>) outs(%c : memref<?x16xf16>)
  linalg.generic {indexing_maps = [#map, #vector, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c, %bias : memref<?x16xf16>, memref<16xf16>) outs(%out : memref<?x16xf16>) {
  ^bb0(%p: f16, %q: f16, %o: f16):
    %pw = arith.extf %p : f16 to f32
    %qw = arith.extf %q : f16 to f32
    %x = arith.addf %pw, %qw : f32
    %g0 = arith.negf %x : f32
    %g1 = math.exp %g0 : f32
    %g2 = arith.addf %g1, %one : f32
    %g8 = arith.divf %x, %g2 : f32
    %r = arith.truncf %g8 : f32 to f16
    linalg.yield %r : f16
  }
  "test.use"(%out) : (memref<?x16xf16>) -> ()
  return
}

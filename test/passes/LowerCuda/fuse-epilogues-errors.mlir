// RUN: blockattn-opt %s --allow-unregistered-dialect --blockattn-fuse-epilogues --split-input-file | FileCheck %s --implicit-check-not=blockattn.epilogue

// The pass cannot fail: what the library does not do to a product stays a computation of its own.

#map = affine_map<(i, j) -> (i, j)>
#column = affine_map<(i, j) -> (i)>

// A number for each row is no bias.
// CHECK-LABEL: func.func @column
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @column(%a: memref<?x8xf32>, %b: memref<8x16xf32>, %bias: memref<?xf32>, %n: index) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc(%n) : memref<?x16xf32>
  %out = memref.alloc(%n) : memref<?x16xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<?x16xf32>)
  linalg.matmul ins(%a, %b : memref<?x8xf32>, memref<8x16xf32>) outs(%c : memref<?x16xf32>)
  linalg.generic {indexing_maps = [#map, #column, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c, %bias : memref<?x16xf32>, memref<?xf32>) outs(%out : memref<?x16xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %r = arith.addf %p, %q : f32
    linalg.yield %r : f32
  }
  "test.use"(%out) : (memref<?x16xf32>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#last = affine_map<(i, j) -> (15 - j)>

// The vector is read backwards.
// CHECK-LABEL: func.func @backwards
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @backwards(%a: memref<?x8xf32>, %b: memref<8x16xf32>, %bias: memref<16xf32>, %n: index) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc(%n) : memref<?x16xf32>
  %out = memref.alloc(%n) : memref<?x16xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<?x16xf32>)
  linalg.matmul ins(%a, %b : memref<?x8xf32>, memref<8x16xf32>) outs(%c : memref<?x16xf32>)
  linalg.generic {indexing_maps = [#map, #last, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c, %bias : memref<?x16xf32>, memref<16xf32>) outs(%out : memref<?x16xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %r = arith.addf %p, %q : f32
    linalg.yield %r : f32
  }
  "test.use"(%out) : (memref<?x16xf32>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#vector = affine_map<(i, j) -> (j)>

// The elements of the bias are apart.
// CHECK-LABEL: func.func @spread
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @spread(%a: memref<?x8xf32>, %b: memref<8x16xf32>, %bias: memref<16xf32, strided<[2]>>, %n: index) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc(%n) : memref<?x16xf32>
  %out = memref.alloc(%n) : memref<?x16xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<?x16xf32>)
  linalg.matmul ins(%a, %b : memref<?x8xf32>, memref<8x16xf32>) outs(%c : memref<?x16xf32>)
  linalg.generic {indexing_maps = [#map, #vector, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c, %bias : memref<?x16xf32>, memref<16xf32, strided<[2]>>) outs(%out : memref<?x16xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %r = arith.addf %p, %q : f32
    linalg.yield %r : f32
  }
  "test.use"(%out) : (memref<?x16xf32>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#vector = affine_map<(i, j) -> (j)>

// Nobody knows that there is anything to sum up.
// CHECK-LABEL: func.func @depth
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @depth(%a: memref<?x?xf32>, %b: memref<?x16xf32>, %bias: memref<16xf32>, %n: index) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc(%n) : memref<?x16xf32>
  %out = memref.alloc(%n) : memref<?x16xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<?x16xf32>)
  linalg.matmul ins(%a, %b : memref<?x?xf32>, memref<?x16xf32>) outs(%c : memref<?x16xf32>)
  linalg.generic {indexing_maps = [#map, #vector, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c, %bias : memref<?x16xf32>, memref<16xf32>) outs(%out : memref<?x16xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %r = arith.addf %p, %q : f32
    linalg.yield %r : f32
  }
  "test.use"(%out) : (memref<?x16xf32>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#vector = affine_map<(i, j) -> (j)>

// A sum without terms.
// CHECK-LABEL: func.func @nothing
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @nothing(%a: memref<?x0xf32>, %b: memref<0x16xf32>, %bias: memref<16xf32>, %n: index) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc(%n) : memref<?x16xf32>
  %out = memref.alloc(%n) : memref<?x16xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<?x16xf32>)
  linalg.matmul ins(%a, %b : memref<?x0xf32>, memref<0x16xf32>) outs(%c : memref<?x16xf32>)
  linalg.generic {indexing_maps = [#map, #vector, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c, %bias : memref<?x16xf32>, memref<16xf32>) outs(%out : memref<?x16xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %r = arith.addf %p, %q : f32
    linalg.yield %r : f32
  }
  "test.use"(%out) : (memref<?x16xf32>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#vector = affine_map<(i, j) -> (j)>

// Nobody knows how many columns there are.
// CHECK-LABEL: func.func @columns
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @columns(%a: memref<?x8xf32>, %b: memref<8x?xf32>, %bias: memref<?xf32>, %n: index) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc(%n, %n) : memref<?x?xf32>
  %out = memref.alloc(%n, %n) : memref<?x?xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<?x?xf32>)
  linalg.matmul ins(%a, %b : memref<?x8xf32>, memref<8x?xf32>) outs(%c : memref<?x?xf32>)
  linalg.generic {indexing_maps = [#map, #vector, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c, %bias : memref<?x?xf32>, memref<?xf32>) outs(%out : memref<?x?xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %r = arith.addf %p, %q : f32
    linalg.yield %r : f32
  }
  "test.use"(%out) : (memref<?x?xf32>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#vector = affine_map<(i, j) -> (j)>

// One column.
// CHECK-LABEL: func.func @one_column
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @one_column(%a: memref<?x8xf32>, %b: memref<8x1xf32>, %bias: memref<1xf32>, %n: index) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc(%n) : memref<?x1xf32>
  %out = memref.alloc(%n) : memref<?x1xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<?x1xf32>)
  linalg.matmul ins(%a, %b : memref<?x8xf32>, memref<8x1xf32>) outs(%c : memref<?x1xf32>)
  linalg.generic {indexing_maps = [#map, #vector, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c, %bias : memref<?x1xf32>, memref<1xf32>) outs(%out : memref<?x1xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %r = arith.addf %p, %q : f32
    linalg.yield %r : f32
  }
  "test.use"(%out) : (memref<?x1xf32>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#vector = affine_map<(i, j) -> (j)>

// The vector is multiplied.
// CHECK-LABEL: func.func @product
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @product(%a: memref<?x8xf32>, %b: memref<8x16xf32>, %bias: memref<16xf32>, %n: index) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc(%n) : memref<?x16xf32>
  %out = memref.alloc(%n) : memref<?x16xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<?x16xf32>)
  linalg.matmul ins(%a, %b : memref<?x8xf32>, memref<8x16xf32>) outs(%c : memref<?x16xf32>)
  linalg.generic {indexing_maps = [#map, #vector, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c, %bias : memref<?x16xf32>, memref<16xf32>) outs(%out : memref<?x16xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %r = arith.mulf %p, %q : f32
    linalg.yield %r : f32
  }
  "test.use"(%out) : (memref<?x16xf32>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#vector = affine_map<(i, j) -> (j)>

// The product is added twice.
// CHECK-LABEL: func.func @twice
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @twice(%a: memref<?x8xf32>, %b: memref<8x16xf32>, %bias: memref<16xf32>, %n: index) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc(%n) : memref<?x16xf32>
  %out = memref.alloc(%n) : memref<?x16xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<?x16xf32>)
  linalg.matmul ins(%a, %b : memref<?x8xf32>, memref<8x16xf32>) outs(%c : memref<?x16xf32>)
  linalg.generic {indexing_maps = [#map, #vector, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c, %bias : memref<?x16xf32>, memref<16xf32>) outs(%out : memref<?x16xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %s = arith.addf %p, %q : f32
    %r = arith.addf %s, %p : f32
    linalg.yield %r : f32
  }
  "test.use"(%out) : (memref<?x16xf32>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#vector = affine_map<(i, j) -> (j)>

// A constant is added, too.
// CHECK-LABEL: func.func @more
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @more(%a: memref<?x8xf32>, %b: memref<8x16xf32>, %bias: memref<16xf32>, %n: index) {
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
    %r = arith.addf %s, %one : f32
    linalg.yield %r : f32
  }
  "test.use"(%out) : (memref<?x16xf32>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#vector = affine_map<(i, j) -> (j)>

// What lay there before is added.
// CHECK-LABEL: func.func @old
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @old(%a: memref<?x8xf32>, %b: memref<8x16xf32>, %bias: memref<16xf32>, %n: index) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc(%n) : memref<?x16xf32>
  %out = memref.alloc(%n) : memref<?x16xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<?x16xf32>)
  linalg.matmul ins(%a, %b : memref<?x8xf32>, memref<8x16xf32>) outs(%c : memref<?x16xf32>)
  linalg.generic {indexing_maps = [#map, #vector, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c, %bias : memref<?x16xf32>, memref<16xf32>) outs(%out : memref<?x16xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %s = arith.addf %p, %q : f32
    %r = arith.addf %s, %o : f32
    linalg.yield %r : f32
  }
  "test.use"(%out) : (memref<?x16xf32>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#vector = affine_map<(i, j) -> (j)>

// The bias has another type than the result.
// CHECK-LABEL: func.func @narrow_bias
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @narrow_bias(%a: memref<?x8xbf16>, %b: memref<8x16xbf16>, %bias: memref<16xbf16>, %n: index) {
  %zero = arith.constant 0.0 : bf16
  %c = memref.alloc(%n) : memref<?x16xbf16>
  %out = memref.alloc(%n) : memref<?x16xf32>
  linalg.fill ins(%zero : bf16) outs(%c : memref<?x16xbf16>)
  linalg.matmul ins(%a, %b : memref<?x8xbf16>, memref<8x16xbf16>) outs(%c : memref<?x16xbf16>)
  linalg.generic {indexing_maps = [#map, #vector, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c, %bias : memref<?x16xbf16>, memref<16xbf16>) outs(%out : memref<?x16xf32>) {
  ^bb0(%p: bf16, %q: bf16, %o: f32):
    %pw = arith.extf %p : bf16 to f32
    %qw = arith.extf %q : bf16 to f32
    %r = arith.addf %pw, %qw : f32
    linalg.yield %r : f32
  }
  "test.use"(%out) : (memref<?x16xf32>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#vector = affine_map<(i, j) -> (j)>

// As before, the bias being the wider one.
// CHECK-LABEL: func.func @wide_bias
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @wide_bias(%a: memref<?x8xbf16>, %b: memref<8x16xbf16>, %bias: memref<16xf32>, %n: index) {
  %zero = arith.constant 0.0 : bf16
  %c = memref.alloc(%n) : memref<?x16xbf16>
  %out = memref.alloc(%n) : memref<?x16xbf16>
  linalg.fill ins(%zero : bf16) outs(%c : memref<?x16xbf16>)
  linalg.matmul ins(%a, %b : memref<?x8xbf16>, memref<8x16xbf16>) outs(%c : memref<?x16xbf16>)
  linalg.generic {indexing_maps = [#map, #vector, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c, %bias : memref<?x16xbf16>, memref<16xf32>) outs(%out : memref<?x16xbf16>) {
  ^bb0(%p: bf16, %q: f32, %o: bf16):
    %pw = arith.extf %p : bf16 to f32
    %s = arith.addf %pw, %q : f32
    %r = arith.truncf %s : f32 to bf16
    linalg.yield %r : bf16
  }
  "test.use"(%out) : (memref<?x16xbf16>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#vector = affine_map<(i, j) -> (j)>

// The sum is rounded to a type that is not the product's.
// CHECK-LABEL: func.func @rounded
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @rounded(%a: memref<?x8xf32>, %b: memref<8x16xf32>, %bias: memref<16xf32>, %n: index) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc(%n) : memref<?x16xf32>
  %out = memref.alloc(%n) : memref<?x16xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<?x16xf32>)
  linalg.matmul ins(%a, %b : memref<?x8xf32>, memref<8x16xf32>) outs(%c : memref<?x16xf32>)
  linalg.generic {indexing_maps = [#map, #vector, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c, %bias : memref<?x16xf32>, memref<16xf32>) outs(%out : memref<?x16xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %s = arith.addf %p, %q : f32
    %h = arith.truncf %s : f32 to f16
    %r = arith.extf %h : f16 to f32
    linalg.yield %r : f32
  }
  "test.use"(%out) : (memref<?x16xf32>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#vector = affine_map<(i, j) -> (j)>

// f32 products have f32 results.
// CHECK-LABEL: func.func @narrow_result
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @narrow_result(%a: memref<?x8xf32>, %b: memref<8x16xf32>, %bias: memref<16xf16>, %n: index) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc(%n) : memref<?x16xf32>
  %out = memref.alloc(%n) : memref<?x16xf16>
  linalg.fill ins(%zero : f32) outs(%c : memref<?x16xf32>)
  linalg.matmul ins(%a, %b : memref<?x8xf32>, memref<8x16xf32>) outs(%c : memref<?x16xf32>)
  linalg.generic {indexing_maps = [#map, #vector, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c, %bias : memref<?x16xf32>, memref<16xf16>) outs(%out : memref<?x16xf16>) {
  ^bb0(%p: f32, %q: f16, %o: f16):
    %qw = arith.extf %q : f16 to f32
    %s = arith.addf %p, %qw : f32
    %r = arith.truncf %s : f32 to f16
    linalg.yield %r : f16
  }
  "test.use"(%out) : (memref<?x16xf16>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#vector = affine_map<(i, j) -> (j)>

// Products of f64 are kernels of our own.
// CHECK-LABEL: func.func @doubles
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @doubles(%a: memref<?x8xf64>, %b: memref<8x16xf64>, %bias: memref<16xf64>, %n: index) {
  %zero = arith.constant 0.0 : f64
  %c = memref.alloc(%n) : memref<?x16xf64>
  %out = memref.alloc(%n) : memref<?x16xf64>
  linalg.fill ins(%zero : f64) outs(%c : memref<?x16xf64>)
  linalg.matmul ins(%a, %b : memref<?x8xf64>, memref<8x16xf64>) outs(%c : memref<?x16xf64>)
  linalg.generic {indexing_maps = [#map, #vector, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c, %bias : memref<?x16xf64>, memref<16xf64>) outs(%out : memref<?x16xf64>) {
  ^bb0(%p: f64, %q: f64, %o: f64):
    %r = arith.addf %p, %q : f64
    linalg.yield %r : f64
  }
  "test.use"(%out) : (memref<?x16xf64>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#vector = affine_map<(i, j) -> (j)>

// The product is read by somebody else, too.
// CHECK-LABEL: func.func @seen
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @seen(%a: memref<?x8xf32>, %b: memref<8x16xf32>, %bias: memref<16xf32>, %n: index) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc(%n) : memref<?x16xf32>
  %out = memref.alloc(%n) : memref<?x16xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<?x16xf32>)
  linalg.matmul ins(%a, %b : memref<?x8xf32>, memref<8x16xf32>) outs(%c : memref<?x16xf32>)
  linalg.generic {indexing_maps = [#map, #vector, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c, %bias : memref<?x16xf32>, memref<16xf32>) outs(%out : memref<?x16xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %r = arith.addf %p, %q : f32
    linalg.yield %r : f32
  }
  "test.use"(%c) : (memref<?x16xf32>) -> ()
  "test.use"(%out) : (memref<?x16xf32>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#vector = affine_map<(i, j) -> (j)>

// A factor changes before the bias is added.
// CHECK-LABEL: func.func @between
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @between(%a: memref<?x8xf32>, %b: memref<8x16xf32>, %bias: memref<16xf32>, %n: index) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc(%n) : memref<?x16xf32>
  %out = memref.alloc(%n) : memref<?x16xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<?x16xf32>)
  linalg.matmul ins(%a, %b : memref<?x8xf32>, memref<8x16xf32>) outs(%c : memref<?x16xf32>)
  "test.make"(%a) : (memref<?x8xf32>) -> ()
  linalg.generic {indexing_maps = [#map, #vector, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c, %bias : memref<?x16xf32>, memref<16xf32>) outs(%out : memref<?x16xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %r = arith.addf %p, %q : f32
    linalg.yield %r : f32
  }
  "test.use"(%out) : (memref<?x16xf32>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#vector = affine_map<(i, j) -> (j)>

// The result goes where a factor lies.
// CHECK-LABEL: func.func @factor
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @factor(%a: memref<?x16xf32>, %b: memref<16x16xf32>, %bias: memref<16xf32>, %n: index) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc(%n) : memref<?x16xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<?x16xf32>)
  linalg.matmul ins(%a, %b : memref<?x16xf32>, memref<16x16xf32>) outs(%c : memref<?x16xf32>)
  linalg.generic {indexing_maps = [#map, #vector, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c, %bias : memref<?x16xf32>, memref<16xf32>) outs(%a : memref<?x16xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %r = arith.addf %p, %q : f32
    linalg.yield %r : f32
  }
  "test.use"(%a) : (memref<?x16xf32>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#vector = affine_map<(i, j) -> (j)>

// A sum in a program that goes on from cached keys and values: a norm takes it.
// CHECK-LABEL: func.func @extend
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @extend(%a: memref<?x8xf32>, %b: memref<8x16xf32>, %bias: memref<16xf32>, %kv: memref<?x?xi64> {blockattn.role = "kv"}, %n: index) {
  %zero = arith.constant 0.0 : f32
  %x = memref.alloc(%n) : memref<?x16xf32>
  "test.make"(%x) : (memref<?x16xf32>) -> ()
  %c = memref.alloc(%n) : memref<?x16xf32>
  %out = memref.alloc(%n) : memref<?x16xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<?x16xf32>)
  linalg.matmul ins(%a, %b : memref<?x8xf32>, memref<8x16xf32>) outs(%c : memref<?x16xf32>)
  linalg.generic {indexing_maps = [#map, #vector, #map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c, %bias, %x : memref<?x16xf32>, memref<16xf32>, memref<?x16xf32>) outs(%out : memref<?x16xf32>) {
  ^bb0(%p: f32, %q: f32, %t: f32, %o: f32):
    %s = arith.addf %p, %q : f32
    %r = arith.addf %s, %t : f32
    linalg.yield %r : f32
  }
  "test.use"(%out) : (memref<?x16xf32>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#vector = affine_map<(i, j) -> (j)>

// As before.
// CHECK-LABEL: func.func @past
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @past(%a: memref<?x8xf32>, %b: memref<8x16xf32>, %bias: memref<16xf32>, %k: memref<?x?xf32> {blockattn.role = "past_key"}, %n: index) {
  %zero = arith.constant 0.0 : f32
  %x = memref.alloc(%n) : memref<?x16xf32>
  "test.make"(%x) : (memref<?x16xf32>) -> ()
  %c = memref.alloc(%n) : memref<?x16xf32>
  %out = memref.alloc(%n) : memref<?x16xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<?x16xf32>)
  linalg.matmul ins(%a, %b : memref<?x8xf32>, memref<8x16xf32>) outs(%c : memref<?x16xf32>)
  linalg.generic {indexing_maps = [#map, #vector, #map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c, %bias, %x : memref<?x16xf32>, memref<16xf32>, memref<?x16xf32>) outs(%out : memref<?x16xf32>) {
  ^bb0(%p: f32, %q: f32, %t: f32, %o: f32):
    %s = arith.addf %p, %q : f32
    %r = arith.addf %s, %t : f32
    linalg.yield %r : f32
  }
  "test.use"(%out) : (memref<?x16xf32>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#vector = affine_map<(i, j) -> (j)>

// The other term is read again.
// CHECK-LABEL: func.func @read_later
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @read_later(%a: memref<?x8xf32>, %b: memref<8x16xf32>, %bias: memref<16xf32>, %n: index) {
  %zero = arith.constant 0.0 : f32
  %x = memref.alloc(%n) : memref<?x16xf32>
  "test.make"(%x) : (memref<?x16xf32>) -> ()
  %c = memref.alloc(%n) : memref<?x16xf32>
  %out = memref.alloc(%n) : memref<?x16xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<?x16xf32>)
  linalg.matmul ins(%a, %b : memref<?x8xf32>, memref<8x16xf32>) outs(%c : memref<?x16xf32>)
  linalg.generic {indexing_maps = [#map, #vector, #map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c, %bias, %x : memref<?x16xf32>, memref<16xf32>, memref<?x16xf32>) outs(%out : memref<?x16xf32>) {
  ^bb0(%p: f32, %q: f32, %t: f32, %o: f32):
    %s = arith.addf %p, %q : f32
    %r = arith.addf %s, %t : f32
    linalg.yield %r : f32
  }
  "test.use"(%out) : (memref<?x16xf32>) -> ()
  "test.use"(%x) : (memref<?x16xf32>) -> ()
  return
}

// -----

#map = affine_map<(i, j, k) -> (i, j, k)>
#vector = affine_map<(i, j, k) -> (k)>

// A bias for some of the columns, again and again.
// CHECK-LABEL: func.func @heads
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @heads(%a: memref<?x8xf32>, %b: memref<8x16xf32>, %bias: memref<4xf32>, %n: index) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc(%n) : memref<?x16xf32>
  %out = memref.alloc(%n) : memref<?x4x4xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<?x16xf32>)
  linalg.matmul ins(%a, %b : memref<?x8xf32>, memref<8x16xf32>) outs(%c : memref<?x16xf32>)
  %cv = memref.expand_shape %c [[0], [1, 2]] output_shape [%n, 4, 4] : memref<?x16xf32> into memref<?x4x4xf32>
  linalg.generic {indexing_maps = [#map, #vector, #map], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%cv, %bias : memref<?x4x4xf32>, memref<4xf32>) outs(%out : memref<?x4x4xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %r = arith.addf %p, %q : f32
    linalg.yield %r : f32
  }
  "test.use"(%out) : (memref<?x4x4xf32>) -> ()
  return
}

// -----

#map = affine_map<(b, i, j) -> (b, i, j)>
#vector = affine_map<(b, i, j) -> (j)>

// A batch of products.
// CHECK-LABEL: func.func @batch
// CHECK:         linalg.batch_matmul
// CHECK:         linalg.generic
func.func @batch(%a: memref<2x?x8xf32>, %b: memref<2x8x16xf32>, %bias: memref<16xf32>, %n: index) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc(%n) : memref<2x?x16xf32>
  %out = memref.alloc(%n) : memref<2x?x16xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<2x?x16xf32>)
  linalg.batch_matmul ins(%a, %b : memref<2x?x8xf32>, memref<2x8x16xf32>) outs(%c : memref<2x?x16xf32>)
  linalg.generic {indexing_maps = [#map, #vector, #map], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%c, %bias : memref<2x?x16xf32>, memref<16xf32>) outs(%out : memref<2x?x16xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %r = arith.addf %p, %q : f32
    linalg.yield %r : f32
  }
  "test.use"(%out) : (memref<2x?x16xf32>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#vector = affine_map<(i, j) -> (j)>

// The product is added to something already.
// CHECK-LABEL: func.func @started
// CHECK:         linalg.matmul
// CHECK:         linalg.generic
func.func @started(%a: memref<?x8xf32>, %b: memref<8x16xf32>, %bias: memref<16xf32>, %n: index) {
  %c = memref.alloc(%n) : memref<?x16xf32>
  %out = memref.alloc(%n) : memref<?x16xf32>
  "test.make"(%c) : (memref<?x16xf32>) -> ()
  linalg.matmul ins(%a, %b : memref<?x8xf32>, memref<8x16xf32>) outs(%c : memref<?x16xf32>)
  linalg.generic {indexing_maps = [#map, #vector, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c, %bias : memref<?x16xf32>, memref<16xf32>) outs(%out : memref<?x16xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %r = arith.addf %p, %q : f32
    linalg.yield %r : f32
  }
  "test.use"(%out) : (memref<?x16xf32>) -> ()
  return
}

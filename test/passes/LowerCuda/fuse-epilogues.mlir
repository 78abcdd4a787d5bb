// RUN: blockattn-opt %s --allow-unregistered-dialect --blockattn-fuse-epilogues --split-input-file | FileCheck %s
// RUN: blockattn-opt %s --allow-unregistered-dialect --blockattn-fuse-epilogues=sums=false --split-input-file | FileCheck %s --check-prefix=ALONE

#map = affine_map<(i, j, k) -> (i, j, k)>
#vector = affine_map<(i, j, k) -> (k)>

// The product is computed where the sum goes, and the bias added there.
// CHECK-DAG:   #[[VECTOR:.*]] = affine_map<(d0, d1) -> (d1)>
// CHECK-DAG:   #[[ALL:.*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-LABEL: func.func @bias
// CHECK-SAME:    (%[[A:.*]]: memref<?x32xbf16>, %[[B:.*]]: memref<32x16xbf16>, %[[BIAS:.*]]: memref<16xbf16>, %[[N:.*]]: index, %[[M:.*]]: index
// CHECK:         %[[ROWS:.*]] = arith.muli %[[N]], %[[M]]
// CHECK:         %[[OUT:.*]] = memref.alloc(%[[N]], %[[M]]) : memref<?x?x16xbf16>
// CHECK:         %[[ALL_OF_IT:.*]] = memref.reinterpret_cast %[[OUT]] to offset: [0], sizes: [%[[ROWS]], 16], strides: [16, 1]
// CHECK:         linalg.fill {{.*}} outs(%[[ALL_OF_IT]]
// CHECK-NEXT:    linalg.matmul ins(%[[A]], %[[B]] : {{.*}}) outs(%[[ALL_OF_IT]] : memref<?x16xbf16>)
// CHECK-NEXT:    linalg.generic {indexing_maps = [#[[VECTOR]], #[[ALL]]], iterator_types = ["parallel", "parallel"]} ins(%[[BIAS]] : memref<16xbf16>) outs(%[[ALL_OF_IT]] : memref<?x16xbf16>) attrs = {blockattn.epilogue} {
// CHECK-NEXT:    ^bb0(%[[X:.*]]: bf16, %[[Y:.*]]: bf16):
// CHECK-NEXT:      %[[Y32:.*]] = arith.extf %[[Y]]
// CHECK-NEXT:      %[[X32:.*]] = arith.extf %[[X]]
// CHECK-NEXT:      %[[SUM:.*]] = arith.addf %[[Y32]], %[[X32]] : f32
// CHECK-NEXT:      %[[ROUNDED:.*]] = arith.truncf %[[SUM]]
// CHECK-NEXT:      linalg.yield %[[ROUNDED]]
// CHECK-NOT:     linalg
// CHECK:         "test.use"(%[[OUT]])
// ALONE-LABEL: func.func @bias
// ALONE:         attrs = {blockattn.epilogue}
func.func @bias(%a: memref<?x32xbf16>, %b: memref<32x16xbf16>, %bias: memref<16xbf16>, %n: index, %m: index) {
  %zero = arith.constant 0.0 : bf16
  %c16 = arith.constant 16 : index
  %rows = arith.muli %n, %m : index
  %stride = arith.muli %m, %c16 : index
  %c = memref.alloc(%rows) : memref<?x16xbf16>
  linalg.fill ins(%zero : bf16) outs(%c : memref<?x16xbf16>)
  linalg.matmul ins(%a, %b : memref<?x32xbf16>, memref<32x16xbf16>) outs(%c : memref<?x16xbf16>)
  %cv = memref.reinterpret_cast %c to offset: [0], sizes: [%n, %m, 16], strides: [%stride, 16, 1] : memref<?x16xbf16> to memref<?x?x16xbf16>
  %out = memref.alloc(%n, %m) : memref<?x?x16xbf16>
  linalg.generic {indexing_maps = [#map, #vector, #map], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%cv, %bias : memref<?x?x16xbf16>, memref<16xbf16>) outs(%out : memref<?x?x16xbf16>) {
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
#vector = affine_map<(i, j) -> (0, j)>

// Bias and GELU, into an output of the program. The bias has a dimension of 1
// in front.
// CHECK-DAG:   #[[ROW:.*]] = affine_map<(d0, d1) -> (0, d1)>
// CHECK-LABEL: func.func @gelu
// CHECK-SAME:    %[[BIAS:[a-z0-9]*]]: memref<1x16xf16>, %[[OUT:.*]]: memref<?x16xf16>
// CHECK:         linalg.matmul {{.*}} outs(%[[OUT]] : memref<?x16xf16>)
// CHECK-DAG:     %[[HALF:.*]] = arith.constant 5.000000e-01 : f32
// CHECK-DAG:     %[[ONE:.*]] = arith.constant 1.000000e+00 : f32
// CHECK-DAG:     %[[INNER:.*]] = arith.constant 0.797884583 : f32
// CHECK-DAG:     %[[CUBE:.*]] = arith.constant 4.471500e-02 : f32
// CHECK:         linalg.generic {indexing_maps = [#[[ROW]], {{.*}} ins(%[[BIAS]] : memref<1x16xf16>) outs(%[[OUT]] : memref<?x16xf16>) attrs = {blockattn.epilogue} {
// CHECK:           %[[X:.*]] = arith.addf
// CHECK-NEXT:      %[[SQUARE:.*]] = arith.mulf %[[X]], %[[X]]
// CHECK-NEXT:      %[[CUBED:.*]] = arith.mulf %[[SQUARE]], %[[X]]
// CHECK-NEXT:      %[[SMALL:.*]] = arith.mulf %[[CUBED]], %[[CUBE]]
// CHECK-NEXT:      %[[BENT:.*]] = arith.addf %[[X]], %[[SMALL]]
// CHECK-NEXT:      %[[SCALED:.*]] = arith.mulf %[[BENT]], %[[INNER]]
// CHECK-NEXT:      %[[TANH:.*]] = math.tanh %[[SCALED]]
// CHECK-DAG:       %[[LEFT:.*]] = arith.mulf %[[X]], %[[HALF]]
// CHECK-DAG:       %[[RIGHT:.*]] = arith.addf %[[TANH]], %[[ONE]]
// CHECK-NEXT:      arith.mulf %[[LEFT]], %[[RIGHT]]
// CHECK-NOT:     linalg.generic
// CHECK:         return
func.func @gelu(%a: memref<?x8xf16>, %b: memref<8x16xf16>, %bias: memref<1x16xf16>, %out: memref<?x16xf16>, %n: index) {
  %zero = arith.constant 0.0 : f16
  %half = arith.constant 5.000000e-01 : f32
  %inner = arith.constant 0.797884583 : f32
  %cube = arith.constant 4.471500e-02 : f32
  %one = arith.constant 1.0 : f32
  %c = memref.alloc(%n) : memref<?x16xf16>
  linalg.fill ins(%zero : f16) outs(%c : memref<?x16xf16>)
  linalg.matmul ins(%a, %b : memref<?x8xf16>, memref<8x16xf16>) outs(%c : memref<?x16xf16>)
  linalg.generic {indexing_maps = [#vector, #map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%bias, %c : memref<1x16xf16>, memref<?x16xf16>) outs(%out : memref<?x16xf16>) {
  ^bb0(%q: f16, %p: f16, %o: f16):
    %pw = arith.extf %p : f16 to f32
    %qw = arith.extf %q : f16 to f32
    %s = arith.addf %pw, %qw : f32
    %sn = arith.truncf %s : f32 to f16
    %x = arith.extf %sn : f16 to f32
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
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>

// Commuted, and without a bias.
// CHECK-LABEL: func.func @gelu_alone
// CHECK:         linalg.matmul {{.*}} outs(%[[OUT:.*]] : memref<?x16xbf16>)
// CHECK:         linalg.generic {{.*}} outs(%[[OUT]] : memref<?x16xbf16>) attrs = {blockattn.epilogue} {
// CHECK:           math.tanh
func.func @gelu_alone(%a: memref<?x8xbf16>, %b: memref<8x16xbf16>, %n: index) {
  %zero = arith.constant 0.0 : bf16
  %half = arith.constant 5.000000e-01 : f32
  %inner = arith.constant 0.797884583 : f32
  %cube = arith.constant 4.471500e-02 : f32
  %one = arith.constant 1.0 : f32
  %c = memref.alloc(%n) : memref<?x16xbf16>
  %out = memref.alloc(%n) : memref<?x16xbf16>
  linalg.fill ins(%zero : bf16) outs(%c : memref<?x16xbf16>)
  linalg.matmul ins(%a, %b : memref<?x8xbf16>, memref<8x16xbf16>) outs(%c : memref<?x16xbf16>)
  linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c : memref<?x16xbf16>) outs(%out : memref<?x16xbf16>) {
  ^bb0(%p: bf16, %o: bf16):
    %x = arith.extf %p : bf16 to f32
    %g0 = arith.mulf %cube, %x : f32
    %g1 = arith.mulf %x, %x : f32
    %g2 = arith.mulf %g0, %g1 : f32
    %g3 = arith.addf %g2, %x : f32
    %g4 = arith.mulf %inner, %g3 : f32
    %g5 = math.tanh %g4 : f32
    %g6 = arith.addf %one, %g5 : f32
    %g7 = arith.mulf %g6, %x : f32
    %g8 = arith.mulf %half, %g7 : f32
    %r = arith.truncf %g8 : f32 to bf16
    linalg.yield %r : bf16
  }
  "test.use"(%out) : (memref<?x16xbf16>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#vector = affine_map<(i, j) -> (j)>

// ReLU in f32.
// CHECK-LABEL: func.func @relu
// CHECK-SAME:    %[[BIAS:[a-z0-9]*]]: memref<16xf32>
// CHECK:         linalg.matmul {{.*}} outs(%[[OUT:.*]] : memref<?x16xf32>)
// CHECK:         %[[ZERO:.*]] = arith.constant 0.000000e+00 : f32
// CHECK:         linalg.generic {{.*}} ins(%[[BIAS]] : memref<16xf32>) outs(%[[OUT]] : memref<?x16xf32>) attrs = {blockattn.epilogue} {
// CHECK-NEXT:    ^bb0(%[[X:.*]]: f32, %[[Y:.*]]: f32):
// CHECK-NEXT:      %[[SUM:.*]] = arith.addf %[[Y]], %[[X]]
// CHECK-NEXT:      %[[POSITIVE:.*]] = arith.maximumf %[[SUM]], %[[ZERO]]
// CHECK-NEXT:      linalg.yield %[[POSITIVE]]
func.func @relu(%a: memref<?x8xf32>, %b: memref<8x16xf32>, %bias: memref<16xf32>, %n: index) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc(%n) : memref<?x16xf32>
  %out = memref.alloc(%n) : memref<?x16xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<?x16xf32>)
  linalg.matmul ins(%a, %b : memref<?x8xf32>, memref<8x16xf32>) outs(%c : memref<?x16xf32>)
  linalg.generic {indexing_maps = [#map, #vector, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c, %bias : memref<?x16xf32>, memref<16xf32>) outs(%out : memref<?x16xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %s = arith.addf %p, %q : f32
    %r = arith.maximumf %zero, %s : f32
    linalg.yield %r : f32
  }
  "test.use"(%out) : (memref<?x16xf32>) -> ()
  return
}

// -----

#map = affine_map<(i, j, k) -> (i, j, k)>
#vector = affine_map<(i, j, k) -> (k)>

// The sum is made where the other term lies, which nothing reads afterwards.
// CHECK-LABEL: func.func @sum
// CHECK-SAME:    (%[[A:.*]]: memref<?x32xbf16>, %[[B:.*]]: memref<32x16xbf16>, %[[BIAS:.*]]: memref<16xbf16>
// CHECK:         %[[X:.*]] = memref.alloc(%{{.*}}) : memref<1x?x16xbf16>
// CHECK:         "test.make"(%[[X]])
// CHECK-NOT:     memref.alloc
// CHECK-NOT:     linalg.fill
// CHECK:         %[[SUMS:.*]] = memref.reinterpret_cast %[[X]]
// CHECK:         linalg.matmul ins(%[[A]], %[[B]] : {{.*}}) outs(%[[SUMS]] : memref<?x16xbf16>)
// CHECK-NEXT:    linalg.generic {{.*}} ins(%[[BIAS]] : memref<16xbf16>) outs(%[[SUMS]] : memref<?x16xbf16>) attrs = {blockattn.epilogue} {
// CHECK-NOT:     linalg.generic
// CHECK:         "test.use"(%[[X]])
// ALONE-LABEL: func.func @sum
// ALONE-NOT:     blockattn.epilogue
// ALONE:         return
func.func @sum(%a: memref<?x32xbf16>, %b: memref<32x16xbf16>, %bias: memref<16xbf16>, %n: index) {
  %zero = arith.constant 0.0 : bf16
  %x = memref.alloc(%n) : memref<1x?x16xbf16>
  "test.make"(%x) : (memref<1x?x16xbf16>) -> ()
  %c = memref.alloc(%n) : memref<?x16xbf16>
  linalg.fill ins(%zero : bf16) outs(%c : memref<?x16xbf16>)
  linalg.matmul ins(%a, %b : memref<?x32xbf16>, memref<32x16xbf16>) outs(%c : memref<?x16xbf16>)
  %cv = memref.expand_shape %c [[0, 1], [2]] output_shape [1, %n, 16] : memref<?x16xbf16> into memref<1x?x16xbf16>
  %out = memref.alloc(%n) : memref<1x?x16xbf16>
  linalg.generic {indexing_maps = [#map, #map, #vector, #map], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x, %cv, %bias : memref<1x?x16xbf16>, memref<1x?x16xbf16>, memref<16xbf16>) outs(%out : memref<1x?x16xbf16>) {
  ^bb0(%t: bf16, %p: bf16, %q: bf16, %o: bf16):
    %pw = arith.extf %p : bf16 to f32
    %qw = arith.extf %q : bf16 to f32
    %s = arith.addf %pw, %qw : f32
    %sn = arith.truncf %s : f32 to bf16
    %sw = arith.extf %sn : bf16 to f32
    %tw = arith.extf %t : bf16 to f32
    %u = arith.addf %tw, %sw : f32
    %r = arith.truncf %u : f32 to bf16
    linalg.yield %r : bf16
  }
  "test.use"(%out) : (memref<1x?x16xbf16>) -> ()
  return
}

// -----

#map = affine_map<(i, j) -> (i, j)>
#vector = affine_map<(i, j) -> (j)>

// f32 sums of 16-bit factors, with a bias in f32.
// CHECK-LABEL: func.func @wide
// CHECK:         linalg.matmul {{.*}} outs(%[[OUT:.*]] : memref<?x16xf32>)
// CHECK-NEXT:    linalg.generic {{.*}} outs(%[[OUT]] : memref<?x16xf32>) attrs = {blockattn.epilogue} {
func.func @wide(%a: memref<?x8xbf16>, %b: memref<8x16xbf16>, %bias: memref<16xf32>, %n: index) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc(%n) : memref<?x16xf32>
  %out = memref.alloc(%n) : memref<?x16xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<?x16xf32>)
  linalg.matmul ins(%a, %b : memref<?x8xbf16>, memref<8x16xbf16>) outs(%c : memref<?x16xf32>)
  linalg.generic {indexing_maps = [#map, #vector, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c, %bias : memref<?x16xf32>, memref<16xf32>) outs(%out : memref<?x16xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %s = arith.addf %p, %q : f32
    linalg.yield %s : f32
  }
  "test.use"(%out) : (memref<?x16xf32>) -> ()
  return
}

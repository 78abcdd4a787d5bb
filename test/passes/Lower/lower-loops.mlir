// RUN: blockattn-opt %s --blockattn-lower-loops --split-input-file | FileCheck %s

// The rows of a bias addition are one loop; columns are vectors with a rest.
// CHECK-LABEL: func.func @bias
// CHECK-SAME:    (%[[X:.*]]: memref<?x?x64xf32>, %[[B:.*]]: memref<64xf32>, %[[Y:.*]]: memref<?x?x64xf32>)
// CHECK-DAG:     %[[X2:.*]] = memref.collapse_shape %[[X]] {{\[}}[0, 1], [2]]
// CHECK-DAG:     %[[Y2:.*]] = memref.collapse_shape %[[Y]] {{\[}}[0, 1], [2]]
// CHECK:         scf.parallel
// CHECK:           scf.for
// CHECK:             scf.for
// CHECK:               vector.load %[[X2]]
// CHECK:               vector.load %[[B]]
// CHECK:               arith.addf %{{.*}}, %{{.*}} fastmath<contract> : vector<16xf32>
// CHECK:               vector.store %{{.*}}, %[[Y2]]
// CHECK:             scf.for
// CHECK:               arith.addf %{{.*}}, %{{.*}} fastmath<contract> : f32
func.func @bias(%x: memref<?x?x64xf32>, %b: memref<64xf32>, %y: memref<?x?x64xf32>) {
  linalg.generic {indexing_maps = [affine_map<(a, b, c) -> (a, b, c)>,
                                   affine_map<(a, b, c) -> (c)>,
                                   affine_map<(a, b, c) -> (a, b, c)>],
                  iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x, %b : memref<?x?x64xf32>, memref<64xf32>) outs(%y : memref<?x?x64xf32>) {
  ^bb0(%p: f32, %q: f32, %r: f32):
    %0 = arith.addf %p, %q : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

// What is the same along a row is computed once for the row.
// CHECK-LABEL: func.func @normalise
// CHECK:         scf.parallel
// CHECK:           scf.for
// CHECK:             math.rsqrt %{{.*}} : f32
// CHECK:             scf.for
// CHECK-NOT:           math.rsqrt
// CHECK:               arith.mulf %{{.*}} : vector<16xf32>
func.func @normalise(%x: memref<?x?xf32>, %v: memref<?xf32>, %y: memref<?x?xf32>) {
  linalg.generic {indexing_maps = [affine_map<(a, b) -> (a, b)>,
                                   affine_map<(a, b) -> (a)>,
                                   affine_map<(a, b) -> (a, b)>],
                  iterator_types = ["parallel", "parallel"]}
      ins(%x, %v : memref<?x?xf32>, memref<?xf32>) outs(%y : memref<?x?xf32>) {
  ^bb0(%p: f32, %q: f32, %r: f32):
    %0 = math.rsqrt %q : f32
    %1 = arith.mulf %p, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// -----

// A sum along memory: lanes add up in registers and meet at the end.
// CHECK-LABEL: func.func @sum
// CHECK:         scf.parallel
// CHECK:           scf.for
// CHECK:             %[[OLD:.*]] = memref.load
// CHECK:             %[[LANES:.*]] = scf.for {{.*}} iter_args({{.*}}) -> (vector<16xf32>)
// CHECK-NOT:           memref.store
// CHECK:             %[[REST:.*]] = scf.for {{.*}} iter_args(%{{.*}} = %[[OLD]]) -> (f32)
// CHECK:             vector.reduction <add>, %[[LANES]], %[[REST]] fastmath<reassoc>
// CHECK:             memref.store
func.func @sum(%x: memref<?x?xf32>, %y: memref<?xf32>) {
  linalg.generic {indexing_maps = [affine_map<(a, b) -> (a, b)>, affine_map<(a, b) -> (a)>],
                  iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<?x?xf32>) outs(%y : memref<?xf32>) {
  ^bb0(%p: f32, %q: f32):
    %0 = arith.addf %q, %p : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

// A sum across rows: neighbouring columns are lanes.
// CHECK-LABEL: func.func @column_sum
// CHECK:         scf.parallel
// CHECK:           scf.for
// CHECK:             scf.for {{.*}} -> (vector<16xf32>)
// CHECK-NOT:     vector.reduction
func.func @column_sum(%x: memref<?x?xf32>, %y: memref<?xf32>) {
  linalg.generic {indexing_maps = [affine_map<(a, b) -> (b, a)>, affine_map<(a, b) -> (a)>],
                  iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<?x?xf32>) outs(%y : memref<?xf32>) {
  ^bb0(%p: f32, %q: f32):
    %0 = arith.addf %q, %p : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

// Rows of a table, found by an index: the check is done once for a row.
// CHECK-LABEL: func.func @gather
// CHECK:         scf.parallel
// CHECK:           scf.for
// CHECK:             blockattn.check
// CHECK:             scf.for
// CHECK-NOT:           blockattn.check
// CHECK:               vector.load %{{.*}} : memref<?x64xf32>, vector<16xf32>
func.func @gather(%table: memref<?x64xf32>, %i: memref<?xi64>, %y: memref<?x64xf32>) {
  %c0 = arith.constant 0 : index
  %n = memref.dim %table, %c0 : memref<?x64xf32>
  linalg.generic {indexing_maps = [affine_map<(a, b) -> (a)>, affine_map<(a, b) -> (a, b)>],
                  iterator_types = ["parallel", "parallel"]}
      ins(%i : memref<?xi64>) outs(%y : memref<?x64xf32>) {
  ^bb0(%p: i64, %q: f32):
    %row = arith.index_cast %p : i64 to index
    %ok = arith.cmpi ult, %row, %n : index
    blockattn.check %ok, "index out of range" code 1
    %safe = arith.select %ok, %row, %c0 : index
    %column = linalg.index 1 : index
    %0 = memref.load %table[%safe, %column] : memref<?x64xf32>
    linalg.yield %0 : f32
  }
  return
}

// -----

// Booleans are bytes in memory, also as vectors.
// CHECK-LABEL: func.func @not
// CHECK:         vector.load %{{.*}} : memref<?xi8>, vector<16xi8>
// CHECK:         arith.cmpi ne, %{{.*}} : vector<16xi8>
// CHECK:         arith.extui %{{.*}} : vector<16xi1> to vector<16xi8>
func.func @not(%x: memref<?xi1>, %y: memref<?xi1>) {
  %true = arith.constant true
  linalg.generic {indexing_maps = [affine_map<(a) -> (a)>, affine_map<(a) -> (a)>],
                  iterator_types = ["parallel"]}
      ins(%x : memref<?xi1>) outs(%y : memref<?xi1>) {
  ^bb0(%p: i1, %q: i1):
    %0 = arith.xori %p, %true : i1
    linalg.yield %0 : i1
  }
  return
}

// -----

// Scalars and small constant shapes make no tasks. A transposition has no
// contiguous direction.
// CHECK-LABEL: func.func @small
// CHECK-NOT:     scf.parallel
// CHECK-NOT:     vector
// CHECK:         math.absf %{{.*}} : f32
// CHECK:         return
func.func @small(%x: memref<f32>, %y: memref<f32>, %a: memref<4x64xf32>, %b: memref<64x4xf32>) {
  linalg.generic {indexing_maps = [affine_map<() -> ()>, affine_map<() -> ()>], iterator_types = []}
      ins(%x : memref<f32>) outs(%y : memref<f32>) {
  ^bb0(%p: f32, %q: f32):
    %0 = math.absf %p : f32
    linalg.yield %0 : f32
  }
  linalg.transpose ins(%a : memref<4x64xf32>) outs(%b : memref<64x4xf32>) permutation = [1, 0]
  return
}

// -----

// Two broadcast dimensions side by side are no group of loops.
// CHECK-LABEL: func.func @broadcast
// CHECK: scf.parallel
func.func @broadcast(%x: memref<?x1x1x1xi64>, %y: memref<?x1x?x?xi64>) {
  linalg.generic {indexing_maps = [affine_map<(a, b, c, d) -> (a, b, 0, 0)>,
                                   affine_map<(a, b, c, d) -> (a, b, c, d)>],
                  iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : memref<?x1x1x1xi64>) outs(%y : memref<?x1x?x?xi64>) {
  ^bb0(%p: i64, %q: i64):
    linalg.yield %p : i64
  }
  return
}

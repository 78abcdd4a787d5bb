// RUN: blockattn-opt %s --blockattn-move-to-device --blockattn-share-loops --canonicalize --cse --split-input-file | FileCheck %s

// Sums along a dimension: a thread, or a thread block, for each line.
// CHECK-LABEL: func.func @sums
// CHECK-SAME:    (%[[X:.*]]: memref<?x?xi64>, %[[Y:.*]]: memref<?x?xi64>)
// CHECK:         %[[LINES:.*]] = memref.dim %[[X]], %c0
// CHECK:         gpu.launch blocks({{.*}}) in (%{{[^ ]+}} = %[[LINES]], %{{.*}} = %c1, %{{.*}} = %c1)
// CHECK-NEXT:      scf.for
// CHECK:             linalg.generic
// CHECK:             linalg.copy
// CHECK:         } {blockattn.points, blockattn.scan}
func.func @sums(%x: memref<?x?xi64>, %y: memref<?x?xi64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0 : i64
  %b = memref.dim %x, %c0 : memref<?x?xi64>
  %n = memref.dim %x, %c1 : memref<?x?xi64>
  %sums = memref.alloc(%b) : memref<?x1xi64>
  linalg.fill ins(%zero : i64) outs(%sums : memref<?x1xi64>)
  scf.for %i = %c0 to %n step %c1 {
    %slab = memref.subview %x[0, %i] [%b, 1] [1, 1] : memref<?x?xi64> to memref<?x1xi64, strided<[?, 1], offset: ?>>
    linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
        ins(%slab : memref<?x1xi64, strided<[?, 1], offset: ?>>) outs(%sums : memref<?x1xi64>) {
    ^bb0(%in: i64, %out: i64):
      %s = arith.addi %out, %in : i64
      linalg.yield %s : i64
    }
    %to = memref.subview %y[0, %i] [%b, 1] [1, 1] : memref<?x?xi64> to memref<?x1xi64, strided<[?, 1], offset: ?>>
    memref.copy %sums, %to : memref<?x1xi64> to memref<?x1xi64, strided<[?, 1], offset: ?>>
  }
  return
}

// -----

// One line of known size is one thread block's; in reverse, and without the
// element itself.
// CHECK-LABEL: func.func @one_line
// CHECK:         gpu.launch blocks({{.*}}) in (%{{[^ ]+}} = %c1,
// CHECK:             linalg.copy
// CHECK:             linalg.generic
// CHECK:         } {blockattn.points, blockattn.scan}
func.func @one_line(%x: memref<?xf32>, %y: memref<?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %n = memref.dim %x, %c0 : memref<?xf32>
  %last = arith.subi %n, %c1 : index
  %sums = memref.alloc() : memref<1xf32>
  linalg.fill ins(%zero : f32) outs(%sums : memref<1xf32>)
  scf.for %i = %c0 to %n step %c1 {
    %at = arith.subi %last, %i : index
    %slab = memref.subview %x[%at] [1] [1] : memref<?xf32> to memref<1xf32, strided<[1], offset: ?>>
    %to = memref.subview %y[%at] [1] [1] : memref<?xf32> to memref<1xf32, strided<[1], offset: ?>>
    memref.copy %sums, %to : memref<1xf32> to memref<1xf32, strided<[1], offset: ?>>
    linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
        ins(%slab : memref<1xf32, strided<[1], offset: ?>>) outs(%sums : memref<1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %s = arith.addf %out, %in : f32
      linalg.yield %s : f32
    }
  }
  return
}

// -----

// Which dimension the sums go along may be for the data to say.
// CHECK-LABEL: func.func @some_axis
// CHECK:         %[[ROWS:.*]] = arith.select
// CHECK:         %[[COLUMNS:.*]] = arith.select
// CHECK:         %[[LINES:.*]] = arith.muli %[[ROWS]], %[[COLUMNS]]
// CHECK:         gpu.launch blocks({{.*}}) in (%{{[^ ]+}} = %[[LINES]],
// CHECK:         } {blockattn.points, blockattn.scan}
func.func @some_axis(%x: memref<?x?xf32>, %y: memref<?x?xf32>, %n: index, %first: i1, %second: i1) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %d0 = memref.dim %x, %c0 : memref<?x?xf32>
  %d1 = memref.dim %x, %c1 : memref<?x?xf32>
  %rows = arith.select %first, %c1, %d0 : index
  %columns = arith.select %second, %c1, %d1 : index
  %sums = memref.alloc(%rows, %columns) : memref<?x?xf32>
  linalg.fill ins(%zero : f32) outs(%sums : memref<?x?xf32>)
  scf.for %i = %c0 to %n step %c1 {
    %p = arith.select %first, %i, %c0 : index
    %q = arith.select %second, %i, %c0 : index
    %slab = memref.subview %x[%p, %q] [%rows, %columns] [1, 1] : memref<?x?xf32> to memref<?x?xf32, strided<[?, 1], offset: ?>>
    linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
        ins(%slab : memref<?x?xf32, strided<[?, 1], offset: ?>>) outs(%sums : memref<?x?xf32>) {
    ^bb0(%in: f32, %out: f32):
      %s = arith.addf %out, %in : f32
      linalg.yield %s : f32
    }
    %to = memref.subview %y[%p, %q] [%rows, %columns] [1, 1] : memref<?x?xf32> to memref<?x?xf32, strided<[?, 1], offset: ?>>
    memref.copy %sums, %to : memref<?x?xf32> to memref<?x?xf32, strided<[?, 1], offset: ?>>
  }
  return
}

// -----

// Turns of a search for the best: a thread for each row, with all that it has
// found so far.
// CHECK-LABEL: func.func @turns
// CHECK:         %[[ROWS:.*]] = memref.dim %{{.*}}, %c0
// CHECK:         gpu.launch blocks({{.*}}) in (%{{[^ ]+}} = %[[ROWS]],
// CHECK-NEXT:      scf.for
// CHECK:             linalg.fill
// CHECK:             linalg.generic
// CHECK:             linalg.copy
// CHECK:         } {blockattn.points}
func.func @turns(%x: memref<?x64xf32>, %found: memref<?x8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f32
  %n = memref.dim %x, %c0 : memref<?x64xf32>
  scf.for %turn = %c0 to %c8 step %c1 {
    %best = memref.alloc(%n) : memref<?xf32>
    linalg.fill ins(%zero : f32) outs(%best : memref<?xf32>)
    linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]}
        ins(%x : memref<?x64xf32>) outs(%best : memref<?xf32>) {
    ^bb0(%in: f32, %out: f32):
      %row = linalg.index 0 : index
      %before = memref.load %found[%row, %turn] : memref<?x8xf32>
      %less = arith.minimumf %before, %in : f32
      %r = arith.maximumf %less, %out : f32
      linalg.yield %r : f32
    }
    %to = memref.subview %found[0, %turn] [%n, 1] [1, 1] : memref<?x8xf32> to memref<?xf32, strided<[8], offset: ?>>
    memref.copy %best, %to : memref<?xf32> to memref<?xf32, strided<[8], offset: ?>>
  }
  return
}

// -----

// Elements are added up in the order of the updates: the loops over other
// dimensions are shared, that over the axis is each thread's.
// CHECK-LABEL: func.func @add_along
// CHECK-SAME:    (%[[INDICES:.*]]: memref<?x?x?xi64>, %[[UPDATES:.*]]: memref<?x?x?xf32>, %[[DATA:.*]]: memref<?x?x?xf32>)
// CHECK-DAG:     %[[A:.*]] = memref.dim %[[INDICES]], %c0
// CHECK-DAG:     %[[B:.*]] = memref.dim %[[INDICES]], %c1
// CHECK-DAG:     %[[C:.*]] = memref.dim %[[INDICES]], %c2
// CHECK:         %[[COUNT:.*]] = arith.muli %[[A]], %[[C]]
// CHECK:         gpu.launch blocks(%[[ID:.*]], %{{.*}}, %{{.*}}) in (%{{[^ ]+}} = %[[COUNT]],
// CHECK-DAG:       %[[K:.*]] = arith.remui %[[ID]], %[[C]]
// CHECK-DAG:       %[[I:.*]] = arith.divui %[[ID]], %[[C]]
// CHECK:           scf.for %[[J:.*]] = %c0 to %[[B]] step %c1
// CHECK-NEXT:        memref.load %[[INDICES]][%[[I]], %[[J]], %[[K]]]
// CHECK:             memref.load %[[DATA]][%[[I]], %[[TO:.*]], %[[K]]]
// CHECK:             memref.store %{{.*}}, %[[DATA]][%[[I]], %[[TO]], %[[K]]]
// CHECK-NOT:       scf.for
// CHECK:           gpu.terminator
func.func @add_along(%indices: memref<?x?x?xi64>, %updates: memref<?x?x?xf32>, %data: memref<?x?x?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %a = memref.dim %indices, %c0 : memref<?x?x?xi64>
  %b = memref.dim %indices, %c1 : memref<?x?x?xi64>
  %c = memref.dim %indices, %c2 : memref<?x?x?xi64>
  scf.for %i = %c0 to %a step %c1 {
    scf.for %j = %c0 to %b step %c1 {
      scf.for %k = %c0 to %c step %c1 {
        %raw = memref.load %indices[%i, %j, %k] : memref<?x?x?xi64>
        %to = arith.index_cast %raw : i64 to index
        %valid = arith.cmpi ult, %to, %b : index
        %u = memref.load %updates[%i, %j, %k] : memref<?x?x?xf32>
        scf.if %valid {
          %old = memref.load %data[%i, %to, %k] : memref<?x?x?xf32>
          %new = arith.addf %old, %u : f32
          memref.store %new, %data[%i, %to, %k] : memref<?x?x?xf32>
        }
      }
    }
  }
  return
}

// -----

// Where any update may stay, all of them are shared.
// CHECK-LABEL: func.func @any_order
// CHECK-SAME:    (%[[INDICES:.*]]: memref<?xi64>, %[[UPDATES:.*]]: memref<?x8xf32>, %[[DATA:.*]]: memref<?x8xf32>)
// CHECK:         %[[N:.*]] = memref.dim %[[INDICES]], %c0
// CHECK:         %[[COUNT:.*]] = arith.muli %[[N]], %c8
// CHECK:         gpu.launch blocks(%[[ID:.*]], %{{.*}}, %{{.*}}) in (%{{[^ ]+}} = %[[COUNT]],
// CHECK-NOT:       scf.for
// CHECK:           memref.store
func.func @any_order(%indices: memref<?xi64>, %updates: memref<?x8xf32>, %data: memref<?x8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %n = memref.dim %indices, %c0 : memref<?xi64>
  scf.for %i = %c0 to %n step %c1 {
    scf.for %j = %c0 to %c8 step %c1 {
      %raw = memref.load %indices[%i] : memref<?xi64>
      %to = arith.index_cast %raw : i64 to index
      %u = memref.load %updates[%i, %j] : memref<?x8xf32>
      memref.store %u, %data[%to, %j] : memref<?x8xf32>
    } {blockattn.any_order}
  } {blockattn.any_order}
  return
}

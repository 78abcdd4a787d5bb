// RUN: blockattn-opt %s --blockattn-move-to-device --blockattn-share-loops --canonicalize --cse --split-input-file | FileCheck %s

// The pass cannot fail: where threads could meet, one does all of it.

// Each iteration reads what the one before it wrote.
// CHECK-LABEL: func.func @depends
// CHECK:         gpu.launch blocks({{.*}}) in (%{{[^ ]+}} = %c1,
// CHECK-NEXT:      scf.for
func.func @depends(%x: memref<?xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %next = arith.addi %i, %c1 : index
    %v = memref.load %x[%i] : memref<?xf32>
    memref.store %v, %x[%next] : memref<?xf32>
  }
  return
}

// -----

// The one dimension is indexed by data, and sums have an order.
// CHECK-LABEL: func.func @collides
// CHECK:         gpu.launch blocks({{.*}}) in (%{{[^ ]+}} = %c1,
// CHECK-NEXT:      scf.for
func.func @collides(%indices: memref<?xi64>, %data: memref<?xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %raw = memref.load %indices[%i] : memref<?xi64>
    %to = arith.index_cast %raw : i64 to index
    %old = memref.load %data[%to] : memref<?xf32>
    %new = arith.addf %old, %old : f32
    memref.store %new, %data[%to] : memref<?xf32>
  } {blockattn.any_order}
  return
}

// -----

// As before, with both of two dimensions indexed by data, and the greater one of two numbers.
// CHECK-LABEL: func.func @places_collide
// CHECK:         gpu.launch blocks({{.*}}) in (%{{[^ ]+}} = %c1,
// CHECK-NEXT:      scf.for
// CHECK-NEXT:        scf.for
func.func @places_collide(%rows: memref<?x?xi64>, %columns: memref<?x?xi64>, %updates: memref<?x?xf32>, %data: memref<?x?xf32>, %n: index, %m: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    scf.for %j = %c0 to %m step %c1 {
      %r = memref.load %rows[%i, %j] : memref<?x?xi64>
      %row = arith.index_cast %r : i64 to index
      %c = memref.load %columns[%i, %j] : memref<?x?xi64>
      %column = arith.index_cast %c : i64 to index
      %u = memref.load %updates[%i, %j] : memref<?x?xf32>
      %old = memref.load %data[%row, %column] : memref<?x?xf32>
      %new = arith.maximumf %old, %u : f32
      memref.store %new, %data[%row, %column] : memref<?x?xf32>
    } {blockattn.any_order}
  } {blockattn.any_order}
  return
}

// -----

// The inner loop is an index of what is written, but not of what is read there.
// CHECK-LABEL: func.func @neighbours_collide
// CHECK:         gpu.launch blocks({{.*}}) in (%{{[^ ]+}} = %c1,
// CHECK-NEXT:      scf.for
// CHECK-NEXT:        scf.for
func.func @neighbours_collide(%rows: memref<?x?xi64>, %data: memref<?x?xf32>, %n: index, %m: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    scf.for %j = %c0 to %m step %c1 {
      %r = memref.load %rows[%i, %j] : memref<?x?xi64>
      %row = arith.index_cast %r : i64 to index
      %next = arith.addi %j, %c1 : index
      %u = memref.load %data[%row, %next] : memref<?x?xf32>
      %old = memref.load %data[%row, %j] : memref<?x?xf32>
      %new = arith.maximumf %old, %u : f32
      memref.store %new, %data[%row, %j] : memref<?x?xf32>
    } {blockattn.any_order}
  } {blockattn.any_order}
  return
}

// -----

// A loop as long as another one's number says.
// CHECK-LABEL: func.func @triangle
// CHECK:         gpu.launch blocks({{.*}}) in (%{{[^ ]+}} = %c1,
// CHECK-NEXT:      scf.for
func.func @triangle(%x: memref<?x?xf32>, %v: f32, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    scf.for %j = %c0 to %i step %c1 {
      memref.store %v, %x[%i, %j] : memref<?x?xf32>
    }
  }
  return
}

// -----

// Two views of one memory.
// CHECK-LABEL: func.func @views
// CHECK:         gpu.launch blocks({{.*}}) in (%{{[^ ]+}} = %c1,
// CHECK-NEXT:      scf.for
func.func @views(%x: memref<64xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %behind = memref.subview %x[1] [63] [1] : memref<64xf32> to memref<63xf32, strided<[1], offset: 1>>
  scf.for %i = %c0 to %n step %c1 {
    %v = memref.load %x[%i] : memref<64xf32>
    memref.store %v, %behind[%i] : memref<63xf32, strided<[1], offset: 1>>
  }
  return
}

// -----

// A result that is carried from one iteration to the next.
// CHECK-LABEL: func.func @carries
// CHECK:         gpu.launch blocks({{.*}}) in (%{{[^ ]+}} = %c1,
// CHECK-NEXT:      scf.for
func.func @carries(%x: memref<?xi64>, %y: memref<?xi64>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0 : i64
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%s = %zero) -> (i64) {
    %v = memref.load %x[%i] : memref<?xi64>
    %t = arith.addi %s, %v : i64
    memref.store %t, %y[%i] : memref<?xi64>
    scf.yield %t : i64
  }
  return
}

// -----

// Slabs that move over one another: a thread would read another one's.
// CHECK-LABEL: func.func @shifted
// CHECK:         gpu.launch blocks({{.*}}) in (%{{[^ ]+}} = %c1,
// CHECK-NOT:     blockattn.points
// CHECK:         return
func.func @shifted(%x: memref<64xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  scf.for %i = %c0 to %c8 step %c1 {
    %from = memref.subview %x[%i] [32] [1] : memref<64xf32> to memref<32xf32, strided<[1], offset: ?>>
    linalg.generic {indexing_maps = [affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
        outs(%from : memref<32xf32, strided<[1], offset: ?>>) {
    ^bb0(%out: f32):
      %s = arith.addf %out, %out : f32
      linalg.yield %s : f32
    }
  }
  return
}

// -----

// Rows of one operation are columns of the other.
// CHECK-LABEL: func.func @turned
// CHECK:         gpu.launch blocks({{.*}}) in (%{{[^ ]+}} = %c1,
// CHECK-NOT:     blockattn.points
// CHECK:         return
func.func @turned(%x: memref<8x8xf32>, %y: memref<8x8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  scf.for %i = %c0 to %c8 step %c1 {
    linalg.generic {indexing_maps = [affine_map<(i, j) -> (j, i)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
        ins(%x : memref<8x8xf32>) outs(%y : memref<8x8xf32>) {
    ^bb0(%in: f32, %out: f32):
      %s = arith.addf %out, %in : f32
      linalg.yield %s : f32
    }
    memref.copy %y, %x : memref<8x8xf32> to memref<8x8xf32>
  }
  return
}

// -----

// Operations of different extents.
// CHECK-LABEL: func.func @extents
// CHECK:         gpu.launch blocks({{.*}}) in (%{{[^ ]+}} = %c1,
// CHECK-NOT:     blockattn.points
// CHECK:         return
func.func @extents(%x: memref<?xf32>, %y: memref<?xf32>, %v: f32, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    linalg.fill ins(%v : f32) outs(%x : memref<?xf32>)
    linalg.fill ins(%v : f32) outs(%y : memref<?xf32>)
  }
  return
}

// -----

// Sums that are read behind the loop are made by a thread each, not by a block,
// which does not keep them.
// CHECK-LABEL: func.func @sums_used
// CHECK:         gpu.launch blocks({{.*}}) in (%{{[^ ]+}} = %{{c?}}{{[a-z0-9_]+}},
// CHECK:         } {blockattn.points}{{$}}
// CHECK:         memref.copy
func.func @sums_used(%x: memref<4x?xf32>, %y: memref<4x?xf32>, %end: memref<4x1xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %sums = memref.alloc() : memref<4x1xf32>
  linalg.fill ins(%zero : f32) outs(%sums : memref<4x1xf32>)
  scf.for %i = %c0 to %n step %c1 {
    %slab = memref.subview %x[0, %i] [4, 1] [1, 1] : memref<4x?xf32> to memref<4x1xf32, strided<[?, 1], offset: ?>>
    linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
        ins(%slab : memref<4x1xf32, strided<[?, 1], offset: ?>>) outs(%sums : memref<4x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %s = arith.addf %out, %in : f32
      linalg.yield %s : f32
    }
    %to = memref.subview %y[0, %i] [4, 1] [1, 1] : memref<4x?xf32> to memref<4x1xf32, strided<[?, 1], offset: ?>>
    memref.copy %sums, %to : memref<4x1xf32> to memref<4x1xf32, strided<[?, 1], offset: ?>>
  }
  memref.copy %sums, %end : memref<4x1xf32> to memref<4x1xf32>
  return
}

// -----

// As before, by another name.
// CHECK-LABEL: func.func @sums_seen
// CHECK:         gpu.launch blocks({{.*}}) in (%{{[^ ]+}} = %{{c?}}{{[a-z0-9_]+}},
// CHECK:         } {blockattn.points}{{$}}
// CHECK:         memref.copy
func.func @sums_seen(%x: memref<4x?xf32>, %y: memref<4x?xf32>, %end: memref<4x1xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %sums = memref.alloc() : memref<4x1xf32>
  %seen = memref.cast %sums : memref<4x1xf32> to memref<4x?xf32>
  linalg.fill ins(%zero : f32) outs(%sums : memref<4x1xf32>)
  scf.for %i = %c0 to %n step %c1 {
    %slab = memref.subview %x[0, %i] [4, 1] [1, 1] : memref<4x?xf32> to memref<4x1xf32, strided<[?, 1], offset: ?>>
    linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
        ins(%slab : memref<4x1xf32, strided<[?, 1], offset: ?>>) outs(%sums : memref<4x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %s = arith.addf %out, %in : f32
      linalg.yield %s : f32
    }
    %to = memref.subview %y[0, %i] [4, 1] [1, 1] : memref<4x?xf32> to memref<4x1xf32, strided<[?, 1], offset: ?>>
    memref.copy %sums, %to : memref<4x1xf32> to memref<4x1xf32, strided<[?, 1], offset: ?>>
  }
  memref.copy %seen, %end : memref<4x?xf32> to memref<4x1xf32>
  return
}

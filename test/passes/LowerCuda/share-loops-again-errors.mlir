// RUN: blockattn-opt %s --blockattn-share-loops | FileCheck %s

// Sums that are read in the next turn of a loop around the launch are made by a thread each:
// a thread block does not keep them.
// CHECK-LABEL: func.func @sums_go_on
// CHECK:         scf.for
// CHECK:         gpu.launch blocks({{.*}}) in (%{{[^ ]+}} = %{{c?}}{{[a-z0-9_]+}},
// CHECK:         } {blockattn.points}{{$}}
func.func @sums_go_on(%x: memref<4x?xf32>, %y: memref<4x?xf32>, %end: memref<4x1xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %sums = memref.alloc() : memref<4x1xf32>
  scf.for %turn = %c0 to %n step %c1 {
    memref.copy %sums, %end : memref<4x1xf32> to memref<4x1xf32>
    linalg.fill ins(%zero : f32) outs(%sums : memref<4x1xf32>)
    gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1) threads(%tx, %ty, %tz) in (%sx = %c1, %sy = %c1, %sz = %c1) {
      scf.for %i = %c0 to %n step %c1 {
        %slab = memref.subview %x[0, %i] [4, 1] [1, 1] : memref<4x?xf32> to memref<4x1xf32, strided<[?, 1], offset: ?>>
        linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
            ins(%slab : memref<4x1xf32, strided<[?, 1], offset: ?>>) outs(%sums : memref<4x1xf32>) {
        ^bb0(%in: f32, %out: f32):
          %s = arith.addf %out, %in : f32
          linalg.yield %s : f32
        }
        %to = memref.subview %y[0, %i] [4, 1] [1, 1] : memref<4x?xf32> to memref<4x1xf32, strided<[?, 1], offset: ?>>
        linalg.copy ins(%sums : memref<4x1xf32>) outs(%to : memref<4x1xf32, strided<[?, 1], offset: ?>>)
      }
      gpu.terminator
    }
  }
  return
}

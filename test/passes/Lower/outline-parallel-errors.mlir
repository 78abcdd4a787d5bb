// RUN: blockattn-opt %s --blockattn-outline-parallel | FileCheck %s

// The pass has no way to fail; these are what it must leave alone.

// CHECK-NOT:   ba_rt_parallel_for

// Loops of several dimensions, or with other bounds than 0 to n by 1, are not
// made by our passes, and stay loops.
// CHECK-LABEL: func.func @two_dimensions
// CHECK:         scf.parallel
func.func @two_dimensions(%x: memref<?x?xf32>, %n: index, %v: f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.parallel (%i, %j) = (%c0, %c0) to (%n, %n) step (%c1, %c1) {
    memref.store %v, %x[%i, %j] : memref<?x?xf32>
  }
  return
}

// CHECK-LABEL: func.func @steps
// CHECK:         scf.parallel
func.func @steps(%x: memref<?xf32>, %n: index, %v: f32) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  scf.parallel (%i) = (%c0) to (%n) step (%c2) {
    memref.store %v, %x[%i] : memref<?xf32>
  }
  return
}

// RUN: blockattn-opt %s --blockattn-move-to-device --split-input-file | FileCheck %s

// A loop over data is the work of one device thread; the number that the host
// goes on with comes back through memory.
// CHECK-LABEL: func.func @loop
// CHECK:         %[[SLOT:.*]] = memref.alloc() : memref<i64>
// CHECK:         gpu.launch
// CHECK:           scf.for
// CHECK:             memref.load
// CHECK:             memref.store
// CHECK:           arith.index_cast
// CHECK:           memref.store %{{.*}}, %[[SLOT]][]
// CHECK:           gpu.terminator
// CHECK:         %[[READ:.*]] = memref.load %[[SLOT]][]
// CHECK:         %[[COUNT:.*]] = arith.index_cast %[[READ]]
// CHECK:         memref.alloc(%[[COUNT]])
func.func @loop(%x: memref<?xi64>, %y: memref<?xi64>) -> memref<?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %x, %c0 : memref<?xi64>
  %count = scf.for %i = %c0 to %n step %c1 iter_args(%k = %c0) -> (index) {
    %v = memref.load %x[%i] : memref<?xi64>
    memref.store %v, %y[%k] : memref<?xi64>
    %next = arith.addi %k, %c1 : index
    scf.yield %next : index
  }
  %z = memref.alloc(%count) : memref<?xf32>
  return %z : memref<?xf32>
}

// -----

// A condition on data is computed on the device, and the host is left with the
// load that the check will replace.
// CHECK-LABEL: func.func @condition
// CHECK-SAME:    (%[[X:.*]]: memref<4xi64>, %[[LIMIT:.*]]: i64)
// CHECK:         %[[SLOT:.*]] = memref.alloc() : memref<i1>
// CHECK:         gpu.launch
// CHECK:           %[[V:.*]] = memref.load %[[X]]
// CHECK:           %[[OK:.*]] = arith.cmpi slt, %[[V]], %[[LIMIT]]
// CHECK:           memref.store %[[OK]], %[[SLOT]][]
// CHECK:         %[[C:.*]] = memref.load %[[SLOT]][]
// CHECK:         blockattn.check %[[C]], "too large"
// CHECK-NOT:     memref.load
func.func @condition(%x: memref<4xi64>, %limit: i64) {
  %c0 = arith.constant 0 : index
  %v = memref.load %x[%c0] : memref<4xi64>
  %ok = arith.cmpi slt, %v, %limit : i64
  blockattn.check %ok, "too large" code 3
  return
}

// -----

// What depends on dimensions alone stays, and so does a loaded condition.
// CHECK-LABEL: func.func @stays
// CHECK-NOT:     gpu.launch
// CHECK:         linalg.generic
// CHECK-NOT:     gpu.launch
func.func @stays(%x: memref<?xi1>, %all: memref<i1>) {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %n = memref.dim %x, %c0 : memref<?xi1>
  %fits = arith.cmpi ult, %n, %c8 : index
  blockattn.check %fits, "too long" code 2
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> ()>], iterator_types = ["reduction"]}
      ins(%x : memref<?xi1>) outs(%all : memref<i1>) {
  ^bb0(%a: i1, %b: i1):
    %r = arith.andi %a, %b : i1
    linalg.yield %r : i1
  }
  %ok = memref.load %all[] : memref<i1>
  blockattn.check %ok, "not all" code 3
  return
}

// -----

// Between the load and the check something writes: the value is the old one,
// so that the host reads it.
// CHECK-LABEL: func.func @overwritten
// CHECK-NOT:     gpu.launch
// CHECK:         memref.load
// CHECK:         memref.copy
// CHECK:         memref.load
// CHECK:         blockattn.check
func.func @overwritten(%x: memref<4xi64>, %y: memref<4xi64>) {
  %c0 = arith.constant 0 : index
  %a = memref.load %x[%c0] : memref<4xi64>
  memref.copy %y, %x : memref<4xi64> to memref<4xi64>
  %b = memref.load %x[%c0] : memref<4xi64>
  %ok = arith.cmpi slt, %a, %b : i64
  blockattn.check %ok, "not in order" code 3
  return
}

// -----

// A check inside of a loop that moves: the device notes whether the condition
// ever failed to hold, the host looks at that afterwards.
// CHECK-LABEL: func.func @check_in_loop
// CHECK:         %[[SLOT:.*]] = memref.alloc() : memref<i1>
// CHECK:         gpu.launch
// CHECK:           %[[TRUE:.*]] = arith.constant true
// CHECK:           memref.store %[[TRUE]], %[[SLOT]][]
// CHECK:           scf.for
// CHECK:             %[[OK:.*]] = arith.cmpi ult
// CHECK:             %[[BEFORE:.*]] = memref.load %[[SLOT]][]
// CHECK:             %[[ALL:.*]] = arith.andi %[[BEFORE]], %[[OK]]
// CHECK:             memref.store %[[ALL]], %[[SLOT]][]
// CHECK-NOT:         blockattn.check
// CHECK:           gpu.terminator
// CHECK:         %[[C:.*]] = memref.load %[[SLOT]][]
// CHECK:         blockattn.check %[[C]], "no axis" code 1
func.func @check_in_loop(%x: memref<4xi64>, %y: memref<4xi64>, %limit: i64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  scf.for %i = %c0 to %c4 step %c1 {
    %v = memref.load %x[%i] : memref<4xi64>
    %ok = arith.cmpi ult, %v, %limit : i64
    blockattn.check %ok, "no axis" code 1
    memref.store %v, %y[%i] : memref<4xi64>
  }
  return
}

// -----

// The host chooses between tensors: it reads the condition, and what a branch
// does to data is launched from there.
// CHECK-LABEL: func.func @chosen
// CHECK-SAME:    (%[[X:.*]]: memref<4xf32>, %[[Y:.*]]: memref<4xf32>, %[[P:.*]]: memref<i1>)
// CHECK:         %[[WHICH:.*]] = memref.load %[[P]][]
// CHECK-NEXT:    scf.if %[[WHICH]] -> (memref<4xf32>)
// CHECK:           gpu.launch
// CHECK:             memref.store
// CHECK:             gpu.terminator
// CHECK:           scf.yield %[[X]]
// CHECK:         } else {
// CHECK-NEXT:      linalg.fill
// CHECK-NEXT:      scf.yield %[[Y]]
func.func @chosen(%x: memref<4xf32>, %y: memref<4xf32>, %p: memref<i1>) -> memref<4xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %which = memref.load %p[] : memref<i1>
  %z = scf.if %which -> (memref<4xf32>) {
    memref.store %zero, %x[%c0] : memref<4xf32>
    scf.yield %x : memref<4xf32>
  } else {
    linalg.fill ins(%zero : f32) outs(%y : memref<4xf32>)
    scf.yield %y : memref<4xf32>
  }
  return %z : memref<4xf32>
}

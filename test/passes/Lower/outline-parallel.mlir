// RUN: blockattn-opt %s --blockattn-outline-parallel | FileCheck %s

// The captured values go into a structure on the stack of the caller, made
// once; the scratch memory of an iteration is allocated once for a range.

// CHECK-LABEL: func.func @tasks
// CHECK-SAME:    (%[[EXEC:.*]]: !llvm.ptr {blockattn.exec}, %[[N:.*]]: index, %[[X:.*]]: memref<?xf32>)
// CHECK:         %[[CLOSURE:.*]] = llvm.alloca %{{.*}} x !llvm.struct<(struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)>)>
// CHECK:         llvm.store
// CHECK:         %[[INLINE:.*]] = arith.cmpi sle, %[[N]], %c1
// CHECK:         scf.if %[[INLINE]] {
// CHECK:           func.call @tasks_body0(%[[CLOSURE]],
// CHECK:         } else {
// CHECK:           %[[BODY:.*]] = func.constant @tasks_body0 : (!llvm.ptr, i64, i64) -> ()
// CHECK:           func.call @ba_rt_parallel_for(%[[EXEC]],

// CHECK-LABEL: func.func private @tasks_body0
// CHECK-SAME:    (%[[CAPTURED:.*]]: !llvm.ptr, %[[BEGIN:.*]]: i64, %[[END:.*]]: i64)
// CHECK:         llvm.load
// CHECK:         memref.alloca
// CHECK:         scf.for
// CHECK-NOT:       memref.alloca
// CHECK:           memref.store
func.func @tasks(%exec: !llvm.ptr {blockattn.exec}, %n: index, %x: memref<?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %v = arith.constant 1.0 : f32
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    %scratch = memref.alloca() : memref<4xf32>
    memref.store %v, %scratch[%c0] : memref<4xf32>
    %l = memref.load %scratch[%c0] : memref<4xf32>
    memref.store %l, %x[%i] : memref<?xf32>
  }
  return
}

// A loop inside of a task stays there, and so does a loop with a reduction.
// CHECK-LABEL: func.func @nested
// CHECK-LABEL: func.func private @nested_body0
// CHECK:         scf.parallel
// CHECK-LABEL: func.func @reduction
// CHECK:         scf.parallel
func.func @nested(%exec: !llvm.ptr {blockattn.exec}, %n: index, %x: memref<?x?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %v = arith.constant 1.0 : f32
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    scf.parallel (%j) = (%c0) to (%n) step (%c1) {
      memref.store %v, %x[%i, %j] : memref<?x?xf32>
    }
  }
  return
}
func.func @reduction(%n: index, %x: f32) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.parallel (%i) = (%c0) to (%n) step (%c1) init (%x) -> f32 {
    scf.reduce(%x : f32) {
    ^bb0(%a: f32, %b: f32):
      %s = arith.addf %a, %b : f32
      scf.reduce.return %s : f32
    }
  }
  return %r : f32
}

// RUN: blockattn-opt %s --blockattn-lower-transfers --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @whole
// CHECK-SAME:    (%[[EXEC:.*]]: !llvm.ptr {blockattn.exec},
// CHECK:         call @ba_cuda_copy(%[[EXEC]], %{{.*}}, %{{.*}}, %{{.*}})
// CHECK:         call @ba_cuda_fill(%[[EXEC]], %{{.*}}, %c1065353216_i32, %c4_i32, %{{.*}})
// CHECK:         call @ba_cuda_fill(%[[EXEC]], %{{.*}}, %c1_i32, %c1_i32, %{{.*}})
// CHECK:         call @ba_cuda_fill(%[[EXEC]], %{{.*}}, %c-1_i32, %c4_i32, %{{.*}})
func.func @whole(%x: memref<?x4xf32>, %y: memref<?x4xf32>, %p: memref<8xi1>, %i: memref<8xi64>) {
  %one = arith.constant 1.0 : f32
  %true = arith.constant true
  %minus = arith.constant -1 : i64
  memref.copy %x, %y : memref<?x4xf32> to memref<?x4xf32>
  linalg.fill ins(%one : f32) outs(%x : memref<?x4xf32>)
  linalg.fill ins(%true : i1) outs(%p : memref<8xi1>)
  linalg.fill ins(%minus : i64) outs(%i : memref<8xi64>)
  return
}

// Parts of buffers, other patterns and values of the run are kernels' work.
// CHECK-LABEL: func.func @parts
// CHECK-NOT:     call
// CHECK:         memref.copy
// CHECK:         linalg.fill
// CHECK:         linalg.fill
// CHECK-NOT:     call
func.func @parts(%x: memref<?x4xf32, strided<[8, 1]>>, %y: memref<?x4xf32>, %i: memref<8xi64>, %v: f32) {
  %seven = arith.constant 7 : i64
  memref.copy %x, %y : memref<?x4xf32, strided<[8, 1]>> to memref<?x4xf32>
  linalg.fill ins(%seven : i64) outs(%i : memref<8xi64>)
  linalg.fill ins(%v : f32) outs(%y : memref<?x4xf32>)
  return
}

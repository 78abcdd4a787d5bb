// RUN: blockattn-opt %s --blockattn-lower-transfers --split-input-file | FileCheck %s

// The pass cannot fail: what the runtime has no call for stays, for a kernel.

// A part of a buffer is not one run of bytes.
// CHECK-LABEL: func.func @parts
// CHECK-NOT:     call
// CHECK:         memref.copy %{{.*}}, %{{.*}} : memref<?x4xf32> to memref<?x4xf32, strided<[8, 1]>>
// CHECK:         linalg.fill {{.*}} outs(%{{.*}} : memref<?x4xf32, strided<[8, 1]>>)
// CHECK-NOT:     call
// CHECK:         return
func.func @parts(%x: memref<?x4xf32>, %part: memref<?x4xf32, strided<[8, 1]>>) {
  %one = arith.constant 1.0 : f32
  memref.copy %x, %part : memref<?x4xf32> to memref<?x4xf32, strided<[8, 1]>>
  linalg.fill ins(%one : f32) outs(%part : memref<?x4xf32, strided<[8, 1]>>)
  return
}

// -----

// Eight bytes whose halves differ are no pattern of the runtime.
// CHECK-LABEL: func.func @wide
// CHECK-NOT:     call
// CHECK:         linalg.fill ins(%{{.*}} : f64)
// CHECK-NOT:     call
// CHECK:         return
func.func @wide(%x: memref<?xf64>) {
  %one = arith.constant 1.0 : f64
  linalg.fill ins(%one : f64) outs(%x : memref<?xf64>)
  return
}

// -----

// Tensors have no addresses yet.
// CHECK-LABEL: func.func @tensors
// CHECK-NOT:     call
// CHECK:         linalg.fill {{.*}} -> tensor<?xf32>
// CHECK-NOT:     call
// CHECK:         return
func.func @tensors(%x: tensor<?xf32>) -> tensor<?xf32> {
  %one = arith.constant 1.0 : f32
  %0 = linalg.fill ins(%one : f32) outs(%x : tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

// Inside a loop that a kernel runs there is nobody to call.
// CHECK-LABEL: func.func @inside
// CHECK-NOT:     call
// CHECK:         gpu.launch
// CHECK:           memref.copy
// CHECK-NOT:     call
// CHECK:         return
func.func @inside(%x: memref<?xf32>, %y: memref<?xf32>) {
  %c1 = arith.constant 1 : index
  gpu.launch blocks(%a, %b, %c) in (%d = %c1, %e = %c1, %f = %c1) threads(%g, %h, %i) in (%j = %c1, %k = %c1, %l = %c1) {
    memref.copy %x, %y : memref<?xf32> to memref<?xf32>
    gpu.terminator
  }
  return
}

// -----

// A declaration has nothing to lower.
// CHECK: func.func private @elsewhere(memref<?xf32>)
func.func private @elsewhere(memref<?xf32>)

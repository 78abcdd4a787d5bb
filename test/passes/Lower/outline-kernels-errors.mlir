// RUN: blockattn-opt %s --blockattn-outline-kernels | FileCheck %s

// The pass has no way to fail; these are what it must leave alone.

// Operations on tensors are no kernels yet.
// CHECK-LABEL: func.func @tensors
// CHECK:         linalg.fill
// CHECK-NOT:   blockattn.kernel
func.func @tensors(%x: tensor<4xf32>, %v: f32) -> tensor<4xf32> {
  %0 = linalg.fill ins(%v : f32) outs(%x : tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// What is in a kernel is not taken out of it again.
// CHECK-LABEL: func.func private @kernel
// CHECK:         linalg.fill
// CHECK-NOT:     call
func.func private @kernel(%x: memref<4xf32>, %v: f32) attributes {blockattn.kernel} {
  linalg.fill ins(%v : f32) outs(%x : memref<4xf32>)
  return
}

// RUN: blockattn-opt %s --blockattn-lower-gemm --split-input-file | FileCheck %s

// What it must leave to the loops. That it fails on packed weights is in
// lower-gemm-packed-errors.mlir.

// CHECK-NOT:   ba_rt_gemm

// Sums in 16 bits, factors of two types, integers.
// CHECK-LABEL: func.func @types
// CHECK-COUNT-3: linalg.matmul
func.func @types(%a: memref<4x8xbf16>, %b: memref<8x4xbf16>, %c: memref<4x4xbf16>,
                 %d: memref<8x4xf16>, %e: memref<4x4xf32>,
                 %f: memref<4x8xi32>, %g: memref<8x4xi32>, %h: memref<4x4xi32>) {
  linalg.matmul ins(%a, %b : memref<4x8xbf16>, memref<8x4xbf16>) outs(%c : memref<4x4xbf16>)
  linalg.matmul ins(%a, %d : memref<4x8xbf16>, memref<8x4xf16>) outs(%e : memref<4x4xf32>)
  linalg.matmul ins(%f, %g : memref<4x8xi32>, memref<8x4xi32>) outs(%h : memref<4x4xi32>)
  return
}

// -----

// On tensors there is no memory to point to.
// CHECK-NOT:   ba_rt_gemm
// CHECK-LABEL: func.func @tensors
// CHECK:         linalg.matmul
func.func @tensors(%a: tensor<4x8xf32>, %b: tensor<8x4xf32>, %c: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %0 = linalg.matmul ins(%a, %b : tensor<4x8xf32>, tensor<8x4xf32>) outs(%c : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}

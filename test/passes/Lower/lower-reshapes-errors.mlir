// RUN: blockattn-opt %s --blockattn-lower-reshapes | FileCheck %s

// The pass has no way to fail; memory that is not row-major is left to
// --expand-strided-metadata.

// CHECK-LABEL: func.func @strided
// CHECK:         memref.collapse_shape
// CHECK:         memref.expand_shape
// CHECK-NOT:     memref.reinterpret_cast
func.func @strided(%x: memref<?x4x8xf32, strided<[64, 8, 1]>>, %y: memref<8xf32, strided<[2]>>)
    -> (memref<?x32xf32, strided<[64, 1]>>, memref<2x4xf32, strided<[8, 2]>>) {
  %0 = memref.collapse_shape %x [[0], [1, 2]] : memref<?x4x8xf32, strided<[64, 8, 1]>> into memref<?x32xf32, strided<[64, 1]>>
  %1 = memref.expand_shape %y [[0, 1]] output_shape [2, 4] : memref<8xf32, strided<[2]>> into memref<2x4xf32, strided<[8, 2]>>
  return %0, %1 : memref<?x32xf32, strided<[64, 1]>>, memref<2x4xf32, strided<[8, 2]>>
}

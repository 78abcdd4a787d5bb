// RUN: blockattn-opt %s --blockattn-lower-reshapes | FileCheck %s

// Two dynamic dimensions in one group.
// CHECK-LABEL: func.func @expand
// CHECK-SAME:    (%[[X:.*]]: memref<?x64xf32>, %[[B:.*]]: index, %[[N:.*]]: index)
// CHECK:         %[[STRIDE:.*]] = arith.muli %[[N]], %{{.*}}
// CHECK:         memref.reinterpret_cast %[[X]] to offset: [0], sizes: [%[[B]], %[[N]], 64], strides: [%[[STRIDE]], 64, 1]
// CHECK-NOT:     memref.expand_shape
func.func @expand(%x: memref<?x64xf32>, %b: index, %n: index) -> memref<?x?x64xf32> {
  %0 = memref.expand_shape %x [[0, 1], [2]] output_shape [%b, %n, 64]
      : memref<?x64xf32> into memref<?x?x64xf32>
  return %0 : memref<?x?x64xf32>
}

// CHECK-LABEL: func.func @collapse
// CHECK:         %[[ROWS:.*]] = arith.muli
// CHECK:         memref.reinterpret_cast %{{.*}} to offset: [0], sizes: [%[[ROWS]], 64], strides: [64, 1]
func.func @collapse(%x: memref<?x?x4x16xf32>) -> memref<?x64xf32> {
  %0 = memref.collapse_shape %x [[0, 1], [2, 3]] : memref<?x?x4x16xf32> into memref<?x64xf32>
  return %0 : memref<?x64xf32>
}

// Memory with gaps is not row-major.
// CHECK-LABEL: func.func @strided
// CHECK:         memref.expand_shape
func.func @strided(%x: memref<8xf32, strided<[2]>>) -> memref<2x4xf32, strided<[8, 2]>> {
  %0 = memref.expand_shape %x [[0, 1]] output_shape [2, 4]
      : memref<8xf32, strided<[2]>> into memref<2x4xf32, strided<[8, 2]>>
  return %0 : memref<2x4xf32, strided<[8, 2]>>
}

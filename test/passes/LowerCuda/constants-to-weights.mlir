// RUN: blockattn-opt %s --blockattn-constants-to-weights | FileCheck %s

// Equal constants are one weight, behind those that are there.
// CHECK: module attributes {blockattn.weights = [{name = "w", {{.*}}}, {name = "constant.1", type = tensor<2xf32>, value = dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>}]}
// CHECK-NOT: memref.global
// CHECK: func.func @first(%{{.*}}: memref<2xf32> {blockattn.weight = 0 : i64}, %[[OUT:.*]]: memref<2xf32>, %[[C:.*]]: memref<2xf32> {blockattn.weight = 1 : i64})
// CHECK: memref.copy %[[C]], %[[OUT]]
// CHECK: memref.copy %[[C]], %[[OUT]]
// CHECK: func.func @second(%{{.*}}: memref<2xf32>, %{{.*}}: memref<2xf32> {blockattn.weight = 1 : i64})
// CHECK: func.func @third(%{{.*}}: memref<2xf32>)
module attributes {blockattn.weights = [{name = "w", offset = 0 : i64, size = 8 : i64, source = 0 : i64, type = tensor<2xf32>}]} {
  memref.global "private" constant @a : memref<2xf32> = dense<[1.0, 2.0]>
  memref.global "private" constant @b : memref<2xf32> = dense<[1.0, 2.0]>
  func.func @first(%w: memref<2xf32> {blockattn.weight = 0 : i64}, %out: memref<2xf32>) {
    %a = memref.get_global @a : memref<2xf32>
    %b = memref.get_global @b : memref<2xf32>
    memref.copy %a, %out : memref<2xf32> to memref<2xf32>
    memref.copy %b, %out : memref<2xf32> to memref<2xf32>
    return
  }
  func.func @second(%out: memref<2xf32>) {
    %b = memref.get_global @b : memref<2xf32>
    memref.copy %b, %out : memref<2xf32> to memref<2xf32>
    return
  }
  func.func @third(%out: memref<2xf32>) {
    return
  }
}

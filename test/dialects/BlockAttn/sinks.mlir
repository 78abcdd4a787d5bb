// RUN: blockattn-opt %s --canonicalize | blockattn-opt | FileCheck %s

// CHECK-LABEL: @sinks
// CHECK: blockattn.insert_sinks %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : tensor<1x?x8xf32>, tensor<4x8xf32>, tensor<1x?xi64> -> tensor<1x?x8xf32>, tensor<1x?xi64>
// CHECK: blockattn.drop_sinks %{{.*}}, %{{.*}}, %{{.*}} : tensor<1x?x8xf32> -> tensor<1x?x8xf32>
func.func @sinks(%e: tensor<1x?x8xf32>, %t: tensor<4x8xf32>, %p: tensor<1x?xi64>, %l: !blockattn.layout) -> (tensor<1x?x8xf32>, tensor<1x?xi64>) {
  %0, %1, %2 = blockattn.insert_sinks %e, %t, %p, %l : tensor<1x?x8xf32>, tensor<4x8xf32>, tensor<1x?xi64> -> tensor<1x?x8xf32>, tensor<1x?xi64>
  %c4 = arith.constant 4 : index
  %3 = blockattn.drop_sinks %0, %l, %c4 : tensor<1x?x8xf32> -> tensor<1x?x8xf32>
  return %3, %1 : tensor<1x?x8xf32>, tensor<1x?xi64>
}

// Without sinks the model is what it was.
// CHECK-LABEL: @none
// CHECK-SAME: (%[[E:.*]]: tensor<1x?x8xf32>, %{{.*}}: tensor<0x8xf32>, %[[P:.*]]: tensor<1x?xi64>
// CHECK-NEXT: return %[[E]], %[[P]]
func.func @none(%e: tensor<1x?x8xf32>, %t: tensor<0x8xf32>, %p: tensor<1x?xi64>, %l: !blockattn.layout) -> (tensor<1x?x8xf32>, tensor<1x?xi64>) {
  %0, %1, %2 = blockattn.insert_sinks %e, %t, %p, %l : tensor<1x?x8xf32>, tensor<0x8xf32>, tensor<1x?xi64> -> tensor<1x?x8xf32>, tensor<1x?xi64>
  %c0 = arith.constant 0 : index
  %3 = blockattn.drop_sinks %0, %l, %c0 : tensor<1x?x8xf32> -> tensor<1x?x8xf32>
  return %3, %1 : tensor<1x?x8xf32>, tensor<1x?xi64>
}

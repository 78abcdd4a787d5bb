// RUN: blockattn-opt %s | blockattn-opt | FileCheck %s

// CHECK-LABEL: @layout
// CHECK: %[[L:.*]] = blockattn.layout %{{.*}}, %{{.*}}, %{{.*}} : tensor<?xi64>, tensor<?xi1>, tensor<?xi64>
// CHECK: blockattn.first_key %[[L]], %{{.*}} : tensor<?xi64>
func.func @layout(%starts: tensor<?xi64>, %global: tensor<?xi1>, %segment: tensor<?xi64>, %n: index) -> tensor<?xi64> {
  %l = blockattn.layout %starts, %global, %segment : tensor<?xi64>, tensor<?xi1>, tensor<?xi64>
  %0 = blockattn.first_key %l, %n : tensor<?xi64>
  return %0 : tensor<?xi64>
}

// RUN: blockattn-opt %s | blockattn-opt | FileCheck %s

// CHECK-LABEL: @half
// CHECK: blockattn.rotary %{{.*}}, %{{.*}} <inv_freq = dense<[1.000000e+00, 5.000000e-01]> : tensor<2xf32>> : tensor<1x?x2x8xf32>, tensor<1x?xi64>
func.func @half(%x: tensor<1x?x2x8xf32>, %p: tensor<1x?xi64>) -> tensor<1x?x2x8xf32> {
  %0 = blockattn.rotary %x, %p <inv_freq = dense<[1.0, 0.5]> : tensor<2xf32>> : tensor<1x?x2x8xf32>, tensor<1x?xi64>
  return %0 : tensor<1x?x2x8xf32>
}

// CHECK-LABEL: @interleaved
// CHECK: interleaved = true, scale = 1.250000e+00 : f64
func.func @interleaved(%x: tensor<?x?x2x8xf32>, %p: tensor<1x?xi64>) -> tensor<?x?x2x8xf32> {
  %0 = blockattn.rotary %x, %p <inv_freq = dense<1.0> : tensor<4xf32>, interleaved = true, scale = 1.25 : f64> : tensor<?x?x2x8xf32>, tensor<1x?xi64>
  return %0 : tensor<?x?x2x8xf32>
}

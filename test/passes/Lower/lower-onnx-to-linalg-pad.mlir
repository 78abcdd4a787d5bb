// RUN: blockattn-opt %s --blockattn-lower-onnx-to-linalg | FileCheck %s

// CHECK-LABEL: func.func @constant_axes
// CHECK-NOT:     scf.for
// CHECK:         linalg.generic
// CHECK:           scf.if
func.func @constant_axes(%x: tensor<2x?xf32>, %pads: tensor<2xi64>) -> tensor<2x?xf32> {
  %axes = onnx.Constant dense<1> : tensor<1xi64>
  %0 = onnx.Pad(%x, %pads, _, %axes) : (tensor<2x?xf32>, tensor<2xi64>, tensor<1xi64>) -> tensor<2x?xf32>
  return %0 : tensor<2x?xf32>
}

// CHECK-LABEL: func.func @data_axes
// CHECK:         blockattn.check %{{.*}}, "there must be two pads for each axis"
// CHECK:         scf.for
// CHECK:         linalg.generic
func.func @data_axes(%x: tensor<2x?xf32>, %pads: tensor<?xi64>, %axes: tensor<?xi64>) -> tensor<?x?xf32> {
  %0 = onnx.Pad(%x, %pads, _, %axes) : (tensor<2x?xf32>, tensor<?xi64>, tensor<?xi64>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// Functions that are near an activation, but none.
// RUN: blockattn-opt %s --blockattn-raise-activations | FileCheck %s
// CHECK-NOT: onnx.Gelu
// CHECK-NOT: onnx.Swish

// A gate by another tensor.
func.func @gate(%x: tensor<?x4xf32>, %y: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %0 = onnx.Sigmoid(%y) : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %1 = onnx.Mul(%x, %0) : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}

// The argument of Erf is off by one part in a hundred.
func.func @wrong_constant(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %root = onnx.Constant dense<0.7> : tensor<f32>
  %one = onnx.Constant dense<1.0> : tensor<f32>
  %half = onnx.Constant dense<0.5> : tensor<f32>
  %0 = onnx.Mul(%x, %root) : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  %1 = onnx.Erf(%0) : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %2 = onnx.Add(%one, %1) : (tensor<f32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %3 = onnx.Mul(%2, %x) : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %4 = onnx.Mul(%3, %half) : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  return %4 : tensor<?x4xf32>
}

// A factor for each column is no function of one variable.
func.func @per_column(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %c = onnx.Constant dense<[1.0, 2.0]> : tensor<2xf32>
  %0 = onnx.Mul(%x, %c) : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  %1 = onnx.Sigmoid(%0) : (tensor<?x2xf32>) -> tensor<?x2xf32>
  %2 = onnx.Mul(%x, %1) : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  return %2 : tensor<?x2xf32>
}

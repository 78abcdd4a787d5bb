// What looks like a norm, and is none.
// RUN: blockattn-opt %s --blockattn-raise-norms | FileCheck %s
// CHECK-NOT: Normalization

// The mean is over another dimension.
func.func @other_axis(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %eps = onnx.Constant dense<1.0E-5> : tensor<f32>
  %axis = onnx.Constant dense<0> : tensor<1xi64>
  %0 = onnx.Mul(%x, %x) : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = onnx.ReduceMean(%0, %axis) : (tensor<4x8xf32>, tensor<1xi64>) -> tensor<1x8xf32>
  %2 = onnx.Add(%eps, %1) : (tensor<f32>, tensor<1x8xf32>) -> tensor<1x8xf32>
  %3 = onnx.Sqrt(%2) : (tensor<1x8xf32>) -> tensor<1x8xf32>
  %4 = onnx.Div(%x, %3) : (tensor<4x8xf32>, tensor<1x8xf32>) -> tensor<4x8xf32>
  return %4 : tensor<4x8xf32>
}

// Something else is divided by the root.
func.func @other_tensor(%x: tensor<4x8xf32>, %y: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %eps = onnx.Constant dense<1.0E-5> : tensor<f32>
  %axis = onnx.Constant dense<1> : tensor<1xi64>
  %0 = onnx.Mul(%x, %x) : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = onnx.ReduceMean(%0, %axis) : (tensor<4x8xf32>, tensor<1xi64>) -> tensor<4x1xf32>
  %2 = onnx.Add(%eps, %1) : (tensor<f32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %3 = onnx.Sqrt(%2) : (tensor<4x1xf32>) -> tensor<4x1xf32>
  %4 = onnx.Div(%y, %3) : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  return %4 : tensor<4x8xf32>
}

// x^3 is no square.
func.func @cube(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %three = onnx.Constant dense<3.0> : tensor<f32>
  %eps = onnx.Constant dense<1.0E-5> : tensor<f32>
  %axis = onnx.Constant dense<1> : tensor<1xi64>
  %0 = onnx.Pow(%x, %three) : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %1 = onnx.ReduceMean(%0, %axis) : (tensor<4x8xf32>, tensor<1xi64>) -> tensor<4x1xf32>
  %2 = onnx.Add(%eps, %1) : (tensor<f32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %3 = onnx.Sqrt(%2) : (tensor<4x1xf32>) -> tensor<4x1xf32>
  %4 = onnx.Div(%x, %3) : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  return %4 : tensor<4x8xf32>
}

// The number that is added is not known.
func.func @variable_epsilon(%x: tensor<4x8xf32>, %eps: tensor<f32>) -> tensor<4x8xf32> {
  %axis = onnx.Constant dense<1> : tensor<1xi64>
  %0 = onnx.Mul(%x, %x) : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = onnx.ReduceMean(%0, %axis) : (tensor<4x8xf32>, tensor<1xi64>) -> tensor<4x1xf32>
  %2 = onnx.Add(%eps, %1) : (tensor<f32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %3 = onnx.Sqrt(%2) : (tensor<4x1xf32>) -> tensor<4x1xf32>
  %4 = onnx.Div(%x, %3) : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  return %4 : tensor<4x8xf32>
}

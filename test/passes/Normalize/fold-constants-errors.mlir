// RUN: blockattn-opt %s --pass-pipeline='builtin.module(func.func(blockattn-fold-constants))' -verify-diagnostics

// A vector of weights counts as a constant, and so must be there; a matrix is
// not looked at.
module attributes {onnx.sources = ["no/such/file.onnx"]} {
  func.func @main(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4x4xf32>) {
    %one = onnx.Constant dense<1.0> : tensor<f32>
    // expected-error @below {{no/such/file.onnx}}
    %w = onnx.Weight "norm.scale" source 0 offset 0 size 16 : tensor<4xf32>
    %0 = onnx.Add(%w, %one) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
    %1 = onnx.Mul(%w, %one) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
    %2 = onnx.Mul(%0, %1) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    %m = onnx.Weight "matrix" source 0 offset 16 size 64 : tensor<4x4xf32>
    %3 = onnx.Neg(%m) : (tensor<4x4xf32>) -> tensor<4x4xf32>
    return %2, %3 : tensor<4xf32>, tensor<4x4xf32>
  }
}

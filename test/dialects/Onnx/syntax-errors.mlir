// RUN: blockattn-opt %s -split-input-file -verify-diagnostics

// What the common syntax of the ops refuses.

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{nothing can be left out before something that is given in 'onnx.Gemm'}}
  %0 = onnx.Gemm(_, %x) : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %b: tensor<f32>) {
  // expected-error @+1 {{'onnx.Clip' has at most 3, but there are 4}}
  %0 = onnx.Clip(%x, %b, %b, %b) : (tensor<4xf32>, tensor<f32>, tensor<f32>, tensor<f32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %s: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.LayerNormalization' has at most 3, but there are 4}}
  %0:4 = onnx.LayerNormalization(%x, %s) : (tensor<4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>)
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %b: tensor<f32>) {
  // The types of absent operands are left out.
  // expected-error @+1 {{number of operands and types do not match: got 2 operands and 3 types}}
  %0 = onnx.Clip(%x, _, %b) : (tensor<4xf32>, tensor<f32>, tensor<f32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%r: tensor<f32>) {
  // expected-error @+1 {{'onnx.Dropout' op operand 0 must not be left out}}
  %0 = onnx.Dropout(_, %r) : (tensor<f32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{attribute 'axis' failed to satisfy constraint: 64-bit signless integer attribute}}
  %0 = onnx.Softmax(%x) {axis = "last"} : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Concat' op requires attribute 'axis'}}
  %0 = onnx.Concat(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xi64>) {
  // expected-error @+1 {{operand #0 must be tensor of floating-point or not yet known values, but got 'tensor<4xi64>'}}
  %0 = onnx.Sqrt(%x) : (tensor<4xi64>) -> tensor<4xi64>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %i: tensor<4xindex>) {
  // expected-error @+1 {{operand #1 must be tensor of 32-bit signless integer or 64-bit signless integer or not yet known values, but got 'tensor<4xindex>'}}
  %0 = onnx.Gather(%x, %i) : (tensor<4xf32>, tensor<4xindex>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %s: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.LayerNormalization' op result 0 must not be left out}}
  %0 = onnx.LayerNormalization(%x, %s) : (tensor<4xf32>, tensor<4xf32>) -> (_, tensor<1xf32>)
  return
}

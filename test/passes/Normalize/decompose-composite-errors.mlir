// RUN: blockattn-opt %s --pass-pipeline='builtin.module(func.func(blockattn-decompose-composite))' -split-input-file -verify-diagnostics

// What has to be known is said, and what to do.

func.func @f(%x: tensor<*xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{Einsum is not supported as it is here: the ranks of its operands are not known}}
  %0 = onnx.Einsum(%x, %x) {equation = "...i,...i->..."} : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @f(%x: tensor<?x?x!onnx.unknown>) -> tensor<?x!onnx.unknown> {
  // expected-error @+1 {{Einsum is not supported as it is here: the element types of its operands are not known}}
  %0 = onnx.Einsum(%x) {equation = "ij->i"} : (tensor<?x?x!onnx.unknown>) -> tensor<?x!onnx.unknown>
  return %0 : tensor<?x!onnx.unknown>
}

// -----

// All of them are reported.
func.func @f(%x: tensor<*xf32>, %a: tensor<*xui8>) -> (tensor<*xf32>, tensor<*xi32>) {
  // expected-error @+1 {{Hardmax is not supported as it is here: the rank of its operand is not known}}
  %0 = onnx.Hardmax(%x) : (tensor<*xf32>) -> tensor<*xf32>
  // expected-error @+1 {{MatMulInteger is not supported as it is here: the ranks of its operands are not known}}
  %1 = onnx.MatMulInteger(%a, %a) : (tensor<*xui8>, tensor<*xui8>) -> tensor<*xi32>
  return %0, %1 : tensor<*xf32>, tensor<*xi32>
}

// -----

func.func @f(%a: tensor<4x3xui8>, %b: tensor<3xui8>, %s: tensor<4xf32>, %t: tensor<f32>, %z: tensor<ui8>) -> tensor<4xui8> {
  // expected-error @+1 {{QLinearMatMul is not supported as it is here: it has a scale for each row or column of one operand, and the other is a vector; export the vector as a matrix}}
  %0 = onnx.QLinearMatMul(%a, %s, %z, %b, %t, %z, %t, %z) : (tensor<4x3xui8>, tensor<4xf32>, tensor<ui8>, tensor<3xui8>, tensor<f32>, tensor<ui8>, tensor<f32>, tensor<ui8>) -> tensor<4xui8>
  return %0 : tensor<4xui8>
}

// -----

func.func @f(%x: tensor<2x?x!onnx.unknown>) -> tensor<*x!onnx.unknown> {
  // expected-error @+1 {{ReduceLogSumExp is not supported as it is here: the element type of its operand is not known}}
  %0 = onnx.ReduceLogSumExp(%x) {noop_with_empty_axes = 0} : (tensor<2x?x!onnx.unknown>) -> tensor<*x!onnx.unknown>
  return %0 : tensor<*x!onnx.unknown>
}

// -----

func.func @f(%x: tensor<2x4xf32>, %y: tensor<2x?xf32>) -> (tensor<2x4xf32>, tensor<2x?xf32>) {
  %l = onnx.Constant dense<[2, 5]> : tensor<2xi64>
  // expected-error @+1 {{ReverseSequence is not supported as it is here: the sequence length 5 is more than the 4 elements of a row}}
  %0 = onnx.ReverseSequence(%x, %l) {batch_axis = 0, time_axis = 1} : (tensor<2x4xf32>, tensor<2xi64>) -> tensor<2x4xf32>
  %m = onnx.Constant dense<[2, -1]> : tensor<2xi64>
  // expected-error @+1 {{ReverseSequence is not supported as it is here: the sequence length -1 is negative}}
  %1 = onnx.ReverseSequence(%y, %m) {batch_axis = 0, time_axis = 1} : (tensor<2x?xf32>, tensor<2xi64>) -> tensor<2x?xf32>
  return %0, %1 : tensor<2x4xf32>, tensor<2x?xf32>
}

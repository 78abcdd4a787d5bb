// RUN: blockattn-opt %s --pass-pipeline='builtin.module(func.func(blockattn-decompose))' | FileCheck %s

// What these formulas can not say stays whole.

// Scaled products of integers.
// CHECK-LABEL: @integers
// CHECK: onnx.Gemm
func.func @integers(%a: tensor<?x3xi32>, %b: tensor<3x4xi32>) -> tensor<?x4xi32> {
  %0 = onnx.Gemm(%a, %b) {alpha = 0.5 : f32} : (tensor<?x3xi32>, tensor<3x4xi32>) -> tensor<?x4xi32>
  return %0 : tensor<?x4xi32>
}

// Training mode, which only the run decides.
// CHECK-LABEL: @training
// CHECK: onnx.Dropout
func.func @training(%x: tensor<4xf32>, %t: tensor<i1>) -> tensor<4xf32> {
  %0 = onnx.Dropout(%x, _, %t) : (tensor<4xf32>, tensor<i1>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// Types and ranks that are not known yet.
// CHECK-LABEL: @unknown
// CHECK: onnx.Elu
// CHECK: onnx.Flatten
func.func @unknown(%x: tensor<*x!onnx.unknown>) -> tensor<*x!onnx.unknown> {
  %0 = onnx.Elu(%x) : (tensor<*x!onnx.unknown>) -> tensor<*x!onnx.unknown>
  %1 = onnx.Flatten(%0) : (tensor<*x!onnx.unknown>) -> tensor<*x!onnx.unknown>
  return %1 : tensor<*x!onnx.unknown>
}

// One scale for each block of elements.
// CHECK-LABEL: @blocked
// CHECK: onnx.DequantizeLinear
func.func @blocked(%x: tensor<4x8xi8>, %s: tensor<4x2xf32>) -> tensor<4x8xf32> {
  %0 = onnx.DequantizeLinear(%x, %s) {axis = 1, block_size = 4} : (tensor<4x8xi8>, tensor<4x2xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// CHECK-LABEL: @whole
// CHECK: onnx.Softmax
// CHECK: onnx.Gelu
// CHECK: onnx.Swish
// CHECK: onnx.RMSNormalization
func.func @whole(%x: tensor<4x8xf32>, %s: tensor<8xf32>) -> tensor<4x8xf32> {
  %0 = onnx.Softmax(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = onnx.Gelu(%0) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %2 = onnx.Swish(%1) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %3 = onnx.RMSNormalization(%2, %s) : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  return %3 : tensor<4x8xf32>
}

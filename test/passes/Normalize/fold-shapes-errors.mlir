// RUN: blockattn-opt %s --pass-pipeline='builtin.module(func.func(blockattn-fold-shapes,canonicalize))' -split-input-file -verify-diagnostics | FileCheck %s

// Two names may have one value, but need not.
// CHECK-LABEL: @other_name
// CHECK: onnx.Expand
func.func @other_name(%x: tensor<?xf32> {onnx.dims = ["a"]}, %y: tensor<?xf32> {onnx.dims = ["b"]}) -> tensor<?xf32> {
  %shape = onnx.Shape(%y) : (tensor<?xf32>) -> tensor<1xi64>
  %0 = onnx.Expand(%x, %shape) : (tensor<?xf32>, tensor<1xi64>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

// All elements, but from the last to the first.
// CHECK-LABEL: @reversed
// CHECK: onnx.Slice
func.func @reversed(%x: tensor<?xf32>) -> tensor<?xf32> {
  %last = onnx.Constant dense<-1> : tensor<1xi64>
  %all = onnx.Constant dense<-9223372036854775807> : tensor<1xi64>
  %axis = onnx.Constant dense<0> : tensor<1xi64>
  %0 = onnx.Slice(%x, %last, %all, %axis, %last) : (tensor<?xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

// Shifted: as long as before, but other elements.
// CHECK-LABEL: @shifted
// CHECK: onnx.Pad
func.func @shifted(%x: tensor<?xf32>) -> tensor<?xf32> {
  %pads = onnx.Constant dense<[1, -1]> : tensor<2xi64>
  %0 = onnx.Pad(%x, %pads) : (tensor<?xf32>, tensor<2xi64>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

// What depends on data is left alone.
// CHECK-LABEL: @data
// CHECK: onnx.Reshape(%arg0, %arg1)
// CHECK: onnx.NonZero
func.func @data(%x: tensor<?xf32>, %shape: tensor<2xi64>) -> (tensor<?x?xf32>, tensor<1x?xi64>) {
  %0 = onnx.Reshape(%x, %shape) : (tensor<?xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  %1 = onnx.NonZero(%x) : (tensor<?xf32>) -> tensor<1x?xi64>
  return %0, %1 : tensor<?x?xf32>, tensor<1x?xi64>
}

// -----

// A size that only the Expand brings.
// CHECK-LABEL: @needed
// CHECK: onnx.Expand
func.func @needed(%x: tensor<?x1xf32> {onnx.dims = ["batch", ""]}, %y: tensor<1x1xf32>) -> tensor<?x8xf32> {
  %b = onnx.Shape(%x) {end = 1} : (tensor<?x1xf32>) -> tensor<1xi64>
  %eight = onnx.Constant dense<8> : tensor<1xi64>
  %shape = onnx.Concat(%b, %eight) {axis = 0} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  %0 = onnx.Expand(%y, %shape) : (tensor<1x1xf32>, tensor<2xi64>) -> tensor<?x8xf32>
  %1 = onnx.Mul(%x, %0) : (tensor<?x1xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}

// -----

func.func @contradiction(%x: tensor<2x3xf32>) {
  %four = onnx.Constant dense<4> : tensor<1xi64>
  %same = onnx.Identity(%four) : (tensor<1xi64>) -> tensor<1xi64>
  // expected-error @below {{has operand and shape of different sizes: 6 and 4}}
  %0 = onnx.Reshape(%x, %same) : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<*xf32>
  return
}

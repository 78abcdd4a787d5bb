// RUN: blockattn-opt %s --blockattn-split-branches --split-input-file | FileCheck %s

// What is no merged decoder stays as it is: branches without attention, ...
// CHECK-NOT: blockattn.branches
// CHECK-LABEL: func.func @main(
// CHECK: onnx.If
// CHECK-NOT: @main.other
func.func @main(%c: tensor<1xi1>, %x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %y = onnx.If(%c) : (tensor<1xi1>) -> tensor<?x4xf32> {
    %a = onnx.Add(%x, %x) : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    onnx.Yield %a : tensor<?x4xf32>
  } else {
    %b = onnx.Softmax(%x) : (tensor<?x4xf32>) -> tensor<?x4xf32>
    onnx.Yield %b : tensor<?x4xf32>
  }
  return %y : tensor<?x4xf32>
}

// -----

// ... or a condition that is computed.
// CHECK-NOT: blockattn.branches
// CHECK-LABEL: func.func @main(
// CHECK: onnx.If
// CHECK-NOT: @main.other
func.func @main(%n: tensor<1xi64>, %m: tensor<1xi64>, %x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %c = onnx.Equal(%n, %m) : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi1>
  %y = onnx.If(%c) : (tensor<1xi1>) -> tensor<?x4xf32> {
    %a = onnx.Softmax(%x) : (tensor<?x4xf32>) -> tensor<?x4xf32>
    onnx.Yield %a : tensor<?x4xf32>
  } else {
    %b = onnx.Softmax(%x) : (tensor<?x4xf32>) -> tensor<?x4xf32>
    onnx.Yield %b : tensor<?x4xf32>
  }
  return %y : tensor<?x4xf32>
}

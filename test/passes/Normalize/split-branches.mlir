// RUN: blockattn-opt %s --blockattn-split-branches --split-input-file | FileCheck %s

// The decoder without a past is @main; both have the inputs that they need.
// CHECK: module attributes {blockattn.branches = {condition = 0 : i64, inputs = [
// CHECK-SAME: onnx.name = "use_cache"{{.*}}onnx.name = "past"{{.*}}], main = false}
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %{{[^:]*}}: tensor<?x4xf32> {onnx.name = "x"}) -> tensor<?x4xf32>
// CHECK-NOT: onnx.If
// CHECK: onnx.Softmax
// CHECK-LABEL: func.func @main.other(
// CHECK-SAME: onnx.name = "x"{{.*}}onnx.name = "past"
// CHECK-NOT: onnx.If
// CHECK: onnx.Add
// CHECK: onnx.Softmax
func.func @main(%c: tensor<1xi1> {onnx.name = "use_cache"}, %x: tensor<?x4xf32> {onnx.name = "x"}, %p: tensor<?x4xf32> {onnx.name = "past"}) -> tensor<?x4xf32> {
  %axis = onnx.Constant dense<0> : tensor<1xi64>
  %s = onnx.Squeeze(%c, %axis) : (tensor<1xi1>, tensor<1xi64>) -> tensor<i1>
  %y = onnx.If(%s) : (tensor<i1>) -> tensor<?x4xf32> {
    %a = onnx.Add(%x, %p) : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    %b = onnx.Softmax(%a) : (tensor<?x4xf32>) -> tensor<?x4xf32>
    onnx.Yield %b : tensor<?x4xf32>
  } else {
    %b = onnx.Softmax(%x) : (tensor<?x4xf32>) -> tensor<?x4xf32>
    onnx.Yield %b : tensor<?x4xf32>
  }
  return %y : tensor<?x4xf32>
}

// -----

// A condition that is turned round is.
// CHECK: main = true
// CHECK-LABEL: func.func @main(
// CHECK-NOT: past
// CHECK-LABEL: func.func @main.other(
func.func @main(%c: tensor<1xi1> {onnx.name = "no_cache"}, %x: tensor<?x4xf32> {onnx.name = "x"}, %p: tensor<?x4xf32> {onnx.name = "past"}) -> tensor<?x4xf32> {
  %s = onnx.Not(%c) : (tensor<1xi1>) -> tensor<1xi1>
  %y = onnx.If(%s) : (tensor<1xi1>) -> tensor<?x4xf32> {
    %a = onnx.Add(%x, %p) : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    %b = onnx.Softmax(%a) : (tensor<?x4xf32>) -> tensor<?x4xf32>
    onnx.Yield %b : tensor<?x4xf32>
  } else {
    %b = onnx.Softmax(%x) : (tensor<?x4xf32>) -> tensor<?x4xf32>
    onnx.Yield %b : tensor<?x4xf32>
  }
  return %y : tensor<?x4xf32>
}

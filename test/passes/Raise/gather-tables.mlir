// RUN: blockattn-opt %s --blockattn-gather-tables --split-input-file | FileCheck %s

// As many rows as there are tokens.
// CHECK-LABEL: func.func @main(
// CHECK: %[[R:.*]] = onnx.Range(
// CHECK: %[[G:.*]] = onnx.Gather(%{{.*}}, %[[R]]) {axis = 0 : i64} : (tensor<16x8xf32>, tensor<?xi64>) -> tensor<?x8xf32>
// CHECK-NOT: onnx.Slice
// CHECK: onnx.Add(%arg0, %[[G]])
func.func @main(%x: tensor<1x?x8xf32> {onnx.dims = ["", "seq", ""]}) -> tensor<1x?x8xf32> {
  %table = onnx.Constant dense<0.5> : tensor<16x8xf32>
  %zero = onnx.Constant dense<0> : tensor<1xi64>
  %n = onnx.Shape(%x) {start = 1 : i64, end = 2 : i64} : (tensor<1x?x8xf32>) -> tensor<1xi64>
  %rows = onnx.Slice(%table, %zero, %n, %zero) : (tensor<16x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x8xf32>
  %y = onnx.Add(%x, %rows) : (tensor<1x?x8xf32>, tensor<?x8xf32>) -> tensor<1x?x8xf32>
  return %y : tensor<1x?x8xf32>
}

// -----

// Behind past keys.
// CHECK-LABEL: func.func @main(
// CHECK: onnx.Range(
// CHECK: onnx.Gather({{.*}}) {axis = 1 : i64} : (tensor<1x16x8xf32>, tensor<?xi64>)
func.func @main(%x: tensor<1x?x8xf32> {onnx.dims = ["", "seq", ""]}, %past: tensor<1x2x?x4xf32> {onnx.dims = ["", "", "past", ""]}) -> tensor<1x?x8xf32> {
  %table = onnx.Constant dense<0.5> : tensor<1x16x8xf32>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %n = onnx.Shape(%x) {start = 1 : i64, end = 2 : i64} : (tensor<1x?x8xf32>) -> tensor<1xi64>
  %p = onnx.Shape(%past) {start = 2 : i64, end = 3 : i64} : (tensor<1x2x?x4xf32>) -> tensor<1xi64>
  %end = onnx.Add(%p, %n) : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  %rows = onnx.Slice(%table, %p, %end, %one) : (tensor<1x16x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x?x8xf32>
  %y = onnx.Add(%x, %rows) : (tensor<1x?x8xf32>, tensor<1x?x8xf32>) -> tensor<1x?x8xf32>
  return %y : tensor<1x?x8xf32>
}

// RUN: blockattn-opt %s --blockattn-gather-tables --split-input-file | FileCheck %s

// Slices that do not cut a row for each token stay: from the second row on, ...
// CHECK-LABEL: func.func @second(
// CHECK: onnx.Slice
// CHECK-NOT: onnx.Gather
func.func @second(%x: tensor<1x?x8xf32> {onnx.dims = ["", "seq", ""]}) -> tensor<?x8xf32> {
  %table = onnx.Constant dense<0.5> : tensor<16x8xf32>
  %zero = onnx.Constant dense<0> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %n = onnx.Shape(%x) {start = 1 : i64, end = 2 : i64} : (tensor<1x?x8xf32>) -> tensor<1xi64>
  %rows = onnx.Slice(%table, %one, %n, %zero) : (tensor<16x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x8xf32>
  return %rows : tensor<?x8xf32>
}

// -----

// ... of what depends on the tokens, ...
// CHECK-LABEL: func.func @data(
// CHECK: onnx.Slice
// CHECK-NOT: onnx.Gather
func.func @data(%x: tensor<1x?x8xf32> {onnx.dims = ["", "seq", ""]}, %table: tensor<16x8xf32>) -> tensor<?x8xf32> {
  %zero = onnx.Constant dense<0> : tensor<1xi64>
  %n = onnx.Shape(%x) {start = 1 : i64, end = 2 : i64} : (tensor<1x?x8xf32>) -> tensor<1xi64>
  %rows = onnx.Slice(%table, %zero, %n, %zero) : (tensor<16x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x8xf32>
  return %rows : tensor<?x8xf32>
}

// -----

// ... or of what rows are looked up in by position.
// CHECK-LABEL: func.func @positions(
// CHECK: onnx.Slice
// CHECK-NOT: onnx.Range
func.func @positions(%x: tensor<1x?x8xf32> {onnx.dims = ["", "seq", ""]}, %p: tensor<1x?xi64> {onnx.dims = ["", "seq"], onnx.name = "position_ids"}) -> tensor<1x?x8xf32> {
  %table = onnx.Constant dense<0.5> : tensor<16x8xf32>
  %zero = onnx.Constant dense<0> : tensor<1xi64>
  %n = onnx.Shape(%x) {start = 1 : i64, end = 2 : i64} : (tensor<1x?x8xf32>) -> tensor<1xi64>
  %rows = onnx.Slice(%table, %zero, %n, %zero) : (tensor<16x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x8xf32>
  %y = onnx.Gather(%rows, %p) {axis = 0 : i64} : (tensor<?x8xf32>, tensor<1x?xi64>) -> tensor<1x?x8xf32>
  return %y : tensor<1x?x8xf32>
}

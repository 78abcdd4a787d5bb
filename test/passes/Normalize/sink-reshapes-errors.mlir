// RUN: blockattn-opt %s --pass-pipeline='builtin.module(func.func(blockattn-sink-reshapes,canonicalize))' -split-input-file -verify-diagnostics | FileCheck %s

// The columns are no dimensions of the operand: rows are no rows.
// CHECK-LABEL: @other_columns
// CHECK: %[[R:.*]] = onnx.Reshape
// CHECK: onnx.MatMul(%[[R]]
func.func @other_columns(%x: tensor<1x?x4x24xf32>, %w: tensor<64x192xf32>) -> tensor<?x192xf32> {
  %s = onnx.Constant dense<[-1, 64]> : tensor<2xi64>
  %m = onnx.Reshape(%x, %s) : (tensor<1x?x4x24xf32>, tensor<2xi64>) -> tensor<?x64xf32>
  %p = onnx.MatMul(%m, %w) : (tensor<?x64xf32>, tensor<64x192xf32>) -> tensor<?x192xf32>
  return %p : tensor<?x192xf32>
}

// -----

// A bias for each row, not for each column.
// CHECK-LABEL: @row_bias
// CHECK: %[[R:.*]] = onnx.Reshape
// CHECK: onnx.Add(%[[R]]
func.func @row_bias(%x: tensor<1x?x64xf32>, %b: tensor<?x1xf32>) -> tensor<?x64xf32> {
  %s = onnx.Constant dense<[-1, 64]> : tensor<2xi64>
  %m = onnx.Reshape(%x, %s) : (tensor<1x?x64xf32>, tensor<2xi64>) -> tensor<?x64xf32>
  %r = onnx.Add(%m, %b) : (tensor<?x64xf32>, tensor<?x1xf32>) -> tensor<?x64xf32>
  return %r : tensor<?x64xf32>
}

// -----

// The Transpose tears the merged dimension away.
// CHECK-LABEL: @moved
// CHECK: %[[R:.*]] = onnx.Reshape
// CHECK: onnx.Transpose(%[[R]])
func.func @moved(%x: tensor<1x4x?x16xf32>) -> tensor<?x4x16xf32> {
  %s = onnx.Constant dense<[4, -1, 16]> : tensor<3xi64>
  %m = onnx.Reshape(%x, %s) : (tensor<1x4x?x16xf32>, tensor<3xi64>) -> tensor<4x?x16xf32>
  %t = onnx.Transpose(%m) {perm = array<i64: 1, 0, 2>} : (tensor<4x?x16xf32>) -> tensor<?x4x16xf32>
  return %t : tensor<?x4x16xf32>
}

// -----

func.func @contradiction(%x: tensor<*xf32>) {
  %s = onnx.Constant dense<[2, 3]> : tensor<2xi64>
  %a = onnx.Reshape(%x, %s) : (tensor<*xf32>, tensor<2xi64>) -> tensor<*xf32>
  // expected-error @below {{has operands whose columns and rows differ: 3 and 2}}
  %0 = onnx.MatMul(%a, %a) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  return
}

// RUN: blockattn-opt %s --pass-pipeline='builtin.module(func.func(blockattn-sink-reshapes,canonicalize))' -split-input-file | FileCheck %s

// CHECK-LABEL: @linear
// CHECK-SAME: %[[X:.*]]: tensor<1x?x64xf32>, %[[W:.*]]: tensor<64x192xf32>, %[[B:.*]]: tensor<192xf32>
// CHECK: %[[P:.*]] = onnx.MatMul(%[[X]], %[[W]]) : (tensor<1x?x64xf32>, tensor<64x192xf32>) -> tensor<1x?x192xf32>
// CHECK: %[[S:.*]] = onnx.Add(%[[B]], %[[P]]) : (tensor<192xf32>, tensor<1x?x192xf32>) -> tensor<1x?x192xf32>
// CHECK: onnx.Reshape(%[[S]], %{{.*}}) {{.*}}-> tensor<?x192xf32>
func.func @linear(%x: tensor<1x?x64xf32>, %w: tensor<64x192xf32>, %b: tensor<192xf32>) -> tensor<?x192xf32> {
  %s = onnx.Constant dense<[-1, 64]> : tensor<2xi64>
  %m = onnx.Reshape(%x, %s) : (tensor<1x?x64xf32>, tensor<2xi64>) -> tensor<?x64xf32>
  %p = onnx.MatMul(%m, %w) : (tensor<?x64xf32>, tensor<64x192xf32>) -> tensor<?x192xf32>
  %r = onnx.Add(%b, %p) : (tensor<192xf32>, tensor<?x192xf32>) -> tensor<?x192xf32>
  return %r : tensor<?x192xf32>
}

// -----

// CHECK-LABEL: @transpose
// CHECK: %[[T:.*]] = onnx.Transpose(%arg0) {perm = array<i64: 0, 1, 3, 2>} : (tensor<1x4x?x16xf32>) -> tensor<1x4x16x?xf32>
// CHECK: onnx.Reshape(%[[T]]
func.func @transpose(%x: tensor<1x4x?x16xf32> {onnx.dims = ["", "", "seq", ""]}) -> tensor<4x16x?xf32> {
  %s = onnx.Constant dense<[4, -1, 16]> : tensor<3xi64>
  %m = onnx.Reshape(%x, %s) : (tensor<1x4x?x16xf32>, tensor<3xi64>) -> tensor<4x?x16xf32>
  %t = onnx.Transpose(%m) {perm = array<i64: 0, 2, 1>} : (tensor<4x?x16xf32>) -> tensor<4x16x?xf32>
  return %t : tensor<4x16x?xf32>
}

// -----

// The columns may be several dimensions, which become one.
// CHECK-LABEL: @heads
// CHECK: %[[R:.*]] = onnx.Reshape(%arg0, %{{.*}}) : (tensor<1x?x4x16xf32>, tensor<3xi64>) -> tensor<1x?x64xf32>
// CHECK: onnx.MatMul(%[[R]], %arg1) : (tensor<1x?x64xf32>, tensor<64x192xf32>) -> tensor<1x?x192xf32>
func.func @heads(%x: tensor<1x?x4x16xf32>, %w: tensor<64x192xf32>) -> tensor<?x192xf32> {
  %s = onnx.Constant dense<[-1, 64]> : tensor<2xi64>
  %m = onnx.Reshape(%x, %s) : (tensor<1x?x4x16xf32>, tensor<2xi64>) -> tensor<?x64xf32>
  %p = onnx.MatMul(%m, %w) : (tensor<?x64xf32>, tensor<64x192xf32>) -> tensor<?x192xf32>
  return %p : tensor<?x192xf32>
}

// Scores of 16 bits are not exact, but what is done to them has to be a scale
// all the same, even if the softmax is in f32.
// RUN: blockattn-opt %s --blockattn-raise-attention --remark-format=emitRemark --remarks-filter-missed=raise --remark-policy=all 2>&1 | FileCheck %s

// CHECK: attention 'softsign': its scores are neither scaled nor soft-capped, but something else is done to them
// CHECK-NOT: blockattn.attention %
func.func @softsign(%h: tensor<1x?x32xf16> {onnx.dims = ["", "seq", ""]}) -> tensor<1x?x4x8xf16> {
  %heads = onnx.Constant dense<[1, 0, 4, 8]> : tensor<4xi64>
  %one = onnx.Constant dense<1.0> : tensor<f16>
  %x = onnx.Reshape(%h, %heads) : (tensor<1x?x32xf16>, tensor<4xi64>) -> tensor<1x?x4x8xf16>
  %q = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x4x8xf16>) -> tensor<1x4x?x8xf16>
  %kt = onnx.Transpose(%x) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x4x8xf16>) -> tensor<1x4x8x?xf16>
  %s0 = onnx.MatMul(%q, %kt) : (tensor<1x4x?x8xf16>, tensor<1x4x8x?xf16>) -> tensor<1x4x?x?xf16>
  %abs = onnx.Abs(%s0) : (tensor<1x4x?x?xf16>) -> tensor<1x4x?x?xf16>
  %more = onnx.Add(%abs, %one) : (tensor<1x4x?x?xf16>, tensor<f16>) -> tensor<1x4x?x?xf16>
  %s1 = onnx.Div(%s0, %more) : (tensor<1x4x?x?xf16>, tensor<1x4x?x?xf16>) -> tensor<1x4x?x?xf16>
  %s2 = onnx.Cast(%s1) {to = f32} : (tensor<1x4x?x?xf16>) -> tensor<1x4x?x?xf32>
  %p = onnx.Softmax(%s2) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("softsign")
  %w = onnx.Cast(%p) {to = f16} : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf16>
  %o = onnx.MatMul(%w, %q) : (tensor<1x4x?x?xf16>, tensor<1x4x?x8xf16>) -> tensor<1x4x?x8xf16>
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x?x8xf16>) -> tensor<1x?x4x8xf16>
  return %y : tensor<1x?x4x8xf16>
}

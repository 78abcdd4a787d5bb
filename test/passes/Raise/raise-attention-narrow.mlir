// Attention of 16 bits that is computed in f32 from the softmax on.
// RUN: blockattn-opt %s --blockattn-raise-attention --canonicalize --cse | FileCheck %s

// Scores of 16 bits are only so exact, whatever the softmax is in.
// CHECK-LABEL: func @f16_scores(
// CHECK: %[[X:.*]] = onnx.Reshape
// CHECK: %[[Y:.*]] = blockattn.attention %[[X]], %[[X]], %[[X]] {scale = 0.3535{{[0-9]*}} : f32} : {{.*}} -> tensor<1x?x4x8xf16>
// CHECK: return %[[Y]]
func.func @f16_scores(%h: tensor<1x?x32xf16> {onnx.dims = ["", "seq", ""]}) -> tensor<1x?x4x8xf16> {
  %heads = onnx.Constant dense<[1, 0, 4, 8]> : tensor<4xi64>
  %scale = onnx.Constant dense<0.353553385> : tensor<f16>
  %x = onnx.Reshape(%h, %heads) : (tensor<1x?x32xf16>, tensor<4xi64>) -> tensor<1x?x4x8xf16>
  %q = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x4x8xf16>) -> tensor<1x4x?x8xf16>
  %kt = onnx.Transpose(%x) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x4x8xf16>) -> tensor<1x4x8x?xf16>
  %s0 = onnx.MatMul(%q, %kt) : (tensor<1x4x?x8xf16>, tensor<1x4x8x?xf16>) -> tensor<1x4x?x?xf16>
  %s1 = onnx.Mul(%s0, %scale) : (tensor<1x4x?x?xf16>, tensor<f16>) -> tensor<1x4x?x?xf16>
  %s2 = onnx.Cast(%s1) {to = f32} : (tensor<1x4x?x?xf16>) -> tensor<1x4x?x?xf32>
  %p = onnx.Softmax(%s2) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("f16_scores")
  %w = onnx.Cast(%p) {to = f16} : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf16>
  %o = onnx.MatMul(%w, %q) : (tensor<1x4x?x?xf16>, tensor<1x4x?x8xf16>) -> tensor<1x4x?x8xf16>
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x?x8xf16>) -> tensor<1x?x4x8xf16>
  return %y : tensor<1x?x4x8xf16>
}

// As those of bf16.
// CHECK-LABEL: func @bf16_scores(
// CHECK: %[[X:.*]] = onnx.Reshape
// CHECK: %[[Y:.*]] = blockattn.attention %[[X]], %[[X]], %[[X]] {scale = 0.3535{{[0-9]*}} : f32} : {{.*}} -> tensor<1x?x4x8xbf16>
// CHECK: return %[[Y]]
func.func @bf16_scores(%h: tensor<1x?x32xbf16> {onnx.dims = ["", "seq", ""]}) -> tensor<1x?x4x8xbf16> {
  %heads = onnx.Constant dense<[1, 0, 4, 8]> : tensor<4xi64>
  %scale = onnx.Constant dense<0.353553385> : tensor<bf16>
  %x = onnx.Reshape(%h, %heads) : (tensor<1x?x32xbf16>, tensor<4xi64>) -> tensor<1x?x4x8xbf16>
  %q = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x4x8xbf16>) -> tensor<1x4x?x8xbf16>
  %kt = onnx.Transpose(%x) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x4x8xbf16>) -> tensor<1x4x8x?xbf16>
  %s0 = onnx.MatMul(%q, %kt) : (tensor<1x4x?x8xbf16>, tensor<1x4x8x?xbf16>) -> tensor<1x4x?x?xbf16>
  %s1 = onnx.Mul(%s0, %scale) : (tensor<1x4x?x?xbf16>, tensor<bf16>) -> tensor<1x4x?x?xbf16>
  %s2 = onnx.Cast(%s1) {to = f32} : (tensor<1x4x?x?xbf16>) -> tensor<1x4x?x?xf32>
  %p = onnx.Softmax(%s2) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("bf16_scores")
  %w = onnx.Cast(%p) {to = bf16} : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xbf16>
  %o = onnx.MatMul(%w, %q) : (tensor<1x4x?x?xbf16>, tensor<1x4x?x8xbf16>) -> tensor<1x4x?x8xbf16>
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x?x8xbf16>) -> tensor<1x?x4x8xbf16>
  return %y : tensor<1x?x4x8xbf16>
}

// The graph goes on in f32, but attention has one type.
// CHECK-LABEL: func @goes_on_in_f32(
// CHECK: %[[X:.*]] = onnx.Reshape
// CHECK: %[[Y:.*]] = blockattn.attention %[[X]], %[[X]], %[[X]] {scale = 0.3535{{[0-9]*}} : f32} : {{.*}} -> tensor<1x?x4x8xf16>
// CHECK: %[[WIDE:.*]] = onnx.Cast(%[[Y]]) {to = f32}
// CHECK: return %[[WIDE]]
func.func @goes_on_in_f32(%h: tensor<1x?x32xf16> {onnx.dims = ["", "seq", ""]}) -> tensor<1x?x4x8xf32> {
  %heads = onnx.Constant dense<[1, 0, 4, 8]> : tensor<4xi64>
  %scale = onnx.Constant dense<0.353553385> : tensor<f16>
  %x = onnx.Reshape(%h, %heads) : (tensor<1x?x32xf16>, tensor<4xi64>) -> tensor<1x?x4x8xf16>
  %q = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x4x8xf16>) -> tensor<1x4x?x8xf16>
  %kt = onnx.Transpose(%x) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x4x8xf16>) -> tensor<1x4x8x?xf16>
  %s0 = onnx.MatMul(%q, %kt) : (tensor<1x4x?x8xf16>, tensor<1x4x8x?xf16>) -> tensor<1x4x?x?xf16>
  %s1 = onnx.Mul(%s0, %scale) : (tensor<1x4x?x?xf16>, tensor<f16>) -> tensor<1x4x?x?xf16>
  %s2 = onnx.Cast(%s1) {to = f32} : (tensor<1x4x?x?xf16>) -> tensor<1x4x?x?xf32>
  %p = onnx.Softmax(%s2) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("goes_on_in_f32")
  %v = onnx.Cast(%q) {to = f32} : (tensor<1x4x?x8xf16>) -> tensor<1x4x?x8xf32>
  %o = onnx.MatMul(%p, %v) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x?x8xf32>) -> tensor<1x?x4x8xf32>
  return %y : tensor<1x?x4x8xf32>
}

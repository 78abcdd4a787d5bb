// RUN: blockattn-opt %s --blockattn-assign-roles --blockattn-derive-block -split-input-file | FileCheck %s

// As many tokens as heads, as features of a head, and as there are in all:
// tokens are followed, not sizes compared. Detours that are undone are none.

// Heads before the tokens, normed, turned, and put back; a product per head.
// CHECK-LABEL: func.func @block
// CHECK: blockattn.attention
func.func @main(%w: tensor<1x4xi64> {onnx.name = "input_ids"}) -> tensor<1x4x16xf32> {
  %table = onnx.Constant dense<0.5> : tensor<16x16xf32>
  %weight = onnx.Constant dense<0.5> : tensor<16x16xf32>
  %square = onnx.Constant dense<0.5> : tensor<4x4xf32>
  %gain = onnx.Constant dense<0.5> : tensor<4xf32>
  %last = onnx.Constant dense<-1> : tensor<1xi64>
  %split = onnx.Constant dense<[1, 4, 4, 4]> : tensor<4xi64>
  %merge = onnx.Constant dense<[1, 4, 16]> : tensor<3xi64>
  %x = onnx.Gather(%table, %w) {axis = 0 : i64} : (tensor<16x16xf32>, tensor<1x4xi64>) -> tensor<1x4x16xf32>
  %s = onnx.Reshape(%x, %split) : (tensor<1x4x16xf32>, tensor<4xi64>) -> tensor<1x4x4x4xf32>
  %t = onnx.Transpose(%s) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32>
  %n = onnx.RMSNormalization(%t, %gain) : (tensor<1x4x4x4xf32>, tensor<4xf32>) -> tensor<1x4x4x4xf32>
  %p = onnx.MatMul(%n, %square) : (tensor<1x4x4x4xf32>, tensor<4x4xf32>) -> tensor<1x4x4x4xf32>
  %m = onnx.ReduceMean(%p, %last) : (tensor<1x4x4x4xf32>, tensor<1xi64>) -> tensor<1x4x4x1xf32>
  %d = onnx.Sub(%p, %m) : (tensor<1x4x4x4xf32>, tensor<1x4x4x1xf32>) -> tensor<1x4x4x4xf32>
  %q = onnx.Transpose(%d) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32>
  %o = blockattn.attention %q, %q, %s {causal, scale = 0.5 : f32} : tensor<1x4x4x4xf32>, tensor<1x4x4x4xf32>, tensor<1x4x4x4xf32> -> tensor<1x4x4x4xf32>
  %y = onnx.Reshape(%o, %merge) : (tensor<1x4x4x4xf32>, tensor<3xi64>) -> tensor<1x4x16xf32>
  %z = onnx.Add(%x, %y) : (tensor<1x4x16xf32>, tensor<1x4x16xf32>) -> tensor<1x4x16xf32>
  %r = onnx.MatMul(%z, %weight) : (tensor<1x4x16xf32>, tensor<16x16xf32>) -> tensor<1x4x16xf32>
  return %r : tensor<1x4x16xf32>
}

// -----

// Tokens along the last dimension, in pairs, in halves and out of order, of
// which all is undone; features are summed where they stand.
// CHECK-LABEL: func.func @block
// CHECK: blockattn.attention
func.func @main(%w: tensor<1x8xi64> {onnx.name = "input_ids"}) -> tensor<1x8x2x4xf32> {
  %table = onnx.Constant dense<0.5> : tensor<16x8xf32>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %row = onnx.Constant dense<[1, 8, 8]> : tensor<3xi64>
  %wide = onnx.Constant dense<[1, 4, 16]> : tensor<3xi64>
  %half = onnx.Constant dense<[1, 2, 4, 8]> : tensor<4xi64>
  %heads = onnx.Constant dense<[1, 8, 2, 4]> : tensor<4xi64>
  %x = onnx.Gather(%table, %w) {axis = 0 : i64} : (tensor<16x8xf32>, tensor<1x8xi64>) -> tensor<1x8x8xf32>
  %t = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1>} : (tensor<1x8x8xf32>) -> tensor<1x8x8xf32>
  %s = onnx.ReduceMax(%t, %one) : (tensor<1x8x8xf32>, tensor<1xi64>) -> tensor<1x1x8xf32>
  %d = onnx.Div(%t, %s) : (tensor<1x8x8xf32>, tensor<1x1x8xf32>) -> tensor<1x8x8xf32>
  %a = onnx.Transpose(%d) {perm = array<i64: 0, 2, 1>} : (tensor<1x8x8xf32>) -> tensor<1x8x8xf32>
  %b = onnx.Add(%x, %a) : (tensor<1x8x8xf32>, tensor<1x8x8xf32>) -> tensor<1x8x8xf32>
  %p = onnx.Reshape(%b, %wide) : (tensor<1x8x8xf32>, tensor<3xi64>) -> tensor<1x4x16xf32>
  %e = onnx.Relu(%p) : (tensor<1x4x16xf32>) -> tensor<1x4x16xf32>
  %h = onnx.Reshape(%e, %half) : (tensor<1x4x16xf32>, tensor<4xi64>) -> tensor<1x2x4x8xf32>
  %u = onnx.Transpose(%h) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x2x4x8xf32>) -> tensor<1x4x2x8xf32>
  %v = onnx.Softmax(%u) : (tensor<1x4x2x8xf32>) -> tensor<1x4x2x8xf32>
  %f = onnx.Transpose(%v) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x2x8xf32>) -> tensor<1x2x4x8xf32>
  %g = onnx.Reshape(%f, %row) : (tensor<1x2x4x8xf32>, tensor<3xi64>) -> tensor<1x8x8xf32>
  %i = onnx.Add(%x, %g) : (tensor<1x8x8xf32>, tensor<1x8x8xf32>) -> tensor<1x8x8xf32>
  %q = onnx.Reshape(%i, %heads) : (tensor<1x8x8xf32>, tensor<4xi64>) -> tensor<1x8x2x4xf32>
  %o = blockattn.attention %q, %q, %q {causal, scale = 0.5 : f32} : tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32> -> tensor<1x8x2x4xf32>
  return %o : tensor<1x8x2x4xf32>
}

// -----

// Experts: the greatest of each token's scores, weights of its own, and rows of
// a batch that are joined.
// CHECK-LABEL: func.func @block
// CHECK: blockattn.attention
func.func @main(%w: tensor<?x4xi64> {onnx.name = "input_ids", onnx.dims = ["batch", ""]}) -> (tensor<?x4x4xf32>, tensor<?x4x2x2xf32>) {
  %table = onnx.Constant dense<0.5> : tensor<16x4xf32>
  %router = onnx.Constant dense<0.5> : tensor<4x4xf32>
  %experts = onnx.Constant dense<0.5> : tensor<4x4x4xf32>
  %two = onnx.Constant dense<2> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %c0 = onnx.Constant dense<0> : tensor<1xi64>
  %flat = onnx.Constant dense<[-1, 4]> : tensor<2xi64>
  %rows = onnx.Constant dense<[-1, 4, 4]> : tensor<3xi64>
  %heads = onnx.Constant dense<[0, 0, 2, 2]> : tensor<4xi64>
  %x = onnx.Gather(%table, %w) {axis = 0 : i64} : (tensor<16x4xf32>, tensor<?x4xi64>) -> tensor<?x4x4xf32>
  %r = onnx.Reshape(%x, %flat) : (tensor<?x4x4xf32>, tensor<2xi64>) -> tensor<?x4xf32>
  %s = onnx.Gemm(%r, %router) : (tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<?x4xf32>
  %v, %i = onnx.TopK(%s, %two) : (tensor<?x4xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  %e = onnx.Gather(%experts, %i) {axis = 0 : i64} : (tensor<4x4x4xf32>, tensor<?x2xi64>) -> tensor<?x2x4x4xf32>
  %a = onnx.Unsqueeze(%r, %one) : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<?x1x4xf32>
  %b = onnx.Unsqueeze(%a, %one) : (tensor<?x1x4xf32>, tensor<1xi64>) -> tensor<?x1x1x4xf32>
  %m = onnx.MatMul(%b, %e) : (tensor<?x1x1x4xf32>, tensor<?x2x4x4xf32>) -> tensor<?x2x1x4xf32>
  %n = onnx.Squeeze(%m, %two) : (tensor<?x2x1x4xf32>, tensor<1xi64>) -> tensor<?x2x4xf32>
  %g = onnx.Unsqueeze(%v, %two) : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x2x1xf32>
  %h = onnx.Mul(%n, %g) : (tensor<?x2x4xf32>, tensor<?x2x1xf32>) -> tensor<?x2x4xf32>
  %y = onnx.ReduceSum(%h, %one) {keepdims = 0 : i64} : (tensor<?x2x4xf32>, tensor<1xi64>) -> tensor<?x4xf32>
  %z = onnx.Reshape(%y, %rows) : (tensor<?x4xf32>, tensor<3xi64>) -> tensor<?x4x4xf32>
  %f = onnx.Add(%x, %z) : (tensor<?x4x4xf32>, tensor<?x4x4xf32>) -> tensor<?x4x4xf32>
  %q = onnx.Reshape(%f, %heads) : (tensor<?x4x4xf32>, tensor<4xi64>) -> tensor<?x4x2x2xf32>
  %o = blockattn.attention %q, %q, %q {causal, scale = 0.5 : f32} : tensor<?x4x2x2xf32>, tensor<?x4x2x2xf32>, tensor<?x4x2x2xf32> -> tensor<?x4x2x2xf32>
  return %f, %o : tensor<?x4x4xf32>, tensor<?x4x2x2xf32>
}

// RUN: blockattn-opt %s --blockattn-raise-attention | FileCheck %s

// Keys may stand elsewhere where they are rotated by their positions plus a
// constant, however these are made.

// CHECK: module attributes {blockattn.attentions = [
// CHECK-SAME: kv_position_independent = true, {{[^}]*}}node = "given", positions = "rotary", raised = true, reasons = []
// CHECK-SAME: kv_position_independent = true, {{[^}]*}}node = "made", positions = "rotary", raised = true, reasons = []
// CHECK-SAME: kv_position_independent = true, {{[^}]*}}node = "taken_apart", positions = "rotary", raised = true, reasons = []
// CHECK-SAME: kv_position_independent = true, {{[^}]*}}node = "table", positions = "rotary", raised = true, reasons = []
// CHECK-SAME: kv_position_independent = true, {{[^}]*}}node = "type", positions = "rotary", raised = true, reasons = []

// The argument itself, moved by a constant.
func.func @given(%h: tensor<1x?x16xf32> {onnx.dims = ["", "seq", ""]}, %pos: tensor<1x?xi64> {onnx.dims = ["", "seq"], onnx.name = "position_ids"}) -> tensor<1x2x?x8xf32> {
  %shape = onnx.Constant dense<[1, 0, 2, 8]> : tensor<4xi64>
  %r = onnx.Reshape(%h, %shape) : (tensor<1x?x16xf32>, tensor<4xi64>) -> tensor<1x?x2x8xf32>
  %c = onnx.Constant dense<2> : tensor<i64>
  %p = onnx.Add(%pos, %c) : (tensor<1x?xi64>, tensor<i64>) -> tensor<1x?xi64>
  %y = blockattn.rotary %r, %p <inv_freq = dense<[1.0, 0.1, 0.01, 0.001]> : tensor<4xf32>> : tensor<1x?x2x8xf32>, tensor<1x?xi64>
  %q = onnx.Transpose(%y) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %kt = onnx.Transpose(%y) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x8x?xf32>
  %v = onnx.Transpose(%r) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %s = onnx.MatMul(%q, %kt) : (tensor<1x2x?x8xf32>, tensor<1x2x8x?xf32>) -> tensor<1x2x?x?xf32>
  %w = onnx.Softmax(%s) : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32> loc("given")
  %o = onnx.MatMul(%w, %v) : (tensor<1x2x?x?xf32>, tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32>
  return %o : tensor<1x2x?x8xf32>
}

// Made in the graph, and moved.
func.func @made(%h: tensor<1x?x16xf32> {onnx.dims = ["", "seq", ""]}) -> tensor<1x2x?x8xf32> {
  %shape = onnx.Constant dense<[1, 0, 2, 8]> : tensor<4xi64>
  %r = onnx.Reshape(%h, %shape) : (tensor<1x?x16xf32>, tensor<4xi64>) -> tensor<1x?x2x8xf32>
  %none = onnx.Constant dense<0> : tensor<i64>
  %one = onnx.Constant dense<1> : tensor<i64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %n0 = onnx.Shape(%h) {start = 1 : i64, end = 2 : i64} : (tensor<1x?x16xf32>) -> tensor<1xi64>
  %n = onnx.Squeeze(%n0, %first) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %range = onnx.Range(%none, %n, %one) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %row = onnx.Unsqueeze(%range, %first) : (tensor<?xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  %c = onnx.Constant dense<2> : tensor<i64>
  %p = onnx.Add(%row, %c) : (tensor<1x?xi64>, tensor<i64>) -> tensor<1x?xi64>
  %y = blockattn.rotary %r, %p <inv_freq = dense<[1.0, 0.1, 0.01, 0.001]> : tensor<4xf32>> : tensor<1x?x2x8xf32>, tensor<1x?xi64>
  %q = onnx.Transpose(%y) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %kt = onnx.Transpose(%y) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x8x?xf32>
  %v = onnx.Transpose(%r) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %s = onnx.MatMul(%q, %kt) : (tensor<1x2x?x8xf32>, tensor<1x2x8x?xf32>) -> tensor<1x2x?x?xf32>
  %w = onnx.Softmax(%s) : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32> loc("made")
  %o = onnx.MatMul(%w, %v) : (tensor<1x2x?x?xf32>, tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32>
  return %o : tensor<1x2x?x8xf32>
}

// Twice the half of a position, and what is left.
func.func @taken_apart(%h: tensor<1x?x16xf32> {onnx.dims = ["", "seq", ""]}, %pos: tensor<1x?xi64> {onnx.dims = ["", "seq"], onnx.name = "position_ids"}) -> tensor<1x2x?x8xf32> {
  %shape = onnx.Constant dense<[1, 0, 2, 8]> : tensor<4xi64>
  %r = onnx.Reshape(%h, %shape) : (tensor<1x?x16xf32>, tensor<4xi64>) -> tensor<1x?x2x8xf32>
  %c = onnx.Constant dense<2> : tensor<i64>
  %d = onnx.Div(%pos, %c) : (tensor<1x?xi64>, tensor<i64>) -> tensor<1x?xi64>
  %m = onnx.Mod(%pos, %c) : (tensor<1x?xi64>, tensor<i64>) -> tensor<1x?xi64>
  %e = onnx.Mul(%d, %c) : (tensor<1x?xi64>, tensor<i64>) -> tensor<1x?xi64>
  %p = onnx.Add(%e, %m) : (tensor<1x?xi64>, tensor<1x?xi64>) -> tensor<1x?xi64>
  %y = blockattn.rotary %r, %p <inv_freq = dense<[1.0, 0.1, 0.01, 0.001]> : tensor<4xf32>> : tensor<1x?x2x8xf32>, tensor<1x?xi64>
  %q = onnx.Transpose(%y) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %kt = onnx.Transpose(%y) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x8x?xf32>
  %v = onnx.Transpose(%r) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %s = onnx.MatMul(%q, %kt) : (tensor<1x2x?x8xf32>, tensor<1x2x8x?xf32>) -> tensor<1x2x?x?xf32>
  %w = onnx.Softmax(%s) : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32> loc("taken_apart")
  %o = onnx.MatMul(%w, %v) : (tensor<1x2x?x?xf32>, tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32>
  return %o : tensor<1x2x?x8xf32>
}

// A table of positions ends somewhere.
func.func @table(%h: tensor<1x?x16xf32> {onnx.dims = ["", "seq", ""]}, %pos: tensor<1x?xi64> {onnx.dims = ["", "seq"], onnx.name = "position_ids"}) -> tensor<1x2x?x8xf32> {
  %shape = onnx.Constant dense<[1, 0, 2, 8]> : tensor<4xi64>
  %r = onnx.Reshape(%h, %shape) : (tensor<1x?x16xf32>, tensor<4xi64>) -> tensor<1x?x2x8xf32>
  %t = onnx.Constant dense<[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]> : tensor<16xi64>
  %p = onnx.Gather(%t, %pos) {axis = 0 : i64} : (tensor<16xi64>, tensor<1x?xi64>) -> tensor<1x?xi64>
  %y = blockattn.rotary %r, %p <inv_freq = dense<[1.0, 0.1, 0.01, 0.001]> : tensor<4xf32>> : tensor<1x?x2x8xf32>, tensor<1x?xi64>
  %q = onnx.Transpose(%y) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %kt = onnx.Transpose(%y) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x8x?xf32>
  %v = onnx.Transpose(%r) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %s = onnx.MatMul(%q, %kt) : (tensor<1x2x?x8xf32>, tensor<1x2x8x?xf32>) -> tensor<1x2x?x?xf32>
  %w = onnx.Softmax(%s) : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32> loc("table")
  %o = onnx.MatMul(%w, %v) : (tensor<1x2x?x?xf32>, tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32>
  return %o : tensor<1x2x?x8xf32>
}

// What is added to the hidden states is the same for all tokens.
func.func @type(%h: tensor<1x?x16xf32> {onnx.dims = ["", "seq", ""]}, %pos: tensor<1x?xi64> {onnx.dims = ["", "seq"], onnx.name = "position_ids"}) -> tensor<1x2x?x8xf32> {
  %z = onnx.Constant dense<0.0> : tensor<f32>
  %f = onnx.Cast(%pos) {to = f32} : (tensor<1x?xi64>) -> tensor<1x?xf32>
  %f0 = onnx.Mul(%f, %z) : (tensor<1x?xf32>, tensor<f32>) -> tensor<1x?xf32>
  %last = onnx.Constant dense<2> : tensor<1xi64>
  %u = onnx.Unsqueeze(%f0, %last) : (tensor<1x?xf32>, tensor<1xi64>) -> tensor<1x?x1xf32>
  %x = onnx.Add(%h, %u) : (tensor<1x?x16xf32>, tensor<1x?x1xf32>) -> tensor<1x?x16xf32>
  %shape = onnx.Constant dense<[1, 0, 2, 8]> : tensor<4xi64>
  %r = onnx.Reshape(%x, %shape) : (tensor<1x?x16xf32>, tensor<4xi64>) -> tensor<1x?x2x8xf32>
  %p = onnx.Identity(%pos) : (tensor<1x?xi64>) -> tensor<1x?xi64>
  %y = blockattn.rotary %r, %p <inv_freq = dense<[1.0, 0.1, 0.01, 0.001]> : tensor<4xf32>> : tensor<1x?x2x8xf32>, tensor<1x?xi64>
  %q = onnx.Transpose(%y) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %kt = onnx.Transpose(%y) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x8x?xf32>
  %v = onnx.Transpose(%r) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %s = onnx.MatMul(%q, %kt) : (tensor<1x2x?x8xf32>, tensor<1x2x8x?xf32>) -> tensor<1x2x?x?xf32>
  %w = onnx.Softmax(%s) : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32> loc("type")
  %o = onnx.MatMul(%w, %v) : (tensor<1x2x?x?xf32>, tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32>
  return %o : tensor<1x2x?x8xf32>
}

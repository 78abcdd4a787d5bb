// RUN: blockattn-opt %s --blockattn-raise-attention | FileCheck %s

// Keys whose rotation, or whose tokens, depend on the position in another way
// are tied to it. So are those that depend on other tokens than by attention.

// CHECK: module attributes {blockattn.attentions = [
// CHECK-SAME: node = "limited", positions = "unknown", raised = true, reasons = ["keys and values are tied to their place: at 'limited:turn' positions or lengths enter the computation, as in a rotary embedding that is not the same with 40 tokens as for few tokens"]
// CHECK-SAME: kv_position_independent = false, {{[^}]*}}node = "clipped", positions = "rotary", raised = true, reasons = ["{{[^"]*}}the rotation at 'clipped:rotary' is not by each token's position plus a constant
// CHECK-SAME: kv_position_independent = false, {{[^}]*}}node = "clipped_far", positions = "rotary", raised = true, reasons = ["{{[^"]*}}the rotation at 'clipped_far:rotary' is not by each token's position plus a constant
// CHECK-SAME: kv_position_independent = false, {{[^}]*}}node = "modulo", positions = "rotary", raised = true, reasons = ["{{[^"]*}}the rotation at 'modulo:rotary' is not by each token's position plus a constant
// CHECK-SAME: kv_position_independent = false, {{[^}]*}}node = "divided", positions = "rotary", raised = true, reasons = ["{{[^"]*}}the rotation at 'divided:rotary' is not by each token's position plus a constant
// CHECK-SAME: kv_position_independent = false, {{[^}]*}}node = "jump", positions = "rotary", raised = true, reasons = ["{{[^"]*}}the rotation at 'jump:rotary' is not by each token's position plus a constant
// CHECK-SAME: kv_position_independent = false, {{[^}]*}}node = "doubled", positions = "rotary", raised = true, reasons = ["{{[^"]*}}the rotation at 'doubled:rotary' is not by each token's position plus a constant
// CHECK-SAME: kv_position_independent = false, {{[^}]*}}node = "made_modulo", positions = "rotary", raised = true, reasons = ["{{[^"]*}}the rotation at 'made_modulo:rotary' is not by each token's position plus a constant
// CHECK-SAME: kv_position_independent = false, {{[^}]*}}node = "reversed", positions = "rotary", raised = true, reasons = ["{{[^"]*}}the rotation at 'reversed:rotary' is not by each token's position plus a constant
// CHECK-SAME: kv_position_independent = false, {{[^}]*}}node = "farthest", positions = "rotary", raised = true, reasons = ["{{[^"]*}}the rotation at 'farthest:rotary' is not by each token's position plus a constant
// CHECK-SAME: kv_position_independent = false, {{[^}]*}}node = "steps", positions = "rotary", raised = true, reasons = ["{{[^"]*}}'steps:enters' adds something that depends on the position
// CHECK-SAME: kv_position_independent = false, {{[^}]*}}node = "far_steps", positions = "rotary", raised = true, reasons = ["{{[^"]*}}'far_steps:enters' adds something that depends on the position
// CHECK-SAME: kv_position_independent = false, {{[^}]*}}node = "counted", positions = "rotary", raised = true, reasons = ["{{[^"]*}}'counted:sum' counts, sums up or compares data of several tokens
// CHECK-SAME: kv_position_independent = false, {{[^}]*}}node = "fixed", positions = "rotary", raised = true, reasons = ["{{[^"]*}}'fixed:enters' adds something that depends on the position
// CHECK-SAME: kv_position_independent = false, {{[^}]*}}node = "scaled", positions = "rotary", raised = true, reasons = ["keys and values are tied to their place: at 'scaled:enters' positions or lengths enter the computation"]

// What --blockattn-raise-rotary found out is said.
func.func @limited(%h: tensor<1x?x16xf32> {onnx.dims = ["", "seq", ""]}, %pos: tensor<1x?xi64> {onnx.dims = ["", "seq"], onnx.name = "position_ids"}) -> tensor<1x2x?x8xf32> {
  %shape = onnx.Constant dense<[1, 0, 2, 8]> : tensor<4xi64>
  %axes = onnx.Constant dense<[2, 3]> : tensor<2xi64>
  %r = onnx.Reshape(%h, %shape) : (tensor<1x?x16xf32>, tensor<4xi64>) -> tensor<1x?x2x8xf32>
  %p = onnx.Cast(%pos) {to = f32} : (tensor<1x?xi64>) -> tensor<1x?xf32>
  %a = onnx.Unsqueeze(%p, %axes) : (tensor<1x?xf32>, tensor<2xi64>) -> tensor<1x?x1x1xf32>
  %c = onnx.Cos(%a) : (tensor<1x?x1x1xf32>) -> tensor<1x?x1x1xf32>
  %y = onnx.Mul(%r, %c) {blockattn.not_rotary = "with 40 tokens"} : (tensor<1x?x2x8xf32>, tensor<1x?x1x1xf32>) -> tensor<1x?x2x8xf32> loc("limited:turn")
  %q = onnx.Transpose(%y) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %kt = onnx.Transpose(%y) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x8x?xf32>
  %v = onnx.Transpose(%r) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %s = onnx.MatMul(%q, %kt) : (tensor<1x2x?x8xf32>, tensor<1x2x8x?xf32>) -> tensor<1x2x?x?xf32>
  %w = onnx.Softmax(%s) : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32> loc("limited")
  %o = onnx.MatMul(%w, %v) : (tensor<1x2x?x?xf32>, tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32>
  return %o : tensor<1x2x?x8xf32>
}

// No position is more than 20.
func.func @clipped(%h: tensor<1x?x16xf32> {onnx.dims = ["", "seq", ""]}, %pos: tensor<1x?xi64> {onnx.dims = ["", "seq"], onnx.name = "position_ids"}) -> tensor<1x2x?x8xf32> {
  %shape = onnx.Constant dense<[1, 0, 2, 8]> : tensor<4xi64>
  %r = onnx.Reshape(%h, %shape) : (tensor<1x?x16xf32>, tensor<4xi64>) -> tensor<1x?x2x8xf32>
  %lo = onnx.Constant dense<0> : tensor<i64>
  %hi = onnx.Constant dense<20> : tensor<i64>
  %p = onnx.Clip(%pos, %lo, %hi) : (tensor<1x?xi64>, tensor<i64>, tensor<i64>) -> tensor<1x?xi64>
  %y = blockattn.rotary %r, %p <inv_freq = dense<[1.0, 0.1, 0.01, 0.001]> : tensor<4xf32>> : tensor<1x?x2x8xf32>, tensor<1x?xi64> loc("clipped:rotary")
  %q = onnx.Transpose(%y) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %kt = onnx.Transpose(%y) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x8x?xf32>
  %v = onnx.Transpose(%r) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %s = onnx.MatMul(%q, %kt) : (tensor<1x2x?x8xf32>, tensor<1x2x8x?xf32>) -> tensor<1x2x?x?xf32>
  %w = onnx.Softmax(%s) : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32> loc("clipped")
  %o = onnx.MatMul(%w, %v) : (tensor<1x2x?x?xf32>, tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32>
  return %o : tensor<1x2x?x8xf32>
}

// No position is more than 200000, which only the constant tells.
func.func @clipped_far(%h: tensor<1x?x16xf32> {onnx.dims = ["", "seq", ""]}, %pos: tensor<1x?xi64> {onnx.dims = ["", "seq"], onnx.name = "position_ids"}) -> tensor<1x2x?x8xf32> {
  %shape = onnx.Constant dense<[1, 0, 2, 8]> : tensor<4xi64>
  %r = onnx.Reshape(%h, %shape) : (tensor<1x?x16xf32>, tensor<4xi64>) -> tensor<1x?x2x8xf32>
  %lo = onnx.Constant dense<0> : tensor<i64>
  %hi = onnx.Constant dense<200000> : tensor<i64>
  %p = onnx.Clip(%pos, %lo, %hi) : (tensor<1x?xi64>, tensor<i64>, tensor<i64>) -> tensor<1x?xi64>
  %y = blockattn.rotary %r, %p <inv_freq = dense<[1.0, 0.1, 0.01, 0.001]> : tensor<4xf32>> : tensor<1x?x2x8xf32>, tensor<1x?xi64> loc("clipped_far:rotary")
  %q = onnx.Transpose(%y) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %kt = onnx.Transpose(%y) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x8x?xf32>
  %v = onnx.Transpose(%r) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %s = onnx.MatMul(%q, %kt) : (tensor<1x2x?x8xf32>, tensor<1x2x8x?xf32>) -> tensor<1x2x?x?xf32>
  %w = onnx.Softmax(%s) : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32> loc("clipped_far")
  %o = onnx.MatMul(%w, %v) : (tensor<1x2x?x?xf32>, tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32>
  return %o : tensor<1x2x?x8xf32>
}

// Positions start anew.
func.func @modulo(%h: tensor<1x?x16xf32> {onnx.dims = ["", "seq", ""]}, %pos: tensor<1x?xi64> {onnx.dims = ["", "seq"], onnx.name = "position_ids"}) -> tensor<1x2x?x8xf32> {
  %shape = onnx.Constant dense<[1, 0, 2, 8]> : tensor<4xi64>
  %r = onnx.Reshape(%h, %shape) : (tensor<1x?x16xf32>, tensor<4xi64>) -> tensor<1x?x2x8xf32>
  %c = onnx.Constant dense<12> : tensor<i64>
  %p = onnx.Mod(%pos, %c) : (tensor<1x?xi64>, tensor<i64>) -> tensor<1x?xi64>
  %y = blockattn.rotary %r, %p <inv_freq = dense<[1.0, 0.1, 0.01, 0.001]> : tensor<4xf32>> : tensor<1x?x2x8xf32>, tensor<1x?xi64> loc("modulo:rotary")
  %q = onnx.Transpose(%y) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %kt = onnx.Transpose(%y) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x8x?xf32>
  %v = onnx.Transpose(%r) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %s = onnx.MatMul(%q, %kt) : (tensor<1x2x?x8xf32>, tensor<1x2x8x?xf32>) -> tensor<1x2x?x?xf32>
  %w = onnx.Softmax(%s) : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32> loc("modulo")
  %o = onnx.MatMul(%w, %v) : (tensor<1x2x?x?xf32>, tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32>
  return %o : tensor<1x2x?x8xf32>
}

// Four tokens share a position.
func.func @divided(%h: tensor<1x?x16xf32> {onnx.dims = ["", "seq", ""]}, %pos: tensor<1x?xi64> {onnx.dims = ["", "seq"], onnx.name = "position_ids"}) -> tensor<1x2x?x8xf32> {
  %shape = onnx.Constant dense<[1, 0, 2, 8]> : tensor<4xi64>
  %r = onnx.Reshape(%h, %shape) : (tensor<1x?x16xf32>, tensor<4xi64>) -> tensor<1x?x2x8xf32>
  %c = onnx.Constant dense<4> : tensor<i64>
  %p = onnx.Div(%pos, %c) : (tensor<1x?xi64>, tensor<i64>) -> tensor<1x?xi64>
  %y = blockattn.rotary %r, %p <inv_freq = dense<[1.0, 0.1, 0.01, 0.001]> : tensor<4xf32>> : tensor<1x?x2x8xf32>, tensor<1x?xi64> loc("divided:rotary")
  %q = onnx.Transpose(%y) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %kt = onnx.Transpose(%y) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x8x?xf32>
  %v = onnx.Transpose(%r) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %s = onnx.MatMul(%q, %kt) : (tensor<1x2x?x8xf32>, tensor<1x2x8x?xf32>) -> tensor<1x2x?x?xf32>
  %w = onnx.Softmax(%s) : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32> loc("divided")
  %o = onnx.MatMul(%w, %v) : (tensor<1x2x?x?xf32>, tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32>
  return %o : tensor<1x2x?x8xf32>
}

// Positions from 1000 on are others.
func.func @jump(%h: tensor<1x?x16xf32> {onnx.dims = ["", "seq", ""]}, %pos: tensor<1x?xi64> {onnx.dims = ["", "seq"], onnx.name = "position_ids"}) -> tensor<1x2x?x8xf32> {
  %shape = onnx.Constant dense<[1, 0, 2, 8]> : tensor<4xi64>
  %r = onnx.Reshape(%h, %shape) : (tensor<1x?x16xf32>, tensor<4xi64>) -> tensor<1x?x2x8xf32>
  %c = onnx.Constant dense<1000> : tensor<i64>
  %j = onnx.Constant dense<5> : tensor<i64>
  %l = onnx.Less(%pos, %c) : (tensor<1x?xi64>, tensor<i64>) -> tensor<1x?xi1>
  %a = onnx.Add(%pos, %j) : (tensor<1x?xi64>, tensor<i64>) -> tensor<1x?xi64>
  %p = onnx.Where(%l, %pos, %a) : (tensor<1x?xi1>, tensor<1x?xi64>, tensor<1x?xi64>) -> tensor<1x?xi64>
  %y = blockattn.rotary %r, %p <inv_freq = dense<[1.0, 0.1, 0.01, 0.001]> : tensor<4xf32>> : tensor<1x?x2x8xf32>, tensor<1x?xi64> loc("jump:rotary")
  %q = onnx.Transpose(%y) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %kt = onnx.Transpose(%y) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x8x?xf32>
  %v = onnx.Transpose(%r) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %s = onnx.MatMul(%q, %kt) : (tensor<1x2x?x8xf32>, tensor<1x2x8x?xf32>) -> tensor<1x2x?x?xf32>
  %w = onnx.Softmax(%s) : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32> loc("jump")
  %o = onnx.MatMul(%w, %v) : (tensor<1x2x?x?xf32>, tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32>
  return %o : tensor<1x2x?x8xf32>
}

// Each second position.
func.func @doubled(%h: tensor<1x?x16xf32> {onnx.dims = ["", "seq", ""]}, %pos: tensor<1x?xi64> {onnx.dims = ["", "seq"], onnx.name = "position_ids"}) -> tensor<1x2x?x8xf32> {
  %shape = onnx.Constant dense<[1, 0, 2, 8]> : tensor<4xi64>
  %r = onnx.Reshape(%h, %shape) : (tensor<1x?x16xf32>, tensor<4xi64>) -> tensor<1x?x2x8xf32>
  %c = onnx.Constant dense<2> : tensor<i64>
  %p = onnx.Mul(%pos, %c) : (tensor<1x?xi64>, tensor<i64>) -> tensor<1x?xi64>
  %y = blockattn.rotary %r, %p <inv_freq = dense<[1.0, 0.1, 0.01, 0.001]> : tensor<4xf32>> : tensor<1x?x2x8xf32>, tensor<1x?xi64> loc("doubled:rotary")
  %q = onnx.Transpose(%y) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %kt = onnx.Transpose(%y) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x8x?xf32>
  %v = onnx.Transpose(%r) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %s = onnx.MatMul(%q, %kt) : (tensor<1x2x?x8xf32>, tensor<1x2x8x?xf32>) -> tensor<1x2x?x?xf32>
  %w = onnx.Softmax(%s) : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32> loc("doubled")
  %o = onnx.MatMul(%w, %v) : (tensor<1x2x?x?xf32>, tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32>
  return %o : tensor<1x2x?x8xf32>
}

// Made in the graph, and anew after 3000 tokens.
func.func @made_modulo(%h: tensor<1x?x16xf32> {onnx.dims = ["", "seq", ""]}) -> tensor<1x2x?x8xf32> {
  %shape = onnx.Constant dense<[1, 0, 2, 8]> : tensor<4xi64>
  %r = onnx.Reshape(%h, %shape) : (tensor<1x?x16xf32>, tensor<4xi64>) -> tensor<1x?x2x8xf32>
  %none = onnx.Constant dense<0> : tensor<i64>
  %one = onnx.Constant dense<1> : tensor<i64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %n0 = onnx.Shape(%h) {start = 1 : i64, end = 2 : i64} : (tensor<1x?x16xf32>) -> tensor<1xi64>
  %n = onnx.Squeeze(%n0, %first) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %range = onnx.Range(%none, %n, %one) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %row = onnx.Unsqueeze(%range, %first) : (tensor<?xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  %c = onnx.Constant dense<3000> : tensor<i64>
  %p = onnx.Mod(%row, %c) : (tensor<1x?xi64>, tensor<i64>) -> tensor<1x?xi64>
  %y = blockattn.rotary %r, %p <inv_freq = dense<[1.0, 0.1, 0.01, 0.001]> : tensor<4xf32>> : tensor<1x?x2x8xf32>, tensor<1x?xi64> loc("made_modulo:rotary")
  %q = onnx.Transpose(%y) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %kt = onnx.Transpose(%y) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x8x?xf32>
  %v = onnx.Transpose(%r) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %s = onnx.MatMul(%q, %kt) : (tensor<1x2x?x8xf32>, tensor<1x2x8x?xf32>) -> tensor<1x2x?x?xf32>
  %w = onnx.Softmax(%s) : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32> loc("made_modulo")
  %o = onnx.MatMul(%w, %v) : (tensor<1x2x?x?xf32>, tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32>
  return %o : tensor<1x2x?x8xf32>
}

// Counted from the end.
func.func @reversed(%h: tensor<1x?x16xf32> {onnx.dims = ["", "seq", ""]}) -> tensor<1x2x?x8xf32> {
  %shape = onnx.Constant dense<[1, 0, 2, 8]> : tensor<4xi64>
  %r = onnx.Reshape(%h, %shape) : (tensor<1x?x16xf32>, tensor<4xi64>) -> tensor<1x?x2x8xf32>
  %none = onnx.Constant dense<0> : tensor<i64>
  %one = onnx.Constant dense<1> : tensor<i64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %n0 = onnx.Shape(%h) {start = 1 : i64, end = 2 : i64} : (tensor<1x?x16xf32>) -> tensor<1xi64>
  %n = onnx.Squeeze(%n0, %first) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %range = onnx.Range(%none, %n, %one) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %row = onnx.Unsqueeze(%range, %first) : (tensor<?xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  %p = onnx.Sub(%n, %row) : (tensor<i64>, tensor<1x?xi64>) -> tensor<1x?xi64>
  %y = blockattn.rotary %r, %p <inv_freq = dense<[1.0, 0.1, 0.01, 0.001]> : tensor<4xf32>> : tensor<1x?x2x8xf32>, tensor<1x?xi64> loc("reversed:rotary")
  %q = onnx.Transpose(%y) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %kt = onnx.Transpose(%y) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x8x?xf32>
  %v = onnx.Transpose(%r) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %s = onnx.MatMul(%q, %kt) : (tensor<1x2x?x8xf32>, tensor<1x2x8x?xf32>) -> tensor<1x2x?x?xf32>
  %w = onnx.Softmax(%s) : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32> loc("reversed")
  %o = onnx.MatMul(%w, %v) : (tensor<1x2x?x?xf32>, tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32>
  return %o : tensor<1x2x?x8xf32>
}

// Counted from the greatest position.
func.func @farthest(%h: tensor<1x?x16xf32> {onnx.dims = ["", "seq", ""]}, %pos: tensor<1x?xi64> {onnx.dims = ["", "seq"], onnx.name = "position_ids"}) -> tensor<1x2x?x8xf32> {
  %shape = onnx.Constant dense<[1, 0, 2, 8]> : tensor<4xi64>
  %r = onnx.Reshape(%h, %shape) : (tensor<1x?x16xf32>, tensor<4xi64>) -> tensor<1x?x2x8xf32>
  %m = onnx.ReduceMax(%pos) : (tensor<1x?xi64>) -> tensor<1x1xi64>
  %z = onnx.Sub(%pos, %m) : (tensor<1x?xi64>, tensor<1x1xi64>) -> tensor<1x?xi64>
  %c = onnx.Constant dense<0> : tensor<i64>
  %p = onnx.Add(%z, %c) : (tensor<1x?xi64>, tensor<i64>) -> tensor<1x?xi64>
  %y = blockattn.rotary %r, %p <inv_freq = dense<[1.0, 0.1, 0.01, 0.001]> : tensor<4xf32>> : tensor<1x?x2x8xf32>, tensor<1x?xi64> loc("farthest:rotary")
  %q = onnx.Transpose(%y) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %kt = onnx.Transpose(%y) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x8x?xf32>
  %v = onnx.Transpose(%r) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %s = onnx.MatMul(%q, %kt) : (tensor<1x2x?x8xf32>, tensor<1x2x8x?xf32>) -> tensor<1x2x?x?xf32>
  %w = onnx.Softmax(%s) : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32> loc("farthest")
  %o = onnx.MatMul(%w, %v) : (tensor<1x2x?x?xf32>, tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32>
  return %o : tensor<1x2x?x8xf32>
}

// Each 16 tokens something else is added.
func.func @steps(%h: tensor<1x?x16xf32> {onnx.dims = ["", "seq", ""]}, %pos: tensor<1x?xi64> {onnx.dims = ["", "seq"], onnx.name = "position_ids"}) -> tensor<1x2x?x8xf32> {
  %c = onnx.Constant dense<0.0625> : tensor<f32>
  %f = onnx.Cast(%pos) {to = f32} : (tensor<1x?xi64>) -> tensor<1x?xf32>
  %f0 = onnx.Mul(%f, %c) : (tensor<1x?xf32>, tensor<f32>) -> tensor<1x?xf32>
  %f1 = onnx.Floor(%f0) : (tensor<1x?xf32>) -> tensor<1x?xf32>
  %last = onnx.Constant dense<2> : tensor<1xi64>
  %u = onnx.Unsqueeze(%f1, %last) : (tensor<1x?xf32>, tensor<1xi64>) -> tensor<1x?x1xf32>
  %x = onnx.Add(%h, %u) : (tensor<1x?x16xf32>, tensor<1x?x1xf32>) -> tensor<1x?x16xf32> loc("steps:enters")
  %shape = onnx.Constant dense<[1, 0, 2, 8]> : tensor<4xi64>
  %r = onnx.Reshape(%x, %shape) : (tensor<1x?x16xf32>, tensor<4xi64>) -> tensor<1x?x2x8xf32>
  %p = onnx.Identity(%pos) : (tensor<1x?xi64>) -> tensor<1x?xi64>
  %y = blockattn.rotary %r, %p <inv_freq = dense<[1.0, 0.1, 0.01, 0.001]> : tensor<4xf32>> : tensor<1x?x2x8xf32>, tensor<1x?xi64>
  %q = onnx.Transpose(%y) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %kt = onnx.Transpose(%y) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x8x?xf32>
  %v = onnx.Transpose(%r) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %s = onnx.MatMul(%q, %kt) : (tensor<1x2x?x8xf32>, tensor<1x2x8x?xf32>) -> tensor<1x2x?x?xf32>
  %w = onnx.Softmax(%s) : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32> loc("steps")
  %o = onnx.MatMul(%w, %v) : (tensor<1x2x?x?xf32>, tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32>
  return %o : tensor<1x2x?x8xf32>
}

// Each 4000000 tokens something else is added.
func.func @far_steps(%h: tensor<1x?x16xf32> {onnx.dims = ["", "seq", ""]}, %pos: tensor<1x?xi64> {onnx.dims = ["", "seq"], onnx.name = "position_ids"}) -> tensor<1x2x?x8xf32> {
  %c = onnx.Constant dense<2.5e-07> : tensor<f32>
  %f = onnx.Cast(%pos) {to = f32} : (tensor<1x?xi64>) -> tensor<1x?xf32>
  %f0 = onnx.Mul(%f, %c) : (tensor<1x?xf32>, tensor<f32>) -> tensor<1x?xf32>
  %f1 = onnx.Floor(%f0) : (tensor<1x?xf32>) -> tensor<1x?xf32>
  %last = onnx.Constant dense<2> : tensor<1xi64>
  %u = onnx.Unsqueeze(%f1, %last) : (tensor<1x?xf32>, tensor<1xi64>) -> tensor<1x?x1xf32>
  %x = onnx.Add(%h, %u) : (tensor<1x?x16xf32>, tensor<1x?x1xf32>) -> tensor<1x?x16xf32> loc("far_steps:enters")
  %shape = onnx.Constant dense<[1, 0, 2, 8]> : tensor<4xi64>
  %r = onnx.Reshape(%x, %shape) : (tensor<1x?x16xf32>, tensor<4xi64>) -> tensor<1x?x2x8xf32>
  %p = onnx.Identity(%pos) : (tensor<1x?xi64>) -> tensor<1x?xi64>
  %y = blockattn.rotary %r, %p <inv_freq = dense<[1.0, 0.1, 0.01, 0.001]> : tensor<4xf32>> : tensor<1x?x2x8xf32>, tensor<1x?xi64>
  %q = onnx.Transpose(%y) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %kt = onnx.Transpose(%y) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x8x?xf32>
  %v = onnx.Transpose(%r) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %s = onnx.MatMul(%q, %kt) : (tensor<1x2x?x8xf32>, tensor<1x2x8x?xf32>) -> tensor<1x2x?x?xf32>
  %w = onnx.Softmax(%s) : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32> loc("far_steps")
  %o = onnx.MatMul(%w, %v) : (tensor<1x2x?x?xf32>, tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32>
  return %o : tensor<1x2x?x8xf32>
}

// Positions are counted from token ids, as RoBERTa does.
func.func @counted(%h: tensor<1x?x16xf32> {onnx.dims = ["", "seq", ""]}, %pos: tensor<1x?xi64> {onnx.dims = ["", "seq"], onnx.name = "position_ids"}, %ids: tensor<1x?xi64> {onnx.dims = ["", "seq"], onnx.name = "input_ids"}) -> tensor<1x2x?x8xf32> {
  %axis = onnx.Constant dense<1> : tensor<i64>
  %pad = onnx.Constant dense<0> : tensor<i64>
  %table = onnx.Constant dense<0.5> : tensor<64x16xf32>
  %is = onnx.Equal(%ids, %pad) : (tensor<1x?xi64>, tensor<i64>) -> tensor<1x?xi1>
  %not = onnx.Not(%is) : (tensor<1x?xi1>) -> tensor<1x?xi1>
  %there = onnx.Cast(%not) {to = i64} : (tensor<1x?xi1>) -> tensor<1x?xi64>
  %count = onnx.CumSum(%there, %axis) : (tensor<1x?xi64>, tensor<i64>) -> tensor<1x?xi64> loc("counted:sum")
  %e = onnx.Gather(%table, %count) {axis = 0 : i64} : (tensor<64x16xf32>, tensor<1x?xi64>) -> tensor<1x?x16xf32>
  %x = onnx.Add(%h, %e) : (tensor<1x?x16xf32>, tensor<1x?x16xf32>) -> tensor<1x?x16xf32>
  %shape = onnx.Constant dense<[1, 0, 2, 8]> : tensor<4xi64>
  %r = onnx.Reshape(%x, %shape) : (tensor<1x?x16xf32>, tensor<4xi64>) -> tensor<1x?x2x8xf32>
  %p = onnx.Identity(%pos) : (tensor<1x?xi64>) -> tensor<1x?xi64>
  %y = blockattn.rotary %r, %p <inv_freq = dense<[1.0, 0.1, 0.01, 0.001]> : tensor<4xf32>> : tensor<1x?x2x8xf32>, tensor<1x?xi64>
  %q = onnx.Transpose(%y) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %kt = onnx.Transpose(%y) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x8x?xf32>
  %v = onnx.Transpose(%r) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %s = onnx.MatMul(%q, %kt) : (tensor<1x2x?x8xf32>, tensor<1x2x8x?xf32>) -> tensor<1x2x?x?xf32>
  %w = onnx.Softmax(%s) : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32> loc("counted")
  %o = onnx.MatMul(%w, %v) : (tensor<1x2x?x?xf32>, tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32>
  return %o : tensor<1x2x?x8xf32>
}

// The embeddings of a fixed number of positions are a constant.
func.func @fixed(%h: tensor<1x4x16xf32> {onnx.dims = ["", "", ""]}, %pos: tensor<1x4xi64> {onnx.dims = ["", ""], onnx.name = "position_ids"}) -> tensor<1x2x4x8xf32> {
  %e = onnx.Constant dense<[[[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0], [2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0], [3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0]]]> : tensor<1x4x16xf32>
  %x = onnx.Add(%h, %e) : (tensor<1x4x16xf32>, tensor<1x4x16xf32>) -> tensor<1x4x16xf32> loc("fixed:enters")
  %shape = onnx.Constant dense<[1, 0, 2, 8]> : tensor<4xi64>
  %r = onnx.Reshape(%x, %shape) : (tensor<1x4x16xf32>, tensor<4xi64>) -> tensor<1x4x2x8xf32>
  %p = onnx.Identity(%pos) : (tensor<1x4xi64>) -> tensor<1x4xi64>
  %y = blockattn.rotary %r, %p <inv_freq = dense<[1.0, 0.1, 0.01, 0.001]> : tensor<4xf32>> : tensor<1x4x2x8xf32>, tensor<1x4xi64>
  %q = onnx.Transpose(%y) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x2x8xf32>) -> tensor<1x2x4x8xf32>
  %kt = onnx.Transpose(%y) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x4x2x8xf32>) -> tensor<1x2x8x4xf32>
  %v = onnx.Transpose(%r) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x2x8xf32>) -> tensor<1x2x4x8xf32>
  %s = onnx.MatMul(%q, %kt) : (tensor<1x2x4x8xf32>, tensor<1x2x8x4xf32>) -> tensor<1x2x4x4xf32>
  %w = onnx.Softmax(%s) : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> loc("fixed")
  %o = onnx.MatMul(%w, %v) : (tensor<1x2x4x4xf32>, tensor<1x2x4x8xf32>) -> tensor<1x2x4x8xf32>
  return %o : tensor<1x2x4x8xf32>
}

// Keys are multiplied by the length behind their rotation. What was left behind
// by a rotation that has been raised enters nothing.
func.func @scaled(%h: tensor<1x?x16xf32> {onnx.dims = ["", "seq", ""]}, %pos: tensor<1x?xi64> {onnx.dims = ["", "seq"], onnx.name = "position_ids"}) -> tensor<1x2x?x8xf32> {
  %shape = onnx.Constant dense<[1, 0, 2, 8]> : tensor<4xi64>
  %axes = onnx.Constant dense<[2, 3]> : tensor<2xi64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %x = onnx.Reshape(%h, %shape) : (tensor<1x?x16xf32>, tensor<4xi64>) -> tensor<1x?x2x8xf32>
  %p = onnx.Cast(%pos) {to = f32} : (tensor<1x?xi64>) -> tensor<1x?xf32>
  %a = onnx.Unsqueeze(%p, %axes) : (tensor<1x?xf32>, tensor<2xi64>) -> tensor<1x?x1x1xf32>
  %c = onnx.Cos(%a) : (tensor<1x?x1x1xf32>) -> tensor<1x?x1x1xf32>
  %dead = onnx.Mul(%x, %c) : (tensor<1x?x2x8xf32>, tensor<1x?x1x1xf32>) -> tensor<1x?x2x8xf32> loc("scaled:dead")
  %y = blockattn.rotary %x, %pos <inv_freq = dense<[1.0, 0.1, 0.01, 0.001]> : tensor<4xf32>> : tensor<1x?x2x8xf32>, tensor<1x?xi64>
  %n0 = onnx.Shape(%h) {start = 1 : i64, end = 2 : i64} : (tensor<1x?x16xf32>) -> tensor<1xi64>
  %n1 = onnx.Squeeze(%n0, %first) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %n = onnx.Cast(%n1) {to = f32} : (tensor<i64>) -> tensor<f32>
  %k = onnx.Mul(%n, %y) : (tensor<f32>, tensor<1x?x2x8xf32>) -> tensor<1x?x2x8xf32> loc("scaled:enters")
  %q = onnx.Transpose(%y) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %kt = onnx.Transpose(%k) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x8x?xf32>
  %v = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %s = onnx.MatMul(%q, %kt) : (tensor<1x2x?x8xf32>, tensor<1x2x8x?xf32>) -> tensor<1x2x?x?xf32>
  %w = onnx.Softmax(%s) : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32> loc("scaled")
  %o = onnx.MatMul(%w, %v) : (tensor<1x2x?x?xf32>, tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32>
  return %o : tensor<1x2x?x8xf32>
}

// RUN: blockattn-opt %s --blockattn-replace-positions --split-input-file | FileCheck %s

// Positions from a range: what is behind them takes the argument.
// CHECK-LABEL: func.func @block(
// CHECK-SAME: %[[T:[^:]*]]: tensor<1x?xi64>
// CHECK-SAME: %[[P:[^:]*]]: tensor<1x?xi64> {blockattn.role = "positions", onnx.dims = ["", "seq"], onnx.name = "position_ids"}
// CHECK-NOT: onnx.Range
// CHECK: %[[V:.*]] = onnx.Reshape(%[[P]]
// CHECK: %[[M:.*]] = onnx.Reshape(%[[V]]
// CHECK: blockattn.rotary %{{.*}}, %[[M]]
module attributes {blockattn.attentions = [{node = "a", positions = "rotary", raised = true}]} {
  func.func @block(%w: tensor<1x?xi64> {onnx.name = "input_ids", onnx.dims = ["", "seq"], blockattn.role = "tokens"}) -> tensor<1x?x2x4xf32> attributes {blockattn.program = "block"} {
    %table = onnx.Constant dense<0.5> : tensor<16x8xf32>
    %shape = onnx.Constant dense<[0, 0, 2, 4]> : tensor<4xi64>
    %row = onnx.Constant dense<[1, -1]> : tensor<2xi64>
    %zero = onnx.Constant dense<0> : tensor<i64>
    %one = onnx.Constant dense<1> : tensor<i64>
    %axis = onnx.Constant dense<0> : tensor<1xi64>
    %e = onnx.Gather(%table, %w) {axis = 0 : i64} : (tensor<16x8xf32>, tensor<1x?xi64>) -> tensor<1x?x8xf32>
    %x = onnx.Reshape(%e, %shape) : (tensor<1x?x8xf32>, tensor<4xi64>) -> tensor<1x?x2x4xf32>
    %n0 = onnx.Shape(%w) {start = 1 : i64, end = 2 : i64} : (tensor<1x?xi64>) -> tensor<1xi64>
    %n = onnx.Squeeze(%n0, %axis) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
    %r = onnx.Range(%zero, %n, %one) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
    %m = onnx.Reshape(%r, %row) : (tensor<?xi64>, tensor<2xi64>) -> tensor<1x?xi64>
    %y = blockattn.rotary %x, %m <inv_freq = dense<1.0> : tensor<2xf32>> : tensor<1x?x2x4xf32>, tensor<1x?xi64>
    return %y : tensor<1x?x2x4xf32>
  }
}

// -----

// Sums of the attention mask, plus two, as OPT looks its embedding up: what is
// put in place of the sum is the position plus one.
// CHECK-LABEL: func.func @block(
// CHECK-SAME: %[[P:[^:]*]]: tensor<1x?xi64> {blockattn.role = "positions"
// CHECK: %[[ONE:.*]] = onnx.Constant dense<1> : tensor<i64>
// CHECK: %[[S:.*]] = onnx.Add(%[[P]], %{{.*}}) : (tensor<1x?xi64>, tensor<i64>)
// CHECK-NOT: onnx.CumSum
// CHECK: onnx.Mul(%[[S]]
module attributes {blockattn.attentions = [{node = "a", positions = "learned", raised = true}]} {
  func.func @block(%w: tensor<1x?xi64> {onnx.name = "input_ids", onnx.dims = ["", "seq"], blockattn.role = "tokens"}, %mask: tensor<1x?xi64> {onnx.name = "attention_mask", onnx.dims = ["", "seq"], blockattn.role = "attention_mask"}) -> tensor<1x?x8xf32> attributes {blockattn.program = "block"} {
    %words = onnx.Constant dense<0.5> : tensor<16x8xf32>
    %places = onnx.Constant dense<0.25> : tensor<32x8xf32>
    %one = onnx.Constant dense<1> : tensor<i64>
    %two = onnx.Constant dense<2> : tensor<i64>
    %e = onnx.Gather(%words, %w) {axis = 0 : i64} : (tensor<16x8xf32>, tensor<1x?xi64>) -> tensor<1x?x8xf32>
    %sum = onnx.CumSum(%mask, %one) : (tensor<1x?xi64>, tensor<i64>) -> tensor<1x?xi64>
    %there = onnx.Mul(%sum, %mask) : (tensor<1x?xi64>, tensor<1x?xi64>) -> tensor<1x?xi64>
    %p0 = onnx.Sub(%there, %one) : (tensor<1x?xi64>, tensor<i64>) -> tensor<1x?xi64>
    %p = onnx.Add(%p0, %two) : (tensor<1x?xi64>, tensor<i64>) -> tensor<1x?xi64>
    %l = onnx.Gather(%places, %p) {axis = 0 : i64} : (tensor<32x8xf32>, tensor<1x?xi64>) -> tensor<1x?x8xf32>
    %y = onnx.Add(%e, %l) : (tensor<1x?x8xf32>, tensor<1x?x8xf32>) -> tensor<1x?x8xf32>
    return %y : tensor<1x?x8xf32>
  }
}

// -----

// Where positions are an input, or there are none, nothing is done.
// CHECK-LABEL: func.func @block(
// CHECK-NOT: position_ids
// CHECK: return
module attributes {blockattn.attentions = [{node = "a", positions = "alibi", raised = true}]} {
  func.func @block(%w: tensor<1x?xi64> {onnx.name = "input_ids", onnx.dims = ["", "seq"], blockattn.role = "tokens"}) -> tensor<1x?x8xf32> attributes {blockattn.program = "block"} {
    %words = onnx.Constant dense<0.5> : tensor<16x8xf32>
    %e = onnx.Gather(%words, %w) {axis = 0 : i64} : (tensor<16x8xf32>, tensor<1x?xi64>) -> tensor<1x?x8xf32>
    return %e : tensor<1x?x8xf32>
  }
}

// -----

// What is made of the length may be a constant all the same, and the length may
// say which token is taken.
// CHECK-NOT: blockattn.refused
// CHECK-LABEL: func.func @block(
// CHECK-NOT: blockattn.whole_prompts
// CHECK: onnx.Mul
// CHECK: onnx.Gather
module attributes {blockattn.attentions = [{node = "a", positions = "none", raised = true}]} {
  func.func @block(%w: tensor<1x?xi64> {onnx.name = "input_ids", onnx.dims = ["", "seq"], blockattn.role = "tokens"}) -> tensor<1x?x8xf32> attributes {blockattn.program = "block"} {
    %words = onnx.Constant dense<0.5> : tensor<16x8xf32>
    %axis = onnx.Constant dense<0> : tensor<1xi64>
    %e = onnx.Gather(%words, %w) {axis = 0 : i64} : (tensor<16x8xf32>, tensor<1x?xi64>) -> tensor<1x?x8xf32>
    %n0 = onnx.Shape(%w) {start = 1 : i64, end = 2 : i64} : (tensor<1x?xi64>) -> tensor<1xi64>
    %n1 = onnx.Squeeze(%n0, %axis) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
    %n = onnx.Cast(%n1) {to = f32} : (tensor<i64>) -> tensor<f32>
    %one = onnx.Constant dense<1> : tensor<1xi64>
    %more = onnx.Add(%n, %n) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    %two = onnx.Div(%more, %n) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    %x = onnx.Mul(%e, %two) : (tensor<1x?x8xf32>, tensor<f32>) -> tensor<1x?x8xf32>
    %last = onnx.Sub(%n0, %one) : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
    %z = onnx.Gather(%x, %last) {axis = 1 : i64} : (tensor<1x?x8xf32>, tensor<1xi64>) -> tensor<1x1x8xf32>
    %y = onnx.Add(%z, %e) : (tensor<1x1x8xf32>, tensor<1x?x8xf32>) -> tensor<1x?x8xf32>
    return %y : tensor<1x?x8xf32>
  }
}

// -----

// What marks the tokens that are there is 1 for all of them.
// CHECK-NOT: blockattn.refused
// CHECK-LABEL: func.func @block(
// CHECK-NOT: blockattn.whole_prompts
module attributes {blockattn.attentions = [{node = "a", positions = "none", raised = true}]} {
  func.func @block(%w: tensor<1x?xi64> {onnx.name = "input_ids", onnx.dims = ["", "seq"], blockattn.role = "tokens"}, %m: tensor<1x?xi64> {onnx.name = "attention_mask", onnx.dims = ["", "seq"], blockattn.role = "attention_mask"}) -> tensor<1x?x8xf32> attributes {blockattn.program = "block"} {
    %words = onnx.Constant dense<0.5> : tensor<16x8xf32>
    %axis = onnx.Constant dense<0> : tensor<1xi64>
    %e = onnx.Gather(%words, %w) {axis = 0 : i64} : (tensor<16x8xf32>, tensor<1x?xi64>) -> tensor<1x?x8xf32>
    %n0 = onnx.Shape(%w) {start = 1 : i64, end = 2 : i64} : (tensor<1x?xi64>) -> tensor<1xi64>
    %n1 = onnx.Squeeze(%n0, %axis) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
    %n = onnx.Cast(%n1) {to = f32} : (tensor<i64>) -> tensor<f32>
    %last = onnx.Constant dense<2> : tensor<1xi64>
    %mf = onnx.Cast(%m) {to = f32} : (tensor<1x?xi64>) -> tensor<1x?xf32>
    %mc = onnx.Unsqueeze(%mf, %last) : (tensor<1x?xf32>, tensor<1xi64>) -> tensor<1x?x1xf32>
    %y = onnx.Mul(%e, %mc) : (tensor<1x?x8xf32>, tensor<1x?x1xf32>) -> tensor<1x?x8xf32>
    return %y : tensor<1x?x8xf32>
  }
}

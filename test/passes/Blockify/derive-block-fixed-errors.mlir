// RUN: blockattn-opt %s --split-input-file --blockattn-assign-roles --blockattn-derive-block="required" --verify-diagnostics

// Where the number of tokens is fixed, sizes tell nothing: here there are as
// many tokens as features. What counts is where the tokens come from.

// Tokens along the last dimension: a mean, a softmax, a norm of them.
// expected-error@+2 {{the programs block, encode and extend can't be made of this model}}
// expected-note@+1 {{'mean' (ReduceMean) after 'turn' (Transpose) has moved some of them, 'soft' (Softmax) after 'turn' (Transpose) has moved some of them, 'norm' (LayerNormalization) after}}
module {
  func.func @main(%w: tensor<1x8xi64> {onnx.name = "input_ids"}) -> (tensor<1x8x1xf32>, tensor<1x8x8xf32>, tensor<1x8x8xf32>) {
    %table = onnx.Constant dense<0.5> : tensor<16x8xf32>
    %gain = onnx.Constant dense<0.5> : tensor<8xf32>
    %two = onnx.Constant dense<2> : tensor<1xi64>
    %x = onnx.Gather(%table, %w) {axis = 0 : i64} : (tensor<16x8xf32>, tensor<1x8xi64>) -> tensor<1x8x8xf32>
    %t = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1>} : (tensor<1x8x8xf32>) -> tensor<1x8x8xf32> loc("turn")
    %a = onnx.ReduceMean(%t, %two) : (tensor<1x8x8xf32>, tensor<1xi64>) -> tensor<1x8x1xf32> loc("mean")
    %b = onnx.Softmax(%t) : (tensor<1x8x8xf32>) -> tensor<1x8x8xf32> loc("soft")
    %c = onnx.LayerNormalization(%t, %gain) : (tensor<1x8x8xf32>, tensor<8xf32>) -> tensor<1x8x8xf32> loc("norm")
    return %a, %b, %c : tensor<1x8x1xf32>, tensor<1x8x8xf32>, tensor<1x8x8xf32>
  }
}

// -----

// Weights along the tokens' dimension, on either side, and the turned tokens
// beside those that are not.
// expected-error@+2 {{the programs block, encode and extend can't be made of this model}}
// expected-note@+1 {{'left' (MatMul), 'right' (MatMul) after 'turn' (Transpose) has moved some of them, 'flat' (Gemm) and 1 more, which}}
module {
  func.func @main(%w: tensor<1x8xi64> {onnx.name = "input_ids"})
      -> (tensor<1x8x8xf32>, tensor<1x8x8xf32>, tensor<8x8xf32>, tensor<1x8x8xf32>) {
    %table = onnx.Constant dense<0.5> : tensor<16x8xf32>
    %weight = onnx.Constant dense<0.5> : tensor<8x8xf32>
    %rows = onnx.Constant dense<[8, 8]> : tensor<2xi64>
    %x = onnx.Gather(%table, %w) {axis = 0 : i64} : (tensor<16x8xf32>, tensor<1x8xi64>) -> tensor<1x8x8xf32>
    %t = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1>} : (tensor<1x8x8xf32>) -> tensor<1x8x8xf32> loc("turn")
    %r = onnx.Reshape(%x, %rows) : (tensor<1x8x8xf32>, tensor<2xi64>) -> tensor<8x8xf32>
    %a = onnx.MatMul(%weight, %x) : (tensor<8x8xf32>, tensor<1x8x8xf32>) -> tensor<1x8x8xf32> loc("left")
    %b = onnx.MatMul(%t, %weight) : (tensor<1x8x8xf32>, tensor<8x8xf32>) -> tensor<1x8x8xf32> loc("right")
    %c = onnx.Gemm(%r, %weight) {transA = 1 : i64} : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32> loc("flat")
    %d = onnx.Add(%x, %t) : (tensor<1x8x8xf32>, tensor<1x8x8xf32>) -> tensor<1x8x8xf32> loc("beside")
    return %a, %b, %c, %d : tensor<1x8x8xf32>, tensor<1x8x8xf32>, tensor<8x8xf32>, tensor<1x8x8xf32>
  }
}

// -----

// The token before, by a slice and zeros along the last dimension.
// expected-error@+2 {{the programs block, encode and extend can't be made of this model}}
// expected-note@+1 {{together at 'shift' (Add) after 'earlier' (Pad) has moved some of them, which is}}
module {
  func.func @main(%w: tensor<1x6xi64> {onnx.name = "input_ids"}) -> tensor<1x4x6xf32> {
    %table = onnx.Constant dense<0.5> : tensor<16x4xf32>
    %c0 = onnx.Constant dense<0> : tensor<1xi64>
    %c2 = onnx.Constant dense<2> : tensor<1xi64>
    %last = onnx.Constant dense<-1> : tensor<1xi64>
    %pads = onnx.Constant dense<[0, 0, 1, 0, 0, 0]> : tensor<6xi64>
    %x = onnx.Gather(%table, %w) {axis = 0 : i64} : (tensor<16x4xf32>, tensor<1x6xi64>) -> tensor<1x6x4xf32>
    %t = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1>} : (tensor<1x6x4xf32>) -> tensor<1x4x6xf32>
    %cut = onnx.Slice(%t, %c0, %last, %c2) : (tensor<1x4x6xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x4x5xf32>
    %p = onnx.Pad(%cut, %pads) : (tensor<1x4x5xf32>, tensor<6xi64>) -> tensor<1x4x6xf32> loc("earlier")
    %y = onnx.Add(%t, %p) : (tensor<1x4x6xf32>, tensor<1x4x6xf32>) -> tensor<1x4x6xf32> loc("shift")
    return %y : tensor<1x4x6xf32>
  }
}

// -----

// Rows of two tokens, and work in that form; halves of the tokens, beside one
// another and summed up; features that took the tokens' place.
// expected-error@+2 {{the programs block, encode and extend can't be made of this model}}
// expected-note@+1 {{'wide' (MatMul) after 'pairs' (Reshape) has moved some of them, 'halves' (ReduceSum) after 'fold' (Reshape) has moved some of them, 'exchanged' (Add) after 'pairs' (Reshape) has}}
module {
  func.func @main(%w: tensor<1x8xi64> {onnx.name = "input_ids"}) -> (tensor<1x4x8xf32>, tensor<1x1x4x4xf32>, tensor<1x4x8xf32>) {
    %table = onnx.Constant dense<0.5> : tensor<16x4xf32>
    %weight = onnx.Constant dense<0.5> : tensor<8x8xf32>
    %one = onnx.Constant dense<1> : tensor<1xi64>
    %wide = onnx.Constant dense<[1, 4, 8]> : tensor<3xi64>
    %half = onnx.Constant dense<[1, 2, 4, 4]> : tensor<4xi64>
    %x = onnx.Gather(%table, %w) {axis = 0 : i64} : (tensor<16x4xf32>, tensor<1x8xi64>) -> tensor<1x8x4xf32>
    %p = onnx.Reshape(%x, %wide) : (tensor<1x8x4xf32>, tensor<3xi64>) -> tensor<1x4x8xf32> loc("pairs")
    %a = onnx.MatMul(%p, %weight) : (tensor<1x4x8xf32>, tensor<8x8xf32>) -> tensor<1x4x8xf32> loc("wide")
    %h = onnx.Reshape(%x, %half) : (tensor<1x8x4xf32>, tensor<4xi64>) -> tensor<1x2x4x4xf32> loc("fold")
    %b = onnx.ReduceSum(%h, %one) : (tensor<1x2x4x4xf32>, tensor<1xi64>) -> tensor<1x1x4x4xf32> loc("halves")
    %t = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1>} : (tensor<1x8x4xf32>) -> tensor<1x4x8xf32>
    %c = onnx.Add(%p, %t) : (tensor<1x4x8xf32>, tensor<1x4x8xf32>) -> tensor<1x4x8xf32> loc("exchanged")
    return %a, %b, %c : tensor<1x4x8xf32>, tensor<1x1x4x4xf32>, tensor<1x4x8xf32>
  }
}

// -----

// As many heads as tokens: attention along heads, and heads that were never put
// behind the tokens again.
// expected-error@+2 {{the programs block, encode and extend can't be made of this model}}
// expected-note@+1 {{'heads' (attention), 'out' (MatMul) after 'merged' (Reshape) has moved some of them, which}}
module {
  func.func @main(%w: tensor<1x4xi64> {onnx.name = "input_ids"}) -> (tensor<1x4x4x2xf32>, tensor<1x4x8xf32>) {
    %table = onnx.Constant dense<0.5> : tensor<16x8xf32>
    %weight = onnx.Constant dense<0.5> : tensor<8x8xf32>
    %split = onnx.Constant dense<[1, 4, 4, 2]> : tensor<4xi64>
    %merge = onnx.Constant dense<[1, 4, 8]> : tensor<3xi64>
    %x = onnx.Gather(%table, %w) {axis = 0 : i64} : (tensor<16x8xf32>, tensor<1x4xi64>) -> tensor<1x4x8xf32>
    %q = onnx.Reshape(%x, %split) : (tensor<1x4x8xf32>, tensor<4xi64>) -> tensor<1x4x4x2xf32>
    %t = onnx.Transpose(%q) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
    %a = blockattn.attention %t, %t, %t {causal, scale = 0.5 : f32} : tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32> -> tensor<1x4x4x2xf32> loc("heads")
    %o = blockattn.attention %q, %q, %q {causal, scale = 0.5 : f32} : tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32> -> tensor<1x4x4x2xf32>
    %u = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
    %m = onnx.Reshape(%u, %merge) : (tensor<1x4x4x2xf32>, tensor<3xi64>) -> tensor<1x4x8xf32> loc("merged")
    %y = onnx.MatMul(%m, %weight) : (tensor<1x4x8xf32>, tensor<8x8xf32>) -> tensor<1x4x8xf32> loc("out")
    return %a, %y : tensor<1x4x4x2xf32>, tensor<1x4x8xf32>
  }
}

// -----

// Pairs of all tokens; a reshape that parts the tokens where features end; the
// same token for all.
// expected-error@+2 {{the programs block, encode and extend can't be made of this model}}
// expected-note@+1 {{'pairs' (Add), 'parted' (Reshape), 'last' (Mul) after 'row' (Slice) has moved some of them, which}}
module {
  func.func @main(%w: tensor<1x6xi64> {onnx.name = "input_ids"}) -> (tensor<1x6x6x4xf32>, tensor<1x8x3xf32>, tensor<1x6x4xf32>) {
    %table = onnx.Constant dense<0.5> : tensor<16x4xf32>
    %one = onnx.Constant dense<1> : tensor<1xi64>
    %two = onnx.Constant dense<2> : tensor<1xi64>
    %five = onnx.Constant dense<5> : tensor<1xi64>
    %six = onnx.Constant dense<6> : tensor<1xi64>
    %odd = onnx.Constant dense<[1, 8, 3]> : tensor<3xi64>
    %x = onnx.Gather(%table, %w) {axis = 0 : i64} : (tensor<16x4xf32>, tensor<1x6xi64>) -> tensor<1x6x4xf32>
    %a = onnx.Unsqueeze(%x, %one) : (tensor<1x6x4xf32>, tensor<1xi64>) -> tensor<1x1x6x4xf32>
    %b = onnx.Unsqueeze(%x, %two) : (tensor<1x6x4xf32>, tensor<1xi64>) -> tensor<1x6x1x4xf32>
    %c = onnx.Add(%a, %b) : (tensor<1x1x6x4xf32>, tensor<1x6x1x4xf32>) -> tensor<1x6x6x4xf32> loc("pairs")
    %d = onnx.Reshape(%x, %odd) : (tensor<1x6x4xf32>, tensor<3xi64>) -> tensor<1x8x3xf32> loc("parted")
    %row = onnx.Slice(%x, %five, %six, %one) : (tensor<1x6x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x1x4xf32> loc("row")
    %e = onnx.Mul(%x, %row) : (tensor<1x6x4xf32>, tensor<1x1x4xf32>) -> tensor<1x6x4xf32> loc("last")
    return %c, %d, %e : tensor<1x6x6x4xf32>, tensor<1x8x3xf32>, tensor<1x6x4xf32>
  }
}

// -----

// Some tokens come out of order, and are looked at among others: what an If
// gives, what a loop may do, and an op that nothing is known of.
// expected-error@+2 {{the programs block, encode and extend can't be made of this model}}
// expected-note@+1 {{'either' (If) after 'back' (Slice) has moved some of them, 'most' (TopK), 'nonzero' (NonZero), which}}
module {
  func.func @main(%w: tensor<1x6xi64> {onnx.name = "input_ids"}, %c: tensor<i1> {onnx.name = "flag"}) -> (tensor<1x6x4xf32>, tensor<1x2x4xf32>, tensor<3x?xi64>) {
    %table = onnx.Constant dense<0.5> : tensor<16x4xf32>
    %one = onnx.Constant dense<1> : tensor<1xi64>
    %two = onnx.Constant dense<2> : tensor<1xi64>
    %back = onnx.Constant dense<-1> : tensor<1xi64>
    %far = onnx.Constant dense<-9223372036854775808> : tensor<1xi64>
    %x = onnx.Gather(%table, %w) {axis = 0 : i64} : (tensor<16x4xf32>, tensor<1x6xi64>) -> tensor<1x6x4xf32>
    %r = onnx.Slice(%x, %back, %far, %one, %back) : (tensor<1x6x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x6x4xf32> loc("back")
    %e = onnx.If(%c) : (tensor<i1>) -> tensor<1x6x4xf32> {
      onnx.Yield %x : tensor<1x6x4xf32>
    } else {
      onnx.Yield %r : tensor<1x6x4xf32>
    } loc("either")
    %v, %i = onnx.TopK(%x, %two) {axis = 1 : i64} : (tensor<1x6x4xf32>, tensor<1xi64>) -> (tensor<1x2x4xf32>, tensor<1x2x4xi64>) loc("most")
    %n = onnx.NonZero(%x) : (tensor<1x6x4xf32>) -> tensor<3x?xi64> loc("nonzero")
    return %e, %v, %n : tensor<1x6x4xf32>, tensor<1x2x4xf32>, tensor<3x?xi64>
  }
}

// RUN: blockattn-opt %s --split-input-file --blockattn-assign-roles --blockattn-derive-block="required" --verify-diagnostics

// Each token gets the one before it: no attention, and no sum either.
// expected-error@+2 {{the programs block, encode and extend can't be made of this model}}
// expected-note@+1 {{data of several tokens come together at 'shift' (Add) after 'earlier' (Pad) has moved some of them, which is no attention that was recognised}}
module {
  func.func @main(%w: tensor<1x?xi64> {onnx.name = "input_ids"}, %x: tensor<1x?x2x4xf32> {onnx.name = "x"}) -> tensor<1x?x2x4xf32> {
    %pads = onnx.Constant dense<[0, 1, 0, 0, 0, -1, 0, 0]> : tensor<8xi64>
    %earlier = onnx.Pad(%x, %pads) : (tensor<1x?x2x4xf32>, tensor<8xi64>) -> tensor<1x?x2x4xf32> loc("earlier")
    %y = onnx.Add(%x, %earlier) : (tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>) -> tensor<1x?x2x4xf32> loc("shift")
    %o = blockattn.attention %y, %y, %y {causal, scale = 0.5 : f32} : tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32> -> tensor<1x?x2x4xf32>
    return %o : tensor<1x?x2x4xf32>
  }
}

// -----

// The same by a slice and zeros in front; the attention's keys alone are moved.
// expected-error@+2 {{the programs block, encode and extend can't be made of this model}}
// expected-note@+1 {{data of several tokens come together at 'attend' (attention) after 'keys' (Concat) has moved some of them, which is no}}
module {
  func.func @main(%w: tensor<1x?xi64> {onnx.name = "input_ids"}, %x: tensor<1x?x2x4xf32> {onnx.name = "x"}) -> tensor<1x?x2x4xf32> {
    %zero = onnx.Constant dense<0.0> : tensor<1x1x2x4xf32>
    %c0 = onnx.Constant dense<0> : tensor<1xi64>
    %c1 = onnx.Constant dense<1> : tensor<1xi64>
    %last = onnx.Constant dense<-1> : tensor<1xi64>
    %cut = onnx.Slice(%x, %c0, %last, %c1) : (tensor<1x?x2x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x?x2x4xf32>
    %k = onnx.Concat(%zero, %cut) {axis = 1 : i64} : (tensor<1x1x2x4xf32>, tensor<1x?x2x4xf32>) -> tensor<1x?x2x4xf32> loc("keys")
    %o = blockattn.attention %x, %k, %x {causal, scale = 0.5 : f32} : tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32> -> tensor<1x?x2x4xf32> loc("attend")
    return %o : tensor<1x?x2x4xf32>
  }
}

// -----

// One token for all of them, all of them twice, and pairs of them in one.
// expected-error@+2 {{the programs block, encode and extend can't be made of this model}}
// expected-note@+1 {{'first' (Add) after 'row' (Gather) has moved some of them, 'twice' (attention) after 'double' (Concat) has moved some of them, 'pairs' (Reshape), which}}
module {
  func.func @main(%w: tensor<1x?xi64> {onnx.name = "input_ids"}, %x: tensor<1x?x8xf32> {onnx.name = "x"}, %q: tensor<1x?x2x4xf32> {onnx.name = "q"})
      -> (tensor<1x?x8xf32>, tensor<1x?x2x4xf32>, tensor<1x?x16xf32>) {
    %c0 = onnx.Constant dense<0> : tensor<1xi64>
    %shape = onnx.Constant dense<[1, -1, 16]> : tensor<3xi64>
    %one = onnx.Gather(%x, %c0) {axis = 1 : i64} : (tensor<1x?x8xf32>, tensor<1xi64>) -> tensor<1x1x8xf32> loc("row")
    %a = onnx.Add(%x, %one) : (tensor<1x?x8xf32>, tensor<1x1x8xf32>) -> tensor<1x?x8xf32> loc("first")
    %n = onnx.Neg(%q) : (tensor<1x?x2x4xf32>) -> tensor<1x?x2x4xf32>
    %k = onnx.Concat(%n, %n) {axis = 1 : i64} : (tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>) -> tensor<1x?x2x4xf32> loc("double")
    %b = blockattn.attention %q, %k, %k {causal, scale = 0.5 : f32} : tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32> -> tensor<1x?x2x4xf32> loc("twice")
    %c = onnx.Reshape(%x, %shape) : (tensor<1x?x8xf32>, tensor<3xi64>) -> tensor<1x?x16xf32> loc("pairs")
    return %a, %b, %c : tensor<1x?x8xf32>, tensor<1x?x2x4xf32>, tensor<1x?x16xf32>
  }
}

// -----

// Token ids of the place before, as hashes of pairs use them.
// expected-error@+2 {{the programs block, encode and extend can't be made of this model}}
// expected-note@+1 {{'pair' (Add) after}}
module {
  func.func @main(%w: tensor<1x?xi64> {onnx.name = "input_ids"}) -> tensor<1x?x8xf32> {
    %pads = onnx.Constant dense<[0, 1, 0, -1]> : tensor<4xi64>
    %table = onnx.Constant dense<0.5> : tensor<64x8xf32>
    %before = onnx.Pad(%w, %pads) : (tensor<1x?xi64>, tensor<4xi64>) -> tensor<1x?xi64>
    %pair = onnx.Add(%w, %before) : (tensor<1x?xi64>, tensor<1x?xi64>) -> tensor<1x?xi64> loc("pair")
    %e = onnx.Gather(%table, %pair) {axis = 0 : i64} : (tensor<64x8xf32>, tensor<1x?xi64>) -> tensor<1x?x8xf32>
    return %e : tensor<1x?x8xf32>
  }
}

// -----

// A product of matrices and a norm that run along the tokens.
// expected-error@+2 {{the programs block, encode and extend can't be made of this model}}
// expected-note@+1 {{'product' (Gemm), 'norm' (LayerNormalization)}}
module {
  func.func @main(%w: tensor<1x?xi64> {onnx.name = "input_ids"}, %x: tensor<?x8xf32> {onnx.name = "x"}, %y: tensor<1x?x8xf32> {onnx.name = "y"})
      -> (tensor<8x8xf32>, tensor<1x?x8xf32>) {
    %gain = onnx.Constant dense<1.0> : tensor<8xf32>
    %a = onnx.Gemm(%x, %x) {transA = 1 : i64} : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<8x8xf32> loc("product")
    %b = onnx.LayerNormalization(%y, %gain) {axis = 1 : i64} : (tensor<1x?x8xf32>, tensor<8xf32>) -> tensor<1x?x8xf32> loc("norm")
    return %a, %b : tensor<8x8xf32>, tensor<1x?x8xf32>
  }
}

// -----

// With a fixed number of tokens, too.
// expected-error@+2 {{the programs block, encode and extend can't be made of this model}}
// expected-note@+1 {{has moved some of them, 'most' (ReduceMax)}}
module {
  func.func @main(%w: tensor<1x6xi64> {onnx.name = "input_ids"}, %x: tensor<1x6x8xf32> {onnx.name = "x"}) -> (tensor<1x6x8xf32>, tensor<1x1x8xf32>) {
    %pads = onnx.Constant dense<[0, 1, 0, 0, -1, 0]> : tensor<6xi64>
    %axis = onnx.Constant dense<1> : tensor<1xi64>
    %earlier = onnx.Pad(%x, %pads) : (tensor<1x6x8xf32>, tensor<6xi64>) -> tensor<1x6x8xf32>
    %y = onnx.Add(%x, %earlier) : (tensor<1x6x8xf32>, tensor<1x6x8xf32>) -> tensor<1x6x8xf32> loc("shift")
    %m = onnx.ReduceMax(%y, %axis) : (tensor<1x6x8xf32>, tensor<1xi64>) -> tensor<1x1x8xf32> loc("most")
    return %y, %m : tensor<1x6x8xf32>, tensor<1x1x8xf32>
  }
}

// -----

// Features and tokens change places within a reshape; halves of the tokens meet.
// expected-error@+2 {{the programs block, encode and extend can't be made of this model}}
// expected-note@+1 {{'columns' (Reshape), 'headed' (Reshape), 'halves' (Add) after 'cut' (Split)}}
module {
  func.func @main(%w: tensor<1x?xi64> {onnx.name = "input_ids"}, %x: tensor<1x?x8xf32> {onnx.name = "x"}, %q: tensor<1x2x?x4xf32> {onnx.name = "q"})
      -> (tensor<1x8x?xf32>, tensor<1x?x8xf32>, tensor<1x?x8xf32>) {
    %columns = onnx.Constant dense<[0, 8, -1]> : tensor<3xi64>
    %rows = onnx.Constant dense<[0, -1, 8]> : tensor<3xi64>
    %a = onnx.Reshape(%x, %columns) : (tensor<1x?x8xf32>, tensor<3xi64>) -> tensor<1x8x?xf32> loc("columns")
    %b = onnx.Reshape(%q, %rows) : (tensor<1x2x?x4xf32>, tensor<3xi64>) -> tensor<1x?x8xf32> loc("headed")
    %c:2 = onnx.Split(%x) {axis = 1 : i64} : (tensor<1x?x8xf32>) -> (tensor<1x?x8xf32>, tensor<1x?x8xf32>) loc("cut")
    %d = onnx.Add(%c#0, %c#1) : (tensor<1x?x8xf32>, tensor<1x?x8xf32>) -> tensor<1x?x8xf32> loc("halves")
    return %a, %b, %d : tensor<1x8x?xf32>, tensor<1x?x8xf32>, tensor<1x?x8xf32>
  }
}

// -----

// Weights of so many tokens as there always are, and a softmax along them.
// expected-error@+2 {{the programs block, encode and extend can't be made of this model}}
// expected-note@+1 {{'mixer' (MatMul), 'soft' (Softmax)}}
module {
  func.func @main(%w: tensor<1x6xi64> {onnx.name = "input_ids"}, %x: tensor<1x6x8xf32> {onnx.name = "x"}) -> (tensor<1x6x8xf32>, tensor<1x6x8xf32>) {
    %weight = onnx.Constant dense<0.5> : tensor<6x6xf32>
    %m = onnx.MatMul(%weight, %x) : (tensor<6x6xf32>, tensor<1x6x8xf32>) -> tensor<1x6x8xf32> loc("mixer")
    %s = onnx.Softmax(%x) {axis = 1 : i64} : (tensor<1x6x8xf32>) -> tensor<1x6x8xf32> loc("soft")
    return %m, %s : tensor<1x6x8xf32>, tensor<1x6x8xf32>
  }
}

// -----

// All pairs of tokens.
// expected-error@+2 {{the programs block, encode and extend can't be made of this model}}
// expected-note@+1 {{'pairs' (Add)}}
module {
  func.func @main(%w: tensor<1x?xi64> {onnx.name = "input_ids"}, %x: tensor<1x?x8xf32> {onnx.name = "x"}) -> tensor<1x?x?x8xf32> {
    %one = onnx.Constant dense<1> : tensor<1xi64>
    %two = onnx.Constant dense<2> : tensor<1xi64>
    %a = onnx.Unsqueeze(%x, %one) : (tensor<1x?x8xf32>, tensor<1xi64>) -> tensor<1x1x?x8xf32>
    %b = onnx.Unsqueeze(%x, %two) : (tensor<1x?x8xf32>, tensor<1xi64>) -> tensor<1x?x1x8xf32>
    %c = onnx.Add(%a, %b) : (tensor<1x1x?x8xf32>, tensor<1x?x1x8xf32>) -> tensor<1x?x?x8xf32> loc("pairs")
    return %c : tensor<1x?x?x8xf32>
  }
}

// -----

// The first and the second half of the tokens.
// expected-error@+2 {{the programs block, encode and extend can't be made of this model}}
// expected-note@+1 {{'fold' (Reshape)}}
module {
  func.func @main(%w: tensor<?x?xi64> {onnx.name = "input_ids"}, %x: tensor<?x?x8xf32> {onnx.name = "x"}) -> tensor<?x2x?x8xf32> {
    %shape = onnx.Constant dense<[0, 2, -1, 8]> : tensor<4xi64>
    %a = onnx.Reshape(%x, %shape) : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<?x2x?x8xf32> loc("fold")
    return %a : tensor<?x2x?x8xf32>
  }
}

// -----

// Tokens of any number along the last dimension; a row made of past ones, in
// front of the others; a scatter among tokens; an op that nothing is known of.
// expected-error@+2 {{the programs block, encode and extend can't be made of this model}}
// expected-note@+1 {{'mean' (ReduceMean) after 'turn' (Transpose) has moved some of them, 'attend' (attention) after 'summary' (Concat) has moved some of them, 'written' (Add) after 'write' (ScatterND) has moved some of them and 1 more, which}}
module {
  func.func @main(%w: tensor<1x?xi64> {onnx.name = "input_ids", onnx.dims = ["", "n"]}, %c: tensor<i1> {onnx.name = "flag"},
      %pk: tensor<1x?x2x4xf32> {onnx.name = "past_key_values.0.key", onnx.dims = ["", "past", "", ""]})
      -> (tensor<1x8x1xf32>, tensor<1x?x2x4xf32>, tensor<1x?x8xf32>, tensor<1x?x8xf32>) {
    %table = onnx.Constant dense<0.5> : tensor<16x8xf32>
    %one = onnx.Constant dense<1> : tensor<1xi64>
    %two = onnx.Constant dense<2> : tensor<1xi64>
    %heads = onnx.Constant dense<[0, 0, 2, 4]> : tensor<4xi64>
    %place = onnx.Constant dense<[[0, 3]]> : tensor<1x2xi64>
    %zeros = onnx.Constant dense<0.0> : tensor<1x8xf32>
    %count = onnx.Constant dense<3> : tensor<i64>
    %x = onnx.Gather(%table, %w) {axis = 0 : i64} : (tensor<16x8xf32>, tensor<1x?xi64>) -> tensor<1x?x8xf32>
    %t = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1>} : (tensor<1x?x8xf32>) -> tensor<1x8x?xf32> loc("turn")
    %a = onnx.ReduceMean(%t, %two) : (tensor<1x8x?xf32>, tensor<1xi64>) -> tensor<1x8x1xf32> loc("mean")
    %q = onnx.Reshape(%x, %heads) : (tensor<1x?x8xf32>, tensor<4xi64>) -> tensor<1x?x2x4xf32>
    %p = onnx.ReduceMax(%pk, %one) : (tensor<1x?x2x4xf32>, tensor<1xi64>) -> tensor<1x1x2x4xf32>
    %k = onnx.Concat(%pk, %q) {axis = 1 : i64} : (tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>) -> tensor<1x?x2x4xf32>
    %v = onnx.Concat(%p, %q) {axis = 1 : i64} : (tensor<1x1x2x4xf32>, tensor<1x?x2x4xf32>) -> tensor<1x?x2x4xf32> loc("summary")
    %b = blockattn.attention %q, %k, %v {causal, scale = 0.5 : f32} : tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32> -> tensor<1x?x2x4xf32> loc("attend")
    %s = onnx.ScatterND(%x, %place, %zeros) : (tensor<1x?x8xf32>, tensor<1x2xi64>, tensor<1x8xf32>) -> tensor<1x?x8xf32> loc("write")
    %d = onnx.Add(%x, %s) : (tensor<1x?x8xf32>, tensor<1x?x8xf32>) -> tensor<1x?x8xf32> loc("written")
    %e = onnx.Loop trips(%count : tensor<i64>) while(%c : tensor<i1>) carries(%x : tensor<1x?x8xf32>) -> tensor<1x?x8xf32> {
    ^bb0(%i: tensor<i64>, %go: tensor<i1>, %old: tensor<1x?x8xf32>):
      %new = onnx.Neg(%old) : (tensor<1x?x8xf32>) -> tensor<1x?x8xf32>
      onnx.Yield %go, %new : tensor<i1>, tensor<1x?x8xf32>
    } loc("loop")
    return %a, %b, %d, %e : tensor<1x8x1xf32>, tensor<1x?x2x4xf32>, tensor<1x?x8xf32>, tensor<1x?x8xf32>
  }
}

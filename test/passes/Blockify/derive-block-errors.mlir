// RUN: blockattn-opt %s --split-input-file --blockattn-assign-roles --blockattn-derive-block="required" --verify-diagnostics

// expected-error@+2 {{the programs block, encode and extend can't be made of this model}}
// expected-note@+1 {{no input of the model is recognised as its tokens}}
module {
  func.func @main(%q: tensor<1x?x2x4xf32> {onnx.name = "q"}) -> tensor<1x?x2x4xf32> {
    %o = blockattn.attention %q, %q, %q {causal, scale = 0.5 : f32} : tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32> -> tensor<1x?x2x4xf32>
    return %o : tensor<1x?x2x4xf32>
  }
}

// -----

// All reasons at once.
// expected-error@+3 {{the programs block, encode and extend can't be made of this model}}
// expected-note@+2 {{is not causal: every token sees later ones}}
// expected-note@+1 {{the batch size is fixed to 3}}
module {
  func.func @main(%w: tensor<3x?xi64> {onnx.name = "input_ids"}, %q: tensor<1x?x2x4xf32> {onnx.name = "q"}) -> tensor<1x?x2x4xf32> {
    %o = blockattn.attention %q, %q, %q {scale = 0.5 : f32} : tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32> -> tensor<1x?x2x4xf32>
    return %o : tensor<1x?x2x4xf32>
  }
}

// -----

// expected-error@+2 {{the programs block, encode and extend can't be made of this model}}
// expected-note@+1 {{the attention at node 'odd' was not recognised}}
module attributes {blockattn.attentions = [{node = "odd", raised = false}]} {
  func.func @main(%w: tensor<1x?xi64> {onnx.name = "input_ids"}) -> tensor<1x?xi64> {
    return %w : tensor<1x?xi64>
  }
}

// -----

// The real reason, once for all that share it, without its picture; what a name
// holds is escaped.
// expected-error@+3 {{the programs block, encode and extend can't be made of this model}}
// expected-note@+2 {{4 attentions, at 'a', 'b', 'c\x1B', ..., were not recognised: its mask is odd}}
// expected-note@+1 {{the attention at node 'e' was not recognised: its values are scaled}}
module attributes {blockattn.attentions = [
    {node = "a", raised = false, reasons = ["its mask is odd\0Ax."]},
    {node = "b", raised = false, reasons = ["its mask is odd\0Ax."]},
    {node = "c\1B", raised = false, reasons = ["its mask is odd\0A.x"]},
    {node = "d", raised = false, reasons = ["its mask is odd"]},
    {node = "e", raised = false, reasons = ["its values are scaled"]}]} {
  func.func @main(%w: tensor<1x?xi64> {onnx.name = "input_ids"}) -> tensor<1x?xi64> {
    return %w : tensor<1x?xi64>
  }
}

// -----

// expected-error@+1 {{there is no function @main to make programs of}}
module {
}

// -----

// A past of any rank can't be made an empty one.
// expected-error@+2 {{the programs block, encode and extend can't be made of this model}}
// expected-note@+1 {{the rank of the past input 'p0' is not known; declare its shape in the model}}
module {
  func.func @main(%w: tensor<1x?xi64> {onnx.name = "input_ids"}, %x: tensor<1x?x2x4xf32> {onnx.name = "x"}, %pk: tensor<*xf32> {onnx.name = "p0"})
      -> (tensor<1x?x2x4xf32>, tensor<?xi64>) {
    %k = onnx.Concat(%pk, %x) {axis = 1 : i64} : (tensor<*xf32>, tensor<1x?x2x4xf32>) -> tensor<1x?x2x4xf32>
    %o = blockattn.attention %x, %k, %x {causal, scale = 0.5 : f32} : tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32> -> tensor<1x?x2x4xf32>
    %s = onnx.Shape(%pk) : (tensor<*xf32>) -> tensor<?xi64>
    return %o, %s : tensor<1x?x2x4xf32>, tensor<?xi64>
  }
}

// -----

// The tokens' rank comes from nowhere.
// expected-error@+2 {{the programs block, encode and extend can't be made of this model}}
// expected-note@+1 {{the token input is not of shape [batch, sequence]}}
module {
  func.func @main(%w: tensor<*xi64> {onnx.name = "words"}, %x: tensor<1x?x2x4xf32> {onnx.name = "x"}) -> (tensor<1x?x2x4xf32>, tensor<*xf32>) {
    %table = onnx.Constant dense<0.0> : tensor<16x8xf32>
    %e = onnx.Gather(%table, %w) {axis = 0 : i64} : (tensor<16x8xf32>, tensor<*xi64>) -> tensor<*xf32>
    %o = blockattn.attention %x, %x, %x {causal, scale = 0.5 : f32} : tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32> -> tensor<1x?x2x4xf32>
    return %o, %e : tensor<1x?x2x4xf32>, tensor<*xf32>
  }
}

// -----

// Weights of tokens that no softmax made, beside an attention that was found:
// a layout would hold for the one and not for the other.
// expected-error@+2 {{the programs block, encode and extend can't be made of this model}}
// expected-note@+1 {{data of several tokens come together at 'weigh' (MatMul), which is no attention that was recognised (see docs/when-not-raised.md)}}
module {
  func.func @main(%w: tensor<1x?xi64> {onnx.name = "input_ids"}, %x: tensor<1x?x2x4xf32> {onnx.name = "x"}, %s: tensor<1x?x?xf32> {onnx.name = "s"}, %v: tensor<1x?x8xf32> {onnx.name = "v"})
      -> (tensor<1x?x2x4xf32>, tensor<1x?x8xf32>) {
    %o = blockattn.attention %x, %x, %x {causal, scale = 0.5 : f32} : tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32> -> tensor<1x?x2x4xf32>
    %p = onnx.MatMul(%s, %v) : (tensor<1x?x?xf32>, tensor<1x?x8xf32>) -> tensor<1x?x8xf32> loc("weigh")
    return %o, %p : tensor<1x?x2x4xf32>, tensor<1x?x8xf32>
  }
}

// -----

// A mean over all tokens, a running sum, and more of them: the first are named.
// expected-error@+2 {{the programs block, encode and extend can't be made of this model}}
// expected-note@+1 {{'mean' (ReduceMean), 'run' (CumSum), 'soft' (Softmax) and 1 more, which is no}}
module {
  func.func @main(%w: tensor<1x?xi64> {onnx.name = "input_ids"}, %x: tensor<1x?x8xf32> {onnx.name = "x"})
      -> (tensor<1x1x8xf32>, tensor<1x?x8xf32>, tensor<1x?x8xf32>, tensor<1x1x1xf32>) {
    %one = onnx.Constant dense<1> : tensor<1xi64>
    %axis = onnx.Constant dense<-2> : tensor<i64>
    %a = onnx.ReduceMean(%x, %one) : (tensor<1x?x8xf32>, tensor<1xi64>) -> tensor<1x1x8xf32> loc("mean")
    %b = onnx.CumSum(%x, %axis) : (tensor<1x?x8xf32>, tensor<i64>) -> tensor<1x?x8xf32> loc("run")
    %c = onnx.Softmax(%x) {axis = 1 : i64} : (tensor<1x?x8xf32>) -> tensor<1x?x8xf32> loc("soft")
    %d = onnx.ReduceMax(%x) : (tensor<1x?x8xf32>) -> tensor<1x1x1xf32> loc("max")
    return %a, %b, %c, %d : tensor<1x1x8xf32>, tensor<1x?x8xf32>, tensor<1x?x8xf32>, tensor<1x1x1xf32>
  }
}

// -----

// With a fixed number of tokens the extents are known, and nothing is dynamic.
// expected-error@+2 {{the programs block, encode and extend can't be made of this model}}
// expected-note@+1 {{'weigh' (MatMul)}}
module {
  func.func @main(%w: tensor<1x6xi64> {onnx.name = "input_ids"}, %s: tensor<1x6x6xf32> {onnx.name = "s"}, %v: tensor<1x6x8xf32> {onnx.name = "v"}) -> tensor<1x6x8xf32> {
    %p = onnx.MatMul(%s, %v) : (tensor<1x6x6xf32>, tensor<1x6x8xf32>) -> tensor<1x6x8xf32> loc("weigh")
    return %p : tensor<1x6x8xf32>
  }
}

// -----

// Positions are counted from token ids.
// expected-error@+2 {{the programs block, encode and extend can't be made of this model}}
// expected-note@+1 {{data of several tokens come together at 'count' (CumSum), which is no attention that was recognised (see docs/when-not-raised.md); where positions are counted from token ids, export the model with position_ids}}
module {
  func.func @main(%w: tensor<1x?xi64> {onnx.name = "input_ids"}, %x: tensor<1x?x2x4xf32> {onnx.name = "x"}) -> (tensor<1x?x2x4xf32>, tensor<1x?xi64>) {
    %axis = onnx.Constant dense<1> : tensor<i64>
    %c = onnx.CumSum(%w, %axis) : (tensor<1x?xi64>, tensor<i64>) -> tensor<1x?xi64> loc("count")
    %o = blockattn.attention %x, %x, %x {causal, scale = 0.5 : f32} : tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32> -> tensor<1x?x2x4xf32>
    return %o, %c : tensor<1x?x2x4xf32>, tensor<1x?xi64>
  }
}

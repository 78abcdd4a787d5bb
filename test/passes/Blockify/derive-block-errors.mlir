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

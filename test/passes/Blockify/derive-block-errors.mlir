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

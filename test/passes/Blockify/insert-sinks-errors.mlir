// RUN: blockattn-opt %s --split-input-file --blockattn-insert-sinks="count=2" --verify-diagnostics

module {
  // expected-error@+1 {{sinks need positions of their own, but the model takes no position input; export it with position_ids}}
  func.func @block(%w: tensor<1x?xi64> {blockattn.role = "tokens"}, %l: !blockattn.layout {blockattn.role = "layout"}) -> tensor<1x?xi64> attributes {blockattn.program = "block"} {
    return %w : tensor<1x?xi64>
  }
}

// -----

// A table of integers holds no embeddings.
module {
  // expected-error@+1 {{no token embedding (rows of a table, by token id) was found to put sinks beside}}
  func.func @block(%w: tensor<1x?xi64> {blockattn.role = "tokens"}, %p: tensor<1x?xi64> {blockattn.role = "positions"}, %l: !blockattn.layout {blockattn.role = "layout"}) -> tensor<1x?x8xi64> attributes {blockattn.program = "block"} {
    %table = onnx.Constant dense<1> : tensor<16x8xi64>
    %e = onnx.Gather(%table, %w) {axis = 0 : i64} : (tensor<16x8xi64>, tensor<1x?xi64>) -> tensor<1x?x8xi64>
    return %e : tensor<1x?x8xi64>
  }
}

// -----

module {
  // expected-error@+1 {{no token embedding (rows of a table, by token id) was found to put sinks beside}}
  func.func @block(%p: tensor<1x?xi64> {blockattn.role = "positions"}, %l: !blockattn.layout {blockattn.role = "layout"}) -> tensor<1x?xi64> attributes {blockattn.program = "block"} {
    return %p : tensor<1x?xi64>
  }
}

// -----

module {
  // expected-error@+1 {{the program `block` has no argument of type !blockattn.layout and role `layout`}}
  func.func @block(%w: tensor<1x?xi64> {blockattn.role = "tokens"}, %p: tensor<1x?xi64> {blockattn.role = "positions"}) -> tensor<1x?xi64> attributes {blockattn.program = "block"} {
    return %w : tensor<1x?xi64>
  }
}

// -----

module {
  // expected-error@+1 {{sinks make the sequence longer, but the model fixes its length}}
  func.func @block(%w: tensor<1x16xi64> {blockattn.role = "tokens"}, %p: tensor<1x16xi64> {blockattn.role = "positions"}, %l: !blockattn.layout {blockattn.role = "layout"}) -> tensor<1x16x8xf32> attributes {blockattn.program = "block"} {
    %table = onnx.Constant dense<0.5> : tensor<16x8xf32>
    %e = onnx.Gather(%table, %w) {axis = 0 : i64} : (tensor<16x8xf32>, tensor<1x16xi64>) -> tensor<1x16x8xf32>
    return %e : tensor<1x16x8xf32>
  }
}

// RUN: blockattn-opt %s --split-input-file --blockattn-derive-encode --verify-diagnostics

module {
  // expected-error@+1 {{the program `block` has no argument of type !blockattn.layout and role `layout`; run blockattn-derive-block}}
  func.func @block(%x: tensor<1x?x2x4xf32> {blockattn.role = "input"}) -> tensor<1x?x2x4xf32> attributes {blockattn.program = "block"} {
    return %x : tensor<1x?x2x4xf32>
  }
}

// -----

// The role does not make it one.
module {
  // expected-error@+1 {{the program `block` has no argument of type !blockattn.layout and role `layout`}}
  func.func @block(%x: tensor<1x?x2x4xf32> {blockattn.role = "layout"}) -> tensor<1x?x2x4xf32> attributes {blockattn.program = "block"} {
    return %x : tensor<1x?x2x4xf32>
  }
}

// -----

module {
  func.func @block(%x: tensor<1x?x2x4xf32> {blockattn.role = "input"}, %l: !blockattn.layout {blockattn.role = "layout"}) -> tensor<1x?x2x4xf32> attributes {blockattn.program = "block"} {
    // expected-error@+1 {{the attention has no `layer`, which its keys and values are cached by; run blockattn-assign-roles first}}
    %o = blockattn.attention %x, %x, %x layout(%l) {causal, scale = 0.5 : f32} : tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32> -> tensor<1x?x2x4xf32>
    return %o : tensor<1x?x2x4xf32>
  }
}

// -----

module {
  // expected-error@+1 {{the program `block` must be one block of operations that ends in func.return}}
  func.func private @block(!blockattn.layout {blockattn.role = "layout"}) attributes {blockattn.program = "block"}
}

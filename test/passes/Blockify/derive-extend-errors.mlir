// RUN: blockattn-opt %s --split-input-file --blockattn-derive-extend --verify-diagnostics

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

// -----

// The query can be turned to a block's place only where the keys are as their
// rotation left them.
module {
  func.func @block(%x: tensor<1x?x2x4xf32> {blockattn.role = "input"}, %p: tensor<1x?xi64> {blockattn.role = "positions"}, %l: !blockattn.layout {blockattn.role = "layout"}) -> tensor<1x?x2x4xf32> attributes {blockattn.program = "block"} {
    // expected-note@+1 {{they were rotated here}}
    %r = blockattn.rotary %x, %p <inv_freq = dense<1.0> : tensor<2xf32>> : tensor<1x?x2x4xf32>, tensor<1x?xi64>
    %t = onnx.Transpose(%r) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x4xf32>) -> tensor<1x2x?x4xf32>
    %k = onnx.Transpose(%t) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x2x?x4xf32>) -> tensor<1x?x2x4xf32>
    // expected-error@+1 {{the keys are not as their rotation left them, so the query can't be turned to where a cached block stands; compile without `extend` (--programs)}}
    %o = blockattn.attention %r, %k, %x layout(%l) {causal, layer = 0 : i64, scale = 0.5 : f32} : tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32> -> tensor<1x?x2x4xf32>
    return %o : tensor<1x?x2x4xf32>
  }
}

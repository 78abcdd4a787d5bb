// RUN: blockattn-opt %s --split-input-file --blockattn-attend-shared-sinks --verify-diagnostics

module {
  func.func @block(%h: tensor<1x?x2x4xf32>, %x: tensor<1x?x8xf32>, %t: tensor<?x8xf32>, %p: tensor<1x?xi64>, %l: !blockattn.layout) -> tensor<1x?x2x4xf32> attributes {blockattn.program = "block"} {
    %s, %sp, %sl = blockattn.insert_sinks %x, %t, %p, %l {shared} : tensor<1x?x8xf32>, tensor<?x8xf32>, tensor<1x?xi64> -> tensor<1x?x8xf32>, tensor<1x?xi64>
    // expected-error@+1 {{the attention at node '' has a sliding window, which shared sinks slide out of; put the sinks before every block (--sink-placement=block)}}
    %o = blockattn.attention %h, %h, %h layout(%sl) {causal, layer = 0 : i64, scale = 0.5 : f32, window = 4 : i64} : tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32> -> tensor<1x?x2x4xf32>
    return %o : tensor<1x?x2x4xf32>
  }
}

// -----

module attributes {blockattn.kv = {position_independent = true}} {
  func.func @block(%h: tensor<1x?x2x4xf32>, %x: tensor<1x?x8xf32>, %t: tensor<?x8xf32>, %p: tensor<1x?xi64>, %l: !blockattn.layout) -> tensor<1x?x2x4xf32> attributes {blockattn.program = "block"} {
    %s, %sp, %sl = blockattn.insert_sinks %x, %t, %p, %l {shared} : tensor<1x?x8xf32>, tensor<?x8xf32>, tensor<1x?xi64> -> tensor<1x?x8xf32>, tensor<1x?xi64>
    %k = blockattn.rotary %h, %sp <inv_freq = dense<1.0> : tensor<2xf32>> : tensor<1x?x2x4xf32>, tensor<1x?xi64>
    %q = onnx.Tanh(%k) : (tensor<1x?x2x4xf32>) -> tensor<1x?x2x4xf32>
    // expected-error@+1 {{has a query that is changed after it was rotated; put the sinks before every block}}
    %o = blockattn.attention %q, %k, %h layout(%sl) {causal, layer = 0 : i64, scale = 0.5 : f32} : tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32> -> tensor<1x?x2x4xf32>
    return %o : tensor<1x?x2x4xf32>
  }
}

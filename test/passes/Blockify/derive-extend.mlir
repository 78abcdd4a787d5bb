// RUN: blockattn-opt %s --split-input-file --blockattn-derive-extend | FileCheck %s

// Every attention reads the cache. Where keys are rotary, its query is rotated
// to each block's own positions: by the angles alone, as the scale of the table
// is in the query already. Layers without rotary positions are left unrotated.
// What the graph handed on as present keys and values is not an output.

// CHECK-LABEL: func.func @block(
// CHECK-LABEL: func.func @extend(
// CHECK-SAME: %[[X:[^:]*]]: tensor<1x?x2x4xf32>
// CHECK-SAME: %[[P:[^:]*]]: tensor<1x?xi64>
// CHECK-NOT: layout
// CHECK-SAME: %[[C:[^:]*]]: !blockattn.kv {blockattn.role = "kv", onnx.name = "kv"}
// CHECK-SAME: -> (tensor<1x?x2x4xf32> {blockattn.role = "output", onnx.name = "out"},
// CHECK-NOT: present
// CHECK-SAME: tensor<1x?x2x4xf32> {blockattn.layer = 0 : i64, blockattn.role = "kv_key", onnx.name = "kv.0.key"},
// CHECK-SAME: onnx.name = "kv.0.value"}
// CHECK-SAME: onnx.name = "kv.1.key"}
// CHECK-SAME: onnx.name = "kv.1.value"}
// CHECK-SAME: attributes {blockattn.program = "extend"}
// CHECK: %[[K:.*]] = blockattn.rotary %[[X]], %[[P]] <inv_freq = dense<1.000000e+00> : tensor<2xf32>, interleaved = true, scale = 2.000000e+00
// CHECK: %[[A:.*]] = blockattn.attention %[[K]], %[[K]], %[[X]] cache(%[[C]]) {causal, layer = 0 : i64, query_rotary = #blockattn.rope<inv_freq = dense<1.000000e+00> : tensor<2xf32>, interleaved = true>, scale
// CHECK: %[[B:.*]] = blockattn.attention %[[A]], %[[A]], %[[A]] cache(%[[C]]) {causal, layer = 1 : i64, scale
// CHECK-NOT: onnx.Transpose
// CHECK: return %[[B]], %[[K]], %[[X]], %[[A]], %[[A]] :
module {
  func.func @block(%x: tensor<1x?x2x4xf32> {blockattn.role = "input", onnx.name = "x"},
      %p: tensor<1x?xi64> {blockattn.role = "positions", onnx.name = "position_ids"},
      %l: !blockattn.layout {blockattn.role = "layout", onnx.name = "layout"})
      -> (tensor<1x?x2x4xf32> {blockattn.role = "output", onnx.name = "out"},
          tensor<1x2x?x4xf32> {blockattn.role = "present_key", blockattn.layer = 0 : i64, onnx.name = "n0"}) attributes {blockattn.program = "block"} {
    %k = blockattn.rotary %x, %p <inv_freq = dense<1.0> : tensor<2xf32>, interleaved = true, scale = 2.0> : tensor<1x?x2x4xf32>, tensor<1x?xi64>
    %a = blockattn.attention %k, %k, %x layout(%l) {causal, layer = 0 : i64, scale = 0.5 : f32} : tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32> -> tensor<1x?x2x4xf32>
    %b = blockattn.attention %a, %a, %a layout(%l) {causal, layer = 1 : i64, scale = 0.5 : f32} : tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32> -> tensor<1x?x2x4xf32>
    %n = onnx.Transpose(%k) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x4xf32>) -> tensor<1x2x?x4xf32>
    return %b, %n : tensor<1x?x2x4xf32>, tensor<1x2x?x4xf32>
  }
}

// -----

// Nothing is done without @block.

// CHECK: func.func @full
// CHECK-NOT: func.func
module {
  func.func @full(%w: tensor<1x?xi64>) -> tensor<1x?xi64> attributes {blockattn.program = "full"} {
    return %w : tensor<1x?xi64>
  }
}

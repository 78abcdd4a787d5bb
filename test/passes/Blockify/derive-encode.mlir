// RUN: blockattn-opt %s --split-input-file --blockattn-derive-encode | FileCheck %s

// One block: no layout, the keys and values of every layer as results, and
// nothing that the logits alone need.

// CHECK-LABEL: func.func @block(
// CHECK-LABEL: func.func @encode(
// CHECK-SAME: %[[X:[^:]*]]: tensor<1x?x2x4xf32>
// CHECK-SAME: %[[P:[^:]*]]: tensor<1x?xi64>
// CHECK-NOT: layout
// CHECK-SAME: -> (tensor<1x?x2x4xf32> {blockattn.layer = 0 : i64, blockattn.role = "kv_key", onnx.name = "kv.0.key"},
// CHECK-SAME: tensor<1x?x2x4xf32> {blockattn.layer = 0 : i64, blockattn.role = "kv_value", onnx.name = "kv.0.value"},
// CHECK-SAME: onnx.name = "kv.1.key"}
// CHECK-SAME: onnx.name = "kv.1.value"}
// CHECK-NOT: "out"
// CHECK-SAME: attributes {blockattn.program = "encode"}
// CHECK: %[[K:.*]] = blockattn.rotary %[[X]], %[[P]]
// CHECK: %[[O:.*]] = blockattn.attention %[[K]], %[[K]], %[[X]] {causal, layer = 0 : i64
// CHECK-NOT: blockattn.attention
// CHECK-NOT: onnx.Tanh
// CHECK: return %[[K]], %[[X]], %[[O]], %[[O]] :
module {
  func.func @block(%x: tensor<1x?x2x4xf32> {blockattn.role = "input", onnx.name = "x"},
      %p: tensor<1x?xi64> {blockattn.role = "positions", onnx.name = "position_ids"},
      %l: !blockattn.layout {blockattn.role = "layout", onnx.name = "layout"})
      -> (tensor<1x?x2x4xf32> {onnx.name = "out"}) attributes {blockattn.program = "block"} {
    %k = blockattn.rotary %x, %p <inv_freq = dense<1.0> : tensor<2xf32>> : tensor<1x?x2x4xf32>, tensor<1x?xi64>
    %a = blockattn.attention %k, %k, %x layout(%l) {causal, layer = 0 : i64, scale = 0.5 : f32} : tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32> -> tensor<1x?x2x4xf32>
    %b = blockattn.attention %a, %a, %a layout(%l) {causal, layer = 1 : i64, scale = 0.5 : f32} : tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32> -> tensor<1x?x2x4xf32>
    %t = onnx.Tanh(%b) : (tensor<1x?x2x4xf32>) -> tensor<1x?x2x4xf32>
    return %t : tensor<1x?x2x4xf32>
  }
}

// -----

// Sinks are put at the start of the one block there is, and stay in its KV.

// CHECK-LABEL: func.func @encode(
// CHECK-SAME: %[[E:[^:]*]]: tensor<1x?x8xf32>
// CHECK: %[[ZERO:.*]] = onnx.Constant dense<0> : tensor<1xi64>
// CHECK: %[[GLOBAL:.*]] = onnx.Constant dense<true> : tensor<1xi1>
// CHECK: %[[L:.*]] = blockattn.layout %[[ZERO]], %[[GLOBAL]], %[[ZERO]]
// CHECK: %[[R:.*]], %{{.*}}, %{{.*}} = blockattn.insert_sinks %[[E]], %{{.*}}, %{{.*}}, %[[L]]
// CHECK: %[[X:.*]] = onnx.Reshape(%[[R]]
// CHECK-NOT: blockattn.drop_sinks
// CHECK: return %[[X]], %[[X]]
module {
  func.func @block(%e: tensor<1x?x8xf32> {blockattn.role = "input", onnx.name = "e"},
      %p: tensor<1x?xi64> {blockattn.role = "positions", onnx.name = "position_ids"},
      %l: !blockattn.layout {blockattn.role = "layout", onnx.name = "layout"},
      %t: tensor<?x8xf32> {blockattn.role = "sinks", onnx.name = "sinks"})
      -> (tensor<1x?x2x4xf32> {onnx.name = "out"}) attributes {blockattn.program = "block"} {
    %s, %sp, %sl = blockattn.insert_sinks %e, %t, %p, %l : tensor<1x?x8xf32>, tensor<?x8xf32>, tensor<1x?xi64> -> tensor<1x?x8xf32>, tensor<1x?xi64>
    %shape = onnx.Constant dense<[1, -1, 2, 4]> : tensor<4xi64>
    %x = onnx.Reshape(%s, %shape) : (tensor<1x?x8xf32>, tensor<4xi64>) -> tensor<1x?x2x4xf32>
    %a = blockattn.attention %x, %x, %x layout(%sl) {causal, layer = 0 : i64, scale = 0.5 : f32} : tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32> -> tensor<1x?x2x4xf32>
    %zero = arith.constant 0 : index
    %n = tensor.dim %t, %zero : tensor<?x8xf32>
    %o = blockattn.drop_sinks %a, %l, %n : tensor<1x?x2x4xf32> -> tensor<1x?x2x4xf32>
    return %o : tensor<1x?x2x4xf32>
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

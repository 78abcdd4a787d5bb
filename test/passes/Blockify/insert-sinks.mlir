// RUN: blockattn-opt %s --split-input-file --blockattn-insert-sinks="count=2" | FileCheck %s
// RUN: blockattn-opt %s --split-input-file --blockattn-insert-sinks="count=2 placement=prefix" | FileCheck %s --check-prefix=PREFIX
// RUN: blockattn-opt %s --split-input-file --blockattn-insert-sinks | FileCheck %s --check-prefix=NONE

// The rows of the table go before every block, behind the embedding; positions
// and layout count them wherever they are used, ahead of the embedding, too; the
// results lose them again. The number of rows is that of the table at run time.

// CHECK: module attributes {blockattn.sinks = {count = 2 : i64, placement = "block"}}
// CHECK-LABEL: func.func @block(
// CHECK-SAME: %[[W:[^:]*]]: tensor<1x?xi64>
// CHECK-SAME: %[[P:[^:]*]]: tensor<1x?xi64>
// CHECK-SAME: %[[L:[^:]*]]: !blockattn.layout
// CHECK-SAME: %[[T:[^:]*]]: tensor<?x8xf32> {blockattn.role = "sinks", onnx.name = "sinks"}
// CHECK: %[[E:.*]] = onnx.Gather(%{{.*}}, %[[W]])
// CHECK: %[[S:.*]], %[[SP:.*]], %[[SL:.*]] = blockattn.insert_sinks %[[E]], %[[T]], %[[P]], %[[L]]
// CHECK: %[[FP:.*]] = onnx.Cast(%[[SP]])
// CHECK: onnx.Sin(%[[FP]])
// CHECK: onnx.Reshape(%[[S]]
// CHECK: blockattn.rotary %{{.*}}, %[[SP]]
// CHECK: %[[O:.*]] = blockattn.attention {{.*}} layout(%[[SL]])
// CHECK: %[[N:.*]] = tensor.dim %[[T]], %{{.*}} : tensor<?x8xf32>
// CHECK: %[[D:.*]] = blockattn.drop_sinks %[[O]], %[[L]], %[[N]]
// CHECK: return %[[D]],

// Once at the head of the packed tokens, it is the same with one flag more.

// PREFIX: module attributes {blockattn.sinks = {count = 2 : i64, placement = "prefix"}}
// PREFIX-LABEL: func.func @block(
// PREFIX: blockattn.insert_sinks {{.*}} {shared}
// PREFIX: blockattn.drop_sinks {{.*}} {shared}

// NONE-NOT: sinks
module {
  func.func @block(%w: tensor<1x?xi64> {blockattn.role = "tokens", onnx.name = "input_ids"},
      %p: tensor<1x?xi64> {blockattn.role = "positions", onnx.name = "position_ids"},
      %l: !blockattn.layout {blockattn.role = "layout", onnx.name = "layout"})
      -> (tensor<1x?x2x4xf32> {onnx.name = "out"}, tensor<f32> {onnx.name = "scalar"}) attributes {blockattn.program = "block"} {
    %fp = onnx.Cast(%p) {to = f32} : (tensor<1x?xi64>) -> tensor<1x?xf32>
    %sin = onnx.Sin(%fp) : (tensor<1x?xf32>) -> tensor<1x?xf32>
    %axes = onnx.Constant dense<[0, 1]> : tensor<2xi64>
    %scalar = onnx.ReduceSum(%sin, %axes) {keepdims = 0 : i64} : (tensor<1x?xf32>, tensor<2xi64>) -> tensor<f32>
    %table = onnx.Constant dense<0.5> : tensor<16x8xf32>
    %e = onnx.Gather(%table, %w) {axis = 0 : i64} : (tensor<16x8xf32>, tensor<1x?xi64>) -> tensor<1x?x8xf32>
    %shape = onnx.Constant dense<[1, -1, 2, 4]> : tensor<4xi64>
    %x = onnx.Reshape(%e, %shape) : (tensor<1x?x8xf32>, tensor<4xi64>) -> tensor<1x?x2x4xf32>
    %r = blockattn.rotary %x, %p <inv_freq = dense<1.0> : tensor<2xf32>> : tensor<1x?x2x4xf32>, tensor<1x?xi64>
    %o = blockattn.attention %r, %r, %x layout(%l) {causal, layer = 0 : i64, scale = 0.5 : f32} : tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32> -> tensor<1x?x2x4xf32>
    return %o, %scalar : tensor<1x?x2x4xf32>, tensor<f32>
  }
}

// -----

// Keys and values that the graph hands on have their heads ahead of the tokens.

// CHECK-LABEL: func.func @block(
// CHECK: %[[P:.*]] = onnx.Transpose(%{{.*}}) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x4xf32>) -> tensor<1x2x?x4xf32>
// CHECK: tensor.dim
// CHECK: %[[T:.*]] = onnx.Transpose(%[[P]]) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x2x?x4xf32>) -> tensor<1x?x2x4xf32>
// CHECK: %[[D:.*]] = blockattn.drop_sinks %[[T]]
// CHECK: %[[R:.*]] = onnx.Transpose(%[[D]]) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x4xf32>) -> tensor<1x2x?x4xf32>
// CHECK: return %[[R]]
module {
  func.func @block(%w: tensor<1x?xi64> {blockattn.role = "tokens", onnx.name = "input_ids"},
      %p: tensor<1x?xi64> {blockattn.role = "positions", onnx.name = "position_ids"},
      %l: !blockattn.layout {blockattn.role = "layout", onnx.name = "layout"})
      -> (tensor<1x2x?x4xf32> {blockattn.role = "present_key", onnx.name = "present"}) attributes {blockattn.program = "block"} {
    %table = onnx.Constant dense<0.5> : tensor<16x8xf32>
    %e = onnx.Gather(%table, %w) {axis = 0 : i64} : (tensor<16x8xf32>, tensor<1x?xi64>) -> tensor<1x?x8xf32>
    %shape = onnx.Constant dense<[1, -1, 2, 4]> : tensor<4xi64>
    %x = onnx.Reshape(%e, %shape) : (tensor<1x?x8xf32>, tensor<4xi64>) -> tensor<1x?x2x4xf32>
    %k = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x4xf32>) -> tensor<1x2x?x4xf32>
    return %k : tensor<1x2x?x4xf32>
  }
}

// -----

// A mask of keys has rows for sinks, which hide none of them; one for all layers.

// CHECK-LABEL: func.func @block(
// CHECK-SAME: %[[M:[^:]*]]: tensor<1x?xi1>
// CHECK-SAME: %[[P:[^:]*]]: tensor<1x?xi64> {blockattn.role = "positions"
// CHECK: blockattn.insert_sinks
// CHECK: %[[F:.*]] = onnx.Cast(%[[M]]) {to = f32}
// CHECK: %[[C:.*]] = onnx.Unsqueeze(%[[F]]
// CHECK: %[[ONES:.*]] = onnx.ConstantOfShape
// CHECK: %[[R:.*]], %{{.*}}, %{{.*}} = blockattn.insert_sinks %[[C]], %[[ONES]], %[[P]], %{{.*}} : tensor<1x?x1xf32>, tensor<?x1xf32>
// CHECK: %[[S:.*]] = onnx.Squeeze(%[[R]]
// CHECK: %[[B:.*]] = onnx.Cast(%[[S]]) {to = i1}
// CHECK: blockattn.attention {{.*}} key_mask(%[[B]] : tensor<1x?xi1>)
// CHECK: blockattn.attention {{.*}} key_mask(%[[B]] : tensor<1x?xi1>)
module {
  func.func @block(%w: tensor<1x?xi64> {blockattn.role = "tokens", onnx.name = "input_ids"},
      %m: tensor<1x?xi1> {blockattn.role = "input", onnx.name = "mask"},
      %p: tensor<1x?xi64> {blockattn.role = "positions", onnx.name = "position_ids"},
      %l: !blockattn.layout {blockattn.role = "layout", onnx.name = "layout"})
      -> (tensor<1x?x2x4xf32> {onnx.name = "out"}) attributes {blockattn.program = "block"} {
    %table = onnx.Constant dense<0.5> : tensor<16x8xf32>
    %e = onnx.Gather(%table, %w) {axis = 0 : i64} : (tensor<16x8xf32>, tensor<1x?xi64>) -> tensor<1x?x8xf32>
    %shape = onnx.Constant dense<[1, -1, 2, 4]> : tensor<4xi64>
    %x = onnx.Reshape(%e, %shape) : (tensor<1x?x8xf32>, tensor<4xi64>) -> tensor<1x?x2x4xf32>
    %o = blockattn.attention %x, %x, %x layout(%l) key_mask(%m : tensor<1x?xi1>) {causal, layer = 0 : i64, scale = 0.5 : f32} : tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32> -> tensor<1x?x2x4xf32>
    %o2 = blockattn.attention %o, %o, %o layout(%l) key_mask(%m : tensor<1x?xi1>) {causal, layer = 1 : i64, scale = 0.5 : f32} : tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32> -> tensor<1x?x2x4xf32>
    return %o2 : tensor<1x?x2x4xf32>
  }
}

// -----

// Nothing is done without @block.

// CHECK: func.func @full
// CHECK-NOT: sinks
module {
  func.func @full(%w: tensor<1x?xi64>) -> tensor<1x?xi64> attributes {blockattn.program = "full"} {
    return %w : tensor<1x?xi64>
  }
}

// RUN: blockattn-opt %s --split-input-file --blockattn-insert-sinks="count=2" | FileCheck %s
// RUN: blockattn-opt %s --split-input-file --blockattn-insert-sinks | FileCheck %s --check-prefix=NONE

// The rows of the table go before every block, behind the embedding; positions
// and layout count them wherever they are used, ahead of the embedding, too; the
// results lose them again. The number of rows is that of the table at run time.

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

// Nothing is done without @block.

// CHECK: func.func @full
// CHECK-NOT: sinks
module {
  func.func @full(%w: tensor<1x?xi64>) -> tensor<1x?xi64> attributes {blockattn.program = "full"} {
    return %w : tensor<1x?xi64>
  }
}

// RUN: blockattn-opt %s --split-input-file --blockattn-attend-shared-sinks | FileCheck %s

// Queries see the sinks by a second attention, in which they stand right behind
// them by their place in their block; who sees the sinks anyhow keeps its result.

// CHECK-LABEL: func.func @block(
// CHECK-SAME: %[[X:[^:]*]]: tensor<1x?x8xf32>
// CHECK-SAME: %[[T:[^:]*]]: tensor<?x8xf32>
// CHECK: %[[S:.*]], %[[P:.*]], %[[L:.*]] = blockattn.insert_sinks %[[X]], %[[T]], {{.*}} {shared}
// CHECK: %[[LENGTH:.*]] = tensor.dim %[[P]]
// CHECK: %[[FIRST:.*]] = blockattn.first_key %[[L]], %[[LENGTH]]
// CHECK: %[[N:.*]] = onnx.Shape(%[[T]]) {end = 1 : i64
// CHECK: %[[LESS:.*]] = onnx.Less(%[[FIRST]], %[[N]])
// CHECK: %[[INCLUDED:.*]] = onnx.Unsqueeze(%[[LESS]]
// CHECK: %[[INDEX:.*]] = onnx.Range(
// CHECK: %[[PLACE:.*]] = onnx.Sub(%[[INDEX]], %[[FIRST]])
// CHECK: %[[BEHIND:.*]] = onnx.Add(%[[PLACE]], %[[N]])
// CHECK: %[[PLACES:.*]] = onnx.Unsqueeze(%[[BEHIND]]
// CHECK: %[[H:.*]] = onnx.Reshape(%[[S]]
// CHECK: %[[Q:.*]] = blockattn.rotary %[[H]], %[[P]]
// CHECK: %[[OWN:.*]], %[[OWNLSE:.*]] = blockattn.attention %[[Q]], %[[Q]], %[[H]] layout(%[[L]]) {causal, layer = 0 : i64, scale = 5.000000e-01 : f32, softcap = 3.000000e+01 : f32}
// CHECK: %[[Q2:.*]] = blockattn.rotary %[[H]], %[[PLACES]]
// CHECK: %[[K2:.*]] = onnx.Slice(%[[Q]], %{{.*}}, %[[N]]
// CHECK: %[[V2:.*]] = onnx.Slice(%[[H]], %{{.*}}, %[[N]]
// CHECK: %[[SHARED:.*]], %[[SHAREDLSE:.*]] = blockattn.attention %[[Q2]], %[[K2]], %[[V2]] {scale = 5.000000e-01 : f32, softcap = 3.000000e+01 : f32}
// CHECK: %[[SECOND:.*]] = onnx.Where(%[[INCLUDED]], %{{.*}}, %[[SHAREDLSE]])
// CHECK: onnx.Max(%[[OWNLSE]], %[[SECOND]]
// CHECK: onnx.Mul(%[[OWN]]
// CHECK: onnx.Mul(%[[SHARED]]
// CHECK: %[[SUM:.*]] = onnx.Add
// CHECK: return %[[SUM]]
module attributes {blockattn.kv = {position_independent = true}} {
  func.func @block(%x: tensor<1x?x8xf32>, %t: tensor<?x8xf32>, %p: tensor<1x?xi64>, %l: !blockattn.layout) -> tensor<1x?x2x4xf32> attributes {blockattn.program = "block"} {
    %s, %sp, %sl = blockattn.insert_sinks %x, %t, %p, %l {shared} : tensor<1x?x8xf32>, tensor<?x8xf32>, tensor<1x?xi64> -> tensor<1x?x8xf32>, tensor<1x?xi64>
    %shape = onnx.Constant dense<[1, -1, 2, 4]> : tensor<4xi64>
    %h = onnx.Reshape(%s, %shape) : (tensor<1x?x8xf32>, tensor<4xi64>) -> tensor<1x?x2x4xf32>
    %q = blockattn.rotary %h, %sp <inv_freq = dense<1.0> : tensor<2xf32>> : tensor<1x?x2x4xf32>, tensor<1x?xi64>
    %o = blockattn.attention %q, %q, %h layout(%sl) {causal, layer = 0 : i64, scale = 0.5 : f32, softcap = 30.0 : f32} : tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32> -> tensor<1x?x2x4xf32>
    return %o : tensor<1x?x2x4xf32>
  }
}

// -----

// Blocks that are tied to their place see the sinks from there: the query is as
// it was. In half precision the parts are added in f32. A mask hides no sinks.

// CHECK-LABEL: func.func @block(
// CHECK: %[[Q:.*]] = blockattn.rotary
// CHECK-NOT: blockattn.rotary
// CHECK: blockattn.attention %[[Q]], %{{.*}} layout(%{{.*}}) key_mask(%{{.*}} : tensor<1x?xi1>)
// CHECK: blockattn.attention %[[Q]], %{{[^ ]*}}, %{{[^ ]*}} {scale
// CHECK: onnx.Cast({{.*}}) {to = f32}
// CHECK: onnx.Cast({{.*}}) {to = f16}
module attributes {blockattn.kv = {position_independent = false}} {
  func.func @block(%x: tensor<1x?x8xf16>, %t: tensor<?x8xf16>, %p: tensor<1x?xi64>, %m: tensor<1x?xi1>, %l: !blockattn.layout) -> tensor<1x?x2x4xf16> attributes {blockattn.program = "block"} {
    %s, %sp, %sl = blockattn.insert_sinks %x, %t, %p, %l {shared} : tensor<1x?x8xf16>, tensor<?x8xf16>, tensor<1x?xi64> -> tensor<1x?x8xf16>, tensor<1x?xi64>
    %shape = onnx.Constant dense<[1, -1, 2, 4]> : tensor<4xi64>
    %h = onnx.Reshape(%s, %shape) : (tensor<1x?x8xf16>, tensor<4xi64>) -> tensor<1x?x2x4xf16>
    %q = blockattn.rotary %h, %sp <inv_freq = dense<1.0> : tensor<2xf32>> : tensor<1x?x2x4xf16>, tensor<1x?xi64>
    %o = blockattn.attention %q, %q, %h layout(%sl) key_mask(%m : tensor<1x?xi1>) {causal, layer = 0 : i64, scale = 0.5 : f32} : tensor<1x?x2x4xf16>, tensor<1x?x2x4xf16>, tensor<1x?x2x4xf16> -> tensor<1x?x2x4xf16>
    return %o : tensor<1x?x2x4xf16>
  }
}

// -----

// Sinks before every block are in the layout; so are those of one block.

// CHECK-LABEL: func.func @block(
// CHECK-COUNT-1: blockattn.attention
// CHECK-NOT: blockattn.attention
// CHECK: return
module {
  func.func @block(%x: tensor<1x?x8xf32>, %t: tensor<?x8xf32>, %p: tensor<1x?xi64>, %l: !blockattn.layout) -> tensor<1x?x2x4xf32> attributes {blockattn.program = "block"} {
    %s, %sp, %sl = blockattn.insert_sinks %x, %t, %p, %l : tensor<1x?x8xf32>, tensor<?x8xf32>, tensor<1x?xi64> -> tensor<1x?x8xf32>, tensor<1x?xi64>
    %shape = onnx.Constant dense<[1, -1, 2, 4]> : tensor<4xi64>
    %h = onnx.Reshape(%s, %shape) : (tensor<1x?x8xf32>, tensor<4xi64>) -> tensor<1x?x2x4xf32>
    %o = blockattn.attention %h, %h, %h layout(%sl) {causal, layer = 0 : i64, scale = 0.5 : f32} : tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32> -> tensor<1x?x2x4xf32>
    return %o : tensor<1x?x2x4xf32>
  }
}

// -----

// CHECK-LABEL: func.func @encode(
// CHECK-COUNT-1: blockattn.attention
// CHECK-NOT: blockattn.attention
// CHECK: return
module {
  func.func @encode(%x: tensor<1x?x8xf32>, %t: tensor<?x8xf32>, %p: tensor<1x?xi64>, %l: !blockattn.layout) -> tensor<1x?x2x4xf32> attributes {blockattn.program = "encode"} {
    %s, %sp, %sl = blockattn.insert_sinks %x, %t, %p, %l {shared} : tensor<1x?x8xf32>, tensor<?x8xf32>, tensor<1x?xi64> -> tensor<1x?x8xf32>, tensor<1x?xi64>
    %shape = onnx.Constant dense<[1, -1, 2, 4]> : tensor<4xi64>
    %h = onnx.Reshape(%s, %shape) : (tensor<1x?x8xf32>, tensor<4xi64>) -> tensor<1x?x2x4xf32>
    %o = blockattn.attention %h, %h, %h {causal, layer = 0 : i64, scale = 0.5 : f32} : tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32> -> tensor<1x?x2x4xf32>
    return %o : tensor<1x?x2x4xf32>
  }
}

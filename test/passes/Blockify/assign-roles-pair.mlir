// RUN: blockattn-opt %s --blockattn-assign-roles | FileCheck %s
// RUN: blockattn-opt %s --blockattn-assign-roles --blockattn-derive-block | FileCheck %s --check-prefix=BLOCK

// Keys and values of a layer in one argument, stacked along its first
// dimension. Without a past each passes on its new tokens.
// CHECK: func.func @full(
// CHECK-SAME: blockattn.layer = 0 : i64, blockattn.role = "past_key_value", {{.*}}onnx.name = "past"
// CHECK-SAME: blockattn.layer = 0 : i64, blockattn.role = "present_key_value", onnx.name = "present"
// BLOCK: func.func @block(
// BLOCK-NOT: past_key_value
// BLOCK: %[[K:.*]] = onnx.Transpose({{.*}} -> tensor<?x2x?x4xf32>
// BLOCK: %[[V:.*]] = onnx.Transpose({{.*}} -> tensor<?x2x?x4xf32>
// BLOCK-NOT: onnx.Concat
// BLOCK: onnx.Transpose(%[[K]])
// BLOCK: onnx.Transpose(%[[V]])
// BLOCK: blockattn.attention {{.*}}layout
module attributes {blockattn.attentions = [{node = "a", raised = true, kv_position_independent = true, positions = "none"}]} {
  func.func @main(%ids: tensor<?x?xi64> {onnx.name = "input_ids", onnx.dims = ["batch", "seq"]},
      %past: tensor<2x?x2x?x4xf32> {onnx.name = "past", onnx.dims = ["", "batch", "", "past", ""]})
      -> (tensor<?x?x2x4xf32> {onnx.name = "out"}, tensor<2x?x2x?x4xf32> {onnx.name = "present"}) {
    %table = onnx.Constant dense<0.0> : tensor<16x8xf32>
    %first = onnx.Constant dense<0> : tensor<i64>
    %second = onnx.Constant dense<1> : tensor<i64>
    %axis = onnx.Constant dense<0> : tensor<1xi64>
    %heads = onnx.Constant dense<[0, 0, 2, 4]> : tensor<4xi64>
    %e = onnx.Gather(%table, %ids) {axis = 0 : i64} : (tensor<16x8xf32>, tensor<?x?xi64>) -> tensor<?x?x8xf32>
    %x = onnx.Reshape(%e, %heads) : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<?x?x2x4xf32>
    %pk = onnx.Gather(%past, %first) {axis = 0 : i64} : (tensor<2x?x2x?x4xf32>, tensor<i64>) -> tensor<?x2x?x4xf32>
    %pv = onnx.Gather(%past, %second) {axis = 0 : i64} : (tensor<2x?x2x?x4xf32>, tensor<i64>) -> tensor<?x2x?x4xf32>
    %kt = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x4xf32>) -> tensor<?x2x?x4xf32>
    %nk = onnx.Concat(%pk, %kt) {axis = 2 : i64} : (tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>) -> tensor<?x2x?x4xf32>
    %vt = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x4xf32>) -> tensor<?x2x?x4xf32>
    %nv = onnx.Concat(%pv, %vt) {axis = 2 : i64} : (tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>) -> tensor<?x2x?x4xf32>
    %k = onnx.Transpose(%nk) {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x4xf32>) -> tensor<?x?x2x4xf32>
    %v = onnx.Transpose(%nv) {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x4xf32>) -> tensor<?x?x2x4xf32>
    %o = blockattn.attention %x, %k, %v {causal, scale = 0.5 : f32} : tensor<?x?x2x4xf32>, tensor<?x?x2x4xf32>, tensor<?x?x2x4xf32> -> tensor<?x?x2x4xf32>
    %uk = onnx.Unsqueeze(%nk, %axis) : (tensor<?x2x?x4xf32>, tensor<1xi64>) -> tensor<1x?x2x?x4xf32>
    %uv = onnx.Unsqueeze(%nv, %axis) : (tensor<?x2x?x4xf32>, tensor<1xi64>) -> tensor<1x?x2x?x4xf32>
    %present = onnx.Concat(%uk, %uv) {axis = 0 : i64} : (tensor<1x?x2x?x4xf32>, tensor<1x?x2x?x4xf32>) -> tensor<2x?x2x?x4xf32>
    return %o, %present : tensor<?x?x2x4xf32>, tensor<2x?x2x?x4xf32>
  }
}

// RUN: blockattn-opt %s --blockattn-assign-roles | FileCheck %s

// Past arguments are found by where they flow, the others by name.
// CHECK: module attributes {{.*}}blockattn.kv = {head_size = 4 : i64, kv_heads = 2 : i64, layers = 1 : i64, position_independent = false}
// CHECK: func.func @full(%{{[^:]*}}: tensor<?x?x2x4xf32> {blockattn.role = "input", onnx.name = "hidden"},
// CHECK-SAME: blockattn.role = "positions", onnx.name = "where"
// CHECK-SAME: blockattn.layer = 0 : i64, blockattn.role = "past_key", onnx.name = "p0"
// CHECK-SAME: blockattn.layer = 0 : i64, blockattn.role = "past_value", onnx.name = "p1"
// CHECK-SAME: blockattn.role = "tokens", onnx.name = "words"
// CHECK-SAME: -> (tensor<?x?x2x4xf32> {blockattn.role = "output", onnx.name = "out"},
// CHECK-SAME: blockattn.layer = 0 : i64, blockattn.role = "present_key", onnx.name = "n0"
// CHECK-SAME: attributes {blockattn.program = "full"}
// CHECK: blockattn.attention {{.*}}layer = 0
module attributes {blockattn.attentions = [{node = "a", raised = true, kv_position_independent = false}]} {
  func.func @main(%x: tensor<?x?x2x4xf32> {onnx.name = "hidden"}, %p: tensor<?x?xi64> {onnx.name = "where"},
      %pk: tensor<?x2x?x4xf32> {onnx.name = "p0"}, %pv: tensor<?x2x?x4xf32> {onnx.name = "p1"},
      %w: tensor<?x?xi64> {onnx.name = "words"})
      -> (tensor<?x?x2x4xf32> {onnx.name = "out"}, tensor<?x2x?x4xf32> {onnx.name = "n0"}, tensor<?x?x8xf32> {onnx.name = "e"}) {
    %table = onnx.Constant dense<0.0> : tensor<16x8xf32>
    %e = onnx.Gather(%table, %w) {axis = 0 : i64} : (tensor<16x8xf32>, tensor<?x?xi64>) -> tensor<?x?x8xf32>
    %r = blockattn.rotary %x, %p <inv_freq = dense<1.0> : tensor<2xf32>> : tensor<?x?x2x4xf32>, tensor<?x?xi64>
    %kt = onnx.Transpose(%r) {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x4xf32>) -> tensor<?x2x?x4xf32>
    %nk = onnx.Concat(%pk, %kt) {axis = 2 : i64} : (tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>) -> tensor<?x2x?x4xf32>
    %vt = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x4xf32>) -> tensor<?x2x?x4xf32>
    %nv = onnx.Concat(%pv, %vt) {axis = 2 : i64} : (tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>) -> tensor<?x2x?x4xf32>
    %k = onnx.Transpose(%nk) {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x4xf32>) -> tensor<?x?x2x4xf32>
    %v = onnx.Transpose(%nv) {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x4xf32>) -> tensor<?x?x2x4xf32>
    %o = blockattn.attention %r, %k, %v {causal, scale = 0.5 : f32} : tensor<?x?x2x4xf32>, tensor<?x?x2x4xf32>, tensor<?x?x2x4xf32> -> tensor<?x?x2x4xf32>
    return %o, %nk, %e : tensor<?x?x2x4xf32>, tensor<?x2x?x4xf32>, tensor<?x?x8xf32>
  }
}

// RUN: blockattn-opt %s --blockattn-blockify | FileCheck %s
// RUN: blockattn-opt %s --blockattn-blockify="sinks=4" | FileCheck %s --check-prefix=SINKS

// A decoder with KV inputs gives the programs of one without.

// CHECK-LABEL: func.func @full(
// CHECK-SAME: "past_key"
// CHECK: onnx.Concat
// CHECK: blockattn.attention
// CHECK-NOT: layout(

// CHECK-LABEL: func.func @block(
// CHECK-SAME: %{{[^:]*}}: tensor<1x?xi64> {blockattn.role = "tokens", onnx.dims = ["", "seq"], onnx.name = "input_ids"}
// CHECK-NOT: past
// CHECK-SAME: %[[L:[^:]*]]: !blockattn.layout {blockattn.role = "layout", onnx.name = "layout"}
// CHECK-NOT: onnx.Concat
// CHECK: %[[R:.*]] = blockattn.rotary
// CHECK: blockattn.attention %{{.*}}, %[[R]], %{{.*}} layout(%[[L]]) {causal, layer = 0

// CHECK-LABEL: func.func @encode(
// CHECK-NOT: layout
// CHECK-SAME: -> (tensor<1x?x2x4xf32> {blockattn.layer = 0 : i64, blockattn.role = "kv_key", onnx.name = "kv.0.key"}
// CHECK-SAME: "kv.0.value"
// CHECK-NOT: blockattn.attention

// CHECK-LABEL: func.func @extend(
// CHECK-SAME: %[[C:[^:]*]]: !blockattn.kv {blockattn.role = "kv", onnx.name = "kv"}
// CHECK-SAME: onnx.name = "out"
// CHECK-NOT: "present_key"
// CHECK-SAME: onnx.name = "kv.0.key"
// CHECK: blockattn.attention {{.*}} cache(%[[C]]) {causal, layer = 0 : i64, query_rotary = #blockattn.rope<inv_freq = dense<1.000000e+00> : tensor<2xf32>>

// SINKS-LABEL: func.func @full(
// SINKS-NOT: sinks
// SINKS-LABEL: func.func @block(
// SINKS-SAME: %[[T:[^:]*]]: tensor<?x8xf32> {blockattn.role = "sinks", onnx.name = "sinks"}
// SINKS: %{{.*}}, %[[P:.*]], %[[L:.*]] = blockattn.insert_sinks %{{.*}}, %[[T]]
// SINKS: blockattn.rotary %{{.*}}, %[[P]]
// SINKS: layout(%[[L]])
// SINKS: blockattn.drop_sinks
// SINKS-LABEL: func.func @extend(
// SINKS: blockattn.layout
// SINKS: blockattn.insert_sinks
module {
  func.func @main(%w: tensor<?x?xi64> {onnx.name = "input_ids", onnx.dims = ["batch", "seq"]},
      %p: tensor<?x?xi64> {onnx.name = "position_ids", onnx.dims = ["batch", "seq"]},
      %pk: tensor<?x2x?x4xf32> {onnx.name = "p0", onnx.dims = ["batch", "", "past", ""]},
      %pv: tensor<?x2x?x4xf32> {onnx.name = "p1", onnx.dims = ["batch", "", "past", ""]})
      -> (tensor<?x?x2x4xf32> {onnx.name = "out"}, tensor<?x2x?x4xf32> {onnx.name = "n0"}, tensor<?x2x?x4xf32> {onnx.name = "n1"}) {
    %table = onnx.Constant dense<0.5> : tensor<16x8xf32>
    %e = onnx.Gather(%table, %w) {axis = 0 : i64} : (tensor<16x8xf32>, tensor<?x?xi64>) -> tensor<?x?x8xf32>
    %shape = onnx.Constant dense<[0, 0, 2, 4]> : tensor<4xi64>
    %x = onnx.Reshape(%e, %shape) : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<?x?x2x4xf32>
    %r = blockattn.rotary %x, %p <inv_freq = dense<1.0> : tensor<2xf32>> : tensor<?x?x2x4xf32>, tensor<?x?xi64>
    %kt = onnx.Transpose(%r) {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x4xf32>) -> tensor<?x2x?x4xf32>
    %nk = onnx.Concat(%pk, %kt) {axis = 2 : i64} : (tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>) -> tensor<?x2x?x4xf32>
    %vt = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x4xf32>) -> tensor<?x2x?x4xf32>
    %nv = onnx.Concat(%pv, %vt) {axis = 2 : i64} : (tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>) -> tensor<?x2x?x4xf32>
    %k = onnx.Transpose(%nk) {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x4xf32>) -> tensor<?x?x2x4xf32>
    %v = onnx.Transpose(%nv) {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x4xf32>) -> tensor<?x?x2x4xf32>
    %o = blockattn.attention %r, %k, %v {causal, scale = 0.5 : f32} : tensor<?x?x2x4xf32>, tensor<?x?x2x4xf32>, tensor<?x?x2x4xf32> -> tensor<?x?x2x4xf32>
    return %o, %nk, %nv : tensor<?x?x2x4xf32>, tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>
  }
}

// RUN: blockattn-opt %s --blockattn-normalize --blockattn-raise -split-input-file | FileCheck %s

// What ONNX Runtime's attentions become, by way of their standard forms.

// The mask is made of the lengths of the rows, which are counted in a mask.
// CHECK: blockattn.attentions = [{{{.*}}kv_heads = 4 : i64, {{.*}}mask = "padding"{{.*}}raised = true
// CHECK-LABEL: func.func @main
// CHECK: %[[B:.*]] = onnx.Cast(%arg1) {to = i1}
// CHECK: %[[I:.*]] = onnx.Cast(%[[B]]) {to = i64}
// CHECK: %[[N:.*]] = onnx.ReduceSum(%[[I]]
// CHECK: %[[P:.*]] = onnx.Range
// CHECK: %[[M:.*]] = onnx.Less(%[[P]], %[[N]]) : (tensor<?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
// CHECK: blockattn.attention {{.*}} key_mask(%[[M]] : tensor<?x?xi1>) {scale =
func.func @main(%ids: tensor<?x?xi32> {onnx.dims = ["batch", "seq"], onnx.name = "input_ids"},
    %mask: tensor<?x?xi32> {onnx.dims = ["batch", "seq"], onnx.name = "attention_mask"}) -> tensor<?x?x32xf32> {
  %table = onnx.Constant dense<0.5> : tensor<512x32xf32>
  %g = onnx.Constant dense<0.25> : tensor<32xf32>
  %w = onnx.Constant dense<0.125> : tensor<32x96xf32>
  %0:2 = onnx.ms.EmbedLayerNormalization(%ids, _, %table, %table, _, %g, %g, %mask)
    : (tensor<?x?xi32>, tensor<512x32xf32>, tensor<512x32xf32>, tensor<32xf32>, tensor<32xf32>, tensor<?x?xi32>)
    -> (tensor<?x?x32xf32>, tensor<?xi32>)
  %1 = onnx.ms.Attention(%0#0, %w, _, %0#1) {num_heads = 4}
    : (tensor<?x?x32xf32>, tensor<32x96xf32>, tensor<?xi32>) -> tensor<?x?x32xf32>
  return %1 : tensor<?x?x32xf32>
}

// -----

// Heads split from one tensor, rotated behind the past, a window of four keys;
// the rows' lengths are counted in a mask.
// CHECK: blockattn.attentions = [{{{.*}}kv_heads = 2 : i64, kv_position_independent = true, mask = "window+padding", {{.*}}positions = "rotary", raised = true, {{.*}}softcap = 5.000000e+01 : f32, window = 4 : i64}
// CHECK-LABEL: func.func @main
// CHECK-DAG: blockattn.rotary {{.*}}tensor<?x?x4x16xf32>
// CHECK-DAG: blockattn.rotary {{.*}}tensor<?x?x2x16xf32>
// CHECK: %[[PAST:.*]] = onnx.GreaterOrEqual(
// CHECK: %[[M:.*]] = onnx.Concat(%[[PAST]], %{{.*}}) {axis = 1 : i64}
// CHECK: blockattn.attention {{.*}} key_mask(%[[M]] : tensor<?x?xi1>) {causal, scale = 2.500000e-01 : f32, softcap = 5.000000e+01 : f32, window = 4 : i64}
func.func @main(%x: tensor<?x?x128xf32> {onnx.dims = ["batch", "seq", ""]},
    %pk: tensor<?x2x?x16xf32> {onnx.dims = ["batch", "", "past", ""]},
    %pv: tensor<?x2x?x16xf32> {onnx.dims = ["batch", "", "past", ""]},
    %mask: tensor<?x?xi64> {onnx.dims = ["batch", "total"], onnx.name = "attention_mask"})
    -> (tensor<?x?x64xf32>, tensor<?x2x?x16xf32>, tensor<?x2x?x16xf32>) {
  %axis = onnx.Constant dense<1> : tensor<1xi64>
  %sum = onnx.ReduceSum(%mask, %axis) {keepdims = 0 : i64} : (tensor<?x?xi64>, tensor<1xi64>) -> tensor<?xi64>
  %less = onnx.Sub(%sum, %axis) : (tensor<?xi64>, tensor<1xi64>) -> tensor<?xi64>
  %n = onnx.Cast(%less) {to = i32} : (tensor<?xi64>) -> tensor<?xi32>
  %dim = onnx.Shape(%mask) {start = 1 : i64, end = 2 : i64} : (tensor<?x?xi64>) -> tensor<1xi64>
  %t = onnx.Cast(%dim) {to = i32} : (tensor<1xi64>) -> tensor<1xi32>
  %zero = onnx.Constant dense<0.0> : tensor<f32>
  %one = onnx.Constant dense<1.0> : tensor<f32>
  %limit = onnx.Constant dense<512.0> : tensor<f32>
  %places = onnx.Range(%zero, %limit, %one) : (tensor<f32>, tensor<f32>, tensor<f32>) -> tensor<512xf32>
  %column = onnx.Constant dense<1> : tensor<1xi64>
  %angles = onnx.Unsqueeze(%places, %column) : (tensor<512xf32>, tensor<1xi64>) -> tensor<512x1xf32>
  %speeds = onnx.Constant dense<[1.0, 0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625, 0.0078125]> : tensor<8xf32>
  %product = onnx.Mul(%angles, %speeds) : (tensor<512x1xf32>, tensor<8xf32>) -> tensor<512x8xf32>
  %cos = onnx.Cos(%product) : (tensor<512x8xf32>) -> tensor<512x8xf32>
  %sin = onnx.Sin(%product) : (tensor<512x8xf32>) -> tensor<512x8xf32>
  %0:3 = onnx.ms.GroupQueryAttention(%x, _, _, %pk, %pv, %n, %t, %cos, %sin)
    {do_rotary = 1, kv_num_heads = 2, local_window_size = 4, num_heads = 4, softcap = 50.0 : f32}
    : (tensor<?x?x128xf32>, tensor<?x2x?x16xf32>, tensor<?x2x?x16xf32>, tensor<?xi32>, tensor<1xi32>, tensor<512x8xf32>, tensor<512x8xf32>)
    -> (tensor<?x?x64xf32>, tensor<?x2x?x16xf32>, tensor<?x2x?x16xf32>)
  return %0#0, %0#1, %0#2 : tensor<?x?x64xf32>, tensor<?x2x?x16xf32>, tensor<?x2x?x16xf32>
}

// -----

// A bias that the caller gives stays a bias: the attention is left as it is.
// CHECK: blockattn.attentions = [{{{.*}}raised = false, reasons = ["its mask comes from the input 'bias', whose values are known at run time only"]
// CHECK-LABEL: func.func @main
// CHECK: onnx.Softmax
// CHECK-NOT: blockattn.attention
func.func @main(%x: tensor<?x?x64xf32> {onnx.dims = ["batch", "seq", ""], onnx.name = "x"},
    %b: tensor<?x4x?x?xf32> {onnx.dims = ["batch", "", "seq", "seq"], onnx.name = "bias"}) -> tensor<?x?x64xf32> {
  %0 = onnx.ms.MultiHeadAttention(%x, %x, %x, _, _, %b) {num_heads = 4}
    : (tensor<?x?x64xf32>, tensor<?x?x64xf32>, tensor<?x?x64xf32>, tensor<?x4x?x?xf32>) -> tensor<?x?x64xf32>
  return %0 : tensor<?x?x64xf32>
}

// -----

// Of lengths that the caller gives nothing is known.
// CHECK: blockattn.attentions = [{{{.*}}raised = false, reasons = ["its mask comes from the input '{{seqlens_k|total}}', whose values are known at run time only"]
func.func @main(%x: tensor<?x?x128xf32> {onnx.dims = ["batch", "seq", ""], onnx.name = "x"},
    %pk: tensor<?x2x?x16xf32> {onnx.dims = ["batch", "", "past", ""]},
    %pv: tensor<?x2x?x16xf32> {onnx.dims = ["batch", "", "past", ""]},
    %n: tensor<?xi32> {onnx.name = "seqlens_k"}, %t: tensor<i32> {onnx.name = "total"}) -> tensor<?x?x64xf32> {
  %0 = onnx.ms.GroupQueryAttention(%x, _, _, %pk, %pv, %n, %t) {kv_num_heads = 2, num_heads = 4}
    : (tensor<?x?x128xf32>, tensor<?x2x?x16xf32>, tensor<?x2x?x16xf32>, tensor<?xi32>, tensor<i32>) -> tensor<?x?x64xf32>
  return %0 : tensor<?x?x64xf32>
}

// -----

// A score of no key, and no past: nothing is masked but what comes later.
// CHECK: blockattn.attentions = [{{{.*}}mask = "causal", {{.*}}raised = true
// CHECK: %{{.*}}, %[[L:.*]] = blockattn.attention {{.*}} {causal,
// CHECK: onnx.Sub(%[[L]],
// CHECK: onnx.Sigmoid
func.func @main(%x: tensor<?x?x128xf32> {onnx.dims = ["batch", "seq", ""], onnx.name = "x"},
    %n: tensor<?xi32> {onnx.name = "seqlens_k"}, %t: tensor<i32> {onnx.name = "total"}) -> tensor<?x?x64xf32> {
  %h = onnx.Constant dense<[0.5, -1.0, 0.0, 2.0]> : tensor<4xf32>
  %0 = onnx.ms.GroupQueryAttention(%x, _, _, _, _, %n, %t, _, _, _, _, %h) {kv_num_heads = 2, num_heads = 4}
    : (tensor<?x?x128xf32>, tensor<?xi32>, tensor<i32>, tensor<4xf32>) -> tensor<?x?x64xf32>
  return %0 : tensor<?x?x64xf32>
}

// RUN: blockattn-opt %s --blockattn-assign-roles --blockattn-derive-block -split-input-file | FileCheck %s

// What is moved and stays by itself brings nothing together: the last token's
// row, all rows, halves of the features, and what is computed of them.
// CHECK-LABEL: func.func @block
// CHECK: blockattn.attention
func.func @main(%w: tensor<1x?xi64> {onnx.name = "input_ids"}, %x: tensor<1x?x2x4xf32> {onnx.name = "x"}) -> (tensor<1x2x4xf32>, tensor<1x?x2x4xf32>) {
  %c0 = onnx.Constant dense<0> : tensor<1xi64>
  %c1 = onnx.Constant dense<1> : tensor<1xi64>
  %c2 = onnx.Constant dense<2> : tensor<1xi64>
  %c3 = onnx.Constant dense<3> : tensor<1xi64>
  %c4 = onnx.Constant dense<4> : tensor<1xi64>
  %end = onnx.Constant dense<9223372036854775807> : tensor<1xi64>
  %last = onnx.Constant dense<-1> : tensor<i64>
  %all = onnx.Slice(%x, %c0, %end, %c1) : (tensor<1x?x2x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x?x2x4xf32>
  %a = onnx.Slice(%all, %c0, %c2, %c3) : (tensor<1x?x2x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x?x2x2xf32>
  %b = onnx.Slice(%x, %c2, %c4, %c3) : (tensor<1x?x2x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x?x2x2xf32>
  %turned = onnx.Concat(%b, %a) {axis = 3 : i64} : (tensor<1x?x2x2xf32>, tensor<1x?x2x2xf32>) -> tensor<1x?x2x4xf32>
  %y = onnx.Add(%x, %turned) : (tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>) -> tensor<1x?x2x4xf32>
  %o = blockattn.attention %y, %y, %y {causal, scale = 0.5 : f32} : tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32> -> tensor<1x?x2x4xf32>
  %row = onnx.Gather(%o, %last) {axis = 1 : i64} : (tensor<1x?x2x4xf32>, tensor<i64>) -> tensor<1x2x4xf32>
  %square = onnx.Mul(%row, %row) : (tensor<1x2x4xf32>, tensor<1x2x4xf32>) -> tensor<1x2x4xf32>
  %sum = onnx.Add(%square, %row) : (tensor<1x2x4xf32>, tensor<1x2x4xf32>) -> tensor<1x2x4xf32>
  return %sum, %o : tensor<1x2x4xf32>, tensor<1x?x2x4xf32>
}

// -----

// Heads are normed in rows of their own, and become those of a token again.
// CHECK-LABEL: func.func @block
// CHECK: blockattn.attention
func.func @main(%w: tensor<?x?xi64> {onnx.name = "input_ids"}, %x: tensor<?x?x8xf32> {onnx.name = "x"}) -> tensor<?x?x2x4xf32> {
  %rows = onnx.Constant dense<[0, -1, 4]> : tensor<3xi64>
  %heads = onnx.Constant dense<[0, -1, 2, 4]> : tensor<4xi64>
  %gain = onnx.Constant dense<0.5> : tensor<4xf32>
  %a = onnx.Reshape(%x, %rows) : (tensor<?x?x8xf32>, tensor<3xi64>) -> tensor<?x?x4xf32>
  %b = onnx.RMSNormalization(%a, %gain) : (tensor<?x?x4xf32>, tensor<4xf32>) -> tensor<?x?x4xf32>
  %y = onnx.Reshape(%b, %heads) : (tensor<?x?x4xf32>, tensor<4xi64>) -> tensor<?x?x2x4xf32>
  %o = blockattn.attention %y, %y, %y {causal, scale = 0.5 : f32} : tensor<?x?x2x4xf32>, tensor<?x?x2x4xf32>, tensor<?x?x2x4xf32> -> tensor<?x?x2x4xf32>
  return %o : tensor<?x?x2x4xf32>
}

// -----

// Tokens after past ones are where they were, also where heads are repeated in
// front of them; tokens along the last dimension, and rows of a batch that are
// joined, come back.
// CHECK-LABEL: func.func @block
// CHECK: blockattn.attention
func.func @main(%w: tensor<?x?xi64> {onnx.name = "input_ids", onnx.dims = ["batch", "n"]},
    %pk: tensor<?x2x?x4xf32> {onnx.name = "past_key_values.0.key", onnx.dims = ["batch", "", "past", ""]},
    %pv: tensor<?x2x?x4xf32> {onnx.name = "past_key_values.0.value", onnx.dims = ["batch", "", "past", ""]}) -> tensor<?x?x4x4xf32> {
  %table = onnx.Constant dense<0.5> : tensor<16x8xf32>
  %wide = onnx.Constant dense<0.5> : tensor<8x16xf32>
  %c1 = onnx.Constant dense<1> : tensor<1xi64>
  %c2 = onnx.Constant dense<2> : tensor<1xi64>
  %rows = onnx.Constant dense<[-1, 8]> : tensor<2xi64>
  %heads = onnx.Constant dense<[0, 0, 2, 4]> : tensor<4xi64>
  %queries = onnx.Constant dense<[0, 0, 4, 4]> : tensor<4xi64>
  %repeat = onnx.Constant dense<[1, 1, 2, 1, 1]> : tensor<5xi64>
  %merge = onnx.Constant dense<[0, 4, -1, 4]> : tensor<4xi64>
  %e = onnx.Gather(%table, %w) {axis = 0 : i64} : (tensor<16x8xf32>, tensor<?x?xi64>) -> tensor<?x?x8xf32>
  %t = onnx.Transpose(%e) {perm = array<i64: 0, 2, 1>} : (tensor<?x?x8xf32>) -> tensor<?x8x?xf32>
  %m = onnx.ReduceMean(%t, %c1) : (tensor<?x8x?xf32>, tensor<1xi64>) -> tensor<?x1x?xf32>
  %d = onnx.Sub(%t, %m) : (tensor<?x8x?xf32>, tensor<?x1x?xf32>) -> tensor<?x8x?xf32>
  %u = onnx.Transpose(%d) {perm = array<i64: 0, 2, 1>} : (tensor<?x8x?xf32>) -> tensor<?x?x8xf32>
  %f = onnx.Reshape(%u, %rows) : (tensor<?x?x8xf32>, tensor<2xi64>) -> tensor<?x8xf32>
  %g = onnx.Softmax(%f) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %shape = onnx.Shape(%e) : (tensor<?x?x8xf32>) -> tensor<3xi64>
  %h = onnx.Reshape(%g, %shape) : (tensor<?x8xf32>, tensor<3xi64>) -> tensor<?x?x8xf32>
  %x = onnx.Add(%e, %h) : (tensor<?x?x8xf32>, tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  %n = onnx.Reshape(%x, %heads) : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<?x?x2x4xf32>
  %kt = onnx.Transpose(%n) {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x4xf32>) -> tensor<?x2x?x4xf32>
  %k0 = onnx.Concat(%pk, %kt) {axis = 2 : i64} : (tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>) -> tensor<?x2x?x4xf32>
  %v0 = onnx.Concat(%pv, %kt) {axis = 2 : i64} : (tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>) -> tensor<?x2x?x4xf32>
  %k1 = onnx.Unsqueeze(%k0, %c2) : (tensor<?x2x?x4xf32>, tensor<1xi64>) -> tensor<?x2x1x?x4xf32>
  %k2 = onnx.Expand(%k1, %repeat) : (tensor<?x2x1x?x4xf32>, tensor<5xi64>) -> tensor<?x2x2x?x4xf32>
  %k3 = onnx.Reshape(%k2, %merge) : (tensor<?x2x2x?x4xf32>, tensor<4xi64>) -> tensor<?x4x?x4xf32>
  %k = onnx.Transpose(%k3) {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x4x?x4xf32>) -> tensor<?x?x4x4xf32>
  %v = onnx.Transpose(%v0) {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x4xf32>) -> tensor<?x?x2x4xf32>
  %y = onnx.MatMul(%x, %wide) : (tensor<?x?x8xf32>, tensor<8x16xf32>) -> tensor<?x?x16xf32>
  %q = onnx.Reshape(%y, %queries) : (tensor<?x?x16xf32>, tensor<4xi64>) -> tensor<?x?x4x4xf32>
  %o = blockattn.attention %q, %k, %k {causal, scale = 0.5 : f32} : tensor<?x?x4x4xf32>, tensor<?x?x4x4xf32>, tensor<?x?x4x4xf32> -> tensor<?x?x4x4xf32>
  %p = blockattn.attention %o, %v, %v {causal, scale = 0.5 : f32} : tensor<?x?x4x4xf32>, tensor<?x?x2x4xf32>, tensor<?x?x2x4xf32> -> tensor<?x?x4x4xf32>
  return %p : tensor<?x?x4x4xf32>
}

// -----

// Positions are known by what they turn, whatever the name of their input.
// CHECK-LABEL: func.func @block
// CHECK: blockattn.rotary
// CHECK: blockattn.attention
func.func @main(%w: tensor<?x?xi64> {onnx.dims = ["b", "n"], onnx.name = "tokens"}, %p: tensor<?x?xi64> {onnx.dims = ["b", "n"], onnx.name = "pos"}) -> tensor<?x?x2x4xf32> {
  %heads = onnx.Constant dense<[0, 0, 2, 4]> : tensor<4xi64>
  %table = onnx.Constant dense<0.5> : tensor<16x8xf32>
  %e = onnx.Gather(%table, %w) {axis = 0 : i64} : (tensor<16x8xf32>, tensor<?x?xi64>) -> tensor<?x?x8xf32>
  %x = onnx.Reshape(%e, %heads) : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<?x?x2x4xf32>
  %y = blockattn.rotary %x, %p <inv_freq = dense<[1.0, 0.1]> : tensor<2xf32>> : tensor<?x?x2x4xf32>, tensor<?x?xi64>
  %o = blockattn.attention %y, %y, %x {causal, scale = 0.5 : f32} : tensor<?x?x2x4xf32>, tensor<?x?x2x4xf32>, tensor<?x?x2x4xf32> -> tensor<?x?x2x4xf32>
  return %o : tensor<?x?x2x4xf32>
}

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

// Products whose rows are not two dimensions that stay what they are.
// RUN: blockattn-opt %s --pass-pipeline='builtin.module(func.func(blockattn-group-heads))' | FileCheck %s
// CHECK-NOT: onnx.Unsqueeze

// The rows come out as other dimensions than they went in.
// CHECK-LABEL: func @exchanged
func.func @exchanged(%q: tensor<1x2x3x5x8xf32>, %kt: tensor<1x2x8x7xf32>) -> tensor<1x2x5x3x7xf32> {
  %joined = onnx.Constant dense<[1, 2, 15, 8]> : tensor<4xi64>
  %apart = onnx.Constant dense<[1, 2, 5, 3, 7]> : tensor<5xi64>
  %q4 = onnx.Reshape(%q, %joined) : (tensor<1x2x3x5x8xf32>, tensor<4xi64>) -> tensor<1x2x15x8xf32>
  %s4 = onnx.MatMul(%q4, %kt) : (tensor<1x2x15x8xf32>, tensor<1x2x8x7xf32>) -> tensor<1x2x15x7xf32>
  %s5 = onnx.Reshape(%s4, %apart) : (tensor<1x2x15x7xf32>, tensor<5xi64>) -> tensor<1x2x5x3x7xf32>
  return %s5 : tensor<1x2x5x3x7xf32>
}

// Two lengths that may differ.
// CHECK-LABEL: func @other_length
func.func @other_length(%q: tensor<1x2x3x?x8xf32> {onnx.dims = ["", "", "", "n", ""]}, %kt: tensor<1x2x8x7xf32>, %rows: tensor<5xi64>) -> tensor<1x2x3x?x7xf32> {
  %joined = onnx.Constant dense<[1, 2, -1, 8]> : tensor<4xi64>
  %q4 = onnx.Reshape(%q, %joined) : (tensor<1x2x3x?x8xf32>, tensor<4xi64>) -> tensor<1x2x?x8xf32>
  %s4 = onnx.MatMul(%q4, %kt) : (tensor<1x2x?x8xf32>, tensor<1x2x8x7xf32>) -> tensor<1x2x?x7xf32>
  %s5 = onnx.Reshape(%s4, %rows) : (tensor<1x2x?x7xf32>, tensor<5xi64>) -> tensor<1x2x3x?x7xf32>
  return %s5 : tensor<1x2x3x?x7xf32>
}

// The product is needed as it is.
// CHECK-LABEL: func @seen
func.func @seen(%q: tensor<1x2x3x5x8xf32>, %kt: tensor<1x2x8x7xf32>) -> (tensor<1x2x3x5x7xf32>, tensor<1x2x15x7xf32>) {
  %joined = onnx.Constant dense<[1, 2, 15, 8]> : tensor<4xi64>
  %apart = onnx.Constant dense<[1, 2, 3, 5, 7]> : tensor<5xi64>
  %q4 = onnx.Reshape(%q, %joined) : (tensor<1x2x3x5x8xf32>, tensor<4xi64>) -> tensor<1x2x15x8xf32>
  %s4 = onnx.MatMul(%q4, %kt) : (tensor<1x2x15x8xf32>, tensor<1x2x8x7xf32>) -> tensor<1x2x15x7xf32>
  %s5 = onnx.Reshape(%s4, %apart) : (tensor<1x2x15x7xf32>, tensor<5xi64>) -> tensor<1x2x3x5x7xf32>
  return %s5, %s4 : tensor<1x2x3x5x7xf32>, tensor<1x2x15x7xf32>
}

// What makes weights of a product of queries and keys otherwise than attention
// does is reported; what only looks like it is not.
// RUN: blockattn-opt %s --blockattn-raise-attention --remark-format=emitRemark --remarks-filter-missed=raise --remark-policy=all 2>&1 | FileCheck %s --implicit-check-not="attention '"

// CHECK-DAG: attention 'sigmoid': its scores become weights by the op 'Sigmoid', which is not seen to be a softmax
// CHECK-DAG: attention 'more_in_sum': its scores become weights by the op 'Exp', which is not seen to be a softmax
// CHECK-DAG: attention 'over_queries': its softmax is over dimension -2 of the scores, not over the last, the keys of a query
// CHECK-DAG: attention 'traced': its keys are always of 14 tokens, however many the model is given

// CHECK-LABEL: func @sigmoid
func.func @sigmoid(%q: tensor<1x4x?x8xf32> {onnx.dims = ["", "", "seq", ""]}, %kt: tensor<1x4x8x?xf32> {onnx.dims = ["", "", "", "seq"]}, %v: tensor<1x4x?x8xf32> {onnx.dims = ["", "", "seq", ""]}) -> tensor<1x4x?x8xf32> {
  %s = onnx.MatMul(%q, %kt) : (tensor<1x4x?x8xf32>, tensor<1x4x8x?xf32>) -> tensor<1x4x?x?xf32>
  %p = onnx.Sigmoid(%s) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("sigmoid")
  %y = onnx.MatMul(%p, %v) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  return %y : tensor<1x4x?x8xf32>
}

// One more than the exponentials is in the sum.
func.func @more_in_sum(%q: tensor<1x4x?x8xf32> {onnx.dims = ["", "", "seq", ""]}, %kt: tensor<1x4x8x?xf32> {onnx.dims = ["", "", "", "seq"]}, %v: tensor<1x4x?x8xf32> {onnx.dims = ["", "", "seq", ""]}) -> tensor<1x4x?x8xf32> {
  %s = onnx.MatMul(%q, %kt) : (tensor<1x4x?x8xf32>, tensor<1x4x8x?xf32>) -> tensor<1x4x?x?xf32>
  %one = onnx.Constant dense<1.0> : tensor<f32>
  %axes = onnx.Constant dense<-1> : tensor<1xi64>
  %e = onnx.Exp(%s) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("more_in_sum")
  %r = onnx.ReduceSum(%e, %axes) {keepdims = 1 : i64} : (tensor<1x4x?x?xf32>, tensor<1xi64>) -> tensor<1x4x?x1xf32>
  %m = onnx.Add(%r, %one) : (tensor<1x4x?x1xf32>, tensor<f32>) -> tensor<1x4x?x1xf32>
  %p = onnx.Div(%e, %m) : (tensor<1x4x?x?xf32>, tensor<1x4x?x1xf32>) -> tensor<1x4x?x?xf32>
  %y = onnx.MatMul(%p, %v) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  return %y : tensor<1x4x?x8xf32>
}

// The queries of a key share its weight.
func.func @over_queries(%q: tensor<1x4x?x8xf32> {onnx.dims = ["", "", "seq", ""]}, %kt: tensor<1x4x8x?xf32> {onnx.dims = ["", "", "", "seq"]}, %v: tensor<1x4x?x8xf32> {onnx.dims = ["", "", "seq", ""]}) -> tensor<1x4x?x8xf32> {
  %s = onnx.MatMul(%q, %kt) : (tensor<1x4x?x8xf32>, tensor<1x4x8x?xf32>) -> tensor<1x4x?x?xf32>
  %p = onnx.Softmax(%s) {axis = -2 : i64} : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("over_queries")
  %y = onnx.MatMul(%p, %v) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  return %y : tensor<1x4x?x8xf32>
}

// A tracer took the number of its tokens for a constant.
func.func @traced(%q: tensor<1x4x?x8xf32> {onnx.dims = ["", "", "seq", ""]}, %kt: tensor<1x4x8x14xf32> {onnx.dims = ["", "", "", ""]}, %v: tensor<1x4x14x8xf32> {onnx.dims = ["", "", "", ""]}) -> tensor<1x4x?x8xf32> {
  %s = onnx.MatMul(%q, %kt) : (tensor<1x4x?x8xf32>, tensor<1x4x8x14xf32>) -> tensor<1x4x?x14xf32>
  %p = onnx.Softmax(%s) {axis = -1 : i64} : (tensor<1x4x?x14xf32>) -> tensor<1x4x?x14xf32> loc("traced")
  %y = onnx.MatMul(%p, %v) : (tensor<1x4x?x14xf32>, tensor<1x4x14x8xf32>) -> tensor<1x4x?x8xf32>
  return %y : tensor<1x4x?x8xf32>
}

// A gate on what attention without weights makes: its elements are of one token.
func.func @gate(%q: tensor<1x4x?x8xf32> {onnx.dims = ["", "", "seq", ""]}, %kt: tensor<1x4x8x?xf32> {onnx.dims = ["", "", "", "seq"]}, %v: tensor<1x4x?x8xf32> {onnx.dims = ["", "", "seq", ""]}) -> tensor<1x4x?x?xf32> {
  %s = onnx.MatMul(%q, %kt) : (tensor<1x4x?x8xf32>, tensor<1x4x8x?xf32>) -> tensor<1x4x?x?xf32>
  %x = onnx.MatMul(%s, %v) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  %g = onnx.Sigmoid(%x) : (tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32> loc("gate")
  %y = onnx.MatMul(%g, %kt) : (tensor<1x4x?x8xf32>, tensor<1x4x8x?xf32>) -> tensor<1x4x?x?xf32>
  return %y : tensor<1x4x?x?xf32>
}

// Scores that are only seen weigh nothing.
func.func @seen(%q: tensor<1x4x?x8xf32> {onnx.dims = ["", "", "seq", ""]}, %kt: tensor<1x4x8x?xf32> {onnx.dims = ["", "", "", "seq"]}, %v: tensor<1x4x?x8xf32> {onnx.dims = ["", "", "seq", ""]}) -> tensor<1x4x?x?xf32> {
  %s = onnx.MatMul(%q, %kt) : (tensor<1x4x?x8xf32>, tensor<1x4x8x?xf32>) -> tensor<1x4x?x?xf32>
  %p = onnx.Sigmoid(%s) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("seen")
  return %p : tensor<1x4x?x?xf32>
}

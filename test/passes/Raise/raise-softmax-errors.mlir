// What looks like a softmax, and is none.
// RUN: blockattn-opt %s --blockattn-raise-softmax | FileCheck %s
// CHECK-NOT: onnx.Softmax

// A sink takes part of the weight.
func.func @sink(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %axis = onnx.Constant dense<-1> : tensor<1xi64>
  %one = onnx.Constant dense<1.0> : tensor<f32>
  %e = onnx.Exp(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %s = onnx.ReduceSum(%e, %axis) : (tensor<4x8xf32>, tensor<1xi64>) -> tensor<4x1xf32>
  %sum = onnx.Add(%s, %one) : (tensor<4x1xf32>, tensor<f32>) -> tensor<4x1xf32>
  %y = onnx.Div(%e, %sum) : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// The sum is over another dimension.
func.func @other_axis(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %axis = onnx.Constant dense<0> : tensor<1xi64>
  %e = onnx.Exp(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %sum = onnx.ReduceSum(%e, %axis) : (tensor<4x8xf32>, tensor<1xi64>) -> tensor<1x8xf32>
  %y = onnx.Div(%e, %sum) : (tensor<4x8xf32>, tensor<1x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// Without `keepdims` the sums of a square run along the columns.
func.func @dropped_dim(%x: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %axis = onnx.Constant dense<-1> : tensor<1xi64>
  %e = onnx.Exp(%x) : (tensor<8x8xf32>) -> tensor<8x8xf32>
  %sum = onnx.ReduceSum(%e, %axis) {keepdims = 0 : i64} : (tensor<8x8xf32>, tensor<1xi64>) -> tensor<8xf32>
  %y = onnx.Div(%e, %sum) : (tensor<8x8xf32>, tensor<8xf32>) -> tensor<8x8xf32>
  return %y : tensor<8x8xf32>
}

// The sum of everything.
func.func @all(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %e = onnx.Exp(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %sum = onnx.ReduceSum(%e) : (tensor<4x8xf32>) -> tensor<1x1xf32>
  %y = onnx.Div(%e, %sum) : (tensor<4x8xf32>, tensor<1x1xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// Something else is divided, and the sum is divided by the exponentials.
func.func @other_quotient(%x: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %axis = onnx.Constant dense<-1> : tensor<1xi64>
  %e = onnx.Exp(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %sum = onnx.ReduceSum(%e, %axis) : (tensor<4x8xf32>, tensor<1xi64>) -> tensor<4x1xf32>
  %y = onnx.Div(%x, %sum) : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  %z = onnx.Div(%sum, %e) : (tensor<4x1xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y, %z : tensor<4x8xf32>, tensor<4x8xf32>
}

// The logarithm is taken from another difference.
func.func @other_difference(%x: tensor<4x8xf32>, %m: tensor<4x1xf32>) -> tensor<4x8xf32> {
  %axis = onnx.Constant dense<-1> : tensor<1xi64>
  %z = onnx.Sub(%x, %m) : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  %e = onnx.Exp(%z) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %sum = onnx.ReduceSum(%e, %axis) : (tensor<4x8xf32>, tensor<1xi64>) -> tensor<4x1xf32>
  %log = onnx.Log(%sum) : (tensor<4x1xf32>) -> tensor<4x1xf32>
  %l = onnx.Sub(%x, %log) : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  %y = onnx.Exp(%l) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

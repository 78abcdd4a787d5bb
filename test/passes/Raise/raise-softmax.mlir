// RUN: blockattn-opt %s --blockattn-raise-softmax --canonicalize | FileCheck %s

// exp(x - max(x)) / sum
// CHECK-LABEL: func @quotient
// CHECK-SAME: (%[[X:.*]]: tensor<1x2x?x?xf32>)
func.func @quotient(%x: tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32> {
  %axis = onnx.Constant dense<-1> : tensor<1xi64>
  %max = onnx.ReduceMax(%x, %axis) : (tensor<1x2x?x?xf32>, tensor<1xi64>) -> tensor<1x2x?x1xf32>
  %z = onnx.Sub(%x, %max) : (tensor<1x2x?x?xf32>, tensor<1x2x?x1xf32>) -> tensor<1x2x?x?xf32>
  %e = onnx.Exp(%z) : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %sum = onnx.ReduceSum(%e, %axis) : (tensor<1x2x?x?xf32>, tensor<1xi64>) -> tensor<1x2x?x1xf32>
  // CHECK-NEXT: %[[Y:.*]] = onnx.Softmax(%[[X]])
  // CHECK-NEXT: return %[[Y]]
  %y = onnx.Div(%e, %sum) : (tensor<1x2x?x?xf32>, tensor<1x2x?x1xf32>) -> tensor<1x2x?x?xf32>
  return %y : tensor<1x2x?x?xf32>
}

// Without the maximum, and the axis counted from the front.
// CHECK-LABEL: func @bare
// CHECK-SAME: (%[[X:.*]]: tensor<4x8xf16>)
func.func @bare(%x: tensor<4x8xf16>) -> tensor<4x8xf16> {
  %axis = onnx.Constant dense<1> : tensor<1xi64>
  %e = onnx.Exp(%x) : (tensor<4x8xf16>) -> tensor<4x8xf16>
  %sum = onnx.ReduceSum(%e, %axis) : (tensor<4x8xf16>, tensor<1xi64>) -> tensor<4x1xf16>
  // CHECK-NEXT: %[[Y:.*]] = onnx.Softmax(%[[X]])
  // CHECK-NEXT: return %[[Y]]
  %y = onnx.Div(%e, %sum) : (tensor<4x8xf16>, tensor<4x1xf16>) -> tensor<4x8xf16>
  return %y : tensor<4x8xf16>
}

// Twice the inverse: a Reciprocal, and what the normalizer makes of it.
// CHECK-LABEL: func @inverse
// CHECK-SAME: (%[[X:.*]]: tensor<?x8xf32>)
func.func @inverse(%x: tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  %axis = onnx.Constant dense<-1> : tensor<1xi64>
  %one = onnx.Constant dense<1.0> : tensor<f32>
  %e = onnx.Exp(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %sum = onnx.ReduceSum(%e, %axis) : (tensor<?x8xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %r = onnx.Reciprocal(%sum) : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %d = onnx.Div(%one, %sum) : (tensor<f32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  // CHECK-NEXT: %[[Y:.*]] = onnx.Softmax(%[[X]])
  // CHECK-NEXT: %[[Z:.*]] = onnx.Softmax(%[[X]])
  // CHECK-NEXT: return %[[Y]], %[[Z]]
  %y = onnx.Mul(%e, %r) : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<?x8xf32>
  %z = onnx.Mul(%d, %e) : (tensor<?x1xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y, %z : tensor<?x8xf32>, tensor<?x8xf32>
}

// Exp behind a LogSoftmax, as the normalizer spells that out.
// CHECK-LABEL: func @logarithm
// CHECK-SAME: (%[[X:.*]]: tensor<?x8xf32>)
func.func @logarithm(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %axis = onnx.Constant dense<-1> : tensor<1xi64>
  %max = onnx.ReduceMax(%x, %axis) : (tensor<?x8xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %z = onnx.Sub(%x, %max) : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<?x8xf32>
  %e = onnx.Exp(%z) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %sum = onnx.ReduceSum(%e, %axis) : (tensor<?x8xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %log = onnx.Log(%sum) : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %l = onnx.Sub(%z, %log) : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<?x8xf32>
  // CHECK-NEXT: %[[Y:.*]] = onnx.Softmax(%[[X]])
  // CHECK-NEXT: return %[[Y]]
  %y = onnx.Exp(%l) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// Another tensor's maximum stays, as it is no part of the softmax.
// CHECK-LABEL: func @other_maximum
func.func @other_maximum(%x: tensor<?x8xf32>, %m: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %axis = onnx.Constant dense<-1> : tensor<1xi64>
  %max = onnx.ReduceMax(%m, %axis) : (tensor<?x8xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  // CHECK: %[[Z:.*]] = onnx.Sub
  %z = onnx.Sub(%x, %max) : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<?x8xf32>
  %e = onnx.Exp(%z) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %sum = onnx.ReduceSum(%e, %axis) : (tensor<?x8xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  // CHECK: onnx.Softmax(%[[Z]])
  %y = onnx.Div(%e, %sum) : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

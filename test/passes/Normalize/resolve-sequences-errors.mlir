// RUN: blockattn-opt %s --pass-pipeline='builtin.module(func.func(blockattn-resolve-sequences))' -split-input-file -verify-diagnostics | FileCheck %s

func.func @beyond(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %two = onnx.Constant dense<2> : tensor<i64>
  %s = onnx.Foreign "" "SequenceConstruct"(%x, %x) : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<*x!onnx.unknown>
  // expected-error @+1 {{SequenceAt takes element 2 of a sequence of 2}}
  %a = onnx.Foreign "" "SequenceAt"(%s, %two) : (tensor<*x!onnx.unknown>, tensor<i64>) -> tensor<?x4xf32>
  return %a : tensor<?x4xf32>
}

// -----

// What only the run can tell stays, to be reported as not supported: which
// element it is, how many there are.
// CHECK-LABEL: @unknown
// CHECK: onnx.Foreign "" "SequenceConstruct"
// CHECK: onnx.Foreign "" "SequenceAt"
// CHECK: onnx.Foreign "" "SplitToSequence"
// CHECK: onnx.Foreign "" "ConcatFromSequence"
func.func @unknown(%x: tensor<?x4xf32>, %i: tensor<i64>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  %three = onnx.Constant dense<3> : tensor<i64>
  %s = onnx.Foreign "" "SequenceConstruct"(%x, %x) : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<*x!onnx.unknown>
  %a = onnx.Foreign "" "SequenceAt"(%s, %i) : (tensor<*x!onnx.unknown>, tensor<i64>) -> tensor<?x4xf32>
  %t = onnx.Foreign "" "SplitToSequence"(%x, %three) : (tensor<?x4xf32>, tensor<i64>) -> tensor<*x!onnx.unknown>
  %b = onnx.Foreign "" "ConcatFromSequence"(%t) {attributes = {axis = 0 : i64}} : (tensor<*x!onnx.unknown>) -> tensor<?x4xf32>
  return %a, %b : tensor<?x4xf32>, tensor<?x4xf32>
}

// -----

// Ops of other domains, and inputs that are left out, mean what they mean.
// CHECK-LABEL: @others
// CHECK: onnx.Foreign "com.acme" "SequenceAt"
// CHECK: onnx.Foreign "" "SequenceConstruct"
// CHECK: onnx.Foreign "" "SequenceAt"
func.func @others(%x: tensor<?x4xf32>, %i: tensor<i64>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  %zero = onnx.Constant dense<0> : tensor<i64>
  %none = onnx.None : none
  %a = onnx.Foreign "com.acme" "SequenceAt"(%x, %i) : (tensor<?x4xf32>, tensor<i64>) -> tensor<?x4xf32>
  %s = onnx.Foreign "" "SequenceConstruct"(%none, %x) : (none, tensor<?x4xf32>) -> tensor<*x!onnx.unknown>
  %b = onnx.Foreign "" "SequenceAt"(%s, %zero) : (tensor<*x!onnx.unknown>, tensor<i64>) -> tensor<?x4xf32>
  return %a, %b : tensor<?x4xf32>, tensor<?x4xf32>
}

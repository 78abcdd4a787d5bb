// RUN: blockattn-opt %s --pass-pipeline='builtin.module(func.func(blockattn-fold-constants{max-elements=100}))' -split-input-file | FileCheck %s

// Chains are folded to one constant.
// CHECK-LABEL: @chain
// CHECK: %[[C:.*]] = onnx.Constant dense<[1.500000e+00, 3.000000e+00]> : tensor<2xf32>
// CHECK-NEXT: onnx.Mul(%arg0, %[[C]])
// CHECK-NEXT: return
func.func @chain(%x: tensor<2xf32>) -> tensor<2xf32> {
  %a = onnx.Constant dense<[1, 2]> : tensor<2xi64>
  %b = onnx.Cast(%a) {to = f32} : (tensor<2xi64>) -> tensor<2xf32>
  %h = onnx.Constant dense<1.5> : tensor<f32>
  %c = onnx.Mul(%b, %h) : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  %0 = onnx.Mul(%x, %c) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

// What is used on the way stays, too.
// CHECK-LABEL: @two_uses
// CHECK-DAG: onnx.Constant dense<3>
// CHECK-DAG: onnx.Constant dense<6>
// CHECK-NOT: onnx.Add
func.func @two_uses() -> (tensor<i64>, tensor<i64>) {
  %a = onnx.Constant dense<1> : tensor<i64>
  %b = onnx.Constant dense<2> : tensor<i64>
  %c = onnx.Add(%a, %b) : (tensor<i64>, tensor<i64>) -> tensor<i64>
  %d = onnx.Add(%c, %c) : (tensor<i64>, tensor<i64>) -> tensor<i64>
  return %c, %d : tensor<i64>, tensor<i64>
}

// -----

// Of an op with several results, those that are needed.
// CHECK-LABEL: @results
// CHECK: onnx.Constant dense<[3, 4]> : tensor<2xi64>
// CHECK-NOT: onnx.Split
func.func @results() -> tensor<2xi64> {
  %a = onnx.Constant dense<[1, 2, 3, 4]> : tensor<4xi64>
  %p:2 = onnx.Split(%a) : (tensor<4xi64>) -> (tensor<2xi64>, tensor<2xi64>)
  return %p#1 : tensor<2xi64>
}

// -----

// Large tensors are not worth it, and what depends on an argument can not be.
// CHECK-LABEL: @not
// CHECK: onnx.ConstantOfShape
// CHECK: onnx.Add
func.func @not(%x: tensor<i64>) -> (tensor<101xf32>, tensor<i64>) {
  %a = onnx.Constant dense<[101]> : tensor<1xi64>
  %0 = onnx.ConstantOfShape(%a) : (tensor<1xi64>) -> tensor<101xf32>
  %b = onnx.Constant dense<2> : tensor<i64>
  %1 = onnx.Add(%x, %b) : (tensor<i64>, tensor<i64>) -> tensor<i64>
  return %0, %1 : tensor<101xf32>, tensor<i64>
}

// -----

// A result whose type is less than the constant's: ops of this dialect take
// any, others keep theirs.
// CHECK-LABEL: @dynamic
// CHECK-DAG: %[[C:.*]] = onnx.Constant dense<[0, 1]> : tensor<2xi64>
// CHECK-DAG: %[[R:.*]] = onnx.Range
// CHECK: onnx.Mul(%arg0, %[[C]]) : (tensor<2xi64>, tensor<2xi64>)
// CHECK: return %[[R]]
func.func @dynamic(%x: tensor<2xi64>) -> (tensor<?xi64>, tensor<*xi64>) {
  %0 = onnx.Constant dense<0> : tensor<i64>
  %1 = onnx.Constant dense<1> : tensor<i64>
  %2 = onnx.Constant dense<2> : tensor<i64>
  %r = onnx.Range(%0, %2, %1) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %m = onnx.Mul(%x, %r) : (tensor<2xi64>, tensor<?xi64>) -> tensor<*xi64>
  return %r, %m : tensor<?xi64>, tensor<*xi64>
}

// -----

// An op that fails when it is evaluated stays, to fail when it is run.
// CHECK-LABEL: @fails
// CHECK: onnx.Gather
func.func @fails() -> tensor<i64> {
  %a = onnx.Constant dense<[1, 2]> : tensor<2xi64>
  %i = onnx.Constant dense<7> : tensor<i64>
  %0 = onnx.Gather(%a, %i) : (tensor<2xi64>, tensor<i64>) -> tensor<i64>
  return %0 : tensor<i64>
}

// -----

// Of elements that are no numbers the first stays if it is the very first one;
// others are never chosen.
// CHECK-LABEL: @chosen
// CHECK: onnx.Constant dense<[2, 0, 0]>
// CHECK: onnx.Constant dense<[0, 0, 1]>
// CHECK: onnx.Constant dense<{{\[\[}}0.000000e+00, 0.000000e+00, 1.000000e+00], [1.000000e+00, 0.000000e+00, 0.000000e+00], [1.000000e+00, 0.000000e+00, 0.000000e+00]]>
func.func @chosen() -> (tensor<3xi64>, tensor<3xi64>, tensor<3x3xf32>) {
  %x = onnx.Constant dense<[[1.0, 0x7FC00000, 3.0], [0x7FC00000, 0x7FC00000, 2.0], [3.0, 1.0, 0x7FC00000]]> : tensor<3x3xf32>
  %0 = onnx.ArgMax(%x) {axis = 1, keepdims = 0} : (tensor<3x3xf32>) -> tensor<3xi64>
  %1 = onnx.ArgMin(%x) {axis = 1, keepdims = 0} : (tensor<3x3xf32>) -> tensor<3xi64>
  %2 = onnx.Hardmax(%x) {axis = 1} : (tensor<3x3xf32>) -> tensor<3x3xf32>
  return %0, %1, %2 : tensor<3xi64>, tensor<3xi64>, tensor<3x3xf32>
}

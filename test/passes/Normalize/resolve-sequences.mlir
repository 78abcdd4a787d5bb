// RUN: blockattn-opt %s --pass-pipeline='builtin.module(func.func(blockattn-resolve-sequences,canonicalize))' -split-input-file | FileCheck %s

// A tensor that is cut, as GPT-2's queries, keys and values are.
// CHECK-LABEL: @cut
// CHECK: %[[P:.*]]:3 = onnx.Split(%arg0, %{{.*}}) {axis = 2 : i64} : (tensor<?x?x12xf32>, tensor<3xi64>) -> (tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>)
// CHECK: %[[A:.*]] = onnx.Add(%[[P]]#0, %[[P]]#2)
// CHECK: return %[[A]]
func.func @cut(%x: tensor<?x?x12xf32>) -> tensor<?x?x4xf32> {
  %sizes = onnx.Constant dense<4> : tensor<3xi64>
  %zero = onnx.Constant dense<0> : tensor<i64>
  %last = onnx.Constant dense<-1> : tensor<i64>
  %s = onnx.Foreign "" "SplitToSequence"(%x, %sizes) {attributes = {axis = -1 : i64}} : (tensor<?x?x12xf32>, tensor<3xi64>) -> tensor<*x!onnx.unknown>
  %a = onnx.Foreign "" "SequenceAt"(%s, %zero) : (tensor<*x!onnx.unknown>, tensor<i64>) -> tensor<?x?x4xf32>
  %b = onnx.Foreign "" "SequenceAt"(%s, %last) : (tensor<*x!onnx.unknown>, tensor<i64>) -> tensor<?x?x4xf32>
  %y = onnx.Add(%a, %b) : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// Parts of a size, the last one smaller, of a dimension that only what was
// resolved before tells.
// CHECK-LABEL: @twice
// CHECK-DAG: %[[A:.*]] = onnx.Constant dense<[8, 4]> : tensor<2xi64>
// CHECK-DAG: %[[B:.*]] = onnx.Constant dense<[3, 3, 2]> : tensor<3xi64>
// CHECK: onnx.Split(%arg0, %[[A]]) {axis = 1 : i64} : (tensor<?x12xf32>, tensor<2xi64>) -> (tensor<?x8xf32>, tensor<?x4xf32>)
// CHECK: onnx.Split(%{{.*}}, %[[B]]) {axis = 1 : i64} : (tensor<{{.*}}>, tensor<3xi64>) -> (tensor<?x3xf32>, tensor<?x3xf32>, tensor<?x2xf32>)
func.func @twice(%x: tensor<?x12xf32>) -> tensor<?x2xf32> {
  %eight = onnx.Constant dense<8> : tensor<i64>
  %three = onnx.Constant dense<3> : tensor<i64>
  %zero = onnx.Constant dense<0> : tensor<i64>
  %two = onnx.Constant dense<2> : tensor<i64>
  %s = onnx.Foreign "" "SplitToSequence"(%x, %eight) {attributes = {axis = 1 : i64}} : (tensor<?x12xf32>, tensor<i64>) -> tensor<*x!onnx.unknown>
  %a = onnx.Foreign "" "SequenceAt"(%s, %zero) : (tensor<*x!onnx.unknown>, tensor<i64>) -> tensor<*x!onnx.unknown>
  %t = onnx.Foreign "" "SplitToSequence"(%a, %three) {attributes = {axis = 1 : i64}} : (tensor<*x!onnx.unknown>, tensor<i64>) -> tensor<*x!onnx.unknown>
  %b = onnx.Foreign "" "SequenceAt"(%t, %two) : (tensor<*x!onnx.unknown>, tensor<i64>) -> tensor<?x2xf32>
  return %b : tensor<?x2xf32>
}

// -----

// One of as many slices as the run has.
// CHECK-LABEL: @slices
// CHECK: %[[G:.*]] = onnx.Gather(%arg0, %{{.*}}) {axis = 1 : i64} : (tensor<2x?x4xf32>, tensor<i64>) -> tensor<2x4xf32>
// CHECK: return %[[G]]
func.func @slices(%x: tensor<2x?x4xf32>) -> tensor<2x4xf32> {
  %last = onnx.Constant dense<-1> : tensor<i64>
  %s = onnx.Foreign "" "SplitToSequence"(%x) {attributes = {axis = 1 : i64, keepdims = 0 : i64}} : (tensor<2x?x4xf32>) -> tensor<*x!onnx.unknown>
  %a = onnx.Foreign "" "SequenceAt"(%s, %last) : (tensor<*x!onnx.unknown>, tensor<i64>) -> tensor<2x4xf32>
  return %a : tensor<2x4xf32>
}

// -----

// CHECK-LABEL: @join
// CHECK: %[[N:.*]] = onnx.Constant dense<2> : tensor<i64>
// CHECK-DAG: %[[X:.*]] = onnx.Unsqueeze(%arg0, %{{.*}})
// CHECK-DAG: %[[Y:.*]] = onnx.Unsqueeze(%arg1, %{{.*}})
// CHECK: %[[C:.*]] = onnx.Concat(%[[Y]], %[[X]]) {axis = 1 : i64} : {{.*}} -> tensor<?x2x4xf32>
// CHECK: return %[[C]], %[[N]]
func.func @join(%x: tensor<?x4xf32>, %y: tensor<?x4xf32>) -> (tensor<?x2x4xf32>, tensor<i64>) {
  %zero = onnx.Constant dense<0> : tensor<i64>
  %e = onnx.Foreign "" "SequenceEmpty"() : () -> tensor<*x!onnx.unknown>
  %s = onnx.Foreign "" "SequenceInsert"(%e, %x) : (tensor<*x!onnx.unknown>, tensor<?x4xf32>) -> tensor<*x!onnx.unknown>
  %t = onnx.Foreign "" "SequenceInsert"(%s, %y, %zero) : (tensor<*x!onnx.unknown>, tensor<?x4xf32>, tensor<i64>) -> tensor<*x!onnx.unknown>
  %c = onnx.Foreign "" "ConcatFromSequence"(%t) {attributes = {axis = 1 : i64, new_axis = 1 : i64}} : (tensor<*x!onnx.unknown>) -> tensor<?x2x4xf32>
  %n = onnx.Foreign "" "SequenceLength"(%t) : (tensor<*x!onnx.unknown>) -> tensor<i64>
  return %c, %n : tensor<?x2x4xf32>, tensor<i64>
}

// Scores that are multiplied by a number of the run's sizes stay as they are,
// with a remark that says so.
// RUN: blockattn-opt %s --blockattn-raise-attention --remark-format=emitRemark --remarks-filter-missed=raise --remark-policy=all 2>&1 | FileCheck %s

// CHECK-DAG: attention 'scores_by_log': its scores are multiplied at 'scores_times' by a number that depends on how many tokens there are
// CHECK-DAG: attention 'scores_far': its scores are multiplied at 'scores_times' by a number that depends on how many tokens there are
// CHECK-DAG: attention 'scores_counted': its scores are multiplied at 'scores_times' by a number that depends on how many tokens there are
// CHECK-DAG: attention 'turned_keys_by_log': its keys are multiplied at 'keys_times' by a number that depends on how many tokens there are
// CHECK-DAG: attention 'sinks_by_log': it has scores that belong to no key, which are not one finite number for each head
// CHECK: module attributes
// CHECK-NOT: blockattn.attention %

// The logarithm of the length.
func.func @scores_by_log(%h: tensor<1x?x32xf32> {onnx.dims = ["", "seq", ""]}) -> tensor<1x?x4x8xf32> {
  %heads = onnx.Constant dense<[1, 0, 4, 8]> : tensor<4xi64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %scale = onnx.Constant dense<0.353553385> : tensor<f32>
  %n0 = onnx.Shape(%h) {start = 1 : i64, end = 2 : i64} : (tensor<1x?x32xf32>) -> tensor<1xi64>
  %n1 = onnx.Squeeze(%n0, %first) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %n = onnx.Cast(%n1) {to = f32} : (tensor<i64>) -> tensor<f32>
  %by = onnx.Log(%n) : (tensor<f32>) -> tensor<f32>
  %x = onnx.Reshape(%h, %heads) : (tensor<1x?x32xf32>, tensor<4xi64>) -> tensor<1x?x4x8xf32>
  %q = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x?x8xf32>
  %k = onnx.Transpose(%x) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x8x?xf32>
  %v = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x?x8xf32>
  %s0 = onnx.MatMul(%q, %k) : (tensor<1x4x?x8xf32>, tensor<1x4x8x?xf32>) -> tensor<1x4x?x?xf32>
  %s1 = onnx.Mul(%s0, %by) : (tensor<1x4x?x?xf32>, tensor<f32>) -> tensor<1x4x?x?xf32> loc("scores_times")
  %s2 = onnx.Mul(%s1, %scale) : (tensor<1x4x?x?xf32>, tensor<f32>) -> tensor<1x4x?x?xf32>
  %p = onnx.Softmax(%s2) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("scores_by_log")
  %o = onnx.MatMul(%p, %v) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x?x8xf32>) -> tensor<1x?x4x8xf32>
  return %y : tensor<1x?x4x8xf32>
}

// Another number from 600 tokens on, by way of their places.
func.func @scores_counted(%h: tensor<1x?x32xf32> {onnx.dims = ["", "seq", ""]}) -> tensor<1x?x4x8xf32> {
  %heads = onnx.Constant dense<[1, 0, 4, 8]> : tensor<4xi64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %scale = onnx.Constant dense<0.353553385> : tensor<f32>
  %n0 = onnx.Shape(%h) {start = 1 : i64, end = 2 : i64} : (tensor<1x?x32xf32>) -> tensor<1xi64>
  %n1 = onnx.Squeeze(%n0, %first) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %none = onnx.Constant dense<0> : tensor<i64>
  %one = onnx.Constant dense<1> : tensor<i64>
  %places = onnx.Range(%none, %n1, %one) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %greatest = onnx.ReduceMax(%places) {keepdims = 0 : i64} : (tensor<?xi64>) -> tensor<i64>
  %least = onnx.Constant dense<600> : tensor<i64>
  %number = onnx.Max(%greatest, %least) : (tensor<i64>, tensor<i64>) -> tensor<i64>
  %n = onnx.Cast(%number) {to = f32} : (tensor<i64>) -> tensor<f32>
  %by = onnx.Log(%n) : (tensor<f32>) -> tensor<f32>
  %x = onnx.Reshape(%h, %heads) : (tensor<1x?x32xf32>, tensor<4xi64>) -> tensor<1x?x4x8xf32>
  %q = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x?x8xf32>
  %k = onnx.Transpose(%x) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x8x?xf32>
  %v = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x?x8xf32>
  %s0 = onnx.MatMul(%q, %k) : (tensor<1x4x?x8xf32>, tensor<1x4x8x?xf32>) -> tensor<1x4x?x?xf32>
  %s1 = onnx.Mul(%s0, %by) : (tensor<1x4x?x?xf32>, tensor<f32>) -> tensor<1x4x?x?xf32> loc("scores_times")
  %s2 = onnx.Mul(%s1, %scale) : (tensor<1x4x?x?xf32>, tensor<f32>) -> tensor<1x4x?x?xf32>
  %p = onnx.Softmax(%s2) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("scores_counted")
  %o = onnx.MatMul(%p, %v) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x?x8xf32>) -> tensor<1x?x4x8xf32>
  return %y : tensor<1x?x4x8xf32>
}

// 1 up to 4096 tokens.
func.func @scores_far(%h: tensor<1x?x32xf32> {onnx.dims = ["", "seq", ""]}) -> tensor<1x?x4x8xf32> {
  %heads = onnx.Constant dense<[1, 0, 4, 8]> : tensor<4xi64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %scale = onnx.Constant dense<0.353553385> : tensor<f32>
  %n0 = onnx.Shape(%h) {start = 1 : i64, end = 2 : i64} : (tensor<1x?x32xf32>) -> tensor<1xi64>
  %n1 = onnx.Squeeze(%n0, %first) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %n = onnx.Cast(%n1) {to = f32} : (tensor<i64>) -> tensor<f32>
  %trained = onnx.Constant dense<4096.0> : tensor<f32>
  %one = onnx.Constant dense<1.0> : tensor<f32>
  %l0 = onnx.Log(%n) : (tensor<f32>) -> tensor<f32>
  %l1 = onnx.Log(%trained) : (tensor<f32>) -> tensor<f32>
  %l2 = onnx.Div(%l0, %l1) : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %by = onnx.Max(%l2, %one) : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %x = onnx.Reshape(%h, %heads) : (tensor<1x?x32xf32>, tensor<4xi64>) -> tensor<1x?x4x8xf32>
  %q = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x?x8xf32>
  %k = onnx.Transpose(%x) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x8x?xf32>
  %v = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x?x8xf32>
  %s0 = onnx.MatMul(%q, %k) : (tensor<1x4x?x8xf32>, tensor<1x4x8x?xf32>) -> tensor<1x4x?x?xf32>
  %s1 = onnx.Mul(%s0, %by) : (tensor<1x4x?x?xf32>, tensor<f32>) -> tensor<1x4x?x?xf32> loc("scores_times")
  %s2 = onnx.Mul(%s1, %scale) : (tensor<1x4x?x?xf32>, tensor<f32>) -> tensor<1x4x?x?xf32>
  %p = onnx.Softmax(%s2) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("scores_far")
  %o = onnx.MatMul(%p, %v) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x?x8xf32>) -> tensor<1x?x4x8xf32>
  return %y : tensor<1x?x4x8xf32>
}

// Keys that have been turned for the product are no heads any more.
func.func @turned_keys_by_log(%h: tensor<1x?x32xf32> {onnx.dims = ["", "seq", ""]}) -> tensor<1x?x4x8xf32> {
  %heads = onnx.Constant dense<[1, 0, 4, 8]> : tensor<4xi64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %scale = onnx.Constant dense<0.353553385> : tensor<f32>
  %n0 = onnx.Shape(%h) {start = 1 : i64, end = 2 : i64} : (tensor<1x?x32xf32>) -> tensor<1xi64>
  %n1 = onnx.Squeeze(%n0, %first) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %n = onnx.Cast(%n1) {to = f32} : (tensor<i64>) -> tensor<f32>
  %by = onnx.Log(%n) : (tensor<f32>) -> tensor<f32>
  %x = onnx.Reshape(%h, %heads) : (tensor<1x?x32xf32>, tensor<4xi64>) -> tensor<1x?x4x8xf32>
  %q = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x?x8xf32>
  %k = onnx.Transpose(%x) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x8x?xf32>
  %v = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x?x8xf32>
  %ks = onnx.Mul(%k, %by) : (tensor<1x4x8x?xf32>, tensor<f32>) -> tensor<1x4x8x?xf32> loc("keys_times")
  %s0 = onnx.MatMul(%q, %ks) : (tensor<1x4x?x8xf32>, tensor<1x4x8x?xf32>) -> tensor<1x4x?x?xf32>
  %s2 = onnx.Mul(%s0, %scale) : (tensor<1x4x?x?xf32>, tensor<f32>) -> tensor<1x4x?x?xf32>
  %p = onnx.Softmax(%s2) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("turned_keys_by_log")
  %o = onnx.MatMul(%p, %v) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x?x8xf32>) -> tensor<1x?x4x8xf32>
  return %y : tensor<1x?x4x8xf32>
}

// A sink as great as the logarithm of the length.
func.func @sinks_by_log(%h: tensor<1x?x32xf32> {onnx.dims = ["", "seq", ""]}) -> tensor<1x?x4x8xf32> {
  %heads = onnx.Constant dense<[1, 0, 4, 8]> : tensor<4xi64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %scale = onnx.Constant dense<0.353553385> : tensor<f32>
  %n0 = onnx.Shape(%h) {start = 1 : i64, end = 2 : i64} : (tensor<1x?x32xf32>) -> tensor<1xi64>
  %n1 = onnx.Squeeze(%n0, %first) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %n = onnx.Cast(%n1) {to = f32} : (tensor<i64>) -> tensor<f32>
  %by = onnx.Log(%n) : (tensor<f32>) -> tensor<f32>
  %x = onnx.Reshape(%h, %heads) : (tensor<1x?x32xf32>, tensor<4xi64>) -> tensor<1x?x4x8xf32>
  %q = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x?x8xf32>
  %k = onnx.Transpose(%x) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x8x?xf32>
  %s0 = onnx.MatMul(%q, %k) : (tensor<1x4x?x8xf32>, tensor<1x4x8x?xf32>) -> tensor<1x4x?x?xf32>
  %s1 = onnx.Mul(%s0, %scale) : (tensor<1x4x?x?xf32>, tensor<f32>) -> tensor<1x4x?x?xf32>
  %ones = onnx.Constant dense<[1, 4]> : tensor<2xi64>
  %last = onnx.Constant dense<1> : tensor<1xi64>
  %minus = onnx.Constant dense<-1> : tensor<1xi64>
  %count = onnx.Concat(%ones, %n0, %last) {axis = 0 : i64} : (tensor<2xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4xi64>
  %column = onnx.Expand(%by, %count) : (tensor<f32>, tensor<4xi64>) -> tensor<1x4x?x1xf32>
  %all = onnx.Concat(%s1, %column) {axis = -1 : i64} : (tensor<1x4x?x?xf32>, tensor<1x4x?x1xf32>) -> tensor<1x4x?x?xf32>
  %p0 = onnx.Softmax(%all) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("sinks_by_log")
  %p = onnx.Slice(%p0, %first, %minus, %minus) : (tensor<1x4x?x?xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x4x?x?xf32>
  %o = onnx.MatMul(%p, %q) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x?x8xf32>) -> tensor<1x?x4x8xf32>
  return %y : tensor<1x?x4x8xf32>
}

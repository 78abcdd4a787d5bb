// Numbers that heads or scores are multiplied by: a constant is a part of the
// attention's scale, what depends on the number of tokens is not.
// RUN: blockattn-opt %s --blockattn-raise-attention --canonicalize --cse | FileCheck %s

// The logarithm of the length stays where it is.
// CHECK-LABEL: func @queries_by_log(
// CHECK: %[[BY:.*]] = onnx.Log
// CHECK: %[[Q:.*]] = onnx.Mul(%[[X:.*]], %[[BY]])
// CHECK: blockattn.attention %[[Q]], %[[X]], %[[X]] {scale = 0.353553385 : f32}
func.func @queries_by_log(%h: tensor<1x?x32xf32> {onnx.dims = ["", "seq", ""]}) -> tensor<1x?x4x8xf32> {
  %heads = onnx.Constant dense<[1, 0, 4, 8]> : tensor<4xi64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %scale = onnx.Constant dense<0.353553385> : tensor<f32>
  %n0 = onnx.Shape(%h) {start = 1 : i64, end = 2 : i64} : (tensor<1x?x32xf32>) -> tensor<1xi64>
  %n1 = onnx.Squeeze(%n0, %first) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %n = onnx.Cast(%n1) {to = f32} : (tensor<i64>) -> tensor<f32>
  %by = onnx.Log(%n) : (tensor<f32>) -> tensor<f32>
  %x = onnx.Reshape(%h, %heads) : (tensor<1x?x32xf32>, tensor<4xi64>) -> tensor<1x?x4x8xf32>
  %xq = onnx.Mul(%x, %by) : (tensor<1x?x4x8xf32>, tensor<f32>) -> tensor<1x?x4x8xf32>
  %q = onnx.Transpose(%xq) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x?x8xf32>
  %k = onnx.Transpose(%x) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x8x?xf32>
  %v = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x?x8xf32>
  %s0 = onnx.MatMul(%q, %k) : (tensor<1x4x?x8xf32>, tensor<1x4x8x?xf32>) -> tensor<1x4x?x?xf32>
  %s2 = onnx.Mul(%s0, %scale) : (tensor<1x4x?x?xf32>, tensor<f32>) -> tensor<1x4x?x?xf32>
  %p = onnx.Softmax(%s2) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("queries_by_log")
  %o = onnx.MatMul(%p, %v) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x?x8xf32>) -> tensor<1x?x4x8xf32>
  return %y : tensor<1x?x4x8xf32>
}

// So it does of keys,
// CHECK-LABEL: func @keys_by_log(
// CHECK: %[[K:.*]] = onnx.Mul(%[[X:.*]], %{{.*}})
// CHECK: blockattn.attention %[[X]], %[[K]], %[[X]] {scale = 0.353553385 : f32}
func.func @keys_by_log(%h: tensor<1x?x32xf32> {onnx.dims = ["", "seq", ""]}) -> tensor<1x?x4x8xf32> {
  %heads = onnx.Constant dense<[1, 0, 4, 8]> : tensor<4xi64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %scale = onnx.Constant dense<0.353553385> : tensor<f32>
  %n0 = onnx.Shape(%h) {start = 1 : i64, end = 2 : i64} : (tensor<1x?x32xf32>) -> tensor<1xi64>
  %n1 = onnx.Squeeze(%n0, %first) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %n = onnx.Cast(%n1) {to = f32} : (tensor<i64>) -> tensor<f32>
  %by = onnx.Log(%n) : (tensor<f32>) -> tensor<f32>
  %x = onnx.Reshape(%h, %heads) : (tensor<1x?x32xf32>, tensor<4xi64>) -> tensor<1x?x4x8xf32>
  %xk = onnx.Mul(%x, %by) : (tensor<1x?x4x8xf32>, tensor<f32>) -> tensor<1x?x4x8xf32>
  %q = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x?x8xf32>
  %k = onnx.Transpose(%xk) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x8x?xf32>
  %v = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x?x8xf32>
  %s0 = onnx.MatMul(%q, %k) : (tensor<1x4x?x8xf32>, tensor<1x4x8x?xf32>) -> tensor<1x4x?x?xf32>
  %s2 = onnx.Mul(%s0, %scale) : (tensor<1x4x?x?xf32>, tensor<f32>) -> tensor<1x4x?x?xf32>
  %p = onnx.Softmax(%s2) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("keys_by_log")
  %o = onnx.MatMul(%p, %v) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x?x8xf32>) -> tensor<1x?x4x8xf32>
  return %y : tensor<1x?x4x8xf32>
}

// and of values.
// CHECK-LABEL: func @values_by_log(
// CHECK: %[[V:.*]] = onnx.Mul(%[[X:.*]], %{{.*}})
// CHECK: blockattn.attention %[[X]], %[[X]], %[[V]] {scale = 0.353553385 : f32}
func.func @values_by_log(%h: tensor<1x?x32xf32> {onnx.dims = ["", "seq", ""]}) -> tensor<1x?x4x8xf32> {
  %heads = onnx.Constant dense<[1, 0, 4, 8]> : tensor<4xi64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %scale = onnx.Constant dense<0.353553385> : tensor<f32>
  %n0 = onnx.Shape(%h) {start = 1 : i64, end = 2 : i64} : (tensor<1x?x32xf32>) -> tensor<1xi64>
  %n1 = onnx.Squeeze(%n0, %first) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %n = onnx.Cast(%n1) {to = f32} : (tensor<i64>) -> tensor<f32>
  %by = onnx.Log(%n) : (tensor<f32>) -> tensor<f32>
  %x = onnx.Reshape(%h, %heads) : (tensor<1x?x32xf32>, tensor<4xi64>) -> tensor<1x?x4x8xf32>
  %xv = onnx.Mul(%x, %by) : (tensor<1x?x4x8xf32>, tensor<f32>) -> tensor<1x?x4x8xf32>
  %q = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x?x8xf32>
  %k = onnx.Transpose(%x) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x8x?xf32>
  %v = onnx.Transpose(%xv) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x?x8xf32>
  %s0 = onnx.MatMul(%q, %k) : (tensor<1x4x?x8xf32>, tensor<1x4x8x?xf32>) -> tensor<1x4x?x?xf32>
  %s2 = onnx.Mul(%s0, %scale) : (tensor<1x4x?x?xf32>, tensor<f32>) -> tensor<1x4x?x?xf32>
  %p = onnx.Softmax(%s2) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("values_by_log")
  %o = onnx.MatMul(%p, %v) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x?x8xf32>) -> tensor<1x?x4x8xf32>
  return %y : tensor<1x?x4x8xf32>
}

// It is 1 up to 4096 tokens.
// CHECK-LABEL: func @queries_far(
// CHECK: %[[Q:.*]] = onnx.Mul(%[[X:.*]], %{{.*}})
// CHECK: blockattn.attention %[[Q]], %[[X]], %[[X]] {scale = 0.353553385 : f32}
func.func @queries_far(%h: tensor<1x?x32xf32> {onnx.dims = ["", "seq", ""]}) -> tensor<1x?x4x8xf32> {
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
  %xq = onnx.Mul(%x, %by) : (tensor<1x?x4x8xf32>, tensor<f32>) -> tensor<1x?x4x8xf32>
  %q = onnx.Transpose(%xq) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x?x8xf32>
  %k = onnx.Transpose(%x) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x8x?xf32>
  %v = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x?x8xf32>
  %s0 = onnx.MatMul(%q, %k) : (tensor<1x4x?x8xf32>, tensor<1x4x8x?xf32>) -> tensor<1x4x?x?xf32>
  %s2 = onnx.Mul(%s0, %scale) : (tensor<1x4x?x?xf32>, tensor<f32>) -> tensor<1x4x?x?xf32>
  %p = onnx.Softmax(%s2) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("queries_far")
  %o = onnx.MatMul(%p, %v) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x?x8xf32>) -> tensor<1x?x4x8xf32>
  return %y : tensor<1x?x4x8xf32>
}

// 2, whatever the sizes that it is made of: of queries, keys and scores.
// CHECK-LABEL: func @always_two(
// CHECK: %[[X:.*]] = onnx.Reshape(%{{.*}})
// CHECK: blockattn.attention %[[X]], %[[X]], %[[X]] {scale = 2.82842708 : f32}
func.func @always_two(%h: tensor<1x?x32xf32> {onnx.dims = ["", "seq", ""]}) -> tensor<1x?x4x8xf32> {
  %heads = onnx.Constant dense<[1, 0, 4, 8]> : tensor<4xi64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %scale = onnx.Constant dense<0.353553385> : tensor<f32>
  %n0 = onnx.Shape(%h) {start = 1 : i64, end = 2 : i64} : (tensor<1x?x32xf32>) -> tensor<1xi64>
  %n1 = onnx.Squeeze(%n0, %first) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %n = onnx.Cast(%n1) {to = f32} : (tensor<i64>) -> tensor<f32>
  %more = onnx.Add(%n, %n) : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %by = onnx.Div(%more, %n) : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %x = onnx.Reshape(%h, %heads) : (tensor<1x?x32xf32>, tensor<4xi64>) -> tensor<1x?x4x8xf32>
  %xq = onnx.Mul(%x, %by) : (tensor<1x?x4x8xf32>, tensor<f32>) -> tensor<1x?x4x8xf32>
  %q = onnx.Transpose(%xq) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x?x8xf32>
  %k = onnx.Transpose(%x) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x8x?xf32>
  %v = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x?x8xf32>
  %ks = onnx.Mul(%k, %by) : (tensor<1x4x8x?xf32>, tensor<f32>) -> tensor<1x4x8x?xf32> loc("keys_times")
  %s0 = onnx.MatMul(%q, %ks) : (tensor<1x4x?x8xf32>, tensor<1x4x8x?xf32>) -> tensor<1x4x?x?xf32>
  %s1 = onnx.Mul(%s0, %by) : (tensor<1x4x?x?xf32>, tensor<f32>) -> tensor<1x4x?x?xf32> loc("scores_times")
  %s2 = onnx.Mul(%s1, %scale) : (tensor<1x4x?x?xf32>, tensor<f32>) -> tensor<1x4x?x?xf32>
  %p = onnx.Softmax(%s2) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("always_two")
  %o = onnx.MatMul(%p, %v) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x?x8xf32>) -> tensor<1x?x4x8xf32>
  return %y : tensor<1x?x4x8xf32>
}

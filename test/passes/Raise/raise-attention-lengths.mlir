// Masks whose windows show only in sequences that are not short, whatever their
// limits are made of.
// RUN: blockattn-opt %s --blockattn-raise-attention --canonicalize --cse | FileCheck %s

// The limit is no whole number.
// CHECK-LABEL: func @window_fraction(
func.func @window_fraction(%h: tensor<1x?x32xf32> {onnx.dims = ["", "seq", ""]}) -> tensor<1x?x4x8xf32> {
  %heads = onnx.Constant dense<[1, 0, 4, 8]> : tensor<4xi64>
  %zero = onnx.Constant dense<0> : tensor<i64>
  %one = onnx.Constant dense<1> : tensor<i64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %second = onnx.Constant dense<1> : tensor<1xi64>
  %visible = onnx.Constant dense<0.0> : tensor<f32>
  %masked = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %scale = onnx.Constant dense<0.353553385> : tensor<f32>
  %x = onnx.Reshape(%h, %heads) : (tensor<1x?x32xf32>, tensor<4xi64>) -> tensor<1x?x4x8xf32>
  %q = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x?x8xf32>
  %kt = onnx.Transpose(%x) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x8x?xf32>
  %s0 = onnx.MatMul(%q, %kt) : (tensor<1x4x?x8xf32>, tensor<1x4x8x?xf32>) -> tensor<1x4x?x?xf32>
  %s1 = onnx.Mul(%s0, %scale) : (tensor<1x4x?x?xf32>, tensor<f32>) -> tensor<1x4x?x?xf32>
  %n0 = onnx.Shape(%h) {start = 1 : i64, end = 2 : i64} : (tensor<1x?x32xf32>) -> tensor<1xi64>
  %n = onnx.Squeeze(%n0, %first) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %j = onnx.Range(%zero, %n, %one) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %i = onnx.Unsqueeze(%j, %second) : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %before = onnx.LessOrEqual(%j, %i) : (tensor<?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %d = onnx.Sub(%i, %j) : (tensor<?x1xi64>, tensor<?xi64>) -> tensor<?x?xi64>
  %f = onnx.Cast(%d) {to = f32} : (tensor<?x?xi64>) -> tensor<?x?xf32>
  %limit = onnx.Constant dense<100.5> : tensor<f32>
  %near = onnx.Less(%f, %limit) : (tensor<?x?xf32>, tensor<f32>) -> tensor<?x?xi1>
  %le = onnx.And(%before, %near) : (tensor<?x?xi1>, tensor<?x?xi1>) -> tensor<?x?xi1>
  %mask = onnx.Where(%le, %visible, %masked) : (tensor<?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?xf32>
  %s2 = onnx.Add(%s1, %mask) : (tensor<1x4x?x?xf32>, tensor<?x?xf32>) -> tensor<1x4x?x?xf32>
  %p = onnx.Softmax(%s2) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("window_fraction")
  %o = onnx.MatMul(%p, %q) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  // CHECK: blockattn.attention {{.*}} window = 101 : i64}
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x?x8xf32>) -> tensor<1x?x4x8xf32>
  return %y : tensor<1x?x4x8xf32>
}

// The distance is scaled before it is compared.
// CHECK-LABEL: func @window_scaled(
func.func @window_scaled(%h: tensor<1x?x32xf32> {onnx.dims = ["", "seq", ""]}) -> tensor<1x?x4x8xf32> {
  %heads = onnx.Constant dense<[1, 0, 4, 8]> : tensor<4xi64>
  %zero = onnx.Constant dense<0> : tensor<i64>
  %one = onnx.Constant dense<1> : tensor<i64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %second = onnx.Constant dense<1> : tensor<1xi64>
  %visible = onnx.Constant dense<0.0> : tensor<f32>
  %masked = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %scale = onnx.Constant dense<0.353553385> : tensor<f32>
  %x = onnx.Reshape(%h, %heads) : (tensor<1x?x32xf32>, tensor<4xi64>) -> tensor<1x?x4x8xf32>
  %q = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x?x8xf32>
  %kt = onnx.Transpose(%x) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x8x?xf32>
  %s0 = onnx.MatMul(%q, %kt) : (tensor<1x4x?x8xf32>, tensor<1x4x8x?xf32>) -> tensor<1x4x?x?xf32>
  %s1 = onnx.Mul(%s0, %scale) : (tensor<1x4x?x?xf32>, tensor<f32>) -> tensor<1x4x?x?xf32>
  %n0 = onnx.Shape(%h) {start = 1 : i64, end = 2 : i64} : (tensor<1x?x32xf32>) -> tensor<1xi64>
  %n = onnx.Squeeze(%n0, %first) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %j = onnx.Range(%zero, %n, %one) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %i = onnx.Unsqueeze(%j, %second) : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %before = onnx.LessOrEqual(%j, %i) : (tensor<?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %d = onnx.Sub(%i, %j) : (tensor<?x1xi64>, tensor<?xi64>) -> tensor<?x?xi64>
  %f = onnx.Cast(%d) {to = f32} : (tensor<?x?xi64>) -> tensor<?x?xf32>
  %factor = onnx.Constant dense<0.015625> : tensor<f32>
  %g = onnx.Mul(%f, %factor) : (tensor<?x?xf32>, tensor<f32>) -> tensor<?x?xf32>
  %limit = onnx.Constant dense<2.0> : tensor<f32>
  %near = onnx.Less(%g, %limit) : (tensor<?x?xf32>, tensor<f32>) -> tensor<?x?xi1>
  %le = onnx.And(%before, %near) : (tensor<?x?xi1>, tensor<?x?xi1>) -> tensor<?x?xi1>
  %mask = onnx.Where(%le, %visible, %masked) : (tensor<?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?xf32>
  %s2 = onnx.Add(%s1, %mask) : (tensor<1x4x?x?xf32>, tensor<?x?xf32>) -> tensor<1x4x?x?xf32>
  %p = onnx.Softmax(%s2) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("window_scaled")
  %o = onnx.MatMul(%p, %q) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  // CHECK: blockattn.attention {{.*}} window = 128 : i64}
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x?x8xf32>) -> tensor<1x?x4x8xf32>
  return %y : tensor<1x?x4x8xf32>
}

// The limit is no whole number, and longer than any sequence that is tried.
// CHECK-LABEL: func @window_long_fraction(
func.func @window_long_fraction(%h: tensor<1x?x32xf32> {onnx.dims = ["", "seq", ""]}) -> tensor<1x?x4x8xf32> {
  %heads = onnx.Constant dense<[1, 0, 4, 8]> : tensor<4xi64>
  %zero = onnx.Constant dense<0> : tensor<i64>
  %one = onnx.Constant dense<1> : tensor<i64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %second = onnx.Constant dense<1> : tensor<1xi64>
  %visible = onnx.Constant dense<0.0> : tensor<f32>
  %masked = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %scale = onnx.Constant dense<0.353553385> : tensor<f32>
  %x = onnx.Reshape(%h, %heads) : (tensor<1x?x32xf32>, tensor<4xi64>) -> tensor<1x?x4x8xf32>
  %q = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x?x8xf32>
  %kt = onnx.Transpose(%x) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x8x?xf32>
  %s0 = onnx.MatMul(%q, %kt) : (tensor<1x4x?x8xf32>, tensor<1x4x8x?xf32>) -> tensor<1x4x?x?xf32>
  %s1 = onnx.Mul(%s0, %scale) : (tensor<1x4x?x?xf32>, tensor<f32>) -> tensor<1x4x?x?xf32>
  %n0 = onnx.Shape(%h) {start = 1 : i64, end = 2 : i64} : (tensor<1x?x32xf32>) -> tensor<1xi64>
  %n = onnx.Squeeze(%n0, %first) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %j = onnx.Range(%zero, %n, %one) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %i = onnx.Unsqueeze(%j, %second) : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %before = onnx.LessOrEqual(%j, %i) : (tensor<?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %d = onnx.Sub(%i, %j) : (tensor<?x1xi64>, tensor<?xi64>) -> tensor<?x?xi64>
  %f = onnx.Cast(%d) {to = f32} : (tensor<?x?xi64>) -> tensor<?x?xf32>
  %limit = onnx.Constant dense<5000.5> : tensor<f32>
  %near = onnx.Less(%f, %limit) : (tensor<?x?xf32>, tensor<f32>) -> tensor<?x?xi1>
  %le = onnx.And(%before, %near) : (tensor<?x?xi1>, tensor<?x?xi1>) -> tensor<?x?xi1>
  %mask = onnx.Where(%le, %visible, %masked) : (tensor<?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?xf32>
  %s2 = onnx.Add(%s1, %mask) : (tensor<1x4x?x?xf32>, tensor<?x?xf32>) -> tensor<1x4x?x?xf32>
  %p = onnx.Softmax(%s2) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("window_long_fraction")
  %o = onnx.MatMul(%p, %q) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  // CHECK: blockattn.attention {{.*}} window = 5001 : i64}
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x?x8xf32>) -> tensor<1x?x4x8xf32>
  return %y : tensor<1x?x4x8xf32>
}

// Positions in 32 bits are all different.
// CHECK-LABEL: func @causal_i32(
func.func @causal_i32(%h: tensor<1x?x32xf32> {onnx.dims = ["", "seq", ""]}) -> tensor<1x?x4x8xf32> {
  %heads = onnx.Constant dense<[1, 0, 4, 8]> : tensor<4xi64>
  %zero = onnx.Constant dense<0> : tensor<i64>
  %one = onnx.Constant dense<1> : tensor<i64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %second = onnx.Constant dense<1> : tensor<1xi64>
  %visible = onnx.Constant dense<0.0> : tensor<f32>
  %masked = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %scale = onnx.Constant dense<0.353553385> : tensor<f32>
  %x = onnx.Reshape(%h, %heads) : (tensor<1x?x32xf32>, tensor<4xi64>) -> tensor<1x?x4x8xf32>
  %q = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x?x8xf32>
  %kt = onnx.Transpose(%x) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x8x?xf32>
  %s0 = onnx.MatMul(%q, %kt) : (tensor<1x4x?x8xf32>, tensor<1x4x8x?xf32>) -> tensor<1x4x?x?xf32>
  %s1 = onnx.Mul(%s0, %scale) : (tensor<1x4x?x?xf32>, tensor<f32>) -> tensor<1x4x?x?xf32>
  %n0 = onnx.Shape(%h) {start = 1 : i64, end = 2 : i64} : (tensor<1x?x32xf32>) -> tensor<1xi64>
  %n = onnx.Squeeze(%n0, %first) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %j = onnx.Range(%zero, %n, %one) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %i = onnx.Unsqueeze(%j, %second) : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %ci = onnx.Cast(%i) {to = i32} : (tensor<?x1xi64>) -> tensor<?x1xi32>
  %cj = onnx.Cast(%j) {to = i32} : (tensor<?xi64>) -> tensor<?xi32>
  %le = onnx.LessOrEqual(%cj, %ci) : (tensor<?xi32>, tensor<?x1xi32>) -> tensor<?x?xi1>
  %mask = onnx.Where(%le, %visible, %masked) : (tensor<?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?xf32>
  %s2 = onnx.Add(%s1, %mask) : (tensor<1x4x?x?xf32>, tensor<?x?xf32>) -> tensor<1x4x?x?xf32>
  %p = onnx.Softmax(%s2) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("causal_i32")
  %o = onnx.MatMul(%p, %q) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  // CHECK: blockattn.attention {{.*}}causal
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x?x8xf32>) -> tensor<1x?x4x8xf32>
  return %y : tensor<1x?x4x8xf32>
}

// Two bounds, of which the first is the window.
// CHECK-LABEL: func @window_bounds(
func.func @window_bounds(%h: tensor<1x?x32xf32> {onnx.dims = ["", "seq", ""]}) -> tensor<1x?x4x8xf32> {
  %heads = onnx.Constant dense<[1, 0, 4, 8]> : tensor<4xi64>
  %zero = onnx.Constant dense<0> : tensor<i64>
  %one = onnx.Constant dense<1> : tensor<i64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %second = onnx.Constant dense<1> : tensor<1xi64>
  %visible = onnx.Constant dense<0.0> : tensor<f32>
  %masked = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %scale = onnx.Constant dense<0.353553385> : tensor<f32>
  %x = onnx.Reshape(%h, %heads) : (tensor<1x?x32xf32>, tensor<4xi64>) -> tensor<1x?x4x8xf32>
  %q = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x?x8xf32>
  %kt = onnx.Transpose(%x) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x8x?xf32>
  %s0 = onnx.MatMul(%q, %kt) : (tensor<1x4x?x8xf32>, tensor<1x4x8x?xf32>) -> tensor<1x4x?x?xf32>
  %s1 = onnx.Mul(%s0, %scale) : (tensor<1x4x?x?xf32>, tensor<f32>) -> tensor<1x4x?x?xf32>
  %n0 = onnx.Shape(%h) {start = 1 : i64, end = 2 : i64} : (tensor<1x?x32xf32>) -> tensor<1xi64>
  %n = onnx.Squeeze(%n0, %first) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %j = onnx.Range(%zero, %n, %one) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %i = onnx.Unsqueeze(%j, %second) : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %before = onnx.LessOrEqual(%j, %i) : (tensor<?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %d = onnx.Sub(%i, %j) : (tensor<?x1xi64>, tensor<?xi64>) -> tensor<?x?xi64>
  %limit = onnx.Constant dense<2000> : tensor<i64>
  %in = onnx.Less(%d, %limit) : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi1>
  %to = onnx.Constant dense<5600> : tensor<i64>
  %until = onnx.Less(%d, %to) : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi1>
  %near = onnx.And(%in, %until) : (tensor<?x?xi1>, tensor<?x?xi1>) -> tensor<?x?xi1>
  %le = onnx.And(%before, %near) : (tensor<?x?xi1>, tensor<?x?xi1>) -> tensor<?x?xi1>
  %mask = onnx.Where(%le, %visible, %masked) : (tensor<?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?xf32>
  %s2 = onnx.Add(%s1, %mask) : (tensor<1x4x?x?xf32>, tensor<?x?xf32>) -> tensor<1x4x?x?xf32>
  %p = onnx.Softmax(%s2) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("window_bounds")
  %o = onnx.MatMul(%p, %q) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  // CHECK: blockattn.attention {{.*}} window = 2000 : i64}
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x?x8xf32>) -> tensor<1x?x4x8xf32>
  return %y : tensor<1x?x4x8xf32>
}

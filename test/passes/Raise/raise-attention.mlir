// RUN: blockattn-opt %s --blockattn-raise-attention --canonicalize --cse | FileCheck %s

// CHECK: module attributes {blockattn.attentions = [
// CHECK-SAME: {head_size = 8 : i64, heads = 4 : i64, kv_heads = 4 : i64, kv_position_independent = true, mask = "causal", node = "causal", positions = "none", raised = true, reasons = [], scale = 0.353553385 : f32, softcap = 0.000000e+00 : f32, window = 0 : i64}
// CHECK-SAME: {{.*}}kv_heads = 2 : i64, {{.*}}mask = "window", node = "window", {{.*}}softcap = 5.000000e+00 : f32, window = 3 : i64}
// CHECK-SAME: {{.*}}mask = "padding", node = "padding"
// CHECK-SAME: {{.*}}mask = "causal+packed", node = "packed"
// CHECK-SAME: {{.*}}mask = "none", node = "none"
// CHECK-SAME: {{.*}}mask = "causal+padding", node = "past"

// The mask is made of ranges; the scale comes after the product.
// CHECK-LABEL: func @causal
func.func @causal(%h: tensor<1x?x32xf32> {onnx.dims = ["", "seq", ""]}) -> tensor<1x?x4x8xf32> {
  %heads = onnx.Constant dense<[1, 0, 4, 8]> : tensor<4xi64>
  %zero = onnx.Constant dense<0> : tensor<i64>
  %one = onnx.Constant dense<1> : tensor<i64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %second = onnx.Constant dense<1> : tensor<1xi64>
  %visible = onnx.Constant dense<0.0> : tensor<f32>
  %masked = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %scale = onnx.Constant dense<0.353553385> : tensor<f32>
  // CHECK: %[[X:.*]] = onnx.Reshape(%arg0
  %x = onnx.Reshape(%h, %heads) : (tensor<1x?x32xf32>, tensor<4xi64>) -> tensor<1x?x4x8xf32>
  %q = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x?x8xf32>
  %kt = onnx.Transpose(%x) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x8x?xf32>
  %s0 = onnx.MatMul(%q, %kt) : (tensor<1x4x?x8xf32>, tensor<1x4x8x?xf32>) -> tensor<1x4x?x?xf32>
  %s1 = onnx.Mul(%s0, %scale) : (tensor<1x4x?x?xf32>, tensor<f32>) -> tensor<1x4x?x?xf32>
  %n0 = onnx.Shape(%h) {start = 1 : i64, end = 2 : i64} : (tensor<1x?x32xf32>) -> tensor<1xi64>
  %n = onnx.Squeeze(%n0, %first) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %j = onnx.Range(%zero, %n, %one) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %i = onnx.Unsqueeze(%j, %second) : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %le = onnx.LessOrEqual(%j, %i) : (tensor<?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %mask = onnx.Where(%le, %visible, %masked) : (tensor<?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?xf32>
  %s2 = onnx.Add(%s1, %mask) : (tensor<1x4x?x?xf32>, tensor<?x?xf32>) -> tensor<1x4x?x?xf32>
  %p = onnx.Softmax(%s2) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("causal")
  %o = onnx.MatMul(%p, %q) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  // No transposition remains.
  // CHECK-NEXT: %[[Y:.*]] = blockattn.attention %[[X]], %[[X]], %[[X]] {causal, scale = 0.353553385 : f32}
  // CHECK-NEXT: return %[[Y]]
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x?x8xf32>) -> tensor<1x?x4x8xf32>
  return %y : tensor<1x?x4x8xf32>
}

// Queries and keys are scaled, heads of keys repeated for two of queries each,
// scores soft-capped; a query sees 3 keys; forbidden scores are replaced.
// CHECK-LABEL: func @window
func.func @window(%h: tensor<?x?x32xf32> {onnx.dims = ["batch", "seq", ""]}, %kv: tensor<?x?x16xf32> {onnx.dims = ["batch", "seq", ""]}) -> tensor<?x?x32xf32> {
  %heads = onnx.Constant dense<[0, 0, 4, 8]> : tensor<4xi64>
  %kvHeads = onnx.Constant dense<[0, 0, 2, 8]> : tensor<4xi64>
  %wide = onnx.Constant dense<[1, 1, 2, 1, 1]> : tensor<5xi64>
  %merged = onnx.Constant dense<[0, 4, -1, 8]> : tensor<4xi64>
  %flat = onnx.Constant dense<[0, 0, 32]> : tensor<3xi64>
  %zero = onnx.Constant dense<0> : tensor<i64>
  %one = onnx.Constant dense<1> : tensor<i64>
  %size = onnx.Constant dense<3> : tensor<i64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %second = onnx.Constant dense<1> : tensor<1xi64>
  %two = onnx.Constant dense<2> : tensor<1xi64>
  %masked = onnx.Constant dense<-1.0E+9> : tensor<f32>
  %cap = onnx.Constant dense<5.0> : tensor<f32>
  %half = onnx.Constant dense<0.5> : tensor<f32>
  // CHECK: %[[Q:.*]] = onnx.Reshape(%arg0
  %q0 = onnx.Reshape(%h, %heads) : (tensor<?x?x32xf32>, tensor<4xi64>) -> tensor<?x?x4x8xf32>
  %q1 = onnx.Transpose(%q0) {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x4x8xf32>) -> tensor<?x4x?x8xf32>
  %q = onnx.Mul(%q1, %half) : (tensor<?x4x?x8xf32>, tensor<f32>) -> tensor<?x4x?x8xf32>
  // CHECK: %[[K:.*]] = onnx.Reshape(%arg1
  %k0 = onnx.Reshape(%kv, %kvHeads) : (tensor<?x?x16xf32>, tensor<4xi64>) -> tensor<?x?x2x8xf32>
  %k1 = onnx.Transpose(%k0) {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x8xf32>) -> tensor<?x2x?x8xf32>
  %k2 = onnx.Unsqueeze(%k1, %two) : (tensor<?x2x?x8xf32>, tensor<1xi64>) -> tensor<?x2x1x?x8xf32>
  %k3 = onnx.Expand(%k2, %wide) : (tensor<?x2x1x?x8xf32>, tensor<5xi64>) -> tensor<?x2x2x?x8xf32>
  %k = onnx.Reshape(%k3, %merged) : (tensor<?x2x2x?x8xf32>, tensor<4xi64>) -> tensor<?x4x?x8xf32>
  %kh = onnx.Mul(%k, %half) : (tensor<?x4x?x8xf32>, tensor<f32>) -> tensor<?x4x?x8xf32>
  %kt = onnx.Transpose(%kh) {perm = array<i64: 0, 1, 3, 2>} : (tensor<?x4x?x8xf32>) -> tensor<?x4x8x?xf32>
  %s0 = onnx.MatMul(%q, %kt) : (tensor<?x4x?x8xf32>, tensor<?x4x8x?xf32>) -> tensor<?x4x?x?xf32>
  %s1 = onnx.Div(%s0, %cap) : (tensor<?x4x?x?xf32>, tensor<f32>) -> tensor<?x4x?x?xf32>
  %s2 = onnx.Tanh(%s1) : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %s3 = onnx.Mul(%s2, %cap) : (tensor<?x4x?x?xf32>, tensor<f32>) -> tensor<?x4x?x?xf32>
  %n0 = onnx.Shape(%h) {start = 1 : i64, end = 2 : i64} : (tensor<?x?x32xf32>) -> tensor<1xi64>
  %n = onnx.Squeeze(%n0, %first) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %j = onnx.Range(%zero, %n, %one) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %i = onnx.Unsqueeze(%j, %second) : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %d = onnx.Sub(%i, %j) : (tensor<?x1xi64>, tensor<?xi64>) -> tensor<?x?xi64>
  %far = onnx.GreaterOrEqual(%d, %size) : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi1>
  %future = onnx.Less(%d, %zero) : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi1>
  %forbidden = onnx.Or(%far, %future) : (tensor<?x?xi1>, tensor<?x?xi1>) -> tensor<?x?xi1>
  %s4 = onnx.Where(%forbidden, %masked, %s3) : (tensor<?x?xi1>, tensor<f32>, tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %p = onnx.Softmax(%s4) {axis = 3 : i64} : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32> loc("window")
  %o = onnx.MatMul(%p, %k) : (tensor<?x4x?x?xf32>, tensor<?x4x?x8xf32>) -> tensor<?x4x?x8xf32>
  // CHECK-NEXT: %[[Y:.*]] = blockattn.attention %[[Q]], %[[K]], %[[K]] {causal, scale = 2.500000e-01 : f32, softcap = 5.000000e+00 : f32, window = 3 : i64}
  // CHECK-NEXT: onnx.Reshape(%[[Y]]
  %t = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x4x?x8xf32>) -> tensor<?x?x4x8xf32>
  %y = onnx.Reshape(%t, %flat) : (tensor<?x?x4x8xf32>, tensor<3xi64>) -> tensor<?x?x32xf32>
  return %y : tensor<?x?x32xf32>
}

// (1 - mask) * -10000, as BERT does it.
// CHECK-LABEL: func @padding
func.func @padding(%h: tensor<?x?x32xf32> {onnx.dims = ["batch", "seq", ""]}, %m: tensor<?x?xi64> {onnx.dims = ["batch", "seq"], onnx.name = "attention_mask"}) -> tensor<?x?x4x8xf32> {
  %heads = onnx.Constant dense<[0, 0, 4, 8]> : tensor<4xi64>
  %one = onnx.Constant dense<1.0> : tensor<f32>
  %masked = onnx.Constant dense<-1.0E+4> : tensor<f32>
  %axes = onnx.Constant dense<[1, 2]> : tensor<2xi64>
  %x = onnx.Reshape(%h, %heads) : (tensor<?x?x32xf32>, tensor<4xi64>) -> tensor<?x?x4x8xf32>
  %q = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x4x8xf32>) -> tensor<?x4x?x8xf32>
  %kt = onnx.Transpose(%x) {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x4x8xf32>) -> tensor<?x4x8x?xf32>
  %s0 = onnx.MatMul(%q, %kt) : (tensor<?x4x?x8xf32>, tensor<?x4x8x?xf32>) -> tensor<?x4x?x?xf32>
  %u = onnx.Unsqueeze(%m, %axes) : (tensor<?x?xi64>, tensor<2xi64>) -> tensor<?x1x1x?xi64>
  %f = onnx.Cast(%u) {to = f32} : (tensor<?x1x1x?xi64>) -> tensor<?x1x1x?xf32>
  %i = onnx.Sub(%one, %f) : (tensor<f32>, tensor<?x1x1x?xf32>) -> tensor<?x1x1x?xf32>
  %b = onnx.Mul(%i, %masked) : (tensor<?x1x1x?xf32>, tensor<f32>) -> tensor<?x1x1x?xf32>
  %s1 = onnx.Add(%s0, %b) : (tensor<?x4x?x?xf32>, tensor<?x1x1x?xf32>) -> tensor<?x4x?x?xf32>
  %p = onnx.Softmax(%s1) : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32> loc("padding")
  %o = onnx.MatMul(%p, %q) : (tensor<?x4x?x?xf32>, tensor<?x4x?x8xf32>) -> tensor<?x4x?x8xf32>
  // CHECK: %[[M:.*]] = onnx.Cast(%arg1) {to = i1}
  // CHECK: blockattn.attention {{.*}} key_mask(%[[M]] : tensor<?x?xi1>) {scale = 1.000000e+00 : f32}
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x4x?x8xf32>) -> tensor<?x?x4x8xf32>
  return %y : tensor<?x?x4x8xf32>
}

// Sequences are told apart by positions that do not rise by one.
// CHECK-LABEL: func @packed
func.func @packed(%h: tensor<1x?x32xf32> {onnx.dims = ["", "seq", ""]}, %pos: tensor<1x?xi64> {onnx.dims = ["", "seq"], onnx.name = "position_ids"}) -> tensor<1x?x4x8xf32> {
  %heads = onnx.Constant dense<[1, 0, 4, 8]> : tensor<4xi64>
  %zero = onnx.Constant dense<0> : tensor<i64>
  %one = onnx.Constant dense<1> : tensor<i64>
  %last = onnx.Constant dense<-1> : tensor<i64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %second = onnx.Constant dense<1> : tensor<1xi64>
  %third = onnx.Constant dense<2> : tensor<1xi64>
  %end = onnx.Constant dense<-1> : tensor<1xi64>
  %visible = onnx.Constant dense<0.0> : tensor<f32>
  %masked = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %x = onnx.Reshape(%h, %heads) : (tensor<1x?x32xf32>, tensor<4xi64>) -> tensor<1x?x4x8xf32>
  %q = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x?x8xf32>
  %kt = onnx.Transpose(%x) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x8x?xf32>
  %s0 = onnx.MatMul(%q, %kt) : (tensor<1x4x?x8xf32>, tensor<1x4x8x?xf32>) -> tensor<1x4x?x?xf32>
  %p0 = onnx.Slice(%pos, %first, %second, %second, %second) : (tensor<1x?xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x1xi64>
  %p1 = onnx.Sub(%p0, %one) : (tensor<1x1xi64>, tensor<i64>) -> tensor<1x1xi64>
  %before0 = onnx.Slice(%pos, %first, %end, %second, %second) : (tensor<1x?xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  %before = onnx.Concat(%p1, %before0) {axis = 1 : i64} : (tensor<1x1xi64>, tensor<1x?xi64>) -> tensor<1x?xi64>
  %diff = onnx.Sub(%pos, %before) : (tensor<1x?xi64>, tensor<1x?xi64>) -> tensor<1x?xi64>
  %same = onnx.Equal(%diff, %one) : (tensor<1x?xi64>, tensor<i64>) -> tensor<1x?xi1>
  %new = onnx.Not(%same) : (tensor<1x?xi1>) -> tensor<1x?xi1>
  %new0 = onnx.Cast(%new) {to = i64} : (tensor<1x?xi1>) -> tensor<1x?xi64>
  %seg = onnx.CumSum(%new0, %last) : (tensor<1x?xi64>, tensor<i64>) -> tensor<1x?xi64>
  %si = onnx.Unsqueeze(%seg, %third) : (tensor<1x?xi64>, tensor<1xi64>) -> tensor<1x?x1xi64>
  %sj = onnx.Unsqueeze(%seg, %second) : (tensor<1x?xi64>, tensor<1xi64>) -> tensor<1x1x?xi64>
  %eq = onnx.Equal(%si, %sj) : (tensor<1x?x1xi64>, tensor<1x1x?xi64>) -> tensor<1x?x?xi1>
  %n0 = onnx.Shape(%h) {start = 1 : i64, end = 2 : i64} : (tensor<1x?x32xf32>) -> tensor<1xi64>
  %n = onnx.Squeeze(%n0, %first) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %j = onnx.Range(%zero, %n, %one) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %i = onnx.Unsqueeze(%j, %second) : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %le = onnx.LessOrEqual(%j, %i) : (tensor<?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %both = onnx.And(%eq, %le) : (tensor<1x?x?xi1>, tensor<?x?xi1>) -> tensor<1x?x?xi1>
  %both4 = onnx.Unsqueeze(%both, %second) : (tensor<1x?x?xi1>, tensor<1xi64>) -> tensor<1x1x?x?xi1>
  %mask = onnx.Where(%both4, %visible, %masked) : (tensor<1x1x?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<1x1x?x?xf32>
  %s1 = onnx.Add(%s0, %mask) : (tensor<1x4x?x?xf32>, tensor<1x1x?x?xf32>) -> tensor<1x4x?x?xf32>
  %p = onnx.Softmax(%s1) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("packed")
  %o = onnx.MatMul(%p, %q) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  // CHECK: %[[L:.*]] = blockattn.layout_from_positions %arg1
  // CHECK-NEXT: blockattn.attention {{.*}} layout(%[[L]]) {causal
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x?x8xf32>) -> tensor<1x?x4x8xf32>
  return %y : tensor<1x?x4x8xf32>
}

// No mask; the probabilities are guarded against rows without keys; the result
// is wanted with its heads first.
// CHECK-LABEL: func @none
func.func @none(%h: tensor<1x?x32xf32> {onnx.dims = ["", "seq", ""]}) -> tensor<1x4x?x8xf32> {
  %heads = onnx.Constant dense<[1, 0, 4, 8]> : tensor<4xi64>
  %zero = onnx.Constant dense<0.0> : tensor<f32>
  %x = onnx.Reshape(%h, %heads) : (tensor<1x?x32xf32>, tensor<4xi64>) -> tensor<1x?x4x8xf32>
  %q = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x?x8xf32>
  %kt = onnx.Transpose(%x) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x8x?xf32>
  %s = onnx.MatMul(%q, %kt) : (tensor<1x4x?x8xf32>, tensor<1x4x8x?xf32>) -> tensor<1x4x?x?xf32>
  %p0 = onnx.Softmax(%s) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("none")
  %nan = onnx.IsNaN(%p0) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xi1>
  %p = onnx.Where(%nan, %zero, %p0) : (tensor<1x4x?x?xi1>, tensor<f32>, tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32>
  // CHECK: %[[Y:.*]] = blockattn.attention {{.*}} {scale = 1.000000e+00 : f32}
  // CHECK-NEXT: onnx.Transpose(%[[Y]])
  %o = onnx.MatMul(%p, %q) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  return %o : tensor<1x4x?x8xf32>
}

// Keys and values of the past come first; the mask covers both.
// CHECK-LABEL: func @past
func.func @past(%h: tensor<1x?x32xf32> {onnx.dims = ["", "seq", ""]}, %m: tensor<1x?xi64> {onnx.dims = ["", "total"], onnx.name = "attention_mask"}, %pk: tensor<1x4x?x8xf32> {onnx.dims = ["", "", "past", ""], onnx.name = "past_key_values.0.key"}) -> (tensor<1x?x4x8xf32>, tensor<1x4x?x8xf32>) {
  %heads = onnx.Constant dense<[1, 0, 4, 8]> : tensor<4xi64>
  %zero = onnx.Constant dense<0> : tensor<i64>
  %one = onnx.Constant dense<1> : tensor<i64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %second = onnx.Constant dense<1> : tensor<1xi64>
  %axes = onnx.Constant dense<[1, 2]> : tensor<2xi64>
  %visible = onnx.Constant dense<0.0> : tensor<f32>
  %masked = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %x = onnx.Reshape(%h, %heads) : (tensor<1x?x32xf32>, tensor<4xi64>) -> tensor<1x?x4x8xf32>
  %q = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x?x8xf32>
  // CHECK: %[[K:.*]] = onnx.Concat(%arg2
  // CHECK: %[[KT:.*]] = onnx.Transpose(%[[K]]) {perm = array<i64: 0, 2, 1, 3>}
  %k = onnx.Concat(%pk, %q) {axis = 2 : i64} : (tensor<1x4x?x8xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  %kt = onnx.Transpose(%k) {perm = array<i64: 0, 1, 3, 2>} : (tensor<1x4x?x8xf32>) -> tensor<1x4x8x?xf32>
  %s0 = onnx.MatMul(%q, %kt) : (tensor<1x4x?x8xf32>, tensor<1x4x8x?xf32>) -> tensor<1x4x?x?xf32>
  %n0 = onnx.Shape(%h) {start = 1 : i64, end = 2 : i64} : (tensor<1x?x32xf32>) -> tensor<1xi64>
  %n = onnx.Squeeze(%n0, %first) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %t0 = onnx.Shape(%k) {start = 2 : i64, end = 3 : i64} : (tensor<1x4x?x8xf32>) -> tensor<1xi64>
  %t = onnx.Squeeze(%t0, %first) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %offset = onnx.Sub(%t, %n) : (tensor<i64>, tensor<i64>) -> tensor<i64>
  %j = onnx.Range(%zero, %t, %one) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %i0 = onnx.Range(%offset, %t, %one) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %i = onnx.Unsqueeze(%i0, %second) : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %le = onnx.LessOrEqual(%j, %i) : (tensor<?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %b0 = onnx.Cast(%m) {to = i1} : (tensor<1x?xi64>) -> tensor<1x?xi1>
  %b = onnx.Unsqueeze(%b0, %axes) : (tensor<1x?xi1>, tensor<2xi64>) -> tensor<1x1x1x?xi1>
  %both = onnx.And(%le, %b) : (tensor<?x?xi1>, tensor<1x1x1x?xi1>) -> tensor<1x1x?x?xi1>
  %mask = onnx.Where(%both, %visible, %masked) : (tensor<1x1x?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<1x1x?x?xf32>
  %s1 = onnx.Add(%s0, %mask) : (tensor<1x4x?x?xf32>, tensor<1x1x?x?xf32>) -> tensor<1x4x?x?xf32>
  %p = onnx.Softmax(%s1) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("past")
  %o = onnx.MatMul(%p, %k) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  // CHECK: blockattn.attention %{{.*}}, %[[KT]], %[[KT]] key_mask(%{{.*}} : tensor<1x?xi1>) {causal
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x?x8xf32>) -> tensor<1x?x4x8xf32>
  return %y, %k : tensor<1x?x4x8xf32>, tensor<1x4x?x8xf32>
}

// The window is longer than any sequence that is tried: another number is put
// in the place of the constant.
// CHECK-LABEL: func @long_window
func.func @long_window(%h: tensor<1x?x32xf32> {onnx.dims = ["", "seq", ""]}) -> tensor<1x?x4x8xf32> {
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
  %le = onnx.LessOrEqual(%j, %i) : (tensor<?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %limit = onnx.Constant dense<-4096> : tensor<i64>
  %d = onnx.Sub(%j, %i) : (tensor<?xi64>, tensor<?x1xi64>) -> tensor<?x?xi64>
  %near = onnx.Greater(%d, %limit) : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi1>
  %both = onnx.And(%near, %le) : (tensor<?x?xi1>, tensor<?x?xi1>) -> tensor<?x?xi1>
  %mask = onnx.Where(%both, %visible, %masked) : (tensor<?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?xf32>
  %s2 = onnx.Add(%s1, %mask) : (tensor<1x4x?x?xf32>, tensor<?x?xf32>) -> tensor<1x4x?x?xf32>
  %p = onnx.Softmax(%s2) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("long_window")
  %o = onnx.MatMul(%p, %q) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  // CHECK: blockattn.attention {{.*}} window = 4096 : i64}
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x?x8xf32>) -> tensor<1x?x4x8xf32>
  return %y : tensor<1x?x4x8xf32>
}

// Here a sequence as long as the window is.
// CHECK-LABEL: func @medium_window
func.func @medium_window(%h: tensor<1x?x32xf32> {onnx.dims = ["", "seq", ""]}) -> tensor<1x?x4x8xf32> {
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
  %le = onnx.LessOrEqual(%j, %i) : (tensor<?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %limit = onnx.Constant dense<-300> : tensor<i64>
  %d = onnx.Sub(%j, %i) : (tensor<?xi64>, tensor<?x1xi64>) -> tensor<?x?xi64>
  %near = onnx.Greater(%d, %limit) : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi1>
  %both = onnx.And(%near, %le) : (tensor<?x?xi1>, tensor<?x?xi1>) -> tensor<?x?xi1>
  %mask = onnx.Where(%both, %visible, %masked) : (tensor<?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?xf32>
  %s2 = onnx.Add(%s1, %mask) : (tensor<1x4x?x?xf32>, tensor<?x?xf32>) -> tensor<1x4x?x?xf32>
  %p = onnx.Softmax(%s2) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("medium_window")
  %o = onnx.MatMul(%p, %q) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  // CHECK: blockattn.attention {{.*}} window = 300 : i64}
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x?x8xf32>) -> tensor<1x?x4x8xf32>
  return %y : tensor<1x?x4x8xf32>
}

// Padding, where all sizes are fixed.
// CHECK-LABEL: func.func @fixed_padding
// CHECK: blockattn.attention {{.*}}key_mask
func.func @fixed_padding(%q: tensor<2x4x4x8xf32>, %m: tensor<2x4xi1> {onnx.name = "attention_mask"}) -> tensor<2x4x4x8xf32> {
  %visible = onnx.Constant dense<0.0> : tensor<f32>
  %masked = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %kt = onnx.Transpose(%q) {perm = array<i64: 0, 1, 3, 2>} : (tensor<2x4x4x8xf32>) -> tensor<2x4x8x4xf32>
  %s0 = onnx.MatMul(%q, %kt) : (tensor<2x4x4x8xf32>, tensor<2x4x8x4xf32>) -> tensor<2x4x4x4xf32>
  %axes = onnx.Constant dense<[1, 2]> : tensor<2xi64>
  %m4 = onnx.Unsqueeze(%m, %axes) : (tensor<2x4xi1>, tensor<2xi64>) -> tensor<2x1x1x4xi1>
  %mask = onnx.Where(%m4, %visible, %masked) : (tensor<2x1x1x4xi1>, tensor<f32>, tensor<f32>) -> tensor<2x1x1x4xf32>
  %s1 = onnx.Add(%s0, %mask) : (tensor<2x4x4x4xf32>, tensor<2x1x1x4xf32>) -> tensor<2x4x4x4xf32>
  %p = onnx.Softmax(%s1) : (tensor<2x4x4x4xf32>) -> tensor<2x4x4x4xf32> loc("fixed_padding")
  %y = onnx.MatMul(%p, %q) : (tensor<2x4x4x4xf32>, tensor<2x4x4x8xf32>) -> tensor<2x4x4x8xf32>
  return %y : tensor<2x4x4x8xf32>
}

// A window as wide on both sides, shorter and longer than what is tried first.
// CHECK-LABEL: func @two_sided
func.func @two_sided(%h: tensor<1x?x32xf32> {onnx.dims = ["", "seq", ""]}) -> tensor<1x?x4x8xf32> {
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
  %three = onnx.Constant dense<3> : tensor<i64>
  %d = onnx.Sub(%j, %i) : (tensor<?xi64>, tensor<?x1xi64>) -> tensor<?x?xi64>
  %far = onnx.Abs(%d) : (tensor<?x?xi64>) -> tensor<?x?xi64>
  %le = onnx.Less(%far, %three) : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi1>
  %mask = onnx.Where(%le, %visible, %masked) : (tensor<?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?xf32>
  %s2 = onnx.Add(%s1, %mask) : (tensor<1x4x?x?xf32>, tensor<?x?xf32>) -> tensor<1x4x?x?xf32>
  %p = onnx.Softmax(%s2) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("two_sided")
  %o = onnx.MatMul(%p, %q) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  // CHECK: blockattn.attention {{.*}} {scale = 0.353553385 : f32, window = 3 : i64}
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x?x8xf32>) -> tensor<1x?x4x8xf32>
  return %y : tensor<1x?x4x8xf32>
}

// CHECK-LABEL: func @two_sided_long
func.func @two_sided_long(%h: tensor<1x?x32xf32> {onnx.dims = ["", "seq", ""]}) -> tensor<1x?x4x8xf32> {
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
  %three = onnx.Constant dense<65> : tensor<i64>
  %d = onnx.Sub(%j, %i) : (tensor<?xi64>, tensor<?x1xi64>) -> tensor<?x?xi64>
  %far = onnx.Abs(%d) : (tensor<?x?xi64>) -> tensor<?x?xi64>
  %le = onnx.Less(%far, %three) : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi1>
  %mask = onnx.Where(%le, %visible, %masked) : (tensor<?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?xf32>
  %s2 = onnx.Add(%s1, %mask) : (tensor<1x4x?x?xf32>, tensor<?x?xf32>) -> tensor<1x4x?x?xf32>
  %p = onnx.Softmax(%s2) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("two_sided_long")
  %o = onnx.MatMul(%p, %q) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  // CHECK: blockattn.attention {{.*}} {scale = 0.353553385 : f32, window = 65 : i64}
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x?x8xf32>) -> tensor<1x?x4x8xf32>
  return %y : tensor<1x?x4x8xf32>
}

// A score for each head that belongs to no key (gpt-oss): a share of the weights
// that the log-sum-exp tells. The greatest is taken away before, to no effect.
// CHECK-LABEL: func @sinks
func.func @sinks(%h: tensor<1x?x32xf32> {onnx.dims = ["", "seq", ""]}) -> tensor<1x?x4x8xf32> {
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
  %three = onnx.Constant dense<3> : tensor<i64>
  %d = onnx.Sub(%j, %i) : (tensor<?xi64>, tensor<?x1xi64>) -> tensor<?x?xi64>
  %far = onnx.Abs(%d) : (tensor<?x?xi64>) -> tensor<?x?xi64>
  %le = onnx.Less(%far, %three) : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi1>
  %mask = onnx.Where(%le, %visible, %masked) : (tensor<?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?xf32>
  %s2 = onnx.Add(%s1, %mask) : (tensor<1x4x?x?xf32>, tensor<?x?xf32>) -> tensor<1x4x?x?xf32>
  %sinks = onnx.Constant dense<[[[[0.5]], [[-1.0]], [[0.0]], [[2.0]]]]> : tensor<1x4x1x1xf32>
  %ones = onnx.Constant dense<1> : tensor<2xi64>
  %last = onnx.Constant dense<1> : tensor<1xi64>
  %count = onnx.Concat(%ones, %n0, %last) {axis = 0 : i64} : (tensor<2xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4xi64>
  %column = onnx.Expand(%sinks, %count) : (tensor<1x4x1x1xf32>, tensor<4xi64>) -> tensor<1x4x?x1xf32>
  %all = onnx.Concat(%s2, %column) {axis = -1 : i64} : (tensor<1x4x?x?xf32>, tensor<1x4x?x1xf32>) -> tensor<1x4x?x?xf32>
  %axis = onnx.Constant dense<-1> : tensor<1xi64>
  %greatest = onnx.ReduceMax(%all, %axis) : (tensor<1x4x?x?xf32>, tensor<1xi64>) -> tensor<1x4x?x1xf32>
  %less = onnx.Sub(%all, %greatest) : (tensor<1x4x?x?xf32>, tensor<1x4x?x1xf32>) -> tensor<1x4x?x?xf32>
  %p0 = onnx.Softmax(%less) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("sinks")
  %p = onnx.Slice(%p0, %first, %axis, %axis) : (tensor<1x4x?x?xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x4x?x?xf32>
  %o = onnx.MatMul(%p, %q) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  // CHECK: %[[S:.*]] = onnx.Constant dense<[5.000000e-01, -1.000000e+00, 0.000000e+00, 2.000000e+00]> : tensor<4xf32>
  // CHECK: %[[R:.*]], %[[L:.*]] = blockattn.attention {{.*}} {scale = 0.353553385 : f32, window = 3 : i64} {{.*}} -> tensor<1x?x4x8xf32>, tensor<1x?x4xf32>
  // CHECK: %[[D:.*]] = onnx.Sub(%[[L]], %[[S]])
  // CHECK: %[[F:.*]] = onnx.Sigmoid(%[[D]])
  // CHECK: %[[U:.*]] = onnx.Unsqueeze(%[[F]], %{{.*}}) {{.*}} -> tensor<1x?x4x1xf32>
  // CHECK: onnx.Mul(%[[R]], %[[U]])
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x?x8xf32>) -> tensor<1x?x4x8xf32>
  return %y : tensor<1x?x4x8xf32>
}

// RUN: blockattn-opt %s --blockattn-raise-attention --canonicalize --cse | FileCheck %s

// Sequences are told apart by positions that do not rise by one, in each row of
// the batch: its rows become one, for one layout, and rows again.

// CHECK-LABEL: func @packed
func.func @packed(%h: tensor<?x?x32xf32> {onnx.dims = ["batch", "seq", ""]}, %pos: tensor<?x?xi64> {onnx.dims = ["batch", "seq"], onnx.name = "position_ids"}) -> tensor<?x?x4x8xf32> {
  %heads = onnx.Constant dense<[0, 0, 4, 8]> : tensor<4xi64>
  %zero = onnx.Constant dense<0> : tensor<i64>
  %one = onnx.Constant dense<1> : tensor<i64>
  %last = onnx.Constant dense<-1> : tensor<i64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %second = onnx.Constant dense<1> : tensor<1xi64>
  %third = onnx.Constant dense<2> : tensor<1xi64>
  %end = onnx.Constant dense<-1> : tensor<1xi64>
  %visible = onnx.Constant dense<0.0> : tensor<f32>
  %masked = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %x = onnx.Reshape(%h, %heads) : (tensor<?x?x32xf32>, tensor<4xi64>) -> tensor<?x?x4x8xf32>
  %q = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x4x8xf32>) -> tensor<?x4x?x8xf32>
  %kt = onnx.Transpose(%x) {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x4x8xf32>) -> tensor<?x4x8x?xf32>
  %s0 = onnx.MatMul(%q, %kt) : (tensor<?x4x?x8xf32>, tensor<?x4x8x?xf32>) -> tensor<?x4x?x?xf32>
  %p0 = onnx.Slice(%pos, %first, %second, %second, %second) : (tensor<?x?xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %p1 = onnx.Sub(%p0, %one) : (tensor<?x1xi64>, tensor<i64>) -> tensor<?x1xi64>
  %before0 = onnx.Slice(%pos, %first, %end, %second, %second) : (tensor<?x?xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?xi64>
  %before = onnx.Concat(%p1, %before0) {axis = 1 : i64} : (tensor<?x1xi64>, tensor<?x?xi64>) -> tensor<?x?xi64>
  %diff = onnx.Sub(%pos, %before) : (tensor<?x?xi64>, tensor<?x?xi64>) -> tensor<?x?xi64>
  %same = onnx.Equal(%diff, %one) : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi1>
  %new = onnx.Not(%same) : (tensor<?x?xi1>) -> tensor<?x?xi1>
  %new0 = onnx.Cast(%new) {to = i64} : (tensor<?x?xi1>) -> tensor<?x?xi64>
  %seg = onnx.CumSum(%new0, %last) : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi64>
  %si = onnx.Unsqueeze(%seg, %third) : (tensor<?x?xi64>, tensor<1xi64>) -> tensor<?x?x1xi64>
  %sj = onnx.Unsqueeze(%seg, %second) : (tensor<?x?xi64>, tensor<1xi64>) -> tensor<?x1x?xi64>
  %eq = onnx.Equal(%si, %sj) : (tensor<?x?x1xi64>, tensor<?x1x?xi64>) -> tensor<?x?x?xi1>
  %n0 = onnx.Shape(%h) {start = 1 : i64, end = 2 : i64} : (tensor<?x?x32xf32>) -> tensor<1xi64>
  %n = onnx.Squeeze(%n0, %first) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %j = onnx.Range(%zero, %n, %one) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %i = onnx.Unsqueeze(%j, %second) : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %le = onnx.LessOrEqual(%j, %i) : (tensor<?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %both = onnx.And(%eq, %le) : (tensor<?x?x?xi1>, tensor<?x?xi1>) -> tensor<?x?x?xi1>
  %both4 = onnx.Unsqueeze(%both, %second) : (tensor<?x?x?xi1>, tensor<1xi64>) -> tensor<?x1x?x?xi1>
  %mask = onnx.Where(%both4, %visible, %masked) : (tensor<?x1x?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x1x?x?xf32>
  %s1 = onnx.Add(%s0, %mask) : (tensor<?x4x?x?xf32>, tensor<?x1x?x?xf32>) -> tensor<?x4x?x?xf32>
  %p = onnx.Softmax(%s1) : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32> loc("packed")
  %o = onnx.MatMul(%p, %q) : (tensor<?x4x?x?xf32>, tensor<?x4x?x8xf32>) -> tensor<?x4x?x8xf32>
  // CHECK: %[[L:.*]] = blockattn.layout_from_positions %arg1 : tensor<?x?xi64>
  // CHECK: %[[X:.*]] = onnx.Reshape(%arg0, {{.*}} -> tensor<1x?x4x8xf32>
  // CHECK: %[[Y:.*]] = blockattn.attention %[[X]], %[[X]], %[[X]] layout(%[[L]]) {causal
  // CHECK: %[[SIZES:.*]] = onnx.Shape({{.*}}) {end = 2 : i64, start = 0 : i64} : (tensor<?x?x4x8xf32>)
  // CHECK: %[[TO:.*]] = onnx.Concat(%[[SIZES]],
  // CHECK: onnx.Reshape(%[[Y]], %[[TO]]) : (tensor<1x?x4x8xf32>, tensor<4xi64>) -> tensor<?x?x4x8xf32>
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x4x?x8xf32>) -> tensor<?x?x4x8xf32>
  return %y : tensor<?x?x4x8xf32>
}

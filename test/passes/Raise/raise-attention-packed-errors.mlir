// RUN: blockattn-opt %s --blockattn-raise-attention | FileCheck %s

// What packs sequences is the first row's positions, whatever row it is.
// CHECK: raised = false, reasons = ["its mask depends on positions, but not as packed sequences do
// CHECK-NOT: blockattn.attention{{ }}
func.func @first_row(%h: tensor<?x?x32xf32> {onnx.dims = ["batch", "seq", ""]}, %pos: tensor<?x?xi64> {onnx.dims = ["batch", "seq"], onnx.name = "position_ids"}) -> tensor<?x?x4x8xf32> {
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
  %row = onnx.Slice(%pos, %first, %second, %first, %second) : (tensor<?x?xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  %p0 = onnx.Slice(%row, %first, %second, %second, %second) : (tensor<1x?xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x1xi64>
  %p1 = onnx.Sub(%p0, %one) : (tensor<1x1xi64>, tensor<i64>) -> tensor<1x1xi64>
  %before0 = onnx.Slice(%row, %first, %end, %second, %second) : (tensor<1x?xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  %before = onnx.Concat(%p1, %before0) {axis = 1 : i64} : (tensor<1x1xi64>, tensor<1x?xi64>) -> tensor<1x?xi64>
  %diff = onnx.Sub(%row, %before) : (tensor<1x?xi64>, tensor<1x?xi64>) -> tensor<1x?xi64>
  %same = onnx.Equal(%diff, %one) : (tensor<1x?xi64>, tensor<i64>) -> tensor<1x?xi1>
  %new = onnx.Not(%same) : (tensor<1x?xi1>) -> tensor<1x?xi1>
  %new0 = onnx.Cast(%new) {to = i64} : (tensor<1x?xi1>) -> tensor<1x?xi64>
  %seg = onnx.CumSum(%new0, %last) : (tensor<1x?xi64>, tensor<i64>) -> tensor<1x?xi64>
  %si = onnx.Unsqueeze(%seg, %third) : (tensor<1x?xi64>, tensor<1xi64>) -> tensor<1x?x1xi64>
  %sj = onnx.Unsqueeze(%seg, %second) : (tensor<1x?xi64>, tensor<1xi64>) -> tensor<1x1x?xi64>
  %eq = onnx.Equal(%si, %sj) : (tensor<1x?x1xi64>, tensor<1x1x?xi64>) -> tensor<1x?x?xi1>
  %n0 = onnx.Shape(%h) {start = 1 : i64, end = 2 : i64} : (tensor<?x?x32xf32>) -> tensor<1xi64>
  %n = onnx.Squeeze(%n0, %first) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %j = onnx.Range(%zero, %n, %one) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %i = onnx.Unsqueeze(%j, %second) : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %le = onnx.LessOrEqual(%j, %i) : (tensor<?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %both = onnx.And(%eq, %le) : (tensor<1x?x?xi1>, tensor<?x?xi1>) -> tensor<1x?x?xi1>
  %both4 = onnx.Unsqueeze(%both, %second) : (tensor<1x?x?xi1>, tensor<1xi64>) -> tensor<1x1x?x?xi1>
  %mask = onnx.Where(%both4, %visible, %masked) : (tensor<1x1x?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<1x1x?x?xf32>
  %s1 = onnx.Add(%s0, %mask) : (tensor<?x4x?x?xf32>, tensor<1x1x?x?xf32>) -> tensor<?x4x?x?xf32>
  %p = onnx.Softmax(%s1) : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32> loc("first_row")
  %o = onnx.MatMul(%p, %q) : (tensor<?x4x?x?xf32>, tensor<?x4x?x8xf32>) -> tensor<?x4x?x8xf32>
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x4x?x8xf32>) -> tensor<?x?x4x8xf32>
  return %y : tensor<?x?x4x8xf32>
}

// What is multiplied into the data is no rotation by the positions.
// RUN: blockattn-opt %s --blockattn-raise-rotary | FileCheck %s
// RUN: blockattn-opt %s --blockattn-raise-rotary | FileCheck %s --check-prefix=LIMIT
// CHECK-NOT: blockattn.rotary

// It is said how far it would be one.
// LIMIT-LABEL: func @square
// LIMIT-NOT: blockattn.not_rotary
// LIMIT-LABEL: func @length_dependent
// LIMIT: blockattn.not_rotary = "at position 2047"
// LIMIT-LABEL: func @two_angles
// LIMIT-NOT: blockattn.not_rotary
// LIMIT-LABEL: func @ntk_16
// LIMIT: blockattn.not_rotary = "with 40 tokens"
// LIMIT-LABEL: func @ntk_8192
// LIMIT: blockattn.not_rotary = "with 8192 tokens"

// The angle is the square of the position.
func.func @square(%h: tensor<1x?x16xf32> {onnx.dims = ["", "seq", ""]}, %pos: tensor<1x?xi64> {onnx.dims = ["", "seq"], onnx.name = "position_ids"}) -> tensor<1x2x?x8xf32> {
  %shape = onnx.Constant dense<[1, 0, 2, 8]> : tensor<4xi64>
  %freq = onnx.Constant dense<[[[1.0, 0.1, 0.01, 0.001]]]> : tensor<1x1x4xf32>
  %last = onnx.Constant dense<-1> : tensor<1xi64>
  %r = onnx.Reshape(%h, %shape) : (tensor<1x?x16xf32>, tensor<4xi64>) -> tensor<1x?x2x8xf32>
  %x = onnx.Transpose(%r) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %p = onnx.Cast(%pos) {to = f32} : (tensor<1x?xi64>) -> tensor<1x?xf32>
  %pp = onnx.Mul(%p, %p) : (tensor<1x?xf32>, tensor<1x?xf32>) -> tensor<1x?xf32>
  %p0 = onnx.Unsqueeze(%pp, %last) : (tensor<1x?xf32>, tensor<1xi64>) -> tensor<1x?x1xf32>
  %f = onnx.Mul(%p0, %freq) : (tensor<1x?x1xf32>, tensor<1x1x4xf32>) -> tensor<1x?x4xf32>
  %c = onnx.Cos(%f) : (tensor<1x?x4xf32>) -> tensor<1x?x4xf32>
  %s = onnx.Sin(%f) : (tensor<1x?x4xf32>) -> tensor<1x?x4xf32>
  %y = onnx.RotaryEmbedding(%x, %c, %s) : (tensor<1x2x?x8xf32>, tensor<1x?x4xf32>, tensor<1x?x4xf32>) -> tensor<1x2x?x8xf32>
  return %y : tensor<1x2x?x8xf32>
}

// Beyond position 2000 the frequencies are others (length-dependent scaling).
func.func @length_dependent(%h: tensor<1x?x16xf32> {onnx.dims = ["", "seq", ""]}, %pos: tensor<1x?xi64> {onnx.dims = ["", "seq"], onnx.name = "position_ids"}) -> tensor<1x2x?x8xf32> {
  %shape = onnx.Constant dense<[1, 0, 2, 8]> : tensor<4xi64>
  %short = onnx.Constant dense<[[[1.0, 0.1, 0.01, 0.001]]]> : tensor<1x1x4xf32>
  %long = onnx.Constant dense<[[[1.0, 0.05, 0.004, 0.0002]]]> : tensor<1x1x4xf32>
  %limit = onnx.Constant dense<2000> : tensor<i64>
  %last = onnx.Constant dense<-1> : tensor<1xi64>
  %r = onnx.Reshape(%h, %shape) : (tensor<1x?x16xf32>, tensor<4xi64>) -> tensor<1x?x2x8xf32>
  %x = onnx.Transpose(%r) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %p = onnx.Cast(%pos) {to = f32} : (tensor<1x?xi64>) -> tensor<1x?xf32>
  %max = onnx.ReduceMax(%pos) {keepdims = 0 : i64} : (tensor<1x?xi64>) -> tensor<i64>
  %far = onnx.Greater(%max, %limit) : (tensor<i64>, tensor<i64>) -> tensor<i1>
  %freq = onnx.Where(%far, %long, %short) : (tensor<i1>, tensor<1x1x4xf32>, tensor<1x1x4xf32>) -> tensor<1x1x4xf32>
  %p0 = onnx.Unsqueeze(%p, %last) : (tensor<1x?xf32>, tensor<1xi64>) -> tensor<1x?x1xf32>
  %f = onnx.Mul(%p0, %freq) : (tensor<1x?x1xf32>, tensor<1x1x4xf32>) -> tensor<1x?x4xf32>
  %c = onnx.Cos(%f) : (tensor<1x?x4xf32>) -> tensor<1x?x4xf32>
  %s = onnx.Sin(%f) : (tensor<1x?x4xf32>) -> tensor<1x?x4xf32>
  %y = onnx.RotaryEmbedding(%x, %c, %s) : (tensor<1x2x?x8xf32>, tensor<1x?x4xf32>, tensor<1x?x4xf32>) -> tensor<1x2x?x8xf32>
  return %y : tensor<1x2x?x8xf32>
}

// Cosine and sine are not of the same angle.
func.func @two_angles(%h: tensor<1x?x16xf32> {onnx.dims = ["", "seq", ""]}, %pos: tensor<1x?xi64> {onnx.dims = ["", "seq"], onnx.name = "position_ids"}) -> tensor<1x2x?x8xf32> {
  %shape = onnx.Constant dense<[1, 0, 2, 8]> : tensor<4xi64>
  %freq = onnx.Constant dense<[[[1.0, 0.1, 0.01, 0.001]]]> : tensor<1x1x4xf32>
  %double = onnx.Constant dense<2.0> : tensor<f32>
  %last = onnx.Constant dense<-1> : tensor<1xi64>
  %r = onnx.Reshape(%h, %shape) : (tensor<1x?x16xf32>, tensor<4xi64>) -> tensor<1x?x2x8xf32>
  %x = onnx.Transpose(%r) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %p = onnx.Cast(%pos) {to = f32} : (tensor<1x?xi64>) -> tensor<1x?xf32>
  %p0 = onnx.Unsqueeze(%p, %last) : (tensor<1x?xf32>, tensor<1xi64>) -> tensor<1x?x1xf32>
  %f = onnx.Mul(%p0, %freq) : (tensor<1x?x1xf32>, tensor<1x1x4xf32>) -> tensor<1x?x4xf32>
  %g = onnx.Mul(%f, %double) : (tensor<1x?x4xf32>, tensor<f32>) -> tensor<1x?x4xf32>
  %c = onnx.Cos(%f) : (tensor<1x?x4xf32>) -> tensor<1x?x4xf32>
  %s = onnx.Sin(%g) : (tensor<1x?x4xf32>) -> tensor<1x?x4xf32>
  %y = onnx.RotaryEmbedding(%x, %c, %s) : (tensor<1x2x?x8xf32>, tensor<1x?x4xf32>, tensor<1x?x4xf32>) -> tensor<1x2x?x8xf32>
  return %y : tensor<1x2x?x8xf32>
}

// The frequencies depend on the number of tokens once there are more than 16
// (dynamic NTK scaling by the length of the input).
func.func @ntk_16(%h: tensor<1x?x16xf32> {onnx.dims = ["", "seq", ""]}, %pos: tensor<1x?xi64> {onnx.dims = ["", "seq"], onnx.name = "position_ids"}) -> tensor<1x2x?x8xf32> {
  %shape = onnx.Constant dense<[1, 0, 2, 8]> : tensor<4xi64>
  %freq = onnx.Constant dense<[[[1.0, 0.1, 0.01, 0.001]]]> : tensor<1x1x4xf32>
  %limit = onnx.Constant dense<16.0> : tensor<f32>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %last = onnx.Constant dense<-1> : tensor<1xi64>
  %r = onnx.Reshape(%h, %shape) : (tensor<1x?x16xf32>, tensor<4xi64>) -> tensor<1x?x2x8xf32>
  %x = onnx.Transpose(%r) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %n0 = onnx.Shape(%h) {start = 1 : i64, end = 2 : i64} : (tensor<1x?x16xf32>) -> tensor<1xi64>
  %n1 = onnx.Squeeze(%n0, %first) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %n = onnx.Cast(%n1) {to = f32} : (tensor<i64>) -> tensor<f32>
  %length = onnx.Max(%n, %limit) : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %factor = onnx.Div(%length, %limit) : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %slower = onnx.Div(%freq, %factor) : (tensor<1x1x4xf32>, tensor<f32>) -> tensor<1x1x4xf32>
  %p = onnx.Cast(%pos) {to = f32} : (tensor<1x?xi64>) -> tensor<1x?xf32>
  %p0 = onnx.Unsqueeze(%p, %last) : (tensor<1x?xf32>, tensor<1xi64>) -> tensor<1x?x1xf32>
  %f = onnx.Mul(%p0, %slower) : (tensor<1x?x1xf32>, tensor<1x1x4xf32>) -> tensor<1x?x4xf32>
  %c = onnx.Cos(%f) : (tensor<1x?x4xf32>) -> tensor<1x?x4xf32>
  %s = onnx.Sin(%f) : (tensor<1x?x4xf32>) -> tensor<1x?x4xf32>
  %y = onnx.RotaryEmbedding(%x, %c, %s) : (tensor<1x2x?x8xf32>, tensor<1x?x4xf32>, tensor<1x?x4xf32>) -> tensor<1x2x?x8xf32>
  return %y : tensor<1x2x?x8xf32>
}

// The frequencies depend on the number of tokens once there are more than 8192
// (dynamic NTK scaling by the length of the input).
func.func @ntk_8192(%h: tensor<1x?x16xf32> {onnx.dims = ["", "seq", ""]}, %pos: tensor<1x?xi64> {onnx.dims = ["", "seq"], onnx.name = "position_ids"}) -> tensor<1x2x?x8xf32> {
  %shape = onnx.Constant dense<[1, 0, 2, 8]> : tensor<4xi64>
  %freq = onnx.Constant dense<[[[1.0, 0.1, 0.01, 0.001]]]> : tensor<1x1x4xf32>
  %limit = onnx.Constant dense<8192.0> : tensor<f32>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %last = onnx.Constant dense<-1> : tensor<1xi64>
  %r = onnx.Reshape(%h, %shape) : (tensor<1x?x16xf32>, tensor<4xi64>) -> tensor<1x?x2x8xf32>
  %x = onnx.Transpose(%r) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %n0 = onnx.Shape(%h) {start = 1 : i64, end = 2 : i64} : (tensor<1x?x16xf32>) -> tensor<1xi64>
  %n1 = onnx.Squeeze(%n0, %first) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %n = onnx.Cast(%n1) {to = f32} : (tensor<i64>) -> tensor<f32>
  %length = onnx.Max(%n, %limit) : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %factor = onnx.Div(%length, %limit) : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %slower = onnx.Div(%freq, %factor) : (tensor<1x1x4xf32>, tensor<f32>) -> tensor<1x1x4xf32>
  %p = onnx.Cast(%pos) {to = f32} : (tensor<1x?xi64>) -> tensor<1x?xf32>
  %p0 = onnx.Unsqueeze(%p, %last) : (tensor<1x?xf32>, tensor<1xi64>) -> tensor<1x?x1xf32>
  %f = onnx.Mul(%p0, %slower) : (tensor<1x?x1xf32>, tensor<1x1x4xf32>) -> tensor<1x?x4xf32>
  %c = onnx.Cos(%f) : (tensor<1x?x4xf32>) -> tensor<1x?x4xf32>
  %s = onnx.Sin(%f) : (tensor<1x?x4xf32>) -> tensor<1x?x4xf32>
  %y = onnx.RotaryEmbedding(%x, %c, %s) : (tensor<1x2x?x8xf32>, tensor<1x?x4xf32>, tensor<1x?x4xf32>) -> tensor<1x2x?x8xf32>
  return %y : tensor<1x2x?x8xf32>
}

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
// LIMIT-LABEL: func @two_angles_bfloat16
// LIMIT: blockattn.not_rotary = "at position 1023"
// LIMIT-LABEL: func @length_dependent_bfloat16
// LIMIT: blockattn.not_rotary = "at position 2047"

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

// Constant tables in which the places jump.
func.func @fixed_jump(%h: tensor<1x6x8xf32> {onnx.dims = ["", "", ""]}) -> tensor<1x2x6x4xf32> {
  %shape = onnx.Constant dense<[1, 6, 2, 4]> : tensor<4xi64>
  %parts = onnx.Constant dense<2> : tensor<2xi64>
  %cos = onnx.Constant dense<[[[[1.00000000, 1.00000000, 1.00000000, 1.00000000], [0.54030231, 0.99500417, 0.54030231, 0.99500417], [-0.41614684, 0.98006658, -0.41614684, 0.98006658], [-0.98999250, 0.95533649, -0.98999250, 0.95533649], [0.75390225, 0.76484219, 0.75390225, 0.76484219], [-0.14550003, 0.69670671, -0.14550003, 0.69670671]]]]> : tensor<1x1x6x4xf32>
  %sin = onnx.Constant dense<[[[[0.00000000, 0.00000000, 0.00000000, 0.00000000], [0.84147098, 0.09983342, 0.84147098, 0.09983342], [0.90929743, 0.19866933, 0.90929743, 0.19866933], [0.14112001, 0.29552021, 0.14112001, 0.29552021], [0.65698660, 0.64421769, 0.65698660, 0.64421769], [0.98935825, 0.71735609, 0.98935825, 0.71735609]]]]> : tensor<1x1x6x4xf32>
  %r = onnx.Reshape(%h, %shape) : (tensor<1x6x8xf32>, tensor<4xi64>) -> tensor<1x6x2x4xf32>
  %x = onnx.Transpose(%r) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x6x2x4xf32>) -> tensor<1x2x6x4xf32>
  %s:2 = onnx.Split(%x, %parts) {axis = -1 : i64} : (tensor<1x2x6x4xf32>, tensor<2xi64>) -> (tensor<1x2x6x2xf32>, tensor<1x2x6x2xf32>)
  %n = onnx.Neg(%s#1) : (tensor<1x2x6x2xf32>) -> tensor<1x2x6x2xf32>
  %t = onnx.Concat(%n, %s#0) {axis = -1 : i64} : (tensor<1x2x6x2xf32>, tensor<1x2x6x2xf32>) -> tensor<1x2x6x4xf32>
  %a = onnx.Mul(%x, %cos) : (tensor<1x2x6x4xf32>, tensor<1x1x6x4xf32>) -> tensor<1x2x6x4xf32>
  %b = onnx.Mul(%t, %sin) : (tensor<1x2x6x4xf32>, tensor<1x1x6x4xf32>) -> tensor<1x2x6x4xf32>
  %y = onnx.Add(%a, %b) : (tensor<1x2x6x4xf32>, tensor<1x2x6x4xf32>) -> tensor<1x2x6x4xf32>
  return %y : tensor<1x2x6x4xf32>
}

// Constant tables that begin at another place.
func.func @fixed_late(%h: tensor<1x6x8xf32> {onnx.dims = ["", "", ""]}) -> tensor<1x2x6x4xf32> {
  %shape = onnx.Constant dense<[1, 6, 2, 4]> : tensor<4xi64>
  %parts = onnx.Constant dense<2> : tensor<2xi64>
  %cos = onnx.Constant dense<[[[[-0.98999250, 0.95533649, -0.98999250, 0.95533649], [-0.65364362, 0.92106099, -0.65364362, 0.92106099], [0.28366219, 0.87758256, 0.28366219, 0.87758256], [0.96017029, 0.82533561, 0.96017029, 0.82533561], [0.75390225, 0.76484219, 0.75390225, 0.76484219], [-0.14550003, 0.69670671, -0.14550003, 0.69670671]]]]> : tensor<1x1x6x4xf32>
  %sin = onnx.Constant dense<[[[[0.14112001, 0.29552021, 0.14112001, 0.29552021], [-0.75680250, 0.38941834, -0.75680250, 0.38941834], [-0.95892427, 0.47942554, -0.95892427, 0.47942554], [-0.27941550, 0.56464247, -0.27941550, 0.56464247], [0.65698660, 0.64421769, 0.65698660, 0.64421769], [0.98935825, 0.71735609, 0.98935825, 0.71735609]]]]> : tensor<1x1x6x4xf32>
  %r = onnx.Reshape(%h, %shape) : (tensor<1x6x8xf32>, tensor<4xi64>) -> tensor<1x6x2x4xf32>
  %x = onnx.Transpose(%r) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x6x2x4xf32>) -> tensor<1x2x6x4xf32>
  %s:2 = onnx.Split(%x, %parts) {axis = -1 : i64} : (tensor<1x2x6x4xf32>, tensor<2xi64>) -> (tensor<1x2x6x2xf32>, tensor<1x2x6x2xf32>)
  %n = onnx.Neg(%s#1) : (tensor<1x2x6x2xf32>) -> tensor<1x2x6x2xf32>
  %t = onnx.Concat(%n, %s#0) {axis = -1 : i64} : (tensor<1x2x6x2xf32>, tensor<1x2x6x2xf32>) -> tensor<1x2x6x4xf32>
  %a = onnx.Mul(%x, %cos) : (tensor<1x2x6x4xf32>, tensor<1x1x6x4xf32>) -> tensor<1x2x6x4xf32>
  %b = onnx.Mul(%t, %sin) : (tensor<1x2x6x4xf32>, tensor<1x1x6x4xf32>) -> tensor<1x2x6x4xf32>
  %y = onnx.Add(%a, %b) : (tensor<1x2x6x4xf32>, tensor<1x2x6x4xf32>) -> tensor<1x2x6x4xf32>
  return %y : tensor<1x2x6x4xf32>
}

// The sines are of angles that differ by less than a bf16 tells of one angle.
func.func @two_angles_bfloat16(%h: tensor<1x?x16xbf16> {onnx.dims = ["", "seq", ""]}, %pos: tensor<1x?xi64> {onnx.dims = ["", "seq"], onnx.name = "position_ids"}) -> tensor<1x?x2x8xbf16> {
  %shape = onnx.Constant dense<[1, 0, 2, 8]> : tensor<4xi64>
  %freq = onnx.Constant dense<[[[1.0, 0.0773, 0.00597, 0.000461]]]> : tensor<1x1x4xf32>
  %other = onnx.Constant dense<[[[1.0, 0.0775, 0.00598, 0.000461]]]> : tensor<1x1x4xf32>
  %last = onnx.Constant dense<-1> : tensor<1xi64>
  %x = onnx.Reshape(%h, %shape) : (tensor<1x?x16xbf16>, tensor<4xi64>) -> tensor<1x?x2x8xbf16>
  %p = onnx.Cast(%pos) {to = f32} : (tensor<1x?xi64>) -> tensor<1x?xf32>
  %p0 = onnx.Unsqueeze(%p, %last) : (tensor<1x?xf32>, tensor<1xi64>) -> tensor<1x?x1xf32>
  %f = onnx.Mul(%p0, %freq) : (tensor<1x?x1xf32>, tensor<1x1x4xf32>) -> tensor<1x?x4xf32>
  %g = onnx.Mul(%p0, %other) : (tensor<1x?x1xf32>, tensor<1x1x4xf32>) -> tensor<1x?x4xf32>
  %c0 = onnx.Cos(%f) : (tensor<1x?x4xf32>) -> tensor<1x?x4xf32>
  %s0 = onnx.Sin(%g) : (tensor<1x?x4xf32>) -> tensor<1x?x4xf32>
  %c = onnx.Cast(%c0) {to = bf16} : (tensor<1x?x4xf32>) -> tensor<1x?x4xbf16>
  %s = onnx.Cast(%s0) {to = bf16} : (tensor<1x?x4xf32>) -> tensor<1x?x4xbf16>
  %t = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xbf16>) -> tensor<1x2x?x8xbf16>
  %r = onnx.RotaryEmbedding(%t, %c, %s) : (tensor<1x2x?x8xbf16>, tensor<1x?x4xbf16>, tensor<1x?x4xbf16>) -> tensor<1x2x?x8xbf16>
  %y = onnx.Transpose(%r) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x2x?x8xbf16>) -> tensor<1x?x2x8xbf16>
  return %y : tensor<1x?x2x8xbf16>
}

// Beyond position 2000 the frequencies are others by as little.
func.func @length_dependent_bfloat16(%h: tensor<1x?x16xbf16> {onnx.dims = ["", "seq", ""]}, %pos: tensor<1x?xi64> {onnx.dims = ["", "seq"], onnx.name = "position_ids"}) -> tensor<1x?x2x8xbf16> {
  %shape = onnx.Constant dense<[1, 0, 2, 8]> : tensor<4xi64>
  %freq = onnx.Constant dense<[[[1.0, 0.0773, 0.00597, 0.000461]]]> : tensor<1x1x4xf32>
  %other = onnx.Constant dense<[[[1.0, 0.0772, 0.00596, 0.000460]]]> : tensor<1x1x4xf32>
  %limit = onnx.Constant dense<2000> : tensor<i64>
  %last = onnx.Constant dense<-1> : tensor<1xi64>
  %x = onnx.Reshape(%h, %shape) : (tensor<1x?x16xbf16>, tensor<4xi64>) -> tensor<1x?x2x8xbf16>
  %p = onnx.Cast(%pos) {to = f32} : (tensor<1x?xi64>) -> tensor<1x?xf32>
  %p0 = onnx.Unsqueeze(%p, %last) : (tensor<1x?xf32>, tensor<1xi64>) -> tensor<1x?x1xf32>
  %max = onnx.ReduceMax(%pos) {keepdims = 0 : i64} : (tensor<1x?xi64>) -> tensor<i64>
  %far = onnx.Greater(%max, %limit) : (tensor<i64>, tensor<i64>) -> tensor<i1>
  %chosen = onnx.Where(%far, %other, %freq) : (tensor<i1>, tensor<1x1x4xf32>, tensor<1x1x4xf32>) -> tensor<1x1x4xf32>
  %f = onnx.Mul(%p0, %chosen) : (tensor<1x?x1xf32>, tensor<1x1x4xf32>) -> tensor<1x?x4xf32>
  %c0 = onnx.Cos(%f) : (tensor<1x?x4xf32>) -> tensor<1x?x4xf32>
  %s0 = onnx.Sin(%f) : (tensor<1x?x4xf32>) -> tensor<1x?x4xf32>
  %c = onnx.Cast(%c0) {to = bf16} : (tensor<1x?x4xf32>) -> tensor<1x?x4xbf16>
  %s = onnx.Cast(%s0) {to = bf16} : (tensor<1x?x4xf32>) -> tensor<1x?x4xbf16>
  %t = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xbf16>) -> tensor<1x2x?x8xbf16>
  %r = onnx.RotaryEmbedding(%t, %c, %s) : (tensor<1x2x?x8xbf16>, tensor<1x?x4xbf16>, tensor<1x?x4xbf16>) -> tensor<1x2x?x8xbf16>
  %y = onnx.Transpose(%r) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x2x?x8xbf16>) -> tensor<1x?x2x8xbf16>
  return %y : tensor<1x?x2x8xbf16>
}

// RUN: blockattn-opt %s --blockattn-raise-rotary --canonicalize --cse | FileCheck %s

// x * cos + rotate_half(x) * sin, heads before tokens.
// CHECK-LABEL: func @half
func.func @half(%h: tensor<1x?x16xf32> {onnx.dims = ["", "seq", ""]}, %pos: tensor<1x?xi64> {onnx.dims = ["", "seq"], onnx.name = "position_ids"}) -> tensor<1x2x?x8xf32> {
  %shape = onnx.Constant dense<[1, 0, 2, 8]> : tensor<4xi64>
  %freq = onnx.Constant dense<[[[1.0], [0.1], [0.01], [0.001]]]> : tensor<1x4x1xf32>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %zero = onnx.Constant dense<0> : tensor<1xi64>
  %four = onnx.Constant dense<4> : tensor<1xi64>
  %end = onnx.Constant dense<9223372036854775807> : tensor<1xi64>
  %axis = onnx.Constant dense<3> : tensor<1xi64>
  %r = onnx.Reshape(%h, %shape) : (tensor<1x?x16xf32>, tensor<4xi64>) -> tensor<1x?x2x8xf32>
  %x = onnx.Transpose(%r) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %p0 = onnx.Unsqueeze(%pos, %one) : (tensor<1x?xi64>, tensor<1xi64>) -> tensor<1x1x?xi64>
  %p1 = onnx.Cast(%p0) {to = f32} : (tensor<1x1x?xi64>) -> tensor<1x1x?xf32>
  %f0 = onnx.MatMul(%freq, %p1) : (tensor<1x4x1xf32>, tensor<1x1x?xf32>) -> tensor<1x4x?xf32>
  %f1 = onnx.Transpose(%f0) {perm = array<i64: 0, 2, 1>} : (tensor<1x4x?xf32>) -> tensor<1x?x4xf32>
  %f = onnx.Concat(%f1, %f1) {axis = -1 : i64} : (tensor<1x?x4xf32>, tensor<1x?x4xf32>) -> tensor<1x?x8xf32>
  %c0 = onnx.Cos(%f) : (tensor<1x?x8xf32>) -> tensor<1x?x8xf32>
  %s0 = onnx.Sin(%f) : (tensor<1x?x8xf32>) -> tensor<1x?x8xf32>
  %c = onnx.Unsqueeze(%c0, %one) : (tensor<1x?x8xf32>, tensor<1xi64>) -> tensor<1x1x?x8xf32>
  %s = onnx.Unsqueeze(%s0, %one) : (tensor<1x?x8xf32>, tensor<1xi64>) -> tensor<1x1x?x8xf32>
  %m0 = onnx.Mul(%x, %c) : (tensor<1x2x?x8xf32>, tensor<1x1x?x8xf32>) -> tensor<1x2x?x8xf32>
  %a = onnx.Slice(%x, %zero, %four, %axis, %one) : (tensor<1x2x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x2x?x4xf32>
  %b = onnx.Slice(%x, %four, %end, %axis, %one) : (tensor<1x2x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x2x?x4xf32>
  %n = onnx.Neg(%b) : (tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  %rot = onnx.Concat(%n, %a) {axis = -1 : i64} : (tensor<1x2x?x4xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x8xf32>
  %m1 = onnx.Mul(%rot, %s) : (tensor<1x2x?x8xf32>, tensor<1x1x?x8xf32>) -> tensor<1x2x?x8xf32>
  // CHECK: %[[R:.*]] = onnx.Reshape(%arg0
  // CHECK: %[[Y:.*]] = blockattn.rotary %[[R]], %arg1 <inv_freq = dense<[1.000000e+00, 1.000000e-01, 0.00999999977, 1.000000e-03]> : tensor<4xf32>> :
  // CHECK: onnx.Transpose(%[[Y]])
  %y = onnx.Add(%m0, %m1) : (tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32>
  return %y : tensor<1x2x?x8xf32>
}

// Pairs of neighbours, a scale on the cosines and sines, half of each head
// rotated, tokens before heads: as GPT-J does it, but for the scale.
// CHECK-LABEL: func @interleaved
func.func @interleaved(%h: tensor<?x?x16xf32> {onnx.dims = ["batch", "seq", ""]}, %pos: tensor<?x?xi64> {onnx.dims = ["batch", "seq"], onnx.name = "position_ids"}) -> tensor<?x?x2x8xf32> {
  %shape = onnx.Constant dense<[0, 0, 2, 8]> : tensor<4xi64>
  %half = onnx.Constant dense<[0, 0, 2, 4]> : tensor<4xi64>
  %freq = onnx.Constant dense<[1.0, 0.125]> : tensor<2xf32>
  %scale = onnx.Constant dense<2.0> : tensor<f32>
  %zero = onnx.Constant dense<0> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %two = onnx.Constant dense<2> : tensor<1xi64>
  %four = onnx.Constant dense<4> : tensor<1xi64>
  %eight = onnx.Constant dense<8> : tensor<1xi64>
  %last = onnx.Constant dense<-1> : tensor<1xi64>
  %mid = onnx.Constant dense<2> : tensor<1xi64>
  %x = onnx.Reshape(%h, %shape) : (tensor<?x?x16xf32>, tensor<4xi64>) -> tensor<?x?x2x8xf32>
  %rotated = onnx.Slice(%x, %zero, %four, %last, %one) : (tensor<?x?x2x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?x2x4xf32>
  %rest = onnx.Slice(%x, %four, %eight, %last, %one) : (tensor<?x?x2x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?x2x4xf32>
  %even = onnx.Slice(%rotated, %zero, %four, %last, %two) : (tensor<?x?x2x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?x2x2xf32>
  %odd = onnx.Slice(%rotated, %one, %four, %last, %two) : (tensor<?x?x2x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?x2x2xf32>
  %p0 = onnx.Cast(%pos) {to = f32} : (tensor<?x?xi64>) -> tensor<?x?xf32>
  %p1 = onnx.Unsqueeze(%p0, %last) : (tensor<?x?xf32>, tensor<1xi64>) -> tensor<?x?x1xf32>
  %f0 = onnx.Mul(%p1, %freq) : (tensor<?x?x1xf32>, tensor<2xf32>) -> tensor<?x?x2xf32>
  %f = onnx.Unsqueeze(%f0, %mid) : (tensor<?x?x2xf32>, tensor<1xi64>) -> tensor<?x?x1x2xf32>
  %c0 = onnx.Cos(%f) : (tensor<?x?x1x2xf32>) -> tensor<?x?x1x2xf32>
  %s0 = onnx.Sin(%f) : (tensor<?x?x1x2xf32>) -> tensor<?x?x1x2xf32>
  %c = onnx.Mul(%c0, %scale) : (tensor<?x?x1x2xf32>, tensor<f32>) -> tensor<?x?x1x2xf32>
  %s = onnx.Mul(%s0, %scale) : (tensor<?x?x1x2xf32>, tensor<f32>) -> tensor<?x?x1x2xf32>
  %ec = onnx.Mul(%even, %c) : (tensor<?x?x2x2xf32>, tensor<?x?x1x2xf32>) -> tensor<?x?x2x2xf32>
  %os = onnx.Mul(%odd, %s) : (tensor<?x?x2x2xf32>, tensor<?x?x1x2xf32>) -> tensor<?x?x2x2xf32>
  %oc = onnx.Mul(%odd, %c) : (tensor<?x?x2x2xf32>, tensor<?x?x1x2xf32>) -> tensor<?x?x2x2xf32>
  %es = onnx.Mul(%even, %s) : (tensor<?x?x2x2xf32>, tensor<?x?x1x2xf32>) -> tensor<?x?x2x2xf32>
  %y0 = onnx.Sub(%ec, %os) : (tensor<?x?x2x2xf32>, tensor<?x?x2x2xf32>) -> tensor<?x?x2x2xf32>
  %y1 = onnx.Add(%oc, %es) : (tensor<?x?x2x2xf32>, tensor<?x?x2x2xf32>) -> tensor<?x?x2x2xf32>
  %u0 = onnx.Unsqueeze(%y0, %last) : (tensor<?x?x2x2xf32>, tensor<1xi64>) -> tensor<?x?x2x2x1xf32>
  %u1 = onnx.Unsqueeze(%y1, %last) : (tensor<?x?x2x2xf32>, tensor<1xi64>) -> tensor<?x?x2x2x1xf32>
  %stack = onnx.Concat(%u0, %u1) {axis = -1 : i64} : (tensor<?x?x2x2x1xf32>, tensor<?x?x2x2x1xf32>) -> tensor<?x?x2x2x2xf32>
  %flat = onnx.Reshape(%stack, %half) : (tensor<?x?x2x2x2xf32>, tensor<4xi64>) -> tensor<?x?x2x4xf32>
  // CHECK: %[[R:.*]] = onnx.Reshape(%arg0
  // CHECK-NEXT: %[[Y:.*]] = blockattn.rotary %[[R]], %arg1 <inv_freq = dense<[1.000000e+00, 1.250000e-01]> : tensor<2xf32>, interleaved = true, scale = 2.000000e+00
  // CHECK-NEXT: return %[[Y]]
  %y = onnx.Concat(%flat, %rest) {axis = -1 : i64} : (tensor<?x?x2x4xf32>, tensor<?x?x2x4xf32>) -> tensor<?x?x2x8xf32>
  return %y : tensor<?x?x2x8xf32>
}

// The op of opset 23; positions made in the graph.
// CHECK-LABEL: func @op
func.func @op(%h: tensor<1x?x16xf32> {onnx.dims = ["", "seq", ""]}) -> tensor<1x2x?x8xf32> {
  %shape = onnx.Constant dense<[1, 0, 2, 8]> : tensor<4xi64>
  %freq = onnx.Constant dense<[[[1.0, 0.1, 0.01, 0.001]]]> : tensor<1x1x4xf32>
  %outer = onnx.Constant dense<[0, 2]> : tensor<2xi64>
  %zero = onnx.Constant dense<0> : tensor<i64>
  %one = onnx.Constant dense<1> : tensor<i64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %r = onnx.Reshape(%h, %shape) : (tensor<1x?x16xf32>, tensor<4xi64>) -> tensor<1x?x2x8xf32>
  %x = onnx.Transpose(%r) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %n0 = onnx.Shape(%h) {start = 1 : i64, end = 2 : i64} : (tensor<1x?x16xf32>) -> tensor<1xi64>
  %n = onnx.Squeeze(%n0, %first) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %pos = onnx.Range(%zero, %n, %one) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %p = onnx.Cast(%pos) {to = f32} : (tensor<?xi64>) -> tensor<?xf32>
  %p0 = onnx.Unsqueeze(%p, %outer) : (tensor<?xf32>, tensor<2xi64>) -> tensor<1x?x1xf32>
  %f = onnx.Mul(%p0, %freq) : (tensor<1x?x1xf32>, tensor<1x1x4xf32>) -> tensor<1x?x4xf32>
  %c = onnx.Cos(%f) : (tensor<1x?x4xf32>) -> tensor<1x?x4xf32>
  %s = onnx.Sin(%f) : (tensor<1x?x4xf32>) -> tensor<1x?x4xf32>
  // CHECK: %[[POS:.*]] = onnx.Range
  // CHECK: %[[P:.*]] = onnx.Reshape(%[[POS]], %{{.*}}) : (tensor<?xi64>, tensor<2xi64>) -> tensor<1x?xi64>
  // CHECK: blockattn.rotary %{{.*}}, %[[P]] <inv_freq
  %y = onnx.RotaryEmbedding(%x, %c, %s) : (tensor<1x2x?x8xf32>, tensor<1x?x4xf32>, tensor<1x?x4xf32>) -> tensor<1x2x?x8xf32>
  return %y : tensor<1x2x?x8xf32>
}

// The cosines come from a table, of 8 positions.
// CHECK-LABEL: func @table
func.func @table(%h: tensor<1x?x4xf32> {onnx.dims = ["", "seq", ""]}, %pos: tensor<1x?xi64> {onnx.dims = ["", "seq"], onnx.name = "position_ids"}) -> tensor<1x2x?x2xf32> {
  %shape = onnx.Constant dense<[1, 0, 2, 2]> : tensor<4xi64>
  %cos = onnx.Constant dense<[[1.0], [0.877582562], [0.540302306], [0.0707372017], [-0.416146837], [-0.801143616], [-0.989992497], [-0.936456687], [-0.653643621], [-0.210795799], [0.283662185], [0.708669774]]> : tensor<12x1xf32>
  %sin = onnx.Constant dense<[[0.0], [0.479425539], [0.841470985], [0.997494987], [0.909297427], [0.598472144], [0.141120008], [-0.350783228], [-0.756802495], [-0.977530118], [-0.958924275], [-0.705540326]]> : tensor<12x1xf32>
  %r = onnx.Reshape(%h, %shape) : (tensor<1x?x4xf32>, tensor<4xi64>) -> tensor<1x?x2x2xf32>
  %x = onnx.Transpose(%r) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x2xf32>) -> tensor<1x2x?x2xf32>
  // CHECK: blockattn.rotary %{{.*}}, %arg1 <inv_freq = dense<5.000000e-01> : tensor<1xf32>
  %y = onnx.RotaryEmbedding(%x, %cos, %sin, %pos) : (tensor<1x2x?x2xf32>, tensor<12x1xf32>, tensor<12x1xf32>, tensor<1x?xi64>) -> tensor<1x2x?x2xf32>
  return %y : tensor<1x2x?x2xf32>
}

// Positions of all tokens from the mask, of which those of the past are cut
// off: what is left are the positions of the tokens, and not what it is cut
// from.
// CHECK-LABEL: func @past
func.func @past(%h: tensor<?x?x4xf32> {onnx.dims = ["batch", "seq", ""]},
                %mask: tensor<?x?xi64> {onnx.dims = ["batch", "past + seq"], onnx.name = "attention_mask"},
                %past: tensor<?x2x?x2xf32> {onnx.dims = ["batch", "", "past", ""], onnx.name = "past_key_values.0.key"}) -> tensor<?x2x?x2xf32> {
  %shape = onnx.Constant dense<[0, 0, 2, 2]> : tensor<4xi64>
  %cos = onnx.Constant dense<[[1.0], [0.877582562], [0.540302306], [0.0707372017], [-0.416146837], [-0.801143616], [-0.989992497], [-0.936456687], [-0.653643621], [-0.210795799], [0.283662185], [0.708669774]]> : tensor<12x1xf32>
  %sin = onnx.Constant dense<[[0.0], [0.479425539], [0.841470985], [0.997494987], [0.909297427], [0.598472144], [0.141120008], [-0.350783228], [-0.756802495], [-0.977530118], [-0.958924275], [-0.705540326]]> : tensor<12x1xf32>
  %one = onnx.Constant dense<1> : tensor<i64>
  %axis = onnx.Constant dense<1> : tensor<1xi64>
  %end = onnx.Constant dense<12> : tensor<1xi64>
  %sum = onnx.CumSum(%mask, %one) : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi64>
  %all = onnx.Sub(%sum, %one) : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi64>
  %n = onnx.Shape(%past) {start = 2 : i64, end = 3 : i64} : (tensor<?x2x?x2xf32>) -> tensor<1xi64>
  // CHECK: %[[POS:.*]] = onnx.Slice
  %pos = onnx.Slice(%all, %n, %end, %axis) : (tensor<?x?xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?xi64>
  %r = onnx.Reshape(%h, %shape) : (tensor<?x?x4xf32>, tensor<4xi64>) -> tensor<?x?x2x2xf32>
  %x = onnx.Transpose(%r) {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x2xf32>) -> tensor<?x2x?x2xf32>
  // CHECK: blockattn.rotary %{{.*}}, %[[POS]] <inv_freq = dense<5.000000e-01> : tensor<1xf32>
  %y = onnx.RotaryEmbedding(%x, %cos, %sin, %pos) : (tensor<?x2x?x2xf32>, tensor<12x1xf32>, tensor<12x1xf32>, tensor<?x?xi64>) -> tensor<?x2x?x2xf32>
  return %y : tensor<?x2x?x2xf32>
}

// The number of tokens is part of the frequencies, but makes no difference.
// CHECK-LABEL: func @of_length_once
func.func @of_length_once(%h: tensor<1x?x16xf32> {onnx.dims = ["", "seq", ""]}, %pos: tensor<1x?xi64> {onnx.dims = ["", "seq"], onnx.name = "position_ids"}) -> tensor<1x2x?x8xf32> {
  %shape = onnx.Constant dense<[1, 0, 2, 8]> : tensor<4xi64>
  %freq = onnx.Constant dense<[[[1.0, 0.1, 0.01, 0.001]]]> : tensor<1x1x4xf32>
  %limit = onnx.Constant dense<16.0> : tensor<f32>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %last = onnx.Constant dense<-1> : tensor<1xi64>
  %r = onnx.Reshape(%h, %shape) : (tensor<1x?x16xf32>, tensor<4xi64>) -> tensor<1x?x2x8xf32>
  %x = onnx.Transpose(%r) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %n0 = onnx.Shape(%h) {start = 1 : i64, end = 2 : i64} : (tensor<1x?x16xf32>) -> tensor<1xi64>
  %n1 = onnx.Squeeze(%n0, %first) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %n2 = onnx.Cast(%n1) {to = f32} : (tensor<i64>) -> tensor<f32>
  %none = onnx.Constant dense<0.0> : tensor<f32>
  %n = onnx.Mul(%n2, %none) : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %length = onnx.Max(%n, %limit) : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %factor = onnx.Div(%length, %limit) : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %slower = onnx.Div(%freq, %factor) : (tensor<1x1x4xf32>, tensor<f32>) -> tensor<1x1x4xf32>
  %p = onnx.Cast(%pos) {to = f32} : (tensor<1x?xi64>) -> tensor<1x?xf32>
  %p0 = onnx.Unsqueeze(%p, %last) : (tensor<1x?xf32>, tensor<1xi64>) -> tensor<1x?x1xf32>
  %f = onnx.Mul(%p0, %slower) : (tensor<1x?x1xf32>, tensor<1x1x4xf32>) -> tensor<1x?x4xf32>
  %c = onnx.Cos(%f) : (tensor<1x?x4xf32>) -> tensor<1x?x4xf32>
  %s = onnx.Sin(%f) : (tensor<1x?x4xf32>) -> tensor<1x?x4xf32>
  %y = onnx.RotaryEmbedding(%x, %c, %s) : (tensor<1x2x?x8xf32>, tensor<1x?x4xf32>, tensor<1x?x4xf32>) -> tensor<1x2x?x8xf32>
  // CHECK: blockattn.rotary
  return %y : tensor<1x2x?x8xf32>
}

// Of a fixed number of tokens the tables are constants, and so are the positions.
// CHECK-LABEL: func @fixed_tokens
// CHECK: %[[P:.*]] = onnx.Constant dense<{{\[}}[0, 1, 2, 3, 4, 5]]> : tensor<1x6xi64>
// CHECK: blockattn.rotary %{{.*}}, %[[P]]
// CHECK-SAME: inv_freq = dense<[1.000000e+00, 1.000000e-01]>
func.func @fixed_tokens(%h: tensor<1x6x8xf32> {onnx.dims = ["", "", ""]}) -> tensor<1x2x6x4xf32> {
  %shape = onnx.Constant dense<[1, 6, 2, 4]> : tensor<4xi64>
  %parts = onnx.Constant dense<2> : tensor<2xi64>
  %cos = onnx.Constant dense<[[[[1.00000000, 1.00000000, 1.00000000, 1.00000000], [0.54030231, 0.99500417, 0.54030231, 0.99500417], [-0.41614684, 0.98006658, -0.41614684, 0.98006658], [-0.98999250, 0.95533649, -0.98999250, 0.95533649], [-0.65364362, 0.92106099, -0.65364362, 0.92106099], [0.28366219, 0.87758256, 0.28366219, 0.87758256]]]]> : tensor<1x1x6x4xf32>
  %sin = onnx.Constant dense<[[[[0.00000000, 0.00000000, 0.00000000, 0.00000000], [0.84147098, 0.09983342, 0.84147098, 0.09983342], [0.90929743, 0.19866933, 0.90929743, 0.19866933], [0.14112001, 0.29552021, 0.14112001, 0.29552021], [-0.75680250, 0.38941834, -0.75680250, 0.38941834], [-0.95892427, 0.47942554, -0.95892427, 0.47942554]]]]> : tensor<1x1x6x4xf32>
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

// Cosines and sines are rounded to bf16, which tells an angle to 1 in 256: the
// frequencies are those that they are made with.
// CHECK-LABEL: func @bfloat16
func.func @bfloat16(%h: tensor<1x?x16xbf16> {onnx.dims = ["", "seq", ""]}, %pos: tensor<1x?xi64> {onnx.dims = ["", "seq"], onnx.name = "position_ids"}) -> tensor<1x?x2x8xbf16> {
  %shape = onnx.Constant dense<[1, 0, 2, 8]> : tensor<4xi64>
  %freq = onnx.Constant dense<[[[1.0, 0.0773, 0.00597, 0.000461]]]> : tensor<1x1x4xf32>
  %last = onnx.Constant dense<-1> : tensor<1xi64>
  %x = onnx.Reshape(%h, %shape) : (tensor<1x?x16xbf16>, tensor<4xi64>) -> tensor<1x?x2x8xbf16>
  %p = onnx.Cast(%pos) {to = f32} : (tensor<1x?xi64>) -> tensor<1x?xf32>
  %p0 = onnx.Unsqueeze(%p, %last) : (tensor<1x?xf32>, tensor<1xi64>) -> tensor<1x?x1xf32>
  %f = onnx.Mul(%p0, %freq) : (tensor<1x?x1xf32>, tensor<1x1x4xf32>) -> tensor<1x?x4xf32>
  %c0 = onnx.Cos(%f) : (tensor<1x?x4xf32>) -> tensor<1x?x4xf32>
  %s0 = onnx.Sin(%f) : (tensor<1x?x4xf32>) -> tensor<1x?x4xf32>
  %c = onnx.Cast(%c0) {to = bf16} : (tensor<1x?x4xf32>) -> tensor<1x?x4xbf16>
  %s = onnx.Cast(%s0) {to = bf16} : (tensor<1x?x4xf32>) -> tensor<1x?x4xbf16>
  %t = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xbf16>) -> tensor<1x2x?x8xbf16>
  %r = onnx.RotaryEmbedding(%t, %c, %s) : (tensor<1x2x?x8xbf16>, tensor<1x?x4xbf16>, tensor<1x?x4xbf16>) -> tensor<1x2x?x8xbf16>
  // CHECK: blockattn.rotary %{{.*}}, %arg1 <inv_freq = dense<[1.000000e+00, 7.730000e-02, 5.970000e-03, 4.610000e-04]> : tensor<4xf32>> :
  %y = onnx.Transpose(%r) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x2x?x8xbf16>) -> tensor<1x?x2x8xbf16>
  return %y : tensor<1x?x2x8xbf16>
}

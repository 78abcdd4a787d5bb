// RUN: blockattn-opt %s --pass-pipeline='builtin.module(func.func(blockattn-decompose-composite,canonicalize,cse))' -split-input-file | FileCheck %s

// Attention scores as an Einsum are what exporters write without.
// CHECK-LABEL: @scores
// CHECK: %[[Q:.*]] = onnx.Transpose(%arg0) {perm = array<i64: 0, 2, 1, 3>} : (tensor<2x?x4x8xf32>) -> tensor<2x4x?x8xf32>
// CHECK: %[[K:.*]] = onnx.Transpose(%arg1) {perm = array<i64: 0, 2, 3, 1>} : (tensor<2x?x4x8xf32>) -> tensor<2x4x8x?xf32>
// CHECK: %[[S:.*]] = onnx.MatMul(%[[Q]], %[[K]])
// CHECK: return %[[S]]
func.func @scores(%q: tensor<2x?x4x8xf32>, %k: tensor<2x?x4x8xf32>) -> tensor<2x4x?x?xf32> {
  %0 = onnx.Einsum(%q, %k) {equation = "bthd,bshd->bhts"} : (tensor<2x?x4x8xf32>, tensor<2x?x4x8xf32>) -> tensor<2x4x?x?xf32>
  return %0 : tensor<2x4x?x?xf32>
}

// -----

// The order of the result decides which operand is on the left.
// CHECK-LABEL: @swapped
// CHECK-DAG: %[[K:.*]] = onnx.Transpose(%arg1) {perm = array<i64: 1, 0>} : (tensor<8x?xf32>) -> tensor<?x8xf32>
// CHECK-DAG: %[[Q:.*]] = onnx.Transpose(%arg0) {perm = array<i64: 1, 0>} : (tensor<5x8xf32>) -> tensor<8x5xf32>
// CHECK: %[[S:.*]] = onnx.MatMul(%[[K]], %[[Q]]) : (tensor<?x8xf32>, tensor<8x5xf32>) -> tensor<?x5xf32>
// CHECK: return %[[S]]
func.func @swapped(%q: tensor<5x8xf32>, %k: tensor<8x?xf32>) -> tensor<?x5xf32> {
  %0 = onnx.Einsum(%q, %k) {equation = "ij,jk->ki"} : (tensor<5x8xf32>, tensor<8x?xf32>) -> tensor<?x5xf32>
  return %0 : tensor<?x5xf32>
}

// -----

// A projection to heads: the tokens keep their dimensions, the weight is a
// matrix.
// CHECK-LABEL: @projection
// CHECK: %[[W:.*]] = onnx.Reshape(%arg1, %{{.*}}) : (tensor<8x4x6xf32>, tensor<2xi64>) -> tensor<8x24xf32>
// CHECK: %[[P:.*]] = onnx.MatMul(%arg0, %[[W]]) : (tensor<2x?x8xf32>, tensor<8x24xf32>) -> tensor<2x?x24xf32>
// CHECK: %[[R:.*]] = onnx.Reshape(%[[P]], %{{.*}}) : (tensor<2x?x24xf32>, tensor<4xi64>) -> tensor<2x?x4x6xf32>
// CHECK: return %[[R]]
func.func @projection(%x: tensor<2x?x8xf32>, %w: tensor<8x4x6xf32>) -> tensor<2x?x4x6xf32> {
  %0 = onnx.Einsum(%x, %w) {equation = "btd,dhk->bthk"} : (tensor<2x?x8xf32>, tensor<8x4x6xf32>) -> tensor<2x?x4x6xf32>
  return %0 : tensor<2x?x4x6xf32>
}

// -----

// Two letters that are summed are one inner dimension.
// CHECK-LABEL: @back
// CHECK: %[[X:.*]] = onnx.Reshape(%arg0, %{{.*}}) : {{.*}} -> tensor<2x?x24xf32>
// CHECK: %[[W:.*]] = onnx.Reshape(%arg1, %{{.*}}) : {{.*}} -> tensor<24x8xf32>
// CHECK: %[[P:.*]] = onnx.MatMul(%[[X]], %[[W]])
// CHECK: return %[[P]]
func.func @back(%x: tensor<2x?x4x6xf32>, %w: tensor<4x6x8xf32>) -> tensor<2x?x8xf32> {
  %0 = onnx.Einsum(%x, %w) {equation = "bthk,hkd->btd"} : (tensor<2x?x4x6xf32>, tensor<4x6x8xf32>) -> tensor<2x?x8xf32>
  return %0 : tensor<2x?x8xf32>
}

// -----

// Without a sum there is no MatMul: the angles of rotary positions.
// CHECK-LABEL: @angles
// CHECK: %[[P:.*]] = onnx.Unsqueeze(%arg0, %{{.*}}) : (tensor<?xf32>, tensor<1xi64>) -> tensor<?x1xf32>
// CHECK: %[[A:.*]] = onnx.Mul(%[[P]], %arg1) : (tensor<?x1xf32>, tensor<8xf32>) -> tensor<?x8xf32>
// CHECK: return %[[A]]
func.func @angles(%p: tensor<?xf32>, %f: tensor<8xf32>) -> tensor<?x8xf32> {
  %0 = onnx.Einsum(%p, %f) {equation = "i,j->ij"} : (tensor<?xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

// A diagonal has two dimensions of one size, which a split into one part checks
// in the run.
// CHECK-LABEL: @diagonal
// CHECK: %[[N:.*]] = onnx.Shape(%arg0) {end = 2 : i64, start = 1 : i64}
// CHECK: %[[X:.*]] = onnx.Split(%arg0, %[[N]]) {axis = 2 : i64}
// CHECK: %[[D:.*]] = onnx.Equal(
// CHECK: %[[E:.*]] = onnx.Where(%[[D]], %[[X]], %{{.*}})
// CHECK: onnx.ReduceSum(%[[E]], %{{.*}}) {keepdims = 0 : i64} : (tensor<3x?x?xf32>, tensor<1xi64>) -> tensor<3x?xf32>
func.func @diagonal(%x: tensor<3x?x?xf32>) -> tensor<3x?xf32> {
  %0 = onnx.Einsum(%x) {equation = "...ii->...i"} : (tensor<3x?x?xf32>) -> tensor<3x?xf32>
  return %0 : tensor<3x?xf32>
}

// -----

// What one operand alone has is summed before the product.
// CHECK-LABEL: @alone
// CHECK: %[[S:.*]] = onnx.ReduceSum(%arg0, %{{.*}}) {keepdims = 0 : i64} : (tensor<3x?x4xf32>, tensor<1xi64>) -> tensor<3x4xf32>
// CHECK: onnx.MatMul(%[[S]], %{{.*}}) : (tensor<3x4xf32>, tensor<4x1xf32>) -> tensor<3x1xf32>
// CHECK: onnx.Squeeze({{.*}} -> tensor<3xf32>
func.func @alone(%x: tensor<3x?x4xf32>, %y: tensor<4xf32>) -> tensor<3xf32> {
  %0 = onnx.Einsum(%x, %y) {equation = "abc,c->a"} : (tensor<3x?x4xf32>, tensor<4xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

// The axes are those of the run, the sum is in f32, and an infinite maximum
// stays in it.
// CHECK-LABEL: @log_sum_exp
// CHECK: %[[X:.*]] = onnx.Cast(%arg0) {to = f32}
// CHECK: %[[M:.*]] = onnx.ReduceMax(%[[X]], %arg1) {keepdims = 1 : i64
// CHECK: %[[I:.*]] = onnx.IsInf(%[[M]])
// CHECK: %[[F:.*]] = onnx.Where(%[[I]], %{{.*}}, %[[M]])
// CHECK: %[[D:.*]] = onnx.Sub(%[[X]], %[[F]])
// CHECK: %[[E:.*]] = onnx.Exp(%[[D]])
// CHECK: %[[S:.*]] = onnx.ReduceSum(%[[E]], %arg1) {keepdims = 1 : i64
// CHECK: %[[L:.*]] = onnx.Log(%[[S]])
// CHECK: %[[R:.*]] = onnx.Add(%[[L]], %[[F]])
// CHECK: onnx.ReduceMax(%[[R]], %arg1) {keepdims = 0 : i64
func.func @log_sum_exp(%x: tensor<?x3xf16>, %a: tensor<1xi64>) -> tensor<?xf16> {
  %0 = onnx.ReduceLogSumExp(%x, %a) {keepdims = 0} : (tensor<?x3xf16>, tensor<1xi64>) -> tensor<?xf16>
  return %0 : tensor<?xf16>
}

// -----

// A zero point of 0 is none, and one for each row is a column. Floats hold the
// sums of so few products.
// CHECK-LABEL: @mat_mul_integer
// CHECK-DAG: %[[A:.*]] = onnx.Cast(%arg0) {to = f32}
// CHECK-DAG: %[[B:.*]] = onnx.Cast(%arg1) {to = f32}
// CHECK: %[[P:.*]] = onnx.MatMul(%[[A]], %[[B]]) : (tensor<?x4xf32>, tensor<4x3xf32>) -> tensor<?x3xf32>
// CHECK: onnx.Cast(%[[P]]) {to = i32}
// CHECK: %[[Z:.*]] = onnx.Cast(%arg2) {to = f32}
// CHECK: %[[R:.*]] = onnx.Unsqueeze(%[[Z]], %{{.*}}) : (tensor<?xf32>, tensor<1xi64>) -> tensor<?x1xf32>
// CHECK: %[[S:.*]] = onnx.Sub(%[[A]], %[[R]])
// CHECK: onnx.MatMul(%[[S]], %[[B]])
func.func @mat_mul_integer(%a: tensor<?x4xui8>, %b: tensor<4x3xi8>, %z: tensor<?xui8>) -> (tensor<?x3xi32>, tensor<?x3xi32>) {
  %zero = onnx.Constant dense<0> : tensor<1xui8>
  %0 = onnx.MatMulInteger(%a, %b, %zero) : (tensor<?x4xui8>, tensor<4x3xi8>, tensor<1xui8>) -> tensor<?x3xi32>
  %1 = onnx.MatMulInteger(%a, %b, %z) : (tensor<?x4xui8>, tensor<4x3xi8>, tensor<?xui8>) -> tensor<?x3xi32>
  return %0, %1 : tensor<?x3xi32>, tensor<?x3xi32>
}

// -----

// Of more, parts; of a number that is not known, integers.
// CHECK-LABEL: @long_products
// CHECK: %[[A:.*]] = onnx.Cast(%arg0) {to = f32}
// CHECK: %[[B:.*]] = onnx.Cast(%arg1) {to = f32}
// CHECK: %[[A0:.*]] = onnx.Slice(%[[A]], {{.*}} -> tensor<?x256xf32>
// CHECK: %[[B0:.*]] = onnx.Slice(%[[B]], {{.*}} -> tensor<256x3xf32>
// CHECK: %[[P0:.*]] = onnx.MatMul(%[[A0]], %[[B0]])
// CHECK: %[[I0:.*]] = onnx.Cast(%[[P0]]) {to = i32}
// CHECK: onnx.Slice(%[[A]], {{.*}} -> tensor<?x44xf32>
// CHECK: %[[I1:.*]] = onnx.Cast(%{{.*}}) {to = i32} : (tensor<?x3xf32>)
// CHECK: onnx.Add(%[[I0]], %[[I1]])
// CHECK: %[[C:.*]] = onnx.Cast(%arg2) {to = i32}
// CHECK: onnx.MatMul(%[[C]], %{{.*}}) : (tensor<?x?xi32>, tensor<?x?xi32>) -> tensor<?x?xi32>
func.func @long_products(%a: tensor<?x300xui8>, %b: tensor<300x3xi8>, %c: tensor<?x?xui8>) -> (tensor<?x3xi32>, tensor<?x?xi32>) {
  %0 = onnx.MatMulInteger(%a, %b) : (tensor<?x300xui8>, tensor<300x3xi8>) -> tensor<?x3xi32>
  %1 = onnx.MatMulInteger(%c, %c) : (tensor<?x?xui8>, tensor<?x?xui8>) -> tensor<?x?xi32>
  return %0, %1 : tensor<?x3xi32>, tensor<?x?xi32>
}

// -----

// CHECK-LABEL: @dynamic_quantize
// CHECK-DAG: onnx.ReduceMax(%arg0) {keepdims = 0 : i64}
// CHECK-DAG: onnx.ReduceMin(%arg0) {keepdims = 0 : i64}
// CHECK: %[[S:.*]] = onnx.Div(
// CHECK: %[[Z:.*]] = onnx.QuantizeLinear(%{{.*}}, %[[S]]) : (tensor<f32>, tensor<f32>) -> tensor<ui8>
// CHECK: %[[Y:.*]] = onnx.QuantizeLinear(%arg0, %[[S]], %[[Z]])
// CHECK: return %[[Y]], %[[S]], %[[Z]]
func.func @dynamic_quantize(%x: tensor<?x4xf32>) -> (tensor<?x4xui8>, tensor<f32>, tensor<ui8>) {
  %0:3 = onnx.DynamicQuantizeLinear(%x) : (tensor<?x4xf32>) -> (tensor<?x4xui8>, tensor<f32>, tensor<ui8>)
  return %0#0, %0#1, %0#2 : tensor<?x4xui8>, tensor<f32>, tensor<ui8>
}

// -----

// CHECK-LABEL: @others
// CHECK-NOT: onnx.{{Hardmax|LpNorm|MeanVar|GroupNorm|Celu|Shrink|Thresholded|PRelu|ReverseSequence|Compress|ReduceLog|QLinear}}
// CHECK: return
func.func @others(%x: tensor<2x6x?x5xf16>, %c: tensor<6xf16>, %l: tensor<6xi64>, %k: tensor<5xi1>, %i: tensor<4xi32>,
    %a: tensor<?x4xui8>, %s: tensor<f32>, %z: tensor<ui8>) -> (tensor<2x6x?x?xf16>, tensor<4xi32>, tensor<?x4xui8>) {
  %0 = onnx.Hardmax(%x) {axis = 1} : (tensor<2x6x?x5xf16>) -> tensor<2x6x?x5xf16>
  %1 = onnx.LpNormalization(%0) {p = 1} : (tensor<2x6x?x5xf16>) -> tensor<2x6x?x5xf16>
  %2 = onnx.MeanVarianceNormalization(%1) : (tensor<2x6x?x5xf16>) -> tensor<2x6x?x5xf16>
  %3 = onnx.GroupNormalization(%2, %c, %c) {num_groups = 3} : (tensor<2x6x?x5xf16>, tensor<6xf16>, tensor<6xf16>) -> tensor<2x6x?x5xf16>
  %4 = onnx.Celu(%3) : (tensor<2x6x?x5xf16>) -> tensor<2x6x?x5xf16>
  %5 = onnx.ThresholdedRelu(%4) : (tensor<2x6x?x5xf16>) -> tensor<2x6x?x5xf16>
  %6 = onnx.PRelu(%5, %5) : (tensor<2x6x?x5xf16>, tensor<2x6x?x5xf16>) -> tensor<2x6x?x5xf16>
  %7 = onnx.ReverseSequence(%6, %l) : (tensor<2x6x?x5xf16>, tensor<6xi64>) -> tensor<2x6x?x5xf16>
  %8 = onnx.Compress(%7, %k) {axis = 3} : (tensor<2x6x?x5xf16>, tensor<5xi1>) -> tensor<2x6x?x?xf16>
  %9 = onnx.ReduceLogSum(%i) {noop_with_empty_axes = 1} : (tensor<4xi32>) -> tensor<4xi32>
  %10 = onnx.Shrink(%9) : (tensor<4xi32>) -> tensor<4xi32>
  %w = onnx.Constant dense<3> : tensor<4x4xui8>
  %11 = onnx.QLinearMatMul(%a, %s, %z, %w, %s, %z, %s, %z) : (tensor<?x4xui8>, tensor<f32>, tensor<ui8>, tensor<4x4xui8>, tensor<f32>, tensor<ui8>, tensor<f32>, tensor<ui8>) -> tensor<?x4xui8>
  return %8, %10, %11 : tensor<2x6x?x?xf16>, tensor<4xi32>, tensor<?x4xui8>
}

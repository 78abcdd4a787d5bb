// RUN: blockattn-opt %s | blockattn-opt | FileCheck %s

// Ops that are made of others.

// CHECK-LABEL: func @reductions
func.func @reductions(%x: tensor<2x?x8xf32>, %a: tensor<1xi64>) {
  // CHECK: onnx.ReduceLogSum(%{{.*}}, %{{.*}}) : (tensor<2x?x8xf32>, tensor<1xi64>) -> tensor<?x?x?xf32>
  %0 = onnx.ReduceLogSum(%x, %a) : (tensor<2x?x8xf32>, tensor<1xi64>) -> tensor<?x?x?xf32>
  // CHECK: onnx.ReduceLogSumExp(%{{.*}}) {keepdims = 0 : i64} : (tensor<2x?x8xf32>) -> tensor<f32>
  %1 = onnx.ReduceLogSumExp(%x) {keepdims = 0} : (tensor<2x?x8xf32>) -> tensor<f32>
  return
}

// CHECK-LABEL: func @einsum
func.func @einsum(%q: tensor<2x?x4x8xf32>, %k: tensor<2x5x4x8xf32>, %u: tensor<*x!onnx.unknown>, %i: tensor<3x3xi32>) {
  // CHECK: onnx.Einsum(%{{.*}}, %{{.*}}) {equation = "bthd,bshd->bhts"} : (tensor<2x?x4x8xf32>, tensor<2x5x4x8xf32>) -> tensor<2x4x?x5xf32>
  %0 = onnx.Einsum(%q, %k) {equation = "bthd,bshd->bhts"} : (tensor<2x?x4x8xf32>, tensor<2x5x4x8xf32>) -> tensor<2x4x?x5xf32>
  // CHECK: onnx.Einsum(%{{.*}}) {equation = "ii->i"} : (tensor<3x3xi32>) -> tensor<3xi32>
  %1 = onnx.Einsum(%i) {equation = "ii->i"} : (tensor<3x3xi32>) -> tensor<3xi32>
  // CHECK: onnx.Einsum(%{{.*}}, %{{.*}}) {equation = "... i j, j k"} : (tensor<*x!onnx.unknown>, tensor<*x!onnx.unknown>) -> tensor<*x!onnx.unknown>
  %2 = onnx.Einsum(%u, %u) {equation = "... i j, j k"} : (tensor<*x!onnx.unknown>, tensor<*x!onnx.unknown>) -> tensor<*x!onnx.unknown>
  return
}

// CHECK-LABEL: func @quantized
func.func @quantized(%x: tensor<?x4xf32>, %a: tensor<?x4xui8>, %b: tensor<4x3xi8>, %s: tensor<f32>,
    %za: tensor<ui8>, %zb: tensor<3xi8>, %sb: tensor<3xf32>, %rows: tensor<?x1xui8>) {
  // CHECK: onnx.MatMulInteger(%{{.*}}, %{{.*}}) : (tensor<?x4xui8>, tensor<4x3xi8>) -> tensor<?x3xi32>
  %0 = onnx.MatMulInteger(%a, %b) : (tensor<?x4xui8>, tensor<4x3xi8>) -> tensor<?x3xi32>
  // CHECK: onnx.MatMulInteger(%{{.*}}, %{{.*}}, _, %{{.*}}) : (tensor<?x4xui8>, tensor<4x3xi8>, tensor<3xi8>) -> tensor<?x3xi32>
  %1 = onnx.MatMulInteger(%a, %b, _, %zb) : (tensor<?x4xui8>, tensor<4x3xi8>, tensor<3xi8>) -> tensor<?x3xi32>
  // CHECK: onnx.MatMulInteger(%{{.*}}, %{{.*}}, %{{.*}}) : (tensor<?x4xui8>, tensor<4x3xi8>, tensor<?x1xui8>) -> tensor<?x3xi32>
  %2 = onnx.MatMulInteger(%a, %b, %rows) : (tensor<?x4xui8>, tensor<4x3xi8>, tensor<?x1xui8>) -> tensor<?x3xi32>
  // CHECK: onnx.QLinearMatMul
  %3 = onnx.QLinearMatMul(%a, %s, %za, %b, %sb, %zb, %s, %za) : (tensor<?x4xui8>, tensor<f32>, tensor<ui8>, tensor<4x3xi8>, tensor<3xf32>, tensor<3xi8>, tensor<f32>, tensor<ui8>) -> tensor<?x3xui8>
  // CHECK: onnx.DynamicQuantizeLinear(%{{.*}}) : (tensor<?x4xf32>) -> (tensor<?x4xui8>, tensor<f32>, tensor<ui8>)
  %4:3 = onnx.DynamicQuantizeLinear(%x) : (tensor<?x4xf32>) -> (tensor<?x4xui8>, tensor<f32>, tensor<ui8>)
  return
}

// CHECK-LABEL: func @norms
func.func @norms(%x: tensor<2x6x?x5xf16>, %c: tensor<6xf16>) {
  // CHECK: onnx.Hardmax(%{{.*}}) {axis = 1 : i64}
  %0 = onnx.Hardmax(%x) {axis = 1} : (tensor<2x6x?x5xf16>) -> tensor<2x6x?x5xf16>
  // CHECK: onnx.LpNormalization(%{{.*}}) {p = 1 : i64}
  %1 = onnx.LpNormalization(%x) {p = 1} : (tensor<2x6x?x5xf16>) -> tensor<2x6x?x5xf16>
  // CHECK: onnx.MeanVarianceNormalization(%{{.*}}) :
  %2 = onnx.MeanVarianceNormalization(%x) : (tensor<2x6x?x5xf16>) -> tensor<2x6x?x5xf16>
  // CHECK: onnx.GroupNormalization(%{{.*}}, %{{.*}}, %{{.*}}) {num_groups = 3 : i64}
  %3 = onnx.GroupNormalization(%x, %c, %c) {num_groups = 3} : (tensor<2x6x?x5xf16>, tensor<6xf16>, tensor<6xf16>) -> tensor<2x6x?x5xf16>
  return
}

// CHECK-LABEL: func @activations
func.func @activations(%x: tensor<2x?xf32>, %s: tensor<1xf32>, %i: tensor<4xi32>) {
  // CHECK: onnx.Celu(%{{.*}}) {alpha = 2.000000e+00 : f32}
  %0 = onnx.Celu(%x) {alpha = 2.0 : f32} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  // CHECK: onnx.Shrink(%{{.*}}) {bias = 1.000000e+00 : f32} : (tensor<4xi32>)
  %1 = onnx.Shrink(%i) {bias = 1.0 : f32} : (tensor<4xi32>) -> tensor<4xi32>
  // CHECK: onnx.ThresholdedRelu
  %2 = onnx.ThresholdedRelu(%x) : (tensor<2x?xf32>) -> tensor<2x?xf32>
  // CHECK: onnx.PRelu(%{{.*}}, %{{.*}}) : (tensor<2x?xf32>, tensor<1xf32>) -> tensor<2x?xf32>
  %3 = onnx.PRelu(%x, %s) : (tensor<2x?xf32>, tensor<1xf32>) -> tensor<2x?xf32>
  return
}

// CHECK-LABEL: func @places
func.func @places(%x: tensor<4x?x3xf32>, %l: tensor<4xi64>, %c: tensor<3xi1>) {
  // CHECK: onnx.ReverseSequence(%{{.*}}, %{{.*}}) {batch_axis = 0 : i64, time_axis = 1 : i64}
  %0 = onnx.ReverseSequence(%x, %l) {batch_axis = 0, time_axis = 1} : (tensor<4x?x3xf32>, tensor<4xi64>) -> tensor<4x?x3xf32>
  // CHECK: onnx.Compress(%{{.*}}, %{{.*}}) {axis = -1 : i64} : (tensor<4x?x3xf32>, tensor<3xi1>) -> tensor<4x?x?xf32>
  %1 = onnx.Compress(%x, %c) {axis = -1} : (tensor<4x?x3xf32>, tensor<3xi1>) -> tensor<4x?x?xf32>
  // CHECK: onnx.Compress(%{{.*}}, %{{.*}}) : (tensor<4x?x3xf32>, tensor<3xi1>) -> tensor<?xf32>
  %2 = onnx.Compress(%x, %c) : (tensor<4x?x3xf32>, tensor<3xi1>) -> tensor<?xf32>
  return
}

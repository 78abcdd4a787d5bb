// RUN: blockattn-opt %s -split-input-file -verify-diagnostics

// Constraints of ops that are made of others.

func.func @f(%a: tensor<2x3xf32>) {
  // expected-error @+1 {{'onnx.Einsum' op (C2) the equation has 2 terms for 1 operands}}
  %0 = onnx.Einsum(%a) {equation = "ij,jk"} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @f(%a: tensor<2x3xf32>) {
  // expected-error @+1 {{'onnx.Einsum' op (C2) a term of the equation has '...' twice}}
  %0 = onnx.Einsum(%a) {equation = "i...j...->ij"} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @f(%a: tensor<2x3xf32>) {
  // expected-error @+1 {{'onnx.Einsum' op (C2) the equation has a character that is no letter: '1'}}
  %0 = onnx.Einsum(%a) {equation = "i1->i"} : (tensor<2x3xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @f(%a: tensor<2x3xf32>) {
  // expected-error @+1 {{'onnx.Einsum' op (C3) the result has 'k', which no operand has}}
  %0 = onnx.Einsum(%a) {equation = "ij->k"} : (tensor<2x3xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @f(%a: tensor<2x3xf32>) {
  // expected-error @+1 {{'onnx.Einsum' op (C3) the result has 'i' twice}}
  %0 = onnx.Einsum(%a) {equation = "ij->ii"} : (tensor<2x3xf32>) -> tensor<2x2xf32>
  return
}

// -----

func.func @f(%a: tensor<2x3xf32>) {
  // expected-error @+1 {{'onnx.Einsum' op (C3) an operand's term has '...', but the result's does not}}
  %0 = onnx.Einsum(%a) {equation = "...i->i"} : (tensor<2x3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @f(%a: tensor<3xf32>) {
  // expected-error @+1 {{'onnx.Einsum' op (C3) the result's term has '...', but no operand's}}
  %0 = onnx.Einsum(%a) {equation = "i->...i"} : (tensor<3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @f(%a: tensor<2x3xf32>) {
  // expected-error @+1 {{'onnx.Einsum' op (C4) operand 0 has 2 dimensions, but its term has 3 letters}}
  %0 = onnx.Einsum(%a) {equation = "ijk->i"} : (tensor<2x3xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @f(%a: tensor<2x3xf32>) {
  // expected-error @+1 {{'onnx.Einsum' op (C4) operand 0 has 2 dimensions, but its term has 3 letters}}
  %0 = onnx.Einsum(%a) {equation = "i...jk->ijk..."} : (tensor<2x3xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @f(%a: tensor<2x3xf32>, %b: tensor<4x5xf32>) {
  // expected-error @+1 {{'onnx.Einsum' op (C5) the dimensions of 'j' are 3 and 4}}
  %0 = onnx.Einsum(%a, %b) {equation = "ij,jk->ik"} : (tensor<2x3xf32>, tensor<4x5xf32>) -> tensor<2x5xf32>
  return
}

// -----

func.func @f(%a: tensor<2x3x5xf32>, %b: tensor<4x5xf32>) {
  // expected-error @+1 {{'onnx.Einsum' op (C5) the dimensions of '...' do not broadcast: 3 and 4}}
  %0 = onnx.Einsum(%a, %b) {equation = "...i,...i->..."} : (tensor<2x3x5xf32>, tensor<4x5xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @f(%a: tensor<2x3xf32>, %b: tensor<3x5xf32>) {
  // expected-error @+1 {{'onnx.Einsum' op (C5) the result must have shape [2, 5], but is 'tensor<2x6xf32>'}}
  %0 = onnx.Einsum(%a, %b) {equation = "ij,jk->ik"} : (tensor<2x3xf32>, tensor<3x5xf32>) -> tensor<2x6xf32>
  return
}

// -----

func.func @f(%a: tensor<2xf32>, %b: tensor<2xf16>) {
  // expected-error @+1 {{'onnx.Einsum' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Einsum(%a, %b) {equation = "i,i->i"} : (tensor<2xf32>, tensor<2xf16>) -> tensor<2xf32>
  return
}

// -----

func.func @f(%a: tensor<2x4xui8>, %b: tensor<4x3xi8>, %z: tensor<i8>) {
  // expected-error @+1 {{'onnx.MatMulInteger' op (C1) a matrix and its zero point must have one element type, but there are 'ui8' and 'i8'}}
  %0 = onnx.MatMulInteger(%a, %b, %z) : (tensor<2x4xui8>, tensor<4x3xi8>, tensor<i8>) -> tensor<2x3xi32>
  return
}

// -----

func.func @f(%a: tensor<2x4xui8>, %b: tensor<4x3xi8>, %z: tensor<4xui8>) {
  // expected-error @+1 {{'onnx.MatMulInteger' op (C2) a_zero_point must be one number, or one for each row of 'tensor<2x4xui8>', but is 'tensor<4xui8>'}}
  %0 = onnx.MatMulInteger(%a, %b, %z) : (tensor<2x4xui8>, tensor<4x3xi8>, tensor<4xui8>) -> tensor<2x3xi32>
  return
}

// -----

func.func @f(%a: tensor<2x4xui8>, %b: tensor<4x3xi8>, %z: tensor<4x3xi8>) {
  // expected-error @+1 {{'onnx.MatMulInteger' op (C2) b_zero_point must be one number, or one for each column of 'tensor<4x3xi8>', but is 'tensor<4x3xi8>'}}
  %0 = onnx.MatMulInteger(%a, %b, _, %z) : (tensor<2x4xui8>, tensor<4x3xi8>, tensor<4x3xi8>) -> tensor<2x3xi32>
  return
}

// -----

func.func @f(%a: tensor<4xui8>, %b: tensor<4x3xi8>, %z: tensor<4xui8>) {
  // expected-error @+1 {{'onnx.MatMulInteger' op (C2) a_zero_point must be one number, or one for each row of 'tensor<4xui8>', but is 'tensor<4xui8>'}}
  %0 = onnx.MatMulInteger(%a, %b, %z) : (tensor<4xui8>, tensor<4x3xi8>, tensor<4xui8>) -> tensor<3xi32>
  return
}

// -----

func.func @f(%a: tensor<ui8>, %b: tensor<4x3xi8>) {
  // expected-error @+1 {{'onnx.MatMulInteger' op (C3) an operand must have a rank of at least 1, but is 'tensor<ui8>'}}
  %0 = onnx.MatMulInteger(%a, %b) : (tensor<ui8>, tensor<4x3xi8>) -> tensor<3xi32>
  return
}

// -----

func.func @f(%a: tensor<2x4xui8>, %b: tensor<5x3xi8>) {
  // expected-error @+1 {{'onnx.MatMulInteger' op (C4) A has 4 columns, but B has 5 rows}}
  %0 = onnx.MatMulInteger(%a, %b) : (tensor<2x4xui8>, tensor<5x3xi8>) -> tensor<2x3xi32>
  return
}

// -----

func.func @f(%a: tensor<2x4xui8>, %b: tensor<4x3xi8>) {
  // expected-error @+1 {{'onnx.MatMulInteger' op (C5) the result must have shape [2, 3], but is 'tensor<2x4xi32>'}}
  %0 = onnx.MatMulInteger(%a, %b) : (tensor<2x4xui8>, tensor<4x3xi8>) -> tensor<2x4xi32>
  return
}

// -----

func.func @f(%a: tensor<2x4xui8>, %s: tensor<f32>, %z: tensor<i8>, %b: tensor<4x3xi8>, %t: tensor<f32>, %u: tensor<i8>, %v: tensor<f32>, %w: tensor<ui8>) {
  // expected-error @+1 {{'onnx.QLinearMatMul' op (C1) a and its zero point must have one element type, but there are 'ui8' and 'i8'}}
  %0 = onnx.QLinearMatMul(%a, %s, %z, %b, %t, %u, %v, %w) : (tensor<2x4xui8>, tensor<f32>, tensor<i8>, tensor<4x3xi8>, tensor<f32>, tensor<i8>, tensor<f32>, tensor<ui8>) -> tensor<2x3xui8>
  return
}

// -----

func.func @f(%a: tensor<2x4xui8>, %s: tensor<f32>, %z: tensor<ui8>, %b: tensor<4x3xi8>, %t: tensor<f16>, %u: tensor<i8>, %v: tensor<f32>, %w: tensor<ui8>) {
  // expected-error @+1 {{'onnx.QLinearMatMul' op (C1) the scales must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.QLinearMatMul(%a, %s, %z, %b, %t, %u, %v, %w) : (tensor<2x4xui8>, tensor<f32>, tensor<ui8>, tensor<4x3xi8>, tensor<f16>, tensor<i8>, tensor<f32>, tensor<ui8>) -> tensor<2x3xui8>
  return
}

// -----

func.func @f(%a: tensor<2x4xui8>, %s: tensor<f32>, %z: tensor<ui8>, %b: tensor<4x3xi8>, %t: tensor<4xf32>, %u: tensor<i8>, %v: tensor<f32>, %w: tensor<ui8>) {
  // expected-error @+1 {{'onnx.QLinearMatMul' op (C2) b_scale must be one number, or one for each column of 'tensor<4x3xi8>', but is 'tensor<4xf32>'}}
  %0 = onnx.QLinearMatMul(%a, %s, %z, %b, %t, %u, %v, %w) : (tensor<2x4xui8>, tensor<f32>, tensor<ui8>, tensor<4x3xi8>, tensor<4xf32>, tensor<i8>, tensor<f32>, tensor<ui8>) -> tensor<2x3xui8>
  return
}

// -----

func.func @f(%a: tensor<2x4xui8>, %s: tensor<f32>, %z: tensor<ui8>, %b: tensor<4x3xi8>, %t: tensor<f32>, %u: tensor<i8>, %v: tensor<2xf32>, %w: tensor<ui8>) {
  // expected-error @+1 {{'onnx.QLinearMatMul' op (C2) y_scale and y_zero_point must have one element, but one is 'tensor<2xf32>'}}
  %0 = onnx.QLinearMatMul(%a, %s, %z, %b, %t, %u, %v, %w) : (tensor<2x4xui8>, tensor<f32>, tensor<ui8>, tensor<4x3xi8>, tensor<f32>, tensor<i8>, tensor<2xf32>, tensor<ui8>) -> tensor<2x3xui8>
  return
}

// -----

func.func @f(%a: tensor<2x4xui8>, %s: tensor<f32>, %z: tensor<ui8>, %b: tensor<5x3xi8>, %t: tensor<f32>, %u: tensor<i8>, %v: tensor<f32>, %w: tensor<ui8>) {
  // expected-error @+1 {{'onnx.QLinearMatMul' op (C4) A has 4 columns, but B has 5 rows}}
  %0 = onnx.QLinearMatMul(%a, %s, %z, %b, %t, %u, %v, %w) : (tensor<2x4xui8>, tensor<f32>, tensor<ui8>, tensor<5x3xi8>, tensor<f32>, tensor<i8>, tensor<f32>, tensor<ui8>) -> tensor<2x3xui8>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.DynamicQuantizeLinear' op (C2) y_scale or y_zero_point must have shape [], but is 'tensor<1xf32>'}}
  %0:3 = onnx.DynamicQuantizeLinear(%x) : (tensor<4xf32>) -> (tensor<4xui8>, tensor<1xf32>, tensor<ui8>)
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.DynamicQuantizeLinear' op (C1) the first operand and the result must have one shape, but are 'tensor<4xf32>' and 'tensor<5xui8>'}}
  %0:3 = onnx.DynamicQuantizeLinear(%x) : (tensor<4xf32>) -> (tensor<5xui8>, tensor<f32>, tensor<ui8>)
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Hardmax' op (C3) axis is 1, but the rank is 1}}
  %0 = onnx.Hardmax(%x) {axis = 1} : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.LpNormalization' op (C4) p must be 1 or 2, but is 3}}
  %0 = onnx.LpNormalization(%x) {p = 3} : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4x2xf32>) {
  // expected-error @+1 {{'onnx.MeanVarianceNormalization' op (C3) an element of axes is 2, but the rank is 2}}
  %0 = onnx.MeanVarianceNormalization(%x) : (tensor<4x2xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @f(%x: tensor<2x6x5xf32>, %s: tensor<6xf32>) {
  // expected-error @+1 {{'onnx.GroupNormalization' op (C3) num_groups must be positive, but is 0}}
  %0 = onnx.GroupNormalization(%x, %s, %s) {num_groups = 0} : (tensor<2x6x5xf32>, tensor<6xf32>, tensor<6xf32>) -> tensor<2x6x5xf32>
  return
}

// -----

func.func @f(%x: tensor<6xf32>, %s: tensor<6xf32>) {
  // expected-error @+1 {{'onnx.GroupNormalization' op (C3) X must have a rank of at least 2, but is 'tensor<6xf32>'}}
  %0 = onnx.GroupNormalization(%x, %s, %s) {num_groups = 3} : (tensor<6xf32>, tensor<6xf32>, tensor<6xf32>) -> tensor<6xf32>
  return
}

// -----

func.func @f(%x: tensor<2x6x5xf32>, %s: tensor<6xf32>) {
  // expected-error @+1 {{'onnx.GroupNormalization' op (C3) 6 channels can not be cut into 4 groups}}
  %0 = onnx.GroupNormalization(%x, %s, %s) {num_groups = 4} : (tensor<2x6x5xf32>, tensor<6xf32>, tensor<6xf32>) -> tensor<2x6x5xf32>
  return
}

// -----

func.func @f(%x: tensor<2x6x5xf32>, %s: tensor<3xf32>) {
  // expected-error @+1 {{'onnx.GroupNormalization' op (C4) scale or bias must have shape [6], but is 'tensor<3xf32>'}}
  %0 = onnx.GroupNormalization(%x, %s, %s) {num_groups = 3} : (tensor<2x6x5xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x6x5xf32>
  return
}

// -----

func.func @f(%x: tensor<2x6x5xf32>, %s: tensor<6xf32>) {
  // expected-error @+1 {{'onnx.GroupNormalization' op (C5) epsilon must be finite and not negative, but is -1.000000e+00}}
  %0 = onnx.GroupNormalization(%x, %s, %s) {num_groups = 3, epsilon = -1.0 : f32} : (tensor<2x6x5xf32>, tensor<6xf32>, tensor<6xf32>) -> tensor<2x6x5xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %s: tensor<2xf32>) {
  // expected-error @+1 {{'onnx.PRelu' op (C3) the slope, 'tensor<2xf32>', does not broadcast to 'tensor<2x3xf32>'}}
  %0 = onnx.PRelu(%x, %s) : (tensor<2x3xf32>, tensor<2xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %s: tensor<2xi64>) {
  // expected-error @+1 {{'onnx.ReverseSequence' op (C3) one of time_axis and batch_axis must be 0 and the other 1, but they are 1 and 1}}
  %0 = onnx.ReverseSequence(%x, %s) {time_axis = 1} : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2xf32>, %s: tensor<2xi64>) {
  // expected-error @+1 {{'onnx.ReverseSequence' op (C3) the input must have a rank of at least 2, but is 'tensor<2xf32>'}}
  %0 = onnx.ReverseSequence(%x, %s) : (tensor<2xf32>, tensor<2xi64>) -> tensor<2xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %s: tensor<2xi64>) {
  // expected-error @+1 {{'onnx.ReverseSequence' op (C4) sequence_lens must have shape [3], but is 'tensor<2xi64>'}}
  %0 = onnx.ReverseSequence(%x, %s) : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %s: tensor<2xi1>) {
  // expected-error @+1 {{'onnx.Compress' op (C2) axis is 2, but the rank is 2}}
  %0 = onnx.Compress(%x, %s) {axis = 2} : (tensor<2x3xf32>, tensor<2xi1>) -> tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %s: tensor<4xi1>) {
  // expected-error @+1 {{'onnx.Compress' op (C3) condition has 4 elements, to choose from 3}}
  %0 = onnx.Compress(%x, %s) {axis = 1} : (tensor<2x3xf32>, tensor<4xi1>) -> tensor<2x?xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %s: tensor<1x4xi1>) {
  // expected-error @+1 {{'onnx.Compress' op (C3) condition must be a vector, but is 'tensor<1x4xi1>'}}
  %0 = onnx.Compress(%x, %s) {axis = 1} : (tensor<2x3xf32>, tensor<1x4xi1>) -> tensor<2x?xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %s: tensor<2xi1>) {
  // expected-error @+1 {{'onnx.Compress' op (C4) without an axis the output must be a vector, but is 'tensor<2x3xf32>'}}
  %0 = onnx.Compress(%x, %s) : (tensor<2x3xf32>, tensor<2xi1>) -> tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %s: tensor<2xi1>) {
  // expected-error @+1 {{'onnx.Compress' op (C4) the result must have shape [?, 3], but is 'tensor<?x4xf32>'}}
  %0 = onnx.Compress(%x, %s) {axis = 0} : (tensor<2x3xf32>, tensor<2xi1>) -> tensor<?x4xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{'onnx.ReduceLogSumExp' op (C3) the result must have shape [1, 1], but is 'tensor<2x1xf32>'}}
  %0 = onnx.ReduceLogSumExp(%x) : (tensor<2x3xf32>) -> tensor<2x1xf32>
  return
}

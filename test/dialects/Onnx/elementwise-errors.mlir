// RUN: blockattn-opt %s -split-input-file -verify-diagnostics

// Constraints of ops that work element by element.

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Abs' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Abs(%x) : (tensor<4xf32>) -> tensor<4xf16>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Abs' op (C2) the first operand and the result must have one shape, but are 'tensor<4xf32>' and 'tensor<5xf32>'}}
  %0 = onnx.Abs(%x) : (tensor<4xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Gelu' op (C3) approximate must be "none" or "tanh", but is "erf"}}
  %0 = onnx.Gelu(%x) {approximate = "erf"} : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.IsNaN' op (C1) the first operand and the result must have one shape, but are 'tensor<4xf32>' and 'tensor<4x1xi1>'}}
  %0 = onnx.IsNaN(%x) : (tensor<4xf32>) -> tensor<4x1xi1>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.IsInf' op (C1) the first operand and the result must have one shape, but are 'tensor<4xf32>' and 'tensor<3xi1>'}}
  %0 = onnx.IsInf(%x) : (tensor<4xf32>) -> tensor<3xi1>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Cast' op (C1) the first operand and the result must have one shape, but are 'tensor<4xf32>' and 'tensor<5xf16>'}}
  %0 = onnx.Cast(%x) {to = f16} : (tensor<4xf32>) -> tensor<5xf16>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Cast' op (C2) converts to 'f16', but the output has 'i64'}}
  %0 = onnx.Cast(%x) {to = f16} : (tensor<4xf32>) -> tensor<4xi64>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Cast' op (C3) round_mode must be "up", "down" or "nearest", but is "odd"}}
  %0 = onnx.Cast(%x) {round_mode = "odd", to = f16} : (tensor<4xf32>) -> tensor<4xf16>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %y: tensor<i64>) {
  // expected-error @+1 {{'onnx.CastLike' op (C1) the first operand and the result must have one shape, but are 'tensor<4xf32>' and 'tensor<5xi64>'}}
  %0 = onnx.CastLike(%x, %y) : (tensor<4xf32>, tensor<i64>) -> tensor<5xi64>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %y: tensor<i64>) {
  // expected-error @+1 {{'onnx.CastLike' op (C2) converts to 'i64', but the output has 'f32'}}
  %0 = onnx.CastLike(%x, %y) : (tensor<4xf32>, tensor<i64>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %y: tensor<i64>) {
  // expected-error @+1 {{'onnx.CastLike' op (C3) round_mode must be "up", "down" or "nearest", but is ""}}
  %0 = onnx.CastLike(%x, %y) {round_mode = ""} : (tensor<4xf32>, tensor<i64>) -> tensor<4xi64>
  return
}

// -----

func.func @f(%a: tensor<4xf32>, %b: tensor<4xi64>) {
  // expected-error @+1 {{'onnx.Add' op (C1) operands and results must have one element type, but there are 'f32' and 'i64'}}
  %0 = onnx.Add(%a, %b) : (tensor<4xf32>, tensor<4xi64>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%a: tensor<4xf32>, %b: tensor<3xf32>) {
  // expected-error @+1 {{'onnx.Add' op (C2) the operands' shapes do not broadcast: 'tensor<4xf32>', 'tensor<3xf32>'}}
  %0 = onnx.Add(%a, %b) : (tensor<4xf32>, tensor<3xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%a: tensor<?x1xf32>, %b: tensor<3xf32>) {
  // expected-error @+1 {{'onnx.Add' op (C2) the operands broadcast to [?, 3], but the result is 'tensor<?x4xf32>'}}
  %0 = onnx.Add(%a, %b) : (tensor<?x1xf32>, tensor<3xf32>) -> tensor<?x4xf32>
  return
}

// -----

func.func @f(%a: tensor<4xi64>, %b: tensor<4xi32>) {
  // expected-error @+1 {{'onnx.Mod' op (C1) operands and results must have one element type, but there are 'i64' and 'i32'}}
  %0 = onnx.Mod(%a, %b) : (tensor<4xi64>, tensor<4xi32>) -> tensor<4xi64>
  return
}

// -----

func.func @f(%a: tensor<4xi64>, %b: tensor<4xi64>) {
  // expected-error @+1 {{'onnx.Mod' op (C2) the operands broadcast to [4], but the result is 'tensor<1xi64>'}}
  %0 = onnx.Mod(%a, %b) : (tensor<4xi64>, tensor<4xi64>) -> tensor<1xi64>
  return
}

// -----

func.func @f(%a: tensor<4xi64>, %b: tensor<4xi64>) {
  // expected-error @+1 {{'onnx.Mod' op (C3) fmod must be 0 or 1, but is 2}}
  %0 = onnx.Mod(%a, %b) {fmod = 2 : i64} : (tensor<4xi64>, tensor<4xi64>) -> tensor<4xi64>
  return
}

// -----

func.func @f(%a: tensor<4xf32>, %b: tensor<4xi64>) {
  // expected-error @+1 {{'onnx.Pow' op (C1) the first operand and the results must have one element type, but there are 'f32' and 'i64'}}
  %0 = onnx.Pow(%a, %b) : (tensor<4xf32>, tensor<4xi64>) -> tensor<4xi64>
  return
}

// -----

func.func @f(%a: tensor<4xf32>, %b: tensor<5xi64>) {
  // expected-error @+1 {{'onnx.Pow' op (C2) the operands' shapes do not broadcast: 'tensor<4xf32>', 'tensor<5xi64>'}}
  %0 = onnx.Pow(%a, %b) : (tensor<4xf32>, tensor<5xi64>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%a: tensor<4xf32>, %b: tensor<4xi64>) {
  // expected-error @+1 {{'onnx.Equal' op (C1) the operands must have one element type, but there are 'f32' and 'i64'}}
  %0 = onnx.Equal(%a, %b) : (tensor<4xf32>, tensor<4xi64>) -> tensor<4xi1>
  return
}

// -----

func.func @f(%a: tensor<4xf32>, %b: tensor<2x1xf32>) {
  // expected-error @+1 {{'onnx.Less' op (C2) the operands broadcast to [2, 4], but the result is 'tensor<4xi1>'}}
  %0 = onnx.Less(%a, %b) : (tensor<4xf32>, tensor<2x1xf32>) -> tensor<4xi1>
  return
}

// -----

func.func @f(%a: tensor<4xi1>, %b: tensor<2xi1>) {
  // expected-error @+1 {{'onnx.And' op (C1) the operands' shapes do not broadcast: 'tensor<4xi1>', 'tensor<2xi1>'}}
  %0 = onnx.And(%a, %b) : (tensor<4xi1>, tensor<2xi1>) -> tensor<4xi1>
  return
}

// -----

func.func @f(%a: tensor<4xf32>, %b: tensor<4xi64>) {
  // expected-error @+1 {{'onnx.Max' op (C1) operands and results must have one element type, but there are 'f32' and 'i64'}}
  %0 = onnx.Max(%a, %b) : (tensor<4xf32>, tensor<4xi64>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%a: tensor<4xf32>, %b: tensor<2xf32>) {
  // expected-error @+1 {{'onnx.Min' op (C2) the operands' shapes do not broadcast: 'tensor<4xf32>', 'tensor<2xf32>'}}
  %0 = onnx.Min(%a, %b) : (tensor<4xf32>, tensor<2xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f() {
  // expected-error @+1 {{'onnx.Sum' op (C3) needs at least one operand, but has 0}}
  %0 = onnx.Sum() : () -> tensor<4xf32>
  return
}

// -----

func.func @f() {
  // expected-error @+1 {{'onnx.Mean' op (C3) needs at least one operand, but has 0}}
  %0 = onnx.Mean() : () -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %max: tensor<i64>) {
  // expected-error @+1 {{'onnx.Clip' op (C1) operands and results must have one element type, but there are 'f32' and 'i64'}}
  %0 = onnx.Clip(%x, _, %max) : (tensor<4xf32>, tensor<i64>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Clip' op (C2) the first operand and the result must have one shape, but are 'tensor<4xf32>' and 'tensor<3xf32>'}}
  %0 = onnx.Clip(%x) : (tensor<4xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %max: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Clip' op (C3) a bound must have rank 0, but is 'tensor<4xf32>'}}
  %0 = onnx.Clip(%x, _, %max) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%c: tensor<4xi1>, %x: tensor<4xf32>, %y: tensor<4xf16>) {
  // expected-error @+1 {{'onnx.Where' op (C1) X, Y and the result must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Where(%c, %x, %y) : (tensor<4xi1>, tensor<4xf32>, tensor<4xf16>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%c: tensor<3xi1>, %x: tensor<4xf32>, %y: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Where' op (C2) the operands' shapes do not broadcast: 'tensor<3xi1>', 'tensor<4xf32>', 'tensor<4xf32>'}}
  %0 = onnx.Where(%c, %x, %y) : (tensor<3xi1>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xui8>, %s: tensor<f32>) {
  // expected-error @+1 {{'onnx.DequantizeLinear' op (C1) the first operand and the result must have one shape, but are 'tensor<4xui8>' and 'tensor<5xf32>'}}
  %0 = onnx.DequantizeLinear(%x, %s) : (tensor<4xui8>, tensor<f32>) -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<4xui8>, %s: tensor<f32>, %z: tensor<i8>) {
  // expected-error @+1 {{'onnx.DequantizeLinear' op (C2) x and its zero point must have one element type, but there are 'ui8' and 'i8'}}
  %0 = onnx.DequantizeLinear(%x, %s, %z) : (tensor<4xui8>, tensor<f32>, tensor<i8>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xui8>, %s: tensor<f32>, %z: tensor<2xui8>) {
  // expected-error @+1 {{'onnx.DequantizeLinear' op (C3) scale and zero point must have one shape, but are 'tensor<f32>' and 'tensor<2xui8>'}}
  %0 = onnx.DequantizeLinear(%x, %s, %z) : (tensor<4xui8>, tensor<f32>, tensor<2xui8>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xui8>, %s: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.DequantizeLinear' op (C4) axis is 1, but the rank is 1}}
  %0 = onnx.DequantizeLinear(%x, %s) {axis = 1 : i64} : (tensor<4xui8>, tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4x4xui8>, %s: tensor<2x2xf32>) {
  // expected-error @+1 {{'onnx.DequantizeLinear' op (C5) the scale must have rank 0 or 1, but is 'tensor<2x2xf32>' for 'tensor<4x4xui8>'}}
  %0 = onnx.DequantizeLinear(%x, %s) {axis = 0 : i64} : (tensor<4x4xui8>, tensor<2x2xf32>) -> tensor<4x4xf32>
  return
}

// -----

func.func @f(%x: tensor<4x4xui8>, %s: tensor<f32>) {
  // expected-error @+1 {{'onnx.DequantizeLinear' op (C6) block_size must not be negative, but is -1}}
  %0 = onnx.DequantizeLinear(%x, %s) {block_size = -1 : i64} : (tensor<4x4xui8>, tensor<f32>) -> tensor<4x4xf32>
  return
}

// -----

func.func @f(%x: tensor<4x4xui8>, %s: tensor<f32>) {
  // expected-error @+1 {{'onnx.DequantizeLinear' op (C7) y must have the element type 'f32', but has 'f16'}}
  %0 = onnx.DequantizeLinear(%x, %s) : (tensor<4x4xui8>, tensor<f32>) -> tensor<4x4xf16>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %s: tensor<f32>) {
  // expected-error @+1 {{'onnx.QuantizeLinear' op (C1) the first operand and the result must have one shape, but are 'tensor<4xf32>' and 'tensor<5xui8>'}}
  %0 = onnx.QuantizeLinear(%x, %s) : (tensor<4xf32>, tensor<f32>) -> tensor<5xui8>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %s: tensor<f32>, %z: tensor<i8>) {
  // expected-error @+1 {{'onnx.QuantizeLinear' op (C2) y and its zero point must have one element type, but there are 'ui8' and 'i8'}}
  %0 = onnx.QuantizeLinear(%x, %s, %z) : (tensor<4xf32>, tensor<f32>, tensor<i8>) -> tensor<4xui8>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %s: tensor<f32>) {
  // expected-error @+1 {{'onnx.QuantizeLinear' op (C2) y must have the element type 'i4', but has 'ui8'}}
  %0 = onnx.QuantizeLinear(%x, %s) {output_dtype = i4} : (tensor<4xf32>, tensor<f32>) -> tensor<4xui8>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %s: tensor<f32>, %z: tensor<2xui8>) {
  // expected-error @+1 {{'onnx.QuantizeLinear' op (C3) scale and zero point must have one shape, but are 'tensor<f32>' and 'tensor<2xui8>'}}
  %0 = onnx.QuantizeLinear(%x, %s, %z) : (tensor<4xf32>, tensor<f32>, tensor<2xui8>) -> tensor<4xui8>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %s: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.QuantizeLinear' op (C4) axis is 1, but the rank is 1}}
  %0 = onnx.QuantizeLinear(%x, %s) {axis = 1 : i64} : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xui8>
  return
}

// -----

func.func @f(%x: tensor<4x4xf32>, %s: tensor<2x2xf32>) {
  // expected-error @+1 {{'onnx.QuantizeLinear' op (C5) the scale must have rank 0 or 1, but is 'tensor<2x2xf32>' for 'tensor<4x4xf32>'}}
  %0 = onnx.QuantizeLinear(%x, %s) {axis = 0 : i64} : (tensor<4x4xf32>, tensor<2x2xf32>) -> tensor<4x4xui8>
  return
}

// -----

func.func @f(%x: tensor<4x4xf32>, %s: tensor<f32>) {
  // expected-error @+1 {{'onnx.QuantizeLinear' op (C6) block_size must not be negative, but is -1}}
  %0 = onnx.QuantizeLinear(%x, %s) {block_size = -1 : i64} : (tensor<4x4xf32>, tensor<f32>) -> tensor<4x4xui8>
  return
}

// -----

func.func @f(%a: tensor<4xi32>, %b: tensor<4xi64>) {
  // expected-error @+1 {{'onnx.BitwiseAnd' op (C1) operands and results must have one element type, but there are 'i32' and 'i64'}}
  %0 = onnx.BitwiseAnd(%a, %b) : (tensor<4xi32>, tensor<4xi64>) -> tensor<4xi32>
  return
}

// -----

func.func @f(%a: tensor<4xi32>, %b: tensor<3xi32>) {
  // expected-error @+1 {{'onnx.BitwiseOr' op (C2) the operands' shapes do not broadcast}}
  %0 = onnx.BitwiseOr(%a, %b) : (tensor<4xi32>, tensor<3xi32>) -> tensor<4xi32>
  return
}

// -----

func.func @f(%a: tensor<4xui8>) {
  // expected-error @+1 {{'onnx.BitShift' op (C3) direction must be "LEFT" or "RIGHT", but is "UP"}}
  %0 = onnx.BitShift(%a, %a) {direction = "UP"} : (tensor<4xui8>, tensor<4xui8>) -> tensor<4xui8>
  return
}

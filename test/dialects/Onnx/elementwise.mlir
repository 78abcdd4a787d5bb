// RUN: blockattn-opt %s | blockattn-opt | FileCheck %s

// Ops that work element by element.

// CHECK-LABEL: func @elementwise
func.func @elementwise(%x: tensor<?x8xf32>, %b: tensor<?x8xi1>,
    %i: tensor<8xi64>, %h: tensor<8xbf16>, %u: tensor<*x!onnx.unknown>,
    %s: tensor<8xf32>, %y: tensor<3x1x1xf32>, %c: tensor<f32>,
    %q: tensor<4x8xui8>, %z: tensor<8xui8>, %k: tensor<4x2xf32>) {
  // CHECK: onnx.Abs(%{{.*}}) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = onnx.Abs(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.Neg(%{{.*}}) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %2 = onnx.Neg(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.Sign(%{{.*}}) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %3 = onnx.Sign(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.Relu(%{{.*}}) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %4 = onnx.Relu(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.Atan(%{{.*}}) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %5 = onnx.Atan(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.Cos(%{{.*}}) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %6 = onnx.Cos(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.Cosh(%{{.*}}) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %7 = onnx.Cosh(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.Erf(%{{.*}}) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %8 = onnx.Erf(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.Exp(%{{.*}}) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %9 = onnx.Exp(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.Log(%{{.*}}) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %10 = onnx.Log(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.Sin(%{{.*}}) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %11 = onnx.Sin(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.Sinh(%{{.*}}) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %12 = onnx.Sinh(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.Softsign(%{{.*}}) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %13 = onnx.Softsign(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.Tan(%{{.*}}) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %14 = onnx.Tan(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.Tanh(%{{.*}}) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %15 = onnx.Tanh(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.Ceil(%{{.*}}) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %16 = onnx.Ceil(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.Floor(%{{.*}}) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %17 = onnx.Floor(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.Round(%{{.*}}) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %18 = onnx.Round(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.Reciprocal(%{{.*}}) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %19 = onnx.Reciprocal(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.Sqrt(%{{.*}}) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %20 = onnx.Sqrt(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.Sigmoid(%{{.*}}) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %21 = onnx.Sigmoid(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.Softplus(%{{.*}}) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %22 = onnx.Softplus(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.HardSwish(%{{.*}}) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %23 = onnx.HardSwish(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.Mish(%{{.*}}) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %24 = onnx.Mish(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.Elu(%{{.*}}) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %25 = onnx.Elu(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.HardSigmoid(%{{.*}}) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %26 = onnx.HardSigmoid(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.LeakyRelu(%{{.*}}) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %27 = onnx.LeakyRelu(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.Selu(%{{.*}}) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %28 = onnx.Selu(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.Swish(%{{.*}}) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %29 = onnx.Swish(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.Gelu(%{{.*}}) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %30 = onnx.Gelu(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>

  // Attributes that differ from the defaults.
  // CHECK: onnx.Elu(%{{.*}}) {alpha = 2.000000e+00 : f32} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %31 = onnx.Elu(%x) {alpha = 2.000000e+00 : f32} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.HardSigmoid(%{{.*}}) {alpha = 2.500000e-01 : f32, beta = 7.500000e-01 : f32} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %32 = onnx.HardSigmoid(%x) {alpha = 2.500000e-01 : f32, beta = 7.500000e-01 : f32} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.LeakyRelu(%{{.*}}) {alpha = 5.000000e-01 : f32} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %33 = onnx.LeakyRelu(%x) {alpha = 5.000000e-01 : f32} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.Selu(%{{.*}}) {alpha = 2.000000e+00 : f32, gamma = 3.000000e+00 : f32} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %34 = onnx.Selu(%x) {alpha = 2.000000e+00 : f32, gamma = 3.000000e+00 : f32} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.Swish(%{{.*}}) {alpha = 1.702000e+00 : f32} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %35 = onnx.Swish(%x) {alpha = 1.702000e+00 : f32} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.Gelu(%{{.*}}) {approximate = "tanh"} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %36 = onnx.Gelu(%x) {approximate = "tanh"} : (tensor<?x8xf32>) -> tensor<?x8xf32>

  // Other element types, unknown ones and unknown ranks.
  // CHECK: onnx.Not(%{{.*}}) : (tensor<?x8xi1>) -> tensor<?x8xi1>
  %37 = onnx.Not(%b) : (tensor<?x8xi1>) -> tensor<?x8xi1>
  // CHECK: onnx.IsNaN(%{{.*}}) : (tensor<?x8xf32>) -> tensor<?x8xi1>
  %38 = onnx.IsNaN(%x) : (tensor<?x8xf32>) -> tensor<?x8xi1>
  // CHECK: onnx.IsInf(%{{.*}}) {detect_negative = 0 : i64, detect_positive = 1 : i64} : (tensor<?x8xf32>) -> tensor<?x8xi1>
  %39 = onnx.IsInf(%x) {detect_negative = 0 : i64, detect_positive = 1 : i64} : (tensor<?x8xf32>) -> tensor<?x8xi1>
  // CHECK: onnx.Abs(%{{.*}}) : (tensor<8xi64>) -> tensor<8xi64>
  %40 = onnx.Abs(%i) : (tensor<8xi64>) -> tensor<8xi64>
  // CHECK: onnx.Neg(%{{.*}}) : (tensor<8xbf16>) -> tensor<8xbf16>
  %41 = onnx.Neg(%h) : (tensor<8xbf16>) -> tensor<8xbf16>
  // CHECK: onnx.Abs(%{{.*}}) : (tensor<*x!onnx.unknown>) -> tensor<*x!onnx.unknown>
  %42 = onnx.Abs(%u) : (tensor<*x!onnx.unknown>) -> tensor<*x!onnx.unknown>
  // CHECK: onnx.Sqrt(%{{.*}}) : (tensor<*x!onnx.unknown>) -> tensor<?x8xf32>
  %43 = onnx.Sqrt(%u) : (tensor<*x!onnx.unknown>) -> tensor<?x8xf32>

  // Conversion.
  // CHECK: onnx.Cast(%{{.*}}) {to = f16} : (tensor<?x8xf32>) -> tensor<?x8xf16>
  %44 = onnx.Cast(%x) {to = f16} : (tensor<?x8xf32>) -> tensor<?x8xf16>
  // CHECK: onnx.Cast(%{{.*}}) {round_mode = "down", saturate = 0 : i64, to = f8E8M0FNU} : (tensor<?x8xf32>) -> tensor<?x8xf8E8M0FNU>
  %45 = onnx.Cast(%x) {round_mode = "down", saturate = 0 : i64, to = f8E8M0FNU} : (tensor<?x8xf32>) -> tensor<?x8xf8E8M0FNU>
  // CHECK: onnx.Cast(%{{.*}}) {to = i64} : (tensor<*x!onnx.unknown>) -> tensor<*xi64>
  %46 = onnx.Cast(%u) {to = i64} : (tensor<*x!onnx.unknown>) -> tensor<*xi64>
  // CHECK: onnx.CastLike(%{{.*}}, %{{.*}}) : (tensor<?x8xf32>, tensor<8xbf16>) -> tensor<?x8xbf16>
  %47 = onnx.CastLike(%x, %h) : (tensor<?x8xf32>, tensor<8xbf16>) -> tensor<?x8xbf16>

  // Two operands, broadcast to one shape.
  // CHECK: onnx.Add(%{{.*}}, %{{.*}}) : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  %48 = onnx.Add(%x, %s) : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.Sub(%{{.*}}, %{{.*}}) : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  %49 = onnx.Sub(%x, %s) : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.Mul(%{{.*}}, %{{.*}}) : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  %50 = onnx.Mul(%x, %s) : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.Div(%{{.*}}, %{{.*}}) : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  %51 = onnx.Div(%x, %s) : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.Add(%{{.*}}, %{{.*}}) : (tensor<?x8xf32>, tensor<*x!onnx.unknown>) -> tensor<*xf32>
  %52 = onnx.Add(%x, %u) : (tensor<?x8xf32>, tensor<*x!onnx.unknown>) -> tensor<*xf32>
  // CHECK: onnx.Mul(%{{.*}}, %{{.*}}) : (tensor<?x8xf32>, tensor<3x1x1xf32>) -> tensor<3x?x8xf32>
  %53 = onnx.Mul(%x, %y) : (tensor<?x8xf32>, tensor<3x1x1xf32>) -> tensor<3x?x8xf32>
  // CHECK: onnx.Mod(%{{.*}}, %{{.*}}) : (tensor<8xi64>, tensor<8xi64>) -> tensor<8xi64>
  %54 = onnx.Mod(%i, %i) : (tensor<8xi64>, tensor<8xi64>) -> tensor<8xi64>
  // CHECK: onnx.Mod(%{{.*}}, %{{.*}}) : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  %55 = onnx.Mod(%x, %s) : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.Mod(%{{.*}}, %{{.*}}) {fmod = 1 : i64} : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  %56 = onnx.Mod(%x, %s) {fmod = 1 : i64} : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.Pow(%{{.*}}, %{{.*}}) : (tensor<?x8xf32>, tensor<8xi64>) -> tensor<?x8xf32>
  %57 = onnx.Pow(%x, %i) : (tensor<?x8xf32>, tensor<8xi64>) -> tensor<?x8xf32>
  // CHECK: onnx.Equal(%{{.*}}, %{{.*}}) : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xi1>
  %58 = onnx.Equal(%x, %s) : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xi1>
  // CHECK: onnx.Greater(%{{.*}}, %{{.*}}) : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xi1>
  %59 = onnx.Greater(%x, %s) : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xi1>
  // CHECK: onnx.GreaterOrEqual(%{{.*}}, %{{.*}}) : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xi1>
  %60 = onnx.GreaterOrEqual(%x, %s) : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xi1>
  // CHECK: onnx.Less(%{{.*}}, %{{.*}}) : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xi1>
  %61 = onnx.Less(%x, %s) : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xi1>
  // CHECK: onnx.LessOrEqual(%{{.*}}, %{{.*}}) : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xi1>
  %62 = onnx.LessOrEqual(%x, %s) : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xi1>
  // CHECK: onnx.And(%{{.*}}, %{{.*}}) : (tensor<?x8xi1>, tensor<?x8xi1>) -> tensor<?x8xi1>
  %63 = onnx.And(%b, %b) : (tensor<?x8xi1>, tensor<?x8xi1>) -> tensor<?x8xi1>
  // CHECK: onnx.Or(%{{.*}}, %{{.*}}) : (tensor<?x8xi1>, tensor<?x8xi1>) -> tensor<?x8xi1>
  %64 = onnx.Or(%b, %b) : (tensor<?x8xi1>, tensor<?x8xi1>) -> tensor<?x8xi1>
  // CHECK: onnx.Xor(%{{.*}}, %{{.*}}) : (tensor<?x8xi1>, tensor<?x8xi1>) -> tensor<?x8xi1>
  %65 = onnx.Xor(%b, %b) : (tensor<?x8xi1>, tensor<?x8xi1>) -> tensor<?x8xi1>

  // More operands, and absent ones.
  // CHECK: onnx.Max(%{{.*}}, %{{.*}}, %{{.*}}) : (tensor<?x8xf32>, tensor<8xf32>, tensor<3x1x1xf32>) -> tensor<3x?x8xf32>
  %66 = onnx.Max(%x, %s, %y) : (tensor<?x8xf32>, tensor<8xf32>, tensor<3x1x1xf32>) -> tensor<3x?x8xf32>
  // CHECK: onnx.Min(%{{.*}}, %{{.*}}, %{{.*}}) : (tensor<?x8xf32>, tensor<8xf32>, tensor<3x1x1xf32>) -> tensor<3x?x8xf32>
  %67 = onnx.Min(%x, %s, %y) : (tensor<?x8xf32>, tensor<8xf32>, tensor<3x1x1xf32>) -> tensor<3x?x8xf32>
  // CHECK: onnx.Sum(%{{.*}}, %{{.*}}, %{{.*}}) : (tensor<?x8xf32>, tensor<8xf32>, tensor<3x1x1xf32>) -> tensor<3x?x8xf32>
  %68 = onnx.Sum(%x, %s, %y) : (tensor<?x8xf32>, tensor<8xf32>, tensor<3x1x1xf32>) -> tensor<3x?x8xf32>
  // CHECK: onnx.Mean(%{{.*}}, %{{.*}}, %{{.*}}) : (tensor<?x8xf32>, tensor<8xf32>, tensor<3x1x1xf32>) -> tensor<3x?x8xf32>
  %69 = onnx.Mean(%x, %s, %y) : (tensor<?x8xf32>, tensor<8xf32>, tensor<3x1x1xf32>) -> tensor<3x?x8xf32>
  // CHECK: onnx.Clip(%{{.*}}) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %70 = onnx.Clip(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.Clip(%{{.*}}, %{{.*}}) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %71 = onnx.Clip(%x, %c) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  // CHECK: onnx.Clip(%{{.*}}, _, %{{.*}}) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %72 = onnx.Clip(%x, _, %c) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  // CHECK: onnx.Clip(%{{.*}}, %{{.*}}, %{{.*}}) : (tensor<?x8xf32>, tensor<f32>, tensor<f32>) -> tensor<?x8xf32>
  %73 = onnx.Clip(%x, %c, %c) : (tensor<?x8xf32>, tensor<f32>, tensor<f32>) -> tensor<?x8xf32>
  // CHECK: onnx.Where(%{{.*}}, %{{.*}}, %{{.*}}) : (tensor<?x8xi1>, tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %74 = onnx.Where(%b, %x, %c) : (tensor<?x8xi1>, tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  // CHECK: onnx.DequantizeLinear(%{{.*}}, %{{.*}}) : (tensor<4x8xui8>, tensor<f32>) -> tensor<4x8xf32>
  %75 = onnx.DequantizeLinear(%q, %c) : (tensor<4x8xui8>, tensor<f32>) -> tensor<4x8xf32>
  // CHECK: onnx.DequantizeLinear(%{{.*}}, %{{.*}}, %{{.*}}) {axis = 1 : i64, output_dtype = f16} : (tensor<4x8xui8>, tensor<8xf32>, tensor<8xui8>) -> tensor<4x8xf16>
  %76 = onnx.DequantizeLinear(%q, %s, %z) {axis = 1 : i64, output_dtype = f16} : (tensor<4x8xui8>, tensor<8xf32>, tensor<8xui8>) -> tensor<4x8xf16>
  // CHECK: onnx.DequantizeLinear(%{{.*}}, %{{.*}}) {axis = 1 : i64, block_size = 4 : i64} : (tensor<4x8xui8>, tensor<4x2xf32>) -> tensor<4x8xf32>
  %77 = onnx.DequantizeLinear(%q, %k) {axis = 1 : i64, block_size = 4 : i64} : (tensor<4x8xui8>, tensor<4x2xf32>) -> tensor<4x8xf32>
  // CHECK: onnx.QuantizeLinear(%{{.*}}, %{{.*}}) {output_dtype = i4, precision = f32, saturate = 0 : i64} : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xi4>
  %78 = onnx.QuantizeLinear(%x, %c) {output_dtype = i4, precision = f32, saturate = 0 : i64} : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xi4>
  return
}

// The bits of integers.
// CHECK-LABEL: func @bits
func.func @bits(%a: tensor<?x3xi32>, %b: tensor<3xi32>, %u: tensor<4xui8>, %s: tensor<ui8>) {
  // CHECK: onnx.BitwiseAnd(%{{.*}}, %{{.*}}) : (tensor<?x3xi32>, tensor<3xi32>) -> tensor<?x3xi32>
  %0 = onnx.BitwiseAnd(%a, %b) : (tensor<?x3xi32>, tensor<3xi32>) -> tensor<?x3xi32>
  // CHECK: onnx.BitwiseOr
  %1 = onnx.BitwiseOr(%a, %b) : (tensor<?x3xi32>, tensor<3xi32>) -> tensor<?x3xi32>
  // CHECK: onnx.BitwiseXor
  %2 = onnx.BitwiseXor(%a, %b) : (tensor<?x3xi32>, tensor<3xi32>) -> tensor<?x3xi32>
  // CHECK: onnx.BitwiseNot(%{{.*}}) : (tensor<?x3xi32>) -> tensor<?x3xi32>
  %3 = onnx.BitwiseNot(%a) : (tensor<?x3xi32>) -> tensor<?x3xi32>
  // CHECK: onnx.BitShift(%{{.*}}, %{{.*}}) {direction = "RIGHT"} : (tensor<4xui8>, tensor<ui8>) -> tensor<4xui8>
  %4 = onnx.BitShift(%u, %s) {direction = "RIGHT"} : (tensor<4xui8>, tensor<ui8>) -> tensor<4xui8>
  return
}

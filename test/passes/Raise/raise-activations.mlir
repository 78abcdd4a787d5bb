// RUN: blockattn-opt %s --blockattn-raise-activations --canonicalize | FileCheck %s

// CHECK-LABEL: func @gelu
func.func @gelu(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %root = onnx.Constant dense<1.41421354> : tensor<f32>
  %one = onnx.Constant dense<1.0> : tensor<f32>
  %half = onnx.Constant dense<0.5> : tensor<f32>
  %0 = onnx.Div(%x, %root) : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  %1 = onnx.Erf(%0) : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %2 = onnx.Add(%1, %one) : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  %3 = onnx.Mul(%half, %2) : (tensor<f32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  // CHECK-NEXT: %[[Y:.*]] = onnx.Gelu(%{{.*}}) {approximate = "none"}
  // CHECK-NEXT: return %[[Y]]
  %4 = onnx.Mul(%x, %3) : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return %4 : tensor<?x4xf32>
}

// The same in another order: (x * (1 + erf(x * 0.7071))) * 0.5.
// CHECK-LABEL: func @gelu_half_last
func.func @gelu_half_last(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %root = onnx.Constant dense<0.707106769> : tensor<1xf32>
  %one = onnx.Constant dense<1.0> : tensor<f32>
  %half = onnx.Constant dense<0.5> : tensor<f32>
  %0 = onnx.Mul(%x, %root) : (tensor<?x4xf32>, tensor<1xf32>) -> tensor<?x4xf32>
  %1 = onnx.Erf(%0) : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %2 = onnx.Add(%one, %1) : (tensor<f32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %3 = onnx.Mul(%2, %x) : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  // CHECK-NEXT: onnx.Gelu(%{{.*}}) {approximate = "none"}
  %4 = onnx.Mul(%3, %half) : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  return %4 : tensor<?x4xf32>
}

// CHECK-LABEL: func @gelu_tanh
func.func @gelu_tanh(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %three = onnx.Constant dense<3.0> : tensor<f32>
  %a = onnx.Constant dense<0.0447149985> : tensor<f32>
  %b = onnx.Constant dense<0.797884583> : tensor<f32>
  %one = onnx.Constant dense<1.0> : tensor<f32>
  %half = onnx.Constant dense<0.5> : tensor<f32>
  %0 = onnx.Mul(%x, %half) : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  %1 = onnx.Pow(%x, %three) : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  %2 = onnx.Mul(%1, %a) : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  %3 = onnx.Add(%x, %2) : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %4 = onnx.Mul(%3, %b) : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  %5 = onnx.Tanh(%4) : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %6 = onnx.Add(%5, %one) : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  // CHECK-NEXT: onnx.Gelu(%{{.*}}) {approximate = "tanh"}
  %7 = onnx.Mul(%0, %6) : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return %7 : tensor<?x4xf32>
}

// x * sigmoid(x), beside the other branch of a gated MLP.
// CHECK-LABEL: func @silu
func.func @silu(%x: tensor<?x4xf32>, %up: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %0 = onnx.Sigmoid(%x) : (tensor<?x4xf32>) -> tensor<?x4xf32>
  // CHECK-NEXT: %[[S:.*]] = onnx.Swish(%arg0) {alpha = 1.000000e+00 : f32}
  %1 = onnx.Mul(%x, %0) : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  // CHECK-NEXT: onnx.Mul(%[[S]], %arg1)
  %2 = onnx.Mul(%1, %up) : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return %2 : tensor<?x4xf32>
}

// CHECK-LABEL: func @silu_exp
func.func @silu_exp(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %one = onnx.Constant dense<1.0> : tensor<f32>
  %0 = onnx.Neg(%x) : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %1 = onnx.Exp(%0) : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %2 = onnx.Add(%1, %one) : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  // CHECK-NEXT: onnx.Swish(%{{.*}}) {alpha = 1.000000e+00 : f32}
  %3 = onnx.Div(%x, %2) : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return %3 : tensor<?x4xf32>
}

// The quick form of GELU is a Swish.
// CHECK-LABEL: func @quick_gelu
func.func @quick_gelu(%x: tensor<?x4xf16>) -> tensor<?x4xf16> {
  %a = onnx.Constant dense<1.702> : tensor<f16>
  %0 = onnx.Mul(%x, %a) : (tensor<?x4xf16>, tensor<f16>) -> tensor<?x4xf16>
  %1 = onnx.Sigmoid(%0) : (tensor<?x4xf16>) -> tensor<?x4xf16>
  // CHECK-NEXT: onnx.Swish(%{{.*}}) {alpha = 1.702{{.*}} : f32}
  %2 = onnx.Mul(%x, %1) : (tensor<?x4xf16>, tensor<?x4xf16>) -> tensor<?x4xf16>
  return %2 : tensor<?x4xf16>
}

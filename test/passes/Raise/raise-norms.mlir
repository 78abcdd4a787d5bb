// RUN: blockattn-opt %s --blockattn-raise-norms --canonicalize | FileCheck %s

// As PyTorch's exporter writes it: x * reciprocal(sqrt(mean(x^2) + eps)).
// CHECK-LABEL: func @reciprocal
func.func @reciprocal(%x: tensor<1x?x8xf32>) -> tensor<1x?x8xf32> {
  %two = onnx.Constant dense<2.0> : tensor<f32>
  %eps = onnx.Constant dense<9.99999997E-7> : tensor<f32>
  %axis = onnx.Constant dense<-1> : tensor<1xi64>
  %w = onnx.Constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : tensor<8xf32>
  %0 = onnx.Pow(%x, %two) : (tensor<1x?x8xf32>, tensor<f32>) -> tensor<1x?x8xf32>
  %1 = onnx.ReduceMean(%0, %axis) : (tensor<1x?x8xf32>, tensor<1xi64>) -> tensor<1x?x1xf32>
  %2 = onnx.Add(%1, %eps) : (tensor<1x?x1xf32>, tensor<f32>) -> tensor<1x?x1xf32>
  %3 = onnx.Sqrt(%2) : (tensor<1x?x1xf32>) -> tensor<1x?x1xf32>
  %4 = onnx.Reciprocal(%3) : (tensor<1x?x1xf32>) -> tensor<1x?x1xf32>
  %5 = onnx.Mul(%x, %4) : (tensor<1x?x8xf32>, tensor<1x?x1xf32>) -> tensor<1x?x8xf32>
  // CHECK: %[[W:.*]] = onnx.Constant dense<[1.0
  // CHECK: %[[Y:.*]] = onnx.RMSNormalization(%{{.*}}, %[[W]]) {epsilon = 9.99999997E-7 : f32}
  // CHECK-NEXT: return %[[Y]]
  %6 = onnx.Mul(%w, %5) : (tensor<8xf32>, tensor<1x?x8xf32>) -> tensor<1x?x8xf32>
  return %6 : tensor<1x?x8xf32>
}

// x * x, and the root as a power.
// CHECK-LABEL: func @power
func.func @power(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %half = onnx.Constant dense<-0.5> : tensor<f32>
  %eps = onnx.Constant dense<1.0E-5> : tensor<f32>
  %axis = onnx.Constant dense<1> : tensor<1xi64>
  %0 = onnx.Mul(%x, %x) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = onnx.ReduceMean(%0, %axis) : (tensor<?x8xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %2 = onnx.Add(%eps, %1) : (tensor<f32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  %3 = onnx.Pow(%2, %half) : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  // Without a weight there is a weight of ones.
  // CHECK: %[[ONE:.*]] = onnx.Constant dense<1.000000e+00> : tensor<8xf32>
  // CHECK: onnx.RMSNormalization(%{{.*}}, %[[ONE]])
  %4 = onnx.Mul(%3, %x) : (tensor<?x1xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %4 : tensor<?x8xf32>
}

// 16-bit models compute norms in f32: the casts are part of the norm.
// CHECK-LABEL: func @half
func.func @half(%h: tensor<1x?x4xf16>) -> tensor<1x?x4xf16> {
  %one = onnx.Constant dense<1.0> : tensor<f32>
  %eps = onnx.Constant dense<1.0E-6> : tensor<f32>
  %axis = onnx.Constant dense<-1> : tensor<1xi64>
  %w = onnx.Constant dense<2.0> : tensor<4xf16>
  %x = onnx.Cast(%h) {to = f32} : (tensor<1x?x4xf16>) -> tensor<1x?x4xf32>
  %0 = onnx.Mul(%x, %x) : (tensor<1x?x4xf32>, tensor<1x?x4xf32>) -> tensor<1x?x4xf32>
  %1 = onnx.ReduceMean(%0, %axis) : (tensor<1x?x4xf32>, tensor<1xi64>) -> tensor<1x?x1xf32>
  %2 = onnx.Add(%1, %eps) : (tensor<1x?x1xf32>, tensor<f32>) -> tensor<1x?x1xf32>
  %3 = onnx.Sqrt(%2) : (tensor<1x?x1xf32>) -> tensor<1x?x1xf32>
  %4 = onnx.Div(%one, %3) : (tensor<f32>, tensor<1x?x1xf32>) -> tensor<1x?x1xf32>
  %5 = onnx.Mul(%x, %4) : (tensor<1x?x4xf32>, tensor<1x?x1xf32>) -> tensor<1x?x4xf32>
  %6 = onnx.Cast(%5) {to = f16} : (tensor<1x?x4xf32>) -> tensor<1x?x4xf16>
  // CHECK-NOT: onnx.Cast
  // CHECK: onnx.RMSNormalization({{.*}}) {{.*}} : (tensor<1x?x4xf16>, tensor<4xf16>) -> tensor<1x?x4xf16>
  %7 = onnx.Mul(%w, %6) : (tensor<4xf16>, tensor<1x?x4xf16>) -> tensor<1x?x4xf16>
  return %7 : tensor<1x?x4xf16>
}

// CHECK-LABEL: func @layer_norm
func.func @layer_norm(%x: tensor<?x?x4xf32>) -> tensor<?x?x4xf32> {
  %two = onnx.Constant dense<2.0> : tensor<f32>
  %eps = onnx.Constant dense<1.0E-5> : tensor<f32>
  %axis = onnx.Constant dense<-1> : tensor<1xi64>
  %w = onnx.Constant dense<2.0> : tensor<4xf32>
  %b = onnx.Constant dense<3.0> : tensor<4xf32>
  %0 = onnx.ReduceMean(%x, %axis) : (tensor<?x?x4xf32>, tensor<1xi64>) -> tensor<?x?x1xf32>
  %1 = onnx.Sub(%x, %0) : (tensor<?x?x4xf32>, tensor<?x?x1xf32>) -> tensor<?x?x4xf32>
  %2 = onnx.Pow(%1, %two) : (tensor<?x?x4xf32>, tensor<f32>) -> tensor<?x?x4xf32>
  %3 = onnx.ReduceMean(%2, %axis) : (tensor<?x?x4xf32>, tensor<1xi64>) -> tensor<?x?x1xf32>
  %4 = onnx.Add(%3, %eps) : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %5 = onnx.Sqrt(%4) : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %6 = onnx.Div(%1, %5) : (tensor<?x?x4xf32>, tensor<?x?x1xf32>) -> tensor<?x?x4xf32>
  %7 = onnx.Mul(%6, %w) : (tensor<?x?x4xf32>, tensor<4xf32>) -> tensor<?x?x4xf32>
  // CHECK: onnx.LayerNormalization(%{{.*}}, %{{.*}}, %{{.*}}) {{.*}}epsilon = 9.99999974E-6
  // CHECK-NEXT: return
  %8 = onnx.Add(%7, %b) : (tensor<?x?x4xf32>, tensor<4xf32>) -> tensor<?x?x4xf32>
  return %8 : tensor<?x?x4xf32>
}

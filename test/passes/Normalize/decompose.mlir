// RUN: blockattn-opt %s --pass-pipeline='builtin.module(func.func(blockattn-decompose))' -split-input-file | FileCheck %s

// CHECK-LABEL: @gemm
// CHECK: %[[T:.*]] = onnx.Transpose(%arg1) {perm = array<i64: 1, 0>} : (tensor<4x3xf32>) -> tensor<3x4xf32>
// CHECK: %[[P:.*]] = onnx.MatMul(%arg0, %[[T]])
// CHECK: %[[A:.*]] = onnx.Mul(%[[P]], %{{.*}}) : (tensor<?x4xf32>, tensor<f32>)
// CHECK: %[[R:.*]] = onnx.Add(%[[A]], %arg2)
// CHECK: return %[[R]]
func.func @gemm(%a: tensor<?x3xf32>, %b: tensor<4x3xf32>, %c: tensor<4xf32>) -> tensor<?x4xf32> {
  %0 = onnx.Gemm(%a, %b, %c) {alpha = 2.0 : f32, transB = 1} : (tensor<?x3xf32>, tensor<4x3xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// -----

// CHECK-LABEL: @plain_gemm
// CHECK-NEXT: onnx.MatMul
// CHECK-NEXT: return
func.func @plain_gemm(%a: tensor<?x3xi32>, %b: tensor<3x4xi32>) -> tensor<?x4xi32> {
  %0 = onnx.Gemm(%a, %b) : (tensor<?x3xi32>, tensor<3x4xi32>) -> tensor<?x4xi32>
  return %0 : tensor<?x4xi32>
}

// -----

// CHECK-LABEL: @flatten
// CHECK: %[[C:.*]] = onnx.Constant dense<[0, -1]>
// CHECK: onnx.Reshape(%arg0, %[[C]])
// CHECK: %[[D:.*]] = onnx.Constant dense<[-1, 12]>
// CHECK: onnx.Reshape(%arg1, %[[D]])
// CHECK: onnx.Shape(%arg0) {start = 2 : i64}
// CHECK: onnx.ReduceProd
func.func @flatten(%x: tensor<?x?x?xf32>, %y: tensor<?x?x3x4xf32>) -> (tensor<?x?xf32>, tensor<?x12xf32>, tensor<?x?xf32>) {
  %0 = onnx.Flatten(%x) : (tensor<?x?x?xf32>) -> tensor<?x?xf32>
  %1 = onnx.Flatten(%y) {axis = -2} : (tensor<?x?x3x4xf32>) -> tensor<?x12xf32>
  %2 = onnx.Flatten(%x) {axis = 2} : (tensor<?x?x?xf32>) -> tensor<?x?xf32>
  return %0, %1, %2 : tensor<?x?xf32>, tensor<?x12xf32>, tensor<?x?xf32>
}

// -----

// CHECK-LABEL: @variadic
// CHECK: %[[A:.*]] = onnx.Add(%arg0, %arg0)
// CHECK: %[[B:.*]] = onnx.Add(%[[A]], %arg0)
// CHECK: onnx.Div(%[[B]]
// CHECK: %[[M:.*]] = onnx.Max(%arg0, %arg0)
// CHECK: onnx.Max(%[[M]], %arg0)
// CHECK: onnx.Min(%arg0, %arg0)
func.func @variadic(%x: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>, tensor<?xf32>) {
  %0 = onnx.Mean(%x, %x, %x) : (tensor<?xf32>, tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %1 = onnx.Max(%x, %x, %x) : (tensor<?xf32>, tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %2 = onnx.Min(%x, %x) : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %0, %1, %2 : tensor<?xf32>, tensor<?xf32>, tensor<?xf32>
}

// -----

// CHECK-LABEL: @activations
// CHECK-NOT: onnx.{{Elu|Selu|LeakyRelu|HardSigmoid|HardSwish|Mish|Softsign|Reciprocal|Clip|LogSoftmax}}
// CHECK: return
func.func @activations(%x: tensor<2x?xf16>, %l: tensor<f16>) -> tensor<2x?xf16> {
  %0 = onnx.Elu(%x) : (tensor<2x?xf16>) -> tensor<2x?xf16>
  %1 = onnx.Selu(%0) : (tensor<2x?xf16>) -> tensor<2x?xf16>
  %2 = onnx.LeakyRelu(%1) : (tensor<2x?xf16>) -> tensor<2x?xf16>
  %3 = onnx.HardSigmoid(%2) : (tensor<2x?xf16>) -> tensor<2x?xf16>
  %4 = onnx.HardSwish(%3) : (tensor<2x?xf16>) -> tensor<2x?xf16>
  %5 = onnx.Mish(%4) : (tensor<2x?xf16>) -> tensor<2x?xf16>
  %6 = onnx.Softsign(%5) : (tensor<2x?xf16>) -> tensor<2x?xf16>
  %7 = onnx.Reciprocal(%6) : (tensor<2x?xf16>) -> tensor<2x?xf16>
  %8 = onnx.Clip(%7, _, %l) : (tensor<2x?xf16>, tensor<f16>) -> tensor<2x?xf16>
  %9 = onnx.LogSoftmax(%8) : (tensor<2x?xf16>) -> tensor<2x?xf16>
  return %9 : tensor<2x?xf16>
}

// -----

// CHECK-LABEL: @reductions
// CHECK: onnx.Abs
// CHECK: onnx.ReduceSum
// CHECK: onnx.Mul(%arg0, %arg0)
// CHECK: onnx.ReduceSum
// CHECK: onnx.Sqrt
func.func @reductions(%x: tensor<2x?xf32>, %axes: tensor<1xi64>) -> (tensor<*xf32>, tensor<*xf32>) {
  %0 = onnx.ReduceL1(%x, %axes) : (tensor<2x?xf32>, tensor<1xi64>) -> tensor<*xf32>
  %1 = onnx.ReduceL2(%x, %axes) : (tensor<2x?xf32>, tensor<1xi64>) -> tensor<*xf32>
  return %0, %1 : tensor<*xf32>, tensor<*xf32>
}

// -----

// CHECK-LABEL: @dequantize
// CHECK: onnx.Cast(%arg0) {to = f32}
// CHECK: onnx.Cast(%arg2) {to = f32}
// CHECK: onnx.Unsqueeze
// CHECK: onnx.Sub
// CHECK: onnx.Unsqueeze(%arg1
// CHECK: onnx.Mul
func.func @dequantize(%x: tensor<4x8xi8>, %s: tensor<4xf32>, %z: tensor<4xi8>) -> tensor<4x8xf32> {
  %0 = onnx.DequantizeLinear(%x, %s, %z) {axis = 0} : (tensor<4x8xi8>, tensor<4xf32>, tensor<4xi8>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// -----

// CHECK-LABEL: @dropout
// CHECK: %[[M:.*]] = onnx.Expand
// CHECK: return %arg0, %[[M]]
func.func @dropout(%x: tensor<4x?xf32>) -> (tensor<4x?xf32>, tensor<4x?xi1>) {
  %0, %1 = onnx.Dropout(%x) : (tensor<4x?xf32>) -> (tensor<4x?xf32>, tensor<4x?xi1>)
  return %0, %1 : tensor<4x?xf32>, tensor<4x?xi1>
}

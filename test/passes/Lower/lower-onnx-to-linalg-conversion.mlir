// RUN: blockattn-opt %s --blockattn-lower-onnx-to-linalg | FileCheck %s

// A scale for each block of 32 elements.
// CHECK-LABEL: func.func @blocked
// CHECK:         blockattn.check %{{.*}}, "the scale does not fit dimension
// CHECK:         linalg.generic {{.*}} ins(%arg0
// CHECK:           arith.uitofp
// CHECK:           arith.divui
// CHECK:           tensor.extract %arg2
// CHECK:           arith.subf
// CHECK:           arith.mulf
func.func @blocked(%x: tensor<?x64xui8>, %s: tensor<?x2xf32>, %z: tensor<?x2xui8>) -> tensor<?x64xf32> {
  %0 = onnx.DequantizeLinear(%x, %s, %z) {axis = 1 : i64, block_size = 32 : i64} : (tensor<?x64xui8>, tensor<?x2xf32>, tensor<?x2xui8>) -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @by_axis
// CHECK:         linalg.generic
// CHECK:           arith.sitofp
// CHECK:           tensor.extract %arg1[%{{.*}}] : tensor<4xf16>
// CHECK:           arith.truncf {{.*}} to f16
func.func @by_axis(%x: tensor<?x4xi8>, %s: tensor<4xf16>) -> tensor<?x4xf16> {
  %0 = onnx.DequantizeLinear(%x, %s) : (tensor<?x4xi8>, tensor<4xf16>) -> tensor<?x4xf16>
  return %0 : tensor<?x4xf16>
}

// Not a number becomes 0, what is too great the greatest integer.
// CHECK-LABEL: func.func @to_integer
// CHECK:           arith.cmpf ord
// CHECK:           arith.maximumf
// CHECK:           arith.minimumf
// CHECK:           arith.fptosi
func.func @to_integer(%x: tensor<?xf32>) -> tensor<?xi32> {
  %0 = onnx.Cast(%x) {to = i32} : (tensor<?xf32>) -> tensor<?xi32>
  return %0 : tensor<?xi32>
}

// CHECK-LABEL: func.func @divide
// CHECK:         blockattn.check %{{.*}}, "an integer is divided by 0"
func.func @divide(%x: tensor<?xi64>, %y: tensor<?xi64>) -> tensor<?xi64> {
  %0 = onnx.Div(%x, %y) : (tensor<?xi64>, tensor<?xi64>) -> tensor<?xi64>
  return %0 : tensor<?xi64>
}

// CHECK-LABEL: func.func @divide_by_constant
// CHECK-NOT:     blockattn.check
func.func @divide_by_constant(%x: tensor<?xi64>) -> tensor<?xi64> {
  %c = onnx.Constant dense<2> : tensor<i64>
  %0 = onnx.Div(%x, %c) : (tensor<?xi64>, tensor<i64>) -> tensor<?xi64>
  return %0 : tensor<?xi64>
}

// Floats of 8 bits are bytes; a table tells what they stand for.
// CHECK-LABEL: func.func @from_f8
// CHECK-SAME:    tensor<?xi8> {blockattn.type = tensor<?xf8E5M2>}
// CHECK:         linalg.generic
// CHECK:           %[[TABLE:.*]] = arith.constant dense<{{.*}}> : tensor<256xf32>
// CHECK:           %[[AT:.*]] = arith.index_castui %{{.*}} : i8 to index
// CHECK:           tensor.extract %[[TABLE]][%[[AT]]]
func.func @from_f8(%x: tensor<?xf8E5M2>) -> tensor<?xf32> {
  %0 = onnx.Cast(%x) {to = f32} : (tensor<?xf8E5M2>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// CHECK-LABEL: func.func @to_f8
// CHECK:         math.roundeven
// CHECK:         arith.trunci %{{.*}} : i32 to i8
func.func @to_f8(%x: tensor<?xf16>) -> tensor<?xf8E4M3FN> {
  %0 = onnx.Cast(%x) {to = f8E4M3FN} : (tensor<?xf16>) -> tensor<?xf8E4M3FN>
  return %0 : tensor<?xf8E4M3FN>
}

// The lowest bits, with their sign.
// CHECK-LABEL: func.func @to_i4
// CHECK:         arith.shli %{{.*}} : i8
// CHECK:         arith.shrsi %{{.*}} : i8
func.func @to_i4(%x: tensor<?xi32>) -> tensor<?xi4> {
  %0 = onnx.Cast(%x) {to = i4} : (tensor<?xi32>) -> tensor<?xi4>
  return %0 : tensor<?xi4>
}

// A packed weight stays so; its elements are read where they are used.
// CHECK-LABEL: func.func @packed_weight
// CHECK-SAME:    tensor<8xi8> {blockattn.weight = 0 : i64}
// CHECK:         linalg.generic
// CHECK:           arith.divui
// CHECK:           tensor.extract
// CHECK:           arith.shrui
func.func @packed_weight(%s: tensor<f32>) -> tensor<3x5xf32> {
  %w = onnx.Weight "w" source 0 offset 0 size 8 : tensor<3x5xi4>
  %0 = onnx.DequantizeLinear(%w, %s) : (tensor<3x5xi4>, tensor<f32>) -> tensor<3x5xf32>
  return %0 : tensor<3x5xf32>
}

// CHECK-LABEL: func.func @quantize
// CHECK:         arith.divf
// CHECK:         math.roundeven
// CHECK:         arith.maximumf
// CHECK:         arith.minimumf
func.func @quantize(%x: tensor<?x64xf32>, %s: tensor<?x2xf32>, %z: tensor<?x2xui8>) -> tensor<?x64xui8> {
  %0 = onnx.QuantizeLinear(%x, %s, %z) {axis = 1 : i64, block_size = 32 : i64} : (tensor<?x64xf32>, tensor<?x2xf32>, tensor<?x2xui8>) -> tensor<?x64xui8>
  return %0 : tensor<?x64xui8>
}

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

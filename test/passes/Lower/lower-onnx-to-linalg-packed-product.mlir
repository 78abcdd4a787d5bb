// RUN: blockattn-opt %s --blockattn-lower-onnx-to-linalg | FileCheck %s

// The rows of a batch are rows of one matrix; the bias is added behind.
// CHECK-LABEL: func.func @batch
// CHECK:         %[[A:.*]] = tensor.collapse_shape %arg0 {{\[\[}}0, 1], [2]]
// CHECK:         %[[P:.*]] = blockattn.packed_product %[[A]], %{{.*}} scales(%{{.*}} : tensor<8x2xf32>) zero_points(%{{.*}} : tensor<8xi8>) outs(%{{.*}}) {bits = 4 : i64, block_size = 32 : i64} : tensor<?x40xf32>, tensor<8x2x16xi8> -> tensor<?x8xf32>
// CHECK:         %[[Y:.*]] = tensor.expand_shape %[[P]]
// CHECK:         linalg.generic {{.*}} ins(%[[Y]], %arg{{[0-9]}} : tensor<?x?x8xf32>, tensor<8xf32>)
func.func @batch(%x: tensor<?x?x40xf32>, %w: tensor<8x2x16xui8>, %s: tensor<8x2xf32>, %z: tensor<8xui8>, %b: tensor<8xf32>) -> tensor<?x?x8xf32> {
  %0 = onnx.ms.MatMulNBits(%x, %w, %s, %z, _, %b) {K = 40 : i64, N = 8 : i64, bits = 4 : i64, block_size = 32 : i64} : (tensor<?x?x40xf32>, tensor<8x2x16xui8>, tensor<8x2xf32>, tensor<8xui8>, tensor<8xf32>) -> tensor<?x?x8xf32>
  return %0 : tensor<?x?x8xf32>
}

// Of 16 bits A is widened, and the result narrowed; scales stay as they are.
// CHECK-LABEL: func.func @half
// CHECK:         %[[A:.*]] = linalg.generic
// CHECK:           arith.extf
// CHECK:         blockattn.packed_product %{{.*}} scales(%arg2 : tensor<8xf16>)
// CHECK:         linalg.generic
// CHECK:           arith.truncf
func.func @half(%x: tensor<32xf16>, %w: tensor<8x1x32xui8>, %s: tensor<8xf16>) -> tensor<8xf16> {
  %0 = onnx.ms.MatMulNBits(%x, %w, %s) {K = 32 : i64, N = 8 : i64, bits = 8 : i64, block_size = 32 : i64} : (tensor<32xf16>, tensor<8x1x32xui8>, tensor<8xf16>) -> tensor<8xf16>
  return %0 : tensor<8xf16>
}

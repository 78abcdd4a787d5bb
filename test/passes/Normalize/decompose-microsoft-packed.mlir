// RUN: blockattn-opt %s --pass-pipeline='builtin.module(func.func(blockattn-decompose-microsoft{keep-packed-products=true}))' | FileCheck %s

// What the CPU's library takes stays; g_idx and 2 bits are spelled out.
// CHECK-LABEL: @kept
// CHECK: onnx.ms.MatMulNBits
// CHECK-NOT: onnx.MatMul
func.func @kept(%x: tensor<?x32xf32>, %w: tensor<8x1x16xui8>, %s: tensor<8xf32>) -> tensor<?x8xf32> {
  %0 = onnx.ms.MatMulNBits(%x, %w, %s) {K = 32 : i64, N = 8 : i64, bits = 4 : i64, block_size = 32 : i64} : (tensor<?x32xf32>, tensor<8x1x16xui8>, tensor<8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// CHECK-LABEL: @groups
// CHECK-NOT: onnx.ms.MatMulNBits
// CHECK: onnx.MatMul
func.func @groups(%x: tensor<?x32xf32>, %w: tensor<8x1x16xui8>, %s: tensor<8xf32>, %g: tensor<32xi32>) -> tensor<?x8xf32> {
  %0 = onnx.ms.MatMulNBits(%x, %w, %s, _, %g) {K = 32 : i64, N = 8 : i64, bits = 4 : i64, block_size = 32 : i64} : (tensor<?x32xf32>, tensor<8x1x16xui8>, tensor<8xf32>, tensor<32xi32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// CHECK-LABEL: @two_bits
// CHECK-NOT: onnx.ms.MatMulNBits
// CHECK: onnx.MatMul
func.func @two_bits(%x: tensor<?x32xf32>, %w: tensor<8x1x8xui8>, %s: tensor<8xf32>) -> tensor<?x8xf32> {
  %0 = onnx.ms.MatMulNBits(%x, %w, %s) {K = 32 : i64, N = 8 : i64, bits = 2 : i64, block_size = 32 : i64} : (tensor<?x32xf32>, tensor<8x1x8xui8>, tensor<8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

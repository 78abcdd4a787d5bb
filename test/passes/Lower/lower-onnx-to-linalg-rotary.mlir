// RUN: blockattn-opt %s --blockattn-lower-onnx-to-linalg | FileCheck %s

// CHECK-LABEL: func.func @positions
// CHECK:         blockattn.check %{{.*}}, "a position lies outside of the caches"
// CHECK:         linalg.generic {{.*}} ins(%arg0
// CHECK:           scf.if
// CHECK-DAG:         tensor.extract %arg1
// CHECK-DAG:         tensor.extract %arg2
func.func @positions(%x: tensor<1x2x?x8xf32>, %c: tensor<50x4xf32>, %s: tensor<50x4xf32>, %p: tensor<1x?xi64>) -> tensor<1x2x?x8xf32> {
  %0 = onnx.RotaryEmbedding(%x, %c, %s, %p) : (tensor<1x2x?x8xf32>, tensor<50x4xf32>, tensor<50x4xf32>, tensor<1x?xi64>) -> tensor<1x2x?x8xf32>
  return %0 : tensor<1x2x?x8xf32>
}

// 16-bit floats are rotated in f32.
// CHECK-LABEL: func.func @half
// CHECK:         linalg.generic
// CHECK:           arith.extf {{.*}} : f16 to f32
// CHECK:           arith.mulf {{.*}} : f32
// CHECK:           arith.truncf
func.func @half(%x: tensor<1x?x16xf16>, %c: tensor<1x?x2xf16>, %s: tensor<1x?x2xf16>) -> tensor<1x?x16xf16> {
  %0 = onnx.RotaryEmbedding(%x, %c, %s) {interleaved = 1 : i64, num_heads = 2 : i64, rotary_embedding_dim = 4 : i64} : (tensor<1x?x16xf16>, tensor<1x?x2xf16>, tensor<1x?x2xf16>) -> tensor<1x?x16xf16>
  return %0 : tensor<1x?x16xf16>
}

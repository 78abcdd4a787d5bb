// RUN: blockattn-opt %s --blockattn-lower-onnx-to-linalg | FileCheck %s

// CHECK-LABEL: func.func @linear
// CHECK:         blockattn.check %{{.*}}, "the update is longer than the cache"
// CHECK:         blockattn.check %{{.*}}, "an update does not fit in the cache"
// CHECK:         linalg.generic {{.*}} ins(%arg0
// CHECK:           scf.if
// CHECK:             tensor.extract %arg1
// CHECK:           } else {
// CHECK-NEXT:        scf.yield %in
func.func @linear(%past: tensor<2x?x4xf32>, %new: tensor<2x?x4xf32>, %at: tensor<2xi64>) -> tensor<2x?x4xf32> {
  %0 = onnx.TensorScatter(%past, %new, %at) : (tensor<2x?x4xf32>, tensor<2x?x4xf32>, tensor<2xi64>) -> tensor<2x?x4xf32>
  return %0 : tensor<2x?x4xf32>
}

// CHECK-LABEL: func.func @circular
// CHECK:         arith.remsi
func.func @circular(%past: tensor<2x?x4xf32>, %new: tensor<2x?x4xf32>) -> tensor<2x?x4xf32> {
  %0 = onnx.TensorScatter(%past, %new) {mode = "circular"} : (tensor<2x?x4xf32>, tensor<2x?x4xf32>) -> tensor<2x?x4xf32>
  return %0 : tensor<2x?x4xf32>
}

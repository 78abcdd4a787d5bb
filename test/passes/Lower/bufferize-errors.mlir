// RUN: not blockattn-opt %s --blockattn-bufferize 2>&1 | FileCheck %s

// An operation on tensors that nothing makes buffers of.
// CHECK: error: op was not bufferized
// CHECK: onnx.Neg
func.func @left(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = onnx.Neg(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

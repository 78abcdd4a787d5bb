// RUN: blockattn-opt %s --blockattn-decompose-onnx-attention --remark-format=emitRemark --remarks-filter-missed=raise --remark-policy=all 2>&1 | FileCheck %s

// CHECK: remark: {{.*}}nonpad_kv_seqlen is not supported
// CHECK: func @nonpad
// CHECK: onnx.Attention
func.func @nonpad(%q: tensor<1x4x?x8xf32>, %k: tensor<1x4x?x8xf32>, %v: tensor<1x4x?x8xf32>, %n: tensor<1xi64>) -> tensor<1x4x?x8xf32> {
  %y = onnx.Attention(%q, %k, %v, _, _, _, %n) : (tensor<1x4x?x8xf32>, tensor<1x4x?x8xf32>, tensor<1x4x?x8xf32>, tensor<1xi64>) -> tensor<1x4x?x8xf32>
  return %y : tensor<1x4x?x8xf32>
}

// RUN: blockattn-opt %s --blockattn-decompose-onnx-attention --remark-format=emitRemark --remarks-filter-missed=raise --remark-policy=all 2>&1 | FileCheck %s

// CHECK: remark: {{.*}}the number of heads, or their size, is not known
// CHECK: func @heads
// CHECK: onnx.Attention
func.func @heads(%q: tensor<1x?x?x8xf32>, %k: tensor<1x?x?x8xf32>, %v: tensor<1x?x?x8xf32>) -> tensor<1x?x?x8xf32> {
  %y = onnx.Attention(%q, %k, %v) : (tensor<1x?x?x8xf32>, tensor<1x?x?x8xf32>, tensor<1x?x?x8xf32>) -> tensor<1x?x?x8xf32>
  return %y : tensor<1x?x?x8xf32>
}

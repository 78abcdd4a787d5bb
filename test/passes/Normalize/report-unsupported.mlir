// RUN: blockattn-opt %s --blockattn-report-unsupported | FileCheck %s

// CHECK-LABEL: @main
// CHECK: onnx.Exp
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = onnx.Exp(%x) : (tensor<2xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}

// RUN: blockattn-opt %s --blockattn-normalize | FileCheck %s
// RUN: blockattn-opt %s --blockattn-normalize --blockattn-normalize | FileCheck %s

// An exporter's way to split heads, and a linear layer on flattened tokens: all
// of the shape arithmetic goes, and the types are known.

// CHECK-LABEL: func.func @main
// CHECK-SAME: -> (tensor<?x?x4x16xf32> {onnx.dims = ["batch", "seq", "", ""], onnx.name = "out"})
// CHECK-DAG: %[[S:.*]] = onnx.Constant dense<[0, 0, 4, 16]> : tensor<4xi64>
// CHECK-DAG: %[[W:.*]] = onnx.Weight
// CHECK: %[[P:.*]] = onnx.MatMul(%arg0, %[[W]]) : (tensor<?x?x64xf32>, tensor<64x64xf32>) -> tensor<?x?x64xf32>
// CHECK: %[[A:.*]] = onnx.Add(%[[P]], %arg1) : (tensor<?x?x64xf32>, tensor<64xf32>) -> tensor<?x?x64xf32>
// CHECK: %[[R:.*]] = onnx.Reshape(%[[A]], %[[S]])
// CHECK-NEXT: return %[[R]]
module attributes {onnx.sources = ["model.onnx"]} {
  func.func @main(%x: tensor<?x?x64xf32> {onnx.name = "x", onnx.dims = ["batch", "seq", ""]},
                  %b: tensor<64xf32> {onnx.name = "b", onnx.dims = [""]})
      -> (tensor<*x!onnx.unknown> {onnx.name = "out"}) {
    %w = onnx.Weight "w" source 0 offset 0 size 16384 : tensor<64x64xf32>
    %i0 = onnx.Constant dense<0> : tensor<i64>
    %i1 = onnx.Constant dense<1> : tensor<i64>
    %axis = onnx.Constant dense<0> : tensor<1xi64>
    %minus = onnx.Constant dense<-1> : tensor<1xi64>
    %c64 = onnx.Constant dense<64> : tensor<1xi64>
    %heads = onnx.Constant dense<[4, 16]> : tensor<2xi64>
    %flat = onnx.Concat(%minus, %c64) {axis = 0} : (tensor<1xi64>, tensor<1xi64>) -> tensor<*x!onnx.unknown>
    %m = onnx.Reshape(%x, %flat) : (tensor<?x?x64xf32>, tensor<*x!onnx.unknown>) -> tensor<*x!onnx.unknown>
    %p = onnx.Gemm(%m, %w, %b) : (tensor<*x!onnx.unknown>, tensor<64x64xf32>, tensor<64xf32>) -> tensor<*x!onnx.unknown>
    %shape = onnx.Shape(%x) : (tensor<?x?x64xf32>) -> tensor<*x!onnx.unknown>
    %d0 = onnx.Gather(%shape, %i0) : (tensor<*x!onnx.unknown>, tensor<i64>) -> tensor<*x!onnx.unknown>
    %d1 = onnx.Gather(%shape, %i1) : (tensor<*x!onnx.unknown>, tensor<i64>) -> tensor<*x!onnx.unknown>
    %u0 = onnx.Unsqueeze(%d0, %axis) : (tensor<*x!onnx.unknown>, tensor<1xi64>) -> tensor<*x!onnx.unknown>
    %u1 = onnx.Unsqueeze(%d1, %axis) : (tensor<*x!onnx.unknown>, tensor<1xi64>) -> tensor<*x!onnx.unknown>
    %back = onnx.Concat(%u0, %u1, %c64) {axis = 0} : (tensor<*x!onnx.unknown>, tensor<*x!onnx.unknown>, tensor<1xi64>) -> tensor<*x!onnx.unknown>
    %y = onnx.Reshape(%p, %back) : (tensor<*x!onnx.unknown>, tensor<*x!onnx.unknown>) -> tensor<*x!onnx.unknown>
    %dropped = onnx.Dropout(%y) : (tensor<*x!onnx.unknown>) -> tensor<*x!onnx.unknown>
    %split = onnx.Concat(%u0, %u1, %heads) {axis = 0} : (tensor<*x!onnx.unknown>, tensor<*x!onnx.unknown>, tensor<2xi64>) -> tensor<*x!onnx.unknown>
    %r = onnx.Reshape(%dropped, %split) : (tensor<*x!onnx.unknown>, tensor<*x!onnx.unknown>) -> tensor<*x!onnx.unknown>
    return %r : tensor<*x!onnx.unknown>
  }
}

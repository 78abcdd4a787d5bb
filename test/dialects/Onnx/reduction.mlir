// RUN: blockattn-opt %s | blockattn-opt | FileCheck %s

// Reductions and their like.

// CHECK-LABEL: func @reduction
func.func @reduction(%x: tensor<2x?x8xf32>, %u: tensor<*x!onnx.unknown>,
    %b: tensor<4xi1>, %a: tensor<1xi64>, %n: tensor<i32>) {
  // CHECK: onnx.ReduceL1(%{{.*}}, %{{.*}}) : (tensor<2x?x8xf32>, tensor<1xi64>) -> tensor<?x?x?xf32>
  %1 = onnx.ReduceL1(%x, %a) : (tensor<2x?x8xf32>, tensor<1xi64>) -> tensor<?x?x?xf32>
  // CHECK: onnx.ReduceL2(%{{.*}}, %{{.*}}) : (tensor<2x?x8xf32>, tensor<1xi64>) -> tensor<?x?x?xf32>
  %2 = onnx.ReduceL2(%x, %a) : (tensor<2x?x8xf32>, tensor<1xi64>) -> tensor<?x?x?xf32>
  // CHECK: onnx.ReduceMax(%{{.*}}, %{{.*}}) : (tensor<2x?x8xf32>, tensor<1xi64>) -> tensor<?x?x?xf32>
  %3 = onnx.ReduceMax(%x, %a) : (tensor<2x?x8xf32>, tensor<1xi64>) -> tensor<?x?x?xf32>
  // CHECK: onnx.ReduceMean(%{{.*}}, %{{.*}}) : (tensor<2x?x8xf32>, tensor<1xi64>) -> tensor<?x?x?xf32>
  %4 = onnx.ReduceMean(%x, %a) : (tensor<2x?x8xf32>, tensor<1xi64>) -> tensor<?x?x?xf32>
  // CHECK: onnx.ReduceMin(%{{.*}}, %{{.*}}) : (tensor<2x?x8xf32>, tensor<1xi64>) -> tensor<?x?x?xf32>
  %5 = onnx.ReduceMin(%x, %a) : (tensor<2x?x8xf32>, tensor<1xi64>) -> tensor<?x?x?xf32>
  // CHECK: onnx.ReduceProd(%{{.*}}, %{{.*}}) : (tensor<2x?x8xf32>, tensor<1xi64>) -> tensor<?x?x?xf32>
  %6 = onnx.ReduceProd(%x, %a) : (tensor<2x?x8xf32>, tensor<1xi64>) -> tensor<?x?x?xf32>
  // CHECK: onnx.ReduceSum(%{{.*}}, %{{.*}}) : (tensor<2x?x8xf32>, tensor<1xi64>) -> tensor<?x?x?xf32>
  %7 = onnx.ReduceSum(%x, %a) : (tensor<2x?x8xf32>, tensor<1xi64>) -> tensor<?x?x?xf32>
  // CHECK: onnx.ReduceSumSquare(%{{.*}}, %{{.*}}) : (tensor<2x?x8xf32>, tensor<1xi64>) -> tensor<?x?x?xf32>
  %8 = onnx.ReduceSumSquare(%x, %a) : (tensor<2x?x8xf32>, tensor<1xi64>) -> tensor<?x?x?xf32>

  // Without axes: all, or none.
  // CHECK: onnx.ReduceSum(%{{.*}}) {keepdims = 0 : i64} : (tensor<2x?x8xf32>) -> tensor<f32>
  %9 = onnx.ReduceSum(%x) {keepdims = 0 : i64} : (tensor<2x?x8xf32>) -> tensor<f32>
  // CHECK: onnx.ReduceSum(%{{.*}}) {noop_with_empty_axes = 1 : i64} : (tensor<2x?x8xf32>) -> tensor<2x?x8xf32>
  %10 = onnx.ReduceSum(%x) {noop_with_empty_axes = 1 : i64} : (tensor<2x?x8xf32>) -> tensor<2x?x8xf32>
  // CHECK: onnx.ReduceMax(%{{.*}}) : (tensor<4xi1>) -> tensor<1xi1>
  %11 = onnx.ReduceMax(%b) : (tensor<4xi1>) -> tensor<1xi1>
  // CHECK: onnx.ReduceMean(%{{.*}}, %{{.*}}) : (tensor<*x!onnx.unknown>, tensor<1xi64>) -> tensor<*x!onnx.unknown>
  %12 = onnx.ReduceMean(%u, %a) : (tensor<*x!onnx.unknown>, tensor<1xi64>) -> tensor<*x!onnx.unknown>

  // CHECK: onnx.ArgMax(%{{.*}}) {axis = -1 : i64, keepdims = 0 : i64} : (tensor<2x?x8xf32>) -> tensor<2x?xi64>
  %13 = onnx.ArgMax(%x) {axis = -1 : i64, keepdims = 0 : i64} : (tensor<2x?x8xf32>) -> tensor<2x?xi64>
  // CHECK: onnx.ArgMin(%{{.*}}) {select_last_index = 1 : i64} : (tensor<2x?x8xf32>) -> tensor<1x?x8xi64>
  %14 = onnx.ArgMin(%x) {select_last_index = 1 : i64} : (tensor<2x?x8xf32>) -> tensor<1x?x8xi64>
  // CHECK: onnx.TopK(%{{.*}}, %{{.*}}) {axis = 2 : i64, largest = 0 : i64, sorted = 0 : i64} : (tensor<2x?x8xf32>, tensor<1xi64>) -> (tensor<2x?x?xf32>, tensor<2x?x?xi64>)
  %15:2 = onnx.TopK(%x, %a) {axis = 2 : i64, largest = 0 : i64, sorted = 0 : i64} : (tensor<2x?x8xf32>, tensor<1xi64>) -> (tensor<2x?x?xf32>, tensor<2x?x?xi64>)
  // CHECK: onnx.CumSum(%{{.*}}, %{{.*}}) {exclusive = 1 : i64, reverse = 1 : i64} : (tensor<2x?x8xf32>, tensor<i32>) -> tensor<2x?x8xf32>
  %16 = onnx.CumSum(%x, %n) {exclusive = 1 : i64, reverse = 1 : i64} : (tensor<2x?x8xf32>, tensor<i32>) -> tensor<2x?x8xf32>
  return
}

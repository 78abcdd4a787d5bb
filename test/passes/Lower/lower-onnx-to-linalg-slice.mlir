// RUN: blockattn-opt %s --blockattn-lower-onnx-to-linalg --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @constant
// CHECK:         tensor.extract_slice %arg0[1, 0] [2, %{{.*}}] [2, 1]
func.func @constant(%x: tensor<5x?xf32>) -> tensor<2x?xf32> {
  %starts = onnx.Constant dense<1> : tensor<1xi64>
  %ends = onnx.Constant dense<5> : tensor<1xi64>
  %axes = onnx.Constant dense<0> : tensor<1xi64>
  %steps = onnx.Constant dense<2> : tensor<1xi64>
  %0 = onnx.Slice(%x, %starts, %ends, %axes, %steps) : (tensor<5x?xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x?xf32>
  return %0 : tensor<2x?xf32>
}

// Axes and steps that are data are spread over the dimensions first.
// CHECK-LABEL: func.func @data
// CHECK:         scf.for
// CHECK:           blockattn.check %{{.*}}, "an axis is no dimension of a tensor of rank 2"
// CHECK:         blockattn.check %{{.*}}, "the step of a slice is 0"
// CHECK:         linalg.generic
// CHECK:           tensor.extract %arg0
func.func @data(%x: tensor<?x?xf32>, %starts: tensor<?xi64>, %ends: tensor<?xi64>, %axes: tensor<?xi64>, %steps: tensor<?xi64>) -> tensor<?x?xf32> {
  %0 = onnx.Slice(%x, %starts, %ends, %axes, %steps) : (tensor<?x?xf32>, tensor<?xi64>, tensor<?xi64>, tensor<?xi64>, tensor<?xi64>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// Nothing is taken from a tensor without elements.
// CHECK-LABEL: func.func @nothing
// CHECK-NOT:     tensor.extract_slice
// CHECK:         return
func.func @nothing(%x: tensor<0x4xf32>, %s: tensor<2xi64>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  %0:2 = onnx.Split(%x, %s) {axis = 0 : i64} : (tensor<0x4xf32>, tensor<2xi64>) -> (tensor<?x4xf32>, tensor<?x4xf32>)
  return %0#0, %0#1 : tensor<?x4xf32>, tensor<?x4xf32>
}

// A part that may be empty still starts at an element that exists, and lengths
// that are wrong do not lead beyond the end.
// CHECK-LABEL: func.func @last
// CHECK:         blockattn.check %{{.*}}, "has parts that do not make the whole"
// CHECK:         %[[START:.*]] = arith.minsi %{{.*}}, %c7
// CHECK:         tensor.extract_slice %arg0[%[[START]]]
func.func @last(%x: tensor<8xf32>, %s: tensor<2xi64>) -> (tensor<?xf32>, tensor<?xf32>) {
  %0:2 = onnx.Split(%x, %s) {axis = 0 : i64} : (tensor<8xf32>, tensor<2xi64>) -> (tensor<?xf32>, tensor<?xf32>)
  return %0#0, %0#1 : tensor<?xf32>, tensor<?xf32>
}

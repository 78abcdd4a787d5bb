// RUN: blockattn-opt %s --blockattn-lower-onnx-to-linalg | FileCheck %s

// CHECK-LABEL: func.func @constant_axes
// CHECK:         linalg.generic {{.*}}iterator_types = ["parallel", "reduction"]
func.func @constant_axes(%x: tensor<?x?xf32>) -> tensor<?x1xf32> {
  %axes = onnx.Constant dense<-1> : tensor<1xi64>
  %0 = onnx.ReduceSum(%x, %axes) : (tensor<?x?xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  return %0 : tensor<?x1xf32>
}

// Whether a dimension is reduced is a value: each element of the result loops
// over what is. No axes mean all of them.
// CHECK-LABEL: func.func @data_axes
// CHECK:         %[[NAMED:.*]]:2 = scf.for
// CHECK:           scf.yield
// CHECK:         %[[NONE:.*]] = arith.cmpi eq
// CHECK:         %[[FIRST:.*]] = arith.ori %[[NAMED]]#0, %[[NONE]]
// CHECK:         arith.select %[[FIRST]]
// CHECK:         linalg.generic {{.*}}iterator_types = ["parallel", "parallel"]
// CHECK:           scf.for
// CHECK:             scf.for
// CHECK:               tensor.extract %arg0
func.func @data_axes(%x: tensor<?x?xf32>, %axes: tensor<?xi64>) -> tensor<?x?xf32> {
  %0 = onnx.ReduceMax(%x, %axes) : (tensor<?x?xf32>, tensor<?xi64>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// CHECK-LABEL: func.func @to_row
// CHECK:         blockattn.check %{{.*}}, "the axes do not leave 1 dimensions"
func.func @to_row(%x: tensor<?x?xf32>, %axes: tensor<1xi64>) -> tensor<?xf32> {
  %0 = onnx.ReduceMean(%x, %axes) {keepdims = 0 : i64} : (tensor<?x?xf32>, tensor<1xi64>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// CHECK-LABEL: func.func @running
// CHECK:         scf.for
// CHECK:         tensor.extract_slice
func.func @running(%x: tensor<?x?xf32>, %axis: tensor<i64>) -> tensor<?x?xf32> {
  %0 = onnx.CumSum(%x, %axis) : (tensor<?x?xf32>, tensor<i64>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

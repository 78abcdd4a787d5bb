// RUN: blockattn-opt %s --blockattn-lower-onnx-to-linalg | FileCheck %s

// What is not zero is counted by chunks; then they write their own finds, in any
// order.
// CHECK-LABEL: func.func @nonzero
// CHECK-SAME:    (%[[X:.*]]: tensor<?x?xf32>)
// CHECK:         %[[FLAT:.*]] = tensor.collapse_shape %[[X]] {{\[\[}}0, 1]]
// CHECK:         %[[CHUNKS:.*]] = arith.ceildivui
// CHECK:         %[[COUNTS:.*]] = linalg.generic
// CHECK:           scf.for
// CHECK:             tensor.extract %[[FLAT]]
// CHECK:         %[[STARTS:.*]]:2 = scf.for %{{.*}} = %{{.*}} to %[[CHUNKS]]
// CHECK:           tensor.extract %[[COUNTS]]
// CHECK:         tensor.empty(%[[STARTS]]#1) : tensor<2x?xi64>
// CHECK:         scf.for %{{.*}} = %{{.*}} to %[[CHUNKS]]
// CHECK:           tensor.extract %[[STARTS]]#0
// CHECK:           scf.if
// CHECK-COUNT-2:     tensor.insert
// CHECK:         } {blockattn.any_order}
func.func @nonzero(%x: tensor<?x?xf32>) -> tensor<2x?xi64> {
  %0 = onnx.NonZero(%x) : (tensor<?x?xf32>) -> tensor<2x?xi64>
  return %0 : tensor<2x?xi64>
}

// CHECK-LABEL: func.func @top
// CHECK:         blockattn.check %{{.*}}, "K is negative, or greater than the number of elements"
// CHECK:         scf.for
// CHECK:           linalg.generic {{.*}}iterator_types = ["parallel", "reduction"]
// CHECK-COUNT-2:   tensor.insert_slice
func.func @top(%x: tensor<?x?xf32>, %k: tensor<1xi64>) -> (tensor<?x?xf32>, tensor<?x?xi64>) {
  %0, %1 = onnx.TopK(%x, %k) : (tensor<?x?xf32>, tensor<1xi64>) -> (tensor<?x?xf32>, tensor<?x?xi64>)
  return %0, %1 : tensor<?x?xf32>, tensor<?x?xi64>
}

// Sizes that the model declares otherwise are compared, and nothing is read
// beyond what there is.
// CHECK-LABEL: func.func @declared
// CHECK:         blockattn.check %[[FITS:.*]], "the data make a result of another shape than the model declares"
// CHECK:         linalg.generic
// CHECK:           scf.if %[[FITS]]
func.func @declared(%x: tensor<?xf32>) -> tensor<1x3xi64> {
  %0 = onnx.NonZero(%x) : (tensor<?xf32>) -> tensor<1x3xi64>
  return %0 : tensor<1x3xi64>
}

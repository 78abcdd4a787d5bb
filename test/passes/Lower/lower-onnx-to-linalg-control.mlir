// RUN: blockattn-opt %s --blockattn-lower-onnx-to-linalg | FileCheck %s

// What both branches use is made before them, what only one uses within it.
// Each branch yields a buffer of its own, so that both have one layout.
// CHECK-LABEL: func.func @branches
// CHECK:         %[[C:.*]] = tensor.extract %arg0[]
// CHECK:         %[[IF:.*]] = scf.if %[[C]] -> (tensor<?xf32>) {
// CHECK:           %[[SUM:.*]] = linalg.generic
// CHECK:           %[[THEN:.*]] = bufferization.alloc_tensor(){{.*}} copy(%[[SUM]])
// CHECK:           scf.yield %[[THEN]]
// CHECK:         } else {
// CHECK:           tensor.insert_slice
// CHECK:           %[[ELSE:.*]] = bufferization.alloc_tensor
// CHECK:           scf.yield %[[ELSE]]
// CHECK:         linalg.generic {{.*}} ins(%[[IF]]
func.func @branches(%c: tensor<i1>, %x: tensor<?xf32>) -> tensor<?xf32> {
  %0 = onnx.If(%c) : (tensor<i1>) -> tensor<?xf32> {
    %2 = onnx.Add(%x, %x) : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
    onnx.Yield %2 : tensor<?xf32>
  } else {
    %3 = onnx.Concat(%x, %x) {axis = 0 : i64} : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
    onnx.Yield %3 : tensor<?xf32>
  }
  %1 = onnx.Neg(%0) : (tensor<?xf32>) -> tensor<?xf32>
  return %1 : tensor<?xf32>
}

// A size that only one branch knows is not taken for known outside.
// CHECK-LABEL: func.func @sizes
// CHECK:         scf.if %{{.*}} -> (tensor<?xf32>)
// CHECK:           tensor.cast %{{.*}} : tensor<4xf32> to tensor<?xf32>
func.func @sizes(%c: tensor<1xi1>, %x: tensor<4xf32>, %y: tensor<6xf32>) -> tensor<?xf32> {
  %0 = onnx.If(%c) : (tensor<1xi1>) -> tensor<?xf32> {
    onnx.Yield %x : tensor<4xf32>
  } else {
    onnx.Yield %y : tensor<6xf32>
  }
  return %0 : tensor<?xf32>
}

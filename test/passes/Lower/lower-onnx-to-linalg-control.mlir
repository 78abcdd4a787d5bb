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

// A loop of a known number of iterations: what is carried lies in buffers of
// its own, what is stacked in slices of one.
// CHECK-LABEL: func.func @loop
// CHECK:         %[[M:.*]] = tensor.extract %arg0[]
// CHECK:         %[[ZERO:.*]] = arith.maxsi
// CHECK:         %[[TRIPS:.*]] = arith.select %{{.*}}, %[[ZERO]]
// CHECK:         %[[X:.*]] = bufferization.alloc_tensor() copy(%arg2)
// CHECK:         %[[ALL:.*]] = bufferization.alloc_tensor(%[[TRIPS]], %{{.*}})
// CHECK:         scf.for %[[I:.*]] = %{{.*}} to %[[TRIPS]] {{.*}} iter_args(%[[OLD:.*]] = %[[X]], %[[STACK:.*]] = %[[ALL]])
// CHECK:           %[[SUM:.*]] = linalg.generic
// CHECK:           blockattn.check {{.*}}a value of the loop changes its shape
// CHECK:           %[[COPY:.*]] = bufferization.alloc_tensor() copy(%{{.*}})
// CHECK:           %[[SLICE:.*]] = tensor.insert_slice %{{.*}} into %[[STACK]][%[[I]], 0]
// CHECK:           %[[NEW:.*]] = bufferization.materialize_in_destination %[[COPY]] in %[[OLD]]
// CHECK:           scf.yield %[[NEW]], %[[SLICE]]
func.func @loop(%m: tensor<i64>, %c: tensor<i1>, %x: tensor<?xf32>, %y: tensor<?xf32>) -> (tensor<?xf32>, tensor<?x?xf32>) {
  %0:2 = onnx.Loop trips(%m : tensor<i64>) while(%c : tensor<i1>) carries(%x : tensor<?xf32>) -> tensor<?xf32>, tensor<?x?xf32> {
  ^bb0(%i: tensor<i64>, %again: tensor<i1>, %v: tensor<?xf32>):
    %1 = onnx.Mul(%v, %y) : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
    onnx.Yield %again, %1, %y : tensor<i1>, tensor<?xf32>, tensor<?xf32>
  }
  return %0#0, %0#1 : tensor<?xf32>, tensor<?x?xf32>
}

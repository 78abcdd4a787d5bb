// RUN: blockattn-opt %s --blockattn-constants-to-weights --split-input-file | FileCheck %s

// The pass cannot fail: globals that are no constants with a value stay as they
// are, and where nothing moves the module gets no list of weights.

// CHECK: module {
// CHECK: memref.global "private" @changes : memref<2xf32> = dense<0.000000e+00>
// CHECK: memref.global "private" @unset : memref<2xf32> = uninitialized
// CHECK: memref.global "private" constant @elsewhere : memref<2xf32>
// CHECK: func.func @f(%[[OUT:[a-z0-9]*]]: memref<2xf32>) {
// CHECK: %[[A:.*]] = memref.get_global @changes
// CHECK: %[[B:.*]] = memref.get_global @unset
// CHECK: %[[C:.*]] = memref.get_global @elsewhere
// CHECK: memref.copy %[[A]], %[[OUT]]
// CHECK: memref.copy %[[B]], %[[OUT]]
// CHECK: memref.copy %[[C]], %[[OUT]]
module {
  memref.global "private" @changes : memref<2xf32> = dense<0.0>
  memref.global "private" @unset : memref<2xf32> = uninitialized
  memref.global "private" constant @elsewhere : memref<2xf32>
  func.func @f(%out: memref<2xf32>) {
    %a = memref.get_global @changes : memref<2xf32>
    %b = memref.get_global @unset : memref<2xf32>
    %c = memref.get_global @elsewhere : memref<2xf32>
    memref.copy %a, %out : memref<2xf32> to memref<2xf32>
    memref.copy %b, %out : memref<2xf32> to memref<2xf32>
    memref.copy %c, %out : memref<2xf32> to memref<2xf32>
    return
  }
}

// -----

// Equal numbers of another type or shape are another weight.
// CHECK: blockattn.weights = [{name = "constant.0", type = tensor<2xf32>, {{.*}}}, {name = "constant.1", type = tensor<1x2xf32>, {{.*}}}, {name = "constant.2", type = tensor<2xi32>, {{.*}}}]
// CHECK-NOT: memref.global
module {
  memref.global "private" constant @a : memref<2xf32> = dense<0.0>
  memref.global "private" constant @b : memref<1x2xf32> = dense<0.0>
  memref.global "private" constant @c : memref<2xi32> = dense<0>
  func.func private @declared(memref<2xf32>)
}

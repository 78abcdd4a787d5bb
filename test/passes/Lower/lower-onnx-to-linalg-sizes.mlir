// RUN: blockattn-opt %s --blockattn-lower-onnx-to-linalg -split-input-file | FileCheck %s

// What shape inference takes for granted of sizes that only the run knows is
// checked there, before anything uses it.

// The size of a result that another op requires is compared as it was made, not
// as the cast to what is required has it.
// CHECK-LABEL: func.func @demanded(
// CHECK:         %[[COUNT:.*]] = arith.index_cast %{{.*}} : i64 to index
// CHECK:         %[[EMPTY:.*]] = tensor.empty(%[[COUNT]])
// CHECK:         %[[IS:.*]] = arith.cmpi eq, %[[COUNT]], %{{.*}} : index
// CHECK:         blockattn.check %[[IS]], "dimension 0 of the result must be 4 for what uses it"
// CHECK:         linalg.matmul
func.func @demanded(%n: tensor<i64>, %w: tensor<4x3xi64>) -> tensor<3xi64> {
  %o = onnx.Constant dense<0> : tensor<i64>
  %i = onnx.Constant dense<1> : tensor<i64>
  %r = onnx.Range(%o, %n, %i) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %y = onnx.MatMul(%r, %w) : (tensor<?xi64>, tensor<4x3xi64>) -> tensor<3xi64>
  return %y : tensor<3xi64>
}

// -----

// What a tensor holds is no fact: the product compares it.
// CHECK-LABEL: func.func @elements(
// CHECK:         %[[E:.*]] = tensor.extract %arg0
// CHECK:         %[[SIZE:.*]] = arith.index_cast %[[E]] : i64 to index
// CHECK:         arith.cmpi eq, %{{.*}}, %{{.*}} : index
// CHECK:         blockattn.check %{{.*}}, "{{.*}}"
// CHECK:         linalg.matmul
func.func @elements(%s: tensor<2xi64>, %w: tensor<4x3xf32>) -> tensor<?x3xf32> {
  %z = onnx.ConstantOfShape(%s) : (tensor<2xi64>) -> tensor<?x?xf32>
  %y = onnx.MatMul(%z, %w) : (tensor<?x?xf32>, tensor<4x3xf32>) -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}

// -----

// An argument that is declared otherwise further on.
// CHECK-LABEL: func.func @declared(
// CHECK:         %[[IS:.*]] = arith.cmpi eq, %{{.*}}, %{{.*}} : index
// CHECK:         blockattn.check %[[IS]], "dimension 1 of input 'x' must be 4"
func.func @declared(%x: tensor<?x?xf32> {onnx.name = "x"}) -> tensor<?x4xf32> {
  %y = onnx.Relu(%x) : (tensor<?x?xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// A sum of two sizes says nothing of either.
// CHECK-LABEL: func.func @sum(
// CHECK:         %[[S:.*]] = arith.addi
// CHECK:         %[[IS:.*]] = arith.cmpi eq, %[[S]], %{{.*}} : index
// CHECK:         blockattn.check %[[IS]], "dimension 0 of the result must be 4 for what uses it"
// CHECK:         tensor.insert_slice
func.func @sum(%x: tensor<?xf32>, %y: tensor<?xf32>) -> tensor<4xf32> {
  %z = onnx.Concat(%x, %y) {axis = 0} : (tensor<?xf32>, tensor<?xf32>) -> tensor<4xf32>
  return %z : tensor<4xf32>
}

// -----

// A scale that is 1 or as long as the rows: only the run knows.
// CHECK-LABEL: func.func @scale(
// CHECK:         blockattn.check %{{.*}}, "dimension 0 of its scale or bias is neither 1 nor that of the operand"
// CHECK:         linalg.generic
// CHECK:           tensor.extract %arg1
func.func @scale(%x: tensor<?x?xf32>, %s: tensor<?xf32>) -> tensor<?x?xf32> {
  %y = onnx.RMSNormalization(%x, %s) : (tensor<?x?xf32>, tensor<?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// -----

// A static scale is as long as the rows, and there is one check of that.
// CHECK-LABEL: func.func @static_scale(
// CHECK-NOT:     neither 1
// CHECK:         blockattn.check %{{.*}}, "dimension 1 of input 'x' must be 8"
// CHECK-NOT:     blockattn.check
func.func @static_scale(%x: tensor<?x?xf32> {onnx.name = "x"}, %s: tensor<8xf32>) -> tensor<?x?xf32> {
  %y = onnx.RMSNormalization(%x, %s) : (tensor<?x?xf32>, tensor<8xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// RUN: blockattn-opt %s --blockattn-lower-onnx-to-linalg --canonicalize --cse | FileCheck %s

// CHECK-LABEL: func.func @bits(
// CHECK: arith.andi
// CHECK: arith.ori
// CHECK: arith.xori
// CHECK: %[[ONES:.*]] = arith.xori %{{.*}}, %c-1_i32
func.func @bits(%a: tensor<?x3xi32> {onnx.dims = ["n", ""]}, %b: tensor<3xi32>) -> tensor<?x3xi32> {
  %0 = onnx.BitwiseAnd(%a, %b) : (tensor<?x3xi32>, tensor<3xi32>) -> tensor<?x3xi32>
  %1 = onnx.BitwiseOr(%0, %b) : (tensor<?x3xi32>, tensor<3xi32>) -> tensor<?x3xi32>
  %2 = onnx.BitwiseXor(%1, %b) : (tensor<?x3xi32>, tensor<3xi32>) -> tensor<?x3xi32>
  %3 = onnx.BitwiseNot(%2) : (tensor<?x3xi32>) -> tensor<?x3xi32>
  return %3 : tensor<?x3xi32>
}

// A distance of all bits or more leaves 0.
// CHECK-LABEL: func.func @shift(
// CHECK: ^bb0(%[[X:.*]]: i8, %[[Y:.*]]: i8, %{{.*}}: i8):
// CHECK: %[[FITS:.*]] = arith.cmpi ult, %[[Y]], %c8_i8
// CHECK: %[[D:.*]] = arith.select %[[FITS]], %[[Y]], %c0_i8
// CHECK: %[[S:.*]] = arith.shrui %[[X]], %[[D]]
// CHECK: arith.select %[[FITS]], %[[S]], %c0_i8
// CHECK: arith.shli
func.func @shift(%x: tensor<?xui8> {onnx.dims = ["n"]}, %y: tensor<?xui8> {onnx.dims = ["n"]}) -> tensor<?xui8> {
  %0 = onnx.BitShift(%x, %y) {direction = "RIGHT"} : (tensor<?xui8>, tensor<?xui8>) -> tensor<?xui8>
  %1 = onnx.BitShift(%0, %y) {direction = "LEFT"} : (tensor<?xui8>, tensor<?xui8>) -> tensor<?xui8>
  return %1 : tensor<?xui8>
}

// Of numbers with a sign that stays.
// CHECK-LABEL: func.func @signed(
// CHECK: ^bb0(%[[X:.*]]: i16, %[[Y:.*]]: i16, %{{.*}}: i16):
// CHECK: %[[FITS:.*]] = arith.cmpi ult, %[[Y]], %c16_i16
// CHECK: %[[D:.*]] = arith.select %[[FITS]], %[[Y]], %c15_i16
// CHECK: arith.shrsi %[[X]], %[[D]]
func.func @signed(%x: tensor<?xi16> {onnx.dims = ["n"]}, %y: tensor<?xi16> {onnx.dims = ["n"]}) -> tensor<?xi16> {
  %0 = onnx.BitShift(%x, %y) {direction = "RIGHT"} : (tensor<?xi16>, tensor<?xi16>) -> tensor<?xi16>
  return %0 : tensor<?xi16>
}

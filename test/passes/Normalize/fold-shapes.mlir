// RUN: blockattn-opt %s --pass-pipeline='builtin.module(func.func(blockattn-infer-shapes,blockattn-fold-shapes,canonicalize))' -split-input-file | FileCheck %s

// Arithmetic on sizes that are known.
// CHECK-LABEL: @constants
// CHECK: %[[C:.*]] = onnx.Constant dense<[12, 64]> : tensor<2xi64>
// CHECK-NEXT: return %[[C]]
func.func @constants(%x: tensor<?x3x4x64xf32>) -> tensor<2xi64> {
  %shape = onnx.Shape(%x) {start = 1} : (tensor<?x3x4x64xf32>) -> tensor<3xi64>
  %i0 = onnx.Constant dense<0> : tensor<i64>
  %i1 = onnx.Constant dense<1> : tensor<i64>
  %axis = onnx.Constant dense<0> : tensor<1xi64>
  %last = onnx.Constant dense<[-1]> : tensor<1xi64>
  %end = onnx.Constant dense<9223372036854775807> : tensor<1xi64>
  %a = onnx.Gather(%shape, %i0) : (tensor<3xi64>, tensor<i64>) -> tensor<i64>
  %b = onnx.Gather(%shape, %i1) : (tensor<3xi64>, tensor<i64>) -> tensor<i64>
  %ab = onnx.Mul(%a, %b) : (tensor<i64>, tensor<i64>) -> tensor<i64>
  %ab1 = onnx.Unsqueeze(%ab, %axis) : (tensor<i64>, tensor<1xi64>) -> tensor<1xi64>
  %c = onnx.Slice(%shape, %last, %end, %axis) : (tensor<3xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  %r = onnx.Concat(%ab1, %c) {axis = 0} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  return %r : tensor<2xi64>
}

// -----

// A maze of sizes that are not known is computed from the arguments.
// CHECK-LABEL: @maze
// CHECK: onnx.Shape(%arg0) {end = 2 : i64, start = 1 : i64}
// CHECK-NOT: onnx.Gather
// CHECK-NOT: onnx.Unsqueeze
// CHECK: onnx.Range
func.func @maze(%x: tensor<?x?xi64> {onnx.dims = ["batch", "seq"]}, %t: tensor<9x4xf32>) -> tensor<?xi64> {
  %e = onnx.Gather(%t, %x) : (tensor<9x4xf32>, tensor<?x?xi64>) -> tensor<?x?x4xf32>
  %shape = onnx.Shape(%e) : (tensor<?x?x4xf32>) -> tensor<3xi64>
  %i0 = onnx.Constant dense<0> : tensor<i64>
  %i1 = onnx.Constant dense<1> : tensor<i64>
  %n = onnx.Gather(%shape, %i1) : (tensor<3xi64>, tensor<i64>) -> tensor<i64>
  %m = onnx.Add(%n, %i1) : (tensor<i64>, tensor<i64>) -> tensor<i64>
  %k = onnx.Sub(%m, %i1) : (tensor<i64>, tensor<i64>) -> tensor<i64>
  %r = onnx.Range(%i0, %k, %i1) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  return %r : tensor<?xi64>
}

// -----

// 0 for what stays in its place, -1 for one that does not.
// CHECK-LABEL: @reshape
// CHECK-DAG: %[[C0:.*]] = onnx.Constant dense<[0, 0, 4, 16]> : tensor<4xi64>
// CHECK-DAG: %[[C1:.*]] = onnx.Constant dense<[-1, 64]> : tensor<2xi64>
// CHECK: onnx.Reshape(%arg0, %[[C0]])
// CHECK: onnx.Reshape(%arg0, %[[C1]])
func.func @reshape(%x: tensor<?x?x64xf32> {onnx.dims = ["batch", "seq", ""]}) -> (tensor<?x?x4x16xf32>, tensor<?x64xf32>) {
  %two = onnx.Shape(%x) {end = 2} : (tensor<?x?x64xf32>) -> tensor<2xi64>
  %heads = onnx.Constant dense<[4, 16]> : tensor<2xi64>
  %target = onnx.Concat(%two, %heads) {axis = 0} : (tensor<2xi64>, tensor<2xi64>) -> tensor<4xi64>
  %0 = onnx.Reshape(%x, %target) : (tensor<?x?x64xf32>, tensor<4xi64>) -> tensor<?x?x4x16xf32>
  %all = onnx.ReduceProd(%two) : (tensor<2xi64>) -> tensor<1xi64>
  %c = onnx.Constant dense<64> : tensor<1xi64>
  %flat = onnx.Concat(%all, %c) {axis = 0} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  %1 = onnx.Reshape(%x, %flat) : (tensor<?x?x64xf32>, tensor<2xi64>) -> tensor<?x64xf32>
  return %0, %1 : tensor<?x?x4x16xf32>, tensor<?x64xf32>
}

// -----

// What changes nothing goes.
// CHECK-LABEL: @unchanged
// CHECK-NOT: onnx.{{Expand|Slice|Reshape|Tile|Pad|Concat|Where}}
// CHECK: return
func.func @unchanged(%x: tensor<?x?xf32> {onnx.dims = ["batch", "seq"]}, %empty: tensor<?x0xf32>, %y: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %shape = onnx.Shape(%x) : (tensor<?x?xf32>) -> tensor<2xi64>
  %0 = onnx.Expand(%x, %shape) : (tensor<?x?xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  %1 = onnx.Reshape(%0, %shape) : (tensor<?x?xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  %zero = onnx.Constant dense<0> : tensor<2xi64>
  %2 = onnx.Slice(%1, %zero, %shape) : (tensor<?x?xf32>, tensor<2xi64>, tensor<2xi64>) -> tensor<?x?xf32>
  %one = onnx.Constant dense<1> : tensor<2xi64>
  %3 = onnx.Tile(%2, %one) : (tensor<?x?xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  %none = onnx.Constant dense<0> : tensor<4xi64>
  %4 = onnx.Pad(%3, %none) : (tensor<?x?xf32>, tensor<4xi64>) -> tensor<?x?xf32>
  %5 = onnx.Concat(%empty, %4) {axis = 1} : (tensor<?x0xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  %true = onnx.Constant dense<true> : tensor<1x1xi1>
  %scalar = onnx.Constant dense<0.0> : tensor<f32>
  %6 = onnx.Where(%true, %5, %scalar) : (tensor<1x1xi1>, tensor<?x?xf32>, tensor<f32>) -> tensor<?x?xf32>
  return %6 : tensor<?x?xf32>
}

// -----

// The condition of an exporter's Expand: is the size -1?
// CHECK-LABEL: @expand_idiom
// CHECK-NOT: onnx.{{Equal|Where|ConstantOfShape}}
// CHECK: onnx.Expand(%arg1, %{{.*}}) : (tensor<1x1xf32>, tensor<2xi64>) -> tensor<4x?xf32>
func.func @expand_idiom(%x: tensor<4x?xf32>, %y: tensor<1x1xf32>) -> tensor<*xf32> {
  %shape = onnx.Shape(%x) : (tensor<4x?xf32>) -> tensor<2xi64>
  %rank = onnx.Shape(%shape) : (tensor<2xi64>) -> tensor<1xi64>
  %ones = onnx.ConstantOfShape(%rank) {value = dense<1> : tensor<1xi64>} : (tensor<1xi64>) -> tensor<2xi64>
  %minus = onnx.Constant dense<-1> : tensor<i64>
  %scaled = onnx.Mul(%ones, %minus) : (tensor<2xi64>, tensor<i64>) -> tensor<2xi64>
  %is = onnx.Equal(%shape, %scaled) : (tensor<2xi64>, tensor<2xi64>) -> tensor<2xi1>
  %target = onnx.Where(%is, %ones, %shape) : (tensor<2xi1>, tensor<2xi64>, tensor<2xi64>) -> tensor<2xi64>
  %0 = onnx.Expand(%y, %target) : (tensor<1x1xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// What broadcasts anyhow needs no Expand before.
// CHECK-LABEL: @bypass
// CHECK-NOT: onnx.Expand
// CHECK: onnx.Mul(%arg0, %arg1)
func.func @bypass(%x: tensor<?x?xf32> {onnx.dims = ["batch", "seq"]}, %y: tensor<1x1xf32>) -> tensor<?x?xf32> {
  %shape = onnx.Shape(%x) : (tensor<?x?xf32>) -> tensor<2xi64>
  %0 = onnx.Expand(%y, %shape) : (tensor<1x1xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  %1 = onnx.Mul(%x, %0) : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  return %1 : tensor<?x?xf32>
}

// -----

// The neutral element of logic.
// CHECK-LABEL: @neutral
// CHECK-NEXT: return %arg0
func.func @neutral(%m: tensor<?x?xi1>) -> tensor<?x?xi1> {
  %true = onnx.Constant dense<true> : tensor<i1>
  %false = onnx.Constant dense<false> : tensor<1xi1>
  %0 = onnx.And(%true, %m) : (tensor<i1>, tensor<?x?xi1>) -> tensor<?x?xi1>
  %1 = onnx.Or(%0, %false) : (tensor<?x?xi1>, tensor<1xi1>) -> tensor<?x?xi1>
  return %1 : tensor<?x?xi1>
}

// -----

// That the product needs 4 columns says nothing of what the shape holds: the
// run has to look.
// CHECK-LABEL: @demanded
// CHECK: onnx.Reshape(%arg0, %arg1)
// CHECK: onnx.Range(%{{.*}}, %arg2, %{{.*}})
func.func @demanded(%x: tensor<8xf32>, %s: tensor<2xi64>, %n: tensor<i64>, %w: tensor<4x3xf32>, %v: tensor<4xi64>) -> (tensor<?x3xf32>, tensor<i64>) {
  %0 = onnx.Reshape(%x, %s) : (tensor<8xf32>, tensor<2xi64>) -> tensor<?x4xf32>
  %1 = onnx.MatMul(%0, %w) : (tensor<?x4xf32>, tensor<4x3xf32>) -> tensor<?x3xf32>
  %zero = onnx.Constant dense<0> : tensor<i64>
  %one = onnx.Constant dense<1> : tensor<i64>
  %2 = onnx.Range(%zero, %n, %one) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<4xi64>
  %3 = onnx.MatMul(%2, %v) : (tensor<4xi64>, tensor<4xi64>) -> tensor<i64>
  return %1, %3 : tensor<?x3xf32>, tensor<i64>
}

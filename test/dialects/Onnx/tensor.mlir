// RUN: blockattn-opt %s | blockattn-opt | FileCheck %s

// Ops that make, move and select elements.

// CHECK-LABEL: func @tensor
func.func @tensor(%x: tensor<2x?x8xf32>, %u: tensor<*x!onnx.unknown>,
    %m: tensor<4x8xf32>, %s: tensor<1x4x1xf32>, %n: tensor<i64>,
    %f: tensor<f16>, %v: tensor<?xi64>, %v1: tensor<1xi64>, %v2: tensor<2xf32>,
    %v2i: tensor<2xi64>, %v3: tensor<3xi64>, %v4: tensor<4xi64>,
    %ids: tensor<1x?xi64>, %up: tensor<1x?xf32>, %nd: tensor<5x2xi64>,
    %ndb: tensor<2x3x1xi64>, %und: tensor<5x8xf32>,
    %cache: tensor<2x4x16x8xf32>, %new: tensor<2x4x1x8xf32>) {
  // Shapes as values.
  // CHECK: onnx.Shape(%{{.*}}) : (tensor<2x?x8xf32>) -> tensor<3xi64>
  %1 = onnx.Shape(%x) : (tensor<2x?x8xf32>) -> tensor<3xi64>
  // CHECK: onnx.Shape(%{{.*}}) {end = -1 : i64, start = 1 : i64} : (tensor<2x?x8xf32>) -> tensor<1xi64>
  %2 = onnx.Shape(%x) {end = -1 : i64, start = 1 : i64} : (tensor<2x?x8xf32>) -> tensor<1xi64>
  // CHECK: onnx.Shape(%{{.*}}) : (tensor<*x!onnx.unknown>) -> tensor<?xi64>
  %3 = onnx.Shape(%u) : (tensor<*x!onnx.unknown>) -> tensor<?xi64>
  // CHECK: onnx.Size(%{{.*}}) : (tensor<2x?x8xf32>) -> tensor<i64>
  %4 = onnx.Size(%x) : (tensor<2x?x8xf32>) -> tensor<i64>

  // Tensors from nothing.
  // CHECK: onnx.ConstantOfShape(%{{.*}}) : (tensor<3xi64>) -> tensor<?x?x?xf32>
  %5 = onnx.ConstantOfShape(%v3) : (tensor<3xi64>) -> tensor<?x?x?xf32>
  // CHECK: onnx.ConstantOfShape(%{{.*}}) {value = dense<7> : tensor<1xi64>} : (tensor<3xi64>) -> tensor<?x?x?xi64>
  %6 = onnx.ConstantOfShape(%v3) {value = dense<7> : tensor<1xi64>} : (tensor<3xi64>) -> tensor<?x?x?xi64>
  // CHECK: onnx.EyeLike(%{{.*}}) {dtype = i64, k = 1 : i64} : (tensor<4x8xf32>) -> tensor<4x8xi64>
  %7 = onnx.EyeLike(%m) {dtype = i64, k = 1 : i64} : (tensor<4x8xf32>) -> tensor<4x8xi64>
  // CHECK: onnx.Range(%{{.*}}, %{{.*}}, %{{.*}}) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %8 = onnx.Range(%n, %n, %n) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  // CHECK: onnx.Range(%{{.*}}, %{{.*}}, %{{.*}}) {stash_type = f32} : (tensor<f16>, tensor<f16>, tensor<f16>) -> tensor<?xf16>
  %9 = onnx.Range(%f, %f, %f) {stash_type = f32} : (tensor<f16>, tensor<f16>, tensor<f16>) -> tensor<?xf16>
  // CHECK: onnx.OneHot(%{{.*}}, %{{.*}}, %{{.*}}) {axis = 0 : i64} : (tensor<3xi64>, tensor<i64>, tensor<2xf32>) -> tensor<?x3xf32>
  %10 = onnx.OneHot(%v3, %n, %v2) {axis = 0 : i64} : (tensor<3xi64>, tensor<i64>, tensor<2xf32>) -> tensor<?x3xf32>

  // The same elements under another shape.
  // CHECK: onnx.Identity(%{{.*}}) : (tensor<2x?x8xf32>) -> tensor<2x?x8xf32>
  %11 = onnx.Identity(%x) : (tensor<2x?x8xf32>) -> tensor<2x?x8xf32>
  // CHECK: onnx.Reshape(%{{.*}}, %{{.*}}) : (tensor<2x?x8xf32>, tensor<3xi64>) -> tensor<?x?x?xf32>
  %12 = onnx.Reshape(%x, %v3) : (tensor<2x?x8xf32>, tensor<3xi64>) -> tensor<?x?x?xf32>
  // CHECK: onnx.Reshape(%{{.*}}, %{{.*}}) {allowzero = 1 : i64} : (tensor<2x?x8xf32>, tensor<3xi64>) -> tensor<?x?x?xf32>
  %13 = onnx.Reshape(%x, %v3) {allowzero = 1 : i64} : (tensor<2x?x8xf32>, tensor<3xi64>) -> tensor<?x?x?xf32>
  // CHECK: onnx.Reshape(%{{.*}}, %{{.*}}) : (tensor<2x?x8xf32>, tensor<?xi64>) -> tensor<*xf32>
  %14 = onnx.Reshape(%x, %v) : (tensor<2x?x8xf32>, tensor<?xi64>) -> tensor<*xf32>
  // CHECK: onnx.Flatten(%{{.*}}) {axis = 2 : i64} : (tensor<2x?x8xf32>) -> tensor<?x8xf32>
  %15 = onnx.Flatten(%x) {axis = 2 : i64} : (tensor<2x?x8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.Squeeze(%{{.*}}) : (tensor<1x4x1xf32>) -> tensor<4xf32>
  %16 = onnx.Squeeze(%s) : (tensor<1x4x1xf32>) -> tensor<4xf32>
  // CHECK: onnx.Squeeze(%{{.*}}, %{{.*}}) : (tensor<1x4x1xf32>, tensor<1xi64>) -> tensor<4x1xf32>
  %17 = onnx.Squeeze(%s, %v1) : (tensor<1x4x1xf32>, tensor<1xi64>) -> tensor<4x1xf32>
  // CHECK: onnx.Squeeze(%{{.*}}, %{{.*}}) : (tensor<1x4x1xf32>, tensor<i64>) -> tensor<?x?xf32>
  %18 = onnx.Squeeze(%s, %n) : (tensor<1x4x1xf32>, tensor<i64>) -> tensor<?x?xf32>
  // CHECK: onnx.Unsqueeze(%{{.*}}, %{{.*}}) : (tensor<2x?x8xf32>, tensor<i64>) -> tensor<?x?x?x?xf32>
  %19 = onnx.Unsqueeze(%x, %n) : (tensor<2x?x8xf32>, tensor<i64>) -> tensor<?x?x?x?xf32>
  // CHECK: onnx.Unsqueeze(%{{.*}}, %{{.*}}) : (tensor<2x?x8xf32>, tensor<1xi64>) -> tensor<?x?x?x?xf32>
  %20 = onnx.Unsqueeze(%x, %v1) : (tensor<2x?x8xf32>, tensor<1xi64>) -> tensor<?x?x?x?xf32>
  // CHECK: onnx.Transpose(%{{.*}}) : (tensor<2x?x8xf32>) -> tensor<8x?x2xf32>
  %21 = onnx.Transpose(%x) : (tensor<2x?x8xf32>) -> tensor<8x?x2xf32>
  // CHECK: onnx.Transpose(%{{.*}}) {perm = array<i64: 0, 2, 1>} : (tensor<2x?x8xf32>) -> tensor<2x8x?xf32>
  %22 = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1>} : (tensor<2x?x8xf32>) -> tensor<2x8x?xf32>

  // Copies and parts.
  // CHECK: onnx.Expand(%{{.*}}, %{{.*}}) : (tensor<2x?x8xf32>, tensor<?xi64>) -> tensor<*xf32>
  %23 = onnx.Expand(%x, %v) : (tensor<2x?x8xf32>, tensor<?xi64>) -> tensor<*xf32>
  // CHECK: onnx.Tile(%{{.*}}, %{{.*}}) : (tensor<2x?x8xf32>, tensor<3xi64>) -> tensor<?x?x?xf32>
  %24 = onnx.Tile(%x, %v3) : (tensor<2x?x8xf32>, tensor<3xi64>) -> tensor<?x?x?xf32>
  // CHECK: onnx.Concat(%{{.*}}, %{{.*}}) {axis = -1 : i64} : (tensor<2x?x8xf32>, tensor<2x?x8xf32>) -> tensor<2x?x16xf32>
  %25 = onnx.Concat(%x, %x) {axis = -1 : i64} : (tensor<2x?x8xf32>, tensor<2x?x8xf32>) -> tensor<2x?x16xf32>
  // CHECK: onnx.Split(%{{.*}}, %{{.*}}) {axis = 2 : i64} : (tensor<2x?x8xf32>, tensor<2xi64>) -> (tensor<2x?x?xf32>, tensor<2x?x?xf32>)
  %26:2 = onnx.Split(%x, %v2i) {axis = 2 : i64} : (tensor<2x?x8xf32>, tensor<2xi64>) -> (tensor<2x?x?xf32>, tensor<2x?x?xf32>)
  // CHECK: onnx.Split(%{{.*}}) {axis = -1 : i64, num_outputs = 2 : i64} : (tensor<2x?x8xf32>) -> (tensor<2x?x4xf32>, tensor<2x?x4xf32>)
  %27:2 = onnx.Split(%x) {axis = -1 : i64, num_outputs = 2 : i64} : (tensor<2x?x8xf32>) -> (tensor<2x?x4xf32>, tensor<2x?x4xf32>)
  // CHECK: onnx.Slice(%{{.*}}, %{{.*}}, %{{.*}}) : (tensor<2x?x8xf32>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?x8xf32>
  %28 = onnx.Slice(%x, %v1, %v1) : (tensor<2x?x8xf32>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?x8xf32>
  // CHECK: onnx.Slice(%{{.*}}, %{{.*}}, %{{.*}}, _, %{{.*}}) : (tensor<2x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?x8xf32>
  %29 = onnx.Slice(%x, %v1, %v1, _, %v1) : (tensor<2x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?x8xf32>
  // CHECK: onnx.Slice(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) : (tensor<2x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?x?xf32>
  %30 = onnx.Slice(%x, %v1, %v1, %v1, %v1) : (tensor<2x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?x?xf32>
  // CHECK: onnx.Pad(%{{.*}}, %{{.*}}) : (tensor<4x8xf32>, tensor<4xi64>) -> tensor<?x?xf32>
  %31 = onnx.Pad(%m, %v4) : (tensor<4x8xf32>, tensor<4xi64>) -> tensor<?x?xf32>
  // CHECK: onnx.Pad(%{{.*}}, %{{.*}}, _, %{{.*}}) {mode = "edge"} : (tensor<4x8xf32>, tensor<2xi64>, tensor<1xi64>) -> tensor<?x?xf32>
  %32 = onnx.Pad(%m, %v2i, _, %v1) {mode = "edge"} : (tensor<4x8xf32>, tensor<2xi64>, tensor<1xi64>) -> tensor<?x?xf32>
  // CHECK: onnx.Trilu(%{{.*}}) : (tensor<2x?x8xf32>) -> tensor<2x?x8xf32>
  %33 = onnx.Trilu(%x) : (tensor<2x?x8xf32>) -> tensor<2x?x8xf32>
  // CHECK: onnx.Trilu(%{{.*}}, %{{.*}}) {upper = 0 : i64} : (tensor<2x?x8xf32>, tensor<i64>) -> tensor<2x?x8xf32>
  %34 = onnx.Trilu(%x, %n) {upper = 0 : i64} : (tensor<2x?x8xf32>, tensor<i64>) -> tensor<2x?x8xf32>

  // Elements by index.
  // CHECK: onnx.Gather(%{{.*}}, %{{.*}}) : (tensor<4x8xf32>, tensor<1x?xi64>) -> tensor<1x?x8xf32>
  %35 = onnx.Gather(%m, %ids) : (tensor<4x8xf32>, tensor<1x?xi64>) -> tensor<1x?x8xf32>
  // CHECK: onnx.Gather(%{{.*}}, %{{.*}}) {axis = 1 : i64} : (tensor<4x8xf32>, tensor<i64>) -> tensor<4xf32>
  %36 = onnx.Gather(%m, %n) {axis = 1 : i64} : (tensor<4x8xf32>, tensor<i64>) -> tensor<4xf32>
  // CHECK: onnx.GatherElements(%{{.*}}, %{{.*}}) {axis = 1 : i64} : (tensor<4x8xf32>, tensor<1x?xi64>) -> tensor<1x?xf32>
  %37 = onnx.GatherElements(%m, %ids) {axis = 1 : i64} : (tensor<4x8xf32>, tensor<1x?xi64>) -> tensor<1x?xf32>
  // CHECK: onnx.GatherND(%{{.*}}, %{{.*}}) : (tensor<2x?x8xf32>, tensor<5x2xi64>) -> tensor<5x8xf32>
  %38 = onnx.GatherND(%x, %nd) : (tensor<2x?x8xf32>, tensor<5x2xi64>) -> tensor<5x8xf32>
  // CHECK: onnx.GatherND(%{{.*}}, %{{.*}}) {batch_dims = 1 : i64} : (tensor<2x?x8xf32>, tensor<2x3x1xi64>) -> tensor<2x3x8xf32>
  %39 = onnx.GatherND(%x, %ndb) {batch_dims = 1 : i64} : (tensor<2x?x8xf32>, tensor<2x3x1xi64>) -> tensor<2x3x8xf32>
  // CHECK: onnx.ScatterElements(%{{.*}}, %{{.*}}, %{{.*}}) {axis = 1 : i64, reduction = "add"} : (tensor<4x8xf32>, tensor<1x?xi64>, tensor<1x?xf32>) -> tensor<4x8xf32>
  %40 = onnx.ScatterElements(%m, %ids, %up) {axis = 1 : i64, reduction = "add"} : (tensor<4x8xf32>, tensor<1x?xi64>, tensor<1x?xf32>) -> tensor<4x8xf32>
  // CHECK: onnx.ScatterND(%{{.*}}, %{{.*}}, %{{.*}}) : (tensor<2x?x8xf32>, tensor<5x2xi64>, tensor<5x8xf32>) -> tensor<2x?x8xf32>
  %41 = onnx.ScatterND(%x, %nd, %und) : (tensor<2x?x8xf32>, tensor<5x2xi64>, tensor<5x8xf32>) -> tensor<2x?x8xf32>
  // CHECK: onnx.TensorScatter(%{{.*}}, %{{.*}}) : (tensor<2x4x16x8xf32>, tensor<2x4x1x8xf32>) -> tensor<2x4x16x8xf32>
  %42 = onnx.TensorScatter(%cache, %new) : (tensor<2x4x16x8xf32>, tensor<2x4x1x8xf32>) -> tensor<2x4x16x8xf32>
  // CHECK: onnx.TensorScatter(%{{.*}}, %{{.*}}, %{{.*}}) {axis = 2 : i64, mode = "circular"} : (tensor<2x4x16x8xf32>, tensor<2x4x1x8xf32>, tensor<2xi64>) -> tensor<2x4x16x8xf32>
  %43 = onnx.TensorScatter(%cache, %new, %v2i) {axis = 2 : i64, mode = "circular"} : (tensor<2x4x16x8xf32>, tensor<2x4x1x8xf32>, tensor<2xi64>) -> tensor<2x4x16x8xf32>
  // CHECK: onnx.NonZero(%{{.*}}) : (tensor<2x?x8xf32>) -> tensor<3x?xi64>
  %44 = onnx.NonZero(%x) : (tensor<2x?x8xf32>) -> tensor<3x?xi64>
  return
}

// RUN: blockattn-opt %s --blockattn-lower-onnx-to-linalg --canonicalize --cse --split-input-file | FileCheck %s

// Weights become arguments, in order of first use, once each.
// CHECK: module attributes {blockattn.weights = [{name = "w", offset = 64 : i64, size = 2048 : i64, source = 0 : i64, type = tensor<16x32xf32>}
// CHECK-LABEL: func.func @product(
// CHECK-SAME: %[[X:.*]]: tensor<1x?x16xf32> {{.*}}%[[W:.*]]: tensor<16x32xf32> {blockattn.weight = 0 : i64}
// A batch of rows times one matrix is one plain product, without a copy.
// CHECK: %[[ROWS:.*]] = tensor.collapse_shape %[[X]] {{\[}}[0, 1], [2]]
// CHECK: %[[P:.*]] = linalg.matmul ins(%[[ROWS]], %[[W]] : tensor<?x16xf32>, tensor<16x32xf32>)
// CHECK: tensor.expand_shape %[[P]] {{\[}}[0, 1], [2]] output_shape [1, %{{.*}}, 32]
// CHECK: blockattn.output_dims 0(
module attributes {onnx.sources = ["w.bin"]} {
  func.func @product(%x: tensor<1x?x16xf32> {onnx.dims = ["", "seq", ""]}) -> (tensor<1x?x32xf32>, tensor<1x?x32xf32>) {
    %w = onnx.Weight "w" source 0 offset 64 size 2048 : tensor<16x32xf32>
    %w2 = onnx.Weight "w" source 0 offset 64 size 2048 : tensor<16x32xf32>
    %0 = onnx.MatMul(%x, %w) : (tensor<1x?x16xf32>, tensor<16x32xf32>) -> tensor<1x?x32xf32>
    %1 = onnx.Neg(%0) : (tensor<1x?x32xf32>) -> tensor<1x?x32xf32>
    %2 = onnx.MatMul(%x, %w2) : (tensor<1x?x16xf32>, tensor<16x32xf32>) -> tensor<1x?x32xf32>
    return %1, %2 : tensor<1x?x32xf32>, tensor<1x?x32xf32>
  }
}

// -----

// A transposed weight is read where it lies.
// CHECK-DAG: #[[B:.*]] = affine_map<(d0, d1, d2) -> (d1, d2)>
// CHECK-LABEL: func.func @tied(
// CHECK-NOT: linalg.generic
// CHECK: linalg.matmul indexing_maps = [#{{.*}}, #[[B]], #{{.*}}]
// CHECK-NOT: linalg.generic
func.func @tied(%x: tensor<?x16xf32>, %w: tensor<32x16xf32>) -> tensor<?x32xf32> {
  %t = onnx.Transpose(%w) {perm = array<i64: 1, 0>} : (tensor<32x16xf32>) -> tensor<16x32xf32>
  %0 = onnx.MatMul(%x, %t) : (tensor<?x16xf32>, tensor<16x32xf32>) -> tensor<?x32xf32>
  return %0 : tensor<?x32xf32>
}

// -----

// The shape is arithmetic on dimensions; what computed it is gone.
// CHECK-LABEL: func.func @shape(
// CHECK-SAME: %[[X:.*]]: tensor<?x?x8xf32>
// CHECK-NOT: tensor.from_elements
// CHECK: tensor.expand_shape %[[X]] {{\[}}[0], [1], [2, 3]] output_shape [%{{.*}}, %{{.*}}, 2, 4]
func.func @shape(%x: tensor<?x?x8xf32> {onnx.dims = ["batch", "seq", ""]}) -> tensor<?x?x2x4xf32> {
  %s = onnx.Shape(%x) {start = 0 : i64, end = 2 : i64} : (tensor<?x?x8xf32>) -> tensor<2xi64>
  %h = onnx.Constant dense<[2, 4]> : tensor<2xi64>
  %c = onnx.Concat(%s, %h) {axis = 0 : i64} : (tensor<2xi64>, tensor<2xi64>) -> tensor<4xi64>
  %0 = onnx.Reshape(%x, %c) : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<?x?x2x4xf32>
  return %0 : tensor<?x?x2x4xf32>
}

// -----

// Sizes that are not known to agree are compared at run time, and the operand
// is read at 0 where it has one element.
// CHECK-LABEL: func.func @broadcast(
// CHECK-SAME: %[[A:.*]]: tensor<?xf32> {{.*}}%[[B:.*]]: tensor<?xf32>
// CHECK-DAG: blockattn.check %{{.*}}, "the shapes of the operands do not broadcast" code 2
// CHECK: linalg.generic
// CHECK: tensor.extract
// CHECK: arith.addf
func.func @broadcast(%a: tensor<?xf32> {onnx.dims = ["m"]}, %b: tensor<?xf32> {onnx.dims = ["n"]}) -> tensor<?xf32> {
  %0 = onnx.Add(%a, %b) : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

// Equal names are one size: no check.
// CHECK-LABEL: func.func @same_name(
// CHECK-NOT: blockattn.check
// CHECK-NOT: tensor.extract
// CHECK: return
func.func @same_name(%a: tensor<?xf32> {onnx.dims = ["n"]}, %b: tensor<?xf32> {onnx.dims = ["n"]}) -> tensor<?xf32> {
  %0 = onnx.Add(%a, %b) : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

// Indices are checked once, and a bad one reads row 0.
// CHECK-LABEL: func.func @rows(
// CHECK: linalg.generic {{.*}}iterator_types = ["reduction"]
// CHECK: arith.cmpi ult
// CHECK: blockattn.check %{{.*}}, "lookup: index out of range" code 1
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "parallel"]
// CHECK: arith.select
// CHECK: tensor.extract
func.func @rows(%t: tensor<32x16xf32>, %i: tensor<?xi64>) -> tensor<?x16xf32> {
  %0 = onnx.Gather(%t, %i) {axis = 0 : i64} : (tensor<32x16xf32>, tensor<?xi64>) -> tensor<?x16xf32> loc("lookup")
  return %0 : tensor<?x16xf32>
}

// -----

// Angles are computed once for all layers; attention keeps its form.
// CHECK-LABEL: func.func @attention(
// CHECK-SAME: %[[LAYOUT:[a-z0-9]*]]: tensor<?x3xi64> {blockattn.role = "layout"
// CHECK-COUNT-1: math.cos
// CHECK-NOT: math.cos
// CHECK: scf.while
// CHECK: blockattn.attention_kernel %{{.*}}, %{{.*}}, %{{.*}} first_key(%{{.*}} : tensor<?xi64>) outs(%{{.*}} : tensor<1x?x4x8xf32>)
func.func @attention(%q: tensor<1x?x4x8xf32> {onnx.dims = ["", "seq", "", ""]},
                     %k: tensor<1x?x2x8xf32> {onnx.dims = ["", "seq", "", ""]},
                     %p: tensor<1x?xi64> {onnx.dims = ["", "seq"]},
                     %layout: !blockattn.layout {blockattn.role = "layout"}) -> tensor<1x?x4x8xf32> {
  %rq = blockattn.rotary %q, %p <inv_freq = dense<[1.0, 0.5, 0.25, 0.125]> : tensor<4xf32>> : tensor<1x?x4x8xf32>, tensor<1x?xi64>
  %rk = blockattn.rotary %k, %p <inv_freq = dense<[1.0, 0.5, 0.25, 0.125]> : tensor<4xf32>> : tensor<1x?x2x8xf32>, tensor<1x?xi64>
  %0 = blockattn.attention %rq, %rk, %k layout(%layout) {causal, scale = 0.5 : f32} : tensor<1x?x4x8xf32>, tensor<1x?x2x8xf32>, tensor<1x?x2x8xf32> -> tensor<1x?x4x8xf32>
  return %0 : tensor<1x?x4x8xf32>
}

// -----

// Where sequences are packed by their positions, each token finds where its run
// begins by itself: nothing goes through the tokens in order.
// CHECK-LABEL: func.func @packed(
// CHECK-NOT: scf.for
// CHECK: %[[LAST:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<?xi64>)
// CHECK: scf.while
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<?xi64>)
// CHECK: scf.while
// CHECK: scf.while
// CHECK: tensor.extract %[[LAST]]
// CHECK: blockattn.attention_kernel {{.*}} first_key(%{{.*}} : tensor<?xi64>)
// CHECK-NOT: scf.for
func.func @packed(%q: tensor<1x?x4x8xf32> {onnx.dims = ["", "seq", "", ""]},
                  %p: tensor<1x?xi64> {onnx.dims = ["", "seq"]}) -> tensor<1x?x4x8xf32> {
  %layout = blockattn.layout_from_positions %p : tensor<1x?xi64>
  %0 = blockattn.attention %q, %q, %q layout(%layout) {causal, scale = 0.5 : f32} : tensor<1x?x4x8xf32>, tensor<1x?x4x8xf32>, tensor<1x?x4x8xf32> -> tensor<1x?x4x8xf32>
  return %0 : tensor<1x?x4x8xf32>
}

// -----

// A float that fits no integer becomes the nearest one, never poison.
// CHECK-LABEL: func.func @saturate(
// CHECK: arith.maximumf
// CHECK: arith.minimumf
// CHECK: arith.fptosi
func.func @saturate(%x: tensor<4xf32>) -> tensor<4xi32> {
  %0 = onnx.Cast(%x) {to = i32} : (tensor<4xf32>) -> tensor<4xi32>
  return %0 : tensor<4xi32>
}

// -----

// Each row searches among the blocks for where it comes from; rows are gathered.
// CHECK-LABEL: func.func @sinks(
// CHECK-NOT: scf.for
// CHECK: %[[ROWS:.*]] = linalg.generic
// CHECK:   scf.while
// CHECK: linalg.generic {{.*}} ins(%[[ROWS]] : tensor<?xi64>)
// CHECK: %[[KEPT:.*]] = linalg.generic
// CHECK:   scf.while
// CHECK: linalg.generic {{.*}} ins(%[[KEPT]] : tensor<?xi64>)
// CHECK-NOT: scf.for
// CHECK: return
func.func @sinks(%x: tensor<1x?x4xf32> {onnx.dims = ["", "seq", ""]}, %t: tensor<?x4xf32>, %p: tensor<1x?xi64> {onnx.dims = ["", "seq"]}, %l: !blockattn.layout) -> tensor<1x?x4xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %t, %c0 : tensor<?x4xf32>
  %a, %b, %c = blockattn.insert_sinks %x, %t, %p, %l : tensor<1x?x4xf32>, tensor<?x4xf32>, tensor<1x?xi64> -> tensor<1x?x4xf32>, tensor<1x?xi64>
  %d = blockattn.drop_sinks %a, %l, %n : tensor<1x?x4xf32> -> tensor<1x?x4xf32>
  return %d : tensor<1x?x4xf32>
}

// -----

// A shared prefix moves every row by as much, and every block but the first.
// CHECK-LABEL: func.func @shared_sinks(
// CHECK-NOT: scf.for
// CHECK: linalg.generic
// CHECK: tensor.extract
// CHECK: linalg.generic
// CHECK: linalg.index 1
// CHECK: linalg.generic
// CHECK-NOT: scf.for
// CHECK: return
func.func @shared_sinks(%x: tensor<1x?x4xf32> {onnx.dims = ["", "seq", ""]}, %t: tensor<?x4xf32>, %p: tensor<1x?xi64> {onnx.dims = ["", "seq"]}, %l: !blockattn.layout) -> (tensor<1x?x4xf32>, tensor<1x?xi64>) {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %t, %c0 : tensor<?x4xf32>
  %a, %b, %c = blockattn.insert_sinks %x, %t, %p, %l {shared} : tensor<1x?x4xf32>, tensor<?x4xf32>, tensor<1x?xi64> -> tensor<1x?x4xf32>, tensor<1x?xi64>
  %d = blockattn.drop_sinks %a, %l, %n {shared} : tensor<1x?x4xf32> -> tensor<1x?x4xf32>
  return %d, %b : tensor<1x?x4xf32>, tensor<1x?xi64>
}

// -----

// Sizes of arguments that operations alone need to be equal, or to be some
// number, are checked: all else relies on it.
// CHECK-LABEL: func.func @needed(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x?xf32>
// CHECK-SAME: %[[Y:[a-z0-9]+]]: tensor<?x?xf32>
// CHECK: linalg.matmul
// CHECK: %[[D:.*]] = tensor.dim %[[Y]], %
// CHECK: %[[E:.*]] = arith.cmpi eq, %[[D]], %
// CHECK: blockattn.check %[[E]], "dimension 0 of input 'y' does not go with those of other inputs"
// CHECK: %[[D:.*]] = tensor.dim %[[Y]], %
// CHECK: %[[E:.*]] = arith.cmpi eq, %[[D]], %
// CHECK: blockattn.check %[[E]], "dimension 1 of input 'y' must be 8"
func.func @needed(%x: tensor<?x?xf32> {onnx.name = "x"}, %y: tensor<?x?xf32> {onnx.name = "y"}, %w: tensor<8x4xf32>) -> tensor<?x4xf32> {
  %0 = onnx.MatMul(%x, %y) : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  %1 = onnx.MatMul(%0, %w) : (tensor<?x?xf32>, tensor<8x4xf32>) -> tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}

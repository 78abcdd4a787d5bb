// RUN: blockattn-opt %s --pass-pipeline='builtin.module(func.func(blockattn-decompose-attention,canonicalize,cse))' --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @masked(
// CHECK-SAME: %[[Q:.*]]: tensor<1x?x4x8xf32>, %[[K:.*]]: tensor<1x?x2x8xf32>, %[[V:.*]]: tensor<1x?x2x8xf32>, %[[L:.*]]: !blockattn.layout
// Heads are [kv heads, group].
// CHECK: tensor.expand_shape %[[Q]] {{\[}}[0], [1], [2, 3], [4]] output_shape [1, %{{.*}}, 2, 2, 8]
// CHECK: linalg.generic {{.*}}["parallel", "parallel", "parallel", "parallel", "parallel", "reduction"]
// CHECK: blockattn.first_key %[[L]]
// CHECK: math.tanh
// CHECK: arith.cmpi sle
// CHECK: arith.cmpi slt
// CHECK: arith.select
// CHECK: arith.maximumf
// CHECK: math.exp
// CHECK: arith.divf
// CHECK: tensor.collapse_shape
// CHECK-NOT: blockattn.attention
func.func @masked(%q: tensor<1x?x4x8xf32>, %k: tensor<1x?x2x8xf32>, %v: tensor<1x?x2x8xf32>, %l: !blockattn.layout) -> tensor<1x?x4x8xf32> {
  %0 = blockattn.attention %q, %k, %v layout(%l) {causal, scale = 0.5 : f32, softcap = 30.0 : f32, window = 16 : i64} : tensor<1x?x4x8xf32>, tensor<1x?x2x8xf32>, tensor<1x?x2x8xf32> -> tensor<1x?x4x8xf32>
  return %0 : tensor<1x?x4x8xf32>
}

// -----

// CHECK-LABEL: func.func @sums(
// CHECK: math.log
// CHECK-NOT: blockattn.attention
func.func @sums(%q: tensor<?x?x4x8xf16>, %k: tensor<?x?x4x8xf16>, %m: tensor<?x?xi1>) -> (tensor<?x?x4x8xf16>, tensor<?x?x4xf32>) {
  %0, %1 = blockattn.attention %q, %k, %k key_mask(%m : tensor<?x?xi1>) {scale = 0.5 : f32} : tensor<?x?x4x8xf16>, tensor<?x?x4x8xf16>, tensor<?x?x4x8xf16> -> tensor<?x?x4x8xf16>, tensor<?x?x4xf32>
  return %0, %1 : tensor<?x?x4x8xf16>, tensor<?x?x4xf32>
}

// -----

// A window without an order ends as far ahead.
// CHECK-LABEL: func.func @two_sided(
// CHECK: %[[KEY:.*]] = linalg.index 4 : index
// CHECK: %[[PLACE:.*]] = arith.addi
// CHECK: %[[BACK:.*]] = arith.subi %[[PLACE]], %[[KEY]] : index
// CHECK: arith.cmpi slt, %[[BACK]], %c9
// CHECK: %[[AHEAD:.*]] = arith.subi %[[KEY]], %[[PLACE]] : index
// CHECK: arith.cmpi slt, %[[AHEAD]], %c9
func.func @two_sided(%q: tensor<1x?x4x8xf32>) -> tensor<1x?x4x8xf32> {
  %0 = blockattn.attention %q, %q, %q {scale = 0.5 : f32, window = 9 : i64} : tensor<1x?x4x8xf32>, tensor<1x?x4x8xf32>, tensor<1x?x4x8xf32> -> tensor<1x?x4x8xf32>
  return %0 : tensor<1x?x4x8xf32>
}

// RUN: blockattn-opt %s --canonicalize | blockattn-opt | FileCheck %s

// CHECK-LABEL: @plain
// CHECK: blockattn.attention %{{.*}}, %{{.*}}, %{{.*}} {scale = 2.500000e-01 : f32} : tensor<2x5x4x16xf32>, tensor<2x7x2x16xf32>, tensor<2x7x2x8xf32> -> tensor<2x5x4x8xf32>
func.func @plain(%q: tensor<2x5x4x16xf32>, %k: tensor<2x7x2x16xf32>, %v: tensor<2x7x2x8xf32>) -> tensor<2x5x4x8xf32> {
  %0 = blockattn.attention %q, %k, %v {scale = 0.25 : f32}
    : tensor<2x5x4x16xf32>, tensor<2x7x2x16xf32>, tensor<2x7x2x8xf32> -> tensor<2x5x4x8xf32>
  return %0 : tensor<2x5x4x8xf32>
}

// A window without an order is as wide on both sides.
// CHECK-LABEL: @two_sided
// CHECK: blockattn.attention %{{.*}}, %{{.*}}, %{{.*}} {scale = 2.500000e-01 : f32, window = 65 : i64}
func.func @two_sided(%q: tensor<2x?x4x16xf32>) -> tensor<2x?x4x16xf32> {
  %0 = blockattn.attention %q, %q, %q {scale = 0.25 : f32, window = 65 : i64}
    : tensor<2x?x4x16xf32>, tensor<2x?x4x16xf32>, tensor<2x?x4x16xf32> -> tensor<2x?x4x16xf32>
  return %0 : tensor<2x?x4x16xf32>
}

// CHECK-LABEL: @everything
// CHECK: blockattn.attention
// CHECK-SAME: layout(%{{.*}}) key_mask(%{{.*}} : tensor<1x?xi1>)
// CHECK-SAME: {causal, scale = 1.250000e-01 : f32, softcap = 5.000000e+01 : f32, window = 4096 : i64}
// CHECK-SAME: -> tensor<1x?x4x16xbf16>, tensor<1x?x4xf32>
func.func @everything(%q: tensor<1x?x4x16xbf16>, %k: tensor<1x?x4x16xbf16>, %l: !blockattn.layout,
    %m: tensor<1x?xi1>) -> (tensor<1x?x4x16xbf16>, tensor<1x?x4xf32>) {
  %0, %1 = blockattn.attention %q, %k, %k layout(%l) key_mask(%m : tensor<1x?xi1>)
    {causal, scale = 0.125 : f32, softcap = 50.0 : f32, window = 4096 : i64}
    : tensor<1x?x4x16xbf16>, tensor<1x?x4x16xbf16>, tensor<1x?x4x16xbf16> -> tensor<1x?x4x16xbf16>, tensor<1x?x4xf32>
  return %0, %1 : tensor<1x?x4x16xbf16>, tensor<1x?x4xf32>
}

// CHECK-LABEL: @cached
// CHECK: blockattn.attention
// CHECK-SAME: cache(%{{.*}})
// CHECK-SAME: layer = 3 : i64, query_rotary = #blockattn.rope<inv_freq = dense<[1.000000e+00, 1.000000e-01]> : tensor<2xf32>>
func.func @cached(%q: tensor<1x?x4x16xf32>, %k: tensor<1x?x2x16xf32>, %c: !blockattn.kv) -> tensor<1x?x4x16xf32> {
  %0 = blockattn.attention %q, %k, %k cache(%c)
    {causal, layer = 3 : i64, scale = 0.25 : f32,
     query_rotary = #blockattn.rope<inv_freq = dense<[1.0, 0.1]> : tensor<2xf32>>}
    : tensor<1x?x4x16xf32>, tensor<1x?x2x16xf32>, tensor<1x?x2x16xf32> -> tensor<1x?x4x16xf32>
  return %0 : tensor<1x?x4x16xf32>
}

// A layout of one block is full attention.
// CHECK-LABEL: @one_block
// CHECK-NOT: layout
// CHECK: blockattn.attention %{{.*}}, %{{.*}}, %{{.*}} {causal
func.func @one_block(%q: tensor<1x?x4x16xf32>) -> tensor<1x?x4x16xf32> {
  %starts = arith.constant dense<0> : tensor<1xi64>
  %global = arith.constant dense<true> : tensor<1xi1>
  %l = blockattn.layout %starts, %global, %starts : tensor<1xi64>, tensor<1xi1>, tensor<1xi64>
  %0 = blockattn.attention %q, %q, %q layout(%l) {causal, scale = 0.25 : f32}
    : tensor<1x?x4x16xf32>, tensor<1x?x4x16xf32>, tensor<1x?x4x16xf32> -> tensor<1x?x4x16xf32>
  return %0 : tensor<1x?x4x16xf32>
}

// Two blocks are not.
// CHECK-LABEL: @two_blocks
// CHECK: blockattn.attention
// CHECK-SAME: layout(
func.func @two_blocks(%q: tensor<1x?x4x16xf32>, %global: tensor<2xi1>, %segment: tensor<2xi64>) -> tensor<1x?x4x16xf32> {
  %starts = arith.constant dense<[0, 5]> : tensor<2xi64>
  %l = blockattn.layout %starts, %global, %segment : tensor<2xi64>, tensor<2xi1>, tensor<2xi64>
  %0 = blockattn.attention %q, %q, %q layout(%l) {causal, scale = 0.25 : f32}
    : tensor<1x?x4x16xf32>, tensor<1x?x4x16xf32>, tensor<1x?x4x16xf32> -> tensor<1x?x4x16xf32>
  return %0 : tensor<1x?x4x16xf32>
}

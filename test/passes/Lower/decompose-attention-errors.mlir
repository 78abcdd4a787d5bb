// RUN: blockattn-opt %s --pass-pipeline='builtin.module(func.func(blockattn-decompose-attention))' --verify-diagnostics

func.func @cached(%q: tensor<1x?x4x8xf32>, %c: !blockattn.kv) -> tensor<1x?x4x8xf32> {
  // expected-error @below {{attention over cached blocks can not be decomposed}}
  %0 = blockattn.attention %q, %q, %q cache(%c) {causal, layer = 0 : i64, scale = 0.5 : f32} : tensor<1x?x4x8xf32>, tensor<1x?x4x8xf32>, tensor<1x?x4x8xf32> -> tensor<1x?x4x8xf32>
  return %0 : tensor<1x?x4x8xf32>
}

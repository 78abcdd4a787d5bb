// RUN: blockattn-opt %s --blockattn-lower-attention-kernel --verify-diagnostics

func.func @tensors(%q: tensor<1x4x2x8xf32>, %k: tensor<1x4x1x8xf32>,
                   %o: tensor<1x4x2x8xf32>) -> tensor<1x4x2x8xf32> {
  // expected-error@+1 {{attention on tensors cannot become code; bufferize it first (--blockattn-bufferize)}}
  %0 = blockattn.attention_kernel %q, %k, %k outs(%o : tensor<1x4x2x8xf32>) {scale = 0.5 : f32}
      : tensor<1x4x2x8xf32>, tensor<1x4x1x8xf32>, tensor<1x4x1x8xf32> -> tensor<1x4x2x8xf32>
  return %0 : tensor<1x4x2x8xf32>
}

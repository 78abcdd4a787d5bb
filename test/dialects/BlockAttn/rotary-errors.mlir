// RUN: blockattn-opt %s --split-input-file --verify-diagnostics

func.func @c1(%x: tensor<1x?x2x8xf32>, %p: tensor<1x?xi64>) -> tensor<1x?x2x8xf32> {
  // expected-error@+1 {{(C1) the rotary dimension 10 exceeds the head size 8}}
  %0 = blockattn.rotary %x, %p <inv_freq = dense<1.0> : tensor<5xf32>> : tensor<1x?x2x8xf32>, tensor<1x?xi64>
  return %0 : tensor<1x?x2x8xf32>
}

// -----

func.func @c2_columns(%x: tensor<1x3x2x8xf32>, %p: tensor<1x4xi64>) -> tensor<1x3x2x8xf32> {
  // expected-error@+1 {{(C2) there are 4 positions for 3 tokens}}
  %0 = blockattn.rotary %x, %p <inv_freq = dense<1.0> : tensor<4xf32>> : tensor<1x3x2x8xf32>, tensor<1x4xi64>
  return %0 : tensor<1x3x2x8xf32>
}

// -----

func.func @c2_rows(%x: tensor<3x?x2x8xf32>, %p: tensor<2x?xi64>) -> tensor<3x?x2x8xf32> {
  // expected-error@+1 {{(C2) positions must have one row or one for each of the 3 sequences}}
  %0 = blockattn.rotary %x, %p <inv_freq = dense<1.0> : tensor<4xf32>> : tensor<3x?x2x8xf32>, tensor<2x?xi64>
  return %0 : tensor<3x?x2x8xf32>
}

// -----

func.func @attribute(%x: tensor<3x?x2x8xf32>, %p: tensor<1x?xi64>) {
  // expected-error@+1 {{inv_freq must be a vector of f32 with at least one element, but is 'tensor<2x2xf32>'}}
  %0 = blockattn.rotary %x, %p <inv_freq = dense<1.0> : tensor<2x2xf32>> : tensor<3x?x2x8xf32>, tensor<1x?xi64>
  return
}

// RUN: blockattn-opt %s --split-input-file --verify-diagnostics

func.func @c1(%starts: tensor<2xi64>, %global: tensor<3xi1>) -> !blockattn.layout {
  // expected-error@+1 {{(C1) block_starts, is_global and segment must have one length}}
  %l = blockattn.layout %starts, %global, %starts : tensor<2xi64>, tensor<3xi1>, tensor<2xi64>
  return %l : !blockattn.layout
}

// -----

func.func @c2_first(%global: tensor<2xi1>) -> !blockattn.layout {
  %starts = arith.constant dense<[1, 4]> : tensor<2xi64>
  // expected-error@+1 {{(C2) block_starts must begin with 0 and increase, but 1 comes first}}
  %l = blockattn.layout %starts, %global, %starts : tensor<2xi64>, tensor<2xi1>, tensor<2xi64>
  return %l : !blockattn.layout
}

// -----

func.func @c2_increase(%global: tensor<3xi1>) -> !blockattn.layout {
  %starts = arith.constant dense<[0, 4, 4]> : tensor<3xi64>
  // expected-error@+1 {{(C2) block_starts must begin with 0 and increase, but 4 follows 4}}
  %l = blockattn.layout %starts, %global, %starts : tensor<3xi64>, tensor<3xi1>, tensor<3xi64>
  return %l : !blockattn.layout
}

// -----

func.func @first_key_c1(%l: !blockattn.layout) -> tensor<4xi64> {
  %n = arith.constant 5 : index
  // expected-error@+1 {{(C1) the result has 4 elements for 5 tokens}}
  %0 = blockattn.first_key %l, %n : tensor<4xi64>
  return %0 : tensor<4xi64>
}

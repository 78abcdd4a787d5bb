// RUN: blockattn-opt %s --split-input-file --verify-diagnostics

func.func @c1(%e: tensor<1x?x8xf32>, %t: tensor<4x8xf32>, %p: tensor<1x?xi64>, %l: !blockattn.layout) {
  // expected-error@+1 {{(C1) the result may differ from the embeddings in dimension 1 alone}}
  %0, %1, %2 = blockattn.insert_sinks %e, %t, %p, %l : tensor<1x?x8xf32>, tensor<4x8xf32>, tensor<1x?xi64> -> tensor<1x?x9xf32>, tensor<1x?xi64>
  return
}

// -----

func.func @c2(%e: tensor<1x?x8xf32>, %t: tensor<4x7xf32>, %p: tensor<1x?xi64>, %l: !blockattn.layout) {
  // expected-error@+1 {{(C2) the table's rows must be embeddings}}
  %0, %1, %2 = blockattn.insert_sinks %e, %t, %p, %l : tensor<1x?x8xf32>, tensor<4x7xf32>, tensor<1x?xi64> -> tensor<1x?x8xf32>, tensor<1x?xi64>
  return
}

// -----

func.func @c3(%e: tensor<1x3x8xf32>, %t: tensor<4x8xf32>, %p: tensor<1x4xi64>, %l: !blockattn.layout) {
  // expected-error@+1 {{(C3) there are 4 positions for 3 tokens}}
  %0, %1, %2 = blockattn.insert_sinks %e, %t, %p, %l : tensor<1x3x8xf32>, tensor<4x8xf32>, tensor<1x4xi64> -> tensor<1x?x8xf32>, tensor<1x?xi64>
  return
}

// -----

func.func @drop_c1(%e: tensor<1x?x8xf32>, %l: !blockattn.layout) {
  %c = arith.constant 4 : index
  // expected-error@+1 {{(C1) input and result differ in dimension 2}}
  %0 = blockattn.drop_sinks %e, %l, %c : tensor<1x?x8xf32> -> tensor<1x?x7xf32>
  return
}

// -----

func.func @drop_c2(%e: tensor<1x?x8xf32>, %l: !blockattn.layout) {
  %c = arith.constant -1 : index
  // expected-error@+1 {{(C2) count must not be negative, but is -1}}
  %0 = blockattn.drop_sinks %e, %l, %c : tensor<1x?x8xf32> -> tensor<1x?x8xf32>
  return
}

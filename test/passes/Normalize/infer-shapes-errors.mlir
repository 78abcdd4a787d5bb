// RUN: blockattn-opt %s --pass-pipeline='builtin.module(func.func(blockattn-infer-shapes))' -verify-diagnostics -split-input-file

func.func @broadcast(%x: tensor<*xf32>) -> tensor<*xf32> {
  %s1 = onnx.Constant dense<[2, 3]> : tensor<2xi64>
  %s2 = onnx.Constant dense<[2, 4]> : tensor<2xi64>
  %a = onnx.Reshape(%x, %s1) : (tensor<*xf32>, tensor<2xi64>) -> tensor<*xf32>
  %b = onnx.Reshape(%x, %s2) : (tensor<*xf32>, tensor<2xi64>) -> tensor<*xf32>
  // expected-error @below {{has operands that do not broadcast: sizes 3 and 4 in dimension 1 of the result}}
  %0 = onnx.Add(%a, %b) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// All contradictions are reported, not the first alone.
func.func @all(%x: tensor<*xf32>) {
  %s = onnx.Constant dense<[2, 3]> : tensor<2xi64>
  %a = onnx.Reshape(%x, %s) : (tensor<*xf32>, tensor<2xi64>) -> tensor<*xf32>
  // expected-error @below {{has operands whose columns and rows differ: 3 and 2}}
  %0 = onnx.MatMul(%a, %a) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  // expected-error @below {{has axis 2, which is not an axis of rank 2}}
  %1 = onnx.Gather(%a, %s) {axis = 2} : (tensor<*xf32>, tensor<2xi64>) -> tensor<*xf32>
  return
}

// -----

func.func @declared_size(%x: tensor<*xf32>) {
  %s = onnx.Constant dense<[2, 3]> : tensor<2xi64>
  %a = onnx.Reshape(%x, %s) : (tensor<*xf32>, tensor<2xi64>) -> tensor<*xf32>
  // expected-error @below {{is declared with size 4 in dimension 1, but its operands give 3}}
  %0 = onnx.Exp(%a) : (tensor<*xf32>) -> tensor<?x4xf32>
  return
}

// -----

func.func @declared_rank(%x: tensor<*xf32>) {
  %s = onnx.Constant dense<[2, 3]> : tensor<2xi64>
  %a = onnx.Reshape(%x, %s) : (tensor<*xf32>, tensor<2xi64>) -> tensor<*xf32>
  // expected-error @below {{is declared with rank 3, but its operands give rank 2}}
  %0 = onnx.Exp(%a) : (tensor<*xf32>) -> tensor<?x?x?xf32>
  return
}

// -----

func.func @declared_type(%x: tensor<2x!onnx.unknown>, %y: tensor<2xf16>) {
  %0 = onnx.Mul(%y, %x) : (tensor<2xf16>, tensor<2x!onnx.unknown>) -> tensor<2x!onnx.unknown>
  // expected-error @below {{is declared with element type 'f32', but its operands give 'f16'}}
  %1 = onnx.Exp(%0) : (tensor<2x!onnx.unknown>) -> tensor<2xf32>
  return
}

// -----

// Sizes that no program means.
func.func @sizes(%x: tensor<1xf32>) {
  %zero = onnx.Constant dense<0> : tensor<i64>
  %five = onnx.Constant dense<5> : tensor<1xi64>
  %minus = onnx.Sub(%zero, %five) : (tensor<i64>, tensor<1xi64>) -> tensor<1xi64>
  // expected-error @below {{would have the negative size -5 in dimension 0}}
  %0 = onnx.ConstantOfShape(%minus) : (tensor<1xi64>) -> tensor<*xf32>
  %huge = onnx.Constant dense<4294967296> : tensor<3xi64>
  %h = onnx.Identity(%huge) : (tensor<3xi64>) -> tensor<3xi64>
  // expected-error @below {{has more elements than 64 bits can count}}
  %1 = onnx.ConstantOfShape(%h) : (tensor<3xi64>) -> tensor<*xf32>
  %many = onnx.Constant dense<1> : tensor<65xi64>
  // expected-error @below {{has rank 65; at most 64 is supported}}
  %2 = onnx.Expand(%x, %many) : (tensor<1xf32>, tensor<65xi64>) -> tensor<*xf32>
  return
}

// -----

func.func @reshape(%x: tensor<2x3xf32>, %s0: tensor<2xi64>) {
  %minus = onnx.Constant dense<-1> : tensor<1xi64>
  %two = onnx.Constant dense<2> : tensor<1xi64>
  %both = onnx.Concat(%minus, %minus) {axis = 0} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  // expected-error @below {{has more than one -1 in its shape}}
  %0 = onnx.Reshape(%x, %both) : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<*xf32>
  %four = onnx.Add(%two, %two) : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  %uneven = onnx.Concat(%four, %minus) {axis = 0} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  // expected-error @below {{can not make dimensions of 4 elements out of 6}}
  %1 = onnx.Reshape(%x, %uneven) : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<*xf32>
  // expected-error @below {{has operand and shape of different sizes: 6 and 4}}
  %2 = onnx.Reshape(%x, %four) : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<*xf32>
  %below = onnx.Sub(%minus, %two) : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  // expected-error @below {{has the size -3 in place 0 of its shape}}
  %3 = onnx.Reshape(%x, %below) : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<*xf32>
  return
}

// -----

func.func @attention(%q: tensor<1x4x?x16xf32>, %k: tensor<*xf32>) {
  %s = onnx.Constant dense<[1, 4, -1, 8]> : tensor<4xi64>
  %r = onnx.Reshape(%k, %s) : (tensor<*xf32>, tensor<4xi64>) -> tensor<*xf32>
  // expected-error @below {{has queries and keys of different head sizes: 16 and 8}}
  %0 = onnx.Attention(%q, %r, %r) : (tensor<1x4x?x16xf32>, tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  return
}

// -----

// Slices, splits, pads, tiles, permutations.
func.func @parts(%u: tensor<*xf32>, %i: tensor<?xi64>) {
  %s = onnx.Constant dense<[2, 3]> : tensor<2xi64>
  %x = onnx.Reshape(%u, %s) : (tensor<*xf32>, tensor<2xi64>) -> tensor<*xf32>
  %twice = onnx.Constant dense<[1, 1]> : tensor<2xi64>
  %axes = onnx.Identity(%twice) : (tensor<2xi64>) -> tensor<2xi64>
  // expected-error @below {{has axis 1 twice}}
  %0 = onnx.Slice(%x, %s, %s, %axes) : (tensor<*xf32>, tensor<2xi64>, tensor<2xi64>, tensor<2xi64>) -> tensor<*xf32>
  // expected-error @below {{has parts that do not make the whole: 5 and 3}}
  %1:2 = onnx.Split(%x, %s) {axis = 1} : (tensor<*xf32>, tensor<2xi64>) -> (tensor<*xf32>, tensor<*xf32>)
  // expected-error @below {{has 2 pads for 2 axes}}
  %2 = onnx.Pad(%x, %s) : (tensor<*xf32>, tensor<2xi64>) -> tensor<*xf32>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  // expected-error @below {{has 1 repeats for an operand of rank 2}}
  %3 = onnx.Tile(%x, %one) : (tensor<*xf32>, tensor<1xi64>) -> tensor<*xf32>
  // expected-error @below {{has a permutation of 3 dimensions for an operand of rank 2}}
  %4 = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  // expected-error @below {{drops a dimension that is not 1: 3 and 1}}
  %5 = onnx.Squeeze(%x, %one) : (tensor<*xf32>, tensor<1xi64>) -> tensor<*xf32>
  return
}

// -----

// A vector may be as long as it likes; what is made of it may not.
func.func @lengths_that_become_ranks(%x: tensor<4xf32>, %v: tensor<9223372036854775807xi64>) {
  // expected-error @below {{; at most 64 is supported}}
  %0 = onnx.Unsqueeze(%x, %v) : (tensor<4xf32>, tensor<9223372036854775807xi64>) -> tensor<*xf32>
  // expected-error @below {{; at most 64 is supported}}
  %1 = onnx.Expand(%x, %v) : (tensor<4xf32>, tensor<9223372036854775807xi64>) -> tensor<*xf32>
  return
}

// -----

// Operands that go with the rows or the channels of another one.
func.func @lengths(%u: tensor<*xf32>, %v: tensor<3xf32>, %m: tensor<2x3xf32>) {
  %s = onnx.Constant dense<[2, 4]> : tensor<2xi64>
  %x = onnx.Reshape(%u, %s) : (tensor<*xf32>, tensor<2xi64>) -> tensor<*xf32>
  %t = onnx.Constant dense<3> : tensor<1xi64>
  %y = onnx.Reshape(%u, %t) : (tensor<*xf32>, tensor<1xi64>) -> tensor<*xf32>
  // expected-error @below {{has a scale of another size than it needs: 3 and 4}}
  %0 = onnx.LayerNormalization(%x, %v) : (tensor<*xf32>, tensor<3xf32>) -> tensor<*xf32>
  // expected-error @below {{has a scale of another size than it needs: 3 and 4}}
  %1 = onnx.RMSNormalization(%x, %v) : (tensor<*xf32>, tensor<3xf32>) -> tensor<*xf32>
  // expected-error @below {{has a scale or bias of another length than the number of channels: 3 and 4}}
  %2 = onnx.GroupNormalization(%x, %v, %v) {num_groups = 3} : (tensor<*xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<*xf32>
  // expected-error @below {{has 3 channels, which can not be cut into 2 groups}}
  %3 = onnx.GroupNormalization(%u, %v, %v) {num_groups = 2} : (tensor<*xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<*xf32>
  // expected-error @below {{takes a diagonal of dimensions of different sizes: 2 and 4}}
  %4 = onnx.Einsum(%x) {equation = "ii->i"} : (tensor<*xf32>) -> tensor<*xf32>
  // expected-error @below {{has a slope of another size than it needs: 3 and 4}}
  %5 = onnx.PRelu(%x, %v) : (tensor<*xf32>, tensor<3xf32>) -> tensor<*xf32>
  // expected-error @below {{has a bias of another length than the rows: 3 and 4}}
  %6 = onnx.ms.BiasGelu(%x, %v) : (tensor<*xf32>, tensor<3xf32>) -> tensor<*xf32>
  // expected-error @below {{has a gamma of another length than the rows: 3 and 4}}
  %7:2 = onnx.ms.SkipSimplifiedLayerNormalization(%x, %x, %v)
    : (tensor<*xf32>, tensor<*xf32>, tensor<3xf32>) -> (tensor<*xf32>, _, _, tensor<*xf32>)
  // expected-error @below {{has a skip of another size than the input: 3 and 4}}
  %8:2 = onnx.ms.SkipSimplifiedLayerNormalization(%x, %m, %v)
    : (tensor<*xf32>, tensor<2x3xf32>, tensor<3xf32>) -> (tensor<*xf32>, _, _, tensor<*xf32>)
  // expected-error @below {{has a scale of rank 2, which does not broadcast to rank 1}}
  %9 = onnx.RMSNormalization(%y, %m) : (tensor<*xf32>, tensor<2x3xf32>) -> tensor<*xf32>
  return
}

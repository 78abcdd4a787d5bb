// RUN: blockattn-opt %s -split-input-file -verify-diagnostics

// Constraints of ops that select, cut and join.

func.func @f(%a: tensor<4xf32>, %b: tensor<4xi64>) {
  // expected-error @+1 {{'onnx.Concat' op (C1) operands and results must have one element type, but there are 'f32' and 'i64'}}
  %0 = onnx.Concat(%a, %b) {axis = 0 : i64} : (tensor<4xf32>, tensor<4xi64>) -> tensor<8xf32>
  return
}

// -----

func.func @f() {
  // expected-error @+1 {{'onnx.Concat' op (C2) needs at least one operand, but has 0}}
  %0 = onnx.Concat() {axis = 0 : i64} : () -> tensor<8xf32>
  return
}

// -----

func.func @f(%a: tensor<4xf32>, %b: tensor<4x1xf32>) {
  // expected-error @+1 {{'onnx.Concat' op (C2) operands and result must have one rank, but there are 'tensor<4xf32>' and 'tensor<4x1xf32>'}}
  %0 = onnx.Concat(%a, %b) {axis = 0 : i64} : (tensor<4xf32>, tensor<4x1xf32>) -> tensor<8xf32>
  return
}

// -----

func.func @f(%a: tensor<4xf32>, %b: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Concat' op (C3) axis is 1, but the rank is 1}}
  %0 = onnx.Concat(%a, %b) {axis = 1 : i64} : (tensor<4xf32>, tensor<4xf32>) -> tensor<8xf32>
  return
}

// -----

func.func @f(%a: tensor<4x2xf32>, %b: tensor<4x3xf32>) {
  // expected-error @+1 {{'onnx.Concat' op (C4) the operands differ in dimension 1: 2 and 3}}
  %0 = onnx.Concat(%a, %b) {axis = 0 : i64} : (tensor<4x2xf32>, tensor<4x3xf32>) -> tensor<8x2xf32>
  return
}

// -----

func.func @f(%a: tensor<4xf32>, %b: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Concat' op (C4) the result must have shape [8], but is 'tensor<9xf32>'}}
  %0 = onnx.Concat(%a, %b) {axis = 0 : i64} : (tensor<4xf32>, tensor<4xf32>) -> tensor<9xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'onnx.Split' op (C1) the first operand and the results must have one element type, but there are 'f32' and 'i64'}}
  %0:2 = onnx.Split(%x) : (tensor<4x8xf32>) -> (tensor<2x8xf32>, tensor<2x8xi64>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'onnx.Split' op (C2) axis is 2, but the rank is 2}}
  %0:2 = onnx.Split(%x) {axis = 2 : i64} : (tensor<4x8xf32>) -> (tensor<2x8xf32>, tensor<2x8xf32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'onnx.Split' op (C3) the result must have shape [?, 8], but is 'tensor<2x7xf32>'}}
  %0:2 = onnx.Split(%x) : (tensor<4x8xf32>) -> (tensor<2x8xf32>, tensor<2x7xf32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %s: tensor<3xi64>) {
  // expected-error @+1 {{'onnx.Split' op (C4) there are 3 lengths for 2 outputs}}
  %0:2 = onnx.Split(%x, %s) : (tensor<4x8xf32>, tensor<3xi64>) -> (tensor<2x8xf32>, tensor<2x8xf32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  %s = onnx.Constant dense<[5, -1]> : tensor<2xi64>
  // expected-error @+1 {{'onnx.Split' op (C4) the lengths [5, -1] are no lengths}}
  %0:2 = onnx.Split(%x, %s) : (tensor<4x8xf32>, tensor<2xi64>) -> (tensor<?x8xf32>, tensor<?x8xf32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  %s = onnx.Constant dense<[2, 1]> : tensor<2xi64>
  // expected-error @+1 {{'onnx.Split' op (C4) the lengths are together 3, but the input has 4}}
  %0:2 = onnx.Split(%x, %s) : (tensor<4x8xf32>, tensor<2xi64>) -> (tensor<?x8xf32>, tensor<?x8xf32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  %s = onnx.Constant dense<2> : tensor<2xi64>
  // expected-error @+1 {{'onnx.Split' op (C4) an output of length 2 is 'tensor<3x8xf32>'}}
  %0:2 = onnx.Split(%x, %s) : (tensor<4x8xf32>, tensor<2xi64>) -> (tensor<3x8xf32>, tensor<?x8xf32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'onnx.Split' op (C5) num_outputs is 3, but there are 2}}
  %0:2 = onnx.Split(%x) {num_outputs = 3 : i64} : (tensor<4x8xf32>) -> (tensor<2x8xf32>, tensor<2x8xf32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %s: tensor<1xi64>, %e: tensor<1xi64>) {
  // expected-error @+1 {{'onnx.Slice' op (C1) the first operand and the results must have one element type, but there are 'f32' and 'i64'}}
  %0 = onnx.Slice(%x, %s, %e) : (tensor<4x8xf32>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x8xi64>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %s: tensor<1xi64>, %e: tensor<1xi64>) {
  // expected-error @+1 {{'onnx.Slice' op (C2) data and output must have one rank, but are 'tensor<4x8xf32>' and 'tensor<?xf32>'}}
  %0 = onnx.Slice(%x, %s, %e) : (tensor<4x8xf32>, tensor<1xi64>, tensor<1xi64>) -> tensor<?xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %s: tensor<i64>, %e: tensor<1xi64>) {
  // expected-error @+1 {{'onnx.Slice' op (C3) starts, ends, axes and steps must be vectors, but one is 'tensor<i64>'}}
  %0 = onnx.Slice(%x, %s, %e) : (tensor<4x8xf32>, tensor<i64>, tensor<1xi64>) -> tensor<?x8xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %s: tensor<1xi64>, %e: tensor<1xi64>,
    %t: tensor<2xi64>) {
  // expected-error @+1 {{'onnx.Slice' op (C3) starts, ends, axes and steps must have one length, but there are 1 and 2}}
  %0 = onnx.Slice(%x, %s, %e, _, %t) : (tensor<4x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<2xi64>) -> tensor<?x8xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %s: tensor<1xi64>, %e: tensor<1xi64>) {
  %a = onnx.Constant dense<-3> : tensor<1xi64>
  // expected-error @+1 {{'onnx.Slice' op (C4) an element of axes is -3, but the rank is 2}}
  %0 = onnx.Slice(%x, %s, %e, %a) : (tensor<4x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x8xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %s: tensor<1xi64>, %e: tensor<1xi64>,
    %a: tensor<1xi64>) {
  %t = onnx.Constant dense<0> : tensor<1xi64>
  // expected-error @+1 {{'onnx.Slice' op (C5) steps must not be 0, but are [0]}}
  %0 = onnx.Slice(%x, %s, %e, %a, %t) : (tensor<4x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x8xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %p: tensor<4xi64>) {
  // expected-error @+1 {{'onnx.Pad' op (C1) the first operand and the results must have one element type, but there are 'f32' and 'i64'}}
  %0 = onnx.Pad(%x, %p) : (tensor<4x8xf32>, tensor<4xi64>) -> tensor<?x?xi64>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %p: tensor<4xi64>) {
  // expected-error @+1 {{'onnx.Pad' op (C2) data and output must have one rank, but are 'tensor<4x8xf32>' and 'tensor<?xf32>'}}
  %0 = onnx.Pad(%x, %p) : (tensor<4x8xf32>, tensor<4xi64>) -> tensor<?xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %p: tensor<4xi64>) {
  // expected-error @+1 {{'onnx.Pad' op (C3) mode must be "constant", "reflect", "edge" or "wrap", but is "mirror"}}
  %0 = onnx.Pad(%x, %p) {mode = "mirror"} : (tensor<4x8xf32>, tensor<4xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %p: tensor<4xi64>) {
  %a = onnx.Constant dense<1> : tensor<2xi64>
  // expected-error @+1 {{'onnx.Pad' op (C4) axes hold 1 twice}}
  %0 = onnx.Pad(%x, %p, _, %a) : (tensor<4x8xf32>, tensor<4xi64>, tensor<2xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %p: tensor<3xi64>) {
  // expected-error @+1 {{'onnx.Pad' op (C5) there are 3 pads for 2 axes}}
  %0 = onnx.Pad(%x, %p) : (tensor<4x8xf32>, tensor<3xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %p: tensor<4xi64>, %v: tensor<i64>) {
  // expected-error @+1 {{'onnx.Pad' op (C6) constant_value must be one element of the type of the data, but is 'tensor<i64>' for 'tensor<4x8xf32>'}}
  %0 = onnx.Pad(%x, %p, %v) : (tensor<4x8xf32>, tensor<4xi64>, tensor<i64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %i: tensor<2xi64>) {
  // expected-error @+1 {{'onnx.Gather' op (C1) the first operand and the results must have one element type, but there are 'f32' and 'i64'}}
  %0 = onnx.Gather(%x, %i) : (tensor<4x8xf32>, tensor<2xi64>) -> tensor<2x8xi64>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %i: tensor<2xi64>) {
  // expected-error @+1 {{'onnx.Gather' op (C2) axis is -3, but the rank is 2}}
  %0 = onnx.Gather(%x, %i) {axis = -3 : i64} : (tensor<4x8xf32>, tensor<2xi64>) -> tensor<2x8xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %i: tensor<2xi64>) {
  // expected-error @+1 {{'onnx.Gather' op (C3) the result must have rank 2, but is 'tensor<8xf32>'}}
  %0 = onnx.Gather(%x, %i) : (tensor<4x8xf32>, tensor<2xi64>) -> tensor<8xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %i: tensor<2xi64>) {
  // expected-error @+1 {{'onnx.Gather' op (C4) the result must have shape [4, 2], but is 'tensor<2x8xf32>'}}
  %0 = onnx.Gather(%x, %i) {axis = 1 : i64} : (tensor<4x8xf32>, tensor<2xi64>) -> tensor<2x8xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %i: tensor<2x8xi64>) {
  // expected-error @+1 {{'onnx.GatherElements' op (C1) the first operand and the results must have one element type, but there are 'f32' and 'i64'}}
  %0 = onnx.GatherElements(%x, %i) : (tensor<4x8xf32>, tensor<2x8xi64>) -> tensor<2x8xi64>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %i: tensor<2xi64>) {
  // expected-error @+1 {{'onnx.GatherElements' op (C2) data and indices must have one rank, but are 'tensor<4x8xf32>' and 'tensor<2xi64>'}}
  %0 = onnx.GatherElements(%x, %i) : (tensor<4x8xf32>, tensor<2xi64>) -> tensor<2xf32>
  return
}

// -----

func.func @f(%x: tensor<f32>, %i: tensor<i64>) {
  // expected-error @+1 {{'onnx.GatherElements' op (C2) the rank must be at least 1, but it is 0}}
  %0 = onnx.GatherElements(%x, %i) : (tensor<f32>, tensor<i64>) -> tensor<f32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %i: tensor<2x8xi64>) {
  // expected-error @+1 {{'onnx.GatherElements' op (C3) axis is 2, but the rank is 2}}
  %0 = onnx.GatherElements(%x, %i) {axis = 2 : i64} : (tensor<4x8xf32>, tensor<2x8xi64>) -> tensor<2x8xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %i: tensor<2x8xi64>) {
  // expected-error @+1 {{'onnx.GatherElements' op (C4) the result must have shape [2, 8], but is 'tensor<4x8xf32>'}}
  %0 = onnx.GatherElements(%x, %i) : (tensor<4x8xf32>, tensor<2x8xi64>) -> tensor<4x8xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %i: tensor<2x1xi64>) {
  // expected-error @+1 {{'onnx.GatherND' op (C1) the first operand and the results must have one element type, but there are 'f32' and 'i64'}}
  %0 = onnx.GatherND(%x, %i) : (tensor<4x8xf32>, tensor<2x1xi64>) -> tensor<2x8xi64>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %i: tensor<2x1xi64>) {
  // expected-error @+1 {{'onnx.GatherND' op (C2) batch_dims must not be negative, but is -1}}
  %0 = onnx.GatherND(%x, %i) {batch_dims = -1 : i64} : (tensor<4x8xf32>, tensor<2x1xi64>) -> tensor<2x8xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %i: tensor<2x1xi64>) {
  // expected-error @+1 {{'onnx.GatherND' op (C2) batch_dims is 2, but an operand is 'tensor<4x8xf32>'}}
  %0 = onnx.GatherND(%x, %i) {batch_dims = 2 : i64} : (tensor<4x8xf32>, tensor<2x1xi64>) -> tensor<2x8xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %i: tensor<2x3xi64>) {
  // expected-error @+1 {{'onnx.GatherND' op (C3) an index vector has 3 elements, but must have 1 to 2}}
  %0 = onnx.GatherND(%x, %i) : (tensor<4x8xf32>, tensor<2x3xi64>) -> tensor<2xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %i: tensor<2x1xi64>) {
  // expected-error @+1 {{'onnx.GatherND' op (C4) the result must have shape [2, 8], but is 'tensor<2xf32>'}}
  %0 = onnx.GatherND(%x, %i) : (tensor<4x8xf32>, tensor<2x1xi64>) -> tensor<2xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %i: tensor<2x1xi64>) {
  // expected-error @+1 {{'onnx.GatherND' op (C5) data and indices differ in dimension 0: 4 and 2}}
  %0 = onnx.GatherND(%x, %i) {batch_dims = 1 : i64} : (tensor<4x8xf32>, tensor<2x1xi64>) -> tensor<2xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %i: tensor<2x8xi64>, %u: tensor<2x8xi64>) {
  // expected-error @+1 {{'onnx.ScatterElements' op (C1) data and updates must have one element type, but there are 'f32' and 'i64'}}
  %0 = onnx.ScatterElements(%x, %i, %u) : (tensor<4x8xf32>, tensor<2x8xi64>, tensor<2x8xi64>) -> tensor<4x8xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %i: tensor<2x8xi64>, %u: tensor<2x8xf32>) {
  // expected-error @+1 {{'onnx.ScatterElements' op (C2) the first operand and the result must have one shape, but are 'tensor<4x8xf32>' and 'tensor<2x8xf32>'}}
  %0 = onnx.ScatterElements(%x, %i, %u) : (tensor<4x8xf32>, tensor<2x8xi64>, tensor<2x8xf32>) -> tensor<2x8xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %i: tensor<2xi64>, %u: tensor<2xf32>) {
  // expected-error @+1 {{'onnx.ScatterElements' op (C3) data and indices must have one rank, but are 'tensor<4x8xf32>' and 'tensor<2xi64>'}}
  %0 = onnx.ScatterElements(%x, %i, %u) : (tensor<4x8xf32>, tensor<2xi64>, tensor<2xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %i: tensor<2x8xi64>, %u: tensor<2x8xf32>) {
  // expected-error @+1 {{'onnx.ScatterElements' op (C4) axis is 2, but the rank is 2}}
  %0 = onnx.ScatterElements(%x, %i, %u) {axis = 2 : i64} : (tensor<4x8xf32>, tensor<2x8xi64>, tensor<2x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %i: tensor<2x8xi64>, %u: tensor<2x7xf32>) {
  // expected-error @+1 {{'onnx.ScatterElements' op (C5) indices and updates must have one shape, but are 'tensor<2x8xi64>' and 'tensor<2x7xf32>'}}
  %0 = onnx.ScatterElements(%x, %i, %u) : (tensor<4x8xf32>, tensor<2x8xi64>, tensor<2x7xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %i: tensor<2x8xi64>, %u: tensor<2x8xf32>) {
  // expected-error @+1 {{'onnx.ScatterElements' op (C6) reduction must be "none", "add", "mul", "max" or "min", but is "sum"}}
  %0 = onnx.ScatterElements(%x, %i, %u) {reduction = "sum"} : (tensor<4x8xf32>, tensor<2x8xi64>, tensor<2x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %i: tensor<2x1xi64>, %u: tensor<2x8xi64>) {
  // expected-error @+1 {{'onnx.ScatterND' op (C1) data and updates must have one element type, but there are 'f32' and 'i64'}}
  %0 = onnx.ScatterND(%x, %i, %u) : (tensor<4x8xf32>, tensor<2x1xi64>, tensor<2x8xi64>) -> tensor<4x8xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %i: tensor<2x1xi64>, %u: tensor<2x8xf32>) {
  // expected-error @+1 {{'onnx.ScatterND' op (C2) the first operand and the result must have one shape, but are 'tensor<4x8xf32>' and 'tensor<4x4xf32>'}}
  %0 = onnx.ScatterND(%x, %i, %u) : (tensor<4x8xf32>, tensor<2x1xi64>, tensor<2x8xf32>) -> tensor<4x4xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %i: tensor<i64>, %u: tensor<2x8xf32>) {
  // expected-error @+1 {{'onnx.ScatterND' op (C3) indices must have a rank of at least 1, but are 'tensor<i64>'}}
  %0 = onnx.ScatterND(%x, %i, %u) : (tensor<4x8xf32>, tensor<i64>, tensor<2x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %i: tensor<2x3xi64>, %u: tensor<2xf32>) {
  // expected-error @+1 {{'onnx.ScatterND' op (C3) an index vector has 3 elements, but the data is 'tensor<4x8xf32>'}}
  %0 = onnx.ScatterND(%x, %i, %u) : (tensor<4x8xf32>, tensor<2x3xi64>, tensor<2xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %i: tensor<2x1xi64>, %u: tensor<2xf32>) {
  // expected-error @+1 {{'onnx.ScatterND' op (C4) the updates must have rank 2, but are 'tensor<2xf32>'}}
  %0 = onnx.ScatterND(%x, %i, %u) : (tensor<4x8xf32>, tensor<2x1xi64>, tensor<2xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %i: tensor<2x1xi64>, %u: tensor<2x8xf32>) {
  // expected-error @+1 {{'onnx.ScatterND' op (C5) reduction must be "none", "add", "mul", "max" or "min", but is "mean"}}
  %0 = onnx.ScatterND(%x, %i, %u) {reduction = "mean"} : (tensor<4x8xf32>, tensor<2x1xi64>, tensor<2x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @f(%c: tensor<2x4x8xf32>, %u: tensor<2x1x8xf16>) {
  // expected-error @+1 {{'onnx.TensorScatter' op (C1) cache and update must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.TensorScatter(%c, %u) : (tensor<2x4x8xf32>, tensor<2x1x8xf16>) -> tensor<2x4x8xf32>
  return
}

// -----

func.func @f(%c: tensor<2x4x8xf32>, %u: tensor<2x1x8xf32>) {
  // expected-error @+1 {{'onnx.TensorScatter' op (C2) the first operand and the result must have one shape, but are 'tensor<2x4x8xf32>' and 'tensor<2x5x8xf32>'}}
  %0 = onnx.TensorScatter(%c, %u) : (tensor<2x4x8xf32>, tensor<2x1x8xf32>) -> tensor<2x5x8xf32>
  return
}

// -----

func.func @f(%c: tensor<2x4x8xf32>, %u: tensor<2x1x8xf32>) {
  // expected-error @+1 {{'onnx.TensorScatter' op (C3) axis is 0, but must name a dimension after the first of 'tensor<2x4x8xf32>'}}
  %0 = onnx.TensorScatter(%c, %u) {axis = 0 : i64} : (tensor<2x4x8xf32>, tensor<2x1x8xf32>) -> tensor<2x4x8xf32>
  return
}

// -----

func.func @f(%c: tensor<2x4x8xf32>, %u: tensor<2x1x7xf32>) {
  // expected-error @+1 {{'onnx.TensorScatter' op (C4) cache and update may differ in dimension 1 alone, but are 'tensor<2x4x8xf32>' and 'tensor<2x1x7xf32>'}}
  %0 = onnx.TensorScatter(%c, %u) : (tensor<2x4x8xf32>, tensor<2x1x7xf32>) -> tensor<2x4x8xf32>
  return
}

// -----

func.func @f(%c: tensor<2x4x8xf32>, %u: tensor<2x5x8xf32>) {
  // expected-error @+1 {{'onnx.TensorScatter' op (C4) the update has 5 entries for a cache of 4}}
  %0 = onnx.TensorScatter(%c, %u) : (tensor<2x4x8xf32>, tensor<2x5x8xf32>) -> tensor<2x4x8xf32>
  return
}

// -----

func.func @f(%c: tensor<2x4x8xf32>, %u: tensor<2x1x8xf32>, %i: tensor<3xi64>) {
  // expected-error @+1 {{'onnx.TensorScatter' op (C5) write_indices must be a vector of [2], but are 'tensor<3xi64>'}}
  %0 = onnx.TensorScatter(%c, %u, %i) : (tensor<2x4x8xf32>, tensor<2x1x8xf32>, tensor<3xi64>) -> tensor<2x4x8xf32>
  return
}

// -----

func.func @f(%c: tensor<2x4x8xf32>, %u: tensor<2x1x8xf32>) {
  // expected-error @+1 {{'onnx.TensorScatter' op (C6) mode must be "linear" or "circular", but is "ring"}}
  %0 = onnx.TensorScatter(%c, %u) {mode = "ring"} : (tensor<2x4x8xf32>, tensor<2x1x8xf32>) -> tensor<2x4x8xf32>
  return
}

// RUN: blockattn-opt %s -split-input-file -verify-diagnostics

// Constraints of ops that make tensors and change their shapes.

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'onnx.Shape' op (C1) the result must be a vector, but is 'tensor<i64>'}}
  %0 = onnx.Shape(%x) : (tensor<4x8xf32>) -> tensor<i64>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'onnx.Shape' op (C2) the result must have shape [1], but is 'tensor<2xi64>'}}
  %0 = onnx.Shape(%x) {start = 1 : i64} : (tensor<4x8xf32>) -> tensor<2xi64>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'onnx.Size' op (C1) the result must have rank 0, but is 'tensor<1xi64>'}}
  %0 = onnx.Size(%x) : (tensor<4x8xf32>) -> tensor<1xi64>
  return
}

// -----

func.func @f(%x: tensor<2x2xi64>) {
  // expected-error @+1 {{'onnx.ConstantOfShape' op (C1) input must be a vector, but is 'tensor<2x2xi64>'}}
  %0 = onnx.ConstantOfShape(%x) : (tensor<2x2xi64>) -> tensor<4x8xf32>
  return
}

// -----

func.func @f(%x: tensor<2xi64>) {
  // expected-error @+1 {{'onnx.ConstantOfShape' op (C2) value must have one element, but has 2}}
  %0 = onnx.ConstantOfShape(%x) {value = dense<1.0> : tensor<2xf32>} : (tensor<2xi64>) -> tensor<4x8xf32>
  return
}

// -----

func.func @f(%x: tensor<2xi64>) {
  // expected-error @+1 {{'onnx.ConstantOfShape' op (C2) the value has element type 'f32', but the result 'i64'}}
  %0 = onnx.ConstantOfShape(%x) : (tensor<2xi64>) -> tensor<4x8xi64>
  return
}

// -----

func.func @f(%x: tensor<2xi64>) {
  // expected-error @+1 {{'onnx.ConstantOfShape' op (C3) input has 2 elements, but the result is 'tensor<4xf32>'}}
  %0 = onnx.ConstantOfShape(%x) : (tensor<2xi64>) -> tensor<4xf32>
  return
}

// -----

func.func @f() {
  %x = onnx.Constant dense<[4, -1]> : tensor<2xi64>
  // expected-error @+1 {{'onnx.ConstantOfShape' op (C4) input holds the dimension -1}}
  %0 = onnx.ConstantOfShape(%x) : (tensor<2xi64>) -> tensor<4x?xf32>
  return
}

// -----

func.func @f() {
  %x = onnx.Constant dense<[3, 8]> : tensor<2xi64>
  // expected-error @+1 {{'onnx.ConstantOfShape' op (C4) the result must have shape [3, 8], but is 'tensor<4x?xf32>'}}
  %0 = onnx.ConstantOfShape(%x) : (tensor<2xi64>) -> tensor<4x?xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'onnx.EyeLike' op (C1) the first operand and the result must have one shape, but are 'tensor<4x8xf32>' and 'tensor<4x4xf32>'}}
  %0 = onnx.EyeLike(%x) : (tensor<4x8xf32>) -> tensor<4x4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.EyeLike' op (C2) must be a matrix, but is 'tensor<4xf32>'}}
  %0 = onnx.EyeLike(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'onnx.EyeLike' op (C3) the output must have the element type 'i64', but has 'f32'}}
  %0 = onnx.EyeLike(%x) {dtype = i64} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @f(%a: tensor<i64>, %b: tensor<i32>, %c: tensor<i64>) {
  // expected-error @+1 {{'onnx.Range' op (C1) operands and results must have one element type, but there are 'i64' and 'i32'}}
  %0 = onnx.Range(%a, %b, %c) : (tensor<i64>, tensor<i32>, tensor<i64>) -> tensor<?xi64>
  return
}

// -----

func.func @f(%a: tensor<i64>, %b: tensor<2xi64>, %c: tensor<i64>) {
  // expected-error @+1 {{'onnx.Range' op (C2) the operands must have one element each, but one is 'tensor<2xi64>'}}
  %0 = onnx.Range(%a, %b, %c) : (tensor<i64>, tensor<2xi64>, tensor<i64>) -> tensor<?xi64>
  return
}

// -----

func.func @f(%a: tensor<i64>, %b: tensor<i64>, %c: tensor<i64>) {
  // expected-error @+1 {{'onnx.Range' op (C3) the result must be a vector, but is 'tensor<?x1xi64>'}}
  %0 = onnx.Range(%a, %b, %c) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?x1xi64>
  return
}

// -----

func.func @f(%a: tensor<i64>, %b: tensor<i64>) {
  %c = onnx.Constant dense<0> : tensor<i64>
  // expected-error @+1 {{'onnx.Range' op (C4) delta must not be 0}}
  %0 = onnx.Range(%a, %b, %c) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  return
}

// -----

func.func @f(%i: tensor<3xi64>, %d: tensor<i64>, %v: tensor<2xf32>) {
  // expected-error @+1 {{'onnx.OneHot' op (C1) values and the result must have one element type, but there are 'f32' and 'i64'}}
  %0 = onnx.OneHot(%i, %d, %v) : (tensor<3xi64>, tensor<i64>, tensor<2xf32>) -> tensor<3x?xi64>
  return
}

// -----

func.func @f(%i: tensor<3xi64>, %d: tensor<2xi64>, %v: tensor<2xf32>) {
  // expected-error @+1 {{'onnx.OneHot' op (C2) depth must have one element, but is 'tensor<2xi64>'}}
  %0 = onnx.OneHot(%i, %d, %v) : (tensor<3xi64>, tensor<2xi64>, tensor<2xf32>) -> tensor<3x?xf32>
  return
}

// -----

func.func @f(%i: tensor<3xi64>, %d: tensor<i64>, %v: tensor<3xf32>) {
  // expected-error @+1 {{'onnx.OneHot' op (C3) values must be a vector of two elements, but is 'tensor<3xf32>'}}
  %0 = onnx.OneHot(%i, %d, %v) : (tensor<3xi64>, tensor<i64>, tensor<3xf32>) -> tensor<3x?xf32>
  return
}

// -----

func.func @f(%i: tensor<3xi64>, %d: tensor<i64>, %v: tensor<2xf32>) {
  // expected-error @+1 {{'onnx.OneHot' op (C4) the result must have rank 2, but is 'tensor<3xf32>'}}
  %0 = onnx.OneHot(%i, %d, %v) : (tensor<3xi64>, tensor<i64>, tensor<2xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @f(%i: tensor<3xi64>, %d: tensor<i64>, %v: tensor<2xf32>) {
  // expected-error @+1 {{'onnx.OneHot' op (C5) axis is 2, but the rank is 2}}
  %0 = onnx.OneHot(%i, %d, %v) {axis = 2 : i64} : (tensor<3xi64>, tensor<i64>, tensor<2xf32>) -> tensor<3x?xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Identity' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Identity(%x) : (tensor<4xf32>) -> tensor<4xf16>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Identity' op (C2) the first operand and the result must have one shape, but are 'tensor<4xf32>' and 'tensor<3xf32>'}}
  %0 = onnx.Identity(%x) : (tensor<4xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %s: tensor<1xi64>) {
  // expected-error @+1 {{'onnx.Reshape' op (C1) the first operand and the results must have one element type, but there are 'f32' and 'i64'}}
  %0 = onnx.Reshape(%x, %s) : (tensor<4x8xf32>, tensor<1xi64>) -> tensor<32xi64>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %s: tensor<i64>) {
  // expected-error @+1 {{'onnx.Reshape' op (C2) shape must be a vector, but is 'tensor<i64>'}}
  %0 = onnx.Reshape(%x, %s) : (tensor<4x8xf32>, tensor<i64>) -> tensor<32xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %s: tensor<2xi64>) {
  // expected-error @+1 {{'onnx.Reshape' op (C2) shape has 2 elements, but the result is 'tensor<32xf32>'}}
  %0 = onnx.Reshape(%x, %s) : (tensor<4x8xf32>, tensor<2xi64>) -> tensor<32xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  %s = onnx.Constant dense<-1> : tensor<2xi64>
  // expected-error @+1 {{'onnx.Reshape' op (C3) cannot reshape to [-1, -1]}}
  %0 = onnx.Reshape(%x, %s) : (tensor<4x8xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  %s = onnx.Constant dense<[0, -1]> : tensor<2xi64>
  // expected-error @+1 {{'onnx.Reshape' op (C3) cannot reshape to [0, -1]}}
  %0 = onnx.Reshape(%x, %s) {allowzero = 1 : i64} : (tensor<4x8xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  %s = onnx.Constant dense<[4, 8, 0]> : tensor<3xi64>
  // expected-error @+1 {{'onnx.Reshape' op (C4) element 2 of shape is 0, but the data is 'tensor<4x8xf32>'}}
  %0 = onnx.Reshape(%x, %s) : (tensor<4x8xf32>, tensor<3xi64>) -> tensor<?x?x?xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %s: tensor<2xi64>) {
  // expected-error @+1 {{'onnx.Reshape' op (C5) the data has 32 elements, but the result has 28}}
  %0 = onnx.Reshape(%x, %s) : (tensor<4x8xf32>, tensor<2xi64>) -> tensor<4x7xf32>
  return
}

// -----

func.func @f(%x: tensor<?x8xf32>) {
  %s = onnx.Constant dense<[-1, 2]> : tensor<2xi64>
  // expected-error @+1 {{'onnx.Reshape' op (C6) dimension 1 of the result must be 2, but it is 'tensor<4x8xf32>'}}
  %0 = onnx.Reshape(%x, %s) : (tensor<?x8xf32>, tensor<2xi64>) -> tensor<4x8xf32>
  return
}

// -----

func.func @f(%x: tensor<4x?xf32>) {
  %s = onnx.Constant dense<[0, 2]> : tensor<2xi64>
  // expected-error @+1 {{'onnx.Reshape' op (C6) dimension 0 of the result must be 4, but it is 'tensor<2x?xf32>'}}
  %0 = onnx.Reshape(%x, %s) : (tensor<4x?xf32>, tensor<2xi64>) -> tensor<2x?xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'onnx.Flatten' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Flatten(%x) : (tensor<4x8xf32>) -> tensor<4x8xf16>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'onnx.Flatten' op (C2) axis is 3, but the rank is 2}}
  %0 = onnx.Flatten(%x) {axis = 3 : i64} : (tensor<4x8xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'onnx.Flatten' op (C3) the output must be a matrix, but is 'tensor<4xf32>'}}
  %0 = onnx.Flatten(%x) : (tensor<4x8xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'onnx.Flatten' op (C4) the result must have shape [32, 1], but is 'tensor<4x8xf32>'}}
  %0 = onnx.Flatten(%x) {axis = 2 : i64} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @f(%x: tensor<1x4xf32>) {
  // expected-error @+1 {{'onnx.Squeeze' op (C1) the first operand and the results must have one element type, but there are 'f32' and 'i64'}}
  %0 = onnx.Squeeze(%x) : (tensor<1x4xf32>) -> tensor<4xi64>
  return
}

// -----

func.func @f(%x: tensor<1x4xf32>) {
  %a = onnx.Constant dense<2> : tensor<1xi64>
  // expected-error @+1 {{'onnx.Squeeze' op (C2) an element of axes is 2, but the rank is 2}}
  %0 = onnx.Squeeze(%x, %a) : (tensor<1x4xf32>, tensor<1xi64>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<1x4x1xf32>) {
  %a = onnx.Constant dense<[0, -3]> : tensor<2xi64>
  // expected-error @+1 {{'onnx.Squeeze' op (C2) axes hold 0 twice}}
  %0 = onnx.Squeeze(%x, %a) : (tensor<1x4x1xf32>, tensor<2xi64>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<1x4xf32>) {
  %a = onnx.Constant dense<1> : tensor<1xi64>
  // expected-error @+1 {{'onnx.Squeeze' op (C3) dimension 1 is 4 and cannot be dropped from 'tensor<1x4xf32>'}}
  %0 = onnx.Squeeze(%x, %a) : (tensor<1x4xf32>, tensor<1xi64>) -> tensor<1xf32>
  return
}

// -----

func.func @f(%x: tensor<1x4xf32>) {
  // expected-error @+1 {{'onnx.Squeeze' op (C4) the result must have shape [4], but is 'tensor<1x4xf32>'}}
  %0 = onnx.Squeeze(%x) : (tensor<1x4xf32>) -> tensor<1x4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %a: tensor<1xi64>) {
  // expected-error @+1 {{'onnx.Unsqueeze' op (C1) the first operand and the results must have one element type, but there are 'f32' and 'i64'}}
  %0 = onnx.Unsqueeze(%x, %a) : (tensor<4xf32>, tensor<1xi64>) -> tensor<1x4xi64>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  %a = onnx.Constant dense<[0, 0]> : tensor<2xi64>
  // expected-error @+1 {{'onnx.Unsqueeze' op (C2) axes hold 0 twice}}
  %0 = onnx.Unsqueeze(%x, %a) : (tensor<4xf32>, tensor<2xi64>) -> tensor<1x1x4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  %a = onnx.Constant dense<2> : tensor<1xi64>
  // expected-error @+1 {{'onnx.Unsqueeze' op (C2) an element of axes is 2, but the rank is 2}}
  %0 = onnx.Unsqueeze(%x, %a) : (tensor<4xf32>, tensor<1xi64>) -> tensor<1x4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  %a = onnx.Constant dense<0> : tensor<1xi64>
  // expected-error @+1 {{'onnx.Unsqueeze' op (C3) the result must have shape [1, 4], but is 'tensor<4x1xf32>'}}
  %0 = onnx.Unsqueeze(%x, %a) : (tensor<4xf32>, tensor<1xi64>) -> tensor<4x1xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'onnx.Transpose' op (C1) operands and results must have one element type, but there are 'f32' and 'f16'}}
  %0 = onnx.Transpose(%x) : (tensor<4x8xf32>) -> tensor<8x4xf16>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'onnx.Transpose' op (C1) operand and result must have one rank, but are 'tensor<4x8xf32>' and 'tensor<8x4x1xf32>'}}
  %0 = onnx.Transpose(%x) : (tensor<4x8xf32>) -> tensor<8x4x1xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'onnx.Transpose' op (C2) perm is [0, 0], but must be a permutation of 2 dimensions}}
  %0 = onnx.Transpose(%x) {perm = array<i64: 0, 0>} : (tensor<4x8xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'onnx.Transpose' op (C2) perm is [1, 0, 2], but must be a permutation of 2 dimensions}}
  %0 = onnx.Transpose(%x) {perm = array<i64: 1, 0, 2>} : (tensor<4x8xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%x: tensor<*xf32>) {
  // expected-error @+1 {{'onnx.Transpose' op (C2) perm is [-1], which is no permutation}}
  %0 = onnx.Transpose(%x) {perm = array<i64: -1>} : (tensor<*xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'onnx.Transpose' op (C3) the result must have shape [8, 4], but is 'tensor<4x8xf32>'}}
  %0 = onnx.Transpose(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @f(%x: tensor<1x4xf32>, %a: tensor<1x1xi64>) {
  // expected-error @+1 {{'onnx.Squeeze' op (C2) axes must be a vector or one number, but are 'tensor<1x1xi64>'}}
  %0 = onnx.Squeeze(%x, %a) : (tensor<1x4xf32>, tensor<1x1xi64>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %a: tensor<1x1xi64>) {
  // expected-error @+1 {{'onnx.Unsqueeze' op (C2) axes must be a vector or one number, but are 'tensor<1x1xi64>'}}
  %0 = onnx.Unsqueeze(%x, %a) : (tensor<4xf32>, tensor<1x1xi64>) -> tensor<1x4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %s: tensor<1xi64>) {
  // expected-error @+1 {{'onnx.Expand' op (C1) the first operand and the results must have one element type, but there are 'f32' and 'i64'}}
  %0 = onnx.Expand(%x, %s) : (tensor<4xf32>, tensor<1xi64>) -> tensor<4xi64>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %s: tensor<i64>) {
  // expected-error @+1 {{'onnx.Expand' op (C2) shape must be a vector, but is 'tensor<i64>'}}
  %0 = onnx.Expand(%x, %s) : (tensor<4xf32>, tensor<i64>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  %s = onnx.Constant dense<-1> : tensor<1xi64>
  // expected-error @+1 {{'onnx.Expand' op (C2) shape holds the dimension -1}}
  %0 = onnx.Expand(%x, %s) : (tensor<4xf32>, tensor<1xi64>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %s: tensor<2xi64>) {
  // expected-error @+1 {{'onnx.Expand' op (C3) the input does not broadcast to the output: 'tensor<4xf32>' and 'tensor<4x8xf32>'}}
  %0 = onnx.Expand(%x, %s) : (tensor<4xf32>, tensor<2xi64>) -> tensor<4x8xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %s: tensor<1xi64>) {
  // expected-error @+1 {{'onnx.Tile' op (C1) the first operand and the results must have one element type, but there are 'f32' and 'i64'}}
  %0 = onnx.Tile(%x, %s) : (tensor<4xf32>, tensor<1xi64>) -> tensor<4xi64>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %s: tensor<2xi64>) {
  // expected-error @+1 {{'onnx.Tile' op (C2) there are 2 repeats for 'tensor<4xf32>'}}
  %0 = onnx.Tile(%x, %s) : (tensor<4xf32>, tensor<2xi64>) -> tensor<?xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  %s = onnx.Constant dense<-1> : tensor<1xi64>
  // expected-error @+1 {{'onnx.Tile' op (C3) repeats must not be negative, but hold -1}}
  %0 = onnx.Tile(%x, %s) : (tensor<4xf32>, tensor<1xi64>) -> tensor<?xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  %s = onnx.Constant dense<2> : tensor<1xi64>
  // expected-error @+1 {{'onnx.Tile' op (C3) the result must have shape [8], but is 'tensor<4xf32>'}}
  %0 = onnx.Tile(%x, %s) : (tensor<4xf32>, tensor<1xi64>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  %s = onnx.Constant dense<4611686018427387904> : tensor<1xi64>
  // expected-error @+1 {{'onnx.Tile' op (C3) the output has no size in 64 bits}}
  %0 = onnx.Tile(%x, %s) : (tensor<4xf32>, tensor<1xi64>) -> tensor<?xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'onnx.Trilu' op (C1) the first operand and the results must have one element type, but there are 'f32' and 'i64'}}
  %0 = onnx.Trilu(%x) : (tensor<4x8xf32>) -> tensor<4x8xi64>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'onnx.Trilu' op (C2) the first operand and the result must have one shape, but are 'tensor<4x8xf32>' and 'tensor<4x4xf32>'}}
  %0 = onnx.Trilu(%x) : (tensor<4x8xf32>) -> tensor<4x4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'onnx.Trilu' op (C3) the rank must be at least 2, but the input is 'tensor<4xf32>'}}
  %0 = onnx.Trilu(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %k: tensor<2xi64>) {
  // expected-error @+1 {{'onnx.Trilu' op (C4) k must have one element, but is 'tensor<2xi64>'}}
  %0 = onnx.Trilu(%x, %k) : (tensor<4x8xf32>, tensor<2xi64>) -> tensor<4x8xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'onnx.NonZero' op (C1) the result must have shape [2, ?], but is 'tensor<3x?xi64>'}}
  %0 = onnx.NonZero(%x) : (tensor<4x8xf32>) -> tensor<3x?xi64>
  return
}

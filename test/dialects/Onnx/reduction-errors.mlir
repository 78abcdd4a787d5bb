// RUN: blockattn-opt %s -split-input-file -verify-diagnostics

// Constraints of reductions and their like.

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'onnx.ReduceSum' op (C1) the first operand and the results must have one element type, but there are 'f32' and 'f64'}}
  %0 = onnx.ReduceSum(%x) : (tensor<4x8xf32>) -> tensor<1x1xf64>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %a: tensor<1x1xi64>) {
  // expected-error @+1 {{'onnx.ReduceSum' op (C2) axes must be a vector or one number, but are 'tensor<1x1xi64>'}}
  %0 = onnx.ReduceSum(%x, %a) : (tensor<4x8xf32>, tensor<1x1xi64>) -> tensor<1x8xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'onnx.ReduceSum' op (C3) the result must have shape [1, 1], but is 'tensor<4x1xf32>'}}
  %0 = onnx.ReduceSum(%x) : (tensor<4x8xf32>) -> tensor<4x1xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  %a = onnx.Constant dense<2> : tensor<1xi64>
  // expected-error @+1 {{'onnx.ReduceMean' op (C2) an element of axes is 2, but the rank is 2}}
  %0 = onnx.ReduceMean(%x, %a) : (tensor<4x8xf32>, tensor<1xi64>) -> tensor<1x8xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  %a = onnx.Constant dense<[-1, 1]> : tensor<2xi64>
  // expected-error @+1 {{'onnx.ReduceMax' op (C2) axes hold 1 twice}}
  %0 = onnx.ReduceMax(%x, %a) : (tensor<4x8xf32>, tensor<2xi64>) -> tensor<4x1xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  %a = onnx.Constant dense<-1> : tensor<1xi64>
  // expected-error @+1 {{'onnx.ReduceL2' op (C3) the result must have shape [4, 1], but is 'tensor<4xf32>'}}
  %0 = onnx.ReduceL2(%x, %a) : (tensor<4x8xf32>, tensor<1xi64>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'onnx.ReduceL1' op (C3) the result must have shape [], but is 'tensor<1x1xf32>'}}
  %0 = onnx.ReduceL1(%x) {keepdims = 0 : i64} : (tensor<4x8xf32>) -> tensor<1x1xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'onnx.ReduceProd' op (C3) the result must have shape [4, 8], but is 'tensor<1x1xf32>'}}
  %0 = onnx.ReduceProd(%x) {noop_with_empty_axes = 1 : i64} : (tensor<4x8xf32>) -> tensor<1x1xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %a: tensor<1xi64>) {
  // expected-error @+1 {{'onnx.ReduceMin' op (C3) the result must have shape [?, ?], but is 'tensor<4xf32>'}}
  %0 = onnx.ReduceMin(%x, %a) : (tensor<4x8xf32>, tensor<1xi64>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  %a = onnx.Constant dense<0> : tensor<1xi64>
  // expected-error @+1 {{'onnx.ReduceSumSquare' op (C3) the result must have shape [8], but is 'tensor<4xf32>'}}
  %0 = onnx.ReduceSumSquare(%x, %a) {keepdims = 0 : i64} : (tensor<4x8xf32>, tensor<1xi64>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'onnx.ArgMax' op (C1) axis is 2, but the rank is 2}}
  %0 = onnx.ArgMax(%x) {axis = 2 : i64} : (tensor<4x8xf32>) -> tensor<4x1xi64>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'onnx.ArgMin' op (C2) the result must have shape [4, 1], but is 'tensor<4xi64>'}}
  %0 = onnx.ArgMin(%x) {axis = 1 : i64} : (tensor<4x8xf32>) -> tensor<4xi64>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %k: tensor<1xi64>) {
  // expected-error @+1 {{'onnx.TopK' op (C1) X and Values must have one element type, but there are 'f32' and 'f16'}}
  %0:2 = onnx.TopK(%x, %k) : (tensor<4x8xf32>, tensor<1xi64>) -> (tensor<4x?xf16>, tensor<4x?xi64>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %k: tensor<1xi64>) {
  // expected-error @+1 {{'onnx.TopK' op (C2) axis is 2, but the rank is 2}}
  %0:2 = onnx.TopK(%x, %k) {axis = 2 : i64} : (tensor<4x8xf32>, tensor<1xi64>) -> (tensor<4x?xf32>, tensor<4x?xi64>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %k: tensor<2xi64>) {
  // expected-error @+1 {{'onnx.TopK' op (C3) K must have one element, but is 'tensor<2xi64>'}}
  %0:2 = onnx.TopK(%x, %k) : (tensor<4x8xf32>, tensor<2xi64>) -> (tensor<4x?xf32>, tensor<4x?xi64>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  %k = onnx.Constant dense<-2> : tensor<1xi64>
  // expected-error @+1 {{'onnx.TopK' op (C3) K must not be negative, but is -2}}
  %0:2 = onnx.TopK(%x, %k) : (tensor<4x8xf32>, tensor<1xi64>) -> (tensor<4x?xf32>, tensor<4x?xi64>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %k: tensor<1xi64>) {
  // expected-error @+1 {{'onnx.TopK' op (C4) Values and Indices must have one shape, but are 'tensor<4x2xf32>' and 'tensor<4x3xi64>'}}
  %0:2 = onnx.TopK(%x, %k) : (tensor<4x8xf32>, tensor<1xi64>) -> (tensor<4x2xf32>, tensor<4x3xi64>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  // expected-error @+1 {{'onnx.TopK' op (C4) the result must have shape [4, 2], but is 'tensor<4x3xf32>'}}
  %0:2 = onnx.TopK(%x, %k) : (tensor<4x8xf32>, tensor<1xi64>) -> (tensor<4x3xf32>, tensor<4x3xi64>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %a: tensor<i64>) {
  // expected-error @+1 {{'onnx.CumSum' op (C1) the first operand and the results must have one element type, but there are 'f32' and 'i64'}}
  %0 = onnx.CumSum(%x, %a) : (tensor<4x8xf32>, tensor<i64>) -> tensor<4x8xi64>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %a: tensor<i64>) {
  // expected-error @+1 {{'onnx.CumSum' op (C2) the first operand and the result must have one shape, but are 'tensor<4x8xf32>' and 'tensor<4x7xf32>'}}
  %0 = onnx.CumSum(%x, %a) : (tensor<4x8xf32>, tensor<i64>) -> tensor<4x7xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %a: tensor<2xi64>) {
  // expected-error @+1 {{'onnx.CumSum' op (C3) axis must have one element, but is 'tensor<2xi64>'}}
  %0 = onnx.CumSum(%x, %a) : (tensor<4x8xf32>, tensor<2xi64>) -> tensor<4x8xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  %a = onnx.Constant dense<-3> : tensor<i32>
  // expected-error @+1 {{'onnx.CumSum' op (C3) axis is -3, but the rank is 2}}
  %0 = onnx.CumSum(%x, %a) : (tensor<4x8xf32>, tensor<i32>) -> tensor<4x8xf32>
  return
}

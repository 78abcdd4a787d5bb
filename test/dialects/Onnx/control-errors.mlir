// RUN: blockattn-opt %s -split-input-file -verify-diagnostics

// Constraints of constants, weights, branches and foreign ops.

func.func @f() {
  // expected-error @+1 {{(C1) a weight must have a static shape and elements of a known number of bits, but is 'tensor<?xf32>'}}
  %0 = onnx.Weight "w" source 0 offset 0 size 16 : tensor<?xf32>
  return
}

// -----

func.func @f() {
  // expected-error @+1 {{(C1) a weight must have a static shape and elements of a known number of bits, but is 'tensor<2x!onnx.unknown>'}}
  %0 = onnx.Weight "w" source 0 offset 0 size 16 : tensor<2x!onnx.unknown>
  return
}

// -----

func.func @f() {
  // The number of bytes is no 64-bit integer.
  // expected-error @+1 {{(C1) a weight must have a static shape and elements of a known number of bits, but is 'tensor<4611686018427387904x4xf32>'}}
  %0 = onnx.Weight "w" source 0 offset 0 size 16 : tensor<4611686018427387904x4xf32>
  return
}

// -----

func.func @f() {
  // expected-error @+1 {{(C2) size is 15, but 'tensor<4xf32>' has 16 bytes}}
  %0 = onnx.Weight "w" source 0 offset 0 size 15 : tensor<4xf32>
  return
}

// -----

func.func @f() {
  // expected-error @+1 {{(C3) there are no such bytes: source -1, offset 0, size 16}}
  %0 = onnx.Weight "w" source -1 offset 0 size 16 : tensor<4xf32>
  return
}

// -----

func.func @f() {
  // expected-error @+1 {{(C3) there are no such bytes: source 0, offset 9223372036854775807, size 16}}
  %0 = onnx.Weight "w" source 0 offset 9223372036854775807 size 16 : tensor<4xf32>
  return
}

// -----

module attributes {onnx.sources = ["model.onnx"]} {
func.func @f() {
  // expected-error @+1 {{(C4) source is 1, but the module lists 1}}
  %0 = onnx.Weight "w" source 1 offset 0 size 16 : tensor<4xf32>
  return
}
}

// -----

func.func @f() {
  // expected-error @+1 {{failed to verify that all of {value, output} have same type}}
  %0 = "onnx.Constant"() {value = dense<1.0> : tensor<2xf32>} : () -> tensor<3xf32>
  return
}

// -----

func.func @f() {
  // expected-error @+1 {{(C1) op_type must not be empty}}
  onnx.Foreign "com.acme" ""() : () -> ()
  return
}

// -----

func.func @f() {
  // expected-error @+1 {{(C2) there are 2 names for 1 regions}}
  onnx.Foreign "" "Loop"() {graph_names = ["body", "cond"]} : () -> () {
    onnx.Yield
  }
  return
}

// -----

func.func @f(%c: tensor<2xi1>) {
  // expected-error @+1 {{(C1) cond must have one element, but is 'tensor<2xi1>'}}
  onnx.If(%c) : (tensor<2xi1>) -> () {
    onnx.Yield
  } else {
    onnx.Yield
  }
  return
}

// -----

func.func @f(%c: tensor<i1>, %x: tensor<4xf32>) {
  // expected-error @+1 {{(C2) the else branch yields 0 values for 1 results}}
  %0 = onnx.If(%c) : (tensor<i1>) -> tensor<4xf32> {
    onnx.Yield %x : tensor<4xf32>
  } else {
    onnx.Yield
  }
  return
}

// -----

func.func @f(%c: tensor<i1>, %x: tensor<4xf32>) {
  // expected-error @+1 {{(C2) the then branch yields 'tensor<4xf32>' for a result of 'tensor<4xi64>'}}
  %0 = onnx.If(%c) : (tensor<i1>) -> tensor<4xi64> {
    onnx.Yield %x : tensor<4xf32>
  } else {
    onnx.Yield %x : tensor<4xf32>
  }
  return
}

// -----

func.func @f(%c: tensor<i1>, %x: tensor<4xf32>) {
  // expected-error @+1 {{(C2) the else branch must end in onnx.Yield}}
  %0 = onnx.If(%c) : (tensor<i1>) -> tensor<4xf32> {
    onnx.Yield %x : tensor<4xf32>
  } else {
    %1 = onnx.Neg(%x) : (tensor<4xf32>) -> tensor<4xf32>
  }
  return
}

// -----

func.func @f() {
  // expected-error @+1 {{expects parent op to be one of 'onnx.If, onnx.Loop, onnx.Foreign'}}
  onnx.Yield
}

// -----

// expected-error @+1 {{'onnx.sources' must be an array of file names, but is "model.onnx"}}
module attributes {onnx.sources = "model.onnx"} {
}

// -----

// expected-error @+1 {{'onnx.opsets' must map domains to numbers, but is {ai.onnx = "18"}}}
module attributes {onnx.opsets = {ai.onnx = "18"}} {
}

// -----

func.func @f(%m: tensor<2xi64>) {
  // expected-error @+1 {{'onnx.Loop' op (C1) M must have one element, but is 'tensor<2xi64>'}}
  onnx.Loop trips(%m : tensor<2xi64>) {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>):
    onnx.Yield %c : tensor<i1>
  }
  return
}

// -----

func.func @f(%m: tensor<i64>) {
  // expected-error @+1 {{'onnx.Loop' op (C2) the body has 1 arguments for 0 carried values}}
  onnx.Loop trips(%m : tensor<i64>) {
  ^bb0(%c: tensor<i1>):
    onnx.Yield %c : tensor<i1>
  }
  return
}

// -----

func.func @f(%m: tensor<i64>) {
  // expected-error @+1 {{'onnx.Loop' op (C2) the body must begin with an i64 and a Boolean, but has 'tensor<f32>' and 'tensor<i1>'}}
  onnx.Loop trips(%m : tensor<i64>) {
  ^bb0(%i: tensor<f32>, %c: tensor<i1>):
    onnx.Yield %c : tensor<i1>
  }
  return
}

// -----

func.func @f(%m: tensor<i64>, %x: tensor<f32>) {
  // expected-error @+1 {{'onnx.Loop' op (C3) the body yields 2 values for a condition and 0 results}}
  onnx.Loop trips(%m : tensor<i64>) {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>):
    onnx.Yield %c, %x : tensor<i1>, tensor<f32>
  }
  return
}

// -----

func.func @f(%m: tensor<i64>, %x: tensor<f32>) {
  // expected-error @+1 {{'onnx.Loop' op (C3) the condition that is yielded must be a Boolean, but is 'tensor<f32>'}}
  onnx.Loop trips(%m : tensor<i64>) {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>):
    onnx.Yield %x : tensor<f32>
  }
  return
}

// -----

func.func @f(%m: tensor<i64>, %x: tensor<f32>) {
  // expected-error @+1 {{'onnx.Loop' op (C4) there are 0 results for 1 carried values}}
  onnx.Loop trips(%m : tensor<i64>) carries(%x : tensor<f32>) {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %y: tensor<f32>):
    onnx.Yield %c : tensor<i1>
  }
  return
}

// -----

func.func @f(%m: tensor<i64>, %x: tensor<f32>) {
  // expected-error @+1 {{'onnx.Loop' op (C5) the types of result 0 and of what is carried or yielded for it must agree, but are 'tensor<f32>' and 'tensor<i64>'}}
  %0 = onnx.Loop trips(%m : tensor<i64>) carries(%x : tensor<f32>) -> tensor<f32> {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %y: tensor<f32>):
    onnx.Yield %c, %i : tensor<i1>, tensor<i64>
  }
  return
}

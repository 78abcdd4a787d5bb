// RUN: blockattn-opt %s --blockattn-lower-onnx-to-linalg --split-input-file --verify-diagnostics

// All operations that can not be lowered are in one report, by operator and
// reason.
// expected-error @below {{3 operations can not be compiled}}
// expected-note @below {{what to do: }}
module attributes {onnx.opsets = {ai.onnx = 18 : i64}} {
  func.func @three(%x: tensor<4x4xf32>, %k: tensor<?xi64>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
    // expected-note @below {{ReduceSum (domain 'ai.onnx', opset 18), 2 times: 'unnamed', 'unnamed': the number of its axes is not known}}
    %0 = onnx.ReduceSum(%x, %k) {keepdims = 0 : i64} : (tensor<4x4xf32>, tensor<?xi64>) -> tensor<*xf32>
    %1 = onnx.ReduceSum(%x, %k) {keepdims = 0 : i64} : (tensor<4x4xf32>, tensor<?xi64>) -> tensor<*xf32>
    // expected-note @below {{Reshape (domain 'ai.onnx', opset 18), 1 time: 'unnamed': the rank or element type of its result is not known}}
    %2 = onnx.Reshape(%x, %k) : (tensor<4x4xf32>, tensor<?xi64>) -> tensor<*xf32>
    return %0, %1, %2 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
  }
}

// -----

// What depends on an operation that was refused is not reported again.
// expected-error @below {{1 operation can not be compiled}}
// expected-note @below {{what to do: }}
module {
  func.func @chain(%x: tensor<4xf32>) -> tensor<?xf32> {
    // expected-note @below {{Magic (domain 'com.example', opset unknown), 1 time: 'unnamed': the operation is not supported}}
    %0 = onnx.Foreign "com.example" "Magic"(%x) : (tensor<4xf32>) -> tensor<?xf32>
    %1 = onnx.Neg(%0) : (tensor<?xf32>) -> tensor<?xf32>
    return %1 : tensor<?xf32>
  }
}

// -----

// expected-error @below {{argument 0 has type 'tensor<*xf32>', which the CPU can not be given}}
func.func @unranked(%x: tensor<*xf32>) -> tensor<*xf32> {
  return %x : tensor<*xf32>
}

// -----

// A refusal inside of a branch is noted once, and not for the branch.
// expected-error @below {{1 operation can not be compiled}}
// expected-note @below {{what to do: }}
module {
  func.func @branch(%c: tensor<i1>, %x: tensor<4xf32>) -> tensor<4xf32> {
    %0 = onnx.If(%c) : (tensor<i1>) -> tensor<4xf32> {
      // expected-note @below {{Magic (domain 'com.example', opset unknown), 1 time: }}
      %1 = onnx.Foreign "com.example" "Magic"(%x) : (tensor<4xf32>) -> tensor<4xf32>
      onnx.Yield %1 : tensor<4xf32>
    } else {
      onnx.Yield %x : tensor<4xf32>
    }
    return %0 : tensor<4xf32>
  }
}

// -----

// expected-error @below {{1 operation can not be compiled}}
// expected-note @below {{what to do: }}
module {
  func.func @ranks(%c: tensor<i1>, %x: tensor<4xf32>, %y: tensor<4x1xf32>) -> tensor<*xf32> {
    // expected-note @below {{its branches yield tensors of different rank or element type}}
    %0 = onnx.If(%c) : (tensor<i1>) -> tensor<*xf32> {
      onnx.Yield %x : tensor<4xf32>
    } else {
      onnx.Yield %y : tensor<4x1xf32>
    }
    return %0 : tensor<*xf32>
  }
}

// -----

// expected-error @below {{1 operation can not be compiled}}
// expected-note @below {{what to do: }}
module {
  func.func @until(%m: tensor<i64>, %x: tensor<f32>) -> tensor<f32> {
    // expected-note @below {{its number of iterations is up to a condition that it computes; loops of a number that is known before are supported}}
    %0 = onnx.Loop trips(%m : tensor<i64>) carries(%x : tensor<f32>) -> tensor<f32> {
    ^bb0(%i: tensor<i64>, %c: tensor<i1>, %v: tensor<f32>):
      %1 = onnx.Less(%v, %x) : (tensor<f32>, tensor<f32>) -> tensor<i1>
      onnx.Yield %1, %v : tensor<i1>, tensor<f32>
    }
    return %0 : tensor<f32>
  }
}

// -----

// expected-error @below {{1 operation can not be compiled}}
// expected-note @below {{what to do: }}
module {
  func.func @stack(%m: tensor<i64>, %x: tensor<?xf32>) -> tensor<?x?xf32> {
    // expected-note @below {{the shape of a value that is stacked is not known before the loop}}
    %0 = onnx.Loop trips(%m : tensor<i64>) -> tensor<?x?xf32> {
    ^bb0(%i: tensor<i64>, %c: tensor<i1>):
      %1 = onnx.NonZero(%x) : (tensor<?xf32>) -> tensor<?x?xi64>
      %2 = onnx.Cast(%1) {to = f32} : (tensor<?x?xi64>) -> tensor<?x?xf32>
      %k = onnx.Constant dense<-1> : tensor<1xi64>
      %3 = onnx.Reshape(%2, %k) : (tensor<?x?xf32>, tensor<1xi64>) -> tensor<?xf32>
      onnx.Yield %c, %3 : tensor<i1>, tensor<?xf32>
    }
    return %0 : tensor<?x?xf32>
  }
}

// -----

// What stands for numbers as bytes is not computed with.
// expected-error @below {{2 operations can not be compiled}}
// expected-note @below {{what to do: }}
module {
  func.func @narrow(%x: tensor<4xf8E4M3FN>, %y: tensor<4xi4>) -> (tensor<4xf8E4M3FN>, tensor<4xi1>) {
    // expected-note @below {{it would compute with integers of less than 8 bits or floats of less than 16, which are converted first (Cast, DequantizeLinear)}}
    %0 = onnx.Add(%x, %x) : (tensor<4xf8E4M3FN>, tensor<4xf8E4M3FN>) -> tensor<4xf8E4M3FN>
    // expected-note @below {{it would compute with integers of less than 8 bits}}
    %1 = onnx.Equal(%y, %y) : (tensor<4xi4>, tensor<4xi4>) -> tensor<4xi1>
    return %0, %1 : tensor<4xf8E4M3FN>, tensor<4xi1>
  }
}

// -----

// expected-error @below {{1 operation can not be compiled}}
// expected-note @below {{what to do: }}
module {
  func.func @quantize(%x: tensor<4xf32>, %s: tensor<f32>, %z: tensor<i32>) -> tensor<4xi32> {
    // expected-note @below {{its element types are not supported: it makes integers of 2 to 16 bits and floats of 4 and 8}}
    %0 = onnx.QuantizeLinear(%x, %s, %z) : (tensor<4xf32>, tensor<f32>, tensor<i32>) -> tensor<4xi32>
    return %0 : tensor<4xi32>
  }
}

// -----

// expected-error @below {{1 operation can not be compiled}}
// expected-note @below {{what to do: }}
module {
  func.func @groups(%x: tensor<?x32xf32>, %w: tensor<8x1x16xui8>, %s: tensor<8xf32>, %g: tensor<32xi32>) -> tensor<?x8xf32> {
    // expected-note @below {{its weight is not in the form that stays packed; --blockattn-decompose-microsoft spells it out}}
    %0 = onnx.ms.MatMulNBits(%x, %w, %s, _, %g) {K = 32 : i64, N = 8 : i64, bits = 4 : i64, block_size = 32 : i64} : (tensor<?x32xf32>, tensor<8x1x16xui8>, tensor<8xf32>, tensor<32xi32>) -> tensor<?x8xf32>
    return %0 : tensor<?x8xf32>
  }
}

// RUN: blockattn-opt %s --blockattn-lower-onnx-to-linalg --split-input-file --verify-diagnostics

// All operations that can not be lowered are in one report, by operator and
// reason.
// expected-error @below {{3 operations can not be compiled for the CPU}}
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
// expected-error @below {{1 operation can not be compiled for the CPU}}
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
// expected-error @below {{1 operation can not be compiled for the CPU}}
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

// expected-error @below {{1 operation can not be compiled for the CPU}}
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

// RUN: blockattn-opt %s --blockattn-lower-onnx-to-linalg --split-input-file --verify-diagnostics

// All operations that can not be lowered are in one report.
// expected-error @below {{2 operations can not be compiled for the CPU}}
module {
  func.func @two(%x: tensor<4x4xf32>, %n: tensor<1xi64>, %axes: tensor<1xi64>) -> (tensor<?x?xi64>, tensor<*xf32>) {
    // expected-note @below {{NonZero: the operation is not supported}}
    %0 = onnx.NonZero(%x) : (tensor<4x4xf32>) -> tensor<?x?xi64>
    // expected-note @below {{ReduceSum: its axes must be constant}}
    %1 = onnx.ReduceSum(%x, %axes) : (tensor<4x4xf32>, tensor<1xi64>) -> tensor<*xf32>
    return %0, %1 : tensor<?x?xi64>, tensor<*xf32>
  }
}

// -----

// What depends on an operation that was refused is not reported again.
// expected-error @below {{1 operation can not be compiled for the CPU}}
module {
  func.func @chain(%x: tensor<4xf32>) -> tensor<?xf32> {
    // expected-note @below {{com.example.Magic: the operation is not supported}}
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

// expected-error @below {{1 operation can not be compiled for the CPU}}
module {
  func.func @steps(%x: tensor<8xf32>, %s: tensor<1xi64>) -> tensor<?xf32> {
    %0 = onnx.Constant dense<0> : tensor<1xi64>
    %8 = onnx.Constant dense<8> : tensor<1xi64>
    // expected-note @below {{Slice: its axes and steps must be constant, and no step 0}}
    %1 = onnx.Slice(%x, %0, %8, %0, %s) : (tensor<8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?xf32>
    return %1 : tensor<?xf32>
  }
}

// -----

// expected-error @below {{1 operation can not be compiled for the CPU}}
module {
  func.func @shared(%x: tensor<1x?x4xf32>, %t: tensor<2x4xf32>, %p: tensor<1x?xi64>, %l: !blockattn.layout) -> tensor<1x?x4xf32> {
    // expected-note @below {{insert_sinks: a shared prefix of sinks is not supported}}
    %a, %b, %c = blockattn.insert_sinks %x, %t, %p, %l {shared} : tensor<1x?x4xf32>, tensor<2x4xf32>, tensor<1x?xi64> -> tensor<1x?x4xf32>, tensor<1x?xi64>
    return %a : tensor<1x?x4xf32>
  }
}

// RUN: not blockattn-opt %s --blockattn-report-unsupported 2>&1 | FileCheck %s

// One report for all of them.
// CHECK: error: 7 nodes use operators that this compiler does not support
// CHECK: note: {{.*}}Fancy (domain 'com.example', opset 2), 5 times: 'a', 'b', 'c', ...: this compiler does not have the operator
// CHECK: note: {{.*}}Odd (domain 'ai.onnx', opset 18), 1 time: 'unnamed': this compiler does not have the operator
// CHECK: note: {{.*}}Equal (domain 'ai.onnx', opset 18), 1 time: 'text': this compiler does not compute with strings
// CHECK: note: what to do:
// CHECK-NOT: error:
module attributes {onnx.opsets = {ai.onnx = 18 : i64, com.example = 2 : i64}} {
  func.func @main(%x: tensor<2xf32>, %s: tensor<2x!onnx.string>) -> tensor<2xf32> {
    %0 = onnx.Foreign "com.example" "Fancy"(%x) : (tensor<2xf32>) -> tensor<2xf32> loc("a")
    %1 = onnx.Foreign "com.example" "Fancy"(%0) : (tensor<2xf32>) -> tensor<2xf32> loc("b")
    %2 = onnx.Foreign "" "Odd"(%1) : (tensor<2xf32>) -> tensor<2xf32> loc(unknown)
    %3 = onnx.Foreign "com.example" "Fancy"(%2) : (tensor<2xf32>) -> tensor<2xf32> loc("c")
    %4 = onnx.Foreign "com.example" "Fancy"(%3) : (tensor<2xf32>) -> tensor<2xf32> loc("d")
    %5 = onnx.Foreign "com.example" "Fancy"(%4) : (tensor<2xf32>) -> tensor<2xf32> loc("e")
    %6 = onnx.Equal(%s, %s) : (tensor<2x!onnx.string>, tensor<2x!onnx.string>) -> tensor<2xi1> loc("text")
    return %5 : tensor<2xf32>
  }
}

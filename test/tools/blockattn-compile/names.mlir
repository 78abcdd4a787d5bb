// What names hold reaches no terminal; --explain=json says what is unsupported.
// RUN: not blockattn-compile %s -o %t.ba 2>&1 | FileCheck %s
// RUN: not blockattn-compile %s --explain 2>/dev/null | FileCheck %s --check-prefix=TABLE
// RUN: not blockattn-compile %s --explain=json 2>/dev/null | FileCheck %s --check-prefix=JSON

//      CHECK: error: {{.*}}2 nodes use operators that this compiler does not support
// CHECK-NEXT: {{^}}note: Fan\x1b[31mcy (domain 'com.example', opset unknown), 1 time: 'a\x1B[31m\x0Ab': this compiler does not have the operator{{$}}
// CHECK-NEXT: {{^}}note: Odd (domain 'com.example', opset unknown), 1 time: 'f1': this compiler does not have the operator{{$}}
// CHECK-NEXT: note: {{.*}}what to do:

// TABLE: (none was looked for: the model did not come so far)

//      JSON: "attentions": [],
// JSON-NEXT: "errors": [
//      JSON: "message": "2 nodes use operators that this compiler does not support"
//      JSON: "notes": [
// JSON-NEXT: "Fan\u001b[31mcy (domain {{.*}}: this compiler does not have the operator"
// JSON-NEXT: "Odd (domain 'com.example', opset unknown), 1 time: 'f1': this compiler does not have the operator"
module {
  func.func @main(%x: tensor<2xf32> {onnx.name = "x"}) -> tensor<2xf32> {
    %0 = onnx.Foreign "com.example" "Fan\1B[31mcy"(%x) : (tensor<2xf32>) -> tensor<2xf32> loc("a\1B[31m\0Ab")
    %1 = onnx.Foreign "com.example" "Odd"(%0) : (tensor<2xf32>) -> tensor<2xf32> loc("f1")
    return %1 : tensor<2xf32>
  }
}

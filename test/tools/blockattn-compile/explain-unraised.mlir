// A mask that attention can't say: people get a picture of it, --explain=json the
// same, and whoever asks for block programs (or for what there is) the reason.
// RUN: blockattn-compile %s --explain | FileCheck %s --strict-whitespace --match-full-lines --check-prefix=PICTURE
// RUN: blockattn-compile %s --explain=json | FileCheck %s --check-prefix=JSON
// RUN: blockattn-compile %s --compile-to=blockify -o %t.mlir 2>&1 | FileCheck %s --check-prefix=WARNING
// RUN: blockattn-compile %s --compile-to=blockify -o %t.mlir --diagnostics=json 2>&1 | FileCheck %s --check-prefix=LINE
// RUN: blockattn-compile %s --compile-to=blockify -o %t.mlir --programs=full 2>&1 | count 0
// RUN: not blockattn-compile %s --compile-to=blockify -o %t.mlir --programs=full,block 2>&1 | FileCheck %s --check-prefix=ASKED

//      PICTURE:attention at node  raised  heads  kv heads  head size  scale  soft cap  mask     window  positions  KV anywhere
// PICTURE-NEXT:band               no      4      4         8          0.35   -         unknown  -       unknown    no
// PICTURE-EMPTY:
// PICTURE-NEXT:its mask is neither causal nor a window nor none
// PICTURE-NEXT:queries (rows) see (x) keys (columns):
// PICTURE-NEXT:  xxx......
// PICTURE-NEXT:  xxxx.....
// PICTURE-NEXT:  xxxxx....
// PICTURE-NEXT:  xxxxxx...
// PICTURE-NEXT:  .xxxxxx..
// PICTURE-NEXT:  ..xxxxxx.
// PICTURE-NEXT:  ...xxxxxx
// PICTURE-NEXT:  ....xxxxx
// PICTURE-NEXT:  .....xxxx
// PICTURE-NEXT:  at band
//      PICTURE:Programs that were not made:
// PICTURE-NEXT:  the attention at node 'band' was not recognised: its mask is neither causal nor a window nor none

//      JSON: "mask": "unknown"
//      JSON: "its mask is neither causal nor a window nor none\nqueries (rows) see (x) keys (columns):\n  xxx......\n
//      JSON: "window": 0
//      JSON: "refused": [
// JSON-NEXT: "the attention at node 'band' was not recognised: its mask is neither causal nor a window nor none"

//      WARNING: {{^}}warning: without the programs block, encode, extend, which can't be made of this model
// WARNING-NEXT: {{^}}note: the attention at node 'band' was not recognised: its mask is neither causal nor a window nor none{{$}}

// LINE: {{^}}{"message":"without the programs block, encode, extend{{.*}}"notes":["the attention at node 'band' was not recognised: its mask {{.*}}"severity":"warning"}{{$}}

//      ASKED: error: {{.*}}the programs block, encode and extend can't be made of this model
// ASKED-NEXT: note: {{.*}}the attention at node 'band' was not recognised: its mask is neither causal nor a window nor none

// A window that is wider on one side.
module {
  func.func @main(%ids: tensor<1x?xi64> {onnx.name = "input_ids", onnx.dims = ["", "seq"]}, %h: tensor<1x?x32xf32> {onnx.name = "h", onnx.dims = ["", "seq", ""]}) -> tensor<1x?x4x8xf32> {
    %heads = onnx.Constant dense<[1, 0, 4, 8]> : tensor<4xi64>
    %zero = onnx.Constant dense<0> : tensor<i64>
    %one = onnx.Constant dense<1> : tensor<i64>
    %first = onnx.Constant dense<0> : tensor<1xi64>
    %second = onnx.Constant dense<1> : tensor<1xi64>
    %visible = onnx.Constant dense<0.0> : tensor<f32>
    %masked = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
    %scale = onnx.Constant dense<0.353553385> : tensor<f32>
    %x = onnx.Reshape(%h, %heads) : (tensor<1x?x32xf32>, tensor<4xi64>) -> tensor<1x?x4x8xf32>
    %q = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x?x8xf32>
    %kt = onnx.Transpose(%x) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x8x?xf32>
    %s0 = onnx.MatMul(%q, %kt) : (tensor<1x4x?x8xf32>, tensor<1x4x8x?xf32>) -> tensor<1x4x?x?xf32>
    %s1 = onnx.Mul(%s0, %scale) : (tensor<1x4x?x?xf32>, tensor<f32>) -> tensor<1x4x?x?xf32>
    %n0 = onnx.Shape(%h) {start = 1 : i64, end = 2 : i64} : (tensor<1x?x32xf32>) -> tensor<1xi64>
    %n = onnx.Squeeze(%n0, %first) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
    %j = onnx.Range(%zero, %n, %one) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
    %i = onnx.Unsqueeze(%j, %second) : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
    %three = onnx.Constant dense<3> : tensor<i64>
    %d = onnx.Sub(%j, %i) : (tensor<?xi64>, tensor<?x1xi64>) -> tensor<?x?xi64>
    %ahead = onnx.Less(%d, %three) : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi1>
    %back = onnx.Neg(%d) : (tensor<?x?xi64>) -> tensor<?x?xi64>
    %near = onnx.LessOrEqual(%back, %three) : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi1>
    %le = onnx.And(%ahead, %near) : (tensor<?x?xi1>, tensor<?x?xi1>) -> tensor<?x?xi1>
    %mask = onnx.Where(%le, %visible, %masked) : (tensor<?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?xf32>
    %s2 = onnx.Add(%s1, %mask) : (tensor<1x4x?x?xf32>, tensor<?x?xf32>) -> tensor<1x4x?x?xf32>
    %p = onnx.Softmax(%s2) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("band")
    %o = onnx.MatMul(%p, %q) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
    %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x?x8xf32>) -> tensor<1x?x4x8xf32>
    return %y : tensor<1x?x4x8xf32>
  }
}

// RUN: blockattn-opt %s --pass-pipeline='builtin.module(func.func(blockattn-infer-shapes{remarks=true}))' -verify-diagnostics -split-input-file

// Equal names are one symbol, and two that may differ give a new one.
func.func @broadcast(%x: tensor<?x?xf32> {onnx.dims = ["batch", "seq"]},
                     %y: tensor<?x?xf32> {onnx.dims = ["batch", "other"]},
                     %z: tensor<4x1x8xf32>) -> tensor<*xf32> {
  // expected-remark @below {{[batch, seq]}}
  %0 = onnx.Add(%x, %x) : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<*xf32>
  // expected-remark @below {{[batch, ?]}}
  %1 = onnx.Add(%x, %y) : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<*xf32>
  // A size above 1 decides: the other is 1 or the same.
  // expected-remark @below {{[4, batch, 8]}}
  %2 = onnx.Mul(%x, %z) : (tensor<?x?xf32>, tensor<4x1x8xf32>) -> tensor<*xf32>
  // expected-remark @below {{[4, batch, 8]}}
  %3 = onnx.Greater(%2, %z) : (tensor<*xf32>, tensor<4x1x8xf32>) -> tensor<*xi1>
  // expected-remark @below {{[4, batch, 8]}}
  %4 = onnx.Where(%3, %z, %x) : (tensor<*xi1>, tensor<4x1x8xf32>, tensor<?x?xf32>) -> tensor<*xf32>
  return %4 : tensor<*xf32>
}

// -----

// Element types follow, too.
func.func @element_types(%x: tensor<2xf16>, %i: tensor<2xi64>) -> tensor<*x!onnx.unknown> {
  // expected-remark @below {{[2]}}
  %0 = onnx.Neg(%x) : (tensor<2xf16>) -> tensor<*x!onnx.unknown>
  // expected-remark @below {{[2]}}
  %1 = onnx.Equal(%0, %x) : (tensor<*x!onnx.unknown>, tensor<2xf16>) -> tensor<*x!onnx.unknown>
  // expected-remark @below {{[2]}}
  %2 = onnx.Cast(%1) {to = f32} : (tensor<*x!onnx.unknown>) -> tensor<*x!onnx.unknown>
  return %2 : tensor<*x!onnx.unknown>
}

// -----

// Names may be expressions of names.
func.func @names(%mask: tensor<1x?xi64> {onnx.dims = ["", "past + seq"]},
                 %past: tensor<1x2x?x8xf32> {onnx.dims = ["", "", "past", ""]},
                 %k: tensor<1x2x?x8xf32> {onnx.dims = ["", "", "seq", ""]},
                 %half: tensor<?xf32> {onnx.dims = ["(seq * 3)//2"]},
                 %odd: tensor<?xf32> {onnx.dims = ["seq-len"]},
                 %label: tensor<?xf32> {onnx.dims = ["past + 1"]}) {
  // expected-remark @below {{[1, 2, past + seq, 8]}}
  %0 = onnx.Concat(%past, %k) {axis = 2} : (tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>) -> tensor<*xf32>
  // expected-remark @below {{[2] = {1, past + seq}}}
  %1 = onnx.Shape(%mask) : (tensor<1x?xi64>) -> tensor<*xi64>
  // expected-remark @below {{[1] = {(seq * 3) // 2}}}
  %2 = onnx.Shape(%half) : (tensor<?xf32>) -> tensor<*xi64>
  // expected-remark @below {{[1] = {seq-len}}}
  %3 = onnx.Shape(%odd) : (tensor<?xf32>) -> tensor<*xi64>
  // A number added makes it a mere label: of [1, past + 1) one would know the
  // length.
  // expected-remark @below {{[1] = {past + 1}}}
  %4 = onnx.Shape(%label) : (tensor<?xf32>) -> tensor<*xi64>
  // expected-remark @below {{[1] = {1}}}
  %one = onnx.Constant dense<1> : tensor<1xi64>
  // expected-remark @below {{[1] = {9223372036854775807}}}
  %max = onnx.Constant dense<9223372036854775807> : tensor<1xi64>
  // expected-remark @below {{[?]}}
  %5 = onnx.Slice(%label, %one, %max) : (tensor<?xf32>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  return
}

// -----

// The arithmetic of shapes.
func.func @contents(%x: tensor<?x?x64xf32> {onnx.dims = ["batch", "seq", ""]}) {
  // expected-remark @below {{[3] = {batch, seq, 64}}}
  %shape = onnx.Shape(%x) : (tensor<?x?x64xf32>) -> tensor<*xi64>
  // expected-remark @below {{[1] = {seq}}}
  %part = onnx.Shape(%x) {start = -2 : i64, end = -1 : i64} : (tensor<?x?x64xf32>) -> tensor<*xi64>
  // expected-remark @below {{[] = {(batch * seq) * 64}}}
  %size = onnx.Size(%x) : (tensor<?x?x64xf32>) -> tensor<*xi64>
  // expected-remark @below {{[] = {1}}}
  %one = onnx.Constant dense<1> : tensor<i64>
  // expected-remark @below {{[1] = {0}}}
  %zero = onnx.Constant dense<0> : tensor<1xi64>
  // expected-remark @below {{[2] = {4, -1}}}
  %heads = onnx.Constant dense<[4, -1]> : tensor<2xi64>
  // expected-remark @below {{[] = {seq}}}
  %seq = onnx.Gather(%shape, %one) : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  // expected-remark @below {{[] = {seq + 1}}}
  %next = onnx.Add(%seq, %one) : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  // expected-remark @below {{[] = {seq}}}
  %same = onnx.Sub(%next, %one) : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  // expected-remark @below {{[1] = {seq}}}
  %unsqueezed = onnx.Unsqueeze(%same, %zero) : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  // expected-remark @below {{[3] = {seq, 4, -1}}}
  %target = onnx.Concat(%unsqueezed, %heads) {axis = 0} : (tensor<*xi64>, tensor<2xi64>) -> tensor<*xi64>
  // expected-remark @below {{[] = {-1}}}
  %minus = onnx.Constant dense<-1> : tensor<i64>
  // expected-remark @below {{[] = {7}}}
  %seven = onnx.Constant dense<7> : tensor<i64>
  // expected-remark @below {{[3] = {0, 0, 1}}}
  %is = onnx.Equal(%target, %minus) : (tensor<*xi64>, tensor<i64>) -> tensor<*xi1>
  // expected-remark @below {{[3] = {seq, 4, 7}}}
  %chosen = onnx.Where(%is, %seven, %target) : (tensor<*xi1>, tensor<i64>, tensor<*xi64>) -> tensor<*xi64>
  return
}

// -----

// What both branches yield is the result.
func.func @branches(%c: tensor<i1>, %x: tensor<?x4xf32> {onnx.dims = ["n", ""]}) {
  // expected-remark @below {{[n, ?]}}
  %0 = onnx.If(%c) : (tensor<i1>) -> tensor<*xf32> {
    // expected-remark @below {{[n, 4]}}
    %1 = onnx.Exp(%x) : (tensor<?x4xf32>) -> tensor<*xf32>
    onnx.Yield %1 : tensor<*xf32>
  } else {
    // expected-remark @below {{[1] = {1}}}
    %axis = onnx.Constant dense<1> : tensor<1xi64>
    // expected-remark @below {{[1] = {3}}}
    %end = onnx.Constant dense<3> : tensor<1xi64>
    // expected-remark @below {{[n, 2]}}
    %3 = onnx.Slice(%x, %axis, %end, %axis) : (tensor<?x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
    onnx.Yield %3 : tensor<*xf32>
  }
  return
}

// -----

// "Drop the dimension if it is 1": it is not, and the branch is nonsense.
func.func @never(%x: tensor<*xf32>) -> tensor<*xf32> {
  // expected-remark @below {{[2] = {3, 4}}}
  %s = onnx.Constant dense<[3, 4]> : tensor<2xi64>
  // expected-remark @below {{[] = {1}}}
  %one = onnx.Constant dense<1> : tensor<i64>
  // expected-remark @below {{[3, 4]}}
  %y = onnx.Reshape(%x, %s) : (tensor<*xf32>, tensor<2xi64>) -> tensor<*xf32>
  // expected-remark @below {{[2] = {3, 4}}}
  %shape = onnx.Shape(%y) : (tensor<*xf32>) -> tensor<*xi64>
  // expected-remark @below {{[] = {4}}}
  %d = onnx.Gather(%shape, %one) : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  // expected-remark @below {{[] = {0}}}
  %c = onnx.Equal(%d, %one) : (tensor<*xi64>, tensor<i64>) -> tensor<*xi1>
  %0 = onnx.If(%c) : (tensor<*xi1>) -> tensor<*xf32> {
    %axis = onnx.Constant dense<1> : tensor<1xi64>
    %1 = onnx.Squeeze(%y, %axis) : (tensor<*xf32>, tensor<1xi64>) -> tensor<*xf32>
    onnx.Yield %1 : tensor<*xf32>
  } else {
    // expected-remark @below {{[3, 4]}}
    %2 = onnx.Identity(%y) : (tensor<*xf32>) -> tensor<*xf32>
    onnx.Yield %2 : tensor<*xf32>
  }
  return %0 : tensor<*xf32>
}

// RUN: blockattn-opt %s --split-input-file --blockattn-derive-block | FileCheck %s

// Packed tokens: the batch is 1, one name for their number, and the past is
// empty: what it is joined to passes on, and its shape is that of no tokens.

// CHECK-LABEL: module {
// CHECK-LABEL: func.func @full(
// CHECK: onnx.Concat
// CHECK-LABEL: func.func @block(
// CHECK-SAME: %[[W:.*]]: tensor<1x?xi64> {blockattn.role = "tokens", onnx.dims = ["", "seq"]
// CHECK-SAME: %[[P:.*]]: tensor<1x?xi64> {blockattn.role = "positions", onnx.dims = ["", "seq"]
// CHECK-SAME: %[[M:.*]]: tensor<1x?xi1> {blockattn.role = "attention_mask", onnx.dims = ["", "seq"]
// CHECK-SAME: %[[X:.*]]: tensor<1x?x2x4xf32> {blockattn.role = "input", onnx.dims = ["", "other", "", ""]
// CHECK-NOT: past
// CHECK-SAME: %[[L:.*]]: !blockattn.layout {blockattn.role = "layout", onnx.name = "layout"}
// CHECK-SAME: onnx.name = "out"
// CHECK-SAME: attributes {blockattn.program = "block"}
// CHECK: %[[EMPTY:.*]] = onnx.Constant dense<> : tensor<1x2x0x4xf32>
// CHECK-NOT: onnx.Concat
// CHECK: %[[NK:.*]] = onnx.Transpose(%[[X]])
// CHECK: %[[K:.*]] = onnx.Transpose(%[[NK]])
// CHECK: blockattn.attention %[[X]], %[[K]], %[[X]] layout(%[[L]]) key_mask(%[[M]] : tensor<1x?xi1>) {causal, layer = 0
// CHECK: onnx.Shape(%[[EMPTY]])
module {
  func.func @full(%w: tensor<?x?xi64> {blockattn.role = "tokens", onnx.name = "words", onnx.dims = ["b", "seq"]},
      %p: tensor<?x?xi64> {blockattn.role = "positions", onnx.name = "where", onnx.dims = ["b", "seq2"]},
      %m: tensor<?x?xi1> {blockattn.role = "attention_mask", onnx.name = "mask", onnx.dims = ["b", "past + seq"]},
      %x: tensor<?x?x2x4xf32> {blockattn.role = "input", onnx.name = "x", onnx.dims = ["b", "other", "", ""]},
      %pk: tensor<?x2x?x4xf32> {blockattn.role = "past_key", blockattn.layer = 0 : i64, onnx.name = "pk", onnx.dims = ["b", "", "past", ""]})
      -> (tensor<?x?x2x4xf32> {onnx.name = "out", blockattn.role = "output"}, tensor<4xi64> {onnx.name = "shape", blockattn.role = "output"}) attributes {blockattn.program = "full"} {
    %kt = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x4xf32>) -> tensor<?x2x?x4xf32>
    %nk = onnx.Concat(%pk, %kt) {axis = 2 : i64} : (tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>) -> tensor<?x2x?x4xf32>
    %k = onnx.Transpose(%nk) {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x4xf32>) -> tensor<?x?x2x4xf32>
    %o = blockattn.attention %x, %k, %x key_mask(%m : tensor<?x?xi1>) {causal, scale = 0.5 : f32, layer = 0 : i64} : tensor<?x?x2x4xf32>, tensor<?x?x2x4xf32>, tensor<?x?x2x4xf32> -> tensor<?x?x2x4xf32>
    %s = onnx.Shape(%pk) : (tensor<?x2x?x4xf32>) -> tensor<4xi64>
    return %o, %s : tensor<?x?x2x4xf32>, tensor<4xi64>
  }
}

// -----

// A layout that the graph made of packed positions gives way to the program's.

// CHECK-LABEL: func.func @block(
// CHECK-SAME: %[[L:[^:]*]]: !blockattn.layout
// CHECK-NOT: layout_from_positions
// CHECK: blockattn.attention {{.*}} layout(%[[L]])
module {
  func.func @full(%w: tensor<1x?xi64> {blockattn.role = "tokens", onnx.name = "input_ids"},
      %p: tensor<1x?xi64> {blockattn.role = "positions", onnx.name = "position_ids"},
      %x: tensor<1x?x2x4xf32> {blockattn.role = "input", onnx.name = "x"})
      -> (tensor<1x?x2x4xf32> {onnx.name = "out"}) attributes {blockattn.program = "full"} {
    %l = blockattn.layout_from_positions %p : tensor<1x?xi64>
    %o = blockattn.attention %x, %x, %x layout(%l) {causal, scale = 0.5 : f32, layer = 0 : i64} : tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32> -> tensor<1x?x2x4xf32>
    return %o : tensor<1x?x2x4xf32>
  }
}

// -----

// So does one of the rows of a batch, which were joined for it.

// CHECK-LABEL: func.func @block(
// CHECK-SAME: %[[X:[^:]*]]: tensor<1x?x2x4xf32>
// CHECK-SAME: %[[L:[^:]*]]: !blockattn.layout
// CHECK-NOT: layout_from_positions
// CHECK: blockattn.attention %[[X]], %[[X]], %[[X]] layout(%[[L]])
module {
  func.func @full(%w: tensor<?x?xi64> {blockattn.role = "tokens", onnx.name = "input_ids", onnx.dims = ["batch", "n"]},
      %p: tensor<?x?xi64> {blockattn.role = "positions", onnx.name = "position_ids", onnx.dims = ["batch", "n"]},
      %x: tensor<?x?x2x4xf32> {blockattn.role = "input", onnx.name = "x", onnx.dims = ["batch", "n", "", ""]})
      -> (tensor<1x?x2x4xf32> {onnx.name = "out"}) attributes {blockattn.program = "full"} {
    %shape = onnx.Constant dense<[1, -1, 2, 4]> : tensor<4xi64>
    %l = blockattn.layout_from_positions %p : tensor<?x?xi64>
    %r = onnx.Reshape(%x, %shape) : (tensor<?x?x2x4xf32>, tensor<4xi64>) -> tensor<1x?x2x4xf32>
    %o = blockattn.attention %r, %r, %r layout(%l) {causal, scale = 0.5 : f32, layer = 0 : i64} : tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32> -> tensor<1x?x2x4xf32>
    return %o : tensor<1x?x2x4xf32>
  }
}

// -----

// Where the program can't be and need not be, the reason is kept, and `full` is
// left alone.

// CHECK: module attributes {blockattn.refused = ["the graph has no attention that was recognised"]}
// CHECK: func.func @full
// CHECK-NOT: func.func
module {
  func.func @full(%w: tensor<1x?xi64> {blockattn.role = "tokens", onnx.name = "input_ids"})
      -> (tensor<1x?xi64> {onnx.name = "out"}) attributes {blockattn.program = "full"} {
    return %w : tensor<1x?xi64>
  }
}

// -----

// A fixed number of tokens is kept, and said.

// CHECK: blockattn.refused = ["the model takes exactly 16 tokens, as it was exported with a fixed sequence length: `full` and `block` work at this length, but `encode` and `extend` run blocks of other lengths; export it with a dynamic sequence length"]
// CHECK: func.func @block(%{{[^:]*}}: tensor<1x16xi64>
module {
  func.func @full(%w: tensor<?x16xi64> {blockattn.role = "tokens", onnx.name = "input_ids"},
      %x: tensor<1x16x2x4xf32> {blockattn.role = "input", onnx.name = "x"})
      -> (tensor<1x16x2x4xf32> {onnx.name = "out"}) attributes {blockattn.program = "full"} {
    %o = blockattn.attention %x, %x, %x {causal, scale = 0.5 : f32, layer = 0 : i64} : tensor<1x16x2x4xf32>, tensor<1x16x2x4xf32>, tensor<1x16x2x4xf32> -> tensor<1x16x2x4xf32>
    return %o : tensor<1x16x2x4xf32>
  }
}

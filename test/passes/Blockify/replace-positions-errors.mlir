// RUN: blockattn-opt %s --blockattn-replace-positions --split-input-file | FileCheck %s
// RUN: not blockattn-opt %s --blockattn-replace-positions='required needs-lengths' --split-input-file 2>&1 | FileCheck %s --check-prefix=REQUIRED

// Nothing holds the places of the tokens, but there are positions.
// CHECK: blockattn.refused = ["the model takes no positions as an input and makes them in a way that is not understood; export it with position_ids"]
// CHECK-NOT: func.func @block
// REQUIRED: error: the programs block, encode and extend can't be made of this model
// REQUIRED: note: the model takes no positions as an input
module attributes {blockattn.attentions = [{node = "a", positions = "learned", raised = true}]} {
  func.func @block(%w: tensor<1x?xi64> {onnx.name = "input_ids", onnx.dims = ["", "seq"], blockattn.role = "tokens"}) -> tensor<1x?x8xf32> attributes {blockattn.program = "block"} {
    %words = onnx.Constant dense<0.5> : tensor<16x8xf32>
    %e = onnx.Gather(%words, %w) {axis = 0 : i64} : (tensor<16x8xf32>, tensor<1x?xi64>) -> tensor<1x?x8xf32>
    return %e : tensor<1x?x8xf32>
  }
}

// -----

// What comes of the positions depends on how many there are.
// CHECK: blockattn.refused = ["what enters at node 'sum' depends on more than each token's position, such as the length of the prompt (as rotary positions with dynamic scaling do): blocks can't be encoded on their own"]
// CHECK: func.func @block({{.*}}blockattn.whole_prompts
// REQUIRED: note: what enters at node 'sum' depends on more
module attributes {blockattn.attentions = [{node = "a", positions = "unknown", raised = true}]} {
  func.func @block(%w: tensor<1x?xi64> {onnx.name = "input_ids", onnx.dims = ["", "seq"], blockattn.role = "tokens"}) -> tensor<1x?x8xf32> attributes {blockattn.program = "block"} {
    %words = onnx.Constant dense<0.5> : tensor<16x8xf32>
    %zero = onnx.Constant dense<0> : tensor<i64>
    %one = onnx.Constant dense<1> : tensor<i64>
    %axis = onnx.Constant dense<0> : tensor<1xi64>
    %column = onnx.Constant dense<[1, -1, 1]> : tensor<3xi64>
    %e = onnx.Gather(%words, %w) {axis = 0 : i64} : (tensor<16x8xf32>, tensor<1x?xi64>) -> tensor<1x?x8xf32>
    %n0 = onnx.Shape(%w) {start = 1 : i64, end = 2 : i64} : (tensor<1x?xi64>) -> tensor<1xi64>
    %n = onnx.Squeeze(%n0, %axis) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
    %r = onnx.Range(%zero, %n, %one) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
    %rf = onnx.Cast(%r) {to = f32} : (tensor<?xi64>) -> tensor<?xf32>
    %nf = onnx.Cast(%n) {to = f32} : (tensor<i64>) -> tensor<f32>
    %part = onnx.Div(%rf, %nf) : (tensor<?xf32>, tensor<f32>) -> tensor<?xf32>
    %p = onnx.Reshape(%part, %column) : (tensor<?xf32>, tensor<3xi64>) -> tensor<1x?x1xf32>
    %y = onnx.Add(%e, %p) : (tensor<1x?x8xf32>, tensor<1x?x1xf32>) -> tensor<1x?x8xf32> loc("sum")
    return %y : tensor<1x?x8xf32>
  }
}

// -----

// The length enters where no positions do: a mean over more than is there.
// CHECK: blockattn.refused = ["what enters at node 'part' depends on more than each token's position, such as the length of the prompt (as rotary positions with dynamic scaling do): blocks can't be encoded on their own"]
// CHECK: func.func @block({{.*}}blockattn.whole_prompts
// REQUIRED: note: what enters at node 'part' depends on more
module attributes {blockattn.attentions = [{node = "a", positions = "none", raised = true}]} {
  func.func @block(%w: tensor<1x?xi64> {onnx.name = "input_ids", onnx.dims = ["", "seq"], blockattn.role = "tokens"}) -> tensor<1x?x8xf32> attributes {blockattn.program = "block"} {
    %words = onnx.Constant dense<0.5> : tensor<16x8xf32>
    %axis = onnx.Constant dense<0> : tensor<1xi64>
    %e = onnx.Gather(%words, %w) {axis = 0 : i64} : (tensor<16x8xf32>, tensor<1x?xi64>) -> tensor<1x?x8xf32>
    %n0 = onnx.Shape(%w) {start = 1 : i64, end = 2 : i64} : (tensor<1x?xi64>) -> tensor<1xi64>
    %n1 = onnx.Squeeze(%n0, %axis) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
    %n = onnx.Cast(%n1) {to = f32} : (tensor<i64>) -> tensor<f32>
    %y = onnx.Div(%e, %n) : (tensor<1x?x8xf32>, tensor<f32>) -> tensor<1x?x8xf32> loc("part")
    return %y : tensor<1x?x8xf32>
  }
}

// -----

// As an integer it does too.
// CHECK: blockattn.refused = ["what enters at node 'shifted' depends on more than each token's position, such as the length of the prompt (as rotary positions with dynamic scaling do): blocks can't be encoded on their own"]
// CHECK: func.func @block({{.*}}blockattn.whole_prompts
// REQUIRED: note: what enters at node 'shifted' depends on more
module attributes {blockattn.attentions = [{node = "a", positions = "none", raised = true}]} {
  func.func @block(%w: tensor<1x?xi64> {onnx.name = "input_ids", onnx.dims = ["", "seq"], blockattn.role = "tokens"}) -> tensor<1x?x8xf32> attributes {blockattn.program = "block"} {
    %words = onnx.Constant dense<0.5> : tensor<16x8xf32>
    %axis = onnx.Constant dense<0> : tensor<1xi64>
    %e = onnx.Gather(%words, %w) {axis = 0 : i64} : (tensor<16x8xf32>, tensor<1x?xi64>) -> tensor<1x?x8xf32>
    %n0 = onnx.Shape(%w) {start = 1 : i64, end = 2 : i64} : (tensor<1x?xi64>) -> tensor<1xi64>
    %n1 = onnx.Squeeze(%n0, %axis) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
    %n = onnx.Cast(%n1) {to = f32} : (tensor<i64>) -> tensor<f32>
    %i = onnx.Add(%w, %n1) : (tensor<1x?xi64>, tensor<i64>) -> tensor<1x?xi64> loc("shifted")
    %y = onnx.Gather(%words, %i) {axis = 0 : i64} : (tensor<16x8xf32>, tensor<1x?xi64>) -> tensor<1x?x8xf32>
    return %y : tensor<1x?x8xf32>
  }
}

// -----

// It makes a difference beyond 2048 tokens alone.
// CHECK: blockattn.refused = ["what enters at node 'scaled' depends on more than each token's position, such as the length of the prompt (as rotary positions with dynamic scaling do): blocks can't be encoded on their own"]
// CHECK: func.func @block({{.*}}blockattn.whole_prompts
// REQUIRED: note: what enters at node 'scaled' depends on more
module attributes {blockattn.attentions = [{node = "a", positions = "none", raised = true}]} {
  func.func @block(%w: tensor<1x?xi64> {onnx.name = "input_ids", onnx.dims = ["", "seq"], blockattn.role = "tokens"}) -> tensor<1x?x8xf32> attributes {blockattn.program = "block"} {
    %words = onnx.Constant dense<0.5> : tensor<16x8xf32>
    %axis = onnx.Constant dense<0> : tensor<1xi64>
    %e = onnx.Gather(%words, %w) {axis = 0 : i64} : (tensor<16x8xf32>, tensor<1x?xi64>) -> tensor<1x?x8xf32>
    %n0 = onnx.Shape(%w) {start = 1 : i64, end = 2 : i64} : (tensor<1x?xi64>) -> tensor<1xi64>
    %n1 = onnx.Squeeze(%n0, %axis) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
    %n = onnx.Cast(%n1) {to = f32} : (tensor<i64>) -> tensor<f32>
    %long = onnx.Constant dense<2048.0> : tensor<f32>
    %one = onnx.Constant dense<1.0> : tensor<f32>
    %times = onnx.Div(%n, %long) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    %by = onnx.Max(%times, %one) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    %y = onnx.Mul(%e, %by) : (tensor<1x?x8xf32>, tensor<f32>) -> tensor<1x?x8xf32> loc("scaled")
    return %y : tensor<1x?x8xf32>
  }
}

// -----

// Positions are given, and multiplied by what depends on the length, from 2048
// tokens on.
// CHECK: blockattn.refused = ["what enters at node 'turned' depends on more than each token's position, such as the length of the prompt (as rotary positions with dynamic scaling do): blocks can't be encoded on their own"]
// CHECK: func.func @block({{.*}}blockattn.whole_prompts
// REQUIRED: note: what enters at node 'turned' depends on more
module attributes {blockattn.attentions = [{node = "a", positions = "none", raised = true}]} {
  func.func @block(%w: tensor<1x?xi64> {onnx.name = "input_ids", onnx.dims = ["", "seq"], blockattn.role = "tokens"}, %p: tensor<1x?xi64> {onnx.name = "position_ids", onnx.dims = ["", "seq"], blockattn.role = "positions"}) -> tensor<1x?x8xf32> attributes {blockattn.program = "block"} {
    %words = onnx.Constant dense<0.5> : tensor<16x8xf32>
    %axis = onnx.Constant dense<0> : tensor<1xi64>
    %e = onnx.Gather(%words, %w) {axis = 0 : i64} : (tensor<16x8xf32>, tensor<1x?xi64>) -> tensor<1x?x8xf32>
    %n0 = onnx.Shape(%w) {start = 1 : i64, end = 2 : i64} : (tensor<1x?xi64>) -> tensor<1xi64>
    %n1 = onnx.Squeeze(%n0, %axis) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
    %n = onnx.Cast(%n1) {to = f32} : (tensor<i64>) -> tensor<f32>
    %long = onnx.Constant dense<2048.0> : tensor<f32>
    %one = onnx.Constant dense<1.0> : tensor<f32>
    %last = onnx.Constant dense<2> : tensor<1xi64>
    %times = onnx.Div(%n, %long) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    %by = onnx.Max(%times, %one) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    %pf = onnx.Cast(%p) {to = f32} : (tensor<1x?xi64>) -> tensor<1x?xf32>
    %pn = onnx.Mul(%pf, %by) : (tensor<1x?xf32>, tensor<f32>) -> tensor<1x?xf32>
    %pc = onnx.Unsqueeze(%pn, %last) : (tensor<1x?xf32>, tensor<1xi64>) -> tensor<1x?x1xf32>
    %y = onnx.Add(%e, %pc) : (tensor<1x?x8xf32>, tensor<1x?x1xf32>) -> tensor<1x?x8xf32> loc("turned")
    return %y : tensor<1x?x8xf32>
  }
}

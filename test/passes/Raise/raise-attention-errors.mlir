// Attentions that cannot be said with a mask of intervals stay as they are, with
// a remark that says why.
// RUN: blockattn-opt %s --blockattn-raise-attention --remark-format=emitRemark --remarks-filter-missed=raise --remark-policy=all 2>&1 | FileCheck %s

// CHECK-DAG: attention 'curve': its mask is a bias
// CHECK-DAG: attention 'chunked': each query sees the earlier keys of its own chunk of 8192 tokens alone
// CHECK-DAG: attention 'chunked_4': each query sees the earlier keys of its own chunk of 4 tokens alone
// CHECK-DAG: attention 'chunked_512': each query sees the earlier keys of its own chunk of 512 tokens alone
// CHECK-DAG: attention 'band': its mask is neither causal nor a window nor none
// CHECK-DAG: attention 'prefix': its first 4 keys are seen by all queries
// CHECK-DAG: attention 'of_tokens': its mask comes from the input 'input_ids', whose values are known at run time only
// CHECK-DAG: attention 'values_scaled': its values are scaled
// CHECK-DAG: attention 'given_mask': its mask comes from the input 'attention_mask', whose values are known at run time only
// CHECK-DAG: attention 'given_rows': its mask comes from the input 'attn_mask', whose values are known at run time only
// CHECK-DAG: attention 'given_rows_causal': its mask comes from the input 'attn_mask', whose values are known at run time only
// CHECK-DAG: attention 'given_square': its mask depends on an argument, but not as padding does
// CHECK-DAG: attention 'given_bias': its mask comes from the input 'attn_mask', whose values are known at run time only
// CHECK-DAG: attention 'given_heads': its mask comes from the input '#1', whose values are known at run time only
// CHECK-DAG: attention 'fixed_decreasing': its mask depends on positions, but not as packed sequences do
// CHECK-DAG: attention 'decreasing_rows': its mask depends on positions, but not as packed sequences do
// CHECK-DAG: attention 'squared': its scores are neither scaled nor soft-capped
// CHECK: module attributes {blockattn.attentions = [
// CHECK-SAME: mask = "unknown", node = "curve", {{.*}}raised = false, reasons = ["its mask is a bias
// CHECK-SAME: mask = "unknown", node = "band", {{[^}]*}}window = 0 : i64}
// CHECK-SAME: mask = "prefix", node = "prefix", {{[^}]*}}window = 0 : i64}
// CHECK-SAME: mask = "chunked", node = "chunked", {{[^}]*}}window = 0 : i64}
// CHECK-SAME: mask = "chunked", node = "chunked_4", {{[^}]*}}window = 0 : i64}
// CHECK-NOT: blockattn.attention %

// A bias that grows with the square of the distance.
func.func @curve(%h: tensor<1x?x32xf32> {onnx.dims = ["", "seq", ""]}) -> tensor<1x?x4x8xf32> {
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
  %le = onnx.LessOrEqual(%j, %i) : (tensor<?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %mask = onnx.Where(%le, %visible, %masked) : (tensor<?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?xf32>
  %d0 = onnx.Sub(%j, %i) : (tensor<?xi64>, tensor<?x1xi64>) -> tensor<?x?xi64>
  %d = onnx.Mul(%d0, %d0) : (tensor<?x?xi64>, tensor<?x?xi64>) -> tensor<?x?xi64>
  %f = onnx.Cast(%d) {to = f32} : (tensor<?x?xi64>) -> tensor<?x?xf32>
  %bias = onnx.Add(%f, %mask) : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  %s2 = onnx.Add(%s1, %bias) : (tensor<1x4x?x?xf32>, tensor<?x?xf32>) -> tensor<1x4x?x?xf32>
  %p = onnx.Softmax(%s2) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("curve")
  %o = onnx.MatMul(%p, %q) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x?x8xf32>) -> tensor<1x?x4x8xf32>
  return %y : tensor<1x?x4x8xf32>
}

// A window that is wider on one side.
func.func @band(%h: tensor<1x?x32xf32> {onnx.dims = ["", "seq", ""]}) -> tensor<1x?x4x8xf32> {
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

// The first four tokens are seen by all (a prefix).
func.func @prefix(%h: tensor<1x?x32xf32> {onnx.dims = ["", "seq", ""]}) -> tensor<1x?x4x8xf32> {
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
  %four = onnx.Constant dense<4> : tensor<i64>
  %start = onnx.Less(%j, %four) : (tensor<?xi64>, tensor<i64>) -> tensor<?xi1>
  %before = onnx.LessOrEqual(%j, %i) : (tensor<?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %le = onnx.Or(%before, %start) : (tensor<?x?xi1>, tensor<?xi1>) -> tensor<?x?xi1>
  %mask = onnx.Where(%le, %visible, %masked) : (tensor<?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?xf32>
  %s2 = onnx.Add(%s1, %mask) : (tensor<1x4x?x?xf32>, tensor<?x?xf32>) -> tensor<1x4x?x?xf32>
  %p = onnx.Softmax(%s2) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("prefix")
  %o = onnx.MatMul(%p, %q) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x?x8xf32>) -> tensor<1x?x4x8xf32>
  return %y : tensor<1x?x4x8xf32>
}

// Which token a key is decides whether it is seen.
func.func @of_tokens(%h: tensor<1x?x32xf32> {onnx.dims = ["", "seq", ""]}, %ids: tensor<1x?xi64> {onnx.dims = ["", "seq"], onnx.name = "input_ids"}) -> tensor<1x?x4x8xf32> {
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
  %le = onnx.LessOrEqual(%j, %i) : (tensor<?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %isText = onnx.Greater(%ids, %zero) : (tensor<1x?xi64>, tensor<i64>) -> tensor<1x?xi1>
  %allowed = onnx.And(%le, %isText) : (tensor<?x?xi1>, tensor<1x?xi1>) -> tensor<?x?xi1>
  %mask = onnx.Where(%allowed, %visible, %masked) : (tensor<?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?xf32>
  %s2 = onnx.Add(%s1, %mask) : (tensor<1x4x?x?xf32>, tensor<?x?xf32>) -> tensor<1x4x?x?xf32>
  %p = onnx.Softmax(%s2) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("of_tokens")
  %o = onnx.MatMul(%p, %q) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x?x8xf32>) -> tensor<1x?x4x8xf32>
  return %y : tensor<1x?x4x8xf32>
}

func.func @values_scaled(%h: tensor<1x?x32xf32> {onnx.dims = ["", "seq", ""]}) -> tensor<1x?x4x8xf32> {
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
  %le = onnx.LessOrEqual(%j, %i) : (tensor<?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %mask = onnx.Where(%le, %visible, %masked) : (tensor<?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?xf32>
  %s2 = onnx.Add(%s1, %mask) : (tensor<1x4x?x?xf32>, tensor<?x?xf32>) -> tensor<1x4x?x?xf32>
  %p = onnx.Softmax(%s2) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("values_scaled")
  %v = onnx.Mul(%q, %scale) : (tensor<1x4x?x8xf32>, tensor<f32>) -> tensor<1x4x?x8xf32>
  %o = onnx.MatMul(%p, %v) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x?x8xf32>) -> tensor<1x?x4x8xf32>
  return %y : tensor<1x?x4x8xf32>
}

// The whole mask is an argument.
func.func @given_mask(%h: tensor<1x?x32xf32> {onnx.dims = ["", "seq", ""]}, %given: tensor<1x1x?x?xi1> {onnx.dims = ["", "", "seq", "seq"], onnx.name = "attention_mask"}) -> tensor<1x?x4x8xf32> {
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
  %le = onnx.LessOrEqual(%j, %i) : (tensor<?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %mask = onnx.Where(%given, %visible, %masked) : (tensor<1x1x?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<1x1x?x?xf32>
  %s2 = onnx.Add(%s1, %mask) : (tensor<1x4x?x?xf32>, tensor<1x1x?x?xf32>) -> tensor<1x4x?x?xf32>
  %p = onnx.Softmax(%s2) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("given_mask")
  %o = onnx.MatMul(%p, %q) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x?x8xf32>) -> tensor<1x?x4x8xf32>
  return %y : tensor<1x?x4x8xf32>
}

// Something else than scaling is done to the scores.
func.func @squared(%h: tensor<1x?x32xf32> {onnx.dims = ["", "seq", ""]}) -> tensor<1x?x4x8xf32> {
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
  %le = onnx.LessOrEqual(%j, %i) : (tensor<?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %mask = onnx.Where(%le, %visible, %masked) : (tensor<?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?xf32>
  %square = onnx.Mul(%s1, %s1) : (tensor<1x4x?x?xf32>, tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32>
  %s2 = onnx.Add(%square, %mask) : (tensor<1x4x?x?xf32>, tensor<?x?xf32>) -> tensor<1x4x?x?xf32>
  %p = onnx.Softmax(%s2) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("squared")
  %o = onnx.MatMul(%p, %q) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x?x8xf32>) -> tensor<1x?x4x8xf32>
  return %y : tensor<1x?x4x8xf32>
}

// A row of the mask for each query, at a fixed size.
func.func @given_rows(%q: tensor<1x4x2x8xf32>, %m: tensor<2x2xi1> {onnx.name = "attn_mask"}) -> tensor<1x4x2x8xf32> {
  %visible = onnx.Constant dense<0.0> : tensor<f32>
  %masked = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %kt = onnx.Transpose(%q) {perm = array<i64: 0, 1, 3, 2>} : (tensor<1x4x2x8xf32>) -> tensor<1x4x8x2xf32>
  %s0 = onnx.MatMul(%q, %kt) : (tensor<1x4x2x8xf32>, tensor<1x4x8x2xf32>) -> tensor<1x4x2x2xf32>
  %mask = onnx.Where(%m, %visible, %masked) : (tensor<2x2xi1>, tensor<f32>, tensor<f32>) -> tensor<2x2xf32>
  %s1 = onnx.Add(%s0, %mask) : (tensor<1x4x2x2xf32>, tensor<2x2xf32>) -> tensor<1x4x2x2xf32>
  %p = onnx.Softmax(%s1) : (tensor<1x4x2x2xf32>) -> tensor<1x4x2x2xf32> loc("given_rows")
  %y = onnx.MatMul(%p, %q) : (tensor<1x4x2x2xf32>, tensor<1x4x2x8xf32>) -> tensor<1x4x2x8xf32>
  return %y : tensor<1x4x2x8xf32>
}

// The same, and causal.
func.func @given_rows_causal(%q: tensor<1x4x2x8xf32>, %m: tensor<2x2xi1> {onnx.name = "attn_mask"}) -> tensor<1x4x2x8xf32> {
  %visible = onnx.Constant dense<0.0> : tensor<f32>
  %masked = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %kt = onnx.Transpose(%q) {perm = array<i64: 0, 1, 3, 2>} : (tensor<1x4x2x8xf32>) -> tensor<1x4x8x2xf32>
  %s0 = onnx.MatMul(%q, %kt) : (tensor<1x4x2x8xf32>, tensor<1x4x8x2xf32>) -> tensor<1x4x2x2xf32>
  %tri = onnx.Constant dense<[[true, false], [true, true]]> : tensor<2x2xi1>
  %both = onnx.And(%m, %tri) : (tensor<2x2xi1>, tensor<2x2xi1>) -> tensor<2x2xi1>
  %mask = onnx.Where(%both, %visible, %masked) : (tensor<2x2xi1>, tensor<f32>, tensor<f32>) -> tensor<2x2xf32>
  %s1 = onnx.Add(%s0, %mask) : (tensor<1x4x2x2xf32>, tensor<2x2xf32>) -> tensor<1x4x2x2xf32>
  %p = onnx.Softmax(%s1) : (tensor<1x4x2x2xf32>) -> tensor<1x4x2x2xf32> loc("given_rows_causal")
  %y = onnx.MatMul(%p, %q) : (tensor<1x4x2x2xf32>, tensor<1x4x2x8xf32>) -> tensor<1x4x2x8xf32>
  return %y : tensor<1x4x2x8xf32>
}

// As many rows as there are sequences: what they do tells that they are queries.
func.func @given_square(%q: tensor<2x4x2x8xf32>, %m: tensor<2x2xi1> {onnx.name = "attn_mask"}) -> tensor<2x4x2x8xf32> {
  %visible = onnx.Constant dense<0.0> : tensor<f32>
  %masked = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %kt = onnx.Transpose(%q) {perm = array<i64: 0, 1, 3, 2>} : (tensor<2x4x2x8xf32>) -> tensor<2x4x8x2xf32>
  %s0 = onnx.MatMul(%q, %kt) : (tensor<2x4x2x8xf32>, tensor<2x4x8x2xf32>) -> tensor<2x4x2x2xf32>
  %mask = onnx.Where(%m, %visible, %masked) : (tensor<2x2xi1>, tensor<f32>, tensor<f32>) -> tensor<2x2xf32>
  %s1 = onnx.Add(%s0, %mask) : (tensor<2x4x2x2xf32>, tensor<2x2xf32>) -> tensor<2x4x2x2xf32>
  %p = onnx.Softmax(%s1) : (tensor<2x4x2x2xf32>) -> tensor<2x4x2x2xf32> loc("given_square")
  %y = onnx.MatMul(%p, %q) : (tensor<2x4x2x2xf32>, tensor<2x4x2x8xf32>) -> tensor<2x4x2x8xf32>
  return %y : tensor<2x4x2x8xf32>
}

// Floats are added.
func.func @given_bias(%q: tensor<1x4x?x8xf32>, %m: tensor<?x?xf32> {onnx.name = "attn_mask"}) -> tensor<1x4x?x8xf32> {
  %visible = onnx.Constant dense<0.0> : tensor<f32>
  %masked = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %kt = onnx.Transpose(%q) {perm = array<i64: 0, 1, 3, 2>} : (tensor<1x4x?x8xf32>) -> tensor<1x4x8x?xf32>
  %s0 = onnx.MatMul(%q, %kt) : (tensor<1x4x?x8xf32>, tensor<1x4x8x?xf32>) -> tensor<1x4x?x?xf32>
  %s1 = onnx.Add(%s0, %m) : (tensor<1x4x?x?xf32>, tensor<?x?xf32>) -> tensor<1x4x?x?xf32>
  %p = onnx.Softmax(%s1) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("given_bias")
  %y = onnx.MatMul(%p, %q) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  return %y : tensor<1x4x?x8xf32>
}

// The same for each head; the input has no name.
func.func @given_heads(%q: tensor<1x4x?x8xf32>, %m: tensor<1x4x?x?xf32>) -> tensor<1x4x?x8xf32> {
  %visible = onnx.Constant dense<0.0> : tensor<f32>
  %masked = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %kt = onnx.Transpose(%q) {perm = array<i64: 0, 1, 3, 2>} : (tensor<1x4x?x8xf32>) -> tensor<1x4x8x?xf32>
  %s0 = onnx.MatMul(%q, %kt) : (tensor<1x4x?x8xf32>, tensor<1x4x8x?xf32>) -> tensor<1x4x?x?xf32>
  %s1 = onnx.Add(%s0, %m) : (tensor<1x4x?x?xf32>, tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32>
  %p = onnx.Softmax(%s1) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("given_heads")
  %y = onnx.MatMul(%p, %q) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  return %y : tensor<1x4x?x8xf32>
}

// Positions in place of places are causal only where they rise; also where the
// number of tokens is fixed.
func.func @fixed_decreasing(%q: tensor<1x4x4x8xf32>, %pos: tensor<1x4xi64> {onnx.name = "position_ids"}) -> tensor<1x4x4x8xf32> {
  %visible = onnx.Constant dense<0.0> : tensor<f32>
  %masked = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %kt = onnx.Transpose(%q) {perm = array<i64: 0, 1, 3, 2>} : (tensor<1x4x4x8xf32>) -> tensor<1x4x8x4xf32>
  %s0 = onnx.MatMul(%q, %kt) : (tensor<1x4x4x8xf32>, tensor<1x4x8x4xf32>) -> tensor<1x4x4x4xf32>
  %first = onnx.Constant dense<1> : tensor<1xi64>
  %last = onnx.Constant dense<2> : tensor<1xi64>
  %i = onnx.Unsqueeze(%pos, %last) : (tensor<1x4xi64>, tensor<1xi64>) -> tensor<1x4x1xi64>
  %j = onnx.Unsqueeze(%pos, %first) : (tensor<1x4xi64>, tensor<1xi64>) -> tensor<1x1x4xi64>
  %le = onnx.LessOrEqual(%j, %i) : (tensor<1x1x4xi64>, tensor<1x4x1xi64>) -> tensor<1x4x4xi1>
  %mask = onnx.Where(%le, %visible, %masked) : (tensor<1x4x4xi1>, tensor<f32>, tensor<f32>) -> tensor<1x4x4xf32>
  %s1 = onnx.Add(%s0, %mask) : (tensor<1x4x4x4xf32>, tensor<1x4x4xf32>) -> tensor<1x4x4x4xf32>
  %p = onnx.Softmax(%s1) : (tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32> loc("fixed_decreasing")
  %y = onnx.MatMul(%p, %q) : (tensor<1x4x4x4xf32>, tensor<1x4x4x8xf32>) -> tensor<1x4x4x8xf32>
  return %y : tensor<1x4x4x8xf32>
}

// The same, of any number of rows.
func.func @decreasing_rows(%q: tensor<?x4x?x8xf32> {onnx.dims = ["batch", "", "seq", ""]}, %pos: tensor<?x?xi64> {onnx.name = "position_ids", onnx.dims = ["batch", "seq"]}) -> tensor<?x4x?x8xf32> {
  %visible = onnx.Constant dense<0.0> : tensor<f32>
  %masked = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %kt = onnx.Transpose(%q) {perm = array<i64: 0, 1, 3, 2>} : (tensor<?x4x?x8xf32>) -> tensor<?x4x8x?xf32>
  %s0 = onnx.MatMul(%q, %kt) : (tensor<?x4x?x8xf32>, tensor<?x4x8x?xf32>) -> tensor<?x4x?x?xf32>
  %first = onnx.Constant dense<1> : tensor<1xi64>
  %last = onnx.Constant dense<2> : tensor<1xi64>
  %i = onnx.Unsqueeze(%pos, %last) : (tensor<?x?xi64>, tensor<1xi64>) -> tensor<?x?x1xi64>
  %j = onnx.Unsqueeze(%pos, %first) : (tensor<?x?xi64>, tensor<1xi64>) -> tensor<?x1x?xi64>
  %le = onnx.LessOrEqual(%j, %i) : (tensor<?x1x?xi64>, tensor<?x?x1xi64>) -> tensor<?x?x?xi1>
  %where = onnx.Where(%le, %visible, %masked) : (tensor<?x?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?x?xf32>
  %mask = onnx.Unsqueeze(%where, %first) : (tensor<?x?x?xf32>, tensor<1xi64>) -> tensor<?x1x?x?xf32>
  %s1 = onnx.Add(%s0, %mask) : (tensor<?x4x?x?xf32>, tensor<?x1x?x?xf32>) -> tensor<?x4x?x?xf32>
  %p = onnx.Softmax(%s1) : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32> loc("decreasing_rows")
  %y = onnx.MatMul(%p, %q) : (tensor<?x4x?x?xf32>, tensor<?x4x?x8xf32>) -> tensor<?x4x?x8xf32>
  return %y : tensor<?x4x?x8xf32>
}

// Chunks that are longer than what is tried: they show with a smaller number in
// place of the constant.
func.func @chunked(%h: tensor<1x?x16xf32> {onnx.dims = ["", "seq", ""]}) -> tensor<1x?x2x8xf32> {
  %heads = onnx.Constant dense<[1, 0, 2, 8]> : tensor<4xi64>
  %zero = onnx.Constant dense<0> : tensor<i64>
  %one = onnx.Constant dense<1> : tensor<i64>
  %chunk = onnx.Constant dense<8192> : tensor<i64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %second = onnx.Constant dense<1> : tensor<1xi64>
  %masked = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %x = onnx.Reshape(%h, %heads) : (tensor<1x?x16xf32>, tensor<4xi64>) -> tensor<1x?x2x8xf32>
  %q = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %kt = onnx.Transpose(%x) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x8x?xf32>
  %s0 = onnx.MatMul(%q, %kt) : (tensor<1x2x?x8xf32>, tensor<1x2x8x?xf32>) -> tensor<1x2x?x?xf32>
  %n0 = onnx.Shape(%h) {start = 1 : i64, end = 2 : i64} : (tensor<1x?x16xf32>) -> tensor<1xi64>
  %n = onnx.Squeeze(%n0, %first) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %j = onnx.Range(%zero, %n, %one) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %i = onnx.Unsqueeze(%j, %second) : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %le = onnx.LessOrEqual(%j, %i) : (tensor<?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %cj = onnx.Div(%j, %chunk) : (tensor<?xi64>, tensor<i64>) -> tensor<?xi64>
  %ci = onnx.Div(%i, %chunk) : (tensor<?x1xi64>, tensor<i64>) -> tensor<?x1xi64>
  %same = onnx.Equal(%cj, %ci) : (tensor<?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %seen = onnx.And(%le, %same) : (tensor<?x?xi1>, tensor<?x?xi1>) -> tensor<?x?xi1>
  %s1 = onnx.Where(%seen, %s0, %masked) : (tensor<?x?xi1>, tensor<1x2x?x?xf32>, tensor<f32>) -> tensor<1x2x?x?xf32>
  %p = onnx.Softmax(%s1) : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32> loc("chunked")
  %o = onnx.MatMul(%p, %q) : (tensor<1x2x?x?xf32>, tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32>
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x2x?x8xf32>) -> tensor<1x?x2x8xf32>
  return %y : tensor<1x?x2x8xf32>
}

func.func @chunked_4(%h: tensor<1x?x16xf32> {onnx.dims = ["", "seq", ""]}) -> tensor<1x?x2x8xf32> {
  %heads = onnx.Constant dense<[1, 0, 2, 8]> : tensor<4xi64>
  %zero = onnx.Constant dense<0> : tensor<i64>
  %one = onnx.Constant dense<1> : tensor<i64>
  %chunk = onnx.Constant dense<4> : tensor<i64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %second = onnx.Constant dense<1> : tensor<1xi64>
  %masked = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %x = onnx.Reshape(%h, %heads) : (tensor<1x?x16xf32>, tensor<4xi64>) -> tensor<1x?x2x8xf32>
  %q = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %kt = onnx.Transpose(%x) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x8x?xf32>
  %s0 = onnx.MatMul(%q, %kt) : (tensor<1x2x?x8xf32>, tensor<1x2x8x?xf32>) -> tensor<1x2x?x?xf32>
  %n0 = onnx.Shape(%h) {start = 1 : i64, end = 2 : i64} : (tensor<1x?x16xf32>) -> tensor<1xi64>
  %n = onnx.Squeeze(%n0, %first) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %j = onnx.Range(%zero, %n, %one) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %i = onnx.Unsqueeze(%j, %second) : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %le = onnx.LessOrEqual(%j, %i) : (tensor<?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %cj = onnx.Div(%j, %chunk) : (tensor<?xi64>, tensor<i64>) -> tensor<?xi64>
  %ci = onnx.Div(%i, %chunk) : (tensor<?x1xi64>, tensor<i64>) -> tensor<?x1xi64>
  %same = onnx.Equal(%cj, %ci) : (tensor<?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %seen = onnx.And(%le, %same) : (tensor<?x?xi1>, tensor<?x?xi1>) -> tensor<?x?xi1>
  %s1 = onnx.Where(%seen, %s0, %masked) : (tensor<?x?xi1>, tensor<1x2x?x?xf32>, tensor<f32>) -> tensor<1x2x?x?xf32>
  %p = onnx.Softmax(%s1) : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32> loc("chunked_4")
  %o = onnx.MatMul(%p, %q) : (tensor<1x2x?x?xf32>, tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32>
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x2x?x8xf32>) -> tensor<1x?x2x8xf32>
  return %y : tensor<1x?x2x8xf32>
}

func.func @chunked_512(%h: tensor<1x?x16xf32> {onnx.dims = ["", "seq", ""]}) -> tensor<1x?x2x8xf32> {
  %heads = onnx.Constant dense<[1, 0, 2, 8]> : tensor<4xi64>
  %zero = onnx.Constant dense<0> : tensor<i64>
  %one = onnx.Constant dense<1> : tensor<i64>
  %chunk = onnx.Constant dense<512> : tensor<i64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %second = onnx.Constant dense<1> : tensor<1xi64>
  %masked = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %x = onnx.Reshape(%h, %heads) : (tensor<1x?x16xf32>, tensor<4xi64>) -> tensor<1x?x2x8xf32>
  %q = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %kt = onnx.Transpose(%x) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x8x?xf32>
  %s0 = onnx.MatMul(%q, %kt) : (tensor<1x2x?x8xf32>, tensor<1x2x8x?xf32>) -> tensor<1x2x?x?xf32>
  %n0 = onnx.Shape(%h) {start = 1 : i64, end = 2 : i64} : (tensor<1x?x16xf32>) -> tensor<1xi64>
  %n = onnx.Squeeze(%n0, %first) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %j = onnx.Range(%zero, %n, %one) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %i = onnx.Unsqueeze(%j, %second) : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %le = onnx.LessOrEqual(%j, %i) : (tensor<?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %cj = onnx.Div(%j, %chunk) : (tensor<?xi64>, tensor<i64>) -> tensor<?xi64>
  %ci = onnx.Div(%i, %chunk) : (tensor<?x1xi64>, tensor<i64>) -> tensor<?x1xi64>
  %same = onnx.Equal(%cj, %ci) : (tensor<?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %seen = onnx.And(%le, %same) : (tensor<?x?xi1>, tensor<?x?xi1>) -> tensor<?x?xi1>
  %s1 = onnx.Where(%seen, %s0, %masked) : (tensor<?x?xi1>, tensor<1x2x?x?xf32>, tensor<f32>) -> tensor<1x2x?x?xf32>
  %p = onnx.Softmax(%s1) : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32> loc("chunked_512")
  %o = onnx.MatMul(%p, %q) : (tensor<1x2x?x?xf32>, tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32>
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x2x?x8xf32>) -> tensor<1x?x2x8xf32>
  return %y : tensor<1x?x2x8xf32>
}

// RUN: blockattn-opt %s --blockattn-raise-attention --canonicalize --cse | FileCheck %s

// A bias that is linear in the distance is one number for each head.

// CHECK: module attributes {blockattn.attentions = [
// CHECK-SAME: kv_position_independent = true, mask = "causal+alibi", node = "places", positions = "alibi", raised = true
// CHECK-SAME: mask = "causal+padding+alibi", node = "counted", positions = "alibi", raised = true
// CHECK-SAME: mask = "unknown", node = "square", {{.*}}raised = false, reasons = ["its mask is a bias that is not only 0 or minus infinity

// The bias is 0 at the last key, as MPT has it.
// CHECK-LABEL: func @places
func.func @places(%h: tensor<1x?x16xf32> {onnx.dims = ["", "seq", ""]}) -> tensor<1x?x2x8xf32> {
  %heads = onnx.Constant dense<[1, 0, 2, 8]> : tensor<4xi64>
  %zero = onnx.Constant dense<0> : tensor<i64>
  %one = onnx.Constant dense<1> : tensor<i64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %second = onnx.Constant dense<1> : tensor<1xi64>
  %masked = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %slopes = onnx.Constant dense<[[[0.5]], [[0.0625]]]> : tensor<2x1x1xf32>
  %x = onnx.Reshape(%h, %heads) : (tensor<1x?x16xf32>, tensor<4xi64>) -> tensor<1x?x2x8xf32>
  %q = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %kt = onnx.Transpose(%x) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x8x?xf32>
  %s0 = onnx.MatMul(%q, %kt) : (tensor<1x2x?x8xf32>, tensor<1x2x8x?xf32>) -> tensor<1x2x?x?xf32>
  %n0 = onnx.Shape(%h) {start = 1 : i64, end = 2 : i64} : (tensor<1x?x16xf32>) -> tensor<1xi64>
  %n = onnx.Squeeze(%n0, %first) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %j = onnx.Range(%zero, %n, %one) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %last = onnx.Sub(%n, %one) : (tensor<i64>, tensor<i64>) -> tensor<i64>
  %back = onnx.Sub(%j, %last) : (tensor<?xi64>, tensor<i64>) -> tensor<?xi64>
  %backF = onnx.Cast(%back) {to = f32} : (tensor<?xi64>) -> tensor<?xf32>
  %bias = onnx.Mul(%backF, %slopes) : (tensor<?xf32>, tensor<2x1x1xf32>) -> tensor<2x1x?xf32>
  %s1 = onnx.Add(%s0, %bias) : (tensor<1x2x?x?xf32>, tensor<2x1x?xf32>) -> tensor<1x2x?x?xf32>
  %i = onnx.Unsqueeze(%j, %second) : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %le = onnx.LessOrEqual(%j, %i) : (tensor<?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %s2 = onnx.Where(%le, %s1, %masked) : (tensor<?x?xi1>, tensor<1x2x?x?xf32>, tensor<f32>) -> tensor<1x2x?x?xf32>
  %p = onnx.Softmax(%s2) : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32> loc("places")
  %o = onnx.MatMul(%p, %q) : (tensor<1x2x?x?xf32>, tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32>
  // CHECK: blockattn.attention
  // CHECK-NOT: key_positions
  // CHECK-SAME: slopes = array<f32: 5.000000e-01, 6.250000e-02>
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x2x?x8xf32>) -> tensor<1x?x2x8xf32>
  return %y : tensor<1x?x2x8xf32>
}

// Places are counted in tokens that are no padding, as BLOOM has it.
// CHECK-LABEL: func @counted
func.func @counted(%h: tensor<?x?x16xf32> {onnx.dims = ["batch", "seq", ""]}, %m: tensor<?x?xi64> {onnx.dims = ["batch", "seq"], onnx.name = "attention_mask"}) -> tensor<?x?x2x8xf32> {
  %heads = onnx.Constant dense<[0, 0, 2, 8]> : tensor<4xi64>
  %zero = onnx.Constant dense<0> : tensor<i64>
  %one = onnx.Constant dense<1> : tensor<i64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %second = onnx.Constant dense<1> : tensor<1xi64>
  %inner = onnx.Constant dense<[1, 2]> : tensor<2xi64>
  %masked = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %slopes = onnx.Constant dense<[[[0.25]], [[0.125]]]> : tensor<2x1x1xf32>
  %x = onnx.Reshape(%h, %heads) : (tensor<?x?x16xf32>, tensor<4xi64>) -> tensor<?x?x2x8xf32>
  %q = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x8xf32>) -> tensor<?x2x?x8xf32>
  %kt = onnx.Transpose(%x) {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x2x8xf32>) -> tensor<?x2x8x?xf32>
  %s0 = onnx.MatMul(%q, %kt) : (tensor<?x2x?x8xf32>, tensor<?x2x8x?xf32>) -> tensor<?x2x?x?xf32>
  %sum = onnx.CumSum(%m, %one) : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi64>
  %place0 = onnx.Sub(%sum, %one) : (tensor<?x?xi64>, tensor<i64>) -> tensor<?x?xi64>
  %place = onnx.Mul(%place0, %m) : (tensor<?x?xi64>, tensor<?x?xi64>) -> tensor<?x?xi64>
  %placeF = onnx.Cast(%place) {to = f32} : (tensor<?x?xi64>) -> tensor<?x?xf32>
  %placeU = onnx.Unsqueeze(%placeF, %inner) : (tensor<?x?xf32>, tensor<2xi64>) -> tensor<?x1x1x?xf32>
  %bias = onnx.Mul(%placeU, %slopes) : (tensor<?x1x1x?xf32>, tensor<2x1x1xf32>) -> tensor<?x2x1x?xf32>
  %s1 = onnx.Add(%s0, %bias) : (tensor<?x2x?x?xf32>, tensor<?x2x1x?xf32>) -> tensor<?x2x?x?xf32>
  %n0 = onnx.Shape(%h) {start = 1 : i64, end = 2 : i64} : (tensor<?x?x16xf32>) -> tensor<1xi64>
  %n = onnx.Squeeze(%n0, %first) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %j = onnx.Range(%zero, %n, %one) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %i = onnx.Unsqueeze(%j, %second) : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %le = onnx.LessOrEqual(%j, %i) : (tensor<?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %there0 = onnx.Unsqueeze(%m, %inner) : (tensor<?x?xi64>, tensor<2xi64>) -> tensor<?x1x1x?xi64>
  %there = onnx.Cast(%there0) {to = i1} : (tensor<?x1x1x?xi64>) -> tensor<?x1x1x?xi1>
  %seen = onnx.And(%le, %there) : (tensor<?x?xi1>, tensor<?x1x1x?xi1>) -> tensor<?x1x?x?xi1>
  %s2 = onnx.Where(%seen, %s1, %masked) : (tensor<?x1x?x?xi1>, tensor<?x2x?x?xf32>, tensor<f32>) -> tensor<?x2x?x?xf32>
  %p = onnx.Softmax(%s2) : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32> loc("counted")
  %o = onnx.MatMul(%p, %q) : (tensor<?x2x?x?xf32>, tensor<?x2x?x8xf32>) -> tensor<?x2x?x8xf32>
  // CHECK: %[[COUNT:.*]] = onnx.CumSum(%arg1
  // CHECK: blockattn.attention {{.*}} key_mask(%{{.*}}) key_positions(%[[COUNT]] : tensor<?x?xi64>) {causal, {{.*}}slopes = array<f32: 2.500000e-01, 1.250000e-01>
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x2x?x8xf32>) -> tensor<?x?x2x8xf32>
  return %y : tensor<?x?x2x8xf32>
}

// Not linear: it is told, and stays.
// CHECK-LABEL: func @square
// CHECK: onnx.Softmax
func.func @square(%h: tensor<1x?x16xf32> {onnx.dims = ["", "seq", ""]}) -> tensor<1x?x2x8xf32> {
  %heads = onnx.Constant dense<[1, 0, 2, 8]> : tensor<4xi64>
  %zero = onnx.Constant dense<0> : tensor<i64>
  %one = onnx.Constant dense<1> : tensor<i64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %x = onnx.Reshape(%h, %heads) : (tensor<1x?x16xf32>, tensor<4xi64>) -> tensor<1x?x2x8xf32>
  %q = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x?x8xf32>
  %kt = onnx.Transpose(%x) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x2x8xf32>) -> tensor<1x2x8x?xf32>
  %s0 = onnx.MatMul(%q, %kt) : (tensor<1x2x?x8xf32>, tensor<1x2x8x?xf32>) -> tensor<1x2x?x?xf32>
  %n0 = onnx.Shape(%h) {start = 1 : i64, end = 2 : i64} : (tensor<1x?x16xf32>) -> tensor<1xi64>
  %n = onnx.Squeeze(%n0, %first) : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %j = onnx.Range(%zero, %n, %one) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %jF = onnx.Cast(%j) {to = f32} : (tensor<?xi64>) -> tensor<?xf32>
  %bias = onnx.Mul(%jF, %jF) : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %s1 = onnx.Add(%s0, %bias) : (tensor<1x2x?x?xf32>, tensor<?xf32>) -> tensor<1x2x?x?xf32>
  %p = onnx.Softmax(%s1) : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32> loc("square")
  %o = onnx.MatMul(%p, %q) : (tensor<1x2x?x?xf32>, tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32>
  %y = onnx.Transpose(%o) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x2x?x8xf32>) -> tensor<1x?x2x8xf32>
  return %y : tensor<1x?x2x8xf32>
}

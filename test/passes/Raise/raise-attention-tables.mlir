// Layers have tables of their own for what is the same mask; what is the same is
// told by the tables' contents, not by how they are used.
// RUN: mkdir -p %t.dir && cd %t.dir
// RUN: %python -c "import numpy; t = numpy.tril(numpy.ones((64, 64), bool)); u = t.copy(); u[9, 0] = False; open('tables.bin', 'wb').write(b''.join(x.tobytes() for x in (t, t, t | t.T, u)))"
// RUN: blockattn-opt %s --blockattn-raise-attention | FileCheck %s

// CHECK: mask = "causal", node = "layer0"
// CHECK-SAME: mask = "causal", node = "layer1"
// CHECK-SAME: mask = "none", node = "layer2"
// CHECK-SAME: mask = "unknown", node = "layer3"
module attributes {onnx.sources = ["tables.bin"]} {
func.func @main(%h: tensor<1x?x32xf32> {onnx.dims = ["", "seq", ""]}) -> (tensor<1x4x?x8xf32>, tensor<1x4x?x8xf32>, tensor<1x4x?x8xf32>, tensor<1x4x?x8xf32>) {
  %heads = onnx.Constant dense<[1, 0, 4, 8]> : tensor<4xi64>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %second = onnx.Constant dense<2> : tensor<1xi64>
  %third = onnx.Constant dense<3> : tensor<1xi64>
  %masked = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %x = onnx.Reshape(%h, %heads) : (tensor<1x?x32xf32>, tensor<4xi64>) -> tensor<1x?x4x8xf32>
  %q = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x?x8xf32>
  %kt = onnx.Transpose(%x) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x?x4x8xf32>) -> tensor<1x4x8x?xf32>
  %s = onnx.MatMul(%q, %kt) : (tensor<1x4x?x8xf32>, tensor<1x4x8x?xf32>) -> tensor<1x4x?x?xf32>
  %n0 = onnx.Shape(%h) {start = 1 : i64, end = 2 : i64} : (tensor<1x?x32xf32>) -> tensor<1xi64>
  %t0 = onnx.Weight "table0" source 0 offset 0 size 4096 : tensor<1x1x64x64xi1>
  %r0 = onnx.Slice(%t0, %first, %n0, %second, %one) : (tensor<1x1x64x64xi1>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x1x?x64xi1>
  %m0 = onnx.Slice(%r0, %first, %n0, %third, %one) : (tensor<1x1x?x64xi1>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x1x?x?xi1>
  %w0 = onnx.Where(%m0, %s, %masked) : (tensor<1x1x?x?xi1>, tensor<1x4x?x?xf32>, tensor<f32>) -> tensor<1x4x?x?xf32>
  %p0 = onnx.Softmax(%w0) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("layer0")
  %o0 = onnx.MatMul(%p0, %q) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  %t1 = onnx.Weight "table1" source 0 offset 4096 size 4096 : tensor<1x1x64x64xi1>
  %r1 = onnx.Slice(%t1, %first, %n0, %second, %one) : (tensor<1x1x64x64xi1>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x1x?x64xi1>
  %m1 = onnx.Slice(%r1, %first, %n0, %third, %one) : (tensor<1x1x?x64xi1>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x1x?x?xi1>
  %w1 = onnx.Where(%m1, %s, %masked) : (tensor<1x1x?x?xi1>, tensor<1x4x?x?xf32>, tensor<f32>) -> tensor<1x4x?x?xf32>
  %p1 = onnx.Softmax(%w1) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("layer1")
  %o1 = onnx.MatMul(%p1, %q) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  %t2 = onnx.Weight "table2" source 0 offset 8192 size 4096 : tensor<1x1x64x64xi1>
  %r2 = onnx.Slice(%t2, %first, %n0, %second, %one) : (tensor<1x1x64x64xi1>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x1x?x64xi1>
  %m2 = onnx.Slice(%r2, %first, %n0, %third, %one) : (tensor<1x1x?x64xi1>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x1x?x?xi1>
  %w2 = onnx.Where(%m2, %s, %masked) : (tensor<1x1x?x?xi1>, tensor<1x4x?x?xf32>, tensor<f32>) -> tensor<1x4x?x?xf32>
  %p2 = onnx.Softmax(%w2) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("layer2")
  %o2 = onnx.MatMul(%p2, %q) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  %t3 = onnx.Weight "table3" source 0 offset 12288 size 4096 : tensor<1x1x64x64xi1>
  %r3 = onnx.Slice(%t3, %first, %n0, %second, %one) : (tensor<1x1x64x64xi1>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x1x?x64xi1>
  %m3 = onnx.Slice(%r3, %first, %n0, %third, %one) : (tensor<1x1x?x64xi1>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x1x?x?xi1>
  %w3 = onnx.Where(%m3, %s, %masked) : (tensor<1x1x?x?xi1>, tensor<1x4x?x?xf32>, tensor<f32>) -> tensor<1x4x?x?xf32>
  %p3 = onnx.Softmax(%w3) : (tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> loc("layer3")
  %o3 = onnx.MatMul(%p3, %q) : (tensor<1x4x?x?xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32>
  return %o0, %o1, %o2, %o3 : tensor<1x4x?x8xf32>, tensor<1x4x?x8xf32>, tensor<1x4x?x8xf32>, tensor<1x4x?x8xf32>
}
}

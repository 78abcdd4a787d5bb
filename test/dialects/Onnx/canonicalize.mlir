// RUN: blockattn-opt %s --canonicalize | FileCheck %s

// CHECK-LABEL: func @identities
// CHECK-SAME: (%[[X:.*]]: tensor<?x8xf32>, %[[B:.*]]: tensor<?xi1>)
func.func @identities(%x: tensor<?x8xf32>, %b: tensor<?xi1>)
    -> (tensor<?x8xf32>, tensor<?xi1>) {
  %0 = onnx.Identity(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = onnx.Cast(%0) {to = f32} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %2 = onnx.Neg(%1) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %3 = onnx.Neg(%2) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %4 = onnx.Sum(%3) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %5 = onnx.Max(%4) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %6 = onnx.Min(%5) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %7 = onnx.Mean(%6) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %8 = onnx.Clip(%7) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %9 = onnx.Concat(%8) {axis = 0 : i64} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %10 = onnx.Split(%9) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %11 = onnx.Not(%b) : (tensor<?xi1>) -> tensor<?xi1>
  %12 = onnx.Not(%11) : (tensor<?xi1>) -> tensor<?xi1>
  // CHECK-NEXT: return %[[X]], %[[B]]
  return %10, %12 : tensor<?x8xf32>, tensor<?xi1>
}

// A value takes another's place only where the types are one.
// CHECK-LABEL: func @keep_types
func.func @keep_types(%x: tensor<4xf32>, %u: tensor<*x!onnx.unknown>)
    -> (tensor<?xf32>, tensor<*x!onnx.unknown>) {
  // CHECK: onnx.Identity
  %0 = onnx.Identity(%x) : (tensor<4xf32>) -> tensor<?xf32>
  // What is not known yet may be anything: the conversion stays.
  // CHECK: onnx.Cast
  %1 = onnx.Cast(%u) {to = f32} : (tensor<*x!onnx.unknown>) -> tensor<*x!onnx.unknown>
  return %0, %1 : tensor<?xf32>, tensor<*x!onnx.unknown>
}

// CHECK-LABEL: func @cast_like
func.func @cast_like(%x: tensor<4xf32>, %y: tensor<f16>, %u: tensor<!onnx.unknown>)
    -> (tensor<4xf16>, tensor<4x!onnx.unknown>) {
  // CHECK: onnx.Cast(%{{.*}}) {saturate = 0 : i64, to = f16}
  %0 = onnx.CastLike(%x, %y) {saturate = 0 : i64} : (tensor<4xf32>, tensor<f16>) -> tensor<4xf16>
  // CHECK: onnx.CastLike
  %1 = onnx.CastLike(%x, %u) : (tensor<4xf32>, tensor<!onnx.unknown>) -> tensor<4x!onnx.unknown>
  return %0, %1 : tensor<4xf16>, tensor<4x!onnx.unknown>
}

// CHECK-LABEL: func @dropout
// CHECK-SAME: (%[[X:.*]]: tensor<4xf32>, %[[T:.*]]: tensor<i1>)
func.func @dropout(%x: tensor<4xf32>, %t: tensor<i1>)
    -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xi1>) {
  %false = onnx.Constant dense<false> : tensor<i1>
  %0 = onnx.Dropout(%x) : (tensor<4xf32>) -> tensor<4xf32>
  %1 = onnx.Dropout(%0, _, %false) : (tensor<4xf32>, tensor<i1>) -> tensor<4xf32>
  // In training, and where its mask is used, it stays.
  // CHECK: %[[A:.*]] = onnx.Dropout(%[[X]], _, %[[T]])
  %2 = onnx.Dropout(%x, _, %t) : (tensor<4xf32>, tensor<i1>) -> tensor<4xf32>
  // CHECK: %[[O:.*]], %[[M:.*]] = onnx.Dropout(%[[X]])
  %3, %mask = onnx.Dropout(%x) : (tensor<4xf32>) -> (tensor<4xf32>, tensor<4xi1>)
  // CHECK: return %[[X]], %[[A]], %[[O]], %[[M]]
  return %1, %2, %3, %mask : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xi1>
}

// CHECK-LABEL: func @transposes
// CHECK-SAME: (%[[X:.*]]: tensor<2x?x4x8xf32>)
func.func @transposes(%x: tensor<2x?x4x8xf32>)
    -> (tensor<2x?x4x8xf32>, tensor<8x4x2x?xf32>) {
  %0 = onnx.Transpose(%x) {perm = array<i64: 0, 2, 1, 3>} : (tensor<2x?x4x8xf32>) -> tensor<2x4x?x8xf32>
  %1 = onnx.Transpose(%0) {perm = array<i64: 0, 2, 1, 3>} : (tensor<2x4x?x8xf32>) -> tensor<2x?x4x8xf32>
  // An absent permutation reverses.
  // CHECK-NEXT: %[[R:.*]] = onnx.Transpose(%[[X]]) {perm = array<i64: 3, 2, 0, 1>}
  %2 = onnx.Transpose(%x) : (tensor<2x?x4x8xf32>) -> tensor<8x4x?x2xf32>
  %3 = onnx.Transpose(%2) {perm = array<i64: 0, 1, 3, 2>} : (tensor<8x4x?x2xf32>) -> tensor<8x4x2x?xf32>
  // CHECK-NEXT: return %[[X]], %[[R]]
  return %1, %3 : tensor<2x?x4x8xf32>, tensor<8x4x2x?xf32>
}

// CHECK-LABEL: func @transposes_of_unknown_rank
func.func @transposes_of_unknown_rank(%x: tensor<*xf32>) -> tensor<*xf32> {
  // CHECK-COUNT-2: onnx.Transpose
  %0 = onnx.Transpose(%x) : (tensor<*xf32>) -> tensor<*xf32>
  %1 = onnx.Transpose(%0) : (tensor<*xf32>) -> tensor<*xf32>
  return %1 : tensor<*xf32>
}

// CHECK-LABEL: func @reshapes
// CHECK-SAME: (%[[X:.*]]: tensor<2x?x8xf32>, %[[S:.*]]: tensor<2xi64>)
func.func @reshapes(%x: tensor<2x?x8xf32>, %s: tensor<2xi64>)
    -> (tensor<?x4xf32>, tensor<2x?x8xf32>, tensor<?x?xf32>, tensor<?x4xf32>) {
  %flat = onnx.Constant dense<-1> : tensor<1xi64>
  %rows = onnx.Constant dense<[-1, 4]> : tensor<2xi64>
  %copied = onnx.Constant dense<[0, 4]> : tensor<2xi64>
  %back = onnx.Constant dense<[2, -1, 8]> : tensor<3xi64>
  // CHECK: %[[F:.*]] = onnx.Reshape(%[[X]], %{{.*}}) : (tensor<2x?x8xf32>, tensor<1xi64>) -> tensor<?xf32>
  %0 = onnx.Reshape(%x, %flat) : (tensor<2x?x8xf32>, tensor<1xi64>) -> tensor<?xf32>
  // The outer one needs only the elements.
  // CHECK: %[[A:.*]] = onnx.Reshape(%[[X]], %{{.*}}) : (tensor<2x?x8xf32>, tensor<2xi64>) -> tensor<?x4xf32>
  %1 = onnx.Reshape(%0, %rows) : (tensor<?xf32>, tensor<2xi64>) -> tensor<?x4xf32>
  // There and back.
  %2 = onnx.Reshape(%1, %back) : (tensor<?x4xf32>, tensor<3xi64>) -> tensor<2x?x8xf32>
  // A shape that is not known may copy a dimension; so does a 0.
  // CHECK: %[[C:.*]] = onnx.Reshape(%[[F]], %[[S]])
  %3 = onnx.Reshape(%0, %s) : (tensor<?xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  // CHECK: onnx.Reshape(%[[C]], %{{.*}}) : (tensor<?x?xf32>, tensor<2xi64>) -> tensor<?x4xf32>
  %4 = onnx.Reshape(%3, %copied) : (tensor<?x?xf32>, tensor<2xi64>) -> tensor<?x4xf32>
  return %1, %2, %3, %4 : tensor<?x4xf32>, tensor<2x?x8xf32>, tensor<?x?xf32>, tensor<?x4xf32>
}

// Two dimensions that are not known may differ though the elements are as many,
// and so may one beside a 0.
// CHECK-LABEL: func @reshapes_that_stay
func.func @reshapes_that_stay(%x: tensor<?x?xf32>, %z: tensor<0x?xf32>, %s: tensor<2xi64>)
    -> (tensor<?x?xf32>, tensor<0x?xf32>) {
  // CHECK-COUNT-2: onnx.Reshape
  %0 = onnx.Reshape(%x, %s) : (tensor<?x?xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  %1 = onnx.Reshape(%z, %s) : (tensor<0x?xf32>, tensor<2xi64>) -> tensor<0x?xf32>
  return %0, %1 : tensor<?x?xf32>, tensor<0x?xf32>
}

// CHECK-LABEL: func @squeezes
// CHECK-SAME: (%[[X:.*]]: tensor<4x?xf32>, %[[Y:.*]]: tensor<1x4xf32>)
func.func @squeezes(%x: tensor<4x?xf32>, %y: tensor<1x4xf32>)
    -> (tensor<4x?xf32>, tensor<1x4xf32>, tensor<4x?xf32>) {
  %axes = onnx.Constant dense<[0, 3]> : tensor<2xi64>
  %same = onnx.Constant dense<[-1, 0]> : tensor<2xi64>
  %zero = onnx.Constant dense<0> : tensor<1xi64>
  %0 = onnx.Unsqueeze(%x, %axes) : (tensor<4x?xf32>, tensor<2xi64>) -> tensor<1x4x?x1xf32>
  %1 = onnx.Squeeze(%0, %same) : (tensor<1x4x?x1xf32>, tensor<2xi64>) -> tensor<4x?xf32>
  %2 = onnx.Squeeze(%y, %zero) : (tensor<1x4xf32>, tensor<1xi64>) -> tensor<4xf32>
  %3 = onnx.Unsqueeze(%2, %zero) : (tensor<4xf32>, tensor<1xi64>) -> tensor<1x4xf32>
  // Without axes a 1 among the other dimensions would go too.
  // CHECK: %[[S:.*]] = onnx.Squeeze
  %4 = onnx.Squeeze(%0) : (tensor<1x4x?x1xf32>) -> tensor<4x?xf32>
  // CHECK: return %[[X]], %[[Y]], %[[S]]
  return %1, %3, %4 : tensor<4x?xf32>, tensor<1x4xf32>, tensor<4x?xf32>
}

// CHECK-LABEL: func @expands
// CHECK-SAME: (%[[X:.*]]: tensor<4xf32>, %{{.*}}: tensor<?xf32>
func.func @expands(%x: tensor<4xf32>, %y: tensor<?xf32>, %s: tensor<1xi64>)
    -> (tensor<4xf32>, tensor<?xf32>) {
  %0 = onnx.Expand(%x, %s) : (tensor<4xf32>, tensor<1xi64>) -> tensor<4xf32>
  // CHECK-NEXT: %[[E:.*]] = onnx.Expand
  %1 = onnx.Expand(%y, %s) : (tensor<?xf32>, tensor<1xi64>) -> tensor<?xf32>
  // CHECK-NEXT: return %[[X]], %[[E]]
  return %0, %1 : tensor<4xf32>, tensor<?xf32>
}

// CHECK-LABEL: func @known_branch
// CHECK-SAME: (%[[X:.*]]: tensor<4xf32>)
func.func @known_branch(%x: tensor<4xf32>) -> tensor<4xf32> {
  %false = onnx.Constant dense<false> : tensor<i1>
  %0 = onnx.If(%false) : (tensor<i1>) -> tensor<4xf32> {
    onnx.Yield %x : tensor<4xf32>
  } else {
    %1 = onnx.Exp(%x) : (tensor<4xf32>) -> tensor<4xf32>
    onnx.Yield %1 : tensor<4xf32>
  }
  // CHECK-NEXT: %[[E:.*]] = onnx.Exp(%[[X]])
  // CHECK-NEXT: return %[[E]]
  return %0 : tensor<4xf32>
}

// Nobody knows what an op outside the dialect does: it stays, even unused.
// CHECK-LABEL: func @unused
func.func @unused(%x: tensor<4xf32>) {
  // CHECK-NEXT: onnx.Foreign
  // CHECK-NEXT: return
  %0 = onnx.Exp(%x) : (tensor<4xf32>) -> tensor<4xf32>
  %1 = onnx.Weight "w" source 0 offset 0 size 16 : tensor<4xf32>
  %2 = onnx.Foreign "com.acme" "Log"(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

// One part is the whole, if it has its length; else the run fails.
// CHECK-LABEL: @one_part
// CHECK: %[[S:.*]] = onnx.Split(%arg0, %arg2)
// CHECK: return %[[S]], %arg1, %arg0
func.func @one_part(%x: tensor<?xf32>, %y: tensor<3xf32>, %n: tensor<1xi64>) -> (tensor<?xf32>, tensor<3xf32>, tensor<?xf32>) {
  %0 = onnx.Split(%x, %n) : (tensor<?xf32>, tensor<1xi64>) -> tensor<?xf32>
  %1 = onnx.Split(%y, %n) : (tensor<3xf32>, tensor<1xi64>) -> tensor<3xf32>
  %2 = onnx.Split(%x) {num_outputs = 1} : (tensor<?xf32>) -> tensor<?xf32>
  return %0, %1, %2 : tensor<?xf32>, tensor<3xf32>, tensor<?xf32>
}

// RUN: blockattn-opt %s | blockattn-opt | FileCheck %s
// RUN: blockattn-opt %s --emit-bytecode | blockattn-opt | FileCheck %s

// Constants, weights, branches, ops outside the dialect.

// CHECK: module attributes {onnx.opsets = {ai.onnx = 18 : i64}, onnx.sources = ["model.onnx", "weights.bin"]}
module attributes {onnx.opsets = {ai.onnx = 18 : i64},
                   onnx.sources = ["model.onnx", "weights.bin"]} {

// CHECK-LABEL: func @constants
func.func @constants() {
  // CHECK: onnx.Constant dense<[1, 2]> : tensor<2xi64>
  %0 = onnx.Constant dense<[1, 2]> : tensor<2xi64>
  // CHECK: onnx.Constant dense<5.000000e-01> : tensor<f32>
  %1 = onnx.Constant dense<0.5> : tensor<f32>
  // CHECK: onnx.Constant dense<["a", "b"]> : tensor<2x!onnx.string>
  %2 = onnx.Constant dense<["a", "b"]> : tensor<2x!onnx.string>
  // CHECK: onnx.Constant dense_resource<table> : tensor<2xf32>
  %3 = onnx.Constant dense_resource<table> : tensor<2xf32>
  // CHECK: onnx.Weight "layer.0.weight" source 1 offset 64 size 32 : tensor<4x2xf32>
  %4 = onnx.Weight "layer.0.weight" source 1 offset 64 size 32 : tensor<4x2xf32>
  // CHECK: onnx.Weight "packed" source 1 offset 96 size 8 : tensor<3x5xi4>
  %6 = onnx.Weight "packed" source 1 offset 96 size 8 : tensor<3x5xi4>
  // CHECK: onnx.Weight "mask" source 0 offset 0 size 3 : tensor<3xi1>
  %5 = onnx.Weight "mask" source 0 offset 0 size 3 : tensor<3xi1>
  return
}

// CHECK-LABEL: func @loops
func.func @loops(%m: tensor<i64>, %cond: tensor<i1>, %x: tensor<?xf32>) {
  // CHECK: %[[R:.*]]:2 = onnx.Loop trips(%{{.*}} : tensor<i64>) while(%{{.*}} : tensor<i1>) carries(%{{.*}} : tensor<?xf32>) -> tensor<?xf32>, tensor<?x?xf32> {
  // CHECK: ^bb0(%{{.*}}: tensor<i64>, %[[C:.*]]: tensor<i1>, %[[V:.*]]: tensor<?xf32>):
  // CHECK:   onnx.Yield %[[C]], %[[V]], %[[V]] : tensor<i1>, tensor<?xf32>, tensor<?xf32>
  %0:2 = onnx.Loop trips(%m : tensor<i64>) while(%cond : tensor<i1>) carries(%x : tensor<?xf32>) -> tensor<?xf32>, tensor<?x?xf32> {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %v: tensor<?xf32>):
    onnx.Yield %c, %v, %v : tensor<i1>, tensor<?xf32>, tensor<?xf32>
  }
  // CHECK: onnx.Loop while(%{{.*}} : tensor<i1>) attributes {tag} {
  onnx.Loop while(%cond : tensor<i1>) attributes {tag} {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>):
    onnx.Yield %c : tensor<i1>
  }
  return
}

// CHECK-LABEL: func @branches
func.func @branches(%cond: tensor<i1>, %x: tensor<?xf32>) -> tensor<?xf32> {
  // CHECK: %[[R:.*]] = onnx.If(%{{.*}}) : (tensor<i1>) -> tensor<?xf32> {
  // CHECK:   onnx.Yield %{{.*}} : tensor<?xf32>
  // CHECK: } else {
  // CHECK:   %[[N:.*]] = onnx.Neg
  // CHECK:   onnx.Yield %[[N]] : tensor<?xf32>
  %0 = onnx.If(%cond) : (tensor<i1>) -> tensor<?xf32> {
    onnx.Yield %x : tensor<?xf32>
  } else {
    %1 = onnx.Neg(%x) : (tensor<?xf32>) -> tensor<?xf32>
    onnx.Yield %1 : tensor<?xf32>
  }
  // CHECK: onnx.If(%{{.*}}) : (tensor<i1>) -> () {
  // CHECK-NEXT: onnx.Yield
  onnx.If(%cond) : (tensor<i1>) -> () {
    onnx.Yield
  } else {
    onnx.Yield
  }
  return %0 : tensor<?xf32>
}

// CHECK-LABEL: func @foreign
func.func @foreign(%x: tensor<?xf32>, %n: tensor<i64>, %c: tensor<i1>) {
  // CHECK: %[[NONE:.*]] = onnx.None : none
  %none = onnx.None : none
  // CHECK: onnx.Foreign "com.acme" "Fancy"(%{{.*}}, %[[NONE]]) {node_attributes = {k = 3 : i64, mode = "x"}} : (tensor<?xf32>, none) -> (tensor<?xf32>, tensor<*x!onnx.unknown>)
  %0:2 = onnx.Foreign "com.acme" "Fancy"(%x, %none) {node_attributes = {k = 3 : i64, mode = "x"}} : (tensor<?xf32>, none) -> (tensor<?xf32>, tensor<*x!onnx.unknown>)
  // CHECK: onnx.Foreign "" "Loop"(%{{.*}}, %{{.*}}) {graph_names = ["body"]} : (tensor<i64>, tensor<i1>) -> tensor<?xf32>
  // CHECK: ^bb0(%{{.*}}: tensor<i64>, %{{.*}}: tensor<i1>):
  // CHECK:   onnx.Yield
  %1 = onnx.Foreign "" "Loop"(%n, %c) {graph_names = ["body"]} : (tensor<i64>, tensor<i1>) -> tensor<?xf32> {
  ^bb0(%i: tensor<i64>, %go: tensor<i1>):
    onnx.Yield %go, %x : tensor<i1>, tensor<?xf32>
  }
  // CHECK: onnx.Foreign "" "Bernoulli"() : () -> tensor<*x!onnx.unknown>
  %2 = onnx.Foreign "" "Bernoulli"() : () -> tensor<*x!onnx.unknown>
  return
}

}

{-#
  dialect_resources: {
    builtin: {
      table: "0x040000000000803F00000040"
    }
  }
#-}

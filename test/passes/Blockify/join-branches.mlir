// RUN: blockattn-opt %s --blockattn-join-branches | FileCheck %s

// The program has all inputs of the model again, with the roles that either
// branch knows, and what the branches disagree about is not known.
// CHECK-NOT: blockattn.branches
// CHECK-LABEL: func.func @full(
// CHECK-SAME: %[[C:[^:]*]]: tensor<1xi1> {blockattn.role = "input", onnx.name = "use_cache"}
// CHECK-SAME: %[[X:[^:]*]]: tensor<?x4xf32> {blockattn.role = "input", onnx.name = "x"}
// CHECK-SAME: %[[P:[^:]*]]: tensor<?x4xf32> {blockattn.layer = 0 : i64, blockattn.role = "past_key", onnx.name = "past"}
// CHECK-SAME: -> (tensor<?x4xf32> {blockattn.layer = 0 : i64, blockattn.role = "present_key", onnx.name = "y"})
// CHECK-SAME: blockattn.program = "full"
// CHECK: %[[Y:.*]] = onnx.If(%[[C]])
// CHECK-NEXT: onnx.Add(%[[X]], %[[P]])
// CHECK: else
// CHECK-NEXT: onnx.Softmax(%[[X]])
// CHECK: return %[[Y]]
// CHECK-NOT: @main.other
module attributes {blockattn.branches = {condition = 0 : i64, main = false, inputs = [
    {attributes = {onnx.name = "use_cache"}, type = tensor<1xi1>},
    {attributes = {onnx.name = "x"}, type = tensor<?x4xf32>},
    {attributes = {onnx.name = "past"}, type = tensor<?x4xf32>}]}} {
  func.func @full(%x: tensor<?x4xf32> {onnx.name = "x", blockattn.role = "input"}) -> (tensor<2x4xf32> {onnx.name = "y", blockattn.role = "output"}) attributes {blockattn.program = "full"} {
    %a = onnx.Softmax(%x) : (tensor<?x4xf32>) -> tensor<2x4xf32>
    return %a : tensor<2x4xf32>
  }
  func.func @main.other(%x: tensor<?x4xf32> {onnx.name = "x", blockattn.role = "input"}, %p: tensor<?x4xf32> {onnx.name = "past", blockattn.role = "past_key", blockattn.layer = 0 : i64}) -> (tensor<?x4xf32> {onnx.name = "y", blockattn.role = "present_key", blockattn.layer = 0 : i64}) {
    %a = onnx.Add(%x, %p) : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    return %a : tensor<?x4xf32>
  }
}

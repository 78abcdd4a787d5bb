// RUN: blockattn-opt %s --blockattn-join-branches --verify-diagnostics

module attributes {blockattn.branches = {condition = 0 : i64, main = false, inputs = [
    {attributes = {onnx.name = "use_cache"}, type = tensor<1xi1>},
    {attributes = {onnx.name = "x"}, type = tensor<?x4xf32>}]}} {
  // expected-error@+1 {{the branches of the model yield results of different types}}
  func.func @full(%x: tensor<?x4xf32> {onnx.name = "x"}) -> tensor<?x4xf32> attributes {blockattn.program = "full"} {
    return %x : tensor<?x4xf32>
  }
  func.func @main.other(%x: tensor<?x4xf32> {onnx.name = "x"}) -> tensor<?x4x1xf32> {
    %axis = onnx.Constant dense<2> : tensor<1xi64>
    %y = onnx.Unsqueeze(%x, %axis) : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<?x4x1xf32>
    return %y : tensor<?x4x1xf32>
  }
}

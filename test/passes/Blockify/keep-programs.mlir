// RUN: blockattn-opt %s --blockattn-keep-programs="programs=encode" | FileCheck %s --check-prefix=ENCODE
// RUN: blockattn-opt %s --blockattn-keep-programs="programs=full,block" | FileCheck %s --check-prefix=TWO
// RUN: blockattn-opt %s --blockattn-keep-programs | FileCheck %s --check-prefix=ALL

// What is no program stays.

// ENCODE-NOT: @full
// ENCODE-NOT: @block
// ENCODE: func.func @encode
// ENCODE: func.func private @helper
// TWO: func.func @full
// TWO: func.func @block
// TWO-NOT: @encode
// ALL: func.func @full
// ALL: func.func @block
// ALL: func.func @encode
module {
  func.func @full(%w: tensor<?x?xi64>) -> tensor<?x?xi64> attributes {blockattn.program = "full"} {
    return %w : tensor<?x?xi64>
  }
  func.func @block(%w: tensor<1x?xi64>) -> tensor<1x?xi64> attributes {blockattn.program = "block"} {
    return %w : tensor<1x?xi64>
  }
  func.func @encode(%w: tensor<1x?xi64>) -> tensor<1x?xi64> attributes {blockattn.program = "encode"} {
    return %w : tensor<1x?xi64>
  }
  func.func private @helper(tensor<?xi64>)
}

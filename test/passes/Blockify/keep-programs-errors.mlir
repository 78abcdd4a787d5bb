// RUN: blockattn-opt %s --blockattn-keep-programs="programs=full,extend" --verify-diagnostics

// expected-error@+1 {{there is no program `extend` to keep}}
module {
  func.func @full(%w: tensor<?x?xi64>) -> tensor<?x?xi64> attributes {blockattn.program = "full"} {
    return %w : tensor<?x?xi64>
  }
}

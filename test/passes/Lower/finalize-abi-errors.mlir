// RUN: blockattn-opt %s --blockattn-finalize-abi --split-input-file --verify-diagnostics

// expected-error@+1 {{program 'full' has no plan function '@plan_main' (--blockattn-plan-memory makes it)}}
func.func @main() attributes {blockattn.program = "full"} {
  return
}

// -----

// expected-error@+1 {{argument 0 of program 'full' is no memref; bufferize the program first}}
func.func @main(%x: tensor<4xf32>) attributes {blockattn.program = "full"} {
  return
}
func.func @plan_main() {
  return
}

// -----

func.func private @helper(%n: index) -> memref<?xi8> {
  // expected-error@+1 {{memory can be asked for by a program function only, not by 'helper'}}
  %buffer = blockattn.alloc %n : memref<?xi8>
  return %buffer : memref<?xi8>
}

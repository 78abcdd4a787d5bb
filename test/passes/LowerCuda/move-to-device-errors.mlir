// RUN: blockattn-opt %s --blockattn-move-to-device --verify-diagnostics

func.func @carried(%x: memref<4xf32>, %y: memref<4xf32>) -> memref<4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  // expected-error @+1 {{its result, a tensor that is chosen while the program runs, is not supported for target cuda; compile with --target=cpu}}
  %z = scf.for %i = %c0 to %c4 step %c1 iter_args(%m = %x) -> (memref<4xf32>) {
    %v = memref.load %m[%i] : memref<4xf32>
    memref.store %v, %y[%i] : memref<4xf32>
    scf.yield %y : memref<4xf32>
  }
  return %z : memref<4xf32>
}

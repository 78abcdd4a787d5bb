// RUN: blockattn-opt %s --blockattn-move-to-device --verify-diagnostics

func.func @chosen(%x: memref<4xf32>, %y: memref<4xf32>, %p: i1) -> memref<4xf32> {
  %c0 = arith.constant 0 : index
  // expected-error @+1 {{its result, a tensor that is chosen while the program runs, is not supported for target cuda; compile with --target=cpu}}
  %z = scf.if %p -> (memref<4xf32>) {
    %v = memref.load %x[%c0] : memref<4xf32>
    memref.store %v, %y[%c0] : memref<4xf32>
    scf.yield %x : memref<4xf32>
  } else {
    scf.yield %y : memref<4xf32>
  }
  return %z : memref<4xf32>
}

// RUN: blockattn-opt %s --pass-pipeline="builtin.module(gpu.module(blockattn-approximate-device-math))" --verify-diagnostics

// What programs have in common is reported once.
// expected-error @unknown {{the function 'sin' of type 'f64'}}

gpu.module @kernels {
  gpu.func @doubles(%x: f64, %p: memref<f64>) kernel {
    // expected-error @+1 {{the function 'exp' of type 'f64' is not supported for target cuda; compile with --target=cpu}}
    %a = math.exp %x : f64
    // expected-error @+1 {{the function 'tanh' of type 'f64' is not supported for target cuda; compile with --target=cpu}}
    %b = math.tanh %a : f64
    // expected-error @+1 {{the function 'remf' of type 'f64' is not supported for target cuda; compile with --target=cpu}}
    %c = arith.remf %b, %x : f64
    memref.store %c, %p[] : memref<f64>
    gpu.return
  }

  gpu.func @full(%x: f64, %p: memref<f64>) kernel {
    %a = math.sin %x : f64 loc("/node")
    memref.store %a, %p[] : memref<f64>
    gpu.return
  }
  gpu.func @block(%x: f64, %p: memref<f64>) kernel {
    %a = math.sin %x : f64 loc("/node")
    memref.store %a, %p[] : memref<f64>
    gpu.return
  }
}

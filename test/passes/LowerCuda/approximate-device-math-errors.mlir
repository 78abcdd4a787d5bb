// RUN: blockattn-opt %s --pass-pipeline="builtin.module(gpu.module(blockattn-approximate-device-math))" --verify-diagnostics

// What programs have in common is reported once.
// expected-error @unknown {{the function 'sin' of type 'f128'}}

gpu.module @kernels {
  gpu.func @wide(%x: f128, %p: memref<f128>) kernel {
    // expected-error @+1 {{the function 'exp' of type 'f128' is not supported for target cuda; compile with --target=cpu}}
    %a = math.exp %x : f128
    // expected-error @+1 {{the function 'tanh' of type 'f128' is not supported for target cuda; compile with --target=cpu}}
    %b = math.tanh %a : f128
    // expected-error @+1 {{the function 'remf' of type 'f128' is not supported for target cuda; compile with --target=cpu}}
    %c = arith.remf %b, %x : f128
    memref.store %c, %p[] : memref<f128>
    gpu.return
  }

  // Kernels compute f64 one by one.
  gpu.func @vectors(%x: vector<2xf64>, %p: memref<vector<2xf64>>) kernel {
    // expected-error @+1 {{the function 'log' of type 'vector<2xf64>' is not supported for target cuda; compile with --target=cpu}}
    %a = math.log %x : vector<2xf64>
    memref.store %a, %p[] : memref<vector<2xf64>>
    gpu.return
  }

  gpu.func @full(%x: f128, %p: memref<f128>) kernel {
    %a = math.sin %x : f128 loc("/node")
    memref.store %a, %p[] : memref<f128>
    gpu.return
  }
  gpu.func @block(%x: f128, %p: memref<f128>) kernel {
    %a = math.sin %x : f128 loc("/node")
    memref.store %a, %p[] : memref<f128>
    gpu.return
  }
}

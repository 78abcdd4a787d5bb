// RUN: blockattn-opt %s --blockattn-lower-device-calls --split-input-file --verify-diagnostics

// The table of a kernel's parameters has no place for what a memref is.
module attributes {gpu.container_module} {

func.func @launch(%exec: !llvm.ptr {blockattn.exec}, %x: memref<?xf32>, %n: index) {
  %c1 = arith.constant 1 : index
  // expected-error@+1 {{a kernel is handed pointers and numbers, no memref}}
  gpu.launch_func @kernels::@first blocks in (%n, %c1, %c1) threads in (%c1, %c1, %c1) args(%n : index, %x : memref<?xf32>)
  return
}

gpu.module @kernels {
  gpu.func @first(%n: index, %x: memref<?xf32>) kernel {
    gpu.return
  }
}

}

// RUN: blockattn-opt %s --blockattn-lower-loops-to-cuda --split-input-file --verify-diagnostics

// In a kernel that one thread runs as in one of many threads.
func.func private @kernel_0(%exec: !llvm.ptr {blockattn.exec}, %x: memref<4xf32>, %y: memref<4xf32>) attributes {blockattn.kernel} {
  %c1 = arith.constant 1 : index
  gpu.launch blocks(%p, %q, %r) in (%d = %c1, %e = %c1, %f = %c1) threads(%g, %h, %i) in (%j = %c1, %k = %c1, %l = %c1) {
    %zero = arith.constant 0.0 : f32
    %t = tensor.empty() : tensor<4xf32>
    // expected-error@+1 {{an operation on tensors cannot become a kernel; bufferize it first (--blockattn-bufferize)}}
    %u = linalg.fill ins(%zero : f32) outs(%t : tensor<4xf32>) -> tensor<4xf32>
    %c0 = arith.constant 0 : index
    %v = tensor.extract %u[%c0] : tensor<4xf32>
    memref.store %v, %y[%c0] : memref<4xf32>
    gpu.terminator
  }
  return
}

// -----

func.func private @kernel_0(%exec: !llvm.ptr {blockattn.exec}, %x: tensor<?xf32>, %y: tensor<?xf32>) -> tensor<?xf32> attributes {blockattn.kernel} {
  // expected-error@+1 {{an operation on tensors cannot become a kernel; bufferize it first (--blockattn-bufferize)}}
  %0 = linalg.exp ins(%x : tensor<?xf32>) outs(%y : tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

// What is no kernel is left alone.
func.func private @other(%x: tensor<?xf32>, %y: tensor<?xf32>) -> tensor<?xf32> {
  %0 = linalg.exp ins(%x : tensor<?xf32>) outs(%y : tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

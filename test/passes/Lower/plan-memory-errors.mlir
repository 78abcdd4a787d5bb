// RUN: blockattn-opt %s --blockattn-plan-memory --verify-diagnostics

func.func @strided(%x: memref<4x4xf32>) {
  // expected-error @below {{an allocation must be row-major to be planned}}
  %a = memref.alloc() : memref<4x4xf32, strided<[1, 4]>>
  memref.copy %x, %a : memref<4x4xf32> to memref<4x4xf32, strided<[1, 4]>>
  return
}

// RUN: blockattn-opt %s --pass-pipeline="builtin.module(gpu.module(blockattn-approximate-device-math))" | FileCheck %s

gpu.module @kernels {
  // CHECK-LABEL: gpu.func @polynomials
  // CHECK-NOT:     math.
  // CHECK:         gpu.return
  gpu.func @polynomials(%x: f32, %p: memref<f32>, %h: bf16, %q: memref<bf16>) kernel {
    %a = math.exp %x : f32
    %b = math.tanh %a : f32
    %c = math.erf %b : f32
    %d = math.log %c : f32
    %e = math.powf %d, %x : f32
    memref.store %e, %p[] : memref<f32>
    %i = math.exp %h : bf16
    memref.store %i, %q[] : memref<bf16>
    gpu.return
  }
  // The angle is reduced in f64.
  // CHECK-LABEL: gpu.func @angles
  // CHECK:         arith.extf %{{.*}} : f32 to f64
  // CHECK:         llvm.call_intrinsic "llvm.roundeven.f64"
  // CHECK-COUNT-2: llvm.call_intrinsic "llvm.fma.f64"
  // CHECK:         arith.truncf %{{.*}} : f64 to f32
  // CHECK-NOT:     math.
  gpu.func @angles(%x: f32, %p: memref<f32>) kernel {
    %s = math.sin %x : f32
    %c = math.cos %s : f32
    memref.store %c, %p[] : memref<f32>
    gpu.return
  }
  // Of a number less than the divisor, infinite ones among them, the number.
  // CHECK-LABEL: gpu.func @remainder
  // CHECK-SAME:    (%[[X:.*]]: f32, %[[Y:.*]]: f32,
  // CHECK:         %[[QUOTIENT:.*]] = llvm.call_intrinsic "llvm.trunc.f64"
  // CHECK:         llvm.call_intrinsic "llvm.fma.f64"
  // CHECK:         %[[REST:.*]] = arith.truncf
  // CHECK:         %[[LESS:.*]] = arith.cmpf oeq, %[[QUOTIENT]]
  // CHECK:         arith.select %[[LESS]], %[[X]], %[[REST]]
  gpu.func @remainder(%x: f32, %y: f32, %p: memref<f32>) kernel {
    %r = arith.remf %x, %y : f32
    memref.store %r, %p[] : memref<f32>
    gpu.return
  }
  // CHECK-LABEL: gpu.func @instructions
  // CHECK:         llvm.call_intrinsic "llvm.sqrt.f32"
  // CHECK:         llvm.call_intrinsic "llvm.sqrt.f32"
  // CHECK:         arith.divf
  // CHECK:         llvm.call_intrinsic "llvm.floor.f32"
  // CHECK:         llvm.call_intrinsic "llvm.fabs.f32"
  // CHECK:         arith.maxsi
  gpu.func @instructions(%x: f32, %p: memref<f32>, %i: i64, %q: memref<i64>) kernel {
    %a = math.sqrt %x : f32
    %b = math.rsqrt %a : f32
    %c = math.floor %b : f32
    %d = math.absf %c : f32
    memref.store %d, %p[] : memref<f32>
    %j = math.absi %i : i64
    memref.store %j, %q[] : memref<i64>
    gpu.return
  }
  // Hyperbolic functions without cancellation; what is squared is an f64.
  // CHECK-LABEL: gpu.func @hyperbolic
  // CHECK-NOT:     math.
  // CHECK:         arith.extf %{{.*}} : f32 to f64
  // CHECK:         llvm.call_intrinsic "llvm.sqrt.f64"
  // CHECK-NOT:     math.
  // CHECK:         gpu.return
  gpu.func @hyperbolic(%x: f32, %p: memref<f32>) kernel {
    %a = math.sinh %x : f32
    %b = math.cosh %a : f32
    %c = math.tan %b : f32
    %d = math.asinh %c : f32
    %e = math.acosh %d : f32
    %f = math.atanh %e : f32
    %g = math.exp2 %f : f32
    memref.store %g, %p[] : memref<f32>
    gpu.return
  }
}

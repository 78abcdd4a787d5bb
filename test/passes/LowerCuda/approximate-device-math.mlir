// RUN: blockattn-opt %s --pass-pipeline="builtin.module(gpu.module(blockattn-approximate-device-math))" | FileCheck %s

gpu.module @kernels {
  // Functions of f64 are libclc's, each declared once.
  // CHECK-COUNT-1: llvm.func @_Z3expd(f64) -> f64
  // CHECK-NOT:     llvm.func @_Z3expd(

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
  // f64 holds the remainder of f32 numbers.
  // CHECK-LABEL: gpu.func @remainder
  // CHECK-SAME:    (%[[X:.*]]: f32, %[[Y:.*]]: f32, %{{.*}}, %[[U:.*]]: f64, %[[V:.*]]: f64,
  // CHECK-DAG:     %[[WIDE_X:.*]] = arith.extf %[[X]] : f32 to f64
  // CHECK-DAG:     %[[WIDE_Y:.*]] = arith.extf %[[Y]] : f32 to f64
  // CHECK:         %[[REST:.*]] = llvm.call @_Z4fmoddd(%[[WIDE_X]], %[[WIDE_Y]]) : (f64, f64) -> f64
  // CHECK:         arith.truncf %[[REST]] : f64 to f32
  // CHECK:         llvm.call @_Z4fmoddd(%[[U]], %[[V]])
  gpu.func @remainder(%x: f32, %y: f32, %p: memref<f32>, %u: f64, %v: f64, %q: memref<f64>) kernel {
    %r = arith.remf %x, %y : f32
    memref.store %r, %p[] : memref<f32>
    %s = arith.remf %u, %v : f64
    memref.store %s, %q[] : memref<f64>
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

  // CHECK-LABEL: gpu.func @doubles
  // CHECK-SAME:    (%[[X:[^:]*]]: f64
  // CHECK:         %[[EXP:.*]] = llvm.call @_Z3expd(%[[X]]) : (f64) -> f64
  // CHECK-NEXT:    llvm.call @_Z3expd(%[[EXP]])
  // CHECK-NEXT:    llvm.call @_Z3logd(
  // CHECK-NEXT:    llvm.call @_Z3cosd(
  // CHECK-NEXT:    %[[COSH:.*]] = llvm.call @_Z4coshd(
  // CHECK-NOT:     arith.extf
  // CHECK-NOT:     math.
  // CHECK:         memref.store %[[COSH]]
  gpu.func @doubles(%x: f64, %p: memref<f64>) kernel {
    %a = math.exp %x : f64
    %b = math.exp %a : f64
    %c = math.log %b : f64
    %d = math.cos %c : f64
    %e = math.cosh %d : f64
    memref.store %e, %p[] : memref<f64>
    gpu.return
  }

  // The sine of -0 is -0.
  // CHECK-LABEL: gpu.func @odd
  // CHECK-SAME:    (%[[X:[^:]*]]: f64
  // CHECK:         %[[ZERO:.*]] = arith.constant 0.000000e+00 : f64
  // CHECK:         %[[SINE:.*]] = llvm.call @_Z3sind(%[[X]])
  // CHECK:         %[[IS_ZERO:.*]] = arith.cmpf oeq, %[[X]], %[[ZERO]] : f64
  // CHECK:         arith.select %[[IS_ZERO]], %[[X]], %[[SINE]] : f64
  gpu.func @odd(%x: f64, %p: memref<f64>) kernel {
    %a = math.sin %x : f64
    memref.store %a, %p[] : memref<f64>
    gpu.return
  }

  // Exponents are limited to 2^65; no number is not.
  // CHECK-LABEL: gpu.func @power
  // CHECK-SAME:    (%[[X:[^:]*]]: f64, %[[Y:[^:]*]]: f64
  // CHECK:         %[[LIMIT:.*]] = arith.constant 3.6893488147419103E+19 : f64
  // CHECK-DAG:     %[[SIZE:.*]] = llvm.call_intrinsic "llvm.fabs.f64"(%[[Y]])
  // CHECK-DAG:     %[[SIGNED:.*]] = llvm.call_intrinsic "llvm.copysign.f64"(%[[LIMIT]], %[[Y]])
  // CHECK:         %[[ABOVE:.*]] = arith.cmpf ogt, %[[SIZE]], %[[LIMIT]] : f64
  // CHECK:         %[[LIMITED:.*]] = arith.select %[[ABOVE]], %[[SIGNED]], %[[Y]] : f64
  // CHECK:         llvm.call @_Z3powdd(%[[X]], %[[LIMITED]]) : (f64, f64) -> f64
  gpu.func @power(%x: f64, %y: f64, %p: memref<f64>) kernel {
    %a = math.powf %x, %y : f64
    memref.store %a, %p[] : memref<f64>
    gpu.return
  }
}

// RUN: blockattn-opt %s --blockattn-approximate-math | FileCheck %s

// The pass has no way to fail; these have no approximation that is good enough
// and stay for libm: sine and cosine, since angles grow with positions, and
// everything in f64.

// CHECK-LABEL: func.func @kept
// CHECK:         math.sin
// CHECK:         math.cos
// CHECK:         math.exp {{.*}} : f64
// CHECK:         math.erf {{.*}} : f64
func.func @kept(%x: f32, %y: f64) -> (f32, f32, f64, f64) {
  %0 = math.sin %x : f32
  %1 = math.cos %x : f32
  %2 = math.exp %y : f64
  %3 = math.erf %y : f64
  return %0, %1, %2, %3 : f32, f32, f64, f64
}

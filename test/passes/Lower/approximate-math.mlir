// RUN: blockattn-opt %s --blockattn-approximate-math | FileCheck %s

// CHECK-LABEL: func.func @vectors
// CHECK-NOT:     math.exp
// CHECK-NOT:     math.tanh
// CHECK-NOT:     math.erf
// CHECK-NOT:     math.fma
// CHECK:         return
func.func @vectors(%x: vector<16xf32>) -> vector<16xf32> {
  %0 = math.exp %x : vector<16xf32>
  %1 = math.tanh %0 : vector<16xf32>
  %2 = math.erf %1 : vector<16xf32>
  return %2 : vector<16xf32>
}

// Half precision is computed in f32.
// CHECK-LABEL: func.func @half
// CHECK:         arith.extf %{{.*}} : f16 to f32
// CHECK-NOT:     math.exp
// CHECK:         arith.truncf %{{.*}} : f32 to f16
func.func @half(%x: f16) -> f16 {
  %0 = math.exp %x : f16
  return %0 : f16
}

// Angles of any size are for libm.
// CHECK-LABEL: func.func @angles
// CHECK:         math.sin
// CHECK:         math.cos
func.func @angles(%x: f32) -> (f32, f32) {
  %0 = math.sin %x : f32
  %1 = math.cos %x : f32
  return %0, %1 : f32, f32
}

// CHECK-LABEL: func.func @fma
// CHECK:         %[[P:.*]] = arith.mulf %{{.*}}, %{{.*}} fastmath<contract>
// CHECK:         arith.addf %[[P]], %{{.*}} fastmath<contract>
func.func @fma(%x: f32, %y: f32, %z: f32) -> f32 {
  %0 = math.fma %x, %y, %z : f32
  return %0 : f32
}

// CHECK-LABEL: func.func @half_sum
// CHECK:         arith.extf %{{.*}} : vector<16xbf16> to vector<16xf32>
// CHECK:         %[[S:.*]] = arith.addf %{{.*}} : vector<16xf32>
// CHECK:         arith.truncf %[[S]] : vector<16xf32> to vector<16xbf16>
func.func @half_sum(%x: vector<16xbf16>, %y: vector<16xbf16>) -> vector<16xbf16> {
  %0 = arith.addf %x, %y : vector<16xbf16>
  return %0 : vector<16xbf16>
}

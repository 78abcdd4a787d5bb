// RUN: blockattn-opt %s --blockattn-reduce-precision=dtype=bf16 --split-input-file | FileCheck %s
// RUN: blockattn-opt %s --blockattn-reduce-precision=dtype=f16 --split-input-file | FileCheck %s --check-prefix=F16

// A weight keeps its bytes. The result keeps its type, a key that goes to the
// cache doesn't; angles come from no weight.
// CHECK-LABEL: func.func @block
// CHECK-SAME:    -> (tensor<1x?x4x8xf32> {onnx.name = "y"}, tensor<1x?x4x8xbf16> {blockattn.role = "kv_key"})
// CHECK-DAG:     %[[W:.*]] = onnx.Weight "w" source 0 offset 0 size 1024 {onnx.stored = f32} : tensor<32x8xbf16>
// CHECK-DAG:     %[[SMALL:.*]] = onnx.Constant dense<1.500000e+00> : tensor<bf16>
// CHECK-DAG:     onnx.Cos(%{{.*}}) : (tensor<1x?xf32>) -> tensor<1x?xf32>
// CHECK:         %[[G:.*]] = onnx.Gather(%[[W]], %{{.*}}) {axis = 0 : i64} : (tensor<32x8xbf16>, tensor<1x?x4xi64>) -> tensor<1x?x4x8xbf16>
// CHECK:         %[[M:.*]] = onnx.Mul(%[[G]], %[[SMALL]])
// CHECK:         %[[A:.*]], %[[LSE:.*]] = blockattn.attention %[[M]], %[[M]], %[[M]]
// CHECK-SAME:      -> tensor<1x?x4x8xbf16>, tensor<1x?x4xf32>
// CHECK:         %[[Y:.*]] = onnx.Cast(%[[A]]) {to = f32}
// CHECK:         return %[[Y]], %[[M]]
// F16-LABEL: func.func @block
// F16:         onnx.Weight "w" {{.*}} : tensor<32x8xf16>
module attributes {onnx.sources = ["w.bin"]} {
  func.func @block(%t: tensor<1x?x4xi64>, %p: tensor<1x?xf32>) -> (tensor<1x?x4x8xf32> {onnx.name = "y"}, tensor<1x?x4x8xf32> {blockattn.role = "kv_key"}) attributes {blockattn.program = "block"} {
    %w = onnx.Weight "w" source 0 offset 0 size 1024 : tensor<32x8xf32>
    %s = onnx.Constant dense<1.5> : tensor<f32>
    %c = onnx.Cos(%p) : (tensor<1x?xf32>) -> tensor<1x?xf32>
    %g = onnx.Gather(%w, %t) {axis = 0 : i64} : (tensor<32x8xf32>, tensor<1x?x4xi64>) -> tensor<1x?x4x8xf32>
    %m = onnx.Mul(%g, %s) : (tensor<1x?x4x8xf32>, tensor<f32>) -> tensor<1x?x4x8xf32>
    %a, %lse = blockattn.attention %m, %m, %m {causal, scale = 1.0 : f32} : tensor<1x?x4x8xf32>, tensor<1x?x4x8xf32>, tensor<1x?x4x8xf32> -> tensor<1x?x4x8xf32>, tensor<1x?x4xf32>
    return %a, %m : tensor<1x?x4x8xf32>, tensor<1x?x4x8xf32>
  }
}

// -----

// Other functions than programs stay, and so do other types than f32.
// CHECK-LABEL: func.func @helper
// CHECK:         onnx.Weight "w" source 0 offset 0 size 32 : tensor<8xf32>
// CHECK-LABEL: func.func @full
// CHECK:         onnx.Weight "d" source 0 offset 0 size 64 : tensor<8xf64>
// CHECK:         onnx.Add(%{{.*}}, %{{.*}}) : (tensor<8xf64>, tensor<8xf64>) -> tensor<8xf64>
module attributes {onnx.sources = ["w.bin"]} {
  func.func @helper() -> tensor<8xf32> {
    %w = onnx.Weight "w" source 0 offset 0 size 32 : tensor<8xf32>
    return %w : tensor<8xf32>
  }
  func.func @full(%x: tensor<8xf64>) -> tensor<8xf64> attributes {blockattn.program = "full"} {
    %d = onnx.Weight "d" source 0 offset 0 size 64 : tensor<8xf64>
    %y = onnx.Add(%x, %d) : (tensor<8xf64>, tensor<8xf64>) -> tensor<8xf64>
    return %y : tensor<8xf64>
  }
}

// -----

// What branches and loops give keeps its type; their bodies compute in 16 bits.
// CHECK-LABEL: func.func @full
// CHECK:         %[[W:.*]] = onnx.Weight "w" {{.*}} : tensor<8xbf16>
// CHECK:         %[[WIDE:.*]] = onnx.Cast(%[[W]]) {to = f32}
// CHECK:         %[[Y:.*]] = onnx.If(%{{.*}}) : (tensor<i1>) -> tensor<8xf32> {
// CHECK:           %[[SUM:.*]] = onnx.Add(%[[W]], %[[W]]) : (tensor<8xbf16>, tensor<8xbf16>) -> tensor<8xbf16>
// CHECK:           %[[THEN:.*]] = onnx.Cast(%[[SUM]]) {to = f32}
// CHECK:           onnx.Yield %[[THEN]]
// CHECK:         } else {
// CHECK:           onnx.Yield %[[WIDE]]
// CHECK:         return %[[Y]]
module attributes {onnx.sources = ["w.bin"]} {
  func.func @full(%c: tensor<i1>) -> tensor<8xf32> attributes {blockattn.program = "full"} {
    %w = onnx.Weight "w" source 0 offset 0 size 32 : tensor<8xf32>
    %y = onnx.If(%c) : (tensor<i1>) -> tensor<8xf32> {
      %s = onnx.Add(%w, %w) : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
      onnx.Yield %s : tensor<8xf32>
    } else {
      onnx.Yield %w : tensor<8xf32>
    }
    return %y : tensor<8xf32>
  }
}

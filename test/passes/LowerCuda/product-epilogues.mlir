// RUN: blockattn-opt %s --blockattn-lower-to-device-memory=chip=sm_90a | FileCheck %s
// RUN: blockattn-opt %s "--blockattn-lower-to-device-memory=chip=sm_90a product-epilogues=false" | FileCheck %s --check-prefix=KERNELS
// RUN: blockattn-opt %s "--blockattn-lower-to-device-memory=chip=sm_90a" --blockattn-lower-gemm-to-cuda=chip=sm_90a | FileCheck %s --check-prefix=CALLS

// A part of a model from end to end: bias and GELU, then bias and sum, then a norm. The
// library does what belongs to a product, launches of the norm follow.
// CHECK-LABEL: func.func @full
// CHECK:         linalg.matmul
// CHECK:         linalg.matmul
// CHECK:         linalg.generic {{.*}} attrs = {blockattn.epilogue} {
// CHECK:           math.tanh
// CHECK-NOT:     linalg.fill
// CHECK:         linalg.matmul
// CHECK:         linalg.generic {{.*}} attrs = {blockattn.epilogue} {
// CHECK-NOT:     linalg.generic
// CHECK:         gpu.launch
// CHECK:         return
// CALLS-LABEL: func.func @full
// CALLS:         call @ba_cuda_gemm
// CALLS-NOT:     linalg
// CALLS:         call @ba_cuda_gemm
// CALLS-NOT:     linalg
// CALLS:         call @ba_cuda_gemm
// CALLS-NOT:     linalg
// CALLS:         gpu.launch
// CALLS:         return
// KERNELS-LABEL: func.func @full
// KERNELS-NOT:   blockattn.epilogue
func.func @full(%in: tensor<1x?x64xbf16>, %w0: tensor<64x64xbf16>, %w1: tensor<64x128xbf16>, %b1: tensor<128xbf16>, %w2: tensor<128x64xbf16>,
                  %b2: tensor<64xbf16>, %gain: tensor<64xbf16>) -> tensor<1x?x64xbf16>
    attributes {blockattn.program = "full"} {
  %x = onnx.MatMul(%in, %w0) : (tensor<1x?x64xbf16>, tensor<64x64xbf16>) -> tensor<1x?x64xbf16>
  %p1 = onnx.MatMul(%x, %w1) : (tensor<1x?x64xbf16>, tensor<64x128xbf16>) -> tensor<1x?x128xbf16>
  %s1 = onnx.Add(%p1, %b1) : (tensor<1x?x128xbf16>, tensor<128xbf16>) -> tensor<1x?x128xbf16>
  %g1 = onnx.Gelu(%s1) {approximate = "tanh"} : (tensor<1x?x128xbf16>) -> tensor<1x?x128xbf16>
  %p2 = onnx.MatMul(%g1, %w2) : (tensor<1x?x128xbf16>, tensor<128x64xbf16>) -> tensor<1x?x64xbf16>
  %s2 = onnx.Add(%p2, %b2) : (tensor<1x?x64xbf16>, tensor<64xbf16>) -> tensor<1x?x64xbf16>
  %y = onnx.Add(%x, %s2) : (tensor<1x?x64xbf16>, tensor<1x?x64xbf16>) -> tensor<1x?x64xbf16>
  %n = onnx.LayerNormalization(%y, %gain) : (tensor<1x?x64xbf16>, tensor<64xbf16>) -> tensor<1x?x64xbf16>
  return %n : tensor<1x?x64xbf16>
}

// Where keys and values are cached the sum is the norm's.
// CHECK-LABEL: func.func @extend
// CHECK:         linalg.matmul
// CHECK:         linalg.matmul
// CHECK:         linalg.generic {{.*}} attrs = {blockattn.epilogue} {
// CHECK:           math.tanh
// CHECK:         linalg.matmul
// CHECK-NOT:     linalg.generic
// CHECK:         gpu.launch
// CHECK:           linalg.generic
// CHECK-NOT:     blockattn.epilogue
// CHECK:         return
// CALLS-LABEL: func.func @extend
// CALLS-COUNT-3: call @ba_cuda_gemm
// CALLS-NOT:     call
// CALLS:         return
// KERNELS-LABEL: func.func @extend
// KERNELS-NOT:   blockattn.epilogue
// KERNELS:       return
func.func @extend(%in: tensor<1x?x64xbf16>, %w0: tensor<64x64xbf16>, %w1: tensor<64x128xbf16>, %b1: tensor<128xbf16>, %w2: tensor<128x64xbf16>,
                  %b2: tensor<64xbf16>, %gain: tensor<64xbf16>, %kv: !blockattn.kv {blockattn.role = "kv"}) -> tensor<1x?x64xbf16>
    attributes {blockattn.program = "extend"} {
  %x = onnx.MatMul(%in, %w0) : (tensor<1x?x64xbf16>, tensor<64x64xbf16>) -> tensor<1x?x64xbf16>
  %p1 = onnx.MatMul(%x, %w1) : (tensor<1x?x64xbf16>, tensor<64x128xbf16>) -> tensor<1x?x128xbf16>
  %s1 = onnx.Add(%p1, %b1) : (tensor<1x?x128xbf16>, tensor<128xbf16>) -> tensor<1x?x128xbf16>
  %g1 = onnx.Gelu(%s1) {approximate = "tanh"} : (tensor<1x?x128xbf16>) -> tensor<1x?x128xbf16>
  %p2 = onnx.MatMul(%g1, %w2) : (tensor<1x?x128xbf16>, tensor<128x64xbf16>) -> tensor<1x?x64xbf16>
  %s2 = onnx.Add(%p2, %b2) : (tensor<1x?x64xbf16>, tensor<64xbf16>) -> tensor<1x?x64xbf16>
  %y = onnx.Add(%x, %s2) : (tensor<1x?x64xbf16>, tensor<1x?x64xbf16>) -> tensor<1x?x64xbf16>
  %n = onnx.LayerNormalization(%y, %gain) : (tensor<1x?x64xbf16>, tensor<64xbf16>) -> tensor<1x?x64xbf16>
  return %n : tensor<1x?x64xbf16>
}

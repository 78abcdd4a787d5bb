// RUN: blockattn-opt %s --blockattn-lower-gemm-to-cuda --split-input-file | FileCheck %s
// RUN: not blockattn-opt %s --blockattn-lower-gemm-to-cuda=chip=sm_7 --split-input-file 2>&1 | FileCheck %s --check-prefix=CHIP

// CHIP: error: there is no architecture 'sm_7'; those known are sm_80, sm_86, sm_89, sm_90, sm_90a, sm_100, sm_100a, sm_120

// Nothing else makes the pass fail: a product that the library does not compute stays as it
// is, for a kernel, and where none does nothing is declared.

// CHECK-NOT: ba_cuda_gemm
// CHECK-LABEL: func.func @sums_in_half
// CHECK:         linalg.generic
// CHECK-NOT:     call
// CHECK:         return
func.func @sums_in_half(%a: memref<?x8xf32>, %b: memref<8x4xf32>, %c: memref<?x4xf16>) {
  linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
                  iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<?x8xf32>, memref<8x4xf32>) outs(%c : memref<?x4xf16>) {
  ^bb0(%x: f32, %y: f32, %z: f16):
    %p = arith.mulf %x, %y : f32
    %h = arith.truncf %p : f32 to f16
    %s = arith.addf %z, %h : f16
    linalg.yield %s : f16
  }
  return
}

// -----

// The largest of the products is no sum of them.
// CHECK-NOT: ba_cuda_gemm
// CHECK-LABEL: func.func @largest
// CHECK:         linalg.generic
// CHECK-NOT:     call
// CHECK:         return
func.func @largest(%a: memref<?x8xf32>, %b: memref<8x4xf32>, %c: memref<?x4xf32>) {
  linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
                  iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<?x8xf32>, memref<8x4xf32>) outs(%c : memref<?x4xf32>) {
  ^bb0(%x: f32, %y: f32, %z: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.maximumf %z, %p : f32
    linalg.yield %s : f32
  }
  return
}

// -----

// A library takes rows or columns whose elements are beside one another.
// CHECK-NOT: ba_cuda_gemm
// CHECK-LABEL: func.func @spread
// CHECK:         linalg.matmul
// CHECK-NOT:     call
// CHECK:         return
func.func @spread(%a: memref<?x8xf32, strided<[32, 2]>>, %b: memref<8x4xf32>, %c: memref<?x4xf32>) {
  linalg.matmul ins(%a, %b : memref<?x8xf32, strided<[32, 2]>>, memref<8x4xf32>) outs(%c : memref<?x4xf32>)
  return
}

// -----

// CHECK-NOT: ba_cuda_gemm
// CHECK-LABEL: func.func @tensors
// CHECK:         linalg.matmul
// CHECK-NOT:     call
// CHECK:         return
func.func @tensors(%a: tensor<?x8xf32>, %b: tensor<8x4xf32>, %c: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %0 = linalg.matmul ins(%a, %b : tensor<?x8xf32>, tensor<8x4xf32>) outs(%c : tensor<?x4xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// -----

// In a launch there is nobody to call.
// CHECK-NOT: ba_cuda_gemm
// CHECK-LABEL: func.func @inside
// CHECK:         gpu.launch
// CHECK:           linalg.matmul
// CHECK-NOT:     call
// CHECK:         return
func.func @inside(%a: memref<?x8xf32>, %b: memref<8x4xf32>, %c: memref<?x4xf32>) {
  %c1 = arith.constant 1 : index
  gpu.launch blocks(%p, %q, %r) in (%d = %c1, %e = %c1, %f = %c1) threads(%g, %h, %i) in (%j = %c1, %k = %c1, %l = %c1) {
    linalg.matmul ins(%a, %b : memref<?x8xf32>, memref<8x4xf32>) outs(%c : memref<?x4xf32>)
    gpu.terminator
  }
  return
}

// -----

#vector = affine_map<(i, j) -> (j)>
#map = affine_map<(i, j) -> (i, j)>

// An update that is not marked is a kernel.
// CHECK-LABEL: func.func @unmarked
// CHECK:         %[[NULL:.*]] = llvm.mlir.zero
// CHECK:         %[[BIAS:.*]] = llvm.getelementptr %{{.*}}[0, 17]
// CHECK-NEXT:    llvm.store %[[NULL]], %[[BIAS]]
// CHECK:         call @ba_cuda_gemm
// CHECK:         linalg.generic
// CHECK:         return
func.func @unmarked(%a: memref<?x8xf32>, %b: memref<8x16xf32>, %bias: memref<16xf32>, %c: memref<?x16xf32>, %d: memref<?x16xf32>) {
  linalg.matmul ins(%a, %b : memref<?x8xf32>, memref<8x16xf32>) outs(%c : memref<?x16xf32>)
  linalg.generic {indexing_maps = [#vector, #map], iterator_types = ["parallel", "parallel"]}
      ins(%bias : memref<16xf32>) outs(%c : memref<?x16xf32>) {
  ^bb0(%x: f32, %y: f32):
    %s = arith.addf %y, %x : f32
    linalg.yield %s : f32
  }
  return
}

// -----

#vector = affine_map<(i, j) -> (j)>
#map = affine_map<(i, j) -> (i, j)>

// Somebody else has the product first.
// CHECK-LABEL: func.func @later
// CHECK:         %[[NULL:.*]] = llvm.mlir.zero
// CHECK:         %[[BIAS:.*]] = llvm.getelementptr %{{.*}}[0, 17]
// CHECK-NEXT:    llvm.store %[[NULL]], %[[BIAS]]
// CHECK:         call @ba_cuda_gemm
// CHECK:         linalg.generic
// CHECK:         return
func.func @later(%a: memref<?x8xf32>, %b: memref<8x16xf32>, %bias: memref<16xf32>, %c: memref<?x16xf32>, %d: memref<?x16xf32>) {
  linalg.matmul ins(%a, %b : memref<?x8xf32>, memref<8x16xf32>) outs(%c : memref<?x16xf32>)
  memref.copy %c, %d : memref<?x16xf32> to memref<?x16xf32>
  linalg.generic {indexing_maps = [#vector, #map], iterator_types = ["parallel", "parallel"]}
      ins(%bias : memref<16xf32>) outs(%c : memref<?x16xf32>) attrs = {blockattn.epilogue} {
  ^bb0(%x: f32, %y: f32):
    %s = arith.addf %y, %x : f32
    linalg.yield %s : f32
  }
  return
}

// -----

#vector = affine_map<(i, j) -> (j)>
#map = affine_map<(i, j) -> (i, j)>

// An update of something else.
// CHECK-LABEL: func.func @elsewhere
// CHECK:         %[[NULL:.*]] = llvm.mlir.zero
// CHECK:         %[[BIAS:.*]] = llvm.getelementptr %{{.*}}[0, 17]
// CHECK-NEXT:    llvm.store %[[NULL]], %[[BIAS]]
// CHECK:         call @ba_cuda_gemm
// CHECK:         linalg.generic
// CHECK:         return
func.func @elsewhere(%a: memref<?x8xf32>, %b: memref<8x16xf32>, %bias: memref<16xf32>, %c: memref<?x16xf32>, %d: memref<?x16xf32>) {
  linalg.matmul ins(%a, %b : memref<?x8xf32>, memref<8x16xf32>) outs(%c : memref<?x16xf32>)
  linalg.generic {indexing_maps = [#vector, #map], iterator_types = ["parallel", "parallel"]}
      ins(%bias : memref<16xf32>) outs(%d : memref<?x16xf32>) attrs = {blockattn.epilogue} {
  ^bb0(%x: f32, %y: f32):
    %s = arith.addf %y, %x : f32
    linalg.yield %s : f32
  }
  return
}

// -----

#vector = affine_map<(i, j) -> (j)>
#map = affine_map<(i, j) -> (i, j)>

// The bias is not of the result's type.
// CHECK-LABEL: func.func @other_type
// CHECK:         %[[NULL:.*]] = llvm.mlir.zero
// CHECK:         %[[BIAS:.*]] = llvm.getelementptr %{{.*}}[0, 17]
// CHECK-NEXT:    llvm.store %[[NULL]], %[[BIAS]]
// CHECK:         call @ba_cuda_gemm
// CHECK:         linalg.generic
// CHECK:         return
func.func @other_type(%a: memref<?x8xf32>, %b: memref<8x16xf32>, %bias: memref<16xf16>, %c: memref<?x16xf32>, %d: memref<?x16xf32>) {
  linalg.matmul ins(%a, %b : memref<?x8xf32>, memref<8x16xf32>) outs(%c : memref<?x16xf32>)
  linalg.generic {indexing_maps = [#vector, #map], iterator_types = ["parallel", "parallel"]}
      ins(%bias : memref<16xf16>) outs(%c : memref<?x16xf32>) attrs = {blockattn.epilogue} {
  ^bb0(%x: f16, %y: f32):
    %w = arith.extf %x : f16 to f32
    %s = arith.addf %y, %w : f32
    linalg.yield %s : f32
  }
  return
}

// -----

#vector = affine_map<(i, j) -> (j)>
#map = affine_map<(i, j) -> (i, j)>

// A product is no sum.
// CHECK-LABEL: func.func @scaled
// CHECK:         %[[NULL:.*]] = llvm.mlir.zero
// CHECK:         %[[BIAS:.*]] = llvm.getelementptr %{{.*}}[0, 17]
// CHECK-NEXT:    llvm.store %[[NULL]], %[[BIAS]]
// CHECK:         call @ba_cuda_gemm
// CHECK:         linalg.generic
// CHECK:         return
func.func @scaled(%a: memref<?x8xf32>, %b: memref<8x16xf32>, %bias: memref<16xf32>, %c: memref<?x16xf32>, %d: memref<?x16xf32>) {
  linalg.matmul ins(%a, %b : memref<?x8xf32>, memref<8x16xf32>) outs(%c : memref<?x16xf32>)
  linalg.generic {indexing_maps = [#vector, #map], iterator_types = ["parallel", "parallel"]}
      ins(%bias : memref<16xf32>) outs(%c : memref<?x16xf32>) attrs = {blockattn.epilogue} {
  ^bb0(%x: f32, %y: f32):
    %s = arith.mulf %y, %x : f32
    linalg.yield %s : f32
  }
  return
}

// -----

#vector = affine_map<(i, j) -> (j)>
#map = affine_map<(i, j) -> (i, j)>

// The elements of the bias are apart.
// CHECK-LABEL: func.func @apart
// CHECK:         %[[NULL:.*]] = llvm.mlir.zero
// CHECK:         %[[BIAS:.*]] = llvm.getelementptr %{{.*}}[0, 17]
// CHECK-NEXT:    llvm.store %[[NULL]], %[[BIAS]]
// CHECK:         call @ba_cuda_gemm
// CHECK:         linalg.generic
// CHECK:         return
func.func @apart(%a: memref<?x8xf32>, %b: memref<8x16xf32>, %bias: memref<16xf32, strided<[2]>>, %c: memref<?x16xf32>, %d: memref<?x16xf32>) {
  linalg.matmul ins(%a, %b : memref<?x8xf32>, memref<8x16xf32>) outs(%c : memref<?x16xf32>)
  linalg.generic {indexing_maps = [#vector, #map], iterator_types = ["parallel", "parallel"]}
      ins(%bias : memref<16xf32, strided<[2]>>) outs(%c : memref<?x16xf32>) attrs = {blockattn.epilogue} {
  ^bb0(%x: f32, %y: f32):
    %s = arith.addf %y, %x : f32
    linalg.yield %s : f32
  }
  return
}

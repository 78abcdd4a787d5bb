// RUN: blockattn-opt %s --blockattn-lower-gemm-to-cuda --cse --split-input-file | FileCheck %s
// RUN: blockattn-opt %s --blockattn-lower-gemm-to-cuda=chip=sm_90a --cse --split-input-file | FileCheck %s --check-prefix=CLUSTER

// CHECK: func.func private @ba_cuda_gemm(!llvm.ptr, !llvm.ptr)

// The fill goes into beta = 0; B is read as it lies.
// CHECK-LABEL: func.func @transposed_weight
// CHECK-SAME:    (%[[EXEC:.*]]: !llvm.ptr {blockattn.exec},
// CHECK:         %[[RECORD:.*]] = llvm.alloca %{{.*}} x !llvm.struct<(i32, i32, i32, i32, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, ptr, ptr, ptr, ptr, ptr, i32, f32, ptr)>
// CHECK-NOT:     linalg
// CHECK:         %[[TB:.*]] = llvm.getelementptr %[[RECORD]][0, 3]
// CHECK:         llvm.store %c1_i32, %[[TB]]
// CHECK:         %[[BETA:.*]] = llvm.getelementptr %[[RECORD]][0, 20]
// CHECK:         llvm.store %cst{{.*}}, %[[BETA]] : f32
// CHECK:         %[[NODE:.*]] = llvm.getelementptr %[[RECORD]][0, 21]
// CHECK:         llvm.store %[[NULL:.*]], %[[NODE]] : !llvm.ptr
// CHECK:         call @ba_cuda_gemm(%[[EXEC]], %[[RECORD]])
// CHECK-NOT:     linalg
func.func @transposed_weight(%a: memref<?x32xbf16>, %b: memref<48x32xbf16>, %c: memref<?x48xbf16>) {
  %zero = arith.constant 0.0 : bf16
  linalg.fill ins(%zero : bf16) outs(%c : memref<?x48xbf16>)
  linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
                                 affine_map<(m, n, k) -> (n, k)>,
                                 affine_map<(m, n, k) -> (m, n)>]
      ins(%a, %b : memref<?x32xbf16>, memref<48x32xbf16>) outs(%c : memref<?x48xbf16>)
  return
}

// -----

// The node of the model is named, for messages and profiles.
// CHECK:       llvm.mlir.global internal constant @[[NAME:.*]]("layers.0/q\00")
// CHECK-LABEL: func.func @named
// CHECK:         %[[TEXT:.*]] = llvm.mlir.addressof @[[NAME]]
// CHECK:         %[[NODE:.*]] = llvm.getelementptr %{{.*}}[0, 21]
// CHECK:         llvm.store %[[TEXT]], %[[NODE]] : !llvm.ptr
// CHECK:         call @ba_cuda_gemm
func.func @named(%a: memref<?x32xf32>, %b: memref<32x48xf32>, %c: memref<?x48xf32>) {
  linalg.matmul ins(%a, %b : memref<?x32xf32>, memref<32x48xf32>) outs(%c : memref<?x48xf32>) loc("layers.0/q")
  return
}

// -----

// One batch dimension goes along with the call, a loop goes over the other.
// CHECK-LABEL: func.func @batches
// CHECK:         scf.for
// CHECK-NOT:       scf.for
// CHECK:           call @ba_cuda_gemm
func.func @batches(%a: memref<?x?x4x8xf32>, %b: memref<?x?x8x16xf32>, %c: memref<?x?x4x16xf32>) {
  linalg.generic {indexing_maps = [affine_map<(p, q, m, n, k) -> (p, q, m, k)>,
                                   affine_map<(p, q, m, n, k) -> (p, q, k, n)>,
                                   affine_map<(p, q, m, n, k) -> (p, q, m, n)>],
                  iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<?x?x4x8xf32>, memref<?x?x8x16xf32>) outs(%c : memref<?x?x4x16xf32>) {
  ^bb0(%x: f32, %y: f32, %z: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %z, %p : f32
    linalg.yield %s : f32
  }
  return
}

// -----

// Whole numbers are not for the library, and f64 isn't.
// CHECK-LABEL: func.func @others
// CHECK-NOT:     call
// CHECK:         linalg.matmul
// CHECK:         linalg.matmul
func.func @others(%a: memref<4x8xi64>, %b: memref<8x4xi64>, %c: memref<4x4xi64>,
                  %d: memref<4x8xf64>, %e: memref<8x4xf64>, %f: memref<4x4xf64>) {
  linalg.matmul ins(%a, %b : memref<4x8xi64>, memref<8x4xi64>) outs(%c : memref<4x4xi64>)
  linalg.matmul ins(%d, %e : memref<4x8xf64>, memref<8x4xf64>) outs(%f : memref<4x4xf64>)
  return
}

// -----

// One row and weights as they lie: a kernel of our own, for two at once. The
// library does what has more rows, and what is not a weight.
// CHECK-LABEL: func.func @row
// CHECK:         scf.if
// CHECK:           scf.if
// CHECK:             gpu.launch_func @kernels::@row_product_bf16_bf16_16
// CHECK:           } else {
// CHECK:             gpu.launch_func @kernels::@row_product_bf16_bf16_64
// CHECK:         } else {
// CHECK-COUNT-2:   call @ba_cuda_gemm
// CHECK:         }
// CHECK-NOT:     scf.if
// CHECK:         call @ba_cuda_gemm
// CHECK:         return
// CHECK:       gpu.func @row_product_bf16_bf16_16
// CHECK-COUNT-8:   llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<1> -> vector<8xbf16>
// CHECK:           nvvm.shfl.sync
// CHECK:           nvvm.barrier

// On Hopper there is one for up to 64 rows as well, of clusters that share the
// depth where there are few columns.
// CLUSTER-LABEL: func.func @row(
// CLUSTER:         gpu.launch_func @kernels::@row_product_bf16_bf16_64x4
// CLUSTER:         gpu.launch_func @kernels::@row_product_bf16_bf16_64 
// CLUSTER:         scf.if
// CLUSTER:           scf.if
// CLUSTER:             gpu.launch_func @kernels::@few_rows_product_bf16_bf16 blocks
// CLUSTER:           scf.if
// CLUSTER:             gpu.launch_func @kernels::@few_rows_product_bf16_bf16_x4 blocks
// CLUSTER:             gpu.launch_func @kernels::@few_rows_product_bf16_bf16_x8 blocks
// CLUSTER-SAME:        dynamic_shared_memory_size
// CLUSTER:         } else {
// CLUSTER-COUNT-2:   call @ba_cuda_gemm
// CLUSTER:       gpu.func @row_product_bf16_bf16_64x4
// Weights are read before the row is known to be there.
// CLUSTER-COUNT-8: llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<1> -> vector<8xbf16>
// CLUSTER:         nvvm.griddepcontrol wait
// CLUSTER:         llvm.load %{{.*}} : !llvm.ptr<1> -> bf16
// CLUSTER:       gpu.func @few_rows_product_bf16_bf16(
// CLUSTER:         nvvm.cp.async.shared.global
// CLUSTER:         nvvm.griddepcontrol wait
// CLUSTER:         nvvm.cp.async.shared.global
// CLUSTER:         scf.for
// CLUSTER:           nvvm.cp.async.wait.group 2
// CLUSTER-NEXT:      nvvm.fence.proxy
// CLUSTER-NEXT:      nvvm.barrier
// CLUSTER:           nvvm.cp.async.commit.group
// CLUSTER:           wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16
// CLUSTER-SAME:      left, right, accumulate, 1, 1, 0, 1;
// CLUSTER:           wgmma.wait_group.sync.aligned 0;
// CLUSTER-NOT:     nvvm.cluster
// CLUSTER:         gpu.return
// CLUSTER:       gpu.func @few_rows_product_bf16_bf16_x4
// CLUSTER-SAME:    known_cluster_size = array<i32: 4, 1, 1>
// CLUSTER:         nvvm.cluster.wait
// CLUSTER-COUNT-16: nvvm.mapa
// CLUSTER:         nvvm.cluster.arrive
// CLUSTER:         nvvm.cluster.wait
func.func @row(%a: memref<?x32xbf16>, %p: memref<32x48xbf16> {blockattn.weight = 0 : i64}, %q: memref<32x16xbf16> {blockattn.weight = 1 : i64},
               %pc: memref<?x48xbf16>, %qc: memref<?x16xbf16>, %r: memref<32x16xbf16>, %rc: memref<?x16xbf16>) {
  %zero = arith.constant 0.0 : bf16
  linalg.fill ins(%zero : bf16) outs(%pc : memref<?x48xbf16>)
  linalg.matmul ins(%a, %p : memref<?x32xbf16>, memref<32x48xbf16>) outs(%pc : memref<?x48xbf16>)
  linalg.fill ins(%zero : bf16) outs(%qc : memref<?x16xbf16>)
  linalg.matmul ins(%a, %q : memref<?x32xbf16>, memref<32x16xbf16>) outs(%qc : memref<?x16xbf16>)
  linalg.fill ins(%zero : bf16) outs(%rc : memref<?x16xbf16>)
  linalg.matmul ins(%a, %r : memref<?x32xbf16>, memref<32x16xbf16>) outs(%rc : memref<?x16xbf16>)
  return
}

// -----

// Results that are added to, f32: four at once.
// CLUSTER-LABEL: func.func @row_added
// CLUSTER:         gpu.launch_func @kernels::@row_product_f32_add_f32_64x4
// CLUSTER:         gpu.launch_func @kernels::@row_product_f32_add_f32_64 
// CLUSTER:       gpu.func @row_product_f32_add_f32_64x4
// CLUSTER-SAME:    known_cluster_size = array<i32: 4, 1, 1>
// CLUSTER:         nvvm.cluster.arrive
// CLUSTER:         nvvm.cluster.wait
// CLUSTER-COUNT-3: nvvm.mapa
// CLUSTER:         nvvm.cluster.arrive
// CLUSTER:         nvvm.cluster.wait
// CHECK-LABEL: func.func @row_added
// CHECK:         gpu.launch_func @kernels::@row_product_f32_add_f32_16
// CHECK:       gpu.func @row_product_f32_add_f32_16
// CHECK:           vector<4xf32>
func.func @row_added(%a: memref<?x32xf32>, %p: memref<32x48xf32> {blockattn.weight = 0 : i64}, %pc: memref<?x48xf32>) {
  linalg.matmul ins(%a, %p : memref<?x32xf32>, memref<32x48xf32>) outs(%pc : memref<?x48xf32>)
  return
}

// -----

#vector = affine_map<(i, j) -> (j)>
#map = affine_map<(i, j) -> (i, j)>

// The library adds the bias and applies the activation, and beta = 1 adds what
// is there. What is no weight is always its work.
// CHECK-LABEL: func.func @epilogue
// CHECK-SAME:    %[[BIAS:[a-z0-9]*]]: memref<16xf16, strided<[1], offset: 32>>
// CHECK:         %[[BASE:.*]], %{{.*}}, %{{.*}}, %{{.*}} = memref.extract_strided_metadata %[[BIAS]]
// CHECK:         %[[START:.*]] = memref.extract_aligned_pointer_as_index %[[BASE]]
// CHECK:         %[[NUMBER:.*]] = arith.addi %[[START]], %c64
// CHECK:         %[[CAST:.*]] = arith.index_cast %[[NUMBER]]
// CHECK:         %[[AT:.*]] = llvm.inttoptr %[[CAST]]
// CHECK:         %[[FIELD:.*]] = llvm.getelementptr %{{.*}}[0, 17]
// CHECK-NEXT:    llvm.store %[[AT]], %[[FIELD]] : !llvm.ptr
// CHECK:         %[[ACTIVATION:.*]] = llvm.getelementptr %{{.*}}[0, 19]
// CHECK-NEXT:    llvm.store %c2_i32, %[[ACTIVATION]] : i32
// CHECK:         %[[BETA:.*]] = llvm.getelementptr %{{.*}}[0, 20]
// CHECK-NEXT:    llvm.store %cst{{.*}}, %[[BETA]] : f32
// CHECK:         call @ba_cuda_gemm
// CHECK-NOT:     linalg.generic
// CHECK:         return
func.func @epilogue(%a: memref<?x8xf16>, %b: memref<8x16xf16>, %bias: memref<16xf16, strided<[1], offset: 32>>, %c: memref<?x16xf16>) {
  %zero = arith.constant 0.0 : f32
  linalg.matmul ins(%a, %b : memref<?x8xf16>, memref<8x16xf16>) outs(%c : memref<?x16xf16>)
  linalg.generic {indexing_maps = [#vector, #map], iterator_types = ["parallel", "parallel"]}
      ins(%bias : memref<16xf16, strided<[1], offset: 32>>) outs(%c : memref<?x16xf16>) attrs = {blockattn.epilogue} {
  ^bb0(%x: f16, %y: f16):
    %xw = arith.extf %x : f16 to f32
    %yw = arith.extf %y : f16 to f32
    %s = arith.addf %yw, %xw : f32
    %m = arith.maximumf %s, %zero : f32
    %r = arith.truncf %m : f32 to f16
    linalg.yield %r : f16
  }
  return
}

// -----

#vector = affine_map<(i, j) -> (j)>
#map = affine_map<(i, j) -> (i, j)>

// Products of one row are one launch whatever the library would do to them;
// their updates follow it. So it is with few rows.
// CHECK-LABEL: func.func @row_updated
// CHECK-SAME:    %[[PB:[a-z0-9]*]]: memref<48xbf16>, %[[QB:[a-z0-9]*]]: memref<16xbf16>, %[[PC:[a-z0-9]*]]: memref<?x48xbf16>, %[[QC:[a-z0-9]*]]: memref<?x16xbf16>
// CHECK-NOT:     linalg
// CHECK:         scf.if
// CHECK:           gpu.launch_func @kernels::@row_product_bf16_bf16_64
// CHECK:           linalg.generic {indexing_maps = [{{.*}}], iterator_types = ["parallel", "parallel"]} ins(%[[PB]] : memref<48xbf16>) outs(%[[PC]] : memref<?x48xbf16>) {
// CHECK:           linalg.generic {indexing_maps = [{{.*}}], iterator_types = ["parallel", "parallel"]} ins(%[[QB]] : memref<16xbf16>) outs(%[[QC]] : memref<?x16xbf16>) {
// CHECK:         } else {
// CHECK-COUNT-2:   call @ba_cuda_gemm
// CHECK-NOT:       linalg
// CHECK:         return
// CLUSTER-LABEL: func.func @row_updated
// CLUSTER:         gpu.launch_func @kernels::@row_product_bf16_bf16_64 
// CLUSTER-COUNT-2: linalg.generic
// CLUSTER:         gpu.launch_func @kernels::@few_rows_product_bf16_bf16_x8
// CLUSTER-COUNT-2: linalg.generic
// CLUSTER:         } else {
// CLUSTER-COUNT-2:   call @ba_cuda_gemm
// CLUSTER-NOT:     linalg
// CLUSTER:         return
func.func @row_updated(%a: memref<?x32xbf16>, %p: memref<32x48xbf16> {blockattn.weight = 0 : i64}, %q: memref<32x16xbf16> {blockattn.weight = 1 : i64},
                       %pb: memref<48xbf16>, %qb: memref<16xbf16>, %pc: memref<?x48xbf16>, %qc: memref<?x16xbf16>) {
  %zero = arith.constant 0.0 : bf16
  linalg.fill ins(%zero : bf16) outs(%pc : memref<?x48xbf16>)
  linalg.matmul ins(%a, %p : memref<?x32xbf16>, memref<32x48xbf16>) outs(%pc : memref<?x48xbf16>)
  linalg.generic {indexing_maps = [#vector, #map], iterator_types = ["parallel", "parallel"]}
      ins(%pb : memref<48xbf16>) outs(%pc : memref<?x48xbf16>) attrs = {blockattn.epilogue} {
  ^bb0(%x: bf16, %y: bf16):
    %s = arith.addf %y, %x : bf16
    linalg.yield %s : bf16
  }
  linalg.fill ins(%zero : bf16) outs(%qc : memref<?x16xbf16>)
  linalg.matmul ins(%a, %q : memref<?x32xbf16>, memref<32x16xbf16>) outs(%qc : memref<?x16xbf16>)
  linalg.generic {indexing_maps = [#vector, #map], iterator_types = ["parallel", "parallel"]}
      ins(%qb : memref<16xbf16>) outs(%qc : memref<?x16xbf16>) attrs = {blockattn.epilogue} {
  ^bb0(%x: bf16, %y: bf16):
    %s = arith.addf %y, %x : bf16
    linalg.yield %s : bf16
  }
  return
}

// RUN: blockattn-opt %s --blockattn-outline-kernels | FileCheck %s

// Layers that compute the same share one function; a constant that differs
// makes another one. The handle of the run is the first argument everywhere.

// CHECK-LABEL: func.func @layers
// CHECK-SAME:    (%[[EXEC:.*]]: !llvm.ptr {blockattn.exec}, %[[A:.*]]: memref<?xf32>, %[[B:.*]]: memref<?xf32>)
// CHECK:         call @[[RELU:kernel_0_map]](%[[EXEC]], %[[A]], %[[B]])
// CHECK-NEXT:    call @[[RELU]](%[[EXEC]], %[[B]], %[[A]])
// CHECK-NEXT:    call @[[OTHER:kernel_1_map]](%[[EXEC]], %[[A]], %[[B]])
// CHECK-NEXT:    call @[[COPY:kernel_2_copy]](%[[EXEC]], %[[A]], %[[B]])
// CHECK-NEXT:    return
func.func @layers(%a: memref<?xf32>, %b: memref<?xf32>) {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  linalg.generic {indexing_maps = [affine_map<(d) -> (d)>, affine_map<(d) -> (d)>],
                  iterator_types = ["parallel"]}
      ins(%a : memref<?xf32>) outs(%b : memref<?xf32>) {
  ^bb0(%x: f32, %y: f32):
    %r = arith.maximumf %x, %zero : f32
    linalg.yield %r : f32
  }
  linalg.generic {indexing_maps = [affine_map<(d) -> (d)>, affine_map<(d) -> (d)>],
                  iterator_types = ["parallel"]}
      ins(%b : memref<?xf32>) outs(%a : memref<?xf32>) {
  ^bb0(%x: f32, %y: f32):
    %r = arith.maximumf %x, %zero : f32
    linalg.yield %r : f32
  }
  linalg.generic {indexing_maps = [affine_map<(d) -> (d)>, affine_map<(d) -> (d)>],
                  iterator_types = ["parallel"]}
      ins(%a : memref<?xf32>) outs(%b : memref<?xf32>) {
  ^bb0(%x: f32, %y: f32):
    %r = arith.maximumf %x, %one : f32
    linalg.yield %r : f32
  }
  memref.copy %a, %b : memref<?xf32> to memref<?xf32>
  return
}

// Values that a body reads from outside become arguments too.
// CHECK-LABEL: func.func @captures
// CHECK:         call @kernel_3_fill(%{{.*}}, %{{.*}}, %{{.*}}) : (!llvm.ptr, f32, memref<?xf32>) -> ()
// CHECK:         call @kernel_4_gather(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) : (!llvm.ptr, memref<?xi64>, memref<?xf32>, memref<?xf32>) -> ()
func.func @captures(%i: memref<?xi64>, %table: memref<?xf32>, %out: memref<?xf32>, %value: f32) {
  linalg.fill ins(%value : f32) outs(%out : memref<?xf32>)
  linalg.generic {indexing_maps = [affine_map<(d) -> (d)>, affine_map<(d) -> (d)>],
                  iterator_types = ["parallel"]}
      ins(%i : memref<?xi64>) outs(%out : memref<?xf32>) {
  ^bb0(%x: i64, %y: f32):
    %index = arith.index_cast %x : i64 to index
    %r = memref.load %table[%index] : memref<?xf32>
    linalg.yield %r : f32
  }
  return
}

// Layers of a model read different columns of the cache table, with one kernel.
// CHECK-LABEL: func.func @cached_layers
// CHECK:         %[[C3:.*]] = arith.constant 3 : index
// CHECK:         call @[[ATTENTION:kernel_[0-9]*_attention_kernel]]({{.*}}, %[[C3]])
// CHECK:         %[[C5:.*]] = arith.constant 5 : index
// CHECK:         call @[[ATTENTION]]({{.*}}, %[[C5]])
func.func @cached_layers(%q: memref<1x?x4x16xf32>, %k: memref<1x?x2x16xf32>,
                         %table: memref<?x?xi64>, %o: memref<1x?x4x16xf32>) {
  blockattn.attention_kernel %q, %k, %k cache(%table : memref<?x?xi64>)
      outs(%o : memref<1x?x4x16xf32>) {scale = 0.25 : f32, causal, layer = 3 : i64}
      : memref<1x?x4x16xf32>, memref<1x?x2x16xf32>, memref<1x?x2x16xf32>
  blockattn.attention_kernel %q, %k, %k cache(%table : memref<?x?xi64>)
      outs(%o : memref<1x?x4x16xf32>) {scale = 0.25 : f32, causal, layer = 5 : i64}
      : memref<1x?x4x16xf32>, memref<1x?x2x16xf32>, memref<1x?x2x16xf32>
  return
}

// CHECK:      func.func private @[[RELU]](%{{.*}}: !llvm.ptr {blockattn.exec}, %{{.*}}: memref<?xf32>, %{{.*}}: memref<?xf32>) attributes {blockattn.kernel}
// CHECK-NEXT:   arith.constant 0.0
// CHECK:      func.func private @[[OTHER]]
// CHECK-NEXT:   arith.constant 1.0
// CHECK:      func.func private @[[COPY]]
// CHECK-NEXT:   linalg.copy
// CHECK:      func.func private @[[ATTENTION]](
// CHECK:        blockattn.layer_argument = 5 : i64
// CHECK-NOT:  func.func private @kernel_6

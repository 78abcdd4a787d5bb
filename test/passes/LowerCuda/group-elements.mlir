// RUN: blockattn-opt %s --blockattn-group-elements --split-input-file | FileCheck %s
// RUN: blockattn-opt %s --blockattn-group-elements --blockattn-plan-memory --split-input-file | FileCheck %s --check-prefix=PLAN
// RUN: blockattn-opt %s --blockattn-group-elements --blockattn-outline-kernels --split-input-file | FileCheck %s --check-prefix=KERNEL

#all = affine_map<(b, n, h, d) -> (b, n, h, d)>
#position = affine_map<(b, n, h, d) -> (b, n, d)>

// Queries and keys are rotated at once, where the keys were, whatever the numbers of
// heads are; what the keys are looked at through stays before. Both are what follows
// from the angles, and these from the positions.
// CHECK-LABEL: func.func @rotations
// CHECK:         linalg.generic
// CHECK:           math.cos
// CHECK:         memref.alloc(%{{.*}}) : memref<1x?x8x16xbf16>
// CHECK-NOT:     linalg.generic
// CHECK:         memref.subview
// CHECK:         gpu.launch blocks({{.*}}) in (%{{.*}} = %c1{{.*}}, %{{.*}} = %c1{{.*}}, %{{.*}} = %c1{{.*}})
// CHECK-NEXT:      linalg.generic {{.*}} outs(%{{.*}} : memref<1x?x8x16xbf16>)
// CHECK:             arith.mulf
// CHECK:           linalg.generic {{.*}} outs(%{{.*}} : memref<1x?x2x16xbf16>)
// CHECK:             arith.mulf
// CHECK:           gpu.terminator
// CHECK-NEXT:    } {blockattn.elements}
// CHECK-NEXT:    return

// The angles, which the launch is the last one to read, are there as long as what it
// writes is.
// PLAN-LABEL: func.func @rotations
// PLAN-SAME:    blockattn.buffers = [{first = {{[0-9]+}} : i64, last = [[LAUNCH:[0-9]+]] : i64}, {first = [[LAUNCH]] : i64, last = [[LAUNCH]] : i64}]

// Both nodes are known; the first one names the kernel.
// KERNEL-LABEL: func.func @rotations
// KERNEL:         call @[[NAME:kernel_[0-9]+_elements_layers_0_q_rotary]](
// KERNEL:       func.func private @[[NAME]]
// KERNEL-NEXT:    %{{.*}} = arith.constant 1 : index
// KERNEL-NEXT:    gpu.launch
// KERNEL-COUNT-2:   linalg.generic
// KERNEL:         } {blockattn.elements}
func.func @rotations(%positions: memref<1x?xf32>, %q: memref<1x?x8x16xbf16>, %kv: memref<1x?x4x16xbf16>,
                     %rotated: memref<1x?x2x16xbf16> {blockattn.output = 0 : i64}) {
  %c1 = arith.constant 1 : index
  %n = memref.dim %q, %c1 : memref<1x?x8x16xbf16>
  %cos = memref.alloc(%n) : memref<1x?x16xf32>
  linalg.generic {indexing_maps = [affine_map<(b, n, d) -> (b, n)>, affine_map<(b, n, d) -> (b, n, d)>], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%positions : memref<1x?xf32>) outs(%cos : memref<1x?x16xf32>) {
  ^bb0(%a: f32, %o: f32):
    %c = math.cos %a : f32
    linalg.yield %c : f32
  }
  %out = memref.alloc(%n) : memref<1x?x8x16xbf16>
  linalg.generic {indexing_maps = [#all, #position, #all], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%q, %cos : memref<1x?x8x16xbf16>, memref<1x?x16xf32>) outs(%out : memref<1x?x8x16xbf16>) {
  ^bb0(%a: bf16, %c: f32, %o: bf16):
    %f = arith.extf %a : bf16 to f32
    %m = arith.mulf %f, %c : f32
    %r = arith.truncf %m : f32 to bf16
    linalg.yield %r : bf16
  } loc("layers.0/q/rotary")
  %k = memref.subview %kv[0, 0, 0, 0] [1, %n, 2, 16] [1, 1, 1, 1] : memref<1x?x4x16xbf16> to memref<1x?x2x16xbf16, strided<[?, 64, 16, 1]>>
  linalg.generic {indexing_maps = [#all, #position, #all], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%k, %cos : memref<1x?x2x16xbf16, strided<[?, 64, 16, 1]>>, memref<1x?x16xf32>) outs(%rotated : memref<1x?x2x16xbf16>) {
  ^bb0(%a: bf16, %c: f32, %o: bf16):
    %f = arith.extf %a : bf16 to f32
    %m = arith.mulf %f, %c : f32
    %r = arith.truncf %m : f32 to bf16
    linalg.yield %r : bf16
  } loc("layers.0/k/rotary")
  return
}

// -----

#id = affine_map<(i) -> (i)>

// What has nothing to do with an operation is passed: a product into other memory, a fill,
// a launch, functions that need many registers, which have a launch of their own. Four
// operations are a group, the fifth one is left.
// CHECK-LABEL: func.func @passed
// CHECK-SAME:    %[[X:[a-z0-9]*]]: memref<?xf32>
// CHECK-NOT:     linalg.generic
// CHECK:         linalg.fill
// CHECK-NEXT:    linalg.matmul
// CHECK:         gpu.launch
// CHECK:         } {blockattn.row_loops = 1 : i64}
// CHECK:         gpu.launch
// CHECK-COUNT-2:   math.sin
// CHECK:         } {blockattn.elements}
// CHECK:         gpu.launch
// CHECK-COUNT-4:   linalg.generic
// CHECK-NOT:       linalg.generic
// CHECK:         } {blockattn.elements}
// CHECK-NEXT:    linalg.generic
// CHECK:           arith.subf
// CHECK-NOT:     gpu.launch
// CHECK:         return
func.func @passed(%x: memref<?xf32>, %a: memref<?x64xf32>, %w: memref<64x64xf32> {blockattn.weight = 0 : i64}, %y: memref<?x64xf32> {blockattn.output = 0 : i64}, %n: index) {
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %p0 = memref.alloc(%n) : memref<?xf32>
  %p1 = memref.alloc(%n) : memref<?xf32>
  %p2 = memref.alloc(%n) : memref<?xf32>
  %p3 = memref.alloc(%n) : memref<?xf32>
  %p4 = memref.alloc(%n) : memref<?xf32>
  %s0 = memref.alloc(%n) : memref<?xf32>
  %s1 = memref.alloc(%n) : memref<?xf32>
  %rows = memref.alloc(%n) : memref<?xf32>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<?xf32>) outs(%p0 : memref<?xf32>) {
  ^bb0(%i: f32, %o: f32):
    %r = arith.addf %i, %i : f32
    linalg.yield %r : f32
  }
  linalg.fill ins(%zero : f32) outs(%y : memref<?x64xf32>)
  linalg.matmul ins(%a, %w : memref<?x64xf32>, memref<64x64xf32>) outs(%y : memref<?x64xf32>)
  gpu.launch blocks(%b0, %b1, %b2) in (%g0 = %c1, %g1 = %c1, %g2 = %c1) threads(%t0, %t1, %t2) in (%l0 = %c1, %l1 = %c1, %l2 = %c1) {
    linalg.fill ins(%zero : f32) outs(%rows : memref<?xf32>)
    linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]}
        ins(%a : memref<?x64xf32>) outs(%rows : memref<?xf32>) {
    ^bb0(%i: f32, %o: f32):
      %r = arith.addf %i, %o : f32
      linalg.yield %r : f32
    }
    gpu.terminator
  } {blockattn.row_loops = 1 : i64}
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<?xf32>) outs(%s0 : memref<?xf32>) {
  ^bb0(%i: f32, %o: f32):
    %r = math.sin %i : f32
    linalg.yield %r : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<?xf32>) outs(%p1 : memref<?xf32>) {
  ^bb0(%i: f32, %o: f32):
    %r = arith.mulf %i, %i : f32
    linalg.yield %r : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%rows : memref<?xf32>) outs(%s1 : memref<?xf32>) {
  ^bb0(%i: f32, %o: f32):
    %r = math.sin %i : f32
    linalg.yield %r : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<?xf32>) outs(%p2 : memref<?xf32>) {
  ^bb0(%i: f32, %o: f32):
    %r = arith.negf %i : f32
    linalg.yield %r : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%rows : memref<?xf32>) outs(%p3 : memref<?xf32>) {
  ^bb0(%i: f32, %o: f32):
    linalg.yield %i : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<?xf32>) outs(%p4 : memref<?xf32>) {
  ^bb0(%i: f32, %o: f32):
    %r = arith.subf %i, %zero : f32
    linalg.yield %r : f32
  }
  return
}

// -----

#id = affine_map<(i) -> (i)>

// Outputs are memory of their own, and so are weights: reading both beside an argument,
// and gathering from it, is no obstacle.
// CHECK-LABEL: func.func @outputs
// CHECK:         gpu.launch
// CHECK-COUNT-2:   linalg.generic
// CHECK:         } {blockattn.elements}
// CHECK-NEXT:    return
func.func @outputs(%x: memref<?xf32>, %i: memref<?xi64>, %w: memref<?xf32> {blockattn.weight = 0 : i64},
                   %y: memref<?xf32> {blockattn.output = 0 : i64}, %z: memref<?xf32> {blockattn.output = 1 : i64}) {
  linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]} ins(%x, %w : memref<?xf32>, memref<?xf32>) outs(%y : memref<?xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %r = arith.addf %a, %b : f32
    linalg.yield %r : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%i : memref<?xi64>) outs(%z : memref<?xf32>) {
  ^bb0(%a: i64, %o: f32):
    %at = arith.index_cast %a : i64 to index
    %r = memref.load %x[%at] : memref<?xf32>
    linalg.yield %r : f32
  }
  return
}

// -----

#id = affine_map<(i) -> (i)>

// The host doesn't wait for what it checks.
// CHECK-LABEL: func.func @checked
// CHECK-NOT:     linalg.generic
// CHECK:         %[[OK:.*]] = memref.load
// CHECK-NEXT:    blockattn.check %[[OK]]
// CHECK:         gpu.launch
// CHECK-COUNT-2:   linalg.generic
// CHECK:         } {blockattn.elements}
// CHECK-NEXT:    return
func.func @checked(%x: memref<?xf32>, %ok: memref<i1>, %y: memref<?xf32> {blockattn.output = 0 : i64}, %z: memref<?xf32> {blockattn.output = 1 : i64}) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<?xf32>) outs(%y : memref<?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.negf %a : f32
    linalg.yield %r : f32
  }
  %c = memref.load %ok[] : memref<i1>
  blockattn.check %c, "index out of range" code 1
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<?xf32>) outs(%z : memref<?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.addf %a, %a : f32
    linalg.yield %r : f32
  }
  return
}

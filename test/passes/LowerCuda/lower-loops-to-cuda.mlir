// RUN: blockattn-opt %s --blockattn-lower-loops-to-cuda --canonicalize --cse --split-input-file | FileCheck %s

// A thread for each element, or for 4 neighbours where the host finds that
// addresses and sizes allow it. The kernel gets pointers and the sizes that are
// not known.
// CHECK-LABEL: func.func private @kernel_0_generic
// CHECK-SAME:    (%{{.*}}: !llvm.ptr {blockattn.exec}, %[[X:.*]]: memref<?x4xf32>, %[[Y:.*]]: memref<?x4xf32>)
// CHECK-COUNT-2: arith.remui %{{.*}}, %c16
// CHECK:         scf.if
// CHECK:           gpu.launch_func @kernels::@kernel_0_generic_wide blocks in (%{{.*}}, %c1, %c1) threads in (%c256, %c1, %c1)
// CHECK:         } else {
// CHECK:           gpu.launch_func @kernels::@kernel_0_generic blocks in (%{{.*}}, %c1, %c1) threads in (%c256, %c1, %c1)
// CHECK-SAME:        args(%{{.*}} : !llvm.ptr, %{{.*}} : index, %{{.*}} : !llvm.ptr, %{{.*}} : index)
// CHECK:       gpu.func @kernel_0_generic_wide
// CHECK:         vector.load %{{.*}} {alignment = 16 : i64} : memref<?xf32>, vector<4xf32>
// CHECK-COUNT-4: arith.mulf %{{.*}} : f32
// CHECK:         vector.store %{{.*}} {alignment = 16 : i64} : memref<?xf32>, vector<4xf32>
// CHECK:       gpu.func @kernel_0_generic(%{{.*}}: !llvm.ptr, %{{.*}}: index, %{{.*}}: !llvm.ptr, %{{.*}}: index) kernel
// CHECK-SAME:    known_block_size = array<i32: 256, 1, 1>
// CHECK:         gpu.block_id  x
// CHECK:         gpu.thread_id  x
// CHECK:         scf.if
// CHECK:           %[[V:.*]] = memref.load
// CHECK:           arith.mulf %[[V]], %[[V]]
// CHECK:           memref.store
func.func private @kernel_0_generic(%exec: !llvm.ptr {blockattn.exec}, %x: memref<?x4xf32>, %y: memref<?x4xf32>) attributes {blockattn.kernel} {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<?x4xf32>) outs(%y : memref<?x4xf32>) {
  ^bb0(%a: f32, %b: f32):
    %r = arith.mulf %a, %a : f32
    linalg.yield %r : f32
  }
  return
}

// -----

// A short row is summed by a warp, eight rows a block; the old value is added
// once.
// CHECK: gpu.func @short_row_wide
// CHECK: scf.for %{{.*}} = %{{.*}} to %c32{{.*}} step %c32{{.*}} iter_args(%{{.*}} = %cst)
// CHECK: vector.load %{{.*}} {alignment = 16 : i64} : memref<{{.*}}>, vector<4xf32>
// CHECK-COUNT-4: arith.addf
// CHECK: gpu.func @short_row(
// CHECK: %[[SUM:.*]] = scf.for %{{.*}} = %{{.*}} to %c128 step %c32 iter_args(%{{.*}} = %cst)
// CHECK-COUNT-5: gpu.shuffle xor
// CHECK: scf.if
// CHECK: %[[OLD:.*]] = memref.load
// CHECK: arith.addf %[[OLD]]
// CHECK: memref.store
// CHECK-NOT: gpu.barrier
func.func private @short_row(%exec: !llvm.ptr {blockattn.exec}, %x: memref<?x128xf32>, %y: memref<?xf32>) attributes {blockattn.kernel} {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<?x128xf32>) outs(%y : memref<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %r = arith.addf %b, %a : f32
    linalg.yield %r : f32
  }
  return
}

// -----

// A row of any length is the work of a block; warps meet in shared memory. A
// boolean goes through a shuffle as a word.
// CHECK: gpu.func @all{{.*}} workgroup(%[[PART:.*]] : memref<8xi1, #gpu.address_space<workgroup>>)
// CHECK: arith.extui %{{.*}} : i1 to i32
// CHECK: gpu.shuffle xor
// CHECK: memref.store %{{.*}}, %[[PART]]
// CHECK: gpu.barrier
// CHECK: memref.load %[[PART]]
// CHECK: memref.store
func.func private @all(%exec: !llvm.ptr {blockattn.exec}, %x: memref<?xi1>, %y: memref<i1>) attributes {blockattn.kernel} {
  linalg.generic {indexing_maps = [affine_map<(j) -> (j)>, affine_map<(j) -> ()>], iterator_types = ["reduction"]}
      ins(%x : memref<?xi1>) outs(%y : memref<i1>) {
  ^bb0(%a: i1, %b: i1):
    %r = arith.andi %b, %a : i1
    linalg.yield %r : i1
  }
  return
}

// -----

// What is gathered or boolean is done element by element.
// CHECK: gpu.func @gather
// CHECK-NOT: vector
func.func private @gather(%exec: !llvm.ptr {blockattn.exec}, %i: memref<?xi64>, %x: memref<?xf32>, %y: memref<?xi1>) attributes {blockattn.kernel} {
  %zero = arith.constant 0.0 : f32
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%i : memref<?xi64>) outs(%y : memref<?xi1>) {
  ^bb0(%a: i64, %b: i1):
    %at = arith.index_cast %a : i64 to index
    %v = memref.load %x[%at] : memref<?xf32>
    %r = arith.cmpf ogt, %v, %zero : f32
    linalg.yield %r : i1
  }
  return
}

// -----

// Columns are summed by a thread each: neighbours read neighbours.
// CHECK: gpu.func @columns
// CHECK-NOT: gpu.shuffle
// CHECK: scf.for
// CHECK-NOT: gpu.shuffle
func.func private @columns(%exec: !llvm.ptr {blockattn.exec}, %x: memref<?x?xf32>, %y: memref<?xf32>) attributes {blockattn.kernel} {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (j, i)>, affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<?x?xf32>) outs(%y : memref<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %r = arith.addf %b, %a : f32
    linalg.yield %r : f32
  }
  return
}

// -----

// A launch of one thread keeps its order; operations in it become loops.
// CHECK: gpu.launch_func @kernels::@sequence blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1)
// CHECK: gpu.func @sequence
// CHECK: scf.for
// CHECK: scf.for
// CHECK: memref.load
// CHECK: memref.store
// CHECK-NOT: linalg
func.func private @sequence(%exec: !llvm.ptr {blockattn.exec}, %x: memref<?x4xf32>, %y: memref<4xf32>) attributes {blockattn.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  gpu.launch blocks(%a, %b, %c) in (%d = %c1, %e = %c1, %f = %c1) threads(%g, %h, %i) in (%j = %c1, %k = %c1, %l = %c1) {
    %n = memref.dim %x, %c0 : memref<?x4xf32>
    scf.for %at = %c0 to %n step %c1 {
      %row = memref.subview %x[%at, 0] [1, 4] [1, 1] : memref<?x4xf32> to memref<4xf32, strided<[1], offset: ?>>
      memref.copy %row, %y : memref<4xf32, strided<[1], offset: ?>> to memref<4xf32>
    }
    gpu.terminator
  }
  return
}

// -----

// Operations of a row one after the other: a block does them all, and waits for
// its threads in between. A sum goes through shared memory, what follows is the
// work of one thread, then each has its neighbours.
// CHECK-LABEL: func.func private @norm
// CHECK:         scf.if
// CHECK:           gpu.launch_func @kernels::@norm_wide
// CHECK:         } else {
// CHECK:           gpu.launch_func @kernels::@norm
// CHECK:       gpu.func @norm_wide
// CHECK:         memref.store %cst
// CHECK:         gpu.barrier
// CHECK:         vector.load {{.*}} vector<8xbf16>
// CHECK-COUNT-8: arith.addf
// CHECK:         gpu.shuffle xor
// CHECK:         gpu.barrier
// CHECK:         gpu.barrier
// CHECK:         vector.load {{.*}} vector<8xbf16>
// CHECK:         vector.store {{.*}} vector<8xbf16>
// CHECK:       gpu.func @norm(
// CHECK-NOT:     vector.load
#all = affine_map<(n, d) -> (n, d)>
#row = affine_map<(n, d) -> (n)>
func.func private @norm(%x: memref<?x2048xbf16>, %sums: memref<?xf32>, %y: memref<?x2048xbf16>) attributes {blockattn.kernel} {
  %zero = arith.constant 0.0 : f32
  %c1 = arith.constant 1 : index
  gpu.launch blocks(%a, %b, %c) in (%d = %c1, %e = %c1, %f = %c1) threads(%g, %h, %i) in (%j = %c1, %k = %c1, %l = %c1) {
    linalg.fill ins(%zero : f32) outs(%sums : memref<?xf32>)
    linalg.generic {indexing_maps = [#all, #row], iterator_types = ["parallel", "reduction"]}
        ins(%x : memref<?x2048xbf16>) outs(%sums : memref<?xf32>) {
    ^bb0(%p: bf16, %o: f32):
      %q = arith.extf %p : bf16 to f32
      %s = arith.addf %o, %q : f32
      linalg.yield %s : f32
    }
    linalg.generic {indexing_maps = [#all, #row, #all], iterator_types = ["parallel", "parallel"]}
        ins(%x, %sums : memref<?x2048xbf16>, memref<?xf32>) outs(%y : memref<?x2048xbf16>) {
    ^bb0(%p: bf16, %m: f32, %o: bf16):
      %q = arith.extf %p : bf16 to f32
      %s = arith.subf %q, %m : f32
      %r = arith.truncf %s : f32 to bf16
      linalg.yield %r : bf16
    }
    gpu.terminator
  } {blockattn.row_loops = 1 : i64}
  return
}

// -----

// A launch with a grid is done by a thread for each block of it.
// CHECK-LABEL: func.func private @kernel_0_loops
// CHECK-SAME:    %[[N:[a-z0-9]+]]: index
// CHECK:         arith.divui %{{.*}}, %c256
// CHECK:         gpu.launch_func @kernels::@kernel_0_loops blocks in (%{{.*}}, %c1, %c1) threads in (%c256, %c1, %c1)
// CHECK:       gpu.func @kernel_0_loops
// CHECK:         %[[BLOCK:.*]] = gpu.block_id x
// CHECK:         %[[BEFORE:.*]] = arith.muli %[[BLOCK]], %c256
// CHECK:         %[[THREAD:.*]] = gpu.thread_id x
// CHECK:         %[[NUMBER:.*]] = arith.addi %[[BEFORE]], %[[THREAD]]
// CHECK:         %[[IN:.*]] = arith.cmpi slt, %[[NUMBER]]
// CHECK:         scf.if %[[IN]]
// CHECK-NEXT:      memref.load %{{.*}}[%[[NUMBER]]]
// CHECK:           memref.store
func.func private @kernel_0_loops(%exec: !llvm.ptr {blockattn.exec}, %n: index, %x: memref<?xi64>, %y: memref<?xi64>) attributes {blockattn.kernel} {
  %c1 = arith.constant 1 : index
  gpu.launch blocks(%p, %q, %r) in (%d = %n, %e = %c1, %f = %c1) threads(%g, %h, %i) in (%j = %c1, %k = %c1, %l = %c1) {
    %v = memref.load %x[%p] : memref<?xi64>
    %to = arith.index_cast %v : i64 to index
    memref.store %v, %y[%to] : memref<?xi64>
    gpu.terminator
  }
  return
}

// -----

// Sums up to each element: a thread for each line where there are many or they
// are short, else a thread block, which adds up the parts of its threads in
// shared memory and has each go through its part again.
// CHECK-LABEL: func.func private @kernel_0_sum
// CHECK-SAME:    %[[LINES:[a-z0-9]+]]: index, %[[LENGTH:[a-z0-9]+]]: index
// CHECK-DAG:     arith.cmpi sge, %[[LINES]], %c4096
// CHECK-DAG:     arith.cmpi slt, %[[LENGTH]], %c32
// CHECK:         scf.if
// CHECK:           gpu.launch_func @kernels::@kernel_0_sum blocks in (%{{.*}}, %c1, %c1) threads in (%c256, %c1, %c1)
// CHECK:         } else {
// CHECK:           gpu.launch_func @kernels::@kernel_0_sum_scan blocks in (%[[LINES]], %c1, %c1) threads in (%c1024, %c1, %c1)
// CHECK:       gpu.func @kernel_0_sum(
// CHECK:         scf.if
// CHECK:           scf.for
// CHECK-COUNT-2:     memref.load
// CHECK:             arith.addf
// CHECK:             memref.store
// CHECK:             memref.load
// CHECK:             memref.store
// CHECK-NOT:     gpu.barrier
// CHECK:       gpu.func @kernel_0_sum_scan({{.*}}) workgroup(%[[PARTS:.*]] : memref<1024xf32, #gpu.address_space<workgroup>>)
// CHECK:         %[[LINE:.*]] = gpu.block_id x
// CHECK:         %[[THREAD:.*]] = gpu.thread_id x
// CHECK:         %[[MINE:.*]] = scf.for %{{.*}} iter_args(%{{.*}} = %cst)
// CHECK:           memref.load %{{.*}}[%[[LINE]], %c0]
// CHECK-NOT:       memref.store
// CHECK:           scf.yield
// CHECK:         memref.store %[[MINE]], %[[PARTS]][%[[THREAD]]]
// CHECK-COUNT-21: gpu.barrier
// CHECK:         %[[BEFORE:.*]] = scf.if
// CHECK:           arith.subi %[[THREAD]], %c1
// CHECK:         %[[FIRST:.*]] = arith.addf %{{.*}}, %[[BEFORE]]
// CHECK:         scf.for %{{.*}} iter_args(%[[SUM:.*]] = %[[FIRST]])
// CHECK:           %[[NEXT:.*]] = arith.addf %[[SUM]]
// CHECK:           memref.store %[[NEXT]], %{{.*}}[%[[LINE]], %c0]
// CHECK:           scf.yield %[[NEXT]]
func.func private @kernel_0_sum(%exec: !llvm.ptr {blockattn.exec}, %lines: index, %length: index, %x: memref<?x?xf32>, %sums: memref<?x1xf32>, %y: memref<?x?xf32>) attributes {blockattn.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  gpu.launch blocks(%p, %q, %r) in (%d = %lines, %e = %c1, %f = %c1) threads(%g, %h, %i) in (%j = %c1, %k = %c1, %l = %c1) {
    scf.for %n = %c0 to %length step %c1 {
      %slab = memref.subview %x[0, %n] [%lines, 1] [1, 1] : memref<?x?xf32> to memref<?x1xf32, strided<[?, 1], offset: ?>>
      linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
          ins(%slab : memref<?x1xf32, strided<[?, 1], offset: ?>>) outs(%sums : memref<?x1xf32>) {
      ^bb0(%in: f32, %out: f32):
        %s = arith.addf %out, %in : f32
        linalg.yield %s : f32
      }
      %to = memref.subview %y[0, %n] [%lines, 1] [1, 1] : memref<?x?xf32> to memref<?x1xf32, strided<[?, 1], offset: ?>>
      linalg.copy ins(%sums : memref<?x1xf32>) outs(%to : memref<?x1xf32, strided<[?, 1], offset: ?>>)
    }
    gpu.terminator
  } {blockattn.points, blockattn.scan}
  return
}

// -----

// Each operation of a launch has thread blocks of its own, behind those of the ones before,
// and takes as many neighbours as it can: 4 of the first one, 2 of the second one. The wide
// form is for when both can be.
// CHECK-LABEL: func.func private @beside
// CHECK:         scf.if
// CHECK:           arith.divui %{{.*}}, %c4
// CHECK:           %[[N:.*]] = arith.divui %{{.*}}, %c256
// CHECK:           arith.divui %{{.*}}, %c2
// CHECK:           %[[M:.*]] = arith.divui %{{.*}}, %c256
// CHECK:           %[[GRID:.*]] = arith.addi %[[N]], %[[M]]
// CHECK:           gpu.launch_func @kernels::@beside_wide blocks in (%[[GRID]], %c1, %c1) threads in (%c256, %c1, %c1)
// CHECK:         } else {
// CHECK:           gpu.launch_func @kernels::@beside blocks in
// CHECK:         gpu.func @beside_wide
// CHECK:           %[[BLOCK:.*]] = gpu.block_id  x
// CHECK:           scf.if
// CHECK:             vector.load %{{.*}} {alignment = 16 : i64} : memref<?xf32>, vector<4xf32>
// CHECK:           }
// CHECK:           %[[BLOCKS:.*]] = arith.divui %{{.*}}, %c256
// CHECK:           %[[OWN:.*]] = arith.subi %[[BLOCK]], %[[BLOCKS]]
// CHECK:           %[[LATER:.*]] = arith.cmpi sge, %[[OWN]], %c0
// CHECK:           %[[MINE:.*]] = arith.andi %[[LATER]]
// CHECK:           scf.if %[[MINE]]
// CHECK:             vector.load %{{.*}} {alignment = 16 : i64} : memref<?xf64>, vector<2xf64>
// CHECK:         gpu.func @beside(
// CHECK-NOT:       vector
// CHECK:           arith.subi
// CHECK-NOT:       vector
// CHECK:           gpu.return
func.func private @beside(%exec: !llvm.ptr {blockattn.exec}, %x: memref<?xf32>, %y: memref<?xf32>, %v: memref<?xf64>, %w: memref<?xf64>) attributes {blockattn.kernel} {
  %c1 = arith.constant 1 : index
  gpu.launch blocks(%a, %b, %c) in (%d = %c1, %e = %c1, %f = %c1) threads(%g, %h, %i) in (%j = %c1, %k = %c1, %l = %c1) {
    linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
        ins(%x : memref<?xf32>) outs(%y : memref<?xf32>) {
    ^bb0(%p: f32, %o: f32):
      %r = arith.mulf %p, %p : f32
      linalg.yield %r : f32
    }
    linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
        ins(%v : memref<?xf64>) outs(%w : memref<?xf64>) {
    ^bb0(%p: f64, %o: f64):
      %r = arith.negf %p : f64
      linalg.yield %r : f64
    }
    gpu.terminator
  } {blockattn.elements}
  return
}

// -----

// Rows of 7 are never wide, which is no reason for others not to be.
// CHECK-LABEL: func.func private @beside_odd
// CHECK:         gpu.launch_func @kernels::@beside_odd_wide
// CHECK:         gpu.func @beside_odd_wide
// CHECK:           vector.store {{.*}}vector<4xf32>
// CHECK:           memref.store %{{.*}} : memref<?x7xf32, strided<[8, 1]>>
func.func private @beside_odd(%exec: !llvm.ptr {blockattn.exec}, %x: memref<?xf32>, %y: memref<?xf32>, %v: memref<?x7xf32, strided<[8, 1]>>) attributes {blockattn.kernel} {
  %c1 = arith.constant 1 : index
  gpu.launch blocks(%a, %b, %c) in (%d = %c1, %e = %c1, %f = %c1) threads(%g, %h, %i) in (%j = %c1, %k = %c1, %l = %c1) {
    linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
        ins(%x : memref<?xf32>) outs(%y : memref<?xf32>) {
    ^bb0(%p: f32, %o: f32):
      %r = arith.mulf %p, %p : f32
      linalg.yield %r : f32
    }
    linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
        outs(%v : memref<?x7xf32, strided<[8, 1]>>) {
    ^bb0(%o: f32):
      %r = arith.negf %o : f32
      linalg.yield %r : f32
    }
    gpu.terminator
  } {blockattn.elements}
  return
}

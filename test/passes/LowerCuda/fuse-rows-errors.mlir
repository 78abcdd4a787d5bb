// RUN: blockattn-opt %s --allow-unregistered-dialect --blockattn-fuse-rows --split-input-file | FileCheck %s

// The pass cannot fail: what does not go row by row stays as it is.

#all = affine_map<(n, d) -> (n, d)>
#turned = affine_map<(n, d) -> (d, n)>
#row = affine_map<(n, d) -> (n)>
#rows = affine_map<(n) -> (n)>

// Each element needs the sum of another row.
// CHECK-LABEL: func.func @other_rows
// CHECK-NOT:     gpu.launch
// CHECK:         return
func.func @other_rows(%x: memref<64x64xf32>, %y: memref<64x64xf32>, %long: memref<?x65536xf32>, %any: memref<?x?xf32>, %n: index) {
  %zero = arith.constant 0.0 : f32
  %sums = memref.alloc() : memref<64xf32>
  linalg.generic {indexing_maps = [#all, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<64x64xf32>) outs(%sums : memref<64xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %o, %a : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#all, affine_map<(n, d) -> (d)>, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x, %sums : memref<64x64xf32>, memref<64xf32>) outs(%y : memref<64x64xf32>) {
  ^bb0(%a: f32, %c: f32, %o: f32):
    %s = arith.mulf %a, %c : f32
    linalg.yield %s : f32
  }

  return
}

// -----

#all = affine_map<(n, d) -> (n, d)>
#turned = affine_map<(n, d) -> (d, n)>
#row = affine_map<(n, d) -> (n)>
#rows = affine_map<(n) -> (n)>

// There is nothing to fuse it with.
// CHECK-LABEL: func.func @alone
// CHECK-NOT:     gpu.launch
// CHECK:         return
func.func @alone(%x: memref<64x64xf32>, %y: memref<64x64xf32>, %long: memref<?x65536xf32>, %any: memref<?x?xf32>, %n: index) {
  %zero = arith.constant 0.0 : f32
  %sums = memref.alloc() : memref<64xf32>
  linalg.generic {indexing_maps = [#all, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<64x64xf32>) outs(%sums : memref<64xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %o, %a : f32
    linalg.yield %s : f32
  }

  return
}

// -----

#all = affine_map<(n, d) -> (n, d)>
#turned = affine_map<(n, d) -> (d, n)>
#row = affine_map<(n, d) -> (n)>
#rows = affine_map<(n) -> (n)>

// Something else is done in between.
// CHECK-LABEL: func.func @apart
// CHECK-NOT:     gpu.launch
// CHECK:         return
func.func @apart(%x: memref<64x64xf32>, %y: memref<64x64xf32>, %long: memref<?x65536xf32>, %any: memref<?x?xf32>, %n: index) {
  %zero = arith.constant 0.0 : f32
  %sums = memref.alloc() : memref<64xf32>
  linalg.generic {indexing_maps = [#all, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<64x64xf32>) outs(%sums : memref<64xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %o, %a : f32
    linalg.yield %s : f32
  }
  "test.make"(%sums) : (memref<64xf32>) -> ()
  linalg.generic {indexing_maps = [#all, #row, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x, %sums : memref<64x64xf32>, memref<64xf32>) outs(%y : memref<64x64xf32>) {
  ^bb0(%a: f32, %c: f32, %o: f32):
    %s = arith.mulf %a, %c : f32
    linalg.yield %s : f32
  }

  return
}

// -----

#all = affine_map<(n, d) -> (n, d)>
#turned = affine_map<(n, d) -> (d, n)>
#row = affine_map<(n, d) -> (n)>
#rows = affine_map<(n) -> (n)>

// The next operation has nothing to do with it.
// CHECK-LABEL: func.func @unrelated
// CHECK-NOT:     gpu.launch
// CHECK:         return
func.func @unrelated(%x: memref<64x64xf32>, %y: memref<64x64xf32>, %long: memref<?x65536xf32>, %any: memref<?x?xf32>, %n: index) {
  %zero = arith.constant 0.0 : f32
  %sums = memref.alloc() : memref<64xf32>
  linalg.generic {indexing_maps = [#all, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<64x64xf32>) outs(%sums : memref<64xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %o, %a : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<64x64xf32>) outs(%y : memref<64x64xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  }

  return
}

// -----

#all = affine_map<(n, d) -> (n, d)>
#turned = affine_map<(n, d) -> (d, n)>
#row = affine_map<(n, d) -> (n)>
#rows = affine_map<(n) -> (n)>

// The sums are read through a view.
// CHECK-LABEL: func.func @view
// CHECK-NOT:     gpu.launch
// CHECK:         return
func.func @view(%x: memref<64x64xf32>, %y: memref<64x64xf32>, %long: memref<?x65536xf32>, %any: memref<?x?xf32>, %n: index) {
  %zero = arith.constant 0.0 : f32
  %sums = memref.alloc() : memref<64xf32>
  linalg.generic {indexing_maps = [#all, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<64x64xf32>) outs(%sums : memref<64xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %o, %a : f32
    linalg.yield %s : f32
  }
  %v = memref.expand_shape %sums [[0, 1]] output_shape [8, 8] : memref<64xf32> into memref<8x8xf32>
  "test.use"(%v) : (memref<8x8xf32>) -> ()

  return
}

// -----

#all = affine_map<(n, d) -> (n, d)>
#turned = affine_map<(n, d) -> (d, n)>
#row = affine_map<(n, d) -> (n)>
#rows = affine_map<(n) -> (n)>

// A row is more than one block of threads should do.
// CHECK-LABEL: func.func @long_rows
// CHECK-NOT:     gpu.launch
// CHECK:         return
func.func @long_rows(%x: memref<64x64xf32>, %y: memref<64x64xf32>, %long: memref<?x65536xf32>, %any: memref<?x?xf32>, %n: index) {
  %zero = arith.constant 0.0 : f32
  %sums = memref.alloc() : memref<64xf32>
  %ls = memref.alloc(%n) : memref<?xf32>
  linalg.generic {indexing_maps = [#all, #row], iterator_types = ["parallel", "reduction"]}
      ins(%long : memref<?x65536xf32>) outs(%ls : memref<?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %o, %a : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#all, #row, #all], iterator_types = ["parallel", "parallel"]}
      ins(%long, %ls : memref<?x65536xf32>, memref<?xf32>) outs(%long : memref<?x65536xf32>) {
  ^bb0(%a: f32, %c: f32, %o: f32):
    %s = arith.mulf %a, %c : f32
    linalg.yield %s : f32
  }

  return
}

// -----

#all = affine_map<(n, d) -> (n, d)>
#turned = affine_map<(n, d) -> (d, n)>
#row = affine_map<(n, d) -> (n)>
#rows = affine_map<(n) -> (n)>

// Nobody knows how long a row is.
// CHECK-LABEL: func.func @any_rows
// CHECK-NOT:     gpu.launch
// CHECK:         return
func.func @any_rows(%x: memref<64x64xf32>, %y: memref<64x64xf32>, %long: memref<?x65536xf32>, %any: memref<?x?xf32>, %n: index) {
  %zero = arith.constant 0.0 : f32
  %sums = memref.alloc() : memref<64xf32>
  %ls = memref.alloc(%n) : memref<?xf32>
  linalg.generic {indexing_maps = [#all, #row], iterator_types = ["parallel", "reduction"]}
      ins(%any : memref<?x?xf32>) outs(%ls : memref<?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %o, %a : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#all, #row, #all], iterator_types = ["parallel", "parallel"]}
      ins(%any, %ls : memref<?x?xf32>, memref<?xf32>) outs(%any : memref<?x?xf32>) {
  ^bb0(%a: f32, %c: f32, %o: f32):
    %s = arith.mulf %a, %c : f32
    linalg.yield %s : f32
  }

  return
}

// -----

#all = affine_map<(n, d) -> (n, d)>
#turned = affine_map<(n, d) -> (d, n)>
#row = affine_map<(n, d) -> (n)>
#rows = affine_map<(n) -> (n)>

// Neighbours of a row are far apart in memory.
// CHECK-LABEL: func.func @jumps
// CHECK-NOT:     gpu.launch
// CHECK:         return
func.func @jumps(%x: memref<64x64xf32>, %y: memref<64x64xf32>, %long: memref<?x65536xf32>, %any: memref<?x?xf32>, %n: index) {
  %zero = arith.constant 0.0 : f32
  %sums = memref.alloc() : memref<64xf32>
  linalg.fill ins(%zero : f32) outs(%sums : memref<64xf32>)
  linalg.generic {indexing_maps = [#turned, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<64x64xf32>) outs(%sums : memref<64xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %o, %a : f32
    linalg.yield %s : f32
  }

  return
}

// -----

#all = affine_map<(n, d) -> (n, d)>
#vector = affine_map<(n, d) -> (d)>
#row = affine_map<(n, d) -> (n)>

// What the library does along with a product is no part of a launch.
// CHECK-LABEL: func.func @epilogue
// CHECK-NOT:     gpu.launch
// CHECK:         return
func.func @epilogue(%bias: memref<64xf32>, %x: memref<64x64xf32>, %sums: memref<64xf32>) {
  linalg.generic {indexing_maps = [#vector, #all], iterator_types = ["parallel", "parallel"]}
      ins(%bias : memref<64xf32>) outs(%x : memref<64x64xf32>) attrs = {blockattn.epilogue} {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %o, %a : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#all, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<64x64xf32>) outs(%sums : memref<64xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %o, %a : f32
    linalg.yield %s : f32
  }
  return
}

// RUN: blockattn-opt %s --allow-unregistered-dialect --blockattn-fuse-rows --split-input-file | FileCheck %s

#all = affine_map<(b, n, d) -> (b, n, d)>
#row = affine_map<(b, n, d) -> (b, n)>
#rows = affine_map<(b, n) -> (b, n)>
#column = affine_map<(b, n, d) -> (d)>

// A norm, with the sum before it and what it is computed from: one launch,
// where the last of it was. The product is none of it.
// CHECK-LABEL: func.func @norm
// CHECK:         memref.alloc
// CHECK-NOT:     linalg.
// CHECK:         gpu.launch
// CHECK:           linalg.generic {{.*}}iterator_types = ["parallel", "parallel", "parallel"]
// CHECK:             arith.addf
// CHECK:           linalg.fill
// CHECK:           linalg.generic {{.*}}iterator_types = ["parallel", "parallel", "reduction"]
// CHECK:           linalg.generic {{.*}}iterator_types = ["parallel", "parallel"]
// CHECK:             math.rsqrt
// CHECK:           linalg.generic {{.*}}iterator_types = ["parallel", "parallel", "parallel"]
// CHECK:           gpu.terminator
// CHECK-NEXT:    } {blockattn.row_loops = 2 : i64}
// CHECK:         linalg.matmul
func.func @norm(%p: memref<1x?x64xbf16>, %q: memref<1x?x64xbf16>, %scale: memref<64xbf16>, %w: memref<64x16xbf16>,
                %y: memref<1x?x64xbf16>, %z: memref<?x16xbf16>, %n: index) {
  %zero = arith.constant 0.0 : f32
  %x = memref.alloc(%n) : memref<1x?x64xbf16>
  %sums = memref.alloc(%n) : memref<1x?xf32>
  %root = memref.alloc(%n) : memref<1x?xf32>
  linalg.generic {indexing_maps = [#all, #all, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%p, %q : memref<1x?x64xbf16>, memref<1x?x64xbf16>) outs(%x : memref<1x?x64xbf16>) {
  ^bb0(%a: bf16, %b: bf16, %o: bf16):
    %s = arith.addf %a, %b : bf16
    linalg.yield %s : bf16
  }
  linalg.fill ins(%zero : f32) outs(%sums : memref<1x?xf32>)
  linalg.generic {indexing_maps = [#all, #row], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x : memref<1x?x64xbf16>) outs(%sums : memref<1x?xf32>) {
  ^bb0(%a: bf16, %o: f32):
    %f = arith.extf %a : bf16 to f32
    %f2 = arith.mulf %f, %f : f32
    %s = arith.addf %o, %f2 : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#rows, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%sums : memref<1x?xf32>) outs(%root : memref<1x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = math.rsqrt %a : f32
    linalg.yield %r : f32
  }
  linalg.generic {indexing_maps = [#all, #row, #column, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x, %root, %scale : memref<1x?x64xbf16>, memref<1x?xf32>, memref<64xbf16>) outs(%y : memref<1x?x64xbf16>) {
  ^bb0(%a: bf16, %r: f32, %c: bf16, %o: bf16):
    %f = arith.extf %a : bf16 to f32
    %g = arith.mulf %f, %r : f32
    %h = arith.truncf %g : f32 to bf16
    %s = arith.mulf %h, %c : bf16
    linalg.yield %s : bf16
  }
  %yv = memref.collapse_shape %y [[0, 1], [2]] : memref<1x?x64xbf16> into memref<?x64xbf16>
  linalg.matmul ins(%yv, %w : memref<?x64xbf16>, memref<64x16xbf16>) outs(%z : memref<?x16xbf16>)
  return
}

// RUN: blockattn-opt %s --blockattn-outline-kernels | FileCheck %s

// A kernel's name says what it does and for which node of the model: errors and
// profiles show it. Layers that compute the same still share one kernel, which
// the first one names.

#id = affine_map<(d) -> (d)>

// CHECK-LABEL: func.func @layers
// CHECK:         call @kernel_0_map_layers_0_mlp_act_Mul(
// CHECK-NEXT:    call @kernel_0_map_layers_0_mlp_act_Mul(
// CHECK-NEXT:    call @kernel_1_map_layers_0_mlp_act_Mul(
func.func @layers(%a: memref<?xf32>, %b: memref<?xf32>) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%a : memref<?xf32>) outs(%b : memref<?xf32>) {
  ^bb0(%x: f32, %y: f32):
    %r = arith.mulf %x, %x : f32
    linalg.yield %r : f32
  } loc("/layers.0/mlp/act/Mul")
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%b : memref<?xf32>) outs(%a : memref<?xf32>) {
  ^bb0(%x: f32, %y: f32):
    %r = arith.mulf %x, %x : f32
    linalg.yield %r : f32
  } loc("/layers.1/mlp/act/Mul")
  // Nodes may be called alike.
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%a : memref<?xf32>) outs(%b : memref<?xf32>) {
  ^bb0(%x: f32, %y: f32):
    %r = arith.addf %x, %x : f32
    linalg.yield %r : f32
  } loc("/layers.0/mlp/act/Mul")
  return
}

// What PTX takes in an identifier is left; of a long name the end, where it
// says most.
// CHECK-LABEL: func.func @odd
// CHECK:         call @kernel_2_reduce_a_b_31mc_d_0(
// CHECK-NEXT:    call @kernel_3_fill(
// CHECK-NEXT:    call @kernel_4_move_decoder_layers_17_self_attention_o_proj(
func.func @odd(%a: memref<?xf32>, %b: memref<?xf32>, %sum: memref<f32>, %value: f32) {
  linalg.generic {indexing_maps = [#id, affine_map<(d) -> ()>], iterator_types = ["reduction"]}
      ins(%a : memref<?xf32>) outs(%sum : memref<f32>) {
  ^bb0(%x: f32, %y: f32):
    %r = arith.addf %x, %y : f32
    linalg.yield %r : f32
  } loc("__a \22$b\1B[31mc\C3\A9::d:0/")
  linalg.fill ins(%value : f32) outs(%a : memref<?xf32>) loc("\E5\B1\82%")
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%a : memref<?xf32>) outs(%b : memref<?xf32>) {
  ^bb0(%x: f32, %y: f32):
    linalg.yield %x : f32
  } loc("a_model_with_very_long_names/decoder.layers.17/self_attention/o_proj")
  return
}

// Metadata of an exporter and calls of the model's functions are seen through,
// and a launch is named after what is done last in it.
// CHECK-LABEL: func.func @launches
// CHECK:         call @kernel_5_sequence_inner(
// CHECK-NEXT:    call @kernel_6_rows_norm(
func.func @launches(%a: memref<4x8xf32>, %b: memref<4xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1)
      threads(%tx, %ty, %tz) in (%sx = %c1, %sy = %c1, %sz = %c1) {
    %x = memref.load %a[%c0, %c0] : memref<4x8xf32>
    memref.store %x, %b[%c0] : memref<4xf32>
    gpu.terminator
  } loc(callsite("inner" at "outer"))
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1)
      threads(%tx, %ty, %tz) in (%sx = %c1, %sy = %c1, %sz = %c1) {
    linalg.generic {indexing_maps = [affine_map<(d, e) -> (d, e)>, affine_map<(d, e) -> (d)>],
                    iterator_types = ["parallel", "reduction"]}
        ins(%a : memref<4x8xf32>) outs(%b : memref<4xf32>) {
    ^bb0(%x: f32, %y: f32):
      %r = arith.addf %x, %y : f32
      linalg.yield %r : f32
    } loc("add")
    linalg.generic {indexing_maps = [affine_map<(d, e) -> (d)>, affine_map<(d, e) -> (d, e)>],
                    iterator_types = ["parallel", "parallel"]}
        ins(%b : memref<4xf32>) outs(%a : memref<4x8xf32>) {
    ^bb0(%x: f32, %y: f32):
      %r = arith.mulf %x, %y : f32
      linalg.yield %r : f32
    } loc(fused<{stack_trace = ""}>["norm"])
    gpu.terminator
  } {blockattn.row_loops = 1 : i64}
  return
}

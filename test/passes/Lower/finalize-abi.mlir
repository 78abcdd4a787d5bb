// RUN: blockattn-opt %s --blockattn-finalize-abi --canonicalize | FileCheck %s

// CHECK: llvm.mlir.global internal @ba_runtime() {{.*}} : !llvm.ptr

// args: exec, inputs, outputs, weights, and the table of buffers last.
// CHECK-LABEL: func.func @ba_run_full(
// CHECK-SAME:    %[[ARGS:.*]]: !llvm.ptr) -> i32
// CHECK-DAG:     llvm.getelementptr %[[ARGS]][1] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
// CHECK-DAG:     llvm.getelementptr %[[ARGS]][2] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
// CHECK-DAG:     llvm.getelementptr %[[ARGS]][3] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
// CHECK-DAG:     llvm.getelementptr %[[ARGS]][4] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
// CHECK-DAG:     %[[EXEC:.*]] = llvm.load %[[ARGS]] : !llvm.ptr -> !llvm.ptr
// CHECK-DAG:     %[[TABLE:.*]] = llvm.mlir.addressof @ba_runtime
// CHECK-DAG:     %[[ONE:.*]] = arith.constant 1 : i32
// CHECK:         call @kernel(%[[EXEC]],
// The runtime is called through the table. A failure ends the program, with its
// code.
// CHECK:         %[[API:.*]] = llvm.load %[[TABLE]]
// CHECK:         %[[SLOT:.*]] = llvm.getelementptr %[[API]][3]
// CHECK:         %[[FAIL:.*]] = llvm.load %[[SLOT]]
// CHECK:         llvm.call %[[FAIL]](%[[EXEC]], %{{.*}}, %{{.*}}) : !llvm.ptr, (!llvm.ptr, i32, !llvm.ptr) -> ()
// CHECK-NEXT:    return %[[ONE]] : i32
func.func @full(%exec: !llvm.ptr {blockattn.exec}, %x: memref<?xf32>,
                %w: memref<8xf32> {blockattn.weight = 3 : i64},
                %y: memref<?xf32> {blockattn.output = 0 : i64},
                %buffer: memref<?xi8> {blockattn.buffer = 0 : i64})
    attributes {blockattn.program = "full"} {
  %c0 = arith.constant 0 : index
  %c = arith.constant 1 : i32
  %view = memref.view %buffer[%c0][] : memref<?xi8> to memref<8xf32>
  func.call @kernel(%exec, %x, %w, %y, %view)
      : (!llvm.ptr, memref<?xf32>, memref<8xf32>, memref<?xf32>, memref<8xf32>) -> ()
  func.call @ba_rt_fail(%exec, %c, %exec) : (!llvm.ptr, i32, !llvm.ptr) -> ()
  return
}

// CHECK-LABEL: func.func @ba_plan_full(
// CHECK-SAME:    %[[ARGS:.*]]: !llvm.ptr) -> i32
// CHECK:         %[[SLOT:.*]] = llvm.getelementptr %[[ARGS]][2]
// CHECK:         %[[OUT:.*]] = llvm.load %[[SLOT]]
// CHECK:         llvm.store %{{.*}}, %[[OUT]] : i64, !llvm.ptr
// CHECK:         llvm.getelementptr %[[OUT]][1] : (!llvm.ptr) -> !llvm.ptr, i64
func.func @plan_full(%x: memref<?xf32>) -> (index, index) {
  %c0 = arith.constant 0 : index
  %bytes = arith.constant 32 : index
  %n = memref.dim %x, %c0 : memref<?xf32>
  return %bytes, %n : index, index
}

// Kernels are nobody else's business.
// CHECK: func.func private @kernel{{.*}} attributes {llvm.linkage = #llvm.linkage<internal>, passthrough = ["noinline"]}
func.func private @kernel(%exec: !llvm.ptr, %x: memref<?xf32>, %w: memref<8xf32>,
                          %y: memref<?xf32>, %v: memref<8xf32>) {
  return
}
func.func private @ba_rt_fail(!llvm.ptr, i32, !llvm.ptr)

// A result whose shape depends on data goes to the descriptor of the output
// that it is; memory that cannot be had ends the program.
// CHECK-LABEL: func.func @ba_run_nonzero(
// CHECK-SAME:    %[[ARGS:.*]]: !llvm.ptr) -> i32
// CHECK:         llvm.getelementptr %{{.*}}[2] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
// CHECK:         %[[MEMORY:.*]] = llvm.call %{{.*}}(%{{.*}}, %{{.*}}) : !llvm.ptr, (!llvm.ptr, i64) -> !llvm.ptr
// CHECK:         llvm.icmp "eq" %[[MEMORY]],
// CHECK:         cf.cond_br
// CHECK-DAG:     llvm.store %{{.*}} : !llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)>, !llvm.ptr
// CHECK-DAG:     return %c4_i32
func.func @nonzero(%x: memref<1xindex>) -> memref<?xi8> attributes {blockattn.program = "nonzero"} {
  %c0 = arith.constant 0 : index
  %n = memref.load %x[%c0] : memref<1xindex>
  %buffer = blockattn.alloc %n : memref<?xi8>
  return %buffer : memref<?xi8>
}
func.func @plan_nonzero(%x: memref<1xindex>) -> index {
  %unknown = arith.constant -1 : index
  return %unknown : index
}

// What comes where nothing failed is reached as before.
// CHECK-LABEL: func.func @ba_run_checked(
// CHECK:         cf.cond_br %{{.*}}, ^[[FAILED:.*]], ^
// CHECK:       ^[[FAILED]]:
// CHECK:         llvm.call %{{.*}}(%{{.*}}, %[[CODE:.*]], %{{.*}}) : !llvm.ptr, (!llvm.ptr, i32, !llvm.ptr) -> ()
// CHECK-NEXT:    return %[[CODE]] : i32
// CHECK:         return %c0_i32 : i32
func.func @checked(%exec: !llvm.ptr {blockattn.exec}, %x: memref<1xi1>) attributes {blockattn.program = "checked"} {
  %c0 = arith.constant 0 : index
  %code = arith.constant 3 : i32
  %text = llvm.mlir.zero : !llvm.ptr
  %wrong = memref.load %x[%c0] : memref<1xi1>
  cf.cond_br %wrong, ^failed, ^after
^failed:
  func.call @ba_rt_fail(%exec, %code, %text) : (!llvm.ptr, i32, !llvm.ptr) -> ()
  cf.br ^after
^after:
  return
}
func.func @plan_checked(%exec: !llvm.ptr {blockattn.exec}, %x: memref<1xi1>) {
  return
}

// Code for another interface refuses to start.
// CHECK-LABEL: func.func @ba_init(
// CHECK-SAME:    %[[VERSION:.*]]: i32, %[[API:.*]]: !llvm.ptr) -> i32
// CHECK:         llvm.store %[[API]],
// CHECK:         arith.cmpi ne, %[[VERSION]], %c3_i32

// RUN: blockattn-opt %s --blockattn-lower-device-calls --canonicalize | FileCheck %s

// CHECK: llvm.mlir.global internal constant @message_0("index out of range\00")

module attributes {gpu.container_module} {

// Kernels are numbered by their place.
// CHECK-LABEL: func.func @launch
// CHECK-SAME:    (%[[EXEC:.*]]: !llvm.ptr {blockattn.exec}, %[[P:.*]]: !llvm.ptr, %[[N:.*]]: index)
// CHECK-DAG:     %[[TABLE:.*]] = llvm.alloca %{{.*}} x !llvm.array<2 x ptr>
// CHECK-DAG:     %[[RECORD:.*]] = llvm.alloca %{{.*}} x !llvm.struct<(ptr, i64)>
// CHECK:         llvm.store %[[P]], %{{.*}}
// CHECK:         call @ba_cuda_launch(%[[EXEC]], %c1_i32, %{{.*}}, %c1_i64, %c1_i64, %c256_i32, %c1_i32, %c1_i32, %c0_i64, %[[TABLE]])
func.func @launch(%exec: !llvm.ptr {blockattn.exec}, %p: !llvm.ptr, %n: index) {
  %c1 = arith.constant 1 : index
  %c256 = arith.constant 256 : index
  gpu.launch_func @kernels::@second blocks in (%n, %c1, %c1) threads in (%c256, %c1, %c1) args(%p : !llvm.ptr, %n : index)
  return
}

// The byte is looked at when the run ends; nobody waits.
// CHECK-LABEL: func.func @check
// CHECK-NOT:     ba_cuda_read
// CHECK:         call @ba_cuda_check(%{{.*}}, %{{.*}}, %c1_i32, %{{.*}})
// CHECK-NOT:     memref.load
func.func @check(%ok: memref<i1>) {
  %c = memref.load %ok[] : memref<i1>
  blockattn.check %c, "index out of range" code 1
  return
}

// CHECK-LABEL: func.func @read
// CHECK:         %[[SLOT:.*]] = llvm.alloca %{{.*}} x i64
// CHECK:         call @ba_cuda_read(%{{.*}}, %[[SLOT]], %{{.*}}, %c8_i64)
// CHECK:         llvm.load %[[SLOT]]
func.func @read(%x: memref<?xi64>, %i: index) -> i64 {
  %v = memref.load %x[%i] : memref<?xi64>
  return %v : i64
}

// CHECK-LABEL: func.func @read_boolean
// CHECK:         call @ba_cuda_read(%{{.*}}, %{{.*}}, %{{.*}}, %c1_i64)
// CHECK:         arith.trunci %{{.*}} : i8 to i1
func.func @read_boolean(%x: memref<i1>) -> i1 {
  %v = memref.load %x[] : memref<i1>
  return %v : i1
}

// What nodes of the model a kernel computes is noted with it, each once; a
// launch that programs share is one for all of its callers.
func.func private @shared(%exec: !llvm.ptr {blockattn.exec}) attributes {blockattn.kernel} {
  %c1 = arith.constant 1 : index
  gpu.launch_func @kernels::@first blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) loc("layers.0/act")
  return
}
func.func @nodes(%exec: !llvm.ptr {blockattn.exec}, %p: !llvm.ptr, %n: index) {
  %c1 = arith.constant 1 : index
  call @shared(%exec) : (!llvm.ptr) -> () loc("layers.0/act")
  call @shared(%exec) : (!llvm.ptr) -> () loc("layers.1/act")
  call @shared(%exec) : (!llvm.ptr) -> () loc("layers.0/act")
  gpu.launch_func @kernels::@second blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%p : !llvm.ptr, %n : index) loc(fused["q", "k"])
  return
}

// CHECK-LABEL: gpu.module @kernels
// CHECK:         gpu.func @first() kernel attributes {blockattn.nodes = ["layers.0/act", "layers.1/act"]}
// CHECK:         gpu.func @second(%{{.*}}) kernel attributes {blockattn.nodes = ["q", "k"]}
// CHECK:         gpu.func @third() kernel {
gpu.module @kernels {
  gpu.func @first() kernel {
    gpu.return
  }
  gpu.func @second(%p: !llvm.ptr, %n: index) kernel {
    gpu.return
  }
  gpu.func @third() kernel {
    gpu.return
  }
}

}

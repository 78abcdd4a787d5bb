// RUN: blockattn-opt %s --pass-pipeline='builtin.module(gpu.module(blockattn-overlap-launches{chip=sm_90a}))' | FileCheck %s
// RUN: blockattn-opt %s --pass-pipeline='builtin.module(gpu.module(blockattn-overlap-launches{chip=sm_100}))' | FileCheck %s
// RUN: blockattn-opt %s --pass-pipeline='builtin.module(gpu.module(blockattn-overlap-launches{chip=sm_80}))' | FileCheck %s --check-prefix=OLD

// Earlier architectures don't have the instruction.
// OLD-LABEL: gpu.func @plain
// OLD-NOT:     launch_dependents

// CHECK-LABEL: gpu.module @kernels
gpu.module @kernels {
  // CHECK-LABEL: gpu.func @plain
  // CHECK-NEXT:    nvvm.griddepcontrol launch_dependents
  // CHECK-NEXT:    nvvm.griddepcontrol wait
  // CHECK-NEXT:    llvm.load
  gpu.func @plain(%from: !llvm.ptr, %to: !llvm.ptr) kernel {
    %0 = llvm.load %from : !llvm.ptr -> f32
    llvm.store %0, %to : f32, !llvm.ptr
    gpu.return
  }

  // What never changes may be read before the wait.
  // CHECK-LABEL: gpu.func @knows
  // CHECK-NEXT:    nvvm.griddepcontrol launch_dependents
  // CHECK-NEXT:    llvm.load
  // CHECK-NEXT:    nvvm.griddepcontrol wait
  // CHECK-NOT:     nvvm.griddepcontrol
  // CHECK:         gpu.return
  gpu.func @knows(%weight: !llvm.ptr, %to: !llvm.ptr) kernel {
    %0 = llvm.load %weight : !llvm.ptr -> f32
    nvvm.griddepcontrol wait
    llvm.store %0, %to : f32, !llvm.ptr
    gpu.return
  }

  // A function that kernels call is none.
  // CHECK-LABEL: gpu.func @called
  // CHECK-NEXT:    gpu.return
  gpu.func @called() {
    gpu.return
  }
}

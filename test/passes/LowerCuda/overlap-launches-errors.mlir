// RUN: not blockattn-opt %s --pass-pipeline='builtin.module(gpu.module(blockattn-overlap-launches{chip=sm_7}))' 2>&1 | FileCheck %s

// CHECK: error: there is no architecture 'sm_7'; those known are sm_80, sm_86, sm_89, sm_90, sm_90a, sm_100, sm_100a, sm_120
gpu.module @kernels {
}

// RUN: not blockattn-opt %s --blockattn-reduce-precision=dtype=f8 2>&1 | FileCheck %s

// CHECK: error: dtype 'f8' is not known; use bf16 or f16
module {}

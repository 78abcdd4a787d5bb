//===- GemvV3.cpp - products with few rows, for x86-64-v3 ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#define BA_GEMV_LANES 8
#include "Cpu/GemvKernels.h"

const blockattn::rt::GemvKernels blockattn::rt::detail::gemvV3 = kernels;

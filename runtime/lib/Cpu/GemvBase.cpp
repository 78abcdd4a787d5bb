//===- GemvBase.cpp - products with few rows, for any CPU ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#define BA_GEMV_LANES 4
#include "Cpu/GemvKernels.h"

const blockattn::rt::GemvKernels blockattn::rt::detail::gemvBase = kernels;

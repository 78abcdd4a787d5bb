//===- DeviceFunctions.h - f64 functions of a library -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWERCUDA_DEVICEFUNCTIONS_H
#define BLOCKATTN_PASSES_LOWERCUDA_DEVICEFUNCTIONS_H

#include "mlir/IR/PatternMatch.h"

namespace blockattn {

/// Math functions of f64 in a `gpu.module` become calls of those of libclc
/// (DeviceFunctions.def), which are linked into the kernels when PTX is
/// written. They win over expansions.
void populateDeviceFunctionPatterns(mlir::RewritePatternSet &patterns);

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWERCUDA_DEVICEFUNCTIONS_H

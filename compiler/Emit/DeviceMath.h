//===- DeviceMath.h - functions of a library for kernels --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_COMPILER_EMIT_DEVICEMATH_H
#define BLOCKATTN_COMPILER_EMIT_DEVICEMATH_H

#include "llvm/Support/Error.h"

namespace llvm {
class Module;
} // namespace llvm

namespace blockattn {

/// Links what a module of kernels calls of libclc's f64 functions
/// (passes/LowerCuda/DeviceFunctions.def) into it, with internal linkage. A
/// module that calls none stays as it is. The module's triple and data layout
/// must be set.
llvm::Error linkDeviceMath(llvm::Module &kernels);

} // namespace blockattn

#endif // BLOCKATTN_COMPILER_EMIT_DEVICEMATH_H

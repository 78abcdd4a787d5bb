//===- HalfFloat.h - conversions of 16-bit floats ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_COMPILER_EMIT_HALFFLOAT_H
#define BLOCKATTN_COMPILER_EMIT_HALFFLOAT_H

#include "llvm/Support/Error.h"

namespace llvm {
class Module;
} // namespace llvm

namespace blockattn {

/// Processors without instructions for them convert 16-bit floats by calls of
/// a compiler's support library, which the machine that runs the code need not
/// have. Where the module has such floats, this adds the functions to it.
llvm::Error addHalfFloatConversions(llvm::Module &module);

} // namespace blockattn

#endif // BLOCKATTN_COMPILER_EMIT_HALFFLOAT_H

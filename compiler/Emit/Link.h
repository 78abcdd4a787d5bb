//===- Link.h - objects to shared objects -----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_COMPILER_EMIT_LINK_H
#define BLOCKATTN_COMPILER_EMIT_LINK_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include <vector>

namespace blockattn {

/// Links one relocatable ELF object to a shared object that asks the dynamic
/// linker for libm and libc.
llvm::Expected<std::vector<char>> linkSharedObject(llvm::ArrayRef<char> object);

} // namespace blockattn

#endif // BLOCKATTN_COMPILER_EMIT_LINK_H

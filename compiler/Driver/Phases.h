//===- Phases.h - the one table of phases -----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// From this table come the values of `--compile-to`, the help text, the names
// of the dumps, the documentation and the compiler itself.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_COMPILER_DRIVER_PHASES_H
#define BLOCKATTN_COMPILER_DRIVER_PHASES_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace blockattn {

struct CompileOptions;

struct Phase {
  llvm::StringLiteral name;
  llvm::StringLiteral description;
  /// Adds the phase's passes. Null for import, which makes the module.
  void (*build)(mlir::OpPassManager &, const CompileOptions &);
};

/// All phases in order.
llvm::ArrayRef<Phase> getPhases();

/// The phase of that name, or null.
const Phase *findPhase(llvm::StringRef name);

} // namespace blockattn

#endif // BLOCKATTN_COMPILER_DRIVER_PHASES_H

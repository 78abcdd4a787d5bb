//===- Object.h - the llvm dialect to machine code --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_COMPILER_EMIT_OBJECT_H
#define BLOCKATTN_COMPILER_EMIT_OBJECT_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Support/LLVM.h"

#include <string>
#include <vector>

namespace blockattn {

/// Machine code for one kind of processor: an ELF shared object as
/// runtime/include/blockattn/kernel_abi.h describes it.
struct CodeSection {
  std::string name; ///< "code.x86-64-v3"
  std::vector<char> bytes;
};

struct ObjectOptions {
  /// Processor levels to compile for ("x86-64", "x86-64-v3", ...); empty: all
  /// of the host's architecture.
  std::vector<std::string> levels;
  /// 0 to 3, as compilers have it.
  unsigned optimisation = 3;
};

/// The levels that this compiler knows for the host's architecture. On x86
/// the first, x86-64, means x86-64-v2.
std::vector<std::string> cpuLevels();

/// Compiles a module in the LLVM dialect, once for each level. What goes wrong
/// is reported as a diagnostic.
mlir::FailureOr<std::vector<CodeSection>>
emitCpuObjects(mlir::ModuleOp module, const ObjectOptions &options);

/// Prints the module as LLVM IR, before optimisation.
mlir::LogicalResult emitLlvmIr(mlir::ModuleOp module, llvm::raw_ostream &os);

} // namespace blockattn

#endif // BLOCKATTN_COMPILER_EMIT_OBJECT_H

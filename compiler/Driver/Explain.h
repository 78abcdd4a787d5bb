//===- Explain.h - how each attention was rewritten -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_COMPILER_DRIVER_EXPLAIN_H
#define BLOCKATTN_COMPILER_DRIVER_EXPLAIN_H

#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <optional>
#include <string>
#include <vector>

namespace blockattn {

struct Explanation {
  std::string model;
  /// A dictionary for each attention, with the keys that the documentation of
  /// `--explain=json` lists; null where the compilation ended before.
  mlir::ArrayAttr attentions;
  /// Why there are no block programs; null where there are.
  mlir::ArrayAttr refused;
  /// A dictionary {kernel, variant, reason} for each attention kernel of the
  /// code; null where the target has but one.
  mlir::ArrayAttr kernels;
  /// Architectures of GPUs that the artifact has machine code for; nothing
  /// where none is written, or not for GPUs.
  std::optional<std::vector<std::string>> cubins;
  /// Why there are none.
  std::string noCubins;
  /// What stood in the way, in the form of `--diagnostics=json`.
  llvm::json::Array errors;
};

void printExplanationJson(const Explanation &explanation,
                          llvm::raw_ostream &os);
/// The same as a table, equal rows together, reasons below it.
void printExplanationTable(const Explanation &explanation,
                           llvm::raw_ostream &os);

} // namespace blockattn

#endif // BLOCKATTN_COMPILER_DRIVER_EXPLAIN_H

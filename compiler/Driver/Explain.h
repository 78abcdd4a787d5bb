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

//===- Explain.h - what is told about each attention ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_RAISE_EXPLAIN_H
#define BLOCKATTN_PASSES_RAISE_EXPLAIN_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Location.h"
#include <optional>
#include <string>

namespace blockattn::raise {

/// An entry of the module attribute `blockattn.attentions`.
struct AttentionEntry {
  mlir::Location location;
  bool raised = false;
  /// Absent where they were not found out.
  std::optional<int64_t> heads, kvHeads, headSize;
  std::optional<double> scale, softcap;
  int64_t window = 0;
  std::string mask = "unknown";
  std::string positions = "unknown";
  bool kvPositionIndependent = false;
  llvm::SmallVector<std::string> reasons;

  explicit AttentionEntry(mlir::Location location) : location(location) {}

  mlir::DictionaryAttr toAttr(mlir::Builder &b) const;
  /// Emits a missed remark for each reason.
  void remark() const;
};

} // namespace blockattn::raise

#endif // BLOCKATTN_PASSES_RAISE_EXPLAIN_H

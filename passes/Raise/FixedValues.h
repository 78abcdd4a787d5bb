//===- FixedValues.h - what is the same at all sizes ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_RAISE_FIXEDVALUES_H
#define BLOCKATTN_PASSES_RAISE_FIXEDVALUES_H

#include "passes/Raise/Trial.h"

namespace blockattn::raise {

/// Tells constants, however they are computed, from what depends on the batch
/// size or on how many tokens there are, such as the logarithm of the length
/// that some models scale their queries by.
class FixedValues {
public:
  explicit FixedValues(Subject &subject) : subject(subject) {}

  /// Whether a value has the same elements in every run.
  bool isFixed(mlir::Value value);

  /// The one number by which an op multiplies or divides data; null if it does
  /// something else.
  mlir::Value factorOf(mlir::Operation *op);
  /// Whether that number is not the same in every run.
  bool scalesBySize(mlir::Operation *op) {
    mlir::Value factor = factorOf(op);
    return factor && !isFixed(factor);
  }

private:
  bool compute(mlir::Value value);

  Subject &subject;
  /// Layers share their values.
  llvm::DenseMap<mlir::Value, bool> known;
};

} // namespace blockattn::raise

#endif // BLOCKATTN_PASSES_RAISE_FIXEDVALUES_H

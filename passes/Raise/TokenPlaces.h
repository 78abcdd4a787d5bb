//===- TokenPlaces.h - what values say of each token ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_RAISE_TOKENPLACES_H
#define BLOCKATTN_PASSES_RAISE_TOKENPLACES_H

#include "passes/Raise/Trial.h"

namespace blockattn::raise {

/// Evaluates values with few and many tokens, near and far ones, and on both
/// sides of the constants that the values are computed with.
class TokenPlaces {
public:
  explicit TokenPlaces(Subject &subject) : subject(subject) {}

  /// Whether a value has for each token its position plus a constant.
  bool arePlaces(mlir::Value value);
  /// Whether a value has the same elements for every token, wherever it stands
  /// and however many there are.
  bool areSame(mlir::Value value);
  /// Whether a constant operand has other elements for one token than for
  /// another, where there are always `length` of them (0: any number).
  bool differ(mlir::OpOperand &operand, int64_t length);

private:
  llvm::SmallVector<Setting> settings(mlir::Value value);
  bool computePlaces(mlir::Value value);
  bool computeSame(mlir::Value value);

  Subject &subject;
  /// Layers share their values.
  llvm::DenseMap<mlir::Value, bool> places, same;
};

/// Whether an op sums up, counts or compares elements along a dimension that
/// may be that of the tokens: its extent is not known or is `fixedLength` (0
/// where the number of tokens is not fixed).
bool joinsTokens(mlir::Operation *op, int64_t fixedLength);

} // namespace blockattn::raise

#endif // BLOCKATTN_PASSES_RAISE_TOKENPLACES_H

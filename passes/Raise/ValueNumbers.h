//===- ValueNumbers.h - which values are computed alike ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The layers of a model compute their masks and rotary tables alike, each on
// its own, from constants of its own. To run one of them is enough: two values
// with one number have the same elements in every trial.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_RAISE_VALUENUMBERS_H
#define BLOCKATTN_PASSES_RAISE_VALUENUMBERS_H

#include "passes/Raise/Trial.h"

#include <map>

namespace blockattn::raise {

class ValueNumbers {
public:
  explicit ValueNumbers(Subject &subject) : subject(subject) {}

  /// The number of a value by what it is computed from. Sizes are known by
  /// what they are in terms of the arguments' dimensions, weights by their
  /// contents.
  unsigned of(mlir::Value value) { return number(value, known); }

  /// The number of a value where others are given: equal for two regions that
  /// make the same of inputs of the same types and dimensions.
  unsigned of(mlir::Value value, mlir::ValueRange given);

private:
  using Key = std::vector<uintptr_t>;
  using Map = llvm::DenseMap<mlir::Value, unsigned>;

  unsigned number(mlir::Value goal, Map &local);
  unsigned intern(Key key);
  void addDims(Key &key, mlir::Value value);
  unsigned ofWeight(onnx::WeightOp weight);
  unsigned ofOp(mlir::Value value, const Map &local);
  std::optional<unsigned> ofLeaf(mlir::Value value);

  Subject &subject;
  std::map<Key, unsigned> numbers;
  /// Values as they are where nothing is given.
  Map known;
  /// Weights that differ, by type.
  llvm::DenseMap<mlir::Type, llvm::SmallVector<onnx::WeightOp>> weights;
};

} // namespace blockattn::raise

#endif // BLOCKATTN_PASSES_RAISE_VALUENUMBERS_H

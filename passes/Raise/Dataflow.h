//===- Dataflow.h - what depends on what ------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Patterns in this phase are found by dataflow: a region of ops is taken for
// what it computes from its one data operand, whatever ops it is made of.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_RAISE_DATAFLOW_H
#define BLOCKATTN_PASSES_RAISE_DATAFLOW_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SetVector.h"
#include <functional>
#include <optional>

namespace blockattn::raise {

/// What a function argument holds.
enum class ArgumentKind {
  Tokens,    ///< integers that select data, such as token ids
  Positions, ///< integers that say where the tokens stand
  Mask,      ///< integers or booleans that say which tokens are there
  Data       ///< floats: past keys and values, embeddings
};

/// What a value depends on, besides constants. Bits.
enum Dependence : unsigned {
  OnShapes = 1,    ///< on dimensions of arguments
  OnPositions = 2, ///< on the elements of a Positions argument
  OnMask = 4,      ///< on the elements of a Mask argument
  OnData = 8       ///< on the elements of a Tokens or Data argument
};

class Dependences {
public:
  explicit Dependences(mlir::func::FuncOp func);

  /// The Dependence bits of a value of the function's body.
  unsigned of(mlir::Value value) const { return bits.lookup(value); }
  bool isConstant(mlir::Value value) const { return of(value) == 0; }
  bool isData(mlir::Value value) const { return of(value) & OnData; }
  ArgumentKind kind(mlir::BlockArgument argument) const {
    return kinds[argument.getArgNumber()];
  }

private:
  llvm::DenseMap<mlir::Value, unsigned> bits;
  llvm::SmallVector<ArgumentKind> kinds;
};

/// Walks backward from values to each single value through which all of their
/// data comes: after next() the ops passed so far have no other operand than
/// that value and free ones.
class CutWalker {
public:
  using Predicate = std::function<bool(mlir::Value)>;
  CutWalker(mlir::ValueRange roots, Predicate isFree);

  /// The next single value, or null when there is none: the walk has come to
  /// the arguments, or to an op with regions.
  mlir::Value next();
  /// The ops between the roots and the last cut.
  llvm::ArrayRef<mlir::Operation *> passed() const { return ops; }
  /// The free operands of these ops that are not constants (as isFree sees
  /// them, each once).
  llvm::ArrayRef<mlir::Value> freeOperands() const {
    return free.getArrayRef();
  }

private:
  void add(mlir::Value value);

  Predicate isFree;
  llvm::SetVector<mlir::Value> frontier, free;
  llvm::SmallVector<mlir::Operation *> ops;
};

/// The one value that all elements of a constant have.
std::optional<double> scalarConstant(mlir::Value value);
/// Whether the value is a constant whose elements are all (nearly) `expected`.
bool isScalar(mlir::Value value, double expected);
/// The elements of an integer constant of at most `limit` elements.
std::optional<llvm::SmallVector<int64_t>> integerConstant(mlir::Value value,
                                                          int64_t limit = 64);

/// Whether the reduction is over the last dimension alone, which is kept as 1.
bool reducesLastDim(mlir::Value data, mlir::Value axes, bool keepdims);

} // namespace blockattn::raise

#endif // BLOCKATTN_PASSES_RAISE_DATAFLOW_H

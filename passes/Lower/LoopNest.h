//===- LoopNest.h - a linalg operation on the way to loops ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWER_LOOPNEST_H
#define BLOCKATTN_PASSES_LOWER_LOOPNEST_H

#include "passes/Lower/KernelBuilder.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include "llvm/ADT/DenseSet.h"

namespace blockattn {

/// The iteration space and the accesses of a linalg operation on memrefs,
/// after neighbouring loops that every operand walks through alike were made
/// one.
class LoopNest {
public:
  /// The first `apart` loops are not merged with the others.
  LoopNest(KernelBuilder &builder, mlir::linalg::LinalgOp op,
           unsigned apart = 0);

  struct Access {
    mlir::Value operand; ///< a memref, or a scalar
    mlir::AffineMap map; ///< loops -> element; null for a scalar
  };
  mlir::linalg::LinalgOp op;
  mlir::Block *body;
  unsigned numInputs, numOutputs;
  /// Extents of the loops.
  llvm::SmallVector<mlir::Value> sizes;
  llvm::SmallVector<bool> isParallel;
  /// Inputs, then outputs, as the arguments of the body.
  llvm::SmallVector<Access> accesses;
  /// The loop that an original loop became a part of.
  llvm::SmallVector<unsigned> loopOf;

  unsigned numLoops() const { return sizes.size(); }
  mlir::BlockArgument outputArgument(unsigned i) const {
    return body->getArgument(numInputs + i);
  }
  mlir::Value yielded(unsigned i) const {
    return body->getTerminator()->getOperand(i);
  }
  bool hasReductions() const { return llvm::is_contained(isParallel, false); }
  /// The extent when it is constant.
  std::optional<int64_t> constantSize(unsigned loop) const;

private:
  void collapse(KernelBuilder &b, unsigned apart);
};

/// Which values of a body differ between neighbouring iterations of a loop,
/// and whether they can be computed as vectors.
class LaneAnalysis {
public:
  LaneAnalysis(const LoopNest &nest, unsigned loop);
  bool canVectorise() const { return possible; }
  /// Whether a value of the body depends on the loop.
  bool varies(mlir::Value value) const { return varying.contains(value); }
  bool varies(mlir::Operation *op) const;

private:
  bool analyseArgument(unsigned i);
  bool analyseOp(mlir::Operation *op);

  const LoopNest &nest;
  unsigned loop;
  bool possible = true;
  llvm::DenseSet<mlir::Value> varying;
};

/// Whether an access moves through memory element by element with `loop`, or
/// not at all; std::nullopt when it jumps.
std::optional<bool> isContiguousAlong(const LoopNest::Access &access,
                                      unsigned loop);

/// The operation that adds an element to the sum (maximum, ...) of output `i`,
/// when that is all the body does with the old value. Null otherwise.
mlir::Operation *combinerOf(const LoopNest &nest, unsigned output);

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWER_LOOPNEST_H

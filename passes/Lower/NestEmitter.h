//===- NestEmitter.h - what a loop nest does at one iteration ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWER_NESTEMITTER_H
#define BLOCKATTN_PASSES_LOWER_NESTEMITTER_H

#include "passes/Lower/LoopNest.h"

#include "mlir/IR/IRMapping.h"

namespace blockattn {

/// Emits what a linalg operation on memrefs does at one iteration, an element
/// at a time. Who runs through the parallel loops, and in which order, is for
/// those who derive from it to say. The operation itself is left behind, to be
/// erased.
class NestEmitter {
protected:
  using Value = mlir::Value;
  using ValueRange = mlir::ValueRange;
  using Values = llvm::SmallVector<mlir::Value>;

  /// The first `apart` loops are not merged with the others.
  NestEmitter(KernelBuilder &builder, mlir::linalg::LinalgOp op,
              unsigned apart = 0)
      : b(builder), nest(builder, op, apart), indices(nest.numLoops()) {}

  /// The indices of `loops` at iteration `number` of all of them.
  void setIndices(llvm::ArrayRef<unsigned> loops, Value number);

  /// Runs through `loops`; `innermost` makes new values of the carried ones.
  using Innermost = llvm::function_ref<Values(ValueRange)>;
  Values reductionLoops(llvm::ArrayRef<unsigned> loops, ValueRange init,
                        Innermost innermost);

  // At the current indices:
  Values elementIndices(const LoopNest::Access &access);
  Value load(const LoopNest::Access &access);
  void store(unsigned output, Value value);
  /// The values that the outputs have, from `load`; null where nobody asks.
  Values
  oldValues(llvm::function_ref<Value(const LoopNest::Access &access)> load);
  /// An operation of the body. Products and sums may be fused.
  void clone(mlir::Operation &op, mlir::IRMapping &mapping);
  static void allowContraction(mlir::Operation *op);

  KernelBuilder &b;
  LoopNest nest;
  /// The current iteration.
  Values indices;
};

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWER_NESTEMITTER_H

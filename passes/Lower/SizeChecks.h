//===- SizeChecks.h - checks of what sizes are taken for --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Shape inference takes sizes for equal that have to be, in a product, say, and
// all that is lowered relies on it. Here this becomes checks at run time: those
// on the dimensions of arguments alone are done before the program runs, others
// as soon as the size is there, before anything uses it.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWER_SIZECHECKS_H
#define BLOCKATTN_PASSES_LOWER_SIZECHECKS_H

#include "passes/Lower/Lowering.h"

namespace blockattn {

/// The checks of one function, whose shapes are known and which is not lowered
/// yet.
class SizeChecks {
public:
  SizeChecks(mlir::func::FuncOp function, onnx::SymbolicShapes &shapes);

  /// Another value takes the place of an argument.
  void replace(unsigned i, Value lowered) { arguments[i].second = lowered; }

  /// Checks what an operation requires, before it is lowered.
  void before(Operation *op, Lowering &l);
  /// Checks the sizes of results, as soon as they are there.
  void after(Operation *op, Lowering &l);
  /// To be called at the end, when all that sizes are made of is there: checks
  /// the dimensions of arguments.
  void finish(Lowering &l);

private:
  /// A size that is there, and what it has to be.
  struct Pending {
    OpFoldResult size;
    AffineExpr expected;
    std::string name;
    /// What made it.
    Operation *op;
  };

  std::string nameOf(Value argument);
  void note(Value result, Lowering &l);
  void emitPending(Lowering &l, llvm::function_ref<bool(Operation *)> isNow);

  mlir::func::FuncOp function;
  /// Each as it was, and as it is lowered.
  SmallVector<std::pair<mlir::BlockArgument, Value>> arguments;
  /// Their dimensions as the program declares them.
  SmallVector<SmallVector<AffineExpr>> declared;
  /// The symbols that were learned to be equal to something, by the value that
  /// they are read from.
  llvm::DenseMap<Value, SmallVector<unsigned, 2>> learned;
  llvm::DenseMap<Operation *, SmallVector<unsigned, 2>> required;
  SmallVector<Pending> pending;
};

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWER_SIZECHECKS_H

//===- TokenOrder.h - where the tokens of values stand ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_BLOCKIFY_TOKENORDER_H
#define BLOCKATTN_PASSES_BLOCKIFY_TOKENORDER_H

#include "passes/Raise/Dataflow.h"

#include "dialects/Onnx/Onnx.h"

namespace blockattn {

/// Where the tokens of each value stand: as in the inputs, or as an op has left
/// them that picks, moves, repeats or adds some. An op that takes values of two
/// orders brings tokens together, as attention does whose operands were moved.
class TokenOrder {
public:
  /// `fixedLength` is the number of tokens where the model has one, else 0.
  TokenOrder(mlir::func::FuncOp full, const raise::Dependences &deps,
             int64_t fixedLength);

  /// Whether an op brings tokens of different places together.
  bool joins(mlir::Operation *op) const { return joining.contains(op); }
  /// What has moved tokens that an op brings together, if anything has.
  mlir::Operation *movedBefore(mlir::Operation *op) const {
    mlir::Value moved = joining.lookup(op);
    return moved ? moved.getDefiningOp() : nullptr;
  }

private:
  /// Whether an axis may be that of the tokens.
  bool isOpen(mlir::Value data, int64_t axis) const;
  bool isOpenAlong(mlir::Value data, mlir::Value axes) const;
  /// Whether a value comes from the tokens, and not from past ones alone.
  bool carries(mlir::Value value) const { return orders.contains(value); }
  bool isIndexed(mlir::Operation *op) const;
  bool moves(mlir::Operation *op) const;
  bool pairs(mlir::ValueRange operands) const;
  bool mergesRows(onnx::ReshapeOp op);
  void visit(mlir::Operation *op);

  const raise::Dependences &deps;
  int64_t fixedLength;
  /// The result of the op that has left the tokens where they are; null in the
  /// order of the inputs. Values that don't come from the tokens are not in it.
  llvm::DenseMap<mlir::Value, mlir::Value> orders;
  /// The rows that each token has, such as one for each head; 0 where that is
  /// not known, and 1 where there is nothing.
  llvm::DenseMap<mlir::Value, int64_t> rowsOf;
  llvm::DenseMap<mlir::Operation *, mlir::Value> joining;
};

} // namespace blockattn

#endif // BLOCKATTN_PASSES_BLOCKIFY_TOKENORDER_H

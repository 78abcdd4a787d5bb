//===- TokenOrder.h - where the tokens of values stand ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_BLOCKIFY_TOKENORDER_H
#define BLOCKATTN_PASSES_BLOCKIFY_TOKENORDER_H

#include "passes/Blockify/TokenAxes.h"
#include "passes/Blockify/TokenMixing.h"
#include "passes/Raise/Dataflow.h"

#include "dialects/BlockAttn/BlockAttn.h"
#include "dialects/Onnx/Onnx.h"

namespace blockattn {

/// Follows the tokens through a function: which dimensions of each value hold
/// them, and whether they stand as in the inputs or as an op has left them that
/// picks, moves, repeats or adds some. Brought together are tokens that an op
/// computes along, or that two of its operands have at one place, being others.
class TokenOrder {
public:
  explicit TokenOrder(mlir::func::FuncOp full);

  /// The ops that bring tokens together, in order.
  llvm::ArrayRef<TokenMixing> mixing() const { return found; }

private:
  /// What is known of a value that comes from the tokens, and not from past
  /// ones alone.
  struct Order {
    TokenAxes axes;
    /// The result of the op that has left the tokens where they are; null in
    /// the order of the inputs.
    mlir::Value source;
    /// What has put tokens along the last dimension, or parted them.
    mlir::Operation *mover = nullptr;
    /// Whether the tokens are in `axes`, anywhere, as has been said, or
    /// anywhere, as is to be said.
    enum { Known, Lost, Unplaced } state = Known;
  };

  /// The dimensions of a result that hold tokens. `isMoved`: others, or in
  /// another order, than before.
  struct Placed {
    TokenAxes axes;
    bool isMoved = false;
  };
  /// std::nullopt where tokens are brought together.
  using MaybePlaced = std::optional<Placed>;

  void place(mlir::BlockArgument arg, mlir::AffineExpr length, bool isTokens);
  void visit(mlir::Block &block);
  void visit(mlir::Operation *op);
  void addMixing(mlir::Operation *op, llvm::ArrayRef<mlir::Value> carriers,
                 bool agree);
  Order guess(mlir::Value result, llvm::ArrayRef<mlir::Value> carriers);

  /// The dimensions of a value that comes from the tokens; null for others.
  const TokenAxes *axesOf(mlir::Value value) const;
  /// The sizes of a result; unranked ones have none.
  TokenSizes::Dims dimsOf(mlir::Value value);
  MaybePlaced broadcast(mlir::ValueRange operands, mlir::Value result);

  // Each has rules for some kinds of ops.
  MaybePlaced follow(mlir::OpResult result);
  MaybePlaced reduce(mlir::OpResult result,
                     std::optional<llvm::SmallVector<int64_t>> along,
                     bool keepsDims);
  MaybePlaced computeAlong(mlir::OpResult result, mlir::Value data,
                           int64_t axis, bool toEnd);
  MaybePlaced multiply(mlir::Value a, mlir::Value b, mlir::Value result);
  MaybePlaced multiply(onnx::GemmOp op);
  MaybePlaced multiplyPacked(mlir::OpResult result, mlir::Value a);
  MaybePlaced attend(mlir::OpResult result);
  MaybePlaced rotate(mlir::OpResult result, mlir::Value data);

  MaybePlaced move(mlir::OpResult result);
  MaybePlaced concat(onnx::ConcatOp op);
  MaybePlaced slice(onnx::SliceOp op);
  MaybePlaced pad(onnx::PadOp op);
  MaybePlaced tile(onnx::TileOp op);
  MaybePlaced gather(onnx::GatherOp op);
  MaybePlaced gather(onnx::GatherElementsOp op);
  MaybePlaced gather(onnx::GatherNDOp op);
  MaybePlaced scatter(mlir::Operation *op, mlir::Value indices,
                      mlir::Value updates, int64_t axis);
  MaybePlaced scatter(onnx::ScatterNDOp op);
  MaybePlaced oneHot(onnx::OneHotOp op);
  /// Tokens in an order of their own, along these axes and those that hold some
  /// in `others`, of which the dimensions are the result's.
  Placed moved(mlir::Value result, llvm::ArrayRef<int64_t> along,
               llvm::ArrayRef<const TokenAxes *> others = {});

  TokenSizes sizes;
  llvm::DenseMap<mlir::Value, Order> orders;
  /// Values that come from past tokens alone.
  llvm::DenseSet<mlir::Value> pasts;
  /// How many past tokens there are.
  llvm::SmallVector<mlir::AffineExpr> pastLengths;
  llvm::SmallVector<TokenMixing> found;
};

/// An axis counted from the front; std::nullopt where there is none.
std::optional<int64_t> frontAxis(int64_t axis, size_t rank);

} // namespace blockattn

#endif // BLOCKATTN_PASSES_BLOCKIFY_TOKENORDER_H

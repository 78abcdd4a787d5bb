//===- TokenAxes.h - which dimensions hold the tokens -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Sizes do not tell tokens from features: there may be as many of the one as of
// the other. So dimensions are followed from the inputs on. A dimension is a
// row of factors, the last one counting fastest, as the digits of a number: in
// [batch * tokens, heads * size] they are (batch, tokens) and (heads, size).
// Reshapes change which dimension has a factor, and may part one.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_BLOCKIFY_TOKENAXES_H
#define BLOCKATTN_PASSES_BLOCKIFY_TOKENAXES_H

#include "dialects/Onnx/ShapeInference.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace blockattn {

struct TokenFactor {
  mlir::AffineExpr size;
  /// How many tokens a step along the factor passes; null where it is no part
  /// of the tokens.
  mlir::AffineExpr weight;
};

/// The factors of one dimension, none of them 1.
using TokenAxis = llvm::SmallVector<TokenFactor, 2>;
/// The dimensions of one value.
using TokenAxes = llvm::SmallVector<TokenAxis, 4>;

bool holdsTokens(const TokenAxis &axis);
bool holdsTokens(const TokenAxes &axes);

/// What factors are made of: the sizes of a function's values.
class TokenSizes {
public:
  using Dims = llvm::SmallVector<mlir::AffineExpr>;

  explicit TokenSizes(mlir::func::FuncOp func);

  /// The dimensions of a value; std::nullopt where the rank is not known.
  std::optional<Dims> dims(mlir::Value value);
  mlir::AffineExpr constant(int64_t value) { return shapes.constant(value); }
  bool equal(mlir::AffineExpr a, mlir::AffineExpr b) {
    return shapes.provenEqual(a, b);
  }
  /// Takes a size, if it is a symbol, for another from now on.
  void identify(mlir::AffineExpr symbol, mlir::AffineExpr by);

  TokenAxis axisOfTokens(mlir::AffineExpr size) {
    return axis(size, constant(1));
  }
  TokenAxis axisOfOthers(mlir::AffineExpr size) { return axis(size, {}); }
  mlir::AffineExpr sizeOf(const TokenAxis &axis);
  /// Dimensions of which some hold tokens, row after row.
  TokenAxes axesOf(llvm::ArrayRef<mlir::AffineExpr> dims,
                   llvm::ArrayRef<bool> ofTokens);

  /// Whether the same tokens stand at the same places.
  bool same(const TokenAxis &a, const TokenAxis &b);
  /// Elements in the same order under other dimensions; std::nullopt where
  /// their tokens can't be told from other factors.
  std::optional<TokenAxes> regroup(const TokenAxes &from,
                                   llvm::ArrayRef<mlir::AffineExpr> dims);
  /// Dimensions that operands broadcast to; std::nullopt where they hold
  /// different tokens at one place.
  std::optional<TokenAxes> broadcast(llvm::ArrayRef<TokenAxes> operands,
                                     llvm::ArrayRef<mlir::AffineExpr> dims);

private:
  TokenAxis axis(mlir::AffineExpr size, mlir::AffineExpr weight);
  mlir::AffineExpr product(mlir::AffineExpr a, mlir::AffineExpr b);
  void merge(TokenAxis &axis);
  bool take(TokenAxis &factors, mlir::AffineExpr size, bool isInner,
            TokenAxis &taken);

  onnx::SymbolicShapes shapes;
  /// What stands for each symbol.
  llvm::SmallVector<mlir::AffineExpr> symbols;
};

} // namespace blockattn

#endif // BLOCKATTN_PASSES_BLOCKIFY_TOKENAXES_H

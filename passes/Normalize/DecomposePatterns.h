//===- DecomposePatterns.h - what decompositions are made of ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_NORMALIZE_DECOMPOSEPATTERNS_H
#define BLOCKATTN_PASSES_NORMALIZE_DECOMPOSEPATTERNS_H

#include "dialects/Onnx/Onnx.h"
#include "mlir/IR/PatternMatch.h"

namespace blockattn {

/// A decomposition is a function that makes the op's one result out of other
/// ops, or returns null, before it has made any, where it does not apply.
template <typename OpT>
class Decomposition : public mlir::OpRewritePattern<OpT> {
public:
  using Rewrite = mlir::Value (*)(OpT, mlir::PatternRewriter &);
  Decomposition(mlir::MLIRContext *context, Rewrite rewrite)
      : mlir::OpRewritePattern<OpT>(context), rewrite(rewrite) {}

  mlir::LogicalResult
  matchAndRewrite(OpT op, mlir::PatternRewriter &rewriter) const override {
    mlir::Value value = rewrite(op, rewriter);
    if (!value)
      return mlir::failure();
    rewriter.replaceOp(op, value);
    return mlir::success();
  }

private:
  Rewrite rewrite;
};

template <typename OpT>
void addDecomposition(mlir::RewritePatternSet &patterns,
                      mlir::Value (*rewrite)(OpT, mlir::PatternRewriter &)) {
  patterns.add<Decomposition<OpT>>(patterns.getContext(), rewrite);
}

/// The floating point type of the tensor's elements, null if it is no such.
inline mlir::FloatType floatElementType(mlir::Value value) {
  return mlir::dyn_cast<mlir::FloatType>(
      mlir::cast<mlir::TensorType>(value.getType()).getElementType());
}

/// The tensor type with another element type.
inline mlir::TensorType withElementType(mlir::Type type, mlir::Type element) {
  return mlir::cast<mlir::TensorType>(type).clone(element);
}

void populateActivationDecompositions(mlir::RewritePatternSet &patterns);

} // namespace blockattn

#endif // BLOCKATTN_PASSES_NORMALIZE_DECOMPOSEPATTERNS_H

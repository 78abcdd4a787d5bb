//===- OnnxOpsFold.cpp - folders and canonicalisations --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What follows from the ops alone. A value takes another's place only if it has
// the same type: where types are not refined yet the op stays until they are.
// Constants are folded by the evaluator (Evaluate.h), as a pass.
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/OnnxVerify.h"

#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace blockattn::onnx;

/// The operand, if it can stand for the result.
static OpFoldResult sameType(Value operand, Value result) {
  return operand.getType() == result.getType() ? OpFoldResult(operand)
                                               : OpFoldResult();
}

//===----------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------===//

/// op(op(x)) is x.
template <typename Op> static OpFoldResult foldInvolution(Op op) {
  auto inner = op.getX().template getDefiningOp<Op>();
  return inner ? sameType(inner.getX(), op.getY()) : OpFoldResult();
}

OpFoldResult NegOp::fold(FoldAdaptor) { return foldInvolution(*this); }
OpFoldResult NotOp::fold(FoldAdaptor) { return foldInvolution(*this); }

OpFoldResult IdentityOp::fold(FoldAdaptor) {
  return sameType(getInput(), getOutput());
}

OpFoldResult CastOp::fold(FoldAdaptor) {
  return knownElementType(getInput()) == getTo()
             ? sameType(getInput(), getOutput())
             : OpFoldResult();
}

OpFoldResult ClipOp::fold(FoldAdaptor) {
  return getMin() || getMax() ? OpFoldResult()
                              : sameType(getInput(), getOutput());
}

/// The maximum, the sum, ... of one operand is the operand.
static OpFoldResult foldVariadic(Operation *op) {
  return op->getNumOperands() == 1
             ? sameType(op->getOperand(0), op->getResult(0))
             : OpFoldResult();
}

OpFoldResult MaxOp::fold(FoldAdaptor) { return foldVariadic(*this); }
OpFoldResult MinOp::fold(FoldAdaptor) { return foldVariadic(*this); }
OpFoldResult SumOp::fold(FoldAdaptor) { return foldVariadic(*this); }
OpFoldResult MeanOp::fold(FoldAdaptor) { return foldVariadic(*this); }
OpFoldResult ConcatOp::fold(FoldAdaptor) { return foldVariadic(*this); }

LogicalResult SplitOp::fold(FoldAdaptor,
                            SmallVectorImpl<OpFoldResult> &results) {
  // One part is the whole, if its length is that; else the run fails.
  auto type = dyn_cast<RankedTensorType>(getInput().getType());
  if (getNumResults() != 1 || getInput().getType() != getResult(0).getType())
    return failure();
  std::optional<int64_t> axis =
      type ? normalizeAxis(getAxis(), type.getRank()) : std::nullopt;
  if (getSplit() && (!axis || type.isDynamicDim(*axis)))
    return failure();
  results.push_back(getInput());
  return success();
}

namespace {
/// CastLike of a known type is a Cast.
struct CastLikeToCast : OpRewritePattern<CastLikeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(CastLikeOp op,
                                PatternRewriter &rewriter) const override {
    Type type = knownElementType(op.getTargetType());
    if (!type)
      return failure();
    rewriter.replaceOpWithNewOp<CastOp>(
        op, op.getOutput().getType(), op.getInput(), TypeAttr::get(type),
        op.getSaturateAttr(), op.getRoundModeAttr());
    return success();
  }
};

/// Outside training dropout does nothing.
struct DropInferenceDropout : OpRewritePattern<DropoutOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(DropoutOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getMask() && !op.getMask().use_empty())
      return failure();
    if (op.getTrainingMode()) {
      auto training = constantInts(op.getTrainingMode());
      if (!training || training->size() != 1 || training->front() != 0)
        return failure();
    }
    if (op.getData().getType() != op.getOutput().getType())
      return failure();
    rewriter.replaceAllUsesWith(op.getOutput(), op.getData());
    rewriter.eraseOp(op);
    return success();
  }
};
} // namespace

void CastLikeOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                             MLIRContext *context) {
  patterns.add<CastLikeToCast>(context);
}

void DropoutOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                            MLIRContext *context) {
  patterns.add<DropInferenceDropout>(context);
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

/// True if two tensors of this type with as many elements have one shape: all
/// dimensions but at most one are known, and none is 0, so that the last one
/// follows from the number of elements.
static bool shapeFollowsFromSize(Type type) {
  auto ranked = dyn_cast<RankedTensorType>(type);
  return ranked && ranked.getNumDynamicDims() <= 1 &&
         !llvm::is_contained(ranked.getShape(), 0);
}

OpFoldResult ReshapeOp::fold(FoldAdaptor) {
  return shapeFollowsFromSize(getReshaped().getType())
             ? sameType(getData(), getReshaped())
             : OpFoldResult();
}

OpFoldResult ExpandOp::fold(FoldAdaptor) {
  // The input may still be repeated in a dimension that is not known.
  auto type = dyn_cast<RankedTensorType>(getOutput().getType());
  return type && type.hasStaticShape() ? sameType(getInput(), getOutput())
                                       : OpFoldResult();
}

/// True if both are the same axes of tensors of one rank.
static bool sameAxes(Value a, Value b, Value ranked) {
  if (a == b)
    return true;
  auto first = constantInts(a), second = constantInts(b);
  if (!first || !second)
    return false;
  // Negative axes can be compared with others where the rank is known.
  if (RankedTensorType type = rankedType(ranked))
    for (SmallVector<int64_t> *axes : {&*first, &*second})
      for (int64_t &axis : *axes)
        axis = normalizeAxis(axis, type.getRank()).value_or(axis);
  llvm::sort(*first);
  llvm::sort(*second);
  return *first == *second;
}

OpFoldResult SqueezeOp::fold(FoldAdaptor) {
  auto inner = getData().getDefiningOp<UnsqueezeOp>();
  if (inner && getAxes() &&
      sameAxes(inner.getAxes(), getAxes(), inner.getExpanded()))
    return sameType(inner.getData(), getSqueezed());
  return {};
}

OpFoldResult UnsqueezeOp::fold(FoldAdaptor) {
  auto inner = getData().getDefiningOp<SqueezeOp>();
  if (inner && inner.getAxes() &&
      sameAxes(inner.getAxes(), getAxes(), inner.getData()))
    return sameType(inner.getData(), getExpanded());
  return {};
}

OpFoldResult TransposeOp::fold(FoldAdaptor) {
  if (!getPerm() && !rankedType(getData()) && !rankedType(getTransposed()))
    return {};
  SmallVector<int64_t> perm = permutation();
  return llvm::equal(perm, llvm::seq<int64_t>(0, perm.size()))
             ? sameType(getData(), getTransposed())
             : OpFoldResult();
}

namespace {
/// Transpose of Transpose is one Transpose.
struct MergeTransposes : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TransposeOp op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getData().getDefiningOp<TransposeOp>();
    if (!inner)
      return failure();
    SmallVector<int64_t> first = inner.permutation(), perm = op.permutation();
    // Where neither attribute nor rank is known the permutation is empty.
    if (first.size() != perm.size() || perm.empty())
      return failure();
    for (int64_t &axis : perm)
      axis = first[axis];
    rewriter.replaceOpWithNewOp<TransposeOp>(
        op, op.getTransposed().getType(), inner.getData(),
        rewriter.getDenseI64ArrayAttr(perm));
    return success();
  }
};

/// Reshape of Reshape is one Reshape, unless the outer one copies dimensions
/// of the inner one's result.
struct MergeReshapes : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReshapeOp op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getData().getDefiningOp<ReshapeOp>();
    if (!inner)
      return failure();
    if (op.getAllowzero() == 0) {
      auto shape = constantInts(op.getShape());
      if (!shape || llvm::is_contained(*shape, 0))
        return failure();
    }
    rewriter.modifyOpInPlace(
        op, [&] { op.getDataMutable().assign(inner.getData()); });
    return success();
  }
};
} // namespace

void TransposeOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                              MLIRContext *context) {
  patterns.add<MergeTransposes>(context);
}

void ReshapeOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                            MLIRContext *context) {
  patterns.add<MergeReshapes>(context);
}

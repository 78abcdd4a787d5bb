//===- BlockAttnOps.cpp - verifiers and folders ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/BlockAttn/BlockAttn.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

#include <cmath>

using namespace mlir;
using namespace blockattn;

#define GET_OP_CLASSES
#include "dialects/BlockAttn/BlockAttnOps.cpp.inc"

/// True unless both extents are known and differ.
static bool mayAgree(int64_t a, int64_t b) {
  return ShapedType::isDynamic(a) || ShapedType::isDynamic(b) || a == b;
}

//===----------------------------------------------------------------------===//
// AttentionOp
//===----------------------------------------------------------------------===//

LogicalResult AttentionOp::verify() {
  auto q = cast<RankedTensorType>(getQuery().getType());
  auto k = cast<RankedTensorType>(getKey().getType());
  auto v = cast<RankedTensorType>(getValue().getType());
  auto r = cast<RankedTensorType>(getResult().getType());

  // C1
  for (RankedTensorType type : {k, v, r})
    if (type.getElementType() != q.getElementType())
      return emitOpError("(C1) query, key, value and result must have one "
                         "element type, but the query has ")
             << q.getElementType() << " and another has "
             << type.getElementType();
  // C2
  if (!mayAgree(q.getDimSize(0), k.getDimSize(0)) ||
      !mayAgree(q.getDimSize(0), v.getDimSize(0)) ||
      !mayAgree(q.getDimSize(0), r.getDimSize(0)))
    return emitOpError("(C2) the batch sizes of the operands differ");
  if (!mayAgree(k.getDimSize(1), v.getDimSize(1)))
    return emitOpError("(C2) key and value differ in length: ")
           << k.getDimSize(1) << " and " << v.getDimSize(1);
  if (!mayAgree(q.getDimSize(3), k.getDimSize(3)))
    return emitOpError("(C2) query and key differ in head size: ")
           << q.getDimSize(3) << " and " << k.getDimSize(3);
  if (!mayAgree(v.getDimSize(3), r.getDimSize(3)))
    return emitOpError("(C2) value and result differ in head size: ")
           << v.getDimSize(3) << " and " << r.getDimSize(3);
  if (!mayAgree(q.getDimSize(1), r.getDimSize(1)) ||
      !mayAgree(q.getDimSize(2), r.getDimSize(2)))
    return emitOpError(
        "(C2) the result must have the query's tokens and heads");
  if (!mayAgree(k.getDimSize(2), v.getDimSize(2)))
    return emitOpError("(C2) key and value differ in heads: ")
           << k.getDimSize(2) << " and " << v.getDimSize(2);
  // C3
  int64_t heads = q.getDimSize(2), kvHeads = k.getDimSize(2);
  if (!ShapedType::isDynamic(heads) && !ShapedType::isDynamic(kvHeads) &&
      (kvHeads == 0 || heads % kvHeads != 0))
    return emitOpError("(C3) the query's ")
           << heads << " heads are not a multiple of the key's " << kvHeads;
  // C4
  if (static_cast<int64_t>(getWindow()) < 0)
    return emitOpError("(C4) window must not be negative");
  // C5
  if (!std::isfinite(getScale().convertToFloat()))
    return emitOpError("(C5) scale must be finite");
  float softcap = getSoftcap().convertToFloat();
  if (!(softcap >= 0) || !std::isfinite(softcap))
    return emitOpError("(C5) softcap must be finite and not negative");
  // C6
  if (getLayout()) {
    if (!getCausal())
      return emitOpError("(C6) a layout needs causal");
    if (getCache())
      return emitOpError("(C6) a layout and a cache exclude one another");
    if (!mayAgree(q.getDimSize(0), 1))
      return emitOpError("(C6) a layout describes one packed sequence, but the "
                         "batch size is ")
             << q.getDimSize(0);
    if (!mayAgree(q.getDimSize(1), k.getDimSize(1)))
      return emitOpError("(C6) under a layout queries and keys are the same "
                         "tokens, but there are ")
             << q.getDimSize(1) << " and " << k.getDimSize(1);
  }
  // C7
  if (getCache()) {
    if (!getCausal())
      return emitOpError("(C7) a cache needs causal");
    if (!getLayer())
      return emitOpError("(C7) a cache needs the layer to read");
    if (!mayAgree(q.getDimSize(0), 1))
      return emitOpError("(C7) a cache belongs to one prompt, but the batch "
                         "size is ")
             << q.getDimSize(0);
  }
  if (getLayer() && static_cast<int64_t>(*getLayer()) < 0)
    return emitOpError("(C7) layer must not be negative");
  // C8
  if (RotaryAttr rope = getQueryRotaryAttr()) {
    if (!getCache())
      return emitOpError("(C8) query_rotary has no meaning without a cache");
    if (!ShapedType::isDynamic(q.getDimSize(3)) &&
        rope.getRotaryDim() > q.getDimSize(3))
      return emitOpError("(C8) the rotary dimension ")
             << rope.getRotaryDim() << " exceeds the head size "
             << q.getDimSize(3);
  }
  // C9
  if (getKeyMask()) {
    auto mask = cast<RankedTensorType>(getKeyMask().getType());
    if (!mayAgree(mask.getDimSize(0), k.getDimSize(0)) ||
        !mayAgree(mask.getDimSize(1), k.getDimSize(1)))
      return emitOpError("(C9) key_mask must have the key's batch and length");
  }
  // C10
  if (getLse()) {
    auto lse = cast<RankedTensorType>(getLse().getType());
    for (int64_t i = 0; i < 3; ++i)
      if (!mayAgree(lse.getDimSize(i), q.getDimSize(i)))
        return emitOpError("(C10) lse must have the query's batch, tokens and "
                           "heads");
  }
  // C11
  if (std::optional<ArrayRef<float>> slopes = getSlopes()) {
    if (ShapedType::isDynamic(kvHeads) ||
        heads != static_cast<int64_t>(slopes->size()))
      return emitOpError("(C11) there must be a slope for each head, but there "
                         "are ")
             << slopes->size() << " slopes";
    if (!llvm::all_of(*slopes, [](float x) { return std::isfinite(x); }))
      return emitOpError("(C11) slopes must be finite");
  }
  // C12
  if (getKeyPositions()) {
    if (!getSlopes())
      return emitOpError("(C12) key_positions has no meaning without slopes");
    auto positions = cast<RankedTensorType>(getKeyPositions().getType());
    if (!mayAgree(positions.getDimSize(0), k.getDimSize(0)) ||
        !mayAgree(positions.getDimSize(1), k.getDimSize(1)))
      return emitOpError(
          "(C12) key_positions must have the key's batch and length");
  }
  return success();
}

namespace {
/// A layout of one block is full causal attention.
struct DropOneBlockLayout : OpRewritePattern<AttentionOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AttentionOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.getLayout())
      return failure();
    auto layout = op.getLayout().getDefiningOp<LayoutOp>();
    if (!layout || cast<RankedTensorType>(layout.getBlockStarts().getType())
                           .getDimSize(0) != 1)
      return failure();
    rewriter.modifyOpInPlace(op, [&] { op.getLayoutMutable().clear(); });
    return success();
  }
};
} // namespace

void AttentionOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                              MLIRContext *context) {
  patterns.add<DropOneBlockLayout>(context);
}

//===----------------------------------------------------------------------===//
// RotaryOp
//===----------------------------------------------------------------------===//

LogicalResult RotaryOp::verify() {
  auto input = cast<RankedTensorType>(getInput().getType());
  auto positions = cast<RankedTensorType>(getPositions().getType());
  int64_t headSize = input.getDimSize(3);
  if (!ShapedType::isDynamic(headSize) && getRope().getRotaryDim() > headSize)
    return emitOpError("(C1) the rotary dimension ")
           << getRope().getRotaryDim() << " exceeds the head size " << headSize;
  if (!mayAgree(positions.getDimSize(1), input.getDimSize(1)))
    return emitOpError("(C2) there are ")
           << positions.getDimSize(1) << " positions for "
           << input.getDimSize(1) << " tokens";
  if (positions.getDimSize(0) != 1 &&
      !mayAgree(positions.getDimSize(0), input.getDimSize(0)))
    return emitOpError("(C2) positions must have one row or one for each of "
                       "the ")
           << input.getDimSize(0) << " sequences";
  return success();
}

//===----------------------------------------------------------------------===//
// Layout ops
//===----------------------------------------------------------------------===//

LogicalResult LayoutOp::verify() {
  auto starts = cast<RankedTensorType>(getBlockStarts().getType());
  for (Value other : {getIsGlobal(), getSegment()})
    if (!mayAgree(cast<RankedTensorType>(other.getType()).getDimSize(0),
                  starts.getDimSize(0)))
      return emitOpError("(C1) block_starts, is_global and segment must have "
                         "one length");
  DenseIntElementsAttr constant;
  if (matchPattern(getBlockStarts(), m_Constant(&constant))) {
    int64_t previous = -1;
    for (const APInt &value : constant.getValues<APInt>()) {
      int64_t start = value.getSExtValue();
      if (previous < 0 ? start != 0 : start <= previous)
        return emitOpError("(C2) block_starts must begin with 0 and increase, "
                           "but ")
               << start
               << (previous < 0 ? " comes first"
                                : " follows " + std::to_string(previous));
      previous = start;
    }
  }
  return success();
}

LogicalResult FirstKeyOp::verify() {
  // C1 is the operand constraint of the result; nothing is left to check but
  // that a known token count is the result's length.
  auto result = cast<RankedTensorType>(getResult().getType());
  APInt tokens;
  if (matchPattern(getTokens(), m_ConstantInt(&tokens)) &&
      !mayAgree(result.getDimSize(0), tokens.getSExtValue()))
    return emitOpError("(C1) the result has ")
           << result.getDimSize(0) << " elements for " << tokens.getSExtValue()
           << " tokens";
  return success();
}

//===----------------------------------------------------------------------===//
// Sinks
//===----------------------------------------------------------------------===//

LogicalResult InsertSinksOp::verify() {
  auto in = cast<RankedTensorType>(getEmbeddings().getType());
  auto out = cast<RankedTensorType>(getResult().getType());
  auto table = cast<RankedTensorType>(getTable().getType());
  auto positions = cast<RankedTensorType>(getPositions().getType());
  if (!mayAgree(in.getDimSize(0), out.getDimSize(0)) ||
      !mayAgree(in.getDimSize(2), out.getDimSize(2)) ||
      in.getElementType() != out.getElementType())
    return emitOpError("(C1) the result may differ from the embeddings in "
                       "dimension 1 alone");
  if (!mayAgree(table.getDimSize(1), in.getDimSize(2)) ||
      table.getElementType() != in.getElementType())
    return emitOpError("(C2) the table's rows must be embeddings, but are ")
           << table << " for " << in;
  if (!mayAgree(positions.getDimSize(1), in.getDimSize(1)))
    return emitOpError("(C3) there are ")
           << positions.getDimSize(1) << " positions for " << in.getDimSize(1)
           << " tokens";
  return success();
}

namespace {
/// A table without rows leaves the model as it is.
struct DropEmptySinks : OpRewritePattern<InsertSinksOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(InsertSinksOp op,
                                PatternRewriter &rewriter) const override {
    if (cast<RankedTensorType>(op.getTable().getType()).getDimSize(0) != 0)
      return failure();
    if (op.getEmbeddings().getType() != op.getResult().getType() ||
        op.getPositions().getType() != op.getResultPositions().getType())
      return failure();
    rewriter.replaceOp(op,
                       {op.getEmbeddings(), op.getPositions(), op.getLayout()});
    return success();
  }
};
} // namespace

void InsertSinksOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                                MLIRContext *context) {
  patterns.add<DropEmptySinks>(context);
}

LogicalResult DropSinksOp::verify() {
  auto in = cast<RankedTensorType>(getInput().getType());
  auto out = cast<RankedTensorType>(getResult().getType());
  if (in.getRank() != out.getRank() || in.getRank() < 2 ||
      in.getElementType() != out.getElementType())
    return emitOpError("(C1) input and result must have one rank, of at least "
                       "2, and one element type");
  for (int64_t i = 0, e = in.getRank(); i < e; ++i)
    if (i != 1 && !mayAgree(in.getDimSize(i), out.getDimSize(i)))
      return emitOpError("(C1) input and result differ in dimension ") << i;
  APInt count;
  if (matchPattern(getCount(), m_ConstantInt(&count)) && count.isNegative())
    return emitOpError("(C2) count must not be negative, but is ")
           << count.getSExtValue();
  return success();
}

OpFoldResult DropSinksOp::fold(FoldAdaptor adaptor) {
  auto count = dyn_cast_or_null<IntegerAttr>(adaptor.getCount());
  if (count && count.getValue().isZero() &&
      getInput().getType() == getResult().getType())
    return getInput();
  return {};
}

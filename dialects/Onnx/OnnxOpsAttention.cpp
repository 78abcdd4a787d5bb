//===- OnnxOpsAttention.cpp - verifiers of attention and rotary -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/OnnxVerify.h"

using namespace mlir;
using namespace blockattn::onnx;

namespace {
/// The dimensions of Q, K or V, whichever layout they are in; dynamic where
/// they are not known.
struct Heads {
  int64_t batch = ShapedType::kDynamic, heads = ShapedType::kDynamic,
          length = ShapedType::kDynamic, size = ShapedType::kDynamic;
};
} // namespace

static Heads headsOf(RankedTensorType type, std::optional<int64_t> heads) {
  Heads result;
  if (!type)
    return result;
  result.batch = type.getDimSize(0);
  if (type.getRank() == 4) {
    result.heads = type.getDimSize(1);
    result.length = type.getDimSize(2);
    result.size = type.getDimSize(3);
    return result;
  }
  result.length = type.getDimSize(1);
  result.heads = *heads;
  if (!type.isDynamicDim(2))
    result.size = type.getDimSize(2) / *heads;
  return result;
}

/// C2 and C3: after these the ranks and numbers of heads can be relied on.
static LogicalResult verifyLayout(AttentionOp op) {
  std::optional<int64_t> rank;
  for (Value value : {op.getQ(), op.getK(), op.getV(), op.getY()}) {
    RankedTensorType type = rankedType(value);
    if (!type)
      continue;
    if (type.getRank() != 3 && type.getRank() != 4)
      return op.emitOpError("(C2) Q, K, V and Y must have rank 3 or 4, but one "
                            "is ")
             << type;
    if (rank && *rank != type.getRank())
      return op.emitOpError("(C2) Q, K, V and Y must have one rank, but there "
                            "are ")
             << *rank << " and " << type.getRank();
    rank = type.getRank();
  }
  if (rank != 3)
    return success();
  std::optional<int64_t> qHeads = op.getQNumHeads();
  std::optional<int64_t> kvHeads = op.getKvNumHeads();
  if (!qHeads || !kvHeads)
    return op.emitOpError("(C3) needs q_num_heads and kv_num_heads for "
                          "operands of rank 3");
  if (*qHeads <= 0 || *kvHeads <= 0)
    return op.emitOpError(
               "(C3) the numbers of heads must be positive, but are ")
           << *qHeads << " and " << *kvHeads;
  for (auto [value, heads] : {std::pair<Value, int64_t>(op.getQ(), *qHeads),
                              {op.getK(), *kvHeads},
                              {op.getV(), *kvHeads}}) {
    RankedTensorType type = rankedType(value);
    if (type && !type.isDynamicDim(2) && type.getDimSize(2) % heads != 0)
      return op.emitOpError("(C3) the hidden size ")
             << type.getDimSize(2) << " is not a multiple of " << heads
             << " heads";
  }
  return success();
}

/// C6 to C8: keys and values of earlier tokens.
static LogicalResult verifyCache(AttentionOp op, const Heads &k,
                                 const Heads &v) {
  Value pastKey = op.getPastKey(), pastValue = op.getPastValue();
  if (!pastKey != !pastValue)
    return op.emitOpError("(C6) past_key and past_value must both be given or "
                          "both be left out, but ")
           << (pastKey ? "past_value" : "past_key") << " is missing";
  Value presentKey = op.getPresentKey(), presentValue = op.getPresentValue();
  if (!presentKey != !presentValue)
    return op.emitOpError("(C7) present_key and present_value must both be "
                          "given or both be left out, but ")
           << (presentKey ? "present_value" : "present_key") << " is missing";
  struct Part {
    int number;
    Value value;
    Heads now;
    StringRef name;
  } parts[] = {{6, pastKey, k, "past_key"},
               {6, pastValue, v, "past_value"},
               {7, presentKey, k, "present_key"},
               {7, presentValue, v, "present_value"}};
  for (const Part &part : parts)
    if (failed(verifyShape(op, part.number, part.value,
                           {part.now.batch, part.now.heads,
                            ShapedType::kDynamic, part.now.size},
                           part.name)))
      return failure();
  RankedTensorType key = rankedType(pastKey), value = rankedType(pastValue);
  if (key && value && !mayAgree(key.getDimSize(2), value.getDimSize(2)))
    return op.emitOpError("(C6) past_key and past_value differ in length: ")
           << key.getDimSize(2) << " and " << value.getDimSize(2);

  if (Value lengths = op.getNonpadKvSeqlen()) {
    if (pastKey)
      return op.emitOpError("(C8) nonpad_kv_seqlen and past_key exclude one "
                            "another");
    if (!mayBeVector(lengths) ||
        !mayAgree(vectorLength(lengths).value_or(k.batch), k.batch))
      return op.emitOpError("(C8) nonpad_kv_seqlen must be a vector of ")
             << spell(k.batch) << ", but is " << lengths.getType();
  }
  return success();
}

LogicalResult AttentionOp::verify() {
  // C1
  SmallVector<Value> keys{getQ(), getK(), getY()};
  if (getPastKey())
    keys.push_back(getPastKey());
  SmallVector<Value> values{getV()};
  if (getPastValue())
    values.push_back(getPastValue());
  if (failed(verifyElementTypes(*this, 1, "Q, K, past_key and Y", keys)) ||
      failed(verifyElementTypes(*this, 1, "V and past_value", values)) ||
      failed(verifyLayout(*this)))
    return failure();

  Heads q = headsOf(rankedType(getQ()), getQNumHeads());
  Heads k = headsOf(rankedType(getK()), getKvNumHeads());
  Heads v = headsOf(rankedType(getV()), getKvNumHeads());
  // C4
  if (isKnown(q.heads) && isKnown(k.heads) &&
      (k.heads == 0 || q.heads % k.heads != 0))
    return emitOpError("(C4) the ")
           << q.heads << " heads of Q are not a multiple of the " << k.heads
           << " of K";
  if (!mayAgree(k.heads, v.heads))
    return emitOpError("(C4) K has ")
           << k.heads << " heads, but V has " << v.heads;
  // C5
  if (!mayAgree(q.batch, k.batch) || !mayAgree(q.batch, v.batch) ||
      !mayAgree(k.batch, v.batch))
    return emitOpError("(C5) Q, K and V must have one batch size, but have ")
           << spell({q.batch, k.batch, v.batch});
  if (!mayAgree(k.length, v.length))
    return emitOpError("(C5) K and V must have one length, but have ")
           << spell({k.length, v.length});
  if (!mayAgree(q.size, k.size))
    return emitOpError("(C5) Q and K must have one head size, but have ")
           << spell({q.size, k.size});
  if (failed(verifyCache(*this, k, v)))
    return failure();
  // C9
  if (RankedTensorType mask = rankedType(getAttnMask())) {
    int64_t total = getPastKey() ? ShapedType::kDynamic : k.length;
    SmallVector<int64_t> scores{q.batch, q.heads, q.length, total};
    bool fits = mask.getRank() <= 4;
    if (fits && mask.getRank() > 0) {
      // A mask of fewer keys forbids the others.
      int64_t columns = mask.getShape().back();
      if (isKnown(columns) && isKnown(total) && columns < total)
        scores.back() = columns;
      fits = mayBroadcastTo(mask.getShape(), scores);
    }
    if (!fits)
      return emitOpError("(C9) the mask must broadcast to ")
             << spell({q.batch, q.heads, q.length, total}) << ", but is "
             << mask;
  }
  // C10
  APFloat softcap = getSoftcap();
  if (!softcap.isFinite() || (softcap.isNegative() && !softcap.isZero()))
    return emitOpError("(C10) softcap must be finite and not negative, but is ")
           << softcap.convertToDouble();
  if (getQkMatmulOutputMode() < 0 || getQkMatmulOutputMode() > 3)
    return emitOpError(
               "(C10) qk_matmul_output_mode must lie in [0, 3], but is ")
           << getQkMatmulOutputMode();
  for (int64_t window : {getLeftWindowSize(), getRightWindowSize()})
    if (window < -1)
      return emitOpError("(C10) a window size must be at least -1, but is ")
             << window;
  // C11
  RankedTensorType out = rankedType(getY());
  if (!out)
    return success();
  if (out.getRank() == 4)
    return verifyShape(*this, 11, getY(), {q.batch, q.heads, q.length, v.size});
  int64_t hidden = ShapedType::kDynamic;
  if (isKnown(v.size) && isKnown(q.heads) &&
      llvm::MulOverflow(v.size, q.heads, hidden))
    return emitOpError("(C11) the hidden size of Y is no 64-bit integer");
  return verifyShape(*this, 11, getY(), {q.batch, q.length, hidden});
}

LogicalResult RotaryEmbeddingOp::verify() {
  // C1
  if (failed(
          verifyElementTypes(*this, 1, "X, the caches and Y",
                             {getX(), getCosCache(), getSinCache(), getY()})))
    return failure();
  // C3
  RankedTensorType x = rankedType(getX());
  int64_t batch = ShapedType::kDynamic, tokens = ShapedType::kDynamic;
  int64_t size = ShapedType::kDynamic;
  if (x) {
    if (x.getRank() != 3 && x.getRank() != 4)
      return emitOpError("(C3) X must have rank 3 or 4, but is ") << x;
    batch = x.getDimSize(0);
    tokens = x.getDimSize(x.getRank() - 2);
    size = x.getShape().back();
  }
  if (x && x.getRank() == 3) {
    tokens = x.getDimSize(1);
    int64_t heads = getNumHeads().value_or(0);
    if (heads <= 0)
      return emitOpError("(C3) needs a positive num_heads for rank 3, but has ")
             << heads;
    if (isKnown(size) && size % heads != 0)
      return emitOpError("(C3) the hidden size ")
             << size << " is not a multiple of " << heads << " heads";
    if (isKnown(size))
      size /= heads;
  }
  // C4
  RankedTensorType cosine = rankedType(getCosCache());
  RankedTensorType sine = rankedType(getSinCache());
  if (cosine && sine && !shapesMayAgree(cosine.getShape(), sine.getShape()))
    return emitOpError("(C4) the caches must have one shape, but are ")
           << cosine << " and " << sine;
  int64_t rank = getPositionIds() ? 2 : 3;
  for (RankedTensorType cache : {cosine, sine})
    if (cache && cache.getRank() != rank)
      return emitOpError("(C4) the caches must have rank ")
             << rank << (rank == 2 ? " with" : " without")
             << " position_ids, but are " << cache;
  // C5
  if (Value positions = getPositionIds()) {
    RankedTensorType type = rankedType(positions);
    if (type && !shapesMayAgree(type.getShape(), {batch, tokens}))
      return emitOpError("(C5) position_ids must have shape ")
             << spell({batch, tokens}) << ", but are " << type;
  }
  // C6
  int64_t rotated = getRotaryEmbeddingDim();
  if (rotated < 0 || rotated % 2 != 0 || (isKnown(size) && rotated > size))
    return emitOpError("(C6) rotary_embedding_dim must be even, and lie "
                       "between 0 and the head size ")
           << spell(size) << ", but is " << rotated;
  // C7
  if (rotated == 0)
    rotated = size;
  if (!isKnown(rotated))
    return success();
  for (RankedTensorType cache : {cosine, sine})
    if (cache && !mayAgree(cache.getShape().back(), rotated / 2))
      return emitOpError("(C7) ")
             << rotated << " elements are rotated, but a cache is " << cache;
  return success();
}

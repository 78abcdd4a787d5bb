//===- EvaluateAttention.cpp - attention and rotary positions -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// onnx.Attention as the specification words it. With operands of rank 3 the
// heads lie side by side in the last dimension.
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/EvaluateRules.h"
#include "dialects/Onnx/Onnx.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace blockattn::onnx;

static constexpr double kMinusInfinity =
    -std::numeric_limits<double>::infinity();

namespace {
/// A tensor [batch, heads, tokens, size], or [batch, tokens, heads * size],
/// read as the former.
struct Heads {
  const HostTensor *tensor = nullptr;
  int64_t batch = 0, heads = 0, tokens = 0, size = 0;

  int64_t index(int64_t b, int64_t h, int64_t n, int64_t d) const {
    return tensor->getRank() == 4
               ? ((b * heads + h) * tokens + n) * size + d
               : (b * tokens + n) * heads * size + h * size + d;
  }
  double at(int64_t b, int64_t h, int64_t n, int64_t d) const {
    return tensor->getF(index(b, h, n, d));
  }
};
} // namespace

static FailureOr<Heads> splitHeads(RuleContext &c, const HostTensor &x,
                                   std::optional<int64_t> numHeads,
                                   StringRef name) {
  if (x.getRank() == 4)
    return Heads{&x, x.getDim(0), x.getDim(1), x.getDim(2), x.getDim(3)};
  if (x.getRank() != 3)
    return c.fail(name + " must have rank 3 or 4");
  if (!numHeads || *numHeads <= 0 || x.getDim(2) % *numHeads != 0)
    return c.fail("the number of heads must be given, and divide the last "
                  "dimension of " +
                  name);
  return Heads{&x, x.getDim(0), *numHeads, x.getDim(1),
               x.getDim(2) / *numHeads};
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

// [batch, heads, past + tokens, size] of past and new keys or values.
static HostTensor concatPast(RuleContext &c, const HostTensor *past,
                             const Heads &fresh) {
  int64_t before = past ? past->getDim(2) : 0;
  HostTensor all =
      c.make(fresh.tensor->getElementType(),
             {fresh.batch, fresh.heads, before + fresh.tokens, fresh.size});
  for (int64_t i = 0; i < all.getNumElements(); ++i) {
    int64_t d = i % fresh.size, rest = i / fresh.size;
    int64_t n = rest % (before + fresh.tokens);
    rest /= before + fresh.tokens;
    int64_t h = rest % fresh.heads, b = rest / fresh.heads;
    if (n < before)
      copyElement(all, i, *past,
                  ((b * fresh.heads + h) * before + n) * fresh.size + d);
    else
      copyElement(all, i, *fresh.tensor, fresh.index(b, h, n - before, d));
  }
  return all;
}

static LogicalResult checkPast(RuleContext &c, const HostTensor *past,
                               const Heads &fresh) {
  if (past &&
      (past->getRank() != 4 || past->getDim(0) != fresh.batch ||
       past->getDim(1) != fresh.heads || past->getDim(3) != fresh.size ||
       past->getElementType() != fresh.tensor->getElementType()))
    return c.fail("the past keys or values do not fit the new ones");
  return success();
}

namespace {
/// What forbids or biases a pair of query and key.
struct Mask {
  const HostTensor *tensor = nullptr;
  SmallVector<int64_t> strides; // Over [batch, heads, queries, keys].
  int64_t keys = 0;             // The keys that the tensor covers.
  bool causal = false;
  int64_t left = -1, right = -1;
  const HostTensor *lengths = nullptr; // Keys that are no padding, by batch.
  int64_t past = 0, queries = 0;

  double bias(int64_t b, int64_t h, int64_t i, int64_t j) const {
    int64_t offset = lengths ? lengths->getI(b) - queries : past;
    int64_t position = i + offset;
    if ((causal && j > position) || (left >= 0 && position - j > left) ||
        (right >= 0 && j - position > right) ||
        (lengths && j >= lengths->getI(b)) || (tensor && j >= keys))
      return kMinusInfinity;
    if (!tensor)
      return 0;
    int64_t at =
        b * strides[0] + h * strides[1] + i * strides[2] + j * strides[3];
    if (tensor->getScalar() == Scalar::Bool)
      return tensor->getB(at) ? 0 : kMinusInfinity;
    return tensor->getF(at);
  }
};
} // namespace

static LogicalResult evalAttention(AttentionOp op, In<AttentionOp> in,
                                   RuleContext &c) {
  auto q = splitHeads(c, *in.getQ(), op.getQNumHeads(), "Q");
  auto k = splitHeads(c, *in.getK(), op.getKvNumHeads(), "K");
  auto v = splitHeads(c, *in.getV(), op.getKvNumHeads(), "V");
  if (failed(q) || failed(k) || failed(v))
    return failure();
  const HostTensor *pastKey = in.getPastKey(), *pastValue = in.getPastValue();
  if (!pastKey != !pastValue)
    return c.fail("past_key and past_value come together");
  if (failed(checkPast(c, pastKey, *k)) || failed(checkPast(c, pastValue, *v)))
    return failure();
  int64_t past = pastKey ? pastKey->getDim(2) : 0;
  if (q->batch != k->batch || q->batch != v->batch || q->size != k->size ||
      k->heads != v->heads || k->tokens != v->tokens ||
      (pastValue && pastValue->getDim(2) != past))
    return c.fail("the shapes of Q, K and V do not go together");
  if (k->heads == 0 || q->heads % k->heads != 0)
    return c.fail("Q has " + Twine(q->heads) + " heads, no multiple of K's " +
                  Twine(k->heads));
  HostTensor keys = concatPast(c, pastKey, *k);
  HostTensor values = concatPast(c, pastValue, *v);
  if (!keys || !values)
    return failure();
  int64_t numKeys = past + k->tokens, group = q->heads / k->heads;

  Mask mask;
  mask.tensor = in.getAttnMask();
  mask.causal = op.getIsCausal();
  mask.left = op.getLeftWindowSize();
  mask.right = op.getRightWindowSize();
  mask.lengths = in.getNonpadKvSeqlen();
  mask.past = past;
  mask.queries = q->tokens;
  if (mask.lengths && (mask.lengths->getNumElements() != q->batch || pastKey))
    return c.fail("'nonpad_kv_seqlen' must have an element for each batch "
                  "entry, and goes without past keys");
  if (mask.tensor && mask.tensor->getRank() > 0) {
    // A mask that is too short forbids the keys beyond it.
    mask.keys = std::min(mask.tensor->getShape().back(), numKeys);
    SmallVector<int64_t> full = {q->batch, q->heads, q->tokens,
                                 mask.tensor->getShape().back()};
    auto common = broadcastShapes(mask.tensor->getShape(), full);
    if (!common || *common != full || full.back() > numKeys)
      return c.fail("the mask does not broadcast to [batch, heads, queries, "
                    "keys]");
    mask.strides = broadcastStrides(mask.tensor->getShape(), full);
  } else if (mask.tensor) {
    return c.fail("the mask must not be a scalar");
  }

  SmallVector<int64_t> shapeY(in.getQ()->getShape());
  shapeY.back() = q->tensor->getRank() == 4 ? v->size : q->heads * v->size;
  HostTensor y = c.make(q->tensor->getElementType(), shapeY);
  HostTensor scores = c.make(q->tensor->getElementType(),
                             {q->batch, q->heads, q->tokens, numKeys});
  if (!y || !scores ||
      failed(c.checkWork({q->batch, q->heads, q->tokens, numKeys,
                          std::max<int64_t>(1, q->size + v->size)})))
    return failure();

  double scale = op.getScale() ? op.getScale()->convertToDouble()
                               : 1 / std::sqrt(static_cast<double>(q->size));
  double softcap = op.getSoftcap().convertToDouble();
  int64_t mode = op.getQkMatmulOutputMode();
  Heads to = *q;
  to.tensor = &y;
  to.size = v->size;
  Heads key{&keys, q->batch, k->heads, numKeys, k->size};
  Heads value{&values, q->batch, k->heads, numKeys, v->size};
  std::vector<double> row(numKeys);
  auto attend = [&](int64_t b, int64_t h, int64_t i) {
    int64_t base = ((b * q->heads + h) * q->tokens + i) * numKeys;
    double max = kMinusInfinity, sum = 0;
    bool visible = false;
    for (int64_t j = 0; j < numKeys; ++j) {
      double s = 0;
      for (int64_t d = 0; d < q->size; ++d)
        s += q->at(b, h, i, d) * key.at(b, h / group, j, d);
      s *= scale;
      if (mode == 0)
        scores.setF(base + j, s);
      if (softcap != 0)
        s = softcap * std::tanh(s / softcap);
      if (mode == 1)
        scores.setF(base + j, s);
      double bias = mask.bias(b, h, i, j);
      visible |= bias != kMinusInfinity;
      // Not a sum: what is forbidden stays so, whatever the score is.
      row[j] = bias == kMinusInfinity ? bias : s + bias;
      if (mode == 2)
        scores.setF(base + j, row[j]);
      max = std::max(max, row[j]);
    }
    for (double &s : row) {
      s = visible ? std::exp(s - max) : 0;
      sum += s;
    }
    for (int64_t j = 0; j < numKeys; ++j) {
      row[j] = sum == 0 ? 0 : row[j] / sum;
      if (mode == 3)
        scores.setF(base + j, row[j]);
    }
    for (int64_t d = 0; d < v->size; ++d) {
      double result = 0;
      for (int64_t j = 0; j < numKeys; ++j)
        if (row[j] != 0)
          result += row[j] * value.at(b, h / group, j, d);
      y.setF(to.index(b, h, i, d), result);
    }
  };
  for (int64_t b = 0; b < q->batch; ++b)
    for (int64_t h = 0; h < q->heads; ++h)
      for (int64_t i = 0; i < q->tokens; ++i)
        attend(b, h, i);

  if (failed(c.setOptional(op, 0, std::move(y))) ||
      failed(c.setOptional(op, 1, std::move(keys))) ||
      failed(c.setOptional(op, 2, std::move(values))))
    return failure();
  return c.setOptional(op, 3, std::move(scores));
}

//===----------------------------------------------------------------------===//
// RotaryEmbedding
//===----------------------------------------------------------------------===//

static LogicalResult evalRotary(RotaryEmbeddingOp op, In<RotaryEmbeddingOp> in,
                                RuleContext &c) {
  auto x = splitHeads(c, *in.getX(), op.getNumHeads(), "X");
  if (failed(x))
    return failure();
  const HostTensor &cosines = *in.getCosCache(), &sines = *in.getSinCache(),
                   *positions = in.getPositionIds();
  int64_t rotated =
      op.getRotaryEmbeddingDim() ? op.getRotaryEmbeddingDim() : x->size;
  if (rotated < 0 || rotated > x->size || rotated % 2 != 0)
    return c.fail("rotary_embedding_dim must be even and at most the head "
                  "size, " +
                  Twine(x->size));
  int64_t half = rotated / 2;
  if (cosines.getShape() != sines.getShape() ||
      cosines.getRank() != (positions ? 2 : 3) ||
      cosines.getShape().back() != half)
    return c.fail("the caches must have one shape, with " + Twine(half) +
                  " columns");
  if (positions
          ? positions->getNumElements() != x->batch * x->tokens
          : cosines.getDim(0) != x->batch || cosines.getDim(1) != x->tokens)
    return c.fail("there must be a position for each batch entry and token");

  HostTensor y = *in.getX();
  bool interleaved = op.getInterleaved();
  for (int64_t b = 0; b < x->batch; ++b)
    for (int64_t n = 0; n < x->tokens; ++n) {
      int64_t row = b * x->tokens + n;
      if (positions) {
        row = positions->getI(row);
        if (row < 0 || row >= cosines.getDim(0))
          return c.fail("position " + Twine(row) +
                        " is outside of a cache of " +
                        Twine(cosines.getDim(0)) + " positions");
      }
      for (int64_t h = 0; h < x->heads; ++h)
        for (int64_t i = 0; i < half; ++i) {
          int64_t first = interleaved ? 2 * i : i;
          int64_t second = interleaved ? 2 * i + 1 : i + half;
          double cosine = cosines.getF(row * half + i);
          double sine = sines.getF(row * half + i);
          double x1 = x->at(b, h, n, first), x2 = x->at(b, h, n, second);
          y.setF(x->index(b, h, n, first), cosine * x1 - sine * x2);
          y.setF(x->index(b, h, n, second), sine * x1 + cosine * x2);
        }
    }
  return c.set(0, std::move(y));
}

void blockattn::onnx::addAttentionRules(RuleTable &t) {
  t.add<AttentionOp>(evalAttention);
  t.add<RotaryEmbeddingOp>(evalRotary);
}

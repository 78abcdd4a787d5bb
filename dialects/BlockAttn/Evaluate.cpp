//===- Evaluate.cpp - the evaluator's rules for blockattn ops -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/BlockAttn/Evaluate.h"
#include "dialects/BlockAttn/BlockAttn.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace blockattn;
using onnx::HostTensor;

using Operands = ArrayRef<const HostTensor *>;
using Results = SmallVectorImpl<HostTensor>;

static constexpr double kMinusInfinity =
    -std::numeric_limits<double>::infinity();

static LogicalResult fail(std::string &why, const Twine &reason) {
  why = reason.str();
  return failure();
}

// A tensor of the same limits as those of the onnx rules; the programs that are
// evaluated have few tokens.
static LogicalResult make(HostTensor &result, Type type,
                          ArrayRef<int64_t> shape, std::string &why) {
  constexpr int64_t kMaxElements = int64_t(1) << 22;
  std::optional<int64_t> count = onnx::countElements(shape);
  if (count && *count <= kMaxElements)
    result = HostTensor::zeros(type, shape);
  if (!result)
    return fail(why, "the result is too large to evaluate, or of an "
                     "unsupported type");
  return success();
}

//===----------------------------------------------------------------------===//
// Layouts
//===----------------------------------------------------------------------===//

namespace {
/// A layout, read from its tensor [blocks, 3].
struct Layout {
  struct Block {
    int64_t start;
    bool isGlobal;
    int64_t segment;
  };
  SmallVector<Block> blocks;

  static FailureOr<Layout> read(const HostTensor &tensor, std::string &why) {
    if (tensor.getRank() != 2 || tensor.getDim(1) != 3)
      return fail(why, "a layout must be a tensor [blocks, 3]");
    Layout layout;
    for (int64_t i = 0; i < tensor.getDim(0); ++i) {
      Block block{tensor.atI({i, 0}), tensor.atI({i, 1}) != 0,
                  tensor.atI({i, 2})};
      if (i == 0 ? block.start != 0 : block.start <= layout.blocks.back().start)
        return fail(why, "the starts of a layout must increase from 0");
      layout.blocks.push_back(block);
    }
    return layout;
  }
  HostTensor write(MLIRContext *ctx) const {
    SmallVector<int64_t> numbers;
    for (const Block &block : blocks)
      numbers.append({block.start, block.isGlobal, block.segment});
    return HostTensor::fromInts(IntegerType::get(ctx, 64),
                                {static_cast<int64_t>(blocks.size()), 3},
                                numbers);
  }

  /// The block of a token.
  int64_t blockOf(int64_t token) const {
    int64_t block = 0;
    while (block + 1 < static_cast<int64_t>(blocks.size()) &&
           blocks[block + 1].start <= token)
      ++block;
    return block;
  }
  bool startsSegment(int64_t block) const {
    return block == 0 || blocks[block].segment != blocks[block - 1].segment;
  }
  bool allowed(int64_t query, int64_t key) const {
    if (blocks.empty() || key > query)
      return false;
    int64_t q = blockOf(query), k = blockOf(key);
    return blocks[q].segment == blocks[k].segment &&
           (q == k || blocks[q].isGlobal);
  }
};
} // namespace

static LogicalResult evalLayout(LayoutOp op, Operands in, Results &out,
                                std::string &why) {
  Layout layout;
  int64_t count = in[0]->getNumElements();
  if (in[1]->getNumElements() != count || in[2]->getNumElements() != count)
    return fail(why, "the operands must have one length");
  for (int64_t i = 0; i < count; ++i)
    layout.blocks.push_back({in[0]->getI(i), in[1]->getB(i), in[2]->getI(i)});
  out[0] = layout.write(op.getContext());
  return success();
}

static LogicalResult evalLayoutFromPositions(LayoutFromPositionsOp op,
                                             Operands in, Results &out,
                                             std::string &why) {
  Layout layout;
  for (int64_t i = 0; i < in[0]->getNumElements(); ++i)
    if (i % in[0]->getDim(1) == 0 || in[0]->getI(i) != in[0]->getI(i - 1) + 1)
      layout.blocks.push_back(
          {i, true, static_cast<int64_t>(layout.blocks.size())});
  out[0] = layout.write(op.getContext());
  return success();
}

static LogicalResult evalFirstKey(FirstKeyOp op, Operands in, Results &out,
                                  std::string &why) {
  FailureOr<Layout> layout = Layout::read(*in[0], why);
  int64_t tokens = in[1]->getI(0);
  if (failed(layout) ||
      failed(
          make(out[0], IntegerType::get(op.getContext(), 64), {tokens}, why)))
    return failure();
  for (int64_t i = 0; i < tokens; ++i) {
    int64_t key = i;
    while (key > 0 && layout->allowed(i, key - 1))
      --key;
    out[0].setI(i, key);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Rotary positions
//===----------------------------------------------------------------------===//

// Rotates one head, given by a function to its elements, by a position.
static void rotate(RotaryAttr rope, double position,
                   llvm::function_ref<double &(int64_t)> element) {
  int64_t half = rope.getRotaryDim() / 2;
  double scale = rope.getScaleValue();
  for (auto [i, frequency] :
       llvm::enumerate(rope.getInvFreq().getValues<APFloat>())) {
    APFloat single = frequency;
    bool inexact;
    single.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven,
                   &inexact);
    // The angle is an f32, as the graphs compute it.
    double angle =
        onnx::roundTo(onnx::Scalar::F32, position * single.convertToDouble());
    double cosine = scale * std::cos(angle), sine = scale * std::sin(angle);
    auto place = static_cast<int64_t>(i);
    double &a = element(rope.getInterleaved() ? 2 * place : place);
    double &b = element(rope.getInterleaved() ? 2 * place + 1 : place + half);
    double first = a, second = b;
    a = cosine * first - sine * second;
    b = sine * first + cosine * second;
  }
}

static LogicalResult evalRotary(RotaryOp op, Operands in, Results &out,
                                std::string &why) {
  const HostTensor &x = *in[0], &positions = *in[1];
  if (x.getRank() != 4 || positions.getRank() != 2 ||
      positions.getDim(1) != x.getDim(1) ||
      (positions.getDim(0) != 1 && positions.getDim(0) != x.getDim(0)))
    return fail(why, "there must be a position for each token");
  if (op.getRope().getRotaryDim() > x.getDim(3))
    return fail(why, "more elements are to be rotated than a head has");
  out[0] = x;
  std::vector<double> head(x.getDim(3));
  for (int64_t b = 0; b < x.getDim(0); ++b)
    for (int64_t n = 0; n < x.getDim(1); ++n)
      for (int64_t h = 0; h < x.getDim(2); ++h) {
        int64_t base = x.flatIndex({b, n, h, 0});
        for (auto [i, value] : llvm::enumerate(head))
          value = x.getF(base + i);
        int64_t row = positions.getDim(0) == 1 ? 0 : b;
        rotate(op.getRope(), static_cast<double>(positions.atI({row, n})),
               [&](int64_t i) -> double & { return head[i]; });
        for (auto [i, value] : llvm::enumerate(head))
          out[0].setF(base + i, value);
      }
  return success();
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

namespace {
/// Where the key and the value that a query may see are.
struct Source {
  const HostTensor *key, *value;
  int64_t row, token;
  /// How far it stands before the query.
  int64_t distance;
  /// The query that goes with the key: rotated for the block of the key.
  const std::vector<double> *query;
};
} // namespace

static LogicalResult evalAttention(AttentionOp op, Operands in, Results &out,
                                   const EvaluationCache *cache,
                                   std::string &why) {
  AttentionOp::GenericAdaptor<Operands> operands(in, op);
  const HostTensor &q = *operands.getQuery(), &k = *operands.getKey(),
                   &v = *operands.getValue(), *mask = operands.getKeyMask();
  if (q.getRank() != 4 || k.getRank() != 4 || v.getRank() != 4 ||
      k.getDim(0) != q.getDim(0) || v.getDim(0) != q.getDim(0) ||
      k.getDim(1) != v.getDim(1) || k.getDim(2) != v.getDim(2) ||
      k.getDim(3) != q.getDim(3) || k.getDim(2) == 0 ||
      q.getDim(2) % k.getDim(2) != 0)
    return fail(why, "the shapes of query, key and value do not go together");
  int64_t batch = q.getDim(0), queries = q.getDim(1), heads = q.getDim(2),
          size = q.getDim(3), keys = k.getDim(1), sizeV = v.getDim(3),
          group = heads / k.getDim(2);
  if (mask && (mask->getRank() != 2 || mask->getDim(0) != batch ||
               mask->getDim(1) != keys))
    return fail(why, "the key mask must be [batch, keys]");
  const HostTensor *places = operands.getKeyPositions();
  if (places && (places->getRank() != 2 || places->getDim(0) != batch ||
                 places->getDim(1) != keys || queries > keys))
    return fail(why, "the positions of keys must be [batch, keys]");
  std::optional<Layout> layout;
  if (const HostTensor *tensor = operands.getLayout()) {
    FailureOr<Layout> read = Layout::read(*tensor, why);
    if (failed(read))
      return failure();
    if (batch != 1 || queries != keys)
      return fail(why, "a layout needs one row, and as many keys as queries");
    layout = std::move(*read);
  }
  int64_t cached = 0, layer = op.getLayer().value_or(-1);
  if (operands.getCache()) {
    if (!cache)
      return fail(why, "there are no cached blocks to evaluate with");
    for (const EvaluationCache::Block &block : cache->blocks) {
      if (layer < 0 || layer >= static_cast<int64_t>(block.layers.size()))
        return fail(why, "the cached blocks have no layer " + Twine(layer));
      auto &[key, value] = block.layers[layer];
      if (key.getRank() != 4 || value.getRank() != 4 || batch != 1 ||
          key.getDim(1) != value.getDim(1) ||
          key.getShape().drop_front(2) != k.getShape().drop_front(2) ||
          value.getShape().drop_front(2) != v.getShape().drop_front(2))
        return fail(why, "a cached block does not fit the keys and values");
      cached += key.getDim(1);
    }
  }
  std::optional<int64_t> work =
      onnx::countElements({batch, queries, heads, keys + cached, size + sizeV});
  if (!work || *work > (int64_t(1) << 30))
    return fail(why, "it would take too long to evaluate");
  HostTensor lse;
  if (failed(make(out[0], q.getElementType(), {batch, queries, heads, sizeV},
                  why)) ||
      failed(make(lse, Float32Type::get(op.getContext()),
                  {batch, queries, heads}, why)))
    return failure();

  double scale = op.getScale().convertToDouble();
  double softcap = op.getSoftcap().convertToDouble();
  auto attend = [&](int64_t b, int64_t i, int64_t h) {
    std::vector<std::vector<double>> rotated;
    std::vector<double> query(size);
    for (int64_t d = 0; d < size; ++d)
      query[d] = q.atF({b, i, h, d});
    // Everything visible, cached blocks first. Positions in the list of all
    // keys decide about the window.
    SmallVector<Source> visible;
    int64_t place = 0, own = cached + i + keys - queries;
    auto see = [&](Source source, bool allowed) {
      int64_t distance = own - place++;
      source.distance = distance;
      if (places && source.key == &k)
        source.distance = places->atI({b, i + keys - queries}) -
                          places->atI({b, source.token});
      if (allowed &&
          (op.getWindow() == 0 || std::abs(distance) < op.getWindow()))
        visible.push_back(source);
    };
    if (operands.getCache()) {
      rotated.resize(cache->blocks.size(), query);
      for (auto [block, turned] : llvm::zip_equal(cache->blocks, rotated)) {
        if (auto rope = op.getQueryRotary())
          rotate(*rope, static_cast<double>(-block.shift),
                 [&](int64_t d) -> double & { return turned[d]; });
        auto &[key, value] = block.layers[layer];
        for (int64_t j = 0; j < key.getDim(1); ++j)
          see({&key, &value, 0, j, 0, &turned}, true);
      }
    }
    for (int64_t j = 0; j < keys; ++j)
      see({&k, &v, b, j, 0, &query},
          (!op.getCausal() || j <= i + keys - queries) &&
              (!layout || layout->allowed(i, j)) &&
              (!mask || mask->getB(b * keys + j)));

    std::vector<double> weights;
    double max = kMinusInfinity, sum = 0;
    for (const Source &source : visible) {
      double s = 0;
      for (int64_t d = 0; d < size; ++d)
        s += (*source.query)[d] *
             source.key->atF({source.row, source.token, h / group, d});
      s *= scale;
      if (softcap != 0)
        s = softcap * std::tanh(s / softcap);
      if (std::optional<ArrayRef<float>> slopes = op.getSlopes())
        s -= (*slopes)[h] * static_cast<double>(source.distance);
      weights.push_back(s);
      max = std::max(max, s);
    }
    for (double &weight : weights) {
      weight = std::exp(weight - max);
      sum += weight;
    }
    lse.setF((b * queries + i) * heads + h,
             visible.empty() ? kMinusInfinity : max + std::log(sum));
    for (int64_t d = 0; d < sizeV; ++d) {
      double result = 0;
      for (auto [source, weight] : llvm::zip_equal(visible, weights))
        result += weight / sum *
                  source.value->atF({source.row, source.token, h / group, d});
      out[0].setF(out[0].flatIndex({b, i, h, d}), result);
    }
  };
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t i = 0; i < queries; ++i)
      for (int64_t h = 0; h < heads; ++h)
        attend(b, i, h);
  if (op.getLse())
    out[1] = std::move(lse);
  return success();
}

//===----------------------------------------------------------------------===//
// Sinks
//===----------------------------------------------------------------------===//

static LogicalResult evalInsertSinks(InsertSinksOp op, Operands in,
                                     Results &out, std::string &why) {
  const HostTensor &x = *in[0], &table = *in[1], &positions = *in[2];
  FailureOr<Layout> layout = Layout::read(*in[3], why);
  if (failed(layout))
    return failure();
  if (x.getRank() != 3 || x.getDim(0) != 1 || table.getRank() != 2 ||
      table.getDim(1) != x.getDim(2) ||
      table.getElementType() != x.getElementType() ||
      positions.getNumElements() != x.getDim(1))
    return fail(why, "embeddings, sinks and positions do not go together");
  int64_t count = table.getDim(0), width = x.getDim(2), tokens = x.getDim(1);
  std::vector<double> rows;
  SmallVector<int64_t> newPositions;
  Layout after;
  auto addSinks = [&](int64_t position) {
    for (int64_t s = 0; s < count; ++s) {
      for (int64_t d = 0; d < width; ++d)
        rows.push_back(table.getF(s * width + d));
      newPositions.push_back(position + s);
    }
  };
  if (op.getShared())
    addSinks(0);
  // Within a segment, tokens move back by the sinks before them.
  int64_t moved = op.getShared() ? count : 0;
  for (int64_t b = 0; b < static_cast<int64_t>(layout->blocks.size()); ++b) {
    Layout::Block block = layout->blocks[b];
    bool last = b + 1 == static_cast<int64_t>(layout->blocks.size());
    int64_t end = last ? tokens : layout->blocks[b + 1].start;
    if (end > tokens)
      return fail(why, "a block starts beyond the tokens");
    if (layout->startsSegment(b) && !op.getShared())
      moved = 0;
    // The first block holds a shared prefix.
    block.start = op.getShared() && b == 0
                      ? 0
                      : static_cast<int64_t>(newPositions.size());
    after.blocks.push_back(block);
    if (!op.getShared()) {
      addSinks(positions.getI(layout->blocks[b].start) + moved);
      moved += count;
    }
    for (int64_t t = layout->blocks[b].start; t < end; ++t) {
      for (int64_t d = 0; d < width; ++d)
        rows.push_back(x.getF(t * width + d));
      newPositions.push_back(positions.getI(t) + moved);
    }
  }
  auto total = static_cast<int64_t>(newPositions.size());
  out[0] = HostTensor::fromFloats(x.getElementType(), {1, total, width}, rows);
  out[1] = HostTensor::fromInts(positions.getElementType(), {1, total},
                                newPositions);
  out[2] = after.write(op.getContext());
  return success();
}

static LogicalResult evalDropSinks(DropSinksOp op, Operands in, Results &out,
                                   std::string &why) {
  const HostTensor &x = *in[0];
  FailureOr<Layout> layout = Layout::read(*in[1], why);
  if (failed(layout))
    return failure();
  int64_t count = in[2]->getI(0), sinks;
  int64_t places =
      op.getShared() ? 1 : static_cast<int64_t>(layout->blocks.size());
  if (x.getRank() < 2 || x.getDim(0) != 1 || count < 0 ||
      llvm::MulOverflow(count, places, sinks) || sinks > x.getDim(1))
    return fail(why, "the operand does not hold the sinks");
  SmallVector<int64_t> shape(x.getShape());
  shape[1] -= sinks;
  if (failed(make(out[0], x.getElementType(), shape, why)))
    return failure();
  int64_t width =
      onnx::countElements(shape).value_or(0) / std::max<int64_t>(shape[1], 1);
  int64_t from = op.getShared() ? count : 0;
  for (int64_t t = 0, b = 0; t < shape[1]; ++t, ++from) {
    while (!op.getShared() && b < places && layout->blocks[b].start <= t) {
      from += count;
      ++b;
    }
    for (int64_t d = 0; d < width; ++d)
      out[0].setF(t * width + d, x.getF(from * width + d));
  }
  return success();
}

//===----------------------------------------------------------------------===//
// The rules
//===----------------------------------------------------------------------===//

template <typename OpT>
static void add(onnx::Evaluator &evaluator,
                LogicalResult (*rule)(OpT, Operands, Results &,
                                      std::string &)) {
  evaluator.addRule(
      OpT::getOperationName(),
      [rule](Operation *op, Operands in, Results &out, std::string &why) {
        return rule(cast<OpT>(op), in, out, why);
      });
}

static LogicalResult evalDim(tensor::DimOp op, Operands in, Results &out,
                             std::string &why) {
  int64_t dim = in[1]->getI(0);
  if (dim < 0 || dim >= in[0]->getRank())
    return fail(why, "the tensor has no dimension " + Twine(dim));
  out[0] = HostTensor::fromInts(IntegerType::get(op.getContext(), 64), {},
                                {in[0]->getDim(dim)});
  return success();
}

// An index is an i64 of rank 0.
static LogicalResult evalIndex(arith::ConstantOp op, Operands, Results &out,
                               std::string &why) {
  if (auto elements = dyn_cast<ElementsAttr>(op.getValue()))
    out[0] = HostTensor::from(elements);
  else if (auto integer = dyn_cast<IntegerAttr>(op.getValue()))
    out[0] = HostTensor::fromInts(IntegerType::get(op.getContext(), 64), {},
                                  {integer.getValue().getSExtValue()});
  return success();
}

void blockattn::addEvaluationRules(onnx::Evaluator &evaluator,
                                   const EvaluationCache *cache) {
  add<LayoutOp>(evaluator, evalLayout);
  add<LayoutFromPositionsOp>(evaluator, evalLayoutFromPositions);
  add<FirstKeyOp>(evaluator, evalFirstKey);
  add<RotaryOp>(evaluator, evalRotary);
  add<InsertSinksOp>(evaluator, evalInsertSinks);
  add<DropSinksOp>(evaluator, evalDropSinks);
  add<tensor::DimOp>(evaluator, evalDim);
  add<arith::ConstantOp>(evaluator, evalIndex);
  evaluator.addRule(
      AttentionOp::getOperationName(),
      [cache](Operation *op, Operands in, Results &out, std::string &why) {
        return evalAttention(cast<AttentionOp>(op), in, out, cache, why);
      });
}

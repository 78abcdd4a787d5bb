//===- RaiseAttention.cpp - from softmax to blockattn.attention -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/AttentionLike.h"
#include "passes/Raise/AttentionSite.h"
#include "passes/Raise/Explain.h"
#include "passes/Raise/KeyMask.h"
#include "passes/Raise/MaskFit.h"
#include "passes/Raise/Passes.h"
#include "passes/Raise/PositionDependence.h"

#include "dialects/BlockAttn/BlockAttn.h"
#include "dialects/Onnx/Onnx.h"

#include "mlir/IR/Builders.h"
#include <cmath>

namespace blockattn {
#define GEN_PASS_DEF_RAISEATTENTION
#include "passes/Raise/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;
using namespace blockattn::raise;

namespace {

/// All that a blockattn.attention says, and what it replaces.
struct Candidate {
  AttentionSite site;
  Heads query, key, value;
  MaskFit mask;
  ScoreFunction scores;
  SmallVector<float> sinks; ///< for each head a score of no key, or empty
  /// The value that is replaced, and whether its heads come first.
  Value result;
  bool resultHeadsFirst = false;
};

/// A tensor of heads, whichever comes first in it.
struct HeadTensor {
  HeadTensor(const onnx::HostTensor &tensor, bool headsFirst)
      : tensor(tensor), headsFirst(headsFirst), batch(tensor.getDim(0)),
        tokens(tensor.getDim(headsFirst ? 2 : 1)),
        heads(tensor.getDim(headsFirst ? 1 : 2)), size(tensor.getDim(3)) {}
  double at(int64_t b, int64_t t, int64_t h, int64_t d) const {
    return tensor.getF(headsFirst ? ((b * heads + h) * tokens + t) * size + d
                                  : ((b * tokens + t) * heads + h) * size + d);
  }
  const onnx::HostTensor &tensor;
  bool headsFirst;
  int64_t batch, tokens, heads, size;
};

class Raiser {
public:
  explicit Raiser(func::FuncOp func)
      : subject(func), fixed(subject), masks(subject) {}

  void run(SmallVectorImpl<AttentionEntry> &entries) {
    std::vector<Candidate> candidates;
    SmallVector<size_t> entryOf;
    llvm::DenseSet<Operation *> known;
    SmallVector<onnx::SoftmaxOp> softmaxes(
        subject.func.getBody().front().getOps<onnx::SoftmaxOp>());
    for (onnx::SoftmaxOp softmax : softmaxes) {
      Reason reason;
      std::optional<AttentionSite> site = findSite(subject, softmax, reason);
      if (!site && reason.empty())
        continue;
      known.insert(softmax);
      AttentionEntry &entry = entries.emplace_back(softmax.getLoc());
      std::optional<Candidate> candidate;
      if (site)
        candidate = consider(*site, entry, reason);
      if (!candidate) {
        entry.reasons.push_back(reason);
        continue;
      }
      entryOf.push_back(entries.size() - 1);
      candidates.push_back(std::move(*candidate));
    }
    reportOthers(entries);
    for (const AttentionLike &like : findAttentionLike(subject, known))
      entries.emplace_back(like.op->getLoc()).reasons.push_back(like.reason);
    SmallVector<AttentionOp> raised;
    for (Candidate &candidate : candidates)
      raised.push_back(replace(candidate));
    PositionAnalysis positions(subject.func);
    for (auto [op, index] : llvm::zip_equal(raised, entryOf)) {
      AttentionEntry &entry = entries[index];
      PositionUse use = positions.of(op);
      entry.raised = true;
      entry.positions = use.scheme.str();
      entry.kvPositionIndependent = use.independent;
      llvm::append_range(entry.reasons, use.reasons);
    }
  }

private:
  /// Attentions that were not considered at all.
  void reportOthers(SmallVectorImpl<AttentionEntry> &entries) {
    subject.func.walk([&](Operation *op) {
      auto report = [&](const char *reason) {
        entries.emplace_back(op->getLoc()).reasons.push_back(reason);
      };
      if (auto attention = dyn_cast<onnx::AttentionOp>(op)) {
        const char *reason = whyNotDecomposed(attention);
        report(reason ? reason : "it is an onnx.Attention still");
      } else if (isa<onnx::SoftmaxOp>(op) &&
                 op->getParentOfType<onnx::IfOp>() &&
                 llvm::any_of(op->getResult(0).getUsers(), [](Operation *user) {
                   return isa<onnx::MatMulOp, onnx::IsNaNOp, onnx::CastOp>(
                       user);
                 })) {
        report("it lies in a branch of onnx.If");
      }
    });
  }

  /// Finds out everything about a site; on failure says what is missing.
  std::optional<Candidate> consider(AttentionSite &site, AttentionEntry &entry,
                                    Reason &reason);
  bool verify(Candidate &candidate, Reason &reason);
  bool findResult(Candidate &candidate, Trial &trial, ArrayRef<double> expected,
                  ArrayRef<bool> defined);
  AttentionOp replace(Candidate &candidate);

  Subject subject;
  FixedValues fixed;
  MaskFitter masks;
  /// What is done to scores, or why that is not known, by the site's number:
  /// layers do the same.
  llvm::DenseMap<unsigned, std::pair<std::optional<ScoreFunction>, Reason>>
      functions;
};

/// A scale that is meant is one of a few; what was measured is off by a
/// rounding or two.
double snapScale(double scale, int64_t headSize, double tolerance) {
  double root = 1 / std::sqrt(static_cast<double>(headSize));
  for (double meant : {root, 1.0, 1.0 / headSize})
    if (std::abs(scale - meant) <= tolerance * meant)
      return meant;
  return scale;
}

} // namespace

std::optional<Candidate>
Raiser::consider(AttentionSite &site, AttentionEntry &entry, Reason &reason) {
  Candidate candidate;
  candidate.site = site;
  candidate.mask = masks.fit(site);
  entry.mask = candidate.mask.name();
  // Of a mask that is not understood no window is told either.
  entry.window = candidate.mask.reason.empty() ? candidate.mask.window : 0;

  auto heads = [&](Operand operand, Heads &result) {
    std::optional<Heads> found =
        findHeads(subject, fixed, site, operand, reason);
    if (found)
      result = *found;
    return found.has_value();
  };
  if (!heads(Operand::Query, candidate.query) ||
      !heads(Operand::Key, candidate.key) ||
      !heads(Operand::Value, candidate.value))
    return std::nullopt;
  entry.heads = candidate.query.heads;
  entry.kvHeads = candidate.key.heads;
  entry.headSize = candidate.query.size;
  // Keys that had to be taken after their repetition are as many as queries.
  if (candidate.key.heads != candidate.value.heads ||
      candidate.query.heads % candidate.key.heads != 0) {
    reason = "it has " + std::to_string(candidate.query.heads) +
             " heads of queries, " + std::to_string(candidate.key.heads) +
             " of keys and " + std::to_string(candidate.value.heads) +
             " of values";
    return std::nullopt;
  }
  if (candidate.value.factor != 1) {
    reason = "its values are scaled";
    return std::nullopt;
  }
  if (candidate.query.size != candidate.key.size) {
    reason = "its queries have heads of " +
             std::to_string(candidate.query.size) +
             " elements, and its keys of " + std::to_string(candidate.key.size);
    return std::nullopt;
  }
  Type element = getElementTypeOrSelf(candidate.query.value);
  if (!element.isF32() && !element.isF16() && !element.isBF16()) {
    reason = "its element type is none of f32, f16 and bf16";
    return std::nullopt;
  }
  if (getElementTypeOrSelf(candidate.key.value) != element ||
      getElementTypeOrSelf(candidate.value.value) != element) {
    reason = "queries, keys and values differ in element type";
    return std::nullopt;
  }

  auto [known, isNew] = functions.try_emplace(masks.numberOf(site));
  if (isNew) {
    Reason why;
    std::optional<ScoreFunction> fitted = fitScores(subject, fixed, site, why);
    known->second = {fitted, why};
  }
  std::optional<ScoreFunction> function = known->second.first;
  if (!function) {
    reason = known->second.second;
    return std::nullopt;
  }
  if (site.sinks) {
    std::optional<SmallVector<float>> sinks =
        fitSinks(subject, site, candidate.query.heads, reason);
    if (!sinks)
      return std::nullopt;
    candidate.sinks = std::move(*sinks);
  }
  double tolerance = element.isF32() ? 2e-6 : 2e-3;
  candidate.scores = *function;
  candidate.scores.scale =
      snapScale(function->scale * candidate.query.factor * candidate.key.factor,
                candidate.query.size, tolerance);
  entry.scale = candidate.scores.scale;
  entry.softcap = candidate.scores.softcap;

  if (!candidate.mask.reason.empty()) {
    reason = candidate.mask.reason;
    return std::nullopt;
  }
  if (size_t slopes = candidate.mask.slopes.size(); slopes == 1)
    candidate.mask.slopes.resize(candidate.query.heads,
                                 candidate.mask.slopes.front());
  else if (slopes > 1 &&
           static_cast<int64_t>(slopes) != candidate.query.heads) {
    reason = "its bias has " + std::to_string(slopes) + " heads, its queries " +
             std::to_string(candidate.query.heads);
    return std::nullopt;
  }
  if (!verify(candidate, reason))
    return std::nullopt;
  return candidate;
}

/// Compares graph and candidate on random queries, keys and values.
bool Raiser::verify(Candidate &candidate, Reason &reason) {
  struct Sizes {
    int64_t batch, length, past;
  };
  Sizes more = subject.hasPast() ? Sizes{3, 3, 4} : Sizes{3, 11, 0};
  for (Sizes sizes : {Sizes{2, 5, 0}, more, Sizes{2, 1, 2}}) {
    Setting setting;
    setting.batch = sizes.batch;
    setting.length = sizes.length;
    setting.past = sizes.past;
    if (!masks.isRunnable(setting))
      continue;
    Trial trial(subject, subject.clamp(setting));
    // One value may be keys and values, or all three.
    onnx::HostTensor q = trial.bindRandom(candidate.query.value, 3);
    onnx::HostTensor k = candidate.key.value == candidate.query.value
                             ? q
                             : trial.bindRandom(candidate.key.value, 5);
    onnx::HostTensor v = candidate.value.value == candidate.key.value ? k
                         : candidate.value.value == candidate.query.value
                             ? q
                             : trial.bindRandom(candidate.value.value, 7);
    if (!q || !k || !v) {
      reason = "the dimensions of its operands are not understood";
      return false;
    }
    HeadTensor query(q, candidate.query.headsFirst);
    HeadTensor key(k, candidate.key.headsFirst);
    HeadTensor value(v, candidate.value.headsFirst);
    if (key.batch != query.batch || value.batch != query.batch ||
        value.tokens != key.tokens || key.tokens != trial.setting().total()) {
      reason = "its queries, keys and values differ in batch size or length";
      return false;
    }
    std::vector<double> expected;
    SmallVector<bool> defined;
    int64_t group = query.heads / key.heads;
    for (int64_t b = 0; b < query.batch; ++b)
      for (int64_t i = 0; i < query.tokens; ++i) {
        SmallVector<int64_t> visible;
        for (int64_t j = 0; j < key.tokens; ++j)
          if (candidate.mask.allows(trial.setting(), b, i, j))
            visible.push_back(j);
        defined.push_back(!visible.empty());
        for (int64_t h = 0; h < query.heads; ++h) {
          std::vector<double> weights;
          double sum =
              candidate.sinks.empty() ? 0 : std::exp(candidate.sinks[h]);
          for (int64_t j : visible) {
            double dot = 0;
            for (int64_t d = 0; d < query.size; ++d)
              dot += query.at(b, i, h, d) * key.at(b, j, h / group, d);
            weights.push_back(
                std::exp(candidate.scores(dot) +
                         candidate.mask.bias(trial.setting(), b, h, i, j)));
            sum += weights.back();
          }
          for (int64_t d = 0; d < value.size; ++d) {
            double result = 0;
            for (auto [j, weight] : llvm::zip_equal(visible, weights))
              result += weight / sum * value.at(b, j, h / group, d);
            expected.push_back(result);
          }
        }
      }
    // Scores of random heads can be large where nothing scales them down.
    if (!findResult(candidate, trial, expected, defined)) {
      reason = "what it computes differs from attention with these heads, "
               "scale and mask";
      return false;
    }
  }
  return true;
}

/// Finds, from the product with the values on, the last tensor of heads that
/// is `expected`, [batch, tokens, heads, size]; or checks the one found before.
bool Raiser::findResult(Candidate &candidate, Trial &trial,
                        ArrayRef<double> expected, ArrayRef<bool> defined) {
  int64_t heads = candidate.query.heads, size = candidate.value.size;
  double tolerance =
      getElementTypeOrSelf(candidate.query.value).isF32() ? 2e-4 : 4e-2;
  auto equals = [&](Value value, bool headsFirst) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    const onnx::HostTensor *tensor =
        type && type.getRank() == 4 ? trial.evaluate(value) : nullptr;
    if (!tensor ||
        tensor->getNumElements() != static_cast<int64_t>(expected.size()))
      return false;
    HeadTensor actual(*tensor, headsFirst);
    if (actual.heads != heads || actual.size != size)
      return false;
    size_t at = 0;
    for (int64_t b = 0; b < actual.batch; ++b)
      for (int64_t t = 0; t < actual.tokens; ++t)
        for (int64_t h = 0; h < heads; ++h)
          for (int64_t d = 0; d < size; ++d, ++at)
            if (defined[b * actual.tokens + t] &&
                !(std::abs(actual.at(b, t, h, d) - expected[at]) <= tolerance))
              return false;
    return true;
  };
  if (candidate.result)
    return equals(candidate.result, candidate.resultHeadsFirst);
  SmallVector<Value> chain = {candidate.site.output.getY()};
  while (chain.back().hasOneUse()) {
    Operation *user = *chain.back().user_begin();
    if (!isa<onnx::TransposeOp, onnx::ReshapeOp, onnx::UnsqueezeOp,
             onnx::SqueezeOp, onnx::CastOp>(user) ||
        user->getOperand(0) != chain.back())
      break;
    chain.push_back(user->getResult(0));
  }
  // Some graphs go on in another type than that of the heads.
  Type element = getElementTypeOrSelf(candidate.query.value);
  for (bool ofElement : {true, false})
    for (bool headsFirst : {false, true})
      for (Value value : llvm::reverse(chain))
        if ((getElementTypeOrSelf(value) == element) == ofElement &&
            equals(value, headsFirst)) {
          candidate.result = value;
          candidate.resultHeadsFirst = headsFirst;
          return true;
        }
  return false;
}

//===----------------------------------------------------------------------===//
// Rewriting
//===----------------------------------------------------------------------===//

static RankedTensorType swapped(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  ArrayRef<int64_t> s = tensor.getShape();
  return RankedTensorType::get({s[0], s[2], s[1], s[3]},
                               tensor.getElementType());
}

static Value swapHeads(OpBuilder &b, Location loc, Value value) {
  OperationState state(
      loc, onnx::TransposeOp::getOperationName(), value,
      TypeRange(swapped(value.getType())),
      {b.getNamedAttr("perm", b.getDenseI64ArrayAttr({0, 2, 1, 3}))});
  return b.create(state)->getResult(0);
}

/// [batch, tokens, heads, size], without a transposition where one was made.
static Value tokensFirst(OpBuilder &b, Location loc, const Heads &heads) {
  if (!heads.headsFirst)
    return heads.value;
  if (auto transpose = heads.value.getDefiningOp<onnx::TransposeOp>())
    if (transpose.getPerm() &&
        *transpose.getPerm() == ArrayRef<int64_t>{0, 2, 1, 3})
      return transpose.getData();
  return swapHeads(b, loc, heads.value);
}

/// [batch, tokens, ...] as one row, or back in the rows of `like`.
static Value reshapeRows(OpBuilder &b, Location loc, Value value, Value like) {
  auto type = cast<RankedTensorType>(value.getType());
  auto create = [&](StringRef name, ValueRange operands, Type resultType,
                    ArrayRef<NamedAttribute> attributes = {}) {
    OperationState state(loc, name, operands, resultType, attributes);
    return b.create(state)->getResult(0);
  };
  auto constant = [&](ArrayRef<int64_t> values) -> Value {
    auto vector = RankedTensorType::get(values.size(), b.getI64Type());
    return onnx::ConstantOp::create(b, loc, vector,
                                    DenseElementsAttr::get(vector, values));
  };
  SmallVector<int64_t> shape(type.getShape());
  if (!like) {
    shape[1] =
        ShapedType::isDynamic(shape[0]) || ShapedType::isDynamic(shape[1])
            ? ShapedType::kDynamic
            : shape[0] * shape[1];
    shape[0] = 1;
    SmallVector<int64_t> target = {1, -1};
    llvm::append_range(target, ArrayRef(shape).drop_front(2));
    return create(onnx::ReshapeOp::getOperationName(),
                  {value, constant(target)}, type.clone(shape));
  }
  auto rows = cast<RankedTensorType>(like.getType());
  Value dims = create(onnx::ShapeOp::getOperationName(), like,
                      RankedTensorType::get(2, b.getI64Type()),
                      {b.getNamedAttr("start", b.getI64IntegerAttr(0)),
                       b.getNamedAttr("end", b.getI64IntegerAttr(2))});
  shape[0] = rows.getDimSize(0);
  shape[1] = rows.getDimSize(1);
  Value target = create(
      onnx::ConcatOp::getOperationName(),
      {dims, constant(ArrayRef(shape).drop_front(2))},
      RankedTensorType::get(static_cast<int64_t>(shape.size()), b.getI64Type()),
      b.getNamedAttr("axis", b.getI64IntegerAttr(0)));
  return create(onnx::ReshapeOp::getOperationName(), {value, target},
                type.clone(shape));
}

/// A score that belongs to no key takes its share of the weights: what remains
/// is exp(lse) / (exp(lse) + exp(sink)).
static Value shareWithSinks(OpBuilder &b, AttentionOp op,
                            ArrayRef<float> sinks) {
  Location loc = op.getLoc();
  auto type = cast<RankedTensorType>(op.getLse().getType());
  auto create = [&](StringRef name, ValueRange operands, Type type,
                    ArrayRef<NamedAttribute> attributes = {}) {
    OperationState state(loc, name, operands, type, attributes);
    return b.create(state)->getResult(0);
  };
  auto vector = RankedTensorType::get({static_cast<int64_t>(sinks.size())},
                                      b.getF32Type());
  Value numbers = onnx::ConstantOp::create(
      b, loc, vector, DenseElementsAttr::get(vector, sinks));
  Value share = create(
      onnx::SigmoidOp::getOperationName(),
      create(onnx::SubOp::getOperationName(), {op.getLse(), numbers}, type),
      type);
  auto axes = RankedTensorType::get(1, b.getI64Type());
  SmallVector<int64_t> shape(type.getShape());
  shape.push_back(1);
  share = create(
      onnx::UnsqueezeOp::getOperationName(),
      {share, onnx::ConstantOp::create(
                  b, loc, axes, DenseElementsAttr::get(axes, int64_t(3)))},
      type.clone(shape));
  Type element = getElementTypeOrSelf(op.getResult());
  if (!element.isF32())
    share = create(onnx::CastOp::getOperationName(), share,
                   cast<RankedTensorType>(share.getType()).clone(element),
                   b.getNamedAttr("to", TypeAttr::get(element)));
  return create(onnx::MulOp::getOperationName(), {op.getResult(), share},
                op.getResult().getType());
}

AttentionOp Raiser::replace(Candidate &candidate) {
  Operation *last = candidate.result.getDefiningOp();
  OpBuilder b(last);
  Location loc = candidate.site.softmax.getLoc();
  Value query = tokensFirst(b, loc, candidate.query);
  Value key = tokensFirst(b, loc, candidate.key);
  Value value = tokensFirst(b, loc, candidate.value);
  const MaskFit &mask = candidate.mask;
  Value keyMask;
  if (mask.padding)
    keyMask = makeKeyMask(b, loc, mask.padding, mask.paddingRule, query, key);
  Value layout;
  if (mask.positions)
    layout = LayoutFromPositionsOp::create(
        b, loc, LayoutType::get(b.getContext()), mask.positions);
  Value keyPositions;
  if (mask.slopesSkipPadding)
    keyPositions = countTokens(b, loc, mask.padding);
  // A layout is of one row: that of several rows has their tokens in turn.
  Value rows = query;
  bool joinsRows =
      mask.positions &&
      cast<RankedTensorType>(mask.positions.getType()).getDimSize(0) != 1;
  if (joinsRows)
    for (Value *operand : {&query, &key, &value, &keyMask, &keyPositions})
      if (*operand)
        *operand = reshapeRows(b, loc, *operand, Value());
  DenseF32ArrayAttr slopes;
  if (!mask.slopes.empty())
    slopes = b.getDenseF32ArrayAttr(SmallVector<float>(llvm::map_range(
        mask.slopes, [](double x) { return static_cast<float>(x); })));
  auto type = cast<RankedTensorType>(candidate.resultHeadsFirst
                                         ? swapped(candidate.result.getType())
                                         : candidate.result.getType());
  type = type.clone(getElementTypeOrSelf(query));
  if (joinsRows) {
    ArrayRef<int64_t> packed = cast<ShapedType>(query.getType()).getShape();
    type = type.clone(
        {packed[0], packed[1], type.getDimSize(2), type.getDimSize(3)});
  }
  Type lse;
  if (!candidate.sinks.empty())
    lse = RankedTensorType::get(
        cast<RankedTensorType>(query.getType()).getShape().drop_back(),
        b.getF32Type());
  auto op = AttentionOp::create(
      b, loc, type, lse, query, key, value, layout,
      /*cache=*/Value(), keyMask, keyPositions,
      b.getF32FloatAttr(static_cast<float>(candidate.scores.scale)),
      b.getF32FloatAttr(static_cast<float>(candidate.scores.softcap)),
      b.getI64IntegerAttr(mask.window),
      mask.causal ? b.getUnitAttr() : UnitAttr(), /*layer=*/IntegerAttr(),
      /*query_rotary=*/RotaryAttr(), slopes);
  Value result = op.getResult();
  if (lse)
    result = shareWithSinks(b, op, candidate.sinks);
  if (joinsRows)
    result = reshapeRows(b, loc, result, rows);
  if (candidate.resultHeadsFirst)
    result = swapHeads(b, loc, result);
  auto wanted = cast<RankedTensorType>(candidate.result.getType());
  if (wanted.getElementType() != type.getElementType()) {
    OperationState state(
        loc, onnx::CastOp::getOperationName(), result, wanted,
        b.getNamedAttr("to", TypeAttr::get(wanted.getElementType())));
    result = b.create(state)->getResult(0);
  }
  if (candidate.resultHeadsFirst)
    result.setType(wanted);
  candidate.result.replaceAllUsesWith(result);
  return op;
}

namespace {
struct RaiseAttention : blockattn::impl::RaiseAttentionBase<RaiseAttention> {
  void runOnOperation() override {
    SmallVector<AttentionEntry> entries;
    for (auto func : getOperation().getOps<func::FuncOp>())
      if (!func.isExternal() && func.getBody().hasOneBlock())
        Raiser(func).run(entries);
    Builder b(&getContext());
    SmallVector<Attribute> list;
    for (const AttentionEntry &entry : entries) {
      entry.remark();
      list.push_back(entry.toAttr(b));
    }
    getOperation()->setAttr("blockattn.attentions", b.getArrayAttr(list));
  }
};
} // namespace

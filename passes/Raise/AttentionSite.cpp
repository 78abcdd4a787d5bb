//===- AttentionSite.cpp - attention as it is spelled ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/AttentionSite.h"

#include "dialects/Onnx/Location.h"

#include <cmath>

using namespace mlir;
using namespace blockattn;
using namespace blockattn::raise;

//===----------------------------------------------------------------------===//
// Finding sites
//===----------------------------------------------------------------------===//

/// The product of the softmax's result, or of what guards and casts make of
/// it, with values.
static onnx::MatMulOp findOutput(Subject &subject, Value weights,
                                 bool isSliced) {
  SmallVector<Value> worklist = {weights};
  constexpr size_t kMaxValues = 16;
  for (size_t i = 0; i < worklist.size() && worklist.size() < kMaxValues; ++i)
    for (Operation *user : worklist[i].getUsers()) {
      if (auto matmul = dyn_cast<onnx::MatMulOp>(user)) {
        if (matmul.getA() == worklist[i] && subject.deps.isData(matmul.getB()))
          return matmul;
        continue;
      }
      bool passes =
          isa<onnx::CastOp, onnx::IsNaNOp, onnx::WhereOp, onnx::MulOp,
              onnx::DivOp, onnx::ReshapeOp, onnx::UnsqueezeOp, onnx::SqueezeOp,
              onnx::DropoutOp, onnx::IdentityOp>(user) ||
          (isSliced && isa<onnx::SliceOp>(user));
      if (passes && !llvm::is_contained(worklist, user->getResult(0)))
        worklist.push_back(user->getResult(0));
    }
  return {};
}

/// Splits what enters a softmax into scores and a column that belongs to no
/// key. Taking away the greatest changes nothing.
static void splitSinks(Subject &subject, AttentionSite &site) {
  Value input = site.softmax.getInput();
  if (auto minus = input.getDefiningOp<onnx::SubOp>())
    if (auto greatest = minus.getB().getDefiningOp<onnx::ReduceMaxOp>();
        greatest && greatest.getData() == minus.getA() &&
        reducesLastDim(greatest.getData(), greatest.getAxes(),
                       greatest.getKeepdims() != 0))
      input = minus.getA();
  site.scores = input;
  auto concat = input.getDefiningOp<onnx::ConcatOp>();
  if (!concat || concat.getInputs().size() != 2)
    return;
  auto type = dyn_cast<RankedTensorType>(concat.getInputs()[1].getType());
  int64_t axis = concat.getAxis();
  if (!type || (axis != -1 && axis != type.getRank() - 1) ||
      type.getShape().back() != 1 ||
      (subject.deps.of(concat.getInputs()[1]) & ~OnShapes) != 0)
    return;
  site.scores = concat.getInputs()[0];
  site.sinks = concat.getInputs()[1];
}

Reason raise::runTimeMask(func::FuncOp func, BlockArgument argument) {
  unsigned number = argument.getArgNumber();
  auto name = func.getArgAttrOfType<StringAttr>(number, "onnx.name");
  return "its mask comes from the input '" +
         (name ? name.str() : "#" + std::to_string(number)) +
         "', whose values are known at run time only";
}

/// The argument that is combined with a product of queries and keys, if one is.
static BlockArgument findMaskArgument(Subject &subject, Value scores) {
  llvm::SetVector<Value> values;
  values.insert(scores);
  bool hasProduct = false;
  BlockArgument found;
  constexpr size_t kMaxValues = 64;
  for (size_t i = 0; i < values.size(); ++i) {
    Value value = values[i];
    if (values.size() > kMaxValues)
      return {};
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      if (!found)
        found = argument;
      continue;
    }
    Operation *op = value.getDefiningOp();
    if (auto matmul = dyn_cast<onnx::MatMulOp>(op);
        matmul && subject.deps.isData(matmul.getA()) &&
        subject.deps.isData(matmul.getB())) {
      hasProduct = true;
      continue;
    }
    for (Value operand : op->getOperands())
      if (subject.deps.isData(operand))
        values.insert(operand);
  }
  return hasProduct ? found : BlockArgument();
}

std::optional<AttentionSite>
raise::findSite(Subject &subject, onnx::SoftmaxOp softmax, Reason &reason) {
  auto type = dyn_cast<RankedTensorType>(softmax.getInput().getType());
  int64_t axis = softmax.getAxis();
  if (!type || (axis != -1 && axis != type.getRank() - 1))
    return std::nullopt;
  AttentionSite site;
  site.softmax = softmax;
  splitSinks(subject, site);
  site.output = findOutput(subject, softmax.getOutput(), site.sinks != nullptr);
  if (!site.output)
    return std::nullopt;

  auto isProduct = [&](Value value) {
    auto matmul = value.getDefiningOp<onnx::MatMulOp>();
    return matmul && subject.deps.isData(matmul.getA()) &&
                   subject.deps.isData(matmul.getB())
               ? matmul
               : onnx::MatMulOp();
  };
  site.product = isProduct(site.scores);
  CutWalker walker(ValueRange(site.scores),
                   [&](Value value) { return !subject.deps.isData(value); });
  constexpr size_t kMaxOps = 64;
  while (!site.product && walker.passed().size() < kMaxOps) {
    Value cut = walker.next();
    if (!cut)
      break;
    site.product = isProduct(cut);
  }
  if (!site.product) {
    if (BlockArgument argument = findMaskArgument(subject, site.scores)) {
      reason = runTimeMask(subject.func, argument);
      return std::nullopt;
    }
    reason = "the scores are not a product of queries and keys plus a mask "
             "that does not depend on the tokens";
    return std::nullopt;
  }
  llvm::append_range(site.scoreOps, walker.passed());
  for (Value value : walker.freeOperands()) {
    if (subject.deps.isConstant(value) || subject.isSize(value))
      continue;
    site.maskInputs.push_back(value);
    site.maskDependence |= subject.deps.of(value);
  }
  return site;
}

//===----------------------------------------------------------------------===//
// Heads
//===----------------------------------------------------------------------===//

/// Ops that only move elements, repeat them, or multiply all by one number that
/// is the same in every run.
static bool movesOrScales(Subject &subject, FixedValues &fixed, Operation *op) {
  if (isa<onnx::TransposeOp, onnx::ReshapeOp, onnx::UnsqueezeOp,
          onnx::SqueezeOp, onnx::ExpandOp, onnx::TileOp, onnx::IdentityOp,
          onnx::CastOp, onnx::ConcatOp, onnx::SliceOp>(op))
    return true;
  if (auto gather = dyn_cast<onnx::GatherOp>(op))
    return !subject.deps.isData(gather.getIndices());
  Value factor = fixed.factorOf(op);
  return factor && fixed.isFixed(factor);
}

/// Says of an op that it multiplies `what` by a number of the run's sizes.
static Reason scaledBySize(StringRef what, Operation *op) {
  return ("its " + what + " are multiplied at " +
          onnx::quoted(onnx::nodeName(op->getLoc())) +
          " by a number that depends on how many tokens there are, where "
          "attention takes constants alone; a scale may be multiplied into the "
          "queries instead")
      .str();
}

namespace {
/// How the elements of an operand of a product are indexed: a matrix for each
/// of `matrices` (batch times heads).
struct OperandView {
  OperandView(const onnx::HostTensor &tensor, Operand operand)
      : tensor(tensor), transposed(operand == Operand::Key) {
    int64_t rank = tensor.getRank();
    if (rank < 3)
      return;
    tokens = tensor.getDim(transposed ? rank - 1 : rank - 2);
    size = tensor.getDim(transposed ? rank - 2 : rank - 1);
    int64_t plane = tokens * size;
    matrices = plane ? tensor.getNumElements() / plane : 0;
  }
  double at(int64_t matrix, int64_t token, int64_t d) const {
    int64_t inner = transposed ? d * tokens + token : token * size + d;
    return tensor.getF(matrix * tokens * size + inner);
  }

  const onnx::HostTensor &tensor;
  bool transposed;
  int64_t matrices = 0, tokens = 0, size = 0;
};
} // namespace

/// Whether the operand is `source` times a factor, with each head repeated
/// equally often. Sets the factor.
static bool matchesHeads(const OperandView &view,
                         const onnx::HostTensor &source, Heads &heads) {
  int64_t batch = source.getDim(0);
  int64_t tokens = source.getDim(heads.headsFirst ? 2 : 1);
  heads.heads = source.getDim(heads.headsFirst ? 1 : 2);
  heads.size = source.getDim(3);
  if (batch == 0 || heads.heads == 0 || view.tokens != tokens ||
      view.size != heads.size || view.matrices == 0 ||
      view.matrices % (batch * heads.heads) != 0)
    return false;
  int64_t perBatch = view.matrices / batch;
  int64_t repeats = perBatch / heads.heads;
  double dot = 0, norm = 0;
  auto forEach = [&](auto function) {
    for (int64_t m = 0; m < view.matrices; ++m)
      for (int64_t t = 0; t < tokens; ++t)
        for (int64_t d = 0; d < heads.size; ++d) {
          int64_t b = m / perBatch, h = m % perBatch / repeats;
          double expected =
              heads.headsFirst
                  ? source.getF(
                        ((b * heads.heads + h) * tokens + t) * heads.size + d)
                  : source.getF(
                        ((b * tokens + t) * heads.heads + h) * heads.size + d);
          function(view.at(m, t, d), expected);
        }
  };
  forEach([&](double actual, double expected) {
    dot += actual * expected;
    norm += expected * expected;
  });
  if (!(norm > 0))
    return false;
  heads.factor = dot / norm;
  if (!(std::abs(heads.factor) > 0))
    return false;
  double tolerance =
      getElementTypeOrSelf(source.getElementType()).isF32() ? 1e-5 : 2e-2;
  bool equal = true;
  forEach([&](double actual, double expected) {
    equal &= std::abs(actual - heads.factor * expected) <=
             tolerance * std::abs(heads.factor);
  });
  if (std::abs(heads.factor - 1) < 1e-6)
    heads.factor = 1;
  return equal;
}

std::optional<Heads> raise::findHeads(Subject &subject, FixedValues &fixed,
                                      AttentionSite &site, Operand operand,
                                      Reason &reason) {
  Value root = operand == Operand::Query ? site.product.getA()
               : operand == Operand::Key ? site.product.getB()
                                         : site.output.getB();
  SmallVector<Value> chain = {root};
  CutWalker walker(ValueRange(root),
                   [&](Value value) { return !subject.deps.isData(value); });
  while (Value cut = walker.next()) {
    if (!llvm::all_of(walker.passed(), [&](Operation *op) {
          return movesOrScales(subject, fixed, op);
        }))
      break;
    chain.push_back(cut);
  }
  Setting setting;
  setting.batch = 2;
  setting.length = 5;
  setting.past = 3;
  setting = subject.clamp(setting);
  // The farther back the better: there the fewest copies have been made.
  for (Value value : llvm::reverse(chain)) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (!type || type.getRank() != 4 || !isa<FloatType>(type.getElementType()))
      continue;
    Trial trial(subject, setting);
    onnx::HostTensor source = trial.bindRandom(value, 29);
    const onnx::HostTensor *result = source ? trial.evaluate(root) : nullptr;
    if (!result)
      continue;
    OperandView view(*result, operand);
    for (bool headsFirst : {false, true}) {
      Heads heads;
      heads.value = value;
      heads.headsFirst = headsFirst;
      // Heads and their size must be known, not just be so in this trial.
      if (!type.isDynamicDim(3) && !type.isDynamicDim(headsFirst ? 1 : 2) &&
          matchesHeads(view, source, heads))
        return heads;
    }
  }
  StringRef what = operand == Operand::Query ? "queries"
                   : operand == Operand::Key ? "keys"
                                             : "values";
  reason =
      ("it was not found where the heads of its " + what + " come from").str();
  // Tracers take the number of tokens of their example for a constant.
  auto type = dyn_cast<RankedTensorType>(root.getType());
  if (type && type.getRank() >= 2 && subject.fixedTokens() == 0) {
    int64_t tokens =
        type.getDimSize(type.getRank() - (operand == Operand::Key ? 1 : 2));
    if (!ShapedType::isDynamic(tokens))
      reason = ("its " + what + " are always of " + std::to_string(tokens) +
                " tokens, however many the model is given")
                   .str();
  }
  for (Operation *op : walker.passed())
    if (fixed.scalesBySize(op))
      reason = scaledBySize(what, op);
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

onnx::HostTensor raise::evaluateScores(Subject &subject, AttentionSite &site,
                                       Trial &shared, double score,
                                       Reason &reason) {
  Value product = site.product.getY();
  std::optional<SmallVector<int64_t>> dims =
      subject.dims(product, shared.setting());
  if (!dims) {
    reason = "the dimensions of the scores are not understood";
    return {};
  }
  // The mask inputs are shared by many layers, the scores are this one's.
  SmallVector<onnx::HostTensor> masks;
  for (Value mask : site.maskInputs) {
    std::string why;
    const onnx::HostTensor *tensor = shared.evaluate(mask, &why);
    if (!tensor) {
      reason = "its mask cannot be evaluated: " + why;
      return {};
    }
    masks.push_back(*tensor);
  }
  // One head stands for all as long as the ops broadcast; some reshape.
  std::string why;
  for (bool one : {true, false}) {
    if ((one && dims->size() != 4) || site.oneHead.value_or(one) != one)
      continue;
    SmallVector<int64_t> shape = *dims;
    if (one)
      shape[1] = 1;
    std::optional<int64_t> count = onnx::countElements(shape);
    if (!count || *count > Trial::kMaxElements) {
      why = "they are too many";
      continue;
    }
    Trial trial(subject, shared.setting());
    for (auto [value, tensor] : llvm::zip_equal(site.maskInputs, masks))
      trial.bind(value, tensor);
    trial.bind(product, onnx::HostTensor::full(getElementTypeOrSelf(product),
                                               shape, score));
    if (const onnx::HostTensor *result = trial.evaluate(site.scores, &why)) {
      site.oneHead = one;
      return *result;
    }
  }
  reason = "its scores cannot be evaluated: " + why;
  return {};
}

std::optional<SmallVector<float>> raise::fitSinks(Subject &subject,
                                                  AttentionSite &site,
                                                  int64_t heads,
                                                  Reason &reason) {
  SmallVector<float> sinks;
  // Few tokens show what they are, and more that they stay so.
  for (auto [batch, length] : {std::pair<int64_t, int64_t>{2, 3}, {1, 300}}) {
    Setting setting;
    setting.batch = batch;
    setting.length = length;
    Trial trial(subject, subject.clamp(setting));
    std::string why;
    const onnx::HostTensor *tensor = trial.evaluate(site.sinks, &why);
    if (!tensor && !sinks.empty())
      break; // The graph takes no more tokens.
    if (!tensor) {
      reason = "a score that belongs to no key cannot be evaluated: " + why;
      return std::nullopt;
    }
    int64_t rank = tensor->getRank();
    int64_t count = rank >= 3 ? tensor->getDim(rank - 3) : 0;
    int64_t rows = rank >= 2 ? tensor->getDim(rank - 2) : 1;
    bool isUnderstood = count == heads && rows > 0;
    for (int64_t i = 0, e = tensor->getNumElements(); i < e && isUnderstood;
         ++i) {
      auto value = static_cast<float>(tensor->getF(i));
      auto head = static_cast<size_t>(i / rows % heads);
      if (head == sinks.size())
        sinks.push_back(value);
      isUnderstood = std::isfinite(value) && value == sinks[head];
    }
    if (!isUnderstood) {
      reason = "it has scores that belong to no key, which are not one finite "
               "number for each head";
      return std::nullopt;
    }
  }
  return sinks;
}

double ScoreFunction::operator()(double score) const {
  return softcap > 0 ? softcap * std::tanh(scale * score / softcap)
                     : scale * score;
}

namespace {
/// Scores by what stands in place of all of them, at one place where the mask
/// is 0.
class ScoreProbe {
public:
  ScoreProbe(Subject &subject, AttentionSite &site, int64_t length)
      : subject(subject), site(site), trial(subject, sized(subject, length)) {
    onnx::HostTensor tensor = evaluate(0);
    for (int64_t i = 0, e = tensor ? tensor.getNumElements() : 0; i < e; ++i)
      if (tensor.getF(i) == 0) {
        visible = i;
        return;
      }
    if (reason.empty())
      reason = "something is added to each of its scores, such as a bias that "
               "was learned for relative positions, which attention can not "
               "say: the program `full` computes it as it is written";
  }

  /// Why there is no such place; empty where there is one.
  Reason reason;
  double at(double score) {
    onnx::HostTensor tensor = evaluate(score);
    return tensor ? tensor.getF(visible) : std::nan("");
  }

private:
  static Setting sized(Subject &subject, int64_t length) {
    Setting setting;
    setting.length = length;
    return subject.clamp(setting);
  }
  onnx::HostTensor evaluate(double score) {
    return evaluateScores(subject, site, trial, score, reason);
  }

  Subject &subject;
  AttentionSite &site;
  Trial trial;
  int64_t visible = 0;
};
} // namespace

/// How exact scores are: as the narrowest type that they pass through.
static double scoreTolerance(AttentionSite &site) {
  auto isNarrow = [](Value value) {
    Type element = getElementTypeOrSelf(value);
    return isa<FloatType>(element) && element.getIntOrFloatBitWidth() < 32;
  };
  bool isAnyNarrow = isNarrow(site.product.getY());
  for (Operation *op : site.scoreOps)
    isAnyNarrow |= llvm::any_of(op->getResults(), isNarrow);
  return isAnyNarrow ? 2e-2 : 1e-4;
}

std::optional<ScoreFunction> raise::fitScores(Subject &subject,
                                              FixedValues &fixed,
                                              AttentionSite &site,
                                              Reason &reason) {
  for (Operation *op : site.scoreOps)
    if (fixed.scalesBySize(op)) {
      reason = scaledBySize("scores", op);
      return std::nullopt;
    }
  ScoreProbe few(subject, site, 3);
  if (!few.reason.empty()) {
    reason = few.reason;
    return std::nullopt;
  }
  // A soft cap is linear near 0 and constant far away.
  ScoreFunction function;
  double near = 1.0 / 1024, far = 16384;
  function.scale = few.at(near) / near;
  double limit = few.at(far);
  if (!std::isfinite(function.scale) || !std::isfinite(limit)) {
    reason = "its scores are not finite";
    return std::nullopt;
  }
  if (std::abs(limit - function.scale * far) >
      1e-2 * std::abs(function.scale * far))
    function.softcap = std::abs(limit);
  double tolerance = scoreTolerance(site);
  auto agrees = [&](ScoreProbe &probe, ArrayRef<double> scores) {
    return llvm::all_of(scores, [&](double score) {
      double expected = function(score);
      return std::abs(probe.at(score) - expected) <=
             tolerance * std::max(1.0, std::abs(expected));
    });
  };
  if (!agrees(few, {-700.0, -20.0, -1.0, 0.5, 3.0, 90.0, 2000.0})) {
    reason = "its scores are neither scaled nor soft-capped, but something "
             "else is done to them";
    return std::nullopt;
  }
  for (int64_t length : {17, 300}) {
    ScoreProbe more(subject, site, length);
    // Some graphs take no more tokens, or mask all of so many.
    if (more.reason.empty() && !agrees(more, {-20.0, 3.0, 2000.0})) {
      reason = "its scores are scaled or soft-capped, but for " +
               std::to_string(length) + " tokens not as for 3";
      return std::nullopt;
    }
  }
  return function;
}

//===- DecomposeComposite.cpp - composite ops spelled out -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Floats of 16 bits are computed in f32 where a formula has more than one step
// that rounds, as ONNX's definitions of these ops do by way of their tests.
//
//===----------------------------------------------------------------------===//

#include "passes/Normalize/DecomposeComposite.h"

#include "passes/Normalize/Passes.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace blockattn {

#define GEN_PASS_DEF_DECOMPOSECOMPOSITE
#include "passes/Normalize/Passes.h.inc"

static constexpr const char *kUnknownType =
    "the element type of its operand is not known";
static constexpr const char *kUnknownRank =
    "the rank of its operand is not known";

/// The type to compute in: that of the elements, f32 for smaller floats, f64
/// for integers; null where it is not known.
static FloatType realType(Type element) {
  if (auto real = dyn_cast<FloatType>(element))
    return real.getWidth() < 32 ? Float32Type::get(element.getContext()) : real;
  return isa<IntegerType>(element) ? Float64Type::get(element.getContext())
                                   : FloatType();
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

/// A reduction of `value` along the axes of `op`, whatever these are.
template <typename ReduceOp, typename OpT>
static Value reduceLike(OpT op, GraphBuilder &g, Value value, bool keep) {
  SmallVector<Value> operands = {value};
  if (Value axes = op.getAxes())
    operands.push_back(axes);
  return g.make<ReduceOp>(
      operands, {g.attr("keepdims", int64_t(keep)),
                 g.attr("noop_with_empty_axes", op.getNoopWithEmptyAxes())});
}

static Refusal decompose(onnx::ReduceLogSumOp op, GraphBuilder &g) {
  Type element = g.element(op.getData());
  FloatType real = realType(element);
  if (!real)
    return kUnknownType;
  Value sum = reduceLike<onnx::ReduceSumOp>(op, g, g.cast(op.getData(), real),
                                            op.getKeepdims() != 0);
  g.replace(op.getReduced(), g.cast(g.make<onnx::LogOp>(sum), element));
  return {};
}

/// log(sum(exp(x - m))) + m, m the greatest element, or 0 where that is
/// infinite: inf - inf is no number.
static Refusal decompose(onnx::ReduceLogSumExpOp op, GraphBuilder &g) {
  Type element = g.element(op.getData());
  FloatType real = realType(element);
  if (!real)
    return kUnknownType;
  Value x = g.cast(op.getData(), real);
  Value greatest = reduceLike<onnx::ReduceMaxOp>(op, g, x, /*keep=*/true);
  greatest = g.make<onnx::WhereOp>(
      {g.make<onnx::IsInfOp>(greatest), g.number(real, 0), greatest});
  Value sum = reduceLike<onnx::ReduceSumOp>(
      op, g, g.make<onnx::ExpOp>(g.binary<onnx::SubOp>(x, greatest)),
      /*keep=*/true);
  Value result = g.binary<onnx::AddOp>(g.make<onnx::LogOp>(sum), greatest);
  // The dimensions along the axes are 1 now. A reduction drops them also where
  // only the run knows the axes.
  if (op.getKeepdims() == 0)
    result = reduceLike<onnx::ReduceMaxOp>(op, g, result, /*keep=*/false);
  g.replace(op.getReduced(), g.cast(result, element));
  return {};
}

//===----------------------------------------------------------------------===//
// Norms
//===----------------------------------------------------------------------===//

/// 0, 1, ... along an axis of `like`, so that it broadcasts to that.
static Value placesAlong(GraphBuilder &g, Value like, int64_t axis) {
  Type i64 = IntegerType::get(like.getContext(), 64);
  Value places = g.range(g.number(i64, 0), g.dim(like, axis));
  SmallVector<int64_t> after =
      llvm::to_vector(llvm::seq<int64_t>(1, g.rank(like) - axis));
  return after.empty() ? places : g.unsqueeze(places, after);
}

static Refusal decompose(onnx::HardmaxOp op, GraphBuilder &g) {
  Value x = op.getInput();
  if (g.rank(x) < 0)
    return kUnknownRank;
  Type element = g.element(x);
  if (!isa<FloatType>(element))
    return kUnknownType;
  int64_t axis = *onnx::normalizeAxis(op.getAxis(), g.rank(x));
  Value chosen = g.make<onnx::ArgMaxOp>(
      x, {g.attr("axis", axis), g.attr("keepdims", int64_t(1))});
  Value isChosen = g.binary<onnx::EqualOp>(chosen, placesAlong(g, x, axis));
  g.replace(op.getOutput(), g.cast(isChosen, element));
  return {};
}

static Refusal decompose(onnx::LpNormalizationOp op, GraphBuilder &g) {
  Type element = g.element(op.getInput());
  FloatType real = realType(element);
  if (!real)
    return kUnknownType;
  Value x = g.cast(op.getInput(), real), axes = g.ints(op.getAxis());
  Value norm = op.getP() == 1 ? g.make<onnx::ReduceL1Op>({x, axes})
                              : g.make<onnx::ReduceL2Op>({x, axes});
  Value zero = g.number(real, 0);
  Value result = g.make<onnx::WhereOp>({g.binary<onnx::EqualOp>(norm, zero),
                                        zero, g.binary<onnx::DivOp>(x, norm)});
  g.replace(op.getOutput(), g.cast(result, element));
  return {};
}

/// The elements less their mean along the axes, and their variance, with 1 for
/// the dimensions of the axes.
static std::pair<Value, Value> center(GraphBuilder &g, Value x,
                                      ArrayRef<int64_t> axes) {
  Value list = g.ints(axes);
  Value centered =
      g.binary<onnx::SubOp>(x, g.make<onnx::ReduceMeanOp>({x, list}));
  Value variance = g.make<onnx::ReduceMeanOp>(
      {g.binary<onnx::MulOp>(centered, centered), list});
  return {centered, variance};
}

static Refusal decompose(onnx::MeanVarianceNormalizationOp op,
                         GraphBuilder &g) {
  Type element = g.element(op.getX());
  FloatType real = realType(element);
  if (!real)
    return kUnknownType;
  auto [centered, variance] =
      center(g, g.cast(op.getX(), real), op.axesOrDefault());
  Value deviation = g.binary<onnx::AddOp>(g.make<onnx::SqrtOp>(variance),
                                          g.number(real, 1e-9));
  g.replace(op.getY(),
            g.cast(g.binary<onnx::DivOp>(centered, deviation), element));
  return {};
}

static Refusal decompose(onnx::GroupNormalizationOp op, GraphBuilder &g) {
  Value x = op.getX();
  int64_t rank = g.rank(x);
  if (rank < 0)
    return kUnknownRank;
  Type element = g.element(x);
  auto stash = dyn_cast<FloatType>(
      op.getStashType().value_or(Float32Type::get(op.getContext())));
  if (!isa<FloatType>(element) || !stash)
    return kUnknownType;
  // Scale and bias have a number for each channel. [batch, groups, rest]: where
  // only the run knows whether the channels can be cut into groups, they have a
  // dimension of their own in each.
  Value scale = op.getScale(), bias = op.getBias();
  if (ShapedType::isDynamic(g.size(x, 1)))
    x = g.ofSize(x, 1, scale, 0);
  scale = g.ofSize(scale, 0, x, 1);
  bias = g.ofSize(bias, 0, x, 1);
  bool isKnown = !ShapedType::isDynamic(g.size(x, 1));
  SmallVector<Value> sizes = {g.shapeOf(x, 0, 1),
                              g.ints({op.getNumGroups(), -1})};
  SmallVector<int64_t> axes = {2};
  for (int64_t i = 2; i < rank && !isKnown; ++i) {
    sizes.push_back(g.shapeOf(x, i, i + 1));
    axes.push_back(i + 1);
  }
  Value grouped = g.make<onnx::ReshapeOp>(
      {g.cast(x, stash),
       g.make<onnx::ConcatOp>(sizes, g.attr("axis", int64_t(0)))});
  auto [centered, variance] = center(g, grouped, axes);
  Value deviation = g.make<onnx::SqrtOp>(g.binary<onnx::AddOp>(
      variance, g.number(stash, op.getEpsilon().convertToDouble())));
  Value normal = g.make<onnx::ReshapeOp>(
      {g.binary<onnx::DivOp>(centered, deviation), g.shapeOf(x, 0, rank)});
  // One number for each channel, dimension 1.
  auto spread = [&](Value vector) {
    SmallVector<int64_t> after =
        llvm::to_vector(llvm::seq<int64_t>(1, rank - 1));
    return after.empty() ? vector : g.unsqueeze(vector, after);
  };
  Value scaled = g.binary<onnx::MulOp>(g.cast(normal, element), spread(scale));
  g.replace(op.getY(), g.binary<onnx::AddOp>(scaled, spread(bias)));
  return {};
}

//===----------------------------------------------------------------------===//
// Activations
//===----------------------------------------------------------------------===//

/// max(0, x) + min(0, alpha * (exp(x / alpha) - 1))
static Refusal decompose(onnx::CeluOp op, GraphBuilder &g) {
  Value x = op.getX();
  Type element = g.element(x);
  if (!isa<FloatType>(element))
    return kUnknownType;
  Value alpha = g.number(element, op.getAlpha().convertToDouble());
  Value zero = g.number(element, 0);
  Value low = g.binary<onnx::MulOp>(
      alpha, g.binary<onnx::SubOp>(
                 g.make<onnx::ExpOp>(g.binary<onnx::DivOp>(x, alpha)),
                 g.number(element, 1)));
  g.replace(op.getY(), g.binary<onnx::AddOp>(g.binary<onnx::MaxOp>(x, zero),
                                             g.binary<onnx::MinOp>(low, zero)));
  return {};
}

/// x < -lambd ? x + bias : x > lambd ? x - bias : 0
static Refusal decompose(onnx::ShrinkOp op, GraphBuilder &g) {
  Type element = g.element(op.getInput());
  FloatType real = realType(element);
  if (!real)
    return kUnknownType;
  Value x = g.cast(op.getInput(), real);
  double lambda = op.getLambd().convertToDouble();
  Value bias = g.number(real, op.getBias().convertToDouble());
  Value above = g.make<onnx::WhereOp>(
      {g.binary<onnx::GreaterOp>(x, g.number(real, lambda)),
       g.binary<onnx::SubOp>(x, bias), g.number(real, 0)});
  Value result =
      g.make<onnx::WhereOp>({g.binary<onnx::LessOp>(x, g.number(real, -lambda)),
                             g.binary<onnx::AddOp>(x, bias), above});
  g.replace(op.getOutput(), g.cast(result, element));
  return {};
}

/// x > alpha ? x : 0
static Refusal decompose(onnx::ThresholdedReluOp op, GraphBuilder &g) {
  Value x = op.getX();
  Type element = g.element(x);
  if (!isa<FloatType>(element))
    return kUnknownType;
  Value alpha = g.number(element, op.getAlpha().convertToDouble());
  g.replace(op.getY(),
            g.make<onnx::WhereOp>({g.binary<onnx::GreaterOp>(x, alpha), x,
                                   g.number(element, 0)}));
  return {};
}

/// x < 0 ? slope * x : x
static Refusal decompose(onnx::PReluOp op, GraphBuilder &g) {
  Value x = op.getX();
  Type element = g.element(x);
  if (!isa<FloatType, IntegerType>(element))
    return kUnknownType;
  g.replace(op.getY(), g.make<onnx::WhereOp>(
                           {g.binary<onnx::LessOp>(x, g.number(element, 0)),
                            g.binary<onnx::MulOp>(op.getSlope(), x), x}));
  return {};
}

//===----------------------------------------------------------------------===//
// Elements by place
//===----------------------------------------------------------------------===//

/// Element t of a row of length l comes from l - 1 - t, if that is not
/// negative.
static Refusal decompose(onnx::ReverseSequenceOp op, GraphBuilder &g) {
  Value data = op.getInput();
  int64_t rank = g.rank(data);
  if (rank < 0)
    return kUnknownRank;
  // [batch, time, ...]
  SmallVector<int64_t> swap = llvm::to_vector(llvm::seq<int64_t>(rank));
  std::swap(swap[0], swap[1]);
  bool isSwapped = op.getBatchAxis() == 1;
  if (isSwapped)
    data = g.transpose(data, swap);
  Type i64 = IntegerType::get(op.getContext(), 64);
  Value places = g.range(g.number(i64, 0), g.dim(data, 1));
  Value lengths = g.unsqueeze(op.getSequenceLens(), 1);
  // A negative length must not pass for one of nothing to reverse: neither it
  // nor one that is too great leads to a place that there is.
  std::optional<SmallVector<int64_t>> known =
      onnx::constantInts(op.getSequenceLens());
  int64_t most = g.size(data, 1);
  for (int64_t length : known.value_or(SmallVector<int64_t>()))
    if (length < 0 || (!ShapedType::isDynamic(most) && length > most))
      return "the sequence length " + std::to_string(length) +
             (length < 0 ? " is negative"
                         : " is more than the " + std::to_string(most) +
                               " elements of a row");
  Value mirrored = g.binary<onnx::SubOp>(
      g.binary<onnx::SubOp>(lengths, g.number(i64, 1)), places);
  Value from = g.make<onnx::WhereOp>(
      {g.binary<onnx::LessOp>(places, lengths), mirrored, places});
  if (!known)
    from = g.make<onnx::WhereOp>(
        {g.binary<onnx::LessOp>(lengths, g.number(i64, 0)), g.dim(data, 1),
         from});
  Value result = g.make<onnx::GatherNDOp>({data, g.unsqueeze(from, 2)},
                                          g.attr("batch_dims", int64_t(1)));
  g.replace(op.getY(), isSwapped ? g.transpose(result, swap) : result);
  return {};
}

static Refusal decompose(onnx::CompressOp op, GraphBuilder &g) {
  Value data = op.getInput();
  if (!op.getAxis())
    data = g.reshape(data, -1);
  Value chosen = g.make<onnx::SqueezeOp>(
      {g.make<onnx::NonZeroOp>(op.getCondition()), g.ints(0)});
  g.replace(op.getOutput(),
            g.make<onnx::GatherOp>({data, chosen},
                                   g.attr("axis", op.getAxis().value_or(0))));
  return {};
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

/// What an op of OnnxComposite.td becomes; nothing for other ops.
static std::optional<Refusal> decomposeIfComposite(Operation *op,
                                                   GraphBuilder *g) {
  return llvm::TypeSwitch<Operation *, std::optional<Refusal>>(op)
      .Case<onnx::ReduceLogSumOp, onnx::ReduceLogSumExpOp, onnx::EinsumOp,
            onnx::MatMulIntegerOp, onnx::QLinearMatMulOp,
            onnx::DynamicQuantizeLinearOp, onnx::HardmaxOp,
            onnx::LpNormalizationOp, onnx::MeanVarianceNormalizationOp,
            onnx::GroupNormalizationOp, onnx::CeluOp, onnx::ShrinkOp,
            onnx::ThresholdedReluOp, onnx::PReluOp, onnx::ReverseSequenceOp,
            onnx::CompressOp>(
          [&](auto typed) { return g ? decompose(typed, *g) : Refusal(); })
      .Default([](Operation *) { return std::nullopt; });
}

namespace {
struct DecomposeComposite : impl::DecomposeCompositeBase<DecomposeComposite> {
  using DecomposeCompositeBase::DecomposeCompositeBase;

  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (decomposeIfComposite(op, nullptr))
        ops.push_back(op);
    });
    if (ops.empty())
      return markAllAnalysesPreserved();
    if (failed(
            spellOut(getOperation(), ops, [](Operation *op, GraphBuilder &g) {
              return *decomposeIfComposite(op, &g);
            })))
      signalPassFailure();
  }
};
} // namespace

} // namespace blockattn

//===- EvaluateReduction.cpp - reductions, sorting, running sums ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/Composite.h"
#include "dialects/Onnx/EvaluateRules.h"
#include <cmath>
#include <limits>
#include <numeric>

using namespace mlir;
using namespace blockattn::onnx;

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

namespace {
/// Where each element of a tensor goes when dimensions are reduced.
struct Reduction {
  /// With the reduced dimensions kept as 1, and as the op asks for.
  SmallVector<int64_t> kept, shape;
  /// Strides that lead from the operand's index to the result's.
  SmallVector<int64_t> strides;
  /// How many elements meet in one.
  int64_t count = 1;
};
} // namespace

static Reduction reduceShape(ArrayRef<int64_t> from, ArrayRef<int64_t> axes,
                             bool keepDims) {
  Reduction r;
  SmallVector<int64_t> reducedDims;
  for (auto [i, dim] : llvm::enumerate(from)) {
    bool reduced = llvm::is_contained(axes, static_cast<int64_t>(i));
    r.kept.push_back(reduced ? 1 : dim);
    if (!reduced || keepDims)
      r.shape.push_back(r.kept.back());
    if (reduced)
      reducedDims.push_back(dim);
  }
  r.count = countElements(reducedDims).value_or(0);
  r.strides = stridesOf(r.kept);
  for (int64_t axis : axes)
    r.strides[axis] = 0;
  return r;
}

template <typename OpT>
static FailureOr<Reduction> planReduction(OpT op, In<OpT> in, RuleContext &c) {
  const HostTensor &x = *in.getData();
  SmallVector<int64_t> list;
  if (in.getAxes()) {
    auto given = c.ints(in.getAxes(), "axes");
    if (failed(given))
      return failure();
    list = std::move(*given);
  }
  if (list.empty() && !op.getNoopWithEmptyAxes())
    list = llvm::to_vector(llvm::seq<int64_t>(x.getRank()));
  auto axes = c.axes(list, x.getRank());
  if (failed(axes))
    return failure();
  return reduceShape(x.getShape(), *axes, op.getKeepdims());
}

// Sums, products and what is made of them: `each` maps an element before it is
// combined, `last` the outcome.
namespace {
struct Arithmetic {
  bool product = false;
  double (*each)(double) = nullptr;
  uint64_t (*eachInt)(uint64_t) = nullptr;
  double (*last)(double, int64_t count) = nullptr;
};
} // namespace

template <typename OpT>
static void addArithmetic(RuleTable &t, Arithmetic how) {
  t.add<OpT>([how](RuleContext &c) -> LogicalResult {
    auto op = cast<OpT>(c.op);
    In<OpT> in(c.operands, op);
    const HostTensor &x = *in.getData();
    FailureOr<Reduction> plan = planReduction(op, in, c);
    if (failed(plan))
      return failure();
    HostTensor y = c.make(x.getElementType(), plan->shape);
    if (!y)
      return failure();
    if (isFloat(x.getScalar())) {
      std::vector<double> sums(y.getNumElements(), how.product ? 1 : 0);
      walk(x.getShape(), {plan->strides}, [&](int64_t i, ArrayRef<int64_t> at) {
        double value = how.each ? how.each(x.getF(i)) : x.getF(i);
        double &sum = sums[at[0]];
        sum = how.product ? sum * value : sum + value;
      });
      for (auto [i, sum] : llvm::enumerate(sums))
        y.setF(i, how.last ? how.last(sum, plan->count) : sum);
      return c.set(0, std::move(y));
    }
    std::vector<uint64_t> sums(y.getNumElements(), how.product ? 1 : 0);
    walk(x.getShape(), {plan->strides}, [&](int64_t i, ArrayRef<int64_t> at) {
      uint64_t value = x.getI(i);
      value = how.eachInt ? how.eachInt(value) : value;
      uint64_t &sum = sums[at[0]];
      sum = how.product ? sum * value : sum + value;
    });
    for (auto [i, sum] : llvm::enumerate(sums)) {
      auto total = static_cast<int64_t>(sum);
      if (how.last)
        y.setF(i, how.last(static_cast<double>(total), plan->count));
      else
        y.setI(i, total);
    }
    return c.set(0, std::move(y));
  });
}

// The value that loses to every other: what a maximum or a minimum of no
// elements is.
static void setExtreme(HostTensor &y, int64_t i, bool lowest) {
  Scalar s = y.getScalar();
  if (isFloat(s)) {
    double infinity = std::numeric_limits<double>::infinity();
    return y.setF(i, lowest ? -infinity : infinity);
  }
  if (s == Scalar::Bool)
    return y.setI(i, !lowest);
  int bits = static_cast<int>(byteWidth(s)) * 8;
  if (isUnsigned(s))
    return y.setI(i, lowest ? 0 : -1); // All bits set.
  y.setF(i, lowest ? -std::ldexp(1.0, bits - 1) : std::ldexp(1.0, bits - 1));
}

template <typename OpT> static void addExtreme(RuleTable &t, bool max) {
  t.add<OpT>([max](RuleContext &c) -> LogicalResult {
    auto op = cast<OpT>(c.op);
    In<OpT> in(c.operands, op);
    const HostTensor &x = *in.getData();
    FailureOr<Reduction> plan = planReduction(op, in, c);
    if (failed(plan))
      return failure();
    HostTensor y = c.make(x.getElementType(), plan->shape);
    if (!y)
      return failure();
    for (int64_t i = 0; i < y.getNumElements(); ++i)
      setExtreme(y, i, /*lowest=*/max);
    walk(x.getShape(), {plan->strides}, [&](int64_t i, ArrayRef<int64_t> at) {
      if (isNaNAt(x, i) || compareElements(x, i, y, at[0]) == (max ? 1 : -1))
        copyElement(y, at[0], x, i);
    });
    return c.set(0, std::move(y));
  });
}

/// log(sum(exp(x))), the greatest element taken out of the sum, so that nothing
/// overflows: exp(x - max) is at most 1. An infinite one stays in.
static LogicalResult evalLogSumExp(ReduceLogSumExpOp op,
                                   In<ReduceLogSumExpOp> in, RuleContext &c) {
  const HostTensor &x = *in.getData();
  FailureOr<Reduction> plan = planReduction(op, in, c);
  if (failed(plan))
    return failure();
  HostTensor y = c.make(x.getElementType(), plan->shape);
  if (!y)
    return failure();
  std::vector<double> greatest(y.getNumElements(),
                               -std::numeric_limits<double>::infinity());
  std::vector<double> sums(y.getNumElements(), 0);
  walk(x.getShape(), {plan->strides}, [&](int64_t i, ArrayRef<int64_t> at) {
    greatest[at[0]] = std::fmax(greatest[at[0]], x.getF(i));
  });
  for (double &value : greatest)
    value = std::isinf(value) ? 0 : value;
  walk(x.getShape(), {plan->strides}, [&](int64_t i, ArrayRef<int64_t> at) {
    sums[at[0]] += std::exp(x.getF(i) - greatest[at[0]]);
  });
  for (int64_t i = 0; i < y.getNumElements(); ++i)
    y.setF(i, std::log(sums[i]) + greatest[i]);
  return c.set(0, std::move(y));
}

static void addReductions(RuleTable &t) {
  auto abs = [](double v) { return std::fabs(v); };
  auto absInt = [](uint64_t v) { return int64_t(v) < 0 ? 0 - v : v; };
  auto square = [](double v) { return v * v; };
  auto squareInt = [](uint64_t v) { return v * v; };
  Arithmetic sum, product, mean, l1, l2, sumSquare, logSum;
  product.product = true;
  mean.last = [](double v, int64_t count) {
    return v / static_cast<double>(count);
  };
  l1.each = abs;
  l1.eachInt = absInt;
  sumSquare.each = square;
  sumSquare.eachInt = squareInt;
  l2 = sumSquare;
  l2.last = [](double v, int64_t) { return std::sqrt(v); };
  logSum.last = [](double v, int64_t) { return std::log(v); };
  addArithmetic<ReduceSumOp>(t, sum);
  addArithmetic<ReduceProdOp>(t, product);
  addArithmetic<ReduceMeanOp>(t, mean);
  addArithmetic<ReduceL1Op>(t, l1);
  addArithmetic<ReduceL2Op>(t, l2);
  addArithmetic<ReduceSumSquareOp>(t, sumSquare);
  addArithmetic<ReduceLogSumOp>(t, logSum);
  t.add<ReduceLogSumExpOp>(evalLogSumExp);
  addExtreme<ReduceMaxOp>(t, /*max=*/true);
  addExtreme<ReduceMinOp>(t, /*max=*/false);
}

template <typename OpT> static void addArg(RuleTable &t, bool max) {
  t.add<OpT>([max](RuleContext &c) -> LogicalResult {
    auto op = cast<OpT>(c.op);
    const HostTensor &x = *c.operands[0];
    FailureOr<int64_t> axis = c.axis(op.getAxis(), x.getRank());
    if (failed(axis))
      return failure();
    if (x.getDim(*axis) == 0)
      return c.fail("there is no element to choose along the axis");
    Reduction plan = reduceShape(x.getShape(), {*axis}, op.getKeepdims());
    HostTensor y = c.make(IntegerType::get(op.getContext(), 64), plan.shape);
    if (!y)
      return failure();
    AxisSplit split(x.getShape(), *axis);
    for (int64_t i = 0; i < y.getNumElements(); ++i) {
      // NaN is no better than anything, nor is anything better than NaN: as
      // ONNX Runtime has it.
      int64_t best = 0;
      for (int64_t k = 1; k < split.length; ++k) {
        int order = compareElements(x, split.at(i, k), x, split.at(i, best));
        if (order == (max ? 1 : -1) || (order == 0 && op.getSelectLastIndex()))
          best = k;
      }
      y.setI(i, best);
    }
    return c.set(0, std::move(y));
  });
}

//===----------------------------------------------------------------------===//
// TopK and CumSum
//===----------------------------------------------------------------------===//

static LogicalResult evalTopK(TopKOp op, In<TopKOp> in, RuleContext &c) {
  const HostTensor &x = *in.getX();
  FailureOr<int64_t> axis = c.axis(op.getAxis(), x.getRank());
  FailureOr<int64_t> k = c.scalarInt(in.getK(), "K");
  if (failed(axis) || failed(k))
    return failure();
  if (*k < 0 || *k > x.getDim(*axis))
    return c.fail("K is " + Twine(*k) + ", of a dimension of " +
                  Twine(x.getDim(*axis)));
  SmallVector<int64_t> shape(x.getShape());
  shape[*axis] = *k;
  HostTensor values = c.make(x.getElementType(), shape);
  HostTensor indices = c.make(IntegerType::get(op.getContext(), 64), shape);
  if (!values || !indices)
    return failure();
  AxisSplit split(x.getShape(), *axis);
  bool largest = op.getLargest();
  SmallVector<int64_t> order(split.length);
  for (int64_t o = 0; o < split.outer; ++o)
    for (int64_t n = 0; n < split.inner; ++n) {
      auto at = [&](int64_t i) {
        return (o * split.length + i) * split.inner + n;
      };
      std::iota(order.begin(), order.end(), 0);
      // A strict weak order: NaN counts as the greatest, equals stay in place.
      llvm::stable_sort(order, [&](int64_t a, int64_t b) {
        if (!largest)
          std::swap(a, b);
        bool nanA = isNaNAt(x, at(a)), nanB = isNaNAt(x, at(b));
        if (nanA || nanB)
          return nanA && !nanB;
        return compareElements(x, at(a), x, at(b)) == 1;
      });
      for (int64_t i = 0; i < *k; ++i) {
        int64_t to = (o * *k + i) * split.inner + n;
        copyElement(values, to, x, at(order[i]));
        indices.setI(to, order[i]);
      }
    }
  if (failed(c.set(0, std::move(values))))
    return failure();
  return c.set(1, std::move(indices));
}

static LogicalResult evalCumSum(CumSumOp op, In<CumSumOp> in, RuleContext &c) {
  const HostTensor &x = *in.getX();
  FailureOr<int64_t> given = c.scalarInt(in.getAxis(), "axis");
  if (failed(given))
    return failure();
  FailureOr<int64_t> axis = c.axis(*given, x.getRank());
  if (failed(axis))
    return failure();
  HostTensor y = c.make(x.getElementType(), x.getShape());
  if (!y)
    return failure();
  AxisSplit split(x.getShape(), *axis);
  bool exclusive = op.getExclusive(), reverse = op.getReverse();
  bool asFloat = isFloat(x.getScalar());
  for (int64_t o = 0; o < split.outer; ++o)
    for (int64_t n = 0; n < split.inner; ++n) {
      double sum = 0;
      uint64_t intSum = 0;
      for (int64_t k = 0; k < split.length; ++k) {
        int64_t place = reverse ? split.length - 1 - k : k;
        int64_t i = (o * split.length + place) * split.inner + n;
        double before = sum;
        uint64_t intBefore = intSum;
        // Running sums are rounded at each step, as an engine would.
        sum = roundTo(x.getScalar(), sum + (asFloat ? x.getF(i) : 0));
        intSum += asFloat ? 0 : x.getI(i);
        if (asFloat)
          y.setF(i, exclusive ? before : sum);
        else
          y.setI(i, static_cast<int64_t>(exclusive ? intBefore : intSum));
      }
    }
  return c.set(0, std::move(y));
}

void blockattn::onnx::addReductionRules(RuleTable &t) {
  addReductions(t);
  addArg<ArgMaxOp>(t, /*max=*/true);
  addArg<ArgMinOp>(t, /*max=*/false);
  t.add<TopKOp>(evalTopK);
  t.add<CumSumOp>(evalCumSum);
}

//===- EvaluateComposite.cpp - ops that are made of others ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Straight from the definitions, not by way of other ops: what the passes make
// of these ops is compared with it.
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/Composite.h"
#include "dialects/Onnx/EvaluateRules.h"
#include <cmath>

using namespace mlir;
using namespace blockattn::onnx;

//===----------------------------------------------------------------------===//
// Norms
//===----------------------------------------------------------------------===//

static LogicalResult evalHardmax(HardmaxOp op, In<HardmaxOp> in,
                                 RuleContext &c) {
  const HostTensor &x = *in.getInput();
  FailureOr<int64_t> axis = c.axis(op.getAxis(), x.getRank());
  HostTensor y = c.make(x.getElementType(), x.getShape());
  if (failed(axis) || !y)
    return failure();
  AxisSplit split(x.getShape(), *axis);
  for (int64_t row = 0; row < split.rows() && split.length; ++row) {
    // As ArgMax has it.
    int64_t best = split.at(row, 0);
    for (int64_t k = 1; k < split.length; ++k)
      if (compareElements(x, split.at(row, k), x, best) == 1)
        best = split.at(row, k);
    y.setF(best, 1);
  }
  return c.set(0, std::move(y));
}

static LogicalResult evalLpNormalization(LpNormalizationOp op,
                                         In<LpNormalizationOp> in,
                                         RuleContext &c) {
  const HostTensor &x = *in.getInput();
  FailureOr<int64_t> axis = c.axis(op.getAxis(), x.getRank());
  HostTensor y = c.make(x.getElementType(), x.getShape());
  if (failed(axis) || !y)
    return failure();
  AxisSplit split(x.getShape(), *axis);
  for (int64_t row = 0; row < split.rows(); ++row) {
    double norm = 0;
    for (int64_t k = 0; k < split.length; ++k) {
      double value = x.getF(split.at(row, k));
      norm += op.getP() == 1 ? std::fabs(value) : value * value;
    }
    norm = op.getP() == 1 ? norm : std::sqrt(norm);
    for (int64_t k = 0; k < split.length; ++k) {
      int64_t at = split.at(row, k);
      y.setF(at, norm == 0 ? 0 : x.getF(at) / norm);
    }
  }
  return c.set(0, std::move(y));
}

/// Calls `store` with each element less the mean of its part, and the variance
/// of the part: the elements that `strides` lead to one place.
static void
centerParts(const HostTensor &x, SmallVector<int64_t> strides, int64_t parts,
            llvm::function_ref<void(int64_t, double, double)> store) {
  std::vector<double> means(parts, 0), squares(parts, 0), counts(parts, 0);
  walk(x.getShape(), {strides}, [&](int64_t i, ArrayRef<int64_t> at) {
    means[at[0]] += x.getF(i);
    ++counts[at[0]];
  });
  for (auto [mean, count] : llvm::zip(means, counts))
    mean /= count;
  walk(x.getShape(), {strides}, [&](int64_t i, ArrayRef<int64_t> at) {
    double d = x.getF(i) - means[at[0]];
    squares[at[0]] += d * d;
  });
  walk(x.getShape(), {strides}, [&](int64_t i, ArrayRef<int64_t> at) {
    store(i, x.getF(i) - means[at[0]], squares[at[0]] / counts[at[0]]);
  });
}

static LogicalResult evalMeanVariance(MeanVarianceNormalizationOp op,
                                      In<MeanVarianceNormalizationOp> in,
                                      RuleContext &c) {
  const HostTensor &x = *in.getX();
  auto axes = c.axes(op.axesOrDefault(), x.getRank());
  HostTensor y = c.make(x.getElementType(), x.getShape());
  if (failed(axes) || !y)
    return failure();
  SmallVector<int64_t> kept(x.getShape());
  for (int64_t axis : *axes)
    kept[axis] = 1;
  SmallVector<int64_t> strides = broadcastStrides(kept, x.getShape());
  centerParts(x, strides, countElements(kept).value_or(0),
              [&](int64_t i, double value, double variance) {
                y.setF(i, value / (std::sqrt(variance) + 1e-9));
              });
  return c.set(0, std::move(y));
}

static LogicalResult evalGroupNorm(GroupNormalizationOp op,
                                   In<GroupNormalizationOp> in,
                                   RuleContext &c) {
  const HostTensor &x = *in.getX(), &scale = *in.getScale(),
                   &bias = *in.getBias();
  int64_t groups = op.getNumGroups();
  if (x.getRank() < 2 || x.getDim(1) % groups != 0)
    return c.fail("the channels can not be cut into " + Twine(groups) +
                  " groups");
  if (scale.getShape() != ArrayRef(x.getDim(1)) ||
      bias.getShape() != ArrayRef(x.getDim(1)))
    return c.fail("scale and bias must have a number for each channel");
  HostTensor y = c.make(x.getElementType(), x.getShape());
  // Of each batch the groups, of each group its elements.
  HostTensor grouped =
      x.reshaped({x.getDim(0), groups,
                  groups * x.getDim(0) == 0
                      ? 0
                      : x.getNumElements() / (groups * x.getDim(0))});
  if (!y || !grouped)
    return failure();
  AxisSplit split(x.getShape(), 1);
  double epsilon = op.getEpsilon().convertToDouble();
  centerParts(grouped, {groups, 1, 0}, x.getDim(0) * groups,
              [&](int64_t i, double value, double variance) {
                int64_t channel = i / split.inner % split.length;
                y.setF(i, value / std::sqrt(variance + epsilon) *
                                  scale.getF(channel) +
                              bias.getF(channel));
              });
  return c.set(0, std::move(y));
}

//===----------------------------------------------------------------------===//
// Activations
//===----------------------------------------------------------------------===//

/// Sets each element to a function of that of the operand.
static LogicalResult mapElements(const HostTensor &x, RuleContext &c,
                                 llvm::function_ref<double(double)> function) {
  HostTensor y = c.make(x.getElementType(), x.getShape());
  for (int64_t i = 0; i < y.getNumElements(); ++i)
    y.setF(i, function(x.getF(i)));
  return c.set(0, std::move(y));
}

static LogicalResult evalCelu(CeluOp op, In<CeluOp> in, RuleContext &c) {
  double alpha = op.getAlpha().convertToDouble();
  return mapElements(*in.getX(), c, [&](double x) {
    return std::max(0.0, x) + std::min(0.0, alpha * std::expm1(x / alpha));
  });
}

static LogicalResult evalShrink(ShrinkOp op, In<ShrinkOp> in, RuleContext &c) {
  double bias = op.getBias().convertToDouble();
  double lambda = op.getLambd().convertToDouble();
  return mapElements(*in.getInput(), c, [&](double x) {
    return x < -lambda ? x + bias : x > lambda ? x - bias : 0;
  });
}

static LogicalResult evalThresholdedRelu(ThresholdedReluOp op,
                                         In<ThresholdedReluOp> in,
                                         RuleContext &c) {
  double alpha = op.getAlpha().convertToDouble();
  return mapElements(*in.getX(), c,
                     [&](double x) { return x > alpha ? x : 0; });
}

static LogicalResult evalPRelu(PReluOp op, In<PReluOp> in, RuleContext &c) {
  const HostTensor &x = *in.getX(), &slope = *in.getSlope();
  auto common = broadcastShapes(x.getShape(), slope.getShape());
  if (!common || ArrayRef(*common) != x.getShape())
    return c.fail("the slope does not broadcast to X");
  HostTensor y = c.make(x.getElementType(), x.getShape());
  walk(x.getShape(), {broadcastStrides(slope.getShape(), x.getShape())},
       [&](int64_t i, ArrayRef<int64_t> at) {
         if (isFloat(x.getScalar()))
           y.setF(i, x.getF(i) < 0 ? slope.getF(at[0]) * x.getF(i) : x.getF(i));
         else
           y.setI(i, !isUnsigned(x.getScalar()) && x.getI(i) < 0
                         ? static_cast<int64_t>(uint64_t(slope.getI(at[0])) *
                                                uint64_t(x.getI(i)))
                         : x.getI(i));
       });
  return c.set(0, std::move(y));
}

//===----------------------------------------------------------------------===//
// Elements by place
//===----------------------------------------------------------------------===//

static LogicalResult evalReverseSequence(ReverseSequenceOp op,
                                         In<ReverseSequenceOp> in,
                                         RuleContext &c) {
  const HostTensor &x = *in.getInput();
  auto lengths = c.ints(in.getSequenceLens(), "sequence_lens");
  if (failed(lengths))
    return failure();
  int64_t time = op.getTimeAxis(), batch = op.getBatchAxis();
  if (x.getRank() < 2 ||
      static_cast<int64_t>(lengths->size()) != x.getDim(batch))
    return c.fail("sequence_lens must have a number for each row");
  for (int64_t length : *lengths)
    if (length < 0 || length > x.getDim(time))
      return c.fail("a sequence length is " + Twine(length) + ", of " +
                    Twine(x.getDim(time)));
  HostTensor y = c.make(x.getElementType(), x.getShape());
  if (!y)
    return failure();
  SmallVector<int64_t> own = stridesOf(x.getShape());
  for (int64_t i = 0; i < x.getNumElements(); ++i) {
    int64_t t = i / own[time] % x.getDim(time);
    int64_t length = (*lengths)[i / own[batch] % x.getDim(batch)];
    int64_t from = t < length ? length - 1 - t : t;
    copyElement(y, i, x, i + (from - t) * own[time]);
  }
  return c.set(0, std::move(y));
}

static LogicalResult evalCompress(CompressOp op, In<CompressOp> in,
                                  RuleContext &c) {
  HostTensor x = *in.getInput();
  const HostTensor &condition = *in.getCondition();
  if (!op.getAxis())
    x = x.reshaped({x.getNumElements()});
  FailureOr<int64_t> axis = c.axis(op.getAxis().value_or(0), x.getRank());
  if (failed(axis))
    return failure();
  if (condition.getRank() != 1 || condition.getDim(0) > x.getDim(*axis))
    return c.fail("the condition must be a vector, not longer than what it "
                  "chooses from");
  SmallVector<int64_t> chosen;
  for (int64_t i = 0; i < condition.getNumElements(); ++i)
    if (condition.getB(i))
      chosen.push_back(i);
  SmallVector<int64_t> shape(x.getShape());
  shape[*axis] = chosen.size();
  HostTensor y = c.make(x.getElementType(), shape);
  if (!y)
    return failure();
  AxisSplit from(x.getShape(), *axis), to(shape, *axis);
  for (int64_t i = 0; i < y.getNumElements(); ++i) {
    int64_t outer = i / (to.length * to.inner);
    int64_t k = i / to.inner % to.length, inner = i % to.inner;
    copyElement(y, i, x,
                (outer * from.length + chosen[k]) * from.inner + inner);
  }
  return c.set(0, std::move(y));
}

void blockattn::onnx::addCompositeRules(RuleTable &t) {
  t.add<HardmaxOp>(evalHardmax);
  t.add<LpNormalizationOp>(evalLpNormalization);
  t.add<MeanVarianceNormalizationOp>(evalMeanVariance);
  t.add<GroupNormalizationOp>(evalGroupNorm);
  t.add<CeluOp>(evalCelu);
  t.add<ShrinkOp>(evalShrink);
  t.add<ThresholdedReluOp>(evalThresholdedRelu);
  t.add<PReluOp>(evalPRelu);
  t.add<ReverseSequenceOp>(evalReverseSequence);
  t.add<CompressOp>(evalCompress);
}

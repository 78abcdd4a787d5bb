//===- EvaluateNN.cpp - products, norms, softmax --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Sums are accumulated in double and rounded once, at the end.
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/EvaluateRules.h"
#include "dialects/Onnx/Onnx.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace blockattn::onnx;

//===----------------------------------------------------------------------===//
// Matrix products
//===----------------------------------------------------------------------===//

// c[m, n] += a[m, k] * b[k, n], integers in unsigned arithmetic, which wraps.
template <typename T>
static void multiply(const T *a, const T *b, T *c, int64_t m, int64_t k,
                     int64_t n) {
  for (int64_t i = 0; i < m; ++i)
    for (int64_t l = 0; l < k; ++l)
      for (int64_t j = 0; j < n; ++j)
        c[i * n + j] += a[i * k + l] * b[l * n + j];
}

static std::vector<uint64_t> toWrapping(const HostTensor &x) {
  std::vector<uint64_t> values(x.getNumElements());
  for (int64_t i = 0; i < x.getNumElements(); ++i)
    values[i] = static_cast<uint64_t>(x.getI(i));
  return values;
}

FailureOr<HostTensor> blockattn::onnx::matrixProduct(const HostTensor &a,
                                                     const HostTensor &b,
                                                     RuleContext &c) {
  if (a.getElementType() != b.getElementType())
    return c.fail("the operands must have one element type");
  if (a.getRank() == 0 || b.getRank() == 0)
    return c.fail("the operands must have a rank of at least 1");
  // A vector on the left is a row, on the right a column.
  SmallVector<int64_t> shapeA(a.getShape()), shapeB(b.getShape());
  if (a.getRank() == 1)
    shapeA.insert(shapeA.begin(), 1);
  if (b.getRank() == 1)
    shapeB.push_back(1);
  int64_t m = shapeA.end()[-2], k = shapeA.back(), n = shapeB.back();
  if (shapeB.end()[-2] != k)
    return c.fail("A has " + Twine(k) + " columns and B " +
                  Twine(shapeB.end()[-2]) + " rows");
  ArrayRef<int64_t> batchA = ArrayRef(shapeA).drop_back(2),
                    batchB = ArrayRef(shapeB).drop_back(2);
  auto batch = broadcastShapes(batchA, batchB);
  if (!batch)
    return c.fail("the batch dimensions of the operands do not broadcast");
  SmallVector<int64_t> shape(*batch), work(*batch);
  if (a.getRank() > 1)
    shape.push_back(m);
  if (b.getRank() > 1)
    shape.push_back(n);
  work.append({m, k, n});
  HostTensor y = c.make(a.getElementType(), shape);
  if (!y || failed(c.checkWork(work)))
    return failure();

  SmallVector<SmallVector<int64_t>> strides = {
      broadcastStrides(batchA, *batch), broadcastStrides(batchB, *batch)};
  auto run = [&](auto valuesA, auto valuesB, auto store) {
    using T = typename decltype(valuesA)::value_type;
    std::vector<T> tile(m * n);
    walk(*batch, strides, [&](int64_t i, ArrayRef<int64_t> at) {
      std::fill(tile.begin(), tile.end(), T(0));
      multiply(valuesA.data() + at[0] * m * k, valuesB.data() + at[1] * k * n,
               tile.data(), m, k, n);
      for (int64_t e = 0; e < m * n; ++e)
        store(i * m * n + e, tile[e]);
    });
  };
  if (y.getNumElements() == 0)
    return y;
  if (isFloat(a.getScalar()))
    run(a.toFloats(), b.toFloats(), [&](int64_t i, double v) { y.setF(i, v); });
  else
    run(toWrapping(a), toWrapping(b),
        [&](int64_t i, uint64_t v) { y.setI(i, static_cast<int64_t>(v)); });
  return y;
}

static LogicalResult evalMatMul(MatMulOp op, In<MatMulOp> in, RuleContext &c) {
  FailureOr<HostTensor> y = matrixProduct(*in.getA(), *in.getB(), c);
  return failed(y) ? failure() : c.set(0, std::move(*y));
}

static LogicalResult evalGemm(GemmOp op, In<GemmOp> in, RuleContext &c) {
  const HostTensor &a = *in.getA(), &b = *in.getB(), *bias = in.getC();
  if (a.getRank() != 2 || b.getRank() != 2)
    return c.fail("A and B must be matrices");
  bool transA = op.getTransA(), transB = op.getTransB();
  int64_t m = a.getDim(transA), k = a.getDim(!transA);
  int64_t n = b.getDim(!transB);
  if (b.getDim(transB) != k)
    return c.fail("A has " + Twine(k) + " columns and B " +
                  Twine(b.getDim(transB)) + " rows");
  SmallVector<int64_t> shape = {m, n};
  if (bias) {
    auto common = broadcastShapes(shape, bias->getShape());
    if (!common || *common != shape)
      return c.fail("C does not broadcast to the product");
  }
  HostTensor y = c.make(a.getElementType(), shape);
  if (!y || failed(c.checkWork({m, k, n})))
    return failure();
  double alpha = op.getAlpha().convertToDouble();
  double beta = op.getBeta().convertToDouble();
  std::vector<double> valuesA = a.toFloats(), valuesB = b.toFloats();
  SmallVector<int64_t> strides = bias
                                     ? broadcastStrides(bias->getShape(), shape)
                                     : SmallVector<int64_t>{0, 0};
  walk(shape, {strides}, [&](int64_t i, ArrayRef<int64_t> at) {
    int64_t row = i / n, column = i % n;
    double sum = 0;
    for (int64_t l = 0; l < k; ++l)
      sum += valuesA[transA ? l * m + row : row * k + l] *
             valuesB[transB ? column * k + l : l * n + column];
    y.setF(i, alpha * sum + (bias ? beta * bias->getF(at[0]) : 0));
  });
  return c.set(0, std::move(y));
}

//===----------------------------------------------------------------------===//
// Softmax and norms
//===----------------------------------------------------------------------===//

template <typename OpT>
static LogicalResult evalSoftmax(OpT op, In<OpT> in, RuleContext &c) {
  const HostTensor &x = *in.getInput();
  constexpr bool logarithm = std::is_same_v<OpT, LogSoftmaxOp>;
  FailureOr<int64_t> axis = c.axis(op.getAxis(), x.getRank());
  if (failed(axis))
    return failure();
  HostTensor y = c.make(x.getElementType(), x.getShape());
  if (!y)
    return failure();
  AxisSplit split(x.getShape(), *axis);
  for (int64_t o = 0; o < split.outer; ++o)
    for (int64_t n = 0; n < split.inner; ++n) {
      auto at = [&](int64_t i) {
        return (o * split.length + i) * split.inner + n;
      };
      double max = -std::numeric_limits<double>::infinity(), sum = 0;
      for (int64_t i = 0; i < split.length; ++i)
        max = std::max(max, x.getF(at(i)));
      for (int64_t i = 0; i < split.length; ++i)
        sum += std::exp(x.getF(at(i)) - max);
      for (int64_t i = 0; i < split.length; ++i) {
        double shifted = x.getF(at(i)) - max;
        y.setF(at(i),
               logarithm ? shifted - std::log(sum) : std::exp(shifted) / sum);
      }
    }
  return c.set(0, std::move(y));
}

namespace {
/// The rows that a norm works on, and how scale and bias go with X.
struct NormPlan {
  int64_t axis = 0, rows = 0, length = 0;
  SmallVector<int64_t> statistics; // The shape of Mean.
};
} // namespace

static FailureOr<NormPlan> planNorm(RuleContext &c, const HostTensor &x,
                                    int64_t rawAxis,
                                    ArrayRef<const HostTensor *> parameters) {
  FailureOr<int64_t> axis = c.axis(rawAxis, x.getRank());
  if (failed(axis))
    return failure();
  NormPlan plan;
  plan.axis = *axis;
  plan.rows = countElements(x.getShape().take_front(*axis)).value_or(0);
  plan.length = countElements(x.getShape().drop_front(*axis)).value_or(0);
  plan.statistics.assign(x.getShape().begin(), x.getShape().begin() + *axis);
  plan.statistics.resize(x.getRank(), 1);
  for (const HostTensor *parameter : parameters) {
    if (!parameter)
      continue;
    auto common = broadcastShapes(x.getShape(), parameter->getShape());
    if (!common || ArrayRef(*common) != x.getShape())
      return c.fail("scale or bias does not broadcast to X");
  }
  return plan;
}

static LogicalResult evalLayerNorm(LayerNormalizationOp op,
                                   In<LayerNormalizationOp> in,
                                   RuleContext &c) {
  const HostTensor &x = *in.getX(), &scale = *in.getScale(), *bias = in.getB();
  FailureOr<NormPlan> plan = planNorm(c, x, op.getAxis(), {&scale, bias});
  if (failed(plan))
    return failure();
  Type stash = op.getStashType().value_or(Float32Type::get(op.getContext()));
  HostTensor y = c.make(x.getElementType(), x.getShape());
  HostTensor means = c.make(stash, plan->statistics);
  HostTensor inverses = c.make(stash, plan->statistics);
  if (!y || !means || !inverses)
    return failure();
  double epsilon = op.getEpsilon().convertToDouble();
  std::vector<double> mean(plan->rows), inverse(plan->rows);
  for (int64_t r = 0; r < plan->rows; ++r) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < plan->length; ++i)
      sum += x.getF(r * plan->length + i);
    mean[r] = sum / static_cast<double>(plan->length);
    for (int64_t i = 0; i < plan->length; ++i) {
      double d = x.getF(r * plan->length + i) - mean[r];
      squares += d * d;
    }
    inverse[r] =
        1 / std::sqrt(squares / static_cast<double>(plan->length) + epsilon);
    means.setF(r, mean[r]);
    inverses.setF(r, inverse[r]);
  }
  SmallVector<int64_t> none(x.getRank(), 0);
  walk(x.getShape(),
       {broadcastStrides(scale.getShape(), x.getShape()),
        bias ? broadcastStrides(bias->getShape(), x.getShape()) : none},
       [&](int64_t i, ArrayRef<int64_t> at) {
         int64_t r = i / plan->length;
         y.setF(i, (x.getF(i) - mean[r]) * inverse[r] * scale.getF(at[0]) +
                       (bias ? bias->getF(at[1]) : 0));
       });
  if (failed(c.setOptional(op, 0, std::move(y))) ||
      failed(c.setOptional(op, 1, std::move(means))))
    return failure();
  return c.setOptional(op, 2, std::move(inverses));
}

static LogicalResult evalRMSNorm(RMSNormalizationOp op,
                                 In<RMSNormalizationOp> in, RuleContext &c) {
  const HostTensor &x = *in.getX(), &scale = *in.getScale();
  FailureOr<NormPlan> plan = planNorm(c, x, op.getAxis(), {&scale});
  if (failed(plan))
    return failure();
  HostTensor y = c.make(scale.getElementType(), x.getShape());
  if (!y)
    return failure();
  double epsilon = op.getEpsilon().convertToDouble();
  std::vector<double> inverse(plan->rows);
  for (int64_t r = 0; r < plan->rows; ++r) {
    double squares = 0;
    for (int64_t i = 0; i < plan->length; ++i) {
      double v = x.getF(r * plan->length + i);
      squares += v * v;
    }
    inverse[r] =
        1 / std::sqrt(squares / static_cast<double>(plan->length) + epsilon);
  }
  walk(x.getShape(), {broadcastStrides(scale.getShape(), x.getShape())},
       [&](int64_t i, ArrayRef<int64_t> at) {
         y.setF(i, x.getF(i) * inverse[i / plan->length] * scale.getF(at[0]));
       });
  return c.set(0, std::move(y));
}

//===----------------------------------------------------------------------===//
// Dropout and quantized tensors
//===----------------------------------------------------------------------===//

static LogicalResult evalDropout(DropoutOp op, In<DropoutOp> in,
                                 RuleContext &c) {
  const HostTensor &x = *in.getData();
  const HostTensor *training = in.getTrainingMode(), *ratio = in.getRatio();
  if (training && training->getNumElements() == 1 && training->getB(0) &&
      (!ratio || ratio->getNumElements() != 1 || ratio->getF(0) != 0))
    return c.fail("its result is random");
  HostTensor mask =
      HostTensor::full(IntegerType::get(op.getContext(), 1), x.getShape(), 1);
  if (failed(c.setOptional(op, 0, x)))
    return failure();
  return c.setOptional(op, 1, std::move(mask));
}

/// For each element of x the index of its scale and zero point. Fails where
/// their shapes do not fit.
template <typename OpT>
static FailureOr<SmallVector<int64_t>>
scaleIndices(OpT op, const HostTensor &x, const HostTensor &scale,
             const HostTensor *zero, RuleContext &c) {
  bool single =
      zero && zero->getNumElements() == 1 && scale.getNumElements() == 1;
  if (zero && !single && zero->getShape() != scale.getShape())
    return c.fail("scale and zero point must have one shape");
  // The index into the scale: its strides, with the place along the axis
  // divided by the block.
  SmallVector<int64_t> strides(x.getRank(), 0), own = stridesOf(x.getShape());
  int64_t axis = 0, block = 1;
  if (scale.getNumElements() != 1 || scale.getRank() > 1) {
    FailureOr<int64_t> given = c.axis(op.getAxis(), x.getRank());
    if (failed(given))
      return failure();
    axis = *given;
    SmallVector<int64_t> expected = {x.getDim(axis)};
    if (int64_t size = op.getBlockSize()) {
      if (size < 0)
        return c.fail("the block size is negative");
      block = size;
      expected.assign(x.getShape().begin(), x.getShape().end());
      expected[axis] = llvm::divideCeil(x.getDim(axis), block);
      strides = stridesOf(expected);
    } else {
      strides[axis] = 1;
    }
    if (scale.getShape() != ArrayRef(expected))
      return c.fail("the shape of the scale does not fit that of x");
  }
  SmallVector<int64_t> indices(x.getNumElements());
  for (auto [i, at] : llvm::enumerate(indices))
    for (int64_t d = 0; d < x.getRank(); ++d) {
      int64_t place = static_cast<int64_t>(i) / own[d] % x.getDim(d);
      at += (d == axis ? place / block : place) * strides[d];
    }
  return indices;
}

static LogicalResult evalDequantize(DequantizeLinearOp op,
                                    In<DequantizeLinearOp> in, RuleContext &c) {
  const HostTensor &x = *in.getX(), &scale = *in.getXScale(),
                   *zero = in.getXZeroPoint();
  HostTensor y = c.make(op.getOutputDtype().value_or(scale.getElementType()),
                        x.getShape());
  auto indices = scaleIndices(op, x, scale, zero, c);
  if (!y || failed(indices))
    return failure();
  for (auto [i, at] : llvm::enumerate(*indices))
    y.setF(i, (x.getF(i) - (zero ? zero->getF(at) : 0)) * scale.getF(at));
  return c.set(0, std::move(y));
}

static LogicalResult evalQuantize(QuantizeLinearOp op, In<QuantizeLinearOp> in,
                                  RuleContext &c) {
  const HostTensor &x = *in.getX(), &scale = *in.getYScale(),
                   *zero = in.getYZeroPoint();
  Type type = op.getOutputDtype().value_or(
      IntegerType::get(op.getContext(), 8, IntegerType::Unsigned));
  HostTensor y = c.make(zero ? zero->getElementType() : type, x.getShape());
  auto indices = scaleIndices(op, x, scale, zero, c);
  if (!y || failed(indices))
    return failure();
  Scalar precision =
      scalarOf(op.getPrecision().value_or(scale.getElementType()));
  Scalar to = y.getScalar();
  double low = 0, high = 0;
  if (!isFloat(to)) {
    unsigned width = y.getElementType().getIntOrFloatBitWidth();
    low = isUnsigned(to) ? 0 : -std::ldexp(1.0, width - 1);
    high = std::ldexp(1.0, isUnsigned(to) ? width : width - 1) - 1;
  }
  CastMode mode{op.getSaturate() != 0};
  for (auto [i, at] : llvm::enumerate(*indices)) {
    double offset = zero ? zero->getF(at) : 0;
    double quotient =
        roundTo(precision, roundTo(precision, x.getF(i)) /
                               roundTo(precision, scale.getF(at)));
    if (isFloat(to)) {
      y.setF(i, quotient + offset, mode);
      continue;
    }
    double rounded = std::isnan(quotient) ? 0 : std::nearbyint(quotient);
    y.setI(i, static_cast<int64_t>(
                  std::min(std::max(rounded + offset, low), high)));
  }
  return c.set(0, std::move(y));
}

void blockattn::onnx::addNNRules(RuleTable &t) {
  t.add<MatMulOp>(evalMatMul);
  t.add<GemmOp>(evalGemm);
  t.add<SoftmaxOp>(evalSoftmax<SoftmaxOp>);
  t.add<LogSoftmaxOp>(evalSoftmax<LogSoftmaxOp>);
  t.add<LayerNormalizationOp>(evalLayerNorm);
  t.add<RMSNormalizationOp>(evalRMSNorm);
  t.add<DropoutOp>(evalDropout);
  t.add<DequantizeLinearOp>(evalDequantize);
  t.add<QuantizeLinearOp>(evalQuantize);
}

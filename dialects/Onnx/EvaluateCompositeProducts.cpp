//===- EvaluateCompositeProducts.cpp - Einsum, quantized products ---------===//
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
#include "dialects/Onnx/EinsumEquation.h"
#include "dialects/Onnx/EvaluateRules.h"
#include <cmath>

using namespace mlir;
using namespace blockattn::onnx;

//===----------------------------------------------------------------------===//
// Einsum
//===----------------------------------------------------------------------===//

static LogicalResult evalEinsum(EinsumOp op, In<EinsumOp>, RuleContext &c) {
  std::optional<EinsumEquation> equation =
      EinsumEquation::parse(op.getEquation(), c.operands.size(), c.why);
  if (!equation)
    return failure();
  SmallVector<int64_t> ranks;
  for (const HostTensor *x : c.operands)
    ranks.push_back(x->getRank());
  std::optional<EinsumTensors> tensors = equation->labels(ranks, c.why);
  if (!tensors)
    return failure();

  // One loop for each label, those of the result first.
  EinsumLabels labels = tensors->result;
  for (ArrayRef<int> own : tensors->operands)
    for (int label : own)
      if (!llvm::is_contained(labels, label))
        labels.push_back(label);
  SmallVector<int64_t> extents(labels.size(), 1);
  for (auto [x, own] : llvm::zip(c.operands, tensors->operands))
    for (auto [d, label] : llvm::enumerate(own)) {
      int64_t &extent = extents[llvm::find(labels, label) - labels.begin()];
      if (x->getDim(d) == 1)
        continue;
      if (extent != 1 && extent != x->getDim(d))
        return c.fail("dimensions of one label are " + Twine(extent) + " and " +
                      Twine(x->getDim(d)));
      extent = x->getDim(d);
    }
  SmallVector<SmallVector<int64_t>> strides;
  auto addStrides = [&](ArrayRef<int64_t> shape, ArrayRef<int> own) {
    SmallVector<int64_t> from = stridesOf(shape), to(labels.size(), 0);
    for (auto [d, label] : llvm::enumerate(own))
      if (shape[d] != 1)
        to[llvm::find(labels, label) - labels.begin()] += from[d];
    strides.push_back(to);
  };
  for (auto [x, own] : llvm::zip(c.operands, tensors->operands))
    addStrides(x->getShape(), own);
  ArrayRef<int64_t> shape =
      ArrayRef(extents).take_front(tensors->result.size());
  addStrides(shape, tensors->result);
  HostTensor y = c.make(c.operands.front()->getElementType(), shape);
  if (!y || failed(c.checkWork(extents)))
    return failure();

  auto run = [&](auto zero, auto read, auto store) {
    std::vector<decltype(zero)> sums(y.getNumElements(), zero);
    walk(extents, strides, [&](int64_t, ArrayRef<int64_t> at) {
      auto product = read(*c.operands.front(), at.front());
      for (size_t i = 1; i < c.operands.size(); ++i)
        product *= read(*c.operands[i], at[i]);
      sums[at.back()] += product;
    });
    for (auto [i, sum] : llvm::enumerate(sums))
      store(i, sum);
  };
  if (isFloat(y.getScalar()))
    run(
        0.0, [](const HostTensor &x, int64_t i) { return x.getF(i); },
        [&](int64_t i, double sum) { y.setF(i, sum); });
  else
    run(
        uint64_t(0),
        [](const HostTensor &x, int64_t i) {
          return static_cast<uint64_t>(x.getI(i));
        },
        [&](int64_t i, uint64_t sum) { y.setI(i, static_cast<int64_t>(sum)); });
  return c.set(0, std::move(y));
}

//===----------------------------------------------------------------------===//
// Quantized products
//===----------------------------------------------------------------------===//

/// The shape of a scale or zero point that stands for the rows or columns of a
/// matrix, as one that broadcasts to it.
static SmallVector<int64_t> perLineShape(const HostTensor &x, int64_t rank,
                                         bool rows) {
  SmallVector<int64_t> shape(x.getShape());
  if (x.getNumElements() == 1)
    shape.clear();
  else if (rows && x.getRank() == 1 && rank > 1)
    shape.push_back(1);
  return shape;
}

/// x - zero, in 32 bits.
static FailureOr<HostTensor> centered(const HostTensor &x,
                                      const HostTensor *zero, bool rows,
                                      RuleContext &c) {
  HostTensor y = c.make(IntegerType::get(c.op->getContext(), 32), x.getShape());
  if (!y)
    return failure();
  SmallVector<int64_t> strides(x.getRank(), 0);
  if (zero) {
    SmallVector<int64_t> shape = perLineShape(*zero, x.getRank(), rows);
    auto common = broadcastShapes(x.getShape(), shape);
    if (!common || ArrayRef(*common) != x.getShape())
      return c.fail("a zero point does not broadcast to its matrix");
    strides = broadcastStrides(shape, x.getShape());
  }
  walk(x.getShape(), {strides}, [&](int64_t i, ArrayRef<int64_t> at) {
    y.setI(i, x.getI(i) - (zero ? zero->getI(at[0]) : 0));
  });
  return y;
}

static FailureOr<HostTensor>
integerProduct(const HostTensor &a, const HostTensor *aZero,
               const HostTensor &b, const HostTensor *bZero, RuleContext &c) {
  FailureOr<HostTensor> left = centered(a, aZero, /*rows=*/true, c);
  FailureOr<HostTensor> right = centered(b, bZero, /*rows=*/false, c);
  if (failed(left) || failed(right))
    return failure();
  return matrixProduct(*left, *right, c);
}

static LogicalResult evalMatMulInteger(MatMulIntegerOp op,
                                       In<MatMulIntegerOp> in, RuleContext &c) {
  FailureOr<HostTensor> y = integerProduct(*in.getA(), in.getAZeroPoint(),
                                           *in.getB(), in.getBZeroPoint(), c);
  return failed(y) ? failure() : c.set(0, std::move(*y));
}

static LogicalResult evalQLinearMatMul(QLinearMatMulOp op,
                                       In<QLinearMatMulOp> in, RuleContext &c) {
  const HostTensor &a = *in.getA(), &b = *in.getB();
  FailureOr<HostTensor> product =
      integerProduct(a, in.getAZeroPoint(), b, in.getBZeroPoint(), c);
  if (failed(product))
    return failure();
  const HostTensor &zero = *in.getYZeroPoint(), &scale = *in.getYScale();
  if (zero.getNumElements() != 1 || scale.getNumElements() != 1)
    return c.fail("y_scale and y_zero_point must have one element");
  HostTensor y = c.make(zero.getElementType(), product->getShape());
  if (!y)
    return failure();
  auto stridesFor = [&](const HostTensor &x, int64_t rank,
                        bool rows) -> FailureOr<SmallVector<int64_t>> {
    SmallVector<int64_t> shape = perLineShape(x, rank, rows);
    auto common = broadcastShapes(y.getShape(), shape);
    if (!common || ArrayRef(*common) != y.getShape())
      return c.fail("a scale does not broadcast to the product");
    return broadcastStrides(shape, y.getShape());
  };
  auto left = stridesFor(*in.getAScale(), a.getRank(), /*rows=*/true);
  auto right = stridesFor(*in.getBScale(), b.getRank(), /*rows=*/false);
  if (failed(left) || failed(right))
    return failure();
  double low = isUnsigned(y.getScalar()) ? 0 : -128;
  // The scales are combined in their own type.
  Scalar own = scale.getScalar();
  walk(y.getShape(), {*left, *right}, [&](int64_t i, ArrayRef<int64_t> at) {
    double factor = roundTo(own, roundTo(own, in.getAScale()->getF(at[0]) *
                                                  in.getBScale()->getF(at[1])) /
                                     scale.getF(0));
    double value = roundTo(Scalar::F32, product->getF(i) * factor);
    value = (std::isnan(value) ? 0 : std::nearbyint(value)) + zero.getF(0);
    y.setI(i, static_cast<int64_t>(std::min(std::max(value, low), low + 255)));
  });
  return c.set(0, std::move(y));
}

static LogicalResult evalDynamicQuantize(DynamicQuantizeLinearOp op,
                                         In<DynamicQuantizeLinearOp> in,
                                         RuleContext &c) {
  const HostTensor &x = *in.getX();
  Type f32 = Float32Type::get(op.getContext());
  Type byte = IntegerType::get(op.getContext(), 8, IntegerType::Unsigned);
  HostTensor y = c.make(byte, x.getShape()), scale = c.make(f32, {}),
             zero = c.make(byte, {});
  if (!y || !scale || !zero)
    return failure();
  double low = 0, high = 0;
  for (int64_t i = 0; i < x.getNumElements(); ++i) {
    low = std::fmin(low, x.getF(i));
    high = std::fmax(high, x.getF(i));
  }
  scale.setF(0, (high == low ? 1 : roundTo(Scalar::F32, high - low)) / 255);
  auto toByte = [](double value) {
    value = std::isnan(value) ? 0 : value;
    return static_cast<int64_t>(std::min(std::max(value, 0.0), 255.0));
  };
  auto divided = [&](double value) {
    return std::nearbyint(roundTo(Scalar::F32, value / scale.getF(0)));
  };
  zero.setI(0, toByte(divided(-low)));
  for (int64_t i = 0; i < x.getNumElements(); ++i)
    y.setI(i, toByte(divided(x.getF(i)) + zero.getF(0)));
  if (failed(c.set(0, std::move(y))) || failed(c.set(1, std::move(scale))))
    return failure();
  return c.set(2, std::move(zero));
}

void blockattn::onnx::addCompositeProductRules(RuleTable &t) {
  t.add<EinsumOp>(evalEinsum);
  t.add<MatMulIntegerOp>(evalMatMulInteger);
  t.add<QLinearMatMulOp>(evalQLinearMatMul);
  t.add<DynamicQuantizeLinearOp>(evalDynamicQuantize);
}

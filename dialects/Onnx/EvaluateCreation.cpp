//===- EvaluateCreation.cpp - ops that make tensors -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Constants and weights, and the ops whose result follows from shapes and
// scalars: Shape, Size, ConstantOfShape, EyeLike, Range, OneHot, NonZero.
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/EvaluateRules.h"
#include "dialects/Onnx/Onnx.h"
#include "dialects/Onnx/Weights.h"
#include <cmath>

using namespace mlir;
using namespace blockattn::onnx;

static Type i64(RuleContext &c) {
  return IntegerType::get(c.op->getContext(), 64);
}

// Checks the size before the elements are copied.
static LogicalResult setAttribute(RuleContext &c, ElementsAttr attr) {
  auto type = dyn_cast<RankedTensorType>(attr.getType());
  if (!type)
    return c.fail("the constant is not a tensor");
  if (!c.make(type.getElementType(), {}))
    return failure();
  std::optional<int64_t> count = countElements(type.getShape());
  if (!count || *count > c.maxElements)
    return c.fail("the constant is too large to evaluate");
  HostTensor tensor = HostTensor::from(attr);
  if (!tensor)
    return c.fail("the elements of the constant are not there, or are kept in "
                  "a form that cannot be evaluated");
  return c.set(0, std::move(tensor));
}

static LogicalResult evalConstant(ConstantOp op, In<ConstantOp> in,
                                  RuleContext &c) {
  return setAttribute(c, op.getValue());
}

static LogicalResult evalWeight(WeightOp op, In<WeightOp> in, RuleContext &c) {
  auto type = dyn_cast<RankedTensorType>(op.getType());
  if (!type || !type.hasStaticShape())
    return c.fail("the weight has no static shape");
  if (!c.weights)
    return c.fail("the files of the weights are not open");
  HostTensor tensor = c.make(type.getElementType(), type.getShape());
  if (!tensor)
    return failure();
  auto bytes = c.weights->bytes(op);
  if (failed(bytes))
    return c.fail("the weight cannot be read");
  tensor =
      HostTensor::fromBytes(type.getElementType(), type.getShape(), *bytes);
  if (!tensor)
    return c.fail("the weight does not have as many bytes as its type");
  return c.set(0, std::move(tensor));
}

static LogicalResult evalShape(ShapeOp op, In<ShapeOp> in, RuleContext &c) {
  ArrayRef<int64_t> shape = in.getData()->getShape();
  auto [begin, end] = op.range(in.getData()->getRank());
  return c.set(
      0, HostTensor::vector(op.getContext(), shape.slice(begin, end - begin)));
}

static LogicalResult evalSize(SizeOp op, In<SizeOp> in, RuleContext &c) {
  HostTensor size = c.make(i64(c), {});
  size.setI(0, in.getData()->getNumElements());
  return c.set(0, std::move(size));
}

static LogicalResult evalConstantOfShape(ConstantOfShapeOp op,
                                         In<ConstantOfShapeOp> in,
                                         RuleContext &c) {
  auto shape = c.ints(in.getInput(), "input");
  if (failed(shape))
    return failure();
  HostTensor value;
  if (auto attr = op.getValueAttr()) {
    value = HostTensor::from(attr);
    if (value.getNumElements() != 1)
      return c.fail("'value' must be one number");
  } else {
    value = c.make(Float32Type::get(op.getContext()), {});
  }
  HostTensor y = c.make(value.getElementType(), *shape);
  for (int64_t i = 0; i < y.getNumElements(); ++i)
    copyElement(y, i, value, 0);
  return c.set(0, std::move(y));
}

static LogicalResult evalEyeLike(EyeLikeOp op, In<EyeLikeOp> in,
                                 RuleContext &c) {
  const HostTensor &x = *in.getInput();
  if (x.getRank() != 2)
    return c.fail("the operand must be a matrix");
  HostTensor y =
      c.make(op.getDtype().value_or(x.getElementType()), x.getShape());
  if (!y)
    return failure();
  int64_t columns = x.getDim(1);
  for (int64_t i = 0; i < y.getNumElements(); ++i)
    y.setI(i, i % columns - i / columns == op.getK());
  return c.set(0, std::move(y));
}

static LogicalResult evalRange(RangeOp op, In<RangeOp> in, RuleContext &c) {
  const HostTensor &start = *in.getStart(), &limit = *in.getLimit(),
                   &delta = *in.getDelta();
  for (const HostTensor *x : {&start, &limit, &delta})
    if (x->getNumElements() != 1 ||
        x->getElementType() != start.getElementType())
      return c.fail("start, limit and delta must be one number of one type");
  if (!delta.getB(0))
    return c.fail("delta is 0");

  // The 16-bit floats are computed in f32, as the specification asks.
  Scalar kind = start.getScalar();
  double count;
  if (isFloat(kind)) {
    Scalar stash = kind == Scalar::F64 ? Scalar::F64 : Scalar::F32;
    double span = roundTo(stash, limit.getF(0) - start.getF(0));
    count = std::ceil(roundTo(stash, span / delta.getF(0)));
  } else {
    // 128 bits: the difference of two i64 need not fit in one.
    __int128 span = __int128(limit.getI(0)) - start.getI(0);
    __int128 step = delta.getI(0);
    count =
        span == 0 || (span < 0) != (step < 0)
            ? 0
            : static_cast<double>((span + step + (step < 0 ? 1 : -1)) / step);
  }
  if (!(count <= static_cast<double>(c.maxElements)))
    return c.fail("the range is too long to evaluate");
  HostTensor y = c.make(start.getElementType(),
                        {static_cast<int64_t>(std::max(count, 0.0))});
  for (int64_t i = 0; i < y.getNumElements(); ++i) {
    if (isFloat(kind))
      y.setF(i, start.getF(0) + static_cast<double>(i) * delta.getF(0));
    else
      y.setI(i, static_cast<int64_t>(uint64_t(start.getI(0)) +
                                     uint64_t(i) * uint64_t(delta.getI(0))));
  }
  return c.set(0, std::move(y));
}

static LogicalResult evalOneHot(OneHotOp op, In<OneHotOp> in, RuleContext &c) {
  const HostTensor &indices = *in.getIndices(), &values = *in.getValues();
  if (in.getDepth()->getNumElements() != 1 || values.getNumElements() != 2)
    return c.fail("'depth' must be one number and 'values' two");
  int64_t depth = in.getDepth()->getI(0);
  FailureOr<int64_t> axis = c.axis(op.getAxis(), indices.getRank() + 1);
  if (failed(axis))
    return failure();
  SmallVector<int64_t> shape(indices.getShape());
  shape.insert(shape.begin() + *axis, depth);
  HostTensor y = c.make(values.getElementType(), shape);
  if (!y)
    return failure();
  AxisSplit split(shape, *axis);
  for (int64_t i = 0; i < y.getNumElements(); ++i) {
    int64_t inner = i % split.inner, place = i / split.inner % depth;
    int64_t outer = i / split.inner / depth;
    int64_t index = indices.getI(outer * split.inner + inner);
    bool hot = index == place || (index < 0 && index + depth == place);
    copyElement(y, i, values, hot);
  }
  return c.set(0, std::move(y));
}

static LogicalResult evalNonZero(NonZeroOp op, In<NonZeroOp> in,
                                 RuleContext &c) {
  const HostTensor &x = *in.getX();
  SmallVector<int64_t> found;
  for (int64_t i = 0; i < x.getNumElements(); ++i)
    if (x.getB(i))
      found.push_back(i);
  HostTensor y =
      c.make(i64(c), {x.getRank(), static_cast<int64_t>(found.size())});
  if (!y)
    return failure();
  SmallVector<int64_t> strides = stridesOf(x.getShape());
  for (int64_t d = 0; d < x.getRank(); ++d)
    for (auto [column, flat] : llvm::enumerate(found))
      y.setI(d * found.size() + column, flat / strides[d] % x.getDim(d));
  return c.set(0, std::move(y));
}

void blockattn::onnx::addCreationRules(RuleTable &t) {
  t.add<ConstantOp>(evalConstant);
  t.add<WeightOp>(evalWeight);
  t.add<ShapeOp>(evalShape);
  t.add<SizeOp>(evalSize);
  t.add<ConstantOfShapeOp>(evalConstantOfShape);
  t.add<EyeLikeOp>(evalEyeLike);
  t.add<RangeOp>(evalRange);
  t.add<OneHotOp>(evalOneHot);
  t.add<NonZeroOp>(evalNonZero);
}

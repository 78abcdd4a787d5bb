//===- RulesNorm.cpp - layer and RMS normalization ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Rows are reduced once (RMS) or twice (mean, then variance about it), the
// reciprocal root is computed once a row, and one pass over the elements
// writes the result. All of it in f32 at least.
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/Lowering.h"

using namespace mlir;
using namespace blockattn;

namespace {
/// The rows of a normalization: all that the dimensions from `axis` on make.
struct Rows {
  Rows(Value original, int64_t axis, Lowering &l) : l(l) {
    x = l.get(original);
    auto type = cast<RankedTensorType>(x.getType());
    rank = type.getRank();
    this->axis = axis < 0 ? axis + rank : axis;
    element = type.getElementType();
    // f64 stays; 16-bit floats are computed in f32.
    acc = element.getIntOrFloatBitWidth() < 32 ? l.b.getF32Type() : element;
    sizes = l.sizes(original);
    outer.assign(sizes.begin(), sizes.begin() + this->axis);
    SmallVector<AffineExpr> results;
    for (int64_t i = 0; i < this->axis; ++i)
      results.push_back(l.b.getAffineDimExpr(i));
    rowMap = AffineMap::get(rank, 0, results, l.b.getContext());
    Value length = arith::IndexCastOp::create(
        l.b, l.loc, l.b.getI64Type(),
        l.toValue(l.product(ArrayRef(sizes).drop_front(this->axis))));
    count = arith::SIToFPOp::create(l.b, l.loc, acc, length);
  }

  /// The mean over each row of what `body` makes of its elements.
  Value
  mean(ArrayRef<Value> perRow,
       llvm::function_ref<Value(OpBuilder &, Location, ValueRange)> body) {
    SmallVector<Value> inputs = {x};
    SmallVector<AffineMap> maps = {l.identity(rank)};
    for (Value value : perRow) {
      inputs.push_back(value);
      maps.push_back(rowMap);
    }
    maps.push_back(rowMap);
    SmallVector<utils::IteratorType> iterators(rank,
                                               utils::IteratorType::reduction);
    std::fill_n(iterators.begin(), axis, utils::IteratorType::parallel);
    Value sum =
        l.generic(inputs, {l.filled(outer, l.zero(acc))}, maps, iterators,
                  [&](OpBuilder &b, Location loc,
                      ValueRange v) -> SmallVector<Value> {
                    SmallVector<Value> operands(v.drop_back());
                    operands[0] =
                        Lowering::convertFloat(b, loc, operands[0], acc);
                    return {arith::AddFOp::create(b, loc, v.back(),
                                                  body(b, loc, operands))};
                  })
            .front();
    return l.generic({sum}, {l.identity(axis)}, outer, acc,
                     [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
                       return arith::DivFOp::create(b, loc, v[0], count);
                     });
  }

  /// 1 / sqrt(value + epsilon)
  Value reciprocalRoot(Value value, double epsilon) {
    return l.generic(
        {value}, {l.identity(axis)}, outer, acc,
        [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
          Value sum = arith::AddFOp::create(b, loc, v[0],
                                            l.floatConstant(b, acc, epsilon));
          return arith::DivFOp::create(b, loc, l.floatConstant(b, acc, 1),
                                       math::SqrtOp::create(b, loc, sum));
        });
  }

  /// A result with 1 for the dimensions of a row, in the type it is declared.
  Value withUnitDims(Value perRow, Value original) {
    Type to = l.resultType(original).getElementType();
    Value converted =
        l.generic({perRow}, {l.identity(axis)}, outer, to,
                  [&](OpBuilder &b, Location loc, ValueRange v) {
                    return Lowering::convertFloat(b, loc, v[0], to);
                  });
    SmallVector<OpFoldResult> to_sizes(outer);
    to_sizes.resize(rank, l.b.getIndexAttr(1));
    SmallVector<AffineExpr> exprs(l.exprs(original));
    return l.reshape(converted, ArrayRef(exprs).take_front(axis), exprs,
                     to_sizes);
  }

  Lowering &l;
  Value x, count;
  int64_t rank, axis;
  Type element, acc;
  SmallVector<OpFoldResult> sizes, outer;
  AffineMap rowMap;
};
} // namespace

/// A scale or bias, to be read with `Lowering::broadcastMap`. A dimension that
/// may be 1 or that of the rows is seen at run time; then it is repeated.
static Value fitToRows(Value vector, const Rows &rows, Value x) {
  Lowering &l = rows.l;
  Value tensor = l.get(vector);
  int64_t rank = cast<RankedTensorType>(tensor.getType()).getRank();
  SmallVector<OpFoldResult> from = l.sizes(vector);
  ArrayRef<OpFoldResult> to = ArrayRef(rows.sizes).take_back(rank);
  ArrayRef<AffineExpr> known = l.exprs(vector), wanted = l.exprs(x);
  bool isCertain = true;
  for (int64_t i = 0; i < rank; ++i) {
    if (Lowering::constant(from[i]) == 1 || Lowering::same(from[i], to[i]) ||
        (static_cast<int64_t>(known.size()) == rank &&
         static_cast<int64_t>(wanted.size()) == rows.rank &&
         l.shapes.provenEqual(known[i], wanted.take_back(rank)[i])))
      continue;
    isCertain = false;
    auto is = [&](OpFoldResult size) -> Value {
      return arith::CmpIOp::create(l.b, l.loc, arith::CmpIPredicate::eq,
                                   l.toValue(from[i]), l.toValue(size));
    };
    l.check(
        arith::OrIOp::create(l.b, l.loc, is(l.b.getIndexAttr(1)), is(to[i])),
        BA_KERNEL_FAIL_SHAPE,
        "dimension " + Twine(i) +
            " of its scale or bias is neither 1 nor that of the operand");
  }
  return isCertain ? tensor : l.broadcastTensor(tensor, from, to);
}

static LogicalResult checkTypes(Operation *op, Value x, Lowering &l,
                                std::string &why) {
  auto type = dyn_cast<RankedTensorType>(l.get(x).getType());
  if (type && isa<FloatType>(type.getElementType()) && type.getRank() > 0)
    return success();
  why = "its operand must be a tensor of floats of a known rank";
  return failure();
}

static LogicalResult lowerRMSNormalization(onnx::RMSNormalizationOp op,
                                           Lowering &l, std::string &why) {
  if (failed(checkTypes(op, op.getX(), l, why)))
    return failure();
  Rows rows(op.getX(), op.getAxis(), l);
  Value square =
      rows.mean({}, [](OpBuilder &b, Location loc, ValueRange v) -> Value {
        return arith::MulFOp::create(b, loc, v[0], v[0]);
      });
  Value root = rows.reciprocalRoot(square, op.getEpsilon().convertToFloat());
  Value scale = fitToRows(op.getScale(), rows, op.getX());
  AffineMap scaleMap =
      l.broadcastMap(cast<RankedTensorType>(scale.getType()), rows.sizes);
  l.set(op.getY(),
        l.generic({rows.x, root, scale},
                  {l.identity(rows.rank), rows.rowMap, scaleMap}, rows.sizes,
                  rows.element, [&](OpBuilder &b, Location loc, ValueRange v) {
                    Value x = Lowering::convertFloat(b, loc, v[0], rows.acc);
                    Value w = Lowering::convertFloat(b, loc, v[2], rows.acc);
                    x = arith::MulFOp::create(b, loc, x, v[1]);
                    x = arith::MulFOp::create(b, loc, x, w);
                    return Lowering::convertFloat(b, loc, x, rows.element);
                  }));
  return success();
}

static LogicalResult lowerLayerNormalization(onnx::LayerNormalizationOp op,
                                             Lowering &l, std::string &why) {
  if (failed(checkTypes(op, op.getX(), l, why)))
    return failure();
  Rows rows(op.getX(), op.getAxis(), l);
  Value mean =
      rows.mean({}, [](OpBuilder &, Location, ValueRange v) { return v[0]; });
  Value variance =
      rows.mean({mean}, [](OpBuilder &b, Location loc, ValueRange v) -> Value {
        Value d = arith::SubFOp::create(b, loc, v[0], v[1]);
        return arith::MulFOp::create(b, loc, d, d);
      });
  Value root = rows.reciprocalRoot(variance, op.getEpsilon().convertToFloat());
  SmallVector<Value> inputs = {rows.x, mean, root,
                               fitToRows(op.getScale(), rows, op.getX())};
  SmallVector<AffineMap> maps = {l.identity(rows.rank), rows.rowMap,
                                 rows.rowMap};
  if (op.getB())
    inputs.push_back(fitToRows(op.getB(), rows, op.getX()));
  for (Value value : ArrayRef(inputs).drop_front(3))
    maps.push_back(
        l.broadcastMap(cast<RankedTensorType>(value.getType()), rows.sizes));
  l.set(op.getY(),
        l.generic(inputs, maps, rows.sizes, rows.element,
                  [&](OpBuilder &b, Location loc, ValueRange v) {
                    auto wide = [&](Value value) {
                      return Lowering::convertFloat(b, loc, value, rows.acc);
                    };
                    Value x = arith::SubFOp::create(b, loc, wide(v[0]), v[1]);
                    x = arith::MulFOp::create(b, loc, x, v[2]);
                    x = arith::MulFOp::create(b, loc, x, wide(v[3]));
                    if (v.size() > 4)
                      x = arith::AddFOp::create(b, loc, x, wide(v[4]));
                    return Lowering::convertFloat(b, loc, x, rows.element);
                  }));
  if (op.getMean())
    l.set(op.getMean(), rows.withUnitDims(mean, op.getMean()));
  if (op.getInvStdDev())
    l.set(op.getInvStdDev(), rows.withUnitDims(root, op.getInvStdDev()));
  return success();
}

void blockattn::populateNormRules(LoweringRules &rules) {
  rules.add<onnx::RMSNormalizationOp>(lowerRMSNormalization);
  rules.add<onnx::LayerNormalizationOp>(lowerLayerNormalization);
}

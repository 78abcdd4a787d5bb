//===- RulesReduction.cpp - reductions, norms, softmax --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/RuntimeAxes.h"

#include "llvm/ADT/APFloat.h"

#include <cmath>

using namespace mlir;
using namespace blockattn;

using Combine =
    llvm::function_ref<Value(OpBuilder &, Location, Value acc, ValueRange)>;

/// The map of a tensor that lacks the dimensions `axes` of the loops.
static AffineMap mapWithout(Lowering &l, int64_t rank, ArrayRef<int64_t> axes) {
  SmallVector<AffineExpr> results;
  for (int64_t i = 0; i < rank; ++i)
    if (!llvm::is_contained(axes, i))
      results.push_back(l.b.getAffineDimExpr(i));
  return AffineMap::get(rank, 0, results, l.b.getContext());
}

/// Reduces `inputs` (read through `maps` over `sizes`) along `axes`, which
/// disappear.
static Value reduce(Lowering &l, ArrayRef<Value> inputs,
                    ArrayRef<AffineMap> maps, ArrayRef<OpFoldResult> sizes,
                    ArrayRef<int64_t> axes, TypedAttr init, Combine combine) {
  int64_t rank = sizes.size();
  SmallVector<OpFoldResult> kept;
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  for (int64_t i = 0; i < rank; ++i)
    if (!llvm::is_contained(axes, i))
      kept.push_back(sizes[i]);
    else
      iterators[i] = utils::IteratorType::reduction;
  SmallVector<AffineMap> allMaps(maps);
  allMaps.push_back(mapWithout(l, rank, axes));
  return l
      .generic(inputs, {l.filled(kept, init)}, allMaps, iterators,
               [&](OpBuilder &builder, Location loc,
                   ValueRange v) -> SmallVector<Value> {
                 return {combine(builder, loc, v.back(), v.drop_back())};
               })
      .front();
}

/// 16-bit floats are summed in f32.
static Type accumulatorType(Type type) {
  auto real = dyn_cast<FloatType>(type);
  return real && real.getWidth() < 32 ? Float32Type::get(type.getContext())
                                      : type;
}

static Value addValues(OpBuilder &b, Location loc, Value x, Value y) {
  if (isa<FloatType>(x.getType()))
    return arith::AddFOp::create(b, loc, x, y);
  return arith::AddIOp::create(b, loc, x, y);
}
static Value mulValues(OpBuilder &b, Location loc, Value x, Value y) {
  if (isa<FloatType>(x.getType()))
    return arith::MulFOp::create(b, loc, x, y);
  return arith::MulIOp::create(b, loc, x, y);
}

/// Puts dimensions of 1 in place of the reduced ones.
static Value keepDims(Lowering &l, Value reduced, ArrayRef<int64_t> axes,
                      ArrayRef<AffineExpr> exprs,
                      ArrayRef<OpFoldResult> sizes) {
  SmallVector<AffineExpr> from, to;
  SmallVector<OpFoldResult> toSizes;
  for (auto [i, size] : llvm::enumerate(sizes)) {
    bool gone = llvm::is_contained(axes, static_cast<int64_t>(i));
    toSizes.push_back(gone ? OpFoldResult(l.b.getIndexAttr(1)) : size);
    if (exprs.empty())
      continue;
    to.push_back(gone ? l.b.getAffineConstantExpr(1) : exprs[i]);
    if (!gone)
      from.push_back(exprs[i]);
  }
  return l.reshape(reduced, from, to, toSizes);
}

//===----------------------------------------------------------------------===//
// Reduce*
//===----------------------------------------------------------------------===//

namespace {
enum class Reduction { L1, L2, Max, Mean, Min, Prod, Sum, SumSquare };
} // namespace

static TypedAttr initialValue(Lowering &l, Reduction kind, Type type,
                              bool isUnsigned) {
  bool greatest = kind == Reduction::Min;
  if (kind == Reduction::Prod)
    return isa<FloatType>(type) ? TypedAttr(l.b.getFloatAttr(type, 1))
                                : TypedAttr(l.b.getIntegerAttr(type, 1));
  if (kind != Reduction::Max && kind != Reduction::Min)
    return l.zero(type);
  if (auto real = dyn_cast<FloatType>(type))
    return FloatAttr::get(real,
                          APFloat::getInf(real.getFloatSemantics(), !greatest));
  unsigned width = type.getIntOrFloatBitWidth();
  if (isUnsigned)
    return IntegerAttr::get(type, greatest ? APInt::getMaxValue(width)
                                           : APInt::getZero(width));
  return IntegerAttr::get(type, greatest ? APInt::getSignedMaxValue(width)
                                         : APInt::getSignedMinValue(width));
}

static Value combineReduction(Reduction kind, OpBuilder &b, Location loc,
                              Value acc, Value x, bool isUnsigned) {
  bool isFloat = isa<FloatType>(x.getType());
  switch (kind) {
  case Reduction::L1:
    if (isFloat)
      x = math::AbsFOp::create(b, loc, x);
    else if (!isUnsigned)
      x = math::AbsIOp::create(b, loc, x);
    return addValues(b, loc, acc, x);
  case Reduction::L2:
  case Reduction::SumSquare:
    return addValues(b, loc, acc, mulValues(b, loc, x, x));
  case Reduction::Mean:
  case Reduction::Sum:
    return addValues(b, loc, acc, x);
  case Reduction::Prod:
    return mulValues(b, loc, acc, x);
  case Reduction::Max:
    if (isFloat)
      return arith::MaximumFOp::create(b, loc, acc, x);
    if (isUnsigned)
      return arith::MaxUIOp::create(b, loc, acc, x);
    return arith::MaxSIOp::create(b, loc, acc, x);
  case Reduction::Min:
    if (isFloat)
      return arith::MinimumFOp::create(b, loc, acc, x);
    if (isUnsigned)
      return arith::MinUIOp::create(b, loc, acc, x);
    return arith::MinSIOp::create(b, loc, acc, x);
  }
  llvm_unreachable("all reductions are handled");
}

/// For each dimension whether it is reduced, where the axes are data.
static SmallVector<Value> reducedDims(Lowering &l, Value axes, int64_t rank,
                                      bool noneMeansNone) {
  Value count = l.toValue(l.sizesOf(axes)[0]);
  SmallVector<Value> along = spreadAxes(l, axes, count, rank).named;
  if (noneMeansNone)
    return along;
  Value none = arith::CmpIOp::create(l.b, l.loc, arith::CmpIPredicate::eq,
                                     count, l.index(0));
  for (Value &reduced : along)
    reduced = arith::OrIOp::create(l.b, l.loc, reduced, none);
  return along;
}

template <typename OpT, Reduction kind>
static LogicalResult lowerReduce(OpT op, Lowering &l, std::string &why) {
  Value data = l.get(op.getData());
  auto type = dyn_cast<RankedTensorType>(data.getType());
  if (!type || !type.getElementType().isIntOrFloat()) {
    why = "its operand's type is not supported";
    return failure();
  }
  int64_t rank = type.getRank();
  SmallVector<int64_t> axes;
  bool areConstant = true;
  if (op.getAxes()) {
    std::optional<SmallVector<int64_t>> known =
        l.shapes.constantContents(op.getAxes());
    areConstant = known.has_value();
    for (int64_t axis : known.value_or(SmallVector<int64_t>()))
      axes.push_back(axis < 0 ? axis + rank : axis);
  }
  RankedTensorType resultType = l.resultType(op.getReduced());
  if (!areConstant && !op.getKeepdims() && !resultType) {
    why = "the number of its axes is not known";
    return failure();
  }
  if (areConstant && axes.empty() && !op.getNoopWithEmptyAxes())
    axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));

  Type element = type.getElementType(), acc = accumulatorType(element);
  Type given = l.shapes.elementType(op.getData());
  bool isUnsigned = given.isUnsignedInteger() || given.isInteger(1);
  SmallVector<OpFoldResult> sizes = l.sizes(op.getData());
  TypedAttr init = initialValue(l, kind, acc, isUnsigned);
  auto combine = [&](OpBuilder &b, Location loc, Value sum, Value x) -> Value {
    if (isa<FloatType>(acc))
      x = Lowering::convertFloat(b, loc, x, acc);
    return combineReduction(kind, b, loc, sum, x, isUnsigned);
  };
  Value result;
  // Where the axes are data: whether each dimension is reduced.
  SmallVector<Value> along;
  if (areConstant) {
    result = reduce(l, {data}, {l.identity(rank)}, sizes, axes, init,
                    [&](OpBuilder &b, Location loc, Value sum, ValueRange v) {
                      return combine(b, loc, sum, v[0]);
                    });
  } else {
    along = reducedDims(l, l.get(op.getAxes()), rank,
                        op.getNoopWithEmptyAxes() != 0);
    result = reduceAlong(l, data, sizes, along, init, combine);
  }
  if (kind == Reduction::Mean || kind == Reduction::L2 || acc != element) {
    OpFoldResult count = l.b.getIndexAttr(1);
    for (int64_t axis : axes)
      count = l.mul(count, sizes[axis]);
    for (auto [reduced, size] : llvm::zip(along, sizes))
      count = l.mul(count, arith::SelectOp::create(l.b, l.loc, reduced,
                                                   l.toValue(size), l.index(1))
                               .getResult());
    Value number;
    if (kind == Reduction::Mean) {
      number = arith::IndexCastOp::create(l.b, l.loc, l.b.getI64Type(),
                                          l.toValue(count));
      if (isa<FloatType>(acc))
        number = arith::SIToFPOp::create(l.b, l.loc, acc, number);
      else if (acc != l.b.getI64Type())
        number = arith::TruncIOp::create(l.b, l.loc, acc, number);
    }
    SmallVector<OpFoldResult> kept = l.sizesOf(result);
    result = l.generic(
        {result}, {l.identity(kept.size())}, kept, element,
        [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
          Value x = v[0];
          if (kind == Reduction::Mean) {
            if (isa<FloatType>(acc)) {
              x = arith::DivFOp::create(b, loc, x, number);
            } else {
              // Of no elements there is no mean; 0 is as good as any.
              Value one =
                  arith::ConstantOp::create(b, loc, b.getIntegerAttr(acc, 1));
              Value divisor = arith::MaxSIOp::create(b, loc, number, one);
              x = isUnsigned
                      ? Value(arith::DivUIOp::create(b, loc, x, divisor))
                      : Value(arith::DivSIOp::create(b, loc, x, divisor));
            }
          }
          if (kind == Reduction::L2) {
            if (isa<FloatType>(acc)) {
              x = math::SqrtOp::create(b, loc, x);
            } else {
              Value real = arith::SIToFPOp::create(b, loc, b.getF64Type(), x);
              x = arith::FPToSIOp::create(b, loc, acc,
                                          math::SqrtOp::create(b, loc, real));
            }
          }
          return isa<FloatType>(acc)
                     ? Lowering::convertFloat(b, loc, x, element)
                     : x;
        });
  }
  if (!areConstant) {
    if (!op.getKeepdims())
      result = l.reshape(result, {}, {},
                         remainingSizes(l, sizes, along, resultType.getRank()));
    l.setChecked(op.getReduced(), result);
    return success();
  }
  if (op.getKeepdims())
    result = keepDims(l, result, axes, l.exprs(op.getData()), sizes);
  l.set(op.getReduced(), result);
  return success();
}

//===----------------------------------------------------------------------===//
// ArgMax, ArgMin
//===----------------------------------------------------------------------===//

template <typename OpT, bool greatest>
static LogicalResult lowerArg(OpT op, Lowering &l, std::string &why) {
  Value data = l.get(op.getData());
  auto type = dyn_cast<RankedTensorType>(data.getType());
  if (!type || !type.getElementType().isIntOrFloat() || type.getRank() == 0) {
    why = "its operand's type is not supported";
    return failure();
  }
  int64_t rank = type.getRank();
  int64_t axis = op.getAxis() < 0 ? op.getAxis() + rank : op.getAxis();
  Type element = type.getElementType();
  bool isUnsigned = l.shapes.elementType(op.getData()).isUnsignedInteger();
  SmallVector<OpFoldResult> sizes = l.sizes(op.getData()), kept;
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  iterators[axis] = utils::IteratorType::reduction;
  for (int64_t i = 0; i < rank; ++i)
    if (i != axis)
      kept.push_back(sizes[i]);
  Value best =
      l.filled(kept, initialValue(l, greatest ? Reduction::Max : Reduction::Min,
                                  element, isUnsigned));
  Value place = l.filled(kept, l.b.getI64IntegerAttr(0));
  AffineMap without = mapWithout(l, rank, axis);
  bool last = op.getSelectLastIndex();
  Value result = l.generic(
      {data}, {best, place}, {l.identity(rank), without, without}, iterators,
      [&](OpBuilder &b, Location loc, ValueRange v) -> SmallVector<Value> {
        Value at = arith::IndexCastOp::create(
            b, loc, b.getI64Type(), linalg::IndexOp::create(b, loc, axis));
        Value better;
        if (isa<FloatType>(element)) {
          auto predicate = greatest ? (last ? arith::CmpFPredicate::OGE
                                            : arith::CmpFPredicate::OGT)
                                    : (last ? arith::CmpFPredicate::OLE
                                            : arith::CmpFPredicate::OLT);
          better = arith::CmpFOp::create(b, loc, predicate, v[0], v[1]);
        } else {
          auto s = greatest ? (last ? arith::CmpIPredicate::sge
                                    : arith::CmpIPredicate::sgt)
                            : (last ? arith::CmpIPredicate::sle
                                    : arith::CmpIPredicate::slt);
          auto u = greatest ? (last ? arith::CmpIPredicate::uge
                                    : arith::CmpIPredicate::ugt)
                            : (last ? arith::CmpIPredicate::ule
                                    : arith::CmpIPredicate::ult);
          better =
              arith::CmpIOp::create(b, loc, isUnsigned ? u : s, v[0], v[1]);
        }
        // The first one stands until a better one comes, even if it is no
        // number.
        Value isFirst = arith::CmpIOp::create(
            b, loc, arith::CmpIPredicate::eq, at,
            arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(0)));
        better = arith::OrIOp::create(b, loc, better, isFirst);
        return {arith::SelectOp::create(b, loc, better, v[0], v[1]),
                arith::SelectOp::create(b, loc, better, at, v[2])};
      })[1];
  if (op.getKeepdims())
    result = keepDims(l, result, axis, l.exprs(op.getData()), sizes);
  l.set(op.getReduced(), result);
  return success();
}

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

static LogicalResult lowerSoftmaxLike(Value input, Value output, int64_t axis,
                                      bool logarithm, Lowering &l) {
  Value x = l.get(input);
  auto type = cast<RankedTensorType>(x.getType());
  int64_t rank = type.getRank();
  axis = axis < 0 ? axis + rank : axis;
  Type element = type.getElementType(), acc = accumulatorType(element);
  SmallVector<OpFoldResult> sizes = l.sizes(input);
  AffineMap all = l.identity(rank), rows = mapWithout(l, rank, axis);
  Value greatest = reduce(
      l, {x}, {all}, sizes, axis, initialValue(l, Reduction::Max, acc, false),
      [&](OpBuilder &b, Location loc, Value m, ValueRange v) -> Value {
        return arith::MaximumFOp::create(
            b, loc, m, Lowering::convertFloat(b, loc, v[0], acc));
      });
  auto shifted = [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
    return arith::SubFOp::create(
        b, loc, Lowering::convertFloat(b, loc, v[0], acc), v[1]);
  };
  if (logarithm) {
    Value sum = reduce(
        l, {x, greatest}, {all, rows}, sizes, axis, l.zero(acc),
        [&](OpBuilder &b, Location loc, Value s, ValueRange v) -> Value {
          return arith::AddFOp::create(
              b, loc, s, math::ExpOp::create(b, loc, shifted(b, loc, v)));
        });
    l.set(
        output,
        l.generic({x, greatest, sum}, {all, rows, rows}, sizes, element,
                  [&](OpBuilder &b, Location loc, ValueRange v) {
                    Value log = math::LogOp::create(b, loc, v[2]);
                    return Lowering::convertFloat(
                        b, loc,
                        arith::SubFOp::create(b, loc, shifted(b, loc, v), log),
                        element);
                  }));
    return success();
  }
  Value e = l.generic({x, greatest}, {all, rows}, sizes, acc,
                      [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
                        return math::ExpOp::create(b, loc, shifted(b, loc, v));
                      });
  Value sum =
      reduce(l, {e}, {all}, sizes, axis, l.zero(acc),
             [&](OpBuilder &b, Location loc, Value s, ValueRange v) -> Value {
               return arith::AddFOp::create(b, loc, s, v[0]);
             });
  l.set(output, l.generic({e, sum}, {all, rows}, sizes, element,
                          [&](OpBuilder &b, Location loc, ValueRange v) {
                            return Lowering::convertFloat(
                                b, loc,
                                arith::DivFOp::create(b, loc, v[0], v[1]),
                                element);
                          }));
  return success();
}

static LogicalResult lowerSoftmax(onnx::SoftmaxOp op, Lowering &l,
                                  std::string &) {
  return lowerSoftmaxLike(op.getInput(), op.getOutput(), op.getAxis(), false,
                          l);
}
static LogicalResult lowerLogSoftmax(onnx::LogSoftmaxOp op, Lowering &l,
                                     std::string &) {
  return lowerSoftmaxLike(op.getInput(), op.getOutput(), op.getAxis(), true, l);
}

void blockattn::populateReductionRules(LoweringRules &rules) {
  using namespace blockattn::onnx;
  rules.add<ReduceL1Op>(lowerReduce<ReduceL1Op, Reduction::L1>);
  rules.add<ReduceL2Op>(lowerReduce<ReduceL2Op, Reduction::L2>);
  rules.add<ReduceMaxOp>(lowerReduce<ReduceMaxOp, Reduction::Max>);
  rules.add<ReduceMeanOp>(lowerReduce<ReduceMeanOp, Reduction::Mean>);
  rules.add<ReduceMinOp>(lowerReduce<ReduceMinOp, Reduction::Min>);
  rules.add<ReduceProdOp>(lowerReduce<ReduceProdOp, Reduction::Prod>);
  rules.add<ReduceSumOp>(lowerReduce<ReduceSumOp, Reduction::Sum>);
  rules.add<ReduceSumSquareOp>(
      lowerReduce<ReduceSumSquareOp, Reduction::SumSquare>);
  rules.add<ArgMaxOp>(lowerArg<ArgMaxOp, true>);
  rules.add<ArgMinOp>(lowerArg<ArgMinOp, false>);
  rules.add<SoftmaxOp>(lowerSoftmax);
  rules.add<LogSoftmaxOp>(lowerLogSoftmax);
}

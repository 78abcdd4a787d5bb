//===- RulesConversion.cpp - conversions of elements ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/ScalarBuilder.h"

#include "llvm/ADT/APFloat.h"
#include <cmath>

using namespace mlir;
using namespace blockattn;

/// Float to integer: towards zero, what does not fit becomes the nearest
/// number that does, and not-a-number becomes 0. (ONNX leaves these open; a
/// plain conversion would be poison.)
static Value castToInt(OpBuilder &builder, Location loc, Value value,
                       IntegerType to, bool isUnsigned) {
  auto from = cast<FloatType>(value.getType());
  unsigned width = to.getWidth();
  auto bound = [&](const APInt &integer) -> Value {
    APFloat real(from.getFloatSemantics());
    real.convertFromAPInt(integer, !isUnsigned, APFloat::rmTowardZero);
    if (!real.isFinite())
      real = APFloat::getLargest(from.getFloatSemantics(), real.isNegative());
    return arith::ConstantOp::create(builder, loc, FloatAttr::get(from, real));
  };
  APInt least =
      isUnsigned ? APInt::getZero(width) : APInt::getSignedMinValue(width);
  APInt greatest =
      isUnsigned ? APInt::getMaxValue(width) : APInt::getSignedMaxValue(width);
  // maxnum and minnum drop what is not a number; it is told apart first.
  Value isNumber = arith::CmpFOp::create(
      builder, loc, arith::CmpFPredicate::ORD, value, value);
  Value zero =
      arith::ConstantOp::create(builder, loc, builder.getZeroAttr(from));
  Value number = arith::SelectOp::create(builder, loc, isNumber, value, zero);
  number = arith::MaximumFOp::create(builder, loc, number, bound(least));
  number = arith::MinimumFOp::create(builder, loc, number, bound(greatest));
  if (isUnsigned)
    return arith::FPToUIOp::create(builder, loc, to, number);
  return arith::FPToSIOp::create(builder, loc, to, number);
}

/// From and to what is kept as bytes, by way of f32 or i8.
static Value convertNarrow(OpBuilder &builder, Location loc, Value value,
                           Type from, Type to, onnx::CastMode mode) {
  MLIRContext *context = from.getContext();
  Type f32 = Float32Type::get(context);
  if (isNarrow(from)) {
    if (auto real = dyn_cast<FloatType>(from))
      return convertElement(builder, loc,
                            widenNarrowFloat(builder, loc, value, real), f32,
                            to, mode);
    auto byte =
        IntegerType::get(context, 8,
                         from.isUnsignedInteger() ? IntegerType::Unsigned
                                                  : IntegerType::Signless);
    return convertElement(builder, loc, value, byte, to, mode);
  }
  if (auto real = dyn_cast<FloatType>(to))
    return makeNarrowFloat(builder, loc,
                           convertElement(builder, loc, value, from, f32), real,
                           mode);
  // What a few bits don't hold keeps its lowest ones.
  if (isa<FloatType>(from)) {
    Type i32 = IntegerType::get(context, 32);
    value = convertElement(builder, loc, value, from, i32);
    from = i32;
  }
  Type i8 = IntegerType::get(context, 8);
  return makeNarrowInt(builder, loc,
                       convertElement(builder, loc, value, from, i8),
                       cast<IntegerType>(to));
}

Value blockattn::convertElement(OpBuilder &builder, Location loc, Value value,
                                Type from, Type to, onnx::CastMode mode) {
  if (from == to)
    return value;
  if (isNarrow(from) || isNarrow(to))
    return convertNarrow(builder, loc, value, from, to, mode);
  bool fromBool = from.isInteger(1), toBool = to.isInteger(1);
  bool fromUnsigned = from.isUnsignedInteger() || fromBool;
  Type target = Lowering::convertElementType(to);
  if (toBool) {
    Value zero = arith::ConstantOp::create(
        builder, loc, builder.getZeroAttr(value.getType()));
    if (isa<FloatType>(from))
      return arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::UNE,
                                   value, zero);
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, value,
                                 zero);
  }
  if (isa<FloatType>(from)) {
    if (isa<FloatType>(to))
      return Lowering::convertFloat(builder, loc, value, target);
    Type wide = computeType(from);
    return castToInt(builder, loc,
                     Lowering::convertFloat(builder, loc, value, wide),
                     cast<IntegerType>(target), to.isUnsignedInteger());
  }
  if (isa<FloatType>(to)) {
    if (fromUnsigned)
      return arith::UIToFPOp::create(builder, loc, target, value);
    return arith::SIToFPOp::create(builder, loc, target, value);
  }
  unsigned fromWidth = from.getIntOrFloatBitWidth();
  unsigned toWidth = target.getIntOrFloatBitWidth();
  if (toWidth < fromWidth)
    return arith::TruncIOp::create(builder, loc, target, value);
  if (toWidth == fromWidth)
    return value;
  if (fromUnsigned)
    return arith::ExtUIOp::create(builder, loc, target, value);
  return arith::ExtSIOp::create(builder, loc, target, value);
}

static LogicalResult lowerConversion(Operation *op, onnx::CastMode mode,
                                     Lowering &l, std::string &why) {
  Type from = l.shapes.elementType(op->getOperand(0));
  Type to = l.shapes.elementType(op->getResult(0));
  // Floats of 6 bits, which the evaluator does not know either, have no table.
  auto supported = [](Type type) {
    return Lowering::convertElementType(type) &&
           onnx::scalarOf(type) != onnx::Scalar::None;
  };
  if (!supported(from) || !supported(to)) {
    why = "it converts to or from a type that is not supported";
    return failure();
  }
  FailureOr<Value> result =
      l.elementwise(op->getOperand(0), Lowering::convertElementType(to),
                    [&](OpBuilder &builder, Location loc, ValueRange x) {
                      return convertElement(builder, loc, x[0], from, to, mode);
                    });
  if (failed(result))
    return failure();
  l.set(op->getResult(0), *result);
  return success();
}

static LogicalResult lowerCast(onnx::CastOp op, Lowering &l, std::string &why) {
  return lowerConversion(op, {op.getSaturate() != 0, op.getRoundMode()}, l,
                         why);
}
static LogicalResult lowerCastLike(onnx::CastLikeOp op, Lowering &l,
                                   std::string &why) {
  return lowerConversion(op, {op.getSaturate() != 0, op.getRoundMode()}, l,
                         why);
}

//===----------------------------------------------------------------------===//
// DequantizeLinear, QuantizeLinear
//===----------------------------------------------------------------------===//

namespace {
/// One scale, one for each place of an axis, or one for each block of places of
/// an axis; the zero points likewise.
class Scales {
public:
  /// Fails with a reason; what only the run can tell is checked there.
  template <typename OpT>
  LogicalResult match(OpT op, Value x, Value scaleOf, Value zeroOf, Lowering &l,
                      std::string &why);
  /// The element of a scale or zero point for the element at hand.
  Value read(OpBuilder &b, Location loc, Value tensor) const;

  Value scale, zero;
  Type scaleType, zeroType;

private:
  bool single;
  int64_t axis, block;
};
} // namespace

template <typename OpT>
LogicalResult Scales::match(OpT op, Value x, Value scaleOf, Value zeroOf,
                            Lowering &l, std::string &why) {
  scale = l.get(scaleOf);
  scaleType = l.shapes.elementType(scaleOf);
  zero = zeroOf ? l.get(zeroOf) : Value();
  zeroType = zeroOf ? l.shapes.elementType(zeroOf) : Type();
  SmallVector<OpFoldResult> sizes = l.sizes(x), scaleSizes = l.sizes(scaleOf);
  int64_t rank = sizes.size(), scaleRank = scaleSizes.size();
  axis = op.getAxis() < 0 ? op.getAxis() + rank : op.getAxis();
  block = op.getBlockSize();
  single = scaleRank == 0 ||
           (scaleRank == 1 && Lowering::constant(scaleSizes[0]) == 1);
  if (!single &&
      (axis < 0 || axis >= rank || scaleRank != (block > 0 ? rank : 1))) {
    why = "its scale has neither one element, nor one dimension, nor (with a "
          "block size) those of the operand";
    return failure();
  }
  for (int64_t i = 0; i < scaleRank && !single; ++i) {
    int64_t at = block > 0 ? i : axis;
    OpFoldResult expected = sizes[at];
    if (block > 0 && i == axis) {
      Value last = l.toValue(l.add(expected, l.b.getIndexAttr(block - 1)));
      expected =
          arith::DivUIOp::create(l.b, l.loc, last, l.index(block)).getResult();
    }
    l.checkEqual(scaleSizes[i], expected,
                 "the scale does not fit dimension " + Twine(at));
  }
  if (zero && !single)
    for (auto [given, expected] : llvm::zip(l.sizes(zeroOf), scaleSizes))
      l.checkEqual(given, expected, "scale and zero point differ in shape");
  return success();
}

Value Scales::read(OpBuilder &b, Location loc, Value tensor) const {
  int64_t dims = cast<RankedTensorType>(tensor.getType()).getRank();
  SmallVector<Value> at;
  for (int64_t i = 0; i < dims; ++i) {
    int64_t dim = block > 0 ? i : axis;
    Value index;
    if (single)
      index = arith::ConstantIndexOp::create(b, loc, 0);
    else
      index = linalg::IndexOp::create(b, loc, dim);
    if (!single && block > 0 && dim == axis)
      index = arith::DivUIOp::create(
          b, loc, index, arith::ConstantIndexOp::create(b, loc, block));
    at.push_back(index);
  }
  return tensor::ExtractOp::create(b, loc, tensor, at);
}

/// (x - zero point) * scale, computed in f32.
static LogicalResult lowerDequantize(onnx::DequantizeLinearOp op, Lowering &l,
                                     std::string &why) {
  RankedTensorType type = l.resultType(op.getY());
  Type from = l.shapes.elementType(op.getX());
  Type to = l.shapes.elementType(op.getY());
  if (!type || !isa<FloatType>(to) || isNarrow(to) ||
      onnx::scalarOf(from) == onnx::Scalar::None) {
    why = "its element types are not supported";
    return failure();
  }
  Scales scales;
  if (failed(scales.match(op, op.getX(), op.getXScale(), op.getXZeroPoint(), l,
                          why)))
    return failure();
  Type f32 = l.b.getF32Type();
  l.set(op.getY(),
        l.generic({l.get(op.getX())}, {l.identity(type.getRank())},
                  l.sizes(op.getX()), type.getElementType(),
                  [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
                    Value number = convertElement(b, loc, v[0], from, f32);
                    if (scales.zero) {
                      Value zero = convertElement(
                          b, loc, scales.read(b, loc, scales.zero),
                          scales.zeroType, f32);
                      number = arith::SubFOp::create(b, loc, number, zero);
                    }
                    Value factor = convertElement(
                        b, loc, scales.read(b, loc, scales.scale),
                        scales.scaleType, f32);
                    return Lowering::convertFloat(
                        b, loc, arith::MulFOp::create(b, loc, number, factor),
                        type.getElementType());
                  }));
  return success();
}

/// The nearest integer of the type to an f32; not-a-number becomes 0.
static Value nearestInteger(OpBuilder &b, Location loc, Value value, Value zero,
                            IntegerType type) {
  Type f32 = b.getF32Type();
  auto real = [&](double number) -> Value {
    return arith::ConstantOp::create(b, loc, b.getF32FloatAttr(number));
  };
  Value isNumber =
      arith::CmpFOp::create(b, loc, arith::CmpFPredicate::ORD, value, value);
  value = math::RoundEvenOp::create(b, loc, value);
  value = arith::SelectOp::create(b, loc, isNumber, value, real(0));
  if (zero)
    value = arith::AddFOp::create(b, loc, value, zero);
  unsigned width = type.getWidth();
  bool isUnsigned = type.isUnsigned();
  double low = isUnsigned ? 0 : -std::ldexp(1.0, width - 1);
  double high = std::ldexp(1.0, isUnsigned ? width : width - 1) - 1;
  value = arith::MaximumFOp::create(b, loc, value, real(low));
  value = arith::MinimumFOp::create(b, loc, value, real(high));
  return convertElement(b, loc, value, f32, type);
}

/// x / scale + zero point, rounded.
static LogicalResult lowerQuantize(onnx::QuantizeLinearOp op, Lowering &l,
                                   std::string &why) {
  RankedTensorType type = l.resultType(op.getY());
  Type from = l.shapes.elementType(op.getX());
  Type to = l.shapes.elementType(op.getY());
  auto integer = type ? dyn_cast<IntegerType>(to) : IntegerType();
  bool known = type && onnx::scalarOf(to) != onnx::Scalar::None &&
               onnx::scalarOf(from) != onnx::Scalar::None;
  if (!known || (integer ? integer.getWidth() < 2 || integer.getWidth() > 16
                         : !isNarrow(to))) {
    why = "its element types are not supported: it makes integers of 2 to 16 "
          "bits and floats of 4 and 8";
    return failure();
  }
  Scales scales;
  if (failed(scales.match(op, op.getX(), op.getYScale(), op.getYZeroPoint(), l,
                          why)))
    return failure();
  Type f32 = l.b.getF32Type();
  Type precision = op.getPrecision().value_or(scales.scaleType);
  if (!isa<FloatType>(precision) || isNarrow(precision))
    precision = f32;
  onnx::CastMode mode{op.getSaturate() != 0};
  l.set(op.getY(),
        l.generic(
            {l.get(op.getX())}, {l.identity(type.getRank())},
            l.sizes(op.getX()), type.getElementType(),
            [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
              // Rounded to the type of the quotient; f32 holds it.
              auto as = [&](Value value, Type given) {
                value = convertElement(b, loc, value, given, precision);
                return convertElement(b, loc, value, precision, f32);
              };
              Value quotient = arith::DivFOp::create(
                  b, loc, as(v[0], from),
                  as(scales.read(b, loc, scales.scale), scales.scaleType));
              quotient = as(quotient, f32);
              Value zero;
              if (scales.zero)
                zero = convertElement(b, loc, scales.read(b, loc, scales.zero),
                                      scales.zeroType, f32);
              if (integer)
                return nearestInteger(b, loc, quotient, zero, integer);
              if (zero)
                quotient = arith::AddFOp::create(b, loc, quotient, zero);
              return convertElement(b, loc, quotient, f32, to, mode);
            }));
  return success();
}

void blockattn::populateConversionRules(LoweringRules &rules) {
  rules.add<onnx::DequantizeLinearOp>(lowerDequantize);
  rules.add<onnx::QuantizeLinearOp>(lowerQuantize);
  rules.add<onnx::CastOp>(lowerCast);
  rules.add<onnx::CastLikeOp>(lowerCastLike);
}

//===- RulesConversion.cpp - conversions of elements ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/ScalarBuilder.h"

#include "llvm/ADT/APFloat.h"

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

Value blockattn::convertElement(OpBuilder &builder, Location loc, Value value,
                                Type from, Type to) {
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

static LogicalResult lowerConversion(Operation *op, Lowering &l,
                                     std::string &why) {
  Type from = l.shapes.elementType(op->getOperand(0));
  Type to = l.shapes.elementType(op->getResult(0));
  auto supported = [](Type type) {
    auto real = dyn_cast<FloatType>(type);
    return Lowering::convertElementType(type) &&
           (!real || real.getWidth() >= 16);
  };
  if (!supported(from) || !supported(to)) {
    why = "it converts to or from a type that is not supported";
    return failure();
  }
  FailureOr<Value> result =
      l.elementwise(op->getOperand(0), Lowering::convertElementType(to),
                    [&](OpBuilder &builder, Location loc, ValueRange x) {
                      return convertElement(builder, loc, x[0], from, to);
                    });
  if (failed(result))
    return failure();
  l.set(op->getResult(0), *result);
  return success();
}

static LogicalResult lowerCast(onnx::CastOp op, Lowering &l, std::string &why) {
  return lowerConversion(op, l, why);
}
static LogicalResult lowerCastLike(onnx::CastLikeOp op, Lowering &l,
                                   std::string &why) {
  return lowerConversion(op, l, why);
}

//===----------------------------------------------------------------------===//
// DequantizeLinear
//===----------------------------------------------------------------------===//

/// (x - zero point) * scale, with one scale, one for each place of an axis, or
/// one for each block of places of an axis. Computed in f32.
static LogicalResult lowerDequantize(onnx::DequantizeLinearOp op, Lowering &l,
                                     std::string &why) {
  RankedTensorType type = l.resultType(op.getY());
  Value x = l.get(op.getX()), scale = l.get(op.getXScale());
  Value zero = op.getXZeroPoint() ? l.get(op.getXZeroPoint()) : Value();
  Type from = l.shapes.elementType(op.getX());
  if (!type || !isa<FloatType>(type.getElementType()) || !from.isIntOrFloat() ||
      from.getIntOrFloatBitWidth() < 8) {
    why = "its element types are not supported: it takes integers of at least "
          "8 bits";
    return failure();
  }
  int64_t rank = type.getRank();
  int64_t scaleRank = cast<RankedTensorType>(scale.getType()).getRank();
  int64_t axis = op.getAxis() < 0 ? op.getAxis() + rank : op.getAxis();
  int64_t block = op.getBlockSize();
  SmallVector<OpFoldResult> sizes = l.sizes(op.getX());
  SmallVector<OpFoldResult> scaleSizes = l.sizes(op.getXScale());
  int64_t zeroRank =
      zero ? cast<RankedTensorType>(zero.getType()).getRank() : scaleRank;
  bool single = scaleRank == 0 ||
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
    for (auto [given, expected] :
         llvm::zip(l.sizes(op.getXZeroPoint()), scaleSizes))
      l.checkEqual(given, expected, "scale and zero point differ in shape");
  Type f32 = l.b.getF32Type(), element = type.getElementType();
  l.set(op.getY(),
        l.generic({x}, {l.identity(rank)}, sizes, element,
                  [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
                    auto read = [&](Value tensor) -> Value {
                      int64_t dims =
                          cast<RankedTensorType>(tensor.getType()).getRank();
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
                              b, loc, index,
                              arith::ConstantIndexOp::create(b, loc, block));
                        at.push_back(index);
                      }
                      return tensor::ExtractOp::create(b, loc, tensor, at);
                    };
                    Value number = convertElement(b, loc, v[0], from, f32);
                    if (zero) {
                      Value offset =
                          convertElement(b, loc, read(zero), from, f32);
                      number = arith::SubFOp::create(b, loc, number, offset);
                    }
                    Value factor =
                        Lowering::convertFloat(b, loc, read(scale), f32);
                    return Lowering::convertFloat(
                        b, loc, arith::MulFOp::create(b, loc, number, factor),
                        element);
                  }));
  return success();
}

void blockattn::populateConversionRules(LoweringRules &rules) {
  rules.add<onnx::DequantizeLinearOp>(lowerDequantize);
  rules.add<onnx::CastOp>(lowerCast);
  rules.add<onnx::CastLikeOp>(lowerCastLike);
}

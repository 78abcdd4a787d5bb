//===- RulesElementwise.cpp - operations on single elements ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each operation is a `linalg.generic` whose body is written by an overload of
// `compute`. Elements of 16-bit floats are computed in f32.
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/Lowering.h"

#include "llvm/ADT/APFloat.h"

#include <cmath>

using namespace mlir;
using namespace blockattn;

namespace {
/// Writes the body for one element.
struct Scalar {
  OpBuilder &b;
  Location loc;
  /// In which the operands are computed, and whether it is unsigned.
  Type type;
  bool isUnsigned;

  bool isFloat() const { return isa<FloatType>(type); }
  Value constant(double value) const {
    TypedAttr attr =
        isFloat()
            ? TypedAttr(b.getFloatAttr(type, value))
            : TypedAttr(b.getIntegerAttr(type, static_cast<int64_t>(value)));
    return arith::ConstantOp::create(b, loc, attr);
  }
  template <typename OpT> Value make(ValueRange operands) const {
    return OpT::create(b, loc, operands[0].getType(), operands).getResult();
  }
  template <typename FloatOp, typename IntOp>
  Value either(Value x, Value y) const {
    if (isFloat())
      return FloatOp::create(b, loc, x, y);
    return IntOp::create(b, loc, x, y);
  }
  Value add(Value x, Value y) const {
    return either<arith::AddFOp, arith::AddIOp>(x, y);
  }
  Value sub(Value x, Value y) const {
    return either<arith::SubFOp, arith::SubIOp>(x, y);
  }
  Value mul(Value x, Value y) const {
    return either<arith::MulFOp, arith::MulIOp>(x, y);
  }
  Value max(Value x, Value y) const {
    if (!isFloat() && isUnsigned)
      return arith::MaxUIOp::create(b, loc, x, y);
    return either<arith::MaximumFOp, arith::MaxSIOp>(x, y);
  }
  Value min(Value x, Value y) const {
    if (!isFloat() && isUnsigned)
      return arith::MinUIOp::create(b, loc, x, y);
    return either<arith::MinimumFOp, arith::MinSIOp>(x, y);
  }
  Value select(Value condition, Value x, Value y) const {
    return arith::SelectOp::create(b, loc, condition, x, y);
  }
  Value compareFloat(arith::CmpFPredicate predicate, Value x, Value y) const {
    return arith::CmpFOp::create(b, loc, predicate, x, y);
  }
  Value compareInt(arith::CmpIPredicate predicate, Value x, Value y) const {
    return arith::CmpIOp::create(b, loc, predicate, x, y);
  }
  Value less(Value x, Value y) const {
    if (isFloat())
      return compareFloat(arith::CmpFPredicate::OLT, x, y);
    return compareInt(isUnsigned ? arith::CmpIPredicate::ult
                                 : arith::CmpIPredicate::slt,
                      x, y);
  }
  Value lessOrEqual(Value x, Value y) const {
    if (isFloat())
      return compareFloat(arith::CmpFPredicate::OLE, x, y);
    return compareInt(isUnsigned ? arith::CmpIPredicate::ule
                                 : arith::CmpIPredicate::sle,
                      x, y);
  }
  Value equal(Value x, Value y) const {
    if (isFloat())
      return compareFloat(arith::CmpFPredicate::OEQ, x, y);
    return compareInt(arith::CmpIPredicate::eq, x, y);
  }
  Value divFloat(Value x, Value y) const {
    return arith::DivFOp::create(b, loc, x, y);
  }
  Value exp(Value x) const { return math::ExpOp::create(b, loc, x); }
  Value tanh(Value x) const { return math::TanhOp::create(b, loc, x); }
  Value neg(Value x) const {
    return isFloat() ? Value(arith::NegFOp::create(b, loc, x))
                     : sub(constant(0), x);
  }
  /// 1 / (1 + exp(-x))
  Value sigmoid(Value x) const {
    return divFloat(constant(1), add(constant(1), exp(neg(x))));
  }
  /// log(1 + exp(x)), which does not overflow: max(x, 0) + log1p(exp(-|x|)).
  Value softplus(Value x) const {
    Value absolute = math::AbsFOp::create(b, loc, x);
    Value small = math::Log1pOp::create(b, loc, exp(neg(absolute)));
    return add(max(x, constant(0)), small);
  }
  /// Integer division that has a result for every divisor: 0 gives 0, and the
  /// least number divided by -1 stays what it is.
  Value divInt(Value x, Value y, bool remainder) const {
    Value one = constant(1), zero = constant(0);
    Value isZero = equal(y, zero);
    Value divisor = select(isZero, one, y);
    Value result;
    if (isUnsigned) {
      result = remainder ? Value(arith::RemUIOp::create(b, loc, x, divisor))
                         : Value(arith::DivUIOp::create(b, loc, x, divisor));
    } else {
      Value isMinusOne = equal(y, constant(-1));
      divisor = select(isMinusOne, one, divisor);
      result = remainder ? Value(arith::RemSIOp::create(b, loc, x, divisor))
                         : Value(arith::DivSIOp::create(b, loc, x, divisor));
      if (!remainder)
        result = select(isMinusOne, neg(x), result);
    }
    return select(isZero, zero, result);
  }
};

//===----------------------------------------------------------------------===//
// One element of each operation
//===----------------------------------------------------------------------===//

Value compute(onnx::AbsOp, const Scalar &s, ValueRange x) {
  if (s.isFloat())
    return s.make<math::AbsFOp>(x);
  return s.isUnsigned ? x[0] : s.make<math::AbsIOp>(x);
}
Value compute(onnx::NegOp, const Scalar &s, ValueRange x) {
  return s.neg(x[0]);
}
Value compute(onnx::SignOp, const Scalar &s, ValueRange x) {
  Value zero = s.constant(0);
  Value negative = s.isUnsigned ? zero : s.constant(-1);
  // Not a number stays what it is.
  return s.select(
      s.less(zero, x[0]), s.constant(1),
      s.select(s.less(x[0], zero), negative,
               s.isFloat() ? s.select(s.equal(x[0], zero), zero, x[0]) : zero));
}
Value compute(onnx::ReluOp, const Scalar &s, ValueRange x) {
  return s.max(x[0], s.constant(0));
}
Value compute(onnx::NotOp, const Scalar &s, ValueRange x) {
  Value one = arith::ConstantOp::create(s.b, s.loc, s.b.getBoolAttr(true));
  return arith::XOrIOp::create(s.b, s.loc, x[0], one);
}
Value compute(onnx::AtanOp, const Scalar &s, ValueRange x) {
  return s.make<math::AtanOp>(x);
}
Value compute(onnx::CosOp, const Scalar &s, ValueRange x) {
  return s.make<math::CosOp>(x);
}
Value compute(onnx::CoshOp, const Scalar &s, ValueRange x) {
  return s.make<math::CoshOp>(x);
}
Value compute(onnx::ErfOp, const Scalar &s, ValueRange x) {
  return s.make<math::ErfOp>(x);
}
Value compute(onnx::ExpOp, const Scalar &s, ValueRange x) {
  return s.exp(x[0]);
}
Value compute(onnx::LogOp, const Scalar &s, ValueRange x) {
  return s.make<math::LogOp>(x);
}
Value compute(onnx::SinOp, const Scalar &s, ValueRange x) {
  return s.make<math::SinOp>(x);
}
Value compute(onnx::SinhOp, const Scalar &s, ValueRange x) {
  return s.make<math::SinhOp>(x);
}
Value compute(onnx::SoftsignOp, const Scalar &s, ValueRange x) {
  return s.divFloat(x[0], s.add(s.constant(1), s.make<math::AbsFOp>(x)));
}
Value compute(onnx::TanOp, const Scalar &s, ValueRange x) {
  return s.make<math::TanOp>(x);
}
Value compute(onnx::TanhOp, const Scalar &s, ValueRange x) {
  return s.tanh(x[0]);
}
Value compute(onnx::CeilOp, const Scalar &s, ValueRange x) {
  return s.make<math::CeilOp>(x);
}
Value compute(onnx::FloorOp, const Scalar &s, ValueRange x) {
  return s.make<math::FloorOp>(x);
}
Value compute(onnx::RoundOp, const Scalar &s, ValueRange x) {
  return s.make<math::RoundEvenOp>(x);
}
Value compute(onnx::ReciprocalOp, const Scalar &s, ValueRange x) {
  return s.divFloat(s.constant(1), x[0]);
}
Value compute(onnx::SqrtOp, const Scalar &s, ValueRange x) {
  return s.make<math::SqrtOp>(x);
}
Value compute(onnx::SigmoidOp, const Scalar &s, ValueRange x) {
  return s.sigmoid(x[0]);
}
Value compute(onnx::SoftplusOp, const Scalar &s, ValueRange x) {
  return s.softplus(x[0]);
}
Value compute(onnx::MishOp, const Scalar &s, ValueRange x) {
  return s.mul(x[0], s.tanh(s.softplus(x[0])));
}
Value hardSigmoid(const Scalar &s, Value x, double alpha, double beta) {
  Value y = s.add(s.mul(s.constant(alpha), x), s.constant(beta));
  return s.max(s.constant(0), s.min(s.constant(1), y));
}
Value compute(onnx::HardSigmoidOp op, const Scalar &s, ValueRange x) {
  return hardSigmoid(s, x[0], op.getAlpha().convertToFloat(),
                     op.getBeta().convertToFloat());
}
Value compute(onnx::HardSwishOp, const Scalar &s, ValueRange x) {
  return s.mul(x[0], hardSigmoid(s, x[0], 1.0 / 6, 0.5));
}
Value elu(const Scalar &s, Value x, double alpha) {
  Value negative =
      s.mul(s.constant(alpha), math::ExpM1Op::create(s.b, s.loc, x));
  return s.select(s.less(x, s.constant(0)), negative, x);
}
Value compute(onnx::EluOp op, const Scalar &s, ValueRange x) {
  return elu(s, x[0], op.getAlpha().convertToFloat());
}
Value compute(onnx::SeluOp op, const Scalar &s, ValueRange x) {
  return s.mul(s.constant(op.getGamma().convertToFloat()),
               elu(s, x[0], op.getAlpha().convertToFloat()));
}
Value compute(onnx::LeakyReluOp op, const Scalar &s, ValueRange x) {
  Value scaled = s.mul(s.constant(op.getAlpha().convertToFloat()), x[0]);
  return s.select(s.less(x[0], s.constant(0)), scaled, x[0]);
}
Value compute(onnx::SwishOp op, const Scalar &s, ValueRange x) {
  double alpha = op.getAlpha().convertToFloat();
  Value scaled = alpha == 1 ? x[0] : s.mul(s.constant(alpha), x[0]);
  Value denominator = s.add(s.constant(1), s.exp(s.neg(scaled)));
  return s.divFloat(x[0], denominator);
}
Value compute(onnx::GeluOp op, const Scalar &s, ValueRange x) {
  Value inner;
  if (op.getApproximate() == "tanh") {
    Value cube = s.mul(s.mul(x[0], x[0]), x[0]);
    Value sum = s.add(x[0], s.mul(s.constant(0.044715), cube));
    inner = s.tanh(s.mul(s.constant(std::sqrt(2 / M_PI)), sum));
  } else {
    inner = math::ErfOp::create(s.b, s.loc,
                                s.mul(x[0], s.constant(std::sqrt(0.5))));
  }
  return s.mul(s.mul(s.constant(0.5), x[0]), s.add(s.constant(1), inner));
}
Value compute(onnx::IsNaNOp, const Scalar &s, ValueRange x) {
  return s.compareFloat(arith::CmpFPredicate::UNO, x[0], x[0]);
}
Value compute(onnx::IsInfOp op, const Scalar &s, ValueRange x) {
  auto isInfinite = [&](bool detect, double infinity) -> Value {
    if (!detect)
      return arith::ConstantOp::create(s.b, s.loc, s.b.getBoolAttr(false));
    return s.equal(x[0], s.constant(infinity));
  };
  return arith::OrIOp::create(s.b, s.loc,
                              isInfinite(op.getDetectNegative(), -INFINITY),
                              isInfinite(op.getDetectPositive(), INFINITY));
}
Value compute(onnx::AddOp, const Scalar &s, ValueRange x) {
  return s.add(x[0], x[1]);
}
Value compute(onnx::SubOp, const Scalar &s, ValueRange x) {
  return s.sub(x[0], x[1]);
}
Value compute(onnx::MulOp, const Scalar &s, ValueRange x) {
  return s.mul(x[0], x[1]);
}
Value compute(onnx::DivOp, const Scalar &s, ValueRange x) {
  return s.isFloat() ? s.divFloat(x[0], x[1])
                     : s.divInt(x[0], x[1], /*remainder=*/false);
}
Value compute(onnx::ModOp op, const Scalar &s, ValueRange x) {
  Value rest = s.isFloat()
                   ? Value(arith::RemFOp::create(s.b, s.loc, x[0], x[1]))
                   : s.divInt(x[0], x[1], /*remainder=*/true);
  if (op.getFmod() || s.isUnsigned)
    return rest;
  // The sign of the divisor: add it where the rest has the other sign.
  Value zero = s.constant(0);
  Value differ =
      arith::XOrIOp::create(s.b, s.loc, s.less(rest, zero), s.less(x[1], zero));
  Value adjusted = s.select(differ, s.add(rest, x[1]), rest);
  return s.select(s.equal(rest, zero), rest, adjusted);
}
Value compute(onnx::EqualOp, const Scalar &s, ValueRange x) {
  return s.equal(x[0], x[1]);
}
Value compute(onnx::GreaterOp, const Scalar &s, ValueRange x) {
  return s.less(x[1], x[0]);
}
Value compute(onnx::GreaterOrEqualOp, const Scalar &s, ValueRange x) {
  return s.lessOrEqual(x[1], x[0]);
}
Value compute(onnx::LessOp, const Scalar &s, ValueRange x) {
  return s.less(x[0], x[1]);
}
Value compute(onnx::LessOrEqualOp, const Scalar &s, ValueRange x) {
  return s.lessOrEqual(x[0], x[1]);
}
Value compute(onnx::AndOp, const Scalar &s, ValueRange x) {
  return arith::AndIOp::create(s.b, s.loc, x[0], x[1]);
}
Value compute(onnx::OrOp, const Scalar &s, ValueRange x) {
  return arith::OrIOp::create(s.b, s.loc, x[0], x[1]);
}
Value compute(onnx::XorOp, const Scalar &s, ValueRange x) {
  return arith::XOrIOp::create(s.b, s.loc, x[0], x[1]);
}
Value compute(onnx::MaxOp, const Scalar &s, ValueRange x) {
  Value result = x[0];
  for (Value other : x.drop_front())
    result = s.max(result, other);
  return result;
}
Value compute(onnx::MinOp, const Scalar &s, ValueRange x) {
  Value result = x[0];
  for (Value other : x.drop_front())
    result = s.min(result, other);
  return result;
}
Value compute(onnx::SumOp, const Scalar &s, ValueRange x) {
  Value result = x[0];
  for (Value other : x.drop_front())
    result = s.add(result, other);
  return result;
}
Value compute(onnx::MeanOp, const Scalar &s, ValueRange x) {
  Value result = x[0];
  for (Value other : x.drop_front())
    result = s.add(result, other);
  return s.divFloat(result, s.constant(x.size()));
}
Value compute(onnx::ClipOp op, const Scalar &s, ValueRange x) {
  Value result = x[0];
  if (op.getMin())
    result = s.max(result, x[1]);
  if (op.getMax())
    result = s.min(result, x.back());
  return result;
}
} // namespace

//===----------------------------------------------------------------------===//
// Rules
//===----------------------------------------------------------------------===//

/// The type in which elements of `type` are computed.
static Type computeType(Type type) {
  auto real = dyn_cast<FloatType>(type);
  return real && real.getWidth() < 32 ? Float32Type::get(type.getContext())
                                      : type;
}

template <typename OpT>
static LogicalResult lowerElementwise(OpT op, Lowering &l, std::string &why) {
  RankedTensorType type = l.resultType(op->getResult(0));
  Type operandType = l.shapes.elementType(op->getOperand(0));
  if (!type || !Lowering::convertElementType(operandType)) {
    why = "its element type is not supported";
    return failure();
  }
  Type inside = computeType(Lowering::convertElementType(operandType));
  Type resultElement = type.getElementType();
  FailureOr<Value> result = l.elementwise(
      op->getOperands(), resultElement,
      [&](OpBuilder &builder, Location loc, ValueRange values) -> Value {
        SmallVector<Value> operands;
        for (Value value : values)
          operands.push_back(
              isa<FloatType>(value.getType())
                  ? Lowering::convertFloat(builder, loc, value, inside)
                  : value);
        Scalar scalar{builder, loc, inside, operandType.isUnsignedInteger()};
        Value element = compute(op, scalar, operands);
        return isa<FloatType>(element.getType())
                   ? Lowering::convertFloat(builder, loc, element,
                                            resultElement)
                   : element;
      });
  if (failed(result))
    return failure();
  l.set(op->getResult(0), *result);
  return success();
}

static LogicalResult lowerWhere(onnx::WhereOp op, Lowering &l,
                                std::string &why) {
  RankedTensorType type = l.resultType(op.getOutput());
  if (!type) {
    why = "its element type is not supported";
    return failure();
  }
  FailureOr<Value> result = l.elementwise(
      op->getOperands(), type.getElementType(),
      [](OpBuilder &builder, Location loc, ValueRange x) -> Value {
        return arith::SelectOp::create(builder, loc, x[0], x[1], x[2]);
      });
  if (failed(result))
    return failure();
  l.set(op.getOutput(), *result);
  return success();
}

/// x^n by multiplication for the exponents that models have.
static Value powConstant(const Scalar &s, Value x, double exponent) {
  if (exponent == 1)
    return x;
  if (exponent == 2)
    return s.mul(x, x);
  if (exponent == 3)
    return s.mul(s.mul(x, x), x);
  if (exponent == 4) {
    Value square = s.mul(x, x);
    return s.mul(square, square);
  }
  if (!s.isFloat())
    return nullptr;
  if (exponent == 0.5)
    return math::SqrtOp::create(s.b, s.loc, x);
  if (exponent == -1)
    return s.divFloat(s.constant(1), x);
  if (exponent == -0.5)
    return s.divFloat(s.constant(1), math::SqrtOp::create(s.b, s.loc, x));
  return nullptr;
}

static LogicalResult lowerPow(onnx::PowOp op, Lowering &l, std::string &why) {
  RankedTensorType type = l.resultType(op.getZ());
  if (!type) {
    why = "its element type is not supported";
    return failure();
  }
  std::optional<double> exponent;
  if (auto constant = op.getY().getDefiningOp<onnx::ConstantOp>())
    if (auto dense = dyn_cast<DenseElementsAttr>(constant.getValue());
        dense && dense.isSplat()) {
      if (isa<FloatType>(dense.getElementType()))
        exponent = dense.getSplatValue<APFloat>().convertToDouble();
      else if (auto integer = dyn_cast<IntegerType>(dense.getElementType());
               integer && !integer.isUnsigned())
        exponent = dense.getSplatValue<APInt>().getSExtValue();
    }
  Type inside = computeType(type.getElementType());
  bool isUnsigned = l.shapes.elementType(op.getX()).isUnsignedInteger();
  bool yUnsigned = l.shapes.elementType(op.getY()).isUnsignedInteger();
  FailureOr<Value> result = l.elementwise(
      op->getOperands(), type.getElementType(),
      [&](OpBuilder &builder, Location loc, ValueRange v) -> Value {
        Scalar s{builder, loc, inside, isUnsigned};
        Value x = s.isFloat()
                      ? Lowering::convertFloat(builder, loc, v[0], inside)
                      : v[0];
        Value power = exponent ? powConstant(s, x, *exponent) : Value();
        if (!power) {
          // Integers go through f64, which is exact up to 2^53.
          Type real = s.isFloat() ? inside : builder.getF64Type();
          auto toReal = [&](Value value, bool isUnsigned) -> Value {
            if (isa<FloatType>(value.getType()))
              return Lowering::convertFloat(builder, loc, value, real);
            if (isUnsigned)
              return arith::UIToFPOp::create(builder, loc, real, value);
            return arith::SIToFPOp::create(builder, loc, real, value);
          };
          power = math::PowFOp::create(builder, loc, toReal(x, isUnsigned),
                                       toReal(v[1], yUnsigned));
          if (!s.isFloat())
            return arith::FPToSIOp::create(builder, loc, inside, power);
        }
        return s.isFloat() ? Lowering::convertFloat(builder, loc, power,
                                                    type.getElementType())
                           : power;
      });
  if (failed(result))
    return failure();
  l.set(op.getZ(), *result);
  return success();
}

//===----------------------------------------------------------------------===//
// Cast
//===----------------------------------------------------------------------===//

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

static Value castElement(OpBuilder &builder, Location loc, Value value,
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
                      return castElement(builder, loc, x[0], from, to);
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

template <typename... Ops> static void addAll(LoweringRules &rules) {
  (rules.add<Ops>(lowerElementwise<Ops>), ...);
}

void blockattn::populateElementwiseRules(LoweringRules &rules) {
  using namespace blockattn::onnx;
  addAll<AbsOp, NegOp, SignOp, ReluOp, NotOp, AtanOp, CosOp, CoshOp, ErfOp,
         ExpOp, LogOp, SinOp, SinhOp, SoftsignOp, TanOp, TanhOp, CeilOp,
         FloorOp, RoundOp, ReciprocalOp, SqrtOp, SigmoidOp, SoftplusOp, MishOp,
         HardSigmoidOp, HardSwishOp, EluOp, SeluOp, LeakyReluOp, SwishOp,
         GeluOp, IsNaNOp, IsInfOp, AddOp, SubOp, MulOp, DivOp, ModOp, EqualOp,
         GreaterOp, GreaterOrEqualOp, LessOp, LessOrEqualOp, AndOp, OrOp, XorOp,
         MaxOp, MinOp, SumOp, MeanOp, ClipOp>(rules);
  rules.add<WhereOp>(lowerWhere);
  rules.add<PowOp>(lowerPow);
  rules.add<CastOp>(lowerCast);
  rules.add<CastLikeOp>(lowerCastLike);
}

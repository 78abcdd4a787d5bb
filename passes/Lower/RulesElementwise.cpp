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

#include "passes/Lower/ScalarBuilder.h"

#include "mlir/IR/Matchers.h"

#include <cmath>

using namespace mlir;
using namespace blockattn;

namespace {
//===----------------------------------------------------------------------===//
// One element of each operation
//===----------------------------------------------------------------------===//

template <typename MathOp> struct Is {
  using Op = MathOp;
};
/// The operation of the math dialect that does the same, where there is one.
template <typename OpT> struct InMath {};
template <> struct InMath<onnx::AtanOp> : Is<math::AtanOp> {};
template <> struct InMath<onnx::CosOp> : Is<math::CosOp> {};
template <> struct InMath<onnx::CoshOp> : Is<math::CoshOp> {};
template <> struct InMath<onnx::ErfOp> : Is<math::ErfOp> {};
template <> struct InMath<onnx::LogOp> : Is<math::LogOp> {};
template <> struct InMath<onnx::SinOp> : Is<math::SinOp> {};
template <> struct InMath<onnx::SinhOp> : Is<math::SinhOp> {};
template <> struct InMath<onnx::TanOp> : Is<math::TanOp> {};
template <> struct InMath<onnx::CeilOp> : Is<math::CeilOp> {};
template <> struct InMath<onnx::FloorOp> : Is<math::FloorOp> {};
template <> struct InMath<onnx::RoundOp> : Is<math::RoundEvenOp> {};
template <> struct InMath<onnx::SqrtOp> : Is<math::SqrtOp> {};
template <typename OpT, typename MathOp = typename InMath<OpT>::Op>
Value compute(OpT, const Scalar &s, ValueRange x) {
  return s.make<MathOp>(x);
}

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
Value compute(onnx::ExpOp, const Scalar &s, ValueRange x) {
  return s.exp(x[0]);
}
Value compute(onnx::SoftsignOp, const Scalar &s, ValueRange x) {
  return s.divFloat(x[0], s.add(s.constant(1), s.make<math::AbsFOp>(x)));
}
Value compute(onnx::TanhOp, const Scalar &s, ValueRange x) {
  return s.tanh(x[0]);
}
Value compute(onnx::ReciprocalOp, const Scalar &s, ValueRange x) {
  return s.divFloat(s.constant(1), x[0]);
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
/// All operands, one after the other.
Value fold(const Scalar &s, ValueRange x,
           Value (Scalar::*combine)(Value, Value) const) {
  Value result = x[0];
  for (Value other : x.drop_front())
    result = (s.*combine)(result, other);
  return result;
}
Value compute(onnx::MaxOp, const Scalar &s, ValueRange x) {
  return fold(s, x, &Scalar::max);
}
Value compute(onnx::MinOp, const Scalar &s, ValueRange x) {
  return fold(s, x, &Scalar::min);
}
Value compute(onnx::SumOp, const Scalar &s, ValueRange x) {
  return fold(s, x, &Scalar::add);
}
Value compute(onnx::MeanOp, const Scalar &s, ValueRange x) {
  return s.divFloat(fold(s, x, &Scalar::add), s.constant(x.size()));
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

/// Integers have no quotient by 0: ONNX leaves it open, and ONNX Runtime ends
/// by a signal. Here it is an error of the run.
static void checkDivisors(Value divisor, Lowering &l) {
  Value tensor = l.get(divisor);
  DenseIntElementsAttr known;
  if (matchPattern(tensor, m_Constant(&known)) &&
      llvm::none_of(known.getValues<APInt>(),
                    [](const APInt &value) { return value.isZero(); }))
    return;
  auto type = cast<RankedTensorType>(tensor.getType());
  int64_t rank = type.getRank();
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::reduction);
  AffineMap none = AffineMap::get(rank, 0, l.b.getContext());
  Value good = l.generic({tensor}, {l.filled({}, l.b.getBoolAttr(true))},
                         {l.identity(rank), none}, iterators,
                         [&](OpBuilder &b, Location loc,
                             ValueRange v) -> SmallVector<Value> {
                           Value zero = arith::ConstantOp::create(
                               b, loc, l.zero(type.getElementType()));
                           Value ok = arith::CmpIOp::create(
                               b, loc, arith::CmpIPredicate::ne, v[0], zero);
                           return {arith::AndIOp::create(b, loc, v[1], ok)};
                         })
                   .front();
  l.check(tensor::ExtractOp::create(l.b, l.loc, good, ValueRange{}),
          BA_KERNEL_FAIL_VALUE, "an integer is divided by 0");
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
  if constexpr (std::is_same_v<OpT, onnx::DivOp> ||
                std::is_same_v<OpT, onnx::ModOp>)
    if (isa<IntegerType>(inside))
      checkDivisors(op.getB(), l);
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
}

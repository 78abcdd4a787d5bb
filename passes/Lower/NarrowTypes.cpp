//===- NarrowTypes.cpp - numbers of less than a byte, 8-bit floats --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/NarrowTypes.h"

#include "dialects/Onnx/Onnx.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/APFloat.h"

using namespace mlir;
using namespace blockattn;

bool blockattn::isNarrow(Type type) {
  if (auto integer = dyn_cast<IntegerType>(type))
    return integer.getWidth() > 1 && integer.getWidth() < 8;
  auto real = dyn_cast<FloatType>(type);
  return real && real.getWidth() < 16;
}

bool blockattn::takesNarrow(Operation *op) {
  return isa<onnx::CastLikeOp, onnx::CastOp, onnx::ConcatOp, onnx::ConstantOp,
             onnx::DequantizeLinearOp, onnx::ExpandOp, onnx::FlattenOp,
             onnx::GatherOp, onnx::IdentityOp, onnx::QuantizeLinearOp,
             onnx::ReshapeOp, onnx::ShapeOp, onnx::SizeOp, onnx::SliceOp,
             onnx::SplitOp, onnx::SqueezeOp, onnx::TransposeOp,
             onnx::UnsqueezeOp, onnx::WeightOp>(op);
}

Value blockattn::widenNarrowFloat(OpBuilder &builder, Location loc, Value byte,
                                  FloatType type) {
  // There are so few of them that a table is shorter than any arithmetic.
  ImplicitLocOpBuilder b(loc, builder);
  int64_t count = int64_t(1) << type.getWidth();
  std::vector<char> bits(count);
  for (int64_t i = 0; i < count; ++i)
    bits[i] = static_cast<char>(i);
  onnx::HostTensor numbers = onnx::HostTensor::fromBytes(type, {count}, bits);
  Value table = arith::ConstantOp::create(
      b, cast<TypedAttr>(Attribute(numbers.cast(b.getF32Type()).toAttr())));
  // A byte of an input may have more bits than the type.
  if (count < 256)
    byte = arith::AndIOp::create(
        b, byte, arith::ConstantOp::create(b, b.getI8IntegerAttr(count - 1)));
  Value index = arith::IndexCastUIOp::create(b, b.getIndexType(), byte);
  return tensor::ExtractOp::create(b, table, index);
}

namespace {
/// Integer arithmetic on the bits of an f32.
struct BitBuilder {
  ImplicitLocOpBuilder &b;
  Value constant(int64_t value) {
    return arith::ConstantOp::create(b, b.getI32IntegerAttr(value));
  }
  Value real(double value) {
    return arith::ConstantOp::create(b, b.getF32FloatAttr(value));
  }
  Value shift(Value x, int64_t down) {
    return arith::ShRUIOp::create(b, x, constant(down));
  }
  Value keep(Value x, int64_t mask) {
    return arith::AndIOp::create(b, x, constant(mask));
  }
  Value is(arith::CmpIPredicate predicate, Value x, int64_t y) {
    return arith::CmpIOp::create(b, predicate, x, constant(y));
  }
  Value choose(Value condition, Value x, Value y) {
    return arith::SelectOp::create(b, condition, x, y);
  }
};
} // namespace

/// An f8E8M0 is the exponent of an f32.
static Value makeExponent(BitBuilder &m, Value bits, onnx::CastMode mode) {
  using arith::CmpIPredicate;
  constexpr int64_t nan = 0xff, half = 0x400000;
  ImplicitLocOpBuilder &b = m.b;
  Value exponent = m.keep(m.shift(bits, 23), nan);
  Value fraction = m.keep(bits, 0x7fffff);
  Value isSpecial = m.is(CmpIPredicate::eq, exponent, nan);
  Value up = m.is(CmpIPredicate::ne, fraction, 0);
  if (mode.rounding == "down")
    return exponent;
  if (mode.rounding == "nearest") {
    // A tie goes up, but for the numbers below the least power.
    Value tie =
        arith::AndIOp::create(b, m.is(CmpIPredicate::eq, fraction, half),
                              m.is(CmpIPredicate::ne, exponent, 0));
    up = arith::OrIOp::create(b, m.is(CmpIPredicate::ugt, fraction, half), tie);
  }
  Value most = mode.saturate ? m.constant(nan - 1) : m.constant(nan);
  Value next = arith::MinUIOp::create(
      b, arith::AddIOp::create(b, exponent, m.constant(1)), most);
  Value rounded = m.choose(up, next, exponent);
  return m.choose(isSpecial, exponent, rounded);
}

/// All others: the number in units of the last place of its power of two, or
/// of the least power, rounded; behind the exponent these are the bits.
static Value makeFloat(BitBuilder &m, Value value, Value bits, FloatType type,
                       onnx::CastMode mode) {
  using arith::CmpIPredicate;
  ImplicitLocOpBuilder &b = m.b;
  Type i32 = b.getI32Type(), f32 = b.getF32Type();
  const llvm::fltSemantics &format = type.getFloatSemantics();
  int64_t width = type.getWidth();
  int64_t fraction = APFloat::semanticsPrecision(format) - 1;
  int64_t least = APFloat::semanticsMinExponent(format);
  int64_t largest = APFloat::getLargest(format).bitcastToAPInt().getZExtValue();
  // With 4 bits there is neither NaN nor infinity; ONNX makes -0 of NaN. Where
  // NaN has the bits of -0 there is no such zero.
  bool finite = width == 4;
  int64_t signBit = int64_t(1) << (width - 1);
  int64_t nan = finite
                    ? signBit
                    : APFloat::getNaN(format).bitcastToAPInt().getZExtValue();
  bool oneZero = nan == signBit && !finite;
  int64_t beyond = APFloat::semanticsHasInf(format)
                       ? APFloat::getInf(format).bitcastToAPInt().getZExtValue()
                       : nan;
  if (mode.saturate || finite)
    beyond = largest;

  // Larger than all of them is as good as infinite.
  constexpr double large = 1 << 17;
  Value size = math::AbsFOp::create(b, value);
  size = arith::MinNumFOp::create(b, size, m.real(large));
  Value exponent = arith::SubIOp::create(
      b, m.shift(arith::BitcastOp::create(b, i32, size), 23), m.constant(127));
  exponent = arith::MaxSIOp::create(b, exponent, m.constant(least));
  // 2^(fraction - exponent)
  Value unit = arith::ShLIOp::create(
      b, arith::SubIOp::create(b, m.constant(127 + fraction), exponent),
      m.constant(23));
  Value units = math::RoundEvenOp::create(
      b,
      arith::MulFOp::create(b, size, arith::BitcastOp::create(b, f32, unit)));
  Value code = arith::AddIOp::create(
      b, arith::FPToSIOp::create(b, i32, units),
      arith::ShLIOp::create(
          b, arith::SubIOp::create(b, exponent, m.constant(least)),
          m.constant(fraction)));
  Value isBeyond = m.is(CmpIPredicate::ugt, code, largest);
  code = m.choose(isBeyond, m.constant(beyond), code);
  Value sign =
      arith::ShLIOp::create(b, m.shift(bits, 31), m.constant(width - 1));
  if (oneZero) {
    Value isZero = m.is(CmpIPredicate::eq, code, 0);
    sign = m.choose(isZero, m.constant(0), sign);
  }
  code = arith::OrIOp::create(b, code, sign);
  Value isNaN =
      arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, value, value);
  return m.choose(isNaN, m.constant(nan), code);
}

Value blockattn::makeNarrowFloat(OpBuilder &builder, Location loc, Value value,
                                 FloatType type, onnx::CastMode mode) {
  ImplicitLocOpBuilder b(loc, builder);
  BitBuilder m{b};
  Value bits = arith::BitcastOp::create(b, b.getI32Type(), value);
  Value code = isa<Float8E8M0FNUType>(type)
                   ? makeExponent(m, bits, mode)
                   : makeFloat(m, value, bits, type, mode);
  return arith::TruncIOp::create(b, b.getI8Type(), code);
}

Value blockattn::makeNarrowInt(OpBuilder &builder, Location loc, Value value,
                               IntegerType type) {
  ImplicitLocOpBuilder b(loc, builder);
  Value above =
      arith::ConstantOp::create(b, b.getI8IntegerAttr(8 - type.getWidth()));
  Value high = arith::ShLIOp::create(b, value, above);
  if (type.isUnsigned())
    return arith::ShRUIOp::create(b, high, above);
  return arith::ShRSIOp::create(b, high, above);
}

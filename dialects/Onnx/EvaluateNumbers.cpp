//===- EvaluateNumbers.cpp - numbers of every type as doubles -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/EvaluateNumbers.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>
#include <limits>

using namespace blockattn::onnx;

// Rounds to `precision` significant bits, with `minExponent` the exponent of
// the smallest subnormal number. Exact: every step is a power of two or a
// rounding to an integer below 2^53.
static double quantize(double value, int precision, int minExponent,
                       double largest) {
  if (value == 0 || !std::isfinite(value))
    return value;
  int exponent;
  std::frexp(value, &exponent);
  int unit = std::max(exponent - precision, minExponent);
  double rounded = std::ldexp(std::nearbyint(std::ldexp(value, -unit)), unit);
  if (std::fabs(rounded) > largest)
    return std::copysign(std::numeric_limits<double>::infinity(), value);
  return rounded;
}

double blockattn::onnx::roundTo(Scalar s, double value) {
  switch (s) {
  case Scalar::F16:
    return quantize(value, 11, -24, 65504.0);
  case Scalar::BF16:
    return quantize(value, 8, -133, 0x1.FEp127);
  case Scalar::F32:
    // Only beyond the range is the conversion undefined.
    if (std::fabs(value) <= std::numeric_limits<float>::max())
      return static_cast<float>(value);
    return quantize(value, 24, -149, std::numeric_limits<float>::max());
  default:
    return value;
  }
}

int64_t blockattn::onnx::wrapTo(Scalar s, int64_t value) {
  switch (s) {
  case Scalar::Bool:
    return value != 0;
  case Scalar::I2:
    return llvm::SignExtend64<2>(value);
  case Scalar::I4:
    return llvm::SignExtend64<4>(value);
  case Scalar::U2:
    return value & 3;
  case Scalar::U4:
    return value & 15;
  case Scalar::I8:
    return static_cast<int8_t>(value);
  case Scalar::I16:
    return static_cast<int16_t>(value);
  case Scalar::I32:
    return static_cast<int32_t>(value);
  case Scalar::U8:
    return static_cast<uint8_t>(value);
  case Scalar::U16:
    return static_cast<uint16_t>(value);
  case Scalar::U32:
    return static_cast<uint32_t>(value);
  default:
    return value;
  }
}

int64_t blockattn::onnx::floatToInt(Scalar s, double value) {
  if (s == Scalar::Bool)
    return value != 0; // NaN is true, as in C.
  if (std::isnan(value))
    return 0;
  value = std::trunc(value);
  if (s == Scalar::U64) {
    if (value <= 0)
      return 0;
    return static_cast<int64_t>(value >= 0x1p64
                                    ? std::numeric_limits<uint64_t>::max()
                                    : static_cast<uint64_t>(value));
  }
  int bits = static_cast<int>(byteWidth(s)) * 8;
  double low = isUnsigned(s) ? 0 : -std::ldexp(1.0, bits - 1);
  double end = std::ldexp(1.0, isUnsigned(s) ? bits : bits - 1);
  if (value <= low)
    return s == Scalar::I64 ? std::numeric_limits<int64_t>::min()
                            : static_cast<int64_t>(low);
  if (value >= end)
    return s == Scalar::I64 ? std::numeric_limits<int64_t>::max()
                            : static_cast<int64_t>(end) - 1;
  return static_cast<int64_t>(value);
}

double blockattn::onnx::halfToDouble(uint16_t bits) {
  int exponent = (bits >> 10) & 0x1f, mantissa = bits & 0x3ff;
  double magnitude;
  if (exponent == 0x1f)
    magnitude = mantissa ? std::numeric_limits<double>::quiet_NaN()
                         : std::numeric_limits<double>::infinity();
  else if (exponent == 0)
    magnitude = std::ldexp(mantissa, -24);
  else
    magnitude = std::ldexp(1024 + mantissa, exponent - 25);
  return (bits & 0x8000) ? -magnitude : magnitude;
}

uint16_t blockattn::onnx::doubleToHalf(double value) {
  if (std::isnan(value))
    return 0x7e00;
  uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  double magnitude = std::fabs(roundTo(Scalar::F16, value));
  if (std::isinf(magnitude))
    return sign | 0x7c00;
  if (magnitude < 0x1p-14) // Subnormal or zero.
    return sign | static_cast<uint16_t>(std::ldexp(magnitude, 24));
  int exponent;
  std::frexp(magnitude, &exponent); // magnitude = [0.5, 1) * 2^exponent
  auto mantissa = static_cast<uint16_t>(std::ldexp(magnitude, 11 - exponent));
  return sign | static_cast<uint16_t>((exponent + 14) << 10) |
         (mantissa & 0x3ff);
}

double blockattn::onnx::bfloatToDouble(uint16_t bits) {
  return llvm::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

uint16_t blockattn::onnx::doubleToBfloat(double value) {
  if (std::isnan(value))
    return 0x7fc0;
  auto rounded = static_cast<float>(roundTo(Scalar::BF16, value));
  return static_cast<uint16_t>(llvm::bit_cast<uint32_t>(rounded) >> 16);
}

//===----------------------------------------------------------------------===//
// Floats of 8 and 4 bits
//===----------------------------------------------------------------------===//

/// The format; null for other types, and for the one that has exponents alone.
static const llvm::fltSemantics *narrowFormat(Scalar s) {
  switch (s) {
  case Scalar::F4E2M1:
    return &llvm::APFloat::Float4E2M1FN();
  case Scalar::F8E4M3:
    return &llvm::APFloat::Float8E4M3FN();
  case Scalar::F8E4M3UZ:
    return &llvm::APFloat::Float8E4M3FNUZ();
  case Scalar::F8E5M2:
    return &llvm::APFloat::Float8E5M2();
  case Scalar::F8E5M2UZ:
    return &llvm::APFloat::Float8E5M2FNUZ();
  default:
    return nullptr;
  }
}

double blockattn::onnx::narrowToDouble(Scalar s, uint8_t bits) {
  if (s == Scalar::F8E8M0)
    return bits == 0xff ? std::numeric_limits<double>::quiet_NaN()
                        : std::ldexp(1.0, int(bits) - 127);
  const llvm::fltSemantics &format = *narrowFormat(s);
  unsigned width = llvm::APFloat::getSizeInBits(format);
  return llvm::APFloat(format, llvm::APInt(8, bits).trunc(width))
      .convertToDouble();
}

/// A power of two, of which only the exponent is kept, from that of the f32.
static uint8_t doubleToExponent(double value, CastMode mode) {
  auto single = static_cast<float>(roundTo(Scalar::F32, value));
  auto bits = llvm::bit_cast<uint32_t>(single);
  uint32_t exponent = (bits >> 23) & 0xff, fraction = bits & 0x7fffff;
  constexpr uint32_t half = 0x400000, nan = 0xff;
  if (exponent == nan)
    return nan;
  bool up = mode.rounding == "up"
                ? fraction != 0
                : mode.rounding == "nearest" &&
                      (fraction > half || (fraction == half && exponent != 0));
  if (up && !(mode.saturate && exponent == nan - 1))
    ++exponent;
  return exponent;
}

uint8_t blockattn::onnx::doubleToNarrow(Scalar s, double value, CastMode mode) {
  if (s == Scalar::F8E8M0)
    return doubleToExponent(value, mode);
  const llvm::fltSemantics &format = *narrowFormat(s);
  // 4 bits have neither infinities nor NaN: ONNX makes -0 of the latter.
  bool finite = s == Scalar::F4E2M1;
  if (finite && std::isnan(value))
    return 0x8;
  if (mode.saturate || finite) {
    double largest = llvm::APFloat::getLargest(format).convertToDouble();
    if (std::fabs(value) > largest)
      value = std::copysign(largest, value);
  }
  llvm::APFloat number(value);
  bool losesInfo;
  number.convert(format, llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  return static_cast<uint8_t>(number.bitcastToAPInt().getZExtValue());
}

//===- HostTensorTest.cpp - tests of small tensors ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/EvaluateTensor.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace blockattn::onnx;

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
const double kNaN = std::numeric_limits<double>::quiet_NaN();

class HostTensorTest : public ::testing::Test {
protected:
  MLIRContext context;
  Builder b{&context};

  HostTensor f32(ArrayRef<int64_t> shape, ArrayRef<double> values) {
    return HostTensor::fromFloats(b.getF32Type(), shape, values);
  }
};

TEST_F(HostTensorTest, ShapesThatDoNotFitMakeInvalidTensors) {
  EXPECT_FALSE(HostTensor::zeros(b.getF32Type(), {-1}));
  EXPECT_FALSE(HostTensor::zeros(b.getF32Type(), {INT64_MAX, 2}));
  EXPECT_FALSE(HostTensor::zeros(b.getI8Type(), {int64_t(1) << 40}));
  EXPECT_FALSE(HostTensor::zeros(b.getType<Float6E2M3FNType>(), {2}));
  EXPECT_FALSE(HostTensor::zeros(Type(), {2}));
  EXPECT_FALSE(HostTensor::fromInts(b.getI64Type(), {3}, {1, 2}));
  EXPECT_FALSE(HostTensor().cast(b.getF32Type()));
  EXPECT_FALSE(HostTensor().toAttr());
}

TEST_F(HostTensorTest, AnEmptyTensorMayHaveHugeDimensions) {
  HostTensor t = HostTensor::zeros(b.getF32Type(), {INT64_MAX, 0, INT64_MAX});
  ASSERT_TRUE(t);
  EXPECT_EQ(t.getNumElements(), 0);
}

TEST_F(HostTensorTest, HalfRoundsToNearestEven) {
  HostTensor t = HostTensor::zeros(b.getF16Type(), {1});
  auto rounded = [&](double value) {
    t.setF(0, value);
    return t.getF(0);
  };
  EXPECT_EQ(rounded(2049), 2048);           // A tie, to even.
  EXPECT_EQ(rounded(2051), 2052);           // The other way.
  EXPECT_EQ(rounded(65519), 65504);         // The greatest number.
  EXPECT_EQ(rounded(65520), kInf);          // Half way to the next.
  EXPECT_EQ(rounded(0x1p-24), 0x1p-24);     // The smallest.
  EXPECT_EQ(rounded(0x1p-25), 0);           // A tie, to even.
  EXPECT_EQ(rounded(0x1.8p-25), 0x1p-24);   // Above it.
  EXPECT_EQ(rounded(0x1.ffcp-15), 0x1p-14); // Subnormal to normal.
  EXPECT_EQ(rounded(-kInf), -kInf);
  EXPECT_TRUE(std::isnan(rounded(kNaN)));
  EXPECT_TRUE(std::signbit(rounded(-0.0)));
}

TEST_F(HostTensorTest, EveryHalfSurvivesTheRoundTrip) {
  HostTensor t = HostTensor::zeros(b.getF16Type(), {1});
  HostTensor copy = t;
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    t.mutableSpan<uint16_t>()[0] = static_cast<uint16_t>(bits);
    double value = t.getF(0);
    if (std::isnan(value))
      continue;
    copy.setF(0, value);
    ASSERT_EQ(copy.span<uint16_t>()[0], bits);
  }
}

TEST_F(HostTensorTest, EveryBfloatSurvivesTheRoundTrip) {
  HostTensor t = HostTensor::zeros(b.getBF16Type(), {1});
  HostTensor copy = t;
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    t.mutableSpan<uint16_t>()[0] = static_cast<uint16_t>(bits);
    double value = t.getF(0);
    if (std::isnan(value))
      continue;
    copy.setF(0, value);
    ASSERT_EQ(copy.span<uint16_t>()[0], bits);
  }
  copy.setF(0, 3.4e38);
  EXPECT_EQ(copy.getF(0), kInf);
}

TEST_F(HostTensorTest, F32RoundsAsTheHardwareDoes) {
  for (double value : {0.1, 1.0 / 3, 1e-45, 1.5e-45, 3.4028235e38, 16777217.0,
                       -1e-46, 0x1.fffffefffffffp0})
    EXPECT_EQ(roundTo(Scalar::F32, value), static_cast<float>(value)) << value;
  EXPECT_EQ(roundTo(Scalar::F32, 1e39), kInf);
}

TEST_F(HostTensorTest, FloatToIntSaturates) {
  EXPECT_EQ(floatToInt(Scalar::I8, 1e9), 127);
  EXPECT_EQ(floatToInt(Scalar::I8, -1e9), -128);
  EXPECT_EQ(floatToInt(Scalar::U8, -3.9), 0);
  EXPECT_EQ(floatToInt(Scalar::I32, -3.9), -3);
  EXPECT_EQ(floatToInt(Scalar::I64, kInf), INT64_MAX);
  EXPECT_EQ(floatToInt(Scalar::I64, -kInf), INT64_MIN);
  EXPECT_EQ(floatToInt(Scalar::I64, 0x1p63), INT64_MAX);
  EXPECT_EQ(floatToInt(Scalar::U64, 0x1p63), INT64_MIN);
  EXPECT_EQ(floatToInt(Scalar::U64, kInf), -1);
  EXPECT_EQ(floatToInt(Scalar::I64, kNaN), 0);
  EXPECT_EQ(floatToInt(Scalar::Bool, 0.25), 1);
  EXPECT_EQ(floatToInt(Scalar::Bool, -0.0), 0);
}

TEST_F(HostTensorTest, PackedElementsHaveAByteEach) {
  std::vector<char> packed = {char(0xf1), 0x07};
  HostTensor t = HostTensor::fromBytes(b.getIntegerType(4), {3}, packed);
  EXPECT_EQ(t.toInts(), (SmallVector<int64_t>{1, -1, 7}));
  EXPECT_EQ(
      HostTensor::fromBytes(b.getIntegerType(2, false), {5}, {char(0xe4), 0x01})
          .toInts(),
      (SmallVector<int64_t>{0, 1, 2, 3, 1}));
  EXPECT_FALSE(HostTensor::fromBytes(b.getIntegerType(4), {5}, packed));
}

TEST_F(HostTensorTest, FloatsOfEightBits) {
  auto cast = [&](Type type, double value, CastMode mode = {}) {
    return f32({1}, {value}).cast(type, mode).getF(0);
  };
  CastMode open{/*saturate=*/false};
  Type e4m3 = b.getType<Float8E4M3FNType>(), e5m2 = b.getType<Float8E5M2Type>();
  EXPECT_EQ(cast(e4m3, 1e6), 448);
  EXPECT_TRUE(std::isnan(cast(e4m3, 1e6, open)));
  EXPECT_EQ(cast(e5m2, -kInf), -57344);
  EXPECT_EQ(cast(e5m2, -kInf, open), -kInf);
  EXPECT_TRUE(std::isnan(cast(e5m2, kNaN)));
  EXPECT_EQ(cast(b.getType<Float8E4M3FNUZType>(), 1e6), 240);
  EXPECT_EQ(cast(b.getType<Float4E2M1FNType>(), 2.5), 2);
  EXPECT_EQ(cast(b.getType<Float4E2M1FNType>(), kInf), 6);
  Type e8m0 = b.getType<Float8E8M0FNUType>();
  EXPECT_EQ(cast(e8m0, 1.1), 2);
  EXPECT_EQ(cast(e8m0, 1.1, {true, "down"}), 1);
  EXPECT_EQ(cast(e8m0, 1.5, {true, "nearest"}), 2);
}

TEST_F(HostTensorTest, CastsWrapIntegersAndTestTruth) {
  HostTensor t = HostTensor::fromInts(b.getI64Type(), {4}, {200, -1, 0, 256});
  EXPECT_EQ(t.cast(b.getI8Type()).toInts(),
            (SmallVector<int64_t>{-56, -1, 0, 0}));
  EXPECT_EQ(t.cast(b.getIntegerType(8, false)).toInts(),
            (SmallVector<int64_t>{200, 255, 0, 0}));
  EXPECT_EQ(t.cast(b.getI1Type()).toInts(), (SmallVector<int64_t>{1, 1, 0, 1}));
  EXPECT_EQ(t.cast(b.getIntegerType(4)).toInts(),
            (SmallVector<int64_t>{-8, -1, 0, 0}));
  EXPECT_EQ(t.cast(b.getIntegerType(2, false)).toInts(),
            (SmallVector<int64_t>{0, 3, 0, 0}));
  EXPECT_FALSE(t.cast(b.getType<Float6E2M3FNType>()));

  // Above 2^63: right only when the number is taken for unsigned.
  HostTensor u = HostTensor::fromInts(b.getIntegerType(64, false), {1}, {-1});
  EXPECT_EQ(u.cast(b.getF64Type()).getF(0), 0x1p64);
  // 2^24 + 1 by way of double would be the same; 2^55 + 2^31 + 1 would not.
  int64_t wide = (int64_t(1) << 55) + (int64_t(1) << 31) + 1;
  HostTensor w = HostTensor::fromInts(b.getI64Type(), {1}, {wide});
  EXPECT_EQ(w.cast(b.getF32Type()).getF(0), static_cast<float>(wide));
}

TEST_F(HostTensorTest, AttributesThereAndBack) {
  HostTensor t = f32({2, 2}, {1, 2, 3, 4});
  EXPECT_EQ(HostTensor::from(t.toAttr()), t);
  HostTensor bools =
      HostTensor::fromInts(b.getI1Type(), {9}, {1, 0, 0, 1, 1, 0, 1, 0, 1});
  EXPECT_EQ(HostTensor::from(bools.toAttr()), bools);
  HostTensor empty = HostTensor::zeros(b.getI64Type(), {0, 3});
  EXPECT_EQ(HostTensor::from(empty.toAttr()), empty);
  HostTensor splat = HostTensor::full(b.getF16Type(), {5}, 0.5);
  EXPECT_TRUE(splat.toAttr().isSplat());
  EXPECT_EQ(HostTensor::from(splat.toAttr()), splat);
  HostTensor scalar = HostTensor::full(b.getI1Type(), {}, 1);
  EXPECT_EQ(HostTensor::from(scalar.toAttr()), scalar);
}

TEST_F(HostTensorTest, ResourcesAreRead) {
  float values[] = {1, 2, 3};
  AsmResourceBlob blob =
      HeapAsmResourceBlob::allocateAndCopyInferAlign(ArrayRef<float>(values));
  auto attr = DenseResourceElementsAttr::get(
      RankedTensorType::get({3}, b.getF32Type()), "values", std::move(blob));
  EXPECT_EQ(HostTensor::from(attr), f32({3}, {1, 2, 3}));
  // A damaged file can claim any shape for a resource.
  auto wrong = DenseResourceElementsAttr::get(
      RankedTensorType::get({4}, b.getF32Type()), attr.getRawHandle());
  EXPECT_FALSE(HostTensor::from(wrong));
}

TEST_F(HostTensorTest, Reshape) {
  HostTensor t = HostTensor::iota(b.getI64Type(), {2, 3});
  EXPECT_EQ(t.reshaped({3, 2}).atI({2, 1}), 5);
  EXPECT_FALSE(t.reshaped({4}));
  EXPECT_FALSE(t.reshaped({-2, -3}));
}

} // namespace

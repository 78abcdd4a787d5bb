//===- DialectTest.cpp - tests of the tables over the ops -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/Onnx.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace blockattn::onnx;

namespace {

class DialectTest : public ::testing::Test {
protected:
  DialectTest() { context.loadDialect<OnnxDialect>(); }
  OperationName name(StringRef op) { return OperationName(op, &context); }

  MLIRContext context;
};

TEST_F(DialectTest, SlotsCountAbsentOperands) {
  EXPECT_EQ(operandSlots(name("onnx.Clip")), 3u);
  EXPECT_EQ(operandSlots(name("onnx.Slice")), 5u);
  EXPECT_EQ(operandSlots(name("onnx.Attention")), 7u);
  EXPECT_EQ(resultSlots(name("onnx.Attention")), 4u);
  EXPECT_EQ(resultSlots(name("onnx.LayerNormalization")), 3u);
}

TEST_F(DialectTest, NoSlotsWhereOnlyTrailingValuesCanBeAbsent) {
  EXPECT_EQ(operandSlots(name("onnx.Gemm")), std::nullopt);
  EXPECT_EQ(operandSlots(name("onnx.LayerNormalization")), std::nullopt);
  EXPECT_EQ(resultSlots(name("onnx.Clip")), std::nullopt);
  EXPECT_EQ(operandSlots(name("onnx.NoSuchOp")), std::nullopt);
}

TEST_F(DialectTest, DataTypeAttributes) {
  EXPECT_TRUE(isDataTypeAttribute("to"));
  EXPECT_TRUE(isDataTypeAttribute("stash_type"));
  EXPECT_FALSE(isDataTypeAttribute("axis"));
}

TEST_F(DialectTest, Axes) {
  EXPECT_EQ(normalizeAxis(-1, 3), 2);
  EXPECT_EQ(normalizeAxis(2, 3), 2);
  EXPECT_EQ(normalizeAxis(3, 3), std::nullopt);
  EXPECT_EQ(normalizeAxis(-4, 3), std::nullopt);
  EXPECT_EQ(normalizeAxis(0, 0), std::nullopt);
}

TEST_F(DialectTest, ConstantInts) {
  OpBuilder b(&context);
  Location loc = b.getUnknownLoc();
  auto constant = [&](DenseElementsAttr value) {
    return ConstantOp::create(b, loc, value.getType(), value);
  };
  ConstantOp ints = constant(b.getI64TensorAttr({3, -1}));
  EXPECT_EQ(constantInts(ints), (SmallVector<int64_t>{3, -1}));
  // Bytes above 127 and true are not negative.
  ConstantOp bytes = constant(DenseElementsAttr::get(
      RankedTensorType::get({1}, b.getIntegerType(8, /*isSigned=*/false)),
      APInt(8, 200)));
  EXPECT_EQ(constantInts(bytes), (SmallVector<int64_t>{200}));
  ConstantOp truth = constant(
      DenseElementsAttr::get(RankedTensorType::get({}, b.getI1Type()), true));
  EXPECT_EQ(constantInts(truth), (SmallVector<int64_t>{1}));
  ConstantOp floats = constant(
      DenseElementsAttr::get(RankedTensorType::get({1}, b.getF32Type()), 1.0f));
  EXPECT_EQ(constantInts(floats), std::nullopt);
  EXPECT_EQ(constantInts(Value()), std::nullopt);
  // A splat costs nothing, however many elements it claims.
  ConstantOp huge = constant(DenseElementsAttr::get(
      RankedTensorType::get({int64_t(1) << 62}, b.getI64Type()), int64_t(0)));
  EXPECT_EQ(constantInts(huge), std::nullopt);
  for (Operation *op : {ints, bytes, truth, floats, huge})
    op->destroy();
}

} // namespace

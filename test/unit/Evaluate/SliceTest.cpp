//===- SliceTest.cpp - tests of slices and of shape arithmetic ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/Evaluate.h"
#include "dialects/Onnx/EvaluateSlice.h"
#include "dialects/Onnx/Onnx.h"
#include "dialects/Onnx/ShapeInference.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace blockattn::onnx;

namespace {

// Lengths are read off the embeddings; the past makes the keys longer.
constexpr const char *kProgram = R"(
func.func @main(
    %ids: tensor<1x?xi64> {onnx.name = "input_ids", onnx.dims = ["", "seq"]},
    %past: tensor<1x2x?x4xf32> {onnx.name = "past", onnx.dims = ["", "", "past", ""]},
    %unused: tensor<f32>) -> tensor<?xi64> {
  %w = onnx.Weight "embed" source 0 offset 0 size 16000000 : tensor<1000000x4xf32>
  %h = onnx.Gather(%w, %ids) : (tensor<1000000x4xf32>, tensor<1x?xi64>) -> tensor<1x?x4xf32>
  %s = onnx.Shape(%h) {end = 2 : i64, start = 1 : i64} : (tensor<1x?x4xf32>) -> tensor<1xi64>
  %p = onnx.Shape(%past) {end = 3 : i64, start = 2 : i64} : (tensor<1x2x?x4xf32>) -> tensor<1xi64>
  %n = onnx.Add(%s, %p) : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  %x = onnx.ConstantOfShape(%n) {value = dense<1> : tensor<1xi64>} : (tensor<1xi64>) -> tensor<?xi64>
  return %x : tensor<?xi64>
}
)";

class SliceTest : public ::testing::Test {
protected:
  SliceTest() {
    context.loadDialect<func::FuncDialect, OnnxDialect>();
    module = parseSourceString<ModuleOp>(kProgram, &context);
    main = module->lookupSymbol<func::FuncOp>("main");
    result = main.getBody().front().getTerminator()->getOperand(0);
  }

  MLIRContext context;
  Builder b{&context};
  OwningOpRef<ModuleOp> module;
  func::FuncOp main;
  Value result;
};

TEST_F(SliceTest, ShapesEndTheSlice) {
  BackwardSlice slice = backwardSlice(result);
  EXPECT_EQ(slice.ops.size(), 4u); // Two Shapes, Add, ConstantOfShape.
  EXPECT_EQ(slice.ops.back(), result.getDefiningOp());
  EXPECT_TRUE(slice.arguments.empty());
  EXPECT_TRUE(slice.weights.empty());
  EXPECT_EQ(slice.shapes.size(), 2u);
  EXPECT_TRUE(slice.shapes.contains(main.getArgument(1)));
}

TEST_F(SliceTest, ElementsAndWeights) {
  Value hidden = *llvm::find_if(backwardSlice(result).shapes,
                                [](Value v) { return v.getDefiningOp(); });
  BackwardSlice slice = backwardSlice(hidden);
  EXPECT_TRUE(slice.dependsOn(main.getArgument(0)));
  EXPECT_FALSE(slice.dependsOn(main.getArgument(1)));
  EXPECT_EQ(slice.weights.size(), 1u);
  Value weight = hidden.getDefiningOp()->getOperand(0);
  slice = backwardSlice(hidden, [&](Value v) { return v == weight; });
  EXPECT_TRUE(slice.cuts.contains(weight));
  EXPECT_TRUE(slice.weights.empty());
}

TEST_F(SliceTest, LengthsComeFromTheArguments) {
  SymbolicShapes shapes(&context);
  ASSERT_TRUE(succeeded(shapes.run(main)));
  Evaluator evaluator;
  evaluator.bind(main.getArgument(0),
                 HostTensor::zeros(b.getI64Type(), {1, 3}));
  evaluator.bind(main.getArgument(1),
                 HostTensor::zeros(b.getF32Type(), {1, 2, 4, 4}));
  // Without the shapes the embeddings would have to be computed.
  EXPECT_FALSE(evaluator.lookup(result));
  evaluator.useShapes(&shapes);
  std::string why;
  const HostTensor *x = evaluator.lookup(result, &why);
  ASSERT_TRUE(x) << why;
  EXPECT_EQ(x->getShape(), ArrayRef<int64_t>({7}));

  evaluator.bind(main.getArgument(1),
                 HostTensor::zeros(b.getF32Type(), {1, 2, 0, 4}));
  EXPECT_EQ(evaluator.lookup(result)->getShape(), ArrayRef<int64_t>({3}));
  evaluator.useShapes(nullptr);
  EXPECT_FALSE(evaluator.lookup(result));
}

} // namespace

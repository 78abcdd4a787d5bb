//===- BlockAttnTest.cpp - tests of the blockattn ops' evaluation ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/BlockAttn/BlockAttn.h"
#include "dialects/BlockAttn/Evaluate.h"
#include "dialects/Onnx/Onnx.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace mlir;
using namespace blockattn;
using onnx::HostTensor;

namespace {

class BlockAttnTest : public ::testing::Test {
protected:
  BlockAttnTest() {
    context.loadDialect<func::FuncDialect, arith::ArithDialect,
                        tensor::TensorDialect, onnx::OnnxDialect,
                        BlockAttnDialect>();
  }

  // All results of @main, or none and the reason.
  SmallVector<HostTensor> run(StringRef signature, StringRef body,
                              ArrayRef<HostTensor> inputs,
                              const EvaluationCache *cache = nullptr) {
    why.clear();
    std::string text =
        ("func.func @main" + signature + " {\n" + body + "\n}").str();
    auto module = parseSourceString<ModuleOp>(text, &context);
    EXPECT_TRUE(module) << text;
    if (!module)
      return {};
    auto main = module->lookupSymbol<func::FuncOp>("main");
    onnx::Evaluator evaluator;
    addEvaluationRules(evaluator, cache);
    for (auto [argument, tensor] : llvm::zip_equal(main.getArguments(), inputs))
      evaluator.bind(argument, tensor);
    SmallVector<HostTensor> results;
    for (Value value : main.getBody().front().getTerminator()->getOperands()) {
      FailureOr<HostTensor> result = evaluator.evaluate(value, &why);
      if (failed(result))
        return {};
      results.push_back(*result);
    }
    return results;
  }

  HostTensor f32(ArrayRef<int64_t> shape, ArrayRef<double> values) {
    return HostTensor::fromFloats(b.getF32Type(), shape, values);
  }
  // Rows of start, is_global, segment.
  HostTensor layout(ArrayRef<int64_t> numbers) {
    return HostTensor::fromInts(
        b.getI64Type(), {static_cast<int64_t>(numbers.size()) / 3, 3}, numbers);
  }

  MLIRContext context;
  Builder b{&context};
  std::string why;
};

TEST_F(BlockAttnTest, FirstKeys) {
  StringRef signature = "(%l: !blockattn.layout) -> tensor<?xi64>";
  StringRef body = R"(
    %n = arith.constant 6 : index
    %k = blockattn.first_key %l, %n : tensor<?xi64>
    return %k : tensor<?xi64>)";
  // Two prompts: a local and a global block; one block.
  auto keys = run(signature, body, {layout({0, 0, 0, 2, 1, 0, 4, 1, 1})});
  ASSERT_EQ(keys.size(), 1u) << why;
  EXPECT_EQ(keys[0].toInts(), (SmallVector<int64_t>{0, 0, 0, 0, 4, 4}));
  keys = run(signature, body, {layout({0, 0, 0, 3, 0, 0, 5, 1, 0})});
  EXPECT_EQ(keys[0].toInts(), (SmallVector<int64_t>{0, 0, 0, 3, 3, 0}));
  EXPECT_TRUE(run(signature, body, {layout({1, 1, 0})}).empty());
  EXPECT_NE(why.find("increase from 0"), std::string::npos) << why;
  EXPECT_TRUE(run(signature, body, {layout({0, 1, 0, 0, 1, 0})}).empty());
}

TEST_F(BlockAttnTest, SeeingNothingIsZero) {
  HostTensor x = f32({1, 2, 1, 2}, {1, 2, 3, 4});
  HostTensor mask = HostTensor::fromInts(b.getI1Type(), {1, 2}, {0, 1});
  auto results = run("(%x: tensor<1x2x1x2xf32>, %m: tensor<1x2xi1>) -> "
                     "(tensor<1x2x1x2xf32>, tensor<1x2x1xf32>)",
                     R"(
    %y, %lse = blockattn.attention %x, %x, %x key_mask(%m : tensor<1x2xi1>)
      {causal, scale = 1.0 : f32}
      : tensor<1x2x1x2xf32>, tensor<1x2x1x2xf32>, tensor<1x2x1x2xf32>
      -> tensor<1x2x1x2xf32>, tensor<1x2x1xf32>
    return %y, %lse : tensor<1x2x1x2xf32>, tensor<1x2x1xf32>)",
                     {x, mask});
  ASSERT_EQ(results.size(), 2u) << why;
  EXPECT_EQ(results[0], f32({1, 2, 1, 2}, {0, 0, 3, 4}));
  EXPECT_EQ(results[1].getF(0), -INFINITY);
  EXPECT_EQ(results[1].getF(1), 25);
}

TEST_F(BlockAttnTest, ACachedBlockIsAPrefix) {
  // The same keys, once in one run and once with the first two cached.
  StringRef plain = R"(
    %y = blockattn.attention %q, %k, %k {causal, scale = 0.5 : f32, window = 3 : i64}
      : tensor<1x?x1x2xf32>, tensor<1x?x1x2xf32>, tensor<1x?x1x2xf32> -> tensor<1x?x1x2xf32>
    return %y : tensor<1x?x1x2xf32>)";
  StringRef cached = R"(
    %y = blockattn.attention %q, %k, %k cache(%c)
      {causal, scale = 0.5 : f32, window = 3 : i64, layer = 0 : i64}
      : tensor<1x?x1x2xf32>, tensor<1x?x1x2xf32>, tensor<1x?x1x2xf32> -> tensor<1x?x1x2xf32>
    return %y : tensor<1x?x1x2xf32>)";
  HostTensor q = f32({1, 2, 1, 2}, {1, -1, 0.5, 2});
  HostTensor all = f32({1, 4, 1, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  HostTensor head = f32({1, 2, 1, 2}, {1, 2, 3, 4});
  HostTensor tail = f32({1, 2, 1, 2}, {5, 6, 7, 8});
  auto want = run("(%q: tensor<1x?x1x2xf32>, %k: tensor<1x?x1x2xf32>) -> "
                  "tensor<1x?x1x2xf32>",
                  plain, {q, all});
  ASSERT_EQ(want.size(), 1u) << why;
  EvaluationCache cache;
  cache.blocks.push_back({0, {{head, head}}});
  StringRef signature = "(%q: tensor<1x?x1x2xf32>, %k: tensor<1x?x1x2xf32>, "
                        "%c: !blockattn.kv) -> tensor<1x?x1x2xf32>";
  HostTensor handle = HostTensor::zeros(b.getI64Type(), {});
  auto got = run(signature, cached, {q, tail, handle}, &cache);
  ASSERT_EQ(got.size(), 1u) << why;
  EXPECT_EQ(got[0], want[0]);
  EXPECT_TRUE(run(signature, cached, {q, tail, handle}).empty());
  EXPECT_NE(why.find("no cached blocks"), std::string::npos) << why;
  cache.blocks[0].layers.clear();
  EXPECT_TRUE(run(signature, cached, {q, tail, handle}, &cache).empty());
}

TEST_F(BlockAttnTest, SinksComeAndGo) {
  StringRef signature =
      "(%x: tensor<1x?x1xf32>, %t: tensor<?x1xf32>, %p: tensor<1x?xi64>, "
      "%l: !blockattn.layout) -> (tensor<1x?x1xf32>, tensor<1x?xi64>, "
      "tensor<1x?x1xf32>)";
  StringRef body = R"(
    %y, %q, %m = blockattn.insert_sinks %x, %t, %p, %l
      : tensor<1x?x1xf32>, tensor<?x1xf32>, tensor<1x?xi64> -> tensor<1x?x1xf32>, tensor<1x?xi64>
    %c0 = arith.constant 0 : index
    %n = tensor.dim %t, %c0 : tensor<?x1xf32>
    %z = blockattn.drop_sinks %y, %l, %n : tensor<1x?x1xf32> -> tensor<1x?x1xf32>
    return %y, %q, %z : tensor<1x?x1xf32>, tensor<1x?xi64>, tensor<1x?x1xf32>)";
  HostTensor x = f32({1, 3, 1}, {1, 2, 3});
  HostTensor positions =
      HostTensor::fromInts(b.getI64Type(), {1, 3}, {0, 1, 2});
  HostTensor blocks = layout({0, 0, 0, 2, 1, 0});
  auto results =
      run(signature, body, {x, f32({2, 1}, {8, 9}), positions, blocks});
  ASSERT_EQ(results.size(), 3u) << why;
  EXPECT_EQ(results[0], f32({1, 7, 1}, {8, 9, 1, 2, 8, 9, 3}));
  EXPECT_EQ(results[1].toInts(), (SmallVector<int64_t>{0, 1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(results[2], x);
  // No sinks: exactly the model without them.
  results = run(signature, body, {x, f32({0, 1}, {}), positions, blocks});
  ASSERT_EQ(results.size(), 3u) << why;
  EXPECT_EQ(results[0], x);
  EXPECT_EQ(results[1], positions);
}

TEST_F(BlockAttnTest, SharedSinksComeOnce) {
  StringRef signature =
      "(%x: tensor<1x?x1xf32>, %t: tensor<?x1xf32>, %p: tensor<1x?xi64>, "
      "%l: !blockattn.layout) -> (tensor<1x?x1xf32>, tensor<1x?xi64>, "
      "tensor<1x?x1xf32>, tensor<?xi64>)";
  StringRef body = R"(
    %y, %q, %m = blockattn.insert_sinks %x, %t, %p, %l {shared}
      : tensor<1x?x1xf32>, tensor<?x1xf32>, tensor<1x?xi64> -> tensor<1x?x1xf32>, tensor<1x?xi64>
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %n = tensor.dim %t, %c0 : tensor<?x1xf32>
    %z = blockattn.drop_sinks %y, %l, %n {shared} : tensor<1x?x1xf32> -> tensor<1x?x1xf32>
    %rows = tensor.dim %y, %c1 : tensor<1x?x1xf32>
    %k = blockattn.first_key %m, %rows : tensor<?xi64>
    return %y, %q, %z, %k : tensor<1x?x1xf32>, tensor<1x?xi64>, tensor<1x?x1xf32>, tensor<?xi64>)";
  // Two prompts: a local and a global block; one block.
  HostTensor x = f32({1, 4, 1}, {1, 2, 3, 4});
  HostTensor positions =
      HostTensor::fromInts(b.getI64Type(), {1, 4}, {0, 1, 2, 0});
  HostTensor blocks = layout({0, 0, 0, 2, 1, 0, 3, 1, 1});
  auto results =
      run(signature, body, {x, f32({2, 1}, {8, 9}), positions, blocks});
  ASSERT_EQ(results.size(), 4u) << why;
  EXPECT_EQ(results[0], f32({1, 6, 1}, {8, 9, 1, 2, 3, 4}));
  EXPECT_EQ(results[1].toInts(), (SmallVector<int64_t>{0, 1, 2, 3, 4, 2}));
  EXPECT_EQ(results[2], x);
  // The sinks belong to the first block; the second prompt begins behind.
  EXPECT_EQ(results[3].toInts(), (SmallVector<int64_t>{0, 0, 0, 0, 0, 5}));
  results = run(signature, body, {x, f32({0, 1}, {}), positions, blocks});
  ASSERT_EQ(results.size(), 4u) << why;
  EXPECT_EQ(results[0], x);
  EXPECT_EQ(results[1], positions);
}

TEST_F(BlockAttnTest, RotationsAddUp) {
  StringRef signature =
      "(%x: tensor<1x2x1x4xf32>, %p: tensor<1x2xi64>) -> tensor<1x2x1x4xf32>";
  StringRef body = R"(
    %y = blockattn.rotary %x, %p <inv_freq = dense<[1.0, 0.5]> : tensor<2xf32>>
      : tensor<1x2x1x4xf32>, tensor<1x2xi64>
    return %y : tensor<1x2x1x4xf32>)";
  HostTensor x = f32({1, 2, 1, 4}, {1, 0, 0, 0, 0, 1, 0, 0});
  auto y = run(signature, body,
               {x, HostTensor::fromInts(b.getI64Type(), {1, 2}, {0, 2})});
  ASSERT_EQ(y.size(), 1u) << why;
  // Position 0 changes nothing; the second pair at position 2 turns by 1.
  EXPECT_EQ(y[0].atF({0, 0, 0, 0}), 1);
  EXPECT_NEAR(y[0].atF({0, 1, 0, 1}), std::cos(1.0), 1e-7);
  EXPECT_NEAR(y[0].atF({0, 1, 0, 3}), std::sin(1.0), 1e-7);
}

} // namespace

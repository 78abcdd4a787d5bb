//===- EvaluatorTest.cpp - tests of the evaluator -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What ops compute is tested by ONNX's own cases (test/conformance). Here:
// the interpreter itself, and everything that must fail with a reason.
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/Evaluate.h"
#include "dialects/Onnx/Onnx.h"
#include "dialects/Onnx/Weights.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace blockattn::onnx;

namespace {

class EvaluatorTest : public ::testing::Test {
protected:
  EvaluatorTest() { context.loadDialect<func::FuncDialect, OnnxDialect>(); }

  // Parses a body of @main; the module lives as long as the test.
  func::FuncOp parse(StringRef signature, StringRef body) {
    std::string text =
        ("func.func @main" + signature + " {\n" + body + "\n}").str();
    module = parseSourceString<ModuleOp>(text, &context);
    EXPECT_TRUE(module) << text;
    return module ? module->lookupSymbol<func::FuncOp>("main") : func::FuncOp();
  }

  // The only result of @main, or why there is none.
  HostTensor run(StringRef signature, StringRef body,
                 ArrayRef<HostTensor> inputs = {}) {
    why.clear();
    func::FuncOp main = parse(signature, body);
    if (!main)
      return HostTensor();
    auto results = evaluateFunction(main, inputs, &why);
    return failed(results) ? HostTensor() : results->front();
  }

  void expectFailure(StringRef signature, StringRef body, StringRef reason,
                     ArrayRef<HostTensor> inputs = {}) {
    EXPECT_FALSE(run(signature, body, inputs));
    EXPECT_NE(StringRef(why).find(reason), StringRef::npos) << why;
  }

  HostTensor ints(ArrayRef<int64_t> values) {
    return HostTensor::vector(&context, values);
  }
  HostTensor f32(ArrayRef<int64_t> shape, ArrayRef<double> values) {
    return HostTensor::fromFloats(b.getF32Type(), shape, values);
  }

  MLIRContext context;
  Builder b{&context};
  OwningOpRef<ModuleOp> module;
  std::string why;
};

//===----------------------------------------------------------------------===//
// The interpreter
//===----------------------------------------------------------------------===//

TEST_F(EvaluatorTest, BindForgetsWhatWasComputed) {
  func::FuncOp main = parse("(%x: tensor<?xi64>) -> tensor<?xi64>", R"(
    %y = onnx.Add(%x, %x) : (tensor<?xi64>, tensor<?xi64>) -> tensor<?xi64>
    return %y : tensor<?xi64>)");
  Value y = main.getBody().front().getTerminator()->getOperand(0);
  Evaluator evaluator;
  EXPECT_FALSE(evaluator.lookup(y, &why));
  EXPECT_NE(why.find("argument 0"), std::string::npos) << why;
  evaluator.bind(main.getArgument(0), ints({1, 2}));
  EXPECT_EQ(*evaluator.evaluate(y), ints({2, 4}));
  evaluator.bind(main.getArgument(0), ints({5}));
  EXPECT_EQ(*evaluator.evaluate(y), ints({10}));
  evaluator.bind(y, ints({7}));
  EXPECT_EQ(*evaluator.evaluate(y), ints({7}));
  evaluator.clear();
  EXPECT_FALSE(evaluator.lookup(y));
}

TEST_F(EvaluatorTest, AnUnboundArgumentIsNamed) {
  func::FuncOp main =
      parse("(%x: tensor<2xf32> {onnx.name = \"input_ids\"}) -> tensor<2xf32>",
            "return %x : tensor<2xf32>");
  Evaluator evaluator;
  EXPECT_TRUE(failed(evaluator.evaluate(main.getArgument(0), &why)));
  EXPECT_NE(why.find("'input_ids'"), std::string::npos) << why;
  EXPECT_TRUE(failed(evaluator.evaluate(Value(), &why)));
}

TEST_F(EvaluatorTest, ADeepGraphIsNoDeepStack) {
  func::FuncOp main = parse("(%x: tensor<1xi64>) -> tensor<1xi64>",
                            "return %x : tensor<1xi64>");
  Operation *end = main.getBody().front().getTerminator();
  OpBuilder builder(end);
  Value value = main.getArgument(0);
  for (int i = 0; i < 100000; ++i)
    value = AddOp::create(builder, main.getLoc(), value.getType(), value,
                          main.getArgument(0));
  Evaluator evaluator;
  evaluator.bind(main.getArgument(0), ints({1}));
  EXPECT_EQ(*evaluator.evaluate(value), ints({100001}));
}

TEST_F(EvaluatorTest, OnlyTheBranchTakenIsEvaluated) {
  StringRef signature = "(%c: tensor<i1>, %x: tensor<2xf32>) -> tensor<?xf32>";
  // The other branch would divide integers by zero.
  StringRef body = R"(
    %y = onnx.If(%c) : (tensor<i1>) -> tensor<?xf32> {
      %s = onnx.Add(%x, %x) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
      onnx.Yield %s : tensor<2xf32>
    } else {
      %z = onnx.Constant dense<0> : tensor<2xi64>
      %q = onnx.Div(%z, %z) : (tensor<2xi64>, tensor<2xi64>) -> tensor<2xi64>
      %f = onnx.Cast(%q) {to = f32} : (tensor<2xi64>) -> tensor<2xf32>
      onnx.Yield %f : tensor<2xf32>
    }
    return %y : tensor<?xf32>)";
  HostTensor yes = HostTensor::full(b.getI1Type(), {}, 1);
  HostTensor no = HostTensor::full(b.getI1Type(), {}, 0);
  EXPECT_EQ(run(signature, body, {yes, f32({2}, {1, 2})}), f32({2}, {2, 4}));
  expectFailure(signature, body, "onnx.Div", {no, f32({2}, {1, 2})});
}

TEST_F(EvaluatorTest, BranchesUseWhatIsAroundThem) {
  HostTensor no = HostTensor::full(b.getI1Type(), {1}, 0);
  EXPECT_EQ(run("(%c: tensor<1xi1>, %x: tensor<1xi64>) -> tensor<1xi64>", R"(
    %a = onnx.Neg(%x) : (tensor<1xi64>) -> tensor<1xi64>
    %y = onnx.If(%c) : (tensor<1xi1>) -> tensor<1xi64> {
      onnx.Yield %x : tensor<1xi64>
    } else {
      %n = onnx.If(%c) : (tensor<1xi1>) -> tensor<1xi64> {
        onnx.Yield %x : tensor<1xi64>
      } else {
        onnx.Yield %a : tensor<1xi64>
      }
      onnx.Yield %n : tensor<1xi64>
    }
    return %y : tensor<1xi64>)",
                {no, ints({3})}),
            ints({-3}));
}

TEST_F(EvaluatorTest, FunctionsCheckTheirInputs) {
  expectFailure("(%x: tensor<1xi64>) -> tensor<1xi64>",
                "return %x : tensor<1xi64>", "takes 1 inputs, not 0");
  OwningOpRef<ModuleOp> other = parseSourceString<ModuleOp>(
      "func.func private @f(tensor<1xi64>) -> tensor<1xi64>", &context);
  auto function = *other->getOps<func::FuncOp>().begin();
  EXPECT_TRUE(failed(evaluateFunction(function, {ints({1})}, &why)));
  EXPECT_NE(why.find("one block"), std::string::npos) << why;
}

TEST_F(EvaluatorTest, ForeignOpsFailUntilThereIsARule) {
  func::FuncOp main = parse("(%x: tensor<2xi64>) -> tensor<2xi64>", R"(
    %y = onnx.Foreign "com.acme" "Twice"(%x) : (tensor<2xi64>) -> tensor<2xi64>
    return %y : tensor<2xi64>)");
  Value y = main.getBody().front().getTerminator()->getOperand(0);
  Evaluator evaluator;
  evaluator.bind(main.getArgument(0), ints({1, 2}));
  EXPECT_FALSE(evaluator.lookup(y, &why));
  EXPECT_NE(why.find("no rule"), std::string::npos) << why;
  evaluator.addRule("onnx.Foreign",
                    [&](Operation *, ArrayRef<const HostTensor *> operands,
                        SmallVectorImpl<HostTensor> &results, std::string &) {
                      results[0] = ints({2 * operands[0]->getI(0), 0});
                      return success();
                    });
  EXPECT_EQ(*evaluator.evaluate(y), ints({2, 0}));
}

TEST_F(EvaluatorTest, ARuleThatLeavesAResultOutIsCaught) {
  func::FuncOp main = parse("(%x: tensor<2xi64>) -> tensor<2xi64>", R"(
    %y = onnx.Foreign "com.acme" "Twice"(%x) : (tensor<2xi64>) -> tensor<2xi64>
    return %y : tensor<2xi64>)");
  Evaluator evaluator;
  evaluator.addRule("onnx.Foreign",
                    [](Operation *, ArrayRef<const HostTensor *>,
                       SmallVectorImpl<HostTensor> &,
                       std::string &) { return success(); });
  Operation *op = &main.getBody().front().front();
  HostTensor one = ints({1});
  SmallVector<HostTensor> results;
  EXPECT_TRUE(failed(evaluator.evaluateOp(op, {&one}, results, &why)));
  EXPECT_NE(why.find("a result has no value"), std::string::npos) << why;
  EXPECT_TRUE(failed(evaluator.evaluateOp(op, {}, results, &why)));
  EXPECT_TRUE(failed(evaluator.evaluateOp(op, {nullptr}, results, &why)));
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

TEST_F(EvaluatorTest, WeightsComeFromTheirFile) {
  SmallString<128> path;
  int handle;
  ASSERT_FALSE(
      llvm::sys::fs::createTemporaryFile("weights", "bin", handle, path));
  {
    llvm::raw_fd_ostream file(handle, /*shouldClose=*/true);
    float values[] = {0, 1.5, 2.5};
    file.write(reinterpret_cast<const char *>(values), sizeof(values));
  }
  func::FuncOp main = parse("() -> tensor<2xf32>", R"(
    %w = onnx.Weight "w" source 0 offset 4 size 8 : tensor<2xf32>
    return %w : tensor<2xf32>)");
  (*module)->setAttr("onnx.sources", b.getStrArrayAttr({path.str()}));
  EXPECT_TRUE(failed(evaluateFunction(main, {}, &why)));
  EXPECT_NE(why.find("not open"), std::string::npos) << why;
  WeightFiles weights(*module);
  auto results = evaluateFunction(main, {}, &why, &weights);
  ASSERT_TRUE(succeeded(results)) << why;
  EXPECT_EQ(results->front(), f32({2}, {1.5, 2.5}));
  // A limit keeps large weights out.
  Evaluator evaluator(&weights, /*maxElements=*/1);
  EXPECT_FALSE(evaluator.lookup(
      main.getBody().front().getTerminator()->getOperand(0), &why));
  EXPECT_NE(why.find("too large"), std::string::npos) << why;
  llvm::sys::fs::remove(path);
}

//===----------------------------------------------------------------------===//
// Corners of the ops
//===----------------------------------------------------------------------===//

TEST_F(EvaluatorTest, SliceClampsExtremes) {
  // As exporters write "to the end" and "from the end backwards".
  EXPECT_EQ(run("(%x: tensor<?xi64>) -> tensor<?xi64>", R"(
    %s = onnx.Constant dense<9223372036854775807> : tensor<1xi64>
    %e = onnx.Constant dense<-9223372036854775808> : tensor<1xi64>
    %a = onnx.Constant dense<0> : tensor<1xi64>
    %t = onnx.Constant dense<-2> : tensor<1xi64>
    %y = onnx.Slice(%x, %s, %e, %a, %t)
      : (tensor<?xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?xi64>
    return %y : tensor<?xi64>)",
                {ints({0, 1, 2, 3})}),
            ints({3, 1}));
  EXPECT_EQ(run("(%x: tensor<?xi64>, %t: tensor<1xi64>) -> tensor<?xi64>", R"(
    %s = onnx.Constant dense<0> : tensor<1xi64>
    %e = onnx.Constant dense<9223372036854775807> : tensor<1xi64>
    %y = onnx.Slice(%x, %s, %e, %s, %t)
      : (tensor<?xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?xi64>
    return %y : tensor<?xi64>)",
                {ints({5, 6}), ints({INT64_MAX})}),
            ints({5}));
}

TEST_F(EvaluatorTest, IntegersWrapAndF32StaysF32) {
  StringRef body = R"(
    %y = onnx.Add(%x, %x) : (tensor<?xi64>, tensor<?xi64>) -> tensor<?xi64>
    return %y : tensor<?xi64>)";
  EXPECT_EQ(run("(%x: tensor<?xi64>) -> tensor<?xi64>", body,
                {ints({INT64_MAX, INT64_MIN})}),
            ints({-2, 0}));
  // 1 + 2^-24 is 1 in f32; in double the difference would come back.
  EXPECT_EQ(run("(%x: tensor<1xf32>, %d: tensor<1xf32>) -> tensor<1xf32>", R"(
    %a = onnx.Add(%x, %d) : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32>
    %y = onnx.Sub(%a, %x) : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32>
    return %y : tensor<1xf32>)",
                {f32({1}, {1}), f32({1}, {0x1p-24})}),
            f32({1}, {0}));
}

TEST_F(EvaluatorTest, UnsignedNumbersCompareAsSuch) {
  HostTensor big = HostTensor::fromInts(b.getIntegerType(64, false), {1}, {-1});
  HostTensor one = HostTensor::fromInts(b.getIntegerType(64, false), {1}, {1});
  EXPECT_EQ(run("(%x: tensor<1xui64>, %y: tensor<1xui64>) -> tensor<1xi1>", R"(
    %z = onnx.Greater(%x, %y) : (tensor<1xui64>, tensor<1xui64>) -> tensor<1xi1>
    return %z : tensor<1xi1>)",
                {big, one})
                .getI(0),
            1);
}

TEST_F(EvaluatorTest, RangesCountLikeTheSpecification) {
  StringRef signature =
      "(%a: tensor<f32>, %b: tensor<f32>, %c: tensor<f32>) -> tensor<?xf32>";
  StringRef body = R"(
    %y = onnx.Range(%a, %b, %c) : (tensor<f32>, tensor<f32>, tensor<f32>) -> tensor<?xf32>
    return %y : tensor<?xf32>)";
  // In f32 0.3 / 0.1 is 3; the same numbers in double make 3.00000007.
  EXPECT_EQ(run(signature, body, {f32({}, {0}), f32({}, {0.3}), f32({}, {0.1})})
                .getNumElements(),
            3);
  EXPECT_EQ(run(signature, body, {f32({}, {3}), f32({}, {0}), f32({}, {1})})
                .getNumElements(),
            0);
  expectFailure(signature, body, "too long",
                {f32({}, {0}), f32({}, {1}), f32({}, {1e-30})});
}

TEST_F(EvaluatorTest, IntegerRangesDoNotOverflow) {
  StringRef signature =
      "(%a: tensor<i64>, %b: tensor<i64>, %c: tensor<i64>) -> tensor<?xi64>";
  StringRef body = R"(
    %y = onnx.Range(%a, %b, %c) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
    return %y : tensor<?xi64>)";
  auto scalar = [&](int64_t v) {
    return HostTensor::fromInts(b.getI64Type(), {}, {v});
  };
  EXPECT_EQ(run(signature, body,
                {scalar(INT64_MIN), scalar(INT64_MAX), scalar(INT64_MAX)}),
            ints({INT64_MIN, -1, INT64_MAX - 1}));
  EXPECT_EQ(run(signature, body, {scalar(5), scalar(0), scalar(-2)}),
            ints({5, 3, 1}));
  expectFailure(signature, body, "too long",
                {scalar(INT64_MIN), scalar(INT64_MAX), scalar(1)});
  expectFailure(signature, body, "delta is 0",
                {scalar(0), scalar(1), scalar(0)});
}

TEST_F(EvaluatorTest, AQueryThatSeesNothingYieldsZero) {
  // Two queries; the mask forbids all keys to the second one.
  HostTensor x = f32({1, 1, 2, 2}, {1, 2, 3, 4});
  HostTensor mask = HostTensor::fromInts(b.getI1Type(), {2, 2}, {1, 0, 0, 0});
  EXPECT_EQ(run("(%x: tensor<1x1x2x2xf32>, %m: tensor<2x2xi1>) -> "
                "tensor<1x1x2x2xf32>",
                R"(
    %y = onnx.Attention(%x, %x, %x, %m)
      : (tensor<1x1x2x2xf32>, tensor<1x1x2x2xf32>, tensor<1x1x2x2xf32>, tensor<2x2xi1>) -> tensor<1x1x2x2xf32>
    return %y : tensor<1x1x2x2xf32>)",
                {x, mask}),
            f32({1, 1, 2, 2}, {1, 2, 0, 0}));
}

TEST_F(EvaluatorTest, EmptyTensorsAreFine) {
  HostTensor empty = f32({0, 3}, {});
  EXPECT_EQ(run("(%x: tensor<?x3xf32>, %w: tensor<3x2xf32>) -> tensor<?x2xf32>",
                R"(
    %y = onnx.MatMul(%x, %w) : (tensor<?x3xf32>, tensor<3x2xf32>) -> tensor<?x2xf32>
    return %y : tensor<?x2xf32>)",
                {empty, f32({3, 2}, {1, 2, 3, 4, 5, 6})}),
            f32({0, 2}, {}));
  EXPECT_EQ(run("(%x: tensor<?x3xf32>) -> tensor<1x3xf32>", R"(
    %a = onnx.Constant dense<0> : tensor<1xi64>
    %y = onnx.ReduceSum(%x, %a) : (tensor<?x3xf32>, tensor<1xi64>) -> tensor<1x3xf32>
    return %y : tensor<1x3xf32>)",
                {empty}),
            f32({1, 3}, {0, 0, 0}));
}

//===----------------------------------------------------------------------===//
// Failures
//===----------------------------------------------------------------------===//

TEST_F(EvaluatorTest, BadIndicesFail) {
  expectFailure("(%x: tensor<?xf32>, %i: tensor<1xi64>) -> tensor<1xf32>", R"(
    %y = onnx.Gather(%x, %i) : (tensor<?xf32>, tensor<1xi64>) -> tensor<1xf32>
    return %y : tensor<1xf32>)",
                "index 3 is outside", {f32({3}, {1, 2, 3}), ints({3})});
  expectFailure("(%x: tensor<?xf32>, %i: tensor<1x1xi64>) -> tensor<1xf32>", R"(
    %y = onnx.GatherND(%x, %i) : (tensor<?xf32>, tensor<1x1xi64>) -> tensor<1xf32>
    return %y : tensor<1xf32>)",
                "index -4 is outside",
                {f32({3}, {1, 2, 3}),
                 HostTensor::fromInts(b.getI64Type(), {1, 1}, {-4})});
}

TEST_F(EvaluatorTest, ShapesThatDoNotFitFail) {
  expectFailure("(%x: tensor<?xf32>, %y: tensor<?xf32>) -> tensor<?xf32>", R"(
    %z = onnx.Add(%x, %y) : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
    return %z : tensor<?xf32>)",
                "do not broadcast", {f32({2}, {1, 2}), f32({3}, {1, 2, 3})});
  expectFailure("(%x: tensor<?xf32>, %s: tensor<2xi64>) -> tensor<?x?xf32>", R"(
    %z = onnx.Reshape(%x, %s) : (tensor<?xf32>, tensor<2xi64>) -> tensor<?x?xf32>
    return %z : tensor<?x?xf32>)",
                "no solution", {f32({3}, {1, 2, 3}), ints({2, -1})});
  expectFailure("(%x: tensor<?x?xf32>) -> tensor<?x?xf32>", R"(
    %z = onnx.MatMul(%x, %x) : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
    return %z : tensor<?x?xf32>)",
                "3 columns", {f32({1, 3}, {1, 2, 3})});
}

TEST_F(EvaluatorTest, HugeResultsFailBeforeTheyAreMade) {
  StringRef body = R"(
    %z = onnx.ConstantOfShape(%s) : (tensor<3xi64>) -> tensor<?x?x?xf32>
    return %z : tensor<?x?x?xf32>)";
  StringRef signature = "(%s: tensor<3xi64>) -> tensor<?x?x?xf32>";
  expectFailure(signature, body, "too large",
                {ints({1 << 20, 1 << 20, 1 << 30})});
  expectFailure(signature, body, "too large",
                {ints({INT64_MAX, INT64_MAX, 4})});
  expectFailure(signature, body, "negative", {ints({2, -3, 4})});
  expectFailure("(%x: tensor<1xf32>, %r: tensor<1xi64>) -> tensor<?xf32>", R"(
    %z = onnx.Tile(%x, %r) : (tensor<1xf32>, tensor<1xi64>) -> tensor<?xf32>
    return %z : tensor<?xf32>)",
                "too large", {f32({1}, {1}), ints({INT64_MAX})});
  expectFailure("(%x: tensor<1xf32>, %p: tensor<2xi64>) -> tensor<?xf32>", R"(
    %z = onnx.Pad(%x, %p) : (tensor<1xf32>, tensor<2xi64>) -> tensor<?xf32>
    return %z : tensor<?xf32>)",
                "too large", {f32({1}, {1}), ints({INT64_MIN, INT64_MAX})});
}

TEST_F(EvaluatorTest, LongWorkFails) {
  HostTensor row = HostTensor::zeros(b.getF32Type(), {2000, 2000});
  expectFailure("(%x: tensor<?x?xf32>) -> tensor<?x?xf32>", R"(
    %z = onnx.MatMul(%x, %x) : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
    return %z : tensor<?x?xf32>)",
                "too long", {row});
}

TEST_F(EvaluatorTest, UnsupportedTypesFail) {
  expectFailure("(%x: tensor<2xf32>) -> tensor<2xf6E2M3FN>", R"(
    %z = onnx.Cast(%x) {to = f6E2M3FN} : (tensor<2xf32>) -> tensor<2xf6E2M3FN>
    return %z : tensor<2xf6E2M3FN>)",
                "f6E2M3FN", {f32({2}, {1, 2})});
}

TEST_F(EvaluatorTest, Loops) {
  // Fibonacci numbers: what is carried is swapped, and stacked.
  const char *loop = R"(
    %0:3 = onnx.Loop trips(%m : tensor<i64>) while(%c : tensor<i1>) carries(%a, %b : tensor<i64>, tensor<i64>) -> tensor<i64>, tensor<i64>, tensor<?xi64> {
    ^bb0(%i: tensor<i64>, %again: tensor<i1>, %x: tensor<i64>, %y: tensor<i64>):
      %s = onnx.Add(%x, %y) : (tensor<i64>, tensor<i64>) -> tensor<i64>
      %l = onnx.Less(%s, %limit) : (tensor<i64>, tensor<i64>) -> tensor<i1>
      onnx.Yield %l, %y, %s, %x : tensor<i1>, tensor<i64>, tensor<i64>, tensor<i64>
    }
    return %0#2 : tensor<?xi64>)";
  StringRef signature =
      "(%m: tensor<i64>, %c: tensor<i1>, %a: tensor<i64>, "
      "%b: tensor<i64>, %limit: tensor<i64>) -> tensor<?xi64>";
  auto number = [&](int64_t value, unsigned bits = 64) {
    return HostTensor::fromInts(b.getIntegerType(bits), {}, {value});
  };
  auto stacked = [&](int64_t trips, bool goesOn, int64_t limit) {
    return run(signature, loop,
               {number(trips), number(goesOn, 1), number(0), number(1),
                number(limit)})
        .toInts();
  };
  EXPECT_EQ(stacked(6, true, 100), (SmallVector<int64_t>{0, 1, 1, 2, 3, 5}));
  EXPECT_EQ(stacked(100, true, 5), (SmallVector<int64_t>{0, 1, 1, 2}));
  EXPECT_EQ(stacked(6, false, 100), SmallVector<int64_t>());
  EXPECT_EQ(stacked(-1, true, 100), SmallVector<int64_t>());
}

TEST_F(EvaluatorTest, RandomnessFails) {
  expectFailure(
      "(%x: tensor<2xf32>, %r: tensor<f32>, %t: tensor<i1>) -> tensor<2xf32>",
      R"(
    %z = onnx.Dropout(%x, %r, %t) : (tensor<2xf32>, tensor<f32>, tensor<i1>) -> tensor<2xf32>
    return %z : tensor<2xf32>)",
      "random",
      {f32({2}, {1, 2}), f32({}, {0.5}),
       HostTensor::full(b.getI1Type(), {}, 1)});
}

} // namespace

//===- InputsTest.cpp - checking and deriving inputs ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestArtifact.h"

#include <gtest/gtest.h>

#include <cstring>

using namespace blockattn;
using namespace blockattn::test;

namespace {

class InputsTest : public testing::Test {
protected:
  TestModel test;
  Session session{test.model};
  std::vector<int64_t> ids = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

  void give(const std::string &name, std::vector<int64_t> shape) {
    session.setInput(name, view(ids.data(), shape));
  }
  std::string run(const std::string &program = "full") {
    return errorOf([&] { session.run(program); });
  }
};

#define EXPECT_PART(text, part)                                                \
  EXPECT_NE((text).find(part), std::string::npos) << (text)

TEST_F(InputsTest, MissingAndUnknown) {
  EXPECT_EQ(run(), "input 'input_ids' of program full is missing: give a "
                   "tensor i64 [1, seq]");
  give("input_ids", {1, 4});
  give("inputs", {1, 4});
  EXPECT_EQ(run(), "program full has no input 'inputs'; its inputs are "
                   "input_ids, position_ids");
  session.clear();
  give("input_ids", {1, 4});
  EXPECT_EQ(run(), "");
  EXPECT_PART(run("train"), "has no program 'train', only full, block");
  session.setOutput("logit", view(ids.data(), {1}));
  EXPECT_EQ(run(), "program full has no output 'logit'");
}

TEST_F(InputsTest, TypesAndShapes) {
  std::vector<int32_t> narrow = {1, 2};
  session.setInput("input_ids", view(narrow.data(), {1, 2}));
  EXPECT_EQ(run(), "input 'input_ids' is i32, and must be i64");
  give("input_ids", {4});
  EXPECT_EQ(run(),
            "input 'input_ids' has 1 dimensions, and must be i64 [1, seq]");
  give("input_ids", {2, 3});
  EXPECT_EQ(run(), "input 'input_ids' has shape [2, 3], and must be i64 [1, "
                   "seq]: dimension 0 is 2 in place of 1");
  give("input_ids", {1, -1});
  EXPECT_PART(run(), "impossible shape");
  give("input_ids", {1, INT64_MAX});
  EXPECT_PART(run(), "impossible shape");
  session.setInput("input_ids", view(static_cast<int64_t *>(nullptr), {1, 2}));
  EXPECT_PART(run(), "no data");
  ba_tensor odd = view(ids.data(), {1, 2});
  odd.data = reinterpret_cast<char *>(ids.data()) + 1;
  session.setInput("input_ids", odd);
  EXPECT_PART(run(), "not aligned");
  odd.dtype = static_cast<ba_dtype>(77);
  session.setInput("input_ids", odd);
  EXPECT_PART(run(), "unknown type");
}

TEST_F(InputsTest, SymbolsAgree) {
  give("input_ids", {1, 4});
  give("position_ids", {1, 5});
  EXPECT_EQ(run(), "'seq' is 4 in input 'input_ids' but 5 in input "
                   "'position_ids'");
}

TEST_F(InputsTest, Vocabulary) {
  ids = {3, 16, 2};
  give("input_ids", {1, 3});
  EXPECT_EQ(run(), "token 16 at index 1 of input 'input_ids' is outside the "
                   "vocabulary; ids are 0 to 15");
  ids = {3, 2, -1};
  EXPECT_PART(run(), "token -1 at index 2");
}

TEST_F(InputsTest, EmptyInput) {
  give("input_ids", {1, 0});
  EXPECT_EQ(run(), "");
  EXPECT_EQ(session.output("logits").shape[1], 0);
}

TEST_F(InputsTest, DerivedPositions) {
  give("input_ids", {1, 4});
  ASSERT_EQ(run(), "");
  const float *logits = static_cast<float *>(session.output("logits").data);
  for (int t = 0; t < 4; ++t)
    EXPECT_EQ(logits[16 * t + 1], ids[t] + t);
  std::vector<int64_t> positions = {10, 20, 30, 40};
  session.setInput("position_ids", view(positions.data(), {1, 4}));
  ASSERT_EQ(run(), "");
  logits = static_cast<float *>(session.output("logits").data);
  EXPECT_EQ(logits[16 * 2 + 0], 30);
}

/// What program `past` found out about its inputs.
std::vector<float> seen(Session &session) {
  ba_tensor out = session.output("out");
  const float *values = static_cast<float *>(out.data);
  return std::vector<float>(values, values + 4);
}

TEST_F(InputsTest, DerivedPast) {
  give("input_ids", {2, 3});
  ASSERT_EQ(run("past"), "");
  // No past, a mask of 2 x 3 ones, positions 0, 1, 2 twice.
  EXPECT_EQ(seen(session), (std::vector<float>{0, 6, 6, 2}));

  std::vector<float> past(2 * 2 * 5 * 4);
  session.setInput("past.0.key", view(past.data(), {2, 2, 5, 4}));
  EXPECT_EQ(run("past"), "input 'past.0.value' of program past is missing: "
                         "give a tensor f32 [batch, 2, past, 4]");
  session.setInput("past.0.value", view(past.data(), {2, 2, 5, 4}));
  ASSERT_EQ(run("past"), "");
  // Positions 5, 6, 7 twice.
  EXPECT_EQ(seen(session), (std::vector<float>{5, 16, 36, 2}));

  give("attention_mask", {2, 6});
  EXPECT_EQ(run("past"),
            "input 'attention_mask' has shape [2, 6], and must be i64 [batch, "
            "past + seq]: dimension 1 is 6 in place of 8");
}

TEST_F(InputsTest, BatchDisagrees) {
  give("input_ids", {2, 3});
  std::vector<float> past(3 * 2 * 5 * 4);
  session.setInput("past.0.key", view(past.data(), {3, 2, 5, 4}));
  session.setInput("past.0.value", view(past.data(), {3, 2, 5, 4}));
  EXPECT_EQ(run("past"),
            "'batch' is 2 in input 'input_ids' but 3 in input 'past.0.key'");
}

TEST_F(InputsTest, LayoutIsNotAnInputByName) {
  give("input_ids", {1, 4});
  give("layout", {4, 3});
  EXPECT_PART(run("block"), "no input 'layout'");
  session.clear();
  give("input_ids", {1, 4});
  EXPECT_PART(run("block"), "needs the block starts");
  EXPECT_PART(run("extend"), "run it with ba_extend");
}

TEST(Inputs, NamesThatLookLikeExpressions) {
  // "query-length" is one name: no input has a dimension "query".
  nlohmann::json manifest = testManifest();
  for (auto &input : manifest["programs"][0]["inputs"])
    input["shape"][1] = "query-length";
  TestModel test(manifest);
  Session session(test.model);
  std::vector<int64_t> ids = {1, 2, 3};
  session.setInput("input_ids", view(ids.data(), {1, 3}));
  session.setInput("position_ids", view(ids.data(), {1, 2}));
  EXPECT_EQ(errorOf([&] { session.run("full"); }),
            "'query-length' is 3 in input 'input_ids' but 2 in input "
            "'position_ids'");
  session.setInput("position_ids", view(ids.data(), {1, 3}));
  session.run("full");
}

TEST(InputsOfModels, RowsOfSinks) {
  nlohmann::json manifest = testManifest();
  manifest["sinks"] = {{"count", 3}, {"placement", "block"}};
  // `positive` takes any matrix of one column.
  nlohmann::json &input = manifest["programs"][4]["inputs"][0];
  input["role"] = "sinks";
  input["shape"] = {"n", 1};
  TestModel test(manifest);
  Session session(test.model);
  EXPECT_EQ(errorOf([&] { session.run("positive"); }),
            "input 'x' of program positive is missing: give the learned table "
            "of 3 sinks, f32 [n, 1] with that many rows (--input x=FILE.npy), "
            "or one without rows to run without sinks");
  std::vector<float> x = {1, 2, 3, 4};
  for (int64_t rows : {1, 2, 4}) {
    session.setInput("x", view(x.data(), {rows, 1}));
    EXPECT_PART(errorOf([&] { session.run("positive"); }),
                "rows, and the model was compiled for 3 sinks (--sinks=3); "
                "give a table [3, 1], or [0, 1] to run without sinks");
  }
  for (int64_t rows : {0, 3}) {
    session.setInput("x", view(x.data(), {rows, 1}));
    EXPECT_EQ(errorOf([&] { session.run("positive"); }), "");
  }
}

TEST(InputsOfModels, LearnedPositions) {
  nlohmann::json manifest = testManifest();
  manifest["max_positions"] = 4;
  TestModel test(manifest);
  Session session(test.model);
  std::vector<int64_t> ids = {1, 2, 3, 4, 5}, positions = {0, 3, 4};
  session.setInput("input_ids", view(ids.data(), {1, 4}));
  EXPECT_EQ(errorOf([&] { session.run("full"); }), "");
  session.setInput("input_ids", view(ids.data(), {1, 5}));
  EXPECT_EQ(errorOf([&] { session.run("full"); }),
            "token 4 would stand at position 4, but the model has 4 learned "
            "positions (0 to 3); use a shorter prompt");
  session.setInput("input_ids", view(ids.data(), {1, 3}));
  session.setInput("position_ids", view(positions.data(), {1, 3}));
  EXPECT_PART(errorOf([&] { session.run("full"); }),
              "token 2 would stand at position 4");
  session.clear();
  Prompt prompt(test.model);
  session.extend(prompt, ids.data(), 3);
  EXPECT_PART(errorOf([&] { session.extend(prompt, ids.data(), 2); }),
              "token 1 would stand at position 4");
  EXPECT_EQ(prompt.length(), 3);
}

} // namespace

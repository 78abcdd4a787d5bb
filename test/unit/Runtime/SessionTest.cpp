//===- SessionTest.cpp - running programs --------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestArtifact.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <thread>

using namespace blockattn;
using namespace blockattn::test;

namespace {

std::vector<int64_t> someIds(int64_t count, int64_t step = 1) {
  std::vector<int64_t> ids;
  for (int64_t i = 0; i < count; ++i)
    ids.push_back(i * step % 13);
  return ids;
}

TEST(Session, ManyLengths) {
  TestModel test;
  Session session(test.model);
  // More lengths than plans are remembered, twice.
  for (int round = 0; round < 2; ++round)
    for (int64_t n = 1; n < 150; n += 2) {
      std::vector<int64_t> ids = someIds(n);
      session.setInput("input_ids", view(ids.data(), {1, n}));
      session.run("full");
      ba_tensor logits = session.output("logits");
      ASSERT_EQ(logits.shape[1], n);
      for (int64_t t = 0; t < n; ++t)
        ASSERT_EQ(static_cast<float *>(logits.data)[16 * t + 3],
                  3 * ids[t] + t);
    }
  EXPECT_EQ(session.counters("full").runs, 150);
  EXPECT_EQ(session.counters("full").tokens, 2 * 75 * 75);
  EXPECT_EQ(session.counters("block").runs, 0);
  EXPECT_GT(session.memoryUse().arena_bytes, 0u);
}

TEST(Session, BlockLayout) {
  TestModel test;
  Session session(test.model);
  std::vector<int64_t> ids = someIds(10);
  session.setInput("input_ids", view(ids.data(), {1, 10}));
  session.setBlocks({0, 4, 7});
  session.run("block");
  const float *logits = static_cast<float *>(session.output("logits").data);
  std::vector<float> first;
  for (int t = 0; t < 10; ++t)
    first.push_back(logits[16 * t]);
  EXPECT_EQ(first, (std::vector<float>{0, 0, 0, 0, 4, 4, 4, 0, 0, 0}));

  session.setLayout({{0, 0, 0}, {3, 0, 0}, {5, 0, 1}});
  session.run("block");
  logits = static_cast<float *>(session.output("logits").data);
  EXPECT_EQ(logits[16 * 4], 0);
  EXPECT_EQ(logits[16 * 9], 5);

  session.setBlocks({0, 10});
  EXPECT_EQ(errorOf([&] { session.run("block"); }),
            "block 1 starts at token 10, but there are 10 tokens; every block "
            "needs one");
  EXPECT_NE(errorOf([&] { session.setBlocks({}); }), "");
  EXPECT_NE(errorOf([&] { session.setBlocks({2}); }), "");
}

TEST(Session, BoundOutputs) {
  TestModel test;
  Session session(test.model);
  std::vector<int64_t> ids = someIds(3);
  std::vector<float> memory(48, NAN);
  session.setInput("input_ids", view(ids.data(), {1, 3}));
  session.setOutput("logits", view(memory.data(), {1, 3, 16}));
  session.run("full");
  EXPECT_EQ(memory[16 + 5], 5 * ids[1] + 1);
  EXPECT_EQ(session.output("logits").data, memory.data());
  session.setOutput("logits", view(memory.data(), {1, 2, 16}));
  EXPECT_EQ(errorOf([&] { session.run("full"); }),
            "output 'logits' is f32 [1, 3, 16], and the memory bound to it is "
            "for [1, 2, 16]");
  EXPECT_NE(errorOf([&] { session.output("logits"); }).find("last run failed"),
            std::string::npos);
  session.setOutput("logits", view(ids.data(), {1, 3, 16}));
  EXPECT_NE(errorOf([&] { session.run("full"); }).find("another type"),
            std::string::npos);
}

/// A program may write an output before it has read all of its inputs.
TEST(Session, OutputsInMemoryOfInputs) {
  TestModel test;
  Session session(test.model);
  std::vector<int64_t> ids(50);
  auto *logits = reinterpret_cast<float *>(ids.data() + 2);
  const std::string refusal =
      "output 'logits' would be written to memory of input 'input_ids', which "
      "may be read later; give each memory of its own (a view of an output is "
      "valid until the next run: copy it to have it as an input)";
  for (float *place : {logits - 1, logits - 4}) {
    session.setInput("input_ids", view(ids.data(), {1, 2}));
    session.setOutput("logits", view(place, {1, 2, 16}));
    EXPECT_EQ(errorOf([&] { session.run("full"); }), refusal);
  }
  EXPECT_EQ(ids, std::vector<int64_t>(50));
  // Beside one another they may lie.
  session.setOutput("logits", view(logits, {1, 2, 16}));
  session.run("full");
  EXPECT_EQ(logits[16 + 5], 1);
  // The session writes the next output where the last one is.
  session.clear();
  int64_t id = 0;
  session.setInput("input_ids", view(&id, {1, 1}));
  session.run("full");
  auto *last = static_cast<int64_t *>(session.output("logits").data);
  session.setInput("input_ids", view(last, {1, 1}));
  EXPECT_EQ(errorOf([&] { session.run("full"); }), refusal);
  // One that is bound but has its shape from data, and is copied at the end.
  session.clear();
  std::vector<float> x = {1, 2, 3, 0};
  session.setInput("x", view(x.data(), {3}));
  session.setOutput("y", view(x.data() + 1, {3}));
  EXPECT_NE(errorOf([&] {
              session.run("positive");
            }).find("output 'y' would be written to memory of input 'x'"),
            std::string::npos);
}

TEST(Session, ShapeFromData) {
  TestModel test;
  Session session(test.model);
  std::vector<float> x = {1, -2, 3, 0, 5};
  session.setInput("x", view(x.data(), {5}));
  session.run("positive");
  ba_tensor y = session.output("y");
  ASSERT_EQ(y.shape[0], 3);
  EXPECT_EQ(static_cast<float *>(y.data)[2], 5);
  std::vector<float> memory(3);
  session.setOutput("y", view(memory.data(), {3}));
  session.run("positive");
  EXPECT_EQ(memory, (std::vector<float>{1, 3, 5}));
  x[0] = -1;
  EXPECT_NE(errorOf([&] { session.run("positive"); }).find("turned out to be"),
            std::string::npos);
}

TEST(Session, FailureInCode) {
  TestModel test;
  Session session(test.model);
  std::vector<int64_t> ids(100, 13);
  session.setInput("input_ids", view(ids.data(), {1, 100}));
  EXPECT_EQ(errorOf([&] { session.run("full"); }),
            "program full: node 'embed': index out of range");
  ids.assign(100, 12);
  session.run("full");
}

TEST(Session, MoreMemoryThanThereIs) {
  TestModel test;
  Session session(test.model);
  std::vector<float> x(1000);
  session.setInput("x", view(x.data(), {1000}));
  std::string message = errorOf([&] { session.run("huge"); });
  EXPECT_NE(message.find("1000 TiB"), std::string::npos) << message;
  EXPECT_NE(message.find("shorter inputs"), std::string::npos) << message;
  // More than can be addressed.
  ba_tensor large = view(x.data(), {int64_t(1) << 20});
  session.setInput("x", large);
  EXPECT_NE(errorOf([&] { session.run("huge"); }), "");
}

TEST(Session, ManyThreads) {
  TestModel test(testManifest(), 3);
  std::atomic<int> bad{0};
  std::vector<std::thread> threads;
  for (int worker = 0; worker < 6; ++worker)
    threads.emplace_back([&, worker] {
      Session session(test.model);
      for (int64_t round = 0; round < 100; ++round) {
        int64_t n = 1 + (round * 7 + worker) % 90;
        std::vector<int64_t> ids = someIds(n, worker + 1);
        session.setInput("input_ids", view(ids.data(), {1, n}));
        session.run("full");
        const float *logits =
            static_cast<float *>(session.output("logits").data);
        for (int64_t t = 0; t < n; ++t)
          bad += logits[16 * t + 2] != 2 * ids[t] + t;
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(bad, 0);
}

TEST(CApi, NullArguments) {
  ba_model *model;
  ba_status *status = ba_model_open(nullptr, nullptr, &model);
  EXPECT_EQ(ba_status_get_code(status), BA_INVALID_ARGUMENT);
  EXPECT_STREQ(ba_status_message(status), "argument 'path' is null");
  ba_status_free(status);
  status = ba_session_run(nullptr, "full");
  EXPECT_EQ(ba_status_get_code(status), BA_INVALID_ARGUMENT);
  ba_status_free(status);
  ba_status_free(nullptr);
  EXPECT_EQ(ba_status_get_code(nullptr), BA_OK);
  EXPECT_STREQ(ba_status_message(nullptr), "");
  ba_session_free(nullptr);
  ba_model_release(nullptr);
  ba_prompt_free(nullptr);
  ba_kv_block_release(nullptr);
  EXPECT_EQ(ba_dtype_name(static_cast<ba_dtype>(99)), nullptr);
}

TEST(CApi, OptionsOfAnotherSize) {
  ba_model_options options = BA_MODEL_OPTIONS_INIT;
  options.struct_size = 3;
  EXPECT_NE(errorOf([&] { Model model("x", options); }).find("struct_size"),
            std::string::npos);
}

} // namespace

//===- KVTest.cpp - cached blocks and prompts ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestArtifact.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

using namespace blockattn;
using namespace blockattn::test;

namespace {

/// What program `extend` saw from a token: see TestKernels.c.
struct Seen {
  float tokens, positions, cached, own, layers, pieces;
};

Seen seen(const Session &session, int64_t token) {
  const float *row =
      static_cast<float *>(session.output("logits").data) + 16 * token;
  return {row[0], row[1], row[2], row[3], row[4], row[5]};
}

float sumUpTo(int64_t n) { return static_cast<float>(n * (n - 1) / 2); }

TEST(KV, BlocksInAPrompt) {
  TestModel test;
  Session session(test.model);
  std::vector<int64_t> a = {1, 2, 3}, b = {4, 5}, question = {6, 7, 8, 9};
  KVBlock first = session.encode(a.data(), 3, 0);
  KVBlock second = session.encode(b.data(), 2, 3);
  EXPECT_EQ(first.length(), 3);
  EXPECT_EQ(errorOf([&] { session.output("kv.0.key"); }),
            "program encode has no output 'kv.0.key'; its outputs are none");
  EXPECT_GT(first.bytes(), 0u);

  Prompt prompt(test.model);
  prompt.append(first);
  prompt.append(second);
  EXPECT_EQ(prompt.length(), 5);
  session.extend(prompt, question.data(), 4);
  EXPECT_EQ(prompt.length(), 9);
  Seen last = seen(session, 3);
  EXPECT_EQ(last.tokens, 45);
  EXPECT_EQ(last.positions, sumUpTo(9));
  EXPECT_EQ(last.cached, 5);
  EXPECT_EQ(last.own, 8);
  EXPECT_EQ(last.layers, 5);

  // Reuse is real: only the question ran, and nothing moved.
  EXPECT_EQ(session.counters("extend").tokens, 4);
  EXPECT_EQ(session.counters("encode").tokens, 5);
  EXPECT_EQ(session.memoryUse().kv_bytes_copied, 0u);
}

TEST(KV, DecodingGrowsTheTail) {
  TestModel test;
  Session session(test.model);
  std::vector<int64_t> tokens(1000, 1);
  KVBlock block = session.encode(tokens.data(), 10, 0);
  Prompt prompt(test.model);
  prompt.append(block);
  session.extend(prompt, tokens.data(), 3);
  for (int64_t step = 0; step < 600; ++step) {
    session.extend(prompt, tokens.data(), 1);
    Seen now = seen(session, 0);
    int64_t length = 13 + step;
    ASSERT_EQ(now.cached, length);
    ASSERT_EQ(now.tokens, length + 1);
    ASSERT_EQ(now.positions, sumUpTo(length + 1));
    // The tail is a few pieces, not one for each token.
    ASSERT_LE(now.pieces, 5);
  }
  // A block after a tail.
  prompt.append(block);
  session.extend(prompt, tokens.data(), 300);
  EXPECT_EQ(prompt.length(), 13 + 600 + 10 + 300);
  EXPECT_EQ(seen(session, 299).positions, sumUpTo(prompt.length()));
  EXPECT_GT(prompt.tailBytes(), 0u);
  EXPECT_EQ(session.memoryUse().kv_bytes_copied, 0u);
}

TEST(KV, WithoutBlocks) {
  TestModel test;
  Session session(test.model);
  Prompt prompt(test.model);
  std::vector<int64_t> tokens = {1, 2, 3};
  session.extend(prompt, tokens.data(), 3);
  EXPECT_EQ(seen(session, 2).tokens, 6);
  EXPECT_EQ(seen(session, 2).pieces, 0);
}

TEST(KV, OneBlockTwoPromptsTwoThreads) {
  TestModel test(testManifest(), 2);
  std::vector<int64_t> tokens = {1, 2, 3, 4, 5};
  Session encoder(test.model);
  KVBlock shared = encoder.encode(tokens.data(), 5, 0);
  KVBlock other = encoder.encode(tokens.data(), 2, 0);
  std::atomic<int> bad{0};
  std::vector<std::thread> threads;
  for (int worker = 0; worker < 4; ++worker)
    threads.emplace_back([&, worker] {
      Session session(test.model);
      for (int round = 0; round < 50; ++round) {
        // The shared block stands at another offset in each thread.
        Prompt prompt(test.model);
        for (int i = 0; i < worker; ++i)
          prompt.append(other);
        prompt.append(shared);
        session.extend(prompt, tokens.data(), 2);
        int64_t length = 2 * worker + 5 + 2;
        Seen last = seen(session, 1);
        bad += last.positions != sumUpTo(length);
        bad += last.tokens != 3 * worker + 15 + 3;
      }
      bad += session.memoryUse().kv_bytes_copied != 0;
      bad += session.counters("encode").runs != 0;
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(bad, 0);
}

TEST(KV, BlocksOutliveTheirSession) {
  std::unique_ptr<KVBlock> block;
  std::vector<int64_t> tokens = {1, 2, 3};
  {
    TestModel test;
    Session session(test.model);
    block = std::make_unique<KVBlock>(session.encode(tokens.data(), 3, 0));
  }
  EXPECT_EQ(block->length(), 3);
}

TEST(KV, PromptsThatStartLater) {
  TestModel test;
  Session session(test.model);
  std::vector<int64_t> tokens = {1, 2, 3};
  KVBlock block = session.encode(tokens.data(), 3, 0);
  Prompt prompt(test.model);
  EXPECT_NE(errorOf([&] { prompt.start(-1); }).find("negative position -1"),
            std::string::npos);
  prompt.start(10);
  prompt.append(block);
  EXPECT_EQ(prompt.length(), 13);
  EXPECT_NE(errorOf([&] { prompt.start(0); }).find("has tokens already"),
            std::string::npos);
  session.extend(prompt, tokens.data(), 2);
  EXPECT_EQ(seen(session, 1).positions, sumUpTo(15) - sumUpTo(10));
  EXPECT_EQ(seen(session, 1).cached, 3);
}

TEST(KV, TiedBlocks) {
  nlohmann::json manifest = testManifest();
  manifest["kv"]["position_independent"] = false;
  manifest["attentions"] = {
      {{"kv_position_independent", false}, {"reasons", {"learned positions"}}}};
  TestModel test(manifest);
  Session session(test.model);
  std::vector<int64_t> tokens = {1, 2, 3};
  KVBlock first = session.encode(tokens.data(), 3, 0);
  KVBlock second = session.encode(tokens.data(), 2, 3);
  Prompt prompt(test.model);
  prompt.append(first);
  prompt.append(second);
  session.extend(prompt, tokens.data(), 1);
  EXPECT_EQ(seen(session, 0).positions, sumUpTo(6));

  Prompt wrong(test.model);
  EXPECT_EQ(errorOf([&] { wrong.append(second); }),
            "the block was encoded for position 3 and cannot stand at 0: this "
            "model's blocks are tied to their place: learned positions; encode "
            "it again for position 0");
  EXPECT_EQ(wrong.length(), 0);
}

TEST(KV, Errors) {
  TestModel test, other;
  Session session(test.model);
  std::vector<int64_t> tokens = {1, 2, 99};
  EXPECT_NE(errorOf([&] { session.encode(tokens.data(), 0, 0); }), "");
  EXPECT_NE(errorOf([&] { session.encode(tokens.data(), -5, 0); }), "");
  EXPECT_NE(errorOf([&] { session.encode(nullptr, 2, 0); }), "");
  EXPECT_NE(errorOf([&] { session.encode(tokens.data(), 2, -1); }), "");
  EXPECT_NE(errorOf([&] {
              session.encode(tokens.data(), 3, 0);
            }).find("token 99 at index 2"),
            std::string::npos);

  Prompt prompt(test.model);
  session.extend(prompt, tokens.data(), 2);
  // A failed run leaves the prompt as it was.
  EXPECT_NE(errorOf([&] { session.extend(prompt, tokens.data(), 3); }), "");
  EXPECT_EQ(prompt.length(), 2);
  session.extend(prompt, tokens.data(), 1);
  EXPECT_EQ(seen(session, 0).tokens, 4);

  Session stranger(other.model);
  KVBlock block = stranger.encode(tokens.data(), 2, 0);
  EXPECT_NE(errorOf([&] { prompt.append(block); }).find("another model"),
            std::string::npos);
  EXPECT_NE(errorOf([&] {
              stranger.extend(prompt, tokens.data(), 1);
            }).find("another model"),
            std::string::npos);

  session.setInput("position_ids", view(tokens.data(), {1, 1}));
  EXPECT_NE(errorOf([&] {
              session.extend(prompt, tokens.data(), 1);
            }).find("cannot be bound"),
            std::string::npos);
}

TEST(KV, WithoutThePrograms) {
  nlohmann::json manifest = testManifest();
  manifest["programs"].erase(2);
  manifest["programs"].erase(2);
  manifest["refused"] = {"attention 'a' is not causal", "nor is 'b'"};
  TestModel test(manifest);
  EXPECT_EQ(test.model.kvInfo().layers, 0);
  Session session(test.model);
  int64_t token = 1;
  EXPECT_NE(errorOf([&] { session.run("extend"); })
                .find("the compiler could not make it: attention 'a' is not "
                      "causal; nor is 'b'"),
            std::string::npos);
  EXPECT_NE(errorOf([&] {
              session.encode(&token, 1, 0);
            }).find("no program 'encode'"),
            std::string::npos);
}

} // namespace

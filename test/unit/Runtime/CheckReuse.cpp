//===- CheckReuse.cpp - that cached blocks are reused, and rightly --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// check-reuse M.ba: on a compiled language model, from four threads at once,
// the same cached blocks at different places of different prompts. The last
// block's logits must be those of program `block`, only the last block's
// tokens may run, and no key or value may be copied. Ends with "ok".
//
//===----------------------------------------------------------------------===//

#include "blockattn/blockattn.hpp"

#include <cmath>
#include <cstdio>
#include <mutex>
#include <thread>

using namespace blockattn;

namespace {

std::mutex mutex;
int problems = 0;

void problem(const std::string &what) {
  std::lock_guard<std::mutex> lock(mutex);
  std::fprintf(stderr, "error: %s\n", what.c_str());
  ++problems;
}

std::vector<int64_t> someTokens(int64_t count, int64_t vocabulary,
                                int64_t seed) {
  std::vector<int64_t> tokens;
  for (int64_t i = 0; i < count; ++i)
    tokens.push_back((seed * 7919 + i * i * 31 + i * 17) % vocabulary);
  return tokens;
}

struct Cached {
  std::vector<int64_t> tokens;
  KVBlock block;
};

/// A prompt of the given blocks and a question, both ways.
void compare(const Model &model, const std::vector<const Cached *> &blocks,
             const std::vector<int64_t> &question) {
  Session session(model);
  Prompt prompt(model);
  std::vector<int64_t> tokens, starts;
  for (const Cached *cached : blocks) {
    starts.push_back(tokens.size());
    tokens.insert(tokens.end(), cached->tokens.begin(), cached->tokens.end());
    prompt.append(cached->block);
  }
  starts.push_back(tokens.size());
  tokens.insert(tokens.end(), question.begin(), question.end());

  // The question in two parts: the second one also sees the tail.
  int64_t count = question.size(), half = count / 2;
  std::vector<float> reused;
  for (auto [begin, length] :
       {std::pair<int64_t, int64_t>{0, half},
        std::pair<int64_t, int64_t>{half, count - half}}) {
    session.extend(prompt, question.data() + begin, length);
    ba_tensor logits = session.output("logits");
    const float *values = static_cast<const float *>(logits.data);
    reused.insert(reused.end(), values, values + elements(logits));
  }
  if (session.counters("extend").tokens != count ||
      session.counters("encode").runs != 0)
    problem("more than the last block's tokens ran");
  if (session.memoryUse().kv_bytes_copied != 0)
    problem("keys or values were copied");

  session.setInput("input_ids", view(tokens.data(),
                                     {1, static_cast<int64_t>(tokens.size())}));
  session.setBlocks(starts);
  session.run("block");
  ba_tensor logits = session.output("logits");
  int64_t vocabulary = logits.shape[2];
  const float *whole =
      static_cast<const float *>(logits.data) + starts.back() * vocabulary;
  double worst = 0;
  for (size_t i = 0; i < reused.size(); ++i) {
    double difference = std::fabs(reused[i] - whole[i]);
    // Also true for a NaN.
    if (!(difference <= worst))
      worst = difference;
  }
  if (!(worst <= 1e-4))
    problem("with reuse the logits are off by " + std::to_string(worst));
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 2) {
    std::fprintf(stderr, "error: usage: check-reuse M.ba\n");
    return 1;
  }
  try {
    ba_model_options options = BA_MODEL_OPTIONS_INIT;
    options.threads = 2;
    Model model(argv[1], options);
    Session encoder(model);
    std::vector<Cached> cached;
    for (int64_t i = 0; i < 3; ++i) {
      std::vector<int64_t> tokens =
          someTokens(5 + 12 * i, model.vocabSize(), i + 1);
      KVBlock block = encoder.encode(tokens.data(), tokens.size(), 0);
      cached.push_back({std::move(tokens), std::move(block)});
    }
    const Cached *a = &cached[0], *b = &cached[1], *c = &cached[2];
    const std::vector<std::vector<const Cached *>> prompts = {
        {a, b, c}, {c, a}, {b, b, c, a}, {b}};
    std::vector<std::thread> threads;
    for (size_t i = 0; i < prompts.size(); ++i)
      threads.emplace_back([&, i] {
        try {
          for (int64_t round = 0; round < 5; ++round)
            compare(model, prompts[i],
                    someTokens(3 + 4 * round, model.vocabSize(), 10 + i));
        } catch (const std::exception &failure) {
          problem(failure.what());
        }
      });
    for (std::thread &thread : threads)
      thread.join();
  } catch (const std::exception &failure) {
    problem(failure.what());
  }
  if (problems == 0)
    std::printf("ok\n");
  return problems != 0;
}

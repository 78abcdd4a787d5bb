//===- SamplerTest.cpp - choosing tokens ---------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestArtifact.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

using namespace blockattn;
using blockattn::test::errorOf;

namespace {

ba_sampler_options options(float temperature, int32_t topK, float topP,
                           uint64_t seed = 1) {
  ba_sampler_options result = BA_SAMPLER_OPTIONS_INIT;
  result.temperature = temperature;
  result.top_k = topK;
  result.top_p = topP;
  result.seed = seed;
  return result;
}

/// How often each token comes, of 20000 times.
std::map<int64_t, double> frequencies(const ba_sampler_options &options,
                                      const std::vector<float> &logits) {
  Sampler sampler(options);
  std::map<int64_t, double> result;
  for (int i = 0; i < 20000; ++i)
    result[sampler.sample(logits.data(), logits.size())] += 1.0 / 20000;
  return result;
}

TEST(Sampler, Greedy) {
  Sampler sampler;
  std::vector<float> logits = {1, 5, NAN, 5, -INFINITY};
  EXPECT_EQ(sampler.sample(logits.data(), 5), 1);
  float one = -3;
  EXPECT_EQ(sampler.sample(&one, 1), 0);
}

TEST(Sampler, Temperature) {
  std::vector<float> logits = {0, std::log(2.0f), std::log(5.0f)};
  std::map<int64_t, double> f = frequencies(options(1, 0, 1), logits);
  EXPECT_NEAR(f[0], 0.125, 0.02);
  EXPECT_NEAR(f[1], 0.25, 0.02);
  EXPECT_NEAR(f[2], 0.625, 0.02);
  f = frequencies(options(0.5f, 0, 1), logits);
  EXPECT_NEAR(f[2], 25.0 / 30, 0.02);
}

TEST(Sampler, TopK) {
  std::vector<float> logits = {3, 1, 3, 2, 3};
  std::map<int64_t, double> f = frequencies(options(1, 2, 1), logits);
  // Of three equal ones the first two stay.
  EXPECT_EQ(f.size(), 2u);
  EXPECT_NEAR(f[0], 0.5, 0.02);
  EXPECT_NEAR(f[2], 0.5, 0.02);
}

TEST(Sampler, TopP) {
  std::vector<float> logits = {std::log(0.5f), std::log(0.3f), std::log(0.15f),
                               std::log(0.05f)};
  std::map<int64_t, double> f = frequencies(options(1, 0, 0.7f), logits);
  EXPECT_EQ(f.size(), 2u);
  EXPECT_NEAR(f[0], 0.625, 0.02);
  f = frequencies(options(1, 0, 0.01f), logits);
  EXPECT_EQ(f.size(), 1u);
}

TEST(Sampler, SeedsRepeat) {
  std::vector<float> logits(50, 0.0f);
  Sampler a(options(1, 0, 1, 7)), b(options(1, 0, 1, 7)),
      c(options(1, 0, 1, 8));
  int different = 0;
  for (int i = 0; i < 100; ++i) {
    int64_t token = a.sample(logits.data(), 50);
    EXPECT_EQ(token, b.sample(logits.data(), 50));
    different += token != c.sample(logits.data(), 50);
  }
  EXPECT_GT(different, 50);
}

TEST(Sampler, Extremes) {
  Sampler sampler(options(1e-30f, 0, 1));
  std::vector<float> logits = {-1e30f, 3e38f, 2};
  EXPECT_EQ(sampler.sample(logits.data(), 3), 1);
  logits = {-INFINITY, -INFINITY, 2};
  EXPECT_EQ(Sampler(options(1, 0, 0.5f)).sample(logits.data(), 3), 2);
  logits = {1, INFINITY};
  EXPECT_EQ(Sampler(options(1, 0, 1)).sample(logits.data(), 2), 1);
}

TEST(Sampler, Errors) {
  for (const ba_sampler_options &wrong :
       {options(-1, 0, 1), options(NAN, 0, 1), options(INFINITY, 0, 1),
        options(1, -1, 1), options(1, 0, 0), options(1, 0, 1.5f),
        options(1, 0, NAN)})
    EXPECT_NE(errorOf([&] { Sampler sampler(wrong); }), "");
  Sampler sampler;
  std::vector<float> logits = {NAN, NAN};
  EXPECT_NE(errorOf([&] { sampler.sample(logits.data(), 2); }), "");
  logits = {-INFINITY, -INFINITY};
  EXPECT_NE(errorOf([&] { sampler.sample(logits.data(), 2); }), "");
  EXPECT_NE(errorOf([&] { sampler.sample(nullptr, 0); }), "");
}

} // namespace

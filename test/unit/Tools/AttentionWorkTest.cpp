//===- AttentionWorkTest.cpp - what a model's attentions compute ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/blockattn-run/AttentionWork.h"
#include "TestArtifact.h"

#include <gtest/gtest.h>

using namespace blockattn;
using namespace blockattn::test;
using namespace blockattn::tools;
using Json = nlohmann::json;

namespace {

/// Keys are f32 in the test's model.
Work workOf(const Json &attentions, const std::vector<Queries> &queries) {
  Json manifest = testManifest();
  manifest["attentions"] = attentions;
  TemporaryFile file(makeArtifact(testSections(manifest)));
  return AttentionWork(Model(file.path())).of(queries);
}

Json attention(const char *mask, int64_t window = 0) {
  return {{"heads", 8},
          {"kv_heads", 2},
          {"head_size", 16},
          {"mask", mask},
          {"window", window}};
}

TEST(AttentionWork, CountsThePairsThatTheMaskAllows) {
  constexpr double pair = 4.0 * 8 * 16;
  auto operations = [&](const Json &one, const std::vector<Queries> &queries) {
    return workOf(Json::array({one}), queries).operations / pair;
  };
  EXPECT_EQ(operations(attention("causal"), {{0, 0, 4}}), 1 + 2 + 3 + 4);
  // A question over 10 cached keys.
  EXPECT_EQ(operations(attention("causal+padding"), {{0, 10, 12}}), 11 + 12);
  EXPECT_EQ(operations(attention("window", 3), {{0, 0, 5}}), 1 + 2 + 3 + 3 + 3);
  EXPECT_EQ(operations(attention("none"), {{0, 0, 4}}), 16);
  EXPECT_EQ(operations(attention("causal"), queriesOfBlocks({0, 2, 5}, 7)),
            (1 + 2) + (1 + 2 + 3) + (6 + 7));
  EXPECT_EQ(workOf(Json::array({attention("causal"), attention("causal")}),
                   {{0, 0, 2}})
                .operations,
            2 * 3 * pair);
}

TEST(AttentionWork, CountsBytesOnce) {
  auto bytes = [&](const Json &one, const std::vector<Queries> &queries) {
    return workOf(Json::array({one}), queries).bytes;
  };
  EXPECT_EQ(bytes(attention("causal"), {{0, 10, 12}}),
            2 * 4 * 16 * (8 * 2 + 2 * 12));
  EXPECT_EQ(bytes(attention("window", 3), {{0, 10, 12}}),
            2 * 4 * 16 * (8 * 2 + 2 * 5));
}

TEST(AttentionWork, SaysNothingOfWhatItDoesNotKnow) {
  Json half = attention("causal");
  half.erase("heads");
  for (const Json &attentions :
       {Json(), Json(3), Json::array({3}), Json::array({Json::object()}),
        Json::array({half}), Json::array({attention("unknown")}),
        Json::array({attention("two-sided window", 3)}),
        Json::array({attention("causal"), attention("unknown")})}) {
    Work work = workOf(attentions, {{0, 0, 4}});
    EXPECT_EQ(work.operations, 0) << attentions;
    EXPECT_EQ(work.bytes, 0) << attentions;
  }
}

TEST(AttentionWork, Rates) {
  Json step = {{"seconds", 0.5}, {"operations", 1e12}, {"bytes", 0}};
  addRates(step);
  EXPECT_EQ(step["operations_per_second"], 2e12);
  EXPECT_FALSE(step.contains("bytes_per_second"));
  EXPECT_EQ(ratesText(step), "       2.0 TFLOP/s");
  Json unknown = {{"seconds", 0.0}, {"operations", 1.0}, {"bytes", 1.0}};
  addRates(unknown);
  EXPECT_EQ(ratesText(unknown), "");
}

} // namespace

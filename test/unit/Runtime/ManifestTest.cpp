//===- ManifestTest.cpp - manifests and symbolic dimensions --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Artifact/Manifest.h"
#include "TestArtifact.h"

#include <gtest/gtest.h>

using namespace blockattn::rt;
using blockattn::test::testManifest;
using Json = nlohmann::json;

namespace {

std::string problem(const std::string &text) {
  Expected<Manifest> manifest = parseManifest(text, "m.ba");
  return manifest ? "" : manifest.takeError().text();
}

#define EXPECT_PROBLEM(manifest, part)                                         \
  EXPECT_NE(problem((manifest).dump()).find(part), std::string::npos)          \
      << problem((manifest).dump())

TEST(Manifest, Reads) {
  Expected<Manifest> manifest = parseManifest(testManifest().dump(), "m.ba");
  ASSERT_TRUE(bool(manifest));
  const ProgramInfo *extend = manifest->find("extend");
  ASSERT_TRUE(extend);
  EXPECT_EQ(extend->outputs[3].layer, 1);
  EXPECT_EQ(extend->outputs[3].role, Role::KVKey);
  EXPECT_EQ(extend->outputDims, 3u + 16u);
  EXPECT_EQ(typeText(extend->inputs[0]), "i64 [1, seq]");
}

TEST(Manifest, NotJson) {
  for (const char *text : {"", "{", "[]", "7", "null", "{\"format\": 1}",
                           "{\"format\": 1.5}", "\xff\xfe", "{\"format\": -1}"})
    EXPECT_NE(problem(text), "") << text;
  // Deep nesting must not take the stack with it.
  EXPECT_NE(problem(std::string(100000, '[')), "");
}

TEST(Manifest, EveryKeyIsNeeded) {
  for (const char *key :
       {"format", "compiler", "target", "weights", "programs"}) {
    Json manifest = testManifest();
    manifest.erase(key);
    EXPECT_PROBLEM(manifest, std::string("'") + key + "' is missing");
  }
  for (const char *key : {"name", "inputs", "outputs", "weights", "buffers"}) {
    Json manifest = testManifest();
    manifest["programs"][0].erase(key);
    EXPECT_PROBLEM(manifest, std::string("'") + key + "' is missing");
  }
  for (const char *key : {"name", "dtype", "shape", "role"}) {
    Json manifest = testManifest();
    manifest["programs"][0]["inputs"][0].erase(key);
    EXPECT_PROBLEM(manifest, std::string("'") + key + "' is missing");
  }
}

TEST(Manifest, WrongValues) {
  Json manifest = testManifest();
  manifest["format"] = 2;
  EXPECT_PROBLEM(manifest, "format 2");
  manifest = testManifest();
  manifest["programs"][0]["inputs"][1]["dtype"] = "i65";
  EXPECT_PROBLEM(manifest, "program 'full': inputs 1 'position_ids': unknown "
                           "dtype 'i65'");
  manifest = testManifest();
  manifest["programs"][0]["inputs"][0]["role"] = "token\nids";
  EXPECT_PROBLEM(manifest, "unknown role 'token\\x0aids'");
  manifest = testManifest();
  manifest["programs"][0]["weights"] = {1};
  EXPECT_PROBLEM(manifest, "there is no weight 1");
  manifest = testManifest();
  manifest["programs"][0]["name"] = "../full";
  EXPECT_PROBLEM(manifest, "letters, digits and underscores");
  manifest = testManifest();
  manifest["programs"][1]["name"] = "full";
  EXPECT_PROBLEM(manifest, "used twice");
  manifest = testManifest();
  manifest["programs"][0]["buffers"][0] = {{"first", 3}, {"last", 2}};
  EXPECT_PROBLEM(manifest, "ends before it begins");
  manifest = testManifest();
  manifest["programs"][0]["inputs"][0]["shape"] = {1, -3};
  EXPECT_PROBLEM(manifest, "'shape' is not a count");
  manifest = testManifest();
  manifest["programs"][0]["inputs"][0]["shape"] =
      Json::array({1, 1, 1, 1, 1, 1, 1, 1, 1});
  EXPECT_PROBLEM(manifest, "rank above 8");
  manifest = testManifest();
  manifest["weights"][0]["bytes"] = 68;
  EXPECT_PROBLEM(manifest, "weight 0");
  manifest = testManifest();
  manifest["weights"][0]["shape"] = {int64_t(1) << 62, 4};
  EXPECT_PROBLEM(manifest, "weight 0");
  manifest = testManifest();
  manifest["programs"][3]["outputs"].erase(2);
  EXPECT_PROBLEM(manifest, "not every layer");
  manifest = testManifest();
  manifest["programs"][3]["outputs"][1]["name"] = "kv.7.key";
  EXPECT_PROBLEM(manifest, "no layer below 2");
}

TEST(Manifest, DamagedTextIsNoCrash) {
  // With a right checksum: what a defect of the compiler could write.
  std::string text = testManifest().dump();
  size_t errors = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    std::string damaged = text;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 7)));
    errors += !problem(damaged).empty();
    damaged = text;
    damaged.erase(i, 1 + i % 5);
    errors += !problem(damaged).empty();
  }
  EXPECT_GT(errors, text.size());
}

TEST(Manifest, ReasonForTiedBlocks) {
  Json manifest = testManifest();
  manifest["attentions"] = {
      {{"kv_position_independent", false}, {"reasons", {"learned positions"}}}};
  Expected<Manifest> parsed = parseManifest(manifest.dump(), "m.ba");
  ASSERT_TRUE(bool(parsed));
  EXPECT_EQ(parsed->kvReason, "learned positions");
}

std::optional<int64_t> evaluate(const std::string &text) {
  return DimExpr::parse(text).evaluate(
      [](const std::string &symbol) -> std::optional<int64_t> {
        if (symbol == "a")
          return 7;
        if (symbol == "b.c_1")
          return 3;
        return std::nullopt;
      });
}

TEST(DimExpr, Expressions) {
  EXPECT_EQ(evaluate("a + b.c_1"), 10);
  EXPECT_EQ(evaluate("a+1"), 8);
  EXPECT_EQ(evaluate("2*(a - b.c_1)"), 8);
  EXPECT_EQ(evaluate("a - b.c_1 - 1"), 3);
  EXPECT_EQ(evaluate("a//2"), 3);
  EXPECT_EQ(evaluate("(1 - a) / 4"), -2);
  EXPECT_EQ(evaluate("a / (b.c_1 - 3)"), std::nullopt);
  EXPECT_EQ(evaluate("a + unknown"), std::nullopt);
  EXPECT_EQ(evaluate("9223372036854775807 + a"), std::nullopt);
  EXPECT_EQ(evaluate("a"), 7);
}

TEST(DimExpr, Names) {
  EXPECT_TRUE(DimExpr::parse("").isAny());
  EXPECT_TRUE(DimExpr::parse("?").isAny());
  EXPECT_TRUE(DimExpr::parse("seq").isSymbol());
  EXPECT_TRUE(DimExpr::parse("past + seq").isExpression());
  // What is no expression is one odd name.
  for (const char *text : {"a +", "a b", "(a", "a)", "Max(a, b)", "*", "12x y",
                           "99999999999999999999 + 1", "\xc3\xa9"})
    EXPECT_TRUE(DimExpr::parse(text).isSymbol()) << text;
  EXPECT_TRUE(DimExpr::parse(std::string(100000, '(')).isSymbol());
  EXPECT_EQ(DimExpr::parse("past + seq").symbols(),
            (std::vector<std::string>{"past", "seq"}));
}

TEST(Manifest, Sinks) {
  Json manifest = testManifest();
  manifest["sinks"] = {{"count", 2}, {"placement", "prefix"}};
  Expected<Manifest> read = parseManifest(manifest.dump(), "m.ba");
  ASSERT_TRUE(bool(read));
  EXPECT_EQ(read->sinks.count, 2);
  EXPECT_TRUE(read->sinks.isPrefix);
  manifest["sinks"]["placement"] = "middle";
  EXPECT_PROBLEM(manifest, "'sinks': unknown placement 'middle'");
  manifest["sinks"] = {{"count", -1}, {"placement", "block"}};
  EXPECT_PROBLEM(manifest, "'count' is not a count");
}

TEST(Manifest, WeightsFiles) {
  Json manifest = testManifest();
  manifest["weights_files"] = {
      {{"path", "w"}, {"bytes", 128}, {"xxh3", "00000000000000ff"}}};
  manifest["weights"][0]["file"] = 0;
  Expected<Manifest> read = parseManifest(manifest.dump(), "m.ba");
  ASSERT_TRUE(bool(read));
  EXPECT_EQ(read->weightsFiles[0].checksum, 255u);
  EXPECT_EQ(read->weights[0].file, 0u);
  manifest["weights_files"][0]["xxh3"] = "ff";
  EXPECT_PROBLEM(manifest, "weights file 0: 'xxh3' is not a checksum");
  manifest["weights_files"][0].erase("xxh3");
  EXPECT_PROBLEM(manifest, "'xxh3' is missing");
  manifest["weights_files"] = 1;
  EXPECT_PROBLEM(manifest, "'weights_files' is not a list");
}

} // namespace

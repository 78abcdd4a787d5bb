//===- ProductChoicesTest.cpp - measured algorithms, kept in a file -------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Cuda/ProductChoices.h"
#include "TestArtifact.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

using namespace blockattn::rt::cuda;
using blockattn::rt::Status;
using blockattn::test::TemporaryFile;

namespace {

constexpr char kH200[] = "NVIDIA H200, cuBLASLt 130100, CUDA 13000";
constexpr char kA100[] = "NVIDIA A100, cuBLASLt 130100, CUDA 13000";

ProductChoices::Key key(int64_t m) {
  ProductChoices::Key key{};
  key[0] = 2;
  key[4] = m;
  key[15] = -1;
  return key;
}

ProductChoices::Algorithm algorithm(uint64_t word) {
  return {word, 0, ~uint64_t(0), 7, 0, 0, 0, word << 40};
}

ProductChoices opened(const std::string &path, const char *environment) {
  ProductChoices choices(path);
  choices.open(environment);
  return choices;
}

void keep(const std::string &path, const char *environment, int64_t m,
          uint64_t word) {
  ProductChoices choices = opened(path, environment);
  choices.add(key(m), algorithm(word));
  choices.save(/*isLast=*/true);
}

TEST(ProductChoices, AreFoundByTheNextProcess) {
  TemporaryFile file("");
  keep(file.path(), kH200, 5, 0xabc);
  ProductChoices choices = opened(file.path(), kH200);
  EXPECT_EQ(choices.find(key(5)), algorithm(0xabc));
  EXPECT_FALSE(choices.find(key(6)));
  // Another GPU, or another version of the library, has to measure.
  EXPECT_FALSE(opened(file.path(), kA100).find(key(5)));
  EXPECT_FALSE(opened(file.path(), "NVIDIA H200, cuBLASLt 130200, CUDA 13000")
                   .find(key(5)));
}

TEST(ProductChoices, AreThoseOfAllProcesses) {
  TemporaryFile file("");
  ProductChoices first = opened(file.path(), kH200);
  keep(file.path(), kH200, 1, 11);
  keep(file.path(), kA100, 2, 22);
  first.add(key(3), algorithm(33));
  first.save(true);
  ProductChoices all = opened(file.path(), kH200);
  EXPECT_EQ(all.find(key(1)), algorithm(11));
  EXPECT_FALSE(all.find(key(2)));
  EXPECT_EQ(all.find(key(3)), algorithm(33));
  EXPECT_EQ(opened(file.path(), kA100).find(key(2)), algorithm(22));
  // What was measured last holds.
  keep(file.path(), kH200, 1, 12);
  EXPECT_EQ(opened(file.path(), kH200).find(key(1)), algorithm(12));
}

TEST(ProductChoices, DamageCountsAsEmpty) {
  TemporaryFile file("");
  keep(file.path(), kH200, 5, 0xabc);
  const std::string good = file.read();
  ASSERT_EQ(ProductChoices::parse(good).size(), 1u);
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] ^= 1;
    EXPECT_TRUE(ProductChoices::parse(bad).empty()) << i;
    EXPECT_TRUE(ProductChoices::parse(good.substr(0, i)).empty()) << i;
  }
  EXPECT_TRUE(ProductChoices::parse(good + "\n").empty());
  file.write(good.substr(0, good.size() / 2));
  EXPECT_FALSE(opened(file.path(), kH200).find(key(5)));
  // And is replaced.
  keep(file.path(), kH200, 6, 1);
  EXPECT_EQ(opened(file.path(), kH200).find(key(6)), algorithm(1));
}

TEST(ProductChoices, FormatsAreChecked) {
  using Environments = ProductChoices::Environments;
  EXPECT_TRUE(ProductChoices::parse("").empty());
  EXPECT_TRUE(ProductChoices::parse("end ").empty());
  Environments two = {{kH200, {{key(1), algorithm(1)}, {key(2), algorithm(2)}}},
                      {kA100, {}}};
  EXPECT_EQ(ProductChoices::parse(ProductChoices::print(two)), two);
  // Right in its checksum, and still nothing that this version wrote.
  for (const char *line :
       {"1 2 3 : 4\n", "x\n",
        "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 : 1 2 3 4 5 6 7\n",
        "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 : 1 2 3 4 5 6 7 8 9\n",
        "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 : 1 2 3 4 5 6 7 8\n"}) {
    Environments odd = {{std::string(kH200) + "\n" + line, {}}};
    odd[0].first.pop_back();
    EXPECT_TRUE(ProductChoices::parse(ProductChoices::print(odd)).empty())
        << line;
  }
}

TEST(ProductChoices, DoNotGrowForEver) {
  TemporaryFile file("");
  for (int i = 0; i < 12; ++i)
    keep(file.path(), ("GPU " + std::to_string(i)).c_str(), 1, i);
  ProductChoices::Environments kept = ProductChoices::parse(file.read());
  ASSERT_EQ(kept.size(), ProductChoices::kMostEnvironments);
  EXPECT_EQ(kept.back().first, "GPU 11");
  EXPECT_EQ(kept.front().first, "GPU 4");
  ProductChoices many = opened(file.path(), kH200);
  for (size_t m = 0; m < ProductChoices::kMostChoices + 10; ++m)
    many.add(key(m), algorithm(m));
  many.save(true);
  EXPECT_EQ(ProductChoices::parse(file.read()).back().second.size(),
            ProductChoices::kMostChoices);
}

TEST(ProductChoices, AreWrittenNowAndThen) {
  TemporaryFile file("");
  ProductChoices choices = opened(file.path(), kH200);
  auto written = [&] {
    ProductChoices::Environments kept = ProductChoices::parse(file.read());
    return kept.empty() ? 0 : kept.back().second.size();
  };
  int writes = 0;
  for (size_t m = 1; m <= 300; ++m) {
    choices.add(key(m), algorithm(m));
    size_t before = written();
    choices.save(/*isLast=*/false);
    writes += written() != before;
  }
  EXPECT_GT(written(), 250u);
  EXPECT_LT(writes, 60);
  choices.save(/*isLast=*/true);
  EXPECT_EQ(written(), 300u);
}

TEST(ProductChoices, OthersFilesAreLeftAlone) {
  for (const char *text : {"BLOCKATT", "blockattn matrix product", "x"}) {
    TemporaryFile file(text);
    Status status = ProductChoices::check(file.path());
    ASSERT_TRUE(status) << text;
    EXPECT_NE(
        std::string(status.text()).find("no file of measured matrix products"),
        std::string::npos);
    keep(file.path(), kH200, 1, 11);
    EXPECT_EQ(file.read(), text);
  }
  EXPECT_TRUE(ProductChoices::check("/dev/null"));
  EXPECT_TRUE(ProductChoices::check("/"));
  // Absent, empty, and what an earlier version wrote.
  TemporaryFile empty(""), old("blockattn matrix products 0\nx\n");
  for (const std::string &path :
       {std::string(), std::string("/nowhere/at/all.tuned"), empty.path(),
        old.path()}) {
    EXPECT_FALSE(ProductChoices::check(path)) << path;
    keep(path, kH200, 1, 11);
  }
  EXPECT_EQ(opened(old.path(), kH200).find(key(1)), algorithm(11));
}

TEST(ProductChoices, NeedNoFile) {
  // No path, and one that nobody can write.
  for (const char *path : {"", "/nowhere/at/all.tuned"}) {
    ProductChoices choices = opened(path, kH200);
    choices.add(key(1), algorithm(1));
    choices.save(true);
    choices.add(key(2), algorithm(2));
    choices.save(true);
    EXPECT_EQ(choices.find(key(2)), algorithm(2));
  }
}

} // namespace

//===- LayoutTest.cpp - block layouts ------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Session/Layout.h"

#include <gtest/gtest.h>

using namespace blockattn::rt;

namespace {

std::string problem(const std::vector<int64_t> &starts) {
  Expected<Layout> layout = Layout::make(starts.data(), starts.size());
  return layout ? "" : layout.takeError().text();
}

TEST(Layout, LastBlockIsGlobal) {
  int64_t starts[] = {0, 11, 17};
  Expected<Layout> layout = Layout::make(starts, 3);
  ASSERT_TRUE(bool(layout));
  EXPECT_EQ(layout->table(),
            (std::vector<int64_t>{0, 0, 0, 11, 0, 0, 17, 1, 0}));
  EXPECT_FALSE(bool(layout->checkTokens(18)));
  Status status = layout->checkTokens(17);
  EXPECT_STREQ(status.text(), "block 2 starts at token 17, but there are 17 "
                              "tokens; every block needs one");
}

TEST(Layout, Segments) {
  ba_block blocks[] = {{0, 0, 5}, {3, 0, 5}, {9, 1, 2}, {12, 0, 2}};
  Expected<Layout> layout = Layout::make(blocks, 4);
  ASSERT_TRUE(bool(layout));
  EXPECT_EQ(layout->table(),
            (std::vector<int64_t>{0, 0, 5, 3, 1, 5, 9, 1, 2, 12, 1, 2}));
  ba_block scattered[] = {{0, 0, 5}, {3, 0, 2}, {9, 1, 5}};
  EXPECT_FALSE(bool(Layout::make(scattered, 3)));
}

TEST(Layout, WrongStarts) {
  EXPECT_NE(problem({}).find("needs a block"), std::string::npos);
  EXPECT_EQ(problem({1, 2}), "the first block starts at token 1; it must start "
                             "at token 0");
  EXPECT_EQ(problem({-1}), "the first block starts at token -1; it must start "
                           "at token 0");
  EXPECT_EQ(problem({0, 5, 5}), "block starts must increase: block 2 starts at "
                                "token 5, the one before it at 5");
  EXPECT_EQ(problem({0, 5, 3}), "block starts must increase: block 2 starts at "
                                "token 3, the one before it at 5");
  EXPECT_EQ(problem({0}), "");
}

} // namespace

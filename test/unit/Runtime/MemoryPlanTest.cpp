//===- MemoryPlanTest.cpp - placing buffers ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Cpu/MemoryPlan.h"

#include <gtest/gtest.h>

#include <random>

using namespace blockattn::rt;

namespace {

/// Buffers that are alive together must not overlap, and none may leave the
/// arena.
void expectSound(const std::vector<BufferInfo> &lives,
                 const std::vector<int64_t> &sizes, const MemoryPlan &plan) {
  for (size_t i = 0; i < lives.size(); ++i) {
    EXPECT_EQ(plan.offsets[i] % 64, 0u);
    EXPECT_LE(plan.offsets[i] + sizes[i], plan.arenaBytes);
    for (size_t j = 0; j < i; ++j) {
      bool together =
          lives[i].first <= lives[j].last && lives[j].first <= lives[i].last;
      bool overlap = plan.offsets[i] < plan.offsets[j] + sizes[j] &&
                     plan.offsets[j] < plan.offsets[i] + sizes[i];
      EXPECT_FALSE(together && overlap) << i << " and " << j;
    }
  }
}

TEST(MemoryPlan, ReusesMemory) {
  // A chain of layers: each buffer is read by the next step alone.
  std::vector<BufferInfo> lives = {{0, 1}, {1, 2}, {2, 3}, {3, 4}};
  std::vector<int64_t> sizes = {1000, 1000, 1000, 1000};
  Expected<MemoryPlan> plan = planMemory(lives, sizes.data());
  ASSERT_TRUE(bool(plan));
  expectSound(lives, sizes, *plan);
  EXPECT_EQ(plan->arenaBytes, 2048u);
}

TEST(MemoryPlan, Empty) {
  Expected<MemoryPlan> plan = planMemory({}, nullptr);
  ASSERT_TRUE(bool(plan));
  EXPECT_EQ(plan->arenaBytes, 0u);
  int64_t sizes[] = {0, 0};
  plan = planMemory({{0, 1}, {0, 1}}, sizes);
  ASSERT_TRUE(bool(plan));
  EXPECT_EQ(plan->arenaBytes, 0u);
}

TEST(MemoryPlan, Random) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<BufferInfo> lives;
    std::vector<int64_t> sizes;
    uint64_t peak = 0;
    for (int i = 0; i < 40; ++i) {
      int64_t first = random() % 60;
      lives.push_back({first, first + int64_t(random() % 8)});
      sizes.push_back(random() % 5 == 0 ? 0 : random() % 5000);
    }
    for (int64_t step = 0; step < 70; ++step) {
      uint64_t alive = 0;
      for (int i = 0; i < 40; ++i)
        if (lives[i].first <= step && step <= lives[i].last)
          alive += (sizes[i] + 63) / 64 * 64;
      peak = std::max(peak, alive);
    }
    Expected<MemoryPlan> plan = planMemory(lives, sizes.data());
    ASSERT_TRUE(bool(plan));
    expectSound(lives, sizes, *plan);
    EXPECT_LE(plan->arenaBytes, peak * 3 / 2);
  }
}

TEST(MemoryPlan, ImpossibleSizes) {
  int64_t negative[] = {-1};
  EXPECT_FALSE(bool(planMemory({{0, 0}}, negative)));
  int64_t large[] = {INT64_MAX};
  EXPECT_FALSE(bool(planMemory({{0, 0}}, large)));
  std::vector<int64_t> many(200, int64_t(1) << 56);
  EXPECT_FALSE(
      bool(planMemory(std::vector<BufferInfo>(200, {0, 1}), many.data())));
}

} // namespace

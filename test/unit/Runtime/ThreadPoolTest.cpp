//===- ThreadPoolTest.cpp - parallel loops -------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Cpu/ThreadPool.h"

#include <gtest/gtest.h>

using namespace blockattn::rt;

namespace {

std::unique_ptr<ThreadPool> makePool(int threads) {
  Expected<std::unique_ptr<ThreadPool>> pool = ThreadPool::create(threads);
  return pool ? std::move(*pool) : nullptr;
}

/// Every index once, in ranges that are not too small.
void expectCovers(ThreadPool &pool, int64_t n, int64_t grain) {
  std::vector<std::atomic<int>> seen(n);
  std::atomic<int> small{0};
  pool.parallelFor(n, grain, [&](int64_t begin, int64_t end) {
    small += end - begin < grain && end != n;
    for (int64_t i = begin; i < end; ++i)
      ++seen[i];
  });
  EXPECT_EQ(small, 0);
  for (int64_t i = 0; i < n; ++i)
    ASSERT_EQ(seen[i], 1) << i;
}

TEST(ThreadPool, Covers) {
  for (int threads : {1, 2, 5}) {
    std::unique_ptr<ThreadPool> pool = makePool(threads);
    EXPECT_EQ(pool->threads(), threads);
    for (int64_t n : {0, 1, 2, 7, 100, 1001})
      for (int64_t grain : {-1, 1, 3, 64, 2000})
        expectCovers(*pool, n, grain);
  }
}

TEST(ThreadPool, NestedLoopsRunInline) {
  std::unique_ptr<ThreadPool> pool = makePool(3);
  std::atomic<int64_t> sum{0};
  pool->parallelFor(20, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      pool->parallelFor(10, 1, [&](int64_t innerBegin, int64_t innerEnd) {
        EXPECT_EQ(innerBegin, 0);
        EXPECT_EQ(innerEnd, 10);
        sum += 1;
      });
  });
  EXPECT_EQ(sum, 20);
}

TEST(ThreadPool, ManyCallers) {
  std::unique_ptr<ThreadPool> pool = makePool(4);
  std::vector<std::thread> callers;
  std::atomic<int> bad{0};
  for (int caller = 0; caller < 6; ++caller)
    callers.emplace_back([&, caller] {
      for (int round = 0; round < 300; ++round) {
        int64_t n = 1 + (caller * 37 + round) % 200;
        std::atomic<int64_t> sum{0};
        pool->parallelFor(n, 1, [&](int64_t begin, int64_t end) {
          for (int64_t i = begin; i < end; ++i)
            sum += i;
        });
        bad += sum != n * (n - 1) / 2;
      }
    });
  for (std::thread &caller : callers)
    caller.join();
  EXPECT_EQ(bad, 0);
}

TEST(ThreadPool, ShortLoopsBackToBack) {
  std::unique_ptr<ThreadPool> pool = makePool(2);
  int64_t total = 0;
  for (int round = 0; round < 20000; ++round) {
    std::atomic<int64_t> count{0};
    pool->parallelFor(
        4, 1, [&](int64_t begin, int64_t end) { count += end - begin; });
    total += count;
  }
  EXPECT_EQ(total, 80000);
}

} // namespace

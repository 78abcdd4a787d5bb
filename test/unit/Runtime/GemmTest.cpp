//===- GemmTest.cpp - matrix products ------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Cpu/Gemm.h"
#include "Cpu/Gemv.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

using namespace blockattn::rt;

namespace {

struct Case {
  int64_t m, n, k;
  bool transA, transB;
  float beta;
};

/// Compares with sums in double; the matrices are parts of wider ones.
void expectProduct(ThreadPool &pool, const Case &c) {
  int64_t lda = (c.transA ? c.m : c.k) + 3, ldb = (c.transB ? c.k : c.n) + 5;
  int64_t ldc = c.n + 2;
  std::mt19937 random(static_cast<unsigned>(c.m * 31 + c.n * 7 + c.k));
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> a(lda * (c.transA ? c.k : c.m) + 1);
  std::vector<float> b(ldb * (c.transB ? c.n : c.k) + 1);
  std::vector<float> result(ldc * c.m + 1);
  for (std::vector<float> *matrix : {&a, &b, &result})
    for (float &x : *matrix)
      x = uniform(random);
  // With beta = 0, C is only written.
  if (c.beta == 0)
    std::fill(result.begin(), result.end(), NAN);
  std::vector<float> before = result;
  ASSERT_TRUE(gemm(pool, c.transA, c.transB, c.m, c.n, c.k, a.data(), lda,
                   b.data(), ldb, c.beta, result.data(), ldc));
  for (int64_t i = 0; i < c.m; ++i)
    for (int64_t j = 0; j < c.n; ++j) {
      double sum = c.beta == 0 ? 0 : double(c.beta) * before[i * ldc + j];
      for (int64_t p = 0; p < c.k; ++p)
        sum += double(c.transA ? a[p * lda + i] : a[i * lda + p]) *
               double(c.transB ? b[j * ldb + p] : b[p * ldb + j]);
      ASSERT_NEAR(result[i * ldc + j], sum, 1e-5 * (1 + std::sqrt(c.k)))
          << c.m << "x" << c.n << "x" << c.k << " " << c.transA << c.transB
          << " at " << i << ", " << j;
    }
  // What lies between the rows stays.
  for (int64_t i = 0; i + 1 < c.m; ++i)
    for (int64_t j = c.n; j < ldc; ++j) {
      float left = result[i * ldc + j], was = before[i * ldc + j];
      ASSERT_TRUE(left == was || (std::isnan(left) && std::isnan(was)));
    }
}

TEST(Gemm, Products) {
  for (int threads : {1, 3}) {
    Expected<std::unique_ptr<ThreadPool>> pool = ThreadPool::create(threads);
    ASSERT_TRUE(bool(pool));
    for (int64_t m : {1, 2, 3, 4, 7, 16, 17, 70})
      for (auto [n, k] : {std::pair<int64_t, int64_t>{1, 1},
                          {5, 3},
                          {64, 64},
                          {33, 100},
                          {700, 40},
                          {1100, 300}})
        for (bool transA : {false, true})
          for (bool transB : {false, true})
            expectProduct(**pool,
                          {m, n, k, transA, transB, (n + k) % 2 ? 0.0f : 0.5f});
  }
}

TEST(Gemm, Empty) {
  Expected<std::unique_ptr<ThreadPool>> pool = ThreadPool::create(2);
  ASSERT_TRUE(bool(pool));
  float c[] = {NAN, 2};
  EXPECT_TRUE(
      gemm(**pool, false, false, 0, 2, 3, nullptr, 3, nullptr, 2, 0, c, 2));
  // A sum over nothing is 0.
  EXPECT_TRUE(
      gemm(**pool, false, false, 1, 2, 0, nullptr, 1, nullptr, 2, 0, c, 2));
  EXPECT_EQ(c[0], 0);
  EXPECT_EQ(c[1], 0);
}

TEST(Gemm, NotANumberIsKept) {
  Expected<std::unique_ptr<ThreadPool>> pool = ThreadPool::create(1);
  ASSERT_TRUE(bool(pool));
  std::vector<float> a(40, 0.0f), b(40 * 3, 1.0f);
  b[3 * 3 + 1] = INFINITY;
  float c[3];
  ASSERT_TRUE(
      gemm(**pool, false, false, 1, 3, 40, a.data(), 40, b.data(), 3, 0, c, 3));
  EXPECT_EQ(c[0], 0);
  EXPECT_TRUE(std::isnan(c[1]));
}

/// The levels that this machine would not choose.
TEST(Gemv, AllLevels) {
  std::vector<const GemvKernels *> levels = {&detail::gemvBase};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("x86-64-v3"))
    levels.push_back(&detail::gemvV3);
  if (__builtin_cpu_supports("x86-64-v4"))
    levels.push_back(&detail::gemvV4);
#endif
  constexpr int64_t m = 6, n = 37, k = 53;
  std::vector<float> a(m * k), b(n * k), bt(n * k);
  for (int64_t i = 0; i < m * k; ++i)
    a[i] = float(i % 13) - 6;
  for (int64_t j = 0; j < n; ++j)
    for (int64_t p = 0; p < k; ++p)
      bt[p * n + j] = b[j * k + p] = float((j * 5 + p * 3) % 11) - 5;
  for (const GemvKernels *level : levels) {
    std::vector<float> rows(m * n, 1), columns(m * n, 1);
    level->rows(m, 0, n, k, a.data(), k, b.data(), k, 2, rows.data(), n);
    level->columns(m, 0, n, 0, k, a.data(), k, bt.data(), n, 2, columns.data(),
                   n);
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < n; ++j) {
        float sum = 2; // Whole numbers: exact in any order.
        for (int64_t p = 0; p < k; ++p)
          sum += a[i * k + p] * b[j * k + p];
        ASSERT_EQ(rows[i * n + j], sum);
        ASSERT_EQ(columns[i * n + j], sum);
      }
  }
}

} // namespace

//===- GemmTest.cpp - matrix products ------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Cpu/Gemm.h"
#include "Cpu/Gemv.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
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

/// All that this machine can run, not only what it would choose.
std::vector<const GemvKernels *> allLevels() {
  std::vector<const GemvKernels *> levels = {&detail::gemvBase};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("x86-64-v3"))
    levels.push_back(&detail::gemvV3);
  if (__builtin_cpu_supports("x86-64-v4"))
    levels.push_back(&detail::gemvV4);
#endif
  return levels;
}

/// A 16-bit float by its definition.
float valueOf(Half type, uint16_t bits) {
  if (type == Half::BF16) {
    uint32_t wide = uint32_t(bits) << 16;
    float value;
    std::memcpy(&value, &wide, sizeof value);
    return value;
  }
  int exponent = (bits >> 10) & 31, mantissa = bits & 1023;
  float value = exponent == 0
                    ? std::ldexp(float(mantissa), -24)
                    : std::ldexp(float(1024 + mantissa), exponent - 25);
  if (exponent == 31)
    value = mantissa ? NAN : INFINITY;
  return bits & 0x8000 ? -value : value;
}

TEST(Half, EveryNumberWidens) {
  std::vector<uint16_t> all(65536 + 3);
  for (size_t i = 0; i < all.size(); ++i)
    all[i] = static_cast<uint16_t>(i);
  for (const GemvKernels *level : allLevels())
    for (Half type : {Half::F16, Half::BF16}) {
      std::vector<float> wide(all.size());
      level->half[static_cast<int>(type)].widen(all.size(), all.data(),
                                                wide.data());
      for (size_t i = 0; i < all.size(); ++i) {
        float want = valueOf(type, all[i]);
        ASSERT_TRUE(wide[i] == want
                        ? std::signbit(wide[i]) == std::signbit(want)
                        : std::isnan(wide[i]) && std::isnan(want))
            << i;
      }
    }
}

TEST(Half, Products) {
  for (int threads : {1, 3}) {
    Expected<std::unique_ptr<ThreadPool>> pool = ThreadPool::create(threads);
    ASSERT_TRUE(bool(pool));
    for (Half type : {Half::F16, Half::BF16})
      for (int64_t m : {1, 3, 16, 17, 40})
        for (auto [n, k] : {std::pair<int64_t, int64_t>{1, 1},
                            {33, 100},
                            {700, 40},
                            {70, 3000}})
          for (bool transA : {false, true})
            for (bool transB : {false, true}) {
              int64_t lda = (transA ? m : k) + 3, ldb = (transB ? k : n) + 5;
              std::vector<uint16_t> a(lda * (transA ? k : m));
              std::vector<uint16_t> b(ldb * (transB ? n : k));
              // Small whole numbers, so that sums are exact: 1 and -2.
              uint16_t one = type == Half::F16 ? 0x3c00 : 0x3f80;
              uint16_t minusTwo = 0xc000;
              for (size_t i = 0; i < a.size(); ++i)
                a[i] = i % 3 ? one : minusTwo;
              for (size_t i = 0; i < b.size(); ++i)
                b[i] = i % 7 < 4 ? one : minusTwo;
              std::vector<float> c(m * (n + 2), 2);
              ASSERT_TRUE(gemmHalf(**pool, type, transA, transB, m, n, k,
                                   a.data(), lda, b.data(), ldb, 0.5f, c.data(),
                                   n + 2));
              for (int64_t i = 0; i < m; ++i)
                for (int64_t j = 0; j < n; ++j) {
                  float sum = 1;
                  for (int64_t p = 0; p < k; ++p)
                    sum +=
                        valueOf(type, a[transA ? p * lda + i : i * lda + p]) *
                        valueOf(type, b[transB ? j * ldb + p : p * ldb + j]);
                  ASSERT_EQ(c[i * (n + 2) + j], sum)
                      << m << "x" << n << "x" << k << " " << transA << transB;
                }
            }
  }
}

TEST(Half, Empty) {
  Expected<std::unique_ptr<ThreadPool>> pool = ThreadPool::create(1);
  ASSERT_TRUE(bool(pool));
  float c[] = {NAN, 2};
  EXPECT_TRUE(gemmHalf(**pool, Half::F16, false, false, 1, 2, 0, nullptr, 1,
                       nullptr, 2, 0, c, 2));
  EXPECT_EQ(c[0], 0);
  EXPECT_EQ(c[1], 0);
}

/// A weight of few bits, and what it stands for.
struct PackedExample {
  PackedExample(int bits, int64_t blockSize, int64_t n, int64_t k, bool zeros,
                ScaleType type)
      : n(n), k(k), values(n * k) {
    int64_t blocks = (k + blockSize - 1) / blockSize;
    int64_t rowBytes = blocks * blockSize * bits / 8;
    int64_t zeroBytes = (blocks * bits + 7) / 8;
    data.resize(n * rowBytes);
    for (size_t i = 0; i < data.size(); ++i)
      data[i] = static_cast<uint8_t>(i * 37 + i / 5);
    zeroPoints.resize(n * zeroBytes);
    for (size_t i = 0; i < zeroPoints.size(); ++i)
      zeroPoints[i] = static_cast<uint8_t>(i * 11 + 3);
    // 1, 2 and 0.5, which all types have.
    const uint16_t f16[] = {0x3c00, 0x4000, 0x3800};
    const uint16_t bf16[] = {0x3f80, 0x4000, 0x3f00};
    const float f32[] = {1, 2, 0.5f};
    for (int64_t i = 0; i < n * blocks; ++i) {
      scales.push_back(f32[i % 3]);
      halves.push_back(type == ScaleType::F16 ? f16[i % 3] : bf16[i % 3]);
    }
    auto part = [&](uint8_t byte, int64_t i) -> int {
      return bits == 8 ? byte : i % 2 ? byte >> 4 : byte & 15;
    };
    for (int64_t j = 0; j < n; ++j)
      for (int64_t i = 0; i < k; ++i) {
        int64_t block = i / blockSize;
        int zero = 1 << (bits - 1);
        if (zeros)
          zero = part(zeroPoints[j * zeroBytes + block * bits / 8], block);
        int number = part(data[j * rowBytes + i * bits / 8], i);
        values[j * k + i] = (number - zero) * scales[j * blocks + block];
      }
    weight = {blocks,
              blockSize,
              bits,
              type,
              data.data(),
              type == ScaleType::F32 ? static_cast<const void *>(scales.data())
                                     : halves.data(),
              zeros ? zeroPoints.data() : nullptr};
  }

  int64_t n, k;
  std::vector<uint8_t> data, zeroPoints;
  std::vector<float> scales, values;
  std::vector<uint16_t> halves;
  PackedWeight weight;
};

/// Calls `check` for weights of all forms.
template <typename Callable> void forPackedWeights(Callable check) {
  for (int bits : {4, 8})
    for (int64_t blockSize : {16, 32, 128})
      for (bool zeros : {false, true})
        for (ScaleType type : {ScaleType::F32, ScaleType::F16, ScaleType::BF16})
          for (auto [n, k] :
               {std::pair<int64_t, int64_t>{1, 1}, {7, 40}, {69, 300}}) {
            SCOPED_TRACE(::testing::Message()
                         << bits << " bits, blocks of " << blockSize << ", "
                         << n << "x" << k << (zeros ? ", zeros" : "")
                         << ", scales " << static_cast<int>(type));
            check(PackedExample(bits, blockSize, n, k, zeros, type));
          }
}

TEST(Packed, Products) {
  for (int threads : {1, 3}) {
    Expected<std::unique_ptr<ThreadPool>> pool = ThreadPool::create(threads);
    ASSERT_TRUE(bool(pool));
    forPackedWeights([&](const PackedExample &example) {
      auto [n, k] = std::pair(example.n, example.k);
      for (int64_t m : {1, 3, 9, 20}) {
        int64_t lda = k + 3, ldc = n + 2;
        std::vector<float> a(m * lda), c(m * ldc, NAN);
        for (size_t i = 0; i < a.size(); ++i)
          a[i] = static_cast<float>(i % 5) - 2;
        ASSERT_TRUE(gemmPacked(**pool, m, n, k, a.data(), lda, example.weight,
                               c.data(), ldc));
        // Whole and half numbers: sums are exact.
        for (int64_t i = 0; i < m; ++i)
          for (int64_t j = 0; j < n; ++j) {
            float sum = 0;
            for (int64_t p = 0; p < k; ++p)
              sum += a[i * lda + p] * example.values[j * k + p];
            ASSERT_EQ(c[i * ldc + j], sum) << m << " rows, " << i << " " << j;
          }
      }
    });
  }
}

TEST(Packed, AllLevels) {
  for (const GemvKernels *level : allLevels())
    forPackedWeights([&](const PackedExample &example) {
      const PackedWeight &weight = example.weight;
      int64_t padded = weight.blocks * weight.blockSize, k = example.k;
      std::vector<float> rows(example.n * padded), scratch(padded);
      level->packed.unpack(weight, 0, example.n, rows.data(), padded);
      for (int64_t m : {1, 2, 3, 4}) {
        int64_t ldc = example.n + 1;
        std::vector<float> a(m * k), arranged(m * padded), c(m * ldc);
        for (size_t i = 0; i < a.size(); ++i)
          a[i] = static_cast<float>(i % 7) - 3;
        for (int64_t i = 0; i < m; ++i)
          level->packed.arrange(weight, k, a.data() + i * k,
                                arranged.data() + i * padded);
        level->packed.product(weight, m, 0, example.n, arranged.data(),
                              c.data(), ldc, scratch.data());
        for (int64_t i = 0; i < m; ++i)
          for (int64_t j = 0; j < example.n; ++j) {
            float sum = 0;
            for (int64_t p = 0; p < k; ++p) {
              ASSERT_EQ(rows[j * padded + p], example.values[j * k + p]);
              sum += a[i * k + p] * example.values[j * k + p];
            }
            ASSERT_EQ(c[i * ldc + j], sum) << m << " rows, " << i << " " << j;
          }
      }
    });
}

TEST(Packed, Empty) {
  Expected<std::unique_ptr<ThreadPool>> pool = ThreadPool::create(1);
  ASSERT_TRUE(bool(pool));
  float c[] = {NAN, 2};
  PackedWeight none{0, 32, 4, ScaleType::F32, nullptr, nullptr, nullptr};
  EXPECT_TRUE(gemmPacked(**pool, 1, 2, 0, nullptr, 1, none, c, 2));
  EXPECT_EQ(c[0], 0);
  EXPECT_EQ(c[1], 0);
}

TEST(Gemv, AllLevels) {
  std::vector<const GemvKernels *> levels = allLevels();
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

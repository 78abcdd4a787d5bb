//===- gemm.cpp - how fast matrix products are ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// benchmark-gemm [THREADS]: products of the shapes that prefill and decoding
// have, by the runtime (f32, and operands of bf16) and by oneDNN with its own
// threads; and by weights of 4 and 8 bits in blocks of 32. README.md has
// results.
//
//===----------------------------------------------------------------------===//

#include "Cpu/Gemm.h"

#include <oneapi/dnnl/dnnl.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

extern "C" void omp_set_num_threads(int);

using namespace blockattn::rt;

namespace {

double now() {
  return std::chrono::duration<double>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// The best time within a third of a second, after one to warm up.
template <typename Body> double measure(Body body) {
  body();
  double best = 1e9, end = now() + 0.33;
  int runs = 0;
  do {
    double begin = now();
    body();
    best = std::min(best, now() - begin);
  } while (++runs < 3 || now() < end);
  return best;
}

struct Shape {
  int64_t m, n, k;
};

/// Hidden size 2048, MLP of 8192, a vocabulary of 128256.
constexpr Shape kShapes[] = {
    {1, 2048, 2048},   {1, 8192, 2048},  {1, 2048, 8192},   {1, 512, 2048},
    {1, 128256, 2048}, {4, 8192, 2048},  {8, 8192, 2048},   {16, 8192, 2048},
    {50, 8192, 2048},  {50, 2048, 8192}, {512, 2048, 2048}, {512, 8192, 2048},
    {2048, 2048, 2048}};

/// Products with packed weights, as MatMulNBits has them.
void measurePacked(ThreadPool &pool) {
  constexpr int64_t blockSize = 32;
  std::printf("\n%6s %7s %6s %-6s %10s %9s %9s\n", "m", "n", "k", "bits", "ms",
              "GFLOP/s", "GB/s");
  for (auto [n, k] : {std::pair<int64_t, int64_t>{2048, 8192}, {8192, 2048}})
    for (int bits : {4, 8})
      for (int64_t m : {1, 4, 16, 50, 512}) {
        int64_t blocks = k / blockSize;
        std::vector<uint8_t> data(n * k * bits / 8);
        for (size_t i = 0; i < data.size(); ++i)
          data[i] = static_cast<uint8_t>(i * 37);
        std::vector<float> scales(n * blocks, 0.01f), a(m * k, 0.5f), c(m * n);
        PackedWeight weight{blocks,      blockSize,     bits,   ScaleType::F32,
                            data.data(), scales.data(), nullptr};
        double seconds = measure([&] {
          gemmPacked(pool, m, n, k, a.data(), k, weight, c.data(), n);
        });
        double bytes = data.size() + 4.0 * scales.size();
        std::printf("%6lld %7lld %6lld %-6d %10.3f %9.1f %9.1f\n",
                    static_cast<long long>(m), static_cast<long long>(n),
                    static_cast<long long>(k), bits, seconds * 1e3,
                    2e-9 * m * n * k / seconds, 1e-9 * bytes / seconds);
      }
}

} // namespace

int main(int argc, char **argv) {
  int threads = argc > 1 ? std::atoi(argv[1]) : availableCores();
  Expected<std::unique_ptr<ThreadPool>> pool =
      ThreadPool::create(std::max(threads, 1));
  if (!pool) {
    std::fprintf(stderr, "error: %s\n", pool.takeError().text());
    return 1;
  }
  omp_set_num_threads(std::max(threads, 1));
  std::printf("%d threads\n%6s %7s %6s %-6s %10s %9s %9s   %10s %9s %10s\n",
              threads, "m", "n", "k", "B", "ms", "GFLOP/s", "GB/s", "oneDNN ms",
              "GFLOP/s", "bf16 ms");
  for (const Shape &s : kShapes) {
    std::vector<float> a(s.m * s.k, 0.5f), b(s.k * s.n), c(s.m * s.n);
    for (size_t i = 0; i < b.size(); ++i)
      b[i] = static_cast<float>(i % 1021) / 1021 - 0.5f;
    std::vector<uint16_t> halfA(s.m * s.k, 0x3f00), halfB(s.k * s.n);
    for (size_t i = 0; i < halfB.size(); ++i)
      halfB[i] = static_cast<uint16_t>(0x3e00 + i % 241);
    for (bool transposed : {false, true}) {
      int64_t ldb = transposed ? s.k : s.n;
      double ours = measure([&] {
        gemm(**pool, false, transposed, s.m, s.n, s.k, a.data(), s.k, b.data(),
             ldb, 0, c.data(), s.n);
      });
      double theirs = measure([&] {
        dnnl_sgemm('N', transposed ? 'T' : 'N', s.m, s.n, s.k, 1, a.data(), s.k,
                   b.data(), ldb, 0, c.data(), s.n);
      });
      double half = measure([&] {
        gemmHalf(**pool, Half::BF16, false, transposed, s.m, s.n, s.k,
                 halfA.data(), s.k, halfB.data(), ldb, 0, c.data(), s.n);
      });
      double work = 2e-9 * s.m * s.n * s.k;
      std::printf("%6lld %7lld %6lld %-6s %10.3f %9.1f %9.1f   %10.3f %9.1f "
                  "%10.3f\n",
                  static_cast<long long>(s.m), static_cast<long long>(s.n),
                  static_cast<long long>(s.k), transposed ? "[n,k]" : "[k,n]",
                  ours * 1e3, work / ours, 4e-9 * s.n * s.k / ours,
                  theirs * 1e3, work / theirs, half * 1e3);
    }
  }
  measurePacked(**pool);
  return 0;
}

//===- Gemm.cpp - matrix products -----------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// oneDNN multiplies; the work is divided here, over our own threads. oneDNN
// itself would use OpenMP's: a second set of threads beside ours, one for each
// thread that runs a session.
//
//===----------------------------------------------------------------------===//

#include "Cpu/Gemm.h"
#include "Cpu/Gemv.h"

#include <oneapi/dnnl/dnnl.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <vector>

// From the OpenMP runtime that oneDNN itself is linked with. Both act on the
// calling thread alone.
extern "C" {
void omp_set_num_threads(int);
int omp_get_max_threads(void);
}

using namespace blockattn::rt;

const GemvKernels &blockattn::rt::gemvKernels() {
#if defined(__x86_64__)
  static const GemvKernels &chosen = [&]() -> const GemvKernels & {
    __builtin_cpu_init();
    if (__builtin_cpu_supports("x86-64-v4"))
      return detail::gemvV4;
    if (__builtin_cpu_supports("x86-64-v3"))
      return detail::gemvV3;
    return detail::gemvBase;
  }();
  return chosen;
#else
  return detail::gemvBase;
#endif
}

namespace {

/// Keeps OpenMP from starting threads while in scope, and leaves the caller's
/// setting as it was.
class SingleThreaded {
public:
  SingleThreaded() : before(omp_get_max_threads()) {
    if (before != 1)
      omp_set_num_threads(1);
  }
  ~SingleThreaded() {
    if (before != 1)
      omp_set_num_threads(before);
  }

private:
  int before;
};

/// Multiply-adds below which a second thread does not pay.
constexpr int64_t kSerialWork = 64 * 1024;

/// One product with few rows. `kernels` are those for the elements of B.
template <typename Kernels, typename Element>
void gemv(ThreadPool &pool, const Kernels &kernels, bool transB, int64_t m,
          int64_t n, int64_t k, const float *a, int64_t lda, const Element *b,
          int64_t ldb, float beta, float *c, int64_t ldc) {
  int64_t perColumn = std::max<int64_t>(k, 1);
  if (transB) {
    int64_t grain = std::max<int64_t>(kSerialWork / perColumn, 4);
    pool.parallelFor(n, grain, [&](int64_t begin, int64_t end) {
      kernels.rows(m, begin, end, k, a, lda, b, ldb, beta, c, ldc);
    });
    return;
  }
  // Columns first, in pieces that are long enough to stream; what parallelism
  // is then missing comes from cutting the sum.
  constexpr int64_t width = 512;
  int64_t columnPieces = std::max<int64_t>(1, n / width);
  int64_t work = n * perColumn;
  int64_t wanted = std::min<int64_t>(2 * pool.threads(), work / kSerialWork);
  int64_t depthPieces = 1;
  if (pool.threads() > 1 && columnPieces < wanted)
    depthPieces = std::min((wanted + columnPieces - 1) / columnPieces,
                           std::max<int64_t>(1, k / 64));
  if (depthPieces == 1) {
    int64_t grain = std::max<int64_t>(kSerialWork / perColumn, width);
    pool.parallelFor(n, grain, [&](int64_t begin, int64_t end) {
      kernels.columns(m, begin, end, 0, k, a, lda, b, ldb, beta, c, ldc);
    });
    return;
  }
  std::vector<float> partial((depthPieces - 1) * m * n);
  pool.parallelFor(
      depthPieces * columnPieces, 1, [&](int64_t first, int64_t last) {
        for (int64_t piece = first; piece < last; ++piece) {
          int64_t depth = piece / columnPieces, column = piece % columnPieces;
          float *target = depth == 0 ? c : partial.data() + (depth - 1) * m * n;
          kernels.columns(
              m, n * column / columnPieces, n * (column + 1) / columnPieces,
              k * depth / depthPieces, k * (depth + 1) / depthPieces, a, lda, b,
              ldb, depth == 0 ? beta : 0.0f, target, depth == 0 ? ldc : n);
        }
      });
  for (int64_t depth = 0; depth + 1 < depthPieces; ++depth)
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < n; ++j)
        c[i * ldc + j] += partial[(depth * m + i) * n + j];
}

struct Tiles {
  int64_t rows;
  int64_t columns;
};

/// How C is divided. oneDNN packs the operands of each call anew, so tiles are
/// as large as leaves every thread busy, and near square.
Tiles divide(int64_t m, int64_t n, int64_t k, int threads) {
  if (threads == 1 || m * n * std::max<int64_t>(k, 1) < 4 * kSerialWork)
    return {1, 1};
  constexpr int64_t leastRows = 48, leastColumns = 64;
  Tiles best{1, 1};
  double bestCost = 0;
  int64_t mostRows = std::max<int64_t>(1, m / leastRows);
  int64_t mostColumns = std::max<int64_t>(1, n / leastColumns);
  for (int64_t rows = 1; rows <= std::min<int64_t>(mostRows, 4 * threads);
       ++rows)
    for (int64_t columns = 1;
         columns <= std::min<int64_t>(mostColumns, 4 * threads); ++columns) {
      // Rounds of equal tiles; the work of a tile, and what packing its
      // operands costs beside it.
      double tileRows = double(m) / rows, tileColumns = double(n) / columns;
      double rounds = double((rows * columns + threads - 1) / threads);
      double cost =
          rounds * (tileRows * tileColumns + 8 * (tileRows + tileColumns));
      if (bestCost == 0 || cost < bestCost) {
        bestCost = cost;
        best = {rows, columns};
      }
    }
  return best;
}

} // namespace

bool blockattn::rt::gemm(ThreadPool &pool, bool transA, bool transB, int64_t m,
                         int64_t n, int64_t k, const float *a, int64_t lda,
                         const float *b, int64_t ldb, float beta, float *c,
                         int64_t ldc) {
  if (m <= 0 || n <= 0)
    return true;
  if (k <= 0) {
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < n; ++j)
        c[i * ldc + j] = beta == 0 ? 0 : beta * c[i * ldc + j];
    return true;
  }
  // A transposed vector is a vector when its elements lie side by side.
  if (transA && lda == 1 && m == 1) {
    transA = false;
    lda = k;
  }
  if (!transA && m <= kGemvRows) {
    gemv(pool, gemvKernels(), transB, m, n, k, a, lda, b, ldb, beta, c, ldc);
    return true;
  }
  Tiles tiles = divide(m, n, k, pool.threads());
  std::atomic<bool> ok{true};
  pool.parallelFor(
      tiles.rows * tiles.columns, 1, [&](int64_t first, int64_t last) {
        SingleThreaded guard;
        for (int64_t tile = first; tile < last; ++tile) {
          int64_t row = tile / tiles.columns, column = tile % tiles.columns;
          int64_t i = m * row / tiles.rows, j = n * column / tiles.columns;
          int64_t rows = m * (row + 1) / tiles.rows - i;
          int64_t columns = n * (column + 1) / tiles.columns - j;
          dnnl_status_t status = dnnl_sgemm(
              transA ? 'T' : 'N', transB ? 'T' : 'N', rows, columns, k, 1.0f,
              a + (transA ? i : i * lda), lda, b + (transB ? j * ldb : j), ldb,
              beta, c + i * ldc + j, ldc);
          if (status != dnnl_success)
            ok.store(false, std::memory_order_relaxed);
        }
      });
  return ok.load();
}

//===----------------------------------------------------------------------===//
// Operands of 16 bits
//===----------------------------------------------------------------------===//

/// Rows of a matrix as stored, each of `length` elements, as f32.
static void widenRows(const HalfKernels &kernels, int64_t begin, int64_t end,
                      int64_t length, const uint16_t *from, int64_t ld,
                      float *to) {
  for (int64_t row = begin; row < end; ++row)
    kernels.widen(length, from + row * ld, to + (row - begin) * length);
}

bool blockattn::rt::gemmHalf(ThreadPool &pool, Half type, bool transA,
                             bool transB, int64_t m, int64_t n, int64_t k,
                             const uint16_t *a, int64_t lda, const uint16_t *b,
                             int64_t ldb, float beta, float *c, int64_t ldc) {
  if (m <= 0 || n <= 0)
    return true;
  if (k <= 0)
    return gemm(pool, transA, transB, m, n, k, nullptr, lda, nullptr, ldb, beta,
                c, ldc);
  const HalfKernels &kernels = gemvKernels().half[static_cast<int>(type)];
  // A is the smaller one, the activations: it is converted as a whole.
  int64_t aRows = transA ? k : m, aColumns = transA ? m : k;
  std::unique_ptr<float[]> wideA(new float[aRows * aColumns]);
  int64_t grain = std::max<int64_t>(kSerialWork / aColumns, 1);
  pool.parallelFor(aRows, grain, [&](int64_t begin, int64_t end) {
    widenRows(kernels, begin, end, aColumns, a, lda,
              wideA.get() + begin * aColumns);
  });
  if (m <= kGemvRows && (!transA || m == 1)) {
    gemv(pool, kernels, transB, m, n, k, wideA.get(), k, b, ldb, beta, c, ldc);
    return true;
  }
  // Of B, one panel of columns after the other, which a cache holds.
  constexpr int64_t panelElements = 256 * 1024, leastColumns = 64;
  int64_t width = std::max(panelElements / k, leastColumns);
  int64_t share = (n + pool.threads() - 1) / pool.threads();
  width = std::min(width, std::max(share, leastColumns));
  std::atomic<bool> ok{true};
  pool.parallelFor(
      (n + width - 1) / width, 1, [&](int64_t first, int64_t last) {
        SingleThreaded guard;
        std::unique_ptr<float[]> panel(new float[k * std::min(width, n)]);
        for (int64_t i = first; i < last; ++i) {
          int64_t j = i * width, columns = std::min(width, n - j);
          if (transB)
            widenRows(kernels, j, j + columns, k, b, ldb, panel.get());
          else
            widenRows(kernels, 0, k, columns, b + j, ldb, panel.get());
          dnnl_status_t status =
              dnnl_sgemm(transA ? 'T' : 'N', transB ? 'T' : 'N', m, columns, k,
                         1.0f, wideA.get(), aColumns, panel.get(),
                         transB ? k : columns, beta, c + j, ldc);
          if (status != dnnl_success)
            ok.store(false, std::memory_order_relaxed);
        }
      });
  return ok.load();
}

//===----------------------------------------------------------------------===//
// Weights of few bits
//===----------------------------------------------------------------------===//

bool blockattn::rt::gemmPacked(ThreadPool &pool, int64_t m, int64_t n,
                               int64_t k, const float *a, int64_t lda,
                               const PackedWeight &weight, float *c,
                               int64_t ldc) {
  if (m <= 0 || n <= 0)
    return true;
  if (k <= 0)
    return gemm(pool, false, true, m, n, k, a, lda, nullptr, 1, 0, c, ldc);
  const PackedKernels &kernels = gemvKernels().packed;
  int64_t padded = weight.blocks * weight.blockSize;
  // A few rows: the weight is unpacked in registers.
  constexpr int64_t fusedRows = 4;
  if (m <= fusedRows) {
    std::unique_ptr<float[]> arranged(new float[m * padded]);
    for (int64_t i = 0; i < m; ++i)
      kernels.arrange(weight, k, a + i * lda, arranged.get() + i * padded);
    int64_t grain = std::max<int64_t>(kSerialWork / k, 4);
    pool.parallelFor(n, grain, [&](int64_t begin, int64_t end) {
      std::unique_ptr<float[]> scratch(new float[padded]);
      kernels.product(weight, m, begin, end, arranged.get(), c, ldc,
                      scratch.get());
    });
    return true;
  }
  // More: one panel of it after the other, which a cache holds.
  constexpr int64_t panelElements = 256 * 1024, leastRows = 64;
  int64_t width = std::max(panelElements / padded, leastRows);
  int64_t share = (n + pool.threads() - 1) / pool.threads();
  width = std::min(width, std::max(share, leastRows));
  std::atomic<bool> ok{true};
  pool.parallelFor(
      (n + width - 1) / width, 1, [&](int64_t first, int64_t last) {
        SingleThreaded guard;
        std::unique_ptr<float[]> panel(new float[padded * std::min(width, n)]);
        for (int64_t i = first; i < last; ++i) {
          int64_t j = i * width, rows = std::min(width, n - j);
          kernels.unpack(weight, j, j + rows, panel.get(), padded);
          if (m <= kGemvRows) {
            gemvKernels().rows(m, 0, rows, k, a, lda, panel.get(), padded, 0,
                               c + j, ldc);
            continue;
          }
          dnnl_status_t status =
              dnnl_sgemm('N', 'T', m, rows, k, 1.0f, a, lda, panel.get(),
                         padded, 0.0f, c + j, ldc);
          if (status != dnnl_success)
            ok.store(false, std::memory_order_relaxed);
        }
      });
  return ok.load();
}

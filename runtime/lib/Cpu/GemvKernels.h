//===- GemvKernels.h - products with few rows, for one CPU level -*- C++
//-*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Included by GemvBase.cpp, GemvV3.cpp and GemvV4.cpp, which are compiled with
// the flags of their level and define BA_GEMV_LANES, the floats of a vector
// register. Nothing here may be an inline function of a shared header: the
// linker could keep the copy that the base level cannot run.
//
//===----------------------------------------------------------------------===//

#include "Cpu/Gemv.h"

namespace {

constexpr int64_t kLanes = BA_GEMV_LANES;
typedef float Vector __attribute__((vector_size(kLanes * sizeof(float))));
/// The same without an alignment of its own.
typedef float Loose
    __attribute__((vector_size(kLanes * sizeof(float)), aligned(4)));

inline Vector load(const float *p) {
  return *reinterpret_cast<const Loose *>(p);
}
inline void store(float *p, Vector v) { *reinterpret_cast<Loose *>(p) = v; }

inline float sum(Vector v) {
  float total = 0;
  for (int64_t lane = 0; lane < kLanes; ++lane)
    total += v[lane];
  return total;
}

/// With beta = 0, c is not read: it may hold anything, NaN too.
inline void put(float *c, float value, float beta) {
  *c = beta == 0 ? value : value + beta * *c;
}

/// `Rows` rows of A with `Cols` rows of B.
template <int Rows, int Cols>
void dots(int64_t k, const float *a, int64_t lda, const float *b, int64_t ldb,
          float beta, float *c, int64_t ldc) {
  Vector sums[Rows][Cols] = {};
  int64_t p = 0;
  for (; p + kLanes <= k; p += kLanes) {
    Vector left[Rows];
    for (int i = 0; i < Rows; ++i)
      left[i] = load(a + i * lda + p);
    for (int j = 0; j < Cols; ++j) {
      Vector right = load(b + j * ldb + p);
      for (int i = 0; i < Rows; ++i)
        sums[i][j] += left[i] * right;
    }
  }
  for (int i = 0; i < Rows; ++i)
    for (int j = 0; j < Cols; ++j) {
      float total = sum(sums[i][j]);
      for (int64_t q = p; q < k; ++q)
        total += a[i * lda + q] * b[j * ldb + q];
      put(c + i * ldc + j, total, beta);
    }
}

/// Rows of A that one call of the innermost loops takes.
constexpr int64_t kGroup = 4;

/// All rows of A, in groups, with the same `Cols` rows of B, which the nearest
/// cache then holds.
template <int Cols>
void dotGroups(int64_t m, int64_t k, const float *a, int64_t lda,
               const float *b, int64_t ldb, float beta, float *c, int64_t ldc) {
  int64_t i = 0;
  for (; i + kGroup <= m; i += kGroup)
    dots<kGroup, Cols>(k, a + i * lda, lda, b, ldb, beta, c + i * ldc, ldc);
  a += i * lda;
  c += i * ldc;
  switch (m - i) {
  case 1:
    return dots<1, Cols>(k, a, lda, b, ldb, beta, c, ldc);
  case 2:
    return dots<2, Cols>(k, a, lda, b, ldb, beta, c, ldc);
  case 3:
    return dots<3, Cols>(k, a, lda, b, ldb, beta, c, ldc);
  }
}

void rows(int64_t m, int64_t begin, int64_t end, int64_t k, const float *a,
          int64_t lda, const float *b, int64_t ldb, float beta, float *c,
          int64_t ldc) {
  constexpr int cols = 4;
  int64_t j = begin;
  for (; j + cols <= end; j += cols)
    dotGroups<cols>(m, k, a, lda, b + j * ldb, ldb, beta, c + j, ldc);
  for (; j < end; ++j)
    dotGroups<1>(m, k, a, lda, b + j * ldb, ldb, beta, c + j, ldc);
}

/// c[i, j] += a[i, k] * b[k, j] for `Depth` values of k. Long pieces of a row
/// of B are read one after the other, so that pages and prefetchers serve; c
/// stays in the nearest cache.
template <int Rows, int Depth>
void axpys(int64_t begin, int64_t end, const float *a, int64_t lda,
           const float *b, int64_t ldb, float *c, int64_t ldc) {
  float left[Rows][Depth];
  for (int i = 0; i < Rows; ++i)
    for (int p = 0; p < Depth; ++p)
      left[i][p] = a[i * lda + p];
  int64_t j = begin;
  for (; j + kLanes <= end; j += kLanes) {
    Vector sums[Rows];
    for (int i = 0; i < Rows; ++i)
      sums[i] = load(c + i * ldc + j);
    for (int p = 0; p < Depth; ++p) {
      Vector right = load(b + p * ldb + j);
      for (int i = 0; i < Rows; ++i)
        sums[i] += left[i][p] * right;
    }
    for (int i = 0; i < Rows; ++i)
      store(c + i * ldc + j, sums[i]);
  }
  for (; j < end; ++j)
    for (int i = 0; i < Rows; ++i) {
      float total = c[i * ldc + j];
      for (int p = 0; p < Depth; ++p)
        total += left[i][p] * b[p * ldb + j];
      c[i * ldc + j] = total;
    }
}

template <int Depth>
void axpyGroups(int64_t m, int64_t begin, int64_t end, const float *a,
                int64_t lda, const float *b, int64_t ldb, float *c,
                int64_t ldc) {
  int64_t i = 0;
  for (; i + kGroup <= m; i += kGroup)
    axpys<kGroup, Depth>(begin, end, a + i * lda, lda, b, ldb, c + i * ldc,
                         ldc);
  a += i * lda;
  c += i * ldc;
  switch (m - i) {
  case 1:
    return axpys<1, Depth>(begin, end, a, lda, b, ldb, c, ldc);
  case 2:
    return axpys<2, Depth>(begin, end, a, lda, b, ldb, c, ldc);
  case 3:
    return axpys<3, Depth>(begin, end, a, lda, b, ldb, c, ldc);
  }
}

void columns(int64_t m, int64_t begin, int64_t end, int64_t kBegin,
             int64_t kEnd, const float *a, int64_t lda, const float *b,
             int64_t ldb, float beta, float *c, int64_t ldc) {
  // Floats of a row of C that are worked on at a time: with few rows long
  // pieces, to stream; with more, what the caches hold of B.
  const int64_t width = m <= kGroup ? 2048 : 512;
  constexpr int depth = 8;
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = begin; j < end; ++j)
      put(c + i * ldc + j, 0, beta);
  for (int64_t first = begin; first < end; first += width) {
    int64_t last = first + width < end ? first + width : end;
    int64_t p = kBegin;
    for (; p + depth <= kEnd; p += depth)
      axpyGroups<depth>(m, first, last, a + p, lda, b + p * ldb, ldb, c, ldc);
    for (; p < kEnd; ++p)
      axpyGroups<1>(m, first, last, a + p, lda, b + p * ldb, ldb, c, ldc);
  }
}

} // namespace

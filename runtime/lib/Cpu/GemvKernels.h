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

#if defined(__F16C__)
#include <immintrin.h>
#endif

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

//===----------------------------------------------------------------------===//
// Elements of B
//===----------------------------------------------------------------------===//

typedef uint32_t Bits __attribute__((vector_size(kLanes * sizeof(float))));
typedef uint16_t LooseHalf
    __attribute__((vector_size(kLanes * sizeof(uint16_t)), aligned(2)));

struct F32 {
  typedef float Element;
  static Vector load(const float *p) { return ::load(p); }
  static float one(const float *p) { return *p; }
};

struct BF16 {
  typedef uint16_t Element;
  static Vector load(const uint16_t *p) {
    LooseHalf half = *reinterpret_cast<const LooseHalf *>(p);
    return reinterpret_cast<Vector>(__builtin_convertvector(half, Bits) << 16);
  }
  static float one(const uint16_t *p) {
    return __builtin_bit_cast(float, uint32_t(*p) << 16);
  }
};

/// f16 -> f32 in integers: the exponent gets 127 - 15 more, all of it for
/// infinities and NaN; a subnormal number x is 2^-14 + x less 2^-14.
template <typename B, typename V> inline V widenHalf(B h) {
  B magnitude = (h & 0x7fff) << 13;
  B sign = (h & 0x8000) << 16;
  B normal = magnitude + 0x38000000u;
  V shifted = __builtin_bit_cast(V, B(magnitude + 0x38800000u));
  B small = __builtin_bit_cast(B, V(shifted - 0x1p-14f));
  // Masks of all ones or none, in place of choices: these are vectors, too.
  B isSmall = 0u - B((magnitude < 0x00800000u) & 1);
  B isSpecial = 0u - B((magnitude >= 0x0f800000u) & 1);
  B any = (small & isSmall) | (normal & ~isSmall) |
          (isSpecial & (magnitude | 0x7f800000u));
  return __builtin_bit_cast(V, B(any | sign));
}

struct F16 {
  typedef uint16_t Element;
  static Vector load(const uint16_t *p) {
#if defined(__F16C__) && BA_GEMV_LANES == 16
    return _mm512_cvtph_ps(
        _mm256_loadu_si256(reinterpret_cast<const __m256i *>(p)));
#elif defined(__F16C__) && BA_GEMV_LANES == 8
    return _mm256_cvtph_ps(
        _mm_loadu_si128(reinterpret_cast<const __m128i *>(p)));
#else
    LooseHalf half = *reinterpret_cast<const LooseHalf *>(p);
    return widenHalf<Bits, Vector>(__builtin_convertvector(half, Bits));
#endif
  }
  static float one(const uint16_t *p) { return widenHalf<uint32_t, float>(*p); }
};

template <typename Type>
void widen(int64_t count, const uint16_t *from, float *to) {
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes)
    store(to + i, Type::load(from + i));
  for (; i < count; ++i)
    to[i] = Type::one(from + i);
}

//===----------------------------------------------------------------------===//
// B read row by row
//===----------------------------------------------------------------------===//

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
template <typename Type, int Rows, int Cols>
void dots(int64_t k, const float *a, int64_t lda,
          const typename Type::Element *b, int64_t ldb, float beta, float *c,
          int64_t ldc) {
  Vector sums[Rows][Cols] = {};
  int64_t p = 0;
  for (; p + kLanes <= k; p += kLanes) {
    Vector left[Rows];
    for (int i = 0; i < Rows; ++i)
      left[i] = load(a + i * lda + p);
    for (int j = 0; j < Cols; ++j) {
      Vector right = Type::load(b + j * ldb + p);
      for (int i = 0; i < Rows; ++i)
        sums[i][j] += left[i] * right;
    }
  }
  for (int i = 0; i < Rows; ++i)
    for (int j = 0; j < Cols; ++j) {
      float total = sum(sums[i][j]);
      for (int64_t q = p; q < k; ++q)
        total += a[i * lda + q] * Type::one(b + j * ldb + q);
      put(c + i * ldc + j, total, beta);
    }
}

/// Rows of A that one call of the innermost loops takes.
constexpr int64_t kGroup = 4;

/// All rows of A, in groups, with the same `Cols` rows of B, which the nearest
/// cache then holds.
template <typename Type, int Cols>
void dotGroups(int64_t m, int64_t k, const float *a, int64_t lda,
               const typename Type::Element *b, int64_t ldb, float beta,
               float *c, int64_t ldc) {
  int64_t i = 0;
  for (; i + kGroup <= m; i += kGroup)
    dots<Type, kGroup, Cols>(k, a + i * lda, lda, b, ldb, beta, c + i * ldc,
                             ldc);
  a += i * lda;
  c += i * ldc;
  switch (m - i) {
  case 1:
    return dots<Type, 1, Cols>(k, a, lda, b, ldb, beta, c, ldc);
  case 2:
    return dots<Type, 2, Cols>(k, a, lda, b, ldb, beta, c, ldc);
  case 3:
    return dots<Type, 3, Cols>(k, a, lda, b, ldb, beta, c, ldc);
  }
}

template <typename Type>
void rows(int64_t m, int64_t begin, int64_t end, int64_t k, const float *a,
          int64_t lda, const typename Type::Element *b, int64_t ldb, float beta,
          float *c, int64_t ldc) {
  constexpr int cols = 4;
  int64_t j = begin;
  for (; j + cols <= end; j += cols)
    dotGroups<Type, cols>(m, k, a, lda, b + j * ldb, ldb, beta, c + j, ldc);
  for (; j < end; ++j)
    dotGroups<Type, 1>(m, k, a, lda, b + j * ldb, ldb, beta, c + j, ldc);
}

//===----------------------------------------------------------------------===//
// B read column by column
//===----------------------------------------------------------------------===//

/// c[i, j] += a[i, k] * b[k, j] for `Depth` values of k. Long pieces of a row
/// of B are read one after the other, so that pages and prefetchers serve; c
/// stays in the nearest cache.
template <typename Type, int Rows, int Depth>
void axpys(int64_t begin, int64_t end, const float *a, int64_t lda,
           const typename Type::Element *b, int64_t ldb, float *c,
           int64_t ldc) {
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
      Vector right = Type::load(b + p * ldb + j);
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
        total += left[i][p] * Type::one(b + p * ldb + j);
      c[i * ldc + j] = total;
    }
}

template <typename Type, int Depth>
void axpyGroups(int64_t m, int64_t begin, int64_t end, const float *a,
                int64_t lda, const typename Type::Element *b, int64_t ldb,
                float *c, int64_t ldc) {
  int64_t i = 0;
  for (; i + kGroup <= m; i += kGroup)
    axpys<Type, kGroup, Depth>(begin, end, a + i * lda, lda, b, ldb,
                               c + i * ldc, ldc);
  a += i * lda;
  c += i * ldc;
  switch (m - i) {
  case 1:
    return axpys<Type, 1, Depth>(begin, end, a, lda, b, ldb, c, ldc);
  case 2:
    return axpys<Type, 2, Depth>(begin, end, a, lda, b, ldb, c, ldc);
  case 3:
    return axpys<Type, 3, Depth>(begin, end, a, lda, b, ldb, c, ldc);
  }
}

template <typename Type>
void columns(int64_t m, int64_t begin, int64_t end, int64_t kBegin,
             int64_t kEnd, const float *a, int64_t lda,
             const typename Type::Element *b, int64_t ldb, float beta, float *c,
             int64_t ldc) {
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
      axpyGroups<Type, depth>(m, first, last, a + p, lda, b + p * ldb, ldb, c,
                              ldc);
    for (; p < kEnd; ++p)
      axpyGroups<Type, 1>(m, first, last, a + p, lda, b + p * ldb, ldb, c, ldc);
  }
}

#include "Cpu/PackedKernels.h"

/// All kernels of this level.
constexpr blockattn::rt::GemvKernels kernels = {
    rows<F32>,
    columns<F32>,
    {{rows<F16>, columns<F16>, widen<F16>},
     {rows<BF16>, columns<BF16>, widen<BF16>}},
    {packed::unpack, packed::arrange, packed::product}};

} // namespace

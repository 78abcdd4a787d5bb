//===- Gemv.h - products with few rows --------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A decoding step multiplies one row with every weight matrix: each weight is
// used once, so the time is that of reading the weights. These kernels stream
// them without repacking. Each is compiled for three levels of CPU.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_CPU_GEMV_H
#define BLOCKATTN_RUNTIME_CPU_GEMV_H

#include <cstdint>

namespace blockattn::rt {

/// Rows of A that these kernels take at most.
constexpr int64_t kGemvRows = 16;

/// Numbers of 16 bits, as their bits.
enum class Half { F16, BF16 };
constexpr int kNumHalfTypes = 2;

/// What GemvKernels has, for B of 16 bits.
struct HalfKernels {
  void (*rows)(int64_t m, int64_t begin, int64_t end, int64_t k, const float *a,
               int64_t lda, const uint16_t *b, int64_t ldb, float beta,
               float *c, int64_t ldc);
  void (*columns)(int64_t m, int64_t begin, int64_t end, int64_t kBegin,
                  int64_t kEnd, const float *a, int64_t lda, const uint16_t *b,
                  int64_t ldb, float beta, float *c, int64_t ldc);
  /// to[i] = from[i]
  void (*widen)(int64_t count, const uint16_t *from, float *to);
};

/// The type of the scales of a packed weight.
enum class ScaleType { F16, BF16, F32 };

/// A weight of 4 or 8 bits, as ba_rt_api.gemm_packed describes it.
struct PackedWeight {
  int64_t blocks; ///< of a row
  int64_t blockSize;
  int32_t bits;
  ScaleType scaleType;
  const uint8_t *data;
  const void *scales;
  const uint8_t *zeroPoints; ///< null: half of the range
};

/// See PackedKernels.h.
struct PackedKernels {
  void (*unpack)(const PackedWeight &w, int64_t begin, int64_t end, float *to,
                 int64_t ld);
  void (*arrange)(const PackedWeight &w, int64_t k, const float *a, float *to);
  void (*product)(const PackedWeight &w, int64_t m, int64_t begin, int64_t end,
                  const float *a, float *c, int64_t ldc, float *scratch);
};

struct GemvKernels {
  /// c[i, j] = sum_k a[i, k] * b[j, k] + beta * c[i, j] for j in [begin, end):
  /// the rows of b are read one after the other.
  void (*rows)(int64_t m, int64_t begin, int64_t end, int64_t k, const float *a,
               int64_t lda, const float *b, int64_t ldb, float beta, float *c,
               int64_t ldc);
  /// c[i, j] = sum over kBegin <= k < kEnd of a[i, k] * b[k, j] + beta *
  /// c[i, j] for j in [begin, end).
  void (*columns)(int64_t m, int64_t begin, int64_t end, int64_t kBegin,
                  int64_t kEnd, const float *a, int64_t lda, const float *b,
                  int64_t ldb, float beta, float *c, int64_t ldc);
  /// By the type of B.
  HalfKernels half[kNumHalfTypes];
  PackedKernels packed;
};

/// The kernels for this machine.
const GemvKernels &gemvKernels();

namespace detail {
extern const GemvKernels gemvBase;
#if defined(__x86_64__)
extern const GemvKernels gemvV3;
extern const GemvKernels gemvV4;
#endif
} // namespace detail

} // namespace blockattn::rt

#endif // BLOCKATTN_RUNTIME_CPU_GEMV_H

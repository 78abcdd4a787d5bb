//===- Gemm.h - matrix products ---------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_CPU_GEMM_H
#define BLOCKATTN_RUNTIME_CPU_GEMM_H

#include "Cpu/Gemv.h"
#include "Cpu/ThreadPool.h"

#include <cstdint>

namespace blockattn::rt {

/// C[m, n] = op(A)[m, k] * op(B)[k, n] + beta * C; see ba_rt_api.gemm_f32.
/// False if the library refused, which it does for leading dimensions that
/// are too small.
bool gemm(ThreadPool &pool, bool transA, bool transB, int64_t m, int64_t n,
          int64_t k, const float *a, int64_t lda, const float *b, int64_t ldb,
          float beta, float *c, int64_t ldc);

/// The same with A and B of 16 bits, C of 32; see ba_rt_api.gemm_16.
bool gemmHalf(ThreadPool &pool, Half type, bool transA, bool transB, int64_t m,
              int64_t n, int64_t k, const uint16_t *a, int64_t lda,
              const uint16_t *b, int64_t ldb, float beta, float *c,
              int64_t ldc);

/// C[m, n] = A[m, k] times the transpose of a packed weight [n, k]; see
/// ba_rt_api.gemm_packed.
bool gemmPacked(ThreadPool &pool, int64_t m, int64_t n, int64_t k,
                const float *a, int64_t lda, const PackedWeight &weight,
                float *c, int64_t ldc);

} // namespace blockattn::rt

#endif // BLOCKATTN_RUNTIME_CPU_GEMM_H

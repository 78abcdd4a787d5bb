//===- CpuExec.h - one run of a program on the host -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_CPU_CPUEXEC_H
#define BLOCKATTN_RUNTIME_CPU_CPUEXEC_H

#include "Cpu/ThreadPool.h"
#include "Device/Failure.h"
#include "Support/AlignedBuffer.h"
#include "blockattn/kernel_abi.h"

#include <mutex>
#include <vector>

namespace blockattn::rt {

/// What compiled code is given as `exec`: the services of ba_rt_api for one
/// run, and the record of what went wrong in it.
class CpuExec {
public:
  explicit CpuExec(ThreadPool &pool) : pool(pool) {}

  /// The table for all compiled code.
  static const ba_rt_api *api();

  Status status(int32_t result, const std::string &program) {
    return failure.status(result, program);
  }
  /// Memory that the code asked for; it may hold outputs.
  std::vector<AlignedBuffer> takeMemory() { return std::move(memory); }

private:
  static void parallelFor(void *exec, int64_t n, int64_t grain,
                          ba_parallel_body body, void *closure);
  static void gemmF32(void *exec, int32_t transA, int32_t transB, int64_t m,
                      int64_t n, int64_t k, const float *a, int64_t lda,
                      const float *b, int64_t ldb, float beta, float *c,
                      int64_t ldc);
  static void gemm16(void *exec, int32_t type, int32_t transA, int32_t transB,
                     int64_t m, int64_t n, int64_t k, const void *a,
                     int64_t lda, const void *b, int64_t ldb, float beta,
                     float *c, int64_t ldc);
  static void gemmPacked(void *exec, int64_t m, int64_t n, int64_t k,
                         const float *a, int64_t lda, int32_t bits,
                         int64_t blockSize, const void *weight,
                         int32_t scaleType, const void *scales,
                         const void *zeroPoints, float *c, int64_t ldc);
  static void *alloc(void *exec, int64_t bytes);
  static void fail(void *exec, int32_t code, const char *message);

  /// Runs a product, and records what goes wrong: compiled code cannot catch
  /// what is thrown here.
  template <typename Product> void multiply(Product product);

  ThreadPool &pool;
  Failure failure;
  std::mutex mutex;
  std::vector<AlignedBuffer> memory;
};

} // namespace blockattn::rt

#endif // BLOCKATTN_RUNTIME_CPU_CPUEXEC_H

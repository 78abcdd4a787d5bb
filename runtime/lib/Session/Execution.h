//===- Execution.h - one run of a compiled program --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_SESSION_EXECUTION_H
#define BLOCKATTN_RUNTIME_SESSION_EXECUTION_H

#include "Cpu/MemoryPlan.h"
#include "Cpu/ThreadPool.h"
#include "Support/AlignedBuffer.h"
#include "Support/Status.h"
#include "blockattn/kernel_abi.h"

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

namespace blockattn::rt {

/// A memref descriptor of any rank up to BA_MAX_RANK (kernel_abi.h).
struct Descriptor {
  Descriptor() = default;
  explicit Descriptor(const ba_tensor &tensor);

  void *allocated = nullptr;
  void *aligned = nullptr;
  int64_t offset = 0;
  /// The sizes, and right after them the strides.
  int64_t dims[2 * BA_MAX_RANK] = {};
};

/// What compiled code is given as `exec`: the services of ba_rt_api for one
/// run, and the record of what went wrong in it.
class Exec {
public:
  explicit Exec(ThreadPool &pool) : pool(pool) {}

  /// The table for all compiled code.
  static const ba_rt_api *api();

  /// The first failure that the code reported, or success. `result` is what
  /// the program returned, `program` its name.
  Status status(int32_t result, const std::string &program);
  /// Memory that the code asked for; it may hold outputs.
  std::vector<AlignedBuffer> takeMemory() { return std::move(memory); }

private:
  static void parallelFor(void *exec, int64_t n, int64_t grain,
                          ba_parallel_body body, void *closure);
  static void gemmF32(void *exec, int32_t transA, int32_t transB, int64_t m,
                      int64_t n, int64_t k, const float *a, int64_t lda,
                      const float *b, int64_t ldb, float beta, float *c,
                      int64_t ldc);
  static void *alloc(void *exec, int64_t bytes);
  static void fail(void *exec, int32_t code, const char *message);
  void record(ba_status_code code, const char *message);

  ThreadPool &pool;
  std::mutex mutex;
  std::vector<AlignedBuffer> memory;
  std::atomic<bool> failed{false};
  ba_status_code failure = BA_OK;
  std::string failureMessage;
};

} // namespace blockattn::rt

#endif // BLOCKATTN_RUNTIME_SESSION_EXECUTION_H

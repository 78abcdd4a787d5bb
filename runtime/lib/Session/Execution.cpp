//===- Execution.cpp - one run of a compiled program ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Session/Execution.h"
#include "Cpu/Gemm.h"

#include <cinttypes>
#include <cstddef>

using namespace blockattn::rt;

static_assert(offsetof(Descriptor, dims) == sizeof(ba_memref_head),
              "the sizes follow the head of a descriptor");

Descriptor::Descriptor(const ba_tensor &tensor)
    : allocated(tensor.data), aligned(tensor.data) {
  int64_t stride = 1;
  for (int32_t i = tensor.rank; i-- > 0;) {
    dims[i] = tensor.shape[i];
    dims[tensor.rank + i] = stride;
    stride *= tensor.shape[i];
  }
}

const ba_rt_api *Exec::api() {
  static const ba_rt_api table = {parallelFor, gemmF32, alloc, fail};
  return &table;
}

void Exec::parallelFor(void *exec, int64_t n, int64_t grain,
                       ba_parallel_body body, void *closure) {
  static_cast<Exec *>(exec)->pool.parallelFor(n, grain, body, closure);
}

void Exec::gemmF32(void *exec, int32_t transA, int32_t transB, int64_t m,
                   int64_t n, int64_t k, const float *a, int64_t lda,
                   const float *b, int64_t ldb, float beta, float *c,
                   int64_t ldc) {
  Exec *self = static_cast<Exec *>(exec);
  // Compiled code cannot catch what is thrown here.
  try {
    if (!gemm(self->pool, transA != 0, transB != 0, m, n, k, a, lda, b, ldb,
              beta, c, ldc))
      self->record(BA_INTERNAL, "a matrix product has impossible strides");
  } catch (const std::bad_alloc &) {
    self->record(BA_OUT_OF_MEMORY, "not enough memory for a matrix product");
  }
}

void *Exec::alloc(void *exec, int64_t bytes) {
  Exec *self = static_cast<Exec *>(exec);
  try {
    Expected<AlignedBuffer> buffer = AlignedBuffer::allocate(
        static_cast<uint64_t>(bytes), "a buffer whose size depends on data");
    if (!buffer) {
      Status status = buffer.takeError();
      self->record(status.code(), status.text());
      return nullptr;
    }
    std::lock_guard<std::mutex> lock(self->mutex);
    self->memory.push_back(std::move(*buffer));
    return self->memory.back().data();
  } catch (const std::bad_alloc &) {
    self->record(BA_OUT_OF_MEMORY, "not enough memory");
    return nullptr;
  }
}

void Exec::fail(void *exec, int32_t code, const char *message) {
  ba_status_code status = BA_INTERNAL;
  switch (code) {
  case BA_KERNEL_FAIL_INDEX:
  case BA_KERNEL_FAIL_SHAPE:
  case BA_KERNEL_FAIL_VALUE:
    status = BA_INVALID_ARGUMENT;
    break;
  case BA_KERNEL_FAIL_MEMORY:
    status = BA_OUT_OF_MEMORY;
    break;
  }
  static_cast<Exec *>(exec)->record(status, message);
}

void Exec::record(ba_status_code code, const char *message) {
  // Loops report the same thing for every element: one look is enough.
  if (failed.exchange(true, std::memory_order_relaxed))
    return;
  std::lock_guard<std::mutex> lock(mutex);
  failure = code;
  try {
    failureMessage = message;
  } catch (const std::bad_alloc &) {
    failure = BA_OUT_OF_MEMORY;
  }
}

Status Exec::status(int32_t result, const std::string &program) {
  std::lock_guard<std::mutex> lock(mutex);
  if (failure != BA_OK)
    return error(failure, "program %s: %s", program.c_str(),
                 failureMessage.c_str());
  if (result != 0)
    return error(BA_INTERNAL, "program %s failed with code %" PRId32,
                 program.c_str(), result);
  return Status();
}

//===- CpuExec.cpp - one run of a program on the host ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Cpu/CpuExec.h"
#include "Cpu/Gemm.h"

using namespace blockattn::rt;

const ba_rt_api *CpuExec::api() {
  static const ba_rt_api table = {parallelFor, gemmF32, alloc,
                                  fail,        gemm16,  gemmPacked};
  return &table;
}

void CpuExec::parallelFor(void *exec, int64_t n, int64_t grain,
                          ba_parallel_body body, void *closure) {
  static_cast<CpuExec *>(exec)->pool.parallelFor(n, grain, body, closure);
}

template <typename Product> void CpuExec::multiply(Product product) {
  try {
    if (!product())
      failure.record(BA_INTERNAL, "a matrix product has impossible strides");
  } catch (const std::bad_alloc &) {
    failure.record(BA_OUT_OF_MEMORY, "not enough memory for a matrix product");
  }
}

void CpuExec::gemmF32(void *exec, int32_t transA, int32_t transB, int64_t m,
                      int64_t n, int64_t k, const float *a, int64_t lda,
                      const float *b, int64_t ldb, float beta, float *c,
                      int64_t ldc) {
  CpuExec *self = static_cast<CpuExec *>(exec);
  self->multiply([&] {
    return gemm(self->pool, transA != 0, transB != 0, m, n, k, a, lda, b, ldb,
                beta, c, ldc);
  });
}

void CpuExec::gemm16(void *exec, int32_t type, int32_t transA, int32_t transB,
                     int64_t m, int64_t n, int64_t k, const void *a,
                     int64_t lda, const void *b, int64_t ldb, float beta,
                     float *c, int64_t ldc) {
  CpuExec *self = static_cast<CpuExec *>(exec);
  self->multiply([&] {
    return gemmHalf(self->pool, type == BA_KERNEL_F16 ? Half::F16 : Half::BF16,
                    transA != 0, transB != 0, m, n, k,
                    static_cast<const uint16_t *>(a), lda,
                    static_cast<const uint16_t *>(b), ldb, beta, c, ldc);
  });
}

void CpuExec::gemmPacked(void *exec, int64_t m, int64_t n, int64_t k,
                         const float *a, int64_t lda, int32_t bits,
                         int64_t blockSize, const void *weight,
                         int32_t scaleType, const void *scales,
                         const void *zeroPoints, float *c, int64_t ldc) {
  CpuExec *self = static_cast<CpuExec *>(exec);
  ScaleType type = scaleType == BA_KERNEL_F16    ? ScaleType::F16
                   : scaleType == BA_KERNEL_BF16 ? ScaleType::BF16
                                                 : ScaleType::F32;
  PackedWeight packed{(k + blockSize - 1) / blockSize,
                      blockSize,
                      bits,
                      type,
                      static_cast<const uint8_t *>(weight),
                      scales,
                      static_cast<const uint8_t *>(zeroPoints)};
  self->multiply([&] {
    return blockattn::rt::gemmPacked(self->pool, m, n, k, a, lda, packed, c,
                                     ldc);
  });
}

void *CpuExec::alloc(void *exec, int64_t bytes) {
  CpuExec *self = static_cast<CpuExec *>(exec);
  try {
    Expected<AlignedBuffer> buffer = AlignedBuffer::allocate(
        static_cast<uint64_t>(bytes), "a buffer whose size depends on data");
    if (!buffer) {
      self->failure.record(buffer.takeError());
      return nullptr;
    }
    std::lock_guard<std::mutex> lock(self->mutex);
    self->memory.push_back(std::move(*buffer));
    return self->memory.back().data();
  } catch (const std::bad_alloc &) {
    self->failure.record(BA_OUT_OF_MEMORY, "not enough memory");
    return nullptr;
  }
}

void CpuExec::fail(void *exec, int32_t code, const char *message) {
  static_cast<CpuExec *>(exec)->failure.recordKernel(code, message);
}

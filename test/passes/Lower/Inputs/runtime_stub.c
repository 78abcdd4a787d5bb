/*===- runtime_stub.c - the runtime's services, plain and slow -------------===*
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 *===----------------------------------------------------------------------===*/

#include "blockattn/kernel_abi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int stub_failures = 0;
char stub_message[256];
/* Iterations that one call of a body gets; few, so that ranges are many. */
int64_t stub_range = 3;

/* Ranges come last to first: nothing may depend on their order. */
static void parallel_for(void *exec, int64_t n, int64_t grain,
                         ba_parallel_body body, void *closure) {
  int64_t size = grain > stub_range ? grain : stub_range;
  (void)exec;
  for (int64_t begin = (n - 1) / size * size; begin >= 0; begin -= size)
    body(closure, begin, begin + size < n ? begin + size : n);
}

static void gemm_f32(void *exec, int32_t trans_a, int32_t trans_b, int64_t m,
                     int64_t n, int64_t k, const float *a, int64_t lda,
                     const float *b, int64_t ldb, float beta, float *c,
                     int64_t ldc) {
  (void)exec;
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) {
      double sum = 0;
      for (int64_t p = 0; p < k; ++p)
        sum += (double)(trans_a ? a[p * lda + i] : a[i * lda + p]) *
               (trans_b ? b[j * ldb + p] : b[p * ldb + j]);
      c[i * ldc + j] = (float)(sum + (beta != 0 ? beta * c[i * ldc + j] : 0));
    }
}

static void *alloc(void *exec, int64_t bytes) {
  (void)exec;
  return aligned_alloc(BA_KERNEL_ALIGNMENT,
                       (bytes / BA_KERNEL_ALIGNMENT + 1) * BA_KERNEL_ALIGNMENT);
}

static void fail(void *exec, int32_t code, const char *message) {
  (void)exec;
  ++stub_failures;
  snprintf(stub_message, sizeof(stub_message), "%d: %s", code, message);
}

static float widen(int32_t type, uint16_t bits) {
  _Float16 half;
  float wide;
  uint32_t high = (uint32_t)bits << 16;
  memcpy(&half, &bits, sizeof half);
  memcpy(&wide, &high, sizeof wide);
  return type == BA_KERNEL_F16 ? (float)half : wide;
}

static void gemm_16(void *exec, int32_t type, int32_t trans_a, int32_t trans_b,
                    int64_t m, int64_t n, int64_t k, const void *a, int64_t lda,
                    const void *b, int64_t ldb, float beta, float *c,
                    int64_t ldc) {
  const uint16_t *left = a, *right = b;
  (void)exec;
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) {
      double sum = 0;
      for (int64_t p = 0; p < k; ++p)
        sum += (double)widen(type, left[trans_a ? p * lda + i : i * lda + p]) *
               widen(type, right[trans_b ? j * ldb + p : p * ldb + j]);
      c[i * ldc + j] = (float)(sum + (beta != 0 ? beta * c[i * ldc + j] : 0));
    }
}

static float scale_of(int32_t type, const void *scales, int64_t i) {
  if (type == BA_KERNEL_F32)
    return ((const float *)scales)[i];
  return widen(type, ((const uint16_t *)scales)[i]);
}

/* The element of a row of packed numbers. */
static float number_of(const uint8_t *row, int32_t bits, int64_t i) {
  return bits == 8 ? row[i] : (row[i / 2] >> (i % 2 * 4)) & 15;
}

static void gemm_packed(void *exec, int64_t m, int64_t n, int64_t k,
                        const float *a, int64_t lda, int32_t bits,
                        int64_t block_size, const void *weight,
                        int32_t scale_type, const void *scales,
                        const void *zero_points, float *c, int64_t ldc) {
  int64_t blocks = (k + block_size - 1) / block_size;
  int64_t bytes = blocks * block_size * bits / 8,
          zero_bytes = (blocks * bits + 7) / 8;
  (void)exec;
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) {
      double sum = 0;
      for (int64_t p = 0; p < k; ++p) {
        int64_t g = p / block_size;
        float zero = bits == 8 ? 128 : 8;
        if (zero_points)
          zero =
              number_of((const uint8_t *)zero_points + j * zero_bytes, bits, g);
        sum +=
            a[i * lda + p] *
            (number_of((const uint8_t *)weight + j * bytes, bits, p) - zero) *
            scale_of(scale_type, scales, j * blocks + g);
      }
      c[i * ldc + j] = (float)sum;
    }
}

const ba_rt_api stub_api = {parallel_for, gemm_f32, alloc,
                            fail,         gemm_16,  gemm_packed};

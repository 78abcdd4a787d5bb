/*===- TestKernelsCuda.c - host code for a GPU, written by hand ------------===*
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 *===----------------------------------------------------------------------===*
 *
 * What a compiler would make of programs that use each service of
 * ba_cuda_api. The kernels are in TestKernels.ptx, the manifest in
 * CudaTest.cpp.
 *
 *===----------------------------------------------------------------------===*/

#include "KernelMemref.h"

#include "blockattn/kernel_abi_cuda.h"

static const ba_cuda_api *api;

enum { SCALE, BELOW, COUNT, PICK };

EXPORT int32_t ba_init_cuda(uint32_t version, const ba_cuda_api *table) {
  api = table;
  return version != BA_KERNEL_ABI_CUDA_VERSION;
}

static void launch(void *exec, int32_t kernel, int64_t grid, int32_t block,
                   int64_t shared, void *x, void *y, int64_t n) {
  void *params[] = {&x, &y, &n};
  api->launch(exec, kernel, grid, 1, 1, block, 1, 1, shared, params);
}

/* affine(x [n]) -> y = 2 * x + 1, by way of a buffer; a value of 100 or more
   is refused. */
EXPORT int32_t ba_plan_affine(void **args) {
  int64_t *sizes = args[2];
  int64_t n = dim(args[1], 0);
  sizes[0] = n * 4;
  sizes[1] = 1;
  sizes[2] = n;
  return 0;
}

EXPORT int32_t ba_run_affine(void **args) {
  void **buffers = args[3];
  int64_t n = dim(args[1], 0);
  const uint32_t one = 0x3f800000;
  launch(args[0], BELOW, 1, 1, 0, data(args[1]), buffers[1], n);
  api->check(args[0], buffers[1], BA_KERNEL_FAIL_VALUE,
             "node 'limit': a value of 100 or more");
  api->fill(args[0], buffers[0], one, 4, n);
  launch(args[0], SCALE, (n + 127) / 128, 128, 0, data(args[1]), buffers[0], n);
  api->copy(args[0], data(args[2]), buffers[0], n * 4);
  return 0;
}

/* product(a [m, 16]) -> c [m, 8] = relu(a * w0 + w1), d [m, m] = a * a^T + d,
   e [m, 8] = a * w0 + w1 + e, with d and e one before. */
EXPORT int32_t ba_plan_product(void **args) {
  int64_t *sizes = args[2];
  int64_t m = dim(args[1], 0);
  sizes[0] = m;
  sizes[1] = 8;
  sizes[2] = m;
  sizes[3] = m;
  sizes[4] = m;
  sizes[5] = 8;
  return 0;
}

EXPORT int32_t ba_run_product(void **args) {
  int64_t m = dim(args[1], 0);
  ba_cuda_gemm gemm = {0};
  gemm.batch = 1;
  gemm.a = data(args[1]);
  gemm.b = data(args[5]);
  gemm.c = data(args[2]);
  gemm.bias = data(args[6]);
  gemm.m = m;
  gemm.n = 8;
  gemm.k = 16;
  gemm.lda = 16;
  gemm.ldb = 8;
  gemm.ldc = 8;
  gemm.activation = BA_CUDA_ACTIVATION_RELU;
  api->gemm(args[0], &gemm);
  api->fill(args[0], data(args[3]), 0x3f800000, 4, m * m);
  ba_cuda_gemm square = {0};
  square.batch = 1;
  square.a = square.b = data(args[1]);
  square.c = data(args[3]);
  square.trans_b = 1;
  square.m = square.n = square.ldc = m;
  square.k = square.lda = square.ldb = 16;
  square.beta = 1;
  api->gemm(args[0], &square);
  api->fill(args[0], data(args[4]), 0x3f800000, 4, m * 8);
  gemm.c = data(args[4]);
  gemm.activation = BA_CUDA_ACTIVATION_NONE;
  gemm.beta = 1;
  api->gemm(args[0], &gemm);
  return 0;
}

/* positive(x [n]) -> the elements above 0: a shape that only the data tell. */
EXPORT int32_t ba_plan_positive(void **args) {
  ((int64_t *)args[2])[0] = 8;
  ((int64_t *)args[2])[1] = -1;
  return 0;
}

EXPORT int32_t ba_run_positive(void **args) {
  void **buffers = args[3];
  int64_t n = dim(args[1], 0), count = 0;
  launch(args[0], COUNT, 1, 1, 0, data(args[1]), buffers[0], n);
  api->read(args[0], &count, buffers[0], 8);
  void *y = api->alloc(args[0], count * 4);
  if (!y)
    return 1;
  setVector(args[2], y, count);
  launch(args[0], PICK, 1, 1, 0, data(args[1]), y, n);
  return 0;
}

/* wrong(x [n]) -> y [1]: asks for shared memory that no GPU has if n is 1, for
   a kernel that is not there if n is 2, for 2^50 bytes if n is 3. */
EXPORT int32_t ba_plan_wrong(void **args) {
  ((int64_t *)args[2])[0] = 1;
  return 0;
}

EXPORT int32_t ba_run_wrong(void **args) {
  int64_t n = dim(args[1], 0);
  void *x = data(args[1]), *y = data(args[2]);
  if (n == 1)
    launch(args[0], SCALE, 1, 32, 1 << 30, x, y, 1);
  if (n == 2)
    launch(args[0], 99, 1, 32, 0, x, y, 1);
  if (n == 3)
    api->alloc(args[0], (int64_t)1 << 50);
  return 0;
}

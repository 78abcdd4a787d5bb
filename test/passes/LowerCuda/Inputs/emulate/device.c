/*===- device.c - a GPU of one thread at a time --------------------*- C -*-===*
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 *===----------------------------------------------------------------------===*
 *
 * What emulate.py links with the code of a program for CUDA: the services that
 * its host code calls, and the instructions that its kernels have beyond those
 * of LLVM. The threads of a block are contexts which take turns where they wait
 * for one another, in another order each time, so that a kernel that lacks a
 * barrier is found out.
 *
 *===----------------------------------------------------------------------===*/

#include "blockattn/kernel_abi_cuda.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

/* Of the kernels, in the order of their numbers (emulate.py writes them): each
   takes the addresses of its parameters. */
extern void (*const device_kernels[])(void **);
extern const char *const device_names[];

enum { MOST_THREADS = 1024, STACK_BYTES = 1 << 16 };

static ucontext_t scheduler, threads[MOST_THREADS];
static char *stacks[MOST_THREADS];
static int is_done[MOST_THREADS], barriers[MOST_THREADS];
static uint32_t exchanged[MOST_THREADS];
static int thread, running;
static int32_t block, block_size, grid_size;
static void (*kernel)(void **);
static void **kernel_params;

static const char *failure;
static char launches[1 << 16];

const char *device_failure(void) { return failure; }
const char *device_launches(void) { return launches; }
void device_reset(void) {
  failure = NULL;
  launches[0] = 0;
}

static void wait_for_others(void) {
  int self = thread;
  swapcontext(&threads[self], &scheduler);
}

static void run_thread(void) {
  int self = thread;
  kernel(kernel_params);
  is_done[self] = 1;
  --running;
  swapcontext(&threads[self], &scheduler);
}

/* Another order of the threads, the same ones every time. */
static void shuffle(int *order) {
  static uint32_t state = 1;
  for (int i = block_size - 1; i > 0; --i) {
    state = state * 1664525u + 1013904223u;
    int other = (int)((state >> 8) % (uint32_t)(i + 1));
    int moved = order[i];
    order[i] = order[other];
    order[other] = moved;
  }
}

static void run_block(void) {
  int order[MOST_THREADS];
  running = block_size;
  for (int i = 0; i < block_size; ++i) {
    order[i] = i;
    is_done[i] = barriers[i] = 0;
    if (!stacks[i])
      stacks[i] = malloc(STACK_BYTES);
    getcontext(&threads[i]);
    threads[i].uc_stack.ss_sp = stacks[i];
    threads[i].uc_stack.ss_size = STACK_BYTES;
    threads[i].uc_link = NULL;
    makecontext(&threads[i], run_thread, 0);
  }
  while (running > 0) {
    shuffle(order);
    for (int i = 0; i < block_size; ++i) {
      thread = order[i];
      if (!is_done[thread])
        swapcontext(&scheduler, &threads[thread]);
    }
  }
  for (int i = 1; i < block_size; ++i)
    if (barriers[i] != barriers[0]) {
      fprintf(stderr, "error: threads meet at different barriers\n");
      exit(1);
    }
}

/* Instructions. */

int32_t nvvm_read_ptx_sreg_tid_x(void) { return thread; }
int32_t nvvm_read_ptx_sreg_ctaid_x(void) { return block; }
int32_t nvvm_read_ptx_sreg_ntid_x(void) { return block_size; }
int32_t nvvm_read_ptx_sreg_nctaid_x(void) { return grid_size; }
void nvvm_barrier_cta_sync_aligned_all(int32_t number) {
  (void)number;
  ++barriers[thread];
  wait_for_others();
}
void nvvm_bar_warp_sync(int32_t lanes) {
  (void)lanes;
  wait_for_others();
}
int32_t nvvm_shfl_sync_bfly_i32(int32_t lanes, int32_t value, int32_t mask,
                                int32_t clamp) {
  int self = thread;
  (void)lanes;
  (void)clamp;
  exchanged[self] = (uint32_t)value;
  wait_for_others();
  int32_t result = (int32_t)exchanged[self ^ mask];
  wait_for_others();
  return result;
}

/* Services. */

static void launch(void *exec, int32_t number, int64_t grid_x, int64_t grid_y,
                   int64_t grid_z, int32_t block_x, int32_t block_y,
                   int32_t block_z, int64_t shared_bytes, void **params) {
  (void)exec;
  if (grid_y > 1 || grid_z > 1 || block_y > 1 || block_z > 1 ||
      block_x > MOST_THREADS || shared_bytes) {
    fprintf(stderr, "error: a launch that is not emulated\n");
    exit(1);
  }
  size_t used = strlen(launches);
  snprintf(launches + used, sizeof launches - used, "%s ",
           device_names[number]);
  kernel = device_kernels[number];
  kernel_params = params;
  block_size = block_x;
  grid_size = (int32_t)grid_x;
  for (block = 0; block < grid_size; ++block)
    run_block();
}

static double element(const void *data, int32_t type, int64_t i) {
  return type == BA_CUDA_F32 ? ((const float *)data)[i]
                             : ((const _Float16 *)data)[i];
}

static double activated(double x, int32_t activation) {
  if (activation == BA_CUDA_ACTIVATION_RELU)
    return fmax(x, 0);
  if (activation == BA_CUDA_ACTIVATION_GELU)
    return x / 2 * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
  return x;
}

/* One element of the result. */
static void multiply(const ba_cuda_gemm *g, int64_t batch, int64_t row,
                     int64_t column) {
  double sum = 0;
  for (int64_t k = 0; k < g->k; ++k) {
    int64_t a = g->trans_a ? k * g->lda + row : row * g->lda + k;
    int64_t b = g->trans_b ? column * g->ldb + k : k * g->ldb + column;
    sum += element(g->a, g->type, batch * g->stride_a + a) *
           element(g->b, g->type, batch * g->stride_b + b);
  }
  int64_t at = batch * g->stride_c + row * g->ldc + column;
  if (g->beta != 0)
    sum += g->beta * element(g->c, g->c_type, at);
  if (g->bias)
    sum += element(g->bias, g->c_type, column);
  if (g->residual)
    sum += element(g->residual, g->c_type, at);
  sum = activated(sum, g->activation);
  if (g->c_type == BA_CUDA_F32)
    ((float *)g->c)[at] = (float)sum;
  else
    ((_Float16 *)g->c)[at] = (_Float16)sum;
}

static void gemm(void *exec, const ba_cuda_gemm *g) {
  static const char *const activations[] = {"", "_gelu", "_relu"};
  (void)exec;
  int has_epilogue = g->bias || g->residual || g->activation;
  if (g->type == BA_CUDA_BF16 || g->c_type == BA_CUDA_BF16 ||
      (g->k == 0 && has_epilogue)) {
    fprintf(stderr, "error: a product that is not emulated\n");
    exit(1);
  }
  size_t used = strlen(launches);
  snprintf(launches + used, sizeof launches - used, "gemm%s%s%s%s ",
           g->beta != 0 ? "_add" : "", g->bias ? "_bias" : "",
           g->residual ? "_residual" : "", activations[g->activation]);
  for (int64_t batch = 0; batch < g->batch; ++batch)
    for (int64_t row = 0; row < g->m; ++row)
      for (int64_t column = 0; column < g->n; ++column)
        multiply(g, batch, row, column);
}

static void copy(void *exec, void *dst, const void *src, int64_t bytes) {
  (void)exec;
  memcpy(dst, src, (size_t)bytes);
}

static void fill(void *exec, void *dst, uint32_t pattern, int32_t pattern_bytes,
                 int64_t count) {
  (void)exec;
  for (int64_t i = 0; i < count; ++i)
    memcpy((char *)dst + i * pattern_bytes, &pattern, (size_t)pattern_bytes);
}

static void check(void *exec, const void *condition, int32_t code,
                  const char *message) {
  (void)exec;
  (void)code;
  if (!*(const char *)condition && !failure)
    failure = message;
}

static void read_back(void *exec, void *host, const void *device,
                      int64_t bytes) {
  (void)exec;
  memcpy(host, device, (size_t)bytes);
}

static void *allocate(void *exec, int64_t bytes) {
  (void)exec;
  return calloc((size_t)bytes + 1, 1);
}

static void fail(void *exec, int32_t code, const char *message) {
  (void)exec;
  (void)code;
  if (!failure)
    failure = message;
}

static const ba_cuda_api services = {launch, gemm,      copy,     fill,
                                     check,  read_back, allocate, fail};

int32_t ba_init_cuda(uint32_t abi_version, const ba_cuda_api *api);

int32_t device_start(void) {
  return ba_init_cuda(BA_KERNEL_ABI_CUDA_VERSION, &services);
}

/*===- kernel_abi_cuda.h - calls between CUDA host code and the runtime ----===*
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 *===----------------------------------------------------------------------===*
 *
 * The code of an artifact whose manifest says `"target": "cuda"`:
 *
 *     host.x86-64    an ELF shared object for the host, as in kernel_abi.h:
 *                    `ba_plan_P` and `ba_run_P` for each program P, and
 *                    `ba_init_cuda` in place of `ba_init`
 *     ptx            one PTX text with all kernels, ended by a zero byte or
 *                    not
 *     cubin.sm_XX    optional, the same kernels assembled for one
 *                    architecture; the runtime takes the device's own, else
 *                    has the driver compile the PTX
 *
 * The manifest lists the kernels, `"kernels": [{"name": ...}, ...]`; a kernel's
 * place in the list is its number here, its name is its entry in the PTX. With
 * `"waits": true` it waits itself for those launched before it, by
 * `griddepcontrol.wait`, and may be started while they run. `"nodes"` are the
 * nodes of the model that it is launched for, for a reader.
 *
 * The memref descriptors that `ba_run_P` is given are in host memory, and so
 * are the pointers of the planned buffers; the data that they point to is in
 * device memory. The host code computes sizes and calls the services below; it
 * never touches data, but for what `read` has brought to it. Everything is
 * done in the order of the calls, on one stream, and mostly after they
 * returned.
 *
 * Layouts and tables of KV blocks are device memory too; the addresses in a
 * table are device addresses. Memory that a caller binds is aligned to 16 bytes
 * at least here: what is not has been copied.
 *
 * A change of anything here needs a new BA_KERNEL_ABI_CUDA_VERSION.
 *
 *===----------------------------------------------------------------------===*/

#ifndef BLOCKATTN_KERNEL_ABI_CUDA_H
#define BLOCKATTN_KERNEL_ABI_CUDA_H

#include "kernel_abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define BA_KERNEL_ABI_CUDA_VERSION 2u

/* Element types of a product; the numbers are those of ba_dtype. */
enum { BA_CUDA_F32 = 0, BA_CUDA_F16 = 1, BA_CUDA_BF16 = 2 };

enum {
  BA_CUDA_ACTIVATION_NONE = 0,
  BA_CUDA_ACTIVATION_GELU = 1, /* the approximation by tanh */
  BA_CUDA_ACTIVATION_RELU = 2
};

/* For each of `batch` products:

     C[m, n] = activation(op(A)[m, k] * op(B)[k, n] + bias[n] + residual[m, n]
                          + beta * C)

   row-major; op transposes where trans_a, trans_b is 1 (A is then stored
   [k, m], B [n, k]). A leading dimension is the distance, in elements, between
   rows as stored; a stride that between the matrices of a batch, 0 for one
   matrix used by all. Sums are kept in f32, and f32 factors are not rounded.
   With beta = 0 C is written without being read. A product with m, n or batch
   0 does nothing; k = 0 is a sum without terms, to which nothing is added. */
typedef struct ba_cuda_gemm {
  int32_t type;    /* of A and B: BA_CUDA_F32, F16 or BF16 */
  int32_t c_type;  /* of C, bias and residual: `type`, or BA_CUDA_F32 */
  int32_t trans_a; /* 0 or 1 */
  int32_t trans_b;
  int64_t m, n, k;
  int64_t lda, ldb, ldc;
  int64_t batch;
  int64_t stride_a, stride_b, stride_c;
  const void *a;
  const void *b;
  void *c;
  const void *bias;     /* [n], or null */
  const void *residual; /* laid out as C, or null */
  int32_t activation;   /* BA_CUDA_ACTIVATION_* */
  float beta;
  /* The node of the model that the product computes, for messages and
     profiles, or null; it must live as long as the code. */
  const char *node;
} ba_cuda_gemm;

/* `exec` is args[0] of the running program. After the first error of a run
   all services do nothing; `alloc` and `read` then give null and zeros. */
typedef struct ba_cuda_api {
  /* Launches kernel number `kernel`. `params` points to the addresses of the
     kernel's parameters, as for cuLaunchKernel; they are read before the call
     returns. `shared_bytes` is dynamic shared memory, without a limit but the
     device's own. A grid with a zero is no launch; a grid_y or grid_z above
     65535 is an error. */
  void (*launch)(void *exec, int32_t kernel, int64_t grid_x, int64_t grid_y,
                 int64_t grid_z, int32_t block_x, int32_t block_y,
                 int32_t block_z, int64_t shared_bytes, void **params);

  void (*gemm)(void *exec, const ba_cuda_gemm *gemm);

  /* Device to device; the ranges don't overlap. */
  void (*copy)(void *exec, void *dst, const void *src, int64_t bytes);

  /* Writes `count` times the lowest `pattern_bytes` (1, 2 or 4) of
     `pattern`. */
  void (*fill)(void *exec, void *dst, uint32_t pattern, int32_t pattern_bytes,
               int64_t count);

  /* If the byte at `condition`, in device memory, turns out to be zero, the
     run ends with `code` (BA_KERNEL_FAIL_*) and `message`. The byte is copied
     when the stream gets there and looked at when the run ends; what comes
     after must stay within its memory whatever the byte is. `message` must
     live as long as the code. */
  void (*check)(void *exec, const void *condition, int32_t code,
                const char *message);

  /* Waits for all that was asked for so far, then copies to the host. A
     program that needs this can't be replayed as a graph. */
  void (*read)(void *exec, void *host, const void *device, int64_t bytes);

  /* Device memory for a buffer whose size depends on data, aligned to 256
     bytes; the runtime frees it after the run. Null, with the error recorded,
     when there is not enough. */
  void *(*alloc)(void *exec, int64_t bytes);

  /* As in ba_rt_api. */
  void (*fail)(void *exec, int32_t code, const char *message);
} ba_cuda_api;

/* `ba_init_cuda`: as ba_init_fn. */
typedef int32_t (*ba_init_cuda_fn)(uint32_t abi_version,
                                   const ba_cuda_api *api);

#ifdef __cplusplus
}
#endif

#endif /* BLOCKATTN_KERNEL_ABI_CUDA_H */

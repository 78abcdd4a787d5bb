/*===- kernel_abi.h - the calls between compiled code and the runtime ------===*
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 *===----------------------------------------------------------------------===*
 *
 * An artifact holds compiled code as ELF shared objects without undefined
 * symbols (but those of libc and libm). Each exports `ba_init` and, for every
 * program P, `ba_plan_P` and `ba_run_P`. Whatever the code needs from the
 * runtime it calls through the table that `ba_init` is given.
 *
 * A change of anything here needs a new BA_KERNEL_ABI_VERSION.
 *
 *===----------------------------------------------------------------------===*/

#ifndef BLOCKATTN_KERNEL_ABI_H
#define BLOCKATTN_KERNEL_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BA_KERNEL_ABI_VERSION 3u

/* Buffers, weights and the runtime's own inputs are aligned to this many
   bytes; memory that a caller binds has the alignment of its element type. */
#define BA_KERNEL_ALIGNMENT 64

/* What compiled code reports through ba_rt_api.fail. */
enum {
  BA_KERNEL_FAIL_INDEX = 1,   /* an index lies outside its range */
  BA_KERNEL_FAIL_SHAPE = 2,   /* shapes disagree in a way only data can tell */
  BA_KERNEL_FAIL_VALUE = 3,   /* a value that the operation does not take */
  BA_KERNEL_FAIL_MEMORY = 4,  /* ba_rt_api.alloc returned null */
  BA_KERNEL_FAIL_INTERNAL = 5 /* a defect of the compiler */
};

/* Types of ba_rt_api.gemm_16, and of the scales of ba_rt_api.gemm_packed. */
enum { BA_KERNEL_F16 = 0, BA_KERNEL_BF16 = 1, BA_KERNEL_F32 = 2 };

/* A tensor is passed as a pointer to an MLIR memref descriptor. This is its
   head; `rank` sizes (in elements) and then `rank` strides (in elements)
   follow. Tensors are row-major and contiguous, and `offset` is 0. */
typedef struct ba_memref_head {
  void *allocated;
  void *aligned;
  int64_t offset;
  /* int64_t sizes[rank]; int64_t strides[rank]; */
} ba_memref_head;

typedef void (*ba_parallel_body)(void *closure, int64_t begin, int64_t end);

/* `exec` is args[0] of the running program. All of these may be called from
   inside a parallel_for; a parallel_for in a parallel_for runs inline. */
typedef struct ba_rt_api {
  /* Calls `body` on disjoint ranges that cover [0, n), of at least `grain`
     iterations but for the last; returns when all are done. */
  void (*parallel_for)(void *exec, int64_t n, int64_t grain,
                       ba_parallel_body body, void *closure);

  /* C[m, n] = op(A)[m, k] * op(B)[k, n] + beta * C, row-major, f32. A leading
     dimension is the distance, in elements, between rows as stored. With
     beta = 0 C is written without being read. Threaded inside. */
  void (*gemm_f32)(void *exec, int32_t trans_a, int32_t trans_b, int64_t m,
                   int64_t n, int64_t k, const float *a, int64_t lda,
                   const float *b, int64_t ldb, float beta, float *c,
                   int64_t ldc);

  /* Memory for a buffer whose size depends on data, aligned to
     BA_KERNEL_ALIGNMENT; the runtime frees it after the run. Null, with the
     error recorded, when there is not enough. */
  void *(*alloc)(void *exec, int64_t bytes);

  /* Records the first error (code: BA_KERNEL_FAIL_*, message: for the user).
     A program ends soon after, without touching memory out of bounds, and the
     runtime discards its results. */
  void (*fail)(void *exec, int32_t code, const char *message);

  /* As gemm_f32, with A and B of a type of 16 bits (BA_KERNEL_F16, ...). Sums
     are f32, as C is. */
  void (*gemm_16)(void *exec, int32_t type, int32_t trans_a, int32_t trans_b,
                  int64_t m, int64_t n, int64_t k, const void *a, int64_t lda,
                  const void *b, int64_t ldb, float beta, float *c,
                  int64_t ldc);

  /* C[m, n] = A[m, k] * W[n, k]^T, f32, where
       W[j, i] = (q[j, i] - z[j, g]) * scales[j, g], g = i / block_size.
     `weight` has the q of each row in whole blocks, of 8 `bits` or of 4, the
     lower half of a byte first; `zero_points` has the z of each row packed
     likewise in whole bytes, or is null for z = 2^(bits - 1). The scales
     (BA_KERNEL_F32, ...) are one after the other. Threaded inside. */
  void (*gemm_packed)(void *exec, int64_t m, int64_t n, int64_t k,
                      const float *a, int64_t lda, int32_t bits,
                      int64_t block_size, const void *weight,
                      int32_t scale_type, const void *scales,
                      const void *zero_points, float *c, int64_t ldc);
} ba_rt_api;

/* `ba_init`: called once, before anything else. Keeps `api`. Not zero when
   the code was compiled for another `abi_version`. */
typedef int32_t (*ba_init_fn)(uint32_t abi_version, const ba_rt_api *api);

/* `ba_plan_P`: from the shapes of the inputs, the sizes of everything else.
     args[0]      exec
     args[1..I]   inputs (memref descriptors; their data may be null)
     args[I+1]    int64_t *: filled with the size in bytes of each planned
                  buffer, then the dimensions of all outputs one after the
                  other, -1 where they depend on data
   Not zero on failure (also recorded with `fail`). */
typedef int32_t (*ba_plan_fn)(void **args);

/* `ba_run_P`: runs the program. Reentrant: any number of runs at once.
     args[0]      exec
     args[1..I]   inputs (memref descriptors)
     then         outputs (memref descriptors over the runtime's memory; one
                  whose shape depends on data is filled in by the code with
                  memory from `alloc`)
     then         weights (memref descriptors), in the manifest's order
     last         void **: the planned buffers, aligned to
                  BA_KERNEL_ALIGNMENT
   Not zero on failure. */
typedef int32_t (*ba_run_fn)(void **args);

#ifdef __cplusplus
}
#endif

#endif /* BLOCKATTN_KERNEL_ABI_H */

/*===- KernelMemref.h - what compiled code does with memrefs --------*- C
 * -*-===*
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 *===----------------------------------------------------------------------===*
 *
 * For kernels that are written by hand.
 *
 *===----------------------------------------------------------------------===*/

#ifndef BLOCKATTN_TEST_KERNELMEMREF_H
#define BLOCKATTN_TEST_KERNELMEMREF_H

#include "blockattn/kernel_abi.h"

#define EXPORT __attribute__((visibility("default")))

typedef struct {
  ba_memref_head head;
  int64_t dims[6];
} Memref;

static inline void *data(void *memref) {
  return ((Memref *)memref)->head.aligned;
}

static inline int64_t dim(void *memref, int i) {
  return ((Memref *)memref)->dims[i];
}

/* Makes a result of so many elements, whose shape only the data tell. */
static inline void setVector(void *memref, void *elements, int64_t count) {
  Memref *result = memref;
  result->head.allocated = result->head.aligned = elements;
  result->head.offset = 0;
  result->dims[0] = count;
  result->dims[1] = 1;
}

#endif /* BLOCKATTN_TEST_KERNELMEMREF_H */

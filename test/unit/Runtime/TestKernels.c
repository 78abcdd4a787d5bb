/*===- TestKernels.c - compiled code, written by hand ----------------------===*
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 *===----------------------------------------------------------------------===*
 *
 * What a compiler would make of a very small "language model", so that the
 * runtime is tested without one. TestArtifact.h has the manifest.
 *
 *===----------------------------------------------------------------------===*/

#include "KernelMemref.h"

#define VOCABULARY 16

static const ba_rt_api *api;

static int64_t *ints(void *memref) { return data(memref); }
static float *floats(void *memref) { return data(memref); }

EXPORT int32_t ba_init(uint32_t version, const ba_rt_api *table) {
  api = table;
  return version != BA_KERNEL_ABI_VERSION;
}

/* full(input_ids, position_ids) -> logits[t, v] = w[v] * token + position, by
   way of a buffer. A token of 13 is refused as if it were no index. */
EXPORT int32_t ba_plan_full(void **args) {
  int64_t *sizes = args[3];
  int64_t n = dim(args[1], 1);
  sizes[0] = n * 4;
  sizes[1] = n * 4;
  sizes[2] = 1;
  sizes[3] = n;
  sizes[4] = VOCABULARY;
  return 0;
}

typedef struct {
  void **args;
  float *copy;
} FullClosure;

static void kernel_0_full_body0(void *closure, int64_t begin, int64_t end) {
  FullClosure *c = closure;
  float *logits = floats(c->args[3]), *weights = floats(c->args[4]);
  int64_t *positions = ints(c->args[2]);
  for (int64_t t = begin; t < end; ++t) {
    if (c->copy[t] == 13)
      api->fail(c->args[0], BA_KERNEL_FAIL_INDEX,
                "node 'embed': index out of range");
    for (int v = 0; v < VOCABULARY; ++v)
      logits[t * VOCABULARY + v] = weights[v] * c->copy[t] + positions[t];
  }
}

EXPORT int32_t ba_run_full(void **args) {
  void **buffers = args[5];
  FullClosure closure = {args, buffers[0]};
  int64_t n = dim(args[1], 1);
  /* The second buffer is alive together with the first. */
  float *other = buffers[1];
  for (int64_t t = 0; t < n; ++t) {
    closure.copy[t] = (float)ints(args[1])[t];
    other[t] = -1;
  }
  api->parallel_for(args[0], n, 16, kernel_0_full_body0, &closure);
  return 0;
}

/* block(input_ids, position_ids, layout) -> logits[t, v] = first visible
   token + v. */
EXPORT int32_t ba_plan_block(void **args) {
  int64_t *sizes = args[4];
  sizes[0] = 1;
  sizes[1] = dim(args[1], 1);
  sizes[2] = VOCABULARY;
  return 0;
}

EXPORT int32_t ba_run_block(void **args) {
  int64_t n = dim(args[1], 1), blocks = dim(args[3], 0);
  int64_t *layout = ints(args[3]);
  float *logits = floats(args[4]);
  int64_t block = 0, segmentStart = 0;
  for (int64_t t = 0; t < n; ++t) {
    while (block + 1 < blocks && layout[3 * (block + 1)] <= t) {
      ++block;
      if (layout[3 * block + 2] != layout[3 * block - 1])
        segmentStart = layout[3 * block];
    }
    int64_t first = layout[3 * block + 1] ? segmentStart : layout[3 * block];
    for (int v = 0; v < VOCABULARY; ++v)
      logits[t * VOCABULARY + v] = (float)(first + v);
  }
  return 0;
}

/* encode(input_ids, position_ids) -> a key and a value of one head of size 2
   for each of two layers: key = (token, position), value = (2 * token, layer).
 */
EXPORT int32_t ba_plan_encode(void **args) {
  int64_t *sizes = args[3];
  for (int i = 0; i < 4; ++i) {
    sizes[4 * i] = 1;
    sizes[4 * i + 1] = dim(args[1], 1);
    sizes[4 * i + 2] = 1;
    sizes[4 * i + 3] = 2;
  }
  return 0;
}

static void writeKV(void **args, void **outputs) {
  int64_t n = dim(args[1], 1);
  for (int layer = 0; layer < 2; ++layer)
    for (int64_t t = 0; t < n; ++t) {
      float *key = floats(outputs[2 * layer]) + 2 * t;
      float *value = floats(outputs[2 * layer + 1]) + 2 * t;
      key[0] = (float)ints(args[1])[t];
      key[1] = (float)ints(args[2])[t];
      value[0] = 2 * key[0];
      value[1] = (float)layer;
    }
}

EXPORT int32_t ba_run_encode(void **args) {
  writeKV(args, args + 3);
  return 0;
}

/* extend(input_ids, position_ids, kv) -> logits[t] = (sum of the tokens seen,
   sum of their true positions, how many were cached, own position, sum of the
   second halves of the cached values of layer 1, number of pieces, ...) and
   the new keys and values. */
EXPORT int32_t ba_plan_extend(void **args) {
  int64_t *sizes = args[4];
  sizes[0] = 1;
  sizes[1] = dim(args[1], 1);
  sizes[2] = VOCABULARY;
  void *again[] = {args[0], args[1], args[2], sizes + 3};
  return ba_plan_encode(again);
}

EXPORT int32_t ba_run_extend(void **args) {
  int64_t n = dim(args[1], 1), pieces = dim(args[3], 0);
  int64_t columns = dim(args[3], 1);
  int64_t *table = ints(args[3]);
  float *logits = floats(args[4]);
  double tokens = 0, positions = 0, cached = 0, layers = 0;
  if (columns != 8)
    return 7;
  for (int64_t p = 0; p < pieces; ++p) {
    int64_t *row = table + p * columns;
    const float *keys = (const float *)(intptr_t)row[4];
    const float *values1 = (const float *)(intptr_t)row[7];
    for (int64_t t = 0; t < row[0]; ++t) {
      tokens += keys[2 * t];
      positions += keys[2 * t + 1] + row[1];
      if (keys[2 * t + 1] + row[1] != row[2] + t)
        api->fail(args[0], BA_KERNEL_FAIL_INTERNAL, "a key out of place");
      layers += values1[2 * t + 1];
      ++cached;
    }
  }
  for (int64_t t = 0; t < n; ++t) {
    tokens += ints(args[1])[t];
    positions += ints(args[2])[t];
    float *row = logits + t * VOCABULARY;
    for (int v = 0; v < VOCABULARY; ++v)
      row[v] = 0;
    row[0] = (float)tokens;
    row[1] = (float)positions;
    row[2] = (float)cached;
    row[3] = (float)ints(args[2])[t];
    row[4] = (float)layers;
    row[5] = (float)pieces;
  }
  writeKV(args, args + 5);
  return 0;
}

/* positive(x) -> the elements above 0: a shape that only the data tell. */
EXPORT int32_t ba_plan_positive(void **args) {
  ((int64_t *)args[2])[0] = -1;
  return 0;
}

EXPORT int32_t ba_run_positive(void **args) {
  int64_t n = dim(args[1], 0), count = 0;
  float *x = floats(args[1]);
  for (int64_t i = 0; i < n; ++i)
    count += x[i] > 0;
  float *y = api->alloc(args[0], count * 4);
  if (!y)
    return 1;
  setVector(args[2], y, count);
  for (int64_t i = 0, j = 0; i < n; ++i)
    if (x[i] > 0)
      y[j++] = x[i];
  return 0;
}

/* past(input_ids [batch, seq], attention_mask [batch, past + seq],
   position_ids [batch, seq], past.0.key, past.0.value [batch, 2, past, 4])
   -> (past length, sum of the mask, sum of the positions, batch). */
EXPORT int32_t ba_plan_past(void **args) {
  ((int64_t *)args[6])[0] = 4;
  return 0;
}

EXPORT int32_t ba_run_past(void **args) {
  float *out = floats(args[6]);
  out[0] = (float)dim(args[4], 2);
  out[1] = out[2] = 0;
  for (int64_t i = 0; i < dim(args[2], 0) * dim(args[2], 1); ++i)
    out[1] += (float)ints(args[2])[i];
  for (int64_t i = 0; i < dim(args[3], 0) * dim(args[3], 1); ++i)
    out[2] += (float)ints(args[3])[i];
  out[3] = (float)dim(args[1], 0);
  return 0;
}

/* huge(x) -> y, with a buffer whose size is the first dimension of x times
   2^40. */
EXPORT int32_t ba_plan_huge(void **args) {
  ((int64_t *)args[2])[0] = dim(args[1], 0) << 40;
  ((int64_t *)args[2])[1] = 1;
  return 0;
}

EXPORT int32_t ba_run_huge(void **args) {
  floats(args[2])[0] = 1;
  return 0;
}

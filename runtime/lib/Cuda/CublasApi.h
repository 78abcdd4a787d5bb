//===- CublasApi.h - cuBLASLt, opened when first used -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The part of cuBLASLt's interface that the runtime uses, written down here so
// that building needs no CUDA. Names and numbers are those of cublasLt.h.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_CUDA_CUBLASAPI_H
#define BLOCKATTN_RUNTIME_CUDA_CUBLASAPI_H

#include "Cuda/Driver.h"

namespace blockattn::rt::cuda {

constexpr int kCublasNotSupported = 15;
constexpr int kCompute32F = 68;

enum CudaType : int { kReal32F = 0, kReal16F = 2, kReal16BF = 14 };

enum LayoutAttribute : int { kLayoutBatchCount = 5, kLayoutBatchStride = 6 };

enum DescriptionAttribute : int {
  kTransposeA = 3,
  kTransposeB = 4,
  kEpilogue = 7,
  kBiasPointer = 8,
  kBiasType = 26
};

enum PreferenceAttribute : int {
  kMaxWorkspace = 1,
  kMinAlignmentA = 5,
  kMinAlignmentB = 6,
  kMinAlignmentC = 7,
  kMinAlignmentD = 8
};

enum Epilogue : int {
  kEpilogueNone = 1,
  kEpilogueRelu = 2,
  kEpilogueBias = 4,
  kEpilogueGelu = 32
};

struct HeuristicResult {
  uint64_t algorithm[8];
  size_t workspaceBytes;
  int state;
  float waves;
  int reserved[4];
};
static_assert(sizeof(HeuristicResult) == 96,
              "as cublasLtMatmulHeuristicResult_t");

/// X(member, symbol, parameters); handles are void *.
#define BLOCKATTN_CUBLAS(X)                                                    \
  X(create, "cublasLtCreate", (void **))                                       \
  X(destroy, "cublasLtDestroy", (void *))                                      \
  X(descriptionCreate, "cublasLtMatmulDescCreate", (void **, int, int))        \
  X(descriptionDestroy, "cublasLtMatmulDescDestroy", (void *))                 \
  X(descriptionSet, "cublasLtMatmulDescSetAttribute",                          \
    (void *, int, const void *, size_t))                                       \
  X(layoutCreate, "cublasLtMatrixLayoutCreate",                                \
    (void **, int, uint64_t, uint64_t, int64_t))                               \
  X(layoutDestroy, "cublasLtMatrixLayoutDestroy", (void *))                    \
  X(layoutSet, "cublasLtMatrixLayoutSetAttribute",                             \
    (void *, int, const void *, size_t))                                       \
  X(preferenceCreate, "cublasLtMatmulPreferenceCreate", (void **))             \
  X(preferenceDestroy, "cublasLtMatmulPreferenceDestroy", (void *))            \
  X(preferenceSet, "cublasLtMatmulPreferenceSetAttribute",                     \
    (void *, int, const void *, size_t))                                       \
  X(heuristic, "cublasLtMatmulAlgoGetHeuristic",                               \
    (void *, void *, void *, void *, void *, void *, void *, int,              \
     HeuristicResult *, int *))                                                \
  X(algorithmCheck, "cublasLtMatmulAlgoCheck",                                 \
    (void *, void *, void *, void *, void *, void *, const uint64_t *,         \
     HeuristicResult *))                                                       \
  X(matmul, "cublasLtMatmul",                                                  \
    (void *, void *, const void *, const void *, void *, const void *, void *, \
     const void *, const void *, void *, void *, void *, const uint64_t *,     \
     void *, size_t, StreamHandle))

struct CublasApi {
#define X(member, symbol, parameters) int(*member) parameters = nullptr;
  BLOCKATTN_CUBLAS(X)
#undef X
  const char *(*statusName)(int) = nullptr;
  size_t (*version)() = nullptr;

  /// Opens the library, once for the process.
  static Expected<const CublasApi *> get();
};

} // namespace blockattn::rt::cuda

#endif // BLOCKATTN_RUNTIME_CUDA_CUBLASAPI_H

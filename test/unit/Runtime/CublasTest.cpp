//===- CublasTest.cpp - what cuBLASLt is asked for ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Without a GPU; the products themselves are in CudaTest.cpp.
//
//===----------------------------------------------------------------------===//

#include "Cuda/Cublas.h"

#include <gtest/gtest.h>

using namespace blockattn::rt::cuda;

namespace {

ba_cuda_gemm product(bool hasBias, int32_t activation) {
  static const float bias = 0;
  ba_cuda_gemm gemm{};
  gemm.bias = hasBias ? &bias : nullptr;
  gemm.activation = activation;
  return gemm;
}

// The numbers are CUBLASLT_EPILOGUE_* of cublasLt.h.
TEST(Cublas, Epilogues) {
  struct {
    bool hasBias;
    int32_t activation;
    int number;
    const char *text;
  } cases[] = {
      {false, BA_CUDA_ACTIVATION_NONE, 1, ""},
      {true, BA_CUDA_ACTIVATION_NONE, 4, " + bias"},
      {false, BA_CUDA_ACTIVATION_RELU, 2, ", relu"},
      {true, BA_CUDA_ACTIVATION_RELU, 6, " + bias, relu"},
      {false, BA_CUDA_ACTIVATION_GELU, 32, ", gelu"},
      {true, BA_CUDA_ACTIVATION_GELU, 36, " + bias, gelu"},
  };
  for (auto &expected : cases) {
    ba_cuda_gemm gemm = product(expected.hasBias, expected.activation);
    EXPECT_EQ(epilogueOf(gemm), expected.number) << expected.text;
    EXPECT_EQ(epilogueText(gemm), expected.text);
  }
}

} // namespace

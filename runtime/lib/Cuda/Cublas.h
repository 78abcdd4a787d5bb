//===- Cublas.h - matrix products by cuBLASLt -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_CUDA_CUBLAS_H
#define BLOCKATTN_RUNTIME_CUDA_CUBLAS_H

#include "Cuda/Gpu.h"
#include "Cuda/ProductChoices.h"
#include "blockattn/kernel_abi_cuda.h"

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace blockattn::rt::cuda {

struct CublasApi;

/// What is done to a product before it is stored, for messages and profiles:
/// " + bias, gelu", or nothing.
std::string epilogueText(const ba_cuda_gemm &gemm);
/// The library's number for that.
int epilogueOf(const ba_cuda_gemm &gemm);

/// Products on one GPU, for any number of streams and threads. The library is
/// opened at the first product. An algorithm is the library's guess when a
/// shape comes for the first time; from the second time on, it is the fastest
/// of several that were measured. What was measured is kept in a file, and what
/// that has from an earlier process is not measured again.
class Cublas {
public:
  /// `choicesPath` may be empty: nothing is kept then.
  Cublas(Gpu &gpu, const std::string &choicesPath)
      : gpu(gpu), kept(choicesPath) {}
  ~Cublas();

  /// What a stream lends to its products.
  struct Workspace {
    char *memory;
    uint64_t bytes;
  };
  static constexpr uint64_t kWorkspaceBytes = uint64_t(32) << 20;

  /// Puts the product into `stream`. The context must be current. `mayMeasure`
  /// is false while the stream is being recorded.
  Status multiply(const ba_cuda_gemm &gemm, StreamHandle stream,
                  const Workspace &workspace, bool mayMeasure);
  /// Writes what was measured, where that is due; for the end of a run.
  void saveChoices();

private:
  using Key = ProductChoices::Key;
  struct Choice {
    ProductChoices::Algorithm algorithm;
    bool isMeasured;
  };
  struct Product;

  Status open();
  Status check(int result, const std::string &what) const;
  Status describe(const ba_cuda_gemm &gemm, Product &product) const;
  Status choose(const ba_cuda_gemm &gemm, const Product &product,
                StreamHandle stream, const Workspace &workspace,
                bool mayMeasure, Choice &choice);
  /// Whether an algorithm from the file does for the product.
  bool isUsable(const ProductChoices::Algorithm &algorithm,
                const Product &product, const Workspace &workspace) const;
  Status launch(const ba_cuda_gemm &gemm, const Product &product,
                const uint64_t *algorithm, StreamHandle stream,
                const Workspace &workspace) const;
  Status emptySum(const ba_cuda_gemm &gemm, StreamHandle stream) const;

  Gpu &gpu;
  std::mutex mutex;
  const CublasApi *api = nullptr;
  void *handle = nullptr;
  std::map<Key, Choice> choices;
  ProductChoices kept;
};

} // namespace blockattn::rt::cuda

#endif // BLOCKATTN_RUNTIME_CUDA_CUBLAS_H

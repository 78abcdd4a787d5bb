//===- Upload.h - from mapped files to a GPU --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_CUDA_UPLOAD_H
#define BLOCKATTN_RUNTIME_CUDA_UPLOAD_H

#include "Cpu/ThreadPool.h"
#include "Cuda/Gpu.h"

#include <vector>

namespace blockattn::rt::cuda {

struct Transfer {
  /// Of the GPU.
  char *to;
  /// Pages of a mapped file, in memory or not yet.
  const char *from;
  uint64_t bytes;
};

/// Does all transfers, as fast as the bus takes them: threads bring the pages
/// into pinned memory, each with a stream of its own.
Status upload(Gpu &gpu, ThreadPool &threads,
              const std::vector<Transfer> &transfers);

} // namespace blockattn::rt::cuda

#endif // BLOCKATTN_RUNTIME_CUDA_UPLOAD_H

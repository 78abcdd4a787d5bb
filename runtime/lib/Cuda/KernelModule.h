//===- KernelModule.h - an artifact's kernels on a GPU ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_CUDA_KERNELMODULE_H
#define BLOCKATTN_RUNTIME_CUDA_KERNELMODULE_H

#include "Artifact/Artifact.h"
#include "Artifact/Manifest.h"
#include "Cuda/Gpu.h"

#include <memory>
#include <string>
#include <vector>

namespace blockattn::rt::cuda {

/// The kernels: machine code where the artifact has that of the GPU, else what
/// the driver makes of the PTX.
class KernelModule {
public:
  struct Kernel {
    std::string name;
    Function function;
    /// The dynamic shared memory that it can be launched with.
    int64_t mostShared;
    /// Whether it may start before those ahead of it end.
    bool startsEarly;
  };

  static Expected<std::unique_ptr<KernelModule>>
  load(Gpu &gpu, const Artifact &artifact, const Manifest &manifest);
  ~KernelModule();
  KernelModule(const KernelModule &) = delete;

  /// "sm_90a", or "ptx" where the driver compiled it, with what was wrong with
  /// better code of the artifact in parentheses.
  const std::string &level() const { return levelName; }
  const std::vector<Kernel> &kernels() const { return list; }

private:
  explicit KernelModule(Gpu &gpu) : gpu(gpu) {}
  Status loadCode(const Artifact &artifact);
  Result loadMachineCode(const Artifact::Section &section);
  Status compile(const Artifact &artifact, const Artifact::Section &ptx);
  Status find(const Artifact &artifact, const Manifest &manifest);

  Gpu &gpu;
  ModuleHandle module = nullptr;
  std::string levelName;
  std::vector<Kernel> list;
};

} // namespace blockattn::rt::cuda

#endif // BLOCKATTN_RUNTIME_CUDA_KERNELMODULE_H

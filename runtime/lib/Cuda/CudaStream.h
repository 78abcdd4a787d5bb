//===- CudaStream.h - the runs of a session on a GPU ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_CUDA_CUDASTREAM_H
#define BLOCKATTN_RUNTIME_CUDA_CUDASTREAM_H

#include "Cuda/CudaRun.h"
#include "Cuda/Transfer.h"

namespace blockattn::rt::cuda {

/// Runs programs on one GPU. A program that comes with the same shapes and
/// addresses again is recorded as a graph and launched as a whole from then
/// on.
class CudaStream : public Stream {
public:
  static Expected<std::unique_ptr<Stream>>
  create(Device &device, Gpu &gpu, Cublas &cublas, const KernelModule &module);
  ~CudaStream() override;

  Status plan(const Program &program, std::vector<void *> &arguments) override;
  Status run(const Program &program, std::vector<void *> &arguments,
             std::unique_ptr<Replay> &replay) override;
  Status stage(std::vector<ba_tensor> &tensors,
               const std::vector<bool> &isThere) override;
  Status fetch(void *host, const void *data, uint64_t bytes) override;
  Status copy(void *to, const void *from, uint64_t bytes) override;
  Status copyRows(char *to, uint64_t toPitch, const char *from,
                  uint64_t fromPitch, uint64_t width, uint64_t rows) override;
  Status use(void *stream) override;
  Status profile(bool enable) override;
  Expected<std::vector<StepTime>> takeProfile() override;

private:
  class Recording;

  CudaStream(Device &device, Gpu &gpu, Cublas &cublas,
             const KernelModule &module)
      : device(device), gpu(gpu), cublas(cublas), module(module),
        results(gpu, "copying an output") {}
  Status start();
  Status runOrReplay(const Program &program, std::vector<void *> &arguments,
                     std::unique_ptr<Replay> &replay);
  CudaRun::Environment environment(StreamHandle stream, bool isRecording);
  Status runSteps(const Program &program, std::vector<void *> &arguments,
                  bool &isUnrepeatable);
  Status record(const Program &program, std::vector<void *> &arguments,
                Recording &recording);
  Status finish(const Program &program, Failure &failure, int32_t result);
  Status wait(const std::string &what);
  /// Hands a status on; after an error what was begun ends first, for the
  /// memory that it uses may be given back next.
  Status settled(Status status);
  void freeDataMemory();

  Device &device;
  Gpu &gpu;
  Cublas &cublas;
  const KernelModule &module;
  StreamHandle own = nullptr, current = nullptr;
  DeviceBuffer workspace;
  /// Inputs, packed: on the host, and where the GPU reads them.
  PinnedBuffer packed;
  DeviceBuffer inputs;
  /// Outputs go to the host through it.
  Lane results;
  Checks checks;
  std::unique_ptr<Profile> times;
  bool isBlocking = false;
  /// What compiled code allocated in the last run; outputs may lie there.
  std::vector<char *> dataMemory;
};

} // namespace blockattn::rt::cuda

#endif // BLOCKATTN_RUNTIME_CUDA_CUDASTREAM_H

//===- CudaDevice.cpp - programs on a GPU ---------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Cuda/CudaDevice.h"
#include "Cpu/ThreadPool.h"
#include "Cuda/CudaStream.h"
#include "Cuda/Transfer.h"

#include <vector>

using namespace blockattn::rt;
using namespace blockattn::rt::cuda;

namespace {

constexpr uint64_t kWeightAlignment = 256;
/// What one instruction of a kernel reads at most.
constexpr uintptr_t kAccessBytes = 16;

class CudaDevice : public Device {
public:
  CudaDevice(std::unique_ptr<Gpu> gpu, std::unique_ptr<CodeModule> code,
             std::unique_ptr<KernelModule> kernels, int threads,
             const std::string &tuningFile)
      : gpu(std::move(gpu)), code(std::move(code)), kernels(std::move(kernels)),
        cublas(*this->gpu, tuningFile), hostThreads(threads) {}

  const std::string &name() const override { return gpu->name(); }
  const std::string &level() const override { return kernels->level(); }
  int threads() const override { return hostThreads; }
  bool isHost() const override { return false; }

  Expected<DeviceBuffer> allocate(uint64_t bytes,
                                  const char *purpose) override {
    Expected<char *> memory = gpu->allocate(bytes, purpose);
    if (!memory)
      return memory.takeError();
    return DeviceBuffer(*this, *memory, bytes);
  }
  void free(char *memory) noexcept override { gpu->free(memory); }
  Status checkAddress(const void *data,
                      const std::string &what) const override {
    return gpu->checkAddress(data, what);
  }
  bool takesAddress(const void *data) const override {
    return reinterpret_cast<uintptr_t>(data) % kAccessBytes == 0;
  }

  Expected<CodeModule::Program>
  program(const std::string &name) const override {
    return code->program(name);
  }

  Status placeWeights(std::vector<ba_tensor> &weights) override;

  Expected<std::unique_ptr<Stream>> createStream() override {
    return CudaStream::create(*this, *gpu, cublas, *kernels);
  }

  MemoryUse memoryUse() const override {
    return {gpu->currentBytes(), gpu->peakBytes()};
  }
  void resetPeak() override { gpu->resetPeak(); }

private:
  std::unique_ptr<Gpu> gpu;
  std::unique_ptr<CodeModule> code;
  std::unique_ptr<KernelModule> kernels;
  Cublas cublas;
  int hostThreads;
  DeviceBuffer weightMemory;
};

Status CudaDevice::placeWeights(std::vector<ba_tensor> &weights) {
  std::vector<uint64_t> offsets, sizes;
  uint64_t total = 0;
  for (const ba_tensor &weight : weights) {
    uint64_t bytes = ba_dtype_size(weight.dtype);
    for (int32_t i = 0; i < weight.rank; ++i)
      bytes *= static_cast<uint64_t>(weight.shape[i]);
    offsets.push_back(total);
    sizes.push_back(bytes);
    total +=
        (bytes + kWeightAlignment - 1) / kWeightAlignment * kWeightAlignment;
  }
  if (total == 0)
    return Status();
  if (Status status = weightMemory.reserve(*this, total, "the model's weights"))
    return status;
  Expected<std::unique_ptr<ThreadPool>> pool = ThreadPool::create(hostThreads);
  if (!pool)
    return pool.takeError();
  std::vector<Transfer> transfers;
  for (size_t i = 0; i < weights.size(); ++i) {
    char *place = weightMemory.data() + offsets[i];
    transfers.push_back(
        {place, static_cast<const char *>(weights[i].data), sizes[i]});
    weights[i].data = place;
  }
  return upload(*gpu, **pool, transfers);
}

} // namespace

Expected<std::unique_ptr<Device>>
blockattn::rt::openCudaDevice(const Artifact &artifact,
                              const Manifest &manifest, int ordinal,
                              int threads, const std::string &tuningFile) {
  if (Status status = ProductChoices::check(tuningFile))
    return status;
  Expected<std::unique_ptr<Gpu>> gpu = Gpu::open(ordinal);
  if (!gpu)
    return gpu.takeError();
  Expected<std::unique_ptr<CodeModule>> code =
      CodeModule::loadHost(artifact, CudaRun::api());
  if (!code)
    return code.takeError();
  Expected<std::unique_ptr<KernelModule>> kernels =
      KernelModule::load(**gpu, artifact, manifest);
  if (!kernels)
    return kernels.takeError();
  return std::unique_ptr<Device>(
      std::make_unique<CudaDevice>(std::move(*gpu), std::move(*code),
                                   std::move(*kernels), threads, tuningFile));
}

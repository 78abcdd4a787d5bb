//===- CudaDevice.cpp - programs on a GPU ---------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Cuda/CudaDevice.h"
#include "Cpu/ThreadPool.h"
#include "Cuda/CudaStream.h"

#include <algorithm>
#include <cstring>

using namespace blockattn::rt;
using namespace blockattn::rt::cuda;

namespace {

constexpr uint64_t kWeightAlignment = 256;
/// Weights travel in pieces of this size: one is filled while another is on
/// its way.
constexpr uint64_t kPieceBytes = uint64_t(32) << 20;
constexpr int kPieces = 3;

/// From pages of a file to the GPU, as fast as the bus takes it.
class Upload {
public:
  Upload(Gpu &gpu, ThreadPool &threads) : gpu(gpu), threads(threads) {}
  ~Upload() {
    Gpu::Scope scope(gpu);
    for (Piece &piece : pieces)
      if (piece.done)
        gpu.driver().eventDestroy(piece.done);
    if (stream)
      gpu.driver().streamDestroy(stream);
  }

  Status start() {
    Gpu::Scope scope(gpu);
    const Driver &driver = gpu.driver();
    if (Status status = check(driver.streamCreate(&stream, kStreamNonBlocking)))
      return status;
    for (Piece &piece : pieces) {
      if (Status status = check(driver.eventCreate(&piece.done, 0)))
        return status;
      if (Status status = piece.memory.reserve(gpu, kPieceBytes, "the weights"))
        return status;
    }
    return Status();
  }

  Status copy(char *to, const char *from, uint64_t bytes) {
    Gpu::Scope scope(gpu);
    const Driver &driver = gpu.driver();
    for (uint64_t done = 0; done < bytes;) {
      Piece &piece = pieces[next];
      next = (next + 1) % kPieces;
      uint64_t size = std::min(bytes - done, kPieceBytes);
      if (Status status = check(driver.eventSynchronize(piece.done)))
        return status;
      char *memory = piece.memory.data();
      threads.parallelFor(size, 1 << 20, [&](int64_t begin, int64_t end) {
        std::memcpy(memory + begin, from + done + begin, end - begin);
      });
      if (Status status = check(
              driver.copyToDevice(address(to + done), memory, size, stream)))
        return status;
      if (Status status = check(driver.eventRecord(piece.done, stream)))
        return status;
      done += size;
    }
    return Status();
  }

  Status finish() {
    Gpu::Scope scope(gpu);
    return check(gpu.driver().streamSynchronize(stream));
  }

private:
  struct Piece {
    PinnedBuffer memory;
    /// The copy out of the memory is done.
    Event done = nullptr;
  };

  Status check(Result result) {
    return gpu.check(result, "copying the weights");
  }

  Gpu &gpu;
  ThreadPool &threads;
  StreamHandle stream = nullptr;
  Piece pieces[kPieces];
  int next = 0;
};

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
  Upload upload(*gpu, **pool);
  if (Status status = upload.start())
    return status;
  for (size_t i = 0; i < weights.size(); ++i) {
    char *place = weightMemory.data() + offsets[i];
    if (Status status = upload.copy(
            place, static_cast<const char *>(weights[i].data), sizes[i]))
      return status;
    weights[i].data = place;
  }
  return upload.finish();
}

} // namespace

Expected<std::unique_ptr<Device>>
blockattn::rt::openCudaDevice(const Artifact &artifact,
                              const Manifest &manifest, int ordinal,
                              int threads, const std::string &tuningFile) {
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

//===- Gpu.h - a GPU: its context, memory and errors ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_CUDA_GPU_H
#define BLOCKATTN_RUNTIME_CUDA_GPU_H

#include "Cuda/Driver.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace blockattn::rt::cuda {

/// A GPU with its primary context, the one that CUDA's runtime library uses as
/// well, so that memory and streams of other libraries can be used here.
class Gpu {
public:
  static Expected<std::unique_ptr<Gpu>> open(int ordinal);
  /// By a driver that outlives the GPU.
  static Expected<std::unique_ptr<Gpu>> open(const Driver &driver, int ordinal);
  ~Gpu();
  Gpu(const Gpu &) = delete;
  Gpu &operator=(const Gpu &) = delete;

  const Driver &driver() const { return *api; }
  /// "cuda:0"
  const std::string &name() const { return shortName; }
  /// "cuda:0 (NVIDIA H200)"
  const std::string &title() const { return fullName; }
  /// "NVIDIA H200"
  const std::string &model() const { return modelName; }
  /// 90 for compute capability 9.0.
  int architecture() const { return capability; }
  /// Dynamic shared memory that a kernel can have.
  int sharedMemory() const { return maxShared; }

  /// Success, or an error that says what was being done, where, and what to do.
  Status check(Result result, const std::string &what);
  /// The error after which nothing works on this GPU in this process; looked
  /// at before work is begun.
  Status checkAlive() const;

  /// That `data` is memory which kernels here can use; `what` is its name for
  /// the message.
  Status checkAddress(const void *data, const std::string &what) const;
  /// Memory of the host that the GPU reads and writes by itself, from the first
  /// byte to the last: a caller may have registered a part. The context must be
  /// current.
  bool isPinned(const void *data, uint64_t bytes) const;
  /// That a stream is one of this GPU's primary context.
  Status checkStream(StreamHandle stream) const;

  /// Aligned to 256 bytes and never null. The context need not be current.
  Expected<char *> allocate(uint64_t bytes, const char *purpose);
  void free(char *memory) noexcept;
  uint64_t currentBytes() const { return current; }
  uint64_t peakBytes() const { return peak; }
  /// From here on the peak is a new one.
  void resetPeak();

  /// Makes the context current for a scope. Where that fails the GPU is lost,
  /// and whatever else is called would be done in a context of the caller's.
  class Scope {
  public:
    explicit Scope(const Gpu &gpu);
    ~Scope();
    Scope(const Scope &) = delete;
    Scope &operator=(const Scope &) = delete;

    explicit operator bool() const { return isEntered; }
    /// Success, or why the context is not the current one.
    Status failure() const { return isEntered ? Status() : gpu.checkAlive(); }

  private:
    const Gpu &gpu;
    bool isEntered;
  };

private:
  explicit Gpu(const Driver &api) : api(&api) {}
  Status start(int ordinal);
  Status createPool();
  Result take(Address &address, uint64_t bytes);
  Status outOfMemory(uint64_t bytes, const char *purpose);
  void lose(Result result) const;

  const Driver *api;
  DeviceId device = -1;
  Context context = nullptr;
  std::string shortName, fullName, modelName;
  int capability = 0, maxShared = 0;
  /// Null where the driver has no pools.
  Pool pool = nullptr;
  /// Memory is taken and given back in the order of this stream.
  StreamHandle memoryStream = nullptr;
  std::mutex mutex;
  std::unordered_map<Address, uint64_t> sizes;
  std::atomic<uint64_t> current{0}, peak{0};
  mutable std::atomic<Result> fatal{kSuccess};
};

/// Host memory that the GPU reads and writes directly.
class PinnedBuffer {
public:
  PinnedBuffer() = default;
  PinnedBuffer(PinnedBuffer &&other) noexcept { *this = std::move(other); }
  PinnedBuffer &operator=(PinnedBuffer &&other) noexcept {
    std::swap(gpu, other.gpu);
    std::swap(memory, other.memory);
    std::swap(bytes, other.bytes);
    return *this;
  }
  ~PinnedBuffer();

  /// Keeps the memory if it is large enough. The context must be current.
  Status reserve(Gpu &gpu, uint64_t wanted, const char *purpose);
  char *data() const { return memory; }
  uint64_t size() const { return bytes; }

private:
  Gpu *gpu = nullptr;
  char *memory = nullptr;
  uint64_t bytes = 0;
};

inline Address address(const void *pointer) {
  return static_cast<Address>(reinterpret_cast<uintptr_t>(pointer));
}

} // namespace blockattn::rt::cuda

#endif // BLOCKATTN_RUNTIME_CUDA_GPU_H

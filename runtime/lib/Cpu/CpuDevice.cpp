//===- CpuDevice.cpp - programs on the host -------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Cpu/CpuDevice.h"
#include "Cpu/CpuExec.h"

#include <cstdlib>
#include <cstring>

using namespace blockattn::rt;

namespace {

class CpuStream : public Stream {
public:
  explicit CpuStream(ThreadPool &pool) : pool(pool) {}

  Status plan(const Program &program, std::vector<void *> &arguments) override {
    CpuExec exec(pool);
    arguments.front() = &exec;
    int32_t result = program.code.plan(arguments.data());
    return exec.status(result, program.info->name);
  }

  Status run(const Program &program, std::vector<void *> &arguments,
             std::unique_ptr<Replay> &) override {
    dataMemory.clear();
    CpuExec exec(pool);
    arguments.front() = &exec;
    int32_t result = program.code.run(arguments.data());
    dataMemory = exec.takeMemory();
    return exec.status(result, program.info->name);
  }

  Status stage(std::vector<ba_tensor> &, const std::vector<bool> &) override {
    return Status();
  }

  Status fetch(void *host, const void *data, uint64_t bytes) override {
    return copy(host, data, bytes);
  }

  Status copy(void *to, const void *from, uint64_t bytes) override {
    if (bytes)
      std::memcpy(to, from, bytes);
    return Status();
  }

  Status copyRows(char *to, uint64_t toPitch, const char *from,
                  uint64_t fromPitch, uint64_t width, uint64_t rows) override {
    for (uint64_t row = 0; row < rows && width; ++row)
      std::memcpy(to + row * toPitch, from + row * fromPitch, width);
    return Status();
  }

  Status use(void *) override {
    return error(BA_INVALID_ARGUMENT,
                 "a session on the CPU has no stream to be set");
  }

  Status profile(bool enable) override {
    if (!enable)
      return Status();
    return error(BA_UNSUPPORTED, "there are no times of single kernels on the "
                                 "CPU; use a system profiler");
  }
  Expected<std::vector<StepTime>> takeProfile() override {
    return std::vector<StepTime>();
  }

private:
  ThreadPool &pool;
  /// What compiled code allocated in the last run; outputs may lie there.
  std::vector<AlignedBuffer> dataMemory;
};

class CpuDevice : public Device {
public:
  CpuDevice(std::unique_ptr<ThreadPool> pool, std::unique_ptr<CodeModule> code)
      : pool(std::move(pool)), code(std::move(code)) {}

  const std::string &name() const override { return deviceName; }
  const std::string &level() const override { return code->level(); }
  int threads() const override { return pool->threads(); }
  bool isHost() const override { return true; }

  Expected<DeviceBuffer> allocate(uint64_t bytes,
                                  const char *purpose) override {
    Expected<AlignedBuffer> buffer = AlignedBuffer::allocate(bytes, purpose);
    if (!buffer)
      return buffer.takeError();
    uint64_t size = buffer->size();
    return DeviceBuffer(*this, buffer->release(), size);
  }
  void free(char *memory) noexcept override { std::free(memory); }
  Status checkAddress(const void *, const std::string &) const override {
    return Status();
  }

  Expected<CodeModule::Program>
  program(const std::string &name) const override {
    return code->program(name);
  }

  Status placeWeights(std::vector<ba_tensor> &weights) override {
    for (ba_tensor &weight : weights) {
      size_t alignment = ba_dtype_size(weight.dtype);
      if (reinterpret_cast<uintptr_t>(weight.data) % alignment == 0)
        continue;
      uint64_t bytes = alignment;
      for (int32_t i = 0; i < weight.rank; ++i)
        bytes *= static_cast<uint64_t>(weight.shape[i]);
      Expected<AlignedBuffer> copy = AlignedBuffer::allocate(bytes, "a weight");
      if (!copy)
        return copy.takeError();
      std::memcpy(copy->data(), weight.data, bytes);
      weight.data = copy->data();
      copies.push_back(std::move(*copy));
    }
    return Status();
  }

  Expected<std::unique_ptr<Stream>> createStream() override {
    return std::unique_ptr<Stream>(std::make_unique<CpuStream>(*pool));
  }

  MemoryUse memoryUse() const override { return {0, 0}; }

private:
  const std::string deviceName = "cpu";
  std::unique_ptr<ThreadPool> pool;
  std::unique_ptr<CodeModule> code;
  /// Weights that do not lie at a multiple of their element's size in a file
  /// which is not ours.
  std::vector<AlignedBuffer> copies;
};

} // namespace

Expected<std::unique_ptr<Device>>
blockattn::rt::openCpuDevice(const Artifact &artifact, int threads,
                             const char *level) {
  Expected<std::unique_ptr<ThreadPool>> pool = ThreadPool::create(threads);
  if (!pool)
    return pool.takeError();
  Expected<std::unique_ptr<CodeModule>> code =
      CodeModule::load(artifact, level, CpuExec::api());
  if (!code)
    return code.takeError();
  return std::unique_ptr<Device>(
      std::make_unique<CpuDevice>(std::move(*pool), std::move(*code)));
}

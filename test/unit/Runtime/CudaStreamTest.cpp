//===- CudaStreamTest.cpp - runs and data, by a driver of our own ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FakeDriver.h"

#include <cstring>
#include <numeric>

using namespace blockattn;
using namespace blockattn::rt;
using namespace blockattn::rt::cuda;
using namespace blockattn::test;

namespace {

/// Memory alone.
class GpuMemory : public Device {
public:
  explicit GpuMemory(Gpu &gpu) : gpu(gpu) {}
  const std::string &name() const override { return gpu.name(); }
  const std::string &level() const override { return gpu.name(); }
  int threads() const override { return 3; }
  bool isHost() const override { return false; }
  Expected<DeviceBuffer> allocate(uint64_t bytes,
                                  const char *purpose) override {
    Expected<char *> memory = gpu.allocate(bytes, purpose);
    if (!memory)
      return memory.takeError();
    return DeviceBuffer(*this, *memory, bytes);
  }
  void free(char *memory) noexcept override { gpu.free(memory); }
  Status checkAddress(const void *, const std::string &) const override {
    return Status();
  }
  bool takesAddress(const void *data) const override {
    return address(data) % 16 == 0;
  }
  Expected<CodeModule::Program> program(const std::string &) const override {
    return error(BA_NOT_FOUND, "none");
  }
  Status placeWeights(std::vector<ba_tensor> &) override { return Status(); }
  Expected<std::unique_ptr<Stream>> createStream() override {
    return error(BA_NOT_FOUND, "none");
  }
  MemoryUse memoryUse() const override { return {0, 0}; }

private:
  Gpu &gpu;
};

class CudaStreamRuns : public WithFakeDriver {
protected:
  void SetUp() override {
    WithFakeDriver::SetUp();
    state.version = 13000;
    Expected<std::unique_ptr<KernelModule>> loaded =
        load({{"ptx", kPtx}}, /*waits=*/true);
    ASSERT_TRUE(loaded) << loaded.takeError().text();
    module = std::move(*loaded);
    memory = std::make_unique<GpuMemory>(*gpu);
    cublas = std::make_unique<Cublas>(*gpu, "");
    Expected<std::unique_ptr<Stream>> created =
        CudaStream::create(*memory, *gpu, *cublas, *module);
    ASSERT_TRUE(created) << created.takeError().text();
    stream = std::move(*created);
    info.name = "test";
    program.info = &info;
    program.code.run = [](void **arguments) -> int32_t {
      CudaRun::api()->launch(arguments[0], 0, 1, 1, 1, 32, 1, 1, 0, nullptr);
      return 0;
    };
  }

  Status run() {
    std::vector<void *> arguments(1);
    return stream->run(program, arguments, replay);
  }

  std::unique_ptr<KernelModule> module;
  std::unique_ptr<GpuMemory> memory;
  std::unique_ptr<Cublas> cublas;
  std::unique_ptr<Stream> stream;
  ProgramInfo info;
  Program program{};
  std::unique_ptr<Replay> replay;
};

TEST_F(CudaStreamRuns, RecordingsThatFailAreTriedAgain) {
  auto runs = [&](int count) {
    for (int i = 0; i < count; ++i) {
      Status status = run();
      ASSERT_FALSE(status) << status.text();
    }
  };
  // The run is done all the same.
  state.recordedLaunch = kErrorInvalidSource;
  runs(3);
  EXPECT_EQ(state.recordings, 1);
  EXPECT_EQ(state.launches, 4);
  EXPECT_EQ(state.earlyLaunches, 4);
  runs(5);
  EXPECT_EQ(state.recordings, 1);
  // Whatever it was is gone.
  state.recordedLaunch = kSuccess;
  runs(10);
  EXPECT_EQ(state.recordings, 2);
  EXPECT_GE(state.replays, 5);
}

/// An error, at once, and not a hang.
TEST_F(CudaStreamRuns, LostGpu) {
  ASSERT_FALSE(run());
  state.synchronize = kErrorIllegalAddress;
  Status status = run();
  EXPECT_EQ(std::string(status.text()),
            "cuda:0 (T): program test failed: CUDA_ERROR_OF_A_TEST; the GPU "
            "cannot be used by this process any more. Run again with "
            "CUDA_LAUNCH_BLOCKING=1 to learn which step fails");
  state.synchronize = kSuccess;
  int launches = state.launches, waits = state.synchronizations;
  char byte = 0;
  std::vector<ba_tensor> tensors = {{&byte, BA_U8, 1, {1}}};
  auto isRefused = [](Status later) {
    EXPECT_STREQ(later.text(), "cuda:0 (T) was lost by an earlier error, "
                               "CUDA_ERROR_OF_A_TEST; start the program again");
  };
  isRefused(run());
  isRefused(stream->stage(tensors, {false}));
  isRefused(stream->fetch(&byte, &byte, 1));
  isRefused(stream->copy(&byte, &byte, 1));
  isRefused(stream->copyRows(&byte, 1, &byte, 1, 1, 1));
  isRefused(stream->use(nullptr));
  EXPECT_FALSE(stream->profile(true));
  EXPECT_EQ(state.launches, launches);
  // For what an error may have left under way, and nothing else.
  EXPECT_LE(state.synchronizations, waits + 1);
}

/// The context goes between two runs.
TEST_F(CudaStreamRuns, ContextThatIsGone) {
  ASSERT_FALSE(run());
  int launches = state.launches;
  state.push = kErrorContextIsDestroyed;
  Status status = run();
  EXPECT_NE(std::string(status.text()).find("open the model again"),
            std::string::npos)
      << status.text();
  EXPECT_EQ(state.launches, launches);
  replay.reset();
  stream.reset();
  module.reset();
  EXPECT_EQ(state.depth, 0);
}

//===----------------------------------------------------------------------===//
// Data
//===----------------------------------------------------------------------===//

/// Kernels read 16 bytes at once: what a caller has elsewhere is copied.
TEST_F(CudaStreamRuns, InputsWhoseAddressesNoKernelTakes) {
  alignas(16) float there[12], host[3] = {7, 8, 9};
  std::iota(there, there + 12, 0.0f);
  std::vector<ba_tensor> tensors = {{there, BA_F32, 1, {4}},
                                    {there + 5, BA_F32, 1, {7}},
                                    {host, BA_F32, 1, {3}},
                                    {nullptr, BA_F32, 1, {0}}};
  Status status = stream->stage(tensors, {true, true, false, true});
  ASSERT_FALSE(status) << status.text();
  EXPECT_EQ(tensors[0].data, there);
  EXPECT_EQ(tensors[3].data, nullptr);
  auto *moved = static_cast<float *>(tensors[1].data);
  EXPECT_NE(moved, there + 5);
  EXPECT_EQ(address(moved) % 16, 0u);
  EXPECT_EQ(std::vector<float>(moved, moved + 7),
            std::vector<float>(there + 5, there + 12));
  auto *staged = static_cast<float *>(tensors[2].data);
  EXPECT_NE(staged, host);
  EXPECT_EQ(std::vector<float>(staged, staged + 3),
            std::vector<float>(host, host + 3));
  // At the same place again, so that a recording can be used.
  std::vector<ba_tensor> again = {{there, BA_F32, 1, {4}},
                                  {there + 5, BA_F32, 1, {7}},
                                  {host, BA_F32, 1, {3}},
                                  {nullptr, BA_F32, 1, {0}}};
  ASSERT_FALSE(stream->stage(again, {true, true, false, true}));
  EXPECT_EQ(again[1].data, moved);
}

/// What was begun ends before its memory can go.
TEST_F(CudaStreamRuns, ErrorsAfterStaging) {
  alignas(16) char there[20] = {}, host[4] = {};
  std::vector<ba_tensor> tensors = {{host, BA_U8, 1, {4}},
                                    {there + 1, BA_U8, 1, {19}}};
  state.copyOnDevice = kErrorOutOfMemory;
  int waits = state.synchronizations;
  EXPECT_TRUE(stream->stage(tensors, {false, true}));
  EXPECT_GT(state.synchronizations, waits);
  tensors = {{host, BA_U8, 1, {4}}};
  ASSERT_FALSE(stream->stage(tensors, {false}));
  // The working memory of products.
  state.allocate = kErrorOutOfMemory;
  waits = state.synchronizations;
  EXPECT_TRUE(run());
  EXPECT_EQ(state.launches, 0);
  EXPECT_GT(state.synchronizations, waits);
}

TEST_F(CudaStreamRuns, OutputsGoThroughPinnedMemory) {
  // In one piece, in two, in many, and in the last one's part; by threads.
  for (size_t bytes :
       {size_t(1), size_t(100000), Lane::kMostBytes, Lane::kMostBytes + 1,
        5 * Lane::kMostBytes - 3, (size_t(256) << 20) + 5}) {
    SCOPED_TRACE(bytes);
    std::vector<uint32_t> data(bytes / 4 + 1);
    std::iota(data.begin(), data.end(), 1);
    std::vector<char> host(bytes + 1, 'e');
    Status status = stream->fetch(host.data(), data.data(), bytes);
    ASSERT_FALSE(status) << status.text();
    EXPECT_EQ(std::memcmp(host.data(), data.data(), bytes), 0);
    EXPECT_EQ(host.back(), 'e');
  }
  EXPECT_EQ(state.pageableCopies, 0);
  // What the caller has pinned is written at once.
  void *pinned = nullptr;
  size_t bytes = 3 * Lane::kMostBytes;
  ASSERT_EQ(driver.hostAlloc(&pinned, bytes), kSuccess);
  std::vector<char> data(bytes, 'd');
  state.hostCopies = 0;
  ASSERT_FALSE(stream->fetch(pinned, data.data(), bytes));
  EXPECT_EQ(state.hostCopies, 1);
  EXPECT_EQ(std::memcmp(pinned, data.data(), bytes), 0);
  // Not so if that is a part of it, be it the first or the last.
  char *begin = static_cast<char *>(pinned);
  for (auto [first, size] : {std::pair<size_t, size_t>{0, bytes - 1},
                             {1, bytes - 1},
                             {0, Lane::kMostBytes}}) {
    SCOPED_TRACE(first + size);
    state.memory.erase(begin);
    state.memory[begin + first] = size;
    std::memset(pinned, 'e', bytes);
    state.hostCopies = state.pageableCopies = 0;
    ASSERT_FALSE(stream->fetch(pinned, data.data(), bytes));
    EXPECT_EQ(state.hostCopies, 3);
    EXPECT_EQ(state.pageableCopies, 0);
    EXPECT_EQ(std::memcmp(pinned, data.data(), bytes), 0);
    state.memory.erase(begin + first);
    state.memory[begin] = bytes;
  }
  driver.hostFree(pinned);
}

/// The pinned memory may go, or be used anew, when the error is told.
TEST_F(CudaStreamRuns, CopiesWhoseEndIsNotNoticed) {
  std::vector<char> data(3 * Lane::kMostBytes, 'd'), host(data.size());
  state.eventRecord = kErrorOutOfMemory;
  int waits = state.synchronizations;
  EXPECT_TRUE(stream->fetch(host.data(), data.data(), host.size()));
  EXPECT_EQ(state.hostCopies, 1);
  EXPECT_EQ(state.synchronizations, waits + 1);
  // To the GPU, by a thread with a stream of its own.
  Expected<std::unique_ptr<ThreadPool>> threads = ThreadPool::create(1);
  ASSERT_TRUE(threads);
  waits = state.synchronizations;
  EXPECT_TRUE(
      upload(*gpu, **threads, {{host.data(), data.data(), data.size()}}));
  EXPECT_EQ(state.synchronizations, waits + 1);
  state.eventRecord = kSuccess;
  ASSERT_FALSE(stream->fetch(host.data(), data.data(), host.size()));
  EXPECT_EQ(host, data);
}

/// What there is of a timer is given back.
TEST_F(CudaStreamRuns, TimersThatAreNotMade) {
  for (int missing : {1, 2}) {
    SCOPED_TRACE(missing);
    int live = state.liveEvents;
    ASSERT_FALSE(stream->profile(true));
    state.missingEvent = state.madeEvents + missing;
    EXPECT_TRUE(run());
    EXPECT_EQ(state.liveEvents, live + missing - 1);
    Expected<std::vector<StepTime>> times = stream->takeProfile();
    ASSERT_TRUE(times) << times.takeError().text();
    EXPECT_TRUE(times->empty());
    EXPECT_EQ(state.liveEvents, live);
    // The next run has its timers.
    ASSERT_FALSE(run());
    EXPECT_EQ(state.liveEvents, live + 2);
    ASSERT_FALSE(stream->profile(false));
    EXPECT_EQ(state.liveEvents, live);
  }
}

} // namespace

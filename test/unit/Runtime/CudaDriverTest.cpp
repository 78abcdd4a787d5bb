//===- CudaDriverTest.cpp - what the driver may answer --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Errors that no GPU gives on demand, from a driver made here: memory is the
// host's, and kernels do nothing.
//
//===----------------------------------------------------------------------===//

#include "Artifact/Artifact.h"
#include "Cuda/CudaStream.h"
#include "TestArtifact.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <set>

using namespace blockattn;
using namespace blockattn::rt;
using namespace blockattn::rt::cuda;
using blockattn::test::TemporaryFile;

namespace {

constexpr Result kErrorUnknown = 999;

/// What the driver is to answer, and what it was asked.
struct {
  /// Each of these images is no good.
  Result image;
  /// While a run is recorded.
  Result recordedLaunch;
  /// After memory was taken.
  Result synchronize;
  bool isRecording;
  int launches, earlyLaunches, recordings, replays;
  int version;
  std::set<void *> memory;
  std::vector<std::string> images;
} state;

Result takeMemory(void **memory, size_t bytes) {
  *memory = std::malloc(std::max<size_t>(bytes, 1));
  state.memory.insert(*memory);
  return kSuccess;
}

Result giveBack(void *memory) {
  std::free(memory);
  return state.memory.erase(memory) ? kSuccess : kErrorUnknown;
}

void *pointer(Address address) { return reinterpret_cast<void *>(address); }

/// A GPU of compute capability 9.0 with memory pools. What the runtime has no
/// use for in these tests stays null.
Driver makeDriver() {
  Driver driver;
  driver.getErrorName = [](Result, const char **name) {
    *name = "CUDA_ERROR_OF_A_TEST";
    return kSuccess + 0;
  };
  driver.getErrorString = [](Result, const char **) { return kSuccess + 0; };
  driver.deviceCount = [](int *count) { return (*count = 1, kSuccess + 0); };
  driver.deviceGet = [](DeviceId *device, int) {
    return (*device = 0, kSuccess + 0);
  };
  driver.deviceName = [](char *name, int, DeviceId) {
    return (name[0] = 'T', name[1] = 0, kSuccess + 0);
  };
  driver.deviceAttribute = [](int *value, int attribute, DeviceId) {
    *value = attribute == kComputeCapabilityMajor   ? 9
             : attribute == kComputeCapabilityMinor ? 0
             : attribute == kMaxSharedMemoryOptin   ? 1 << 17
                                                    : 1;
    return kSuccess + 0;
  };
  driver.contextRetain = [](Context *, DeviceId) { return kSuccess + 0; };
  driver.contextRelease = [](DeviceId) { return kSuccess + 0; };
  driver.contextPush = [](Context) { return kSuccess + 0; };
  driver.contextPop = [](Context *) { return kSuccess + 0; };
  driver.streamCreate = [](StreamHandle *stream, unsigned) {
    static int place;
    return (*stream = reinterpret_cast<StreamHandle>(&place), kSuccess + 0);
  };
  driver.streamDestroy = [](StreamHandle) { return kSuccess + 0; };
  driver.streamSynchronize = [](StreamHandle) { return state.synchronize; };
  driver.poolCreate = [](Pool *pool, const PoolProperties *) {
    static int place;
    return (*pool = reinterpret_cast<Pool>(&place), kSuccess + 0);
  };
  driver.poolDestroy = [](Pool) { return kSuccess + 0; };
  driver.poolSetAttribute = [](Pool, int, void *) { return kSuccess + 0; };
  driver.poolAlloc = [](Address *place, size_t bytes, Pool, StreamHandle) {
    void *memory = nullptr;
    Result result = takeMemory(&memory, bytes);
    *place = address(memory);
    return result;
  };
  driver.poolFree = [](Address place, StreamHandle) {
    return giveBack(pointer(place));
  };
  driver.hostAlloc = takeMemory;
  driver.hostFree = giveBack;
  driver.captureBegin = [](StreamHandle, int) {
    state.isRecording = true;
    ++state.recordings;
    return kSuccess + 0;
  };
  driver.captureEnd = [](StreamHandle, Graph *) {
    return (state.isRecording = false, kSuccess + 0);
  };
  driver.graphInstantiate = [](GraphExec *graph, Graph, unsigned long long) {
    static int place;
    return (*graph = reinterpret_cast<GraphExec>(&place), kSuccess + 0);
  };
  driver.graphLaunch = [](GraphExec, StreamHandle) {
    return (++state.replays, kSuccess + 0);
  };
  driver.graphDestroy = [](Graph) { return kSuccess + 0; };
  driver.graphExecDestroy = [](GraphExec) { return kSuccess + 0; };
  driver.moduleLoad = [](ModuleHandle *module, const void *image, unsigned,
                         int *, void **) -> Result {
    state.images.push_back(
        std::string(static_cast<const char *>(image)).substr(0, 5));
    // Text is PTX.
    if (state.image != kSuccess && *static_cast<const char *>(image) == '\177')
      return state.image;
    static int place;
    *module = reinterpret_cast<ModuleHandle>(&place);
    return kSuccess;
  };
  driver.moduleUnload = [](ModuleHandle) { return kSuccess + 0; };
  driver.moduleFunction = [](Function *, ModuleHandle, const char *) {
    return kSuccess + 0;
  };
  driver.functionAttribute = [](int *value, int, Function) {
    return (*value = 0, kSuccess + 0);
  };
  driver.functionSetAttribute = [](Function, int, int) { return kSuccess + 0; };
  driver.driverVersion = [](int *version) {
    return (*version = state.version, kSuccess + 0);
  };
  driver.launch = [](const LaunchConfig *config, Function, void **,
                     void **) -> Result {
    ++state.launches;
    state.earlyLaunches += config->attributeCount;
    return state.isRecording ? state.recordedLaunch : kSuccess + 0;
  };
  return driver;
}

class CudaDriver : public testing::Test {
protected:
  void SetUp() override {
    state = {};
    Expected<std::unique_ptr<Gpu>> opened = Gpu::open(driver, 0);
    ASSERT_TRUE(opened) << opened.takeError().text();
    gpu = std::move(*opened);
  }

  /// Loads kernels from an artifact with these sections.
  Expected<std::unique_ptr<KernelModule>> load(const test::Sections &code,
                                               bool waits = false) {
    nlohmann::json manifest = test::testManifest();
    manifest["target"] = "cuda";
    manifest["kernels"] = nlohmann::json::array({{{"name", "nothing"}}});
    test::Sections sections = {{"manifest", manifest.dump()}};
    sections.insert(sections.end(), code.begin(), code.end());
    TemporaryFile file(test::makeArtifact(sections));
    Expected<std::unique_ptr<rt::Artifact>> artifact =
        rt::Artifact::open(file.path());
    if (!artifact)
      return artifact.takeError();
    rt::Manifest parsed;
    parsed.kernels = {{"nothing", waits}};
    return KernelModule::load(*gpu, **artifact, parsed);
  }

  Driver driver = makeDriver();
  std::unique_ptr<Gpu> gpu;
};

/// Machine code as far as the runtime looks at it.
const std::string kCubin = "\177ELF" + std::string(80, 'x');
const std::string kPtx = ".version 7.0\n";

TEST_F(CudaDriver, MachineCodeThatIsRejected) {
  auto level = [&](const test::Sections &code) {
    Expected<std::unique_ptr<KernelModule>> module = load(code);
    return module ? (*module)->level() : module.takeError().text();
  };
  EXPECT_EQ(level({{"cubin.sm_90a", kCubin}, {"ptx", kPtx}}), "sm_90a");
  // Nothing of another format gets to the driver, which is not told its size.
  state.images.clear();
  EXPECT_EQ(level({{"cubin.sm_90a", ""}, {"ptx", kPtx}}),
            "ptx (cubin.sm_90a is rejected: CUDA_ERROR_OF_A_TEST)");
  EXPECT_EQ(level({{"cubin.sm_90a", "\177ELF"}, {"ptx", kPtx}}),
            "ptx (cubin.sm_90a is rejected: CUDA_ERROR_OF_A_TEST)");
  EXPECT_EQ(level({{"cubin.sm_90a", std::string(100, 'x')},
                   {"cubin.sm_90", kCubin},
                   {"ptx", kPtx}}),
            "sm_90 (cubin.sm_90a is rejected: CUDA_ERROR_OF_A_TEST)");
  EXPECT_EQ(state.images,
            (std::vector<std::string>{".vers", ".vers", "\177ELFx"}));
  for (Result result :
       {kErrorInvalidImage, kErrorNoBinaryForGpu, kErrorInvalidSource}) {
    state.image = result;
    EXPECT_EQ(level({{"cubin.sm_90", kCubin}, {"ptx", kPtx}}),
              "ptx (cubin.sm_90 is rejected: CUDA_ERROR_OF_A_TEST)");
  }
  std::string message = level({{"cubin.sm_90", kCubin}});
  EXPECT_NE(message.find("has no kernels that cuda:0 (T) takes, and no PTX: "
                         "cubin.sm_90 is rejected"),
            std::string::npos)
      << message;
  // What is no fault of the code is not hidden.
  state.image = kErrorOutOfMemory;
  message = level({{"cubin.sm_90", kCubin}, {"ptx", kPtx}});
  EXPECT_NE(message.find("loading section 'cubin.sm_90'"), std::string::npos)
      << message;
}

TEST_F(CudaDriver, MemoryIsGivenBackAfterAnError) {
  state.synchronize = kErrorUnknown;
  EXPECT_FALSE(gpu->allocate(1000, "a test"));
  EXPECT_TRUE(state.memory.empty());
  EXPECT_EQ(gpu->currentBytes(), 0u);
  state.synchronize = kSuccess;
  Expected<char *> memory = gpu->allocate(1000, "a test");
  ASSERT_TRUE(memory);
  EXPECT_EQ(state.memory.size(), 1u);
  EXPECT_EQ(gpu->peakBytes(), 1024u);
  gpu->free(*memory);
  gpu->resetPeak();
  EXPECT_EQ(gpu->peakBytes(), 0u);
  EXPECT_TRUE(state.memory.empty());
}

/// Memory alone.
class GpuMemory : public Device {
public:
  explicit GpuMemory(Gpu &gpu) : gpu(gpu) {}
  const std::string &name() const override { return gpu.name(); }
  const std::string &level() const override { return gpu.name(); }
  int threads() const override { return 1; }
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

/// A kernel that waits itself is started early, where that can be recorded.
TEST_F(CudaDriver, KernelsThatWait) {
  auto startsEarly = [&](int version, bool waits) {
    state.version = version;
    Expected<std::unique_ptr<KernelModule>> module =
        load({{"ptx", kPtx}}, waits);
    return module && (*module)->kernels().front().startsEarly;
  };
  EXPECT_TRUE(startsEarly(12030, true));
  EXPECT_FALSE(startsEarly(12030, false));
  EXPECT_FALSE(startsEarly(12020, true));
}

TEST_F(CudaDriver, RecordingsThatFailAreTriedAgain) {
  state.version = 13000;
  Expected<std::unique_ptr<KernelModule>> module =
      load({{"ptx", kPtx}}, /*waits=*/true);
  ASSERT_TRUE(module) << module.takeError().text();
  GpuMemory memory(*gpu);
  Cublas cublas(*gpu, "");
  Expected<std::unique_ptr<Stream>> stream =
      CudaStream::create(memory, *gpu, cublas, **module);
  ASSERT_TRUE(stream);
  ProgramInfo info;
  info.name = "test";
  Program program{&info, {}, {}};
  program.code.run = [](void **arguments) -> int32_t {
    CudaRun::api()->launch(arguments[0], 0, 1, 1, 1, 32, 1, 1, 0, nullptr);
    return 0;
  };
  std::unique_ptr<Replay> replay;
  auto runs = [&](int count) {
    for (int i = 0; i < count; ++i) {
      std::vector<void *> arguments(1);
      Status status = (*stream)->run(program, arguments, replay);
      ASSERT_FALSE(status) << status.text();
    }
  };
  // The run is done all the same.
  state.recordedLaunch = kErrorUnknown;
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

} // namespace

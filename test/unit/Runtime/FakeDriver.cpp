//===- FakeDriver.cpp - a CUDA driver that answers as told ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FakeDriver.h"
#include "Artifact/Artifact.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>

using namespace blockattn;
using namespace blockattn::rt;
using namespace blockattn::rt::cuda;
using namespace blockattn::test;

FakeDriverState blockattn::test::state;
const std::string blockattn::test::kCubin = "\177ELF" + std::string(80, 'x');
const std::string blockattn::test::kPtx = ".version 7.0\n";

namespace {

/// Transfers ask by several threads.
std::mutex mutex;

Result takeMemory(void **memory, size_t bytes) {
  std::lock_guard<std::mutex> lock(mutex);
  *memory = std::malloc(std::max<size_t>(bytes, 1));
  state.memory[static_cast<char *>(*memory)] = bytes;
  return kSuccess;
}

Result giveBack(void *memory) {
  std::lock_guard<std::mutex> lock(mutex);
  size_t known = state.memory.erase(static_cast<char *>(memory));
  std::free(memory);
  return known ? kSuccess : kErrorUnknown;
}

/// Whether the driver handed all of it out.
bool isOurs(const void *data, size_t bytes) {
  auto next = state.memory.upper_bound(
      const_cast<char *>(static_cast<const char *>(data)));
  if (next == state.memory.begin())
    return false;
  auto [begin, size] = *std::prev(next);
  return static_cast<const char *>(data) + bytes <= begin + size;
}

void *pointer(Address address) { return reinterpret_cast<void *>(address); }

} // namespace

Driver blockattn::test::makeDriver() {
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
  driver.contextRetain = [](Context *context, DeviceId) -> Result {
    static int place;
    if (state.retain == kSuccess)
      *context = reinterpret_cast<Context>(&place);
    return state.retain;
  };
  driver.contextRelease = [](DeviceId) { return kSuccess + 0; };
  driver.contextPush = [](Context) {
    std::lock_guard<std::mutex> lock(mutex);
    state.depth += state.push == kSuccess;
    return state.push;
  };
  driver.contextPop = [](Context *) {
    std::lock_guard<std::mutex> lock(mutex);
    return (--state.depth, kSuccess + 0);
  };
  driver.pointerAttributes = [](unsigned, int *attributes, void **values,
                                Address place) -> Result {
    std::lock_guard<std::mutex> lock(mutex);
    bool isKnown = isOurs(pointer(place), 1);
    if (attributes[0] == kPointerMemoryType)
      *static_cast<unsigned *>(values[0]) = isKnown;
    return isKnown ? kSuccess + 0 : kErrorInvalidContext + 0;
  };
  driver.memoryInfo = [](size_t *available, size_t *total) {
    *available = size_t(3) << 30;
    *total = size_t(140) << 30;
    return state.memoryInfo;
  };
  driver.streamCreate = [](StreamHandle *stream, unsigned) {
    static int place;
    return (*stream = reinterpret_cast<StreamHandle>(&place), kSuccess + 0);
  };
  driver.streamDestroy = [](StreamHandle) { return kSuccess + 0; };
  driver.streamSynchronize = [](StreamHandle) {
    return (++state.synchronizations, state.synchronize);
  };
  driver.poolCreate = [](Pool *pool, const PoolProperties *) {
    static int place;
    return (*pool = reinterpret_cast<Pool>(&place), kSuccess + 0);
  };
  driver.poolDestroy = [](Pool) { return kSuccess + 0; };
  driver.poolSetAttribute = [](Pool, int, void *) { return kSuccess + 0; };
  driver.poolTrim = [](Pool, size_t) { return (++state.trims, kSuccess + 0); };
  driver.poolAlloc = [](Address *place, size_t bytes, Pool, StreamHandle) {
    if (state.allocate != kSuccess)
      return state.allocate;
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
  driver.copyToDevice = [](Address to, const void *from, size_t bytes,
                           StreamHandle) {
    return (std::memcpy(pointer(to), from, bytes), kSuccess + 0);
  };
  driver.copyOnDevice = [](Address to, Address from, size_t bytes,
                           StreamHandle) {
    if (state.copyOnDevice == kSuccess)
      std::memcpy(pointer(to), pointer(from), bytes);
    return state.copyOnDevice;
  };
  driver.copyToHost = [](void *to, Address from, size_t bytes, StreamHandle) {
    std::lock_guard<std::mutex> lock(mutex);
    ++state.hostCopies;
    state.pageableCopies += !isOurs(to, bytes);
    return (std::memcpy(to, pointer(from), bytes), kSuccess + 0);
  };
  driver.eventCreate = [](Event *event, unsigned) -> Result {
    static int place;
    std::lock_guard<std::mutex> lock(mutex);
    if (++state.madeEvents == state.missingEvent)
      return kErrorOutOfMemory;
    ++state.liveEvents;
    *event = reinterpret_cast<Event>(&place);
    return kSuccess;
  };
  driver.eventDestroy = [](Event) {
    std::lock_guard<std::mutex> lock(mutex);
    return (--state.liveEvents, kSuccess + 0);
  };
  driver.eventRecord = [](Event, StreamHandle) { return state.eventRecord; };
  driver.eventSynchronize = [](Event) { return kSuccess + 0; };
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

void WithFakeDriver::SetUp() {
  state = {};
  Expected<std::unique_ptr<Gpu>> opened = Gpu::open(driver, 0);
  ASSERT_TRUE(opened) << opened.takeError().text();
  gpu = std::move(*opened);
}

Expected<std::unique_ptr<KernelModule>>
WithFakeDriver::load(const Sections &code, bool waits) {
  nlohmann::json manifest = testManifest();
  manifest["target"] = "cuda";
  manifest["kernels"] = nlohmann::json::array({{{"name", "nothing"}}});
  Sections sections = {{"manifest", manifest.dump()}};
  sections.insert(sections.end(), code.begin(), code.end());
  TemporaryFile file(makeArtifact(sections));
  Expected<std::unique_ptr<rt::Artifact>> artifact =
      rt::Artifact::open(file.path());
  if (!artifact)
    return artifact.takeError();
  rt::Manifest parsed;
  parsed.kernels = {{"nothing", waits}};
  return KernelModule::load(*gpu, **artifact, parsed);
}

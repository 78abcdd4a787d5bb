//===- Gpu.cpp - a GPU: its context, memory and errors --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Cuda/Gpu.h"

#include <algorithm>
#include <cinttypes>

using namespace blockattn::rt;
using namespace blockattn::rt::cuda;

namespace {

/// Memory that was given back and stays with the process for the next block:
/// taking it from the system costs more than encoding a short block.
constexpr uint64_t kKeptBytes = uint64_t(1) << 30;
constexpr uint64_t kAlignment = 256;

/// The context was taken away, by cudaDeviceReset or a library that calls it:
/// the GPU itself is well.
bool isReset(Result result) {
  return result == kErrorContextIsDestroyed || result == kErrorInvalidContext;
}

/// After these nothing works in the context any more. Where a kernel went
/// wrong that is so until the process ends, as cuda.h says of each.
bool isFatal(Result result) {
  switch (result) {
  case kErrorDeinitialized:
  case kErrorDeviceUnavailable:
  case kErrorEccUncorrectable:
  case kErrorNvlinkUncorrectable:
  case kErrorContained:
  case kErrorIllegalAddress:
  case kErrorLaunchTimeout:
  case kErrorContextIsDestroyed:
  case kErrorAssert:
  case kErrorHardwareStackError:
  case kErrorIllegalInstruction:
  case kErrorMisalignedAddress:
  case kErrorInvalidAddressSpace:
  case kErrorInvalidPc:
  case kErrorLaunchFailed:
  case kErrorTensorMemoryLeak:
  case kErrorMpsClientTerminated:
  case kErrorUnknown:
    return true;
  default:
    return false;
  }
}

} // namespace

Expected<std::unique_ptr<Gpu>> Gpu::open(int ordinal) {
  Expected<const Driver *> driver = Driver::get();
  if (!driver)
    return driver.takeError();
  return open(**driver, ordinal);
}

Expected<std::unique_ptr<Gpu>> Gpu::open(const Driver &driver, int ordinal) {
  std::unique_ptr<Gpu> gpu(new Gpu(driver));
  if (Status status = gpu->start(ordinal))
    return status;
  return gpu;
}

Status Gpu::start(int ordinal) {
  shortName = fullName = "cuda:" + std::to_string(ordinal);
  int count = 0;
  if (Status status = check(api->deviceCount(&count), "counting the GPUs"))
    return status;
  if (ordinal >= count)
    return error(
        BA_NOT_FOUND,
        "there is no device cuda:%d; this machine shows %d GPU%s%s", ordinal,
        count, count == 1 ? "" : "s",
        count ? (", cuda:0 to cuda:" + std::to_string(count - 1)).c_str() : "");
  if (Status status = check(api->deviceGet(&device, ordinal), "opening it"))
    return status;
  char text[256] = "";
  if (Status status =
          check(api->deviceName(text, sizeof text, device), "opening it"))
    return status;
  modelName = text;
  fullName = shortName + " (" + modelName + ")";
  int major = 0, minor = 0, hasPools = 0;
  struct {
    DeviceAttribute attribute;
    int *value;
  } wanted[] = {{kComputeCapabilityMajor, &major},
                {kComputeCapabilityMinor, &minor},
                {kMaxSharedMemoryOptin, &maxShared},
                {kMemoryPoolsSupported, &hasPools}};
  for (auto &entry : wanted)
    if (Status status =
            check(api->deviceAttribute(entry.value, entry.attribute, device),
                  "asking for its properties"))
      return status;
  capability = 10 * major + minor;
  if (capability < 80)
    return error(BA_UNSUPPORTED,
                 "%s has compute capability %d.%d, and 8.0 is needed; use a "
                 "newer GPU or compile the model with --target=cpu",
                 fullName.c_str(), major, minor);
  Result retained = api->contextRetain(&context, device);
  if (retained == kErrorDeviceUnavailable)
    return error(BA_UNSUPPORTED,
                 "%s cannot be used: %s; another process may have it to "
                 "itself (nvidia-smi shows its compute mode)",
                 fullName.c_str(), api->describe(retained).c_str());
  if (Status status = check(retained, "making a context"))
    return status;
  Scope scope(*this);
  if (Status status = scope.failure())
    return status;
  if (Status status =
          check(api->streamCreate(&memoryStream, kStreamNonBlocking),
                "making a stream"))
    return status;
  return hasPools ? createPool() : Status();
}

Status Gpu::createPool() {
  PoolProperties properties{};
  properties.allocationType = 1; // Pinned, the only type.
  properties.locationType = 1;   // A device.
  properties.locationId = device;
  if (Status status =
          check(api->poolCreate(&pool, &properties), "making a memory pool"))
    return status;
  uint64_t kept = kKeptBytes;
  return check(api->poolSetAttribute(pool, kPoolReleaseThreshold, &kept),
               "making a memory pool");
}

Gpu::~Gpu() {
  if (!context)
    return;
  if (Scope scope(*this); scope) {
    if (pool)
      api->poolDestroy(pool);
    if (memoryStream)
      api->streamDestroy(memoryStream);
  }
  api->contextRelease(device);
}

Gpu::Scope::Scope(const Gpu &gpu) : gpu(gpu) {
  Result result = gpu.api->contextPush(gpu.context);
  isEntered = result == kSuccess;
  if (!isEntered)
    gpu.lose(result);
}

Gpu::Scope::~Scope() {
  Context ignored;
  if (isEntered)
    gpu.api->contextPop(&ignored);
}

/// The first error is the one that tells.
void Gpu::lose(Result result) const {
  Result none = kSuccess;
  fatal.compare_exchange_strong(none, result);
}

Status Gpu::check(Result result, const std::string &what) {
  if (result == kSuccess)
    return Status();
  // Before there is a context there is nothing to lose.
  if (isFatal(result) && context) {
    lose(result);
    if (isReset(result))
      return error(BA_INTERNAL, "%s: %s failed: %s", fullName.c_str(),
                   what.c_str(), checkAlive().text());
    return error(BA_INTERNAL,
                 "%s: %s failed: %s; the GPU cannot be used by this process "
                 "any more. Run again with CUDA_LAUNCH_BLOCKING=1 to learn "
                 "which step fails",
                 fullName.c_str(), what.c_str(), api->describe(result).c_str());
  }
  return error(result == kErrorOutOfMemory ? BA_OUT_OF_MEMORY : BA_INTERNAL,
               "%s: %s failed: %s", fullName.c_str(), what.c_str(),
               api->describe(result).c_str());
}

Status Gpu::checkAlive() const {
  Result result = fatal;
  if (result == kSuccess)
    return Status();
  if (isReset(result))
    return error(BA_INTERNAL,
                 "the context of %s is gone, %s: somebody in this process "
                 "reset the GPU (cudaDeviceReset does); open the model again",
                 fullName.c_str(), api->describe(result).c_str());
  return error(BA_INTERNAL,
               "%s was lost by an earlier error, %s; start the program again",
               fullName.c_str(), api->describe(result).c_str());
}

Status Gpu::checkAddress(const void *data, const std::string &what) const {
  Scope scope(*this);
  if (Status status = scope.failure())
    return status;
  unsigned kind = 0;
  int owner = -1;
  int attributes[] = {kPointerMemoryType, kPointerDeviceOrdinal};
  void *values[] = {&kind, &owner};
  // Of memory that CUDA knows nothing of, the type stays 0.
  bool isKnown = api->pointerAttributes(2, attributes, values, address(data)) ==
                     kSuccess &&
                 kind != 0;
  if (isKnown && kind == kMemoryOnDevice && owner != device)
    return error(BA_INVALID_ARGUMENT,
                 "%s lies on cuda:%d, and the model on %s; copy it there or "
                 "open the model on that GPU",
                 what.c_str(), owner, fullName.c_str());
  // Pinned memory of the host has a place in the GPU's addresses as well.
  if (!isKnown)
    return error(BA_INVALID_ARGUMENT,
                 "%s is given as memory of %s, and its address is none there; "
                 "give memory of the host by ba_session_set_input or "
                 "ba_session_set_output",
                 what.c_str(), fullName.c_str());
  return Status();
}

bool Gpu::isPinned(const void *data, uint64_t bytes) const {
  auto isKnown = [&](uint64_t offset) {
    unsigned kind = 0;
    int attributes[] = {kPointerMemoryType};
    void *values[] = {&kind};
    // cuPointerGetAttributes, other than cuPointerGetAttribute, takes any
    // address, and leaves the type 0 where CUDA knows nothing of it.
    return api->pointerAttributes(1, attributes, values,
                                  address(data) + offset) == kSuccess &&
           kind != 0;
  };
  return bytes && isKnown(0) && isKnown(bytes - 1);
}

Status Gpu::checkStream(StreamHandle stream) const {
  Scope scope(*this);
  if (Status status = scope.failure())
    return status;
  Context owner = nullptr;
  Result result = api->streamContext(stream, &owner);
  if (result == kSuccess && owner == context)
    return Status();
  return error(BA_INVALID_ARGUMENT,
               "the stream is none of %s's primary context, the one that "
               "CUDA's runtime library uses%s%s; make it while that GPU is "
               "the current one",
               fullName.c_str(), result == kSuccess ? "" : ": ",
               result == kSuccess ? "" : api->describe(result).c_str());
}

Result Gpu::take(Address &memory, uint64_t bytes) {
  if (!pool)
    return api->memoryAlloc(&memory, bytes);
  if (Result result = api->poolAlloc(&memory, bytes, pool, memoryStream))
    return result;
  // From here on it is the caller's, in whatever stream.
  Result result = api->streamSynchronize(memoryStream);
  if (result != kSuccess) {
    api->poolFree(memory, memoryStream);
    memory = 0;
  }
  return result;
}

Expected<char *> Gpu::allocate(uint64_t wanted, const char *purpose) {
  if (Status status = checkAlive())
    return status;
  // No GPU has more; keeps the sum below from overflowing.
  if (wanted > uint64_t(1) << 47)
    return outOfMemory(wanted, purpose);
  uint64_t bytes =
      std::max((wanted + kAlignment - 1) / kAlignment * kAlignment, kAlignment);
  Scope scope(*this);
  if (Status status = scope.failure())
    return status;
  Address memory = 0;
  Result result = take(memory, bytes);
  if (result == kErrorOutOfMemory && pool) {
    api->poolTrim(pool, 0);
    result = take(memory, bytes);
  }
  if (result == kErrorOutOfMemory)
    return outOfMemory(bytes, purpose);
  if (Status status =
          check(result, "taking memory for " + std::string(purpose)))
    return status;
  std::lock_guard<std::mutex> lock(mutex);
  sizes[memory] = bytes;
  current += bytes;
  peak = std::max<uint64_t>(peak, current);
  return reinterpret_cast<char *>(static_cast<uintptr_t>(memory));
}

void Gpu::resetPeak() {
  std::lock_guard<std::mutex> lock(mutex);
  peak = current.load();
}

Status Gpu::outOfMemory(uint64_t bytes, const char *purpose) {
  size_t available = 0, total = 0;
  std::string room = "too little free";
  if (Scope scope(*this);
      scope && api->memoryInfo(&available, &total) == kSuccess)
    room = bytesText(available) + " free of " + bytesText(total);
  return error(BA_OUT_OF_MEMORY,
               "%s needs %s on %s, which has %s (this model uses %s); use "
               "shorter inputs, release cached blocks, or take a GPU with more "
               "memory",
               purpose, bytesText(bytes).c_str(), fullName.c_str(),
               room.c_str(), bytesText(current).c_str());
}

void Gpu::free(char *memory) noexcept {
  Scope scope(*this);
  Address place = address(memory);
  {
    std::lock_guard<std::mutex> lock(mutex);
    auto found = sizes.find(place);
    if (found != sizes.end()) {
      current -= found->second;
      sizes.erase(found);
    }
  }
  // It went with the context.
  if (!scope)
    return;
  // Whoever used it has waited for the end of that.
  if (pool)
    api->poolFree(place, memoryStream);
  else
    api->memoryFree(place);
}

PinnedBuffer::~PinnedBuffer() {
  if (!memory)
    return;
  if (Gpu::Scope scope(*gpu); scope)
    gpu->driver().hostFree(memory);
}

Status PinnedBuffer::reserve(Gpu &from, uint64_t wanted, const char *purpose) {
  if (memory && bytes >= wanted)
    return Status();
  *this = PinnedBuffer();
  void *fresh = nullptr;
  if (Status status = from.check(
          from.driver().hostAlloc(&fresh, std::max<uint64_t>(wanted, 1)),
          "taking " + bytesText(wanted) + " of host memory for " + purpose))
    return status;
  gpu = &from;
  memory = static_cast<char *>(fresh);
  bytes = wanted;
  return Status();
}

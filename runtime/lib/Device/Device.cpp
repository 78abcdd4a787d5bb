//===- Device.cpp - where a model's programs run --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Device/Device.h"
#include "Cpu/CpuDevice.h"
#include "Cpu/ThreadPool.h"

#include <charconv>
#include <cinttypes>

using namespace blockattn::rt;

DeviceBuffer::~DeviceBuffer() {
  if (memory)
    device->free(memory);
}

Status DeviceBuffer::reserve(Device &from, uint64_t wanted,
                             const char *purpose) {
  if (memory && bytes >= wanted)
    return Status();
  // The old memory goes first: both may not fit.
  *this = DeviceBuffer();
  Expected<DeviceBuffer> fresh = from.allocate(wanted, purpose);
  if (!fresh)
    return fresh.takeError();
  *this = std::move(*fresh);
  return Status();
}

Expected<std::unique_ptr<Device>>
blockattn::rt::openDevice(const Artifact &artifact, const Manifest &manifest,
                          const ba_model_options &options) {
  // More threads than any machine has cores.
  constexpr int32_t mostThreads = 1024;
  if (options.threads < 0 || options.threads > mostThreads)
    return error(BA_INVALID_ARGUMENT,
                 "%" PRId32 " threads: give a number from 1 to %" PRId32
                 ", or 0 for all cores",
                 options.threads, mostThreads);
  if (manifest.target != "cpu")
    return error(BA_UNSUPPORTED,
                 "%s was compiled for target %s, and this runtime runs cpu; "
                 "compile the model with --target=cpu",
                 quote(artifact.path()).c_str(),
                 quote(manifest.target).c_str());
  return openCpuDevice(artifact,
                       options.threads
                           ? options.threads
                           : std::min<int>(availableCores(), mostThreads),
                       options.cpu_level);
}

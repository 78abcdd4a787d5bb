//===- Device.cpp - where a model's programs run --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Device/Device.h"
#include "Cpu/CpuDevice.h"
#include "Cpu/ThreadPool.h"
#include "Cuda/CudaDevice.h"

#include <algorithm>
#include <charconv>
#include <cinttypes>
#include <optional>
#include <string_view>

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

namespace {

/// What an artifact for `target` can run on, for messages.
std::string devicesOf(const std::string &target) {
  return target == "cuda" ? "cuda or cuda:N" : target;
}

/// The N of "cuda:N"; 0 for "cuda"; nothing for another text.
std::optional<int> cudaOrdinal(std::string_view name) {
  constexpr std::string_view kind = "cuda", prefix = "cuda:";
  if (name == kind)
    return 0;
  if (name.substr(0, prefix.size()) != prefix)
    return std::nullopt;
  std::string_view number = name.substr(prefix.size());
  int ordinal = -1;
  auto [end, problem] = std::from_chars(number.begin(), number.end(), ordinal);
  if (problem != std::errc() || end != number.end() || ordinal < 0)
    return std::nullopt;
  return ordinal;
}

} // namespace

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
  int threads = options.threads ? options.threads
                                : std::min<int>(availableCores(), mostThreads);
  std::string subject = quote(artifact.path());
  const std::string &target = manifest.target;
  if (target != "cpu" && target != "cuda")
    return error(BA_UNSUPPORTED,
                 "%s was compiled for target %s, and this runtime runs cpu and "
                 "cuda; compile the model with --target=cpu",
                 subject.c_str(), quote(target).c_str());
  std::string wanted = options.device ? options.device : target;
  std::optional<int> ordinal = cudaOrdinal(wanted);
  if (wanted != "cpu" && !ordinal)
    return error(BA_INVALID_ARGUMENT, "unknown device %s; %s runs on %s",
                 quote(wanted).c_str(), subject.c_str(),
                 devicesOf(target).c_str());
  if (ordinal.has_value() != (target == "cuda"))
    return error(BA_INVALID_ARGUMENT,
                 "%s was compiled for target %s, and cannot run on device %s; "
                 "compile the model with --target=%s",
                 subject.c_str(), target.c_str(), quote(wanted).c_str(),
                 ordinal ? "cuda" : "cpu");
  if (!ordinal && options.tuning_file && *options.tuning_file)
    return error(BA_INVALID_ARGUMENT,
                 "a tuning file, %s, was given, but %s runs on the CPU, where "
                 "nothing is tuned; leave it out",
                 quote(options.tuning_file).c_str(), subject.c_str());
  if (!ordinal)
    return openCpuDevice(artifact, threads, options.cpu_level);
  if (options.cpu_level)
    return error(BA_INVALID_ARGUMENT,
                 "CPU level %s was asked for, but %s runs on a GPU",
                 quote(options.cpu_level).c_str(), subject.c_str());
  return openCudaDevice(artifact, manifest, *ordinal, threads,
                        options.tuning_file ? options.tuning_file
                                            : artifact.path() + ".tuned");
}

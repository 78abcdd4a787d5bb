//===- AlignedBuffer.cpp - owned, aligned memory --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Support/AlignedBuffer.h"
#include "blockattn/kernel_abi.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sys/mman.h>

using namespace blockattn::rt;

namespace {

/// Above this the kernel hands out address space that it may be unable to
/// back, and ends the process later; below, the question is not worth a look.
constexpr uint64_t kLarge = uint64_t(64) << 20;
/// No machine maps more than this; also keeps sums below from overflowing.
constexpr uint64_t kAddressSpace = uint64_t(1) << 47;
constexpr uint64_t kHugePage = uint64_t(2) << 20;

/// Bytes that can be taken without swapping, or all ones where the system
/// does not say.
uint64_t availableMemory() {
  uint64_t available = ~uint64_t(0);
  FILE *file = std::fopen("/proc/meminfo", "re");
  if (!file)
    return available;
  char line[128];
  while (std::fgets(line, sizeof line, file)) {
    unsigned long long kib;
    if (std::sscanf(line, "MemAvailable: %llu kB", &kib) == 1) {
      available = kib * 1024;
      break;
    }
  }
  std::fclose(file);
  return available;
}

} // namespace

AlignedBuffer::~AlignedBuffer() { std::free(memory); }

Expected<AlignedBuffer> AlignedBuffer::allocate(uint64_t bytes,
                                                const char *purpose) {
  AlignedBuffer buffer;
  if (bytes > kLarge) {
    uint64_t available = availableMemory();
    if (bytes > available || bytes > kAddressSpace)
      return error(BA_OUT_OF_MEMORY,
                   "%s needs %s, but only %s of memory are available; use "
                   "shorter inputs or a machine with more memory",
                   purpose, bytesText(bytes).c_str(),
                   bytesText(std::min(available, kAddressSpace)).c_str());
  }
  uint64_t alignment = bytes >= kHugePage ? kHugePage : BA_KERNEL_ALIGNMENT;
  // aligned_alloc takes multiples of the alignment.
  uint64_t rounded =
      bytes == 0 ? alignment : (bytes + alignment - 1) / alignment * alignment;
  buffer.memory = static_cast<char *>(std::aligned_alloc(alignment, rounded));
  if (!buffer.memory)
    return error(BA_OUT_OF_MEMORY, "%s needs %s, which could not be allocated",
                 purpose, bytesText(bytes).c_str());
#ifdef MADV_HUGEPAGE
  if (alignment == kHugePage)
    madvise(buffer.memory, rounded, MADV_HUGEPAGE);
#endif
  buffer.bytes = bytes;
  return buffer;
}

Status AlignedBuffer::reserve(uint64_t wanted, const char *purpose) {
  if (memory && bytes >= wanted)
    return Status();
  // The old memory goes first: both may not fit.
  *this = AlignedBuffer();
  Expected<AlignedBuffer> fresh = allocate(wanted, purpose);
  if (!fresh)
    return fresh.takeError();
  *this = std::move(*fresh);
  return Status();
}

//===- MemoryPlan.cpp - where the buffers of a program lie ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Cpu/MemoryPlan.h"
#include "Support/Checked.h"
#include "blockattn/kernel_abi.h"

#include <algorithm>
#include <cinttypes>
#include <numeric>

using namespace blockattn::rt;

namespace {

/// What one buffer may take: sums of a few of these stay far from overflow.
constexpr int64_t kLargest = int64_t(1) << 56;

struct Placed {
  uint64_t begin;
  uint64_t end;
  size_t buffer;
};

} // namespace

Expected<MemoryPlan>
blockattn::rt::planMemory(const std::vector<BufferInfo> &lifetimes,
                          const int64_t *sizes) {
  size_t count = lifetimes.size();
  std::vector<uint64_t> bytes(count);
  for (size_t i = 0; i < count; ++i) {
    if (sizes[i] < 0 || sizes[i] > kLargest)
      return error(BA_OUT_OF_MEMORY,
                   "a buffer of %" PRId64 " bytes is needed for inputs of "
                   "these shapes; use shorter inputs",
                   sizes[i]);
    bytes[i] = (static_cast<uint64_t>(sizes[i]) + BA_KERNEL_ALIGNMENT - 1) /
               BA_KERNEL_ALIGNMENT * BA_KERNEL_ALIGNMENT;
  }
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return bytes[a] != bytes[b] ? bytes[a] > bytes[b] : a < b;
  });

  MemoryPlan plan;
  plan.offsets.assign(count, 0);
  // Sorted by their begin.
  std::vector<Placed> placed;
  placed.reserve(count);
  for (size_t buffer : order) {
    if (bytes[buffer] == 0)
      continue;
    const BufferInfo &life = lifetimes[buffer];
    uint64_t bestOffset = 0, bestGap = UINT64_MAX, free = 0;
    bool found = false;
    for (const Placed &other : placed) {
      const BufferInfo &otherLife = lifetimes[other.buffer];
      if (otherLife.last < life.first || life.last < otherLife.first)
        continue;
      if (other.begin > free) {
        uint64_t gap = other.begin - free;
        if (gap >= bytes[buffer] && gap < bestGap) {
          bestGap = gap;
          bestOffset = free;
          found = true;
        }
      }
      free = std::max(free, other.end);
    }
    uint64_t offset = found ? bestOffset : free;
    std::optional<uint64_t> end = checkedAdd(offset, bytes[buffer]);
    if (!end || *end > static_cast<uint64_t>(INT64_MAX))
      return error(BA_OUT_OF_MEMORY,
                   "inputs of these shapes need more memory than can be "
                   "addressed; use shorter inputs");
    plan.offsets[buffer] = offset;
    plan.arenaBytes = std::max(plan.arenaBytes, *end);
    Placed entry{offset, *end, buffer};
    placed.insert(std::upper_bound(placed.begin(), placed.end(), entry,
                                   [](const Placed &a, const Placed &b) {
                                     return a.begin < b.begin;
                                   }),
                  entry);
  }
  return plan;
}

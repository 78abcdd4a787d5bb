//===- MemoryRange.cpp - where the tensors of a run lie -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Session/MemoryRange.h"

#include <algorithm>

using namespace blockattn::rt;

namespace {

uintptr_t beginOf(const MemoryRange &range) {
  return reinterpret_cast<uintptr_t>(range.begin);
}

uintptr_t endOf(const MemoryRange &range) {
  return beginOf(range) + static_cast<uint64_t>(range.bytes);
}

Status shared(const MemoryRange &first, const MemoryRange &second) {
  if (first.isOutput && second.isOutput)
    return error(BA_INVALID_ARGUMENT,
                 "outputs %s and %s would be written to the same memory; give "
                 "each memory of its own",
                 quote(*first.name).c_str(), quote(*second.name).c_str());
  const MemoryRange &output = first.isOutput ? first : second;
  const MemoryRange &input = first.isOutput ? second : first;
  return error(BA_INVALID_ARGUMENT,
               "output %s would be written to memory of input %s, which may be "
               "read later; give each memory of its own (a view of an output "
               "is valid until the next run: copy it to have it as an input)",
               quote(*output.name).c_str(), quote(*input.name).c_str());
}

} // namespace

Status blockattn::rt::checkApart(std::vector<MemoryRange> ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const MemoryRange &a, const MemoryRange &b) {
              return beginOf(a) < beginOf(b);
            });
  // Of those before, the ones that reach farthest.
  const MemoryRange *any = nullptr, *output = nullptr;
  auto keepFarthest = [](const MemoryRange *&best, const MemoryRange &range) {
    if (!best || endOf(range) > endOf(*best))
      best = &range;
  };
  for (const MemoryRange &range : ranges) {
    if (range.bytes == 0)
      continue;
    // Inputs may share what they like.
    const MemoryRange *other = range.isOutput ? any : output;
    if (other && endOf(*other) > beginOf(range))
      return shared(*other, range);
    keepFarthest(any, range);
    if (range.isOutput)
      keepFarthest(output, range);
  }
  return Status();
}

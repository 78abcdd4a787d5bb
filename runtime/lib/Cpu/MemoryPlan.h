//===- MemoryPlan.h - where the buffers of a program lie --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_CPU_MEMORYPLAN_H
#define BLOCKATTN_RUNTIME_CPU_MEMORYPLAN_H

#include "Artifact/Manifest.h"
#include "Support/Status.h"

#include <cstdint>
#include <vector>

namespace blockattn::rt {

/// Offsets into one arena: buffers that are alive at the same step do not
/// overlap.
struct MemoryPlan {
  std::vector<uint64_t> offsets;
  uint64_t arenaBytes = 0;
};

/// Places buffers of the given sizes (bytes) and lifetimes, largest first,
/// each into the smallest gap that holds it. An error if a size is negative or
/// the sum does not fit in an address space.
Expected<MemoryPlan> planMemory(const std::vector<BufferInfo> &lifetimes,
                                const int64_t *sizes);

} // namespace blockattn::rt

#endif // BLOCKATTN_RUNTIME_CPU_MEMORYPLAN_H

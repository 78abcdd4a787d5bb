//===- MemoryRange.h - where the tensors of a run lie -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_SESSION_MEMORYRANGE_H
#define BLOCKATTN_RUNTIME_SESSION_MEMORYRANGE_H

#include "Support/Status.h"

#include <cstdint>
#include <string>
#include <vector>

namespace blockattn::rt {

/// The memory of an input or an output, as the device knows it.
struct MemoryRange {
  const void *begin;
  int64_t bytes;
  bool isOutput;
  /// For messages; it must live as long.
  const std::string *name;
};

/// That no output shares memory with an input or with another output. Compiled
/// code relies on it: what is independent is done together, or in another order
/// than the graph's, so that an output may be there before all inputs are read.
Status checkApart(std::vector<MemoryRange> ranges);

} // namespace blockattn::rt

#endif // BLOCKATTN_RUNTIME_SESSION_MEMORYRANGE_H

//===- Descriptor.h - tensors as compiled code takes them -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_DEVICE_DESCRIPTOR_H
#define BLOCKATTN_RUNTIME_DEVICE_DESCRIPTOR_H

#include "blockattn/blockattn.h"
#include "blockattn/kernel_abi.h"

#include <cstddef>

namespace blockattn::rt {

/// A memref descriptor of any rank up to BA_MAX_RANK (kernel_abi.h).
struct Descriptor {
  Descriptor() = default;
  explicit Descriptor(const ba_tensor &tensor)
      : allocated(tensor.data), aligned(tensor.data) {
    int64_t stride = 1;
    for (int32_t i = tensor.rank; i-- > 0;) {
      dims[i] = tensor.shape[i];
      dims[tensor.rank + i] = stride;
      stride *= tensor.shape[i];
    }
  }

  void *allocated = nullptr;
  void *aligned = nullptr;
  int64_t offset = 0;
  /// The sizes, and right after them the strides.
  int64_t dims[2 * BA_MAX_RANK] = {};
};

static_assert(offsetof(Descriptor, dims) == sizeof(ba_memref_head),
              "the sizes follow the head of a descriptor");

} // namespace blockattn::rt

#endif // BLOCKATTN_RUNTIME_DEVICE_DESCRIPTOR_H

//===- Npy.h - NumPy's array files ------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_SUPPORT_NPY_H
#define BLOCKATTN_RUNTIME_SUPPORT_NPY_H

#include "Support/AlignedBuffer.h"
#include "Support/Status.h"

#include <string>

namespace blockattn::rt {

/// A tensor with its memory.
struct Array {
  ba_tensor tensor{};
  AlignedBuffer memory;
};

/// Format: numpy/lib/format.py (NEP 1).
Expected<Array> readNpy(const std::string &path);
Status writeNpy(const std::string &path, const ba_tensor &tensor);

} // namespace blockattn::rt

#endif // BLOCKATTN_RUNTIME_SUPPORT_NPY_H

//===- Checked.h - arithmetic that notices overflow -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_SUPPORT_CHECKED_H
#define BLOCKATTN_RUNTIME_SUPPORT_CHECKED_H

#include <cstddef>
#include <cstdint>
#include <optional>

namespace blockattn::rt {

template <typename T> std::optional<T> checkedAdd(T a, T b) {
  T result;
  if (__builtin_add_overflow(a, b, &result))
    return std::nullopt;
  return result;
}

template <typename T> std::optional<T> checkedMul(T a, T b) {
  T result;
  if (__builtin_mul_overflow(a, b, &result))
    return std::nullopt;
  return result;
}

/// Bytes of a tensor; nothing if a dimension is negative or the product does
/// not fit. A zero dimension makes 0 whatever the others are.
inline std::optional<int64_t> tensorBytes(const int64_t *shape, size_t rank,
                                          int64_t elementSize) {
  bool empty = false;
  for (size_t i = 0; i < rank; ++i) {
    if (shape[i] < 0)
      return std::nullopt;
    empty |= shape[i] == 0;
  }
  if (empty)
    return 0;
  int64_t bytes = elementSize;
  for (size_t i = 0; i < rank; ++i)
    if (__builtin_mul_overflow(bytes, shape[i], &bytes))
      return std::nullopt;
  return bytes;
}

} // namespace blockattn::rt

#endif // BLOCKATTN_RUNTIME_SUPPORT_CHECKED_H

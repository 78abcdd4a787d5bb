//===- AlignedBuffer.h - owned, aligned memory ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_SUPPORT_ALIGNEDBUFFER_H
#define BLOCKATTN_RUNTIME_SUPPORT_ALIGNEDBUFFER_H

#include "Support/Status.h"

#include <cstddef>
#include <cstdint>
#include <utility>

namespace blockattn::rt {

/// Memory aligned for compiled code, not initialised. Large buffers ask for
/// huge pages.
class AlignedBuffer {
public:
  AlignedBuffer() = default;
  AlignedBuffer(AlignedBuffer &&other) noexcept
      : memory(std::exchange(other.memory, nullptr)),
        bytes(std::exchange(other.bytes, 0)) {}
  AlignedBuffer &operator=(AlignedBuffer &&other) noexcept {
    std::swap(memory, other.memory);
    std::swap(bytes, other.bytes);
    return *this;
  }
  ~AlignedBuffer();

  /// An error, which says what the memory is for, when there is not enough:
  /// a size that the machine cannot hold is refused before it is touched.
  static Expected<AlignedBuffer> allocate(uint64_t bytes, const char *purpose);

  /// Keeps the memory if it is large enough, else takes new (without the old
  /// contents).
  Status reserve(uint64_t bytes, const char *purpose);

  /// Never null after a successful allocation, not even for 0 bytes.
  char *data() const { return memory; }
  uint64_t size() const { return bytes; }

  /// Hands the memory over; it is freed with std::free.
  char *release() {
    bytes = 0;
    return std::exchange(memory, nullptr);
  }

private:
  char *memory = nullptr;
  uint64_t bytes = 0;
};

} // namespace blockattn::rt

#endif // BLOCKATTN_RUNTIME_SUPPORT_ALIGNEDBUFFER_H

//===- RefCounted.h - shared ownership across the C boundary ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_SUPPORT_REFCOUNTED_H
#define BLOCKATTN_RUNTIME_SUPPORT_REFCOUNTED_H

#include <atomic>
#include <utility>

namespace blockattn::rt {

/// An object with its own count of references, which begins at none.
class RefCounted {
public:
  void retain() { count.fetch_add(1, std::memory_order_relaxed); }
  void release() {
    if (count.fetch_sub(1, std::memory_order_acq_rel) == 1)
      delete this;
  }

protected:
  virtual ~RefCounted() = default;

private:
  std::atomic<int> count{0};
};

/// Holds one reference.
template <typename T> class Ref {
public:
  Ref() = default;
  explicit Ref(T *object) : object(object) {
    if (object)
      object->retain();
  }
  Ref(const Ref &other) : Ref(other.object) {}
  Ref(Ref &&other) noexcept : object(std::exchange(other.object, nullptr)) {}
  Ref &operator=(Ref other) noexcept {
    std::swap(object, other.object);
    return *this;
  }
  ~Ref() {
    if (object)
      object->release();
  }

  T *get() const { return object; }
  T &operator*() const { return *object; }
  T *operator->() const { return object; }
  /// Hands the reference to a caller of the C API.
  T *detach() { return std::exchange(object, nullptr); }

private:
  T *object = nullptr;
};

} // namespace blockattn::rt

#endif // BLOCKATTN_RUNTIME_SUPPORT_REFCOUNTED_H

//===- Status.h - errors inside the runtime ---------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Status and Expected carry errors through the runtime; at the C boundary a
// Status becomes a ba_status. Standard-library exceptions (no memory) are
// turned into statuses there too, by `guarded`.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_SUPPORT_STATUS_H
#define BLOCKATTN_RUNTIME_SUPPORT_STATUS_H

#include "blockattn/blockattn.h"

#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

struct ba_status {
  ba_status_code code;
  std::string message;
};

namespace blockattn::rt {

/// Success, or an error with a code and a message.
class [[nodiscard]] Status {
public:
  Status() = default;
  Status(Status &&other) noexcept
      : status(std::exchange(other.status, nullptr)) {}
  Status &operator=(Status &&other) noexcept {
    std::swap(status, other.status);
    return *this;
  }
  ~Status() { ba_status_free(status); }

  /// True when it is an error.
  explicit operator bool() const { return status != nullptr; }
  ba_status_code code() const { return ba_status_get_code(status); }
  /// Valid as long as the status.
  const char *text() const { return ba_status_message(status); }
  /// Hands the error to a caller of the C API.
  ba_status *release() { return std::exchange(status, nullptr); }

  static Status adopt(ba_status *status) {
    Status result;
    result.status = status;
    return result;
  }

private:
  ba_status *status = nullptr;
};

/// An error with a printf-like message. Never throws: without memory for the
/// message the result is the out-of-memory status.
Status error(ba_status_code code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/// The error `errno` describes, for the given file or action.
Status systemError(const char *what, const std::string &subject);

/// The one status that needs no memory.
ba_status *outOfMemoryStatus();

/// `text` with control characters, quotes and bytes that are no ASCII escaped,
/// cut off where it is very long: names from files go into messages by this way
/// and the next alone.
std::string escape(std::string_view text);
/// The same in single quotes.
std::string quote(std::string_view text);

/// 3.2 GiB, 12 KiB, 100 bytes.
std::string bytesText(uint64_t bytes);

/// [1, 12, 64]
std::string shapeText(const int64_t *shape, size_t rank);

/// A value or an error.
template <typename T> class [[nodiscard]] Expected {
public:
  Expected(T value) : content(std::in_place_index<0>, std::move(value)) {}
  Expected(Status status)
      : content(std::in_place_index<1>, std::move(status)) {}

  /// True when there is a value.
  explicit operator bool() const { return content.index() == 0; }
  T &operator*() { return *std::get_if<0>(&content); }
  const T &operator*() const { return *std::get_if<0>(&content); }
  T *operator->() { return std::get_if<0>(&content); }
  Status takeError() { return std::move(*std::get_if<1>(&content)); }

private:
  std::variant<T, Status> content;
};

/// Runs the body of a C function: what it throws becomes a status.
template <typename Body> ba_status *guarded(Body &&body) noexcept {
  try {
    return Status(body()).release();
  } catch (const std::bad_alloc &) {
    return outOfMemoryStatus();
  } catch (const std::exception &exception) {
    return error(BA_INTERNAL, "%s", exception.what()).release();
  }
}

} // namespace blockattn::rt

#endif // BLOCKATTN_RUNTIME_SUPPORT_STATUS_H

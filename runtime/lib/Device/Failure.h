//===- Failure.h - what went wrong in a run ---------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_DEVICE_FAILURE_H
#define BLOCKATTN_RUNTIME_DEVICE_FAILURE_H

#include "Support/Status.h"

#include <atomic>
#include <mutex>
#include <string>

namespace blockattn::rt {

/// The first failure of a run, whichever thread it comes from. Nothing here
/// throws: compiled code could not catch it.
class Failure {
public:
  void record(ba_status_code code, const char *message) noexcept;
  void record(const Status &status) noexcept {
    record(status.code(), status.text());
  }
  /// With a code of compiled code's own (BA_KERNEL_FAIL_*).
  void recordKernel(int32_t code, const char *message) noexcept;

  bool any() const { return failed.load(std::memory_order_relaxed); }
  /// The failure, or success. `result` is what the program returned, `program`
  /// its name.
  Status status(int32_t result, const std::string &program);

private:
  std::mutex mutex;
  std::atomic<bool> failed{false};
  ba_status_code failure = BA_OK;
  std::string text;
};

} // namespace blockattn::rt

#endif // BLOCKATTN_RUNTIME_DEVICE_FAILURE_H

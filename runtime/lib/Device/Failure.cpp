//===- Failure.cpp - what went wrong in a run -----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Device/Failure.h"
#include "blockattn/kernel_abi.h"

#include <cinttypes>

using namespace blockattn::rt;

void Failure::record(ba_status_code code, const char *message) noexcept {
  // Loops report the same thing for every element: one look is enough.
  if (failed.exchange(true, std::memory_order_relaxed))
    return;
  std::lock_guard<std::mutex> lock(mutex);
  failure = code;
  try {
    text = message;
  } catch (const std::bad_alloc &) {
    failure = BA_OUT_OF_MEMORY;
  }
}

void Failure::recordKernel(int32_t code, const char *message) noexcept {
  ba_status_code status = BA_INTERNAL;
  switch (code) {
  case BA_KERNEL_FAIL_INDEX:
  case BA_KERNEL_FAIL_SHAPE:
  case BA_KERNEL_FAIL_VALUE:
    status = BA_INVALID_ARGUMENT;
    break;
  case BA_KERNEL_FAIL_MEMORY:
    status = BA_OUT_OF_MEMORY;
    break;
  }
  record(status, message);
}

Status Failure::status(int32_t result, const std::string &program) {
  std::lock_guard<std::mutex> lock(mutex);
  if (failure != BA_OK)
    return error(failure, "program %s: %s", program.c_str(), text.c_str());
  if (result != 0)
    return error(BA_INTERNAL, "program %s failed with code %" PRId32,
                 program.c_str(), result);
  return Status();
}

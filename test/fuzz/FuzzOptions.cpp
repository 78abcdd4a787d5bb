//===- FuzzOptions.cpp - how the sanitizers run ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// MLIR and LLVM come from the system without instrumentation. Containers and
// arenas that cross the border would be taken for misuse, and what they keep
// for good, for a leak.
extern "C" __attribute__((visibility("default"))) const char *
__asan_default_options() {
  return "detect_container_overflow=0:allow_user_poisoning=0:detect_leaks=0:"
         "detect_odr_violation=0:allocator_may_return_null=1";
}

extern "C" __attribute__((visibility("default"))) const char *
__ubsan_default_options() {
  return "print_stacktrace=1";
}

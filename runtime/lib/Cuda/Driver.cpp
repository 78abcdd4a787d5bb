//===- Driver.cpp - the CUDA driver, opened when first used ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Cuda/Driver.h"

using namespace blockattn::rt;
using namespace blockattn::rt::cuda;

namespace {

struct Loaded {
  Driver driver;
  ba_status_code code = BA_OK;
  std::string problem;
};

Loaded load() {
  Loaded loaded;
  auto fail = [&](std::string problem) {
    loaded.code = BA_UNSUPPORTED;
    loaded.problem = std::move(problem);
  };
  const char *names[] = {"libcuda.so.1"};
  std::string reason;
  void *library = openLibrary(names, 1, reason);
  if (!library) {
    fail("no NVIDIA driver on this machine (" + reason +
         "); install one, or compile the model with --target=cpu");
    return loaded;
  }
#define X(member, symbol, parameters)                                          \
  if (loaded.problem.empty() &&                                                \
      !findFunction(library, symbol, loaded.driver.member))                    \
    fail("the NVIDIA driver on this machine is too old: it has no " symbol     \
         "; install one for CUDA 12 or later");
  BLOCKATTN_CUDA_DRIVER(X)
#undef X
  if (!loaded.problem.empty())
    return loaded;
  if (Result result = loaded.driver.init(0))
    fail("the NVIDIA driver cannot be used: " + loaded.driver.describe(result) +
         (result == kErrorNoDevice
              ? "; no GPU is visible (CUDA_VISIBLE_DEVICES hides some)"
              : "; see whether nvidia-smi works"));
  return loaded;
}

} // namespace

void *blockattn::rt::cuda::openLibrary(const char *const *names, size_t count,
                                       std::string &problem) {
  for (size_t i = 0; i < count; ++i) {
    if (void *library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL))
      return library;
    const char *reason = dlerror();
    problem = reason ? reason : names[i];
  }
  return nullptr;
}

Expected<const Driver *> Driver::get() {
  static const Loaded loaded = load();
  if (loaded.code != BA_OK)
    return error(loaded.code, "%s", loaded.problem.c_str());
  return &loaded.driver;
}

std::string Driver::describe(Result result) const {
  const char *name = nullptr, *text = nullptr;
  getErrorName(result, &name);
  getErrorString(result, &text);
  std::string description = name ? name : "error " + std::to_string(result);
  if (text)
    description += " (" + std::string(text) + ")";
  return description;
}

//===- CublasApi.cpp - cuBLASLt, opened when first used -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Cuda/CublasApi.h"

#include <cstdlib>
#include <dlfcn.h>
#include <vector>

using namespace blockattn::rt;
using namespace blockattn::rt::cuda;

namespace {

struct Loaded {
  CublasApi api;
  std::string problem;
};

Loaded load() {
  Loaded loaded;
  // As the loader finds them, then where CUDA is usually installed.
  std::vector<std::string> paths = {"libcublasLt.so.13", "libcublasLt.so.12"};
  const char *root = std::getenv("CUDA_PATH");
  for (std::string folder :
       {std::string(root ? root : "/usr/local/cuda") + "/lib64/"})
    for (const char *name : {"libcublasLt.so.13", "libcublasLt.so.12"})
      paths.push_back(folder + name);
  std::vector<const char *> names;
  for (const std::string &path : paths)
    names.push_back(path.c_str());
  std::string reason;
  void *library = openLibrary(names.data(), names.size(), reason);
  if (!library) {
    loaded.problem = "matrix products need cuBLASLt of CUDA 12 or 13, and "
                     "libcublasLt.so.13 cannot be opened (" +
                     reason +
                     "); install it and put its folder into LD_LIBRARY_PATH";
    return loaded;
  }
#define X(member, symbol, parameters)                                          \
  loaded.api.member =                                                          \
      reinterpret_cast<int(*) parameters>(dlsym(library, symbol));             \
  if (!loaded.api.member)                                                      \
    loaded.problem = "libcublasLt has no " + std::string(symbol) +             \
                     "; install that of CUDA 12 or 13";
  BLOCKATTN_CUBLAS(X)
#undef X
  loaded.api.version =
      reinterpret_cast<size_t (*)()>(dlsym(library, "cublasLtGetVersion"));
  if (!loaded.api.version)
    loaded.problem = "libcublasLt has no cublasLtGetVersion; install that of "
                     "CUDA 12 or 13";
  loaded.api.statusName = reinterpret_cast<const char *(*)(int)>(
      dlsym(library, "cublasLtGetStatusName"));
  return loaded;
}

} // namespace

Expected<const CublasApi *> CublasApi::get() {
  static const Loaded loaded = load();
  if (!loaded.problem.empty())
    return error(BA_UNSUPPORTED, "%s", loaded.problem.c_str());
  return &loaded.api;
}

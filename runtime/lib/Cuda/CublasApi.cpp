//===- CublasApi.cpp - cuBLASLt, opened when first used -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Cuda/CublasApi.h"

#include <cstdlib>
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
  auto find = [&](const char *symbol, auto &function) {
    if (loaded.problem.empty() && !findFunction(library, symbol, function))
      loaded.problem = "libcublasLt has no " + std::string(symbol) +
                       "; install that of CUDA 12 or 13";
  };
#define X(member, symbol, parameters) find(symbol, loaded.api.member);
  BLOCKATTN_CUBLAS(X)
#undef X
  find("cublasLtGetVersion", loaded.api.version);
  // Only described errors are the worse for its absence.
  findFunction(library, "cublasLtGetStatusName", loaded.api.statusName);
  return loaded;
}

} // namespace

Expected<const CublasApi *> CublasApi::get() {
  static const Loaded loaded = load();
  if (!loaded.problem.empty())
    return error(BA_UNSUPPORTED, "%s", loaded.problem.c_str());
  return &loaded.api;
}

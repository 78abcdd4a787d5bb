//===- FuzzNpy.cpp - any bytes as a .npy file -----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestArtifact.h"

#include <cstdlib>
#include <cstring>

using namespace blockattn;
using namespace blockattn::test;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static TemporaryFile file("", ".npy"), copy("", ".npy");
  file.write(std::string(reinterpret_cast<const char *>(data), size));
  try {
    Array array = Array::read(file.path());
    ba_tensor tensor = array.tensor();
    size_t bytes = elements(tensor) * ba_dtype_size(tensor.dtype);
    // What is read can be written, and is the same again.
    writeNpy(copy.path(), tensor);
    Array again = Array::read(copy.path());
    ba_tensor second = again.tensor();
    if (second.dtype != tensor.dtype || second.rank != tensor.rank ||
        std::memcmp(second.shape, tensor.shape, sizeof tensor.shape) != 0 ||
        (bytes != 0 && std::memcmp(second.data, tensor.data, bytes) != 0))
      std::abort();
  } catch (const Error &) {
  }
  return 0;
}

//===- ApiTensor.cpp - C API: element types and arrays --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Api/Handles.h"

using namespace blockattn::rt;

extern "C" {

const char *ba_dtype_name(ba_dtype dtype) {
  switch (dtype) {
  case BA_F32:
    return "f32";
  case BA_F16:
    return "f16";
  case BA_BF16:
    return "bf16";
  case BA_F64:
    return "f64";
  case BA_I64:
    return "i64";
  case BA_I32:
    return "i32";
  case BA_I16:
    return "i16";
  case BA_I8:
    return "i8";
  case BA_U8:
    return "u8";
  case BA_U16:
    return "u16";
  case BA_U32:
    return "u32";
  case BA_U64:
    return "u64";
  case BA_BOOL:
    return "bool";
  }
  return nullptr;
}

size_t ba_dtype_size(ba_dtype dtype) {
  switch (dtype) {
  case BA_F64:
  case BA_I64:
  case BA_U64:
    return 8;
  case BA_F32:
  case BA_I32:
  case BA_U32:
    return 4;
  case BA_F16:
  case BA_BF16:
  case BA_I16:
  case BA_U16:
    return 2;
  case BA_I8:
  case BA_U8:
  case BA_BOOL:
    return 1;
  }
  return 0;
}

ba_status *ba_npy_read(const char *path, ba_array **array) {
  return guarded({{path, "path"}, {array, "array"}}, [&]() -> Status {
    Expected<Array> result = readNpy(path);
    if (!result)
      return result.takeError();
    *array = new ba_array{std::move(*result)};
    return Status();
  });
}

ba_status *ba_npy_write(const char *path, const ba_tensor *tensor) {
  return guarded({{path, "path"}, {tensor, "tensor"}},
                 [&]() -> Status { return writeNpy(path, *tensor); });
}

const ba_tensor *ba_array_tensor(const ba_array *array) {
  return array ? &array->array.tensor : nullptr;
}

void ba_array_free(ba_array *array) { delete array; }

} // extern "C"

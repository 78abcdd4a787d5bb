//===- Skeleton.h - a model file without its weights -------------*- C++
//-*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Protobuf copies every byte of a message that it parses, so a model of 2 GB
// would cost 2 GB of memory before anything is compiled. A skeleton is the same
// message with the large tensors taken out: in their place it says where in the
// file they lie.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_COMPILER_IMPORT_SKELETON_H
#define BLOCKATTN_COMPILER_IMPORT_SKELETON_H

#include "onnx.pb.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>
#include <string>

namespace blockattn {

/// Tensors of at most so many bytes stay in the message, and later become
/// constants in the IR.
constexpr uint64_t inlineBytes = 1024;

/// Bytes [offset, offset + size) of the model file.
struct FileRange {
  uint64_t offset = 0;
  uint64_t size = 0;
};

/// Parses a serialized ModelProto without the raw data of its large tensors.
/// Every field is checked against the format's description on the way, so the
/// message in `error` says which field of which node is damaged, and where.
/// `warn` is called for what is legal but not understood.
bool parseSkeleton(llvm::StringRef file, ::onnx::ModelProto &model,
                   std::string &error,
                   llvm::function_ref<void(const std::string &)> warn);

/// Where the tensor's raw data lie, when they were taken out.
std::optional<FileRange> removedRawData(const ::onnx::TensorProto &tensor);

} // namespace blockattn

#endif // BLOCKATTN_COMPILER_IMPORT_SKELETON_H

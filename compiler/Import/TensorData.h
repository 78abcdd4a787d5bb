//===- TensorData.h - elements of tensors in memory --------------*- C++
//-*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_COMPILER_IMPORT_TENSORDATA_H
#define BLOCKATTN_COMPILER_IMPORT_TENSORDATA_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "onnx.pb.h"
#include <string>

namespace blockattn {

/// Bytes that a tensor of this static type takes in ONNX's raw form. The type
/// has been checked to have less than 2^56 elements and to have no strings.
uint64_t rawSize(mlir::RankedTensorType type);

/// Elements in ONNX's raw form as an attribute; `raw` has rawSize(type) bytes.
/// A large one is a resource, of which the context keeps one copy.
mlir::ElementsAttr fromRaw(mlir::RankedTensorType type, llvm::StringRef raw,
                           llvm::StringRef name);

/// The raw form of a tensor that keeps its elements in a typed field
/// (float_data, int64_data, ...). Returns false with the reason.
bool rawFromTyped(const ::onnx::TensorProto &tensor,
                  mlir::RankedTensorType type, std::string &raw,
                  std::string &error);

} // namespace blockattn

#endif // BLOCKATTN_COMPILER_IMPORT_TENSORDATA_H

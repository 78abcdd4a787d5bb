//===- Types.h - ONNX types as MLIR types ------------------------*- C++
//-*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_COMPILER_IMPORT_TYPES_H
#define BLOCKATTN_COMPILER_IMPORT_TYPES_H

#include "mlir/IR/BuiltinTypes.h"
#include "onnx.pb.h"
#include <string>

namespace blockattn {

/// The element type for a TensorProto.DataType; null when there is none.
mlir::Type elementType(mlir::MLIRContext *context, int64_t dataType);

/// "FLOAT", or "data type 77" for one that ONNX does not have.
std::string dataTypeName(int64_t dataType);

/// A value's declared type. `dims` has a name for each dimension where the rank
/// is known, empty for those without one.
struct DeclaredType {
  mlir::TensorType type;
  llvm::SmallVector<std::string> dims;
};

/// `tensor<*x!onnx.unknown>`: nothing is declared.
mlir::TensorType unknownTensor(mlir::MLIRContext *context);

/// Converts the type of an input, output or value_info. Returns false with the
/// reason where it is not a tensor type that can be.
bool convertType(mlir::MLIRContext *context, const ::onnx::TypeProto &type,
                 DeclaredType &result, std::string &error);

/// Number of elements of a static shape; std::nullopt when it does not fit into
/// 62 bits or a dimension is negative.
std::optional<int64_t> elementCount(llvm::ArrayRef<int64_t> shape);

/// Bits of an element as ONNX stores it in raw data: booleans take a byte,
/// small types are packed. 0 for strings and unknown types.
unsigned storedBits(mlir::Type elementType);

/// What both types say together; null where they contradict one another.
mlir::TensorType mergeTypes(mlir::TensorType a, mlir::TensorType b);

/// "tensor<1x?xf32>" for messages.
std::string typeName(mlir::Type type);

} // namespace blockattn

#endif // BLOCKATTN_COMPILER_IMPORT_TYPES_H

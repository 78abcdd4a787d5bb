//===- Locations.h - where a node is, and what to call it --------*- C++
//-*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_COMPILER_IMPORT_LOCATIONS_H
#define BLOCKATTN_COMPILER_IMPORT_LOCATIONS_H

#include "mlir/IR/Location.h"
#include "onnx.pb.h"
#include <optional>
#include <string>

namespace blockattn {

/// The location of a node: its name, with what the exporter recorded about it
/// (a stack trace, ...), and the call that it was inlined for.
mlir::Location nodeLocation(mlir::MLIRContext *context,
                            const ::onnx::NodeProto &node,
                            std::optional<mlir::Location> caller);

/// The location of a value that no node makes: an input or an initializer.
mlir::Location valueLocation(mlir::MLIRContext *context, llvm::StringRef name,
                             std::optional<mlir::Location> caller);

/// "node 'mul_3' (Mul)", for messages that are not about this node alone.
std::string nodeLabel(const ::onnx::NodeProto &node);

/// "Mul" or "com.microsoft.Attention", for messages at the node's location.
std::string opLabel(const ::onnx::NodeProto &node);

} // namespace blockattn

#endif // BLOCKATTN_COMPILER_IMPORT_LOCATIONS_H

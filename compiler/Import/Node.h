//===- Node.h - one node becomes one op --------------------------*- C++
//-*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_COMPILER_IMPORT_NODE_H
#define BLOCKATTN_COMPILER_IMPORT_NODE_H

#include "compiler/Import/Context.h"
#include "mlir/IR/Builders.h"

namespace blockattn {

/// A node whose operands and attributes are in the IR. Upgrading an old node
/// changes this form, before the op is made.
struct NodeParts {
  const ::onnx::NodeProto &proto;
  mlir::Location loc;
  std::string domain;
  std::string opType;
  /// Version of the domain's operator set.
  int64_t version;
  /// A null value is an absent operand; there are none at the end.
  llvm::SmallVector<mlir::Value> operands;
  mlir::NamedAttrList attributes;
  /// Names of the results, "" for absent ones; there are none at the end.
  llvm::SmallVector<llvm::StringRef> results;
  /// When set, the result is reshaped to the shape of this value.
  mlir::Value shapeLike;
};

/// Converts an attribute that holds neither a graph nor, as in `onnx.Cast`, the
/// number of a data type. Null after an error.
mlir::Attribute convertAttribute(ImportContext &import, mlir::Location loc,
                                 llvm::StringRef label, NamedProto attribute);

/// Rewrites a node of an older operator set to the newest form of its op, and
/// ops of ONNX Runtime that equal a standard one to that. May emit constants.
/// Returns false after an error.
bool upgradeNode(ImportContext &import, mlir::OpBuilder &builder,
                 NodeParts &node);

/// The value of a Constant node in any of its spellings. Null after an error.
mlir::Value importConstant(ImportContext &import, mlir::OpBuilder &builder,
                           mlir::Location loc, const ::onnx::NodeProto &node,
                           llvm::ArrayRef<NamedProto> attributes);

/// Makes the op, infers its results' types, and verifies it. The results are
/// appended, a null value for each absent one. Returns false after an error.
bool emitNode(ImportContext &import, mlir::OpBuilder &builder,
              const NodeParts &node,
              llvm::SmallVectorImpl<mlir::Value> &results);

/// Infers the types of an op's results from its operands, and verifies the op.
/// Returns false after an error.
bool inferAndVerify(ImportContext &import, mlir::Operation *op);

} // namespace blockattn

#endif // BLOCKATTN_COMPILER_IMPORT_NODE_H

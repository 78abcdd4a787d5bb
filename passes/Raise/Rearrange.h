//===- Rearrange.h - moving the dimensions of heads -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the passes that bring attention into its usual form have in common:
// ops that only move elements, with their types, and which sizes are equal.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_RAISE_REARRANGE_H
#define BLOCKATTN_PASSES_RAISE_REARRANGE_H

#include "dialects/Onnx/Onnx.h"
#include "dialects/Onnx/ShapeInference.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace blockattn::raise {

/// Makes ops in front of another.
class Rearranger {
public:
  explicit Rearranger(mlir::Operation *op) : b(op), loc(op->getLoc()) {}

  mlir::Value transpose(mlir::Value value, llvm::ArrayRef<int64_t> perm);
  /// Exchanges the last two dimensions.
  mlir::Value turn(mlir::Value value);
  /// `target` as onnx.Reshape has it (0: as it was, -1: what remains); `shape`
  /// is what is known of the result.
  mlir::Value reshape(mlir::Value value, llvm::ArrayRef<int64_t> target,
                      llvm::ArrayRef<int64_t> shape);
  mlir::Value unsqueeze(mlir::Value value, int64_t axis);
  mlir::Value squeeze(mlir::Value value, int64_t axis);
  mlir::Value create(llvm::StringRef name, mlir::ValueRange operands,
                     mlir::Type type,
                     llvm::ArrayRef<mlir::NamedAttribute> attributes = {});
  mlir::Value constant(llvm::ArrayRef<int64_t> values);

  mlir::OpBuilder b;

private:
  mlir::Location loc;
};

/// Erases the ops that nothing uses any more.
void eraseUnused(mlir::Block &block);
/// The shape of a tensor, or nothing if its rank is another.
llvm::ArrayRef<int64_t> shapeOfRank(mlir::Value value, int64_t rank);
/// Whether the value is a transposition with this permutation.
bool isTransposed(mlir::Value value, llvm::ArrayRef<int64_t> perm);

/// Which dimensions are equal, whatever they are. What is known is found out
/// when it is first asked for.
class EqualSizes {
public:
  explicit EqualSizes(mlir::func::FuncOp func) : func(func) {}
  bool operator()(mlir::Value a, int64_t dimA, mlir::Value b, int64_t dimB);
  /// Whether a dimension is a multiple of a number, whatever it is.
  bool isMultiple(mlir::Value value, int64_t dim, int64_t of);

private:
  onnx::SymbolicShapes &known();

  mlir::func::FuncOp func;
  std::optional<onnx::SymbolicShapes> shapes;
};

} // namespace blockattn::raise

#endif // BLOCKATTN_PASSES_RAISE_REARRANGE_H

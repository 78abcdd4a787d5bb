//===- ShapeCode.h - symbolic dimensions as onnx ops ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_NORMALIZE_SHAPECODE_H
#define BLOCKATTN_PASSES_NORMALIZE_SHAPECODE_H

#include "dialects/Onnx/ShapeInference.h"
#include "mlir/IR/Builders.h"

namespace blockattn {

/// An `onnx.Constant` of this type (static, of integers of at most 64 bits or
/// booleans) with these elements.
mlir::Value integerConstant(mlir::OpBuilder &builder, mlir::Location loc,
                            mlir::RankedTensorType type,
                            llvm::ArrayRef<int64_t> elements);

/// An i64 vector.
mlir::Value integerVector(mlir::OpBuilder &builder, mlir::Location loc,
                          llvm::ArrayRef<int64_t> elements);

/// A scalar of a floating point type.
mlir::Value floatScalar(mlir::OpBuilder &builder, mlir::Location loc,
                        mlir::FloatType type, double value);

/// Whether every symbol of the expression is a dimension that can be read, and
/// its divisions are those of natural numbers: ONNX rounds them towards zero.
bool isDimArithmetic(onnx::SymbolicShapes &shapes, mlir::AffineExpr expr);

/// Emits ops that compute an integer tensor of rank 0 or 1 from dimensions of
/// other values; all elements must satisfy isDimArithmetic.
mlir::Value emitShapeArithmetic(mlir::OpBuilder &builder, mlir::Location loc,
                                onnx::SymbolicShapes &shapes,
                                mlir::RankedTensorType type,
                                llvm::ArrayRef<mlir::AffineExpr> elements);

} // namespace blockattn

#endif // BLOCKATTN_PASSES_NORMALIZE_SHAPECODE_H

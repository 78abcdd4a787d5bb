//===- NarrowTypes.h - numbers of less than a byte, 8-bit floats -*- C++
//-*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Integers of 2 and 4 bits and floats of 4 and 8 bits are kept as bytes, one
// each: an integer extended to 8 bits, a float as its bits. Nothing computes
// with them; they are moved, and converted.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWER_NARROWTYPES_H
#define BLOCKATTN_PASSES_LOWER_NARROWTYPES_H

#include "dialects/Onnx/EvaluateTensor.h"

#include "mlir/IR/Builders.h"

namespace blockattn {

/// Whether elements of this type are kept as bytes that stand for them.
bool isNarrow(mlir::Type type);

/// Whether the op only moves or converts the elements of its operands.
bool takesNarrow(mlir::Operation *op);

/// The f32 that the byte stands for.
mlir::Value widenNarrowFloat(mlir::OpBuilder &b, mlir::Location loc,
                             mlir::Value byte, mlir::FloatType type);

/// The byte for an f32.
mlir::Value makeNarrowFloat(mlir::OpBuilder &b, mlir::Location loc,
                            mlir::Value value, mlir::FloatType type,
                            onnx::CastMode mode);

/// The byte for the lowest bits of an i8.
mlir::Value makeNarrowInt(mlir::OpBuilder &b, mlir::Location loc,
                          mlir::Value value, mlir::IntegerType type);

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWER_NARROWTYPES_H

//===- OnnxVerify.h - what the verifiers share ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers compare what is known and are silent about the rest: an unranked
// tensor has a null rankedType, `!onnx.unknown` is a null knownElementType, and
// a dynamic dimension agrees with every number.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_DIALECTS_ONNX_ONNXVERIFY_H
#define BLOCKATTN_DIALECTS_ONNX_ONNXVERIFY_H

#include "dialects/Onnx/Onnx.h"

namespace blockattn::onnx {

/// The type of a value, if it is a tensor of known rank. An absent value has
/// none.
inline mlir::RankedTensorType rankedType(mlir::Value value) {
  return value ? llvm::dyn_cast<mlir::RankedTensorType>(value.getType())
               : mlir::RankedTensorType();
}

/// The element type of a value, if it is a tensor and the type is known.
inline mlir::Type knownElementType(mlir::Value value) {
  auto type = value ? llvm::dyn_cast<mlir::TensorType>(value.getType())
                    : mlir::TensorType();
  return !type || llvm::isa<UnknownType>(type.getElementType())
             ? mlir::Type()
             : type.getElementType();
}

/// True unless both values have known element types, and different ones.
inline bool elementTypesMayAgree(mlir::Value a, mlir::Value b) {
  mlir::Type first = knownElementType(a), second = knownElementType(b);
  return !first || !second || first == second;
}

inline bool isKnown(int64_t dim) { return !mlir::ShapedType::isDynamic(dim); }

/// True unless both extents are known, and different.
inline bool mayAgree(int64_t a, int64_t b) {
  return !isKnown(a) || !isKnown(b) || a == b;
}

bool shapesMayAgree(llvm::ArrayRef<int64_t> a, llvm::ArrayRef<int64_t> b);

/// Broadcasts `other` into `shape`, by the rules of ONNX (those of numpy).
mlir::LogicalResult broadcastInto(llvm::SmallVectorImpl<int64_t> &shape,
                                  llvm::ArrayRef<int64_t> other);

/// True unless `from` certainly does not broadcast to `to` without changing
/// `to`.
bool mayBroadcastTo(llvm::ArrayRef<int64_t> from, llvm::ArrayRef<int64_t> to);

/// The number of elements of a shape; nothing where it is not known, or not a
/// 64-bit integer.
std::optional<int64_t> numElements(llvm::ArrayRef<int64_t> shape);

/// The dimensions as a person reads them: [2, ?, 8].
std::string spell(llvm::ArrayRef<int64_t> shape);

/// False if the value is known not to have exactly one element.
bool mayBeSingle(mlir::Value value);

/// Fails with `(C<number>) axis ...` if the axis is out of range for a tensor
/// of known rank.
mlir::LogicalResult verifyAxis(mlir::Operation *op, int number, int64_t axis,
                               int64_t rank, llvm::StringRef name = "axis");

/// Fails if constant axes are out of range or not distinct. `axes` becomes
/// the axes counted from the front.
mlir::LogicalResult verifyAxes(mlir::Operation *op, int number,
                               llvm::SmallVectorImpl<int64_t> &axes,
                               int64_t rank);

/// Fails unless the values that are there have element types that agree.
mlir::LogicalResult verifyElementTypes(mlir::Operation *op, int number,
                                       llvm::StringRef what,
                                       mlir::ValueRange values);

/// False if the value is known not to be a vector.
bool mayBeVector(mlir::Value value);

/// False if the value is known to be neither a vector nor a single number:
/// exporters write one axis as either.
bool mayBeAxes(mlir::Value value);

/// The length of a vector, where it is known.
std::optional<int64_t> vectorLength(mlir::Value value);

/// Fails if the value is known to have another shape. `what` is how the message
/// calls it.
mlir::LogicalResult verifyShape(mlir::Operation *op, int number,
                                mlir::Value value,
                                llvm::ArrayRef<int64_t> shape,
                                llvm::StringRef what = "the result");

/// Fails unless the operands are matrices, or batches of them, that can be
/// multiplied: constraint `number` is that they have a rank of at least 1, the
/// next that the inner dimensions agree, and the next that `result` has the
/// shape that follows.
mlir::LogicalResult verifyProduct(mlir::Operation *op, int number,
                                  mlir::Value a, mlir::Value b,
                                  mlir::Value result);

/// Fails unless a scale or zero point is one number, or one for each row (or
/// column) of the matrix.
mlir::LogicalResult verifyPerLine(mlir::Operation *op, int number,
                                  mlir::Value value, mlir::Value matrix,
                                  bool rows, llvm::StringRef name);

/// Fails unless epsilon is a number that can be added to a variance.
mlir::LogicalResult verifyEpsilon(mlir::Operation *op, int number,
                                  llvm::APFloat epsilon);

} // namespace blockattn::onnx

#endif // BLOCKATTN_DIALECTS_ONNX_ONNXVERIFY_H

//===- OnnxVerify.cpp - what the verifiers share --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/OnnxVerify.h"

#include "llvm/ADT/SmallSet.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace blockattn::onnx;

bool blockattn::onnx::shapesMayAgree(ArrayRef<int64_t> a, ArrayRef<int64_t> b) {
  if (a.size() != b.size())
    return false;
  for (auto [first, second] : llvm::zip_equal(a, b))
    if (!mayAgree(first, second))
      return false;
  return true;
}

LogicalResult blockattn::onnx::broadcastInto(SmallVectorImpl<int64_t> &shape,
                                             ArrayRef<int64_t> other) {
  while (shape.size() < other.size())
    shape.insert(shape.begin(), 1);
  size_t shift = shape.size() - other.size();
  for (auto [i, extent] : llvm::enumerate(other)) {
    int64_t &mine = shape[shift + i];
    if (extent == 1 || extent == mine)
      continue;
    if (mine == 1)
      mine = extent;
    else if (!isKnown(mine))
      mine = extent;
    else if (isKnown(extent))
      return failure();
  }
  return success();
}

bool blockattn::onnx::mayBroadcastTo(ArrayRef<int64_t> from,
                                     ArrayRef<int64_t> to) {
  if (from.size() > to.size())
    return false;
  for (auto [extent, target] :
       llvm::zip(llvm::reverse(from), llvm::reverse(to)))
    if (extent != 1 && !mayAgree(extent, target))
      return false;
  return true;
}

std::optional<int64_t> blockattn::onnx::numElements(ArrayRef<int64_t> shape) {
  // A 0 makes everything 0, even beside dimensions whose product overflows.
  if (llvm::is_contained(shape, 0))
    return 0;
  int64_t count = 1;
  for (int64_t extent : shape)
    if (!isKnown(extent) || llvm::MulOverflow(count, extent, count))
      return std::nullopt;
  return count;
}

std::string blockattn::onnx::spell(ArrayRef<int64_t> shape) {
  std::string text = "[";
  llvm::raw_string_ostream os(text);
  llvm::interleaveComma(shape, os, [&](int64_t extent) {
    isKnown(extent) ? os << extent : os << '?';
  });
  return text + "]";
}

bool blockattn::onnx::mayBeSingle(Value value) {
  RankedTensorType type = rankedType(value);
  return !type || llvm::all_of(type.getShape(), [](int64_t extent) {
    return mayAgree(extent, 1);
  });
}

bool blockattn::onnx::mayBeVector(Value value) {
  RankedTensorType type = rankedType(value);
  return !type || type.getRank() == 1;
}

bool blockattn::onnx::mayBeAxes(Value value) {
  RankedTensorType type = rankedType(value);
  return !type || type.getRank() <= 1;
}

std::optional<int64_t> blockattn::onnx::vectorLength(Value value) {
  RankedTensorType type = rankedType(value);
  if (!type || type.getRank() != 1 || type.isDynamicDim(0))
    return std::nullopt;
  return type.getDimSize(0);
}

LogicalResult blockattn::onnx::verifyAxis(Operation *op, int number,
                                          int64_t axis, int64_t rank,
                                          StringRef name) {
  if (normalizeAxis(axis, rank))
    return success();
  return op->emitOpError() << "(C" << number << ") " << name << " is " << axis
                           << ", but the rank is " << rank;
}

LogicalResult blockattn::onnx::verifyAxes(Operation *op, int number,
                                          SmallVectorImpl<int64_t> &axes,
                                          int64_t rank) {
  llvm::SmallSet<int64_t, 8> seen;
  for (int64_t &axis : axes) {
    if (failed(verifyAxis(op, number, axis, rank, "an element of axes")))
      return failure();
    axis = *normalizeAxis(axis, rank);
    if (!seen.insert(axis).second)
      return op->emitOpError()
             << "(C" << number << ") axes hold " << axis << " twice";
  }
  return success();
}

LogicalResult blockattn::onnx::verifyElementTypes(Operation *op, int number,
                                                  StringRef what,
                                                  ValueRange values) {
  Type first;
  for (Value value : values) {
    Type type = knownElementType(value);
    if (!type)
      continue;
    if (first && type != first)
      return op->emitOpError() << "(C" << number << ") " << what
                               << " must have one element type, but there are "
                               << first << " and " << type;
    first = type;
  }
  return success();
}

LogicalResult blockattn::onnx::verifyShape(Operation *op, int number,
                                           Value value, ArrayRef<int64_t> shape,
                                           StringRef what) {
  RankedTensorType type = rankedType(value);
  if (!type || shapesMayAgree(type.getShape(), shape))
    return success();
  return op->emitOpError() << "(C" << number << ") " << what
                           << " must have shape " << spell(shape) << ", but is "
                           << type;
}

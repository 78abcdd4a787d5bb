//===- OnnxOpsTensor.cpp - verifiers of ops that make and reshape ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/OnnxVerify.h"

#include "llvm/ADT/SmallBitVector.h"

using namespace mlir;
using namespace blockattn::onnx;

//===----------------------------------------------------------------------===//
// Shapes as values
//===----------------------------------------------------------------------===//

std::pair<int64_t, int64_t> ShapeOp::range(int64_t rank) {
  auto clamp = [&](int64_t axis) {
    return std::clamp<int64_t>(axis < 0 ? axis + rank : axis, 0, rank);
  };
  int64_t begin = clamp(getStart());
  return {begin, std::max(begin, clamp(getEnd().value_or(rank)))};
}

LogicalResult ShapeOp::verify() {
  if (!mayBeVector(getShape()))
    return emitOpError("(C1) the result must be a vector, but is ")
           << getShape().getType();
  RankedTensorType data = rankedType(getData());
  if (!data)
    return success();
  auto [begin, end] = range(data.getRank());
  return verifyShape(*this, 2, getShape(), end - begin);
}

LogicalResult SizeOp::verify() {
  if (RankedTensorType type = rankedType(getSize()); type && type.getRank())
    return emitOpError("(C1) the result must have rank 0, but is ") << type;
  return success();
}

//===----------------------------------------------------------------------===//
// Making tensors
//===----------------------------------------------------------------------===//

LogicalResult ConstantOfShapeOp::verify() {
  // C1
  if (!mayBeVector(getInput()))
    return emitOpError("(C1) input must be a vector, but is ")
           << getInput().getType();
  // C2
  Type element = Float32Type::get(getContext());
  if (ElementsAttr value = getValueAttr()) {
    element = value.getElementType();
    if (value.getNumElements() != 1)
      return emitOpError("(C2) value must have one element, but has ")
             << value.getNumElements();
  }
  if (Type type = knownElementType(getOutput()); type && type != element)
    return emitOpError("(C2) the value has element type ")
           << element << ", but the result " << type;
  // C3
  RankedTensorType out = rankedType(getOutput());
  std::optional<int64_t> length = vectorLength(getInput());
  if (out && length && *length != out.getRank())
    return emitOpError("(C3) input has ")
           << *length << " elements, but the result is " << out;
  // C4
  if (auto shape = constantInts(getInput())) {
    for (int64_t extent : *shape)
      if (extent < 0)
        return emitOpError("(C4) input holds the dimension ") << extent;
    return verifyShape(*this, 4, getOutput(), *shape);
  }
  return success();
}

LogicalResult EyeLikeOp::verify() {
  for (Value value : {getInput(), getOutput()})
    if (RankedTensorType type = rankedType(value); type && type.getRank() != 2)
      return emitOpError("(C2) must be a matrix, but is ") << type;
  Type wanted = getDtype() ? *getDtype() : knownElementType(getInput());
  Type element = knownElementType(getOutput());
  if (wanted && element && wanted != element)
    return emitOpError("(C3) the output must have the element type ")
           << wanted << ", but has " << element;
  return success();
}

LogicalResult RangeOp::verify() {
  for (Value operand : getOperands())
    if (!mayBeSingle(operand))
      return emitOpError("(C2) the operands must have one element each, but "
                         "one is ")
             << operand.getType();
  if (!mayBeVector(getOutput()))
    return emitOpError("(C3) the result must be a vector, but is ")
           << getOutput().getType();
  if (auto delta = constantInts(getDelta());
      delta && delta->size() == 1 && delta->front() == 0)
    return emitOpError("(C4) delta must not be 0");
  return success();
}

LogicalResult OneHotOp::verify() {
  // C1
  if (failed(verifyElementTypes(*this, 1, "values and the result",
                                {getValues(), getOutput()})))
    return failure();
  // C2
  if (!mayBeSingle(getDepth()))
    return emitOpError("(C2) depth must have one element, but is ")
           << getDepth().getType();
  // C3
  if (!mayBeVector(getValues()) ||
      !mayAgree(vectorLength(getValues()).value_or(2), 2))
    return emitOpError("(C3) values must be a vector of two elements, but is ")
           << getValues().getType();
  // C4, C5
  RankedTensorType in = rankedType(getIndices()), out = rankedType(getOutput());
  if (in && out && out.getRank() != in.getRank() + 1)
    return emitOpError("(C4) the result must have rank ")
           << in.getRank() + 1 << ", but is " << out;
  if (in || out)
    return verifyAxis(*this, 5, getAxis(),
                      in ? in.getRank() + 1 : out.getRank());
  return success();
}

//===----------------------------------------------------------------------===//
// The same elements under another shape
//===----------------------------------------------------------------------===//

LogicalResult ReshapeOp::verify() {
  RankedTensorType in = rankedType(getData()), out = rankedType(getReshaped());
  // C2
  if (!mayBeVector(getShape()))
    return emitOpError("(C2) shape must be a vector, but is ")
           << getShape().getType();
  if (std::optional<int64_t> length = vectorLength(getShape());
      length && out && *length != out.getRank())
    return emitOpError("(C2) shape has ")
           << *length << " elements, but the result is " << out;
  if (auto shape = constantInts(getShape())) {
    // C3
    bool allowZero = getAllowzero() != 0;
    if (llvm::count(*shape, -1) > 1 ||
        llvm::any_of(*shape, [](int64_t extent) { return extent < -1; }) ||
        (allowZero && llvm::is_contained(*shape, -1) &&
         llvm::is_contained(*shape, 0)))
      return emitOpError("(C3) cannot reshape to [") << *shape << "]";
    for (auto [i, extent] : llvm::enumerate(*shape)) {
      bool copied = extent == 0 && !allowZero;
      // C4
      if (copied && in && static_cast<int64_t>(i) >= in.getRank())
        return emitOpError("(C4) element ")
               << i << " of shape is 0, but the data is " << in;
      // C6
      if (extent < 0 || !out || (copied && !in))
        continue;
      int64_t wanted = copied ? in.getDimSize(i) : extent;
      if (!mayAgree(wanted, out.getDimSize(i)))
        return emitOpError("(C6) dimension ")
               << i << " of the result must be " << wanted << ", but it is "
               << out;
    }
  }
  // C5
  if (!in || !out)
    return success();
  auto before = numElements(in.getShape()), after = numElements(out.getShape());
  if (before && after && *before != *after)
    return emitOpError("(C5) the data has ")
           << *before << " elements, but the result has " << *after;
  return success();
}

LogicalResult FlattenOp::verify() {
  RankedTensorType in = rankedType(getInput()), out = rankedType(getOutput());
  // C2
  int64_t axis = getAxis();
  if (in && (axis < -in.getRank() || axis > in.getRank()))
    return emitOpError("(C2) axis is ")
           << axis << ", but the rank is " << in.getRank();
  // C3
  if (out && out.getRank() != 2)
    return emitOpError("(C3) the output must be a matrix, but is ") << out;
  // C4
  if (!in || !out)
    return success();
  if (axis < 0)
    axis += in.getRank();
  auto product = [](ArrayRef<int64_t> dims) {
    return numElements(dims).value_or(ShapedType::kDynamic);
  };
  return verifyShape(*this, 4, getOutput(),
                     {product(in.getShape().take_front(axis)),
                      product(in.getShape().drop_front(axis))});
}

LogicalResult SqueezeOp::verify() {
  RankedTensorType in = rankedType(getData());
  if (getAxes() && !mayBeAxes(getAxes()))
    return emitOpError("(C2) axes must be a vector or one number, but are ")
           << getAxes().getType();
  if (!in)
    return success();
  llvm::SmallBitVector dropped(in.getRank());
  if (!getAxes()) {
    // What is dropped depends on dimensions that must all be known.
    if (!in.hasStaticShape())
      return success();
    for (auto [i, extent] : llvm::enumerate(in.getShape()))
      dropped[i] = extent == 1;
  } else {
    auto axes = constantInts(getAxes());
    if (!axes)
      return success();
    if (failed(verifyAxes(*this, 2, *axes, in.getRank())))
      return failure();
    for (int64_t axis : *axes) {
      if (!mayAgree(in.getDimSize(axis), 1))
        return emitOpError("(C3) dimension ")
               << axis << " is " << in.getDimSize(axis)
               << " and cannot be dropped from " << in;
      dropped.set(axis);
    }
  }
  SmallVector<int64_t> shape;
  for (auto [i, extent] : llvm::enumerate(in.getShape()))
    if (!dropped[i])
      shape.push_back(extent);
  return verifyShape(*this, 4, getSqueezed(), shape);
}

LogicalResult UnsqueezeOp::verify() {
  if (!mayBeAxes(getAxes()))
    return emitOpError("(C2) axes must be a vector or one number, but are ")
           << getAxes().getType();
  RankedTensorType in = rankedType(getData()), out = rankedType(getExpanded());
  auto axes = constantInts(getAxes());
  if (!axes || (!in && !out))
    return success();
  int64_t rank = in ? in.getRank() + axes->size() : out.getRank();
  if (failed(verifyAxes(*this, 2, *axes, rank)))
    return failure();
  SmallVector<int64_t> shape(rank, ShapedType::kDynamic);
  for (int64_t axis : *axes)
    shape[axis] = 1;
  if (in) {
    ArrayRef<int64_t> rest = in.getShape();
    for (int64_t i = 0; i < rank; ++i)
      if (!llvm::is_contained(*axes, i)) {
        shape[i] = rest.front();
        rest = rest.drop_front();
      }
  }
  return verifyShape(*this, 3, getExpanded(), shape);
}

SmallVector<int64_t> TransposeOp::permutation() {
  if (std::optional<ArrayRef<int64_t>> perm = getPerm())
    return SmallVector<int64_t>(*perm);
  RankedTensorType type = rankedType(getData());
  if (!type)
    type = rankedType(getTransposed());
  SmallVector<int64_t> perm;
  for (int64_t i = type ? type.getRank() : 0; i > 0; --i)
    perm.push_back(i - 1);
  return perm;
}

LogicalResult TransposeOp::verify() {
  RankedTensorType in = rankedType(getData());
  RankedTensorType out = rankedType(getTransposed());
  // C1
  if (in && out && in.getRank() != out.getRank())
    return emitOpError("(C1) operand and result must have one rank, but are ")
           << in << " and " << out;
  // C2
  int64_t rank = in ? in.getRank() : out ? out.getRank() : -1;
  if (std::optional<ArrayRef<int64_t>> perm = getPerm()) {
    llvm::SmallBitVector seen(perm->size());
    bool valid = rank < 0 || rank == static_cast<int64_t>(perm->size());
    for (int64_t axis : *perm) {
      valid &= axis >= 0 && axis < static_cast<int64_t>(perm->size()) &&
               !seen.test(axis);
      if (!valid)
        break;
      seen.set(axis);
    }
    if (!valid) {
      InFlightDiagnostic error = emitOpError("(C2) perm is [") << *perm << "]";
      if (rank >= 0)
        return error << ", but must be a permutation of " << rank
                     << " dimensions";
      return error << ", which is no permutation";
    }
  }
  // C3
  if (!in)
    return success();
  SmallVector<int64_t> shape;
  for (int64_t axis : permutation())
    shape.push_back(in.getDimSize(axis));
  return verifyShape(*this, 3, getTransposed(), shape);
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

LogicalResult ExpandOp::verify() {
  if (!mayBeVector(getShape()))
    return emitOpError("(C2) shape must be a vector, but is ")
           << getShape().getType();
  if (auto shape = constantInts(getShape()))
    for (int64_t extent : *shape)
      if (extent < 0)
        return emitOpError("(C2) shape holds the dimension ") << extent;
  RankedTensorType in = rankedType(getInput()), out = rankedType(getOutput());
  if (in && out && !mayBroadcastTo(in.getShape(), out.getShape()))
    return emitOpError("(C3) the input does not broadcast to the output: ")
           << in << " and " << out;
  return success();
}

LogicalResult TileOp::verify() {
  RankedTensorType in = rankedType(getInput());
  if (!mayBeVector(getRepeats()))
    return emitOpError("(C2) repeats must be a vector, but are ")
           << getRepeats().getType();
  std::optional<int64_t> length = vectorLength(getRepeats());
  if (in && length && *length != in.getRank())
    return emitOpError("(C2) there are ") << *length << " repeats for " << in;
  auto repeats = constantInts(getRepeats());
  if (!repeats)
    return success();
  for (int64_t repeat : *repeats)
    if (repeat < 0)
      return emitOpError("(C3) repeats must not be negative, but hold ")
             << repeat;
  if (!in)
    return success();
  SmallVector<int64_t> shape(in.getShape());
  for (auto [extent, repeat] : llvm::zip_equal(shape, *repeats))
    if (isKnown(extent) && llvm::MulOverflow(extent, repeat, extent))
      return emitOpError("(C3) the output has no size in 64 bits");
  return verifyShape(*this, 3, getOutput(), shape);
}

LogicalResult TriluOp::verify() {
  if (RankedTensorType type = rankedType(getInput());
      type && type.getRank() < 2)
    return emitOpError("(C3) the rank must be at least 2, but the input is ")
           << type;
  if (getK() && !mayBeSingle(getK()))
    return emitOpError("(C4) k must have one element, but is ")
           << getK().getType();
  return success();
}

//===- ShapeInferenceRules.cpp - what the shape rules share ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/ShapeInferenceRules.h"

using namespace mlir;

namespace blockattn::onnx {

const ShapeRules &ShapeRules::get() {
  static const ShapeRules all = [] {
    ShapeRules rules;
    addCompositeRules(rules);
    addCreationRules(rules);
    addControlRules(rules);
    addElementwiseRules(rules);
    addGatherRules(rules);
    addMicrosoftRules(rules);
    addMovementRules(rules);
    addNNRules(rules);
    addReductionRules(rules);
    addSliceRules(rules);
    return rules;
  }();
  return all;
}

const ShapeRules::Rule *ShapeRules::find(Operation *op) const {
  auto it = rules.find(op->getName().getTypeID());
  return it == rules.end() ? nullptr : &it->second;
}

std::optional<SmallVector<int64_t>> smallIntegers(Attribute value,
                                                  int64_t limit) {
  auto elements = dyn_cast_if_present<DenseIntElementsAttr>(value);
  if (!elements || elements.getType().getRank() > 1 ||
      elements.getNumElements() > limit)
    return std::nullopt;
  auto type = dyn_cast<IntegerType>(elements.getElementType());
  if (!type || type.getWidth() > 64 || !type.isSignless())
    return std::nullopt;
  SmallVector<int64_t> result;
  for (const APInt &element : elements.getValues<APInt>())
    result.push_back(type.getWidth() == 1 ? int64_t(element.getZExtValue())
                                          : element.getSExtValue());
  return result;
}

std::optional<Dims> copyDims(SymbolicShapes &shapes, Value value) {
  std::optional<ArrayRef<AffineExpr>> dims = shapes.dims(value);
  if (!dims)
    return std::nullopt;
  return Dims(*dims);
}

std::optional<int64_t> staticLength(SymbolicShapes &shapes, Value value) {
  std::optional<ArrayRef<AffineExpr>> dims = shapes.dims(value);
  if (!dims || dims->size() != 1)
    return std::nullopt;
  return asConstant(dims->front());
}

FailureOr<int64_t> normalAxis(Operation *op, int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank)
    return op->emitOpError()
           << "has axis " << axis << ", which is not an axis of rank " << rank;
  return axis < 0 ? axis + rank : axis;
}

FailureOr<std::optional<SmallVector<int64_t>>>
constantAxes(Operation *op, SymbolicShapes &shapes, Value axes, int64_t rank) {
  std::optional<SmallVector<int64_t>> list = shapes.constantContents(axes);
  if (!list)
    return std::optional<SmallVector<int64_t>>();
  llvm::SmallDenseSet<int64_t> seen;
  for (int64_t &axis : *list) {
    FailureOr<int64_t> normal = normalAxis(op, axis, rank);
    if (failed(normal))
      return failure();
    axis = *normal;
    if (!seen.insert(axis).second)
      return op->emitOpError() << "has axis " << axis << " twice";
  }
  return list;
}

FailureOr<std::optional<Dims>>
broadcastDims(Operation *op, SymbolicShapes &shapes,
              ArrayRef<ArrayRef<AffineExpr>> list) {
  size_t rank = 0;
  for (ArrayRef<AffineExpr> dims : list)
    rank = std::max(rank, dims.size());
  Dims result;
  for (size_t index = 0; index < rank; ++index) {
    // Of several dimensions, those known to be 1 do not matter; any other that
    // can not be 1 is the result; else all have to be proven equal.
    AffineExpr decided, open;
    bool manyOpen = false;
    for (ArrayRef<AffineExpr> dims : list) {
      if (index + dims.size() < rank)
        continue;
      AffineExpr dim = dims[index + dims.size() - rank];
      if (asConstant(dim) == 1)
        continue;
      bool notOne =
          asConstant(dim) == 0 || shapes.lowerBound(dim).value_or(0) > 1;
      AffineExpr &slot = notOne ? decided : open;
      if (notOne && decided && asConstant(dim) && asConstant(decided) &&
          dim != decided)
        return op->emitOpError()
               << "has operands that do not broadcast: sizes "
               << *asConstant(decided) << " and " << *asConstant(dim)
               << " in dimension " << index << " of the result";
      if (!slot || (notOne && asConstant(dim)))
        slot = dim;
      else if (!notOne)
        manyOpen |= !shapes.provenEqual(slot, dim);
    }
    if (decided)
      result.push_back(decided);
    else if (manyOpen)
      result.push_back({});
    else
      result.push_back(open ? open : shapes.constant(1));
  }
  return std::optional<Dims>(result);
}

FailureOr<std::optional<Dims>>
broadcastDims(Operation *op, SymbolicShapes &shapes, ArrayRef<Value> operands) {
  SmallVector<ArrayRef<AffineExpr>> list;
  for (Value operand : operands) {
    std::optional<ArrayRef<AffineExpr>> dims = shapes.dims(operand);
    if (!dims)
      return std::optional<Dims>();
    list.push_back(*dims);
  }
  return broadcastDims(op, shapes, list);
}

Type commonElementType(SymbolicShapes &shapes, ValueRange operands) {
  for (Value operand : operands)
    if (Type type = shapes.elementType(operand); isKnownType(type))
      return type;
  return {};
}

LogicalResult refuseDifferent(Operation *op, AffineExpr a, AffineExpr b,
                              const Twine &what) {
  std::optional<int64_t> left = asConstant(a), right = asConstant(b);
  if (left && right && *left != *right)
    return op->emitOpError() << what << ": " << *left << " and " << *right;
  return success();
}

LogicalResult requireEqual(Operation *op, SymbolicShapes &shapes, AffineExpr a,
                           AffineExpr b, const Twine &what) {
  if (failed(refuseDifferent(op, a, b, what)))
    return failure();
  shapes.requireEqual(op, a, b, what);
  return success();
}

LogicalResult requireBroadcast(Operation *op, SymbolicShapes &shapes,
                               Value from, ArrayRef<AffineExpr> to,
                               const Twine &name) {
  std::optional<ArrayRef<AffineExpr>> dims =
      from ? shapes.dims(from) : std::nullopt;
  if (!dims)
    return success();
  if (dims->size() > to.size())
    return op->emitOpError()
           << "has " << name << " of rank " << dims->size()
           << ", which does not broadcast to rank " << to.size();
  for (auto [dim, wanted] : llvm::zip(*dims, to.take_back(dims->size()))) {
    std::optional<int64_t> size = asConstant(dim);
    bool mayBeOne = size ? *size == 1 : shapes.lowerBound(dim).value_or(0) < 2;
    if ((!mayBeOne || asConstant(wanted) == 1) &&
        failed(requireEqual(op, shapes, dim, wanted,
                            "has " + name + " of another size than it needs")))
      return failure();
  }
  return success();
}

LogicalResult sameAsFirst(Operation *op, SymbolicShapes &shapes) {
  Value first = op->getOperand(0);
  for (OpResult result : op->getResults())
    if (failed(
            shapes.set(result, shapes.elementType(first), shapes.dims(first))))
      return failure();
  return success();
}

} // namespace blockattn::onnx

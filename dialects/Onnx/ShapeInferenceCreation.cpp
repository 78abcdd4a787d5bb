//===- ShapeInferenceCreation.cpp - rules of ops that make tensors --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/ShapeInferenceRules.h"

#include "mlir/IR/Matchers.h"
#include <cmath>
#include <limits>

using namespace mlir;

namespace blockattn::onnx {

static Type i64(Operation *op) {
  return IntegerType::get(op->getContext(), 64);
}

static LogicalResult shapeOf(ShapeOp op, SymbolicShapes &shapes) {
  OpResult result = op->getResult(0);
  Dims one = {AffineExpr()};
  std::optional<ArrayRef<AffineExpr>> dims = shapes.dims(op.getData());
  if (!dims)
    return shapes.set(result, i64(op), ArrayRef<AffineExpr>(one));
  auto [begin, end] = op.range(dims->size());
  ArrayRef<AffineExpr> part = dims->slice(begin, end - begin);
  one[0] = shapes.constant(part.size());
  if (failed(shapes.set(result, i64(op), ArrayRef<AffineExpr>(one))))
    return failure();
  shapes.setContents(result, part);
  return success();
}

static LogicalResult sizeOf(SizeOp op, SymbolicShapes &shapes) {
  OpResult result = op->getResult(0);
  if (failed(shapes.set(result, i64(op), ArrayRef<AffineExpr>())))
    return failure();
  if (std::optional<ArrayRef<AffineExpr>> dims = shapes.dims(op.getData()))
    if (AffineExpr count = shapes.product(*dims))
      shapes.setContents(result, count);
  return success();
}

static LogicalResult constantOfShape(ConstantOfShapeOp op,
                                     SymbolicShapes &shapes) {
  OpResult result = op->getResult(0);
  Type type = op.getValueAttr()
                  ? op.getValueAttr().getShapedType().getElementType()
                  : Float32Type::get(op->getContext());
  std::optional<ArrayRef<AffineExpr>> dims =
      shapes.contentsOrSymbols(op.getInput());
  if (failed(shapes.set(result, type, dims)))
    return failure();
  auto value = dyn_cast_if_present<DenseIntElementsAttr>(op.getValueAttr());
  dims = shapes.dims(result);
  if (!value || value.getNumElements() != 1 || !dims || dims->size() > 1 ||
      value.getElementType().getIntOrFloatBitWidth() > 64)
    return success();
  std::optional<int64_t> count = dims->empty() ? 1 : asConstant(dims->front());
  APInt element = *value.getValues<APInt>().begin();
  int64_t number = element.getBitWidth() == 1 ? int64_t(element.getZExtValue())
                                              : element.getSExtValue();
  // A long vector of equal numbers is no shape.
  if (count && *count <= 256)
    shapes.setContents(result, Dims(*count, shapes.constant(number)));
  return success();
}

static LogicalResult eyeLike(EyeLikeOp op, SymbolicShapes &shapes) {
  std::optional<Type> type = op.getDtype();
  return shapes.set(op->getResult(0),
                    type ? *type : shapes.elementType(op.getInput()),
                    shapes.dims(op.getInput()));
}

//===----------------------------------------------------------------------===//
// Range
//===----------------------------------------------------------------------===//

/// The one element of a floating point constant.
static std::optional<double> floatConstant(Value value) {
  DenseFPElementsAttr elements;
  if (!matchPattern(value, m_Constant(&elements)) ||
      elements.getNumElements() != 1)
    return std::nullopt;
  APFloat number = *elements.getValues<APFloat>().begin();
  bool losesInfo;
  number.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven,
                 &losesInfo);
  return number.convertToDouble();
}

/// The number of steps from `start` to `limit`; null when not known.
static AffineExpr rangeLength(SymbolicShapes &shapes, AffineExpr start,
                              AffineExpr limit, AffineExpr delta) {
  std::optional<int64_t> step = asConstant(delta);
  if (!step || *step == 0 || *step == std::numeric_limits<int64_t>::min())
    return {};
  AffineExpr span = shapes.canonical(*step > 0 ? limit - start : start - limit);
  if (!span)
    return {};
  if (std::optional<int64_t> distance = asConstant(span);
      distance && *distance <= 0)
    return shapes.constant(0);
  // A span that may be negative gives an empty range.
  if (shapes.lowerBound(span).value_or(-1) < 0)
    return {};
  return shapes.canonical(span.ceilDiv(std::abs(*step)));
}

static LogicalResult range(RangeOp op, SymbolicShapes &shapes) {
  OpResult result = op->getResult(0);
  Type type = commonElementType(shapes, op->getOperands());
  SmallVector<AffineExpr, 3> numbers;
  for (Value operand : op->getOperands())
    if (std::optional<ArrayRef<AffineExpr>> list =
            shapes.contentsOrSymbols(operand))
      if (list->size() == 1)
        numbers.push_back(list->front());
  Dims length = {AffineExpr()};
  if (numbers.size() == 3)
    length[0] = rangeLength(shapes, numbers[0], numbers[1], numbers[2]);
  else if (std::optional<double> start = floatConstant(op.getStart()),
           limit = floatConstant(op.getLimit()),
           delta = floatConstant(op.getDelta());
           start && limit && delta) {
    double count = std::ceil((*limit - *start) / *delta);
    // Not so for NaN, infinities and lengths beyond any memory.
    if (count <= 0 || count < 1e12)
      length[0] = shapes.constant(count <= 0 ? 0 : int64_t(count));
  }
  if (failed(shapes.set(result, type, ArrayRef<AffineExpr>(length))))
    return failure();
  // A length that only the result's type tells is still to be looked at.
  std::optional<int64_t> count = asConstant(shapes.canonical(length[0]));
  if (numbers.size() != 3 || !count || *count > 256)
    return success();
  SmallVector<AffineExpr> elements;
  for (int64_t index = 0; index < *count; ++index) {
    AffineExpr offset = shapes.product({numbers[2], shapes.constant(index)});
    elements.push_back(offset ? numbers[0] + offset : AffineExpr());
  }
  shapes.setContents(result, elements);
  return success();
}

//===----------------------------------------------------------------------===//
// Other
//===----------------------------------------------------------------------===//

static LogicalResult oneHot(OneHotOp op, SymbolicShapes &shapes) {
  OpResult result = op->getResult(0);
  Type type = shapes.elementType(op.getValues());
  std::optional<Dims> dims = copyDims(shapes, op.getIndices());
  if (!dims)
    return shapes.set(result, type, std::nullopt);
  FailureOr<int64_t> axis = normalAxis(op, op.getAxis(), dims->size() + 1);
  if (failed(axis))
    return failure();
  std::optional<ArrayRef<AffineExpr>> depth =
      shapes.contentsOrSymbols(op.getDepth());
  dims->insert(dims->begin() + *axis,
               depth && depth->size() == 1 ? depth->front() : AffineExpr());
  return shapes.set(result, type, ArrayRef<AffineExpr>(*dims));
}

static LogicalResult nonZero(NonZeroOp op, SymbolicShapes &shapes) {
  Dims dims(2);
  if (std::optional<ArrayRef<AffineExpr>> operand = shapes.dims(op.getX()))
    dims[0] = shapes.constant(operand->size());
  return shapes.set(op->getResult(0), i64(op), ArrayRef<AffineExpr>(dims));
}

void addCreationRules(ShapeRules &rules) {
  rules.add<ShapeOp>(shapeOf);
  rules.add<SizeOp>(sizeOf);
  rules.add<ConstantOfShapeOp>(constantOfShape);
  rules.add<EyeLikeOp>(eyeLike);
  rules.add<RangeOp>(range);
  rules.add<OneHotOp>(oneHot);
  rules.add<NonZeroOp>(nonZero);
}

} // namespace blockattn::onnx

//===- ShapeCode.cpp - symbolic dimensions as onnx ops --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Normalize/ShapeCode.h"

#include "dialects/Onnx/Onnx.h"

using namespace mlir;

namespace blockattn {

Value integerConstant(OpBuilder &builder, Location loc, RankedTensorType type,
                      ArrayRef<int64_t> elements) {
  unsigned width = type.getElementTypeBitWidth();
  SmallVector<APInt> values;
  for (int64_t element : elements)
    values.push_back(APInt(64, element, /*isSigned=*/true).sextOrTrunc(width));
  auto attr = DenseElementsAttr::get(type, values);
  return onnx::ConstantOp::create(builder, loc, type, cast<ElementsAttr>(attr));
}

Value integerVector(OpBuilder &builder, Location loc,
                    ArrayRef<int64_t> elements) {
  auto type =
      RankedTensorType::get({int64_t(elements.size())}, builder.getI64Type());
  return integerConstant(builder, loc, type, elements);
}

Value floatScalar(OpBuilder &builder, Location loc, FloatType type,
                  double value) {
  APFloat number(value);
  bool losesInfo;
  number.convert(type.getFloatSemantics(), APFloat::rmNearestTiesToEven,
                 &losesInfo);
  auto tensor = RankedTensorType::get({}, type);
  auto attr = DenseElementsAttr::get(tensor, number);
  return onnx::ConstantOp::create(builder, loc, tensor,
                                  cast<ElementsAttr>(attr));
}

bool isDimArithmetic(onnx::SymbolicShapes &shapes, AffineExpr expr) {
  if (isa<AffineConstantExpr>(expr))
    return true;
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr)) {
    if (symbol.getPosition() >= shapes.symbols().size())
      return false;
    const auto &entry = shapes.symbols()[symbol.getPosition()];
    return entry.value && !entry.isElement &&
           (!entry.offset || isDimArithmetic(shapes, entry.offset));
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary || !isDimArithmetic(shapes, binary.getLHS()) ||
      !isDimArithmetic(shapes, binary.getRHS()))
    return false;
  if (binary.getKind() == AffineExprKind::Add ||
      binary.getKind() == AffineExprKind::Mul)
    return true;
  return shapes.lowerBound(binary.getLHS()).value_or(-1) >= 0 &&
         shapes.lowerBound(binary.getRHS()).value_or(0) >= 1;
}

/// The expression as an i64 vector of one element.
static Value emitElement(OpBuilder &builder, Location loc,
                         onnx::SymbolicShapes &shapes, AffineExpr expr) {
  auto type = RankedTensorType::get({1}, builder.getI64Type());
  if (auto number = dyn_cast<AffineConstantExpr>(expr))
    return integerVector(builder, loc, number.getValue());
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr)) {
    onnx::SymbolicShapes::Symbol entry = shapes.symbols()[symbol.getPosition()];
    Value size = onnx::ShapeOp::create(
        builder, loc, type, entry.value, builder.getI64IntegerAttr(entry.dim),
        builder.getI64IntegerAttr(entry.dim + 1));
    if (!entry.offset)
      return size;
    Value offset = emitElement(builder, loc, shapes, entry.offset);
    return onnx::SubOp::create(builder, loc, type, size, offset);
  }
  auto binary = cast<AffineBinaryOpExpr>(expr);
  Value left = emitElement(builder, loc, shapes, binary.getLHS());
  // A sum with a negative term reads better, and folds better, as a difference.
  if (binary.getKind() == AffineExprKind::Add)
    if (auto term = dyn_cast<AffineBinaryOpExpr>(binary.getRHS());
        term && term.getKind() == AffineExprKind::Mul &&
        term.getRHS() == getAffineConstantExpr(-1, expr.getContext())) {
      Value right = emitElement(builder, loc, shapes, term.getLHS());
      return onnx::SubOp::create(builder, loc, type, left, right);
    }
  Value right = emitElement(builder, loc, shapes, binary.getRHS());
  switch (binary.getKind()) {
  case AffineExprKind::Add:
    return onnx::AddOp::create(builder, loc, type, left, right);
  case AffineExprKind::Mul:
    return onnx::MulOp::create(builder, loc, type, left, right);
  case AffineExprKind::FloorDiv:
    return onnx::DivOp::create(builder, loc, type, left, right);
  case AffineExprKind::Mod:
    return onnx::ModOp::create(builder, loc, type, left, right);
  default: {
    // (a + b - 1) / b
    Value one = integerVector(builder, loc, 1);
    Value sum = onnx::AddOp::create(builder, loc, type, left, right);
    sum = onnx::SubOp::create(builder, loc, type, sum, one);
    return onnx::DivOp::create(builder, loc, type, sum, right);
  }
  }
}

Value emitShapeArithmetic(OpBuilder &builder, Location loc,
                          onnx::SymbolicShapes &shapes, RankedTensorType type,
                          ArrayRef<AffineExpr> elements) {
  Type i64 = builder.getI64Type();
  // Runs of constants are one constant.
  SmallVector<Value> parts;
  SmallVector<int64_t> constants;
  auto flush = [&] {
    if (!constants.empty())
      parts.push_back(integerVector(builder, loc, constants));
    constants.clear();
  };
  for (AffineExpr element : elements) {
    if (auto number = dyn_cast<AffineConstantExpr>(element)) {
      constants.push_back(number.getValue());
      continue;
    }
    flush();
    parts.push_back(emitElement(builder, loc, shapes, element));
  }
  flush();
  Value result = parts.front();
  if (parts.size() > 1)
    result = onnx::ConcatOp::create(
        builder, loc, RankedTensorType::get({int64_t(elements.size())}, i64),
        parts, builder.getI64IntegerAttr(0));
  if (type.getRank() == 0)
    result =
        onnx::SqueezeOp::create(builder, loc, RankedTensorType::get({}, i64),
                                result, integerVector(builder, loc, 0));
  if (type.getElementType() != i64)
    result = onnx::CastOp::create(builder, loc, type, result,
                                  TypeAttr::get(type.getElementType()),
                                  IntegerAttr(), StringAttr());
  return result;
}

} // namespace blockattn

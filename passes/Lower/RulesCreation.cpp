//===- RulesCreation.cpp - generated tensors ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/RuntimeAxes.h"
#include "passes/Lower/ScalarBuilder.h"

using namespace mlir;
using namespace blockattn;

static LogicalResult lowerConstantOfShape(onnx::ConstantOfShapeOp op,
                                          Lowering &l, std::string &why) {
  RankedTensorType type = l.resultType(op.getOutput());
  FailureOr<SmallVector<OpFoldResult>> shape = l.elements(op.getInput());
  if (!type || failed(shape)) {
    why = "the rank or element type of its result is not known";
    return failure();
  }
  SmallVector<OpFoldResult> sizes;
  for (OpFoldResult size : *shape)
    sizes.push_back(l.max(size, l.b.getIndexAttr(0)));
  TypedAttr value = l.zero(type.getElementType());
  ElementsAttr given = op.getValue().value_or(nullptr);
  auto dense = dyn_cast_or_null<DenseElementsAttr>(given);
  if (given && !dense) {
    why = "its value is not in the program";
    return failure();
  }
  if (dense)
    value = cast<TypedAttr>(
        *dense.bitcast(type.getElementType()).getValues<Attribute>().begin());
  Value element = l.scalar(value);
  l.set(op.getOutput(),
        l.generic({}, {}, sizes, type.getElementType(),
                  [&](OpBuilder &, Location, ValueRange) { return element; }));
  return success();
}

static Value one(OpBuilder &b, Location loc, Type type) {
  if (isa<FloatType>(type))
    return arith::ConstantOp::create(b, loc, b.getFloatAttr(type, 1));
  return arith::ConstantOp::create(b, loc, b.getIntegerAttr(type, 1));
}

static LogicalResult lowerEyeLike(onnx::EyeLikeOp op, Lowering &l,
                                  std::string &why) {
  RankedTensorType type = l.resultType(op.getOutput());
  if (!type) {
    why = "its element type is not supported";
    return failure();
  }
  Type element = type.getElementType();
  l.set(op.getOutput(),
        l.generic({}, {}, l.sizes(op.getInput()), element,
                  [&](OpBuilder &b, Location loc, ValueRange) -> Value {
                    Value row = linalg::IndexOp::create(b, loc, 0);
                    Value column = linalg::IndexOp::create(b, loc, 1);
                    Value shifted = arith::AddIOp::create(
                        b, loc, row,
                        arith::ConstantIndexOp::create(b, loc, op.getK()));
                    Value on = arith::CmpIOp::create(
                        b, loc, arith::CmpIPredicate::eq, shifted, column);
                    Value zero =
                        arith::ConstantOp::create(b, loc, l.zero(element));
                    return arith::SelectOp::create(b, loc, on,
                                                   one(b, loc, element), zero);
                  }));
  return success();
}

static LogicalResult lowerRange(onnx::RangeOp op, Lowering &l,
                                std::string &why) {
  RankedTensorType type = l.resultType(op.getOutput());
  if (!type) {
    why = "its element type is not supported";
    return failure();
  }
  Type element = type.getElementType();
  Value start = onlyElement(l, op.getStart());
  Value delta = onlyElement(l, op.getDelta());
  SmallVector<OpFoldResult> sizes =
      l.sizesOr(op.getOutput(), [](int64_t) { return OpFoldResult(); });
  if (sizes.size() != 1 || !sizes[0] ||
      !l.shapes.isInferred(op.getOutput(), 0)) {
    // max(ceil((limit - start) / delta), 0)
    Value limit = onlyElement(l, op.getLimit());
    Value count;
    if (isa<FloatType>(element)) {
      Type f64 = l.b.getF64Type();
      auto wide = [&](Value value) {
        return Lowering::convertFloat(l.b, l.loc, value, f64);
      };
      Value distance =
          arith::SubFOp::create(l.b, l.loc, wide(limit), wide(start));
      Value steps = math::CeilOp::create(
          l.b, l.loc, arith::DivFOp::create(l.b, l.loc, distance, wide(delta)));
      // Neither a number beyond all memory nor none at all may be converted.
      Value zero = l.floatConstant(l.b, f64, 0);
      Value isNumber = arith::CmpFOp::create(
          l.b, l.loc, arith::CmpFPredicate::ORD, steps, steps);
      steps = arith::SelectOp::create(l.b, l.loc, isNumber, steps, zero);
      steps = arith::MaximumFOp::create(l.b, l.loc, steps, zero);
      steps = arith::MinimumFOp::create(l.b, l.loc, steps,
                                        l.floatConstant(l.b, f64, 1e15));
      count = arith::FPToSIOp::create(l.b, l.loc, l.b.getI64Type(), steps);
    } else {
      Type i64 = l.b.getI64Type();
      auto wide = [&](Value value) -> Value {
        if (value.getType() == i64)
          return value;
        return arith::ExtSIOp::create(l.b, l.loc, i64, value);
      };
      Value zero =
          arith::ConstantOp::create(l.b, l.loc, l.b.getI64IntegerAttr(0));
      Value unit =
          arith::ConstantOp::create(l.b, l.loc, l.b.getI64IntegerAttr(1));
      Value isZero = arith::CmpIOp::create(l.b, l.loc, arith::CmpIPredicate::eq,
                                           wide(delta), zero);
      l.check(arith::CmpIOp::create(l.b, l.loc, arith::CmpIPredicate::ne,
                                    wide(delta), zero),
              BA_KERNEL_FAIL_VALUE, "the step of a range is 0");
      Value step =
          arith::SelectOp::create(l.b, l.loc, isZero, unit, wide(delta));
      Value distance =
          arith::SubIOp::create(l.b, l.loc, wide(limit), wide(start));
      count = arith::CeilDivSIOp::create(l.b, l.loc, distance, step);
      count = arith::MaxSIOp::create(l.b, l.loc, count, zero);
    }
    sizes = {arith::IndexCastOp::create(l.b, l.loc, l.b.getIndexType(), count)
                 .getResult()};
  }
  l.set(op.getOutput(),
        l.generic({}, {}, sizes, element,
                  [&](OpBuilder &b, Location loc, ValueRange) -> Value {
                    Value at = linalg::IndexOp::create(b, loc, 0);
                    Value i =
                        arith::IndexCastOp::create(b, loc, b.getI64Type(), at);
                    if (isa<FloatType>(element)) {
                      i = arith::SIToFPOp::create(b, loc, element, i);
                      return arith::AddFOp::create(
                          b, loc, start,
                          arith::MulFOp::create(b, loc, i, delta));
                    }
                    if (element != b.getI64Type())
                      i = arith::TruncIOp::create(b, loc, element, i);
                    return arith::AddIOp::create(
                        b, loc, start, arith::MulIOp::create(b, loc, i, delta));
                  }));
  return success();
}

static LogicalResult lowerOneHot(onnx::OneHotOp op, Lowering &l,
                                 std::string &why) {
  RankedTensorType type = l.resultType(op.getOutput());
  Value indices = l.get(op.getIndices()), values = l.get(op.getValues());
  auto indexType = cast<RankedTensorType>(indices.getType());
  if (!type) {
    why = "its element type is not supported";
    return failure();
  }
  // Indices and depth may be floats.
  Type i64 = l.b.getI64Type();
  auto toIndex = [&](OpBuilder &b, Location loc, Value value,
                     Value original) -> Value {
    value = convertElement(b, loc, value, l.shapes.elementType(original), i64);
    return arith::IndexCastOp::create(b, loc, b.getIndexType(), value);
  };
  OpFoldResult depth;
  if (FailureOr<SmallVector<OpFoldResult>> known = failure();
      isa<IntegerType>(l.shapes.elementType(op.getDepth())) &&
      succeeded(known = l.elements(op.getDepth())) && known->size() == 1)
    depth = known->front();
  else
    depth = toIndex(l.b, l.loc, onlyElement(l, op.getDepth()), op.getDepth());
  int64_t rank = indexType.getRank() + 1;
  int64_t axis = op.getAxis() < 0 ? op.getAxis() + rank : op.getAxis();
  OpFoldResult size = l.max(depth, l.b.getIndexAttr(0));
  SmallVector<OpFoldResult> sizes = l.sizes(op.getIndices());
  sizes.insert(sizes.begin() + axis, size);
  SmallVector<AffineExpr> results;
  for (int64_t i = 0; i < rank; ++i)
    if (i != axis)
      results.push_back(l.b.getAffineDimExpr(i));
  Value off = tensor::ExtractOp::create(l.b, l.loc, values, l.index(0));
  Value on = tensor::ExtractOp::create(l.b, l.loc, values, l.index(1));
  Value limit = l.toValue(size);
  l.setChecked(
      op.getOutput(),
      l.generic({indices}, {AffineMap::get(rank, 0, results, l.b.getContext())},
                sizes, type.getElementType(),
                [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
                  Value index = toIndex(b, loc, v[0], op.getIndices());
                  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
                  Value negative = arith::CmpIOp::create(
                      b, loc, arith::CmpIPredicate::slt, index, zero);
                  index = arith::SelectOp::create(
                      b, loc, negative,
                      arith::AddIOp::create(b, loc, index, limit), index);
                  Value here = arith::CmpIOp::create(
                      b, loc, arith::CmpIPredicate::eq, index,
                      linalg::IndexOp::create(b, loc, axis));
                  return arith::SelectOp::create(b, loc, here, on, off);
                }));
  return success();
}

void blockattn::populateCreationRules(LoweringRules &rules) {
  rules.add<onnx::ConstantOfShapeOp>(lowerConstantOfShape);
  rules.add<onnx::EyeLikeOp>(lowerEyeLike);
  rules.add<onnx::RangeOp>(lowerRange);
  rules.add<onnx::OneHotOp>(lowerOneHot);
}

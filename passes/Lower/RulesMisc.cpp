//===- RulesMisc.cpp - constants, shapes, sums along an axis --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/RuntimeAxes.h"
#include "passes/Lower/ScalarBuilder.h"

using namespace mlir;
using namespace blockattn;

//===----------------------------------------------------------------------===//
// Constants and shapes
//===----------------------------------------------------------------------===//

static LogicalResult lowerConstant(onnx::ConstantOp op, Lowering &l,
                                   std::string &why) {
  ElementsAttr value = op.getValue();
  auto type = dyn_cast_or_null<RankedTensorType>(
      Lowering::convertType(value.getShapedType()));
  if (!type) {
    why = "its element type is not supported";
    return failure();
  }
  if (isNarrow(value.getElementType())) {
    onnx::HostTensor tensor = onnx::HostTensor::from(value);
    if (!tensor) {
      why = "its element type is not supported";
      return failure();
    }
    value = DenseElementsAttr::getFromRawBuffer(type, tensor.getBytes());
  }
  // Unsigned integers are the same bits under a signless type.
  if (type != value.getShapedType()) {
    auto dense = dyn_cast<DenseElementsAttr>(value);
    if (!dense) {
      why = "a large constant of unsigned integers is not supported";
      return failure();
    }
    value = dense.bitcast(type.getElementType());
  }
  l.set(op.getOutput(), l.scalar(cast<TypedAttr>(value)));
  return success();
}

/// The elements of packed bytes, one each. Written so that what reads them
/// takes them from where they are.
static Value unpack(Lowering &l, Value packed, RankedTensorType type) {
  Type element = type.getElementType();
  int64_t bits = element.getIntOrFloatBitWidth(), perByte = 8 / bits;
  SmallVector<OpFoldResult> sizes;
  for (int64_t size : type.getShape())
    sizes.push_back(l.b.getIndexAttr(size));
  return l.generic(
      {}, {}, sizes, l.b.getI8Type(),
      [&](OpBuilder &b, Location loc, ValueRange) -> Value {
        Value flat = arith::ConstantIndexOp::create(b, loc, 0);
        for (auto [i, size] : llvm::enumerate(type.getShape())) {
          flat = arith::MulIOp::create(
              b, loc, flat, arith::ConstantIndexOp::create(b, loc, size));
          flat = arith::AddIOp::create(b, loc, flat,
                                       linalg::IndexOp::create(b, loc, i));
        }
        Value count = arith::ConstantIndexOp::create(b, loc, perByte);
        Value byte = tensor::ExtractOp::create(
            b, loc, packed,
            ValueRange{arith::DivUIOp::create(b, loc, flat, count)});
        Value place = arith::IndexCastOp::create(
            b, loc, b.getI8Type(), arith::RemUIOp::create(b, loc, flat, count));
        Value shift = arith::MulIOp::create(
            b, loc, place,
            arith::ConstantOp::create(b, loc, b.getI8IntegerAttr(bits)));
        byte = arith::ShRUIOp::create(b, loc, byte, shift);
        // The bits of a float are without sign.
        auto integer = dyn_cast<IntegerType>(element);
        return makeNarrowInt(
            b, loc, byte,
            integer ? integer : b.getIntegerType(bits, /*isSigned=*/false));
      });
}

static LogicalResult lowerWeight(onnx::WeightOp op, Lowering &l,
                                 std::string &why) {
  auto type = dyn_cast<RankedTensorType>(op.getOutput().getType());
  if (!type || !Lowering::convertElementType(type.getElementType())) {
    why = "its element type is not supported";
    return failure();
  }
  bool isPacked =
      type.getElementTypeBitWidth() < 8 && !type.getElementType().isInteger(1);
  RankedTensorType stored =
      isPacked
          ? RankedTensorType::get({op.getSize()}, l.b.getIntegerType(8, false))
          : type;
  Value argument = l.weight(
      {op.getNameAttr(), op.getSource(), op.getOffset(), op.getSize(), stored});
  if (!argument)
    return failure();
  l.set(op.getOutput(), isPacked ? unpack(l, argument, type) : argument);
  return success();
}

static Value indexTensor(Lowering &l, ArrayRef<OpFoldResult> list,
                         ArrayRef<int64_t> shape) {
  SmallVector<Value> elements;
  for (OpFoldResult size : list)
    elements.push_back(arith::IndexCastOp::create(l.b, l.loc, l.b.getI64Type(),
                                                  l.toValue(size)));
  return tensor::FromElementsOp::create(
      l.b, l.loc, RankedTensorType::get(shape, l.b.getI64Type()), elements);
}

static LogicalResult lowerShape(onnx::ShapeOp op, Lowering &l, std::string &) {
  SmallVector<OpFoldResult> sizes = l.sizes(op.getData());
  auto [begin, end] = op.range(sizes.size());
  ArrayRef<OpFoldResult> part =
      ArrayRef(sizes).slice(begin, std::max<int64_t>(end - begin, 0));
  l.set(op.getShape(), indexTensor(l, part, static_cast<int64_t>(part.size())));
  return success();
}

static LogicalResult lowerSize(onnx::SizeOp op, Lowering &l, std::string &) {
  l.set(op.getSize(),
        indexTensor(l, l.product(l.sizes(op.getData())), ArrayRef<int64_t>()));
  return success();
}

//===----------------------------------------------------------------------===//
// Trilu, CumSum
//===----------------------------------------------------------------------===//

static LogicalResult lowerTrilu(onnx::TriluOp op, Lowering &l,
                                std::string &why) {
  Value input = l.get(op.getInput());
  auto type = cast<RankedTensorType>(input.getType());
  int64_t rank = type.getRank();
  Type element = type.getElementType();
  if (rank < 2 || !element.isIntOrFloat()) {
    why = "its operand must be a matrix of numbers";
    return failure();
  }
  Value k = l.index(0);
  if (op.getK())
    k = arith::IndexCastOp::create(l.b, l.loc, l.b.getIndexType(),
                                   onlyElement(l, op.getK()));
  l.set(op.getOutput(),
        l.generic({input}, {l.identity(rank)}, l.sizes(op.getInput()), element,
                  [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
                    Value row = linalg::IndexOp::create(b, loc, rank - 2);
                    Value column = linalg::IndexOp::create(b, loc, rank - 1);
                    Value distance = arith::SubIOp::create(b, loc, column, row);
                    auto predicate = op.getUpper() ? arith::CmpIPredicate::sge
                                                   : arith::CmpIPredicate::sle;
                    Value keep =
                        arith::CmpIOp::create(b, loc, predicate, distance, k);
                    Value zero =
                        arith::ConstantOp::create(b, loc, l.zero(element));
                    return arith::SelectOp::create(b, loc, keep, v[0], zero);
                  }));
  return success();
}

static LogicalResult lowerCumSum(onnx::CumSumOp op, Lowering &l,
                                 std::string &why) {
  Value x = l.get(op.getX());
  auto type = cast<RankedTensorType>(x.getType());
  int64_t rank = type.getRank();
  Type element = type.getElementType();
  if (rank == 0 || !element.isIntOrFloat()) {
    why = "its operand must be a tensor of numbers with an axis";
    return failure();
  }
  SmallVector<OpFoldResult> sizes = l.sizes(op.getX()), slab = sizes;
  // Whether a dimension is the axis, where that comes from data.
  SmallVector<Value> isAxis;
  int64_t axis = -1;
  Value length, unit = l.index(1);
  if (std::optional<SmallVector<int64_t>> axes =
          l.shapes.constantContents(op.getAxis());
      axes && axes->size() == 1) {
    axis = axes->front() < 0 ? axes->front() + rank : axes->front();
    if (axis < 0 || axis >= rank) {
      why = "its axis does not fit the rank";
      return failure();
    }
    slab[axis] = l.b.getIndexAttr(1);
    length = l.toValue(sizes[axis]);
  } else {
    Value list = l.filled({l.b.getIndexAttr(1)}, l.b.getI64IntegerAttr(0));
    Value given = onlyElement(l, op.getAxis());
    if (!given.getType().isInteger(64))
      given = arith::ExtSIOp::create(l.b, l.loc, l.b.getI64Type(), given);
    list = tensor::InsertOp::create(l.b, l.loc, given, list, l.index(0));
    isAxis = spreadAxes(l, list, unit, rank).named;
    length = unit;
    for (int64_t i = 0; i < rank; ++i) {
      Value size = l.toValue(sizes[i]);
      length = arith::SelectOp::create(l.b, l.loc, isAxis[i], size, length);
      slab[i] = arith::SelectOp::create(l.b, l.loc, isAxis[i], unit, size)
                    .getResult();
    }
  }
  Value last = arith::SubIOp::create(l.b, l.loc, length, unit);
  Value sums = l.filled(slab, l.zero(element));
  Value result = l.empty(sizes, element);
  SmallVector<OpFoldResult> strides(rank, l.b.getIndexAttr(1));
  OpBuilder outside = l.b;
  auto loop = scf::ForOp::create(
      l.b, l.loc, l.index(0), length, unit, ValueRange{result, sums},
      [&](OpBuilder &b, Location loc, Value i, ValueRange state) {
        l.b = b;
        Value at = i;
        if (op.getReverse())
          at = arith::SubIOp::create(b, loc, last, i);
        SmallVector<OpFoldResult> offsets(rank, b.getIndexAttr(0));
        if (axis >= 0)
          offsets[axis] = at;
        for (auto [offset, here] : llvm::zip(offsets, isAxis))
          offset =
              arith::SelectOp::create(b, loc, here, at, l.index(0)).getResult();
        Value part =
            tensor::ExtractSliceOp::create(l.b, loc, x, offsets, slab, strides);
        SmallVector<utils::IteratorType> iterators(
            rank, utils::IteratorType::parallel);
        // The sums before this slab are written first where it is left out.
        Value written = state[0];
        if (op.getExclusive())
          written = tensor::InsertSliceOp::create(l.b, loc, state[1], written,
                                                  offsets, slab, strides);
        Value next =
            l.generic({part}, {state[1]}, {l.identity(rank), l.identity(rank)},
                      iterators,
                      [&](OpBuilder &b, Location loc,
                          ValueRange v) -> SmallVector<Value> {
                        if (isa<FloatType>(element))
                          return {arith::AddFOp::create(b, loc, v[1], v[0])};
                        return {arith::AddIOp::create(b, loc, v[1], v[0])};
                      })
                .front();
        if (!op.getExclusive())
          written = tensor::InsertSliceOp::create(l.b, loc, next, written,
                                                  offsets, slab, strides);
        scf::YieldOp::create(l.b, loc, ValueRange{written, next});
      });
  l.b = outside;
  l.set(op.getY(), loop.getResult(0));
  return success();
}

/// The one element of a tensor; null where it is not known to have one.
static Value elementIfOne(Lowering &l, Value original) {
  auto type = cast<RankedTensorType>(l.get(original).getType());
  if (!type.hasStaticShape() || type.getNumElements() != 1)
    return nullptr;
  return onlyElement(l, original);
}

/// Outside of training it keeps everything, and so it does with a ratio of 0.
/// What is random is an error of the run, which alone knows whether it is.
static LogicalResult lowerDropout(onnx::DropoutOp op, Lowering &l,
                                  std::string &why) {
  if (Value mode = op.getTrainingMode()) {
    Value random = elementIfOne(l, mode);
    if (Value ratio = op.getRatio(); ratio && random) {
      Value share = elementIfOne(l, ratio);
      if (!share) {
        why = "its ratio is not known to be one number";
        return failure();
      }
      Value zero = arith::ConstantOp::create(
          l.b, l.loc, l.b.getFloatAttr(share.getType(), 0));
      Value drops = arith::CmpFOp::create(l.b, l.loc, arith::CmpFPredicate::UNE,
                                          share, zero);
      random = arith::AndIOp::create(l.b, l.loc, random, drops);
    }
    if (!random) {
      why = "its training_mode is not known to be one number";
      return failure();
    }
    Value yes = arith::ConstantOp::create(l.b, l.loc, l.b.getBoolAttr(true));
    l.check(arith::XOrIOp::create(l.b, l.loc, random, yes),
            BA_KERNEL_FAIL_VALUE,
            "dropout in training mode draws random numbers, which is not "
            "supported; set training_mode to false, or ratio to 0");
  }
  l.set(op.getOutput(), l.get(op.getData()));
  if (op.getMask())
    l.set(op.getMask(), l.filled(l.sizes(op.getData()), l.b.getBoolAttr(true)));
  return success();
}

void blockattn::populateMiscRules(LoweringRules &rules) {
  rules.add<onnx::ConstantOp>(lowerConstant);
  rules.add<onnx::WeightOp>(lowerWeight);
  rules.add<onnx::ShapeOp>(lowerShape);
  rules.add<onnx::SizeOp>(lowerSize);
  rules.add<onnx::TriluOp>(lowerTrilu);
  rules.add<onnx::CumSumOp>(lowerCumSum);
  rules.add<onnx::DropoutOp>(lowerDropout);
}

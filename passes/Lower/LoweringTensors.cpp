//===- LoweringTensors.cpp - generics, broadcasting and reshapes ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/Lowering.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace blockattn;

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

TypedAttr Lowering::zero(Type elementType) {
  return b.getZeroAttr(elementType);
}

Value Lowering::floatConstant(OpBuilder &builder, Type type, double value) {
  return arith::ConstantOp::create(builder, loc,
                                   builder.getFloatAttr(type, value));
}

Value Lowering::scalar(TypedAttr value) {
  return arith::ConstantOp::create(b, loc, value);
}

Value Lowering::empty(ArrayRef<OpFoldResult> sizes, Type elementType) {
  return tensor::EmptyOp::create(b, loc, sizes, elementType);
}

Value Lowering::filled(ArrayRef<OpFoldResult> sizes, TypedAttr value) {
  Value init = empty(sizes, value.getType());
  return linalg::FillOp::create(b, loc, scalar(value), init).getResult(0);
}

Value Lowering::convertFloat(OpBuilder &builder, Location loc, Value value,
                             Type to) {
  Type from = value.getType();
  if (from == to)
    return value;
  if (from.getIntOrFloatBitWidth() < to.getIntOrFloatBitWidth())
    return arith::ExtFOp::create(builder, loc, to, value);
  if (from.getIntOrFloatBitWidth() > to.getIntOrFloatBitWidth())
    return arith::TruncFOp::create(builder, loc, to, value);
  // bf16 and f16 have no direct conversion.
  Value wide = arith::ExtFOp::create(builder, loc, builder.getF32Type(), value);
  return arith::TruncFOp::create(builder, loc, to, wide);
}

//===----------------------------------------------------------------------===//
// Generics
//===----------------------------------------------------------------------===//

AffineMap Lowering::identity(int64_t rank) {
  return b.getMultiDimIdentityMap(rank);
}

AffineMap Lowering::broadcastMap(RankedTensorType type,
                                 ArrayRef<OpFoldResult> sizes) {
  SmallVector<AffineExpr> results;
  int64_t rank = sizes.size(), offset = rank - type.getRank();
  for (int64_t i = 0; i < type.getRank(); ++i) {
    bool repeated = type.getDimSize(i) == 1 && constant(sizes[offset + i]) != 1;
    results.push_back(repeated ? b.getAffineConstantExpr(0)
                               : b.getAffineDimExpr(offset + i));
  }
  return AffineMap::get(rank, 0, results, b.getContext());
}

SmallVector<Value> Lowering::generic(ArrayRef<Value> inputs,
                                     ArrayRef<Value> inits,
                                     ArrayRef<AffineMap> maps,
                                     ArrayRef<utils::IteratorType> iterators,
                                     MultiBody body) {
  SmallVector<Type> types;
  for (Value init : inits)
    types.push_back(init.getType());
  auto op = linalg::GenericOp::create(
      b, loc, types, inputs, inits, maps, iterators,
      [&](OpBuilder &builder, Location bodyLoc, ValueRange arguments) {
        linalg::YieldOp::create(builder, bodyLoc,
                                body(builder, bodyLoc, arguments));
      });
  return SmallVector<Value>(op.getResults());
}

Value Lowering::generic(ArrayRef<Value> inputs, ArrayRef<AffineMap> maps,
                        ArrayRef<OpFoldResult> sizes, Type elementType,
                        Body body) {
  SmallVector<AffineMap> allMaps(maps);
  allMaps.push_back(identity(sizes.size()));
  SmallVector<utils::IteratorType> iterators(sizes.size(),
                                             utils::IteratorType::parallel);
  return generic(inputs, {empty(sizes, elementType)}, allMaps, iterators,
                 [&](OpBuilder &builder, Location bodyLoc,
                     ValueRange arguments) -> SmallVector<Value> {
                   return {body(builder, bodyLoc, arguments.drop_back())};
                 })
      .front();
}

//===----------------------------------------------------------------------===//
// Broadcasting
//===----------------------------------------------------------------------===//

SmallVector<OpFoldResult> Lowering::broadcastSizes(ValueRange operands) {
  int64_t rank = 0;
  for (Value operand : operands)
    rank = std::max(rank, this->rank(operand));
  SmallVector<OpFoldResult> result;
  for (int64_t i = 0; i < rank; ++i) {
    // The extents that take part: not those which are 1 for certain, and of
    // those which are equal for certain only one.
    SmallVector<OpFoldResult> extents;
    SmallVector<AffineExpr> known;
    std::optional<int64_t> fixed;
    for (Value operand : operands) {
      int64_t at = i - (rank - this->rank(operand));
      if (at < 0)
        continue;
      OpFoldResult size = sizes(operand)[at];
      if (std::optional<int64_t> c = constant(size)) {
        if (*c != 1)
          fixed = *c;
        continue;
      }
      ArrayRef<AffineExpr> dims = exprs(operand);
      AffineExpr expr = dims.empty() ? AffineExpr() : dims[at];
      bool seen = false;
      for (auto [e, s] : llvm::zip(known, extents))
        seen |= same(s, size) || (e && expr && shapes.provenEqual(e, expr));
      if (seen)
        continue;
      extents.push_back(size);
      known.push_back(expr);
    }
    if (fixed) {
      result.push_back(b.getIndexAttr(*fixed));
      continue;
    }
    if (extents.empty()) {
      result.push_back(b.getIndexAttr(1));
      continue;
    }
    // Which of them is not 1 is seen at run time.
    OpFoldResult size = extents.back();
    for (OpFoldResult extent : llvm::reverse(llvm::drop_end(extents))) {
      Value isOne = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq,
                                          toValue(extent), index(1));
      size =
          arith::SelectOp::create(b, loc, isOne, toValue(size), toValue(extent))
              .getResult();
    }
    result.push_back(size);
  }
  return result;
}

Value Lowering::readBroadcast(OpBuilder &builder, Location bodyLoc,
                              Value tensor, int64_t rank) {
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<Value> indices;
  for (int64_t i = 0; i < type.getRank(); ++i) {
    Value zero = arith::ConstantIndexOp::create(builder, bodyLoc, 0);
    if (type.getDimSize(i) == 1) {
      indices.push_back(zero);
      continue;
    }
    Value at =
        linalg::IndexOp::create(builder, bodyLoc, rank - type.getRank() + i);
    Value size = tensor::DimOp::create(builder, bodyLoc, tensor, i);
    Value inside = arith::CmpIOp::create(builder, bodyLoc,
                                         arith::CmpIPredicate::slt, at, size);
    indices.push_back(
        arith::SelectOp::create(builder, bodyLoc, inside, at, zero));
  }
  return tensor::ExtractOp::create(builder, bodyLoc, tensor, indices);
}

FailureOr<Value> Lowering::elementwise(ValueRange operands, Type elementType,
                                       Body body) {
  SmallVector<OpFoldResult> result = broadcastSizes(operands);
  int64_t rank = result.size();
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  // For each operand: the number of the input, or how it is read otherwise.
  struct Source {
    int64_t input = -1;
    TypedAttr splat;
    Value tensor;
  };
  SmallVector<Source> sources;
  for (Value operand : operands) {
    Source source;
    Value tensor = get(operand);
    auto type = dyn_cast<RankedTensorType>(tensor.getType());
    if (!type)
      return failure();
    DenseElementsAttr splat;
    if (matchPattern(tensor, m_Constant(&splat)) && splat.isSplat()) {
      source.splat = cast<TypedAttr>(splat.getSplatValue<Attribute>());
      sources.push_back(source);
      continue;
    }
    SmallVector<OpFoldResult> sizes = this->sizes(operand);
    ArrayRef<AffineExpr> dims = exprs(operand);
    bool certain = true;
    for (int64_t i = 0; i < type.getRank(); ++i) {
      OpFoldResult to = result[rank - type.getRank() + i];
      if (same(sizes[i], to) || constant(sizes[i]) == 1)
        continue;
      // Equal symbolically to the operand that gave the size?
      bool equal = false;
      for (Value other : operands) {
        int64_t at = this->rank(other) - type.getRank() + i;
        ArrayRef<AffineExpr> otherDims = exprs(other);
        if (at < 0 || otherDims.empty() || dims.empty() ||
            !same(this->sizes(other)[at], to))
          continue;
        equal |= shapes.provenEqual(dims[i], otherDims[at]);
      }
      if (equal)
        continue;
      certain = false;
      Value isOne = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq,
                                          toValue(sizes[i]), index(1));
      Value isSame = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq,
                                           toValue(sizes[i]), toValue(to));
      check(arith::OrIOp::create(b, loc, isOne, isSame), BA_KERNEL_FAIL_SHAPE,
            "the shapes of the operands do not broadcast");
    }
    if (certain) {
      source.input = inputs.size();
      inputs.push_back(tensor);
      maps.push_back(broadcastMap(type, result));
    } else {
      source.tensor = tensor;
    }
    sources.push_back(source);
  }
  return generic(inputs, maps, result, elementType,
                 [&](OpBuilder &builder, Location bodyLoc, ValueRange values) {
                   SmallVector<Value> arguments;
                   for (const Source &source : sources) {
                     if (source.splat)
                       arguments.push_back(arith::ConstantOp::create(
                           builder, bodyLoc, source.splat));
                     else if (source.tensor)
                       arguments.push_back(readBroadcast(builder, bodyLoc,
                                                         source.tensor, rank));
                     else
                       arguments.push_back(values[source.input]);
                   }
                   return body(builder, bodyLoc, arguments);
                 });
}

Value Lowering::broadcastTo(Value operand, ArrayRef<OpFoldResult> to) {
  return broadcastTensor(get(operand), sizes(operand), to);
}

Value Lowering::broadcastTensor(Value tensor, ArrayRef<OpFoldResult> from,
                                ArrayRef<OpFoldResult> to) {
  auto type = cast<RankedTensorType>(tensor.getType());
  int64_t rank = to.size();
  bool certain = true;
  for (int64_t i = 0; i < type.getRank(); ++i)
    certain &=
        constant(from[i]) == 1 || same(from[i], to[rank - type.getRank() + i]);
  if (certain)
    return generic({tensor}, {broadcastMap(type, to)}, to,
                   type.getElementType(),
                   [](OpBuilder &, Location, ValueRange v) { return v[0]; });
  return generic({}, {}, to, type.getElementType(),
                 [&](OpBuilder &builder, Location bodyLoc, ValueRange) {
                   return readBroadcast(builder, bodyLoc, tensor, rank);
                 });
}

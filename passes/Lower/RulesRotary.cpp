//===- RulesRotary.cpp - rotary positions from tables ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// `onnx.RotaryEmbedding` where no frequencies could be found in its caches:
// cosines and sines are read from them.
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/ScalarBuilder.h"

using namespace mlir;
using namespace blockattn;

static LogicalResult lowerRotaryEmbedding(onnx::RotaryEmbeddingOp op,
                                          Lowering &l, std::string &why) {
  Value x = l.get(op.getX());
  auto type = cast<RankedTensorType>(x.getType());
  Type element = type.getElementType(), inside = computeType(element);
  int64_t rank = type.getRank();
  SmallVector<OpFoldResult> sizes = l.sizes(op.getX());
  int64_t batchDim = 0, tokenDim = rank == 4 ? 2 : 1;
  int64_t heads = op.getNumHeads().value_or(0);
  if (rank != 4 && (rank != 3 || heads <= 0)) {
    why =
        "its operand must have the rank 4, or 3 and the number of heads given";
    return failure();
  }
  // Elements of a head, and of those that are rotated.
  OpFoldResult headSize = sizes[rank - 1];
  if (rank == 3)
    headSize =
        Lowering::constant(headSize)
            ? OpFoldResult(
                  l.b.getIndexAttr(*Lowering::constant(headSize) / heads))
            : OpFoldResult(arith::DivUIOp::create(
                               l.b, l.loc, l.toValue(headSize), l.index(heads))
                               .getResult());
  Value size = l.toValue(headSize);
  OpFoldResult rotated = op.getRotaryEmbeddingDim()
                             ? l.b.getIndexAttr(op.getRotaryEmbeddingDim())
                             : headSize;
  Value half =
      arith::DivUIOp::create(l.b, l.loc, l.toValue(rotated), l.index(2));
  Value cosines = l.get(op.getCosCache()), sines = l.get(op.getSinCache());
  Value positions = op.getPositionIds() ? l.get(op.getPositionIds()) : Value();
  SmallVector<OpFoldResult> cacheSizes = l.sizes(op.getCosCache());
  SmallVector<OpFoldResult> sineSizes = l.sizes(op.getSinCache());
  if (cacheSizes.size() != sineSizes.size() ||
      cacheSizes.size() != (positions ? 2u : 3u)) {
    why = "its caches must have one shape, of rank 2 with positions and of "
          "rank 3 without";
    return failure();
  }
  for (auto [c, s] : llvm::zip(cacheSizes, sineSizes))
    l.checkEqual(c, s, "the caches of cosines and sines differ in shape");
  l.checkEqual(cacheSizes.back(), OpFoldResult(half),
               "the caches must have a column for each pair of elements");
  // Which row of the caches belongs to a token. What is out of range is an
  // error, and row 0 is read in its place.
  Value numRows = l.toValue(cacheSizes[0]);
  if (positions) {
    SmallVector<OpFoldResult> given = l.sizesOf(positions);
    l.checkEqual(given[0], sizes[batchDim],
                 "there must be a position for each batch entry");
    l.checkEqual(given[1], sizes[tokenDim],
                 "there must be a position for each token");
    AffineMap none = AffineMap::get(2, 0, l.b.getContext());
    SmallVector<utils::IteratorType> iterators(2,
                                               utils::IteratorType::reduction);
    Value good =
        l.generic({positions}, {l.filled({}, l.b.getBoolAttr(true))},
                  {l.identity(2), none}, iterators,
                  [&](OpBuilder &b, Location loc,
                      ValueRange v) -> SmallVector<Value> {
                    Value row = arith::IndexCastOp::create(
                        b, loc, b.getIndexType(), v[0]);
                    Value ok = arith::CmpIOp::create(
                        b, loc, arith::CmpIPredicate::ult, row, numRows);
                    return {arith::AndIOp::create(b, loc, v[1], ok)};
                  })
            .front();
    l.check(tensor::ExtractOp::create(l.b, l.loc, good, ValueRange{}),
            BA_KERNEL_FAIL_INDEX, "a position lies outside of the caches");
  } else {
    l.checkEqual(cacheSizes[0], sizes[batchDim],
                 "the caches must have a matrix for each batch entry");
    l.checkEqual(cacheSizes[1], sizes[tokenDim],
                 "the caches must have a row for each token");
  }
  bool interleaved = op.getInterleaved() != 0;
  l.set(
      op.getY(),
      l.generic(
          {x}, {l.identity(rank)}, sizes, element,
          [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
            auto constant = [&](int64_t value) -> Value {
              return arith::ConstantIndexOp::create(b, loc, value);
            };
            auto wide = [&](Value value) {
              return Lowering::convertFloat(b, loc, value, inside);
            };
            SmallVector<Value> at;
            for (int64_t i = 0; i < rank; ++i)
              at.push_back(linalg::IndexOp::create(b, loc, i));
            Value column = at.back(), start = constant(0);
            if (rank == 3) {
              column = arith::RemUIOp::create(b, loc, at.back(), size);
              start = arith::SubIOp::create(b, loc, at.back(), column);
            }
            // The pair that the element belongs to, and where in it it is.
            Value two = constant(2);
            Value pair =
                interleaved
                    ? Value(arith::DivUIOp::create(b, loc, column, two))
                    : Value(arith::RemUIOp::create(
                          b, loc, column,
                          arith::MaxUIOp::create(b, loc, half, constant(1))));
            Value place =
                interleaved
                    ? Value(arith::RemUIOp::create(b, loc, column, two))
                    : Value(arith::DivUIOp::create(
                          b, loc, column,
                          arith::MaxUIOp::create(b, loc, half, constant(1))));
            Value isFirst = arith::CmpIOp::create(
                b, loc, arith::CmpIPredicate::eq, place, constant(0));
            Value partner = interleaved ? constant(1) : half;
            partner = arith::SelectOp::create(
                b, loc, isFirst, arith::AddIOp::create(b, loc, column, partner),
                arith::SubIOp::create(b, loc, column, partner));
            Value isRotated = arith::CmpIOp::create(
                b, loc, arith::CmpIPredicate::ult, pair, half);
            Value inPair = arith::CmpIOp::create(
                b, loc, arith::CmpIPredicate::ult, place, two);
            isRotated = arith::AndIOp::create(b, loc, isRotated, inPair);
            return scf::IfOp::create(
                       b, loc, isRotated,
                       [&](OpBuilder &b, Location loc) {
                         SmallVector<Value> row = {at[batchDim], at[tokenDim]};
                         if (positions) {
                           Value raw = tensor::ExtractOp::create(
                               b, loc, positions, row);
                           raw = arith::IndexCastOp::create(
                               b, loc, b.getIndexType(), raw);
                           Value ok = arith::CmpIOp::create(
                               b, loc, arith::CmpIPredicate::ult, raw, numRows);
                           row = {arith::SelectOp::create(b, loc, ok, raw,
                                                          constant(0))};
                         }
                         row.push_back(pair);
                         Value c = wide(
                             tensor::ExtractOp::create(b, loc, cosines, row));
                         Value s = wide(
                             tensor::ExtractOp::create(b, loc, sines, row));
                         at.back() =
                             arith::AddIOp::create(b, loc, start, partner);
                         Value other =
                             wide(tensor::ExtractOp::create(b, loc, x, at));
                         Value kept =
                             arith::MulFOp::create(b, loc, wide(v[0]), c);
                         Value mixed = arith::MulFOp::create(b, loc, other, s);
                         // x1 cos - x2 sin, and x2 cos + x1 sin.
                         Value result = arith::SelectOp::create(
                             b, loc, isFirst,
                             arith::SubFOp::create(b, loc, kept, mixed),
                             arith::AddFOp::create(b, loc, kept, mixed));
                         scf::YieldOp::create(
                             b, loc,
                             Lowering::convertFloat(b, loc, result, element));
                       },
                       [&](OpBuilder &b, Location loc) {
                         scf::YieldOp::create(b, loc, v[0]);
                       })
                .getResult(0);
          }));
  return success();
}

void blockattn::populateRotaryRules(LoweringRules &rules) {
  rules.add<onnx::RotaryEmbeddingOp>(lowerRotaryEmbedding);
}

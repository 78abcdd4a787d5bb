//===- RulesSelection.cpp - NonZero, TopK ---------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How much is selected comes from data: the results get memory while the
// program runs.
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/LoopAttributes.h"
#include "passes/Lower/Lowering.h"

using namespace mlir;
using namespace blockattn;

//===----------------------------------------------------------------------===//
// NonZero
//===----------------------------------------------------------------------===//

/// Elements that are looked at one after the other.
static constexpr int64_t kChunk = 256;

namespace {
/// The elements of a tensor in row-major order, in chunks.
struct Chunks {
  Lowering &l;
  Value flat, total, count;
  SmallVector<Value> sizes;

  Chunks(Lowering &l, onnx::NonZeroOp op);
  /// Goes through the elements of a chunk that are not zero. `body` is given
  /// the number of one, and what is carried.
  SmallVector<Value>
  forEach(OpBuilder &b, Location loc, Value chunk, ValueRange init,
          llvm::function_ref<SmallVector<Value>(OpBuilder &, Value, ValueRange)>
              body) const;
  /// The indices of element number `number`.
  SmallVector<Value> indicesOf(OpBuilder &b, Location loc, Value number) const;
};
} // namespace

Chunks::Chunks(Lowering &l, onnx::NonZeroOp op) : l(l) {
  Value x = l.get(op.getX());
  auto type = cast<RankedTensorType>(x.getType());
  for (OpFoldResult size : l.sizes(op.getX()))
    sizes.push_back(l.toValue(size));
  flat = x;
  if (type.getRank() == 0) {
    Value element = tensor::ExtractOp::create(l.b, l.loc, x, ValueRange{});
    flat = tensor::FromElementsOp::create(l.b, l.loc, element);
  } else if (type.getRank() > 1) {
    flat = l.collapse(
        x, {llvm::to_vector<2>(llvm::seq<int64_t>(0, type.getRank()))});
  }
  total = l.toValue(l.product(l.sizes(op.getX())));
  count = arith::CeilDivUIOp::create(l.b, l.loc, total, l.index(kChunk));
}

SmallVector<Value> Chunks::forEach(
    OpBuilder &b, Location loc, Value chunk, ValueRange init,
    llvm::function_ref<SmallVector<Value>(OpBuilder &, Value, ValueRange)> body)
    const {
  Value size = arith::ConstantIndexOp::create(b, loc, kChunk);
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  Value begin = arith::MulIOp::create(b, loc, chunk, size);
  Value end = arith::MinSIOp::create(
      b, loc, arith::AddIOp::create(b, loc, begin, size), total);
  auto loop = scf::ForOp::create(
      b, loc, begin, end, one, init,
      [&](OpBuilder &b, Location loc, Value number, ValueRange carried) {
        Value value = tensor::ExtractOp::create(b, loc, flat, number);
        Type element = value.getType();
        Value none = arith::ConstantOp::create(b, loc, l.zero(element));
        Value isNonZero =
            isa<FloatType>(element)
                ? Value(arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNE,
                                              value, none))
                : Value(arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne,
                                              value, none));
        auto found = scf::IfOp::create(
            b, loc, isNonZero,
            [&](OpBuilder &b, Location loc) {
              scf::YieldOp::create(b, loc, body(b, number, carried));
            },
            [&](OpBuilder &b, Location loc) {
              scf::YieldOp::create(b, loc, carried);
            });
        scf::YieldOp::create(b, loc, found.getResults());
      });
  return SmallVector<Value>(loop.getResults());
}

SmallVector<Value> Chunks::indicesOf(OpBuilder &b, Location loc,
                                     Value number) const {
  SmallVector<Value> indices(sizes.size());
  for (int64_t i = sizes.size() - 1; i > 0; --i) {
    indices[i] = arith::RemUIOp::create(b, loc, number, sizes[i]);
    number = arith::DivUIOp::create(b, loc, number, sizes[i]);
  }
  if (!indices.empty())
    indices.front() = number;
  return indices;
}

/// Counts what there is in each chunk, adds that up to where the finds of each
/// go, and has each write its own.
static LogicalResult lowerNonZero(onnx::NonZeroOp op, Lowering &l,
                                  std::string &why) {
  auto type = cast<RankedTensorType>(l.get(op.getX()).getType());
  if (!type.getElementType().isIntOrFloat()) {
    why = "its element type is not supported";
    return failure();
  }
  Chunks chunks(l, op);
  Type i64 = l.b.getI64Type();
  auto plusOne = [](OpBuilder &b, Location loc, Value value) -> Value {
    return arith::AddIOp::create(b, loc, value,
                                 arith::ConstantIndexOp::create(b, loc, 1));
  };
  auto toInt = [&](OpBuilder &b, Location loc, Value value) -> Value {
    return arith::IndexCastOp::create(b, loc, i64, value);
  };
  Value found = l.generic(
      {}, {}, {OpFoldResult(chunks.count)}, i64,
      [&](OpBuilder &b, Location loc, ValueRange) -> Value {
        Value none = arith::ConstantIndexOp::create(b, loc, 0);
        return toInt(
            b, loc,
            chunks
                .forEach(b, loc, linalg::IndexOp::create(b, loc, 0), none,
                         [&](OpBuilder &b, Value,
                             ValueRange carried) -> SmallVector<Value> {
                           return {plusOne(b, loc, carried.front())};
                         })
                .front());
      });
  Value zero = l.index(0), one = l.index(1);
  auto sums = scf::ForOp::create(
      l.b, l.loc, zero, chunks.count, one,
      ValueRange{l.empty({OpFoldResult(chunks.count)}, i64), zero},
      [&](OpBuilder &b, Location loc, Value chunk, ValueRange carried) {
        Value starts = tensor::InsertOp::create(
            b, loc, toInt(b, loc, carried[1]), carried[0], chunk);
        Value here = arith::IndexCastOp::create(
            b, loc, b.getIndexType(),
            tensor::ExtractOp::create(b, loc, found, chunk));
        Value sum = arith::AddIOp::create(b, loc, carried[1], here);
        scf::YieldOp::create(b, loc, ValueRange{starts, sum});
      });

  Value places = l.empty(
      {l.b.getIndexAttr(type.getRank()), OpFoldResult(sums.getResult(1))}, i64);
  auto loop = scf::ForOp::create(
      l.b, l.loc, zero, chunks.count, one, places,
      [&](OpBuilder &b, Location loc, Value chunk, ValueRange carried) {
        Value start = arith::IndexCastOp::create(
            b, loc, b.getIndexType(),
            tensor::ExtractOp::create(b, loc, sums.getResult(0), chunk));
        SmallVector<Value> written = chunks.forEach(
            b, loc, chunk, ValueRange{carried.front(), start},
            [&](OpBuilder &b, Value number,
                ValueRange state) -> SmallVector<Value> {
              Value result = state[0];
              for (auto [i, index] :
                   llvm::enumerate(chunks.indicesOf(b, loc, number)))
                result = tensor::InsertOp::create(
                    b, loc, toInt(b, loc, index), result,
                    ValueRange{arith::ConstantIndexOp::create(b, loc, i),
                               state[1]});
              return {result, plusOne(b, loc, state[1])};
            });
        scf::YieldOp::create(b, loc, written.front());
      });
  loop->setAttr(kAnyOrderAttr, l.b.getUnitAttr());
  l.setChecked(op.getY(), loop.getResult(0));
  return success();
}

//===----------------------------------------------------------------------===//
// TopK
//===----------------------------------------------------------------------===//

namespace {
/// The order of a TopK: what comes first in its result.
struct Order {
  Type element;
  bool largest, isUnsigned;

  /// Whether x comes before y by its value. Not-a-number counts as greater
  /// than all numbers.
  Value before(OpBuilder &b, Location loc, Value x, Value y) const {
    if (!isa<FloatType>(element)) {
      auto predicate = largest ? (isUnsigned ? arith::CmpIPredicate::ugt
                                             : arith::CmpIPredicate::sgt)
                               : (isUnsigned ? arith::CmpIPredicate::ult
                                             : arith::CmpIPredicate::slt);
      return arith::CmpIOp::create(b, loc, predicate, x, y);
    }
    if (!largest)
      std::swap(x, y);
    Value greater =
        arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, x, y);
    Value xIsNot =
        arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, x, x);
    Value yIs = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::ORD, y, y);
    return arith::OrIOp::create(b, loc, greater,
                                arith::AndIOp::create(b, loc, xIsNot, yIs));
  }
};
} // namespace

/// Finds one after the other: the best of those that come after the one found
/// last. That takes k passes over the data and no memory beside the results.
static LogicalResult lowerTopK(onnx::TopKOp op, Lowering &l, std::string &why) {
  Value x = l.get(op.getX());
  auto type = cast<RankedTensorType>(x.getType());
  Type element = type.getElementType(), i64 = l.b.getI64Type();
  FailureOr<SmallVector<OpFoldResult>> k = l.elements(op.getK());
  if (!element.isIntOrFloat() || type.getRank() == 0 || failed(k) ||
      k->size() != 1) {
    why = "its operand must be a tensor of numbers with an axis, and K one "
          "number";
    return failure();
  }
  int64_t rank = type.getRank();
  int64_t axis = op.getAxis() < 0 ? op.getAxis() + rank : op.getAxis();
  Order order{element, op.getLargest() != 0,
              l.shapes.elementType(op.getX()).isUnsignedInteger()};
  SmallVector<OpFoldResult> sizes = l.sizes(op.getX()), slab;
  OpFoldResult zero = l.b.getIndexAttr(0), one = l.b.getIndexAttr(1);
  for (int64_t i = 0; i < rank; ++i)
    if (i != axis)
      slab.push_back(sizes[i]);
  OpFoldResult count = k->front();
  if (!Lowering::constant(count) || !Lowering::constant(sizes[axis]) ||
      *Lowering::constant(count) > *Lowering::constant(sizes[axis])) {
    l.check(arith::CmpIOp::create(l.b, l.loc, arith::CmpIPredicate::ule,
                                  l.toValue(count), l.toValue(sizes[axis])),
            BA_KERNEL_FAIL_VALUE,
            "K is negative, or greater than the number of elements");
    count = l.max(l.min(count, sizes[axis]), zero);
  }
  SmallVector<OpFoldResult> resultSizes = sizes, part = sizes;
  resultSizes[axis] = count;
  part[axis] = one;
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  iterators[axis] = utils::IteratorType::reduction;
  SmallVector<AffineExpr> others;
  for (int64_t i = 0; i < rank; ++i)
    if (i != axis)
      others.push_back(l.b.getAffineDimExpr(i));
  AffineMap all = l.identity(rank),
            rows = AffineMap::get(rank, 0, others, l.b.getContext());
  SmallVector<OpFoldResult> strides(rank, one);
  TypedAttr none = l.b.getI64IntegerAttr(-1);

  OpBuilder outside = l.b;
  auto loop = scf::ForOp::create(
      l.b, l.loc, l.index(0), l.toValue(count), l.index(1),
      ValueRange{l.empty(resultSizes, element), l.empty(resultSizes, i64)},
      [&](OpBuilder &b, Location loc, Value turn, ValueRange state) {
        l.b = b;
        Value isFirst = arith::CmpIOp::create(
            l.b, loc, arith::CmpIPredicate::eq, turn, l.index(0));
        Value before = arith::SubIOp::create(l.b, loc, turn, l.index(1));
        before = arith::MaxSIOp::create(l.b, loc, before, l.index(0));
        SmallVector<Value> best = l.generic(
            {x}, {l.filled(slab, l.zero(element)), l.filled(slab, none)},
            {all, rows, rows}, iterators,
            [&](OpBuilder &b, Location loc,
                ValueRange v) -> SmallVector<Value> {
              Value value = v[0], found = v[1], foundAt = v[2];
              // What was found last lies in the results.
              SmallVector<Value> place;
              for (int64_t i = 0; i < rank; ++i)
                place.push_back(i == axis ? before
                                          : linalg::IndexOp::create(b, loc, i));
              Value last = tensor::ExtractOp::create(b, loc, state[0], place);
              Value lastAt = tensor::ExtractOp::create(b, loc, state[1], place);
              Value at = arith::IndexCastOp::create(
                  b, loc, i64, linalg::IndexOp::create(b, loc, axis));
              Value start = arith::ConstantOp::create(b, loc, none);
              auto is = [&](arith::CmpIPredicate predicate, Value p, Value q) {
                return arith::CmpIOp::create(b, loc, predicate, p, q)
                    .getResult();
              };
              auto both = [&](Value p, Value q) {
                return arith::AndIOp::create(b, loc, p, q).getResult();
              };
              auto either = [&](Value p, Value q) {
                return arith::OrIOp::create(b, loc, p, q).getResult();
              };
              // After the last one: later by value, or equal and further on.
              Value later = order.before(b, loc, last, value);
              Value sooner = order.before(b, loc, value, last);
              Value further = is(arith::CmpIPredicate::sgt, at, lastAt);
              Value yes =
                  arith::ConstantOp::create(b, loc, b.getBoolAttr(true));
              Value notSooner = arith::XOrIOp::create(b, loc, sooner, yes);
              Value eligible =
                  either(isFirst, either(later, both(notSooner, further)));
              Value better =
                  either(is(arith::CmpIPredicate::eq, foundAt, start),
                         order.before(b, loc, value, found));
              Value take = both(eligible, better);
              return {arith::SelectOp::create(b, loc, take, value, found),
                      arith::SelectOp::create(b, loc, take, at, foundAt)};
            });
        SmallVector<OpFoldResult> offsets(rank, zero);
        offsets[axis] = turn;
        Value values = tensor::InsertSliceOp::create(
            l.b, loc, best[0], state[0], offsets, part, strides);
        Value places = tensor::InsertSliceOp::create(
            l.b, loc, best[1], state[1], offsets, part, strides);
        scf::YieldOp::create(l.b, loc, ValueRange{values, places});
      });
  l.b = outside;
  l.setChecked(op.getValues(), loop.getResult(0));
  l.setChecked(op.getIndices(), loop.getResult(1));
  return success();
}

void blockattn::populateSelectionRules(LoweringRules &rules) {
  rules.add<onnx::NonZeroOp>(lowerNonZero);
  rules.add<onnx::TopKOp>(lowerTopK);
}

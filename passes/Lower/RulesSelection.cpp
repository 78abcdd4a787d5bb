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

#include "passes/Lower/Lowering.h"

using namespace mlir;
using namespace blockattn;

//===----------------------------------------------------------------------===//
// NonZero
//===----------------------------------------------------------------------===//

/// Loops over all elements in row-major order, carrying values.
static SmallVector<Value> forEachElement(
    OpBuilder &b, Location loc, ArrayRef<Value> sizes, ValueRange init,
    SmallVectorImpl<Value> &indices,
    llvm::function_ref<SmallVector<Value>(OpBuilder &, Location, ValueRange)>
        body) {
  if (indices.size() == sizes.size())
    return body(b, loc, init);
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  auto loop = scf::ForOp::create(
      b, loc, zero, sizes[indices.size()], one, init,
      [&](OpBuilder &b, Location loc, Value i, ValueRange carried) {
        indices.push_back(i);
        SmallVector<Value> next =
            forEachElement(b, loc, sizes, carried, indices, body);
        indices.pop_back();
        scf::YieldOp::create(b, loc, next);
      });
  return SmallVector<Value>(loop.getResults());
}

static LogicalResult lowerNonZero(onnx::NonZeroOp op, Lowering &l,
                                  std::string &why) {
  Value x = l.get(op.getX());
  auto type = cast<RankedTensorType>(x.getType());
  Type element = type.getElementType();
  if (!element.isIntOrFloat()) {
    why = "its element type is not supported";
    return failure();
  }
  int64_t rank = type.getRank();
  SmallVector<Value> sizes;
  for (OpFoldResult size : l.sizes(op.getX()))
    sizes.push_back(l.toValue(size));
  Value zero = l.index(0), one = l.index(1);
  auto isNonZero = [&](OpBuilder &b, Location loc, ValueRange at) -> Value {
    Value value = tensor::ExtractOp::create(b, loc, x, at);
    Value none = arith::ConstantOp::create(b, loc, l.zero(element));
    if (isa<FloatType>(element))
      return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNE, value,
                                   none);
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, value, none);
  };
  SmallVector<Value> at;
  Value count =
      forEachElement(l.b, l.loc, sizes, zero, at,
                     [&](OpBuilder &b, Location loc, ValueRange carried) {
                       Value more =
                           arith::AddIOp::create(b, loc, carried[0], one);
                       return SmallVector<Value>{arith::SelectOp::create(
                           b, loc, isNonZero(b, loc, at), more, carried[0])};
                     })
          .front();
  Value places =
      l.empty({l.b.getIndexAttr(rank), OpFoldResult(count)}, l.b.getI64Type());
  Value result =
      forEachElement(
          l.b, l.loc, sizes, ValueRange{places, zero}, at,
          [&](OpBuilder &b, Location loc, ValueRange carried) {
            auto found = scf::IfOp::create(
                b, loc, isNonZero(b, loc, at),
                [&](OpBuilder &b, Location loc) {
                  Value written = carried[0];
                  for (int64_t i = 0; i < rank; ++i)
                    written = tensor::InsertOp::create(
                        b, loc,
                        arith::IndexCastOp::create(b, loc, b.getI64Type(),
                                                   at[i]),
                        written,
                        ValueRange{arith::ConstantIndexOp::create(b, loc, i),
                                   carried[1]});
                  Value more = arith::AddIOp::create(b, loc, carried[1], one);
                  scf::YieldOp::create(b, loc, ValueRange{written, more});
                },
                [&](OpBuilder &b, Location loc) {
                  scf::YieldOp::create(b, loc, carried);
                });
            return SmallVector<Value>(found.getResults());
          })
          .front();
  l.setChecked(op.getY(), result);
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

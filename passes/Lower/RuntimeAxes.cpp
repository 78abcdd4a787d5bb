//===- RuntimeAxes.cpp - operations whose axes are data -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/RuntimeAxes.h"

using namespace mlir;
using namespace blockattn;

Value blockattn::onlyElement(Lowering &l, Value original) {
  Value tensor = l.get(original);
  SmallVector<Value> zeros(cast<RankedTensorType>(tensor.getType()).getRank(),
                           l.index(0));
  return tensor::ExtractOp::create(l.b, l.loc, tensor, zeros);
}

SpreadAxes blockattn::spreadAxes(Lowering &l, Value axes, Value count,
                                 int64_t rank, ArrayRef<AxisList> lists) {
  Value no = l.scalar(l.b.getBoolAttr(false));
  SmallVector<Value> init(rank, no);
  for (const AxisList &list : lists)
    llvm::append_range(init, list.absent);
  OpBuilder outside = l.b;
  auto loop = scf::ForOp::create(
      l.b, l.loc, l.index(0), count, l.index(1), init,
      [&](OpBuilder &b, Location loc, Value j, ValueRange state) {
        l.b = b;
        Value axis = j;
        if (axes) {
          Value raw = tensor::ExtractOp::create(l.b, loc, axes, ValueRange{j});
          raw = arith::IndexCastOp::create(l.b, loc, b.getIndexType(), raw);
          Value negative = arith::CmpIOp::create(
              l.b, loc, arith::CmpIPredicate::slt, raw, l.index(0));
          Value fromBack = arith::AddIOp::create(l.b, loc, raw, l.index(rank));
          axis = arith::SelectOp::create(l.b, loc, negative, fromBack, raw);
          l.check(arith::CmpIOp::create(l.b, loc, arith::CmpIPredicate::ult,
                                        axis, l.index(rank)),
                  BA_KERNEL_FAIL_INDEX,
                  "an axis is no dimension of a tensor of rank " + Twine(rank));
        }
        SmallVector<Value> here, next;
        for (int64_t i = 0; i < rank; ++i) {
          here.push_back(arith::CmpIOp::create(
              l.b, loc, arith::CmpIPredicate::eq, axis, l.index(i)));
          next.push_back(arith::OrIOp::create(l.b, loc, state[i], here.back()));
        }
        for (auto [n, list] : llvm::enumerate(lists)) {
          ValueRange before = state.slice(rank * (n + 1), rank);
          if (!list.tensor) {
            llvm::append_range(next, before);
            continue;
          }
          Value at = l.toValue(l.add(OpFoldResult(j), list.offset));
          Value number =
              tensor::ExtractOp::create(l.b, loc, list.tensor, ValueRange{at});
          number =
              arith::IndexCastOp::create(l.b, loc, b.getIndexType(), number);
          for (int64_t i = 0; i < rank; ++i)
            next.push_back(
                arith::SelectOp::create(l.b, loc, here[i], number, before[i]));
        }
        scf::YieldOp::create(l.b, loc, next);
        l.b = outside;
      });
  SpreadAxes result;
  ValueRange values = loop.getResults();
  llvm::append_range(result.named, values.take_front(rank));
  for (size_t n = 0; n < lists.size(); ++n)
    result.numbers.emplace_back(values.slice(rank * (n + 1), rank));
  return result;
}

Value blockattn::reduceAlong(Lowering &l, Value data,
                             ArrayRef<OpFoldResult> sizes,
                             ArrayRef<Value> along, TypedAttr init,
                             CombineElement combine) {
  int64_t rank = sizes.size();
  Value one = l.index(1), zero = l.index(0), start = l.scalar(init);
  SmallVector<OpFoldResult> kept;
  SmallVector<Value> extents;
  for (int64_t i = 0; i < rank; ++i) {
    Value size = l.toValue(sizes[i]);
    kept.push_back(
        arith::SelectOp::create(l.b, l.loc, along[i], one, size).getResult());
    extents.push_back(arith::SelectOp::create(l.b, l.loc, along[i], size, one));
  }
  // Of the loop over a dimension inside of an element and the one over the
  // elements of the result, one makes a single step.
  return l.generic(
      {}, {}, kept, init.getType(),
      [&](OpBuilder &builder, Location loc, ValueRange) -> Value {
        SmallVector<Value> outer, at;
        for (int64_t i = 0; i < rank; ++i)
          outer.push_back(linalg::IndexOp::create(builder, loc, i));
        std::function<Value(OpBuilder &, Value)> loops = [&](OpBuilder &b,
                                                             Value sum) {
          size_t i = at.size();
          if (static_cast<int64_t>(i) == rank) {
            Value element = tensor::ExtractOp::create(b, loc, data, at);
            return combine(b, loc, sum, element);
          }
          return scf::ForOp::create(
                     b, loc, zero, extents[i], one, sum,
                     [&](OpBuilder &b, Location, Value inner, ValueRange v) {
                       at.push_back(arith::SelectOp::create(b, loc, along[i],
                                                            inner, outer[i]));
                       Value next = loops(b, v[0]);
                       at.pop_back();
                       scf::YieldOp::create(b, loc, next);
                     })
              .getResult(0);
        };
        return loops(builder, start);
      });
}

SmallVector<OpFoldResult>
blockattn::remainingSizes(Lowering &l, ArrayRef<OpFoldResult> sizes,
                          ArrayRef<Value> gone, int64_t rank) {
  Value zero = l.index(0), one = l.index(1), place = zero;
  SmallVector<Value> result(rank, zero);
  for (auto [size, isGone] : llvm::zip(sizes, gone)) {
    for (int64_t j = 0; j < rank; ++j) {
      Value isHere = arith::CmpIOp::create(l.b, l.loc, arith::CmpIPredicate::eq,
                                           place, l.index(j));
      Value before = arith::SelectOp::create(l.b, l.loc, isGone, result[j],
                                             l.toValue(size));
      result[j] =
          arith::SelectOp::create(l.b, l.loc, isHere, before, result[j]);
    }
    Value step = arith::SelectOp::create(l.b, l.loc, isGone, zero, one);
    place = arith::AddIOp::create(l.b, l.loc, place, step);
  }
  l.checkEqual(OpFoldResult(place), l.b.getIndexAttr(rank),
               "the axes do not leave " + Twine(rank) + " dimensions");
  return SmallVector<OpFoldResult>(result.begin(), result.end());
}

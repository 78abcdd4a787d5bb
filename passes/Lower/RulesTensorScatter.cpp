//===- RulesTensorScatter.cpp - new entries in a cache --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/Lowering.h"

using namespace mlir;
using namespace blockattn;

/// Whether update entries that start at `start` fit in a cache of `length`.
static Value fits(OpBuilder &b, Location loc, Value start, Value count,
                  Value length, bool circular) {
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  Value positive =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, start, zero);
  if (circular)
    return positive;
  Value room = arith::SubIOp::create(b, loc, length, count);
  Value inside =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sle, start, room);
  return arith::AndIOp::create(b, loc, positive, inside);
}

static LogicalResult lowerTensorScatter(onnx::TensorScatterOp op, Lowering &l,
                                        std::string &why) {
  Value past = l.get(op.getPastCache()), update = l.get(op.getUpdate());
  Value indices = op.getWriteIndices() ? l.get(op.getWriteIndices()) : Value();
  auto type = cast<RankedTensorType>(past.getType());
  int64_t rank = type.getRank();
  int64_t axis = op.getAxis() < 0 ? op.getAxis() + rank : op.getAxis();
  bool circular = op.getMode() == "circular";
  SmallVector<OpFoldResult> sizes = l.sizes(op.getPastCache());
  SmallVector<OpFoldResult> updateSizes = l.sizes(op.getUpdate());
  if (static_cast<int64_t>(updateSizes.size()) != rank) {
    why = "cache and update must have one rank";
    return failure();
  }
  Value length = l.toValue(sizes[axis]), count = l.toValue(updateSizes[axis]);
  for (int64_t i = 0; i < rank; ++i)
    if (i != axis)
      l.checkEqual(updateSizes[i], sizes[i],
                   "cache and update differ in dimension " + Twine(i));
  l.check(arith::CmpIOp::create(l.b, l.loc, arith::CmpIPredicate::sle, count,
                                length),
          BA_KERNEL_FAIL_SHAPE, "the update is longer than the cache");
  auto startOf = [&](OpBuilder &b, Location loc, Value batch) -> Value {
    if (!indices)
      return arith::ConstantIndexOp::create(b, loc, 0);
    Value raw = tensor::ExtractOp::create(b, loc, indices, batch);
    return arith::IndexCastOp::create(b, loc, b.getIndexType(), raw);
  };
  if (indices) {
    l.checkEqual(l.sizesOf(indices)[0], sizes[0],
                 "there must be a write index for each batch entry");
    AffineMap one = l.identity(1),
              none = AffineMap::get(1, 0, l.b.getContext());
    Value good = l.generic({indices}, {l.filled({}, l.b.getBoolAttr(true))},
                           {one, none}, {utils::IteratorType::reduction},
                           [&](OpBuilder &b, Location loc,
                               ValueRange v) -> SmallVector<Value> {
                             Value start = arith::IndexCastOp::create(
                                 b, loc, b.getIndexType(), v[0]);
                             Value ok =
                                 fits(b, loc, start, count, length, circular);
                             return {arith::AndIOp::create(b, loc, v[1], ok)};
                           })
                     .front();
    l.check(tensor::ExtractOp::create(l.b, l.loc, good, ValueRange{}),
            BA_KERNEL_FAIL_INDEX, "an update does not fit in the cache");
  }
  l.set(op.getPresentCache(),
        l.generic({past}, {l.identity(rank)}, sizes, type.getElementType(),
                  [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
                    SmallVector<Value> at;
                    for (int64_t i = 0; i < rank; ++i)
                      at.push_back(linalg::IndexOp::create(b, loc, i));
                    Value zero = arith::ConstantIndexOp::create(b, loc, 0);
                    Value entry = arith::SubIOp::create(b, loc, at[axis],
                                                        startOf(b, loc, at[0]));
                    if (circular) {
                      entry = arith::RemSIOp::create(b, loc, entry, length);
                      Value negative = arith::CmpIOp::create(
                          b, loc, arith::CmpIPredicate::slt, entry, zero);
                      entry = arith::SelectOp::create(
                          b, loc, negative,
                          arith::AddIOp::create(b, loc, entry, length), entry);
                    }
                    // Unsigned: what lies before the update is too great.
                    Value isNew = arith::CmpIOp::create(
                        b, loc, arith::CmpIPredicate::ult, entry, count);
                    return scf::IfOp::create(
                               b, loc, isNew,
                               [&](OpBuilder &b, Location loc) {
                                 at[axis] = entry;
                                 Value read = tensor::ExtractOp::create(
                                     b, loc, update, at);
                                 scf::YieldOp::create(b, loc, read);
                               },
                               [&](OpBuilder &b, Location loc) {
                                 scf::YieldOp::create(b, loc, v[0]);
                               })
                        .getResult(0);
                  }));
  return success();
}

void blockattn::populateTensorScatterRules(LoweringRules &rules) {
  rules.add<onnx::TensorScatterOp>(lowerTensorScatter);
}

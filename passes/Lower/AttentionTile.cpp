//===- AttentionTile.cpp - online softmax over tiles of keys --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/AttentionTile.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <limits>

using namespace mlir;
using namespace blockattn;

/// Keys (or columns of the output) that are computed at once. Each takes an
/// accumulator of kLanes; six of them, an operand and a broadcast fit the 16
/// registers of AVX2 and hide most of the latency of AVX-512's multiply-add.
static constexpr int64_t kBlock = 6;

static constexpr double kLog2E = 1.4426950408889634;
static constexpr double kLn2 = 0.6931471805599453;

AttentionTile::AttentionTile(KernelBuilder &builder, const Shape &shape)
    : b(builder), shape(shape) {
  // A tile of queries, and one of keys with its values, stay in the second
  // level cache, the scores of one group in the first.
  int64_t size = std::max<int64_t>(
      {shape.staticHeadSize, shape.staticValueSize, int64_t(1)});
  numGroups = std::clamp<int64_t>(512 / size, 1, 8);
  keyTile = kBlock * std::clamp<int64_t>(6144 / size / kBlock, 4, 16);
}

static Value allocateRows(KernelBuilder &b, int64_t groups, int64_t staticSize,
                          Value size) {
  SmallVector<Value> dynamic;
  if (ShapedType::isDynamic(staticSize))
    dynamic.push_back(size);
  return b.scratch({groups, staticSize, kLanes}, b.getF32Type(), dynamic);
}

Value AttentionTile::allocateQueries() {
  return allocateRows(b, numGroups, shape.staticHeadSize, shape.headSize);
}

void AttentionTile::allocate() {
  output = allocateRows(b, numGroups, shape.staticValueSize, shape.valueSize);
  scratchScores = b.scratch({keyTile, kLanes}, b.getF32Type());
  maximum = b.scratch({numGroups, kLanes}, b.getF32Type());
  sum = b.scratch({numGroups, kLanes}, b.getF32Type());
}

void AttentionTile::reset(Value active) {
  activeGroups = active;
  Value zero = b.f32Lanes(0);
  Value none = b.f32Lanes(-std::numeric_limits<double>::infinity());
  b.loop(b.index(0), active, 1, [&](Value group) {
    b.storeLanes(none, maximum, {group, b.index(0)});
    b.storeLanes(zero, sum, {group, b.index(0)});
    b.loop(b.index(0), shape.valueSize, 1, [&](Value column) {
      b.storeLanes(zero, output, {group, column, b.index(0)});
    });
  });
}

/// 2^x for x <= 0, 0 below 2^-125; NaN stays NaN. x is cut into n + f with
/// |f| <= 1/2 by adding and subtracting 1.5 * 2^23, whose last mantissa bit
/// counts units; the low bits of that sum, shifted into the exponent, are 2^n.
static Value exp2Lanes(KernelBuilder &b, Value x) {
  VectorType ints = b.lanes(b.getI32Type());
  auto intLanes = [&](int64_t value) -> Value {
    return arith::ConstantOp::create(
        b, DenseElementsAttr::get(ints, APInt(32, value)));
  };
  Value magic = b.f32Lanes(12582912.0);
  Value shifted = arith::AddFOp::create(b, x, magic);
  Value f = b.subF(x, arith::SubFOp::create(b, shifted, magic));
  // Taylor's series up to f^6: 1.2e-7 at 1/2.
  static const double coefficients[] = {
      0.00133335581464284, 0.00961812910762848, 0.0555041086648216,
      0.240226506959101,   0.693147180559945,   1.0};
  Value p = b.f32Lanes(0.000154035303933816);
  for (double coefficient : coefficients)
    p = b.mulAdd(p, f, b.f32Lanes(coefficient));
  Value exponent = arith::ShLIOp::create(
      b, arith::BitcastOp::create(b, ints, shifted), intLanes(23));
  Value scaled = arith::BitcastOp::create(
      b, p.getType(),
      arith::AddIOp::create(b, arith::BitcastOp::create(b, ints, p), exponent));
  Value tiny = arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, x,
                                     b.f32Lanes(-125.0));
  return b.select(tiny, b.f32Lanes(0), scaled);
}

/// Calls `body(start, count)` so that [begin, end) is covered by blocks of
/// `block` and then of one.
static SmallVector<Value>
inBlocks(KernelBuilder &b, Value begin, Value end, int64_t block,
         ValueRange init,
         function_ref<SmallVector<Value>(Value, int64_t, ValueRange)> body) {
  Value full = b.mul(b.div(b.sub(end, begin), b.index(block)), b.index(block));
  Value middle = b.add(begin, full);
  SmallVector<Value> values =
      b.loop(begin, middle, block, init, [&](Value i, ValueRange carried) {
        return body(i, block, carried);
      });
  return b.loop(middle, end, 1, values, [&](Value i, ValueRange carried) {
    return body(i, 1, carried);
  });
}

/// Scores of keys [key, key + count) for one row group: in units of log2, and
/// minus infinity where the mask forbids. They go to the scratch scores at
/// key - tileBegin. Returns the new maximum.
Value AttentionTile::scoreBlock(const KeyRange &range, Value group, Value key,
                                int64_t count, Value tileBegin, bool masked,
                                Value maximum) {
  Value zero = b.index(0);
  SmallVector<Value> keys{key};
  for (int64_t i = 1; i < count; ++i)
    keys.push_back(b.add(key, b.index(i)));
  SmallVector<Value> init(count, b.f32Lanes(0));
  SmallVector<Value> scores =
      b.loop(zero, shape.headSize, 1, init, [&](Value d, ValueRange carried) {
        Value query = b.loadLanes(range.queries, {group, d, zero});
        SmallVector<Value> sums;
        for (int64_t i = 0; i < count; ++i) {
          Value element = b.toF32(b.load(range.keys, {keys[i], d}));
          sums.push_back(b.mulAdd(query, b.broadcast(element), carried[i]));
        }
        return sums;
      });

  Value first, last;
  if (masked && range.first) {
    first = b.loadLanes(range.first, {group, zero});
    last = b.loadLanes(range.last, {group, zero});
  }
  Value slopes, origins;
  if (range.slopes) {
    slopes = b.loadLanes(range.slopes, {group, zero});
    origins = b.loadLanes(range.origins, {group, zero});
  }
  Value minusInf = b.f32Lanes(-std::numeric_limits<double>::infinity());
  for (int64_t i = 0; i < count; ++i) {
    Value score = scores[i];
    if (shape.softcap > 0) {
      Value bounded = math::TanhOp::create(
          b, b.mulF(score, b.f32Lanes(1.0 / shape.softcap)));
      score = b.mulF(bounded, b.f32Lanes(shape.softcap * kLog2E));
    }
    if (slopes) {
      Value place = range.keyPlaces
                        ? b.load(range.keyPlaces, ValueRange{keys[i]})
                        : b.toI32(keys[i]);
      place = arith::SIToFPOp::create(b, b.getF32Type(), place);
      score = b.mulAdd(slopes, b.subF(b.broadcast(place), origins), score);
    }
    if (first) {
      Value position = b.broadcast(b.toI32(keys[i]));
      Value after =
          arith::CmpIOp::create(b, arith::CmpIPredicate::sge, position, first);
      Value before =
          arith::CmpIOp::create(b, arith::CmpIPredicate::sle, position, last);
      score = b.select(b.both(after, before), score, minusInf);
    }
    if (masked && range.keyMask)
      score = b.select(b.load(range.keyMask, {keys[i]}), score, minusInf);
    b.storeLanes(score, scratchScores, {b.sub(keys[i], tileBegin), zero});
    Value greater =
        arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, score, maximum);
    maximum = b.select(greater, score, maximum);
  }
  return maximum;
}

Value AttentionTile::scores(const KeyRange &range, Value group, Value begin,
                            Value end, bool masked, Value maximum) {
  // The last block overlaps the one before it: computing a score twice is
  // cheaper than computing scores one by one. Fewer keys than a block are.
  Value block = b.index(kBlock);
  Value enough = b.lessEqual(block, b.sub(end, begin));
  return b.branch(
      enough, maximum.getType(),
      [&]() -> SmallVector<Value> {
        Value lastBlock = b.sub(end, block);
        SmallVector<Value> result =
            b.loop(begin, lastBlock, kBlock, maximum,
                   [&](Value key, ValueRange carried) -> SmallVector<Value> {
                     return {scoreBlock(range, group, key, kBlock, begin,
                                        masked, carried[0])};
                   });
        return {scoreBlock(range, group, lastBlock, kBlock, begin, masked,
                           result[0])};
      },
      [&]() -> SmallVector<Value> {
        return b.loop(begin, end, 1, maximum,
                      [&](Value key, ValueRange carried) -> SmallVector<Value> {
                        return {scoreBlock(range, group, key, 1, begin, masked,
                                           carried[0])};
                      });
      })[0];
}

/// output[column, column + count) = output * rescale + scores * values.
void AttentionTile::valueBlock(const KeyRange &range, Value group, Value column,
                               int64_t count, Value begin, Value end,
                               Value rescale) {
  Value zero = b.index(0);
  SmallVector<Value> columns, init;
  for (int64_t i = 0; i < count; ++i) {
    columns.push_back(b.add(column, b.index(i)));
    Value old = b.loadLanes(output, {group, columns[i], zero});
    init.push_back(b.mulF(old, rescale));
  }
  SmallVector<Value> sums =
      b.loop(begin, end, 1, init, [&](Value key, ValueRange carried) {
        Value weight = b.loadLanes(scratchScores, {b.sub(key, begin), zero});
        SmallVector<Value> next;
        for (int64_t i = 0; i < count; ++i) {
          Value element = b.toF32(b.load(range.values, {key, columns[i]}));
          next.push_back(b.mulAdd(weight, b.broadcast(element), carried[i]));
        }
        return next;
      });
  for (int64_t i = 0; i < count; ++i)
    b.storeLanes(sums[i], output, {group, columns[i], zero});
}

void AttentionTile::accumulate(const KeyRange &range, Value group, Value begin,
                               Value end, Value rescale) {
  if (ShapedType::isDynamic(shape.staticValueSize)) {
    inBlocks(b, b.index(0), shape.valueSize, kBlock, {},
             [&](Value column, int64_t count, ValueRange) {
               valueBlock(range, group, column, count, begin, end, rescale);
               return SmallVector<Value>();
             });
    return;
  }
  int64_t rest = shape.staticValueSize % kBlock;
  Value full = b.index(shape.staticValueSize - rest);
  b.loop(b.index(0), full, kBlock, [&](Value column) {
    valueBlock(range, group, column, kBlock, begin, end, rescale);
  });
  if (rest)
    valueBlock(range, group, full, rest, begin, end, rescale);
}

/// One row group meets keys [begin, end), at most a tile of them, some of
/// which at least one row sees.
void AttentionTile::attendGroup(const KeyRange &range, Value group, Value begin,
                                Value end) {
  Value zero = b.index(0);
  Value oldMaximum = b.loadLanes(maximum, {group, zero});
  Value newMaximum;
  if (range.keyMask) {
    newMaximum = scores(range, group, begin, end, true, oldMaximum);
  } else if (range.first) {
    auto bound = [&](RowBound which) {
      return b.load(range.bounds, {group, b.index(which)});
    };
    Value open = b.both(b.lessEqual(bound(MaxFirst), begin),
                        b.lessEqual(end, b.add(bound(MinLast), b.index(1))));
    newMaximum = b.branch(
        open, oldMaximum.getType(),
        [&]() -> SmallVector<Value> {
          return {scores(range, group, begin, end, false, oldMaximum)};
        },
        [&]() -> SmallVector<Value> {
          return {scores(range, group, begin, end, true, oldMaximum)};
        })[0];
  } else {
    newMaximum = scores(range, group, begin, end, false, oldMaximum);
  }
  b.storeLanes(newMaximum, maximum, {group, zero});

  // A row that has seen nothing yet has minus infinity for its maximum, and
  // -inf - -inf would be NaN.
  Value nothing = arith::CmpFOp::create(
      b, arith::CmpFPredicate::OEQ, newMaximum,
      b.f32Lanes(-std::numeric_limits<double>::infinity()));
  Value base = b.select(nothing, b.f32Lanes(0), newMaximum);
  Value rescale = exp2Lanes(b, b.subF(oldMaximum, base));
  Value oldSum = b.mulF(b.loadLanes(sum, {group, zero}), rescale);
  SmallVector<Value> newSum =
      b.loop(zero, b.sub(end, begin), 1, oldSum,
             [&](Value i, ValueRange carried) -> SmallVector<Value> {
               Value score = b.loadLanes(scratchScores, {i, zero});
               Value weight = exp2Lanes(b, b.subF(score, base));
               b.storeLanes(weight, scratchScores, {i, zero});
               return {b.addF(carried[0], weight)};
             });
  b.storeLanes(newSum[0], sum, {group, zero});
  accumulate(range, group, begin, end, rescale);
}

void AttentionTile::attend(const KeyRange &range) {
  Value zero = b.index(0), one = b.index(1);
  Value begin = zero, end = range.count;
  auto bound = [&](Value group, RowBound which) {
    return b.load(range.bounds, {group, b.index(which)});
  };
  if (range.first) {
    // From the first key that any row sees to the last.
    SmallVector<Value> hull =
        b.loop(zero, activeGroups, 1, {end, zero},
               [&](Value group, ValueRange carried) -> SmallVector<Value> {
                 return {b.min(carried[0], bound(group, MinFirst)),
                         b.max(carried[1], b.add(bound(group, MaxLast), one))};
               });
    begin = hull[0];
    end = b.min(hull[1], range.count);
  }
  b.loop(begin, end, keyTile, [&](Value tileBegin) {
    Value tileEnd = b.min(b.add(tileBegin, b.index(keyTile)), end);
    b.loop(zero, activeGroups, 1, [&](Value group) {
      if (!range.first) {
        attendGroup(range, group, tileBegin, tileEnd);
        return;
      }
      Value from = b.max(tileBegin, bound(group, MinFirst));
      Value to = b.min(tileEnd, b.add(bound(group, MaxLast), one));
      b.when(b.less(from, to), [&] { attendGroup(range, group, from, to); });
    });
  });
}

Value AttentionTile::finish(Value group) {
  Value zero = b.index(0);
  Value total = b.loadLanes(sum, {group, zero});
  Value empty =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, total, b.f32Lanes(0));
  Value inverse = b.select(empty, b.f32Lanes(0),
                           arith::DivFOp::create(b, b.f32Lanes(1), total));
  b.loop(zero, shape.valueSize, 1, [&](Value column) {
    Value value = b.loadLanes(output, {group, column, zero});
    b.storeLanes(b.mulF(value, inverse), output, {group, column, zero});
  });
  Value log = math::LogOp::create(b, b.select(empty, b.f32Lanes(1), total));
  Value lse =
      b.mulAdd(b.loadLanes(maximum, {group, zero}), b.f32Lanes(kLn2), log);
  return b.select(empty, b.f32Lanes(-std::numeric_limits<double>::infinity()),
                  lse);
}

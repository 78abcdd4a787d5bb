//===- RulesSlice.cpp - parts of tensors ----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/RuntimeAxes.h"

using namespace mlir;
using namespace blockattn;

/// A part of a tensor; one without elements is not taken from anywhere.
static Value extractSlice(Lowering &l, Value tensor,
                          ArrayRef<OpFoldResult> offsets,
                          ArrayRef<OpFoldResult> sizes,
                          ArrayRef<OpFoldResult> strides) {
  auto type = cast<RankedTensorType>(tensor.getType());
  auto isZero = [](OpFoldResult size) { return Lowering::constant(size) == 0; };
  if (llvm::any_of(sizes, isZero) || llvm::is_contained(type.getShape(), 0))
    return l.empty(sizes, type.getElementType());
  // Where nothing is taken after the last element, the operation still asks
  // for a start that exists.
  SmallVector<OpFoldResult> starts(offsets);
  for (auto [start, size, dim] : llvm::zip(starts, sizes, type.getShape())) {
    std::optional<int64_t> known = Lowering::constant(start);
    if (ShapedType::isDynamic(dim) ||
        Lowering::constant(size).value_or(0) > 0 || (known && *known < dim))
      continue;
    start = l.min(start, l.b.getIndexAttr(dim - 1));
  }
  return tensor::ExtractSliceOp::create(l.b, l.loc, tensor, starts, sizes,
                                        strides);
}

static LogicalResult lowerSplit(onnx::SplitOp op, Lowering &l,
                                std::string &why) {
  Value input = l.get(op.getInput());
  int64_t rank = cast<RankedTensorType>(input.getType()).getRank();
  int64_t axis = op.getAxis() < 0 ? op.getAxis() + rank : op.getAxis();
  SmallVector<OpFoldResult> sizes = l.sizes(op.getInput());
  OpFoldResult whole = sizes[axis];
  SmallVector<OpFoldResult> lengths;
  if (op.getSplit()) {
    FailureOr<SmallVector<OpFoldResult>> elements = l.elements(op.getSplit());
    if (failed(elements)) {
      why = "the number of its parts is not known";
      return failure();
    }
    if (elements->size() != op.getNumResults()) {
      why = "it has " + std::to_string(elements->size()) + " lengths for " +
            std::to_string(op.getNumResults()) + " parts";
      return failure();
    }
    lengths = *elements;
    const char *wrong =
        op.getNumResults() > 1
            ? "has parts that do not make the whole"
            : "an operand does not have the size that goes with "
              "the others";
    OpFoldResult sum = l.b.getIndexAttr(0);
    for (OpFoldResult length : lengths) {
      // Unsigned: a negative length is too great.
      if (!Lowering::constant(length))
        l.check(arith::CmpIOp::create(l.b, l.loc, arith::CmpIPredicate::ule,
                                      l.toValue(length), l.toValue(whole)),
                BA_KERNEL_FAIL_SHAPE, wrong);
      sum = l.add(sum, length);
    }
    l.checkEqual(sum, whole, wrong);
  } else {
    // Equal parts; the last takes what is left.
    int64_t parts = op.getNumResults();
    Value size = l.toValue(whole);
    OpFoldResult each =
        Lowering::constant(whole)
            ? OpFoldResult(l.b.getIndexAttr(
                  llvm::divideCeil(*Lowering::constant(whole), parts)))
            : OpFoldResult(
                  arith::CeilDivSIOp::create(l.b, l.loc, size, l.index(parts))
                      .getResult());
    OpFoldResult done = l.b.getIndexAttr(0);
    for (int64_t i = 0; i < parts; ++i) {
      lengths.push_back(l.min(each, l.sub(whole, done)));
      done = l.add(done, lengths.back());
    }
  }
  SmallVector<OpFoldResult> strides(rank, l.b.getIndexAttr(1));
  SmallVector<OpFoldResult> offsets(rank, l.b.getIndexAttr(0));
  for (auto [result, length] : llvm::zip(op.getOutputs(), lengths)) {
    sizes[axis] = length;
    l.set(result, extractSlice(l, input, offsets, sizes, strides));
    offsets[axis] = l.add(offsets[axis], length);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Slice
//===----------------------------------------------------------------------===//

namespace {
struct SliceRange {
  OpFoldResult start, size;
  int64_t step;
};
} // namespace

/// The clamped start and the length of start:end:step in [0, dim).
static SliceRange sliceRange(Lowering &l, OpFoldResult start, OpFoldResult end,
                             int64_t step, OpFoldResult dim) {
  OpFoldResult zero = l.b.getIndexAttr(0), one = l.b.getIndexAttr(1);
  auto fromBack = [&](OpFoldResult at) -> OpFoldResult {
    if (std::optional<int64_t> c = Lowering::constant(at)) {
      if (*c >= 0)
        return at;
      // INT_MIN stands for "before the first": the sum must not wrap.
      return *c < std::numeric_limits<int32_t>::min() ? l.b.getIndexAttr(-1)
                                                      : l.add(at, dim);
    }
    Value negative = arith::CmpIOp::create(
        l.b, l.loc, arith::CmpIPredicate::slt, l.toValue(at), l.index(0));
    return arith::SelectOp::create(l.b, l.loc, negative,
                                   l.toValue(l.add(at, dim)), l.toValue(at))
        .getResult();
  };
  start = fromBack(start);
  end = fromBack(end);
  if (step > 0) {
    start =
        Lowering::constant(start) == 0 ? start : l.min(l.max(start, zero), dim);
    end = l.min(l.max(end, zero), dim);
    OpFoldResult length = l.max(l.sub(end, start), zero);
    if (step != 1) {
      Value sum = l.toValue(l.add(length, l.b.getIndexAttr(step - 1)));
      length =
          arith::DivSIOp::create(l.b, l.loc, sum, l.index(step)).getResult();
    }
    return {start, length, step};
  }
  OpFoldResult last = l.sub(dim, one);
  start = l.min(l.max(start, l.b.getIndexAttr(-1)), last);
  end = l.min(l.max(end, l.b.getIndexAttr(-1)), last);
  Value length = l.toValue(l.max(l.sub(start, end), zero));
  Value sum = l.toValue(l.add(length, l.b.getIndexAttr(-step - 1)));
  return {start,
          arith::DivSIOp::create(l.b, l.loc, sum, l.index(-step)).getResult(),
          step};
}

/// The elements start + step * index, for steps of any sign.
static Value gatherSlice(Lowering &l, Value data, ArrayRef<Value> starts,
                         ArrayRef<Value> steps, ArrayRef<OpFoldResult> sizes) {
  auto type = cast<RankedTensorType>(data.getType());
  return l.generic(
      {}, {}, sizes, type.getElementType(),
      [&](OpBuilder &builder, Location loc, ValueRange) -> Value {
        SmallVector<Value> at;
        for (int64_t i = 0; i < type.getRank(); ++i) {
          Value index = linalg::IndexOp::create(builder, loc, i);
          index = arith::MulIOp::create(builder, loc, index, steps[i]);
          at.push_back(arith::AddIOp::create(builder, loc, starts[i], index));
        }
        return tensor::ExtractOp::create(builder, loc, data, at);
      });
}

/// Whether axes and steps are constants, and the number of starts known.
static bool areKnown(onnx::SliceOp op, Lowering &l) {
  for (Value list : {op.getStarts(), op.getEnds()})
    if (!cast<RankedTensorType>(l.get(list).getType()).hasStaticShape())
      return false;
  for (Value list : {op.getAxes(), op.getSteps()})
    if (list && !l.shapes.constantContents(list))
      return false;
  return true;
}

/// Axes or steps come from data, or an unknown number of starts.
static LogicalResult lowerSliceAtRuntime(onnx::SliceOp op, Lowering &l) {
  Value data = l.get(op.getData());
  int64_t rank = cast<RankedTensorType>(data.getType()).getRank();
  SmallVector<OpFoldResult> sizes = l.sizes(op.getData());
  auto is = [&](arith::CmpIPredicate predicate, Value x, Value y) -> Value {
    return arith::CmpIOp::create(l.b, l.loc, predicate, x, y);
  };
  auto pick = [&](Value condition, Value x, Value y) -> Value {
    return arith::SelectOp::create(l.b, l.loc, condition, x, y);
  };
  auto clamp = [&](Value x, Value low, Value high) -> Value {
    x = arith::MaxSIOp::create(l.b, l.loc, x, low);
    return arith::MinSIOp::create(l.b, l.loc, x, high);
  };
  Value zero = l.index(0), one = l.index(1), minusOne = l.index(-1);

  Value starts = l.get(op.getStarts());
  OpFoldResult count = l.sizesOf(starts)[0];
  for (Value list : {op.getEnds(), op.getAxes(), op.getSteps()}) {
    if (!list)
      continue;
    OpFoldResult length = l.sizesOf(l.get(list))[0];
    l.checkEqual(length, l.sizesOf(starts)[0],
                 "starts, ends, axes and steps differ in number");
    count = l.min(count, length);
  }
  SmallVector<Value> dims;
  for (OpFoldResult size : sizes)
    dims.push_back(l.toValue(size));
  OpFoldResult first = l.b.getIndexAttr(0);
  auto lowered = [&](Value list) { return list ? l.get(list) : Value(); };
  SpreadAxes spread = spreadAxes(
      l, lowered(op.getAxes()), l.toValue(count), rank,
      {{starts, first, SmallVector<Value>(rank, zero)},
       {l.get(op.getEnds()), first, dims},
       {lowered(op.getSteps()), first, SmallVector<Value>(rank, one)}});

  SmallVector<Value> from, by;
  for (int64_t i = 0; i < rank; ++i) {
    auto [start, end, step] = std::tuple(
        spread.numbers[0][i], spread.numbers[1][i], spread.numbers[2][i]);
    l.check(is(arith::CmpIPredicate::ne, step, zero), BA_KERNEL_FAIL_VALUE,
            "the step of a slice is 0");
    step = pick(is(arith::CmpIPredicate::eq, step, zero), one, step);
    // A longer step than this leads out of any tensor, a shorter one can not
    // overflow.
    constexpr int64_t longest = int64_t(1) << 40;
    step = clamp(step, l.index(-longest), l.index(longest));
    Value forward = is(arith::CmpIPredicate::sgt, step, zero);
    Value low = pick(forward, zero, minusOne);
    Value high =
        pick(forward, dims[i],
             arith::SubIOp::create(l.b, l.loc, dims[i], one).getResult());
    auto bound = [&](Value x) {
      Value fromBack = arith::AddIOp::create(l.b, l.loc, x, dims[i]);
      x = pick(is(arith::CmpIPredicate::slt, x, zero), fromBack, x);
      return clamp(x, low, high);
    };
    start = bound(start);
    end = bound(end);
    Value ahead = arith::SubIOp::create(l.b, l.loc, end, start);
    Value back = arith::SubIOp::create(l.b, l.loc, start, end);
    Value span =
        arith::MaxSIOp::create(l.b, l.loc, pick(forward, ahead, back), zero);
    Value length =
        pick(forward, step,
             arith::SubIOp::create(l.b, l.loc, zero, step).getResult());
    Value sum = arith::AddIOp::create(
        l.b, l.loc, span, arith::SubIOp::create(l.b, l.loc, length, one));
    sizes[i] = arith::DivSIOp::create(l.b, l.loc, sum, length).getResult();
    from.push_back(start);
    by.push_back(step);
  }
  l.setChecked(op.getOutput(), gatherSlice(l, data, from, by, sizes));
  return success();
}

static LogicalResult lowerSlice(onnx::SliceOp op, Lowering &l,
                                std::string &why) {
  Value data = l.get(op.getData());
  auto type = cast<RankedTensorType>(data.getType());
  int64_t rank = type.getRank();
  if (!areKnown(op, l))
    return lowerSliceAtRuntime(op, l);
  FailureOr<SmallVector<OpFoldResult>> starts = l.elements(op.getStarts());
  FailureOr<SmallVector<OpFoldResult>> ends = l.elements(op.getEnds());
  if (failed(starts) || failed(ends) || starts->size() != ends->size()) {
    why = "it has starts and ends of different number";
    return failure();
  }
  SmallVector<int64_t> axes = llvm::to_vector(
      llvm::seq<int64_t>(0, static_cast<int64_t>(starts->size())));
  SmallVector<int64_t> steps(starts->size(), 1);
  auto constants = [&](Value operand, SmallVector<int64_t> &list) {
    if (!operand)
      return true;
    std::optional<SmallVector<int64_t>> known =
        l.shapes.constantContents(operand);
    if (!known || known->size() != starts->size())
      return false;
    list = *known;
    return true;
  };
  if (!constants(op.getAxes(), axes) || !constants(op.getSteps(), steps) ||
      llvm::is_contained(steps, 0)) {
    why = "it has steps of 0, or lists of different lengths";
    return failure();
  }
  SmallVector<OpFoldResult> sizes = l.sizes(op.getData());
  SmallVector<OpFoldResult> offsets(rank, l.b.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(rank, l.b.getIndexAttr(1));
  SmallVector<bool> sliced(rank, false);
  bool backwards = false;
  for (auto [i, axis] : llvm::enumerate(axes)) {
    int64_t at = axis < 0 ? axis + rank : axis;
    if (at < 0 || at >= rank || sliced[at]) {
      why = "its axes do not fit the rank";
      return failure();
    }
    sliced[at] = true;
    SliceRange range =
        sliceRange(l, (*starts)[i], (*ends)[i], steps[i], sizes[at]);
    offsets[at] = range.start;
    sizes[at] = range.size;
    strides[at] = l.b.getIndexAttr(range.step);
    backwards |= range.step < 0;
  }
  // The lengths as shape inference writes them are the same values as
  // elsewhere, and the same numbers, if the model's other ops fit this one.
  if (ArrayRef<AffineExpr> exprs = l.exprs(op.getOutput()); !exprs.empty())
    for (int64_t i = 0; i < rank; ++i)
      if (OpFoldResult known = l.materialize(exprs[i])) {
        if (sliced[i])
          l.checkEqual(sizes[i], known,
                       "the slice has another length than what uses it needs");
        sizes[i] = known;
      }
  if (!backwards) {
    l.set(op.getOutput(), extractSlice(l, data, offsets, sizes, strides));
    return success();
  }
  SmallVector<Value> from, by;
  for (int64_t i = 0; i < rank; ++i) {
    from.push_back(l.toValue(offsets[i]));
    by.push_back(l.toValue(strides[i]));
  }
  l.set(op.getOutput(), gatherSlice(l, data, from, by, sizes));
  return success();
}

void blockattn::populateSliceRules(LoweringRules &rules) {
  rules.add<onnx::SplitOp>(lowerSplit);
  rules.add<onnx::SliceOp>(lowerSlice);
}

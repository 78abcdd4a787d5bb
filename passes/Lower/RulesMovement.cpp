//===- RulesMovement.cpp - operations that move elements ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/Lowering.h"

using namespace mlir;
using namespace blockattn;

//===----------------------------------------------------------------------===//
// Reshapes
//===----------------------------------------------------------------------===//

/// Gives `result` the elements of `data` in row-major order.
static LogicalResult
lowerReshapeTo(Value data, Value result, Lowering &l, std::string &why,
               llvm::function_ref<OpFoldResult(int64_t)> sizeOf) {
  if (!l.resultType(result)) {
    why = "the rank or element type of its result is not known";
    return failure();
  }
  SmallVector<OpFoldResult> sizes = l.sizesOr(result, sizeOf);
  if (llvm::any_of(sizes, [](OpFoldResult size) { return size.isNull(); })) {
    why = "the shape of its result can not be computed";
    return failure();
  }
  l.set(result, l.reshape(l.get(data), l.exprs(data), l.exprs(result), sizes));
  return success();
}

static OpFoldResult unknownSize(int64_t) { return {}; }

static LogicalResult lowerReshape(onnx::ReshapeOp op, Lowering &l,
                                  std::string &why) {
  // The shape as computed at run time, for what shape inference does not know.
  std::optional<SmallVector<OpFoldResult>> computed;
  auto compute = [&]() -> LogicalResult {
    if (computed)
      return success();
    FailureOr<SmallVector<OpFoldResult>> elements = l.elements(op.getShape());
    if (failed(elements))
      return failure();
    SmallVector<OpFoldResult> from = l.sizesOf(l.get(op.getData()));
    auto is = [&](Value value, int64_t constant) -> Value {
      return arith::CmpIOp::create(l.b, l.loc, arith::CmpIPredicate::eq, value,
                                   l.index(constant));
    };
    auto select = [&](Value condition, Value x, Value y) -> Value {
      return arith::SelectOp::create(l.b, l.loc, condition, x, y);
    };
    SmallVector<Value> known;
    OpFoldResult others = l.b.getIndexAttr(1);
    for (auto [i, element] : llvm::enumerate(*elements)) {
      Value value = l.toValue(element);
      if (!op.getAllowzero() && i < from.size())
        value = select(is(value, 0), l.toValue(from[i]), value);
      known.push_back(value);
      others = l.mul(others, select(is(value, -1), l.index(1), value));
    }
    Value rest =
        arith::DivSIOp::create(l.b, l.loc, l.toValue(l.product(from)),
                               l.toValue(l.max(others, l.b.getIndexAttr(1))));
    computed.emplace();
    for (Value value : known)
      computed->push_back(
          l.max(select(is(value, -1), rest, value), l.b.getIndexAttr(0)));
    return success();
  };
  return lowerReshapeTo(
      op.getData(), op.getReshaped(), l, why, [&](int64_t i) -> OpFoldResult {
        if (failed(compute()) || i >= static_cast<int64_t>(computed->size()))
          return {};
        return (*computed)[i];
      });
}

static LogicalResult lowerFlatten(onnx::FlattenOp op, Lowering &l,
                                  std::string &why) {
  return lowerReshapeTo(op.getInput(), op.getOutput(), l, why, unknownSize);
}
static LogicalResult lowerSqueeze(onnx::SqueezeOp op, Lowering &l,
                                  std::string &why) {
  return lowerReshapeTo(op.getData(), op.getSqueezed(), l, why, unknownSize);
}
static LogicalResult lowerUnsqueeze(onnx::UnsqueezeOp op, Lowering &l,
                                    std::string &why) {
  return lowerReshapeTo(op.getData(), op.getExpanded(), l, why, unknownSize);
}
static LogicalResult lowerIdentity(onnx::IdentityOp op, Lowering &l,
                                   std::string &) {
  l.set(op.getOutput(), l.get(op.getInput()));
  return success();
}

//===----------------------------------------------------------------------===//
// Transpose, Expand, Tile
//===----------------------------------------------------------------------===//

static LogicalResult lowerTranspose(onnx::TransposeOp op, Lowering &l,
                                    std::string &) {
  Value data = l.get(op.getData());
  auto type = cast<RankedTensorType>(data.getType());
  SmallVector<OpFoldResult> sizes = l.sizes(op.getData()), permuted;
  SmallVector<int64_t> perm;
  if (std::optional<ArrayRef<int64_t>> attr = op.getPerm())
    perm.assign(attr->begin(), attr->end());
  else
    perm = llvm::to_vector(llvm::reverse(llvm::seq(type.getRank())));
  ArrayRef<AffineExpr> exprs = l.exprs(op.getData());
  SmallVector<AffineExpr> permutedExprs;
  // For each dimension of the operand, where it goes.
  SmallVector<AffineExpr> places(type.getRank());
  int64_t last = -1;
  bool ordered = true;
  for (auto [i, from] : llvm::enumerate(perm)) {
    permuted.push_back(sizes[from]);
    if (!exprs.empty())
      permutedExprs.push_back(exprs[from]);
    places[from] = l.b.getAffineDimExpr(i);
    if (Lowering::constant(sizes[from]) == 1)
      continue;
    ordered &= from > last;
    last = from;
  }
  // Moving dimensions of 1 moves no element.
  if (ordered) {
    l.set(op.getTransposed(), l.reshape(data, exprs, permutedExprs, permuted));
    return success();
  }
  AffineMap map = AffineMap::get(type.getRank(), 0, places, l.b.getContext());
  l.set(op.getTransposed(),
        l.generic({data}, {map}, permuted, type.getElementType(),
                  [](OpBuilder &, Location, ValueRange v) { return v[0]; }));
  return success();
}

static LogicalResult lowerExpand(onnx::ExpandOp op, Lowering &l,
                                 std::string &why) {
  if (!l.resultType(op.getOutput())) {
    why = "the rank or element type of its result is not known";
    return failure();
  }
  SmallVector<OpFoldResult> from = l.sizes(op.getInput());
  int64_t rank = l.resultType(op.getOutput()).getRank();
  std::optional<SmallVector<OpFoldResult>> shape;
  SmallVector<OpFoldResult> sizes =
      l.sizesOr(op.getOutput(), [&](int64_t i) -> OpFoldResult {
        if (!shape) {
          FailureOr<SmallVector<OpFoldResult>> list = l.elements(op.getShape());
          shape = succeeded(list) ? *list : SmallVector<OpFoldResult>();
        }
        int64_t atShape = i - (rank - static_cast<int64_t>(shape->size()));
        int64_t atInput = i - (rank - static_cast<int64_t>(from.size()));
        if (shape->empty())
          return {};
        if (atShape < 0)
          return from[atInput];
        if (atInput < 0)
          return (*shape)[atShape];
        Value input = l.toValue(from[atInput]);
        Value wanted = l.toValue((*shape)[atShape]);
        Value isOne = arith::CmpIOp::create(
            l.b, l.loc, arith::CmpIPredicate::eq, input, l.index(1));
        return arith::SelectOp::create(l.b, l.loc, isOne, wanted, input)
            .getResult();
      });
  if (llvm::any_of(sizes, [](OpFoldResult size) { return size.isNull(); })) {
    why = "the shape of its result can not be computed";
    return failure();
  }
  l.set(op.getOutput(), l.broadcastTo(op.getInput(), sizes));
  return success();
}

static LogicalResult lowerTile(onnx::TileOp op, Lowering &l, std::string &why) {
  Value input = l.get(op.getInput());
  auto type = cast<RankedTensorType>(input.getType());
  FailureOr<SmallVector<OpFoldResult>> repeats = l.elements(op.getRepeats());
  if (failed(repeats) ||
      static_cast<int64_t>(repeats->size()) != type.getRank()) {
    why = "the number of its repeats is not known";
    return failure();
  }
  SmallVector<OpFoldResult> from = l.sizes(op.getInput()), sizes;
  for (auto [size, repeat] : llvm::zip(from, *repeats))
    sizes.push_back(l.mul(size, l.max(repeat, l.b.getIndexAttr(0))));
  l.set(op.getOutput(),
        l.generic({}, {}, sizes, type.getElementType(),
                  [&](OpBuilder &builder, Location loc, ValueRange) -> Value {
                    SmallVector<Value> indices;
                    for (int64_t i = 0; i < type.getRank(); ++i) {
                      Value at = linalg::IndexOp::create(builder, loc, i);
                      if (Lowering::constant((*repeats)[i]) != 1) {
                        Value size =
                            tensor::DimOp::create(builder, loc, input, i);
                        at = arith::RemUIOp::create(builder, loc, at, size);
                      }
                      indices.push_back(at);
                    }
                    return tensor::ExtractOp::create(builder, loc, input,
                                                     indices);
                  }));
  return success();
}

//===----------------------------------------------------------------------===//
// Concat, Split
//===----------------------------------------------------------------------===//

static LogicalResult lowerConcat(onnx::ConcatOp op, Lowering &l,
                                 std::string &) {
  Value first = l.get(op.getInputs().front());
  auto type = cast<RankedTensorType>(first.getType());
  int64_t rank = type.getRank();
  int64_t axis = op.getAxis() < 0 ? op.getAxis() + rank : op.getAxis();
  OpFoldResult total = l.b.getIndexAttr(0);
  for (Value input : op.getInputs())
    total = l.add(total, l.sizes(input)[axis]);
  SmallVector<OpFoldResult> sizes = l.sizes(op.getInputs().front());
  for (Value input : op.getInputs().drop_front())
    for (auto [i, size] : llvm::enumerate(l.sizes(input)))
      if (static_cast<int64_t>(i) != axis &&
          !l.shapes.provenEqual(l.exprs(input)[i],
                                l.exprs(op.getInputs().front())[i]))
        l.checkEqual(size, sizes[i],
                     "the operands of a concatenation differ in dimension " +
                         Twine(i));
  // One expression for the sum, where shape inference has it.
  sizes[axis] = total;
  if (ArrayRef<AffineExpr> exprs = l.exprs(op.getConcatResult());
      !exprs.empty())
    if (OpFoldResult known = l.materialize(exprs[axis]))
      sizes[axis] = known;
  Value result = l.empty(sizes, type.getElementType());
  SmallVector<OpFoldResult> strides(rank, l.b.getIndexAttr(1));
  SmallVector<OpFoldResult> offsets(rank, l.b.getIndexAttr(0));
  for (Value input : op.getInputs()) {
    SmallVector<OpFoldResult> part = l.sizes(input);
    if (Lowering::constant(part[axis]) == 0)
      continue;
    result = tensor::InsertSliceOp::create(l.b, l.loc, l.get(input), result,
                                           offsets, part, strides);
    offsets[axis] = l.add(offsets[axis], part[axis]);
  }
  l.set(op.getConcatResult(), result);
  return success();
}

/// A part of a tensor; one without elements is not taken from anywhere.
static Value extractSlice(Lowering &l, Value tensor,
                          ArrayRef<OpFoldResult> offsets,
                          ArrayRef<OpFoldResult> sizes,
                          ArrayRef<OpFoldResult> strides) {
  if (llvm::any_of(sizes, [](OpFoldResult size) {
        return Lowering::constant(size) == 0;
      }))
    return l.empty(sizes,
                   cast<RankedTensorType>(tensor.getType()).getElementType());
  return tensor::ExtractSliceOp::create(l.b, l.loc, tensor, offsets, sizes,
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
    lengths = *elements;
    OpFoldResult sum = l.b.getIndexAttr(0);
    for (OpFoldResult length : lengths)
      sum = l.add(sum, length);
    l.checkEqual(sum, whole, "the parts do not make the whole");
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

static LogicalResult lowerSlice(onnx::SliceOp op, Lowering &l,
                                std::string &why) {
  Value data = l.get(op.getData());
  auto type = cast<RankedTensorType>(data.getType());
  int64_t rank = type.getRank();
  FailureOr<SmallVector<OpFoldResult>> starts = l.elements(op.getStarts());
  FailureOr<SmallVector<OpFoldResult>> ends = l.elements(op.getEnds());
  if (failed(starts) || failed(ends) || starts->size() != ends->size()) {
    why = "the number of its axes is not known";
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
    why = "its axes and steps must be constant, and no step 0";
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
  // The lengths as shape inference writes them are the same numbers, and the
  // same values as elsewhere.
  if (ArrayRef<AffineExpr> exprs = l.exprs(op.getOutput()); !exprs.empty())
    for (int64_t i = 0; i < rank; ++i)
      if (OpFoldResult known = l.materialize(exprs[i]))
        sizes[i] = known;
  if (!backwards) {
    l.set(op.getOutput(), extractSlice(l, data, offsets, sizes, strides));
    return success();
  }
  SmallVector<Value> starting;
  for (OpFoldResult offset : offsets)
    starting.push_back(l.toValue(offset));
  l.set(op.getOutput(),
        l.generic({}, {}, sizes, type.getElementType(),
                  [&](OpBuilder &builder, Location loc, ValueRange) -> Value {
                    SmallVector<Value> indices;
                    for (int64_t i = 0; i < rank; ++i) {
                      Value at = linalg::IndexOp::create(builder, loc, i);
                      Value step = arith::ConstantIndexOp::create(
                          builder, loc, *Lowering::constant(strides[i]));
                      at = arith::MulIOp::create(builder, loc, at, step);
                      indices.push_back(
                          arith::AddIOp::create(builder, loc, starting[i], at));
                    }
                    return tensor::ExtractOp::create(builder, loc, data,
                                                     indices);
                  }));
  return success();
}

void blockattn::populateMovementRules(LoweringRules &rules) {
  rules.add<onnx::ReshapeOp>(lowerReshape);
  rules.add<onnx::FlattenOp>(lowerFlatten);
  rules.add<onnx::SqueezeOp>(lowerSqueeze);
  rules.add<onnx::UnsqueezeOp>(lowerUnsqueeze);
  rules.add<onnx::IdentityOp>(lowerIdentity);
  rules.add<onnx::TransposeOp>(lowerTranspose);
  rules.add<onnx::ExpandOp>(lowerExpand);
  rules.add<onnx::TileOp>(lowerTile);
  rules.add<onnx::ConcatOp>(lowerConcat);
  rules.add<onnx::SplitOp>(lowerSplit);
  rules.add<onnx::SliceOp>(lowerSlice);
}

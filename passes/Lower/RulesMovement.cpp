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
// Concat
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
}

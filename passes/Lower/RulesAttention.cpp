//===- RulesAttention.cpp - attention and rotary positions ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Attention stays one operation, in destination-passing style. Cosines and
// sines of a rotary embedding are computed once for all layers that share
// positions and angles; each embedding is then one pass over the elements.
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/Lowering.h"

using namespace mlir;
using namespace blockattn;

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

static LogicalResult lowerAttention(AttentionOp op, Lowering &l,
                                    std::string &) {
  Value query = l.get(op.getQuery()), key = l.get(op.getKey()),
        value = l.get(op.getValue());
  SmallVector<OpFoldResult> sizes = l.sizes(op.getQuery());
  SmallVector<OpFoldResult> resultSizes = sizes;
  resultSizes[3] = l.sizes(op.getValue())[3];
  Value first, cache, mask, places;
  if (op.getLayout())
    first = firstKey(op.getLayout(), sizes[1], l);
  if (op.getCache())
    cache = l.get(op.getCache());
  if (op.getKeyMask())
    mask = l.get(op.getKeyMask());
  if (op.getKeyPositions())
    places = l.get(op.getKeyPositions());
  // Inputs of a model that are named apart may differ in length, and the kernel
  // reads all of them by the key's.
  auto agree = [&](Value a, int64_t dim, Value b, const Twine &what) {
    Value x = l.b.createOrFold<tensor::DimOp>(l.loc, a, dim);
    Value y = l.b.createOrFold<tensor::DimOp>(l.loc, b, dim);
    if (x != y)
      l.check(arith::CmpIOp::create(l.b, l.loc, arith::CmpIPredicate::eq, x, y),
              BA_KERNEL_FAIL_SHAPE, what);
  };
  agree(query, 0, key, "queries and keys differ in batch size");
  agree(key, 0, value, "keys and values differ in batch size");
  agree(key, 1, value, "keys and values differ in length");
  if (mask) {
    agree(key, 0, mask, "keys and their mask differ in batch size");
    agree(key, 1, mask,
          "keys and their mask differ in length: an attention mask has past "
          "and new tokens");
  }
  if (places) {
    agree(key, 0, places, "keys and their positions differ in batch size");
    agree(key, 1, places, "keys and their positions differ in length");
  }
  auto type = cast<RankedTensorType>(query.getType());
  SmallVector<Value> outputs = {l.empty(resultSizes, type.getElementType())};
  if (op.getLse())
    outputs.push_back(l.empty(ArrayRef(sizes).take_front(3), l.b.getF32Type()));
  SmallVector<Type> types;
  for (Value output : outputs)
    types.push_back(output.getType());
  auto kernel = AttentionKernelOp::create(
      l.b, l.loc, types, query, key, value, first, cache, mask, places, outputs,
      op.getScaleAttr(), op.getSoftcapAttr(), op.getWindowAttr(),
      op.getCausalAttr(), op.getLayerAttr(), op.getQueryRotaryAttr(),
      op.getSlopesAttr());
  l.set(op.getResult(), kernel.getResult(0));
  if (op.getLse())
    l.set(op.getLse(), kernel.getResult(1));
  return success();
}

//===----------------------------------------------------------------------===//
// Rotary positions
//===----------------------------------------------------------------------===//

/// Cosine (kind 0) or sine (kind 1) of every position times every frequency,
/// times the scale: [B or 1, N, r / 2] in f32.
static Value rotaryTable(Value original, RotaryAttr rope, unsigned kind,
                         Lowering &l) {
  Value positions = l.get(original);
  Value &known = l.cached(positions, rope, kind);
  if (known)
    return known;
  Type f32 = l.b.getF32Type();
  Value frequencies = l.scalar(cast<TypedAttr>(rope.getInvFreq()));
  SmallVector<OpFoldResult> sizes = l.sizes(original);
  sizes.push_back(l.b.getIndexAttr(rope.getRotaryDim() / 2));
  MLIRContext *context = l.b.getContext();
  AffineExpr d0, d1, d2;
  bindDims(context, d0, d1, d2);
  return known = l.generic(
             {positions, frequencies},
             {AffineMap::get(3, 0, {d0, d1}, context),
              AffineMap::get(3, 0, {d2}, context)},
             sizes, f32,
             [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
               Value position = arith::SIToFPOp::create(b, loc, f32, v[0]);
               Value angle = arith::MulFOp::create(b, loc, position, v[1]);
               Value result = kind == 0
                                  ? Value(math::CosOp::create(b, loc, angle))
                                  : Value(math::SinOp::create(b, loc, angle));
               if (rope.getScaleValue() == 1.0)
                 return result;
               return arith::MulFOp::create(
                   b, loc, result,
                   l.floatConstant(b, f32, rope.getScaleValue()));
             });
}

static LogicalResult lowerRotary(RotaryOp op, Lowering &l, std::string &) {
  Value input = l.get(op.getInput());
  auto type = cast<RankedTensorType>(input.getType());
  Type element = type.getElementType(), f32 = l.b.getF32Type();
  RotaryAttr rope = op.getRope();
  int64_t half = rope.getRotaryDim() / 2;
  Value cosine = rotaryTable(op.getPositions(), rope, 0, l);
  Value sine = rotaryTable(op.getPositions(), rope, 1, l);

  SmallVector<OpFoldResult> sizes = l.sizes(op.getInput());
  SmallVector<OpFoldResult> halfSizes = sizes;
  halfSizes[3] = l.b.getIndexAttr(half);
  SmallVector<OpFoldResult> strides(4, l.b.getIndexAttr(1));
  if (rope.getInterleaved())
    strides[3] = l.b.getIndexAttr(2);
  auto offsets = [&](int64_t last) {
    SmallVector<OpFoldResult> list(4, l.b.getIndexAttr(0));
    list[3] = l.b.getIndexAttr(last);
    return list;
  };
  auto part = [&](int64_t offset) -> Value {
    return tensor::ExtractSliceOp::create(l.b, l.loc, input, offsets(offset),
                                          halfSizes, strides);
  };
  // Loops: batch, token, head, member of the pair and pair, the latter two in
  // the order in which they lie.
  MLIRContext *context = l.b.getContext();
  unsigned memberDim = rope.getInterleaved() ? 4 : 3;
  AffineExpr d0, d1, d2;
  bindDims(context, d0, d1, d2);
  AffineExpr pair = l.b.getAffineDimExpr(7 - memberDim);
  bool oneRow = Lowering::constant(l.sizes(op.getPositions())[0]) == 1;
  AffineMap table = AffineMap::get(
      5, 0, {oneRow ? l.b.getAffineConstantExpr(0) : d0, d1, pair}, context);
  AffineMap halfMap = AffineMap::get(5, 0, {d0, d1, d2, pair}, context);
  SmallVector<OpFoldResult> pairSizes(ArrayRef(sizes).take_front(3));
  pairSizes.resize(5, l.b.getIndexAttr(2));
  pairSizes[7 - memberDim] = l.b.getIndexAttr(half);
  Value rotated =
      l.generic({part(0), part(rope.getInterleaved() ? 1 : half), cosine, sine},
                {halfMap, halfMap, table, table}, pairSizes, element,
                [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
                  Value x = Lowering::convertFloat(b, loc, v[0], f32);
                  Value y = Lowering::convertFloat(b, loc, v[1], f32);
                  Value member = linalg::IndexOp::create(b, loc, memberDim);
                  Value isFirst = arith::CmpIOp::create(
                      b, loc, arith::CmpIPredicate::eq, member,
                      arith::ConstantIndexOp::create(b, loc, 0));
                  // (x cos - y sin, y cos + x sin)
                  Value same = arith::SelectOp::create(b, loc, isFirst, x, y);
                  Value other = arith::SelectOp::create(
                      b, loc, isFirst, arith::NegFOp::create(b, loc, y), x);
                  Value sum = arith::AddFOp::create(
                      b, loc, arith::MulFOp::create(b, loc, same, v[2]),
                      arith::MulFOp::create(b, loc, other, v[3]));
                  return Lowering::convertFloat(b, loc, sum, element);
                });
  Value result = l.collapse(rotated, {{0}, {1}, {2}, {3, 4}});
  // What is not rotated passes through.
  if (Lowering::constant(sizes[3]) != 2 * half) {
    SmallVector<OpFoldResult> ones(4, l.b.getIndexAttr(1));
    SmallVector<OpFoldResult> front = sizes, rest = sizes;
    front[3] = l.b.getIndexAttr(2 * half);
    rest[3] = l.sub(sizes[3], front[3]);
    Value whole = l.empty(sizes, element);
    whole = tensor::InsertSliceOp::create(l.b, l.loc, result, whole, offsets(0),
                                          front, ones);
    Value slice = tensor::ExtractSliceOp::create(l.b, l.loc, input,
                                                 offsets(2 * half), rest, ones);
    result = tensor::InsertSliceOp::create(l.b, l.loc, slice, whole,
                                           offsets(2 * half), rest, ones);
  }
  l.set(op.getResult(), result);
  return success();
}

void blockattn::populateAttentionRules(LoweringRules &rules) {
  rules.add<AttentionOp>(lowerAttention);
  rules.add<RotaryOp>(lowerRotary);
}

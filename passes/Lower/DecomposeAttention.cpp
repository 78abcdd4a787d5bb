//===- DecomposeAttention.cpp - attention -> plain operations -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The definition of `blockattn.attention`, written with linalg: scores, what
// is visible, softmax, weighted sum. Heads are split into [kv heads, group].
//
//===----------------------------------------------------------------------===//

#include "dialects/BlockAttn/BlockAttn.h"
#include "passes/Lower/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

#include <limits>

namespace blockattn {
#define GEN_PASS_DEF_DECOMPOSEATTENTION
#include "passes/Lower/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

namespace {
using Body = llvm::function_ref<Value(OpBuilder &, Location, ValueRange)>;

/// One attention. Loop dimensions: batch, query, kv head, group, then key,
/// then the element of a head.
class Decomposition {
public:
  Decomposition(AttentionOp op, OpBuilder &b)
      : op(op), b(b), loc(op.getLoc()), f32(b.getF32Type()) {}
  SmallVector<Value> run();

private:
  Value constant(OpBuilder &builder, float value) {
    return arith::ConstantOp::create(builder, loc,
                                     builder.getF32FloatAttr(value));
  }
  Value extend(OpBuilder &builder, Value value) {
    return value.getType() == f32
               ? value
               : arith::ExtFOp::create(builder, loc, f32, value).getResult();
  }
  AffineMap map(unsigned dims, ArrayRef<unsigned> results) {
    SmallVector<AffineExpr> exprs;
    for (unsigned i : results)
      exprs.push_back(b.getAffineDimExpr(i));
    return AffineMap::get(dims, 0, exprs, b.getContext());
  }
  /// The last `reduced` of the loops are summed or folded into `init`.
  Value generic(ArrayRef<Value> inputs, ArrayRef<AffineMap> maps, Value init,
                AffineMap initMap, Body body);
  Value filled(ArrayRef<OpFoldResult> sizes, float value);
  Value scores();

  AttentionOp op;
  OpBuilder &b;
  Location loc;
  Type f32;
  OpFoldResult batch, queries, keys, kvHeads, group, headSize, valueSize;
};
} // namespace

Value Decomposition::generic(ArrayRef<Value> inputs, ArrayRef<AffineMap> maps,
                             Value init, AffineMap initMap, Body body) {
  SmallVector<AffineMap> all(maps);
  all.push_back(initMap);
  unsigned dims = initMap.getNumDims();
  SmallVector<utils::IteratorType> iterators(dims,
                                             utils::IteratorType::reduction);
  for (AffineExpr result : initMap.getResults())
    iterators[cast<AffineDimExpr>(result).getPosition()] =
        utils::IteratorType::parallel;
  return linalg::GenericOp::create(
             b, loc, init.getType(), inputs, init, all, iterators,
             [&](OpBuilder &builder, Location, ValueRange arguments) {
               linalg::YieldOp::create(builder, loc,
                                       body(builder, loc, arguments));
             })
      .getResult(0);
}

Value Decomposition::filled(ArrayRef<OpFoldResult> sizes, float value) {
  Value init = tensor::EmptyOp::create(b, loc, sizes, f32);
  return linalg::FillOp::create(b, loc, constant(b, value), init).getResult(0);
}

/// scale * Q K^T, capped, and minus infinity where a key is not visible.
Value Decomposition::scores() {
  auto type = cast<RankedTensorType>(op.getQuery().getType());
  SmallVector<OpFoldResult> split = {batch, queries, kvHeads, group, headSize};
  SmallVector<int64_t> shape;
  SmallVector<Value> dynamic;
  dispatchIndexOpFoldResults(split, dynamic, shape);
  Value query = tensor::ExpandShapeOp::create(
      b, loc, RankedTensorType::get(shape, type.getElementType()),
      op.getQuery(), SmallVector<ReassociationIndices>{{0}, {1}, {2, 3}, {4}},
      split);

  SmallVector<OpFoldResult> sizes = {batch, queries, kvHeads, group, keys};
  Value products = generic(
      {query, op.getKey()}, {map(6, {0, 1, 2, 3, 5}), map(6, {0, 4, 2, 5})},
      filled(sizes, 0), map(6, {0, 1, 2, 3, 4}),
      [&](OpBuilder &builder, Location, ValueRange v) -> Value {
        Value product = arith::MulFOp::create(
            builder, loc, extend(builder, v[0]), extend(builder, v[1]));
        return arith::AddFOp::create(builder, loc, v[2], product);
      });

  SmallVector<Value> inputs = {products};
  SmallVector<AffineMap> maps = {b.getMultiDimIdentityMap(5)};
  if (op.getLayout()) {
    Value tokens = getValueOrCreateConstantIndexOp(b, loc, queries);
    inputs.push_back(FirstKeyOp::create(
        b, loc, RankedTensorType::get({type.getDimSize(1)}, b.getI64Type()),
        op.getLayout(), tokens));
    maps.push_back(map(5, {1}));
  }
  if (op.getKeyMask()) {
    inputs.push_back(op.getKeyMask());
    maps.push_back(map(5, {0, 4}));
  }
  if (op.getSlopes()) {
    ArrayRef<float> slopes = *op.getSlopes();
    int64_t hkv = cast<RankedTensorType>(op.getKey().getType()).getDimSize(2);
    auto slopesType = RankedTensorType::get(
        {hkv, static_cast<int64_t>(slopes.size()) / hkv}, f32);
    inputs.push_back(arith::ConstantOp::create(
        b, loc, DenseElementsAttr::get(slopesType, slopes)));
    maps.push_back(map(5, {2, 3}));
  }
  if (op.getKeyPositions()) {
    inputs.push_back(op.getKeyPositions());
    maps.push_back(map(5, {0, 4}));
  }
  Value offset = arith::SubIOp::create(
      b, loc, getValueOrCreateConstantIndexOp(b, loc, keys),
      getValueOrCreateConstantIndexOp(b, loc, queries));
  return generic(
      inputs, maps, tensor::EmptyOp::create(b, loc, sizes, f32),
      b.getMultiDimIdentityMap(5),
      [&](OpBuilder &builder, Location, ValueRange v) -> Value {
        Value score = arith::MulFOp::create(
            builder, loc, v[0],
            constant(builder, op.getScale().convertToFloat()));
        if (float cap = op.getSoftcap().convertToFloat(); cap > 0) {
          Value scaled = arith::DivFOp::create(builder, loc, score,
                                               constant(builder, cap));
          score = arith::MulFOp::create(
              builder, loc, math::TanhOp::create(builder, loc, scaled),
              constant(builder, cap));
        }
        Value visible =
            arith::ConstantOp::create(builder, loc, builder.getBoolAttr(true));
        auto require = [&](Value condition) {
          visible = arith::AndIOp::create(builder, loc, visible, condition);
        };
        auto less = [&](arith::CmpIPredicate predicate, Value x, Value y) {
          return arith::CmpIOp::create(builder, loc, predicate, x, y);
        };
        Value key = linalg::IndexOp::create(builder, loc, 4);
        Value place = arith::AddIOp::create(
            builder, loc, linalg::IndexOp::create(builder, loc, 1), offset);
        if (op.getCausal())
          require(less(arith::CmpIPredicate::sle, key, place));
        if (op.getWindow() > 0) {
          Value window =
              arith::ConstantIndexOp::create(builder, loc, op.getWindow());
          Value distance = arith::SubIOp::create(builder, loc, place, key);
          require(less(arith::CmpIPredicate::slt, distance, window));
          // Without an order the window is as wide ahead.
          if (!op.getCausal())
            require(less(arith::CmpIPredicate::slt,
                         arith::SubIOp::create(builder, loc, key, place),
                         window));
        }
        unsigned next = 1;
        if (op.getLayout()) {
          Value first = arith::IndexCastOp::create(
              builder, loc, builder.getIndexType(), v[next++]);
          require(less(arith::CmpIPredicate::sle, first, key));
        }
        if (op.getKeyMask())
          require(v[next++]);
        if (op.getSlopes()) {
          Value slope = v[next++];
          Value distance = arith::SubIOp::create(builder, loc, key, place);
          if (Value places = op.getKeyPositions()) {
            Value sequence = linalg::IndexOp::create(builder, loc, 0);
            // Queries before the first key see nothing.
            Value first = arith::MaxSIOp::create(
                builder, loc, place,
                arith::ConstantIndexOp::create(builder, loc, 0));
            Value own = tensor::ExtractOp::create(builder, loc, places,
                                                  ValueRange{sequence, first});
            distance = arith::SubIOp::create(builder, loc, v[next], own);
          } else {
            distance = arith::IndexCastOp::create(
                builder, loc, builder.getI64Type(), distance);
          }
          Value bias = arith::MulFOp::create(
              builder, loc, slope,
              arith::SIToFPOp::create(builder, loc, f32, distance));
          score = arith::AddFOp::create(builder, loc, score, bias);
        }
        return arith::SelectOp::create(
            builder, loc, visible, score,
            constant(builder, -std::numeric_limits<float>::infinity()));
      });
}

SmallVector<Value> Decomposition::run() {
  auto sizeOf = [&](Value value, int64_t i) {
    return tensor::getMixedSize(b, loc, value, i);
  };
  batch = sizeOf(op.getQuery(), 0);
  queries = sizeOf(op.getQuery(), 1);
  headSize = sizeOf(op.getQuery(), 3);
  keys = sizeOf(op.getKey(), 1);
  kvHeads = sizeOf(op.getKey(), 2);
  valueSize = sizeOf(op.getValue(), 3);
  OpFoldResult heads = sizeOf(op.getQuery(), 2);
  std::optional<int64_t> h = getConstantIntValue(heads),
                         hkv = getConstantIntValue(kvHeads);
  group = h && hkv
              ? OpFoldResult(b.getIndexAttr(*h / *hkv))
              : OpFoldResult(
                    arith::DivUIOp::create(
                        b, loc, getValueOrCreateConstantIndexOp(b, loc, heads),
                        getValueOrCreateConstantIndexOp(b, loc, kvHeads))
                        .getResult());

  Value score = scores();
  SmallVector<OpFoldResult> rowSizes = {batch, queries, kvHeads, group};
  AffineMap all = b.getMultiDimIdentityMap(5), rows = map(5, {0, 1, 2, 3});
  float infinity = std::numeric_limits<float>::infinity();
  // A row of minus infinity is shifted by 0: its exponentials are all 0.
  Value greatest =
      generic({score}, {all}, filled(rowSizes, -infinity), rows,
              [&](OpBuilder &builder, Location, ValueRange v) -> Value {
                return arith::MaximumFOp::create(builder, loc, v[0], v[1]);
              });
  Value shift =
      generic({greatest}, {b.getMultiDimIdentityMap(4)},
              tensor::EmptyOp::create(b, loc, rowSizes, f32),
              b.getMultiDimIdentityMap(4),
              [&](OpBuilder &builder, Location, ValueRange v) -> Value {
                Value none = arith::CmpFOp::create(
                    builder, loc, arith::CmpFPredicate::OEQ, v[0],
                    constant(builder, -infinity));
                return arith::SelectOp::create(builder, loc, none,
                                               constant(builder, 0), v[0]);
              });
  SmallVector<OpFoldResult> scoreSizes = rowSizes;
  scoreSizes.push_back(keys);
  Value weights = generic(
      {score, shift}, {all, rows},
      tensor::EmptyOp::create(b, loc, scoreSizes, f32), all,
      [&](OpBuilder &builder, Location, ValueRange v) -> Value {
        return math::ExpOp::create(
            builder, loc, arith::SubFOp::create(builder, loc, v[0], v[1]));
      });
  Value sum = generic({weights}, {all}, filled(rowSizes, 0), rows,
                      [&](OpBuilder &builder, Location, ValueRange v) -> Value {
                        return arith::AddFOp::create(builder, loc, v[0], v[1]);
                      });
  SmallVector<OpFoldResult> outSizes = rowSizes;
  outSizes.push_back(valueSize);
  // Loops: ..., key, element of the value.
  Value weighted = generic(
      {weights, op.getValue()}, {map(6, {0, 1, 2, 3, 4}), map(6, {0, 4, 2, 5})},
      filled(outSizes, 0), map(6, {0, 1, 2, 3, 5}),
      [&](OpBuilder &builder, Location, ValueRange v) -> Value {
        Value product =
            arith::MulFOp::create(builder, loc, v[0], extend(builder, v[1]));
        return arith::AddFOp::create(builder, loc, v[2], product);
      });
  auto resultType = cast<RankedTensorType>(op.getResult().getType());
  Type element = resultType.getElementType();
  Value normalized = generic(
      {weighted, sum}, {all, rows},
      tensor::EmptyOp::create(b, loc, outSizes, element), all,
      [&](OpBuilder &builder, Location, ValueRange v) -> Value {
        Value zero = constant(builder, 0);
        Value nothing = arith::CmpFOp::create(
            builder, loc, arith::CmpFPredicate::OEQ, v[1], zero);
        Value quotient = arith::DivFOp::create(builder, loc, v[0], v[1]);
        Value result =
            arith::SelectOp::create(builder, loc, nothing, zero, quotient);
        if (element == f32)
          return result;
        return arith::TruncFOp::create(builder, loc, element, result);
      });
  auto castTo = [&](Value value, Type type) -> Value {
    return value.getType() == type
               ? value
               : tensor::CastOp::create(b, loc, type, value).getResult();
  };
  SmallVector<Value> results = {
      castTo(tensor::CollapseShapeOp::create(
                 b, loc, normalized,
                 SmallVector<ReassociationIndices>{{0}, {1}, {2, 3}, {4}}),
             resultType)};
  if (op.getLse()) {
    Value lse = generic(
        {sum, shift},
        {b.getMultiDimIdentityMap(4), b.getMultiDimIdentityMap(4)},
        tensor::EmptyOp::create(b, loc, rowSizes, f32),
        b.getMultiDimIdentityMap(4),
        [&](OpBuilder &builder, Location, ValueRange v) -> Value {
          // The logarithm of 0 is minus infinity, as is wanted.
          return arith::AddFOp::create(
              builder, loc, math::LogOp::create(builder, loc, v[0]), v[1]);
        });
    results.push_back(castTo(
        tensor::CollapseShapeOp::create(
            b, loc, lse, SmallVector<ReassociationIndices>{{0}, {1}, {2, 3}}),
        op.getLse().getType()));
  }
  return results;
}

namespace {
struct DecomposeAttentionPass
    : blockattn::impl::DecomposeAttentionBase<DecomposeAttentionPass> {
  void runOnOperation() override {
    SmallVector<AttentionOp> ops;
    bool refused = false;
    getOperation().walk([&](AttentionOp op) {
      if (op.getCache()) {
        // Once for a program: what helps one attention helps them all.
        if (!refused)
          op.emitError("attention over cached blocks can not be decomposed: "
                       "their keys are no tensors; with decompose-attention "
                       "give --programs=full,block");
        refused = true;
      }
      ops.push_back(op);
    });
    if (refused)
      return signalPassFailure();
    for (AttentionOp op : ops) {
      OpBuilder b(op);
      SmallVector<Value> results = Decomposition(op, b).run();
      op.replaceAllUsesWith(results);
      op.erase();
    }
  }
};
} // namespace

//===- RulesSinks.cpp - sink tokens ---------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Before every block, one walk over the tokens tells for each row of the result
// where it comes from; then the rows are gathered. A layout that is not in
// order can make nonsense of the rows, but none is read from outside the
// operands.
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/Lowering.h"

using namespace mlir;
using namespace blockattn;

namespace {
/// The blocks of a layout, met one after another in a walk over the tokens.
struct Blocks {
  Value layout, count;

  /// Whether `token` is the first of block number `block`.
  Value begins(OpBuilder &b, Location loc, Value block, Value token) const {
    Value zero = arith::ConstantIndexOp::create(b, loc, 0);
    Value one = arith::ConstantIndexOp::create(b, loc, 1);
    Value last = arith::SubIOp::create(b, loc, count, one);
    Value row = arith::MaxSIOp::create(
        b, loc, arith::MinSIOp::create(b, loc, block, last), zero);
    Value some =
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, block, count);
    return scf::IfOp::create(
               b, loc, some,
               [&](OpBuilder &b, Location loc) {
                 Value start = arith::IndexCastOp::create(
                     b, loc, b.getIndexType(), column(b, loc, row, 0));
                 Value is = arith::CmpIOp::create(
                     b, loc, arith::CmpIPredicate::eq, start, token);
                 scf::YieldOp::create(b, loc, is);
               },
               [&](OpBuilder &b, Location loc) {
                 Value no =
                     arith::ConstantOp::create(b, loc, b.getBoolAttr(false));
                 scf::YieldOp::create(b, loc, no);
               })
        .getResult(0);
  }
  Value column(OpBuilder &b, Location loc, Value row, int64_t index) const {
    return tensor::ExtractOp::create(
        b, loc, layout,
        ValueRange{row, arith::ConstantIndexOp::create(b, loc, index)});
  }
};
} // namespace

static Blocks blocksOf(Value layout, Lowering &l) {
  return {layout, tensor::DimOp::create(l.b, l.loc, layout, 0).getResult()};
}

/// An element of dimension `dim`, moved by the sinks before it: `sink` is
/// called for the rows of sinks, `token` for those after them.
static Value selectShared(OpBuilder &b, Location loc, Value row, Value sinks,
                          llvm::function_ref<Value(OpBuilder &, Value)> sink,
                          llvm::function_ref<Value(OpBuilder &, Value)> token) {
  Value isSink =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, row, sinks);
  return scf::IfOp::create(
             b, loc, isSink,
             [&](OpBuilder &b, Location loc) {
               scf::YieldOp::create(b, loc, sink(b, row));
             },
             [&](OpBuilder &b, Location loc) {
               Value moved = arith::SubIOp::create(b, loc, row, sinks);
               scf::YieldOp::create(b, loc, token(b, moved));
             })
      .getResult(0);
}

/// Sinks once, ahead of all tokens.
static LogicalResult lowerSharedSinks(InsertSinksOp op, Lowering &l) {
  Value embeddings = l.get(op.getEmbeddings()), table = l.get(op.getTable()),
        positions = l.get(op.getPositions()), layout = l.get(op.getLayout());
  Type i64 = l.b.getI64Type();
  SmallVector<OpFoldResult> sizes = l.sizes(op.getEmbeddings());
  OpFoldResult count = l.sizesOf(table)[0];
  Value sinks = l.toValue(count), zero = l.index(0);
  sizes[1] = l.add(sizes[1], count);
  Type element = cast<RankedTensorType>(embeddings.getType()).getElementType();
  l.set(op.getResult(),
        l.generic({}, {}, sizes, element,
                  [&](OpBuilder &b, Location loc, ValueRange) -> Value {
                    Value column = linalg::IndexOp::create(b, loc, 2);
                    return selectShared(
                        b, loc, linalg::IndexOp::create(b, loc, 1), sinks,
                        [&](OpBuilder &b, Value row) -> Value {
                          return tensor::ExtractOp::create(
                              b, loc, table, ValueRange{row, column});
                        },
                        [&](OpBuilder &b, Value row) -> Value {
                          return tensor::ExtractOp::create(
                              b, loc, embeddings,
                              ValueRange{zero, row, column});
                        });
                  }));
  l.set(op.getResultPositions(),
        l.generic({}, {}, {l.b.getIndexAttr(1), sizes[1]}, i64,
                  [&](OpBuilder &b, Location loc, ValueRange) -> Value {
                    auto toInt = [&](OpBuilder &b, Value value) -> Value {
                      return arith::IndexCastOp::create(b, loc, i64, value);
                    };
                    return selectShared(
                        b, loc, linalg::IndexOp::create(b, loc, 1), sinks,
                        toInt, [&](OpBuilder &b, Value row) -> Value {
                          Value position = tensor::ExtractOp::create(
                              b, loc, positions, ValueRange{zero, row});
                          return arith::AddIOp::create(b, loc, position,
                                                       toInt(b, sinks));
                        });
                  }));
  // All starts but the first, in whose block the sinks are.
  l.set(op.getResultLayout(),
        l.generic({layout}, {l.identity(2)}, l.sizesOf(layout), i64,
                  [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
                    Value isStart = arith::CmpIOp::create(
                        b, loc, arith::CmpIPredicate::eq,
                        linalg::IndexOp::create(b, loc, 1), zero);
                    Value isLater = arith::CmpIOp::create(
                        b, loc, arith::CmpIPredicate::ne,
                        linalg::IndexOp::create(b, loc, 0), zero);
                    Value moved = arith::AddIOp::create(
                        b, loc, v[0],
                        arith::IndexCastOp::create(b, loc, i64, sinks));
                    return arith::SelectOp::create(
                        b, loc, arith::AndIOp::create(b, loc, isStart, isLater),
                        moved, v[0]);
                  }));
  return success();
}

static LogicalResult lowerInsertSinks(InsertSinksOp op, Lowering &l,
                                      std::string &) {
  if (op.getShared())
    return lowerSharedSinks(op, l);
  Value embeddings = l.get(op.getEmbeddings()), table = l.get(op.getTable()),
        positions = l.get(op.getPositions()), layout = l.get(op.getLayout());
  Type i64 = l.b.getI64Type();
  Blocks blocks = blocksOf(layout, l);
  SmallVector<OpFoldResult> sizes = l.sizes(op.getEmbeddings());
  OpFoldResult sinks = l.sizesOf(table)[0];
  Value tokens = l.toValue(sizes[1]), perBlock = l.toValue(sinks);
  sizes[1] = l.add(sizes[1], l.mul(sinks, OpFoldResult(blocks.count)));

  // For each row: the token, or -1 - k for row k of the table; its position.
  TypedAttr none = l.b.getI64IntegerAttr(0);
  SmallVector<OpFoldResult> positionSizes = {l.b.getIndexAttr(1), sizes[1]};
  Value zero = l.index(0), one = l.index(1);
  auto loop = scf::ForOp::create(
      l.b, l.loc, zero, tokens, one,
      ValueRange{l.filled(sizes[1], none), l.filled(positionSizes, none), zero,
                 zero},
      [&](OpBuilder &b, Location loc, Value token, ValueRange state) {
        auto add = [&](Value x, Value y) -> Value {
          return arith::AddIOp::create(b, loc, x, y);
        };
        auto toInt = [&](Value x) -> Value {
          return arith::IndexCastOp::create(b, loc, i64, x);
        };
        Value position = tensor::ExtractOp::create(b, loc, positions,
                                                   ValueRange{zero, token});
        auto enter = scf::IfOp::create(
            b, loc, blocks.begins(b, loc, state[2], token),
            [&](OpBuilder &b, Location loc) {
              // Sinks before this block: all in rows, those of its segment in
              // positions.
              Value block = state[2];
              Value previous = arith::MaxSIOp::create(
                  b, loc, arith::SubIOp::create(b, loc, block, one), zero);
              Value differs =
                  arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne,
                                        blocks.column(b, loc, block, 2),
                                        blocks.column(b, loc, previous, 2));
              Value before =
                  arith::SelectOp::create(b, loc, differs, zero, state[3]);
              Value row = arith::AddIOp::create(
                  b, loc, token,
                  arith::MulIOp::create(b, loc, perBlock, block));
              Value place = arith::AddIOp::create(
                  b, loc, position,
                  arith::IndexCastOp::create(b, loc, i64, before));
              auto inner = scf::ForOp::create(
                  b, loc, zero, perBlock, one, ValueRange{state[0], state[1]},
                  [&](OpBuilder &b, Location loc, Value k, ValueRange lists) {
                    Value at = arith::AddIOp::create(b, loc, row, k);
                    Value number = arith::IndexCastOp::create(b, loc, i64, k);
                    Value minusOne = arith::ConstantOp::create(
                        b, loc, b.getI64IntegerAttr(-1));
                    Value code =
                        arith::SubIOp::create(b, loc, minusOne, number);
                    Value rows = tensor::InsertOp::create(
                        b, loc, code, lists[0], ValueRange{at});
                    Value places = tensor::InsertOp::create(
                        b, loc, arith::AddIOp::create(b, loc, place, number),
                        lists[1], ValueRange{zero, at});
                    scf::YieldOp::create(b, loc, ValueRange{rows, places});
                  });
              scf::YieldOp::create(
                  b, loc,
                  ValueRange{inner.getResult(0), inner.getResult(1),
                             arith::AddIOp::create(b, loc, block, one),
                             arith::AddIOp::create(b, loc, before, perBlock)});
            },
            [&](OpBuilder &b, Location loc) {
              scf::YieldOp::create(b, loc, state);
            });
        Value row = add(
            token, arith::MulIOp::create(b, loc, perBlock, enter.getResult(2)));
        Value rows = tensor::InsertOp::create(
            b, loc, toInt(token), enter.getResult(0), ValueRange{row});
        Value places = tensor::InsertOp::create(
            b, loc, add(position, toInt(enter.getResult(3))),
            enter.getResult(1), ValueRange{zero, row});
        scf::YieldOp::create(
            b, loc,
            ValueRange{rows, places, enter.getResult(2), enter.getResult(3)});
      });
  // As a slice, because what a loop carries does not tell its size: shapes of
  // later values, outputs among them, must be known before the run.
  SmallVector<OpFoldResult> zeros(2, l.b.getIndexAttr(0)),
      ones(2, l.b.getIndexAttr(1));
  l.set(op.getResultPositions(),
        tensor::ExtractSliceOp::create(l.b, l.loc, loop.getResult(1), zeros,
                                       positionSizes, ones));

  Value rows = loop.getResult(0);
  AffineMap rowMap =
      AffineMap::get(3, 0, l.b.getAffineDimExpr(1), l.b.getContext());
  Type element = cast<RankedTensorType>(embeddings.getType()).getElementType();
  l.set(op.getResult(),
        l.generic({rows}, {rowMap}, sizes, element,
                  [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
                    Value source = arith::IndexCastOp::create(
                        b, loc, b.getIndexType(), v[0]);
                    Value column = linalg::IndexOp::create(b, loc, 2);
                    Value isSink = arith::CmpIOp::create(
                        b, loc, arith::CmpIPredicate::slt, source, zero);
                    return scf::IfOp::create(
                               b, loc, isSink,
                               [&](OpBuilder &b, Location loc) {
                                 Value minusOne =
                                     arith::ConstantIndexOp::create(b, loc, -1);
                                 Value k = arith::SubIOp::create(
                                     b, loc, minusOne, source);
                                 Value read = tensor::ExtractOp::create(
                                     b, loc, table, ValueRange{k, column});
                                 scf::YieldOp::create(b, loc, read);
                               },
                               [&](OpBuilder &b, Location loc) {
                                 Value read = tensor::ExtractOp::create(
                                     b, loc, embeddings,
                                     ValueRange{zero, source, column});
                                 scf::YieldOp::create(b, loc, read);
                               })
                        .getResult(0);
                  }));

  // start + sinks * block; the other columns stay.
  l.set(op.getResultLayout(),
        l.generic({layout}, {l.identity(2)}, l.sizesOf(layout), i64,
                  [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
                    Value block = linalg::IndexOp::create(b, loc, 0);
                    Value isStart = arith::CmpIOp::create(
                        b, loc, arith::CmpIPredicate::eq,
                        linalg::IndexOp::create(b, loc, 1), zero);
                    Value moved = arith::IndexCastOp::create(
                        b, loc, i64,
                        arith::MulIOp::create(b, loc, block, perBlock));
                    return arith::SelectOp::create(
                        b, loc, isStart,
                        arith::AddIOp::create(b, loc, v[0], moved), v[0]);
                  }));
  return success();
}

static LogicalResult lowerDropSinks(DropSinksOp op, Lowering &l,
                                    std::string &) {
  Value input = l.get(op.getInput()), layout = l.get(op.getLayout());
  auto type = cast<RankedTensorType>(input.getType());
  Blocks blocks = blocksOf(layout, l);
  Value perBlock = l.get(op.getCount());
  SmallVector<OpFoldResult> sizes = l.sizes(op.getInput());
  if (op.getShared()) {
    sizes[1] = l.max(l.sub(sizes[1], perBlock), l.b.getIndexAttr(0));
    l.set(op.getResult(),
          l.generic({}, {}, sizes, type.getElementType(),
                    [&](OpBuilder &b, Location loc, ValueRange) -> Value {
                      SmallVector<Value> at;
                      for (int64_t i = 0; i < type.getRank(); ++i)
                        at.push_back(linalg::IndexOp::create(b, loc, i));
                      at[1] = arith::AddIOp::create(b, loc, at[1], perBlock);
                      return tensor::ExtractOp::create(b, loc, input, at);
                    }));
    return success();
  }
  Value removed = arith::MulIOp::create(l.b, l.loc, perBlock, blocks.count);
  sizes[1] = l.max(l.sub(sizes[1], removed), l.b.getIndexAttr(0));
  Value zero = l.index(0), one = l.index(1);
  auto loop = scf::ForOp::create(
      l.b, l.loc, zero, l.toValue(sizes[1]), one,
      ValueRange{l.filled(sizes[1], l.b.getI64IntegerAttr(0)), zero},
      [&](OpBuilder &b, Location loc, Value token, ValueRange state) {
        Value enters = blocks.begins(b, loc, state[1], token);
        Value next = arith::SelectOp::create(
            b, loc, enters, arith::AddIOp::create(b, loc, state[1], one),
            state[1]);
        Value row = arith::AddIOp::create(
            b, loc, token, arith::MulIOp::create(b, loc, perBlock, next));
        Value rows = tensor::InsertOp::create(
            b, loc, arith::IndexCastOp::create(b, loc, b.getI64Type(), row),
            state[0], ValueRange{token});
        scf::YieldOp::create(b, loc, ValueRange{rows, next});
      });
  AffineMap rowMap = AffineMap::get(type.getRank(), 0, l.b.getAffineDimExpr(1),
                                    l.b.getContext());
  l.set(op.getResult(),
        l.generic({loop.getResult(0)}, {rowMap}, sizes, type.getElementType(),
                  [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
                    SmallVector<Value> at;
                    for (int64_t i = 0; i < type.getRank(); ++i)
                      at.push_back(linalg::IndexOp::create(b, loc, i));
                    at[1] = arith::IndexCastOp::create(b, loc, b.getIndexType(),
                                                       v[0]);
                    return tensor::ExtractOp::create(b, loc, input, at);
                  }));
  return success();
}

void blockattn::populateSinkRules(LoweringRules &rules) {
  rules.add<InsertSinksOp>(lowerInsertSinks);
  rules.add<DropSinksOp>(lowerDropSinks);
}

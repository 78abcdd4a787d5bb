//===- RulesSinks.cpp - sink tokens ---------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Before every block, each row of the result asks by itself where it comes
// from: a search among the blocks tells which one it is in. Then the rows are
// gathered. A layout that is not in order can make nonsense of the rows, but
// none is read from outside the operands.
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/Lowering.h"
#include "passes/Lower/Search.h"

using namespace mlir;
using namespace blockattn;

namespace {
/// The blocks of a layout.
struct Blocks {
  Value layout, count;

  Value column(OpBuilder &b, Location loc, Value row, int64_t index) const {
    return tensor::ExtractOp::create(
        b, loc, layout,
        ValueRange{row, arith::ConstantIndexOp::create(b, loc, index)});
  }

  /// How many blocks have begun at row `row` (an i64), when each is preceded by
  /// `perBlock` rows more. Rows of the layout beyond the blocks start at -1,
  /// which is large as unsigned.
  Value begunAt(OpBuilder &b, Location loc, Value row, Value perBlock) const {
    return searchFirst(
        b, loc, arith::ConstantIndexOp::create(b, loc, 0), count,
        [&](OpBuilder &b, Value block) -> Value {
          Value start = column(b, loc, block, 0);
          Value before = arith::IndexCastOp::create(
              b, loc, b.getI64Type(),
              arith::MulIOp::create(b, loc, block, perBlock));
          Value minusOne =
              arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(-1));
          Value isBlock = arith::CmpIOp::create(
              b, loc, arith::CmpIPredicate::sgt, start, minusOne);
          Value isLater = arith::CmpIOp::create(
              b, loc, arith::CmpIPredicate::sgt,
              arith::AddIOp::create(b, loc, start, before), row);
          Value yes = arith::ConstantOp::create(b, loc, b.getBoolAttr(true));
          return arith::SelectOp::create(b, loc, isBlock, isLater, yes);
        });
  }
};

/// Where a row of tokens with sinks before every block comes from.
struct Source {
  /// The token, or -1 - k for row k of the table.
  Value row;
  /// The token, for a sink the first one behind it.
  Value token;
  /// The sinks of its segment before it.
  Value sinks;
};
} // namespace

static Blocks blocksOf(Value layout, Lowering &l) {
  return {layout, tensor::DimOp::create(l.b, l.loc, layout, 0).getResult()};
}

/// `row`, of `tokens` and `perBlock` sinks a block, all of them index values.
static Source sourceOf(OpBuilder &b, Location loc, const Blocks &blocks,
                       Value row, Value tokens, Value perBlock) {
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(b, loc, value);
  };
  auto add = [&](Value x, Value y) -> Value {
    return arith::AddIOp::create(b, loc, x, y);
  };
  auto sub = [&](Value x, Value y) -> Value {
    return arith::SubIOp::create(b, loc, x, y);
  };
  auto mul = [&](Value x, Value y) -> Value {
    return arith::MulIOp::create(b, loc, x, y);
  };
  auto is = [&](arith::CmpIPredicate predicate, Value x, Value y) -> Value {
    return arith::CmpIOp::create(b, loc, predicate, x, y);
  };
  auto select = [&](Value condition, Value x, Value y) -> Value {
    return arith::SelectOp::create(b, loc, condition, x, y);
  };
  Value zero = constant(0), one = constant(1);
  Type i64 = b.getI64Type();
  Value begun = blocks.begunAt(
      b, loc, arith::IndexCastOp::create(b, loc, i64, row), perBlock);
  // Tokens ahead of all blocks have no sinks; a layout has some block else.
  Value inBlock = is(arith::CmpIPredicate::sgt, begun, zero);
  auto number = scf::IfOp::create(
      b, loc, inBlock,
      [&](OpBuilder &b, Location loc) {
        Value block = sub(begun, one);
        Value segment = blocks.column(b, loc, block, 2);
        // The blocks of a segment follow one another.
        Value first =
            searchFirst(b, loc, zero, block, [&](OpBuilder &b, Value other) {
              return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq,
                                           blocks.column(b, loc, other, 2),
                                           segment);
            });
        Value start = arith::IndexCastOp::create(
            b, loc, b.getIndexType(), blocks.column(b, loc, block, 0));
        scf::YieldOp::create(b, loc, ValueRange{start, sub(block, first)});
      },
      [&](OpBuilder &b, Location loc) {
        scf::YieldOp::create(b, loc, ValueRange{zero, zero});
      });
  Value start = number.getResult(0), inSegment = number.getResult(1);
  Value place = sub(sub(row, start), mul(perBlock, sub(begun, one)));
  Value isSink = arith::AndIOp::create(
      b, loc, inBlock, is(arith::CmpIPredicate::slt, place, perBlock));
  Value token = select(isSink, start, sub(row, mul(perBlock, begun)));
  // Where a layout is longer than the tokens there is nothing to be had.
  Value known = is(arith::CmpIPredicate::ult, token, tokens);
  token = select(known, token, zero);
  Value full = mul(perBlock, add(inSegment, one));
  return {select(isSink, sub(constant(-1), place), token), token,
          select(isSink, add(mul(perBlock, inSegment), place),
                 select(inBlock, full, zero))};
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
  SmallVector<OpFoldResult> positionSizes = {l.b.getIndexAttr(1), sizes[1]};
  Value zero = l.index(0);
  Value rows =
      l.generic({}, {}, {sizes[1]}, i64,
                [&](OpBuilder &b, Location loc, ValueRange) -> Value {
                  Source source = sourceOf(b, loc, blocks,
                                           linalg::IndexOp::create(b, loc, 0),
                                           tokens, perBlock);
                  return arith::IndexCastOp::create(b, loc, i64, source.row);
                });
  l.set(op.getResultPositions(),
        l.generic({}, {}, positionSizes, i64,
                  [&](OpBuilder &b, Location loc, ValueRange) -> Value {
                    Source source = sourceOf(b, loc, blocks,
                                             linalg::IndexOp::create(b, loc, 1),
                                             tokens, perBlock);
                    Value some = arith::CmpIOp::create(
                        b, loc, arith::CmpIPredicate::sgt, tokens, zero);
                    auto position = scf::IfOp::create(
                        b, loc, some,
                        [&](OpBuilder &b, Location loc) {
                          Value read = tensor::ExtractOp::create(
                              b, loc, positions,
                              ValueRange{zero, source.token});
                          scf::YieldOp::create(b, loc, read);
                        },
                        [&](OpBuilder &b, Location loc) {
                          Value none = arith::ConstantOp::create(
                              b, loc, b.getI64IntegerAttr(0));
                          scf::YieldOp::create(b, loc, none);
                        });
                    return arith::AddIOp::create(
                        b, loc, position.getResult(0),
                        arith::IndexCastOp::create(b, loc, i64, source.sinks));
                  }));

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
  Value none = l.index(0);
  Value rows = l.generic(
      {}, {}, {sizes[1]}, l.b.getI64Type(),
      [&](OpBuilder &b, Location loc, ValueRange) -> Value {
        Value token = linalg::IndexOp::create(b, loc, 0);
        Value begun = blocks.begunAt(
            b, loc, arith::IndexCastOp::create(b, loc, b.getI64Type(), token),
            none);
        Value row = arith::AddIOp::create(
            b, loc, token, arith::MulIOp::create(b, loc, perBlock, begun));
        return arith::IndexCastOp::create(b, loc, b.getI64Type(), row);
      });
  AffineMap rowMap = AffineMap::get(type.getRank(), 0, l.b.getAffineDimExpr(1),
                                    l.b.getContext());
  l.set(op.getResult(),
        l.generic({rows}, {rowMap}, sizes, type.getElementType(),
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

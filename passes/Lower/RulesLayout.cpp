//===- RulesLayout.cpp - layouts of packed tokens -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A layout is a row [start, is global, segment] for each block. What attention
// asks of it is the first key that each token sees.
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/Lowering.h"
#include "passes/Lower/Search.h"

using namespace mlir;
using namespace blockattn;

Value blockattn::searchFirst(
    OpBuilder &b, Location loc, Value from, Value to,
    llvm::function_ref<Value(OpBuilder &, Value)> holds) {
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  auto loop = scf::WhileOp::create(
      b, loc, TypeRange{b.getIndexType(), b.getIndexType()},
      ValueRange{from, to},
      [&](OpBuilder &b, Location loc, ValueRange range) {
        Value more = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt,
                                           range[0], range[1]);
        scf::ConditionOp::create(b, loc, more, range);
      },
      [&](OpBuilder &b, Location loc, ValueRange range) {
        Value middle = arith::ShRUIOp::create(
            b, loc, arith::AddIOp::create(b, loc, range[0], range[1]), one);
        Value found = holds(b, middle);
        Value after = arith::AddIOp::create(b, loc, middle, one);
        scf::YieldOp::create(
            b, loc,
            ValueRange{
                arith::SelectOp::create(b, loc, found, range[0], after),
                arith::SelectOp::create(b, loc, found, middle, range[1])});
      });
  return loop.getResult(0);
}

/// For each token, the first one that it may see. Its block is the last that
/// starts at or before it, the first block of its segment the first that has
/// the same segment: the blocks of a segment follow one another. A layout that
/// is not in order can make nonsense of it, but no token out of range.
static Value makeFirstKey(Value layout, OpFoldResult tokens, Lowering &l) {
  Value blocks = tensor::DimOp::create(l.b, l.loc, layout, 0);
  return l.generic(
      {}, {}, {tokens}, l.b.getI64Type(),
      [&](OpBuilder &b, Location loc, ValueRange) -> Value {
        Value zero = arith::ConstantIndexOp::create(b, loc, 0);
        Value one = arith::ConstantIndexOp::create(b, loc, 1);
        Value two = arith::ConstantIndexOp::create(b, loc, 2);
        Value zero64 =
            arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(0));
        auto column = [&](OpBuilder &b, Value row, Value index) -> Value {
          return tensor::ExtractOp::create(b, loc, layout,
                                           ValueRange{row, index});
        };
        Value token = arith::IndexCastOp::create(
            b, loc, b.getI64Type(), linalg::IndexOp::create(b, loc, 0));
        // Rows beyond the blocks start at -1, which is large as unsigned.
        Value after =
            searchFirst(b, loc, zero, blocks, [&](OpBuilder &b, Value row) {
              return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ugt,
                                           column(b, row, zero), token);
            });
        Value block = arith::MaxSIOp::create(
            b, loc, arith::SubIOp::create(b, loc, after, one), zero);
        Value segment = column(b, block, two);
        Value first =
            searchFirst(b, loc, zero, block, [&](OpBuilder &b, Value row) {
              return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq,
                                           column(b, row, two), segment);
            });
        Value global = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne,
                                             column(b, block, one), zero64);
        Value row = arith::SelectOp::create(b, loc, global, first, block);
        Value start = column(b, row, zero);
        return arith::MinSIOp::create(
            b, loc, arith::MaxSIOp::create(b, loc, start, zero64), token);
      });
}

/// Whether a token begins a run of positions: it is the first of its row, or
/// does not follow the one before it.
static Value beginsRun(OpBuilder &b, Location loc, Value positions,
                       Value token) {
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  Value row = zero;
  if (cast<RankedTensorType>(positions.getType()).getDimSize(0) != 1) {
    Value length = tensor::DimOp::create(b, loc, positions, 1);
    row = arith::DivUIOp::create(b, loc, token, length);
    token = arith::RemUIOp::create(b, loc, token, length);
  }
  auto positionOf = [&](Value index) -> Value {
    return tensor::ExtractOp::create(b, loc, positions, ValueRange{row, index});
  };
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  Value before = arith::MaxSIOp::create(
      b, loc, arith::SubIOp::create(b, loc, token, one), zero);
  Value next = arith::AddIOp::create(
      b, loc, positionOf(before),
      arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(1)));
  Value jumps = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne,
                                      positionOf(token), next);
  Value isFirst =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, token, zero);
  return arith::OrIOp::create(b, loc, isFirst, jumps);
}

/// The last number in [least, from] for which `holds`, `least` if there is
/// none.
static Value searchBack(OpBuilder &b, Location loc, Value from, Value least,
                        llvm::function_ref<Value(OpBuilder &, Value)> holds) {
  auto loop = scf::WhileOp::create(
      b, loc, TypeRange{b.getIndexType()}, ValueRange{from},
      [&](OpBuilder &b, Location loc, ValueRange at) {
        Value more = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sgt,
                                           at[0], least);
        Value yes = arith::ConstantOp::create(b, loc, b.getBoolAttr(true));
        Value notHere = arith::XOrIOp::create(b, loc, holds(b, at[0]), yes);
        scf::ConditionOp::create(
            b, loc, arith::AndIOp::create(b, loc, more, notHere), at);
      },
      [&](OpBuilder &b, Location loc, ValueRange at) {
        Value one = arith::ConstantIndexOp::create(b, loc, 1);
        scf::YieldOp::create(
            b, loc, ValueRange{arith::SubIOp::create(b, loc, at[0], one)});
      });
  return loop.getResult(0);
}

/// The same for sequences packed by their positions, each of which is a block:
/// where the token's run of positions begins. Tokens go in chunks, so that
/// each can be asked by itself without walking far: first where the last run
/// of each chunk begins, then for each token back through its chunk, and
/// through the chunks before where it is in none that begins there.
static Value makeFirstOfRun(Value original, OpFoldResult tokens, Lowering &l) {
  constexpr int64_t chunk = 256;
  l.checkEqual(tokens, l.product(l.sizes(original)),
               "tokens and their positions differ in number");
  Value positions = l.get(original);
  Type i64 = l.b.getI64Type();
  Value count = l.toValue(tokens);
  Value chunks = arith::DivUIOp::create(
      l.b, l.loc, arith::AddIOp::create(l.b, l.loc, count, l.index(chunk - 1)),
      l.index(chunk));
  auto begins = [&](Location loc) {
    return [=](OpBuilder &b, Value token) {
      return beginsRun(b, loc, positions, token);
    };
  };
  Value lastOfChunk = l.generic(
      {}, {}, {OpFoldResult(chunks)}, i64,
      [&](OpBuilder &b, Location loc, ValueRange) -> Value {
        Value size = arith::ConstantIndexOp::create(b, loc, chunk);
        Value one = arith::ConstantIndexOp::create(b, loc, 1);
        Value first = arith::MulIOp::create(
            b, loc, linalg::IndexOp::create(b, loc, 0), size);
        Value end = arith::MinSIOp::create(
            b, loc, arith::AddIOp::create(b, loc, first, size), count);
        Value at = searchBack(b, loc, arith::SubIOp::create(b, loc, end, one),
                              first, begins(loc));
        return arith::SelectOp::create(
            b, loc, beginsRun(b, loc, positions, at),
            arith::IndexCastOp::create(b, loc, i64, at),
            arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(-1)));
      });
  return l.generic(
      {}, {}, {tokens}, i64,
      [&](OpBuilder &b, Location loc, ValueRange) -> Value {
        Value zero = arith::ConstantIndexOp::create(b, loc, 0);
        Value one = arith::ConstantIndexOp::create(b, loc, 1);
        Value size = arith::ConstantIndexOp::create(b, loc, chunk);
        Value zero64 =
            arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(0));
        Value token = linalg::IndexOp::create(b, loc, 0);
        Value here = arith::DivUIOp::create(b, loc, token, size);
        Value at =
            searchBack(b, loc, token, arith::MulIOp::create(b, loc, here, size),
                       begins(loc));
        auto lastOf = [&](OpBuilder &b, Value index) -> Value {
          return tensor::ExtractOp::create(b, loc, lastOfChunk, index);
        };
        // Where the first chunk is asked for, something begins in it.
        Value before = arith::MaxSIOp::create(
            b, loc, arith::SubIOp::create(b, loc, here, one), zero);
        Value found = beginsRun(b, loc, positions, at);
        Value from = arith::SelectOp::create(b, loc, found, zero, before);
        Value other =
            searchBack(b, loc, from, zero, [&](OpBuilder &b, Value index) {
              return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge,
                                           lastOf(b, index), zero64);
            });
        return arith::SelectOp::create(
            b, loc, found, arith::IndexCastOp::create(b, loc, i64, at),
            lastOf(b, other));
      });
}

Value blockattn::firstKey(Value layout, OpFoldResult tokens, Lowering &l) {
  Value &known = l.cached(l.get(layout), nullptr);
  if (known)
    return known;
  if (auto packed = layout.getDefiningOp<LayoutFromPositionsOp>())
    return known = makeFirstOfRun(packed.getPositions(), tokens, l);
  return known = makeFirstKey(l.get(layout), tokens, l);
}

static LogicalResult lowerLayout(LayoutOp op, Lowering &l, std::string &) {
  Value starts = l.get(op.getBlockStarts()), global = l.get(op.getIsGlobal()),
        segment = l.get(op.getSegment());
  Type i64 = l.b.getI64Type();
  OpFoldResult blocks = l.sizesOf(starts)[0];
  Value result = l.empty({blocks, l.b.getIndexAttr(3)}, i64);
  Value column =
      l.generic({global}, {l.identity(1)}, {blocks}, i64,
                [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
                  return arith::ExtUIOp::create(b, loc, i64, v[0]);
                });
  OpFoldResult one = l.b.getIndexAttr(1);
  SmallVector<Value> columns = {starts, column, segment};
  for (auto [i, values] : llvm::enumerate(columns))
    result = tensor::InsertSliceOp::create(
        l.b, l.loc, values, result,
        ArrayRef<OpFoldResult>{l.b.getIndexAttr(0), l.b.getIndexAttr(i)},
        ArrayRef<OpFoldResult>{blocks, one}, ArrayRef<OpFoldResult>{one, one});
  l.set(op.getResult(), result);
  return success();
}

/// A row for each token, of which those beyond the blocks start at -1, where
/// no token is. A token begins a block unless it follows the one before it.
static LogicalResult lowerLayoutFromPositions(LayoutFromPositionsOp op,
                                              Lowering &l, std::string &) {
  Value positions = l.get(op.getPositions());
  OpFoldResult tokens = l.product(l.sizesOf(positions));
  Type i64 = l.b.getI64Type();
  Value init =
      l.filled({tokens, l.b.getIndexAttr(3)}, l.b.getI64IntegerAttr(-1));
  Value zero = l.index(0), one = l.index(1);
  auto loop = scf::ForOp::create(
      l.b, l.loc, zero, l.toValue(tokens), one, ValueRange{init, zero},
      [&](OpBuilder &b, Location loc, Value token, ValueRange state) {
        Value begins = beginsRun(b, loc, positions, token);
        auto enter = scf::IfOp::create(
            b, loc, begins,
            [&](OpBuilder &b, Location loc) {
              Value row = state[0];
              Value block = state[1];
              Value columns[] = {
                  arith::IndexCastOp::create(b, loc, i64, token),
                  arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(1)),
                  arith::IndexCastOp::create(b, loc, i64, block)};
              for (auto [i, value] : llvm::enumerate(columns))
                row = tensor::InsertOp::create(
                    b, loc, value, row,
                    ValueRange{block,
                               arith::ConstantIndexOp::create(b, loc, i)});
              scf::YieldOp::create(
                  b, loc,
                  ValueRange{row, arith::AddIOp::create(b, loc, block, one)});
            },
            [&](OpBuilder &b, Location loc) {
              scf::YieldOp::create(b, loc, state);
            });
        scf::YieldOp::create(b, loc, enter.getResults());
      });
  l.set(op.getResult(), loop.getResult(0));
  return success();
}

static LogicalResult lowerFirstKey(FirstKeyOp op, Lowering &l, std::string &) {
  OpFoldResult tokens = getAsOpFoldResult(l.get(op.getTokens()));
  l.set(op.getResult(), firstKey(op.getLayout(), tokens, l));
  return success();
}

void blockattn::populateLayoutRules(LoweringRules &rules) {
  rules.add<LayoutOp>(lowerLayout);
  rules.add<LayoutFromPositionsOp>(lowerLayoutFromPositions);
  rules.add<FirstKeyOp>(lowerFirstKey);
}

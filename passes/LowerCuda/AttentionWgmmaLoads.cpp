//===- AttentionWgmmaLoads.cpp - attention on Hopper: its operands --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/AttentionWgmma.h"
#include "passes/LowerCuda/Wgmma.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;
using namespace blockattn;

//===----------------------------------------------------------------------===//
// Keys and values
//===----------------------------------------------------------------------===//

void WgmmaAttention::copyTile(Operand16 which, const KeySegment &segment,
                              Value firstKey, Value target) {
  bool keys = which == kKeys;
  Value base = keys ? segment.keys : segment.values;
  Value stride = keys ? segment.keyStride : segment.valueStride;
  // Neighbouring lanes have neighbouring pieces of 16 bytes; a power of two of
  // them, so that no division is needed.
  int64_t pieces = (keys ? headSize : valueSize) / 8;
  int64_t across = std::min<int64_t>(16, pieces & -pieces);
  int64_t down = kTeamThreads / across;
  Value column = b.rem(thread, across), rowInPass = b.div(thread, across);
  Values places;
  for (int64_t i = 0; i < pieces; i += across) {
    Value piece = b.add(column, i);
    Value panel = b.mul(b.div(piece, 8), panelBytes());
    Value inPanel = b.add(b.mul(rowInPass, kRowBytes),
                          placeInPanelRow(b, rowInPass, piece));
    places.push_back(b.offset(target, b.add(panel, inPanel)));
  }
  base = b.offset(base, b.wide(b.mul(column, 16)));
  auto copyRow = [&](int64_t pass, Value from, Value bytes) {
    for (auto [i, place] : llvm::enumerate(places))
      NVVM::CpAsyncOp::create(
          b, b.offset(place, pass * down * kRowBytes),
          b.offset(from, 16 * across * static_cast<int64_t>(i)), 16,
          NVVM::LoadCacheModifierKind::CG, bytes);
  };

  Value zero = b.i32(0), end = segment.end;
  Value whole = b.both(b.lessEqual(zero, firstKey),
                       b.lessEqual(b.add(firstKey, keyTile), end));
  b.branch(
      whole, TypeRange(),
      [&]() -> Values {
        Value from =
            b.offset(base, b.mul(b.wide(b.add(firstKey, rowInPass)), stride));
        Value step = b.mul(stride, down);
        for (int64_t pass = 0; pass * down < keyTile; ++pass) {
          copyRow(pass, from, Value());
          from = b.offset(from, step);
        }
        return {};
      },
      [&]() -> Values {
        Value lastKey = b.max(zero, b.sub(end, b.i32(1)));
        for (int64_t pass = 0; pass * down < keyTile; ++pass) {
          // What is not there is zeros: no NaN comes from it.
          Value index = b.add(b.add(firstKey, rowInPass), pass * down);
          Value exists = b.both(b.lessEqual(zero, index), b.less(index, end));
          Value inside = b.max(zero, b.min(index, lastKey));
          copyRow(pass, b.offset(base, b.mul(b.wide(inside), stride)),
                  b.select(exists, b.i32(16), zero));
        }
        return {};
      });
}

/// Fetches under way when the one before them is waited for. A team has seen a
/// tile's values when it has the keys of its next, which is `teams` tiles on
/// where they share out tiles: these are 2 * teams fetches of the 2 * stages
/// that there is room for, and the rest may be late.
static constexpr int64_t kLag = 6;

/// Starts to bring in a tile, once there is a place for it.
void WgmmaAttention::fetch(Operand16 which, const KeySegment &segment,
                           Value tile, Value number) {
  Value use = b.div(number, stages);
  // The first use finds its place empty: the phase before the first is over.
  waitFor(barrierOf(which, /*empty=*/true, number), b.bitAnd(b.add(use, 1), 1));
  Value target =
      b.offset(tiles[which], b.mul(b.rem(number, stages), tileBytes(which)));
  copyTile(which, segment, firstKeyOf(segment, tile), target);
  if (!announcesLate) {
    NVVM::CpAsyncMBarrierArriveOp::create(
        b, barrierOf(which, /*empty=*/false, number), b.getBoolAttr(true));
    return;
  }
  NVVM::CpAsyncCommitGroupOp::create(b);
  NVVM::CpAsyncWaitGroupOp::create(b, kLag);
  Value fetched = b.add(b.mul(number, 2), which - kLag);
  fenceForWgmma(b);
  b.when(b.lessEqual(b.i32(0), fetched), [&] { announce(fetched); });
}

/// Says that the keys (even numbers) or values of a tile are there.
void WgmmaAttention::announce(Value fetched) {
  Value number = b.div(fetched, 2);
  Value isValues = b.equal(b.bitAnd(fetched, 1), b.i32(1));
  Value barrier = b.select(isValues, barrierOf(kValues, false, number),
                           barrierOf(kKeys, false, number));
  NVVM::MBarrierArriveOp::create(b, b.getI64Type(), barrier);
}

/// What the last fetches have not said.
void WgmmaAttention::announceRest(Value tiles) {
  if (!announcesLate)
    return;
  NVVM::CpAsyncWaitGroupOp::create(b, 0);
  fenceForWgmma(b);
  Value all = b.mul(tiles, 2);
  Value first = b.max(b.i32(0), b.sub(all, b.i32(kLag)));
  b.loop(first, all, b.i32(1), [&](Value fetched) { announce(fetched); });
}

/// All tiles of a segment, in the order of their use: the values of a tile
/// after the keys of the next, unless there are many places.
AttentionEmitter::Values WgmmaAttention::produce(const KeySegment &segment,
                                                 Value count, Value done) {
  Value zero = b.i32(0), one = b.i32(1);
  if (announcesLate) {
    b.loop(zero, count, one, [&](Value tile) {
      Value number = b.add(done, tile);
      fetch(kKeys, segment, tile, number);
      fetch(kValues, segment, tile, number);
    });
    return {b.add(done, count)};
  }
  b.loop(zero, count, one, [&](Value tile) {
    Value number = b.add(done, tile);
    Value later = b.less(zero, tile);
    auto fetchKeys = [&] { fetch(kKeys, segment, tile, number); };
    prefetched ? b.when(later, fetchKeys) : fetchKeys();
    b.when(later, [&] {
      fetch(kValues, segment, b.sub(tile, one), b.sub(number, one));
    });
  });
  Value all = b.add(done, count);
  b.when(b.less(zero, count),
         [&] { fetch(kValues, segment, b.sub(count, one), b.sub(all, one)); });
  return {all};
}

//===----------------------------------------------------------------------===//
// Queries
//===----------------------------------------------------------------------===//

/// Where 8 elements of a row of the team are.
Value WgmmaAttention::queryPiece(Value row, Value piece) {
  Value panel = b.mul(b.div(piece, 8), kTeamRows * kRowBytes);
  Value inPanel = b.add(b.mul(row, kRowBytes), placeInPanelRow(b, row, piece));
  return b.offset(queries, b.add(panel, inPanel));
}

/// The queries are there for the tensor cores.
void WgmmaAttention::settleQueries() {
  if (!op.getQueryRotaryAttr())
    NVVM::CpAsyncWaitGroupOp::create(b, 0);
  fenceForWgmma(b);
  queryBarrier();
}

void WgmmaAttention::loadQueries(Value shift) {
  if (role == kProducer)
    return;
  if (op.getQueryRotaryAttr()) {
    auto place = [&](Value row, Value piece) { return queryPiece(row, piece); };
    if (!rotatePieces(shift, kTeamRows, place))
      forEachQuery(shift, kTeamThreads, kTeamRows,
                   [&](Value row, Value d, Value value) {
                     Value at = b.offset(queryPiece(row, b.div(d, 8)),
                                         b.mul(b.bitAnd(d, 7), 2));
                     b.store(b.fromF32(value, element), at);
                   });
    settleQueries();
    return;
  }
  int64_t pieces = headSize / 8;
  int64_t across = std::min<int64_t>(16, pieces & -pieces);
  int64_t down = kTeamThreads / across;
  Value column = b.rem(thread, across), rowInPass = b.div(thread, across);
  for (int64_t pass = 0; pass * down < kTeamRows; ++pass) {
    Value row = b.add(rowInPass, pass * down);
    Value from = rowAddress(query, row);
    for (int64_t i = 0; i < pieces; i += across) {
      Value piece = b.add(column, i);
      NVVM::CpAsyncOp::create(b, queryPiece(row, piece),
                              b.offset(from, b.wide(b.mul(piece, 16))), 16,
                              NVVM::LoadCacheModifierKind::CG, Value());
    }
  }
  NVVM::CpAsyncCommitGroupOp::create(b);
}

//===- AttentionWgmmaShare.cpp - attention on Hopper: teams of one row ----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Teams that have the same rows share out the tiles of keys: of n teams each
// has every nth tile, counted over all segments, so that its tiles always lie
// in places of its own.
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/AttentionWgmma.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;
using namespace blockattn;

/// From one of the team's tiles to its next.
Value WgmmaAttention::tileStep() {
  if (!canShareTiles)
    return b.i32(1);
  return b.select(sharesTiles, b.i32(teams), b.i32(1));
}

/// The team's first tile of a segment that `done` tiles come before.
Value WgmmaAttention::firstOwnTile(Value done) {
  if (!canShareTiles)
    return b.i32(0);
  Value inTurn = b.bitAnd(b.sub(team, done), teams - 1);
  return b.select(sharesTiles, inTurn, b.i32(0));
}

/// The most of a number of tiles that are the same for each team.
Value WgmmaAttention::wholeTurns(Value tiles) {
  if (!canShareTiles)
    return tiles;
  return b.select(sharesTiles, b.bitAnd(tiles, -teams), tiles);
}

/// Adds up what all teams have of the rows that they share, for the first of
/// them. A thread of each has the same rows and columns.
AttentionEmitter::Values WgmmaAttention::addTeams(ValueRange state) {
  int64_t values = state.size() - 1, bytes = 4 * kTeamThreads;
  auto placeOf = [&](Value other, int64_t i) {
    // No tile is read any more.
    Value at = b.mul(b.sub(other, b.i32(1)), values * bytes);
    at = b.add(b.add(at, i * bytes), b.mul(thread, 4));
    return b.offset(tiles[kKeys], at);
  };
  auto await = [&] {
    NVVM::BarrierOp::create(b, TypeRange(), b.i32(1 + 2 * teams),
                            b.i32(kTeamThreads * teams),
                            NVVM::BarrierReductionAttr(), Value());
  };
  b.when(sharesTiles, [&] {
    await();
    b.when(b.less(b.i32(0), team), [&] {
      for (int64_t i = 0; i < values; ++i)
        b.store(state[i], placeOf(team, i));
    });
    await();
  });
  return b.branch(
      b.both(sharesTiles, b.equal(team, b.i32(0))), state.getTypes(),
      [&] {
        Values sum(state);
        for (int64_t other = 1; other < teams; ++other) {
          Values found;
          for (int64_t i = 0; i < values; ++i)
            found.push_back(b.load(b.getF32Type(), placeOf(b.i32(other), i)));
          addState(sum, found);
        }
        return sum;
      },
      [&] { return Values(state); });
}

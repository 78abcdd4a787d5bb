//===- AttentionWgmma.h - attention on Hopper's tensor cores ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A thread block has groups of four warps. The last one brings tiles of keys
// and of values into shared memory; the others, two to four teams, have 64
// rows each and compute (the arrangement of FlashAttention-3, arXiv
// 2407.08608). `wgmma` reads its operands where they lie in shared memory and
// runs beside the other instructions of a warp: while the scores of one tile
// become weights, the weights of the tile before meet their values, and two or
// three teams take turns, so that one has the tensor cores while the others
// have the rest.
//
// Few queries over cached keys have a thread block of their own for each key
// head and part of the keys, with four teams where the registers are enough, so
// that keys are read once. Where one team has all rows, as in decoding, the
// four share out the tiles of keys, and add up what they have in the end: one
// team's products and weights, one after the other, take as long as reading.
// Cached keys are there before the program begins: the producer fetches them
// while the kernels before this one still run.
//
// A barrier in shared memory says that a tile is there, another one that its
// place is free. With few places the copies arrive at the first by themselves,
// and teams make them visible to the tensor cores; with many the producer does
// both, some tiles later.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWERCUDA_ATTENTIONWGMMA_H
#define BLOCKATTN_PASSES_LOWERCUDA_ATTENTIONWGMMA_H

#include "passes/LowerCuda/AttentionFragments.h"

namespace blockattn {

class WgmmaAttention : public FragmentAttention {
public:
  static constexpr int64_t kTeamThreads = 128, kTeamRows = 64;

  WgmmaAttention(AttentionKernelOp op, mlir::gpu::GPUFuncOp kernel);

protected:
  Geometry geometry() const override;
  void emitBody() override;
  void prepare() override;
  void queryBarrier() override;
  void beforeKeys(Value areOwn) override;
  int64_t queryThreads() const override { return kTeamThreads; }
  Value laneRow(unsigned i) override;
  void loadQueries(Value shift) override;
  Values attend(const KeySegment &segment, ValueRange state) override;

private:
  static constexpr int64_t kRowBytes = 128;
  enum Role { kProducer, kTeam };
  enum Operand16 { kKeys, kValues };

  int64_t panels(int64_t size) const { return llvm::divideCeil(size, 64); }
  int64_t panelBytes() const { return keyTile * kRowBytes; }
  int64_t tileBytes(Operand16 which) const {
    return panelBytes() * panels(which == kKeys ? headSize : valueSize);
  }
  int64_t queryBytes() const {
    return kTeamRows * kRowBytes * panels(headSize);
  }
  int64_t turnsBytes() const;
  int64_t barrierBytes() const { return llvm::alignTo(4 * 8 * stages, 128); }
  Value firstKeyOf(const KeySegment &segment, Value tile);

  // The producer.
  Values produce(const KeySegment &segment, Value count, Value done);
  void fetch(Operand16 which, const KeySegment &segment, Value tile,
             Value number);
  void announce(Value fetched);
  void announceRest(Value tiles);
  void copyTile(Operand16 which, const KeySegment &segment, Value firstKey,
                Value target);

  // A team.
  void awaitKernelsBefore();
  void becomeTeam(Value number);
  void settleQueries();
  Value firstOwnTile(Value done);
  Value wholeTurns(Value tiles);
  Value tileStep();
  Values addTeams(ValueRange state);
  Value queryPiece(Value row, Value piece);
  Values consume(const KeySegment &segment, Value tiles, ValueRange state);
  std::pair<Value, Value> teamBounds(const KeySegment &segment);
  Values step(const KeySegment &segment, Value tile, Value done, bool masked,
              ValueRange carried);
  Values weigh(const KeySegment &segment, Value tile, bool masked,
               ValueRange scores, Values &state, Fragments &weights);
  Values packAll(const Fragments &weights);
  void takeTurn(bool begin);

  // Instructions.
  Value barrierOf(Operand16 which, bool empty, Value number);
  void waitFor(Value barrier, Value parity);
  void awaitTile(Operand16 which, Value number);
  void release(Operand16 which, Value number);
  Value tileDescriptor(Operand16 which, Value number);
  Values scores(Value number);
  Values addProduct(ValueRange weights, Value number, ValueRange outputs);

  // The last value of a state is the number of tiles so far.
  Value queries, tiles[2], barriers, bounds;
  int64_t teams;
  /// Tiles of keys and of values that there is room for.
  int64_t stages = 2;
  /// Whether the producer says that a tile is there some tiles later, with what
  /// the tensor cores want to know done; otherwise the copies say it
  /// themselves, and the teams do the rest.
  bool announcesLate = false;
  /// Whether the kernel has work before the results of those before it.
  bool startsEarly;
  /// The teams that have rows.
  Value activeTeams;
  /// Whether there may be one alone, whose tiles all teams then share out
  /// (`sharesTiles`, in the kernel).
  bool canShareTiles;
  Value sharesTiles;
  Value team, queryDescriptor, tileDescriptors[2];
  Role role = kTeam;
  bool prefetched = false;
};

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWERCUDA_ATTENTIONWGMMA_H

//===- AttentionMma.h - attention on tensor cores (mma.sync) ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Four warps, each with 32 or 16 rows of a tile. Tiles of keys and values come
// into shared memory by cp.async, one ahead of the one computed with, from the
// last key to the first: under a causal mask the last is known at once, where
// the first has to be read. Fragments of all operands come from there by
// ldmatrix. Rows of shared memory are 16 bytes longer than the data, which
// leaves ldmatrix without conflicts and its addresses a base register and a
// constant. Scores never leave the registers: the result layout of the first
// product is the operand layout of the second.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWERCUDA_ATTENTIONMMA_H
#define BLOCKATTN_PASSES_LOWERCUDA_ATTENTIONMMA_H

#include "passes/LowerCuda/AttentionFragments.h"

namespace blockattn {

class MmaAttention : public FragmentAttention {
public:
  static constexpr int64_t kWarps = 4;
  static constexpr int64_t kThreads = 32 * kWarps;

  MmaAttention(AttentionKernelOp op, mlir::gpu::GPUFuncOp kernel,
               const CudaChip &chip);

protected:
  Geometry geometry() const override;
  void prepare() override;
  void prefetch(const KeySegment &segment) override;
  void loadQueries(Value shift) override;
  Values attend(const KeySegment &segment, ValueRange state) override;

private:
  /// Shared memory of one operand: rows of `size` elements.
  int64_t pitch(int64_t size) const { return 2 * size + 16; }
  int64_t keyBytes() const { return keyTile * pitch(paddedHead); }
  int64_t stageBytes() const {
    return keyBytes() + keyTile * pitch(paddedValue);
  }
  int64_t queryBytes() const { return tileRows() * pitch(paddedHead); }
  int64_t tileRows() const { return 16 * kWarps * strips; }

  void fetch(const KeySegment &segment, Value tile, Value tiles);
  Value stageOf(Value tile);
  Value keyOf(const KeySegment &segment, Value tile);
  void clearPadding();
  void clearPaddingOf(Value rows, int64_t count, int64_t size, int64_t padded);
  /// Copies `count` rows of `size` elements to shared memory at `target`.
  /// `source(row)`: where a row lies, and how many of each 16 bytes exist.
  void copyRows(Value target, int64_t count, int64_t size, int64_t padded,
                llvm::function_ref<std::pair<Value, Value>(Value row)> source);
  void copyTile(const KeySegment &segment, Value firstKey, Value stage);
  Fragment loadFragment(Value address, bool transposed);
  Fragment multiply(const Fragment &a, Value b0, Value b1, const Fragment &c);
  Fragments scores(Value stage);
  Values step(const KeySegment &segment, Value firstKey, Value stage,
              Value bounds[2], ValueRange state);

  /// Tiles in flight.
  int64_t stages;
  /// Addresses of a lane for ldmatrix.
  Value queryLane, keyLane, valueLane;
  Value queries, firstStage;
  bool prefetched = false;
};

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWERCUDA_ATTENTIONMMA_H

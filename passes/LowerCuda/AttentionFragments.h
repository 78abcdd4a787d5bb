//===- AttentionFragments.h - softmax on fragments of scores ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the kernels on tensor cores have in common. A fragment is a lane's part
// of 16 rows and 8 columns of a result: two neighbouring columns of row lane /
// 4 and two of the row eight below. All generations of tensor cores lay results
// out this way, and take the left operand of a product in the same layout, so
// that weights need not leave the registers.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWERCUDA_ATTENTIONFRAGMENTS_H
#define BLOCKATTN_PASSES_LOWERCUDA_ATTENTIONFRAGMENTS_H

#include "passes/LowerCuda/AttentionEmitter.h"

namespace blockattn {

class FragmentAttention : public AttentionEmitter {
public:
  FragmentAttention(AttentionKernelOp op, mlir::gpu::GPUFuncOp kernel);

protected:
  using Fragment = std::array<Value, 4>;
  using Fragments = std::vector<Fragment>;

  unsigned rowsOfLane() const override { return 2 * strips; }
  Value laneRow(unsigned i) override;
  /// Outputs [strip][column / 8][4], then for each row of the lane its maximum,
  /// then its sum, of which each lane has a part.
  Values initialState() override;
  void finish(ValueRange state) override;

  size_t outputCount() const { return strips * paddedValue / 2; }
  /// Puts the first rows of queries, turned back by `shift`, into shared memory
  /// in pieces of 8 elements, to `place(row, piece)`; false where the embedding
  /// has no such pieces.
  bool rotatePieces(Value shift, int64_t rows,
                    llvm::function_ref<Value(Value, Value)> place);
  /// Soft cap and slopes; `scores`: fragment strip * keyTile / 8 + n has keys
  /// [8 n, 8 n + 8) of those from `firstKey`.
  void adjust(const KeySegment &segment, Value firstKey, Fragments &scores);
  void mask(const KeySegment &segment, Value firstKey, Fragments &scores);
  /// Turns scores into weights, and brings the maxima and sums of a state up to
  /// date; gives what its outputs are to be multiplied with, row by row.
  Values softmax(Fragments &scores, Values &state);
  void scaleOutputs(Values &state, ValueRange factors);
  /// Adds what others have found for the same rows over other keys.
  void addState(Values &state, ValueRange other);
  /// The left operand for keys [8 k, 8 k + 16).
  Fragment packWeights(const Fragment *fragments);

  int64_t paddedHead, paddedValue;
  /// Strips of 16 rows that a warp has; keys of a tile.
  int64_t strips = 1, keyTile = 0;

private:
  Value baseOf(Value maximum);
  void bias(const KeySegment &segment, Value firstKey, Fragments &scores);
};

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWERCUDA_ATTENTIONFRAGMENTS_H

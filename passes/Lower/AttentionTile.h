//===- AttentionTile.h - online softmax over tiles of keys ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The inner part of the attention kernel: a tile of query rows meets a range
// of keys.
//
// A row is a pair (query, head of the group); sixteen rows make a *row group*,
// and the tile has `groups` of them. Rows lie in the lanes of a vector. So a
// key or value element is one scalar, read where it lies and broadcast, the
// softmax needs nothing across lanes, and heads that share keys share their
// reads. Everything that belongs to rows is therefore transposed:
//
//   queries [groups, D, lanes]    scores [keys of a tile, lanes]
//   output  [groups, Dv, lanes]   maximum, sum [groups, lanes]
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWER_ATTENTIONTILE_H
#define BLOCKATTN_PASSES_LOWER_ATTENTIONTILE_H

#include "passes/Lower/KernelBuilder.h"

namespace blockattn {

/// Keys and values that a tile of rows meets, and who sees which of them.
struct KeyRange {
  mlir::Value keys;   ///< memref [count, D] of any float type
  mlir::Value values; ///< memref [count, Dv]
  mlir::Value count;
  mlir::Value queries; ///< scratch [groups, D, lanes]
  /// Null when every row sees every key.
  mlir::Value first;  ///< scratch [groups, lanes] i32: first visible key
  mlir::Value last;   ///< scratch [groups, lanes] i32: last visible key
  mlir::Value bounds; ///< scratch [groups, 4] index, see RowBound
  /// Null, or memref [count] i1.
  mlir::Value keyMask;
  /// Null, or what is added to a score for each place that its key is ahead of
  /// `origins`: scratch [groups, lanes] f32 both, slopes in units of log2.
  mlir::Value slopes, origins;
  /// The keys' places, memref [count] i64; null: 0, 1, 2, ...
  mlir::Value keyPlaces;
};

/// The columns of KeyRange::bounds.
enum RowBound { MinFirst, MaxFirst, MinLast, MaxLast };

/// State and parameters of a tile of rows.
class AttentionTile {
public:
  /// Head sizes are constants where the types know them.
  struct Shape {
    mlir::Value headSize, valueSize;
    int64_t staticHeadSize, staticValueSize;
    double softcap;
  };
  AttentionTile(KernelBuilder &builder, const Shape &shape);

  /// Row groups of a full tile.
  int64_t groups() const { return numGroups; }
  /// Scratch memory of one task. Call it inside the parallel loop.
  void allocate();
  /// Starts rows anew; `activeGroups` of the groups take part.
  void reset(mlir::Value activeGroups);
  /// Lets the rows see the keys of `range`.
  void attend(const KeyRange &range);

  /// Scratch for queries: [groups, D, lanes] f32.
  mlir::Value allocateQueries();
  /// Scaled output of a group is left in `output`; returns the log-sum-exp.
  mlir::Value finish(mlir::Value group);
  mlir::Value output;
  mlir::Value activeGroups;

private:
  mlir::Value scoreBlock(const KeyRange &range, mlir::Value group,
                         mlir::Value key, int64_t count, mlir::Value tileBegin,
                         bool masked, mlir::Value maximum);
  mlir::Value scores(const KeyRange &range, mlir::Value group,
                     mlir::Value begin, mlir::Value end, bool masked,
                     mlir::Value maximum);
  void accumulate(const KeyRange &range, mlir::Value group, mlir::Value begin,
                  mlir::Value end, mlir::Value rescale);
  void valueBlock(const KeyRange &range, mlir::Value group, mlir::Value column,
                  int64_t count, mlir::Value begin, mlir::Value end,
                  mlir::Value rescale);
  void attendGroup(const KeyRange &range, mlir::Value group, mlir::Value begin,
                   mlir::Value end);

  KernelBuilder &b;
  Shape shape;
  int64_t numGroups, keyTile;
  mlir::Value scratchScores, maximum, sum;
};

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWER_ATTENTIONTILE_H

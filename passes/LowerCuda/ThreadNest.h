//===- ThreadNest.h - a linalg operation as seen by a GPU thread *- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWERCUDA_THREADNEST_H
#define BLOCKATTN_PASSES_LOWERCUDA_THREADNEST_H

#include "passes/Lower/NestEmitter.h"

namespace blockattn {

/// Threads that do one row together: a warp, or a whole block.
struct Team {
  /// Their number, and the calling thread's place among them.
  int64_t size;
  mlir::Value lane;
  /// A block's first and only row team has the block's barrier; one of several
  /// is a warp.
  bool isWarp() const { return size == 32; }
};

/// Waits for the other threads of the team, and makes what they wrote visible.
void synchronise(KernelBuilder &b, const Team &team);

/// Emits, in a kernel, what one thread does of a linalg operation on memrefs.
class ThreadNest : NestEmitter {
public:
  /// The first `rowLoops` loops are those that `emitRow` is given the
  /// iteration of.
  ThreadNest(KernelBuilder &builder, mlir::linalg::LinalgOp op,
             unsigned rowLoops = 0);

  /// The number of iterations of all parallel loops.
  mlir::Value countPoints();

  /// Everything at one iteration of all parallel loops, taken as one.
  void emitPoint(mlir::Value point);

  /// How many elements a thread can read and write at once along the last
  /// loop, which is not a row loop; 1 where it cannot whatever the sizes and
  /// addresses are.
  int64_t width() const;

  /// What has to hold, in host code, for `width` elements to be taken at once:
  /// a boolean.
  mlir::Value canBeWide(int64_t width);

  /// As countPoints and emitPoint, for `width` neighbours along the last loop.
  mlir::Value countWidePoints(int64_t width);
  void emitWidePoint(mlir::Value point, int64_t width);

  /// Everything at one iteration of the row loops, shared by a team whose
  /// threads take `width` neighbours at a time. Only operations for which
  /// `canShare` get here.
  void emitRow(mlir::Value row, const Team &team, int64_t width = 1);

  /// How many elements of a row there are, and how many rows.
  mlir::Value countInRow();
  mlir::Value countRows();

  /// Whether a team can do a row: its loops beyond the row's are all parallel,
  /// or all reductions whose results can be combined in any order.
  static bool canShare(const LoopNest &nest, unsigned rowLoops);

private:
  void emitElement();
  void emitWideElements(int64_t width);
  void reduceRow(const Team &team, int64_t width);
  void setWideIndices(llvm::ArrayRef<unsigned> loops, mlir::Value number,
                      int64_t width);
  mlir::Value countOf(llvm::ArrayRef<unsigned> loops);
  llvm::SmallVector<mlir::Value> loadWide(int64_t width);
  llvm::SmallVector<mlir::Value> lane(llvm::ArrayRef<mlir::Value> loaded,
                                      mlir::Value first, int64_t number);
  llvm::SmallVector<mlir::Value> evaluate(mlir::ValueRange old);
  llvm::SmallVector<mlir::Value> compute(mlir::ValueRange inputs,
                                         mlir::ValueRange old);
  bool isWide(const LoopNest::Access &access) const;
  mlir::Value combine(unsigned output, mlir::Value a, mlir::Value b);
  mlir::Value combineTeam(unsigned output, mlir::Value value, const Team &team);
  mlir::Value combineWarp(unsigned output, mlir::Value value, int64_t lanes);

  llvm::SmallVector<unsigned> rows, parallel, reductions;
};

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWERCUDA_THREADNEST_H

//===- AttentionEmitter.h - what all attention kernels share ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A thread block has a tile of rows of one key head. The query heads of a key
// head are rows beside one another: row r is query r / g of head r % g, with g
// query heads a key head. So a tile meets each key once for all heads, few
// queries fill a tile, and a tile spans few positions, which leaves little to
// mask at the edges.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWERCUDA_ATTENTIONEMITTER_H
#define BLOCKATTN_PASSES_LOWERCUDA_ATTENTIONEMITTER_H

#include "dialects/BlockAttn/BlockAttn.h"
#include "passes/Lower/KernelBuilder.h"
#include "passes/LowerCuda/CudaChip.h"
#include "passes/LowerCuda/DeviceBuilder.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/BuiltinOps.h"

#include <memory>
#include <optional>

namespace blockattn {

/// Keys and values of one head that lie in one array, and who sees them.
struct KeySegment {
  /// Of the head's first key and value, and the bytes from one to the next.
  mlir::Value keys, values, keyStride, valueStride;
  /// The keys that some row of the tile sees.
  mlir::Value begin, end;
  /// For each row of a lane the first and the last key that it sees.
  llvm::SmallVector<mlir::Value> first, last;
  /// Whether these are the keys that came with the queries. Of those:
  mlir::Value isOwn;
  /// bytes that say of each whether it is seen, and their positions (i64), or
  /// null.
  mlir::Value keyMask, keyPlaces;
  /// With slopes: for each row of a lane where it stands (f32), counted as the
  /// keys are.
  llvm::SmallVector<mlir::Value> origins;
};

class AttentionEmitter {
public:
  /// What a kernel wants to be launched with.
  struct Geometry {
    int64_t threads, tileRows, keyTile, sharedBytes;
    /// Thread blocks that should fit on a multiprocessor.
    int64_t residents;
  };

  AttentionEmitter(AttentionKernelOp op, mlir::gpu::GPUFuncOp kernel);
  virtual ~AttentionEmitter() = default;

  /// Shared memory for what all kernels keep there.
  static int64_t scratchBytesOf(AttentionKernelOp op);

  /// Builds the kernel, and before the operation its launch.
  void emit();

protected:
  using Value = mlir::Value;
  using ValueRange = mlir::ValueRange;
  using Values = llvm::SmallVector<mlir::Value>;

  /// An operand [B, N, H, D] on the device: where the sequence of this thread
  /// block begins, and bytes between tokens and heads.
  struct Operand {
    Value pointer, token, head;
  };

  virtual Geometry geometry() const = 0;
  /// Computes what is needed throughout.
  virtual void prepare() = 0;
  /// Starts to bring the rows of the tile into shared memory; with `shift`
  /// turned back by that many positions.
  virtual void loadQueries(Value shift) = 0;
  /// Starts to bring in keys that `attend` will begin with, as soon as it is
  /// known where they are; `begin`, `first` and `last` are not yet.
  virtual void prefetch(const KeySegment &segment) {}
  virtual Values initialState() = 0;
  virtual Values attend(const KeySegment &segment, ValueRange state) = 0;
  /// Row i of those that a lane has, counted from the tile's first.
  virtual unsigned rowsOfLane() const = 0;
  virtual Value laneRow(unsigned i) = 0;
  virtual void finish(ValueRange state) = 0;
  virtual void emitBody();
  /// Between threads that share rows of queries in shared memory.
  virtual void queryBarrier() { b.barrier(); }
  /// Of a run of keys in turn: whether they came with the queries.
  virtual void beforeKeys(Value areOwn) {}
  /// Threads that fetch these rows together.
  virtual int64_t queryThreads() const { return geometry().threads; }
  /// The beginning of all kernels: sizes, which tile this is, operands.
  void beginBody();
  KeySegment ownKeys();
  void fillOwnRange(KeySegment &segment);
  Values attendCache(const KeySegment &own, ValueRange state);
  /// The grid, on the host.
  virtual std::pair<Value, Value> grid(KernelBuilder &h);

  Value parameter(Value host, mlir::Type type);
  Value pointerParameter(Value memref);
  Operand operand(Value memref);
  void placeBlock();

  // For the implementations.
  Value sharedMemory() { return shared; }
  /// Where an implementation's own shared memory begins.
  int64_t scratchBytes() const { return scratch; }
  std::pair<Value, Value> queryAndHead(Value row);
  /// The address of a row of the queries or of the result. A row beyond the
  /// last one is the last.
  Value rowAddress(const Operand &operand, Value row);
  /// Calls `store(row, d, value)` for elements of the tile's rows, spread over
  /// the threads, rotated when there is a shift.
  void forEachQuery(Value shift, int64_t threads, int64_t rows,
                    llvm::function_ref<void(Value, Value, Value)> store);
  /// The rotation by a shift, for all pairs: where the cosines begin, which the
  /// sines follow.
  Value fillTurns(Value shift);
  /// Whether the segment's mask of keys lets a key be seen. A key out of range
  /// is any other.
  Value keyMaskAt(const KeySegment &segment, Value index);
  /// Multiplies scores by this to get them in units of log2; or, where a soft
  /// cap or an odd scale stands in between, 1, and `capped` does the rest.
  double factor() const;
  bool needsCap() const { return softcap > 0 || scale <= 0 || hasSlopes; }
  Value capped(Value score);
  /// The score of a row of the lane with its bias for the distance of a key.
  Value biased(const KeySegment &segment, unsigned row, Value place,
               Value score);
  /// The position of a key, as f32.
  Value placeOf(const KeySegment &segment, Value index);
  /// 1 / sum, 0 for a row that saw nothing, and the log-sum-exp.
  std::pair<Value, Value> normalizer(Value maximum, Value sum);
  Value rowIndex(Value row);
  /// The row of partial results, in f32, that this thread block writes.
  Value partialAddress(Value row);
  /// Stores the log-sum-exp, when asked for; or that of a partial result.
  void storeLse(Value row, Value lse);
  void storePartialLse(Value row, Value lse);
  /// Calls `store` for results of the rows' own type, or, where the keys are
  /// shared, for partial results in f32.
  void eitherResult(llvm::function_ref<void(bool partial)> store);

  AttentionKernelOp op;
  DeviceBuilder b;
  mlir::Type element;
  int64_t elementBytes, headSize, valueSize, window;
  double scale, softcap;
  bool causal, hasSlopes;
  /// Of the launch.
  Value numQueries, numKeys, kvHeads, group, numRows, ahead;
  /// Thread blocks that share the keys of a tile of rows; null for one.
  Value splits;
  /// Of the thread block.
  Value thread, lane, warp, sequence, kvHead;
  /// The first of the rows that threads share, and that of the whole tile.
  Value firstRow, tileFirstRow;
  /// Where the turns of a rotary embedding are kept.
  Value turnsMemory;
  Operand query, key, value, result;

private:
  /// In bytes.
  Value strideOf(Value memref, int64_t i);
  Value hostDim(Value memref, int64_t i);
  void loadSizes();
  Values rowQueries();
  Value ofOwnKey(const KeySegment &segment, Value index, mlir::Type type,
                 llvm::function_ref<Value(Value)> own, Value otherwise);
  Values rowSlopes();
  Value firstKeyOfTile(Value firstQuery, Value lastQuery);
  /// Tiles of keys [begin, end), and the block that `begin` is in.
  struct Share {
    Value begin, end, firstBlock, tilesBefore;
  };
  Share findShare(Value ownTiles);
  std::pair<KeySegment, Value> cachedKeys(Value block, Value isOwn,
                                          const KeySegment &own,
                                          llvm::ArrayRef<Value> positions);
  Value partialRow(Value row);
  Value lengthOfBlock(Value block);
  Value cacheEntry(Value block, Value column);
  void launch();

  mlir::OpBuilder host;
  mlir::gpu::GPUFuncOp kernel;
  Values arguments, slopes;
  llvm::DenseMap<std::pair<Value, mlir::Type>, Value> parameters;
  llvm::DenseMap<Value, Value> pointers;
  Value shared;
  int64_t scratch;
};

/// The log-sum-exp of a kernel on memrefs, and the f32 memory that it has for
/// partial results; or null.
mlir::Value lseOf(AttentionKernelOp op);
mlir::Value workspaceOf(AttentionKernelOp op);

/// The kernel that will be picked for an architecture, and why; none where no
/// kernel can, for which the reason is then. And its tiles.
enum class AttentionVariant { None, Wgmma, Mma, Simt };
struct AttentionChoice {
  AttentionVariant variant;
  std::string reason;
  int64_t tileRows;
  /// Thread blocks of it that a multiprocessor has at once.
  int64_t residents;
};
AttentionChoice chooseAttention(AttentionKernelOp op, const CudaChip &chip);

/// Puts partial results together.
std::unique_ptr<AttentionEmitter>
makeAttentionMerge(AttentionKernelOp op, mlir::gpu::GPUFuncOp kernel);

/// On the host: into how many parts the memory at hand lets the keys be split.
mlir::Value attentionSplits(mlir::OpBuilder &b, AttentionKernelOp op);

/// Tensor cores, for f16 and bf16; why not, where that does not apply; and the
/// rows of a tile.
std::unique_ptr<AttentionEmitter> makeMmaAttention(AttentionKernelOp op,
                                                   mlir::gpu::GPUFuncOp kernel,
                                                   const CudaChip &chip);
std::optional<std::string> whyNotMma(AttentionKernelOp op);
int64_t mmaTileRows(AttentionKernelOp op);

/// Hopper's tensor cores and no others.
std::unique_ptr<AttentionEmitter>
makeWgmmaAttention(AttentionKernelOp op, mlir::gpu::GPUFuncOp kernel);
std::optional<std::string> whyNotWgmma(AttentionKernelOp op);
int64_t wgmmaTileRows(AttentionKernelOp op);

/// f32 arithmetic, for anything with known head sizes.
std::unique_ptr<AttentionEmitter> makeSimtAttention(AttentionKernelOp op,
                                                    mlir::gpu::GPUFuncOp kernel,
                                                    const CudaChip &chip);
std::optional<std::string> whyNotSimt(AttentionKernelOp op);
int64_t simtTileRows(AttentionKernelOp op, const CudaChip &chip);

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWERCUDA_ATTENTIONEMITTER_H

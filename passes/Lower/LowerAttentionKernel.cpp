//===- LowerAttentionKernel.cpp - attention to tiles and vectors ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/BlockAttn/BlockAttn.h"
#include "passes/Lower/AttentionTile.h"
#include "passes/Lower/Descriptor.h"
#include "passes/Lower/Passes.h"
#include "passes/Lower/RuntimeCalls.h"

#include "mlir/Dialect/Math/IR/Math.h"

namespace blockattn {
#define GEN_PASS_DEF_LOWERATTENTIONKERNEL
#include "passes/Lower/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

static constexpr double kLog2E = 1.4426950408889634;

namespace {

/// Emits one attention: tasks over (sequence, key head, tile of rows).
class AttentionEmitter {
public:
  AttentionEmitter(KernelBuilder &builder, AttentionKernelOp op)
      : b(builder), op(op) {}

  void emit();

private:
  using Visibility = function_ref<std::pair<Value, Value>(Value query)>;

  Value rowOf(Value group, Value lane);
  std::pair<Value, Value> queryAndHead(Value row);
  void packQueries();
  KeyRange newRange();
  void fillVisibility(const KeyRange &range, Visibility visible);
  void fillSlopes();
  void fillOrigins(function_ref<Value(Value query)> origin);
  void attendOwnKeys();
  void attendCache();
  void attendCachedBlock(Value block, Value firstPosition);
  void rotateQueries(Value shift);
  void writeResults();
  /// One sequence and head of a [B, N, H, D] memref, as [N, D].
  Value headOf(Value memref, Value sequence, Value head);
  /// The array whose address is in the cache table, its head as [length, D].
  Value cachedHead(Value block, Value column, Value length, Value like);
  Value layer();

  KernelBuilder &b;
  AttentionKernelOp op;
  AttentionTile *tile = nullptr;
  // Sizes.
  Value numKeys, kvHeads, headSize, valueSize, groupSize, numRows;
  /// How far the position of a query among the keys is ahead of its index.
  Value ahead;
  // Of a task.
  Value sequence, kvHead, firstRow, queries, rotated, slopes, origins;
  KeyRange ownRange, cacheRange;
};

} // namespace

/// Slice `sequence` of dimension 0 and, in rank 4, `head` of dimension 2.
static Value sliceOf(KernelBuilder &b, Value memref, Value sequence,
                     Value head) {
  auto type = cast<MemRefType>(memref.getType());
  SmallVector<OpFoldResult> offsets, sizes;
  SmallVector<int64_t> kept;
  for (int64_t i = 0; i < type.getRank(); ++i) {
    if (i % 2 == 0 && (i == 0 || head)) {
      offsets.push_back(i == 0 ? sequence : head);
      sizes.push_back(b.getIndexAttr(1));
      continue;
    }
    offsets.push_back(b.getIndexAttr(0));
    kept.push_back(type.getDimSize(i));
    if (type.isDynamicDim(i))
      sizes.push_back(b.dim(memref, i));
    else
      sizes.push_back(b.getIndexAttr(type.getDimSize(i)));
  }
  SmallVector<OpFoldResult> strides(type.getRank(), b.getIndexAttr(1));
  MemRefType result = memref::SubViewOp::inferRankReducedResultType(
      kept, type, offsets, sizes, strides);
  return memref::SubViewOp::create(b, result, memref, offsets, sizes, strides);
}

Value AttentionEmitter::headOf(Value memref, Value sequence, Value head) {
  return sliceOf(b, memref, sequence, head);
}

/// The row in a lane. Lanes beyond the last row repeat it, so that no code
/// need tell them apart; their results are not stored.
Value AttentionEmitter::rowOf(Value group, Value lane) {
  Value row = b.add(b.add(firstRow, b.mul(group, b.index(kLanes))), lane);
  return b.min(row, b.sub(numRows, b.index(1)));
}

std::pair<Value, Value> AttentionEmitter::queryAndHead(Value row) {
  return {b.div(row, groupSize),
          b.add(b.mul(kvHead, groupSize), b.rem(row, groupSize))};
}

void AttentionEmitter::packQueries() {
  // Scores are kept in units of log2, but a soft cap needs the plain ones.
  double scale = op.getScale().convertToDouble();
  if (op.getSoftcap().convertToFloat() <= 0)
    scale *= kLog2E;
  Value factor = b.f32(scale);
  b.loop(b.index(0), tile->activeGroups, 1, [&](Value group) {
    b.loop(b.index(0), b.index(kLanes), 1, [&](Value lane) {
      auto [query, head] = queryAndHead(rowOf(group, lane));
      Value index = query, h = head;
      b.loop(b.index(0), headSize, 1, [&](Value d) {
        Value element = b.toF32(b.load(op.getQuery(), {sequence, index, h, d}));
        b.store(b.mulF(element, factor), queries, {group, d, lane});
      });
    });
  });
}

/// Allocates the arrays that say which keys a row sees.
KeyRange AttentionEmitter::newRange() {
  KeyRange range;
  range.first = b.scratch({tile->groups(), kLanes}, b.getI32Type());
  range.last = b.scratch({tile->groups(), kLanes}, b.getI32Type());
  range.bounds = b.scratch({tile->groups(), 4}, b.getIndexType());
  return range;
}

void AttentionEmitter::fillVisibility(const KeyRange &range,
                                      Visibility visible) {
  Value big = b.index(std::numeric_limits<int32_t>::max());
  Value small = b.index(-1);
  b.loop(b.index(0), tile->activeGroups, 1, [&](Value group) {
    SmallVector<Value> bounds = b.loop(
        b.index(0), b.index(kLanes), 1, {big, small, big, small},
        [&](Value lane, ValueRange carried) -> SmallVector<Value> {
          Value query = b.div(rowOf(group, lane), groupSize);
          auto [first, last] = visible(query);
          b.store(b.toI32(first), range.first, {group, lane});
          b.store(b.toI32(last), range.last, {group, lane});
          return {b.min(carried[MinFirst], first),
                  b.max(carried[MaxFirst], first),
                  b.min(carried[MinLast], last), b.max(carried[MaxLast], last)};
        });
    for (auto [i, bound] : llvm::enumerate(bounds))
      b.store(bound, range.bounds, {group, b.index(i)});
  });
}

/// The slope of each row's head.
void AttentionEmitter::fillSlopes() {
  ArrayRef<float> perHead = *op.getSlopes();
  SmallVector<float> values;
  for (float slope : perHead)
    values.push_back(static_cast<float>(slope * kLog2E));
  auto type =
      VectorType::get({static_cast<int64_t>(values.size())}, b.getF32Type());
  Value table = arith::ConstantOp::create(
      b, DenseElementsAttr::get(type, ArrayRef<float>(values)));
  b.loop(b.index(0), tile->activeGroups, 1, [&](Value group) {
    b.loop(b.index(0), b.index(kLanes), 1, [&](Value lane) {
      Value head = queryAndHead(rowOf(group, lane)).second;
      b.store(
          vector::ExtractOp::create(b, table, SmallVector<OpFoldResult>{head}),
          slopes, {group, lane});
    });
  });
}

/// The place that each row's distances are measured from, an i64.
void AttentionEmitter::fillOrigins(function_ref<Value(Value query)> origin) {
  b.loop(b.index(0), tile->activeGroups, 1, [&](Value group) {
    b.loop(b.index(0), b.index(kLanes), 1, [&](Value lane) {
      Value place = origin(b.div(rowOf(group, lane), groupSize));
      b.store(arith::SIToFPOp::create(b, b.getF32Type(), place), origins,
              {group, lane});
    });
  });
}

void AttentionEmitter::attendOwnKeys() {
  KeyRange range = ownRange;
  range.keys = headOf(op.getKey(), sequence, kvHead);
  range.values = headOf(op.getValue(), sequence, kvHead);
  range.count = numKeys;
  range.queries = queries;
  int64_t window = op.getWindow();
  if (range.first)
    fillVisibility(range, [&](Value query) {
      Value position = b.add(query, ahead);
      Value first = b.index(0);
      if (op.getFirstKey())
        first = b.max(first,
                      b.toIndex(b.load(op.getFirstKey(), ValueRange{query})));
      if (window)
        first = b.max(first, b.sub(position, b.index(window - 1)));
      // Without an order a window is as wide ahead.
      Value last =
          op.getCausal() ? position : b.add(position, b.index(window - 1));
      last = b.min(last, b.sub(numKeys, b.index(1)));
      return std::make_pair(first, last);
    });
  if (Value mask = op.getKeyMask())
    range.keyMask = sliceOf(b, mask, sequence, Value());
  if (slopes) {
    range.slopes = slopes;
    range.origins = origins;
    if (Value places = op.getKeyPositions())
      range.keyPlaces = sliceOf(b, places, sequence, Value());
    // Queries before the first key see nothing, and have no place among them.
    b.when(b.less(b.index(0), numKeys), [&] {
      fillOrigins([&](Value query) -> Value {
        Value place = b.add(query, ahead);
        if (!range.keyPlaces)
          return arith::IndexCastOp::create(b, b.getI64Type(), place);
        return b.load(range.keyPlaces, ValueRange{b.max(b.index(0), place)});
      });
    });
  }
  tile->attend(range);
}

/// The layer of the cache to read: one kernel serves all layers.
Value AttentionEmitter::layer() {
  auto number = op->getAttrOfType<IntegerAttr>(kLayerArgumentAttr);
  if (!number)
    return b.index(*op.getLayer());
  return op->getParentOfType<func::FuncOp>().getArgument(number.getInt());
}

Value AttentionEmitter::cachedHead(Value block, Value column, Value length,
                                   Value like) {
  auto type = cast<MemRefType>(like.getType());
  Value address = b.load(op.getCache(), {block, column});
  Value pointer = LLVM::IntToPtrOp::create(
      b, LLVM::LLVMPointerType::get(b.getContext()), address);
  auto array = MemRefType::get(
      {1, ShapedType::kDynamic, type.getDimSize(2), type.getDimSize(3)},
      type.getElementType());
  SmallVector<Value> sizes{b.index(1), length, b.dim(like, 2), b.dim(like, 3)};
  Value memref = memrefFromPointer(b, pointer, array, sizes);
  return headOf(memref, b.index(0), kvHead);
}

/// A query at position p meets keys that stand `shift` positions after the
/// place they were rotated for: turn it by -shift.
void AttentionEmitter::rotateQueries(Value shift) {
  RotaryAttr rope = op.getQueryRotaryAttr();
  int64_t pairs = rope.getInvFreq().getNumElements();
  Value zero = b.index(0);
  SmallVector<float> frequencies;
  for (const APFloat &frequency : rope.getInvFreq().getValues<APFloat>())
    frequencies.push_back(frequency.convertToDouble());
  auto type = VectorType::get({pairs}, b.getF32Type());
  Value table = arith::ConstantOp::create(
      b, DenseElementsAttr::get(type, ArrayRef<float>(frequencies)));
  // In f64: a shift times a frequency has more digits than f32 holds.
  Value turn = arith::SIToFPOp::create(b, b.getF64Type(), shift);
  b.loop(zero, b.index(pairs), 1, [&](Value pair) {
    Value frequency = arith::ExtFOp::create(
        b, b.getF64Type(),
        vector::ExtractOp::create(b, table, SmallVector<OpFoldResult>{pair})
            .getResult());
    Value theta = arith::MulFOp::create(b, turn, frequency);
    auto lanesOf = [&](Value f64) {
      Value f32 = arith::TruncFOp::create(b, b.getF32Type(), f64);
      return b.broadcast(f32);
    };
    Value cos = lanesOf(math::CosOp::create(b, theta));
    Value sin = lanesOf(math::SinOp::create(b, theta));
    Value x = pair, y = b.add(pair, b.index(pairs));
    if (rope.getInterleaved()) {
      x = b.mul(pair, b.index(2));
      y = b.add(x, b.index(1));
    }
    b.loop(zero, tile->activeGroups, 1, [&](Value group) {
      Value qx = b.loadLanes(queries, {group, x, zero});
      Value qy = b.loadLanes(queries, {group, y, zero});
      b.storeLanes(b.mulAdd(qx, cos, b.mulF(qy, sin)), rotated,
                   {group, x, zero});
      b.storeLanes(b.subF(b.mulF(qy, cos), b.mulF(qx, sin)), rotated,
                   {group, y, zero});
    });
  });
  // The rest of a head passes through.
  b.loop(zero, tile->activeGroups, 1, [&](Value group) {
    b.loop(b.index(2 * pairs), headSize, 1, [&](Value d) {
      b.storeLanes(b.loadLanes(queries, {group, d, zero}), rotated,
                   {group, d, zero});
    });
  });
}

void AttentionEmitter::attendCachedBlock(Value block, Value firstPosition) {
  auto column = [&](int64_t i) {
    return b.load(op.getCache(), {block, b.index(i)});
  };
  Value length = b.toIndex(column(0));
  KeyRange range = cacheRange;
  range.count = length;
  Value keyColumn = b.add(b.mul(layer(), b.index(2)), b.index(4));
  range.keys = cachedHead(block, keyColumn, length, op.getKey());
  range.values =
      cachedHead(block, b.add(keyColumn, b.index(1)), length, op.getValue());
  range.queries = queries;
  if (rotated) {
    rotateQueries(column(1));
    range.queries = rotated;
  }
  if (int64_t window = op.getWindow()) {
    Value position = b.toIndex(column(2));
    fillVisibility(range, [&](Value query) {
      // In positions of the prompt, then as an index into the block.
      Value own = b.add(firstPosition, b.add(query, ahead));
      Value first = b.sub(b.sub(own, b.index(window - 1)), position);
      // No further than the end: lanes hold 32 bits.
      first = b.min(b.max(b.index(0), first), length);
      return std::make_pair(first, b.sub(length, b.index(1)));
    });
  }
  if (slopes) {
    range.slopes = slopes;
    range.origins = origins;
    Value position = b.toIndex(column(2));
    fillOrigins([&](Value query) -> Value {
      Value own = b.add(firstPosition, b.add(query, ahead));
      return arith::IndexCastOp::create(b, b.getI64Type(),
                                        b.sub(own, position));
    });
  }
  tile->attend(range);
}

void AttentionEmitter::attendCache() {
  // The keys of this call follow the cached blocks.
  Value numBlocks = b.dim(op.getCache(), 0);
  Value firstPosition;
  if (op.getWindow() || slopes)
    firstPosition =
        b.loop(b.index(0), numBlocks, 1, b.index(0),
               [&](Value block, ValueRange carried) -> SmallVector<Value> {
                 Value length = b.load(op.getCache(), {block, b.index(0)});
                 Value position = b.load(op.getCache(), {block, b.index(2)});
                 return {b.max(carried[0],
                               b.add(b.toIndex(position), b.toIndex(length)))};
               })[0];
  b.loop(b.index(0), numBlocks, 1,
         [&](Value block) { attendCachedBlock(block, firstPosition); });
}

void AttentionEmitter::writeResults() {
  Value result = op.getOutputs()[0];
  Value lse = op.getOutputs().size() > 1 ? op.getOutputs()[1] : Value();
  Type element = cast<MemRefType>(result.getType()).getElementType();
  Value scratchLse;
  if (lse)
    scratchLse = b.scratch({kLanes}, b.getF32Type());
  b.loop(b.index(0), tile->activeGroups, 1, [&](Value group) {
    Value sums = tile->finish(group);
    if (lse)
      b.storeLanes(sums, scratchLse, {b.index(0)});
    Value begin = b.add(firstRow, b.mul(group, b.index(kLanes)));
    Value count = b.min(b.sub(numRows, begin), b.index(kLanes));
    b.loop(b.index(0), count, 1, [&](Value lane) {
      auto [query, head] = queryAndHead(b.add(begin, lane));
      Value index = query, h = head;
      b.loop(b.index(0), valueSize, 1, [&](Value column) {
        Value value = b.load(tile->output, {group, column, lane});
        b.store(b.fromF32(value, element), result,
                {sequence, index, h, column});
      });
      if (lse)
        b.store(b.load(scratchLse, ValueRange{lane}), lse,
                {sequence, index, h});
    });
  });
}

void AttentionEmitter::emit() {
  Value batch = b.dim(op.getQuery(), 0);
  Value numQueries = b.dim(op.getQuery(), 1);
  Value heads = b.dim(op.getQuery(), 2);
  headSize = b.dim(op.getQuery(), 3);
  numKeys = b.dim(op.getKey(), 1);
  kvHeads = b.dim(op.getKey(), 2);
  valueSize = b.dim(op.getValue(), 3);
  ahead = b.sub(numKeys, numQueries);
  // Empty extents leave no task, but must not divide by zero before that.
  Value one = b.index(1);
  groupSize = b.max(b.div(heads, b.max(kvHeads, one)), one);
  numRows = b.mul(numQueries, groupSize);

  AttentionTile rowTile(
      b, {headSize, valueSize,
          cast<MemRefType>(op.getKey().getType()).getDimSize(3),
          cast<MemRefType>(op.getValue().getType()).getDimSize(3),
          op.getSoftcap().convertToFloat()});
  tile = &rowTile;
  int64_t tileRows = rowTile.groups() * kLanes;
  Value tiles = b.ceilDiv(numRows, tileRows);
  Value strips = b.mul(batch, kvHeads);
  b.parallel(b.mul(tiles, strips), [&](Value task) {
    // Under a causal mask the last rows have the most to do: they start first.
    Value strip = b.rem(task, strips);
    Value tileIndex = b.sub(b.sub(tiles, one), b.div(task, strips));
    sequence = b.div(strip, kvHeads);
    kvHead = b.rem(strip, kvHeads);
    firstRow = b.mul(tileIndex, b.index(tileRows));

    tile->allocate();
    queries = tile->allocateQueries();
    rotated = op.getQueryRotaryAttr() ? tile->allocateQueries() : Value();
    ownRange = op.getCausal() || op.getWindow() ? newRange() : KeyRange();
    cacheRange = op.getCache() && op.getWindow() ? newRange() : KeyRange();

    slopes = origins = Value();
    if (op.getSlopes()) {
      slopes = b.scratch({tile->groups(), kLanes}, b.getF32Type());
      origins = b.scratch({tile->groups(), kLanes}, b.getF32Type());
    }

    Value rows = b.min(b.sub(numRows, firstRow), b.index(tileRows));
    tile->reset(b.ceilDiv(rows, kLanes));
    if (slopes)
      fillSlopes();
    packQueries();
    if (op.getCache())
      attendCache();
    attendOwnKeys();
    writeResults();
  });
  tile = nullptr;
}

namespace {
struct LowerAttentionKernel
    : public blockattn::impl::LowerAttentionKernelBase<LowerAttentionKernel> {
  void runOnOperation() override {
    SmallVector<AttentionKernelOp> ops;
    bool failed = false;
    getOperation().walk([&](AttentionKernelOp op) {
      if (isa<TensorType>(op.getQuery().getType())) {
        op.emitError("attention on tensors cannot become code; bufferize it "
                     "first (--blockattn-bufferize)");
        failed = true;
      }
      ops.push_back(op);
    });
    if (failed)
      return signalPassFailure();
    for (AttentionKernelOp op : ops) {
      KernelBuilder builder(op.getLoc(), op);
      AttentionEmitter(builder, op).emit();
      op.erase();
    }
  }
};
} // namespace

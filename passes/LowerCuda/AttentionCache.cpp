//===- AttentionCache.cpp - attention kernels over cached blocks ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The keys that a row sees are those of the cached blocks, in list order, and
// then the ones that came with the queries. Blocks lie anywhere in memory; for
// each the queries are turned back by its shift.
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/AttentionEmitter.h"

#include "passes/Lower/RuntimeCalls.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include <limits>

using namespace mlir;
using namespace blockattn;

static Value callIntrinsic(DeviceBuilder &b, StringRef name, Value operand) {
  return LLVM::CallIntrinsicOp::create(b, operand.getType(),
                                       b.getStringAttr(name), operand)
      .getResult(0);
}

/// Cosines and then sines of shift times each frequency, in shared memory. In
/// f64 until the angle is
/// within [-pi, pi]: a product of a shift and a frequency has more digits than
/// f32 holds.
Value AttentionEmitter::fillTurns(Value shift) {
  RotaryAttr rope = op.getQueryRotaryAttr();
  int64_t pairs = rope.getInvFreq().getNumElements();
  SmallVector<double> frequencies;
  for (const APFloat &frequency : rope.getInvFreq().getValues<APFloat>())
    frequencies.push_back(frequency.convertToDouble());
  auto module = kernel->getParentOfType<gpu::GPUModuleOp>();
  std::string name = (kernel.getName() + "_frequencies").str();
  Type f64 = b.getF64Type();
  {
    OpBuilder at = OpBuilder::atBlockBegin(module.getBody());
    auto data = DenseElementsAttr::get(RankedTensorType::get({pairs}, f64),
                                       ArrayRef<double>(frequencies));
    LLVM::GlobalOp::create(at, op.getLoc(),
                           LLVM::LLVMArrayType::get(f64, pairs),
                           /*isConstant=*/true, LLVM::Linkage::Internal, name,
                           data, /*alignment=*/8, kGlobalMemory);
  }
  Value table = LLVM::AddressOfOp::create(b, b.pointer(kGlobalMemory), name);
  Value turn = LLVM::SIToFPOp::create(b, f64, shift);
  Value turns = turnsMemory;
  auto constant = [&](double value) -> Value {
    return LLVM::ConstantOp::create(b, f64, b.getF64FloatAttr(value));
  };
  b.loop(thread, b.i32(pairs), b.i32(queryThreads()), [&](Value pair) {
    Value frequency = b.load(f64, b.offset(table, b.mul(pair, 8)));
    Value angle = LLVM::FMulOp::create(b, turn, frequency);
    // Adding and taking away 1.5 * 2^52 rounds to a whole number.
    Value magic = constant(6755399441055744.0);
    Value whole =
        LLVM::FMAOp::create(b, angle, constant(0.15915494309189535), magic);
    whole = LLVM::FSubOp::create(b, whole, magic);
    Value rest =
        LLVM::FMAOp::create(b, whole, constant(-6.283185307179586), angle);
    Value small = LLVM::FPTruncOp::create(b, b.getF32Type(), rest);
    Value at = b.offset(turns, b.mul(pair, 4));
    b.store(callIntrinsic(b, "llvm.nvvm.cos.approx.ftz.f", small), at);
    b.store(callIntrinsic(b, "llvm.nvvm.sin.approx.ftz.f", small),
            b.offset(at, 4 * pairs));
  });
  queryBarrier();
  return turns;
}

void AttentionEmitter::forEachQuery(
    Value shift, int64_t threads, int64_t rows,
    function_ref<void(Value, Value, Value)> store) {
  auto loadElement = [&](Value address, Value d) {
    Value bytes = b.mul(d, elementBytes);
    return b.toF32(b.load(element, b.offset(address, bytes)));
  };
  Value step = b.i32(threads);
  // Elements [begin, headSize) as they are.
  auto copy = [&](int64_t begin) {
    int64_t count = headSize - begin;
    if (count == 0)
      return;
    b.loop(thread, b.i32(rows * count), step, [&](Value i) {
      Value row = b.div(i, count);
      Value d = b.add(b.rem(i, count), begin);
      store(row, d, loadElement(rowAddress(query, row), d));
    });
  };
  RotaryAttr rope = op.getQueryRotaryAttr();
  if (!shift || !rope)
    return copy(0);
  Value turns = fillTurns(shift);
  int64_t pairs = rope.getInvFreq().getNumElements();
  b.loop(thread, b.i32(rows * pairs), step, [&](Value i) {
    Value row = b.div(i, pairs);
    Value pair = b.rem(i, pairs);
    Value x = pair, y = b.add(pair, pairs);
    if (rope.getInterleaved()) {
      x = b.mul(pair, 2);
      y = b.add(x, 1);
    }
    Value turn = b.offset(turns, b.mul(pair, 4));
    Value cos = b.load(b.getF32Type(), turn);
    Value sin = b.load(b.getF32Type(), b.offset(turn, 4 * pairs));
    Value address = rowAddress(query, row);
    Value qx = loadElement(address, x), qy = loadElement(address, y);
    store(row, x, b.fma(qx, cos, b.mulF(qy, sin)));
    store(row, y, b.subF(b.mulF(qy, cos), b.mulF(qx, sin)));
  });
  copy(rope.getRotaryDim());
}

Value AttentionEmitter::cacheEntry(Value block, Value column) {
  Value columns = parameter(hostDim(op.getCache(), 1), b.getI64Type());
  Value index = b.add(b.mul(b.wide(block), columns), column);
  return b.load(b.getI64Type(),
                b.offset(pointerParameter(op.getCache()), b.mul(index, 8)));
}

Value AttentionEmitter::lengthOfBlock(Value block) {
  return b.narrow(cacheEntry(block, b.i64(0)));
}

/// The tiles of a range of keys.
static Value tilesOf(DeviceBuilder &b, Value count, int64_t keyTile) {
  return b.ceilDiv(b.max(count, b.i32(0)), keyTile);
}

/// The inclusive sum over the lanes up to each.
static Value scanLanes(DeviceBuilder &b, Value value, Value lane) {
  for (int64_t distance = 1; distance < 32; distance *= 2) {
    Value below = NVVM::ShflOp::create(b, b.getI32Type(), b.i32(-1), value,
                                       b.i32(distance), b.i32(0),
                                       NVVM::ShflKind::up, UnitAttr());
    Value has = b.lessEqual(b.i32(distance), lane);
    value = b.add(value, b.select(has, below, b.i32(0)));
  }
  return value;
}

/// The share of this thread block, of all tiles of keys: from the first to
/// before the last; and the block of keys that it begins in, with the number
/// of tiles before that block. Each warp finds out by itself, 32 blocks of
/// keys at once.
AttentionEmitter::Share AttentionEmitter::findShare(Value ownTiles) {
  Value zero = b.i32(0), one = b.i32(1);
  Share share{zero, b.i32(std::numeric_limits<int32_t>::max()), zero, zero};
  if (!splits)
    return share;
  Value blocks = parameter(hostDim(op.getCache(), 0), b.getI32Type());
  int64_t keyTile = geometry().keyTile;
  auto tilesOfBlock = [&](Value block) {
    return tilesOf(b, lengthOfBlock(block), keyTile);
  };
  Value total =
      b.warpSum(b.loop(lane, blocks, b.i32(32), zero,
                       [&](Value block, ValueRange carried) -> Values {
                         return {b.add(carried[0], tilesOfBlock(block))};
                       })[0]);
  total = b.add(total, ownTiles);
  auto beginOf = [&](Value part) { return b.div(b.mul(part, total), splits); };
  share.begin = beginOf(b.blockY());
  share.end = beginOf(b.add(b.blockY(), 1));
  Values found = b.loop(
      zero, blocks, b.i32(32), {zero, zero, zero},
      [&](Value base, ValueRange carried) -> Values {
        Value block = b.add(base, lane);
        Value exists = b.less(block, blocks);
        Value tiles = b.branch(
            exists, b.getI32Type(),
            [&]() -> Values { return {tilesOfBlock(block)}; },
            [&]() -> Values { return {zero}; })[0];
        Value through = b.add(carried[2], scanLanes(b, tiles, lane));
        Value before = b.both(exists, b.lessEqual(through, share.begin));
        return {b.add(carried[0], b.warpSum(b.select(before, one, zero))),
                b.max(carried[1], b.warpMax(b.select(before, through, zero))),
                b.add(carried[2], b.warpSum(tiles))};
      });
  share.firstBlock = found[0];
  share.tilesBefore = found[1];
  return share;
}

/// The keys of a block of the table, or, where `isOwn`, those that came with
/// the queries; and the block's shift.
std::pair<KeySegment, Value>
AttentionEmitter::cachedKeys(Value block, Value isOwn, const KeySegment &own,
                             ArrayRef<Value> positions) {
  Type i32 = b.getI32Type(), i64 = b.getI64Type();
  Value zero = b.i32(0);
  Value layer = b.i64(*op.getLayer());
  if (auto number = op->getAttrOfType<IntegerAttr>(kLayerArgumentAttr))
    layer = parameter(
        op->getParentOfType<FunctionOpInterface>().getArgument(number.getInt()),
        i64);
  // The own keys have no row in the table to read.
  Values row = b.branch(
      isOwn, {i32, i32, i32, i64, i64},
      [&]() -> Values {
        auto address = [&](Value pointer) -> Value {
          return LLVM::PtrToIntOp::create(b, i64, pointer);
        };
        return {own.end, zero, zero, address(own.keys), address(own.values)};
      },
      [&]() -> Values {
        Value column = b.add(b.mul(layer, 2), 4);
        // A cached array is [length, kv_heads, size], row-major.
        auto head = [&](Value address, int64_t size) {
          return b.add(address, b.mul(b.wide(kvHead), size * elementBytes));
        };
        return {lengthOfBlock(block), b.narrow(cacheEntry(block, b.i64(1))),
                b.narrow(cacheEntry(block, b.i64(2))),
                head(cacheEntry(block, column), headSize),
                head(cacheEntry(block, b.add(column, 1)), valueSize)};
      });
  Value length = row[0];
  auto pointer = [&](Value address) -> Value {
    return LLVM::IntToPtrOp::create(b, b.pointer(kGlobalMemory), address);
  };
  KeySegment segment;
  segment.keys = pointer(row[3]);
  segment.values = pointer(row[4]);
  Value wideHeads = b.wide(kvHeads);
  segment.keyStride =
      b.select(isOwn, own.keyStride, b.mul(wideHeads, headSize * elementBytes));
  segment.valueStride = b.select(isOwn, own.valueStride,
                                 b.mul(wideHeads, valueSize * elementBytes));
  segment.begin = b.select(isOwn, own.begin, zero);
  segment.end = length;
  segment.isOwn = isOwn;
  segment.keyMask = own.keyMask;
  segment.keyPlaces = own.keyPlaces;
  Value lastKey = b.sub(length, b.i32(1));
  // In positions of the prompt, then as an index into the block.
  auto firstSeen = [&](Value position) {
    return b.max(zero, b.sub(b.add(position, 1 - window), row[2]));
  };
  for (unsigned i = 0; i < rowsOfLane(); ++i) {
    Value first = window ? firstSeen(positions[i]) : zero;
    segment.first.push_back(b.select(isOwn, own.first[i], first));
    segment.last.push_back(b.select(isOwn, own.last[i], lastKey));
    if (hasSlopes) {
      Value origin = LLVM::SIToFPOp::create(b, b.getF32Type(),
                                            b.sub(positions[i], row[2]));
      segment.origins.push_back(b.select(isOwn, own.origins[i], origin));
    }
  }
  if (window)
    // The tile's first query sees furthest back.
    segment.begin =
        b.select(isOwn, own.begin, b.min(firstSeen(positions.back()), length));
  return {segment, row[1]};
}

/// Walks over the blocks and then the own keys.
AttentionEmitter::Values AttentionEmitter::attendCache(const KeySegment &own,
                                                       ValueRange state) {
  Type i32 = b.getI32Type();
  Value zero = b.i32(0);
  int64_t keyTile = geometry().keyTile;
  Value blocks = parameter(hostDim(op.getCache(), 0), i32);
  Value ownTiles = tilesOf(b, b.sub(own.end, own.begin), keyTile);

  // For a window and for slopes: where the queries of the lane's rows, and then
  // the tile's first one, stand in the prompt. The own keys follow the cached
  // ones.
  Values positions;
  if (window || hasSlopes) {
    Value ownBegin =
        b.warpMax(b.loop(lane, blocks, b.i32(32), zero,
                         [&](Value block, ValueRange carried) -> Values {
                           Value end =
                               b.add(b.narrow(cacheEntry(block, b.i64(2))),
                                     lengthOfBlock(block));
                           return {b.max(carried[0], end)};
                         })[0]);
    Values queries = rowQueries();
    queries.push_back(b.div(tileFirstRow, group));
    for (Value rowQuery : queries)
      positions.push_back(b.add(b.add(ownBegin, rowQuery), ahead));
  }

  Share share = findShare(ownTiles);
  Values init{share.firstBlock, share.tilesBefore};
  init.append(state.begin(), state.end());
  auto loop = scf::WhileOp::create(
      b, ValueRange(init).getTypes(), init,
      [&](OpBuilder &, Location, ValueRange carried) {
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPointToEnd(carried[0].getParentBlock());
        Value more = b.both(b.lessEqual(carried[0], blocks),
                            b.less(carried[1], share.end));
        scf::ConditionOp::create(b, more, carried);
      },
      [&](OpBuilder &, Location, ValueRange carried) {
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPointToEnd(carried[0].getParentBlock());
        Value block = carried[0], before = carried[1];
        Value isOwn = b.equal(block, blocks);
        beforeKeys(isOwn);
        auto [segment, shift] = cachedKeys(block, isOwn, own, positions);
        Value tiles =
            b.select(isOwn, ownTiles, tilesOf(b, segment.end, keyTile));
        if (splits) {
          // Tiles are counted from the first key of a block, and of the own
          // keys from the first that is seen.
          Value base = b.select(isOwn, own.begin, zero);
          auto keyOf = [&](Value tile) {
            Value inside = b.min(b.max(b.sub(tile, before), zero), tiles);
            return b.add(base, b.mul(inside, keyTile));
          };
          segment.begin = b.max(segment.begin, keyOf(share.begin));
          segment.end = b.min(segment.end, keyOf(share.end));
          for (Value &first : segment.first)
            first = b.max(first, segment.begin);
          Value lastKey = b.sub(segment.end, b.i32(1));
          for (Value &last : segment.last)
            last = b.min(last, lastKey);
        }
        if (op.getQueryRotaryAttr()) {
          // All threads are done with the queries of the block before.
          queryBarrier();
          loadQueries(shift);
        }
        Values next{b.add(block, 1), b.add(before, tiles)};
        next.append(attend(segment, carried.drop_front(2)));
        scf::YieldOp::create(b, next);
      });
  return Values(loop.getResults().drop_front(2));
}

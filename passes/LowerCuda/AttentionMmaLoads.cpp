//===- AttentionMmaLoads.cpp - attention on tensor cores: its operands ----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/AttentionMma.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;
using namespace blockattn;

//===----------------------------------------------------------------------===//
// Global to shared memory
//===----------------------------------------------------------------------===//

/// Columns beyond the data are zeros, and stay so.
void MmaAttention::clearPaddingOf(Value rows, int64_t count, int64_t size,
                                  int64_t padded) {
  if (size == padded)
    return;
  auto type = VectorType::get({4}, b.getI32Type());
  Value zeros =
      LLVM::ConstantOp::create(b, type, DenseElementsAttr::get(type, 0));
  b.loop(thread, b.i32(count), b.i32(kThreads), [&](Value row) {
    b.store(zeros, b.offset(rows, b.add(b.mul(row, pitch(padded)), 2 * size)),
            16);
  });
}

void MmaAttention::clearPadding() {
  clearPaddingOf(queries, tileRows(), headSize, paddedHead);
  for (int64_t i = 0; i < stages; ++i) {
    Value stage = b.offset(firstStage, i * stageBytes());
    clearPaddingOf(stage, keyTile, headSize, paddedHead);
    clearPaddingOf(b.offset(stage, keyBytes()), keyTile, valueSize,
                   paddedValue);
  }
}

void MmaAttention::copyRows(
    Value target, int64_t count, int64_t size, int64_t padded,
    function_ref<std::pair<Value, Value>(Value row)> source) {
  // Neighbouring lanes have neighbouring pieces of 16 bytes; a power of two of
  // them, so that no division is needed.
  int64_t pieces = size / 8;
  int64_t across = std::min<int64_t>(16, pieces & -pieces);
  int64_t down = kThreads / across;
  Value column = b.bitAnd(thread, across - 1);
  Value rowInPass = b.div(thread, across);
  auto copy = [&](Value row) {
    auto [from, bytes] = source(row);
    Value to =
        b.offset(target, b.add(b.mul(row, pitch(padded)), b.mul(column, 16)));
    from = b.offset(from, b.wide(b.mul(column, 16)));
    for (int64_t i = 0; i < pieces; i += across)
      NVVM::CpAsyncOp::create(b, b.offset(to, 16 * i), b.offset(from, 16 * i),
                              16, NVVM::LoadCacheModifierKind::CG, bytes);
  };
  for (int64_t pass = 0; pass * down < count; ++pass) {
    Value row = b.add(rowInPass, pass * down);
    if ((pass + 1) * down <= count)
      copy(row);
    else
      b.when(b.less(row, b.i32(count)), [&] { copy(row); });
  }
}

void MmaAttention::copyTile(const KeySegment &segment, Value firstKey,
                            Value stage) {
  Value zero = b.i32(0), end = segment.end;
  Value lastKey = b.max(zero, b.sub(end, b.i32(1)));
  auto from = [&](Value base, Value stride) {
    return [&, base, stride](Value row) -> std::pair<Value, Value> {
      Value index = b.add(firstKey, row);
      // What is not there is zeros: no NaN comes from it.
      Value exists = b.both(b.lessEqual(zero, index), b.less(index, end));
      Value bytes = b.select(exists, b.i32(16), zero);
      Value inside = b.max(zero, b.min(index, lastKey));
      return {b.offset(base, b.mul(b.wide(inside), stride)), bytes};
    };
  };
  copyRows(stage, keyTile, headSize, paddedHead,
           from(segment.keys, segment.keyStride));
  copyRows(b.offset(stage, keyBytes()), keyTile, valueSize, paddedValue,
           from(segment.values, segment.valueStride));
}

void MmaAttention::prepare() {
  queries = b.offset(sharedMemory(), scratchBytes());
  firstStage = b.offset(queries, queryBytes());
  // Matrices of ldmatrix.x4 are in the order of the operand's registers.
  Value low = b.bitAnd(lane, 15), high = b.div(lane, 16);
  Value row = b.add(b.mul(warp, 16 * strips), low);
  queryLane =
      b.offset(queries, b.add(b.mul(row, pitch(paddedHead)), b.mul(high, 16)));
  Value keyRow = b.add(b.mul(high, 8), b.bitAnd(lane, 7));
  Value keyHalf = b.bitAnd(b.div(lane, 8), 1);
  keyLane = b.add(b.mul(keyRow, pitch(paddedHead)), b.mul(keyHalf, 16));
  valueLane =
      b.add(b.add(b.mul(low, pitch(paddedValue)), b.mul(high, 16)), keyBytes());
  clearPadding();
}

void MmaAttention::loadQueries(Value shift) {
  if (op.getQueryRotaryAttr()) {
    auto place = [&](Value row, Value piece) {
      return b.offset(queries,
                      b.add(b.mul(row, pitch(paddedHead)), b.mul(piece, 16)));
    };
    if (!rotatePieces(shift, tileRows(), place))
      forEachQuery(
          shift, kThreads, tileRows(), [&](Value row, Value d, Value value) {
            Value at = b.add(b.mul(row, pitch(paddedHead)), b.mul(d, 2));
            b.store(b.fromF32(value, element), b.offset(queries, at));
          });
    return;
  }
  copyRows(queries, tileRows(), headSize, paddedHead,
           [&](Value row) -> std::pair<Value, Value> {
             return {rowAddress(query, row), b.i32(16)};
           });
  NVVM::CpAsyncCommitGroupOp::create(b);
}

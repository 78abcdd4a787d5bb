//===- AttentionMerge.cpp - attention whose keys are shared out -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// With few queries over many keys there are not enough tiles of rows to fill a
// GPU. Several thread blocks then share the keys of a tile of rows, each keeps
// what it found in f32 with its log-sum-exp, and a second kernel puts the
// parts together (as FlashDecoding does). The memory is an output of rank 1:
// first [splits, rows, Dv], then [splits, rows].
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/AttentionEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

#include <limits>

using namespace mlir;
using namespace blockattn;

static constexpr double kLog2E = 1.4426950408889634;
static constexpr double kLn2 = 0.6931471805599453;
static constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Of a row of a tile.
static constexpr int64_t kMostParts = 64;

static Value outputOfRank(AttentionKernelOp op, int64_t rank) {
  for (Value output : op.getOutputs())
    if (cast<ShapedType>(output.getType()).getRank() == rank)
      return output;
  return nullptr;
}

Value blockattn::lseOf(AttentionKernelOp op) { return outputOfRank(op, 3); }
Value blockattn::workspaceOf(AttentionKernelOp op) {
  return outputOfRank(op, 1);
}

Value blockattn::attentionSplits(OpBuilder &builder, AttentionKernelOp op) {
  ImplicitLocOpBuilder b(op.getLoc(), builder);
  auto dim = [&](Value memref, int64_t i) {
    return b.createOrFold<memref::DimOp>(memref, i);
  };
  Value one = arith::ConstantIndexOp::create(b, 1);
  Value result = op.getOutputs()[0];
  Value size = b.createOrFold<arith::AddIOp>(dim(result, 3), one);
  for (int64_t i = 0; i < 3; ++i)
    size = b.createOrFold<arith::MulIOp>(size, dim(result, i));
  // Without rows nothing is launched, and without memory nothing is split.
  size = b.createOrFold<arith::MaxSIOp>(size, one);
  Value parts = b.createOrFold<arith::DivUIOp>(dim(workspaceOf(op), 0), size);
  Value most = arith::ConstantIndexOp::create(b, kMostParts);
  parts = b.createOrFold<arith::MinSIOp>(parts, most);
  return b.createOrFold<arith::MaxSIOp>(parts, one);
}

//===----------------------------------------------------------------------===//
// Partial results
//===----------------------------------------------------------------------===//

/// The number of a row among all parts.
Value AttentionEmitter::partialRow(Value row) {
  Value rows = b.mul(numRows, kvHeads);
  return b.add(b.mul(b.wide(b.blockY()), b.wide(rows)), b.wide(rowIndex(row)));
}

Value AttentionEmitter::partialAddress(Value row) {
  return b.offset(pointerParameter(workspaceOf(op)),
                  b.mul(partialRow(row), 4 * valueSize));
}

void AttentionEmitter::storePartialLse(Value row, Value lse) {
  Value rows = b.mul(b.wide(splits), b.wide(b.mul(numRows, kvHeads)));
  Value index = b.add(b.mul(rows, valueSize), partialRow(row));
  b.store(lse, b.offset(pointerParameter(workspaceOf(op)), b.mul(index, 4)));
}

void AttentionEmitter::eitherResult(function_ref<void(bool partial)> store) {
  if (!splits)
    return store(false);
  Value whole = b.lessEqual(splits, b.i32(1));
  b.when(whole, [&] { store(false); });
  b.when(b.less(b.i32(1), splits), [&] { store(true); });
}

//===----------------------------------------------------------------------===//
// Merging
//===----------------------------------------------------------------------===//

namespace {
/// A thread block has one row, a thread some columns.
class AttentionMerge : public AttentionEmitter {
public:
  using AttentionEmitter::AttentionEmitter;

protected:
  static constexpr int64_t kThreads = 128;

  Geometry geometry() const override { return {kThreads, 1, 1, 0, 8}; }
  void prepare() override {}
  void loadQueries(Value) override {}
  Values initialState() override { return {}; }
  Values attend(const KeySegment &, ValueRange) override { return {}; }
  unsigned rowsOfLane() const override { return 0; }
  Value laneRow(unsigned) override { return {}; }
  void finish(ValueRange) override;
  void emitBody() override;
  std::pair<Value, Value> grid(KernelBuilder &h) override;
};
} // namespace

void AttentionMerge::emitBody() {
  placeBlock();
  result = operand(op.getOutputs()[0]);
  finish({});
}

/// Nothing is there to merge when the keys were not split.
std::pair<Value, Value> AttentionMerge::grid(KernelBuilder &h) {
  auto [rows, parts] = AttentionEmitter::grid(h);
  Value one = h.index(1);
  return {rows, h.min(h.sub(parts, one), one)};
}

void AttentionMerge::finish(ValueRange) {
  Type f32 = b.getF32Type();
  Value zero = b.i32(0), one = b.i32(1);
  Value rows = b.wide(b.mul(numRows, kvHeads));
  Value partials = pointerParameter(workspaceOf(op));
  Value row = b.wide(rowIndex(firstRow));
  Value logarithms = b.offset(
      partials, b.mul(b.mul(b.mul(rows, b.wide(splits)), valueSize), 4));
  auto indexOf = [&](Value part) {
    return b.add(b.mul(b.wide(part), rows), row);
  };
  // Loads of several parts are in flight at once, the first ones beside those
  // that their weights are made of. Those beyond the last have no weight.
  constexpr int64_t kBatch = 16;
  Value lastPart = b.sub(splits, one);
  auto loadBatch = [&](Value begin, Value column) {
    Value inside = b.min(column, b.i32(valueSize - 1));
    Values outputs;
    for (int64_t i = 0; i < kBatch; ++i) {
      Value part = b.min(b.add(begin, i), lastPart);
      Value at = b.add(b.mul(indexOf(part), valueSize), b.wide(inside));
      outputs.push_back(b.load(f32, b.offset(partials, b.mul(at, 4))));
    }
    return outputs;
  };
  Values columns, firstBatches;
  for (int64_t first = 0; first < valueSize; first += kThreads)
    columns.push_back(b.add(thread, first));
  for (Value column : columns)
    llvm::append_range(firstBatches, loadBatch(zero, column));

  // A lane has a part or two, of all of which it gets the weights.
  auto lseOfPart = [&](Value part) {
    return b.branch(
        b.less(part, splits), f32,
        [&]() -> Values {
          return {b.load(f32, b.offset(logarithms, b.mul(indexOf(part), 4)))};
        },
        [&]() -> Values { return {b.f32(-kInfinity)}; })[0];
  };
  auto overLanes = [&](Value value, function_ref<Value(Value, Value)> combine) {
    for (int64_t mask = 1; mask < 32; mask *= 2)
      value = combine(value, b.shuffleXor(value, mask));
    return value;
  };
  Value weights[kMostParts / 32], maximum;
  for (auto [i, weight] : llvm::enumerate(weights)) {
    weight = lseOfPart(b.add(lane, 32 * i));
    maximum = maximum ? b.maxF(maximum, weight) : weight;
  }
  maximum = overLanes(maximum, [&](Value x, Value y) { return b.maxF(x, y); });
  Value base = b.select(b.equalF(maximum, b.f32(-kInfinity)), b.f32(0),
                        b.mulF(maximum, b.f32(-kLog2E)));
  Value sum;
  for (Value &weight : weights) {
    weight = b.exp2(b.fma(weight, b.f32(kLog2E), base));
    sum = sum ? b.addF(sum, weight) : weight;
  }
  sum = overLanes(sum, [&](Value x, Value y) { return b.addF(x, y); });
  Value empty = b.equalF(sum, b.f32(0));
  Value inverse = b.select(empty, b.f32(0), b.divF(b.f32(1), sum));
  auto weightOf = [&](Value part) {
    Value weight;
    for (auto [i, mine] : llvm::enumerate(weights)) {
      Value there =
          NVVM::ShflOp::create(b, f32, b.i32(-1), mine, b.bitAnd(part, 31),
                               b.i32(31), NVVM::ShflKind::idx, UnitAttr());
      Value above = b.less(part, b.i32(32 * static_cast<int64_t>(i)));
      weight = weight ? b.select(above, weight, there) : there;
    }
    return weight;
  };

  auto addBatch = [&](Value begin, ArrayRef<Value> outputs, Value total) {
    for (int64_t i = 0; i < kBatch; ++i) {
      Value part = b.add(begin, i);
      Value weight = b.select(b.less(part, splits), weightOf(part), b.f32(0));
      total = b.fma(weight, outputs[i], total);
    }
    return total;
  };
  for (auto [i, column] : llvm::enumerate(columns)) {
    Value merged =
        addBatch(zero, ArrayRef<Value>(firstBatches).slice(i * kBatch, kBatch),
                 b.f32(0));
    merged =
        b.loop(b.i32(kBatch), splits, b.i32(kBatch), merged,
               [&](Value begin, ValueRange carried) -> Values {
                 return {addBatch(begin, loadBatch(begin, column), carried[0])};
               })[0];
    b.when(b.less(column, b.i32(valueSize)), [&] {
      b.store(b.fromF32(b.mulF(merged, inverse), element),
              b.offset(rowAddress(result, zero),
                       b.wide(b.mul(column, elementBytes))));
    });
  }
  b.when(b.equal(thread, zero), [&] {
    Value whole = b.select(empty, b.f32(1), sum);
    Value lse = b.mulF(b.subF(b.log2(whole), base), b.f32(kLn2));
    storeLse(firstRow, b.select(empty, b.f32(-kInfinity), lse));
  });
}

std::unique_ptr<AttentionEmitter>
blockattn::makeAttentionMerge(AttentionKernelOp op, gpu::GPUFuncOp kernel) {
  return std::make_unique<AttentionMerge>(op, kernel);
}

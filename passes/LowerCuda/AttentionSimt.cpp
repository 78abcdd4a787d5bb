//===- AttentionSimt.cpp - attention in f32 arithmetic --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// 256 threads have a tile of 64 rows. 16 neighbouring threads have 4 rows
// together: each computes the scores of 2 keys of 32, and every 16th column of
// the output; half as many rows and keys where shared memory is short. All
// operands are f32 in shared memory, whatever they were.
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/AttentionEmitter.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <limits>

using namespace mlir;
using namespace blockattn;

static constexpr int64_t kThreads = 256;
static constexpr int64_t kAcross = 16;
/// Elements of the head that are read at once.
static constexpr int64_t kVector = 4;
static constexpr double kInfinity = std::numeric_limits<double>::infinity();

namespace {
/// How much each thread has, and where it lies in shared memory.
struct Layout {
  Layout(AttentionKernelOp op, const CudaChip &chip);

  int64_t tileRows() const { return kThreads / kAcross * rows; }
  int64_t keyTile() const { return kAcross * keys; }
  /// Elements of a row of queries or keys in shared memory; 16 bytes more than
  /// the data, so that neighbouring rows lie in different banks.
  int64_t pitch() const { return llvm::alignTo(headSize, kVector) + kVector; }
  int64_t columns() const { return llvm::divideCeil(valueSize, kAcross); }
  int64_t keysOffset() const { return scratch + 4 * tileRows() * pitch(); }
  int64_t valuesOffset() const {
    return keysOffset() + 4 * keyTile() * pitch();
  }
  int64_t weightsOffset() const {
    return valuesOffset() + 4 * keyTile() * columns() * kAcross;
  }
  int64_t bytes() const {
    return weightsOffset() + 4 * tileRows() * (keyTile() + 1);
  }

  int64_t headSize, valueSize, scratch;
  /// Of a thread.
  int64_t rows = 4, keys = 2;
};

class SimtAttention : public AttentionEmitter {
public:
  SimtAttention(AttentionKernelOp op, gpu::GPUFuncOp kernel,
                const CudaChip &chip)
      : AttentionEmitter(op, kernel), layout(op, chip) {}

protected:
  Geometry geometry() const override;
  void prepare() override;
  void loadQueries(Value shift) override;
  Values initialState() override;
  Values attend(const KeySegment &segment, ValueRange state) override;
  unsigned rowsOfLane() const override { return layout.rows; }
  Value laneRow(unsigned i) override {
    return b.add(b.mul(down, layout.rows), i);
  }
  void finish(ValueRange state) override;

private:
  Value sharedAt(int64_t base, Value elements);
  void copyTile(Value source, Value stride, int64_t size, int64_t target,
                int64_t pitch, Value firstKey, Value end);
  Values scores();
  Values step(const KeySegment &segment, Value firstKey, ValueRange state);

  Layout layout;
  /// The thread's place among the rows and among the columns.
  Value down, across;
};
} // namespace

std::optional<std::string> blockattn::whyNotSimt(AttentionKernelOp op) {
  for (Value operand : {op.getKey(), op.getValue()}) {
    int64_t size = cast<MemRefType>(operand.getType()).getDimSize(3);
    if (ShapedType::isDynamic(size))
      return "its head size is not known; give the model's inputs static head "
             "dimensions";
    if (size > 256)
      return "its head size " + std::to_string(size) + " is above 256";
  }
  for (Value operand :
       {op.getQuery(), op.getKey(), op.getValue(), op.getOutputs()[0]})
    if (cast<MemRefType>(operand.getType()).getStridesAndOffset().first[3] != 1)
      return "the elements of a head are not beside one another in memory";
  return std::nullopt;
}

Layout::Layout(AttentionKernelOp op, const CudaChip &chip) {
  auto sizeOf = [](Value operand) {
    return cast<MemRefType>(operand.getType()).getDimSize(3);
  };
  headSize = sizeOf(op.getKey());
  valueSize = sizeOf(op.getValue());
  scratch = AttentionEmitter::scratchBytesOf(op);
  // Long heads do not fit everywhere.
  if (bytes() > chip.sharedBytes) {
    rows = 2;
    keys = 1;
  }
}

int64_t blockattn::simtTileRows(AttentionKernelOp op, const CudaChip &chip) {
  return Layout(op, chip).tileRows();
}

std::unique_ptr<AttentionEmitter>
blockattn::makeSimtAttention(AttentionKernelOp op, gpu::GPUFuncOp kernel,
                             const CudaChip &chip) {
  return std::make_unique<SimtAttention>(op, kernel, chip);
}

AttentionEmitter::Geometry SimtAttention::geometry() const {
  return {kThreads, layout.tileRows(), layout.keyTile(), layout.bytes(),
          /*residents=*/1};
}

Value SimtAttention::sharedAt(int64_t base, Value elements) {
  return b.offset(sharedMemory(), b.add(b.mul(elements, 4), base));
}

void SimtAttention::prepare() {
  down = b.div(thread, kAcross);
  across = b.rem(thread, kAcross);
  // Columns beyond the data are zeros, and stay so.
  int64_t padding = llvm::alignTo(headSize, kVector) - headSize;
  for (int64_t i = 0; i < padding; ++i)
    b.loop(thread, b.i32(layout.tileRows() + layout.keyTile()), b.i32(kThreads),
           [&](Value row) {
             Value at = b.add(b.mul(row, layout.pitch()), headSize + i);
             b.store(b.f32(0), sharedAt(layout.scratch, at));
           });
}

void SimtAttention::loadQueries(Value shift) {
  forEachQuery(shift, kThreads, layout.tileRows(),
               [&](Value row, Value d, Value value) {
                 Value at = b.add(b.mul(row, layout.pitch()), d);
                 b.store(value, sharedAt(layout.scratch, at));
               });
}

/// A tile of keys or values to shared memory; zeros beyond the end.
void SimtAttention::copyTile(Value source, Value stride, int64_t size,
                             int64_t target, int64_t pitch, Value firstKey,
                             Value end) {
  b.loop(thread, b.i32(layout.keyTile() * size), b.i32(kThreads), [&](Value i) {
    Value row = b.div(i, size), column = b.rem(i, size);
    Value index = b.add(firstKey, row);
    Value loaded = b.branch(
        b.less(index, end), b.getF32Type(),
        [&]() -> Values {
          Value bytes = b.add(b.mul(b.wide(index), stride),
                              b.wide(b.mul(column, elementBytes)));
          return {b.toF32(b.load(element, b.offset(source, bytes)))};
        },
        [&]() -> Values { return {b.f32(0)}; })[0];
    b.store(loaded, sharedAt(target, b.add(b.mul(row, pitch), column)));
  });
}

AttentionEmitter::Values SimtAttention::initialState() {
  Values state(layout.rows * layout.columns(), b.f32(0));
  state.append(layout.rows, b.f32(-kInfinity));
  state.append(layout.rows, b.f32(0));
  return state;
}

/// The thread's scores: [row][key], keys are across + 16 * key.
AttentionEmitter::Values SimtAttention::scores() {
  auto vector = VectorType::get({kVector}, b.getF32Type());
  Value rows =
      sharedAt(layout.scratch, b.mul(b.mul(down, layout.rows), layout.pitch()));
  Value keys = sharedAt(layout.keysOffset(), b.mul(across, layout.pitch()));
  int64_t pieces = llvm::divideCeil(headSize, kVector);
  return b.loop(
      b.i32(0), b.i32(pieces), b.i32(1),
      Values(layout.rows * layout.keys, b.f32(0)),
      [&](Value piece, ValueRange carried) {
        Value bytes = b.mul(piece, 4 * kVector);
        auto read = [&](Value base, int64_t row) {
          Value whole = b.load(
              vector, b.offset(b.offset(base, bytes), 4 * row * layout.pitch()),
              16);
          Values parts;
          for (int64_t i = 0; i < kVector; ++i)
            parts.push_back(LLVM::ExtractElementOp::create(b, whole, b.i32(i)));
          return parts;
        };
        SmallVector<Values> k;
        for (int64_t key = 0; key < layout.keys; ++key)
          k.push_back(read(keys, key * kAcross));
        Values sums(carried);
        for (int64_t row = 0; row < layout.rows; ++row) {
          Values q = read(rows, row);
          for (int64_t key = 0; key < layout.keys; ++key)
            for (int64_t i = 0; i < kVector; ++i)
              sums[row * layout.keys + key] =
                  b.fma(q[i], k[key][i], sums[row * layout.keys + key]);
        }
        return sums;
      });
}

AttentionEmitter::Values SimtAttention::step(const KeySegment &segment,
                                             Value firstKey, ValueRange state) {
  int64_t outputs = layout.rows * layout.columns();
  Values next(state), weights = scores();
  Value c = b.f32(factor());
  SmallVector<Value> index, seen, places;
  for (int64_t key = 0; key < layout.keys; ++key) {
    index.push_back(b.add(b.add(firstKey, across), key * kAcross));
    if (segment.keyMask)
      seen.push_back(keyMaskAt(segment, index[key]));
    if (hasSlopes)
      places.push_back(placeOf(segment, index[key]));
  }
  Value weightRows =
      sharedAt(layout.weightsOffset(),
               b.mul(b.mul(down, layout.rows), layout.keyTile() + 1));
  for (int64_t row = 0; row < layout.rows; ++row) {
    Value maximum = state[outputs + row];
    for (int64_t key = 0; key < layout.keys; ++key) {
      Value &score = weights[row * layout.keys + key];
      if (needsCap())
        score = capped(score);
      if (hasSlopes)
        score = biased(segment, row, places[key], score);
      Value ok = b.both(b.lessEqual(segment.first[row], index[key]),
                        b.lessEqual(index[key], segment.last[row]));
      if (segment.keyMask)
        ok = b.both(ok, seen[key]);
      score = b.select(ok, score, b.f32(-kInfinity));
      maximum = b.maxF(maximum, score);
    }
    for (int64_t mask = 1; mask < kAcross; mask *= 2)
      maximum = b.maxF(maximum, b.shuffleXor(maximum, mask));
    // A row that has seen nothing yet: -inf - -inf would be NaN.
    Value base = b.select(b.equalF(maximum, b.f32(-kInfinity)), b.f32(0),
                          b.mulF(maximum, b.f32(-factor())));
    Value rescale = b.exp2(b.fma(state[outputs + row], c, base));
    Value sum = b.mulF(state[outputs + layout.rows + row], rescale);
    for (int64_t key = 0; key < layout.keys; ++key) {
      Value weight = b.exp2(b.fma(weights[row * layout.keys + key], c, base));
      sum = b.addF(sum, weight);
      Value at = b.add(across, row * (layout.keyTile() + 1) + key * kAcross);
      b.store(weight, b.offset(weightRows, b.mul(at, 4)));
    }
    next[outputs + row] = maximum;
    next[outputs + layout.rows + row] = sum;
    for (int64_t column = 0; column < layout.columns(); ++column) {
      Value &output = next[row * layout.columns() + column];
      output = b.mulF(output, rescale);
    }
  }
  // The rows of 16 threads are read by the same 16 alone.
  NVVM::SyncWarpOp::create(b, b.i32(-1));
  Values sums = b.loop(
      b.i32(0), b.i32(layout.keyTile()), b.i32(1),
      ArrayRef(next).take_front(outputs), [&](Value key, ValueRange carried) {
        Values products(carried);
        Value values =
            sharedAt(layout.valuesOffset(),
                     b.add(b.mul(key, layout.columns() * kAcross), across));
        Value column0 = b.offset(weightRows, b.mul(key, 4));
        Values v;
        for (int64_t column = 0; column < layout.columns(); ++column)
          v.push_back(
              b.load(b.getF32Type(), b.offset(values, 4 * column * kAcross)));
        for (int64_t row = 0; row < layout.rows; ++row) {
          Value weight =
              b.load(b.getF32Type(),
                     b.offset(column0, 4 * row * (layout.keyTile() + 1)));
          for (int64_t column = 0; column < layout.columns(); ++column) {
            Value &product = products[row * layout.columns() + column];
            product = b.fma(weight, v[column], product);
          }
        }
        return products;
      });
  llvm::copy(sums, next.begin());
  return next;
}

AttentionEmitter::Values SimtAttention::attend(const KeySegment &segment,
                                               ValueRange state) {
  return b.loop(segment.begin, segment.end, b.i32(layout.keyTile()), state,
                [&](Value firstKey, ValueRange carried) {
                  // All are done with the tile before, and with the queries.
                  b.barrier();
                  copyTile(segment.keys, segment.keyStride, headSize,
                           layout.keysOffset(), layout.pitch(), firstKey,
                           segment.end);
                  copyTile(segment.values, segment.valueStride, valueSize,
                           layout.valuesOffset(), layout.columns() * kAcross,
                           firstKey, segment.end);
                  b.barrier();
                  return step(segment, firstKey, carried);
                });
}

void SimtAttention::finish(ValueRange state) {
  int64_t outputs = layout.rows * layout.columns();
  for (int64_t row = 0; row < layout.rows; ++row) {
    Value sum = state[outputs + layout.rows + row];
    for (int64_t mask = 1; mask < kAcross; mask *= 2)
      sum = b.addF(sum, b.shuffleXor(sum, mask));
    auto [inverse, lse] = normalizer(state[outputs + row], sum);
    Value factor = inverse, logarithm = lse;
    Value index = b.add(firstRow, laneRow(row));
    auto outputs = [&](Value address, bool partial) {
      for (int64_t column = 0; column < layout.columns(); ++column) {
        Value at = b.add(across, column * kAcross);
        Value output = b.mulF(state[row * layout.columns() + column], factor);
        Value bytes = b.wide(b.mul(at, partial ? 4 : elementBytes));
        auto store = [&] {
          b.store(partial ? output : b.fromF32(output, element),
                  b.offset(address, bytes));
        };
        if ((column + 1) * kAcross <= valueSize)
          store();
        else
          b.when(b.less(at, b.i32(valueSize)), store);
      }
    };
    b.when(b.less(index, numRows), [&] {
      eitherResult([&](bool partial) {
        outputs(partial ? partialAddress(index)
                        : rowAddress(result, laneRow(row)),
                partial);
        b.when(b.equal(across, b.i32(0)), [&] {
          partial ? storePartialLse(index, logarithm)
                  : storeLse(index, logarithm);
        });
      });
    });
  }
}

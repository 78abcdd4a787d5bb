//===- ThreadNest.cpp - a linalg operation as seen by a GPU thread --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/ThreadNest.h"

#include "passes/Lower/StridedMemory.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;
using namespace blockattn;

void blockattn::synchronise(KernelBuilder &b, const Team &team) {
  if (team.isWarp())
    NVVM::SyncWarpOp::create(b, b.i32(-1));
  else
    gpu::BarrierOp::create(b);
}

ThreadNest::ThreadNest(KernelBuilder &builder, linalg::LinalgOp op,
                       unsigned rowLoops)
    : NestEmitter(builder, op, rowLoops) {
  unsigned numRows = rowLoops ? nest.loopOf[rowLoops - 1] + 1 : 0;
  for (unsigned i = 0; i < nest.numLoops(); ++i)
    if (i < numRows)
      rows.push_back(i);
    else
      (nest.isParallel[i] ? parallel : reductions).push_back(i);
}

bool ThreadNest::canShare(const LoopNest &nest, unsigned rowLoops) {
  unsigned numRows = rowLoops ? nest.loopOf[rowLoops - 1] + 1 : 0;
  bool anyParallel = false, anyReduction = false;
  for (unsigned i = 0; i < nest.numLoops(); ++i) {
    if (i < numRows && !nest.isParallel[i])
      return false;
    if (i >= numRows)
      (nest.isParallel[i] ? anyParallel : anyReduction) = true;
  }
  if (!anyReduction)
    return true;
  if (anyParallel)
    return false;
  for (unsigned i = 0; i < nest.numOutputs; ++i) {
    Operation *combiner = combinerOf(nest, i);
    if (!combiner || !arith::getNeutralElement(combiner))
      return false;
  }
  return true;
}

Value ThreadNest::countPoints() {
  Value count = b.index(1);
  for (unsigned loop = 0; loop < nest.numLoops(); ++loop)
    if (nest.isParallel[loop])
      count = b.mul(count, nest.sizes[loop]);
  return count;
}

void ThreadNest::emitPoint(Value point) {
  SmallVector<unsigned> loops(rows);
  llvm::append_range(loops, parallel);
  setIndices(loops, point);
  emitElement();
}

void ThreadNest::emitElement() {
  SmallVector<Value> old =
      oldValues([&](const LoopNest::Access &access) { return load(access); });
  SmallVector<Value> results = reductionLoops(
      reductions, old, [&](ValueRange carried) { return evaluate(carried); });
  for (auto [i, value] : llvm::enumerate(results))
    store(i, value);
}

Value ThreadNest::countOf(ArrayRef<unsigned> loops) {
  Value count = b.index(1);
  for (unsigned loop : loops)
    count = b.mul(count, nest.sizes[loop]);
  return count;
}

Value ThreadNest::countRows() { return countOf(rows); }

Value ThreadNest::countInRow() {
  return b.mul(countOf(parallel), countOf(reductions));
}

void ThreadNest::emitRow(Value row, const Team &team, int64_t width) {
  setIndices(rows, row);
  if (!reductions.empty())
    return reduceRow(team, width);
  if (parallel.empty()) {
    // One element: the first thread's.
    b.when(b.equal(team.lane, b.index(0)), [&] { emitElement(); });
    return;
  }
  Value count = b.div(countOf(parallel), b.index(width));
  b.loop(team.lane, count, team.size, [&](Value i) {
    setWideIndices(parallel, i, width);
    if (width > 1)
      emitWideElements(width);
    else
      emitElement();
  });
}

//===----------------------------------------------------------------------===//
// Several elements at once
//===----------------------------------------------------------------------===//

/// Bytes that a thread reads and writes at once.
static constexpr int64_t kWideBytes = 16;

bool ThreadNest::isWide(const LoopNest::Access &access) const {
  std::optional<bool> contiguous =
      isContiguousAlong(access, nest.numLoops() - 1);
  return contiguous && *contiguous;
}

int64_t ThreadNest::width() const {
  // Outside of rows a reduction is the work of one thread.
  if (parallel.empty() && reductions.empty())
    return 1;
  if (rows.empty() && !reductions.empty())
    return 1;
  unsigned last = nest.numLoops() - 1;
  int64_t smallest = kWideBytes;
  for (auto [i, access] : llvm::enumerate(nest.accesses)) {
    std::optional<bool> contiguous = isContiguousAlong(access, last);
    bool isOutput = i >= nest.numInputs;
    if (!contiguous ||
        (isOutput && *contiguous != static_cast<bool>(nest.isParallel[last])))
      return 1;
    if (!*contiguous)
      continue;
    Type element = getElementTypeOrSelf(access.operand.getType());
    // Booleans would be packed to bits.
    if (!VectorType::isValidElementType(element) || element.isIndex() ||
        element.isInteger(1))
      return 1;
    smallest = std::min<int64_t>(smallest, element.getIntOrFloatBitWidth() / 8);
  }
  return std::min<int64_t>(kWideBytes / smallest, 8);
}

Value ThreadNest::canBeWide(int64_t width) {
  Value zero = b.index(0), count = b.index(width);
  Value can = b.equal(b.rem(nest.sizes.back(), count), zero);
  for (const LoopNest::Access &access : nest.accesses) {
    if (!isWide(access))
      continue;
    StridedMemory memory(b, access.operand);
    can = b.both(
        can,
        b.equal(b.rem(memory.address(b), width * memory.elementBytes), zero));
    for (Value stride : ArrayRef(memory.strides).drop_back())
      can = b.both(can, b.equal(b.rem(stride, count), zero));
  }
  return can;
}

Value ThreadNest::countWidePoints(int64_t width) {
  return b.div(countPoints(), b.index(width));
}

/// The indices of `loops`, which end with the last one, at the first of
/// `width` neighbours.
void ThreadNest::setWideIndices(ArrayRef<unsigned> loops, Value number,
                                int64_t width) {
  if (width == 1)
    return setIndices(loops, number);
  unsigned last = nest.numLoops() - 1;
  Value size = nest.sizes[last];
  nest.sizes[last] = b.div(size, b.index(width));
  setIndices(loops, number);
  nest.sizes[last] = size;
  indices[last] = b.mul(indices[last], b.index(width));
}

void ThreadNest::emitWidePoint(Value point, int64_t width) {
  setWideIndices(parallel, point, width);
  emitWideElements(width);
}

static VectorType wideType(const LoopNest::Access &access, int64_t width) {
  return VectorType::get({width},
                         getElementTypeOrSelf(access.operand.getType()));
}

static llvm::MaybeAlign wideAlignment(const LoopNest::Access &access,
                                      int64_t width) {
  Type element = getElementTypeOrSelf(access.operand.getType());
  return llvm::MaybeAlign(width * element.getIntOrFloatBitWidth() / 8);
}

/// What the body's arguments are at the current indices and the neighbours to
/// come: vectors, or one value for all. Null where nobody asks.
SmallVector<Value> ThreadNest::loadWide(int64_t width) {
  SmallVector<Value> loaded;
  for (auto [i, access] : llvm::enumerate(nest.accesses)) {
    // The old value of a sum is that of the thread.
    bool isSum = i >= nest.numInputs && !reductions.empty();
    if (isSum || nest.body->getArgument(i).use_empty())
      loaded.push_back(Value());
    else if (isWide(access))
      loaded.push_back(vector::LoadOp::create(
          b, wideType(access, width), access.operand, elementIndices(access),
          /*nontemporal=*/false, wideAlignment(access, width)));
    else
      loaded.push_back(load(access));
  }
  return loaded;
}

/// The arguments of one of the neighbours; its index is set, too.
SmallVector<Value> ThreadNest::lane(ArrayRef<Value> loaded, Value first,
                                    int64_t number) {
  indices.back() = b.add(first, b.index(number));
  SmallVector<Value> values;
  for (Value value : loaded) {
    if (value && isa<VectorType>(value.getType()))
      value = vector::ExtractOp::create(b, value, number);
    values.push_back(value);
  }
  return values;
}

void ThreadNest::emitWideElements(int64_t width) {
  SmallVector<Value> loaded = loadWide(width);
  Value first = indices.back();
  SmallVector<SmallVector<Value>> results(nest.numOutputs);
  for (int64_t i = 0; i < width; ++i) {
    SmallVector<Value> values = lane(loaded, first, i);
    for (auto [output, value] :
         llvm::enumerate(compute(ArrayRef(values).take_front(nest.numInputs),
                                 ArrayRef(values).drop_front(nest.numInputs))))
      results[output].push_back(value);
  }
  indices.back() = first;
  for (auto [i, values] : llvm::enumerate(results)) {
    const LoopNest::Access &access = nest.accesses[nest.numInputs + i];
    Value whole =
        vector::FromElementsOp::create(b, wideType(access, width), values);
    vector::StoreOp::create(b, whole, access.operand, elementIndices(access),
                            /*nontemporal=*/false,
                            wideAlignment(access, width));
  }
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

/// The values that the body yields, from the old values of the outputs.
SmallVector<Value> ThreadNest::evaluate(ValueRange old) {
  SmallVector<Value> inputs;
  for (unsigned i = 0; i < nest.numInputs; ++i)
    inputs.push_back(nest.body->getArgument(i).use_empty()
                         ? Value()
                         : load(nest.accesses[i]));
  return compute(inputs, old);
}

/// The same from the values of the inputs.
SmallVector<Value> ThreadNest::compute(ValueRange inputs, ValueRange old) {
  IRMapping mapping;
  for (unsigned i = 0; i < nest.numInputs; ++i)
    if (inputs[i])
      mapping.map(nest.body->getArgument(i), inputs[i]);
  for (unsigned i = 0; i < nest.numOutputs; ++i)
    if (old[i])
      mapping.map(nest.outputArgument(i), old[i]);
  for (Operation &op : nest.body->without_terminator())
    clone(op, mapping);
  SmallVector<Value> results;
  for (unsigned i = 0; i < nest.numOutputs; ++i)
    results.push_back(mapping.lookupOrDefault(nest.yielded(i)));
  return results;
}

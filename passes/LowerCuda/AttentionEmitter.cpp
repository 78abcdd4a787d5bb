//===- AttentionEmitter.cpp - what all attention kernels share ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/AttentionEmitter.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

#include <limits>

using namespace mlir;
using namespace blockattn;

static constexpr double kLog2E = 1.4426950408889634;
static constexpr double kLn2 = 0.6931471805599453;
static constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Kernels count in 32 bits, a position and a window together. More tokens than
/// this are on no GPU, so that a longer window sees what this one sees.
static constexpr int64_t kLongestWindow = int64_t(1) << 30;

AttentionEmitter::AttentionEmitter(AttentionKernelOp op, gpu::GPUFuncOp kernel)
    : op(op), b(op.getLoc(), kernel.getBody().front().getTerminator()),
      host(op), kernel(kernel) {
  auto type = cast<MemRefType>(op.getQuery().getType());
  element = type.getElementType();
  elementBytes = element.getIntOrFloatBitWidth() / 8;
  headSize = cast<MemRefType>(op.getKey().getType()).getDimSize(3);
  valueSize = cast<MemRefType>(op.getValue().getType()).getDimSize(3);
  window = std::min<int64_t>(op.getWindow(), kLongestWindow);
  scale = op.getScale().convertToDouble();
  softcap = op.getSoftcap().convertToDouble();
  causal = op.getCausal();
  hasSlopes = op.getSlopes().has_value();
  scratch = scratchBytesOf(op);
}

/// A word for each warp, then the turns of a rotary embedding.
int64_t AttentionEmitter::scratchBytesOf(AttentionKernelOp op) {
  int64_t bytes = 128;
  if (RotaryAttr rope = op.getQueryRotaryAttr())
    bytes += 8 * llvm::alignTo(rope.getInvFreq().getNumElements(), 16);
  return bytes;
}

//===----------------------------------------------------------------------===//
// What a thread block has
//===----------------------------------------------------------------------===//

/// An operand [B, N, H, D] at this thread block's sequence.
AttentionEmitter::Operand AttentionEmitter::operand(Value memref) {
  Operand result;
  result.pointer = b.offset(pointerParameter(memref),
                            b.mul(b.wide(sequence), strideOf(memref, 0)));
  result.token = strideOf(memref, 1);
  result.head = strideOf(memref, 2);
  return result;
}

void AttentionEmitter::loadSizes() {
  Type i32 = b.getI32Type();
  Value heads = parameter(hostDim(op.getQuery(), 2), i32);
  numQueries = parameter(hostDim(op.getQuery(), 1), i32);
  numKeys = parameter(hostDim(op.getKey(), 1), i32);
  kvHeads = parameter(hostDim(op.getKey(), 2), i32);
  group = b.div(heads, kvHeads);
  numRows = b.mul(numQueries, group);
  ahead = b.sub(numKeys, numQueries);
  if (workspaceOf(op))
    splits = parameter(attentionSplits(host, op), i32);
}

/// Which tile of which head this thread block has. Under a causal mask, and
/// under a layout whose last block is global, the last rows have the most to
/// do: they start first.
void AttentionEmitter::placeBlock() {
  loadSizes();
  Geometry shape = geometry();
  Value batch = parameter(hostDim(op.getQuery(), 0), b.getI32Type());
  Value strips = b.mul(batch, kvHeads);
  Value tiles = b.ceilDiv(numRows, shape.tileRows);
  Value block = b.blockX();
  Value strip = b.rem(block, strips);
  Value tile = b.sub(b.sub(tiles, b.i32(1)), b.div(block, strips));
  sequence = b.div(strip, kvHeads);
  kvHead = b.rem(strip, kvHeads);
  firstRow = tileFirstRow = b.mul(tile, shape.tileRows);
  thread = b.thread();
  lane = b.bitAnd(thread, 31);
  // The same in all lanes, which the assembler cannot know by itself.
  warp = NVVM::ShflOp::create(b, b.getI32Type(), b.i32(-1), b.div(thread, 32),
                              b.i32(0), b.i32(31), NVVM::ShflKind::idx,
                              UnitAttr());
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

std::pair<Value, Value> AttentionEmitter::queryAndHead(Value row) {
  return {b.div(row, group), b.add(b.mul(kvHead, group), b.rem(row, group))};
}

Value AttentionEmitter::rowAddress(const Operand &operand, Value row) {
  Value inside = b.min(b.add(firstRow, row), b.sub(numRows, b.i32(1)));
  auto [token, head] = queryAndHead(inside);
  Value bytes = b.add(b.mul(b.wide(token), operand.token),
                      b.mul(b.wide(head), operand.head));
  return b.offset(operand.pointer, bytes);
}

/// The query of each row of a lane.
AttentionEmitter::Values AttentionEmitter::rowQueries() {
  Values queries;
  for (unsigned i = 0; i < rowsOfLane(); ++i) {
    Value row = b.min(b.add(firstRow, laneRow(i)), b.sub(numRows, b.i32(1)));
    queries.push_back(b.div(row, group));
  }
  return queries;
}

/// The least first_key of the tile's queries, of which there are at most as
/// many as threads.
Value AttentionEmitter::firstKeyOfTile(Value firstQuery, Value lastQuery) {
  Value mine = b.min(b.add(firstQuery, thread), lastQuery);
  Value pointer =
      b.offset(pointerParameter(op.getFirstKey()), b.mul(b.wide(mine), 8));
  Value least = b.warpMin(b.narrow(b.load(b.getI64Type(), pointer)));
  b.when(b.equal(lane, b.i32(0)),
         [&] { b.store(least, b.offset(shared, b.mul(warp, 4))); });
  b.barrier();
  Value result;
  for (int64_t i = 0, warps = geometry().threads / 32; i < warps; ++i) {
    Value value = b.load(b.getI32Type(), b.offset(shared, 4 * i));
    result = result ? b.min(result, value) : value;
  }
  return result;
}

/// Where the keys are that came with the queries.
KeySegment AttentionEmitter::ownKeys() {
  KeySegment segment;
  segment.keys = b.offset(key.pointer, b.mul(b.wide(kvHead), key.head));
  segment.values = b.offset(value.pointer, b.mul(b.wide(kvHead), value.head));
  segment.keyStride = key.token;
  segment.valueStride = value.token;
  Value zero = b.i32(0);
  segment.isOwn = b.equal(zero, zero);
  segment.begin = zero;
  segment.end = numKeys;
  // Without an order a window is as wide ahead.
  if (causal || window) {
    Value lastRow =
        b.sub(b.min(b.add(firstRow, geometry().tileRows), numRows), b.i32(1));
    Value lastQuery = b.add(b.div(lastRow, group), ahead);
    segment.end = b.min(b.add(lastQuery, causal ? 1 : window), numKeys);
  }
  auto ofSequence = [&](Value memref) {
    return b.offset(pointerParameter(memref),
                    b.mul(b.wide(sequence), strideOf(memref, 0)));
  };
  if (Value mask = op.getKeyMask())
    segment.keyMask = ofSequence(mask);
  if (Value places = op.getKeyPositions())
    segment.keyPlaces = ofSequence(places);
  return segment;
}

/// Which of them are seen.
void AttentionEmitter::fillOwnRange(KeySegment &segment) {
  if (hasSlopes)
    slopes = rowSlopes();
  Value zero = b.i32(0), lastKey = b.sub(numKeys, b.i32(1));
  auto firstKeyAt = [&](Value rowQuery) {
    Value pointer = b.offset(pointerParameter(op.getFirstKey()),
                             b.mul(b.wide(rowQuery), 8));
    return b.narrow(b.load(b.getI64Type(), pointer));
  };
  for (Value rowQuery : rowQueries()) {
    Value first = zero, last = lastKey;
    Value position = b.add(rowQuery, ahead);
    if (causal || window)
      last = b.min(causal ? position : b.add(position, window - 1), lastKey);
    if (window)
      first = b.max(first, b.add(position, 1 - window));
    if (op.getFirstKey())
      first = b.max(first, firstKeyAt(rowQuery));
    segment.first.push_back(first);
    segment.last.push_back(last);
    if (hasSlopes)
      segment.origins.push_back(placeOf(segment, position));
  }
  Value firstQuery = b.div(firstRow, group);
  if (window)
    segment.begin = b.max(zero, b.add(b.add(firstQuery, ahead), 1 - window));
  if (op.getFirstKey()) {
    Value lastRow =
        b.sub(b.min(b.add(firstRow, geometry().tileRows), numRows), b.i32(1));
    segment.begin =
        b.max(segment.begin, firstKeyOfTile(firstQuery, b.div(lastRow, group)));
  }
}

/// `own` of a key that came with the queries; its index is within the array.
Value AttentionEmitter::ofOwnKey(const KeySegment &segment, Value index,
                                 Type type, function_ref<Value(Value)> own,
                                 Value otherwise) {
  return b.branch(
      b.both(segment.isOwn, b.less(b.i32(0), numKeys)), type,
      [&]() -> Values {
        Value lastKey = b.sub(numKeys, b.i32(1));
        return {own(b.wide(b.max(b.i32(0), b.min(index, lastKey))))};
      },
      [&]() -> Values { return {otherwise}; })[0];
}

Value AttentionEmitter::keyMaskAt(const KeySegment &segment, Value index) {
  Type i8 = b.getI8Type();
  Value one = LLVM::ConstantOp::create(b, i8, 1);
  Value byte = ofOwnKey(
      segment, index, i8,
      [&](Value at) { return b.load(i8, b.offset(segment.keyMask, at)); }, one);
  Value none = LLVM::ConstantOp::create(b, i8, 0);
  return LLVM::ICmpOp::create(b, LLVM::ICmpPredicate::ne, byte, none);
}

Value AttentionEmitter::placeOf(const KeySegment &segment, Value index) {
  Value place = index;
  if (segment.keyPlaces)
    place = ofOwnKey(
        segment, index, b.getI32Type(),
        [&](Value at) {
          return b.narrow(b.load(b.getI64Type(),
                                 b.offset(segment.keyPlaces, b.mul(at, 8))));
        },
        index);
  return LLVM::SIToFPOp::create(b, b.getF32Type(), place);
}

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

double AttentionEmitter::factor() const {
  return needsCap() ? 1.0 : scale * kLog2E;
}

/// softcap * tanh(score * scale / softcap) in units of log2, or the scaled
/// score. tanh(x) is 1 - 2 / (1 + exp(2 x)), right to 1e-7 of the cap.
Value AttentionEmitter::capped(Value score) {
  if (softcap <= 0)
    return b.mulF(score, b.f32(scale * kLog2E));
  Value power = b.exp2(b.mulF(score, b.f32(2 * kLog2E * scale / softcap)));
  Value quotient = b.divF(b.f32(2), b.addF(power, b.f32(1)));
  return b.fma(quotient, b.f32(-softcap * kLog2E), b.f32(softcap * kLog2E));
}

/// The slope of the head of each row of a lane, in units of log2.
AttentionEmitter::Values AttentionEmitter::rowSlopes() {
  SmallVector<float> values;
  ArrayRef<float> perHead = *op.getSlopes();
  for (float slope : perHead)
    values.push_back(static_cast<float>(slope * kLog2E));
  auto module = kernel->getParentOfType<gpu::GPUModuleOp>();
  std::string name = (kernel.getName() + "_slopes").str();
  OpBuilder at = OpBuilder::atBlockBegin(module.getBody());
  int64_t count = values.size();
  auto data = DenseElementsAttr::get(
      RankedTensorType::get({count}, b.getF32Type()), ArrayRef<float>(values));
  LLVM::GlobalOp::create(at, op.getLoc(),
                         LLVM::LLVMArrayType::get(b.getF32Type(), count),
                         /*isConstant=*/true, LLVM::Linkage::Internal, name,
                         data, /*alignment=*/4, kGlobalMemory);
  Value table = LLVM::AddressOfOp::create(b, b.pointer(kGlobalMemory), name);
  Values result;
  for (unsigned i = 0; i < rowsOfLane(); ++i) {
    Value row = b.min(b.add(firstRow, laneRow(i)), b.sub(numRows, b.i32(1)));
    Value head = queryAndHead(row).second;
    result.push_back(
        b.load(b.getF32Type(), b.offset(table, b.wide(b.mul(head, 4)))));
  }
  return result;
}

Value AttentionEmitter::biased(const KeySegment &segment, unsigned row,
                               Value place, Value score) {
  return b.fma(slopes[row], b.subF(place, segment.origins[row]), score);
}

std::pair<Value, Value> AttentionEmitter::normalizer(Value maximum, Value sum) {
  Value empty = b.equalF(sum, b.f32(0));
  Value inverse = b.select(empty, b.f32(0), b.divF(b.f32(1), sum));
  Value lse = b.mulF(b.fma(maximum, b.f32(factor()), b.log2(sum)), b.f32(kLn2));
  return {inverse, b.select(empty, b.f32(-kInfinity), lse)};
}

void AttentionEmitter::storeLse(Value row, Value lse) {
  // [B, Nq, H]
  if (Value output = lseOf(op))
    b.store(lse, b.offset(pointerParameter(output),
                          b.mul(b.wide(rowIndex(row)), 4)));
}

/// The number of a row [B, Nq, H] of the result.
Value AttentionEmitter::rowIndex(Value row) {
  auto [token, head] = queryAndHead(row);
  Value index = b.add(b.mul(sequence, numQueries), token);
  return b.add(b.mul(index, b.mul(kvHeads, group)), head);
}

//===----------------------------------------------------------------------===//
// The body
//===----------------------------------------------------------------------===//

void AttentionEmitter::beginBody() {
  shared = LLVM::AddressOfOp::create(b, b.pointer(kSharedMemory),
                                     "attention_shared");
  placeBlock();
  query = operand(op.getQuery());
  key = operand(op.getKey());
  value = operand(op.getValue());
  result = operand(op.getOutputs()[0]);
  if (op.getQueryRotaryAttr())
    turnsMemory = b.offset(shared, 128);
}

void AttentionEmitter::emitBody() {
  beginBody();
  prepare();
  // Cached blocks may need turned queries, each block its own.
  if (!op.getQueryRotaryAttr())
    loadQueries(Value());
  KeySegment own = ownKeys();
  if (!op.getCache())
    prefetch(own);
  fillOwnRange(own);
  Values state = initialState();
  state = op.getCache() ? attendCache(own, state) : attend(own, state);
  finish(state);
}

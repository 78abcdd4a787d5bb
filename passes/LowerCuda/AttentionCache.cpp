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

using namespace mlir;
using namespace blockattn;

static Value callIntrinsic(DeviceBuilder &b, StringRef name, Value operand) {
  return LLVM::CallIntrinsicOp::create(b, operand.getType(),
                                       b.getStringAttr(name), operand)
      .getResult(0);
}

/// Cosines and sines of shift times each frequency. In f64 until the angle is
/// within [-pi, pi]: a product of a shift and a frequency has more digits than
/// f32 holds.
void AttentionEmitter::fillTurns(Value shift) {
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
  auto constant = [&](double value) -> Value {
    return LLVM::ConstantOp::create(b, f64, b.getF64FloatAttr(value));
  };
  b.loop(thread, b.i32(pairs), b.i32(geometry().threads), [&](Value pair) {
    Value frequency = b.load(f64, b.offset(table, b.mul(pair, 8)));
    Value angle = LLVM::FMulOp::create(b, turn, frequency);
    // Adding and taking away 1.5 * 2^52 rounds to a whole number.
    Value magic = constant(6755399441055744.0);
    Value turns =
        LLVM::FMAOp::create(b, angle, constant(0.15915494309189535), magic);
    turns = LLVM::FSubOp::create(b, turns, magic);
    Value rest =
        LLVM::FMAOp::create(b, turns, constant(-6.283185307179586), angle);
    Value small = LLVM::FPTruncOp::create(b, b.getF32Type(), rest);
    Value at = b.offset(shared, b.add(b.mul(pair, 8), 128));
    b.store(callIntrinsic(b, "llvm.nvvm.cos.approx.ftz.f", small), at);
    b.store(callIntrinsic(b, "llvm.nvvm.sin.approx.ftz.f", small),
            b.offset(at, 4));
  });
  b.barrier();
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
  fillTurns(shift);
  int64_t pairs = rope.getInvFreq().getNumElements();
  b.loop(thread, b.i32(rows * pairs), step, [&](Value i) {
    Value row = b.div(i, pairs);
    Value pair = b.rem(i, pairs);
    Value x = pair, y = b.add(pair, pairs);
    if (rope.getInterleaved()) {
      x = b.mul(pair, 2);
      y = b.add(x, 1);
    }
    Value turn = b.offset(shared, b.add(b.mul(pair, 8), 128));
    Value cos = b.load(b.getF32Type(), turn);
    Value sin = b.load(b.getF32Type(), b.offset(turn, 4));
    Value address = rowAddress(query, row);
    Value qx = loadElement(address, x), qy = loadElement(address, y);
    store(row, x, b.fma(qx, cos, b.mulF(qy, sin)));
    store(row, y, b.subF(b.mulF(qy, cos), b.mulF(qx, sin)));
  });
  copy(rope.getRotaryDim());
}

/// Walks over the blocks and then the own keys.
AttentionEmitter::Values AttentionEmitter::attendCache(const KeySegment &own,
                                                       Values state) {
  Type i32 = b.getI32Type(), i64 = b.getI64Type();
  Value blocks = parameter(hostDim(op.getCache(), 0), i32);
  Value columns = parameter(hostDim(op.getCache(), 1), i64);
  Value table = pointerParameter(op.getCache());
  Value layer;
  if (auto number = op->getAttrOfType<IntegerAttr>(kLayerArgumentAttr))
    layer = parameter(
        op->getParentOfType<FunctionOpInterface>().getArgument(number.getInt()),
        i64);
  else
    layer = b.i64(*op.getLayer());
  auto entry = [&](Value block, Value column) {
    Value index = b.add(b.mul(b.wide(block), columns), column);
    return b.load(i64, b.offset(table, b.mul(index, 8)));
  };
  auto lengthOf = [&](Value block) { return b.narrow(entry(block, b.i64(0))); };
  Value zero = b.i32(0);

  // Where the own keys begin in the prompt.
  Value firstPosition;
  if (window)
    firstPosition =
        b.warpMax(b.loop(lane, blocks, b.i32(32), zero,
                         [&](Value block, ValueRange carried) -> Values {
                           Value end = b.add(b.narrow(entry(block, b.i64(2))),
                                             lengthOf(block));
                           return {b.max(carried[0], end)};
                         })[0]);
  Values positions;
  if (window)
    for (Value rowQuery : rowQueries())
      positions.push_back(b.add(b.add(firstPosition, rowQuery), ahead));

  return b.loop(
      zero, b.add(blocks, 1), b.i32(1), state,
      [&](Value block, ValueRange carried) -> Values {
        Value isOwn = b.equal(block, blocks);
        // The row of the table that is read in place of the own keys' is none.
        Values row = b.branch(
            isOwn, {i32, i32, i32, i64, i64},
            [&]() -> Values {
              auto address = [&](Value pointer) -> Value {
                return LLVM::PtrToIntOp::create(b, i64, pointer);
              };
              return {own.end, zero, zero, address(own.keys),
                      address(own.values)};
            },
            [&]() -> Values {
              Value column = b.add(b.mul(layer, 2), 4);
              // A cached array is [length, kv_heads, size], row-major.
              auto head = [&](Value address, int64_t size) {
                return b.add(address,
                             b.mul(b.wide(kvHead), size * elementBytes));
              };
              return {lengthOf(block), b.narrow(entry(block, b.i64(1))),
                      b.narrow(entry(block, b.i64(2))),
                      head(entry(block, column), headSize),
                      head(entry(block, b.add(column, 1)), valueSize)};
            });
        Value length = row[0];
        auto pointer = [&](Value address) -> Value {
          return LLVM::IntToPtrOp::create(b, b.pointer(kGlobalMemory), address);
        };
        KeySegment segment;
        segment.keys = pointer(row[3]);
        segment.values = pointer(row[4]);
        Value wideHeads = b.wide(kvHeads);
        segment.keyStride = b.select(isOwn, own.keyStride,
                                     b.mul(wideHeads, headSize * elementBytes));
        segment.valueStride = b.select(
            isOwn, own.valueStride, b.mul(wideHeads, valueSize * elementBytes));
        segment.begin = b.select(isOwn, own.begin, zero);
        segment.end = length;
        Value lastKey = b.sub(length, b.i32(1));
        for (unsigned i = 0; i < rowsOfLane(); ++i) {
          Value first = zero;
          if (window) {
            // In positions of the prompt, then as an index into the block.
            first = b.sub(b.add(positions[i], 1 - window), row[2]);
            first = b.max(zero, first);
          }
          segment.first.push_back(b.select(isOwn, own.first[i], first));
          segment.last.push_back(b.select(isOwn, own.last[i], lastKey));
        }
        if (window) {
          // The tile's first query sees furthest back.
          Value firstQuery =
              b.add(b.add(firstPosition, b.div(firstRow, group)), ahead);
          Value begin =
              b.max(zero, b.sub(b.add(firstQuery, 1 - window), row[2]));
          segment.begin = b.select(isOwn, own.begin, b.min(begin, length));
        }
        segment.keyMask = own.keyMask;
        segment.keyMaskCounts = isOwn;
        if (op.getQueryRotaryAttr()) {
          // All threads are done with the queries of the block before.
          b.barrier();
          loadQueries(row[1]);
        }
        return attend(segment, carried);
      });
}

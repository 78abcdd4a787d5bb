//===- ThreadNestReductions.cpp - sums of threads that meet ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/ThreadNest.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"

using namespace mlir;
using namespace blockattn;

static constexpr int64_t kWarp = 32;

/// Each thread sums up every so many elements, then all sums meet.
void ThreadNest::reduceRow(const Team &team, int64_t width) {
  SmallVector<Value> init;
  for (unsigned i = 0; i < nest.numOutputs; ++i)
    init.push_back(arith::ConstantOp::create(
        b, *arith::getNeutralElement(combinerOf(nest, i))));
  Value count = b.div(countOf(reductions), b.index(width));
  SmallVector<Value> sums = b.loop(
      team.lane, count, team.size, init,
      [&](Value i, ValueRange carried) -> SmallVector<Value> {
        setWideIndices(reductions, i, width);
        if (width == 1)
          return evaluate(carried);
        SmallVector<Value> loaded = loadWide(width), sums(carried);
        Value first = indices.back();
        for (int64_t number = 0; number < width; ++number)
          sums = compute(
              ArrayRef(lane(loaded, first, number)).take_front(nest.numInputs),
              sums);
        return sums;
      });
  for (auto [i, sum] : llvm::enumerate(sums))
    sum = combineTeam(i, sum, team);
  b.when(b.equal(team.lane, b.index(0)), [&] {
    for (auto [i, sum] : llvm::enumerate(sums))
      store(i, combine(i, load(nest.accesses[nest.numInputs + i]), sum));
  });
}

Value ThreadNest::combine(unsigned output, Value x, Value y) {
  Operation *combiner = combinerOf(nest, output);
  IRMapping mapping;
  for (Value operand : combiner->getOperands())
    mapping.map(operand, operand == nest.outputArgument(output) ? x : y);
  return b.clone(*combiner, mapping)->getResult(0);
}

/// The value of another lane, whose number differs in the bits of `mask`.
static Value shuffle(KernelBuilder &b, Value value, int64_t mask) {
  Type type = value.getType();
  Type i32 = b.getI32Type();
  auto move = [&](Value word) -> Value {
    return gpu::ShuffleOp::create(b, word, static_cast<int32_t>(mask),
                                  static_cast<int32_t>(kWarp),
                                  gpu::ShuffleMode::XOR)
        .getShuffleResult();
  };
  if (type.isF32() || type.isInteger(32))
    return move(value);
  if (type.isIndex()) {
    Value wide = arith::IndexCastOp::create(b, b.getI64Type(), value);
    return arith::IndexCastOp::create(b, type, shuffle(b, wide, mask));
  }
  unsigned width = type.getIntOrFloatBitWidth();
  Type integer = b.getIntegerType(width);
  Value bits = type == integer
                   ? value
                   : Value(arith::BitcastOp::create(b, integer, value));
  if (width < 32) {
    bits = arith::TruncIOp::create(b, integer,
                                   move(arith::ExtUIOp::create(b, i32, bits)));
  } else {
    Value half = arith::ConstantOp::create(b, b.getIntegerAttr(integer, 32));
    Value low = move(arith::TruncIOp::create(b, i32, bits));
    Value high = move(
        arith::TruncIOp::create(b, i32, arith::ShRUIOp::create(b, bits, half)));
    bits = arith::OrIOp::create(
        b, arith::ExtUIOp::create(b, integer, low),
        arith::ShLIOp::create(
            b, arith::ExtUIOp::create(b, integer, high).getResult(), half));
  }
  return type == integer ? bits
                         : Value(arith::BitcastOp::create(b, type, bits));
}

Value ThreadNest::combineWarp(unsigned output, Value value, int64_t lanes) {
  for (int64_t mask = lanes / 2; mask > 0; mask /= 2)
    value = combine(output, value, shuffle(b, value, mask));
  return value;
}

Value ThreadNest::combineTeam(unsigned output, Value value, const Team &team) {
  value = combineWarp(output, value, kWarp);
  if (team.isWarp())
    return value;
  // One value a warp goes through shared memory; the first warp combines them.
  int64_t warps = team.size / kWarp;
  auto func = b.getInsertionBlock()->getParentOp();
  gpu::GPUFuncOp kernel = isa<gpu::GPUFuncOp>(func)
                              ? cast<gpu::GPUFuncOp>(func)
                              : func->getParentOfType<gpu::GPUFuncOp>();
  // An index or a boolean is kept as what it is in memory.
  Type element = value.getType();
  auto type = MemRefType::get(
      {warps}, element, MemRefLayoutAttrInterface(),
      gpu::AddressSpaceAttr::get(b.getContext(), gpu::AddressSpace::Workgroup));
  Value partial = kernel.addWorkgroupAttribution(type, b.getLoc());
  Value warp = b.div(team.lane, b.index(kWarp));
  Value inWarp = b.rem(team.lane, b.index(kWarp));
  b.when(b.equal(inWarp, b.index(0)), [&] { b.store(value, partial, warp); });
  gpu::BarrierOp::create(b);
  // Every thread reads one of the values, so that all lanes of a shuffle have
  // one; repeated values are in lanes that do not count.
  Value mine = b.load(partial, b.rem(inWarp, b.index(warps)));
  return combineWarp(output, mine, warps);
}

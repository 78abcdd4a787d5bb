//===- LaunchLoops.cpp - loops that threads share -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/LaunchLoops.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace blockattn;

scf::ForOp blockattn::onlyLoop(gpu::LaunchOp launch) {
  scf::ForOp found;
  for (Operation &op : launch.getBody().front().without_terminator()) {
    auto loop = dyn_cast<scf::ForOp>(op);
    if (loop && !found && loop.getNumResults() == 0)
      found = loop;
    else if (!isMemoryEffectFree(&op))
      return nullptr;
  }
  return found;
}

//===----------------------------------------------------------------------===//
// Scans
//===----------------------------------------------------------------------===//

std::optional<Scan> blockattn::matchScan(scf::ForOp loop) {
  Scan scan{loop, nullptr, nullptr};
  for (Operation &op : loop.getBody()->without_terminator()) {
    if (auto add = dyn_cast<linalg::GenericOp>(op); add && !scan.add)
      scan.add = add;
    else if (auto write = dyn_cast<linalg::CopyOp>(op); write && !scan.write)
      scan.write = write;
    else if (!isMemoryEffectFree(&op))
      return std::nullopt;
  }
  if (!scan.add || !scan.write || scan.add.getNumDpsInputs() != 1 ||
      scan.add.getNumDpsInits() != 1 ||
      scan.add.getNumParallelLoops() != scan.add.getNumLoops() ||
      !llvm::all_of(scan.add.getIndexingMapsArray(),
                    [](AffineMap map) { return map.isIdentity(); }))
    return std::nullopt;
  // The one operation of the body adds its two arguments.
  Block *body = scan.add.getBody();
  if (!llvm::hasSingleElement(body->without_terminator()))
    return std::nullopt;
  Operation &sum = body->front();
  bool addsBoth = isa<arith::AddFOp, arith::AddIOp>(sum) &&
                  llvm::is_contained(sum.getOperands(), body->getArgument(0)) &&
                  llvm::is_contained(sum.getOperands(), body->getArgument(1));
  if (!addsBoth || body->getTerminator()->getOperand(0) != sum.getResult(0) ||
      scan.write.getInputs().front() != scan.add.getOutputs().front())
    return std::nullopt;
  return scan;
}

namespace {
/// The code of one thread.
class ScanEmitter {
public:
  ScanEmitter(Scan scan, DeviceKernel &device, Value line)
      : scan(scan), device(device), b(device.body()) {
    sums = device.mapping.lookup(scan.add.getOutputs().front());
    at.resize(cast<MemRefType>(sums.getType()).getRank());
    for (int64_t i = at.size() - 1; i >= 0; --i) {
      Value size = b.dim(sums, i);
      at[i] = i > 0 ? b.rem(line, size) : line;
      line = b.div(line, size);
    }
  }
  void emit(Value thread, int64_t threads);

private:
  IRMapping iteration(Value i);
  Value plus(Value x, Value y);
  Value before(Value mine, Value thread, int64_t threads);

  Scan scan;
  DeviceKernel &device;
  KernelBuilder &b;
  /// The sums before all slabs, and the point in a slab.
  Value sums;
  SmallVector<Value> at;
};
} // namespace

/// What the operations use at iteration `i`.
IRMapping ScanEmitter::iteration(Value i) {
  IRMapping mapping(device.mapping);
  mapping.map(scan.loop.getInductionVar(), i);
  for (Operation &op : scan.loop.getBody()->without_terminator())
    if (&op != scan.add && &op != scan.write)
      b.clone(op, mapping);
  return mapping;
}

Value ScanEmitter::plus(Value x, Value y) {
  Operation &sum = scan.add.getBody()->front();
  IRMapping mapping;
  mapping.map(scan.add.getBody()->getArgument(0), y);
  mapping.map(scan.add.getBody()->getArgument(1), x);
  return b.clone(sum, mapping)->getResult(0);
}

/// The sum of the values of all threads before this one, in shared memory:
/// after each turn a thread has the sum of twice as many up to its own.
Value ScanEmitter::before(Value mine, Value thread, int64_t threads) {
  Type element = mine.getType();
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(element));
  auto type = MemRefType::get(
      {threads}, element, MemRefLayoutAttrInterface(),
      gpu::AddressSpaceAttr::get(b.getContext(), gpu::AddressSpace::Workgroup));
  Value parts = device.function().addWorkgroupAttribution(type, b.getLoc());
  auto earlier = [&](int64_t distance) {
    Value reaches = b.lessEqual(b.index(distance), thread);
    return b
        .branch(
            reaches, element,
            [&]() -> SmallVector<Value> {
              return {b.load(parts, b.sub(thread, b.index(distance)))};
            },
            [&]() -> SmallVector<Value> { return {zero}; })
        .front();
  };
  b.store(mine, parts, thread);
  gpu::BarrierOp::create(b);
  for (int64_t distance = 1; distance < threads; distance *= 2) {
    mine = plus(earlier(distance), mine);
    gpu::BarrierOp::create(b);
    b.store(mine, parts, thread);
    gpu::BarrierOp::create(b);
  }
  return earlier(1);
}

void ScanEmitter::emit(Value thread, int64_t threads) {
  Value length = device.mapping.lookup(scan.loop.getUpperBound());
  Value part = b.ceilDiv(length, threads);
  Value begin = b.min(b.mul(thread, part), length);
  Value end = b.min(b.add(begin, part), length);
  Type element = getElementTypeOrSelf(sums.getType());
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(element));
  auto slab = [&](const IRMapping &mapping) {
    return b.load(mapping.lookupOrDefault(scan.add.getInputs().front()), at);
  };
  Value mine = b.loop(begin, end, 1, zero,
                      [&](Value i, ValueRange sum) -> SmallVector<Value> {
                        return {plus(sum.front(), slab(iteration(i)))};
                      })
                   .front();
  Value first = plus(b.load(sums, at), before(mine, thread, threads));
  b.loop(
      begin, end, 1, first, [&](Value i, ValueRange sum) -> SmallVector<Value> {
        IRMapping mapping = iteration(i);
        Value next = plus(sum.front(), slab(mapping));
        b.store(scan.isExclusive() ? sum.front() : next,
                mapping.lookupOrDefault(scan.write.getOutputs().front()), at);
        return {next};
      });
}

void blockattn::emitScan(Scan scan, DeviceKernel &device, Value line,
                         Value thread, int64_t threads) {
  ScanEmitter(scan, device, line).emit(thread, threads);
}

//===- LowerLoops.cpp - linalg on memrefs to loops and vectors ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/Descriptor.h"
#include "passes/Lower/NestEmitter.h"
#include "passes/Lower/Passes.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

namespace blockattn {
#define GEN_PASS_DEF_LOWERLOOPS
#include "passes/Lower/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

/// Iterations below which a task costs more than it saves.
static constexpr int64_t kTaskSize = 16384;

namespace {

/// Emits the loops of one operation. Parallel loops but one are the outer
/// ones; the *inner* parallel loop comes next, then reductions.
class LoopEmitter : NestEmitter {
public:
  LoopEmitter(KernelBuilder &builder, linalg::LinalgOp op)
      : NestEmitter(builder, op) {}
  void emit();

private:
  void chooseLoops();
  void emitTasks(Value count, function_ref<void(Value)> body);
  void emitInner(Value begin, Value end);
  void emitPoint(bool asLanes, const IRMapping &uniform);
  void reduceLanes();
  // The body.
  Value loadElement(const LoopNest::Access &access, bool asLanes);
  void storeOutput(unsigned output, Value value, bool asLanes);
  IRMapping evaluateUniform();
  SmallVector<Value> evaluate(IRMapping mapping, ValueRange old, bool asLanes);
  void cloneLanes(Operation &op, IRMapping &mapping);
  bool isUniform(Operation &op) const { return lanes && !lanes->varies(&op); }

  SmallVector<unsigned> outer, reductions;
  std::optional<unsigned> inner, vectorLoop;
  std::unique_ptr<LaneAnalysis> lanes;
};

} // namespace

//===----------------------------------------------------------------------===//
// Order of loops
//===----------------------------------------------------------------------===//

void LoopEmitter::chooseLoops() {
  SmallVector<unsigned> parallel, candidates;
  for (unsigned i = 0; i < nest.numLoops(); ++i)
    (nest.isParallel[i] ? parallel : reductions).push_back(i);
  // Sums run along memory when they can, anything else along its last loop.
  candidates.append(reductions.rbegin(), reductions.rend());
  candidates.append(parallel.rbegin(), parallel.rend());
  for (unsigned loop : candidates) {
    std::optional<int64_t> size = nest.constantSize(loop);
    if (size && *size < kLanes)
      continue;
    auto analysis = std::make_unique<LaneAnalysis>(nest, loop);
    if (!analysis->canVectorise())
      continue;
    lanes = std::move(analysis);
    vectorLoop = loop;
    break;
  }
  if (vectorLoop && nest.isParallel[*vectorLoop])
    inner = vectorLoop;
  else if (!vectorLoop && !parallel.empty())
    inner = parallel.back();
  for (unsigned loop : parallel)
    if (loop != inner)
      outer.push_back(loop);
  // The vector loop runs last.
  llvm::erase_if(reductions, [&](unsigned loop) { return loop == vectorLoop; });
}

/// `body` for each of `count` tasks.
void LoopEmitter::emitTasks(Value count, function_ref<void(Value)> body) {
  if (isOneInteger(getAsOpFoldResult(count)))
    return body(b.index(0));
  b.parallel(count, body);
}

void LoopEmitter::emit() {
  chooseLoops();
  Value zero = b.index(0), one = b.index(1);
  Value perPoint = one;
  for (unsigned i = 0; i < nest.numLoops(); ++i)
    if (!nest.isParallel[i])
      perPoint = b.mul(perPoint, nest.sizes[i]);

  if (outer.empty() && inner) {
    Value size = nest.sizes[*inner];
    // A multiple of the vector length, so that only the last task has a rest.
    Value chunk = b.index(kTaskSize);
    if (nest.hasReductions()) {
      Value few = b.div(b.index(kTaskSize / kLanes), b.max(perPoint, one));
      chunk = b.mul(b.max(few, one), b.index(kLanes));
    }
    Value tasks = b.div(b.add(size, b.sub(chunk, one)), chunk);
    emitTasks(tasks, [&](Value task) {
      Value begin = b.mul(task, chunk);
      emitInner(begin, b.min(b.add(begin, chunk), size));
    });
    return;
  }
  Value rows = one;
  for (unsigned loop : outer)
    rows = b.mul(rows, nest.sizes[loop]);
  Value width = inner ? nest.sizes[*inner] : one;
  Value perRow = b.max(b.mul(width, perPoint), one);
  Value rowsOfTask = b.max(b.div(b.index(kTaskSize), perRow), one);
  Value tasks = b.div(b.add(rows, b.sub(rowsOfTask, one)), rowsOfTask);
  emitTasks(tasks, [&](Value task) {
    Value begin = b.mul(task, rowsOfTask);
    b.loop(begin, b.min(b.add(begin, rowsOfTask), rows), 1, [&](Value row) {
      setIndices(outer, row);
      emitInner(zero, width);
    });
  });
}

void LoopEmitter::emitInner(Value begin, Value end) {
  if (!inner) {
    if (vectorLoop)
      return reduceLanes();
    return emitPoint(false, IRMapping());
  }
  auto points = [&](Value from, Value to, bool asLanes,
                    const IRMapping &uniform) {
    b.loop(from, to, asLanes ? kLanes : 1, [&](Value i) {
      indices[*inner] = i;
      emitPoint(asLanes, uniform);
    });
  };
  if (!vectorLoop)
    return points(begin, end, false, IRMapping());
  // Inside of reductions nothing stays the same for the whole inner loop.
  IRMapping uniform;
  if (!nest.hasReductions())
    uniform = evaluateUniform();
  Value length = b.sub(end, begin);
  Value middle = b.add(begin, b.sub(length, b.rem(length, b.index(kLanes))));
  points(begin, middle, true, uniform);
  points(middle, end, false, uniform);
}

//===----------------------------------------------------------------------===//
// One element of the outputs
//===----------------------------------------------------------------------===//

/// All outputs at the current indices of the parallel loops.
void LoopEmitter::emitPoint(bool asLanes, const IRMapping &uniform) {
  SmallVector<Value> old = oldValues([&](const LoopNest::Access &access) {
    return loadElement(access, asLanes);
  });
  SmallVector<Value> results =
      reductionLoops(reductions, old, [&](ValueRange carried) {
        return evaluate(uniform, carried, asLanes);
      });
  for (auto [i, value] : llvm::enumerate(results))
    storeOutput(i, value, asLanes);
}

static vector::CombiningKind combiningKind(Operation *op) {
  using Kind = vector::CombiningKind;
  return llvm::TypeSwitch<Operation *, Kind>(op)
      .Case<arith::AddFOp, arith::AddIOp>([](auto) { return Kind::ADD; })
      .Case<arith::MulFOp, arith::MulIOp>([](auto) { return Kind::MUL; })
      .Case<arith::MaximumFOp>([](auto) { return Kind::MAXIMUMF; })
      .Case<arith::MinimumFOp>([](auto) { return Kind::MINIMUMF; })
      .Case<arith::MaxNumFOp>([](auto) { return Kind::MAXNUMF; })
      .Case<arith::MinNumFOp>([](auto) { return Kind::MINNUMF; })
      .Case<arith::MaxSIOp>([](auto) { return Kind::MAXSI; })
      .Case<arith::MinSIOp>([](auto) { return Kind::MINSI; })
      .Case<arith::MaxUIOp>([](auto) { return Kind::MAXUI; })
      .Case<arith::MinUIOp>([](auto) { return Kind::MINUI; })
      .Case<arith::AndIOp>([](auto) { return Kind::AND; })
      .Case<arith::OrIOp>([](auto) { return Kind::OR; })
      .Default([](auto) { return Kind::XOR; });
}

/// A reduction along lanes: each lane has a sum of its own, the elements that
/// do not fill a vector go to the old value, and all meet at the end.
void LoopEmitter::reduceLanes() {
  unsigned n = nest.numOutputs;
  SmallVector<Value> init;
  for (unsigned i = 0; i < n; ++i) {
    TypedAttr neutral = *arith::getNeutralElement(combinerOf(nest, i));
    init.push_back(arith::ConstantOp::create(
        b, DenseElementsAttr::get(b.lanes(neutral.getType()),
                                  static_cast<Attribute>(neutral))));
  }
  for (unsigned i = 0; i < n; ++i)
    init.push_back(loadElement(nest.accesses[nest.numInputs + i], false));

  Value size = nest.sizes[*vectorLoop];
  Value middle = b.sub(size, b.rem(size, b.index(kLanes)));
  SmallVector<Value> sums =
      reductionLoops(reductions, init, [&](ValueRange carried) {
        IRMapping uniform = evaluateUniform();
        auto run = [&](Value begin, Value end, bool asLanes,
                       ValueRange values) {
          return b.loop(begin, end, asLanes ? kLanes : 1, values,
                        [&](Value i, ValueRange now) {
                          indices[*vectorLoop] = i;
                          return evaluate(uniform, now, asLanes);
                        });
        };
        SmallVector<Value> next =
            run(b.index(0), middle, true, carried.take_front(n));
        llvm::append_range(next,
                           run(middle, size, false, carried.drop_front(n)));
        return next;
      });
  for (unsigned i = 0; i < n; ++i) {
    Operation *combiner = combinerOf(nest, i);
    Value total = vector::ReductionOp::create(
        b, combiningKind(combiner), sums[i], sums[n + i],
        isa<FloatType>(sums[n + i].getType()) ? arith::FastMathFlags::reassoc
                                              : arith::FastMathFlags::none);
    storeOutput(i, total, false);
  }
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

/// A memref of booleans as bytes: a vector of i1 would be packed to bits.
static Value asBytes(KernelBuilder &b, Value memref) {
  auto type = cast<MemRefType>(memref.getType());
  MemRefType bytes = MemRefType::Builder(type).setElementType(b.getI8Type());
  return castTo(b, castTo(b, memref, descriptorType(type)), bytes);
}

Value LoopEmitter::loadElement(const LoopNest::Access &access, bool asLanes) {
  bool contiguous = asLanes && access.map && vectorLoop &&
                    access.map.isFunctionOfDim(*vectorLoop);
  if (!contiguous)
    return load(access);
  SmallVector<Value> at = elementIndices(access);
  if (!getElementTypeOrSelf(access.operand.getType()).isInteger(1))
    return b.loadLanes(access.operand, at);
  Value bytes = b.loadLanes(asBytes(b, access.operand), at);
  Value zero = arith::ConstantOp::create(
      b, cast<TypedAttr>(b.getZeroAttr(bytes.getType())));
  return arith::CmpIOp::create(b, arith::CmpIPredicate::ne, bytes, zero);
}

void LoopEmitter::storeOutput(unsigned output, Value value, bool asLanes) {
  if (!asLanes)
    return store(output, value);
  const LoopNest::Access &access = nest.accesses[nest.numInputs + output];
  SmallVector<Value> at = elementIndices(access);
  if (!isa<VectorType>(value.getType()))
    value = b.broadcast(value);
  if (!getElementTypeOrSelf(value.getType()).isInteger(1))
    return b.storeLanes(value, access.operand, at);
  Value bytes = arith::ExtUIOp::create(b, b.lanes(b.getI8Type()), value);
  b.storeLanes(bytes, asBytes(b, access.operand), at);
}

//===----------------------------------------------------------------------===//
// The body
//===----------------------------------------------------------------------===//

/// An operation that differs from lane to lane; its operands that do not are
/// broadcast.
void LoopEmitter::cloneLanes(Operation &op, IRMapping &mapping) {
  Value first = indices[*vectorLoop];
  if (auto index = dyn_cast<linalg::IndexOp>(op)) {
    Value step = vector::StepOp::create(b, b.lanes(b.getIndexType()));
    mapping.map(index.getResult(),
                arith::AddIOp::create(b, b.broadcast(first), step).getResult());
    return;
  }
  if (auto load = dyn_cast<memref::LoadOp>(op)) {
    SmallVector<Value> at;
    for (Value index : load.getIndices())
      at.push_back(mapping.lookupOrDefault(index));
    at.back() = first;
    mapping.map(load.getResult(),
                b.loadLanes(mapping.lookupOrDefault(load.getMemRef()), at));
    return;
  }
  IRMapping local;
  for (Value operand : op.getOperands()) {
    Value value = mapping.lookupOrDefault(operand);
    if (!isa<VectorType>(value.getType()))
      value = b.broadcast(value);
    local.map(operand, value);
  }
  Operation *clone = b.clone(op, local);
  for (auto [result, cloned] :
       llvm::zip(op.getResults(), clone->getResults())) {
    cloned.setType(b.lanes(result.getType()));
    mapping.map(result, cloned);
  }
  allowContraction(clone);
}

/// What is the same for a whole run of the vector loop.
IRMapping LoopEmitter::evaluateUniform() {
  IRMapping mapping;
  for (unsigned i = 0; i < nest.numInputs; ++i) {
    BlockArgument argument = nest.body->getArgument(i);
    if (!lanes->varies(argument) && !argument.use_empty())
      mapping.map(argument, loadElement(nest.accesses[i], false));
  }
  for (Operation &op : nest.body->without_terminator())
    if (isUniform(op))
      clone(op, mapping);
  return mapping;
}

/// The values that the body yields, from the old values of the outputs.
SmallVector<Value> LoopEmitter::evaluate(IRMapping mapping, ValueRange old,
                                         bool asLanes) {
  // Uniform operations are there already, unless nothing is.
  bool skipUniform = vectorLoop && !(inner && nest.hasReductions());
  for (unsigned i = 0; i < nest.numInputs; ++i) {
    BlockArgument argument = nest.body->getArgument(i);
    if (argument.use_empty() || mapping.contains(argument))
      continue;
    mapping.map(argument, loadElement(nest.accesses[i], asLanes));
  }
  for (unsigned i = 0; i < nest.numOutputs; ++i)
    if (old[i])
      mapping.map(nest.outputArgument(i), old[i]);
  for (Operation &op : nest.body->without_terminator()) {
    if (isUniform(op)) {
      if (!skipUniform)
        clone(op, mapping);
    } else if (asLanes) {
      cloneLanes(op, mapping);
    } else {
      clone(op, mapping);
    }
  }
  SmallVector<Value> results;
  for (unsigned i = 0; i < nest.numOutputs; ++i) {
    Value value = mapping.lookupOrDefault(nest.yielded(i));
    // What is carried around a loop keeps its type.
    if (asLanes && !isa<VectorType>(value.getType()))
      value = b.broadcast(value);
    results.push_back(value);
  }
  return results;
}

namespace {
struct LowerLoops : public blockattn::impl::LowerLoopsBase<LowerLoops> {
  void runOnOperation() override {
    SmallVector<linalg::LinalgOp> ops;
    bool failed = false;
    getOperation().walk([&](linalg::LinalgOp op) {
      if (!op.hasPureBufferSemantics()) {
        op.emitError("an operation on tensors cannot become loops; bufferize "
                     "it first (--blockattn-bufferize)");
        failed = true;
      }
      ops.push_back(op);
    });
    if (failed)
      return signalPassFailure();
    for (linalg::LinalgOp op : ops) {
      KernelBuilder builder(op.getLoc(), op);
      LoopEmitter(builder, op).emit();
      op->erase();
    }
  }
};
} // namespace

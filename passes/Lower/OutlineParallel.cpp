//===- OutlineParallel.cpp - parallel loops to the thread pool ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/Descriptor.h"
#include "passes/Lower/KernelBuilder.h"
#include "passes/Lower/Passes.h"
#include "passes/Lower/RuntimeCalls.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"

namespace blockattn {
#define GEN_PASS_DEF_OUTLINEPARALLEL
#include "passes/Lower/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

namespace {
struct OutlineParallel
    : public blockattn::impl::OutlineParallelBase<OutlineParallel> {
  void runOnOperation() override;
};

/// One parallel loop on its way out of its function.
class Outliner {
public:
  Outliner(scf::ParallelOp loop, func::FuncOp host)
      : loop(loop), host(host), b(loop.getLoc(), loop) {}
  func::FuncOp run(unsigned number);

private:
  void collectCaptures();
  func::FuncOp makeBody(unsigned number);
  void callBody(func::FuncOp body);
  Value fieldAddress(Value closure, size_t field);

  scf::ParallelOp loop;
  func::FuncOp host;
  KernelBuilder b;
  SmallVector<Value> captures;
  SmallVector<Operation *> constants;
  LLVM::LLVMStructType closureType;
};
} // namespace

/// Loops over [0, n) without reductions; others stay as they are.
static bool isTaskLoop(scf::ParallelOp loop) {
  return loop.getNumLoops() == 1 && loop.getInitVals().empty() &&
         isZeroInteger(getAsOpFoldResult(loop.getLowerBound()[0])) &&
         isOneInteger(getAsOpFoldResult(loop.getStep()[0]));
}

void Outliner::collectCaptures() {
  llvm::SetVector<Value> used;
  getUsedValuesDefinedAbove(loop.getRegion(), used);
  SmallVector<Type> fields;
  for (Value value : used) {
    Operation *producer = value.getDefiningOp();
    if (producer && producer->hasTrait<OpTrait::ConstantLike>()) {
      constants.push_back(producer);
      continue;
    }
    captures.push_back(value);
    fields.push_back(llvmTypeOf(value.getType()));
  }
  closureType = LLVM::LLVMStructType::getLiteral(b.getContext(), fields);
}

Value Outliner::fieldAddress(Value closure, size_t field) {
  return LLVM::GEPOp::create(
      b, closure.getType(), closureType, closure,
      ArrayRef<LLVM::GEPArg>{0, static_cast<int32_t>(field)});
}

func::FuncOp Outliner::makeBody(unsigned number) {
  OpBuilder::InsertionGuard guard(b);
  Type ptr = LLVM::LLVMPointerType::get(b.getContext());
  Type i64 = b.getI64Type();
  b.setInsertionPointAfter(host);
  auto body =
      func::FuncOp::create(b, (host.getName() + "_body" + Twine(number)).str(),
                           b.getFunctionType({ptr, i64, i64}, {}));
  body.setPrivate();
  body->setAttr(kKernelAttr, b.getUnitAttr());
  Block *entry = body.addEntryBlock();
  b.setInsertionPointToStart(entry);
  IRMapping mapping;
  for (Operation *constant : constants)
    b.clone(*constant, mapping);
  for (auto [i, value] : llvm::enumerate(captures)) {
    Value field = LLVM::LoadOp::create(b, closureType.getBody()[i],
                                       fieldAddress(entry->getArgument(0), i));
    mapping.map(value, castTo(b, field, value.getType()));
  }
  // Scratch memory is allocated once for the range, not for each iteration.
  for (Operation &op : llvm::make_early_inc_range(*loop.getBody()))
    if (auto alloca = dyn_cast<memref::AllocaOp>(op)) {
      bool invariant = llvm::all_of(op.getOperands(), [&](Value operand) {
        return !loop.getRegion().isAncestor(operand.getParentRegion());
      });
      if (invariant)
        b.clone(op, mapping);
    }
  Value begin = castTo(b, entry->getArgument(1), b.getIndexType());
  Value end = castTo(b, entry->getArgument(2), b.getIndexType());
  b.loop(begin, end, 1, [&](Value i) {
    mapping.map(loop.getInductionVars()[0], i);
    for (Operation &op : loop.getBody()->without_terminator())
      if (!isa<memref::AllocaOp>(op) || !mapping.contains(op.getResult(0)))
        b.clone(op, mapping);
  });
  func::ReturnOp::create(b);
  return body;
}

void Outliner::callBody(func::FuncOp body) {
  Type ptr = LLVM::LLVMPointerType::get(b.getContext());
  Value closure;
  {
    // At the start of the function, so that a loop around does not allocate
    // again and again.
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&host.getBody().front());
    Value one =
        LLVM::ConstantOp::create(b, b.getI64Type(), b.getI64IntegerAttr(1));
    closure = LLVM::AllocaOp::create(b, ptr, closureType, one, 8);
  }
  for (auto [i, value] : llvm::enumerate(captures))
    LLVM::StoreOp::create(b, castTo(b, value, closureType.getBody()[i]),
                          fieldAddress(closure, i));
  Value count = loop.getUpperBound()[0];
  Value count64 = castTo(b, count, b.getI64Type());
  Value zero = castTo(b, b.index(0), b.getI64Type());
  b.branch(
      b.lessEqual(count, b.index(1)), {},
      [&] {
        func::CallOp::create(b, body, ValueRange{closure, zero, count64});
        return SmallVector<Value>();
      },
      [&] {
        Value address =
            castTo(b,
                   func::ConstantOp::create(b, body.getFunctionType(),
                                            SymbolRefAttr::get(body)),
                   ptr);
        Value grain = castTo(b, b.index(1), b.getI64Type());
        func::CallOp::create(
            b, runtimeCallName(RuntimeCall::ParallelFor), TypeRange(),
            ValueRange{execOf(host), count64, grain, address, closure});
        return SmallVector<Value>();
      });
}

func::FuncOp Outliner::run(unsigned number) {
  collectCaptures();
  func::FuncOp body = makeBody(number);
  callBody(body);
  loop.erase();
  return body;
}

void OutlineParallel::runOnOperation() {
  ModuleOp module = getOperation();
  SmallVector<func::FuncOp> hosts(module.getOps<func::FuncOp>());
  bool any = false;
  for (func::FuncOp host : hosts) {
    // A parallel loop in a parallel loop runs inside its task.
    SmallVector<scf::ParallelOp> loops;
    host.walk<WalkOrder::PreOrder>([&](scf::ParallelOp loop) {
      if (!isTaskLoop(loop))
        return WalkResult::advance();
      loops.push_back(loop);
      return WalkResult::skip();
    });
    for (auto [i, loop] : llvm::enumerate(loops))
      Outliner(loop, host).run(i);
    any |= !loops.empty();
  }
  if (any)
    declareRuntimeCall(module, RuntimeCall::ParallelFor);
}

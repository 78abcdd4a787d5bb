//===- MoveToDevice.cpp - host code that touches data -> launches ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the CPU computes between its kernels (short loops over tokens, sums of
// a few elements, conditions of checks) would need data that is on the device.
// Here it becomes work of one device thread. That is slow where there is much
// of it, and right everywhere.
//
//===----------------------------------------------------------------------===//

#include "dialects/BlockAttn/BlockAttn.h"
#include "passes/Lower/KernelBuilder.h"
#include "passes/Lower/RuntimeCalls.h"
#include "passes/LowerCuda/DeviceKernel.h"
#include "passes/LowerCuda/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "llvm/ADT/SetVector.h"

namespace blockattn {
#define GEN_PASS_DEF_MOVETODEVICE
#include "passes/LowerCuda/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

namespace {

/// The code of one program function, or of a part that the host chooses.
class Mover {
public:
  explicit Mover(Block &block) : block(block) {}
  LogicalResult run();

private:
  LogicalResult moveOp(Operation *op);
  void moveCondition(CheckOp check);
  bool collectSlice(Value value, llvm::SetVector<Operation *> &slice);

  Block &block;
};

struct MoveToDevice : blockattn::impl::MoveToDeviceBase<MoveToDevice> {
  void runOnOperation() override {
    for (auto func : getOperation().getOps<func::FuncOp>())
      if (!func.isDeclaration() && failed(Mover(func.getBody().front()).run()))
        return signalPassFailure();
  }
};

} // namespace

/// Whether memory is read or written by what an operation does.
static bool touchesMemory(Operation *op) {
  return op
      ->walk([](Operation *inner) {
        bool touches = isa<memref::LoadOp, memref::StoreOp, memref::CopyOp,
                           linalg::LinalgOp>(inner);
        return touches ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

/// Moves an operation into a launch; its results come back through memory.
LogicalResult Mover::moveOp(Operation *op) {
  KernelBuilder b(op->getLoc(), op);
  SmallVector<std::pair<Value, Value>> slots;
  for (Value result : op->getResults()) {
    if (result.use_empty())
      continue;
    if (!result.getType().isIntOrIndexOrFloat())
      return op->emitError("its result, a tensor that is chosen while the "
                           "program runs, is not supported for target cuda; "
                           "compile with --target=cpu");
    // An index has no size in memory that host and device agree on.
    Type type =
        result.getType().isIndex() ? Type(b.getI64Type()) : result.getType();
    slots.push_back(
        {result, memref::AllocOp::create(b, MemRefType::get({}, type))});
  }
  // The device can't fail: it notes whether a condition ever failed to hold,
  // for a check behind it.
  SmallVector<std::pair<CheckOp, Value>> checks;
  op->walk([&](CheckOp check) {
    checks.push_back({check, memref::AllocOp::create(
                                 b, MemRefType::get({}, b.getI1Type()))});
  });
  makeLaunch(b);
  for (auto [check, slot] : checks)
    memref::StoreOp::create(
        b, arith::ConstantOp::create(b, b.getBoolAttr(true)), slot);
  op->moveBefore(b.getInsertionBlock(), b.getInsertionPoint());
  KernelBuilder after(op->getLoc(), op->getParentOp());
  after.setInsertionPointAfter(op->getParentOp());
  for (auto [check, slot] : checks) {
    KernelBuilder inside(check.getLoc(), check);
    Value all = arith::AndIOp::create(
        inside, memref::LoadOp::create(inside, slot), check.getCondition());
    memref::StoreOp::create(inside, all, slot);
    check.getConditionMutable().assign(memref::LoadOp::create(after, slot));
    check->moveBefore(after.getInsertionBlock(), after.getInsertionPoint());
  }
  for (auto [result, slot] : slots) {
    Value read = memref::LoadOp::create(after, slot);
    if (result.getType().isIndex())
      read = after.toIndex(read);
    result.replaceAllUsesWith(read);
    Value stored = result;
    if (result.getType().isIndex())
      stored = arith::IndexCastOp::create(b, b.getI64Type(), result);
    memref::StoreOp::create(b, stored, slot);
  }
  return success();
}

/// What `value` is computed from data with: loads and pure operations of the
/// block. False when there is no load in it.
bool Mover::collectSlice(Value value, llvm::SetVector<Operation *> &slice) {
  Operation *op = value.getDefiningOp();
  if (!op || op->getBlock() != &block || op->getNumRegions() > 0)
    return false;
  if (isa<memref::LoadOp>(op)) {
    slice.insert(op);
    return true;
  }
  if (!isPure(op) || isa<MemRefType>(value.getType()))
    return false;
  bool loads = false;
  for (Value operand : op->getOperands())
    loads |= collectSlice(operand, slice);
  if (loads)
    slice.insert(op);
  return loads;
}

/// Whether nothing that could write lies between the first load of a slice and
/// its last.
static bool readsAtOnce(ArrayRef<Operation *> slice) {
  Operation *first = nullptr, *last = nullptr;
  for (Operation *op : slice) {
    if (!isa<memref::LoadOp>(op))
      continue;
    if (!first || op->isBeforeInBlock(first))
      first = op;
    if (!last || last->isBeforeInBlock(op))
      last = op;
  }
  for (Operation *op = first; op != last; op = op->getNextNode())
    if (!isMemoryEffectFree(op) && !isa<memref::LoadOp, memref::AllocOp>(op))
      return false;
  return true;
}

/// Computes a condition where the data is.
void Mover::moveCondition(CheckOp check) {
  Operation *producer = check.getCondition().getDefiningOp();
  // A loaded condition is what a check of the device looks at already.
  if (!producer || isa<memref::LoadOp>(producer))
    return;
  llvm::SetVector<Operation *> slice;
  if (!collectSlice(check.getCondition(), slice) ||
      !readsAtOnce(slice.getArrayRef()))
    return;
  // Behind all that goes into it; what is pure may be computed later.
  Operation *last = slice.front();
  for (Operation *op : slice) {
    if (isa<memref::LoadOp>(op) && last->isBeforeInBlock(op))
      last = op;
    for (Value operand : op->getOperands())
      if (Operation *other = operand.getDefiningOp();
          other && !slice.contains(other) && last->isBeforeInBlock(other))
        last = other;
  }
  KernelBuilder b(check.getLoc(), last);
  b.setInsertionPointAfter(last);
  Value slot = memref::AllocOp::create(b, MemRefType::get({}, b.getI1Type()));
  gpu::LaunchOp launch = makeLaunch(b);
  IRMapping mapping;
  for (Operation *op : slice)
    b.clone(*op, mapping);
  memref::StoreOp::create(b, mapping.lookup(check.getCondition()), slot);
  b.setInsertionPointAfter(launch);
  Value loaded = memref::LoadOp::create(b, slot);
  check.getConditionMutable().assign(loaded);
  // What the host would have read for the check alone.
  for (Operation *op : llvm::reverse(slice))
    if (op->use_empty())
      op->erase();
}

/// Whether an operation chooses between tensors. That is the host's to do,
/// which reads the condition and launches what is chosen.
static bool choosesTensors(Operation &op) {
  return isa<scf::IfOp>(op) && llvm::any_of(op.getResultTypes(), [](Type type) {
           return isa<MemRefType>(type);
         });
}

LogicalResult Mover::run() {
  for (Operation &op : llvm::make_early_inc_range(block.without_terminator())) {
    if (choosesTensors(op)) {
      for (Region &region : op.getRegions())
        for (Block &inner : region)
          if (failed(Mover(inner).run()))
            return failure();
      continue;
    }
    bool sequential =
        isa<memref::StoreOp>(op) ||
        (op.getNumRegions() > 0 && !isa<linalg::LinalgOp, gpu::LaunchOp>(op) &&
         touchesMemory(&op));
    if (sequential && failed(moveOp(&op)))
      return failure();
  }
  SmallVector<CheckOp> checks(block.getOps<CheckOp>());
  for (CheckOp check : checks)
    moveCondition(check);
  return success();
}

//===- GroupElements.cpp - elementwise operations in one launch -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/BlockAttn/BlockAttn.h"
#include "passes/Lower/LoopAttributes.h"
#include "passes/Lower/RuntimeCalls.h"
#include "passes/LowerCuda/DeviceKernel.h"
#include "passes/LowerCuda/Passes.h"
#include "passes/LowerCuda/ProductEpilogue.h"
#include "passes/LowerCuda/ProductResult.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace blockattn {
#define GEN_PASS_DEF_GROUPELEMENTS
#include "passes/LowerCuda/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

/// Each operation of a launch is one more range of thread blocks to look at,
/// for all of them.
static constexpr size_t kMostGrouped = 4;
/// Operations that are moved past others need their inputs for longer.
static constexpr unsigned kMostPassed = 8;

namespace {
struct GroupElements : blockattn::impl::GroupElementsBase<GroupElements> {
  void runOnOperation() override;
};

/// Memory that operations read and write, by what it is part of.
class Accesses {
public:
  /// False where nobody knows what the operation does.
  bool add(Operation *op);
  /// Whether the operations of both can be done in any order, or at once.
  bool isIndependentOf(const Accesses &other) const;

private:
  llvm::SmallSetVector<Value, 8> read, written;
};

/// Operations that one launch can do, each on its own.
class Group {
public:
  explicit Group(linalg::LinalgOp first);
  /// Adds operations behind the first one.
  void grow();
  /// Makes it a launch, if there are several.
  void emit();

private:
  SmallVector<linalg::LinalgOp> ops;
  Accesses accesses;
  bool isKnown;
};
} // namespace

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

bool Accesses::add(Operation *op) {
  std::optional<SmallVector<MemoryEffects::EffectInstance>> effects =
      getEffectsRecursively(op);
  if (!effects)
    return false;
  for (const MemoryEffects::EffectInstance &effect : *effects) {
    // New memory is nobody else's.
    if (isa<MemoryEffects::Allocate>(effect.getEffect()))
      continue;
    Value value = effect.getValue();
    if (!value || !isa<MemRefType>(value.getType()))
      return false;
    bool isRead = isa<MemoryEffects::Read>(effect.getEffect());
    (isRead ? read : written).insert(rootMemory(value));
  }
  return true;
}

/// Whether it is known that nothing else is in the same memory.
static bool isOwnMemory(Value root) {
  if (Operation *op = root.getDefiningOp())
    return isa<memref::AllocOp, memref::AllocaOp, memref::GetGlobalOp>(op);
  auto argument = cast<BlockArgument>(root);
  auto func = dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp());
  unsigned number = argument.getArgNumber();
  return func && (func.getArgAttr(number, kWeightAttr) ||
                  func.getArgAttr(number, kOutputAttr));
}

/// An argument of the function, which cannot be what the function allocates.
static bool isArgument(Value root) {
  auto argument = dyn_cast<BlockArgument>(root);
  return argument && isa<func::FuncOp>(argument.getOwner()->getParentOp());
}

static bool mayBeSame(Value a, Value b) {
  if (a == b)
    return true;
  bool isOwnA = isOwnMemory(a), isOwnB = isOwnMemory(b);
  // What is neither may have been chosen from anything.
  return !((isOwnA || isArgument(a)) && (isOwnB || isArgument(b)) &&
           (isOwnA || isOwnB));
}

bool Accesses::isIndependentOf(const Accesses &other) const {
  auto areApart = [](const auto &some, const auto &others) {
    return llvm::none_of(some, [&](Value a) {
      return llvm::any_of(others, [&](Value b) { return mayBeSame(a, b); });
    });
  };
  return areApart(written, other.written) && areApart(written, other.read) &&
         areApart(read, other.written);
}

//===----------------------------------------------------------------------===//
// Groups
//===----------------------------------------------------------------------===//

/// Whether an operation is the work of a thread for each element. Fills and
/// copies are calls of the runtime, epilogues a part of products.
static bool isOfElements(Operation *op) {
  auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
  return linalgOp && linalgOp.hasPureBufferSemantics() &&
         linalgOp.getNumParallelLoops() == linalgOp.getNumLoops() &&
         !isa<linalg::FillOp, linalg::CopyOp>(op) &&
         !op->hasAttr(kEpilogueAttr);
}

static bool usesFunctions(linalg::LinalgOp op) {
  return op
      ->walk([](Operation *inner) {
        return isa<math::MathDialect>(inner->getDialect())
                   ? WalkResult::interrupt()
                   : WalkResult::advance();
      })
      .wasInterrupted();
}

/// Whether others can be moved past an operation that uses other memory. The
/// host may wait for memory that it loads, unless it only checks that: a check
/// is looked at when the run ends.
static bool canBePassed(Operation *op) {
  if (isa<memref::LoadOp>(op))
    return llvm::all_of(op->getUsers(), llvm::IsaPred<CheckOp>);
  return isa<linalg::LinalgOp, gpu::LaunchOp, memref::CopyOp>(op);
}

Group::Group(linalg::LinalgOp first) : ops{first} {
  isKnown = accesses.add(first);
}

void Group::grow() {
  if (!isKnown)
    return;
  unsigned numPassed = 0;
  for (Operation *op = ops.front()->getNextNode();
       op && ops.size() < kMostGrouped && numPassed < kMostPassed;
       op = op->getNextNode()) {
    if (isMemoryEffectFree(op) || isa<memref::AllocOp, CheckOp>(op))
      continue;
    Accesses here;
    if (!canBePassed(op) || !here.add(op) || !accesses.isIndependentOf(here))
      return;
    if (isOfElements(op) && usesFunctions(cast<linalg::LinalgOp>(op)) ==
                                usesFunctions(ops.front())) {
      ops.push_back(cast<linalg::LinalgOp>(op));
      (void)accesses.add(op);
    } else {
      ++numPassed;
    }
  }
}

void Group::emit() {
  if (ops.size() < 2)
    return;
  SmallVector<Location> locations;
  for (linalg::LinalgOp op : ops)
    locations.push_back(op.getLoc());
  KernelBuilder b(FusedLoc::get(ops.front().getContext(), locations),
                  ops.back());
  gpu::LaunchOp launch = makeLaunch(b);
  launch->setAttr(kElementsAttr, b.getUnitAttr());
  for (linalg::LinalgOp op : ops)
    op->moveBefore(b.getInsertionBlock(), b.getInsertionPoint());
}

void GroupElements::runOnOperation() {
  func::FuncOp func = getOperation();
  if (func.isDeclaration())
    return;
  SmallVector<linalg::LinalgOp> starts;
  for (Operation &op : func.getBody().front())
    if (isOfElements(&op))
      starts.push_back(cast<linalg::LinalgOp>(op));
  for (linalg::LinalgOp op : starts) {
    // It may have become part of an earlier one's group.
    if (op->getParentOp() != func)
      continue;
    Group group(op);
    group.grow();
    group.emit();
  }
}

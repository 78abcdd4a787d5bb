//===- FuseRows.cpp - a reduction of rows and its neighbours --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/LoopNest.h"
#include "passes/Lower/MatrixProduct.h"
#include "passes/Lower/RuntimeCalls.h"
#include "passes/LowerCuda/DeviceKernel.h"
#include "passes/LowerCuda/Passes.h"
#include "passes/LowerCuda/ProductEpilogue.h"
#include "passes/LowerCuda/ProductResult.h"
#include "passes/LowerCuda/ThreadNest.h"

#include "mlir/IR/Iterators.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/RegionUtils.h"

#include <deque>

namespace blockattn {
#define GEN_PASS_DEF_FUSEROWS
#include "passes/LowerCuda/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

/// Longer rows have more work than one block of threads should be given.
static constexpr int64_t kMostInRow = 16384;

namespace {
struct FuseRows : blockattn::impl::FuseRowsBase<FuseRows> {
  void runOnOperation() override;
};

/// Operations one after the other that can be done row by row.
class Group {
public:
  /// Starts with a reduction; `isValid` says whether it is one of rows.
  explicit Group(linalg::LinalgOp reduction);
  bool isValid() const { return valid; }

  /// Adds what comes before and after as long as it fits.
  void grow();
  /// Makes it a launch, if there is anything to fuse.
  void emit();

private:
  bool canBeOfRows(linalg::LinalgOp op);
  bool canJoin(linalg::LinalgOp op);
  bool isRowOf(AffineMap map) const;

  std::deque<linalg::LinalgOp> ops;
  unsigned rowLoops;
  bool valid;
};
} // namespace

//===----------------------------------------------------------------------===//
// What fits
//===----------------------------------------------------------------------===//

static int64_t countParallelPrefix(linalg::LinalgOp op) {
  int64_t count = 0;
  for (utils::IteratorType type : op.getIteratorTypesArray()) {
    if (type != utils::IteratorType::parallel)
      break;
    ++count;
  }
  return count;
}

Group::Group(linalg::LinalgOp reduction)
    : ops{reduction}, rowLoops(countParallelPrefix(reduction)),
      valid(rowLoops > 0 && reduction.getNumReductionLoops() > 0 &&
            canBeOfRows(reduction)) {}

/// Whether teams of threads can do the operation row by row, neighbours in
/// memory being the work of neighbours.
bool Group::canBeOfRows(linalg::LinalgOp op) {
  // The library does epilogues along with their products.
  if (!op.hasPureBufferSemantics() || matchProduct(op) ||
      op->hasAttr(kEpilogueAttr) || countParallelPrefix(op) < rowLoops)
    return false;
  KernelBuilder b(op.getLoc(), op);
  LoopNest nest(b, op, rowLoops);
  if (!ThreadNest::canShare(nest, rowLoops))
    return false;
  std::optional<int64_t> inRow =
      getConstantIntValue(ThreadNest(b, op, rowLoops).countInRow());
  if (!inRow || *inRow > kMostInRow)
    return false;
  if (op.getNumLoops() == rowLoops)
    return true;
  return llvm::all_of(nest.accesses, [&](const LoopNest::Access &access) {
    return isContiguousAlong(access, nest.numLoops() - 1).has_value();
  });
}

/// Whether an access stays in the part of a memref that belongs to the row.
bool Group::isRowOf(AffineMap map) const {
  if (map.getNumResults() < rowLoops)
    return false;
  for (auto [i, result] : llvm::enumerate(map.getResults())) {
    if (i < rowLoops) {
      if (result != getAffineDimExpr(i, map.getContext()))
        return false;
      continue;
    }
    for (unsigned dim = 0; dim < rowLoops; ++dim)
      if (result.isFunctionOfDim(dim))
        return false;
  }
  return true;
}

namespace {
/// Memory that an operation reads or writes.
struct Use {
  Value memref;
  AffineMap map; ///< null where any of it may be read
  bool isWritten;
};
} // namespace

static SmallVector<Use> usesOf(linalg::LinalgOp op) {
  SmallVector<Use> uses;
  for (OpOperand &operand : op->getOpOperands())
    if (isa<MemRefType>(operand.get().getType()))
      uses.push_back({operand.get(), op.getMatchingIndexingMap(&operand),
                      op.isDpsInit(&operand)});
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(op->getRegions(), captured);
  for (Value value : captured)
    if (isa<MemRefType>(value.getType()))
      uses.push_back({value, AffineMap(), false});
  return uses;
}

/// Whether `op` fits the others: of memory that one of them and another write
/// and use, both stay in the row, and there is such memory. Rows are then
/// equally many, too.
bool Group::canJoin(linalg::LinalgOp op) {
  if (!canBeOfRows(op))
    return false;
  bool isLinked = false;
  for (linalg::LinalgOp other : ops)
    for (const Use &a : usesOf(other))
      for (const Use &b : usesOf(op)) {
        if (!(a.isWritten || b.isWritten) ||
            rootMemory(a.memref) != rootMemory(b.memref))
          continue;
        if (a.memref != b.memref || !a.map || !b.map || !isRowOf(a.map) ||
            !isRowOf(b.map))
          return false;
        isLinked = true;
      }
  return isLinked;
}

//===----------------------------------------------------------------------===//
// Fusion
//===----------------------------------------------------------------------===//

void Group::grow() {
  // Nothing but what has no effects is passed over, so all can be done where
  // the last one is.
  auto isPassedOver = [](Operation *op) {
    return isMemoryEffectFree(op) || isa<memref::AllocOp>(op);
  };
  for (Operation *op = ops.front()->getPrevNode(); op; op = op->getPrevNode()) {
    auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
    if (linalgOp && canJoin(linalgOp))
      ops.push_front(linalgOp);
    else if (linalgOp || !isPassedOver(op))
      break;
  }
  for (Operation *op = ops.back()->getNextNode(); op; op = op->getNextNode()) {
    auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
    if (linalgOp && canJoin(linalgOp))
      ops.push_back(linalgOp);
    else if (linalgOp || !isPassedOver(op))
      break;
  }
}

void Group::emit() {
  if (ops.size() < 2)
    return;
  KernelBuilder b(ops.back().getLoc(), ops.back());
  gpu::LaunchOp launch = makeLaunch(b);
  launch->setAttr(kRowLoopsAttr, b.getI64IntegerAttr(rowLoops));
  for (linalg::LinalgOp op : ops)
    op->moveBefore(b.getInsertionBlock(), b.getInsertionPoint());
}

void FuseRows::runOnOperation() {
  func::FuncOp func = getOperation();
  if (func.isDeclaration())
    return;
  SmallVector<linalg::LinalgOp> reductions;
  for (auto op : func.getBody().front().getOps<linalg::LinalgOp>())
    if (op.getNumReductionLoops() > 0)
      reductions.push_back(op);
  for (linalg::LinalgOp op : reductions) {
    // It may have become part of an earlier one's group.
    if (op->getParentOp() != func)
      continue;
    Group group(op);
    if (!group.isValid())
      continue;
    group.grow();
    group.emit();
  }
  // What was computed to look at loops.
  func.walk<WalkOrder::PostOrder, ReverseIterator>([](Operation *op) {
    if (isOpTriviallyDead(op))
      op->erase();
  });
}

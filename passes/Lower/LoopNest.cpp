//===- LoopNest.cpp - a linalg operation on the way to loops --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/LoopNest.h"

#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace blockattn;

LoopNest::LoopNest(KernelBuilder &b, linalg::LinalgOp linalgOp, unsigned apart)
    : op(linalgOp), body(op.getBlock()), numInputs(op.getNumDpsInputs()),
      numOutputs(op.getNumDpsInits()) {
  for (Range range : op.createLoopRanges(b, b.getLoc()))
    sizes.push_back(getValueOrCreateConstantIndexOp(b, b.getLoc(), range.size));
  for (utils::IteratorType type : op.getIteratorTypesArray())
    isParallel.push_back(type == utils::IteratorType::parallel);
  for (unsigned i = 0; i < sizes.size(); ++i)
    loopOf.push_back(i);
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map;
    if (isa<MemRefType>(operand.get().getType()))
      map = op.getMatchingIndexingMap(&operand);
    accesses.push_back({operand.get(), map});
  }
  collapse(b, apart);
}

std::optional<int64_t> LoopNest::constantSize(unsigned loop) const {
  return getConstantIntValue(sizes[loop]);
}

//===----------------------------------------------------------------------===//
// Collapsing
//===----------------------------------------------------------------------===//

/// Whether loops `d` and `d + 1` go through `access` as one: both or neither
/// of them index it, side by side and contiguously.
static bool walksAsOne(const LoopNest::Access &access, unsigned d) {
  AffineMap map = access.map;
  if (!map || (!map.isFunctionOfDim(d) && !map.isFunctionOfDim(d + 1)))
    return true;
  if (!cast<MemRefType>(access.operand.getType()).getLayout().isIdentity())
    return false;
  MLIRContext *context = map.getContext();
  bool found = false;
  for (unsigned i = 0, e = map.getNumResults(); i < e; ++i) {
    AffineExpr result = map.getResult(i);
    bool here = result.isFunctionOfDim(d), next = result.isFunctionOfDim(d + 1);
    if (!here && !next)
      continue;
    if (here && !found && i + 1 < e && result == getAffineDimExpr(d, context) &&
        map.getResult(i + 1) == getAffineDimExpr(d + 1, context)) {
      found = true;
      ++i;
      continue;
    }
    return false;
  }
  return found;
}

void LoopNest::collapse(KernelBuilder &b, unsigned apart) {
  unsigned rank = sizes.size();
  if (rank < 2)
    return;
  llvm::SmallDenseSet<int64_t> asked;
  body->walk([&](linalg::IndexOp index) { asked.insert(index.getDim()); });
  // Groups of neighbouring loops.
  SmallVector<SmallVector<int64_t>> groups;
  for (unsigned d = 0; d < rank; ++d) {
    bool joins = d > 0 && d != apart && isParallel[d] == isParallel[d - 1] &&
                 !asked.contains(d) && !asked.contains(d - 1) &&
                 llvm::all_of(accesses, [&](const Access &access) {
                   return walksAsOne(access, d - 1);
                 });
    if (!joins)
      groups.emplace_back();
    groups.back().push_back(d);
    loopOf[d] = groups.size() - 1;
  }
  if (groups.size() == rank)
    return;

  MLIRContext *context = b.getContext();
  SmallVector<AffineExpr> newDims;
  for (unsigned d = 0; d < rank; ++d)
    newDims.push_back(getAffineDimExpr(loopOf[d], context));
  for (Access &access : accesses) {
    if (!access.map)
      continue;
    SmallVector<ReassociationIndices> reassociation;
    SmallVector<AffineExpr> results;
    int64_t lastGroup = -1;
    for (auto [i, result] : llvm::enumerate(access.map.getResults())) {
      auto dim = dyn_cast<AffineDimExpr>(result);
      int64_t group =
          dim ? static_cast<int64_t>(loopOf[dim.getPosition()]) : -1;
      bool joins = group >= 0 && group == lastGroup &&
                   groups[group].front() != dim.getPosition();
      if (joins) {
        reassociation.back().push_back(i);
      } else {
        reassociation.push_back({static_cast<int64_t>(i)});
        results.push_back(result.replaceDims(newDims));
      }
      lastGroup = group;
    }
    if (results.size() != access.map.getNumResults())
      access.operand =
          memref::CollapseShapeOp::create(b, access.operand, reassociation);
    access.map = AffineMap::get(groups.size(), 0, results, context);
  }
  SmallVector<Value> newSizes;
  SmallVector<bool> newParallel;
  for (ArrayRef<int64_t> group : groups) {
    Value size = sizes[group.front()];
    for (int64_t d : group.drop_front())
      size = b.mul(size, sizes[d]);
    newSizes.push_back(size);
    newParallel.push_back(isParallel[group.front()]);
  }
  sizes = newSizes;
  isParallel = newParallel;
}

//===----------------------------------------------------------------------===//
// Lanes
//===----------------------------------------------------------------------===//

std::optional<bool> blockattn::isContiguousAlong(const LoopNest::Access &access,
                                                 unsigned loop) {
  if (!access.map || !access.map.isFunctionOfDim(loop))
    return false;
  AffineMap map = access.map;
  unsigned last = map.getNumResults() - 1;
  for (unsigned i = 0; i < last; ++i)
    if (map.getResult(i).isFunctionOfDim(loop))
      return std::nullopt;
  auto dim = dyn_cast<AffineDimExpr>(map.getResult(last));
  SmallVector<int64_t> strides;
  int64_t offset;
  if (!dim || dim.getPosition() != loop ||
      failed(cast<MemRefType>(access.operand.getType())
                 .getStridesAndOffset(strides, offset)) ||
      strides[last] != 1)
    return std::nullopt;
  return true;
}

LaneAnalysis::LaneAnalysis(const LoopNest &nest, unsigned loop)
    : nest(nest), loop(loop) {
  for (unsigned i = 0, e = nest.accesses.size(); possible && i < e; ++i)
    possible = analyseArgument(i);
  for (Operation &op : nest.body->without_terminator())
    possible = possible && analyseOp(&op);
}

bool LaneAnalysis::varies(Operation *op) const {
  bool result = llvm::any_of(op->getOperands(),
                             [&](Value value) { return varies(value); });
  op->walk([&](Operation *inner) {
    for (Value operand : inner->getOperands())
      result |= varies(operand);
    if (auto index = dyn_cast<linalg::IndexOp>(inner))
      result |= nest.loopOf[index.getDim()] == loop;
  });
  return result;
}

bool LaneAnalysis::analyseArgument(unsigned i) {
  std::optional<bool> contiguous = isContiguousAlong(nest.accesses[i], loop);
  if (!contiguous)
    return false;
  bool isOutput = i >= nest.numInputs;
  if (!isOutput) {
    if (*contiguous)
      varying.insert(nest.body->getArgument(i));
    return true;
  }
  // Along a reduction the old value is the sum of a lane.
  unsigned output = i - nest.numInputs;
  varying.insert(nest.body->getArgument(i));
  if (nest.isParallel[loop])
    return *contiguous;
  return !*contiguous && combinerOf(nest, output);
}

bool LaneAnalysis::analyseOp(Operation *op) {
  if (!varies(op))
    return true;
  if (op->getNumRegions())
    return false;
  if (isa<linalg::IndexOp>(op)) {
    varying.insert(op->getResult(0));
    return true;
  }
  if (auto load = dyn_cast<memref::LoadOp>(op)) {
    // Neighbouring elements: the last index counts the loop itself.
    ValueRange indices = load.getIndices();
    for (Value index : indices.drop_back())
      if (varies(index))
        return false;
    SmallVector<int64_t> strides;
    int64_t offset;
    auto index = indices.back().getDefiningOp<linalg::IndexOp>();
    if (!index || varies(load.getMemRef()) ||
        failed(load.getMemRefType().getStridesAndOffset(strides, offset)) ||
        strides.back() != 1 || load.getType().isInteger(1))
      return false;
    varying.insert(load.getResult());
    return true;
  }
  if (!OpTrait::hasElementwiseMappableTraits(op) || !isPure(op))
    return false;
  for (Value result : op->getResults()) {
    if (!VectorType::isValidElementType(result.getType()))
      return false;
    varying.insert(result);
  }
  return true;
}

Operation *blockattn::combinerOf(const LoopNest &nest, unsigned output) {
  BlockArgument old = nest.outputArgument(output);
  Operation *op = nest.yielded(output).getDefiningOp();
  if (!op || !old.hasOneUse() || *old.user_begin() != op ||
      op->getBlock() != nest.body || !op->getResult(0).hasOneUse())
    return nullptr;
  if (isa<arith::AddFOp, arith::MulFOp, arith::MaximumFOp, arith::MinimumFOp,
          arith::MaxNumFOp, arith::MinNumFOp, arith::AddIOp, arith::MulIOp,
          arith::MaxSIOp, arith::MinSIOp, arith::MaxUIOp, arith::MinUIOp,
          arith::AndIOp, arith::OrIOp, arith::XOrIOp>(op))
    return op;
  return nullptr;
}

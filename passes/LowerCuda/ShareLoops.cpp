//===- ShareLoops.cpp - loops on the device, shared by threads ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/KernelBuilder.h"
#include "passes/LowerCuda/LaunchLoops.h"
#include "passes/LowerCuda/Passes.h"
#include "passes/LowerCuda/ProductResult.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "llvm/ADT/MapVector.h"

namespace blockattn {
#define GEN_PASS_DEF_SHARELOOPS
#include "passes/LowerCuda/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

namespace {
struct ShareLoops : blockattn::impl::ShareLoopsBase<ShareLoops> {
  void runOnOperation() override;
};
} // namespace

static bool isInside(gpu::LaunchOp launch, Value value) {
  return launch.getBody().isAncestor(value.getParentRegion());
}

//===----------------------------------------------------------------------===//
// Loops over elements
//===----------------------------------------------------------------------===//

namespace {
/// Loops one in the other, with everything in the innermost one.
class ElementLoops {
public:
  ElementLoops(gpu::LaunchOp launch, scf::ForOp outer);
  /// Gives each iteration of the loops that allow it to a thread; false where
  /// none does.
  bool share();

private:
  bool collectAccesses();
  bool isIndependent(scf::ForOp loop);

  gpu::LaunchOp launch;
  SmallVector<scf::ForOp> loops;
  /// The indices of each access to memory that is written.
  llvm::MapVector<Value, SmallVector<ValueRange>> written;
  bool readsWritten = false;
};
} // namespace

ElementLoops::ElementLoops(gpu::LaunchOp launch, scf::ForOp outer)
    : launch(launch) {
  for (scf::ForOp loop = outer; loop && loop.getNumResults() == 0;) {
    loops.push_back(loop);
    auto body = loop.getBody()->without_terminator();
    loop = llvm::hasSingleElement(body) ? dyn_cast<scf::ForOp>(*body.begin())
                                        : scf::ForOp();
  }
}

/// False where anything is done but loads, stores and computing.
bool ElementLoops::collectAccesses() {
  SmallVector<std::pair<Value, ValueRange>> accesses;
  llvm::SmallDenseSet<Value> stored;
  bool isKnown = true;
  loops.back().getBody()->walk([&](Operation *op) {
    if (auto load = dyn_cast<memref::LoadOp>(op)) {
      accesses.push_back({load.getMemRef(), load.getIndices()});
    } else if (auto store = dyn_cast<memref::StoreOp>(op)) {
      accesses.push_back({store.getMemRef(), store.getIndices()});
      stored.insert(rootMemory(store.getMemRef()));
    } else if (!isa<scf::IfOp, scf::ForOp, scf::YieldOp>(op) &&
               !isMemoryEffectFree(op)) {
      isKnown = false;
    }
  });
  for (auto &[memref, indices] : accesses)
    if (stored.contains(rootMemory(memref)))
      written[memref].push_back(indices);
  // One memory is looked at by one view.
  llvm::SmallDenseSet<Value> roots;
  for (auto &[memref, indices] : written)
    isKnown &= roots.insert(rootMemory(memref)).second;
  loops.back().getBody()->walk([&](memref::LoadOp load) {
    readsWritten |= stored.contains(rootMemory(load.getMemRef()));
  });
  return isKnown;
}

/// Whether iterations share no memory that is written: some dimension is always
/// indexed by the loop itself.
bool ElementLoops::isIndependent(scf::ForOp loop) {
  return llvm::all_of(written, [&](auto &entry) {
    int64_t rank = cast<MemRefType>(entry.first.getType()).getRank();
    return llvm::any_of(llvm::seq<int64_t>(rank), [&](int64_t i) {
      return llvm::all_of(entry.second, [&](ValueRange indices) {
        return indices[i] == loop.getInductionVar();
      });
    });
  });
}

bool ElementLoops::share() {
  for (scf::ForOp loop : loops)
    if (getConstantIntValue(loop.getLowerBound()) != 0 ||
        getConstantIntValue(loop.getStep()) != 1 ||
        isInside(launch, loop.getUpperBound()))
      return false;
  if (!collectAccesses())
    return false;
  SmallVector<scf::ForOp> shared;
  for (scf::ForOp loop : loops)
    if ((loop->hasAttr(kAnyOrderAttr) && !readsWritten) || isIndependent(loop))
      shared.push_back(loop);
  if (shared.empty())
    return false;

  KernelBuilder host(launch.getLoc(), launch);
  Value count = host.index(1);
  for (scf::ForOp loop : shared)
    count = host.mul(count, loop.getUpperBound());
  launch.getGridSizeXMutable().assign(count);
  KernelBuilder b(loops.front().getLoc(), loops.front());
  Value number = launch.getBlockIds().x;
  for (scf::ForOp loop : llvm::reverse(shared)) {
    bool isLast = loop == shared.front();
    Value index = isLast ? number : b.rem(number, loop.getUpperBound());
    if (!isLast)
      number = b.div(number, loop.getUpperBound());
    loop.getInductionVar().replaceAllUsesWith(index);
    Block *body = loop.getBody();
    body->getTerminator()->erase();
    loop->getBlock()->getOperations().splice(loop->getIterator(),
                                             body->getOperations());
    loop.erase();
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Loops over slabs
//===----------------------------------------------------------------------===//

namespace {
/// A size that can be compared: a constant, a value, or a dimension of memory
/// of which no more is known.
struct Size {
  int64_t constant = ShapedType::kDynamic;
  Value value;
  int64_t dim = -1;
  bool operator==(const Size &other) const {
    return constant == other.constant && value == other.value &&
           dim == other.dim;
  }
  Value materialise(KernelBuilder &b) const {
    if (!value)
      return b.index(constant);
    return dim < 0 ? value : b.dim(value, dim);
  }
};

/// A loop in which linalg operations have the same parallel loops.
class SlabLoop {
public:
  SlabLoop(gpu::LaunchOp launch, scf::ForOp loop)
      : launch(launch), loop(loop) {}
  /// Gives each point of the slabs to a thread, where all that is read of what
  /// is written is of the same point.
  bool share();

private:
  /// For each dimension of a memref, the loop over slabs that indexes it; -1
  /// for anything else.
  using PointDims = SmallVector<int>;

  bool collect();
  bool addOp(linalg::LinalgOp op);
  bool addAccess(Value memref, PointDims dims);
  bool isScan();

  gpu::LaunchOp launch;
  scf::ForOp loop;
  SmallVector<linalg::LinalgOp> ops;
  llvm::SmallDenseSet<Value> written;
  /// The parallel loops but for those of one iteration.
  SmallVector<Size> sizes;
  llvm::SmallDenseMap<Value, PointDims> uses;
};
} // namespace

static Size sizeOf(Value memref, int64_t dim);

static Size canonical(OpFoldResult size) {
  if (std::optional<int64_t> constant = getConstantIntValue(size))
    return {*constant, nullptr, -1};
  auto value = cast<Value>(size);
  if (auto dim = value.getDefiningOp<memref::DimOp>())
    if (std::optional<int64_t> index = dim.getConstantIndex())
      return sizeOf(dim.getSource(), *index);
  return {ShapedType::kDynamic, value, -1};
}

static Size sizeOf(Value memref, int64_t dim) {
  auto type = cast<MemRefType>(memref.getType());
  if (!type.isDynamicDim(dim))
    return {type.getDimSize(dim), nullptr, -1};
  if (auto alloc = memref.getDefiningOp<memref::AllocOp>())
    return canonical(alloc.getDynamicSizes()[type.getDynamicDimIndex(dim)]);
  if (auto subview = memref.getDefiningOp<memref::SubViewOp>()) {
    llvm::SmallBitVector dropped = subview.getDroppedDims();
    for (auto [i, size] : llvm::enumerate(subview.getMixedSizes()))
      if (!dropped.test(i) && dim-- == 0)
        return canonical(size);
  }
  return {ShapedType::kDynamic, memref, dim};
}

/// The extent of a loop.
static std::optional<Size> extentOf(linalg::LinalgOp op, unsigned loop) {
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    AffineMap map = op.getMatchingIndexingMap(&operand);
    for (auto [i, result] : llvm::enumerate(map.getResults()))
      if (result == getAffineDimExpr(loop, op.getContext()))
        return sizeOf(operand.get(), i);
  }
  return std::nullopt;
}

/// Whether a subview has, at index i of a dimension that it keeps, what its
/// source has there, or has nothing but index 0. Which of both it is may be for
/// the data to say.
static bool keepsIndices(memref::SubViewOp subview, unsigned dim) {
  if (getConstantIntValue(subview.getMixedStrides()[dim]) != 1)
    return false;
  OpFoldResult offset = subview.getMixedOffsets()[dim];
  if (getConstantIntValue(offset) == 0)
    return true;
  auto selection = [](OpFoldResult value) {
    return isa<Value>(value)
               ? cast<Value>(value).getDefiningOp<arith::SelectOp>()
               : arith::SelectOp();
  };
  arith::SelectOp offsets = selection(offset),
                  sizes = selection(subview.getMixedSizes()[dim]);
  return offsets && sizes && offsets.getCondition() == sizes.getCondition() &&
         getConstantIntValue(offsets.getFalseValue()) == 0 &&
         getConstantIntValue(sizes.getTrueValue()) == 1;
}

/// An access to memory that is written must be of the point alone, and of the
/// same part of the memory whoever does it.
bool SlabLoop::addAccess(Value memref, PointDims dims) {
  if (!written.contains(rootMemory(memref)))
    return true;
  while (Operation *view = memref.getDefiningOp<ViewLikeOpInterface>()) {
    auto subview = dyn_cast<memref::SubViewOp>(view);
    if (!subview)
      return false;
    PointDims ofSource;
    llvm::SmallBitVector dropped = subview.getDroppedDims();
    size_t next = 0;
    for (unsigned i = 0, e = dropped.size(); i < e; ++i) {
      int here = dropped.test(i) ? -1 : dims[next++];
      if (here >= 0 && !keepsIndices(subview, i))
        return false;
      ofSource.push_back(here);
    }
    dims = ofSource;
    memref = subview.getSource();
  }
  for (int i = 0, e = sizes.size(); i < e; ++i)
    if (llvm::count(dims, i) != 1)
      return false;
  auto [place, isNew] = uses.try_emplace(memref, dims);
  return isNew || place->second == dims;
}

bool SlabLoop::addOp(linalg::LinalgOp op) {
  // The numbers of its loops over points; -1 for others.
  SmallVector<int> points(op.getNumLoops(), -1);
  SmallVector<Size> own;
  for (auto [i, type] : llvm::enumerate(op.getIteratorTypesArray())) {
    if (type != utils::IteratorType::parallel)
      continue;
    std::optional<Size> size = extentOf(op, i);
    if (!size)
      return false;
    if (size->constant == 1)
      continue;
    points[i] = own.size();
    own.push_back(*size);
  }
  if (ops.empty())
    sizes = own;
  else if (sizes != own)
    return false;
  ops.push_back(op);

  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    PointDims dims;
    for (AffineExpr result : op.getMatchingIndexingMap(&operand).getResults()) {
      auto dim = dyn_cast<AffineDimExpr>(result);
      dims.push_back(dim ? points[dim.getPosition()] : -1);
      if (!dim && !isa<AffineConstantExpr>(result))
        return false;
    }
    if (!addAccess(operand.get(), dims))
      return false;
  }
  return !op->walk([&](Operation *inner) {
              if (auto load = dyn_cast<memref::LoadOp>(inner)) {
                PointDims dims;
                for (Value index : load.getIndices()) {
                  auto number = index.getDefiningOp<linalg::IndexOp>();
                  dims.push_back(number ? points[number.getDim()] : -1);
                }
                if (addAccess(load.getMemRef(), dims))
                  return WalkResult::advance();
                return WalkResult::interrupt();
              }
              return inner == op || inner->getNumRegions() > 0 ||
                             isMemoryEffectFree(inner)
                         ? WalkResult::advance()
                         : WalkResult::interrupt();
            }).wasInterrupted();
}

bool SlabLoop::collect() {
  SmallVector<linalg::LinalgOp> inside;
  for (Operation &op : loop.getBody()->without_terminator()) {
    auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
    if (linalgOp && linalgOp.hasPureBufferSemantics())
      inside.push_back(linalgOp);
    else if (!isMemoryEffectFree(&op) && !isa<memref::AllocOp>(op))
      return false;
  }
  for (linalg::LinalgOp op : inside)
    for (Value output : op.getDpsInits())
      written.insert(rootMemory(output));
  return !inside.empty() &&
         llvm::all_of(inside, [&](linalg::LinalgOp op) { return addOp(op); });
}

/// A Scan whose sums nobody looks at afterwards, by another name or in the next
/// iteration of a loop around them all, with the slabs, the sums and the result
/// apart from one another.
bool SlabLoop::isScan() {
  std::optional<Scan> scan = matchScan(loop);
  if (!scan || getConstantIntValue(loop.getLowerBound()) != 0 ||
      getConstantIntValue(loop.getStep()) != 1 ||
      isInside(launch, loop.getUpperBound()))
    return false;
  Value sums = scan->add.getOutputs().front();
  Value slabs = rootMemory(scan->add.getInputs().front());
  Value result = rootMemory(scan->write.getOutputs().front());
  auto alloc = sums.getDefiningOp<memref::AllocOp>();
  if (!alloc || alloc->getBlock() != launch->getBlock() || slabs == sums ||
      slabs == result || result == sums)
    return false;
  return llvm::all_of(sums.getUsers(), [&](Operation *user) {
    if (user == scan->add || user == scan->write ||
        isa<memref::DeallocOp>(user))
      return true;
    return user->getBlock() == launch->getBlock() &&
           user->isBeforeInBlock(launch) &&
           llvm::none_of(user->getResultTypes(), llvm::IsaPred<BaseMemRefType>);
  });
}

bool SlabLoop::share() {
  if (!collect() || llvm::any_of(sizes, [&](const Size &size) {
        return size.value && isInside(launch, size.value);
      }))
    return false;
  bool scan = isScan();
  if (sizes.empty() && !scan)
    return false;
  KernelBuilder host(launch.getLoc(), launch);
  Value count = host.index(1);
  for (const Size &size : sizes)
    count = host.mul(count, size.materialise(host));
  launch.getGridSizeXMutable().assign(count);
  launch->setAttr(kPointsAttr, host.getUnitAttr());
  if (scan)
    launch->setAttr(kScanAttr, host.getUnitAttr());
  return true;
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

void ShareLoops::runOnOperation() {
  SmallVector<gpu::LaunchOp> launches;
  getOperation().walk([&](gpu::LaunchOp launch) {
    auto isOne = [](Value size) { return getConstantIntValue(size) == 1; };
    if (llvm::all_of(launch.getOperands(), isOne))
      launches.push_back(launch);
  });
  for (gpu::LaunchOp launch : launches) {
    scf::ForOp loop = onlyLoop(launch);
    if (!loop)
      continue;
    // As a linalg operation it can be done by points.
    SmallVector<memref::CopyOp> copies(loop.getOps<memref::CopyOp>());
    for (memref::CopyOp copy : copies) {
      OpBuilder b(copy);
      linalg::CopyOp::create(b, copy.getLoc(), copy.getSource(),
                             copy.getTarget());
      copy.erase();
    }
    if (!SlabLoop(launch, loop).share())
      ElementLoops(launch, loop).share();
  }
}

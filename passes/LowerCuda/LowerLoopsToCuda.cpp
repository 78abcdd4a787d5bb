//===- LowerLoopsToCuda.cpp - outlined computations to GPU kernels --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/RuntimeCalls.h"
#include "passes/LowerCuda/LaunchLoops.h"
#include "passes/LowerCuda/Passes.h"
#include "passes/LowerCuda/ThreadNest.h"

#include "mlir/Dialect/Linalg/Transforms/Transforms.h"

namespace blockattn {
#define GEN_PASS_DEF_LOWERLOOPSTOCUDA
#include "passes/LowerCuda/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

/// Threads of a block.
static constexpr int64_t kBlock = 256;
static constexpr int64_t kWarp = 32;
/// Up to this many elements a row is the work of a warp.
static constexpr int64_t kWarpRow = 1024;
/// Threads that do one line of sums together, from how many lines on each gets
/// one thread, and up to what length.
static constexpr int64_t kScanBlock = 1024;
static constexpr int64_t kManyLines = 4096;
static constexpr int64_t kShortLine = 32;

namespace {

/// One kernel function: its computation moves to a kernel, the launch stays.
class Kernel {
public:
  Kernel(ModuleOp module, func::FuncOp func, Operation *op)
      : module(module), func(func), op(op), host(op->getLoc(), op) {}
  LogicalResult lower();

private:
  void startDevice(ArrayRef<int64_t> block, StringRef suffix = "");
  /// How many neighbours a thread takes at once, for each operation.
  using Widths = ArrayRef<int64_t>;
  void lowerInForms(ArrayRef<linalg::LinalgOp> ops, unsigned rowLoops,
                    llvm::function_ref<void(Widths)> lower);
  void startDevice(ArrayRef<int64_t> block, Widths widths) {
    bool isWide = llvm::any_of(widths, [](int64_t width) { return width > 1; });
    startDevice(block, isWide ? "_wide" : "");
  }
  void lowerPoints(ArrayRef<linalg::LinalgOp> ops, Widths widths);
  void lowerElements(ArrayRef<linalg::LinalgOp> ops);
  void lowerRows(ArrayRef<linalg::LinalgOp> ops, unsigned rowLoops,
                 Widths widths);
  void lowerRows(ArrayRef<linalg::LinalgOp> ops, unsigned rowLoops);
  Value clonePart(gpu::LaunchOp launch);
  LogicalResult lowerSequence(gpu::LaunchOp launch);
  void lowerPart(gpu::LaunchOp launch);
  void lowerScan(gpu::LaunchOp launch, Scan scan);
  bool isReduction(linalg::LinalgOp linalgOp);

  ModuleOp module;
  func::FuncOp func;
  Operation *op;
  KernelBuilder host;
  std::unique_ptr<DeviceKernel> device;
};

struct LowerLoopsToCuda
    : blockattn::impl::LowerLoopsToCudaBase<LowerLoopsToCuda> {
  void runOnOperation() override;
};

} // namespace

/// The kernel, with all that the function has been given and its constants.
void Kernel::startDevice(ArrayRef<int64_t> block, StringRef suffix) {
  SmallVector<Value> values;
  for (BlockArgument argument : func.getArguments())
    if (!func.getArgAttr(argument.getArgNumber(), kExecAttr) &&
        !argument.use_empty())
      values.push_back(argument);
  device = std::make_unique<DeviceKernel>(
      module, host, values, (func.getName() + suffix).str(), block);
  for (Operation &other : func.getBody().front())
    if (other.hasTrait<OpTrait::ConstantLike>() && other.isBeforeInBlock(op) &&
        !isa<LLVM::ConstantOp>(other))
      device->body().clone(other, device->mapping);
}

/// Whether teams of threads can share the work on each element of the result,
/// which is a sum over something.
bool Kernel::isReduction(linalg::LinalgOp linalgOp) {
  unsigned rowLoops = linalgOp.getNumParallelLoops();
  if (linalgOp.getNumReductionLoops() == 0)
    return false;
  // The row's loops come first.
  for (auto [i, type] : llvm::enumerate(linalgOp.getIteratorTypesArray()))
    if ((type == utils::IteratorType::parallel) != (i < rowLoops))
      return false;
  LoopNest nest(host, linalgOp, rowLoops);
  if (!ThreadNest::canShare(nest, rowLoops))
    return false;
  // Neighbouring threads must read neighbours in memory.
  for (unsigned i = 0; i < nest.numInputs; ++i) {
    unsigned last = nest.numLoops() - 1;
    if (!isContiguousAlong(nest.accesses[i], last))
      return false;
  }
  return true;
}

/// Has `lower` emit a form in which threads take neighbours at once where an
/// operation allows it, and one in which they don't, where the host has to
/// choose between both.
void Kernel::lowerInForms(ArrayRef<linalg::LinalgOp> ops, unsigned rowLoops,
                          llvm::function_ref<void(Widths)> lower) {
  SmallVector<int64_t> ones(ops.size(), 1), widths(ones);
  Value wide;
  for (auto [linalgOp, width] : llvm::zip_equal(ops, widths)) {
    ThreadNest outside(host, linalgOp, rowLoops);
    if (outside.width() == 1)
      continue;
    Value here = outside.canBeWide(outside.width());
    // One that never can be does not hold up others.
    if (getConstantIntValue(here) == 0)
      continue;
    width = outside.width();
    wide = wide ? host.both(wide, here) : here;
  }
  if (!wide)
    return lower(ones);
  auto form = [&](Widths widths) {
    lower(widths);
    return SmallVector<Value>();
  };
  host.branch(
      wide, {}, [&] { return form(widths); }, [&] { return form(ones); });
}

/// A thread for each iteration of the parallel loops, or for neighbouring ones.
/// Operations have thread blocks one after the other.
void Kernel::lowerPoints(ArrayRef<linalg::LinalgOp> ops, Widths widths) {
  startDevice({kBlock}, widths);
  KernelBuilder &b = device->body();
  Value grid = host.index(0);
  Value block = device->blockId(), thread = device->threadId();
  for (auto [linalgOp, width] : llvm::zip_equal(ops, widths)) {
    auto clone = cast<linalg::LinalgOp>(b.clone(*linalgOp, device->mapping));
    ThreadNest nest(b, clone);
    Value point = b.add(b.mul(block, b.index(kBlock)), thread);
    Value count = nest.countWidePoints(width);
    Value isOwn = b.less(point, count);
    // Blocks of operations before have negative numbers here.
    if (linalgOp != ops.front())
      isOwn = b.both(b.lessEqual(b.index(0), block), isOwn);
    b.when(isOwn, [&, width = width] {
      if (width > 1)
        nest.emitWidePoint(point, width);
      else
        nest.emitPoint(point);
    });
    clone->erase();
    if (linalgOp != ops.back())
      block = b.sub(block, b.ceilDiv(count, kBlock));
    Value points = ThreadNest(host, linalgOp).countWidePoints(width);
    grid = host.add(grid, host.ceilDiv(points, kBlock));
  }
  device->launch(grid);
}

void Kernel::lowerElements(ArrayRef<linalg::LinalgOp> ops) {
  lowerInForms(ops, /*rowLoops=*/0,
               [&](Widths widths) { lowerPoints(ops, widths); });
}

/// A warp or a block for each row, for the operations one after the other; in
/// the wide form threads take neighbours at once where an operation allows it.
void Kernel::lowerRows(ArrayRef<linalg::LinalgOp> ops, unsigned rowLoops,
                       Widths widths) {
  int64_t size = kWarp;
  for (linalg::LinalgOp linalgOp : ops) {
    std::optional<int64_t> perRow =
        getConstantIntValue(ThreadNest(host, linalgOp, rowLoops).countInRow());
    if (!perRow || *perRow > kWarpRow)
      size = kBlock;
  }
  int64_t teams = kBlock / size;

  startDevice({kBlock}, widths);
  KernelBuilder &b = device->body();
  SmallVector<linalg::LinalgOp> clones;
  for (linalg::LinalgOp linalgOp : ops)
    clones.push_back(
        cast<linalg::LinalgOp>(b.clone(*linalgOp, device->mapping)));
  Value rows = ThreadNest(b, clones.front(), rowLoops).countRows();
  Value thread = device->threadId(), row = device->blockId();
  Team team{size, thread};
  if (teams > 1) {
    row = b.add(b.mul(row, b.index(teams)), b.div(thread, b.index(size)));
    team.lane = b.rem(thread, b.index(size));
  }
  b.when(b.less(row, rows), [&] {
    for (auto [clone, width] : llvm::zip_equal(clones, widths)) {
      // What one operation wrote the next may read.
      if (clone != clones.front())
        synchronise(b, team);
      ThreadNest nest(b, clone, rowLoops);
      nest.emitRow(row, team, width);
    }
  });
  for (linalg::LinalgOp clone : clones)
    clone->erase();
  Value count = ThreadNest(host, ops.front(), rowLoops).countRows();
  device->launch(host.ceilDiv(count, teams));
}

void Kernel::lowerRows(ArrayRef<linalg::LinalgOp> ops, unsigned rowLoops) {
  lowerInForms(ops, rowLoops,
               [&](Widths widths) { lowerRows(ops, rowLoops, widths); });
}

/// The kernel of a launch: a thread for each block of its grid, whose number is
/// returned.
Value Kernel::clonePart(gpu::LaunchOp launch) {
  Value count = launch.getGridSizeX();
  bool isOne = getConstantIntValue(count) == 1;
  startDevice({isOne ? 1 : kBlock});
  KernelBuilder &b = device->body();
  Block &body = launch.getBody().front();
  Value number = b.index(0);
  if (!isOne)
    number =
        b.add(b.mul(device->blockId(), b.index(kBlock)), device->threadId());
  // Other numbers of blocks and threads are 0, their counts 1.
  for (auto [i, argument] : llvm::enumerate(body.getArguments()))
    device->mapping.map(argument, b.index(i < 6 ? 0 : 1));
  device->mapping.map(launch.getBlockIds().x, number);
  auto clone = [&] {
    for (Operation &inner : body.without_terminator())
      b.clone(inner, device->mapping);
  };
  if (isOne)
    clone();
  else
    b.when(b.less(number, device->mapping.lookup(count)), clone);
  device->launch(host.ceilDiv(count, isOne ? 1 : kBlock));
  return number;
}

LogicalResult Kernel::lowerSequence(gpu::LaunchOp launch) {
  clonePart(launch);
  IRRewriter rewriter(module.getContext());
  gpu::GPUFuncOp kernel = device->function();
  SmallVector<memref::CopyOp> copies;
  kernel.walk([&](memref::CopyOp copy) { copies.push_back(copy); });
  for (memref::CopyOp copy : copies) {
    rewriter.setInsertionPoint(copy);
    linalg::CopyOp::create(rewriter, copy.getLoc(), copy.getSource(),
                           copy.getTarget());
    copy.erase();
  }
  SmallVector<linalg::LinalgOp> ops;
  kernel.walk([&](linalg::LinalgOp inner) { ops.push_back(inner); });
  for (linalg::LinalgOp inner : ops) {
    rewriter.setInsertionPoint(inner);
    if (failed(linalg::linalgOpToLoops(rewriter, inner)))
      return inner->emitError("this operation cannot become loops for target "
                              "cuda; compile with --target=cpu");
    rewriter.eraseOp(inner);
  }
  return success();
}

/// A thread block for each line.
void Kernel::lowerScan(gpu::LaunchOp launch, Scan scan) {
  startDevice({kScanBlock}, "_scan");
  for (Operation &op : launch.getBody().front().without_terminator())
    if (&op != scan.loop)
      device->body().clone(op, device->mapping);
  emitScan(scan, *device, device->blockId(), device->threadId(), kScanBlock);
  device->launch(launch.getGridSizeX());
}

/// A thread for each point of the linalg operations, or for each line a block.
void Kernel::lowerPart(gpu::LaunchOp launch) {
  auto perThread = [&] {
    Value point = clonePart(launch);
    SmallVector<linalg::LinalgOp> ops;
    device->function().walk([&](linalg::LinalgOp op) { ops.push_back(op); });
    for (linalg::LinalgOp inner : ops) {
      KernelBuilder b(inner->getLoc(), inner);
      ThreadNest(b, inner).emitPoint(point);
      inner->erase();
    }
    return SmallVector<Value>();
  };
  std::optional<Scan> scan;
  if (scf::ForOp loop = onlyLoop(launch); loop && launch->hasAttr(kScanAttr))
    scan = matchScan(loop);
  if (!scan) {
    perThread();
    return;
  }
  // Many lines fill a GPU without; short ones are not worth a block.
  Value isMany = host.lessEqual(host.index(kManyLines), launch.getGridSizeX());
  Value isShort = host.less(scan->loop.getUpperBound(), host.index(kShortLine));
  host.branch(host.either(isMany, isShort), {}, perThread, [&] {
    lowerScan(launch, *scan);
    return SmallVector<Value>();
  });
}

LogicalResult Kernel::lower() {
  WalkResult onBuffers = op->walk([](linalg::LinalgOp inner) {
    if (inner.hasPureBufferSemantics())
      return WalkResult::advance();
    inner->emitError("an operation on tensors cannot become a kernel; "
                     "bufferize it first (--blockattn-bufferize)");
    return WalkResult::interrupt();
  });
  if (onBuffers.wasInterrupted())
    return failure();
  if (auto launch = dyn_cast<gpu::LaunchOp>(op)) {
    SmallVector<linalg::LinalgOp> inner(
        launch.getBody().getOps<linalg::LinalgOp>());
    if (auto rowLoops = launch->getAttrOfType<IntegerAttr>(kRowLoopsAttr)) {
      lowerRows(inner, rowLoops.getInt());
    } else if (launch->hasAttr(kElementsAttr)) {
      lowerElements(inner);
    } else if (launch->hasAttr(kPointsAttr)) {
      lowerPart(launch);
    } else if (failed(lowerSequence(launch))) {
      return failure();
    }
  } else {
    auto linalgOp = cast<linalg::LinalgOp>(op);
    if (isReduction(linalgOp))
      lowerRows(linalgOp, linalgOp.getNumParallelLoops());
    else
      lowerElements(linalgOp);
  }
  op->erase();
  return success();
}

void LowerLoopsToCuda::runOnOperation() {
  ModuleOp module = getOperation();
  SmallVector<std::pair<func::FuncOp, Operation *>> kernels;
  for (auto func : module.getOps<func::FuncOp>()) {
    if (!func->hasAttr(kKernelAttr) || func.isDeclaration())
      continue;
    for (Operation &op : func.getBody().front())
      if (isa<linalg::LinalgOp, gpu::LaunchOp>(op))
        kernels.push_back({func, &op});
  }
  for (auto [func, op] : kernels)
    if (failed(Kernel(module, func, op).lower()))
      return signalPassFailure();
}

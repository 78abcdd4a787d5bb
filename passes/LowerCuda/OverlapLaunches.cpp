//===- OverlapLaunches.cpp - kernels that start early ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Launching a kernel takes as long as a small kernel runs, and so does the end
// of one: the next begins when the last thread block is gone and its results
// are visible. Kernels that wait for the one before them inside of themselves
// have their launch behind them by then.
//
// A kernel's end implies the end of all before it, since each waits: whatever
// was written earlier can be read after the wait, and nothing is written before
// it. All thread blocks of a kernel have started before the next one's do, so
// that those who wait keep nobody from starting.
//
// What is read before the wait, weights and cached keys, is there when a
// program begins: the host has waited for what made it. Runs that nobody waits
// for would need a first kernel that does not start early.
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/CudaChip.h"
#include "passes/LowerCuda/DeviceKernel.h"
#include "passes/LowerCuda/Passes.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

namespace blockattn {
#define GEN_PASS_DEF_OVERLAPLAUNCHES
#include "passes/LowerCuda/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

namespace {
struct OverlapLaunches
    : public blockattn::impl::OverlapLaunchesBase<OverlapLaunches> {
  using OverlapLaunchesBase::OverlapLaunchesBase;
  void runOnOperation() override;
};
} // namespace

void OverlapLaunches::runOnOperation() {
  const CudaChip *target = requireCudaChip(getOperation(), chip);
  if (!target)
    return signalPassFailure();
  // These came with clusters.
  if (!target->hasClusters)
    return;
  for (auto kernel : getOperation().getOps<gpu::GPUFuncOp>()) {
    if (!kernel.isKernel())
      continue;
    OpBuilder b = OpBuilder::atBlockBegin(&kernel.getBody().front());
    NVVM::GriddepcontrolOp::create(b, kernel.getLoc(),
                                   NVVM::GridDepActionKind::launch_dependents);
    if (!waitsForOthers(kernel))
      NVVM::GriddepcontrolOp::create(b, kernel.getLoc(),
                                     NVVM::GridDepActionKind::wait);
  }
}

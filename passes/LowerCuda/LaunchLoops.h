//===- LaunchLoops.h - loops that threads share -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// --blockattn-share-loops says on a `gpu.launch` how many threads do it: its
// grid has a block for each of them. --blockattn-lower-loops-to-cuda makes
// thread blocks of those.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWERCUDA_LAUNCHLOOPS_H
#define BLOCKATTN_PASSES_LOWERCUDA_LAUNCHLOOPS_H

#include "passes/Lower/LoopAttributes.h"
#include "passes/LowerCuda/DeviceKernel.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace blockattn {

/// Beside `blockattn.points`: the loop is a Scan.
constexpr llvm::StringLiteral kScanAttr = "blockattn.scan";

/// The one loop of a launch, beside which there is nothing with an effect;
/// null where there is more, or none.
mlir::scf::ForOp onlyLoop(mlir::gpu::LaunchOp launch);

/// A loop that writes the sums of all slabs of a tensor up to each of them.
struct Scan {
  mlir::scf::ForOp loop;
  /// sums += slab; the one input is the slab, the output the sums.
  mlir::linalg::GenericOp add;
  /// The sums to the result: before they are updated where the slab itself is
  /// left out, else behind that.
  mlir::linalg::CopyOp write;
  bool isExclusive() { return write->isBeforeInBlock(add.getOperation()); }
};

/// Whether a loop looks like a Scan; what memory its parts use is for others to
/// find out.
std::optional<Scan> matchScan(mlir::scf::ForOp loop);

/// Emits what thread number `thread` of `threads` (a power of two), which are
/// a thread block, does of one line of a Scan: all slabs at one point. Each
/// adds up a part of the line, the parts are added up, and each goes through
/// its part once more. `device.mapping` knows what the loop uses from outside.
void emitScan(Scan scan, DeviceKernel &device, mlir::Value line,
              mlir::Value thread, int64_t threads);

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWERCUDA_LAUNCHLOOPS_H

//===- FuseElementwise.cpp - elementwise operations into consumers --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace blockattn {
#define GEN_PASS_DEF_FUSEELEMENTWISE
#include "passes/Lower/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

/// A body that costs less than a read and a write of memory.
static bool isCheap(linalg::GenericOp op) {
  int cost = 0;
  for (Operation &inner : op.getBody()->without_terminator()) {
    if (inner.getNumRegions() > 0 || isa<tensor::ExtractOp>(inner) ||
        inner.getDialect()->getNamespace() == "math" ||
        isa<arith::DivFOp, arith::RemFOp, arith::DivSIOp, arith::DivUIOp,
            arith::RemSIOp, arith::RemUIOp>(inner))
      return false;
    if (!isa<arith::ConstantOp, linalg::IndexOp>(inner))
      ++cost;
  }
  return cost <= 4;
}

/// More operands than this do not fit the registers of a loop.
static constexpr unsigned maxOperands = 12;

/// A loop of so many operations gains nothing from one more, while every fusion
/// copies both bodies.
static constexpr unsigned maxBody = 128;

static bool worthFusing(OpOperand *operand) {
  auto producer = operand->get().getDefiningOp<linalg::GenericOp>();
  auto consumer = dyn_cast<linalg::GenericOp>(operand->getOwner());
  if (!producer || !consumer)
    return false;
  if (producer->getNumOperands() + consumer->getNumOperands() > maxOperands)
    return false;
  if (llvm::hasNItemsOrMore(*producer.getBody(), maxBody) ||
      llvm::hasNItemsOrMore(*consumer.getBody(), maxBody))
    return false;
  bool cheap = isCheap(producer);
  // Read once for each element that is produced?
  AffineMap map = consumer.getMatchingIndexingMap(operand);
  bool once = map.isPermutation() && map.getNumDims() == producer.getNumLoops();
  if (!once && !cheap)
    return false;
  if (producer->hasOneUse())
    return true;
  // Several consumers: only what saves more than it repeats.
  return cheap && producer.getNumDpsInputs() <= 1;
}

namespace {
struct FuseElementwisePass
    : blockattn::impl::FuseElementwiseBase<FuseElementwisePass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    linalg::populateElementwiseOpsFusionPatterns(patterns, worthFusing);
    linalg::populateEraseUnusedOperandsAndResultsPatterns(patterns);
    if (failed(applyPatternsGreedily(
            getOperation(), std::move(patterns),
            GreedyRewriteConfig().setUseTopDownTraversal(true))))
      signalPassFailure();
  }
};
} // namespace

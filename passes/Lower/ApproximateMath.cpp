//===- ApproximateMath.cpp - math functions as polynomials ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace blockattn {
#define GEN_PASS_DEF_APPROXIMATEMATH
#include "passes/Lower/Passes.h.inc"
} // namespace blockattn

using namespace mlir;

namespace {

/// Without the instruction a fused multiply-add is a call of libm for each
/// element; product and sum are fused again wherever the processor can.
struct SplitFma : OpRewritePattern<math::FmaOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::FmaOp op,
                                PatternRewriter &rewriter) const override {
    auto contract = arith::FastMathFlags::contract;
    Value product = arith::MulFOp::create(rewriter, op.getLoc(), op.getA(),
                                          op.getB(), contract);
    rewriter.replaceOpWithNewOp<arith::AddFOp>(op, product, op.getC(),
                                               contract);
    return success();
  }
};

/// Arithmetic on f16 and bf16 in f32, rounded after each operation: that is
/// what processors without such units do, but for bf16 by library calls.
struct WidenHalf : RewritePattern {
  explicit WidenHalf(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}
  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!isa<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp,
             arith::RemFOp, arith::NegFOp, arith::MaximumFOp, arith::MinimumFOp,
             arith::MaxNumFOp, arith::MinNumFOp>(op))
      return failure();
    Type type = op->getResult(0).getType();
    Type element = getElementTypeOrSelf(type);
    if (!element.isF16() && !element.isBF16())
      return failure();
    Type wide = rewriter.getF32Type();
    if (auto vector = dyn_cast<VectorType>(type))
      wide = vector.clone(wide);
    Location loc = op->getLoc();
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      operands.push_back(arith::ExtFOp::create(rewriter, loc, wide, operand));
    Operation *wideOp =
        rewriter.create(loc, op->getName().getIdentifier(), operands,
                        TypeRange{wide}, op->getAttrs());
    rewriter.replaceOpWithNewOp<arith::TruncFOp>(op, type,
                                                 wideOp->getResult(0));
    return success();
  }
};

} // namespace

void blockattn::populateWidenHalfPatterns(RewritePatternSet &patterns) {
  patterns.add<WidenHalf>(patterns.getContext());
}

namespace {
struct ApproximateMath
    : public blockattn::impl::ApproximateMathBase<ApproximateMath> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    // Rotary angles grow with the position, and the approximations of sine
    // and cosine reduce them too coarsely: these stay with libm, once for
    // each position and frequency.
    auto approximate = [](StringRef name) {
      return name != math::SinOp::getOperationName() &&
             name != math::CosOp::getOperationName();
    };
    populateMathF32ExpansionPatterns(patterns, [](StringRef) { return true; });
    populateMathPolynomialApproximationPatterns(patterns, approximate);
    patterns.add<SplitFma>(&getContext());
    blockattn::populateWidenHalfPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace

//===- NarrowProducts.cpp - products that write what is wanted ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/Passes.h"
#include "passes/LowerCuda/ProductResult.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace blockattn {
#define GEN_PASS_DEF_NARROWPRODUCTS
#include "passes/LowerCuda/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

namespace {
struct NarrowProducts : blockattn::impl::NarrowProductsBase<NarrowProducts> {
  void runOnOperation() override;
};
} // namespace

/// Whether an operation does nothing but convert each element: from f32 to the
/// factors' 16-bit type, or from that to f32.
static bool isConversion(linalg::GenericOp op, Type type) {
  if (op.getNumDpsInputs() != 1 || !(type.isBF16() || type.isF16()))
    return false;
  Block *body = op.getBody();
  Operation &convert = body->front();
  if (!isa<arith::TruncFOp, arith::ExtFOp>(convert) ||
      convert.getOperand(0) != body->getArgument(0) ||
      body->getTerminator()->getOperand(0) != convert.getResult(0))
    return false;
  Type from = convert.getOperand(0).getType();
  Type to = convert.getResult(0).getType();
  return (from.isF32() && to == type) || (from == type && to.isF32());
}

void NarrowProducts::runOnOperation() {
  SmallVector<linalg::LinalgOp> products;
  getOperation().walk([&](linalg::LinalgOp op) {
    if (isa<linalg::MatmulOp, linalg::BatchMatmulOp>(op.getOperation()))
      products.push_back(op);
  });
  for (linalg::LinalgOp product : products) {
    // The library keeps the sums in f32 and rounds once at most. Where a
    // rounded result is all that is made f32 again, it need not round at all.
    while (std::optional<ConsumedProduct> match = matchConsumed(product)) {
      Value output = match->consumer.getDpsInits()[0];
      if (!isConversion(match->consumer, match->type) ||
          !cast<MemRefType>(output.getType()).getLayout().isIdentity())
        break;
      product = redirect(*match, output, /*overwrite=*/true);
    }
  }
}

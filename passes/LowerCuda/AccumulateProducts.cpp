//===- AccumulateProducts.cpp - products added to where a sum lies --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/Passes.h"
#include "passes/LowerCuda/ProductResult.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace blockattn {
#define GEN_PASS_DEF_ACCUMULATEPRODUCTS
#include "passes/LowerCuda/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

namespace {
struct AccumulateProducts
    : blockattn::impl::AccumulateProductsBase<AccumulateProducts> {
  void runOnOperation() override;
};
} // namespace

/// Whether an operation adds its two inputs, whatever it converts for that.
static bool isSum(linalg::GenericOp op) {
  if (op.getNumDpsInputs() != 2)
    return false;
  Block *body = op.getBody();
  for (Operation &inner : body->without_terminator())
    if (!isa<arith::AddFOp, arith::ExtFOp, arith::TruncFOp>(inner))
      return false;
  Value sum = body->getTerminator()->getOperand(0);
  if (auto truncate = sum.getDefiningOp<arith::TruncFOp>())
    sum = truncate.getIn();
  auto add = sum.getDefiningOp<arith::AddFOp>();
  if (!add)
    return false;
  auto source = [](Value value) {
    auto extend = value.getDefiningOp<arith::ExtFOp>();
    return extend ? extend.getIn() : value;
  };
  Value a = source(add.getLhs()), b = source(add.getRhs());
  Value x = body->getArgument(0), y = body->getArgument(1);
  return (a == x && b == y) || (a == y && b == x);
}

void AccumulateProducts::runOnOperation() {
  SmallVector<linalg::LinalgOp> products;
  getOperation().walk([&](linalg::LinalgOp op) {
    if (isa<linalg::MatmulOp, linalg::BatchMatmulOp>(op.getOperation()))
      products.push_back(op);
  });
  for (linalg::LinalgOp product : products) {
    std::optional<ConsumedProduct> match = matchConsumed(product);
    if (!match || !isSum(match->consumer))
      continue;
    Value place = placeForSum(*match, 1 - match->input);
    if (!place)
      continue;
    auto output =
        match->consumer.getDpsInits()[0].getDefiningOp<memref::AllocOp>();
    redirect(*match, place, /*overwrite=*/false);
    output.replaceAllUsesWith(place);
    output.erase();
  }
}

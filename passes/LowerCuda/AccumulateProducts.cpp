//===- AccumulateProducts.cpp - products added to where a sum lies --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/Passes.h"
#include "passes/LowerCuda/ProductResult.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

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

/// Whether nothing looks at the memory of `alloc` after `last`.
static bool isDeadAfter(memref::AllocOp alloc, Operation *last) {
  SmallVector<Value> aliases{alloc};
  while (!aliases.empty()) {
    for (Operation *user : aliases.pop_back_val().getUsers()) {
      if (isa<memref::DimOp>(user))
        continue;
      Operation *top = last->getBlock()->findAncestorOpInBlock(*user);
      if (!top || (top != last && last->isBeforeInBlock(top)))
        return false;
      if (isa<ViewLikeOpInterface>(user))
        aliases.push_back(user->getResult(0));
      else if (llvm::any_of(user->getResultTypes(),
                            [](Type type) { return isa<MemRefType>(type); }))
        return false;
    }
  }
  return true;
}

/// The memory that is `consumer`'s other term, if the product can be added to
/// it and it be the result from then on.
static Value findPlace(ConsumedProduct &match) {
  linalg::GenericOp consumer = match.consumer;
  auto output = consumer.getDpsInits()[0].getDefiningOp<memref::AllocOp>();
  if (!isSum(consumer) || !output)
    return {};
  Value other = consumer.getDpsInputs()[1 - match.input];
  auto memory = rootMemory(other).getDefiningOp<memref::AllocOp>();
  Type element = output.getType().getElementType();
  if (!memory || memory == output ||
      memory->getBlock() != consumer->getBlock() ||
      output->getBlock() != consumer->getBlock() ||
      other.getType() != output.getType() || !showsAllOf(other, memory) ||
      !(element == match.type || element.isF32()) ||
      !isDeadAfter(memory, consumer))
    return {};
  for (Value factor : match.product->getOperands().take_front(2))
    if (rootMemory(factor) == memory)
      return {};
  // Nothing is in the result's memory before.
  for (Operation *user : output->getUsers()) {
    Operation *top = consumer->getBlock()->findAncestorOpInBlock(*user);
    if (!isa<memref::DimOp>(user) && (!top || top->isBeforeInBlock(consumer)))
      return {};
  }
  return other;
}

void AccumulateProducts::runOnOperation() {
  SmallVector<linalg::LinalgOp> products;
  getOperation().walk([&](linalg::LinalgOp op) {
    if (isa<linalg::MatmulOp, linalg::BatchMatmulOp>(op.getOperation()))
      products.push_back(op);
  });
  for (linalg::LinalgOp product : products) {
    std::optional<ConsumedProduct> match = matchConsumed(product);
    Value place = match ? findPlace(*match) : Value();
    if (!place)
      continue;
    auto output =
        match->consumer.getDpsInits()[0].getDefiningOp<memref::AllocOp>();
    redirect(*match, place, /*overwrite=*/false);
    output.replaceAllUsesWith(place);
    output.erase();
  }
}

//===- NestEmitter.cpp - what a loop nest does at one iteration -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/NestEmitter.h"

#include "mlir/Dialect/Affine/Utils.h"

using namespace mlir;
using namespace blockattn;

void NestEmitter::setIndices(ArrayRef<unsigned> loops, Value number) {
  for (unsigned loop : llvm::reverse(loops)) {
    if (loop == loops.front()) {
      indices[loop] = number;
      break;
    }
    indices[loop] = b.rem(number, nest.sizes[loop]);
    number = b.div(number, nest.sizes[loop]);
  }
}

NestEmitter::Values NestEmitter::reductionLoops(ArrayRef<unsigned> loops,
                                                ValueRange init,
                                                Innermost innermost) {
  if (loops.empty())
    return innermost(init);
  unsigned loop = loops.front();
  return b.loop(b.index(0), nest.sizes[loop], 1, init,
                [&](Value i, ValueRange carried) {
                  indices[loop] = i;
                  return reductionLoops(loops.drop_front(), carried, innermost);
                });
}

NestEmitter::Values
NestEmitter::elementIndices(const LoopNest::Access &access) {
  // Loops that an access does not use may have no index yet.
  Values all;
  for (Value index : indices)
    all.push_back(index ? index : b.index(0));
  auto expanded = affine::expandAffineMap(b, b.getLoc(), access.map, all);
  return Values(expanded->begin(), expanded->end());
}

Value NestEmitter::load(const LoopNest::Access &access) {
  if (!access.map)
    return access.operand;
  return b.load(access.operand, elementIndices(access));
}

void NestEmitter::store(unsigned output, Value value) {
  const LoopNest::Access &access = nest.accesses[nest.numInputs + output];
  b.store(value, access.operand, elementIndices(access));
}

NestEmitter::Values
NestEmitter::oldValues(function_ref<Value(const LoopNest::Access &)> load) {
  Values old;
  for (unsigned i = 0; i < nest.numOutputs; ++i) {
    bool isRead = !nest.outputArgument(i).use_empty();
    old.push_back(isRead || nest.hasReductions()
                      ? load(nest.accesses[nest.numInputs + i])
                      : Value());
  }
  return old;
}

void NestEmitter::allowContraction(Operation *op) {
  if (!isa<arith::AddFOp, arith::SubFOp, arith::MulFOp>(op))
    return;
  auto iface = cast<arith::ArithFastMathInterface>(op);
  arith::FastMathFlags flags = arith::FastMathFlags::contract;
  if (auto attr = iface.getFastMathFlagsAttr())
    flags = flags | attr.getValue();
  op->setAttr(iface.getFastMathAttrName(),
              arith::FastMathFlagsAttr::get(op->getContext(), flags));
}

void NestEmitter::clone(Operation &op, IRMapping &mapping) {
  if (auto index = dyn_cast<linalg::IndexOp>(op)) {
    mapping.map(index.getResult(), indices[nest.loopOf[index.getDim()]]);
    return;
  }
  Operation *clone = b.clone(op, mapping);
  allowContraction(clone);
  clone->walk([&](linalg::IndexOp index) {
    index.replaceAllUsesWith(indices[nest.loopOf[index.getDim()]]);
    index.erase();
  });
}

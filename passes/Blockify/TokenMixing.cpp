//===- TokenMixing.cpp - what brings tokens together ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Blockify/TokenMixing.h"
#include "passes/Blockify/TokenOrder.h"

#include "dialects/Onnx/Location.h"

using namespace mlir;
using namespace blockattn;

SmallVector<TokenMixing> blockattn::findTokenMixing(func::FuncOp full) {
  return SmallVector<TokenMixing>(TokenOrder(full).mixing());
}

std::string blockattn::describeTokenMixing(ArrayRef<TokenMixing> mixing) {
  constexpr size_t kNamed = 3;
  auto describe = [](Operation *op) {
    return ("'" + onnx::nodeName(op->getLoc()) + "' (" +
            op->getName().stripDialect() + ")")
        .str();
  };
  std::string text;
  for (const TokenMixing &one : mixing.take_front(kNamed)) {
    text += (text.empty() ? "" : ", ") + describe(one.op);
    if (one.mover)
      text += " after " + describe(one.mover) + " has moved some of them";
  }
  if (mixing.size() > kNamed)
    text += " and " + std::to_string(mixing.size() - kNamed) + " more";
  text = "data of several tokens come together at " + text +
         ", which is no attention that was recognised (see "
         "docs/when-not-raised.md)";
  auto isFloat = [](Value value) {
    return isa<FloatType>(getElementTypeOrSelf(value));
  };
  if (llvm::any_of(mixing, [&](const TokenMixing &one) {
        return one.op->getNumOperands() != 0 &&
               !isFloat(one.op->getOperand(0)) &&
               !isFloat(one.op->getResult(0));
      }))
    text += "; where positions are counted from token ids, export the model "
            "with position_ids";
  return text;
}

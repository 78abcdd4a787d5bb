//===- ConstantsToWeights.cpp - constant data -> weights ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/RuntimeCalls.h"
#include "passes/LowerCuda/Passes.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

#include "llvm/ADT/MapVector.h"

namespace blockattn {
#define GEN_PASS_DEF_CONSTANTSTOWEIGHTS
#include "passes/LowerCuda/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

namespace {
struct ConstantsToWeights
    : blockattn::impl::ConstantsToWeightsBase<ConstantsToWeights> {
  void runOnOperation() override;
};
} // namespace

void ConstantsToWeights::runOnOperation() {
  ModuleOp module = getOperation();
  Builder b(&getContext());
  SmallVector<Attribute> weights;
  if (auto list = module->getAttrOfType<ArrayAttr>("blockattn.weights"))
    llvm::append_range(weights, list);

  // Equal constants are one weight.
  DenseMap<Attribute, int64_t> numbers;
  SmallVector<memref::GlobalOp> globals(module.getOps<memref::GlobalOp>());
  llvm::StringMap<int64_t> weightOf;
  for (memref::GlobalOp global : globals) {
    auto value = dyn_cast_or_null<ElementsAttr>(global.getInitialValueAttr());
    if (!value || !global.getConstant())
      continue;
    auto [it, isNew] = numbers.try_emplace(value, weights.size());
    if (isNew)
      weights.push_back(b.getDictionaryAttr(
          {b.getNamedAttr("name",
                          b.getStringAttr("constant." + Twine(weights.size()))),
           b.getNamedAttr("type", TypeAttr::get(value.getType())),
           b.getNamedAttr("value", value)}));
    weightOf[global.getSymName()] = it->second;
  }

  for (auto func : module.getOps<func::FuncOp>()) {
    llvm::MapVector<int64_t, SmallVector<memref::GetGlobalOp>> uses;
    func.walk([&](memref::GetGlobalOp op) {
      if (auto it = weightOf.find(op.getName()); it != weightOf.end())
        uses[it->second].push_back(op);
    });
    for (auto &[number, ops] : uses) {
      unsigned position = func.getNumArguments();
      if (failed(func.insertArgument(
              position, ops.front().getType(),
              b.getDictionaryAttr(
                  b.getNamedAttr(kWeightAttr, b.getI64IntegerAttr(number))),
              ops.front().getLoc())))
        return signalPassFailure();
      for (memref::GetGlobalOp op : ops) {
        op.replaceAllUsesWith(func.getArgument(position));
        op.erase();
      }
    }
  }
  for (memref::GlobalOp global : globals)
    if (weightOf.contains(global.getSymName()))
      global.erase();
  if (!weights.empty())
    module->setAttr("blockattn.weights", b.getArrayAttr(weights));
}

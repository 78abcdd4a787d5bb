//===- SplitBranches.cpp - a function for each branch of a decoder --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Normalize/Passes.h"

#include "dialects/Onnx/Onnx.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/BitVector.h"

namespace blockattn {
#define GEN_PASS_DEF_SPLITBRANCHES
#include "passes/Normalize/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

namespace {

/// The argument that a condition is, and whether it is inverted on the way.
struct Condition {
  BlockArgument argument;
  bool inverted = false;
};

} // namespace

static std::optional<Condition> findCondition(Value value) {
  Condition condition;
  while (Operation *op = value.getDefiningOp()) {
    if (isa<onnx::NotOp>(op))
      condition.inverted = !condition.inverted;
    else if (!isa<onnx::IdentityOp, onnx::SqueezeOp, onnx::UnsqueezeOp,
                  onnx::ReshapeOp>(op))
      return std::nullopt;
    value = op->getOperand(0);
  }
  condition.argument = dyn_cast<BlockArgument>(value);
  auto type = condition.argument ? dyn_cast<RankedTensorType>(value.getType())
                                 : RankedTensorType();
  if (!type || !type.getElementType().isInteger(1) ||
      !isa<func::FuncOp>(condition.argument.getOwner()->getParentOp()))
    return std::nullopt;
  return condition;
}

static bool containsAttention(Region &region) {
  return region
      .walk([](Operation *op) {
        return isa<onnx::SoftmaxOp, onnx::AttentionOp>(op)
                   ? WalkResult::interrupt()
                   : WalkResult::advance();
      })
      .wasInterrupted();
}

/// How many arguments of the function a branch reads.
static size_t countArguments(Region &region, func::FuncOp func) {
  llvm::SmallDenseSet<Value> arguments;
  region.walk([&](Operation *op) {
    for (Value operand : op->getOperands())
      if (auto argument = dyn_cast<BlockArgument>(operand))
        if (argument.getOwner() == &func.getBody().front())
          arguments.insert(operand);
  });
  return arguments.size();
}

/// Puts the branch that is taken in place of the op.
static void inlineBranch(onnx::IfOp op, bool taken) {
  Block *branch = &(taken ? op.getThenBranch() : op.getElseBranch()).front();
  Operation *yield = branch->getTerminator();
  op->getBlock()->getOperations().splice(op->getIterator(),
                                         branch->getOperations(),
                                         branch->begin(), yield->getIterator());
  op->replaceAllUsesWith(yield->getOperands());
  op->erase();
}

/// Fixes the condition and drops what is not needed any more, arguments too.
static void specialize(func::FuncOp func, unsigned argument, bool value) {
  SmallVector<std::pair<onnx::IfOp, bool>> branches;
  func.walk([&](onnx::IfOp op) {
    std::optional<Condition> condition = findCondition(op.getCond());
    if (condition && condition->argument.getArgNumber() == argument)
      branches.push_back({op, value != condition->inverted});
  });
  for (auto [op, taken] : branches)
    inlineBranch(op, taken);
  Block &body = func.getBody().front();
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
    if (isOpTriviallyDead(&op))
      op.erase();
  llvm::BitVector dead(func.getNumArguments());
  for (BlockArgument unused : func.getArguments())
    if (unused.use_empty())
      dead.set(unused.getArgNumber());
  (void)func.eraseArguments(dead);
}

namespace {
struct SplitBranches : blockattn::impl::SplitBranchesBase<SplitBranches> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto func = module.lookupSymbol<func::FuncOp>("main");
    if (!func || func.isExternal() || !func.getBody().hasOneBlock())
      return;
    std::optional<Condition> found;
    bool takenIsSmaller = false;
    func.walk([&](onnx::IfOp op) {
      std::optional<Condition> condition = findCondition(op.getCond());
      if (found || !condition || !containsAttention(op.getThenBranch()) ||
          !containsAttention(op.getElseBranch()))
        return;
      found = condition;
      takenIsSmaller = countArguments(op.getThenBranch(), func) <
                       countArguments(op.getElseBranch(), func);
    });
    if (!found)
      return;
    // The branch that reads less is the decoder without a past: the one that
    // other programs are derived from.
    bool base = takenIsSmaller != found->inverted;
    unsigned number = found->argument.getArgNumber();
    Builder b(&getContext());
    SmallVector<Attribute> inputs;
    for (unsigned i = 0; i < func.getNumArguments(); ++i) {
      DictionaryAttr attributes = func.getArgAttrDict(i);
      inputs.push_back(b.getDictionaryAttr(
          {b.getNamedAttr("type", TypeAttr::get(func.getArgument(i).getType())),
           b.getNamedAttr("attributes",
                          attributes ? attributes : b.getDictionaryAttr({}))}));
    }
    module->setAttr(
        "blockattn.branches",
        b.getDictionaryAttr(
            {b.getNamedAttr("condition", b.getI64IntegerAttr(number)),
             b.getNamedAttr("main", b.getBoolAttr(base)),
             b.getNamedAttr("inputs", b.getArrayAttr(inputs))}));
    auto builder = OpBuilder::atBlockEnd(module.getBody());
    auto other = cast<func::FuncOp>(builder.clone(*func));
    other.setName("main.other");
    specialize(func, number, base);
    specialize(other, number, !base);
  }
};
} // namespace

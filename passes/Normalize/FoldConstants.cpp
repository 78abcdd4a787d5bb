//===- FoldConstants.cpp - compute what depends on constants alone --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Normalize/Passes.h"

#include "dialects/Onnx/Evaluate.h"
#include "dialects/Onnx/Onnx.h"
#include "dialects/Onnx/Weights.h"

using namespace mlir;

namespace blockattn {

#define GEN_PASS_DEF_FOLDCONSTANTS
#include "passes/Normalize/Passes.h.inc"

namespace {
struct FoldConstants : impl::FoldConstantsBase<FoldConstants> {
  using FoldConstantsBase::FoldConstantsBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    auto module = function->getParentOfType<ModuleOp>();
    onnx::WeightFiles files(module);
    onnx::Evaluator evaluator(&files, maxElements);
    weights = &files;
    failedToRead = false;

    // In program order, so that what depends on a folded op is folded, too.
    // Values stay in place until all is known: the evaluator remembers them.
    function.getBody().walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (isKnown(op) || !isCandidate(op))
        return;
      if (llvm::all_of(op->getResults(), [&](Value result) {
            return evaluator.lookup(result) != nullptr;
          })) {
        known.insert(op);
        folded.push_back(op);
      }
    });
    for (Operation *op : folded)
      replace(op, evaluator);
    for (Operation *op : llvm::reverse(folded))
      if (op->use_empty())
        op->erase();
    numFolded += folded.size();
    known.clear();
    folded.clear();
    unreadable.clear();
    if (failedToRead)
      signalPassFailure();
  }

  /// A constant, or an op that is one by now.
  bool isKnown(Operation *op) {
    if (known.contains(op))
      return true;
    if (isa<onnx::ConstantOp>(op)) {
      auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
      return type && type.hasStaticShape() &&
             type.getNumElements() <= maxElements;
    }
    // Vectors only: see the description of the pass.
    auto weight = dyn_cast<onnx::WeightOp>(op);
    auto type = weight ? dyn_cast<RankedTensorType>(weight.getType())
                       : RankedTensorType();
    if (!type || !type.hasStaticShape() || type.getRank() > 1 ||
        type.getNumElements() > maxElements || unreadable.contains(op))
      return false;
    // Reports the file that is missing or too short, once.
    if (succeeded(weights->bytes(weight)))
      return true;
    failedToRead = true;
    unreadable.insert(op);
    return false;
  }

  bool isCandidate(Operation *op) {
    if (!isa_and_present<onnx::OnnxDialect>(op->getDialect()) ||
        isa<onnx::ConstantOp, onnx::WeightOp, onnx::NoneOp>(op) ||
        op->getNumRegions() != 0 || op->getNumResults() == 0 || !isPure(op))
      return false;
    // A type that is not known yet cannot be that of a constant.
    for (Type type : op->getResultTypes()) {
      auto tensor = dyn_cast<TensorType>(type);
      if (!tensor || isa<onnx::UnknownType>(tensor.getElementType()) ||
          (tensor.hasStaticShape() && tensor.getNumElements() > maxElements))
        return false;
    }
    return llvm::all_of(op->getOperands(), [&](Value operand) {
      Operation *producer = operand.getDefiningOp();
      return producer && isKnown(producer);
    });
  }

  /// Makes constants of the results that others use.
  void replace(Operation *op, onnx::Evaluator &evaluator) {
    OpBuilder builder(op);
    for (Value result : op->getResults()) {
      bool needed = llvm::any_of(result.getUsers(), [&](Operation *user) {
        return !known.contains(user);
      });
      const onnx::HostTensor *tensor =
          needed ? evaluator.lookup(result) : nullptr;
      DenseElementsAttr value = tensor ? tensor->toAttr() : DenseElementsAttr();
      if (!value)
        continue;
      auto constant = onnx::ConstantOp::create(
          builder, op->getLoc(), value.getType(), cast<ElementsAttr>(value));
      // Ops of other dialects may want the very type that they had.
      bool sameType = value.getType() == result.getType();
      result.replaceUsesWithIf(constant.getOutput(), [&](OpOperand &use) {
        Operation *user = use.getOwner();
        return !known.contains(user) &&
               (sameType ||
                isa_and_present<onnx::OnnxDialect>(user->getDialect()));
      });
    }
  }

  onnx::WeightFiles *weights = nullptr;
  bool failedToRead = false;
  llvm::SmallPtrSet<Operation *, 16> known, unreadable;
  SmallVector<Operation *> folded;
};
} // namespace

} // namespace blockattn

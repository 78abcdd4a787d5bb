//===- InferShapes.cpp - refine the types of all values -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Normalize/Passes.h"

#include "dialects/Onnx/Onnx.h"
#include "dialects/Onnx/ShapeInference.h"

using namespace mlir;

namespace blockattn {

#define GEN_PASS_DEF_INFERSHAPES
#include "passes/Normalize/Passes.h.inc"

namespace {
struct InferShapes : impl::InferShapesBase<InferShapes> {
  using InferShapesBase::InferShapesBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal())
      return;
    // A branch that is never taken may not even be valid once the types are
    // known, and so must go first. What was inlined is looked at anew.
    std::optional<onnx::SymbolicShapes> analysis;
    do {
      analysis.emplace(&getContext());
      if (failed(analysis->run(function)))
        return signalPassFailure();
    } while (inlineDecided(function, *analysis));
    onnx::SymbolicShapes &shapes = *analysis;

    // Ops of other dialects have rules of their own for their types; those of
    // blockattn are described by ShapeInference, too.
    function.getBody().walk([&](Operation *op) {
      if (!isa_and_present<onnx::OnnxDialect>(op->getDialect()) &&
          op->getName().getDialectNamespace() != "blockattn")
        return;
      for (OpResult result : op->getResults()) {
        result.setType(shapes.refinedType(result));
        if (remarks)
          remark(result, shapes);
      }
    });

    auto isReturn = [](Block &block) {
      return !block.empty() && isa<func::ReturnOp>(block.back());
    };
    if (!llvm::hasSingleElement(function.getBody()) ||
        !isReturn(function.front()))
      return;
    OperandRange results = function.front().back().getOperands();
    function.setType(FunctionType::get(&getContext(),
                                       function.getArgumentTypes(),
                                       llvm::to_vector(results.getTypes())));
    for (auto [index, result] : llvm::enumerate(results))
      nameDims(function, index, result, shapes);
  }

  /// Replaces every outermost onnx.If whose condition is known by the branch
  /// that it takes.
  static bool inlineDecided(func::FuncOp function,
                            onnx::SymbolicShapes &shapes) {
    SmallVector<std::pair<onnx::IfOp, bool>> decided;
    function.getBody().walk<WalkOrder::PreOrder>([&](onnx::IfOp op) {
      std::optional<SmallVector<int64_t>> condition =
          shapes.constantContents(op.getCond());
      if (!condition || condition->size() != 1)
        return WalkResult::advance();
      decided.emplace_back(op, condition->front() != 0);
      return WalkResult::skip();
    });
    for (auto [op, taken] : decided) {
      Region &region = taken ? op.getThenBranch() : op.getElseBranch();
      Block &block = region.front();
      Operation *yield = &block.back();
      for (auto [result, value] :
           llvm::zip_equal(op->getResults(), yield->getOperands()))
        result.replaceAllUsesWith(value);
      yield->erase();
      op->getBlock()->getOperations().splice(op->getIterator(),
                                             block.getOperations());
      op->erase();
    }
    return !decided.empty();
  }

  /// Names that the model gives stay as they are.
  void nameDims(func::FuncOp function, unsigned index, Value result,
                onnx::SymbolicShapes &shapes) {
    std::optional<ArrayRef<AffineExpr>> dims = shapes.dims(result);
    if (!dims || !function.getResultAttr(index, "onnx.name"))
      return;
    auto given = function.getResultAttrOfType<ArrayAttr>(index, "onnx.dims");
    if (given && given.size() != dims->size())
      given = {};
    Builder builder(&getContext());
    SmallVector<Attribute> names;
    for (auto [dim, expr] : llvm::enumerate(*dims)) {
      auto name = given ? dyn_cast<StringAttr>(given[dim]) : StringAttr();
      std::string inferred =
          isa<AffineConstantExpr>(expr) ? "" : shapes.str(expr);
      if (!name || name.empty())
        name = builder.getStringAttr(
            StringRef(inferred).contains('?') ? "" : inferred);
      names.push_back(name);
    }
    function.setResultAttr(index, "onnx.dims", builder.getArrayAttr(names));
  }

  static void remark(OpResult result, onnx::SymbolicShapes &shapes) {
    InFlightDiagnostic diag = result.getOwner()->emitRemark();
    auto list = [&](ArrayRef<AffineExpr> exprs) {
      llvm::interleaveComma(exprs, diag,
                            [&](AffineExpr expr) { diag << shapes.str(expr); });
    };
    if (std::optional<ArrayRef<AffineExpr>> dims = shapes.dims(result)) {
      diag << '[';
      list(*dims);
      diag << ']';
    } else {
      diag << "unranked";
    }
    if (std::optional<ArrayRef<AffineExpr>> elements =
            shapes.contents(result)) {
      diag << " = {";
      list(*elements);
      diag << '}';
    }
  }
};
} // namespace

} // namespace blockattn

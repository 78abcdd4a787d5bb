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
    onnx::SymbolicShapes shapes(&getContext());
    if (failed(shapes.run(function)))
      return signalPassFailure();

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

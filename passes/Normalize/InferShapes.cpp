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

    // Ops of other dialects have rules of their own for their types.
    function.getBody().walk([&](Operation *op) {
      if (isa_and_present<onnx::OnnxDialect>(op->getDialect()))
        for (OpResult result : op->getResults())
          result.setType(shapes.refinedType(result));
    });

    auto isReturn = [](Block &block) {
      return !block.empty() && isa<func::ReturnOp>(block.back());
    };
    if (!llvm::hasSingleElement(function.getBody()) ||
        !isReturn(function.front()))
      return;
    function.setType(FunctionType::get(
        &getContext(), function.getArgumentTypes(),
        llvm::to_vector(function.front().back().getOperandTypes())));
  }
};
} // namespace

} // namespace blockattn

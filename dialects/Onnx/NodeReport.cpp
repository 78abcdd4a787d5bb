//===- NodeReport.cpp - many nodes in one message -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/NodeReport.h"

#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace blockattn;

/// Why no target computes an op; null where one may.
static const char *whyUnsupported(Operation *op) {
  if (isa<onnx::ForeignOp>(op))
    return "this compiler does not have the operator";
  auto isString = [](Type type) {
    auto tensor = dyn_cast<TensorType>(type);
    return tensor && isa<onnx::StringType>(tensor.getElementType());
  };
  if (isa<onnx::OnnxDialect>(op->getDialect()) &&
      (llvm::any_of(op->getOperandTypes(), isString) ||
       llvm::any_of(op->getResultTypes(), isString)))
    return "this compiler does not compute with strings";
  return nullptr;
}

bool onnx::reportUnsupported(ModuleOp module) {
  using Kind = std::tuple<StringRef, StringRef, const char *>;
  llvm::MapVector<Kind, SmallVector<Operation *>> kinds;
  size_t count = 0;
  module.walk([&](Operation *op) {
    const char *why = whyUnsupported(op);
    if (!why)
      return;
    auto [domain, type] = operatorOf(op);
    kinds[{domain, type, why}].push_back(op);
    ++count;
  });
  if (kinds.empty())
    return false;

  // Not at the module itself, which would be printed along.
  InFlightDiagnostic error = emitError(module.getLoc());
  error << count << (count == 1 ? " node uses" : " nodes use")
        << " operators that this compiler does not support";
  for (auto &[kind, ops] : kinds) {
    Diagnostic &note = error.attachNote(ops.front()->getLoc());
    describeNodes(note, module, ops);
    note << ": " << std::get<2>(kind);
  }
  error.attachNote(module.getLoc())
      << "what to do: export the model with another opset version, or with "
         "attention and its other parts as plain operators (no fusion by an "
         "optimizer); or define the operator as a function in the model";
  return true;
}

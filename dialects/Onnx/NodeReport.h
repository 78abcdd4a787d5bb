//===- NodeReport.h - many nodes in one message -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_DIALECTS_ONNX_NODEREPORT_H
#define BLOCKATTN_DIALECTS_ONNX_NODEREPORT_H

#include "dialects/Onnx/Location.h"
#include "dialects/Onnx/Onnx.h"

#include "mlir/IR/BuiltinOps.h"

namespace blockattn::onnx {

/// Domain and type of the ONNX operator that an op stands for.
inline std::pair<llvm::StringRef, llvm::StringRef>
operatorOf(mlir::Operation *op) {
  if (auto foreign = llvm::dyn_cast<ForeignOp>(op))
    // An attribute needs a name, so that the empty domain has its long one.
    return {foreign.getDomain().empty() ? "ai.onnx" : foreign.getDomain(),
            foreign.getOpType()};
  llvm::StringRef name = op->getName().stripDialect();
  if (name.consume_front("ms."))
    return {"com.microsoft", name};
  if (llvm::isa<OnnxDialect>(op->getDialect()))
    return {"ai.onnx", name};
  return {op->getName().getDialectNamespace(), name};
}

/// "SomeOp (domain 'com.example', opset 1), 12 times: 'first' (model.py:3),
/// 'second', 'third', ...", for ops of one operator.
inline void describeNodes(mlir::Diagnostic &note, mlir::ModuleOp module,
                          llvm::ArrayRef<mlir::Operation *> ops) {
  // A model may have thousands.
  constexpr size_t maxNodes = 3;
  auto [domain, type] = operatorOf(ops.front());
  note << type << " (domain '" << domain << "', opset ";
  auto opsets = module->getAttrOfType<mlir::DictionaryAttr>("onnx.opsets");
  if (auto version = opsets ? opsets.getAs<mlir::IntegerAttr>(domain)
                            : mlir::IntegerAttr())
    note << version.getInt();
  else
    note << "unknown";
  note << "), " << ops.size() << (ops.size() == 1 ? " time: " : " times: ");
  for (auto [index, op] : llvm::enumerate(ops.take_front(maxNodes))) {
    llvm::StringRef name = nodeName(op->getLoc());
    note << (index ? ", " : "")
         << quoted(name.empty() ? llvm::StringRef("unnamed") : name);
    if (std::optional<std::string> source = userSource(op->getLoc()))
      note << " (" << *source << ')';
  }
  if (ops.size() > maxNodes)
    note << ", ...";
}

/// Says in one message which ops no target computes. False without a message
/// when there are none.
bool reportUnsupported(mlir::ModuleOp module);

} // namespace blockattn::onnx

#endif // BLOCKATTN_DIALECTS_ONNX_NODEREPORT_H

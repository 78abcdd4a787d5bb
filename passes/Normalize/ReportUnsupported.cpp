//===- ReportUnsupported.cpp - all unsupported ops in one report ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Normalize/Passes.h"

#include "dialects/Onnx/Location.h"
#include "dialects/Onnx/Onnx.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace blockattn {

#define GEN_PASS_DEF_REPORTUNSUPPORTED
#include "passes/Normalize/Passes.h.inc"

/// Nodes named for each kind of op; a model may have thousands.
static constexpr size_t maxNodes = 3;

namespace {
struct ReportUnsupported : impl::ReportUnsupportedBase<ReportUnsupported> {
  using ReportUnsupportedBase::ReportUnsupportedBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    using Kind = std::pair<StringRef, StringRef>;
    llvm::MapVector<Kind, SmallVector<onnx::ForeignOp>> kinds;
    size_t count = 0;
    module.walk([&](onnx::ForeignOp op) {
      kinds[{op.getDomain(), op.getOpType()}].push_back(op);
      ++count;
    });
    if (kinds.empty()) {
      markAllAnalysesPreserved();
      return;
    }

    // Not at the module itself, which would be printed along.
    InFlightDiagnostic error = emitError(module.getLoc());
    error << count << (count == 1 ? " node uses" : " nodes use")
          << " operators that this compiler does not support";
    for (auto &[kind, ops] : kinds)
      describe(error, kind.first, kind.second, ops, module);
    error.attachNote(module.getLoc())
        << "what to do: export the model with another opset version, or with "
           "attention and its other parts as plain operators (no fusion by an "
           "optimizer); or define the operator as a function in the model";
    signalPassFailure();
  }

  /// "SomeOp (domain com.example, opset 1), 12 times, first at ..."
  static void describe(InFlightDiagnostic &error, StringRef domain,
                       StringRef opType, ArrayRef<onnx::ForeignOp> ops,
                       ModuleOp module) {
    onnx::ForeignOp first = ops.front();
    Diagnostic &note = error.attachNote(first.getLoc());
    // An attribute needs a name, so that the empty domain has its long one.
    if (domain.empty())
      domain = "ai.onnx";
    note << opType << " (domain '" << domain << "', opset ";
    auto opsets = module->getAttrOfType<DictionaryAttr>("onnx.opsets");
    auto version = opsets ? opsets.getAs<IntegerAttr>(domain) : IntegerAttr();
    if (version)
      note << version.getInt();
    else
      note << "unknown";
    note << "), " << ops.size() << (ops.size() == 1 ? " time" : " times")
         << ": ";
    for (auto [index, op] : llvm::enumerate(ops.take_front(maxNodes))) {
      Location loc = op->getLoc();
      StringRef name = onnx::nodeName(loc);
      note << (index ? ", " : "") << '\''
           << (name.empty() ? StringRef("unnamed") : name) << '\'';
      if (std::optional<std::string> source = onnx::userSource(loc))
        note << " (" << *source << ')';
    }
    if (ops.size() > maxNodes)
      note << ", ...";
  }
};
} // namespace

} // namespace blockattn

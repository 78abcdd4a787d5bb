//===- ReportUnsupported.cpp - all unsupported ops in one report ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Normalize/Passes.h"

#include "dialects/Onnx/NodeReport.h"

using namespace mlir;

namespace blockattn {

#define GEN_PASS_DEF_REPORTUNSUPPORTED
#include "passes/Normalize/Passes.h.inc"

namespace {
struct ReportUnsupported : impl::ReportUnsupportedBase<ReportUnsupported> {
  using ReportUnsupportedBase::ReportUnsupportedBase;

  void runOnOperation() override {
    markAllAnalysesPreserved();
    if (onnx::reportUnsupported(getOperation()))
      signalPassFailure();
  }
};
} // namespace

} // namespace blockattn

//===- Report.cpp - errors of one import ----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Report.h"

#include "mlir/IR/MLIRContext.h"

using namespace mlir;

namespace blockattn {

Report::Report(MLIRContext *context, StringRef path, unsigned maxErrors)
    : file(FileLineColLoc::get(context, path, 0, 0)), context(context),
      maxErrors(maxErrors) {
  // Sees every diagnostic first. Returning failure hands it to the handlers
  // that were there before; success swallows it.
  counter = context->getDiagEngine().registerHandler([this](Diagnostic &diag) {
    if (diag.getSeverity() != DiagnosticSeverity::Error)
      return failure();
    return success(++errors > this->maxErrors);
  });
}

Report::~Report() {
  context->getDiagEngine().eraseHandler(counter);
  if (errors > maxErrors)
    emitError(file) << "there are " << errors - maxErrors
                    << " more errors in this model";
}

InFlightDiagnostic Report::error(Location loc) { return emitError(loc); }

InFlightDiagnostic Report::warning(Location loc) { return emitWarning(loc); }

} // namespace blockattn

//===- Report.h - errors of one import ---------------------------*- C++
//-*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_COMPILER_IMPORT_REPORT_H
#define BLOCKATTN_COMPILER_IMPORT_REPORT_H

#include "dialects/Onnx/Location.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Location.h"

namespace blockattn {

/// Emits the diagnostics of one import and remembers whether it failed. The
/// importer goes on after an error, so that all are reported in one go.
class Report {
public:
  Report(mlir::MLIRContext *context, llvm::StringRef file, unsigned maxErrors);
  ~Report();

  mlir::InFlightDiagnostic error(mlir::Location loc);
  mlir::InFlightDiagnostic warning(mlir::Location loc);
  /// About the file as a whole.
  mlir::InFlightDiagnostic error() { return error(file); }
  mlir::InFlightDiagnostic warning() { return warning(file); }

  mlir::Location fileLocation() const { return file; }

  /// Counts errors that others emit, verifiers for example.
  bool failed() const { return errors != 0; }
  unsigned errorCount() const { return errors; }

private:
  mlir::Location file;
  mlir::MLIRContext *context;
  unsigned maxErrors;
  unsigned errors = 0;
  mlir::DiagnosticEngine::HandlerID counter;
};

using onnx::quoted;

} // namespace blockattn

#endif // BLOCKATTN_COMPILER_IMPORT_REPORT_H

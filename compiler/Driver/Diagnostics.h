//===- Diagnostics.h - diagnostics for people and for programs --*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_COMPILER_DRIVER_DIAGNOSTICS_H
#define BLOCKATTN_COMPILER_DRIVER_DIAGNOSTICS_H

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/raw_ostream.h"

namespace blockattn {

enum class DiagnosticFormat { Text, Json };

/// Prints the context's diagnostics while it lives. Text reads
///
///     error: node 'layers.0/Softmax' (model.py:31): message
///     note: ...
///
/// and JSON is one object a line with the keys severity, message, node or file,
/// source and notes. Remarks are left to those who ask for them.
class DiagnosticPrinter {
public:
  DiagnosticPrinter(mlir::MLIRContext *context, llvm::raw_ostream &os,
                    DiagnosticFormat format);

  unsigned getErrorCount() const { return errors; }

  /// Reports something that has no place in the model: a flag, a file.
  void error(const llvm::Twine &message);

private:
  void print(const mlir::Diagnostic &diag);

  llvm::raw_ostream &os;
  DiagnosticFormat format;
  unsigned errors = 0;
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace blockattn

#endif // BLOCKATTN_COMPILER_DRIVER_DIAGNOSTICS_H

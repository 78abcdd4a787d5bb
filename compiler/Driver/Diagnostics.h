//===- Diagnostics.h - diagnostics for people and for programs --*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_COMPILER_DRIVER_DIAGNOSTICS_H
#define BLOCKATTN_COMPILER_DRIVER_DIAGNOSTICS_H

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

namespace blockattn {

/// Names of a model may hold anything; what would move a terminal's cursor is
/// escaped, the ends of lines too.
std::string printable(llvm::StringRef text);

/// Text of several lines, such as a picture of a mask: `indent` is put before
/// each but the first, and each is made printable.
std::string printableLines(llvm::StringRef text, llvm::StringRef indent);

enum class DiagnosticFormat { Text, Json };

/// Prints the context's diagnostics while it lives. Text reads
///
///     error: node 'layers.0/Softmax' (model.py:31): message
///     note: ...
///
/// and JSON is one object a line with the keys severity, message, node or file,
/// source and notes. A note that names its node is not headed by it. Remarks
/// are left to those who ask for them.
class DiagnosticPrinter {
public:
  DiagnosticPrinter(mlir::MLIRContext *context, llvm::raw_ostream &os,
                    DiagnosticFormat format);

  unsigned getErrorCount() const { return errors.size(); }

  /// The errors so far, as they are (or would be) printed as JSON.
  const llvm::json::Array &getErrors() const { return errors; }

  /// Reports something that has no place in the model: a flag, a file.
  void error(const llvm::Twine &message);

private:
  void print(const mlir::Diagnostic &diag);
  void print(llvm::json::Object object);

  llvm::raw_ostream &os;
  DiagnosticFormat format;
  llvm::json::Array errors;
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace blockattn

#endif // BLOCKATTN_COMPILER_DRIVER_DIAGNOSTICS_H

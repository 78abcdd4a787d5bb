//===- Report.cpp - errors of one import ----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Report.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"

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

std::string quoted(StringRef name) {
  constexpr size_t longest = 200;
  std::string text = "'";
  llvm::raw_string_ostream os(text);
  for (unsigned char c : name.take_front(longest)) {
    // UTF-8 stays as it is where the whole name is well formed.
    if (c == '\'' || c == '\\')
      os << '\\' << c;
    else if (c < 0x20 || c == 0x7f)
      os << "\\x" << llvm::hexdigit(c >> 4) << llvm::hexdigit(c & 15);
    else
      os << c;
  }
  if (name.size() > longest)
    os << "...";
  os << '\'';
  if (!llvm::json::isUTF8(text))
    return "'" + llvm::toHex(name.take_front(longest / 2)) + "' (bytes in hex)";
  return text;
}

} // namespace blockattn

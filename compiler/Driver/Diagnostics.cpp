//===- Diagnostics.cpp - diagnostics for people and for programs ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Driver/Diagnostics.h"

#include "compiler/Import/Report.h"
#include "dialects/Onnx/Location.h"

#include "mlir/IR/Location.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace blockattn {

static StringRef severityName(DiagnosticSeverity severity) {
  switch (severity) {
  case DiagnosticSeverity::Error:
    return "error";
  case DiagnosticSeverity::Warning:
    return "warning";
  case DiagnosticSeverity::Note:
    return "note";
  case DiagnosticSeverity::Remark:
    return "remark";
  }
  return "error";
}

/// Where a diagnostic belongs, in the words of the model: its node, the user's
/// own line when the exporter recorded it, or a place in an .mlir file.
static std::string describe(Location loc) {
  std::string text;
  if (StringRef node = onnx::nodeName(loc); !node.empty())
    text = "node " + quoted(node);
  if (std::optional<std::string> source = onnx::userSource(loc))
    text += (text.empty() ? "" : " ") + ("(" + *source + ")");
  if (text.empty())
    if (auto file = loc->findInstanceOf<FileLineColLoc>()) {
      text = file.getFilename().str();
      if (file.getLine())
        text += ":" + std::to_string(file.getLine()) + ":" +
                std::to_string(file.getColumn());
    }
  return text;
}

DiagnosticPrinter::DiagnosticPrinter(MLIRContext *context, raw_ostream &os,
                                     DiagnosticFormat format)
    : os(os), format(format), handler(context, [this](Diagnostic &diag) {
        if (diag.getSeverity() != DiagnosticSeverity::Remark)
          print(diag);
        return success();
      }) {}

std::string printable(StringRef text) {
  std::string result;
  for (unsigned char c : text)
    if (c < 0x20 || c == 0x7f)
      result += "\\x" + llvm::utohexstr(c, /*LowerCase=*/true, /*Width=*/2);
    else
      result += static_cast<char>(c);
  return result;
}

std::string printableLines(StringRef text, StringRef indent) {
  std::string result;
  for (StringRef line : llvm::split(text, '\n'))
    result += (result.empty() ? "" : "\n" + indent.str()) + printable(line);
  return result;
}

static llvm::json::Object toJson(const Diagnostic &diag) {
  auto text = [](const std::string &s) { return llvm::json::fixUTF8(s); };
  llvm::json::Object object{{"severity", severityName(diag.getSeverity())},
                            {"message", text(diag.str())}};
  if (StringRef node = onnx::nodeName(diag.getLocation()); !node.empty())
    object["node"] = text(node.str());
  else if (auto file = diag.getLocation()->findInstanceOf<FileLineColLoc>())
    object["file"] = text(file.getFilename().str());
  if (auto source = onnx::userSource(diag.getLocation()))
    object["source"] = text(*source);
  llvm::json::Array notes;
  for (const Diagnostic &note : diag.getNotes())
    notes.push_back(text(note.str()));
  if (!notes.empty())
    object["notes"] = std::move(notes);
  return object;
}

void DiagnosticPrinter::print(llvm::json::Object object) {
  os << llvm::formatv("{0}\n", llvm::json::Value(std::move(object)));
}

void DiagnosticPrinter::error(const Twine &message) {
  llvm::json::Object object{{"severity", "error"},
                            {"message", llvm::json::fixUTF8(message.str())}};
  errors.push_back(llvm::json::Object(object));
  if (format == DiagnosticFormat::Json)
    print(std::move(object));
  else
    os << "error: " << printableLines(message.str(), "  ") << "\n";
}

void DiagnosticPrinter::print(const Diagnostic &diag) {
  llvm::json::Object object = toJson(diag);
  if (diag.getSeverity() == DiagnosticSeverity::Error)
    errors.push_back(llvm::json::Object(object));
  if (format == DiagnosticFormat::Json)
    return print(std::move(object));
  auto line = [&](const Diagnostic &d) {
    std::string text = d.str(), place = describe(d.getLocation());
    StringRef node = onnx::nodeName(d.getLocation());
    if (d.getSeverity() == DiagnosticSeverity::Note && !node.empty() &&
        StringRef(text).contains(quoted(node)))
      place.clear();
    os << severityName(d.getSeverity()) << ": " << printable(place)
       << (place.empty() ? "" : ": ") << printableLines(text, "  ") << "\n";
  };
  line(diag);
  for (const Diagnostic &note : diag.getNotes())
    line(note);
}

} // namespace blockattn

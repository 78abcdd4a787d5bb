//===- Explain.cpp - how each attention was rewritten ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Driver/Explain.h"

#include "compiler/Driver/Diagnostics.h"
#include "compiler/Emit/Json.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace blockattn {

void printExplanationJson(const Explanation &explanation,
                          llvm::raw_ostream &os) {
  llvm::json::Object object;
  object["model"] = llvm::json::fixUTF8(explanation.model);
  object["attentions"] = explanation.attentions ? toJson(explanation.attentions)
                                                : llvm::json::Array();
  if (explanation.refused)
    object["refused"] = toJson(explanation.refused);
  if (!explanation.errors.empty())
    object["errors"] = llvm::json::Array(explanation.errors);
  if (explanation.kernels)
    object["attention_kernels"] = toJson(explanation.kernels);
  if (explanation.cubins) {
    object["machine_code"] = llvm::json::Array(*explanation.cubins);
    if (!explanation.noCubins.empty())
      object["no_machine_code"] = llvm::json::fixUTF8(explanation.noCubins);
  }
  os << llvm::formatv("{0:2}\n", llvm::json::Value(std::move(object)));
}

/// A cell of the table; absent and null entries are a dash, and so is a window
/// or a soft cap of 0, which is none.
static std::string cell(DictionaryAttr entry, StringRef key) {
  Attribute attr = entry.get(key);
  if (!attr)
    return "-";
  if (key == "window" || key == "softcap") {
    if (auto number = dyn_cast<IntegerAttr>(attr); number && !number.getInt())
      return "-";
    if (auto number = dyn_cast<FloatAttr>(attr);
        number && number.getValue().isZero())
      return "-";
  }
  if (auto text = dyn_cast<StringAttr>(attr))
    return text.empty() ? "-" : printable(text);
  if (auto flag = dyn_cast<BoolAttr>(attr))
    return flag.getValue() ? "yes" : "no";
  if (auto number = dyn_cast<IntegerAttr>(attr))
    return std::to_string(number.getInt());
  if (auto number = dyn_cast<FloatAttr>(attr))
    return llvm::formatv("{0:G5}", number.getValueAsDouble()).str();
  return "-";
}

void printExplanationTable(const Explanation &explanation,
                           llvm::raw_ostream &os) {
  static const std::pair<StringLiteral, StringLiteral> columns[] = {
      {"node", "attention at node"},
      {"raised", "raised"},
      {"heads", "heads"},
      {"kv_heads", "kv heads"},
      {"head_size", "head size"},
      {"scale", "scale"},
      {"softcap", "soft cap"},
      {"mask", "mask"},
      {"window", "window"},
      {"positions", "positions"},
      {"kv_position_independent", "KV anywhere"},
  };
  os << printable(explanation.model) << "\n\n";
  SmallVector<SmallVector<std::string>> rows(1);
  for (auto &column : columns)
    rows[0].push_back(column.second.str());
  if (explanation.attentions)
    for (auto entry : explanation.attentions.getAsRange<DictionaryAttr>()) {
      rows.emplace_back();
      for (auto &column : columns)
        rows.back().push_back(cell(entry, column.first));
    }
  SmallVector<size_t> widths(std::size(columns), 0);
  for (auto &row : rows)
    for (auto [i, text] : llvm::enumerate(row))
      widths[i] = std::max(widths[i], text.size());
  for (auto &row : rows) {
    for (auto [i, text] : llvm::enumerate(row)) {
      os << text;
      if (i + 1 < row.size())
        os.indent(widths[i] - text.size() + 2);
    }
    os << "\n";
  }
  if (!explanation.attentions)
    os << "(none was looked for: the model did not come so far)\n";
  else if (rows.size() == 1)
    os << "(no attention found)\n";

  // What was not done, each reason once with the nodes that it concerns.
  if (explanation.attentions) {
    SmallVector<std::pair<std::string, SmallVector<std::string>>> reasons;
    for (auto entry : explanation.attentions.getAsRange<DictionaryAttr>()) {
      auto list = entry.getAs<ArrayAttr>("reasons");
      if (!list)
        continue;
      std::string place = cell(entry, "node");
      if (auto source = entry.getAs<StringAttr>("source");
          source && !source.empty())
        place += " (" + printable(source) + ")";
      for (auto reason : list.getAsRange<StringAttr>()) {
        auto *it = llvm::find_if(reasons, [&](auto &known) {
          return known.first == reason.getValue();
        });
        if (it == reasons.end()) {
          reasons.push_back({reason.str(), {}});
          it = &reasons.back();
        }
        it->second.push_back(place);
      }
    }
    for (auto &[reason, places] : reasons) {
      os << "\n" << printableLines(reason, "") << "\n";
      for (const std::string &place : places)
        os << "  at " << place << "\n";
    }
    if (llvm::any_of(explanation.attentions.getAsRange<DictionaryAttr>(),
                     [](DictionaryAttr entry) {
                       auto raised = entry.getAs<BoolAttr>("raised");
                       return raised && !raised.getValue();
                     }))
      os << "\nHow to go on where an attention is not raised: "
            "docs/when-not-raised.md\n";
  }
  if (explanation.refused) {
    os << "\nPrograms that were not made:\n";
    for (auto reason : explanation.refused.getAsRange<StringAttr>())
      os << "  " << printableLines(reason.getValue(), "  ") << "\n";
  }
  if (explanation.kernels) {
    os << "\nAttention kernels:\n";
    for (auto entry : explanation.kernels.getAsRange<DictionaryAttr>())
      os << "  " << cell(entry, "kernel") << ": " << cell(entry, "variant")
         << ", because: " << cell(entry, "reason") << "\n";
  }
  if (explanation.cubins) {
    os << "\nMachine code: ";
    // An architecture of this form has instructions that no other one has.
    bool isAlone = llvm::any_of(*explanation.cubins, [](StringRef name) {
      return name.ends_with("a");
    });
    if (explanation.noCubins.empty())
      os << llvm::join(*explanation.cubins, ", ")
         << (isAlone ? "; no other GPU runs this\n"
                     : "; for newer GPUs the driver compiles the PTX\n");
    else
      os << "none, because: " << printable(explanation.noCubins) << "\n";
  }
}

} // namespace blockattn

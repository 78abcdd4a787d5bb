//===- EinsumEquation.cpp - which dimensions of an Einsum are one ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/EinsumEquation.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"

#include <map>

using namespace mlir;

namespace blockattn::onnx {

bool EinsumEquation::parseTerm(StringRef text, Term &term, std::string &why) {
  while (!text.empty()) {
    if (text.consume_front("...")) {
      if (term.hasEllipsis) {
        why = "(C2) a term of the equation has '...' twice";
        return false;
      }
      term.hasEllipsis = true;
      continue;
    }
    if (!llvm::isAlpha(text.front())) {
      why = "(C2) the equation has a character that is no letter";
      if (llvm::isPrint(text.front()))
        why += (": '" + text.take_front(1) + "'").str();
      return false;
    }
    (term.hasEllipsis ? term.after : term.before) += text.front();
    text = text.drop_front();
  }
  return true;
}

std::optional<EinsumEquation>
EinsumEquation::parse(StringRef text, size_t numOperands, std::string &why) {
  std::string dense;
  for (char c : text)
    if (!llvm::isSpace(c))
      dense += c;
  EinsumEquation equation;
  StringRef left = dense, right;
  size_t arrow = left.find("->");
  bool isExplicit = arrow != StringRef::npos;
  if (isExplicit) {
    right = left.drop_front(arrow + 2);
    left = left.take_front(arrow);
  }
  SmallVector<StringRef> terms;
  left.split(terms, ',');
  if (terms.size() != numOperands) {
    why = "(C2) the equation has " + std::to_string(terms.size()) +
          " terms for " + std::to_string(numOperands) + " operands";
    return std::nullopt;
  }
  std::map<char, int> counts;
  bool hasEllipsis = false;
  for (StringRef term : terms) {
    Term &parsed = equation.operands.emplace_back();
    if (!parseTerm(term, parsed, why))
      return std::nullopt;
    for (char letter : parsed.before + parsed.after)
      ++counts[letter];
    hasEllipsis |= parsed.hasEllipsis;
  }
  Term &result = equation.result;
  if (!isExplicit) {
    result.hasEllipsis = hasEllipsis;
    for (auto [letter, count] : counts)
      if (count == 1)
        result.after += letter;
    return equation;
  }
  if (!parseTerm(right, result, why))
    return std::nullopt;
  if (result.hasEllipsis != hasEllipsis) {
    why = hasEllipsis ? "(C3) an operand's term has '...', but the result's "
                        "does not"
                      : "(C3) the result's term has '...', but no operand's";
    return std::nullopt;
  }
  std::string letters = result.before + result.after;
  for (size_t i = 0; i < letters.size(); ++i) {
    if (letters.find(letters[i], i + 1) != std::string::npos)
      why = std::string("(C3) the result has '") + letters[i] + "' twice";
    else if (!counts.count(letters[i]))
      why = std::string("(C3) the result has '") + letters[i] +
            "', which no operand has";
    else
      continue;
    return std::nullopt;
  }
  return equation;
}

std::optional<EinsumTensors> EinsumEquation::labels(ArrayRef<int64_t> ranks,
                                                    std::string &why) const {
  EinsumTensors tensors;
  auto spell = [](const Term &term, int64_t ellipsis) {
    EinsumLabels labels(term.before.begin(), term.before.end());
    for (int64_t i = ellipsis; i > 0; --i)
      labels.push_back(static_cast<int>(-i));
    labels.append(term.after.begin(), term.after.end());
    return labels;
  };
  int64_t most = 0;
  for (auto [i, term] : llvm::enumerate(operands)) {
    auto letters = static_cast<int64_t>(term.before.size() + term.after.size());
    if (term.hasEllipsis ? ranks[i] < letters : ranks[i] != letters) {
      why = "(C4) operand " + std::to_string(i) + " has " +
            std::to_string(ranks[i]) + " dimensions, but its term has " +
            std::to_string(letters) + " letters";
      return std::nullopt;
    }
    most = std::max(most, ranks[i] - letters);
    tensors.operands.push_back(spell(term, ranks[i] - letters));
  }
  tensors.result = spell(result, most);
  return tensors;
}

} // namespace blockattn::onnx

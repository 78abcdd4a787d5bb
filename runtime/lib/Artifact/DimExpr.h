//===- DimExpr.h - symbolic dimensions --------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A dimension of a program's input or output is a number, a symbol ("seq"),
// an expression of symbols as the exporter wrote it ("past + seq"), or
// anything (""). Equal symbols must have equal sizes within one run.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_ARTIFACT_DIMEXPR_H
#define BLOCKATTN_RUNTIME_ARTIFACT_DIMEXPR_H

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace blockattn::rt {

class DimExpr {
public:
  static DimExpr fixed(int64_t size);
  /// "" and "?" are any size; what does not parse as an expression is one
  /// symbol as it stands.
  static DimExpr parse(std::string_view text);

  bool isFixed() const { return kind == Kind::Fixed; }
  bool isAny() const { return kind == Kind::Any; }
  bool isSymbol() const { return kind == Kind::Symbol; }
  bool isExpression() const { return kind == Kind::Expression; }
  int64_t size() const { return number; }
  /// The symbol, or the expression as written; "?" for any.
  const std::string &text() const { return source; }
  /// The symbols of an expression.
  std::vector<std::string> symbols() const;
  /// Treats an expression as one symbol, for a name that only looks like one.
  void makeOpaque();

  /// The value, if every symbol has one and nothing overflows or divides by 0.
  using Lookup =
      std::function<std::optional<int64_t>(const std::string &symbol)>;
  std::optional<int64_t> evaluate(const Lookup &lookup) const;

private:
  enum class Kind { Fixed, Any, Symbol, Expression };
  /// In postfix order: a number, a symbol, or one of + - * /.
  struct Token {
    char op; // 'n', 's', or the operator
    int64_t number = 0;
    std::string symbol;
  };
  class Parser;

  Kind kind = Kind::Any;
  int64_t number = 0;
  std::string source = "?";
  std::vector<Token> postfix;
};

} // namespace blockattn::rt

#endif // BLOCKATTN_RUNTIME_ARTIFACT_DIMEXPR_H

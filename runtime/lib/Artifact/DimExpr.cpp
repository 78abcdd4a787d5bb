//===- DimExpr.cpp - symbolic dimensions ----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Artifact/DimExpr.h"

#include <limits>

using namespace blockattn::rt;

/// sum := product (('+' | '-') product)*, product := atom (('*' | '/' | '//')
/// atom)*, atom := number | symbol | '(' sum ')'.
class DimExpr::Parser {
public:
  Parser(std::string_view text, std::vector<Token> &output)
      : rest(text), output(output) {}

  bool parse() {
    if (!sum(0))
      return false;
    skip();
    return rest.empty();
  }

private:
  /// Parentheses deeper than this are no dimension anybody wrote.
  static constexpr int kMaxDepth = 32;

  void skip() {
    while (!rest.empty() && rest.front() == ' ')
      rest.remove_prefix(1);
  }

  /// The next character, taken, if it is one of `set`; else 0.
  char take(std::string_view set) {
    skip();
    if (rest.empty() || set.find(rest.front()) == std::string_view::npos)
      return 0;
    char taken = rest.front();
    rest.remove_prefix(1);
    return taken;
  }

  bool sum(int depth) {
    if (depth > kMaxDepth || !product(depth))
      return false;
    while (char op = take("+-")) {
      if (!product(depth))
        return false;
      output.push_back({op, 0, {}});
    }
    return true;
  }

  bool product(int depth) {
    if (!atom(depth))
      return false;
    while (char op = take("*/")) {
      if (op == '/')
        take("/");
      if (!atom(depth))
        return false;
      output.push_back({op, 0, {}});
    }
    return true;
  }

  static bool isDigit(char c) { return c >= '0' && c <= '9'; }
  static bool isNameCharacter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '.' || isDigit(c);
  }

  bool atom(int depth) {
    if (take("("))
      return sum(depth + 1) && take(")");
    skip();
    size_t length = 0;
    while (length < rest.size() && isNameCharacter(rest[length]))
      ++length;
    if (length == 0)
      return false;
    std::string word(rest.substr(0, length));
    rest.remove_prefix(length);
    if (!isDigit(word.front())) {
      output.push_back({'s', 0, std::move(word)});
      return true;
    }
    int64_t value = 0;
    for (char c : word)
      if (!isDigit(c) || __builtin_mul_overflow(value, int64_t(10), &value) ||
          __builtin_add_overflow(value, int64_t(c - '0'), &value))
        return false;
    output.push_back({'n', value, {}});
    return true;
  }

  std::string_view rest;
  std::vector<Token> &output;
};

DimExpr DimExpr::fixed(int64_t size) {
  DimExpr dim;
  dim.kind = Kind::Fixed;
  dim.number = size;
  dim.source = std::to_string(size);
  return dim;
}

DimExpr DimExpr::parse(std::string_view text) {
  DimExpr dim;
  if (text.empty() || text == "?")
    return dim;
  dim.source = text;
  dim.kind = Kind::Symbol;
  std::vector<Token> tokens;
  if (Parser(text, tokens).parse() && tokens.size() > 1) {
    dim.kind = Kind::Expression;
    dim.postfix = std::move(tokens);
  }
  return dim;
}

std::vector<std::string> DimExpr::symbols() const {
  std::vector<std::string> result;
  for (const Token &token : postfix)
    if (token.op == 's')
      result.push_back(token.symbol);
  return result;
}

void DimExpr::makeOpaque() {
  kind = Kind::Symbol;
  postfix.clear();
}

std::optional<int64_t> DimExpr::evaluate(const Lookup &lookup) const {
  if (kind == Kind::Fixed)
    return number;
  if (kind == Kind::Any)
    return std::nullopt;
  if (kind == Kind::Symbol)
    return lookup(source);
  std::vector<int64_t> stack;
  for (const Token &token : postfix) {
    if (token.op == 'n') {
      stack.push_back(token.number);
      continue;
    }
    if (token.op == 's') {
      std::optional<int64_t> value = lookup(token.symbol);
      if (!value)
        return std::nullopt;
      stack.push_back(*value);
      continue;
    }
    int64_t right = stack.back();
    stack.pop_back();
    int64_t &left = stack.back();
    bool bad = false;
    switch (token.op) {
    case '+':
      bad = __builtin_add_overflow(left, right, &left);
      break;
    case '-':
      bad = __builtin_sub_overflow(left, right, &left);
      break;
    case '*':
      bad = __builtin_mul_overflow(left, right, &left);
      break;
    default:
      // Rounds down, as exporters mean it.
      bad = right == 0 ||
            (right == -1 && left == std::numeric_limits<int64_t>::min());
      if (!bad)
        left = left / right - (left % right != 0 && (left < 0) != (right < 0));
    }
    if (bad)
      return std::nullopt;
  }
  return stack.back();
}

//===- TextLexer.cpp - characters of ONNX's textual syntax ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/TextLexer.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Error.h"

using namespace mlir;
using llvm::APFloat;

namespace blockattn {

bool TextLexer::error(const Twine &message) {
  if (failed)
    return false;
  failed = true;
  StringRef before = text.take_front(pos);
  size_t line = before.count('\n') + 1;
  size_t lineStart = before.rfind('\n');
  size_t column = lineStart == StringRef::npos ? pos + 1 : pos - lineStart;
  MLIRContext *context = report.fileLocation().getContext();
  report.error(FileLineColLoc::get(context, path, line, column)) << message;
  return false;
}

void TextLexer::skipSpace() {
  while (pos < text.size()) {
    if (llvm::isSpace(text[pos]))
      ++pos;
    else if (text[pos] == '#')
      pos = std::min(text.find('\n', pos), text.size());
    else
      return;
  }
}

char TextLexer::peek() {
  skipSpace();
  return pos < text.size() ? text[pos] : '\0';
}

bool TextLexer::atEnd() {
  skipSpace();
  return pos >= text.size();
}

bool TextLexer::take(char c) {
  if (atEnd() || text[pos] != c)
    return false;
  ++pos;
  return true;
}

bool TextLexer::expect(char c) {
  if (take(c))
    return true;
  return error(Twine("'") + Twine(c) + "' is expected here");
}

bool TextLexer::expectArrow() {
  skipSpace();
  if (!text.substr(pos).starts_with("=>"))
    return error("'=>' is expected here");
  pos += 2;
  return true;
}

StringRef TextLexer::peekIdentifier() {
  skipSpace();
  StringRef rest = text.substr(pos);
  if (rest.empty() || llvm::isDigit(rest.front()))
    return {};
  return rest.take_while([](char c) { return llvm::isAlnum(c) || c == '_'; });
}

StringRef TextLexer::takeIdentifier() {
  StringRef name = peekIdentifier();
  pos += name.size();
  return name;
}

bool TextLexer::identifier(std::string &name) {
  name = takeIdentifier().str();
  return !name.empty() || error("a name is expected here");
}

bool TextLexer::name(std::string &result) {
  return peek() == '"' ? string(result) : identifier(result);
}

bool TextLexer::string(std::string &value) {
  if (!take('"'))
    return error("a string in double quotes is expected here");
  value.clear();
  for (size_t at = pos; at < text.size(); ++at) {
    if (text[at] == '"') {
      pos = at + 1;
      return true;
    }
    // The character after a backslash stands for itself.
    if (text[at] == '\\' && ++at == text.size())
      break;
    value.push_back(text[at]);
  }
  --pos; // Where it begins.
  return error("this string does not end");
}

/// The spelling of the number that comes next; "" when none does.
StringRef TextLexer::number() {
  skipSpace();
  StringRef rest = text.substr(pos);
  size_t length = rest.starts_with("-") ? 1 : 0;
  auto digits = [&] {
    size_t start = length;
    while (length < rest.size() && llvm::isDigit(rest[length]))
      ++length;
    return length > start;
  };
  if (!digits()) {
    StringRef word =
        rest.substr(length).take_while([](char c) { return llvm::isAlnum(c); });
    for (StringRef special : {"inf", "infinity", "nan"})
      if (word.equals_insensitive(special))
        return rest.take_front(length + word.size());
    return {};
  }
  if (length < rest.size() && rest[length] == '.') {
    ++length;
    (void)digits();
  }
  if (length < rest.size() && (rest[length] == 'e' || rest[length] == 'E')) {
    size_t mantissa = length++;
    if (length < rest.size() && (rest[length] == '+' || rest[length] == '-'))
      ++length;
    if (!digits())
      length = mantissa;
  }
  return rest.take_front(length);
}

TextLexer::Literal TextLexer::peekLiteral() {
  if (peek() == '"')
    return Literal::String;
  StringRef spelling = number();
  if (spelling.empty())
    return Literal::None;
  return spelling.find_first_not_of("-0123456789") == StringRef::npos
             ? Literal::Integer
             : Literal::Real;
}

bool TextLexer::integer(int64_t &value) {
  StringRef spelling = number();
  if (peekLiteral() != Literal::Integer)
    return error("an integer is expected here");
  if (spelling.getAsInteger(10, value))
    return error("this integer does not fit into 64 bits");
  pos += spelling.size();
  return true;
}

bool TextLexer::unsignedInteger(uint64_t &value) {
  StringRef spelling = number();
  if (peekLiteral() != Literal::Integer)
    return error("an integer is expected here");
  if (spelling.getAsInteger(10, value))
    return error("this integer is negative or does not fit into 64 bits");
  pos += spelling.size();
  return true;
}

/// Rounds once, straight to the type that is wanted.
static bool parseReal(StringRef spelling, APFloat &value) {
  bool negative = spelling.consume_front("-");
  if (spelling.starts_with_insensitive("inf")) {
    value = APFloat::getInf(value.getSemantics(), negative);
    return true;
  }
  if (spelling.starts_with_insensitive("nan")) {
    value = APFloat::getNaN(value.getSemantics(), negative);
    return true;
  }
  llvm::Expected<APFloat::opStatus> status =
      value.convertFromString(spelling, APFloat::rmNearestTiesToEven);
  if (!status) {
    llvm::consumeError(status.takeError());
    return false;
  }
  if (negative)
    value.changeSign();
  return !(*status & APFloat::opOverflow);
}

bool TextLexer::real(float &value) {
  StringRef spelling = number();
  if (spelling.empty())
    return error("a number is expected here");
  APFloat number(APFloat::IEEEsingle());
  if (!parseReal(spelling, number))
    return error("this number does not fit into a float");
  value = number.convertToFloat();
  pos += spelling.size();
  return true;
}

bool TextLexer::real(double &value) {
  StringRef spelling = number();
  if (spelling.empty())
    return error("a number is expected here");
  APFloat number(APFloat::IEEEdouble());
  if (!parseReal(spelling, number))
    return error("this number does not fit into a double");
  value = number.convertToDouble();
  pos += spelling.size();
  return true;
}

} // namespace blockattn

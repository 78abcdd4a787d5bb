//===- TextLexer.h - characters of ONNX's textual syntax ---------*- C++
//-*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_COMPILER_IMPORT_TEXTLEXER_H
#define BLOCKATTN_COMPILER_IMPORT_TEXTLEXER_H

#include "compiler/Import/Report.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <string>

namespace blockattn {

/// A place in a text. The syntax has no tokens that could be told apart without
/// knowing what is expected, so the parser asks for what it wants.
///
/// Functions that return bool return false after having reported an error; only
/// the first one is reported, since the rest of a text can not be trusted then.
class TextLexer {
public:
  TextLexer(llvm::StringRef path, llvm::StringRef text, Report &report)
      : path(path), text(text), report(report) {}

  /// The next character that is neither space nor comment; NUL at the end.
  char peek();
  bool atEnd();
  /// Takes the character when it comes next.
  bool take(char c);
  /// Takes the character, or reports that it is missing.
  bool expect(char c);
  /// Takes "=>".
  bool expectArrow();

  /// The identifier that comes next, "" when none does.
  llvm::StringRef peekIdentifier();
  llvm::StringRef takeIdentifier();
  bool identifier(std::string &name);
  /// An identifier, or any string in quotes.
  bool name(std::string &name);

  bool string(std::string &value);
  bool integer(int64_t &value);
  bool unsignedInteger(uint64_t &value);
  bool real(float &value);
  bool real(double &value);

  /// What kind of value comes next.
  enum class Literal { None, Integer, Real, String };
  Literal peekLiteral();

  /// Reports an error at the current place; returns false.
  bool error(const llvm::Twine &message);

private:
  void skipSpace();
  llvm::StringRef number();

  llvm::StringRef path;
  llvm::StringRef text;
  size_t pos = 0;
  bool failed = false;
  Report &report;
};

} // namespace blockattn

#endif // BLOCKATTN_COMPILER_IMPORT_TEXTLEXER_H

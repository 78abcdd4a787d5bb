//===- CommandLine.h - options of the runtime's tools -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The runtime's tools are built without LLVM, so they have a small parser of
// their own: --name=value or --name value, --flag, and positional arguments.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_TOOLS_COMMON_COMMANDLINE_H
#define BLOCKATTN_TOOLS_COMMON_COMMANDLINE_H

#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace blockattn::tools {

/// A wrong command line, or anything else that ends a tool with a message.
class ToolError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

class CommandLine {
public:
  /// `usage` comes after "usage: ", `overview` is a sentence or two.
  CommandLine(std::string usage, std::string overview)
      : usage(std::move(usage)), overview(std::move(overview)) {}

  /// All keep references to their target.
  void flag(const std::string &name, const std::string &help, bool &target);
  void text(const std::string &name, const std::string &value,
            const std::string &help, std::string &target);
  void texts(const std::string &name, const std::string &value,
             const std::string &help, std::vector<std::string> &target);
  void integer(const std::string &name, const std::string &value,
               const std::string &help, int64_t &target, int64_t least,
               int64_t most);
  void number(const std::string &name, const std::string &value,
              const std::string &help, double &target);
  void integers(const std::string &name, const std::string &value,
                const std::string &help,
                std::optional<std::vector<int64_t>> &target);
  void positional(const std::string &name, std::string &target);

  /// False if help was asked for, and printed. Throws a ToolError that names
  /// the argument.
  bool parse(const std::vector<std::string> &arguments);
  void printHelp() const;

private:
  struct Option {
    std::string name;
    std::string value; // Empty for a flag.
    std::string help;
    bool repeats;
    std::function<void(const std::string &)> set;
    bool isSet = false;
  };
  struct Positional {
    std::string name;
    std::string *target;
  };

  std::string usage;
  std::string overview;
  std::vector<Option> options;
  std::vector<Positional> positionals;
};

/// A whole number; throws a ToolError that begins with `what`.
int64_t parseInteger(const std::string &text, const std::string &what);
/// 0,11,17; at least one.
std::vector<int64_t> parseIntegers(const std::string &text,
                                   const std::string &what);

/// Runs a tool: prints what it throws as "error: ..." and returns the exit
/// status. Output that could not be written is an error as well.
int runTool(const std::function<void()> &body);

} // namespace blockattn::tools

#endif // BLOCKATTN_TOOLS_COMMON_COMMANDLINE_H

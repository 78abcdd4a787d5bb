//===- CommandLine.cpp - options of the runtime's tools -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/common/CommandLine.h"

#include <cctype>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace blockattn::tools;

int64_t blockattn::tools::parseInteger(const std::string &text,
                                       const std::string &what) {
  errno = 0;
  char *end = nullptr;
  long long value = std::strtoll(text.c_str(), &end, 10);
  // strtoll would skip spaces in front.
  bool begins = !text.empty() && (text[0] == '-' || std::isdigit(text[0]));
  if (!begins || *end != '\0' || errno == ERANGE)
    throw ToolError(what + ": '" + text + "' is not a whole number");
  return value;
}

std::vector<int64_t> blockattn::tools::parseIntegers(const std::string &text,
                                                     const std::string &what) {
  std::vector<int64_t> values;
  size_t begin = 0;
  for (;;) {
    size_t comma = text.find(',', begin);
    values.push_back(parseInteger(text.substr(begin, comma - begin), what));
    if (comma == std::string::npos)
      return values;
    begin = comma + 1;
  }
}

void CommandLine::flag(const std::string &name, const std::string &help,
                       bool &target) {
  options.push_back({name, "", help, true,
                     [&target](const std::string &) { target = true; }});
}

void CommandLine::text(const std::string &name, const std::string &value,
                       const std::string &help, std::string &target) {
  options.push_back({name, value, help, false,
                     [&target](const std::string &text) { target = text; }});
}

void CommandLine::texts(const std::string &name, const std::string &value,
                        const std::string &help,
                        std::vector<std::string> &target) {
  options.push_back(
      {name, value, help, true,
       [&target](const std::string &text) { target.push_back(text); }});
}

void CommandLine::integer(const std::string &name, const std::string &value,
                          const std::string &help, int64_t &target,
                          int64_t least, int64_t most) {
  options.push_back({name, value, help, false,
                     [&target, name, least, most](const std::string &text) {
                       target = parseInteger(text, "--" + name);
                       if (target < least || target > most)
                         throw ToolError("--" + name + "=" + text +
                                         ": give a number from " +
                                         std::to_string(least) + " to " +
                                         std::to_string(most));
                     }});
}

void CommandLine::number(const std::string &name, const std::string &value,
                         const std::string &help, double &target) {
  options.push_back(
      {name, value, help, false, [&target, name](const std::string &text) {
         char *end = nullptr;
         target = std::strtod(text.c_str(), &end);
         if (text.empty() || *end != '\0' || !std::isfinite(target))
           throw ToolError("--" + name + ": '" + text + "' is not a number");
       }});
}

void CommandLine::integers(const std::string &name, const std::string &value,
                           const std::string &help,
                           std::optional<std::vector<int64_t>> &target) {
  options.push_back(
      {name, value, help, false, [&target, name](const std::string &text) {
         target = parseIntegers(text, "--" + name);
       }});
}

void CommandLine::positional(const std::string &name, std::string &target) {
  positionals.push_back({name, &target});
}

void CommandLine::printHelp() const {
  std::printf("usage: %s\n\n%s\n\noptions:\n", usage.c_str(), overview.c_str());
  auto line = [](const std::string &left, const std::string &help) {
    constexpr size_t column = 30;
    std::string text = "  " + left;
    if (text.size() + 2 > column)
      text += "\n" + std::string(column, ' ');
    else
      text.resize(column, ' ');
    for (char c : help)
      text += c == '\n' ? "\n" + std::string(column, ' ') : std::string(1, c);
    std::printf("%s\n", text.c_str());
  };
  for (const Option &option : options)
    line("--" + option.name + (option.value.empty() ? "" : "=" + option.value),
         option.help);
  line("--help", "print this");
}

bool CommandLine::parse(const std::vector<std::string> &arguments) {
  size_t given = 0;
  bool onlyPositionals = false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string &argument = arguments[i];
    if (!onlyPositionals && argument == "--") {
      onlyPositionals = true;
      continue;
    }
    if (onlyPositionals || argument.empty() || argument[0] != '-') {
      if (given == positionals.size())
        throw ToolError("argument '" + argument +
                        "' is one too many; usage: " + usage);
      *positionals[given++].target = argument;
      continue;
    }
    if (argument == "--help" || argument == "-h") {
      printHelp();
      return false;
    }
    size_t equals = argument.find('=');
    std::string name = argument.substr(0, equals);
    Option *found = nullptr;
    for (Option &option : options)
      if (name == "--" + option.name)
        found = &option;
    if (!found)
      throw ToolError("unknown option '" + name + "'; usage: " + usage +
                      " (see --help)");
    if (found->isSet && !found->repeats)
      throw ToolError("option '" + name + "' is given twice");
    found->isSet = true;
    if (found->value.empty()) {
      if (equals != std::string::npos)
        throw ToolError("option '" + name + "' takes no value");
      found->set("");
    } else if (equals != std::string::npos) {
      found->set(argument.substr(equals + 1));
    } else if (i + 1 < arguments.size()) {
      found->set(arguments[++i]);
    } else {
      throw ToolError("option '" + name + "' needs a value: " + name + "=" +
                      found->value);
    }
  }
  if (given < positionals.size())
    throw ToolError(positionals[given].name + " is missing; usage: " + usage +
                    " (see --help)");
  return true;
}

int blockattn::tools::runTool(const std::function<void()> &body) {
  // A reader that goes away (`| head`) is an error of writing, no signal.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    body();
    if (std::fflush(stdout) != 0 || std::ferror(stdout))
      throw ToolError(std::string("cannot write to standard output: ") +
                      std::strerror(errno));
    return 0;
  } catch (const std::bad_alloc &) {
    std::fprintf(stderr, "error: not enough memory; use shorter inputs\n");
  } catch (const std::exception &failure) {
    std::fprintf(stderr, "error: %s\n", failure.what());
  }
  return 1;
}

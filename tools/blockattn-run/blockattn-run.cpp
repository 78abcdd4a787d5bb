//===- blockattn-run.cpp - runs an artifact's programs --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/blockattn-run/Support.h"

#include <cstdio>

using namespace blockattn;
using namespace blockattn::tools;

namespace {

struct Command {
  const char *name;
  const char *help;
  /// Null for one that this build does not have.
  void (*run)(const Arguments &);
};

constexpr Command kCommands[] = {
    {"infer", "run a model on arrays, under full or block attention", runInfer},
    {"segment", "cut text into blocks", nullptr},
    {"encode", "encode blocks and report their size and time", runEncode},
    {"generate", "continue a prompt of token ids", runGenerate},
    {"train", "train a model for block attention", nullptr},
    {"eval", "evaluate a model", nullptr},
    {"bench", "measure prefill, reuse and decoding", runBench},
};

void printHelp() {
  std::printf("usage: blockattn-run COMMAND M.ba [options]\n\n"
              "Runs the programs of an artifact that blockattn-compile made. "
              "An artifact holds\nnative code: run only those that you would "
              "also run as a program.\n\ncommands:\n");
  for (const Command &command : kCommands)
    std::printf("  %-10s %s%s\n", command.name, command.help,
                command.run ? "" : " (not in this build)");
  std::printf("\nblockattn-run COMMAND --help describes a command's options; "
              "--version prints the\nversion.\n");
}

void dispatch(const Arguments &arguments) {
  if (arguments.empty())
    throw ToolError("no command; usage: blockattn-run "
                    "infer|encode|generate|bench M.ba [options] (see --help)");
  const std::string &name = arguments.front();
  if (name == "--help" || name == "-h")
    return printHelp();
  if (name == "--version") {
    std::printf("blockattn-run %s\n", ba_version());
    return;
  }
  for (const Command &command : kCommands) {
    if (name != command.name)
      continue;
    if (!command.run && arguments.size() > 1 &&
        (arguments[1] == "--help" || arguments[1] == "-h")) {
      std::printf("usage: blockattn-run %s M.ba [options]\n\nIt would %s, but "
                  "is not in this build of blockattn-run %s.\n",
                  command.name, command.help, ba_version());
      return;
    }
    if (!command.run)
      throw ToolError("command '" + name +
                      "' is not in this build of blockattn-run " +
                      ba_version());
    return command.run(Arguments(arguments.begin() + 1, arguments.end()));
  }
  throw ToolError("unknown command '" + name +
                  "'; usage: blockattn-run infer|encode|generate|bench M.ba "
                  "[options] (see --help)");
}

} // namespace

int main(int argc, char **argv) {
  return runTool([&] { dispatch(Arguments(argv + 1, argv + argc)); });
}

//===- LlvmCommandLine.h - LLVM's option parser in our words ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_TOOLS_COMMON_LLVMCOMMANDLINE_H
#define BLOCKATTN_TOOLS_COMMON_LLVMCOMMANDLINE_H

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Path.h"

#include <string>

namespace blockattn {

/// Has the messages of LLVM's option parser begin with "error:", as all of our
/// tools' do. The parser puts the program's name before each, and takes it from
/// the command line, from inside of the tools' mains, where nothing else can be
/// changed. Help and version keep the plain name.
class ErrorsByName {
public:
  ErrorsByName(int argc, char **argv) {
    auto isQuestion = [](llvm::StringRef argument) {
      argument = argument.ltrim('-');
      return argument == "help" || argument == "h" ||
             argument.starts_with("help-") || argument == "version";
    };
    if (argc == 0 ||
        llvm::any_of(llvm::ArrayRef(argv + 1, argc - 1), isQuestion))
      return;
    name = "error: " + llvm::sys::path::filename(argv[0]).str();
    argv[0] = name.data();
  }

private:
  std::string name;
};

} // namespace blockattn

#endif // BLOCKATTN_TOOLS_COMMON_LLVMCOMMANDLINE_H

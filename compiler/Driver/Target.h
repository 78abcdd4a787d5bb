//===- Target.h - the machine that is compiled for --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_COMPILER_DRIVER_TARGET_H
#define BLOCKATTN_COMPILER_DRIVER_TARGET_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace blockattn {

/// What `--target` says: cpu, cuda or cuda:sm_XX.
struct Target {
  bool cuda = false;
  /// The architecture that PTX is written for.
  std::string chip;
  /// Those that it is assembled for, where ptxas is found.
  std::vector<std::string> cubins;
};

llvm::Expected<Target> parseTarget(llvm::StringRef text);

} // namespace blockattn

#endif // BLOCKATTN_COMPILER_DRIVER_TARGET_H

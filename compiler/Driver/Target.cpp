//===- Target.cpp - the machine that is compiled for ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Driver/Target.h"

#include "passes/LowerCuda/CudaChip.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

namespace blockattn {

llvm::Expected<Target> parseTarget(llvm::StringRef text) {
  if (text == "cpu")
    return Target();
  // PTX for the oldest architecture runs on all later ones; cubins spare the
  // driver the work for the machines that one meets.
  if (text == "cuda")
    return Target{true, "sm_80", {"sm_80", "sm_90", "sm_100"}};
  llvm::StringRef chip = text;
  if (!chip.consume_front("cuda:"))
    return llvm::createStringError(
        "target '%s' is not known; use --target=cpu, --target=cuda or "
        "--target=cuda:sm_XX",
        text.str().c_str());
  if (!findCudaChip(chip)) {
    std::string known = llvm::join(
        llvm::map_range(cudaChips(), [](const CudaChip &c) { return c.name; }),
        ", ");
    return llvm::createStringError(
        "target '%s' is not known; the architectures are %s",
        text.str().c_str(), known.c_str());
  }
  return Target{true, chip.str(), {chip.str()}};
}

} // namespace blockattn

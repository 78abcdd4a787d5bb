//===- blockattn-reduce.cpp - makes a failing MLIR file smaller -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/common/AllPasses.h"
#include "tools/common/LlvmCommandLine.h"

#include "mlir/Tools/mlir-reduce/MlirReduceMain.h"
#include "llvm/Support/raw_ostream.h"

int main(int argc, char **argv) {
  blockattn::ErrorsByName errors(argc, argv);
  blockattn::registerEveryPass();
  mlir::DialectRegistry registry;
  blockattn::registerEveryDialect(registry);
  mlir::MLIRContext context(registry);
  if (mlir::succeeded(mlir::mlirReduceMain(argc, argv, context)))
    return 0;
  // An input that is not interesting ends the passes without a word.
  llvm::errs()
      << "error: nothing was reduced: either a message above says why, "
         "or the test of the pass does not find the input interesting "
         "(its exit status must be 1)\n";
  return 1;
}

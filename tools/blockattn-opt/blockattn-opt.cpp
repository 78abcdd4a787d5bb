//===- blockattn-opt.cpp - runs passes and pipelines on MLIR files --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/common/AllPasses.h"
#include "tools/common/LlvmCommandLine.h"

#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  blockattn::ErrorsByName errors(argc, argv);
  blockattn::registerEveryPass();
  mlir::DialectRegistry registry;
  blockattn::registerEveryDialect(registry);
  return mlir::asMainReturnCode(mlir::MlirOptMain(
      argc, argv, "blockattn: block attention compiler, pass driver\n",
      registry));
}

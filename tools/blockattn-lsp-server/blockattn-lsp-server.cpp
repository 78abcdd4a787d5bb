//===- blockattn-lsp-server.cpp - MLIR files in an editor -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/common/AllPasses.h"
#include "tools/common/LlvmCommandLine.h"

#include "mlir/Tools/mlir-lsp-server/MlirLspServerMain.h"

int main(int argc, char **argv) {
  blockattn::ErrorsByName errors(argc, argv);
  mlir::DialectRegistry registry;
  blockattn::registerEveryDialect(registry);
  return mlir::failed(mlir::MlirLspServerMain(argc, argv, registry));
}

//===- blockattn-reduce.cpp - makes a failing MLIR file smaller -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/common/AllPasses.h"

#include "mlir/Tools/mlir-reduce/MlirReduceMain.h"

int main(int argc, char **argv) {
  blockattn::registerEveryPass();
  mlir::DialectRegistry registry;
  blockattn::registerEveryDialect(registry);
  mlir::MLIRContext context(registry);
  return mlir::failed(mlir::mlirReduceMain(argc, argv, context));
}

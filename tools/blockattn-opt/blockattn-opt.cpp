//===- blockattn-opt.cpp - runs passes and pipelines on MLIR files --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/BlockAttn/BlockAttn.h"
#include "dialects/Onnx/Onnx.h"
#ifdef HAVE_BLOCKATTNNORMALIZE
#include "passes/Normalize/Passes.h"
#endif
#ifdef HAVE_BLOCKATTNRAISE
#include "passes/Raise/Passes.h"
#endif
#ifdef HAVE_BLOCKATTNBLOCKIFY
#include "passes/Blockify/Passes.h"
#endif
#ifdef HAVE_BLOCKATTNLOWER
#include "passes/Lower/Passes.h"
#endif

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::registerAllPasses();
#ifdef HAVE_BLOCKATTNNORMALIZE
  blockattn::registerNormalizePasses();
#endif
#ifdef HAVE_BLOCKATTNRAISE
  blockattn::registerRaisePasses();
#endif
#ifdef HAVE_BLOCKATTNBLOCKIFY
  blockattn::registerBlockifyPasses();
#endif
#ifdef HAVE_BLOCKATTNLOWER
  blockattn::registerLowerPasses();
#endif
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  registry.insert<blockattn::BlockAttnDialect, blockattn::onnx::OnnxDialect>();
  return mlir::asMainReturnCode(mlir::MlirOptMain(
      argc, argv, "blockattn: block attention compiler, pass driver\n",
      registry));
}

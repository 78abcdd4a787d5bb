//===- AllPasses.h - what the MLIR tools register ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_TOOLS_COMMON_ALLPASSES_H
#define BLOCKATTN_TOOLS_COMMON_ALLPASSES_H

#include "dialects/BlockAttn/BlockAttn.h"
#include "dialects/Onnx/Onnx.h"
#include "passes/Blockify/Passes.h"
#include "passes/Lower/Passes.h"
#include "passes/LowerCuda/Passes.h"
#include "passes/Normalize/Passes.h"
#include "passes/Raise/Passes.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Target/LLVMIR/Dialect/All.h"

namespace blockattn {

/// Our passes and pipelines, and upstream's.
inline void registerEveryPass() {
  mlir::registerAllPasses();
  registerNormalizePasses();
  registerRaisePasses();
  registerBlockifyPasses();
  registerLowerPasses();
  registerLowerCudaPasses();
}

/// Our dialects, and upstream's, with what makes machine code of their kernels.
inline void registerEveryDialect(mlir::DialectRegistry &registry) {
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::registerAllGPUToLLVMIRTranslations(registry);
  registry.insert<BlockAttnDialect, onnx::OnnxDialect>();
  registerLowerExternalModels(registry);
}

} // namespace blockattn

#endif // BLOCKATTN_TOOLS_COMMON_ALLPASSES_H

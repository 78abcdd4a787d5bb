//===- Pipeline.cpp - pipelines of the lowering ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/Passes.h"

#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace blockattn;

void blockattn::buildLowerToBuffersPipeline(OpPassManager &pm,
                                            const LowerOptions &options) {
  if (options.decomposeAttention)
    pm.addNestedPass<func::FuncOp>(createDecomposeAttention());
  pm.addPass(createLowerOnnxToLinalg());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addNestedPass<func::FuncOp>(createFuseElementwise());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  // A size is asked of the tensor that has it, and known without its data.
  pm.addPass(memref::createResolveRankedShapeTypeResultDimsPass());
  pm.addPass(createCSEPass());
  pm.addPass(createBufferize());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  // Copies of a buffer to itself show once equal views are one.
  pm.addPass(createCanonicalizerPass());
}

void blockattn::buildLowerToMemoryPipeline(OpPassManager &pm,
                                           const LowerOptions &options) {
  buildLowerToBuffersPipeline(pm, options);
  pm.addPass(createPlanMemory());
}

void blockattn::buildLowerToCpuPipeline(OpPassManager &pm,
                                        const LowerOptions &options) {
  buildLowerToMemoryPipeline(pm, options);
  buildMemoryToLlvmPipeline(pm);
}

void blockattn::registerLowerPasses() {
  registerBlockAttnLowerPasses();
  PassPipelineRegistration<LowerOptions>(
      "blockattn-lower-to-memory",
      "onnx and blockattn operations -> linalg on planned memory",
      buildLowerToMemoryPipeline);
  PassPipelineRegistration<>("blockattn-memory-to-llvm",
                             "linalg on planned memory -> the llvm dialect",
                             buildMemoryToLlvmPipeline);
  PassPipelineRegistration<LowerOptions>(
      "blockattn-lower-to-cpu",
      "onnx and blockattn operations -> the llvm dialect",
      buildLowerToCpuPipeline);
}

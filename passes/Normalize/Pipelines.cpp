//===- Pipelines.cpp - the normalize phase --------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Normalize/Passes.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

namespace blockattn {

#define GEN_PASS_REGISTRATION
#include "passes/Normalize/Passes.h.inc"

void buildNormalizePipeline(mlir::OpPassManager &pm,
                            const NormalizeOptions &options) {
  pm.nest<mlir::func::FuncOp>().addPass(createResolveSequences());
  if (!options.allowForeign)
    pm.addPass(createReportUnsupported());
  pm.addPass(createSplitBranches());
  FoldConstantsOptions foldConstants;
  foldConstants.maxElements = options.maxConstant;
  mlir::OpPassManager &func = pm.nest<mlir::func::FuncOp>();
  func.addPass(createInferShapes());
  DecomposeMicrosoftOptions microsoft;
  microsoft.keepPackedProducts = options.keepPackedProducts;
  func.addPass(createDecomposeMicrosoft(microsoft));
  func.addPass(createDecomposeComposite());
  func.addPass(createDecompose());
  // Folding one thing reveals another: a shape that becomes a constant makes
  // types static, and a constant condition removes ops that hid a shape. Two
  // rounds are enough for all exporters that are known.
  for (int round = 0; round < 2; ++round) {
    func.addPass(mlir::createCanonicalizerPass());
    func.addPass(createInferShapes());
    func.addPass(createFoldShapes());
    func.addPass(createFoldConstants(foldConstants));
    func.addPass(createSinkReshapes());
    func.addPass(mlir::createCanonicalizerPass());
    func.addPass(mlir::createCSEPass());
  }
  func.addPass(createInferShapes());
}

void registerNormalizePasses() {
  registerBlockAttnNormalizePasses();
  mlir::PassPipelineRegistration<NormalizeOptions>(
      "blockattn-normalize",
      "infer shapes, fold constants and shape arithmetic, decompose",
      buildNormalizePipeline);
}

} // namespace blockattn

//===- CodegenPipeline.cpp - planned memory to the llvm dialect -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace blockattn;

void blockattn::buildMemoryToLlvmPipeline(OpPassManager &pm) {
  // Kernels.
  pm.addPass(createLowerGemm());
  pm.addPass(createOutlineKernels());
  pm.addNestedPass<func::FuncOp>(createLowerAttentionKernel());
  pm.addNestedPass<func::FuncOp>(createLowerLoops());
  pm.addPass(createLowerChecks());
  pm.addNestedPass<func::FuncOp>(createApproximateMath());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createOutlineParallel());
  buildHostToLlvmPipeline(pm, /*cuda=*/false);
}

void blockattn::buildHostToLlvmPipeline(OpPassManager &pm, bool cuda) {
  // Plain control flow, then the interface.
  pm.addNestedPass<func::FuncOp>(createLowerReshapes());
  pm.addNestedPass<func::FuncOp>(memref::createExpandStridedMetadataPass());
  pm.addPass(createLowerAffinePass());
  pm.addPass(createSCFToControlFlowPass());
  FinalizeAbiOptions abi;
  abi.cuda = cuda;
  pm.addPass(createFinalizeAbi(abi));

  // The llvm dialect.
  // Conversions of bf16 are shifts and not calls of a compiler's library.
  arith::ArithExpandOpsPassOptions expand;
  expand.includeBf16 = true;
  pm.addNestedPass<func::FuncOp>(arith::createArithExpandOpsPass(expand));
  pm.addNestedPass<func::FuncOp>(createConvertMathToLLVMPass());
  // Functions that libm alone has are called for each element of a vector.
  pm.addPass(createConvertMathToLibmPass());
  pm.addPass(createConvertVectorToLLVMPass());
  pm.addPass(createFinalizeMemRefToLLVMConversionPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createConvertFuncToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

//===- Pipeline.cpp - pipelines of the lowering to CUDA -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace blockattn;

void blockattn::buildLowerToDeviceMemoryPipeline(
    OpPassManager &pm, const LowerCudaOptions &options) {
  buildLowerToBuffersPipeline(pm, options);
  pm.addPass(createMoveToDevice());
  pm.addNestedPass<func::FuncOp>(createShareLoops());
  pm.addPass(createNarrowProducts());
  pm.addPass(createAccumulateProducts());
  if (options.productEpilogues)
    pm.addPass(createFuseEpilogues());
  pm.addNestedPass<func::FuncOp>(createFuseRows());
  pm.addNestedPass<func::FuncOp>(createGroupElements());
  pm.addNestedPass<func::FuncOp>(
      createSplitAttention({options.chip.getValue()}));
  pm.addPass(createPlanMemory());
  pm.addPass(createConstantsToWeights());
}

/// Kernels -> the nvvm dialect.
static void buildKernelPipeline(OpPassManager &pm, StringRef chip) {
  pm.addPass(createOverlapLaunches({chip.str()}));
  pm.addPass(createApproximateDeviceMath());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(memref::createExpandStridedMetadataPass());
  pm.addPass(createLowerAffinePass());
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(createConvertNVGPUToNVVMPass());
  pm.addPass(createConvertVectorToLLVMPass());
  ConvertGpuOpsToNVVMOpsOptions nvvm;
  nvvm.indexBitwidth = 64;
  pm.addPass(createConvertGpuOpsToNVVMOps(nvvm));
  pm.addPass(createConvertNVVMToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

void blockattn::buildDeviceMemoryToLlvmPipeline(
    OpPassManager &pm, const LowerCudaOptions &options) {
  pm.addPass(createLowerGemmToCuda({options.chip.getValue()}));
  pm.addPass(createLowerTransfers());
  pm.addPass(createOutlineKernels());
  pm.addPass(createLowerAttentionToCuda({options.chip.getValue()}));
  pm.addPass(createLowerLoopsToCuda());
  pm.addPass(createLowerDeviceCalls());
  pm.addPass(createLowerChecks());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  buildKernelPipeline(pm.nest<gpu::GPUModuleOp>(), options.chip.getValue());
  buildHostToLlvmPipeline(pm, /*cuda=*/true);
}

void blockattn::buildLowerToCudaPipeline(OpPassManager &pm,
                                         const LowerCudaOptions &options) {
  buildLowerToDeviceMemoryPipeline(pm, options);
  buildDeviceMemoryToLlvmPipeline(pm, options);
}

void blockattn::registerLowerCudaPasses() {
  registerBlockAttnLowerCudaPasses();
  PassPipelineRegistration<LowerCudaOptions>(
      "blockattn-lower-to-device-memory",
      "onnx and blockattn operations -> linalg on planned device memory",
      buildLowerToDeviceMemoryPipeline);
  PassPipelineRegistration<LowerCudaOptions>(
      "blockattn-device-memory-to-llvm",
      "linalg on planned device memory -> kernels in the nvvm dialect, host "
      "code in the llvm dialect",
      buildDeviceMemoryToLlvmPipeline);
  PassPipelineRegistration<LowerCudaOptions>(
      "blockattn-lower-to-cuda",
      "onnx and blockattn operations -> kernels and host code",
      buildLowerToCudaPipeline);
}

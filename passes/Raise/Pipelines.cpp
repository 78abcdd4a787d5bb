//===- Pipelines.cpp - the raise phase ------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/Passes.h"

#include "dialects/BlockAttn/BlockAttn.h"
#include "dialects/Onnx/Onnx.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

namespace blockattn {

#define GEN_PASS_REGISTRATION
#include "passes/Raise/Passes.h.inc"

void buildRaisePipeline(mlir::OpPassManager &pm, const RaiseOptions &) {
  pm.addNestedPass<mlir::func::FuncOp>(createRaiseNorms());
  pm.addNestedPass<mlir::func::FuncOp>(createRaiseSoftmax());
  pm.addNestedPass<mlir::func::FuncOp>(createRaiseActivations());
  pm.addNestedPass<mlir::func::FuncOp>(createDecomposeOnnxAttention());
  pm.addPass(mlir::createCanonicalizerPass());
  pm.addPass(mlir::createCSEPass());
  pm.addPass(createGatherTables());
  pm.addPass(createRaiseRotary());
  // What canonicalization would put together again.
  pm.addNestedPass<mlir::func::FuncOp>(createTurnSoftmax());
  pm.addNestedPass<mlir::func::FuncOp>(createGroupHeads());
  pm.addNestedPass<mlir::func::FuncOp>(createOrderHeads());
  pm.addPass(createRaiseAttention());
  pm.addPass(mlir::createCanonicalizerPass());
  pm.addPass(mlir::createCSEPass());
}

void registerRaisePasses() {
  registerBlockAttnRaisePasses();
  mlir::PassPipelineRegistration<RaiseOptions>(
      "blockattn-raise",
      "find norms, activations, rotary positions and attention",
      buildRaisePipeline);
}

} // namespace blockattn

//===- Pipelines.cpp - the blockify phase ---------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Blockify/Passes.h"
#include "passes/Normalize/Passes.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"

namespace blockattn {

#define GEN_PASS_REGISTRATION
#include "passes/Blockify/Passes.h.inc"

void buildBlockifyPipeline(mlir::OpPassManager &pm,
                           const BlockifyOptions &options) {
  auto wants = [&](llvm::StringRef name) {
    return options.programs.empty() ||
           llvm::is_contained(options.programs, name);
  };
  pm.addPass(createAssignRoles());
  if (!wants("block") && !wants("encode") && !wants("extend"))
    return;
  DeriveBlockOptions block;
  block.required = !options.programs.empty();
  pm.addPass(createDeriveBlock(block));
  // The shapes of the packed form are simpler than the graph's: fold again,
  // so that the keys are seen to come straight from their rotation.
  buildNormalizePipeline(pm, NormalizeOptions());
  if (options.sinks > 0) {
    InsertSinksOptions sinks;
    sinks.count = options.sinks;
    pm.addPass(createInsertSinks(sinks));
  }
  if (wants("encode"))
    pm.addPass(createDeriveEncode());
  if (wants("extend"))
    pm.addPass(createDeriveExtend());
}

void registerBlockifyPasses() {
  registerBlockAttnBlockifyPasses();
  mlir::PassPipelineRegistration<BlockifyOptions>(
      "blockattn-blockify",
      "derive the programs full, block, encode and extend from @main",
      buildBlockifyPipeline);
}

} // namespace blockattn

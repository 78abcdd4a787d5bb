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

static void buildProgramsPipeline(mlir::OpPassManager &pm,
                                  const BlockifyOptions &options) {
  auto wants = [&](llvm::StringRef name) {
    return options.programs.empty() ||
           llvm::is_contained(options.programs, name);
  };
  pm.addPass(createAssignRoles());
  if (!wants("block") && !wants("encode") && !wants("extend")) {
    pm.addPass(createJoinBranches());
    return;
  }
  DeriveBlockOptions block;
  block.required = !options.programs.empty();
  block.needsLengths = wants("encode") || wants("extend");
  pm.addPass(createDeriveBlock(block));
  // The shapes of the packed form are simpler than the graph's: fold again,
  // so that the keys are seen to come straight from their rotation.
  buildNormalizePipeline(pm, NormalizeOptions());
  ReplacePositionsOptions positions;
  positions.required = block.required;
  positions.needsLengths = block.needsLengths;
  pm.addPass(createReplacePositions(positions));
  if (options.sinks > 0) {
    InsertSinksOptions sinks;
    sinks.count = options.sinks;
    sinks.placement = options.sinkPlacement;
    pm.addPass(createInsertSinks(sinks));
  }
  if (wants("encode"))
    pm.addPass(createDeriveEncode());
  if (wants("extend"))
    pm.addPass(createDeriveExtend());
  if (options.sinks > 0)
    pm.addPass(createAttendSharedSinks());
  pm.addPass(createJoinBranches());
  KeepProgramsOptions keep;
  keep.programs.assign(options.programs.begin(), options.programs.end());
  pm.addPass(createKeepPrograms(keep));
}

void buildBlockifyPipeline(mlir::OpPassManager &pm,
                           const BlockifyOptions &options) {
  buildProgramsPipeline(pm, options);
  if (options.dtype != "f32") {
    ReducePrecisionOptions precision;
    precision.dtype = options.dtype;
    pm.addPass(createReducePrecision(precision));
  }
}

void registerBlockifyPasses() {
  registerBlockAttnBlockifyPasses();
  mlir::PassPipelineRegistration<BlockifyOptions>(
      "blockattn-blockify",
      "derive the programs full, block, encode and extend from @main",
      buildBlockifyPipeline);
}

} // namespace blockattn

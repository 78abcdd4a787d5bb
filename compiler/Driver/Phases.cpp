//===- Phases.cpp - the one table of phases -------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Driver/Phases.h"

#include "compiler/Driver/Options.h"
#include "compiler/Driver/Target.h"
#include "passes/Blockify/Passes.h"
#include "passes/Lower/Passes.h"
#include "passes/LowerCuda/Passes.h"
#include "passes/Normalize/Passes.h"
#include "passes/Raise/Passes.h"

#include "mlir/Pass/PassManager.h"

using namespace mlir;

namespace blockattn {

/// The target's name was checked before any phase runs.
static bool isCuda(const CompileOptions &options) {
  return StringRef(options.target).starts_with("cuda");
}

static void buildNormalize(OpPassManager &pm, const CompileOptions &options) {
  NormalizeOptions normalize;
  normalize.keepPackedProducts = !isCuda(options);
  buildNormalizePipeline(pm, normalize);
}

static void buildRaise(OpPassManager &pm, const CompileOptions &) {
  buildRaisePipeline(pm, RaiseOptions());
}

static void buildBlockify(OpPassManager &pm, const CompileOptions &options) {
  BlockifyOptions blockify;
  for (const std::string &program : options.programs)
    blockify.programs.push_back(program);
  blockify.sinks = options.sinks;
  blockify.sinkPlacement = options.sinkPlacement;
  blockify.dtype = options.dtype;
  buildBlockifyPipeline(pm, blockify);
}

static std::unique_ptr<LowerCudaOptions>
cudaOptions(const CompileOptions &options) {
  auto cuda = std::make_unique<LowerCudaOptions>();
  cuda->decomposeAttention = options.decomposeAttention;
  cuda->chip = llvm::cantFail(parseTarget(options.target)).chip;
  return cuda;
}

static void buildLower(OpPassManager &pm, const CompileOptions &options) {
  if (isCuda(options))
    return buildLowerToDeviceMemoryPipeline(pm, *cudaOptions(options));
  LowerOptions lower;
  lower.decomposeAttention = options.decomposeAttention;
  buildLowerToMemoryPipeline(pm, lower);
}

static void buildCodegen(OpPassManager &pm, const CompileOptions &options) {
  if (isCuda(options))
    buildDeviceMemoryToLlvmPipeline(pm, *cudaOptions(options));
  else
    buildMemoryToLlvmPipeline(pm);
}

static const Phase phases[] = {
    {"import", "the model as it came, in the onnx dialect", nullptr},
    {"normalize", "shapes inferred, constants folded, composite ops decomposed",
     buildNormalize},
    {"raise", "attention, rotary positions, norms and activations recognised",
     buildRaise},
    {"blockify", "the programs full, block, encode and extend derived",
     buildBlockify},
    {"lower", "linalg on planned memory", buildLower},
    {"codegen", "loops, vectors, kernels and library calls in the llvm dialect",
     buildCodegen},
    {"emit", "object code for each CPU level, or PTX; and the artifact",
     nullptr},
};

ArrayRef<Phase> getPhases() { return phases; }

const Phase *findPhase(StringRef name) {
  for (const Phase &phase : phases)
    if (phase.name == name)
      return &phase;
  return nullptr;
}

} // namespace blockattn

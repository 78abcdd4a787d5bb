//===- Passes.h - from one full-attention graph to its programs -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_BLOCKIFY_PASSES_H
#define BLOCKATTN_PASSES_BLOCKIFY_PASSES_H

#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassOptions.h"

namespace mlir {
class ModuleOp;
} // namespace mlir

namespace blockattn {

#define GEN_PASS_DECL
#include "passes/Blockify/Passes.h.inc"

struct BlockifyOptions : mlir::PassPipelineOptions<BlockifyOptions> {
  ListOption<std::string> programs{
      *this, "programs",
      llvm::cl::desc("programs that must be there (full, block, encode, "
                     "extend); none: those that can be derived")};
  Option<int64_t> sinks{*this, "sinks",
                        llvm::cl::desc("sink tokens at every block"),
                        llvm::cl::init(0)};
};

/// Assigns roles and derives the programs that `options` asks for.
void buildBlockifyPipeline(mlir::OpPassManager &pm,
                           const BlockifyOptions &options);

/// Registers the passes of this folder and `--blockattn-blockify`.
void registerBlockifyPasses();

} // namespace blockattn

#endif // BLOCKATTN_PASSES_BLOCKIFY_PASSES_H

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
      llvm::cl::desc("the programs to make (full, block, encode, extend); "
                     "none: those that can be derived")};
  Option<int64_t> sinks{*this, "sinks",
                        llvm::cl::desc("sink tokens of the table"),
                        llvm::cl::init(0)};
  Option<std::string> sinkPlacement{
      *this, "sink-placement",
      llvm::cl::desc("before every `block`, or as one `prefix`"),
      llvm::cl::init("block")};
  Option<std::string> dtype{*this, "dtype",
                            llvm::cl::desc("compute in f32, bf16 or f16"),
                            llvm::cl::init("f32")};
};

/// Assigns roles and derives the programs that `options` asks for.
void buildBlockifyPipeline(mlir::OpPassManager &pm,
                           const BlockifyOptions &options);

/// Registers the passes of this folder and `--blockattn-blockify`.
void registerBlockifyPasses();

} // namespace blockattn

#endif // BLOCKATTN_PASSES_BLOCKIFY_PASSES_H

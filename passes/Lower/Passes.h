//===- Passes.h - lowering to memory and code -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWER_PASSES_H
#define BLOCKATTN_PASSES_LOWER_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

namespace blockattn {

#define GEN_PASS_DECL
#include "passes/Lower/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/Lower/Passes.h.inc"

struct LowerOptions : public mlir::PassPipelineOptions<LowerOptions> {
  Option<bool> decomposeAttention{
      *this, "decompose-attention",
      llvm::cl::desc("compute attention with plain operations (reference)"),
      llvm::cl::init(false)};
};

/// Programs in the onnx and blockattn dialects -> programs on planned memory:
/// linalg, memref, scf and `blockattn.attention_kernel` on memrefs.
void buildLowerToMemoryPipeline(mlir::OpPassManager &pm,
                                const LowerOptions &options);

/// The first part of it, before memory is planned.
void buildLowerToBuffersPipeline(mlir::OpPassManager &pm,
                                 const LowerOptions &options);

/// Programs on planned memory -> the llvm dialect, with the interface of
/// runtime/include/blockattn/kernel_abi.h.
void buildMemoryToLlvmPipeline(mlir::OpPassManager &pm);

/// The last part of it: loops and calls of the runtime -> the llvm dialect,
/// with the interface of programs for the CPU or for CUDA.
void buildHostToLlvmPipeline(mlir::OpPassManager &pm, bool cuda);

/// All of the lowering for the CPU.
void buildLowerToCpuPipeline(mlir::OpPassManager &pm,
                             const LowerOptions &options);

/// All passes of this phase, `--blockattn-lower-to-memory`,
/// `--blockattn-memory-to-llvm` and both: `--blockattn-lower-to-cpu`.
void registerLowerPasses();

/// Arithmetic on f16 and bf16 -> arithmetic in f32, rounded after each
/// operation.
void populateWidenHalfPatterns(mlir::RewritePatternSet &patterns);

/// Makes `blockattn.attention_kernel` known to bufferization.
void registerLowerExternalModels(mlir::DialectRegistry &registry);

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWER_PASSES_H

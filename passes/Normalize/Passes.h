//===- Passes.h - the normalize phase ---------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_NORMALIZE_PASSES_H
#define BLOCKATTN_PASSES_NORMALIZE_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassOptions.h"

namespace blockattn {

#define GEN_PASS_DECL
#include "passes/Normalize/Passes.h.inc"

struct NormalizeOptions : mlir::PassPipelineOptions<NormalizeOptions> {
  Option<int64_t> maxConstant{
      *this, "max-constant",
      llvm::cl::desc("the largest tensor, in elements, that is computed at "
                     "compile time"),
      llvm::cl::init(65536)};
  Option<bool> allowForeign{
      *this, "allow-foreign",
      llvm::cl::desc("go on with ops that nothing is known about"),
      llvm::cl::init(false)};
  Option<bool> keepPackedProducts{
      *this, "keep-packed-products",
      llvm::cl::desc("leave products with packed weights to the CPU's library"),
      llvm::cl::init(false)};
};

/// Reports unsupported ops, infers shapes, folds constants and shapes, and
/// decomposes: on every function of a module.
void buildNormalizePipeline(mlir::OpPassManager &pm,
                            const NormalizeOptions &options);

/// Registers the passes of this folder and `--blockattn-normalize`.
void registerNormalizePasses();

} // namespace blockattn

#endif // BLOCKATTN_PASSES_NORMALIZE_PASSES_H

//===- Passes.h - the raise phase -------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_RAISE_PASSES_H
#define BLOCKATTN_PASSES_RAISE_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassOptions.h"

namespace blockattn {

#define GEN_PASS_DECL
#include "passes/Raise/Passes.h.inc"

struct RaiseOptions : mlir::PassPipelineOptions<RaiseOptions> {};

/// Finds norms, activations, rotary positions and attention in the normalized
/// @main, whatever way they were spelled.
void buildRaisePipeline(mlir::OpPassManager &pm, const RaiseOptions &options);

/// Registers the passes of this folder and `--blockattn-raise`.
void registerRaisePasses();

} // namespace blockattn

#endif // BLOCKATTN_PASSES_RAISE_PASSES_H

//===- Manifest.h - what an artifact says of itself -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_COMPILER_EMIT_MANIFEST_H
#define BLOCKATTN_COMPILER_EMIT_MANIFEST_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/JSON.h"

namespace blockattn {

/// The signatures of the module's programs as the phase blockify left them: an
/// array of {name, inputs, outputs}; each input and output has name, dtype,
/// shape (numbers and symbol names) and role.
llvm::json::Array describePrograms(mlir::ModuleOp module);

/// Adds `weights` (indices into the module's weights, in the order of the
/// program's arguments) and `buffers` ({first, last} each) to every program,
/// from the functions as the phase lower left them.
void addMemoryPlans(mlir::ModuleOp lowered, llvm::json::Array &programs);

/// The module attributes that describe the model as a whole: model, kv,
/// attentions, sinks, vocab_size, max_positions.
llvm::json::Object describeModel(mlir::ModuleOp module,
                                 llvm::StringRef modelPath);

/// "f32", "bf16", "i64", "bool", ...; empty for what no program passes.
std::string dtypeName(mlir::Type elementType);

} // namespace blockattn

#endif // BLOCKATTN_COMPILER_EMIT_MANIFEST_H

//===- Weights.h - where an artifact has its weights ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_COMPILER_EMIT_WEIGHTS_H
#define BLOCKATTN_COMPILER_EMIT_WEIGHTS_H

#include "compiler/Emit/Artifact.h"
#include "dialects/Onnx/Weights.h"

#include "llvm/Support/JSON.h"

namespace blockattn {

/// The weights of a module, in the order of its `blockattn.weights`.
struct WeightPlan {
  /// The pieces of the section `weights`; they point into the mapped files,
  /// or into `owned`.
  std::vector<ArtifactSection::Piece> embedded;
  /// Data of weights that were constants of the program.
  std::vector<std::vector<char>> owned;
  /// What the manifest says of each weight, and of the files that are referred
  /// to.
  llvm::json::Array weights, files;
};

/// Decides where each weight goes. With `reference` it stays in the model's
/// file, unless it does not lie there at a multiple of its element's size:
/// compiled code reads weights where they are. Such files are read once, for
/// their checksums. Reports what can't be done.
mlir::FailureOr<WeightPlan> planWeights(mlir::ModuleOp module,
                                        onnx::WeightFiles &files,
                                        bool reference,
                                        llvm::StringRef outputPath);

} // namespace blockattn

#endif // BLOCKATTN_COMPILER_EMIT_WEIGHTS_H

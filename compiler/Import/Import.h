//===- Import.h - an ONNX model file becomes IR ------------------*- C++
//-*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_COMPILER_IMPORT_IMPORT_H
#define BLOCKATTN_COMPILER_IMPORT_IMPORT_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>

namespace blockattn {

struct ImportOptions {
  /// External data may lie outside the model's folder: without it, absolute
  /// paths, paths with ".." and links that lead out are errors, because a
  /// model from a stranger could otherwise read any file into its weights.
  bool allowOutsideData = false;

  /// Model-local functions are inlined; a model whose nodes are more than this
  /// when all are inlined is refused.
  int64_t maxNodes = 250000;

  /// So many errors are reported before the importer says that there are more.
  unsigned maxErrors = 100;
};

/// The versions of the standard operators (domain "") that are understood.
constexpr int64_t minOpset = 11;
constexpr int64_t maxOpset = 25;

/// Reads a model: serialized protobuf (.onnx, or anything else), protobuf text
/// (.txtpb, .textproto, .prototxt, .pbtxt) or ONNX's own text (.onnxtxt). The
/// result holds `func.func @main` of ops of the `onnx` dialect. Weights stay in
/// their files.
///
/// Returns null after at least one error, and then has reported all problems
/// that it could find, through the context's diagnostics.
mlir::OwningOpRef<mlir::ModuleOp>
importModel(mlir::MLIRContext *context, llvm::StringRef path,
            const ImportOptions &options = {});

} // namespace blockattn

#endif // BLOCKATTN_COMPILER_IMPORT_IMPORT_H

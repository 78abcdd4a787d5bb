//===- Location.h - what a location says about the user's model -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The importer gives every op the location NameLoc("node"). Where the exporter
// recorded metadata it is FusedLoc<{stack_trace = "..."}>[NameLoc("node")], and
// in the body of a model-local function a CallSiteLoc around that.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_DIALECTS_ONNX_LOCATION_H
#define BLOCKATTN_DIALECTS_ONNX_LOCATION_H

#include "mlir/IR/Location.h"

#include <optional>
#include <string>

namespace blockattn::onnx {

/// The name of the node that a location stands for; of the first one where ops
/// were fused. Empty where there is none.
llvm::StringRef nodeName(mlir::Location loc);

/// Where the user's own program made the node, as "file.py:123": the innermost
/// frame of the recorded Python stack that is not in an installed package, or
/// the innermost one where all are.
std::optional<std::string> userSource(mlir::Location loc);

/// A name of the model for a message: quoted, odd characters escaped, and cut
/// where it is very long.
std::string quoted(llvm::StringRef name);

} // namespace blockattn::onnx

#endif // BLOCKATTN_DIALECTS_ONNX_LOCATION_H

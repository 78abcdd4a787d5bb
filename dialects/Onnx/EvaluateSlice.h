//===- EvaluateSlice.h - what a value is computed from ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Cuts out the part of a program that computes one value, for passes that
// evaluate it: what must be bound, and what the value depends on at all.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_DIALECTS_ONNX_EVALUATESLICE_H
#define BLOCKATTN_DIALECTS_ONNX_EVALUATESLICE_H

#include "mlir/IR/Operation.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SetVector.h"

namespace blockattn::onnx {

struct BackwardSlice {
  /// The ops that compute the value, producers before their users. An op with
  /// regions stands for all that is in them.
  llvm::SetVector<mlir::Operation *> ops;
  /// Block arguments (of the function) whose elements the value depends on.
  llvm::SetVector<mlir::BlockArgument> arguments;
  /// The onnx.Weight ops among `ops`.
  llvm::SetVector<mlir::Operation *> weights;
  /// Values of which only the shape matters: operands of onnx.Shape and
  /// onnx.Size. What computes them is not in the slice.
  llvm::SetVector<mlir::Value> shapes;
  /// Values at which `stop` cut the slice.
  llvm::SetVector<mlir::Value> cuts;

  bool dependsOn(mlir::BlockArgument argument) const {
    return arguments.contains(argument);
  }
};

/// All that the elements of `value` depend on. Values for which `stop` is true
/// are taken as given (`value` itself is not asked about).
BackwardSlice
backwardSlice(mlir::Value value,
              llvm::function_ref<bool(mlir::Value)> stop = nullptr);

} // namespace blockattn::onnx

#endif // BLOCKATTN_DIALECTS_ONNX_EVALUATESLICE_H

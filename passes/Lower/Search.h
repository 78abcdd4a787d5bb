//===- Search.h - searching in order ----------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWER_SEARCH_H
#define BLOCKATTN_PASSES_LOWER_SEARCH_H

#include "mlir/IR/Builders.h"

namespace blockattn {

/// The first number in [from, to) for which `holds`, `to` if there is none;
/// where it holds it holds for all that follow. All are index values.
mlir::Value searchFirst(
    mlir::OpBuilder &b, mlir::Location loc, mlir::Value from, mlir::Value to,
    llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::Value)> holds);

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWER_SEARCH_H

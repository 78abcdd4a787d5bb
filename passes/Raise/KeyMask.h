//===- KeyMask.h - which keys are there -------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_RAISE_KEYMASK_H
#define BLOCKATTN_PASSES_RAISE_KEYMASK_H

#include "passes/Raise/MaskFit.h"

#include "mlir/IR/Builders.h"

namespace blockattn::raise {

/// The key mask [batch, keys] of an attention whose padding `argument` marks by
/// `rule`; query and key are [batch, tokens, heads,
/// size].
mlir::Value makeKeyMask(mlir::OpBuilder &b, mlir::Location loc,
                        mlir::Value argument, PaddingRule rule,
                        mlir::Value query, mlir::Value key);

/// For each key how many tokens that are no padding stand up to it.
mlir::Value countTokens(mlir::OpBuilder &b, mlir::Location loc,
                        mlir::Value argument);

} // namespace blockattn::raise

#endif // BLOCKATTN_PASSES_RAISE_KEYMASK_H

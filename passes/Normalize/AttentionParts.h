//===- AttentionParts.h - what com.microsoft attentions share ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All forms of attention of com.microsoft become onnx.Attention on [batch,
// heads, tokens, size], with what comes before it (projections, rotary
// positions, norms) as ops of their own. So there is one form to raise from,
// and one that is right where it is not raised.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_NORMALIZE_ATTENTIONPARTS_H
#define BLOCKATTN_PASSES_NORMALIZE_ATTENTIONPARTS_H

#include "passes/Normalize/DecomposeMicrosoft.h"

namespace blockattn {

/// The parts of an attention that all forms have.
struct AttentionParts {
  mlir::Value query, key, value; ///< [batch, heads, tokens, size]
  mlir::Value pastKey, pastValue;
  mlir::Value bias; ///< added to the scores, or where they count, or null
  bool causal = false;
  double scale = 0; ///< 0: 1 / sqrt(size)
  double softcap = 0;
  int64_t window = 0; ///< 0: none
  mlir::Value sinks;  ///< [heads], a score of no key for each head, or null

  /// Why heads cannot be told apart, if they cannot.
  Refusal requireHeads() const;
  /// Emits onnx.Attention; returns its result as [batch, tokens, hidden] and,
  /// where asked for, the past keys and values with the new ones.
  llvm::SmallVector<mlir::Value> attend(GraphBuilder &g,
                                        bool wantsPresent) const;

private:
  mlir::Value weighWithSinks(GraphBuilder &g, mlir::Value scores,
                             mlir::Value values) const;
};

Refusal requireFloats(mlir::Value value);

/// [batch, tokens, heads * size] -> [batch, heads, tokens, size]
mlir::Value splitHeads(GraphBuilder &g, mlir::Value value, int64_t heads);

/// [batch, heads, tokens, size] -> [batch, tokens, heads * size]
mlir::Value joinHeads(GraphBuilder &g, mlir::Value value);

/// Parts of these sizes along the last of three dimensions.
llvm::SmallVector<mlir::Value> splitLast(GraphBuilder &g, mlir::Value value,
                                         llvm::ArrayRef<int64_t> sizes);

} // namespace blockattn

#endif // BLOCKATTN_PASSES_NORMALIZE_ATTENTIONPARTS_H

//===- AttentionLike.h - what is nearly attention ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_RAISE_ATTENTIONLIKE_H
#define BLOCKATTN_PASSES_RAISE_ATTENTIONLIKE_H

#include "passes/Raise/AttentionSite.h"

namespace blockattn::raise {

/// An op that makes weights of a product of queries and keys, and why these are
/// not those of an attention.
struct AttentionLike {
  mlir::Operation *op;
  Reason reason;
};

/// What weighs values as attention does, but is no site of one. `known` are the
/// softmaxes of which something is said already.
llvm::SmallVector<AttentionLike>
findAttentionLike(Subject &subject,
                  const llvm::DenseSet<mlir::Operation *> &known);

} // namespace blockattn::raise

#endif // BLOCKATTN_PASSES_RAISE_ATTENTIONLIKE_H

//===- TokenMixing.h - what brings tokens together --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_BLOCKIFY_TOKENMIXING_H
#define BLOCKATTN_PASSES_BLOCKIFY_TOKENMIXING_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/SmallVector.h"

namespace blockattn {

struct TokenMixing {
  mlir::Operation *op;
  /// What has moved the tokens before, if it is for that alone.
  mlir::Operation *mover;
};

/// The ops besides blockattn.attention that bring data of several tokens
/// together: products, sums and the like along the dimension of the tokens, ops
/// on values whose tokens stand elsewhere, and those after which it is not
/// known where they stand (TokenOrder). No layout keeps them within a block.
llvm::SmallVector<TokenMixing> findTokenMixing(mlir::func::FuncOp full);

/// Says so, for a person.
std::string describeTokenMixing(llvm::ArrayRef<TokenMixing> mixing);

} // namespace blockattn

#endif // BLOCKATTN_PASSES_BLOCKIFY_TOKENMIXING_H

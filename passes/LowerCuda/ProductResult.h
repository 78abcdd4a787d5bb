//===- ProductResult.h - what becomes of a product's result -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWERCUDA_PRODUCTRESULT_H
#define BLOCKATTN_PASSES_LOWERCUDA_PRODUCTRESULT_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

#include <optional>

namespace blockattn {

/// A matrix product into memory of its own that one elementwise operation
/// reads, all of it, and nothing else does.
struct ConsumedProduct {
  mlir::linalg::LinalgOp product;
  mlir::linalg::FillOp fill;
  mlir::memref::AllocOp memory;
  /// From the memory to what the consumer reads.
  llvm::SmallVector<mlir::Operation *> views;
  mlir::linalg::GenericOp consumer;
  /// The consumer's operand that is the product.
  unsigned input;
  /// Of the factors.
  mlir::Type type;
};

/// Matches a `linalg.matmul` or `linalg.batch_matmul` on memrefs whose consumer
/// could be left out if the product were computed in the consumer's place. What
/// else the consumer reads may be anything.
std::optional<ConsumedProduct> matchConsumed(mlir::linalg::LinalgOp op);

/// The memory of the consumer's input number `term`, if the product can be
/// added to it and it be the result, all of it, from then on: nothing else
/// reads it afterwards.
mlir::Value placeForSum(ConsumedProduct &match, unsigned term);

/// Whether `memref` shows all of `root`, element by element in its order.
bool showsAllOf(mlir::Value memref, mlir::Value root);

/// The allocation or argument that a view looks at.
mlir::Value rootMemory(mlir::Value memref);

/// Replaces product and consumer by the product into `target`, which is
/// row-major and of as many elements. It is overwritten, or else added to.
mlir::linalg::LinalgOp redirect(ConsumedProduct &match, mlir::Value target,
                                bool overwrite);

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWERCUDA_PRODUCTRESULT_H

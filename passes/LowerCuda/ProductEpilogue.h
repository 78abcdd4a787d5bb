//===- ProductEpilogue.h - what a library does to a product -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// cuBLASLt adds a vector to each row of a product and applies an activation
// before it rounds and stores the result. From --blockattn-fuse-epilogues to
// --blockattn-lower-gemm-to-cuda a product with such an epilogue is two
// operations one after the other: a `linalg.matmul`, and a `linalg.generic`
// with the attribute `blockattn.epilogue` that updates its result in place.
// They mean what they say, so whoever does not hand the second one to the
// library leaves it as it is.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWERCUDA_PRODUCTEPILOGUE_H
#define BLOCKATTN_PASSES_LOWERCUDA_PRODUCTEPILOGUE_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <optional>

namespace blockattn {

constexpr llvm::StringLiteral kEpilogueAttr = "blockattn.epilogue";

/// BA_CUDA_F32 and the like of a type that the library multiplies.
std::optional<int32_t> libraryType(mlir::Type type);

/// Whether the library has a product of matrices of type `factors` with a
/// result of type `result`.
bool isLibraryProduct(mlir::Type factors, mlir::Type result);

/// activation(product + bias + other term).
struct ProductEpilogue {
  /// Numbers of the operation's operands: a vector along the last dimension,
  /// and what is as large as the product.
  std::optional<unsigned> bias, term;
  /// BA_CUDA_ACTIVATION_*.
  int32_t activation = 0;
};

/// What an elementwise operation computes of the product that its operand
/// number `product` is, if it is an epilogue. Between the steps it may round to
/// `narrow`, the type of the product's factors.
std::optional<ProductEpilogue>
matchEpilogue(mlir::linalg::GenericOp op, unsigned product, mlir::Type narrow);

/// Whether the library has the epilogue for a product with a result of
/// `columns` columns and of type `result`: documented types alone, and a GELU
/// for 16-bit results, since the library does not say how exact it is.
bool isSupportedEpilogue(mlir::linalg::GenericOp op,
                         const ProductEpilogue &epilogue, int64_t columns,
                         mlir::Type result);

/// The update of `result`, a matrix, in place: `bias` may be null, else it is
/// [1, ..., columns].
mlir::linalg::GenericOp makeEpilogue(mlir::OpBuilder &b, mlir::Location loc,
                                     mlir::Value result, mlir::Value bias,
                                     int32_t activation);

/// The update of the product's result that comes right after it, if it is one
/// that the library does along with the product.
mlir::linalg::GenericOp findEpilogue(mlir::linalg::LinalgOp product,
                                     ProductEpilogue &epilogue);

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWERCUDA_PRODUCTEPILOGUE_H

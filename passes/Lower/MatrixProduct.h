//===- MatrixProduct.h - contractions that libraries compute ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWER_MATRIXPRODUCT_H
#define BLOCKATTN_PASSES_LOWER_MATRIXPRODUCT_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <optional>

namespace blockattn {

/// How a matrix of a product lies in memory: the positions in the memref of
/// the dimension of its rows, of its columns (-1: the extent is 1), and of
/// each batch dimension (-1: not there, all batches share it).
struct MatrixForm {
  mlir::Value memref;
  int64_t row = -1, column = -1;
  llvm::SmallVector<int64_t> batch;
  /// Whether the matrix is stored with its columns as rows.
  bool transposed = false;
};

/// C[m, n] += A[m, k] * B[k, n] for each batch.
struct MatrixProduct {
  MatrixForm a, b, c;
  size_t numBatch = 0;
  /// Of A and B; of C.
  mlir::Type type, resultType;
};

/// The product that an operation on memrefs computes, if it is one, of floats
/// and in memory with rows (or columns) of unit stride. Factors may be
/// converted to a wider type in the operation.
std::optional<MatrixProduct> matchProduct(mlir::linalg::LinalgOp op);

/// The fill with zero that comes right before `op` for its output, with
/// nothing in between that touches the memory.
mlir::linalg::FillOp findZeroFill(mlir::linalg::LinalgOp op,
                                  mlir::Value output);

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWER_MATRIXPRODUCT_H

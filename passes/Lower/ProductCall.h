//===- ProductCall.h - a matrix product as libraries are told ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWER_PRODUCTCALL_H
#define BLOCKATTN_PASSES_LOWER_PRODUCTCALL_H

#include "passes/Lower/MatrixProduct.h"
#include "passes/Lower/StridedMemory.h"

namespace blockattn {

/// What calls of all libraries of matrix products have in common. Libraries
/// think of C as stored by rows; where it is stored by columns they are told
/// of C^T = B^T A^T.
class ProductCall {
public:
  ProductCall(KernelBuilder &b, const MatrixProduct &product);

protected:
  using Value = mlir::Value;

  /// A matrix of the call.
  struct Operand {
    const MatrixForm *form;
    StridedMemory memory;
    /// As the library is told.
    bool transposed;
  };
  /// An extent; 1 of a dimension (-1) that is not there.
  Value size(const Operand &operand, int64_t position);
  /// The distance between rows as stored.
  Value leadingDim(const Operand &operand);
  /// `call` at all indices of the first `depth` batch dimensions.
  void forEachBatch(size_t depth,
                    llvm::function_ref<void(llvm::ArrayRef<Value>)> call);

  KernelBuilder &b;
  const MatrixProduct &product;
  Operand left, right, result;
  Value m, n, k;

private:
  Operand describe(const MatrixForm &form);
};

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWER_PRODUCTCALL_H

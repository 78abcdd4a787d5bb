//===- RowProduct.h - products of one row with matrices ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Decoding multiplies one row with every weight of a model. That is reading the
// weights, once, and starting kernels: so one kernel does all products of the
// same row (queries, keys and values; gate and up), each of its thread blocks a
// few columns over the whole sum, with enough reads under way to keep the
// memory busy.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWERCUDA_ROWPRODUCT_H
#define BLOCKATTN_PASSES_LOWERCUDA_ROWPRODUCT_H

#include "passes/LowerCuda/ProductGroup.h"

#include "mlir/IR/BuiltinOps.h"

namespace blockattn {

/// What has to hold, in host code, for the kernel to be used: a boolean.
mlir::Value canUseRowProduct(KernelBuilder &host, mlir::Type element,
                             const GroupedProduct &product);

/// Launches the kernel, for at most kMostGroupedProducts. Results are
/// overwritten or added to. Clusters of thread blocks are what sm_90 and later
/// have.
void launchRowProducts(KernelBuilder &host, mlir::ModuleOp module,
                       mlir::Type element, mlir::Type resultElement,
                       mlir::Value row, mlir::Value depth,
                       llvm::ArrayRef<GroupedProduct> products, bool overwrite,
                       bool hasClusters);

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWERCUDA_ROWPRODUCT_H

//===- FewRowsProduct.h - products of a few rows with weights ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A question of up to 64 tokens over cached blocks multiplies a few rows with
// every weight of a model, which takes as long as reading the weights. On
// Hopper one kernel does all products of the same rows: a thread block has 128
// columns and streams their weights through shared memory, four steps at a
// time, past tensor cores that are idle most of the time. Where there are few
// columns, thread blocks of a cluster share out the depth and add up what they
// found through one another's shared memory. The first weights are on their way
// before the kernels that compute the rows have ended.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWERCUDA_FEWROWSPRODUCT_H
#define BLOCKATTN_PASSES_LOWERCUDA_FEWROWSPRODUCT_H

#include "passes/LowerCuda/ProductGroup.h"

namespace blockattn {

/// The left factor, in host code: a pointer, and index values.
struct FewRows {
  mlir::Value rows; ///< [count, depth], row-major
  mlir::Value leading;
  mlir::Value count;
  mlir::Value depth;
};

/// What has to hold, in host code, for the kernel to be used: a boolean.
mlir::Value canUseFewRows(KernelBuilder &host, const FewRows &rows,
                          llvm::ArrayRef<GroupedProduct> products);

/// Launches the kernel, for 16-bit floats. Results are overwritten or added to.
void launchFewRows(KernelBuilder &host, mlir::ModuleOp module,
                   mlir::Type element, mlir::Type resultElement,
                   const FewRows &rows, llvm::ArrayRef<GroupedProduct> products,
                   bool overwrite);

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWERCUDA_FEWROWSPRODUCT_H

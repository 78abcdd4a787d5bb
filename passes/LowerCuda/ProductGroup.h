//===- ProductGroup.h - products of one matrix in one launch ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Products of the same left factor (queries, keys and values; gate and up) are
// one launch. Their columns are cut into tiles: thread blocks have the tiles of
// the first product, then the next one's.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWERCUDA_PRODUCTGROUP_H
#define BLOCKATTN_PASSES_LOWERCUDA_PRODUCTGROUP_H

#include "passes/Lower/KernelBuilder.h"
#include "passes/LowerCuda/DeviceBuilder.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"

namespace blockattn {

/// One of the products. In host code: pointers, and index values.
struct GroupedProduct {
  mlir::Value matrix; ///< [k, columns], row-major
  mlir::Value leading;
  mlir::Value columns;
  mlir::Value result;
  mlir::Value resultLeading;
};

/// So many products fit one launch.
constexpr unsigned kMostGroupedProducts = 3;

/// The arguments that say so to a kernel, and their types.
llvm::SmallVector<mlir::Type> groupTypes(mlir::MLIRContext *context);
llvm::SmallVector<mlir::Value>
groupArguments(KernelBuilder &host, llvm::ArrayRef<GroupedProduct> products);

/// On the host: the tiles of all products.
mlir::Value tilesOfGroup(KernelBuilder &host,
                         llvm::ArrayRef<GroupedProduct> products,
                         int64_t tileColumns);

/// In the kernel: the product that a tile (i64) belongs to, whose number among
/// that product's it becomes. Pointers are to global memory, numbers i64. The
/// arguments begin at the `first` of the function's.
GroupedProduct chooseProduct(DeviceBuilder &b, mlir::gpu::GPUFuncOp kernel,
                             unsigned first, mlir::Value &tile,
                             int64_t tileColumns);

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWERCUDA_PRODUCTGROUP_H

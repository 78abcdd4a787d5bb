//===- StridedMemory.h - a memref as numbers --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWER_STRIDEDMEMORY_H
#define BLOCKATTN_PASSES_LOWER_STRIDEDMEMORY_H

#include "passes/Lower/KernelBuilder.h"

namespace blockattn {

/// Bytes of an element in memory; a boolean takes one.
int64_t elementBytes(mlir::Type type);

/// Where the elements of a memref are: indices, counted in elements, that are
/// constants where the type knows them.
struct StridedMemory {
  StridedMemory(KernelBuilder &b, mlir::Value memref);

  /// The address (index) of the first element, or of that at `indices`.
  mlir::Value address(KernelBuilder &b, mlir::ValueRange indices = {}) const;

  mlir::Value offset;
  llvm::SmallVector<mlir::Value> sizes, strides;
  int64_t elementBytes;

private:
  mlir::Value buffer;
};

/// An address (index) as !llvm.ptr.
mlir::Value asPointer(KernelBuilder &b, mlir::Value address);

/// The address of a memref's first element, or of that at `indices`, as
/// !llvm.ptr.
mlir::Value pointerTo(KernelBuilder &b, mlir::Value memref,
                      mlir::ValueRange indices = {});

/// The size (i64) of a row-major memref in bytes.
mlir::Value byteCount(KernelBuilder &b, mlir::Value memref);

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWER_STRIDEDMEMORY_H

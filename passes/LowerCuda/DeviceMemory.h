//===- DeviceMemory.h - addresses of device memory, on the host -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWERCUDA_DEVICEMEMORY_H
#define BLOCKATTN_PASSES_LOWERCUDA_DEVICEMEMORY_H

#include "passes/Lower/KernelBuilder.h"

namespace blockattn {

/// Bytes of an element in memory; a boolean takes one.
int64_t elementBytes(mlir::Type type);

/// The address (!llvm.ptr) of a memref's first element, or of the element at
/// `indices`.
mlir::Value deviceAddress(KernelBuilder &b, mlir::Value memref,
                          mlir::ValueRange indices = {});

/// The size (i64) of a row-major memref in bytes.
mlir::Value byteCount(KernelBuilder &b, mlir::Value memref);

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWERCUDA_DEVICEMEMORY_H

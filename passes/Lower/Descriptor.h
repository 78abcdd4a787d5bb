//===- Descriptor.h - memrefs as the LLVM dialect sees them -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWER_DESCRIPTOR_H
#define BLOCKATTN_PASSES_LOWER_DESCRIPTOR_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Value.h"

namespace blockattn {

/// The type of a memref's descriptor: {allocated, aligned, offset, sizes,
/// strides}.
mlir::Type descriptorType(mlir::MemRefType type);

/// What a value of `type` is in the LLVM dialect: memrefs are descriptors,
/// index values i64. Null if `type` has no such form.
mlir::Type llvmTypeOf(mlir::Type type);

/// A row-major memref of the given sizes (index values) over `pointer`.
mlir::Value memrefFromPointer(mlir::ImplicitLocOpBuilder &b,
                              mlir::Value pointer, mlir::MemRefType type,
                              mlir::ValueRange sizes);

/// `value` seen as `type`; the conversion to LLVM makes it disappear.
mlir::Value castTo(mlir::ImplicitLocOpBuilder &b, mlir::Value value,
                   mlir::Type type);

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWER_DESCRIPTOR_H

//===- CudaChip.h - what GPUs of an architecture have -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The one place that knows the architectures of GPUs. Code for one runs on all
// later ones as well, unless its name ends in a letter: so what a kernel may
// use is what all of them have.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWERCUDA_CUDACHIP_H
#define BLOCKATTN_PASSES_LOWERCUDA_CUDACHIP_H

#include "mlir/IR/Operation.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace blockattn {

struct CudaChip {
  llvm::StringLiteral name;
  /// The first version of PTX that knows it, as LLVM calls it.
  llvm::StringLiteral ptx;
  /// The most shared memory that a thread block can have.
  int64_t sharedBytes;
  /// Of the GPUs to expect: how many thread blocks fill one.
  int64_t multiprocessors;
  /// Thread blocks that see each other's shared memory.
  bool hasClusters;
  /// Hopper's tensor cores, which no other architecture has.
  bool hasWgmma;
};

/// All architectures that there is code for, oldest first.
llvm::ArrayRef<CudaChip> cudaChips();

/// Null where there is none of that name.
const CudaChip *findCudaChip(llvm::StringRef name);

/// The architecture that a pass was given, or null after an error at `op`.
const CudaChip *requireCudaChip(mlir::Operation *op, llvm::StringRef name);

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWERCUDA_CUDACHIP_H

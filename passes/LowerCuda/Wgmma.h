//===- Wgmma.h - the instructions of Hopper's tensor cores ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// `wgmma` reads its operands where they lie in shared memory, in panels of 64
// columns: rows of 128 bytes whose pieces of 16 bytes are exchanged by the
// row's number.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWERCUDA_WGMMA_H
#define BLOCKATTN_PASSES_LOWERCUDA_WGMMA_H

#include "passes/LowerCuda/DeviceBuilder.h"

#include <string>

namespace blockattn {

/// Bytes of a row of a panel. A panel begins at a multiple of the alignment,
/// where its pieces are not exchanged.
constexpr int64_t kPanelRowBytes = 128, kPanelAlignment = 1024;

/// Bytes from the row of a panel to a piece of 16 bytes in it.
mlir::Value placeInPanelRow(DeviceBuilder &b, mlir::Value row,
                            mlir::Value piece);

/// The descriptor of a matrix in panels; `leadingBytes` from panel to panel,
/// where the product runs along them.
mlir::Value wgmmaDescriptor(DeviceBuilder &b, mlir::Value address,
                            int64_t leadingBytes);

/// "wgmma... " for 64 rows, so many columns and a depth of 16, in f32 of 16-bit
/// floats.
std::string wgmmaInstruction(mlir::Type element, int64_t columns);

/// Opens a scope with registers `left` and `right` for descriptors and the
/// predicates `replace` and `accumulate`, which say whether a product is added
/// to what is there.
extern const char *const kWgmmaScope;

/// "$first, $first+1, ..."
std::string assemblyRegisters(int64_t first, int64_t count);

/// Assembly that gives `results` f32 values, or else touches memory. The first
/// operands are `tied`: each becomes the result of its number. `inputs`:
/// constraints of the others, a letter each.
llvm::SmallVector<mlir::Value>
inlineAssembly(DeviceBuilder &b, llvm::StringRef text, llvm::StringRef inputs,
               mlir::ValueRange tied, mlir::ValueRange operands,
               int64_t results);

/// Waits until at most so many products are in flight; `values` are results of
/// one that is not, and are passed through so that nothing uses them earlier.
/// `read`: what it reads of registers, which must not be given to anything else
/// before.
llvm::SmallVector<mlir::Value> awaitWgmma(DeviceBuilder &b, int64_t inFlight,
                                          mlir::ValueRange values,
                                          mlir::ValueRange read = {});

/// What this thread wrote into shared memory, or knows to be there, is there
/// for the tensor cores.
void fenceForWgmma(DeviceBuilder &b);

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWERCUDA_WGMMA_H

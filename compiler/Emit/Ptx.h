//===- Ptx.h - kernels to PTX and to machine code ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_COMPILER_EMIT_PTX_H
#define BLOCKATTN_COMPILER_EMIT_PTX_H

#include "compiler/Emit/Object.h"

#include "llvm/ADT/StringRef.h"

#include <string>
#include <vector>

namespace blockattn {

struct DeviceCode {
  struct Kernel {
    /// Its entry in the PTX.
    std::string name;
    /// Whether it waits itself for the kernels launched before it.
    bool waits;
    /// The nodes of the model that it is launched for.
    std::vector<std::string> nodes;
  };
  std::string ptx;
  /// In the order of their numbers.
  std::vector<Kernel> kernels;
};

/// Compiles the kernels of a module (its `gpu.module` in the nvvm dialect) for
/// `chip`, and takes them out of the module. A module without kernels yields
/// PTX without entries.
mlir::FailureOr<DeviceCode> emitPtx(mlir::ModuleOp module,
                                    llvm::StringRef chip);

/// The path of ptxas: in the CUDA toolkit, $CUDA_PATH or else /usr/local/cuda,
/// or in $PATH. Empty when there is none.
std::string findPtxas();

/// Assembles PTX for each of `chips`, side by side.
mlir::FailureOr<std::vector<CodeSection>>
assemblePtx(mlir::Location loc, llvm::StringRef ptxas, llvm::StringRef ptx,
            llvm::ArrayRef<std::string> chips);

} // namespace blockattn

#endif // BLOCKATTN_COMPILER_EMIT_PTX_H

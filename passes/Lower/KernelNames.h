//===- KernelNames.h - what kernels are called ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Errors, profiles and debuggers show the names of kernels, so these say what
// a kernel does and what node of the model it does that for:
// `kernel_17_map_layers_3_mlp_act_mul`. A number keeps them apart, for nodes
// may be called alike, or not at all.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWER_KERNELNAMES_H
#define BLOCKATTN_PASSES_LOWER_KERNELNAMES_H

#include "mlir/IR/Operation.h"

#include <string>

namespace blockattn {

/// On a kernel of the device: the names of the nodes that it is launched for,
/// as the model has them, each once.
constexpr llvm::StringLiteral kNodesAttr = "blockattn.nodes";

/// The name of the node that an operation computes. Where operations are fused
/// it is the last one, whose result is seen outside. Empty where none is known.
llvm::StringRef nodeOf(mlir::Operation *op);

/// The names of all nodes that the location of an operation names.
llvm::SmallVector<llvm::StringRef> nodesOf(mlir::Operation *op);

/// The end of the name of a kernel for `op`: an underscore and the name of the
/// node, as an identifier of PTX and of bounded length. Empty where there is
/// no node or nothing of its name can be in an identifier.
std::string nodeSuffix(mlir::Operation *op);

/// What an operation that becomes a kernel does, in a word.
llvm::StringRef actionOf(mlir::Operation *op);

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWER_KERNELNAMES_H

//===- LoopAttributes.h - what is known of loops ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWER_LOOPATTRIBUTES_H
#define BLOCKATTN_PASSES_LOWER_LOOPATTRIBUTES_H

#include "llvm/ADT/StringRef.h"

namespace blockattn {

/// On a loop whose iterations may be done in any order and at once: where
/// several of them write one element, ONNX does not say which of the values
/// stays.
constexpr llvm::StringLiteral kAnyOrderAttr = "blockattn.any_order";

/// On a `gpu.launch` of linalg operations in a loop: a thread does, of each of
/// them in turn, what there is at one iteration of the parallel loops. All have
/// the same ones.
constexpr llvm::StringLiteral kPointsAttr = "blockattn.points";

/// On a `gpu.launch` of linalg operations with parallel loops alone that have
/// nothing to do with one another: each has threads of its own.
constexpr llvm::StringLiteral kElementsAttr = "blockattn.elements";

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWER_LOOPATTRIBUTES_H

//===- LoopAttributes.h - what rules know of their loops --------*- C++ -*-===//
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

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWER_LOOPATTRIBUTES_H

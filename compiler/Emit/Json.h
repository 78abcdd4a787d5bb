//===- Json.h - attributes as JSON ------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_COMPILER_EMIT_JSON_H
#define BLOCKATTN_COMPILER_EMIT_JSON_H

#include "mlir/IR/Attributes.h"
#include "llvm/Support/JSON.h"

namespace blockattn {

/// Strings, numbers, booleans, arrays and dictionaries as what they are in
/// JSON; any other attribute as its text; null as null.
llvm::json::Value toJson(mlir::Attribute attr);

} // namespace blockattn

#endif // BLOCKATTN_COMPILER_EMIT_JSON_H

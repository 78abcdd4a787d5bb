//===- BlockAttn.h - the blockattn dialect ----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_DIALECTS_BLOCKATTN_BLOCKATTN_H
#define BLOCKATTN_DIALECTS_BLOCKATTN_BLOCKATTN_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/BlockAttn/BlockAttnDialect.h.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/BlockAttn/BlockAttnTypes.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/BlockAttn/BlockAttnAttrs.h.inc"

#define GET_OP_CLASSES
#include "dialects/BlockAttn/BlockAttnOps.h.inc"

#endif // BLOCKATTN_DIALECTS_BLOCKATTN_BLOCKATTN_H

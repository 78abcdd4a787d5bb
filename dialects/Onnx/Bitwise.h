//===- Bitwise.h - the bits of integers -------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_DIALECTS_ONNX_BITWISE_H
#define BLOCKATTN_DIALECTS_ONNX_BITWISE_H

#include "dialects/Onnx/Onnx.h"

#define GET_OP_CLASSES
#include "dialects/Onnx/Bitwise.h.inc"

#endif // BLOCKATTN_DIALECTS_ONNX_BITWISE_H

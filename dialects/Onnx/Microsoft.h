//===- Microsoft.h - ops of ONNX Runtime, com.microsoft ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Apart from Onnx.h: these ops are looked at while importing and normalizing
// only, and what else uses the dialect shall not have to know them.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_DIALECTS_ONNX_MICROSOFT_H
#define BLOCKATTN_DIALECTS_ONNX_MICROSOFT_H

#include "dialects/Onnx/Onnx.h"

#define GET_OP_CLASSES
#include "dialects/Onnx/Microsoft.h.inc"

#endif // BLOCKATTN_DIALECTS_ONNX_MICROSOFT_H

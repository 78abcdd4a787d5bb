//===- Composite.h - ops that are made of others ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Apart from Onnx.h: these ops are looked at while importing and normalizing,
// and what else uses the dialect shall not have to know them.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_DIALECTS_ONNX_COMPOSITE_H
#define BLOCKATTN_DIALECTS_ONNX_COMPOSITE_H

#include "dialects/Onnx/Onnx.h"

#define GET_OP_CLASSES
#include "dialects/Onnx/Composite.h.inc"

#endif // BLOCKATTN_DIALECTS_ONNX_COMPOSITE_H

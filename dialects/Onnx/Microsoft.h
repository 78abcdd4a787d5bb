//===- Microsoft.h - ops of ONNX Runtime, com.microsoft ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Apart from Onnx.h: these ops are looked at while importing and normalizing,
// one of them while lowering, and what else uses the dialect shall not have to
// know them.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_DIALECTS_ONNX_MICROSOFT_H
#define BLOCKATTN_DIALECTS_ONNX_MICROSOFT_H

#include "dialects/Onnx/Onnx.h"

#define GET_OP_CLASSES
#include "dialects/Onnx/Microsoft.h.inc"

namespace blockattn::onnx {

/// Whether the CPU's library multiplies with the weight as it is: 4 or 8 bits,
/// zero points of bytes or none, blocks in order, shapes that are known.
bool staysPacked(MSMatMulNBitsOp op);

} // namespace blockattn::onnx

#endif // BLOCKATTN_DIALECTS_ONNX_MICROSOFT_H

//===- DecomposeMicrosoft.h - com.microsoft ops spelled out -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_NORMALIZE_DECOMPOSEMICROSOFT_H
#define BLOCKATTN_PASSES_NORMALIZE_DECOMPOSEMICROSOFT_H

#include "dialects/Onnx/Microsoft.h"
#include "passes/Normalize/GraphBuilder.h"

namespace blockattn {

Refusal decompose(onnx::MSAttentionOp op, GraphBuilder &g);
Refusal decompose(onnx::MSMultiHeadAttentionOp op, GraphBuilder &g);
Refusal decompose(onnx::MSGroupQueryAttentionOp op, GraphBuilder &g);
Refusal decompose(onnx::MSRotaryEmbeddingOp op, GraphBuilder &g);
Refusal decompose(onnx::MSMatMulNBitsOp op, GraphBuilder &g);
Refusal decompose(onnx::MSGatherBlockQuantizedOp op, GraphBuilder &g);

} // namespace blockattn

#endif // BLOCKATTN_PASSES_NORMALIZE_DECOMPOSEMICROSOFT_H

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
Refusal decompose(onnx::MSMatMulIntegerToFloatOp op, GraphBuilder &g);
Refusal decompose(onnx::MSDynamicQuantizeMatMulOp op, GraphBuilder &g);
Refusal decompose(onnx::MSMoEOp op, GraphBuilder &g);
Refusal decompose(onnx::MSQMoEOp op, GraphBuilder &g);

/// A weight [rows, columns] of few bits: rows of blocks, a scale for each.
struct PackedWeight {
  mlir::Value packed; ///< bytes, elements from their lowest bits up
  mlir::Value scales; ///< rows * blocks
  mlir::Value zeros;  ///< bytes that are packed by row, or floats, or null
  mlir::Value groups; ///< the block of each column where not in order, or null
  int64_t rows, columns, bits, blockSize;

  /// Why it is not of bytes, if it is not.
  Refusal requireBytes() const;
  /// The elements as floats, [rows, columns].
  mlir::Value unpack(GraphBuilder &g, mlir::Type element) const;
};

} // namespace blockattn

#endif // BLOCKATTN_PASSES_NORMALIZE_DECOMPOSEMICROSOFT_H

//===- DecomposeComposite.h - composite ops spelled out ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_NORMALIZE_DECOMPOSECOMPOSITE_H
#define BLOCKATTN_PASSES_NORMALIZE_DECOMPOSECOMPOSITE_H

#include "dialects/Onnx/Composite.h"
#include "passes/Normalize/GraphBuilder.h"

namespace blockattn {

Refusal decompose(onnx::EinsumOp op, GraphBuilder &g);
Refusal decompose(onnx::MatMulIntegerOp op, GraphBuilder &g);
Refusal decompose(onnx::QLinearMatMulOp op, GraphBuilder &g);
Refusal decompose(onnx::DynamicQuantizeLinearOp op, GraphBuilder &g);

/// The scales of two matrices of bytes, each one number or one for each row of
/// a or column of b, as one of their product. Null where one operand is a
/// vector, and the other's scale has a dimension that the product lacks.
mlir::Value productScale(GraphBuilder &g, mlir::Value a, mlir::Value aScale,
                         mlir::Value b, mlir::Value bScale);

/// What to say then.
inline constexpr const char *kVectorScale =
    "it has a scale for each row or column of one operand, and the other is a "
    "vector; export the vector as a matrix";

} // namespace blockattn

#endif // BLOCKATTN_PASSES_NORMALIZE_DECOMPOSECOMPOSITE_H

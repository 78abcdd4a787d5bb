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

} // namespace blockattn

#endif // BLOCKATTN_PASSES_NORMALIZE_DECOMPOSECOMPOSITE_H

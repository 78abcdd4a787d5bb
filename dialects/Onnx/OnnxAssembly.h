//===- OnnxAssembly.h - the syntax that the ops share -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_DIALECTS_ONNX_ONNXASSEMBLY_H
#define BLOCKATTN_DIALECTS_ONNX_ONNXASSEMBLY_H

#include "mlir/IR/OpImplementation.h"

namespace blockattn::onnx {

/// onnx.Clip(%x, _, %max) {attributes} : (operand types) -> result types
/// The types of absent operands are left out, absent results are `_`.
mlir::ParseResult parseOp(mlir::OpAsmParser &parser,
                          mlir::OperationState &result);
void printOp(mlir::OpAsmPrinter &printer, mlir::Operation *op);

} // namespace blockattn::onnx

#endif // BLOCKATTN_DIALECTS_ONNX_ONNXASSEMBLY_H

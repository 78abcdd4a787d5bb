//===- Onnx.h - the onnx dialect --------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_DIALECTS_ONNX_ONNX_H
#define BLOCKATTN_DIALECTS_ONNX_ONNX_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/Onnx/OnnxTraits.h"

#include "dialects/Onnx/OnnxDialect.h.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/Onnx/OnnxTypes.h.inc"

#define GET_OP_CLASSES
#include "dialects/Onnx/OnnxOps.h.inc"

namespace blockattn::onnx {

/// How many operands (results) an op has when absent ones are counted too, for
/// ops that record which are absent in `operandSegmentSizes`
/// (`resultSegmentSizes`): each such slot holds one value or none. Nothing for
/// the others, of which only trailing operands or results can be absent.
std::optional<unsigned> operandSlots(mlir::OperationName name);
std::optional<unsigned> resultSlots(mlir::OperationName name);

/// True for the attributes that hold a data type as a `TypeAttr`, where ONNX
/// has a number of TensorProto.DataType: `to`, `dtype`, ...
bool isDataTypeAttribute(llvm::StringRef name);

/// The elements of a constant tensor of integers or booleans, row-major;
/// nothing for an absent value and for anything else. Meant for axes, shapes
/// and their like: nothing for more than `maxConstantInts` elements either (a
/// splat may claim any number of them).
constexpr int64_t maxConstantInts = 1 << 16;
std::optional<llvm::SmallVector<int64_t>> constantInts(mlir::Value value);

/// An axis of a tensor of this rank counted from the front; nothing for one out
/// of range.
std::optional<int64_t> normalizeAxis(int64_t axis, int64_t rank);

} // namespace blockattn::onnx

#endif // BLOCKATTN_DIALECTS_ONNX_ONNX_H

//===- Bitwise.cpp - the bits of integers ---------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/Bitwise.h"

#include "dialects/Onnx/OnnxAssembly.h"

#include "mlir/IR/Builders.h"

using namespace mlir;

#define GET_OP_CLASSES
#include "dialects/Onnx/Bitwise.cpp.inc"

LogicalResult blockattn::onnx::BitShiftOp::verify() {
  if (getDirection() == "LEFT" || getDirection() == "RIGHT")
    return success();
  return emitOpError("(C3) direction must be \"LEFT\" or \"RIGHT\", but is ")
         << getDirectionAttr();
}

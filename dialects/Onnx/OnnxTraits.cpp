//===- OnnxTraits.cpp - constraints that many ops share -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/OnnxTraits.h"

#include "dialects/Onnx/OnnxVerify.h"

using namespace mlir;
using namespace blockattn::onnx;

static LogicalResult verifyRequired(Operation *op, StringRef attribute,
                                    unsigned required, StringRef what) {
  auto sizes = op->getAttrOfType<DenseI32ArrayAttr>(attribute);
  for (unsigned i = 0; i < required; ++i)
    if (!sizes || sizes.size() <= i || sizes[i] != 1)
      return op->emitOpError() << what << " " << i << " must not be left out";
  return success();
}

LogicalResult blockattn::onnx::verifyRequiredSlots(Operation *op, int operands,
                                                   int results) {
  if (failed(verifyRequired(op, "operandSegmentSizes", operands, "operand")))
    return failure();
  return verifyRequired(op, "resultSegmentSizes", results, "result");
}

LogicalResult blockattn::onnx::verifyOneElementType(Operation *op, int number) {
  SmallVector<Value> values(op->getOperands());
  llvm::append_range(values, op->getResults());
  return verifyElementTypes(op, number, "operands and results", values);
}

LogicalResult blockattn::onnx::verifyOperandsOneElementType(Operation *op,
                                                            int number) {
  return verifyElementTypes(op, number, "the operands", op->getOperands());
}

LogicalResult blockattn::onnx::verifyFirstElementType(Operation *op,
                                                      int number) {
  if (op->getNumOperands() == 0)
    return success();
  SmallVector<Value> values{op->getOperand(0)};
  llvm::append_range(values, op->getResults());
  return verifyElementTypes(op, number, "the first operand and the results",
                            values);
}

LogicalResult blockattn::onnx::verifySameShape(Operation *op, int number) {
  if (op->getNumOperands() == 0 || op->getNumResults() == 0)
    return success();
  auto in = rankedType(op->getOperand(0)), out = rankedType(op->getResult(0));
  if (!in || !out || shapesMayAgree(in.getShape(), out.getShape()))
    return success();
  return op->emitOpError() << "(C" << number
                           << ") the first operand and the result must have "
                              "one shape, but are "
                           << in << " and " << out;
}

LogicalResult blockattn::onnx::verifyBroadcasts(Operation *op, int number) {
  // That there are operands at all is another constraint.
  if (op->getNumOperands() == 0)
    return success();
  SmallVector<int64_t> shape;
  for (Value operand : op->getOperands()) {
    auto type = rankedType(operand);
    if (!type)
      return success();
    if (failed(broadcastInto(shape, type.getShape())))
      return op->emitOpError()
             << "(C" << number << ") the operands' shapes do not broadcast: "
             << op->getOperandTypes();
  }
  auto out = op->getNumResults() ? rankedType(op->getResult(0)) : nullptr;
  if (!out || shapesMayAgree(shape, out.getShape()))
    return success();
  return op->emitOpError() << "(C" << number << ") the operands broadcast to "
                           << spell(shape) << ", but the result is " << out;
}

//===- OnnxOpsElementwise.cpp - verifiers of elementwise ops --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/OnnxVerify.h"

using namespace mlir;
using namespace blockattn::onnx;

LogicalResult GeluOp::verify() {
  if (getApproximate() != "none" && getApproximate() != "tanh")
    return emitOpError("(C3) approximate must be \"none\" or \"tanh\", but is ")
           << getApproximateAttr();
  return success();
}

//===----------------------------------------------------------------------===//
// Conversion
//===----------------------------------------------------------------------===//

/// Constraints C2 and C3 of the casts.
static LogicalResult verifyCast(Operation *op, Value output, Type wanted,
                                StringRef roundMode) {
  Type element = knownElementType(output);
  if (element && wanted && element != wanted)
    return op->emitOpError() << "(C2) converts to " << wanted
                             << ", but the output has " << element;
  if (roundMode != "up" && roundMode != "down" && roundMode != "nearest")
    return op->emitOpError()
           << "(C3) round_mode must be \"up\", \"down\" or \"nearest\", but is "
              "\""
           << roundMode << '"';
  return success();
}

LogicalResult CastOp::verify() {
  return verifyCast(*this, getOutput(), getTo(), getRoundMode());
}

LogicalResult CastLikeOp::verify() {
  return verifyCast(*this, getOutput(), knownElementType(getTargetType()),
                    getRoundMode());
}

//===----------------------------------------------------------------------===//
// Two operands and more
//===----------------------------------------------------------------------===//

LogicalResult ModOp::verify() {
  int64_t fmod = getFmod();
  if (fmod != 0 && fmod != 1)
    return emitOpError("(C3) fmod must be 0 or 1, but is ") << fmod;
  return success();
}

static LogicalResult verifyVariadic(Operation *op) {
  if (op->getNumOperands() == 0)
    return op->emitOpError("(C3) needs at least one operand, but has 0");
  return success();
}

LogicalResult MaxOp::verify() { return verifyVariadic(*this); }
LogicalResult MinOp::verify() { return verifyVariadic(*this); }
LogicalResult SumOp::verify() { return verifyVariadic(*this); }
LogicalResult MeanOp::verify() { return verifyVariadic(*this); }

LogicalResult ClipOp::verify() {
  for (Value bound : {getMin(), getMax()})
    if (RankedTensorType type = rankedType(bound); type && type.getRank() != 0)
      return emitOpError("(C3) a bound must have rank 0, but is ") << type;
  return success();
}

LogicalResult WhereOp::verify() {
  return verifyElementTypes(*this, 1, "X, Y and the result",
                            {getX(), getY(), getOutput()});
}

/// The scale and zero point of numbers of the type of `x`; C3 to C6.
template <typename OpT>
static LogicalResult verifyScale(OpT op, Value x, Value scaleValue,
                                 Value zero) {
  // C3
  RankedTensorType scale = rankedType(scaleValue), point = rankedType(zero);
  bool single = zero && mayBeSingle(scaleValue) && mayBeSingle(zero);
  if (scale && point && !single &&
      !shapesMayAgree(scale.getShape(), point.getShape()))
    return op.emitOpError("(C3) scale and zero point must have one shape, but "
                          "are ")
           << scale << " and " << point;
  // C4, C5
  RankedTensorType given = rankedType(x);
  if (given && scale && scale.getRank() > 0) {
    if (failed(verifyAxis(op, 4, op.getAxis(), given.getRank())))
      return failure();
    bool blocked = op.getBlockSize() != 0;
    if (scale.getRank() != 1 &&
        !(blocked && scale.getRank() == given.getRank()))
      return op.emitOpError("(C5) the scale must have rank ")
             << (blocked ? "0, 1 or that of x, " : "0 or 1, ") << "but is "
             << scale << " for " << given;
  }
  // C6
  if (op.getBlockSize() < 0)
    return op.emitOpError("(C6) block_size must not be negative, but is ")
           << op.getBlockSize();
  return success();
}

LogicalResult DequantizeLinearOp::verify() {
  // C2
  Value zero = getXZeroPoint();
  if (zero && failed(verifyElementTypes(*this, 2, "x and its zero point",
                                        {getX(), zero})))
    return failure();
  if (failed(verifyScale(*this, getX(), getXScale(), zero)))
    return failure();
  // C7
  Type element = knownElementType(getY());
  Type wanted =
      getOutputDtype() ? *getOutputDtype() : knownElementType(getXScale());
  if (element && wanted && element != wanted)
    return emitOpError("(C7) y must have the element type ")
           << wanted << ", but has " << element;
  return success();
}

LogicalResult QuantizeLinearOp::verify() {
  // C2
  Value zero = getYZeroPoint();
  if (zero && failed(verifyElementTypes(*this, 2, "y and its zero point",
                                        {getY(), zero})))
    return failure();
  Type element = knownElementType(getY());
  if (element && getOutputDtype() && element != *getOutputDtype())
    return emitOpError("(C2) y must have the element type ")
           << *getOutputDtype() << ", but has " << element;
  return verifyScale(*this, getX(), getYScale(), zero);
}

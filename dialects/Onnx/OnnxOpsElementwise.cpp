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

LogicalResult DequantizeLinearOp::verify() {
  // C2, C3
  if (Value zero = getXZeroPoint()) {
    if (failed(verifyElementTypes(*this, 2, "x and its zero point",
                                  {getX(), zero})))
      return failure();
    RankedTensorType scale = rankedType(getXScale()), point = rankedType(zero);
    bool single = mayBeSingle(getXScale()) && mayBeSingle(zero);
    if (scale && point && !single &&
        !shapesMayAgree(scale.getShape(), point.getShape()))
      return emitOpError("(C3) scale and zero point must have one shape, but "
                         "are ")
             << scale << " and " << point;
  }
  // C4, C5
  RankedTensorType x = rankedType(getX()), scale = rankedType(getXScale());
  if (x && scale && scale.getRank() > 0) {
    if (failed(verifyAxis(*this, 4, getAxis(), x.getRank())))
      return failure();
    bool blocked = getBlockSize() != 0;
    if (scale.getRank() != 1 && !(blocked && scale.getRank() == x.getRank()))
      return emitOpError("(C5) the scale must have rank ")
             << (blocked ? "0, 1 or that of x, " : "0 or 1, ") << "but is "
             << scale << " for " << x;
  }
  // C6
  if (getBlockSize() < 0)
    return emitOpError("(C6) block_size must not be negative, but is ")
           << getBlockSize();
  // C7
  Type element = knownElementType(getY());
  Type wanted =
      getOutputDtype() ? *getOutputDtype() : knownElementType(getXScale());
  if (element && wanted && element != wanted)
    return emitOpError("(C7) y must have the element type ")
           << wanted << ", but has " << element;
  return success();
}

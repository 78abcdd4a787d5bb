//===- RulesBitwise.cpp - the bits of integers ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/Bitwise.h"
#include "passes/Lower/Lowering.h"

using namespace mlir;
using namespace blockattn;

static Value constant(OpBuilder &b, Location loc, Type type, int64_t value) {
  return arith::ConstantOp::create(b, loc, b.getIntegerAttr(type, value));
}

static Value compute(onnx::BitwiseAndOp, OpBuilder &b, Location loc,
                     ValueRange x) {
  return arith::AndIOp::create(b, loc, x[0], x[1]);
}
static Value compute(onnx::BitwiseOrOp, OpBuilder &b, Location loc,
                     ValueRange x) {
  return arith::OrIOp::create(b, loc, x[0], x[1]);
}
static Value compute(onnx::BitwiseXorOp, OpBuilder &b, Location loc,
                     ValueRange x) {
  return arith::XOrIOp::create(b, loc, x[0], x[1]);
}
static Value compute(onnx::BitwiseNotOp, OpBuilder &b, Location loc,
                     ValueRange x) {
  return arith::XOrIOp::create(b, loc, x[0],
                               constant(b, loc, x[0].getType(), -1));
}

/// A negative distance, or one of all bits or more, leaves nothing but the
/// sign: a processor would take the lowest bits of the distance.
static Value compute(onnx::BitShiftOp op, OpBuilder &b, Location loc,
                     ValueRange x) {
  Type type = x[0].getType();
  int64_t width = type.getIntOrFloatBitWidth();
  Value fits = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, x[1],
                                     constant(b, loc, type, width));
  auto distance = [&](int64_t otherwise) {
    return arith::SelectOp::create(b, loc, fits, x[1],
                                   constant(b, loc, type, otherwise));
  };
  bool isSigned = !getElementTypeOrSelf(op.getX()).isUnsignedInteger();
  if (op.getDirection() == "RIGHT" && isSigned)
    return arith::ShRSIOp::create(b, loc, x[0], distance(width - 1));
  Value shifted =
      op.getDirection() == "LEFT"
          ? arith::ShLIOp::create(b, loc, x[0], distance(0)).getResult()
          : arith::ShRUIOp::create(b, loc, x[0], distance(0)).getResult();
  return arith::SelectOp::create(b, loc, fits, shifted,
                                 constant(b, loc, type, 0));
}

template <typename OpT>
static LogicalResult lowerBitwise(OpT op, Lowering &l, std::string &why) {
  Value result = op->getResult(0);
  RankedTensorType type = l.resultType(result);
  if (!type || !isa<IntegerType>(type.getElementType())) {
    why = "its element type is not supported";
    return failure();
  }
  FailureOr<Value> lowered =
      l.elementwise(op->getOperands(), type.getElementType(),
                    [&](OpBuilder &b, Location loc, ValueRange values) {
                      return compute(op, b, loc, values);
                    });
  if (failed(lowered))
    return failure();
  l.set(result, *lowered);
  return success();
}

void blockattn::populateBitwiseRules(LoweringRules &rules) {
  using namespace blockattn::onnx;
  rules.add<BitwiseAndOp>(lowerBitwise<BitwiseAndOp>);
  rules.add<BitwiseOrOp>(lowerBitwise<BitwiseOrOp>);
  rules.add<BitwiseXorOp>(lowerBitwise<BitwiseXorOp>);
  rules.add<BitwiseNotOp>(lowerBitwise<BitwiseNotOp>);
  rules.add<BitShiftOp>(lowerBitwise<BitShiftOp>);
}

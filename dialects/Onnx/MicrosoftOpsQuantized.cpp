//===- MicrosoftOpsQuantized.cpp - verifiers of products of bytes ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/Microsoft.h"
#include "dialects/Onnx/OnnxVerify.h"

using namespace mlir;
using namespace blockattn::onnx;

/// The constraints that do not concern A's scale: `floats` have one type.
template <typename OpT>
static LogicalResult verifyByteProduct(OpT op, ValueRange floats) {
  Value bias = op.getBias(), zero = op.getBZeroPoint();
  SmallVector<Value> values(floats);
  if (bias)
    values.push_back(bias);
  if (failed(verifyElementTypes(op, 1, "the floats", values)) ||
      (zero && failed(verifyElementTypes(op, 1, "B and its zero point",
                                         ValueRange{op.getB(), zero}))))
    return failure();
  if (failed(verifyPerLine(op, 2, op.getBScale(), op.getB(), /*rows=*/false,
                           "b_scale")) ||
      (zero && failed(verifyPerLine(op, 2, zero, op.getB(), /*rows=*/false,
                                    "b_zero_point"))) ||
      failed(verifyProduct(op, 3, op.getA(), op.getB(), op.getY())))
    return failure();
  RankedTensorType b = rankedType(op.getB());
  int64_t columns =
      b && b.getRank() > 1 ? b.getShape().back() : ShapedType::kDynamic;
  return bias ? verifyShape(op, 6, bias, columns, "the bias") : success();
}

LogicalResult MSMatMulIntegerToFloatOp::verify() {
  if (Value zero = getAZeroPoint();
      zero && (failed(verifyElementTypes(*this, 1, "A and its zero point",
                                         {getA(), zero})) ||
               failed(verifyPerLine(*this, 2, zero, getA(), /*rows=*/true,
                                    "a_zero_point"))))
    return failure();
  if (failed(verifyPerLine(*this, 2, getAScale(), getA(), /*rows=*/true,
                           "a_scale")))
    return failure();
  return verifyByteProduct(*this, {getAScale(), getBScale(), getY()});
}

LogicalResult MSDynamicQuantizeMatMulOp::verify() {
  return verifyByteProduct(*this, {getA(), getBScale(), getY()});
}

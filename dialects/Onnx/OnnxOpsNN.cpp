//===- OnnxOpsNN.cpp - verifiers of products, norms, softmax --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/OnnxVerify.h"

using namespace mlir;
using namespace blockattn::onnx;

//===----------------------------------------------------------------------===//
// Matrix products
//===----------------------------------------------------------------------===//

LogicalResult blockattn::onnx::verifyProduct(Operation *op, int number, Value a,
                                             Value b, Value result) {
  RankedTensorType lhs = rankedType(a), rhs = rankedType(b);
  for (RankedTensorType type : {lhs, rhs})
    if (type && type.getRank() == 0)
      return op->emitOpError()
             << "(C" << number
             << ") an operand must have a rank of at least 1, but is " << type;
  if (!lhs || !rhs)
    return success();
  // A vector is a row on the left and a column on the right.
  SmallVector<int64_t> left(lhs.getShape()), right(rhs.getShape());
  if (lhs.getRank() == 1)
    left.insert(left.begin(), 1);
  if (rhs.getRank() == 1)
    right.push_back(1);
  int64_t rows = left[left.size() - 2], inner = left.back();
  int64_t depth = right[right.size() - 2], columns = right.back();
  if (!mayAgree(inner, depth))
    return op->emitOpError() << "(C" << number + 1 << ") A has " << inner
                             << " columns, but B has " << depth << " rows";
  SmallVector<int64_t> shape(ArrayRef<int64_t>(left).drop_back(2));
  if (failed(broadcastInto(shape, ArrayRef<int64_t>(right).drop_back(2))))
    return op->emitOpError()
           << "(C" << number + 2
           << ") the leading dimensions do not broadcast: " << lhs << " and "
           << rhs;
  if (lhs.getRank() > 1)
    shape.push_back(rows);
  if (rhs.getRank() > 1)
    shape.push_back(columns);
  return verifyShape(op, number + 2, result, shape);
}

LogicalResult MatMulOp::verify() {
  return verifyProduct(*this, 2, getA(), getB(), getY());
}

LogicalResult GemmOp::verify() {
  RankedTensorType a = rankedType(getA()), b = rankedType(getB());
  RankedTensorType out = rankedType(getY());
  for (RankedTensorType type : {a, b, out})
    if (type && type.getRank() != 2)
      return emitOpError("(C2) A, B and the result must be matrices, but one "
                         "is ")
             << type;
  SmallVector<int64_t> shape(2, ShapedType::kDynamic);
  int64_t inner = ShapedType::kDynamic, depth = ShapedType::kDynamic;
  if (a) {
    shape[0] = a.getDimSize(getTransA() ? 1 : 0);
    inner = a.getDimSize(getTransA() ? 0 : 1);
  }
  if (b) {
    depth = b.getDimSize(getTransB() ? 1 : 0);
    shape[1] = b.getDimSize(getTransB() ? 0 : 1);
  }
  if (!mayAgree(inner, depth))
    return emitOpError("(C3) A has ")
           << inner << " columns, but B has " << depth << " rows";
  if (failed(verifyShape(*this, 4, getY(), shape)))
    return failure();
  RankedTensorType c = rankedType(getC());
  if (out)
    for (auto [extent, known] : llvm::zip(shape, out.getShape()))
      if (!isKnown(extent))
        extent = known;
  if (c && !mayBroadcastTo(c.getShape(), shape))
    return emitOpError("(C5) C does not broadcast to ")
           << spell(shape) << ": it is " << c;
  return success();
}

//===----------------------------------------------------------------------===//
// Norms, softmax, dropout
//===----------------------------------------------------------------------===//

/// The scale (and bias) of a norm must broadcast to X.
static LogicalResult verifyNormScale(Operation *op, RankedTensorType x,
                                     Value scale) {
  RankedTensorType type = rankedType(scale);
  if (!x || !type || mayBroadcastTo(type.getShape(), x.getShape()))
    return success();
  return op->emitOpError("(C4) scale and bias must broadcast to X, but one is ")
         << type << " for " << x;
}

LogicalResult blockattn::onnx::verifyEpsilon(Operation *op, int number,
                                             APFloat epsilon) {
  if (epsilon.isFinite() && (!epsilon.isNegative() || epsilon.isZero()))
    return success();
  return op->emitOpError() << "(C" << number
                           << ") epsilon must be finite and not negative, but "
                              "is "
                           << epsilon.convertToDouble();
}

LogicalResult LayerNormalizationOp::verify() {
  // C1
  if (failed(verifyElementTypes(*this, 1, "X, Scale, B and Y",
                                {getX(), getScale(), getY()})) ||
      (getB() &&
       failed(verifyElementTypes(*this, 1, "X and B", {getX(), getB()}))))
    return failure();
  if (RankedTensorType x = rankedType(getX())) {
    // C2, C3
    if (failed(verifyAxis(*this, 2, getAxis(), x.getRank())) ||
        failed(verifyShape(*this, 3, getY(), x.getShape())))
      return failure();
    // C4
    for (Value scale : {Value(getScale()), Value(getB())})
      if (failed(verifyNormScale(*this, x, scale)))
        return failure();
    // C5
    SmallVector<int64_t> shape(x.getShape());
    for (int64_t i = *normalizeAxis(getAxis(), x.getRank()); i < x.getRank();
         ++i)
      shape[i] = 1;
    for (Value statistic : {Value(getMean()), Value(getInvStdDev())})
      if (failed(verifyShape(*this, 5, statistic, shape, "Mean or InvStdDev")))
        return failure();
  }
  return verifyEpsilon(*this, 6, getEpsilon());
}

LogicalResult RMSNormalizationOp::verify() {
  if (failed(verifyElementTypes(*this, 1, "scale and Y", {getScale(), getY()})))
    return failure();
  RankedTensorType x = rankedType(getX());
  if (x && (failed(verifyAxis(*this, 3, getAxis(), x.getRank())) ||
            failed(verifyNormScale(*this, x, getScale()))))
    return failure();
  return verifyEpsilon(*this, 5, getEpsilon());
}

template <typename Op> static LogicalResult verifySoftmax(Op op) {
  RankedTensorType type = rankedType(op.getInput());
  return type ? verifyAxis(op, 3, op.getAxis(), type.getRank()) : success();
}

LogicalResult SoftmaxOp::verify() { return verifySoftmax(*this); }
LogicalResult LogSoftmaxOp::verify() { return verifySoftmax(*this); }

LogicalResult DropoutOp::verify() {
  if (failed(verifyElementTypes(*this, 1, "data and output",
                                {getData(), getOutput()})))
    return failure();
  if (RankedTensorType type = rankedType(getData()))
    for (Value result : {Value(getOutput()), Value(getMask())})
      if (failed(
              verifyShape(*this, 2, result, type.getShape(), "output or mask")))
        return failure();
  for (Value scalar : {Value(getRatio()), Value(getTrainingMode())})
    if (!mayBeSingle(scalar))
      return emitOpError("(C3) ratio and training_mode must have one element, "
                         "but one is ")
             << scalar.getType();
  return success();
}

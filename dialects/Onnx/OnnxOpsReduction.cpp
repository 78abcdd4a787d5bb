//===- OnnxOpsReduction.cpp - verifiers of reductions and their like ------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/Composite.h"
#include "dialects/Onnx/OnnxVerify.h"

using namespace mlir;
using namespace blockattn::onnx;

/// The dimensions that remain when `axes` (counted from the front) go.
static SmallVector<int64_t>
reducedShape(ArrayRef<int64_t> shape, ArrayRef<int64_t> axes, bool keepDims) {
  SmallVector<int64_t> result;
  for (auto [i, extent] : llvm::enumerate(shape)) {
    if (!llvm::is_contained(axes, static_cast<int64_t>(i)))
      result.push_back(extent);
    else if (keepDims)
      result.push_back(1);
  }
  return result;
}

template <typename Op> static LogicalResult verifyReduce(Op op) {
  Value axesOperand = op.getAxes();
  if (axesOperand && !mayBeAxes(axesOperand))
    return op.emitOpError("(C2) axes must be a vector or one number, but are ")
           << axesOperand.getType();
  RankedTensorType data = rankedType(op.getData());
  if (!data)
    return success();
  SmallVector<int64_t> axes;
  bool keepDims = op.getKeepdims() != 0;
  if (axesOperand) {
    if (auto constant = constantInts(axesOperand)) {
      axes = std::move(*constant);
    } else {
      // Which dimensions go is not known, but whether their number changes is.
      return keepDims ? verifyShape(op, 3, op.getReduced(),
                                    SmallVector<int64_t>(data.getRank(),
                                                         ShapedType::kDynamic))
                      : success();
    }
  }
  if (failed(verifyAxes(op, 2, axes, data.getRank())))
    return failure();
  if (axes.empty() && op.getNoopWithEmptyAxes() == 0)
    axes = llvm::to_vector(llvm::seq<int64_t>(0, data.getRank()));
  return verifyShape(op, 3, op.getReduced(),
                     reducedShape(data.getShape(), axes, keepDims));
}

LogicalResult ReduceL1Op::verify() { return verifyReduce(*this); }
LogicalResult ReduceL2Op::verify() { return verifyReduce(*this); }
LogicalResult ReduceLogSumOp::verify() { return verifyReduce(*this); }
LogicalResult ReduceLogSumExpOp::verify() { return verifyReduce(*this); }
LogicalResult ReduceMaxOp::verify() { return verifyReduce(*this); }
LogicalResult ReduceMeanOp::verify() { return verifyReduce(*this); }
LogicalResult ReduceMinOp::verify() { return verifyReduce(*this); }
LogicalResult ReduceProdOp::verify() { return verifyReduce(*this); }
LogicalResult ReduceSumOp::verify() { return verifyReduce(*this); }
LogicalResult ReduceSumSquareOp::verify() { return verifyReduce(*this); }

template <typename Op> static LogicalResult verifyArg(Op op) {
  RankedTensorType data = rankedType(op.getData());
  if (!data)
    return success();
  if (failed(verifyAxis(op, 1, op.getAxis(), data.getRank())))
    return failure();
  int64_t axis = *normalizeAxis(op.getAxis(), data.getRank());
  return verifyShape(
      op, 2, op.getReduced(),
      reducedShape(data.getShape(), axis, op.getKeepdims() != 0));
}

LogicalResult ArgMaxOp::verify() { return verifyArg(*this); }
LogicalResult ArgMinOp::verify() { return verifyArg(*this); }

LogicalResult TopKOp::verify() {
  // C1
  if (failed(
          verifyElementTypes(*this, 1, "X and Values", {getX(), getValues()})))
    return failure();
  // C2
  RankedTensorType in = rankedType(getX());
  if (in && failed(verifyAxis(*this, 2, getAxis(), in.getRank())))
    return failure();
  // C3
  if (!mayBeSingle(getK()))
    return emitOpError("(C3) K must have one element, but is ")
           << getK().getType();
  int64_t count = ShapedType::kDynamic;
  if (auto constant = constantInts(getK()); constant && constant->size() == 1) {
    count = constant->front();
    if (count < 0)
      return emitOpError("(C3) K must not be negative, but is ") << count;
  }
  // C4
  RankedTensorType values = rankedType(getValues());
  RankedTensorType indices = rankedType(getIndices());
  if (values && indices &&
      !shapesMayAgree(values.getShape(), indices.getShape()))
    return emitOpError("(C4) Values and Indices must have one shape, but are ")
           << values << " and " << indices;
  if (!in)
    return success();
  SmallVector<int64_t> shape(in.getShape());
  shape[*normalizeAxis(getAxis(), in.getRank())] = count;
  if (failed(verifyShape(*this, 4, getValues(), shape)))
    return failure();
  return verifyShape(*this, 4, getIndices(), shape);
}

LogicalResult CumSumOp::verify() {
  if (!mayBeSingle(getAxis()))
    return emitOpError("(C3) axis must have one element, but is ")
           << getAxis().getType();
  RankedTensorType in = rankedType(getX());
  auto axis = constantInts(getAxis());
  if (in && axis && axis->size() == 1)
    return verifyAxis(*this, 3, axis->front(), in.getRank());
  return success();
}

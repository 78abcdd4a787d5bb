//===- ShapeInferenceComposite.cpp - rules of composite ops ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/Composite.h"
#include "dialects/Onnx/EinsumEquation.h"
#include "dialects/Onnx/ShapeInferenceRules.h"

using namespace mlir;

namespace blockattn::onnx {

static LogicalResult einsum(EinsumOp op, SymbolicShapes &shapes) {
  OpResult result = op->getResult(0);
  Type type = commonElementType(shapes, op->getOperands());
  std::string why;
  std::optional<EinsumEquation> equation =
      EinsumEquation::parse(op.getEquation(), op.getInputs().size(), why);
  if (!equation)
    return op->emitOpError(why);
  SmallVector<ArrayRef<AffineExpr>> operands;
  SmallVector<int64_t> ranks;
  for (Value operand : op.getInputs()) {
    std::optional<ArrayRef<AffineExpr>> dims = shapes.dims(operand);
    if (!dims)
      return shapes.set(result, type, std::nullopt);
    operands.push_back(*dims);
    ranks.push_back(dims->size());
  }
  std::optional<EinsumTensors> tensors = equation->labels(ranks, why);
  if (!tensors)
    return op->emitOpError(why);
  // A diagonal is as long as both dimensions that it runs through.
  for (auto [labels, given] : llvm::zip(tensors->operands, operands))
    for (auto [i, label] : llvm::enumerate(labels)) {
      size_t first = llvm::find(labels, label) - labels.begin();
      if (first != i &&
          failed(refuseDifferent(op, given[first], given[i],
                                 "takes a diagonal of dimensions of "
                                 "different sizes")))
        return failure();
    }
  Dims dims;
  for (int wanted : tensors->result) {
    SmallVector<ArrayRef<AffineExpr>> of;
    for (auto [labels, given] : llvm::zip(tensors->operands, operands))
      for (auto [i, label] : llvm::enumerate(labels))
        if (label == wanted)
          of.push_back(given.slice(i, 1));
    FailureOr<std::optional<Dims>> common = broadcastDims(op, shapes, of);
    if (failed(common))
      return failure();
    dims.push_back((*common)->front());
  }
  return shapes.set(result, type, ArrayRef<AffineExpr>(dims));
}

static LogicalResult matMulInteger(MatMulIntegerOp op, SymbolicShapes &shapes) {
  FailureOr<std::optional<Dims>> dims =
      productDims(op, shapes, shapes.dims(op.getA()), shapes.dims(op.getB()));
  if (failed(dims))
    return failure();
  return shapes.set(op->getResult(0), IntegerType::get(op->getContext(), 32),
                    *dims);
}

static LogicalResult qLinearMatMul(QLinearMatMulOp op, SymbolicShapes &shapes) {
  FailureOr<std::optional<Dims>> dims =
      productDims(op, shapes, shapes.dims(op.getA()), shapes.dims(op.getB()));
  if (failed(dims))
    return failure();
  return shapes.set(op->getResult(0), shapes.elementType(op.getYZeroPoint()),
                    *dims);
}

static LogicalResult dynamicQuantize(DynamicQuantizeLinearOp op,
                                     SymbolicShapes &shapes) {
  Type byte = IntegerType::get(op->getContext(), 8, IntegerType::Unsigned);
  Type f32 = Float32Type::get(op->getContext());
  ArrayRef<AffineExpr> none;
  return success(
      succeeded(shapes.set(cast<OpResult>(op.getY()), byte,
                           shapes.dims(op.getX()))) &&
      succeeded(shapes.set(cast<OpResult>(op.getYScale()), f32, none)) &&
      succeeded(shapes.set(cast<OpResult>(op.getYZeroPoint()), byte, none)));
}

static LogicalResult compress(CompressOp op, SymbolicShapes &shapes) {
  OpResult result = op->getResult(0);
  Type type = shapes.elementType(op.getInput());
  std::optional<int64_t> given = op.getAxis();
  if (!given)
    return shapes.set(result, type, ArrayRef<AffineExpr>(Dims(1)));
  std::optional<Dims> dims = copyDims(shapes, op.getInput());
  if (dims) {
    FailureOr<int64_t> axis = normalAxis(op, *given, dims->size());
    if (failed(axis))
      return failure();
    (*dims)[*axis] = AffineExpr();
  }
  return shapes.set(result, type, dims);
}

static LogicalResult groupNorm(GroupNormalizationOp op,
                               SymbolicShapes &shapes) {
  std::optional<ArrayRef<AffineExpr>> dims = shapes.dims(op.getX());
  if (dims && dims->size() < 2)
    return op->emitOpError() << "has an operand of rank " << dims->size();
  for (Value vector : {op.getScale(), op.getBias()}) {
    std::optional<ArrayRef<AffineExpr>> length = shapes.dims(vector);
    if (!length || length->size() != 1)
      continue;
    std::optional<int64_t> channels = asConstant(length->front());
    if (channels && *channels % op.getNumGroups() != 0)
      return op->emitOpError()
             << "has " << *channels << " channels, which can not be cut into "
             << op.getNumGroups() << " groups";
    if (dims &&
        failed(refuseDifferent(op, length->front(), (*dims)[1],
                               "has a scale or bias of another length than the "
                               "number of channels")))
      return failure();
  }
  return sameAsFirst(op, shapes);
}

static LogicalResult pRelu(PReluOp op, SymbolicShapes &shapes) {
  if (std::optional<Dims> dims = copyDims(shapes, op.getX());
      dims &&
      failed(requireBroadcast(op, shapes, op.getSlope(), *dims, "a slope")))
    return failure();
  return sameAsFirst(op, shapes);
}

void addCompositeRules(ShapeRules &rules) {
  rules.add<EinsumOp>(einsum);
  rules.add<MatMulIntegerOp>(matMulInteger);
  rules.add<QLinearMatMulOp>(qLinearMatMul);
  rules.add<DynamicQuantizeLinearOp>(dynamicQuantize);
  rules.add<CompressOp>(compress);
  rules.add<GroupNormalizationOp>(groupNorm);
  rules.add<PReluOp>(pRelu);
  rules
      .addAll<CeluOp, HardmaxOp, LpNormalizationOp, MeanVarianceNormalizationOp,
              ReverseSequenceOp, ShrinkOp, ThresholdedReluOp>(sameAsFirst);
}

} // namespace blockattn::onnx

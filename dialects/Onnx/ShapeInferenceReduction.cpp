//===- ShapeInferenceReduction.cpp - rules of reductions ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/Composite.h"
#include "dialects/Onnx/ShapeInferenceRules.h"

using namespace mlir;

namespace blockattn::onnx {

/// The dimensions that remain when `axes` are reduced.
static Dims reducedDims(SymbolicShapes &shapes, ArrayRef<AffineExpr> dims,
                        ArrayRef<int64_t> axes, bool keep) {
  Dims result;
  for (auto [index, dim] : llvm::enumerate(dims)) {
    if (!llvm::is_contained(axes, int64_t(index)))
      result.push_back(dim);
    else if (keep)
      result.push_back(shapes.constant(1));
  }
  return result;
}

/// The product or sum of a small vector of integers.
template <typename OpT>
static void reduceContents(OpT op, SymbolicShapes &shapes) {
  std::optional<ArrayRef<AffineExpr>> list = shapes.contents(op.getData());
  std::optional<ArrayRef<AffineExpr>> dims = shapes.dims(op.getReduced());
  if (!list || !dims)
    return;
  std::optional<ArrayRef<AffineExpr>> before = shapes.dims(op.getData());
  // Reduced along no axis at all it is the operand.
  if (before->size() == 1 && op.getNoopWithEmptyAxes() &&
      (!op.getAxes() || staticLength(shapes, op.getAxes()) == 0))
    return shapes.setContents(op->getResult(0), *list);
  AffineExpr result;
  if constexpr (std::is_same_v<OpT, ReduceProdOp>) {
    result = shapes.product(*list);
  } else if constexpr (std::is_same_v<OpT, ReduceSumOp>) {
    result = shapes.constant(0);
    for (AffineExpr element : *list)
      result = result + element;
  }
  if (result)
    shapes.setContents(op->getResult(0), result);
}

template <typename OpT>
static LogicalResult reduce(OpT op, SymbolicShapes &shapes) {
  OpResult result = op->getResult(0);
  Type type = shapes.elementType(op.getData());
  std::optional<ArrayRef<AffineExpr>> dims = shapes.dims(op.getData());
  if (!dims)
    return shapes.set(result, type, std::nullopt);
  int64_t rank = dims->size();
  bool keep = op.getKeepdims() != 0;
  SmallVector<int64_t> axes;
  std::optional<int64_t> count = 0;
  if (op.getAxes()) {
    FailureOr<std::optional<SmallVector<int64_t>>> list =
        constantAxes(op, shapes, op.getAxes(), rank);
    if (failed(list))
      return failure();
    count = staticLength(shapes, op.getAxes());
    if (!*list && count != 0) {
      // Which axes is not known, but how many.
      if (!keep && (!count || *count > rank))
        return shapes.set(result, type, std::nullopt);
      return shapes.set(
          result, type,
          ArrayRef<AffineExpr>(Dims(keep ? rank : rank - *count)));
    }
    if (*list)
      axes = **list;
  }
  if (axes.empty() && !op.getNoopWithEmptyAxes())
    axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (failed(shapes.set(
          result, type,
          ArrayRef<AffineExpr>(reducedDims(shapes, *dims, axes, keep)))))
    return failure();
  if constexpr (std::is_same_v<OpT, ReduceProdOp> ||
                std::is_same_v<OpT, ReduceSumOp>)
    reduceContents(op, shapes);
  return success();
}

template <typename OpT>
static LogicalResult arg(OpT op, SymbolicShapes &shapes) {
  OpResult result = op->getResult(0);
  Type type = IntegerType::get(op->getContext(), 64);
  std::optional<ArrayRef<AffineExpr>> dims = shapes.dims(op.getData());
  if (!dims)
    return shapes.set(result, type, std::nullopt);
  FailureOr<int64_t> axis = normalAxis(op, op.getAxis(), dims->size());
  if (failed(axis))
    return failure();
  return shapes.set(result, type,
                    ArrayRef<AffineExpr>(reducedDims(shapes, *dims, *axis,
                                                     op.getKeepdims() != 0)));
}

static LogicalResult topK(TopKOp op, SymbolicShapes &shapes) {
  std::optional<Dims> dims = copyDims(shapes, op.getX());
  if (dims) {
    FailureOr<int64_t> axis = normalAxis(op, op.getAxis(), dims->size());
    if (failed(axis))
      return failure();
    std::optional<ArrayRef<AffineExpr>> count =
        shapes.contentsOrSymbols(op.getK());
    (*dims)[*axis] =
        count && count->size() == 1 ? count->front() : AffineExpr();
  }
  if (failed(shapes.set(op->getResult(0), shapes.elementType(op.getX()), dims)))
    return failure();
  // Both results have one shape, whatever it is.
  return shapes.set(op->getResult(1), IntegerType::get(op->getContext(), 64),
                    shapes.dims(op->getResult(0)));
}

void addReductionRules(ShapeRules &rules) {
  rules.add<ReduceL1Op>(reduce<ReduceL1Op>);
  rules.add<ReduceL2Op>(reduce<ReduceL2Op>);
  rules.add<ReduceLogSumOp>(reduce<ReduceLogSumOp>);
  rules.add<ReduceLogSumExpOp>(reduce<ReduceLogSumExpOp>);
  rules.add<ReduceMaxOp>(reduce<ReduceMaxOp>);
  rules.add<ReduceMeanOp>(reduce<ReduceMeanOp>);
  rules.add<ReduceMinOp>(reduce<ReduceMinOp>);
  rules.add<ReduceProdOp>(reduce<ReduceProdOp>);
  rules.add<ReduceSumOp>(reduce<ReduceSumOp>);
  rules.add<ReduceSumSquareOp>(reduce<ReduceSumSquareOp>);
  rules.add<ArgMaxOp>(arg<ArgMaxOp>);
  rules.add<ArgMinOp>(arg<ArgMinOp>);
  rules.add<TopKOp>(topK);
  rules.addAll<CumSumOp>(sameAsFirst);
}

} // namespace blockattn::onnx

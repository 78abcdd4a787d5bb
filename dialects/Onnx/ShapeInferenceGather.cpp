//===- ShapeInferenceGather.cpp - rules of ops that index -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/ShapeInferenceRules.h"

using namespace mlir;

namespace blockattn::onnx {

/// Picks elements of a vector by constant indices, where all are in range.
static void pickContents(SymbolicShapes &shapes, Value data, Value indices,
                         OpResult result) {
  std::optional<ArrayRef<AffineExpr>> elements = shapes.contents(data);
  std::optional<SmallVector<int64_t>> places = shapes.constantContents(indices);
  std::optional<ArrayRef<AffineExpr>> dims = shapes.dims(data);
  if (!elements || !places || !dims || dims->size() != 1)
    return;
  int64_t count = elements->size();
  SmallVector<AffineExpr> picked;
  for (int64_t place : *places) {
    if (place < -count || place >= count)
      return;
    picked.push_back((*elements)[place < 0 ? place + count : place]);
  }
  shapes.setContents(result, picked);
}

static LogicalResult gather(GatherOp op, SymbolicShapes &shapes) {
  OpResult result = op->getResult(0);
  Type type = shapes.elementType(op.getData());
  std::optional<ArrayRef<AffineExpr>> data = shapes.dims(op.getData());
  std::optional<ArrayRef<AffineExpr>> indices = shapes.dims(op.getIndices());
  if (!data || !indices)
    return shapes.set(result, type, std::nullopt);
  FailureOr<int64_t> axis = normalAxis(op, op.getAxis(), data->size());
  if (failed(axis))
    return failure();
  Dims dims(data->take_front(*axis));
  dims.append(indices->begin(), indices->end());
  ArrayRef<AffineExpr> rest = data->drop_front(*axis + 1);
  dims.append(rest.begin(), rest.end());
  if (failed(shapes.set(result, type, ArrayRef<AffineExpr>(dims))))
    return failure();
  pickContents(shapes, op.getData(), op.getIndices(), result);
  return success();
}

static LogicalResult gatherElements(GatherElementsOp op,
                                    SymbolicShapes &shapes) {
  OpResult result = op->getResult(0);
  if (failed(shapes.set(result, shapes.elementType(op.getData()),
                        shapes.dims(op.getIndices()))))
    return failure();
  pickContents(shapes, op.getData(), op.getIndices(), result);
  return success();
}

static LogicalResult gatherND(GatherNDOp op, SymbolicShapes &shapes) {
  OpResult result = op->getResult(0);
  Type type = shapes.elementType(op.getData());
  std::optional<ArrayRef<AffineExpr>> data = shapes.dims(op.getData());
  std::optional<ArrayRef<AffineExpr>> indices = shapes.dims(op.getIndices());
  if (!data || !indices || indices->empty())
    return shapes.set(result, type, std::nullopt);
  std::optional<int64_t> length = asConstant(indices->back());
  if (!length)
    return shapes.set(result, type, std::nullopt);
  int64_t batch = op.getBatchDims();
  if (batch < 0 || batch >= int64_t(indices->size()) || *length < 1 ||
      *length > int64_t(data->size()) - batch)
    return op->emitOpError()
           << "has index vectors of length " << *length << " after " << batch
           << " batch dimensions for data of rank " << data->size();
  for (int64_t index = 0; index < batch; ++index)
    if (failed(requireEqual(op, shapes, (*data)[index], (*indices)[index],
                            "has data and indices of different batch sizes")))
      return failure();
  Dims dims(indices->drop_back());
  ArrayRef<AffineExpr> rest = data->drop_front(batch + *length);
  dims.append(rest.begin(), rest.end());
  if (failed(shapes.set(result, type, ArrayRef<AffineExpr>(dims))))
    return failure();
  // One index vector of one element is one element.
  if (indices->size() == 1)
    pickContents(shapes, op.getData(), op.getIndices(), result);
  return success();
}

void addGatherRules(ShapeRules &rules) {
  rules.add<GatherOp>(gather);
  rules.add<GatherElementsOp>(gatherElements);
  rules.add<GatherNDOp>(gatherND);
  rules.addAll<ScatterElementsOp, ScatterNDOp, TensorScatterOp>(sameAsFirst);
}

} // namespace blockattn::onnx

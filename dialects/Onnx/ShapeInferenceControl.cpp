//===- ShapeInferenceControl.cpp - rules of constants and branches --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/ShapeInferenceRules.h"

using namespace mlir;

namespace blockattn::onnx {

static LogicalResult constant(ConstantOp op, SymbolicShapes &shapes) {
  OpResult result = op->getResult(0);
  if (failed(shapes.set(result, Type(), std::nullopt)))
    return failure();
  if (std::optional<SmallVector<int64_t>> elements =
          smallIntegers(op.getValueAttr(), 256)) {
    SmallVector<AffineExpr> list;
    for (int64_t element : *elements)
      list.push_back(shapes.constant(element));
    shapes.setContents(result, list);
  }
  return success();
}

/// A result of a branch is what both branches yield, as far as they agree.
static LogicalResult branch(IfOp op, SymbolicShapes &shapes) {
  SmallVector<Operation *, 2> ends;
  for (Region &region : op->getRegions())
    if (!region.empty() && !region.front().empty())
      ends.push_back(&region.front().back());
  for (OpResult result : op->getResults()) {
    unsigned number = result.getResultNumber();
    // A branch that is not complete yet says nothing.
    bool complete = ends.size() == 2;
    for (Operation *end : ends)
      complete &= number < end->getNumOperands();
    Type type;
    std::optional<ArrayRef<AffineExpr>> left, right;
    if (complete) {
      Value first = ends[0]->getOperand(number);
      Value second = ends[1]->getOperand(number);
      type = commonElementType(shapes, {first, second});
      left = shapes.dims(first);
      right = shapes.dims(second);
    }
    if (!left || !right || left->size() != right->size()) {
      if (failed(shapes.set(result, type, std::nullopt)))
        return failure();
      continue;
    }
    Dims dims;
    for (auto [a, b] : llvm::zip_equal(*left, *right))
      dims.push_back(shapes.provenEqual(a, b) ? a : AffineExpr());
    if (failed(shapes.set(result, type, ArrayRef<AffineExpr>(dims))))
      return failure();
  }
  return success();
}

void addControlRules(ShapeRules &rules) {
  rules.add<ConstantOp>(constant);
  rules.add<IfOp>(branch);
}

} // namespace blockattn::onnx

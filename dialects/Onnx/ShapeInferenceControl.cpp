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

/// Whether all symbols of an expression are read outside of the loop.
static bool isOutside(AffineExpr expr, LoopOp loop, SymbolicShapes &shapes) {
  bool outside = static_cast<bool>(expr);
  if (expr)
    expr.walk([&](AffineExpr part) {
      if (auto symbol = dyn_cast<AffineSymbolExpr>(part)) {
        Value value = shapes.symbols()[symbol.getPosition()].value;
        outside &= value && !loop.getBody().isAncestor(value.getParentRegion());
      }
    });
  return outside;
}

/// A carried value keeps the shape that it has at first where each iteration
/// gives it the shape that it got; what is stacked gets a dimension more.
static LogicalResult loop(LoopOp op, SymbolicShapes &shapes) {
  Block &block = op.getBody().front();
  size_t carried = op.getVInitial().size();
  Operation *end = block.empty() ? nullptr : &block.back();
  for (OpResult result : op->getResults()) {
    size_t number = result.getResultNumber();
    // A body that is not complete yet says nothing.
    if (!end || number + 1 >= end->getNumOperands()) {
      if (failed(shapes.set(result, Type(), std::nullopt)))
        return failure();
      continue;
    }
    Value yielded = end->getOperand(number + 1);
    std::optional<ArrayRef<AffineExpr>> next = shapes.dims(yielded);
    std::optional<Dims> dims;
    SmallVector<Value> same = {yielded};
    if (number < carried) {
      Value initial = op.getVInitial()[number];
      BlockArgument argument = block.getArgument(number + 2);
      same.append({initial, argument});
      std::optional<ArrayRef<AffineExpr>> first = shapes.dims(initial);
      std::optional<ArrayRef<AffineExpr>> given = shapes.dims(argument);
      if (first && given && next && first->size() == given->size() &&
          given->size() == next->size()) {
        dims.emplace();
        for (auto [a, b, c] : llvm::zip_equal(*first, *given, *next))
          dims->push_back(shapes.provenEqual(b, c) ? a : AffineExpr());
      }
    } else if (next) {
      dims.emplace(1, AffineExpr());
      for (AffineExpr dim : *next)
        dims->push_back(isOutside(dim, op, shapes) ? dim : AffineExpr());
    }
    if (failed(shapes.set(result, commonElementType(shapes, same),
                          dims ? std::optional<ArrayRef<AffineExpr>>(*dims)
                               : std::nullopt)))
      return failure();
  }
  return success();
}

void addControlRules(ShapeRules &rules) {
  rules.add<ConstantOp>(constant);
  rules.add<IfOp>(branch);
  rules.add<LoopOp>(loop);
}

} // namespace blockattn::onnx

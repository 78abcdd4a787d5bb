//===- SizeChecks.cpp - checks of what sizes are taken for ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/SizeChecks.h"

using namespace mlir;
using namespace blockattn;

SizeChecks::SizeChecks(func::FuncOp function, onnx::SymbolicShapes &shapes)
    : function(function) {
  // A function of the same arguments that does nothing with them.
  func::FuncOp shell = function.cloneWithoutRegions();
  shell.addEntryBlock();
  onnx::SymbolicShapes fresh(function.getContext());
  fresh.addArguments(shell);
  for (BlockArgument argument : shell.getArguments()) {
    std::optional<ArrayRef<AffineExpr>> list = fresh.dims(argument);
    declared.emplace_back(list ? SmallVector<AffineExpr>(*list)
                               : SmallVector<AffineExpr>());
  }
  shell.erase();
  for (BlockArgument argument : function.getArguments())
    arguments.push_back({argument, argument});

  for (auto [i, symbol] : llvm::enumerate(shapes.symbols())) {
    // The dimensions of arguments are all compared at the end.
    if (isa_and_present<OpResult>(symbol.value) && shapes.learned(i))
      learned[symbol.value].push_back(i);
  }
  for (auto [i, requirement] : llvm::enumerate(shapes.requirements()))
    required[requirement.op].push_back(i);
}

std::string SizeChecks::nameOf(Value argument) {
  auto name = function.getArgAttrOfType<StringAttr>(
      cast<BlockArgument>(argument).getArgNumber(), "onnx.name");
  return ("input '" + (name ? name.getValue() : StringRef()) + "'").str();
}

/// How a size is told that is not what it has to be.
static std::string demand(const Twine &size, OpFoldResult expected,
                          const Twine &otherwise) {
  std::optional<int64_t> number = Lowering::constant(expected);
  return (size + " " +
          (number ? "must be " + std::to_string(*number) : otherwise.str()))
      .str();
}

/// A size as it is computed, and not as the types of what uses the tensor have
/// it: a cast to those counts for true once it is there.
static OpFoldResult sizeAsMade(Value tensor, int64_t dim, Lowering &l) {
  if (auto type = cast<RankedTensorType>(tensor.getType());
      !type.isDynamicDim(dim))
    return l.b.getIndexAttr(type.getDimSize(dim));
  Operation *op = tensor.getDefiningOp();
  if (auto empty = dyn_cast_if_present<tensor::EmptyOp>(op))
    return empty.getMixedSizes()[dim];
  if (auto expand = dyn_cast_if_present<tensor::ExpandShapeOp>(op))
    return expand.getMixedOutputShape()[dim];
  if (auto collapse = dyn_cast_if_present<tensor::CollapseShapeOp>(op)) {
    OpFoldResult product = l.b.getIndexAttr(1);
    for (int64_t from : collapse.getReassociationIndices()[dim])
      product = l.mul(product, sizeAsMade(collapse.getSrc(), from, l));
    return product;
  }
  if (auto slice = dyn_cast_if_present<tensor::ExtractSliceOp>(op);
      slice && slice.getDroppedDims().none())
    return slice.getMixedSizes()[dim];
  if (auto cast = dyn_cast_if_present<tensor::CastOp>(op);
      cast && isa<RankedTensorType>(cast.getSource().getType()))
    return sizeAsMade(cast.getSource(), dim, l);
  if (auto made = dyn_cast_if_present<DestinationStyleOpInterface>(op))
    return sizeAsMade(made.getTiedOpOperand(cast<OpResult>(tensor))->get(), dim,
                      l);
  return tensor::DimOp::create(l.b, l.loc, tensor, dim).getResult();
}

void SizeChecks::note(Value result, Lowering &l) {
  auto found = learned.find(result);
  Value tensor = l.lowered(result);
  auto type =
      dyn_cast_if_present<RankedTensorType>(tensor ? tensor.getType() : Type());
  if (found == learned.end() || !type)
    return;
  for (unsigned i : found->second) {
    int64_t dim = l.shapes.symbols()[i].dim;
    if (dim < type.getRank())
      pending.push_back({sizeAsMade(tensor, dim, l), l.shapes.learned(i),
                         ("dimension " + Twine(dim) + " of the result").str(),
                         result.getDefiningOp()});
  }
}

void SizeChecks::emitPending(Lowering &l,
                             function_ref<bool(Operation *)> isNow) {
  Location loc = l.loc;
  llvm::erase_if(pending, [&](const Pending &size) {
    OpFoldResult expected =
        isNow(size.op) ? l.materialize(size.expected) : OpFoldResult();
    if (!expected)
      return false;
    l.loc = size.op->getLoc();
    l.checkEqual(size.size, expected,
                 demand(size.name, expected,
                        "does not go with the sizes of what uses it"));
    return true;
  });
  l.loc = loc;
}

void SizeChecks::before(Operation *op, Lowering &l) {
  auto found = required.find(op);
  if (found == required.end())
    return;
  for (unsigned i : found->second) {
    const onnx::SymbolicShapes::Requirement &requirement =
        l.shapes.requirements()[i];
    AffineExpr a = l.shapes.canonical(requirement.a);
    AffineExpr b = l.shapes.canonical(requirement.b);
    if (!a || !b || a == b)
      continue;
    OpFoldResult left = l.materialize(a), right = l.materialize(b);
    if (left && right)
      l.checkEqual(left, right, requirement.what);
  }
}

/// Compares what is known of a tensor's sizes with what it is, where the type
/// does not say so: whoever uses it takes the sizes for known.
static void checkStatic(Value tensor, ArrayRef<AffineExpr> known, Lowering &l) {
  auto type =
      dyn_cast_if_present<RankedTensorType>(tensor ? tensor.getType() : Type());
  if (!type || type.getRank() != static_cast<int64_t>(known.size()))
    return;
  for (auto [dim, expr] : llvm::enumerate(known))
    if (auto size = dyn_cast<AffineConstantExpr>(expr);
        size && type.isDynamicDim(dim))
      l.checkEqual(sizeAsMade(tensor, dim, l),
                   l.b.getIndexAttr(size.getValue()),
                   "dimension " + Twine(dim) + " of the result must be " +
                       Twine(size.getValue()) + " for what uses it");
}

void SizeChecks::after(Operation *op, Lowering &l) {
  for (Value result : op->getResults()) {
    checkStatic(l.lowered(result), l.exprs(result), l);
    note(result, l);
  }
  // What is made in a branch is compared in it, and nothing else is.
  bool isInBranch = !isa<func::FuncOp>(op->getParentOp());
  emitPending(l, [&](Operation *made) { return made == op || !isInBranch; });
  if (isInBranch)
    llvm::erase_if(pending, [&](const Pending &size) { return size.op == op; });
}

void SizeChecks::finish(Lowering &l) {
  for (auto [i, pair] : llvm::enumerate(arguments)) {
    auto [argument, lowered] = pair;
    std::optional<ArrayRef<AffineExpr>> now = l.shapes.dims(argument);
    for (size_t d = 0; now && d < declared[i].size() && d < now->size(); ++d) {
      if (declared[i][d] == (*now)[d])
        continue;
      OpFoldResult expected = l.materialize((*now)[d]);
      if (!expected)
        continue;
      l.checkEqual(tensor::DimOp::create(l.b, l.loc, lowered, d).getResult(),
                   expected,
                   demand("dimension " + Twine(d) + " of " + nameOf(lowered),
                          expected, "does not go with those of other inputs"));
    }
  }
}

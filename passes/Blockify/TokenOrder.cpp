//===- TokenOrder.cpp - where the tokens of values stand ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Blockify/TokenOrder.h"
#include "passes/Blockify/Programs.h"

using namespace mlir;
using namespace blockattn;

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

TokenOrder::TokenOrder(func::FuncOp full) : sizes(full) {
  raise::Dependences deps(full);
  BlockArgument tokens = findArg(full, "tokens");
  std::optional<TokenSizes::Dims> shape;
  if (tokens)
    shape = sizes.dims(tokens);
  if (!shape || shape->size() != 2)
    return;
  // Packed tokens are one row, without a past.
  AffineExpr length = (*shape)[1];
  auto identify = [&](AffineExpr size, int64_t by) {
    if (size != length)
      sizes.identify(size, sizes.constant(by));
  };
  identify((*shape)[0], 1);
  for (BlockArgument arg : full.getArguments()) {
    std::optional<TokenSizes::Dims> dims = sizes.dims(arg);
    if (!argRole(full, arg.getArgNumber()).starts_with("past_"))
      continue;
    pasts.insert(arg);
    for (auto [i, dim] : llvm::enumerate(dims ? *dims : TokenSizes::Dims())) {
      identify(dim, i + 4 == dims->size() ? 1 : 0);
      if (i + 2 == dims->size())
        pastLengths.push_back(dim);
    }
  }
  length = sizes.dims(tokens)->back();
  // There is nothing that one token could be brought together with.
  if (length == sizes.constant(1))
    return;
  for (BlockArgument arg : full.getArguments())
    if (arg == tokens || (deps.isData(arg) && !pasts.contains(arg) &&
                          isa<TensorType>(arg.getType())))
      place(arg, length, arg == tokens);
  visit(full.getBody().front());
}

/// The tokens of an input are along the dimension that is named as those of the
/// token ids, or has their size, or whose size is not known.
void TokenOrder::place(BlockArgument arg, AffineExpr length, bool isTokens) {
  std::optional<TokenSizes::Dims> dims = sizes.dims(arg);
  if (!dims) {
    orders[arg].state = Order::Unplaced;
    return;
  }
  std::optional<size_t> axis;
  auto find = [&](auto matches) {
    // A batch comes first, unless there is none.
    for (size_t i = 1; i < dims->size() && !axis; ++i)
      if (matches((*dims)[i]))
        axis = i;
    if (!axis && !dims->empty() && matches(dims->front()))
      axis = 0;
  };
  auto isKnown = [](AffineExpr dim) { return isa<AffineConstantExpr>(dim); };
  if (isTokens)
    axis = 1;
  else
    find([&](AffineExpr dim) { return sizes.equal(dim, length); });
  // Integers of one dimension are numbers of sequences, such as lengths.
  bool isFloat = isa<FloatType>(getElementTypeOrSelf(arg.getType()));
  bool isBatchAlone = isKnown(length) && dims->size() > 1 &&
                      llvm::all_of(llvm::drop_begin(*dims), isKnown);
  if (!axis && !isBatchAlone && (isFloat || dims->size() > 1))
    find([&](AffineExpr dim) { return !isKnown(dim); });
  if (!axis)
    return;
  sizes.identify((*dims)[*axis], length);
  if (*axis > 0 && !sizes.equal(dims->front(), length))
    sizes.identify(dims->front(), sizes.constant(1));
  dims = sizes.dims(arg);
  SmallVector<bool> ofTokens(dims->size(), false);
  ofTokens[*axis] = true;
  (*dims)[*axis] = length;
  orders[arg].axes = sizes.axesOf(*dims, ofTokens);
}

//===----------------------------------------------------------------------===//
// The walk
//===----------------------------------------------------------------------===//

const TokenAxes *TokenOrder::axesOf(Value value) const {
  auto it = orders.find(value);
  return it == orders.end() ? nullptr : &it->second.axes;
}

TokenSizes::Dims TokenOrder::dimsOf(Value value) {
  return sizes.dims(value).value_or(TokenSizes::Dims());
}

void TokenOrder::visit(Block &block) {
  for (Operation &op : block) {
    // What a loop carries has no place; the loop itself is looked at.
    if (isa<onnx::IfOp>(op))
      for (Region &region : op.getRegions())
        visit(region.front());
    visit(&op);
  }
}

/// Whether all tokens are along one dimension, which is not that of features.
static bool isUsual(const TokenAxes &axes) {
  size_t holding = llvm::count_if(
      axes, [](const TokenAxis &axis) { return holdsTokens(axis); });
  return holding <= 1 && (axes.empty() || !holdsTokens(axes.back())) &&
         llvm::none_of(axes, [](const TokenAxis &axis) {
           return holdsTokens(axis) && axis.size() > 1;
         });
}

void TokenOrder::visit(Operation *op) {
  if (op->hasTrait<OpTrait::IsTerminator>() ||
      // Of which no element matters.
      isa<onnx::ShapeOp, onnx::SizeOp, onnx::EyeLikeOp>(op))
    return;
  SmallVector<Value> carriers;
  bool isPast = false;
  auto add = [&](Value value) {
    if (orders.contains(value))
      carriers.push_back(value);
    isPast |= pasts.contains(value);
  };
  llvm::for_each(op->getOperands(), add);
  // What a branch gives is what it yields; a loop may do anything.
  for (Region &region : op->getRegions()) {
    if (isa<onnx::IfOp>(op))
      llvm::for_each(region.front().getTerminator()->getOperands(), add);
    else
      region.walk([&](Operation *nested) {
        llvm::for_each(nested->getOperands(), add);
      });
  }
  if (carriers.empty()) {
    if (isPast)
      pasts.insert_range(op->getResults());
    return;
  }
  bool isLost = false, isUnplaced = false, agree = true;
  Value source = orders[carriers.front()].source;
  Operation *mover = nullptr;
  for (Value value : carriers) {
    const Order &order = orders[value];
    isLost |= order.state == Order::Lost;
    isUnplaced |= order.state == Order::Unplaced;
    agree &= order.source == source;
    mover = mover ? mover : order.mover;
  }
  // Attention is over tokens as they come.
  agree &= !isa<AttentionOp>(op) || !source;
  bool isBeside = isa<onnx::ConcatOp, onnx::TensorScatterOp,
                      onnx::ScatterElementsOp, onnx::ScatterNDOp>(op);
  bool isSaid = false;
  for (OpResult result : op->getResults()) {
    Order order;
    if (isLost) {
      order.state = Order::Lost;
      orders[result] = order;
      continue;
    }
    std::optional<TokenSizes::Dims> dims = sizes.dims(result);
    MaybePlaced placed;
    if (!isUnplaced && dims)
      placed = follow(result);
    if (placed && placed->axes.size() != dims->size())
      placed.reset();
    // Written beside each other, tokens are in one more order.
    if (!placed || (!agree && !(isBeside && placed->isMoved))) {
      if (!isSaid)
        addMixing(op, carriers, agree);
      isSaid = true;
      orders[result] = guess(result, carriers);
      continue;
    }
    order.axes = placed->axes;
    // Results of one op are not in each other's order.
    order.source = placed->isMoved ? result : source;
    if (!isa<onnx::ReshapeOp, onnx::TransposeOp, onnx::FlattenOp>(op))
      order.mover = mover;
    else if (isa<FloatType>(getElementTypeOrSelf(result)) &&
             !isUsual(order.axes))
      order.mover = op;
    orders[result] = order;
  }
}

void TokenOrder::addMixing(Operation *op, ArrayRef<Value> carriers,
                           bool agree) {
  Operation *mover = nullptr;
  for (Value value : carriers) {
    const Order &order = orders[value];
    if (agree)
      mover = mover ? mover : order.mover;
    else if (order.source)
      mover = order.source.getDefiningOp();
  }
  found.push_back({op, mover});
}

/// Said once: a result of the shape of an operand is taken to have its tokens
/// in their places, so that what else is wrong is found, too.
TokenOrder::Order TokenOrder::guess(Value result, ArrayRef<Value> carriers) {
  Order order;
  std::optional<TokenSizes::Dims> dims = sizes.dims(result);
  for (bool isInPlace : {true, false})
    for (Value value : carriers)
      if (const Order &other = orders[value];
          dims && other.state == Order::Known && isInPlace == !other.source &&
          sizes.dims(value) == dims) {
        order.axes = other.axes;
        return order;
      }
  order.state = Order::Lost;
  return order;
}

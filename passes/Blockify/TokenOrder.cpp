//===- TokenOrder.cpp - where the tokens of values stand ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Blockify/TokenOrder.h"
#include "passes/Blockify/Programs.h"

#include "dialects/BlockAttn/BlockAttn.h"

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"
#include <limits>

using namespace mlir;
using namespace blockattn;

TokenOrder::TokenOrder(func::FuncOp full, const raise::Dependences &deps,
                       int64_t fixedLength)
    : deps(deps), fixedLength(fixedLength) {
  for (BlockArgument arg : full.getArguments())
    if (deps.isData(arg) &&
        !argRole(full, arg.getArgNumber()).starts_with("past_"))
      orders[arg] = Value();
  full.getBody().walk([&](Operation *op) { visit(op); });
}

bool TokenOrder::isOpen(Value data, int64_t axis) const {
  auto type = dyn_cast<RankedTensorType>(data.getType());
  if (!type)
    return true;
  int64_t rank = type.getRank();
  axis += axis < 0 ? rank : 0;
  if (axis < 0 || axis >= rank || type.isDynamicDim(axis))
    return true;
  // The last dimension is that of features, except of token ids.
  bool isIds = isa<IntegerType>(type.getElementType());
  return fixedLength > 0 && type.getDimSize(axis) == fixedLength &&
         (isIds || axis + 1 < rank);
}

bool TokenOrder::isOpenAlong(Value data, Value axes) const {
  if (std::optional<SmallVector<int64_t>> list = raise::integerConstant(axes))
    return llvm::any_of(*list,
                        [&](int64_t axis) { return isOpen(data, axis); });
  auto type = dyn_cast<RankedTensorType>(data.getType());
  return !type ||
         llvm::any_of(llvm::seq<int64_t>(0, type.getRank()),
                      [&](int64_t axis) { return isOpen(data, axis); });
}

/// Whether a slice is all that there is along an axis: entry `i` of its ranges.
static bool takesAll(onnx::SliceOp op, size_t i) {
  auto entry = [&](Value list) -> std::optional<int64_t> {
    std::optional<SmallVector<int64_t>> all = raise::integerConstant(list);
    if (!all || i >= all->size())
      return std::nullopt;
    return (*all)[i];
  };
  std::optional<int64_t> step = op.getSteps() ? entry(op.getSteps()) : 1;
  return entry(op.getStarts()) == 0 && step == 1 &&
         entry(op.getEnds()).value_or(0) >= std::numeric_limits<int32_t>::max();
}

/// The elements of the last dimensions, as far as their extents are known.
static int64_t rowSize(RankedTensorType type) {
  int64_t size = 1;
  for (int64_t extent : llvm::reverse(type.getShape())) {
    if (ShapedType::isDynamic(extent))
      break;
    size *= extent;
  }
  return size;
}

/// The dimensions up to the last one of unknown extent.
static ArrayRef<int64_t> leadingDims(RankedTensorType type) {
  ArrayRef<int64_t> shape = type.getShape();
  while (!shape.empty() && !ShapedType::isDynamic(shape.back()))
    shape = shape.drop_back();
  return shape;
}

/// Heads and experts may be parted from a token's row, and joined to it again:
/// that far the row of a reshape's result is of one token. True where it is of
/// several, or may be.
bool TokenOrder::mergesRows(onnx::ReshapeOp op) {
  auto from = dyn_cast<RankedTensorType>(op.getData().getType());
  auto to = dyn_cast<RankedTensorType>(op.getResult().getType());
  int64_t parts = rowsOf.lookup_or(op.getData(), 1);
  rowsOf[op.getResult()] = 0;
  if (!from || !to)
    return true;
  if (from.hasStaticShape() || to.hasStaticShape())
    return false;
  ArrayRef<int64_t> before = leadingDims(from), after = leadingDims(to);
  int64_t row = rowSize(to);
  // Heads in front of the tokens, whose rows stay as they are.
  bool isHeaded = llvm::any_of(after, [](int64_t extent) {
    return !ShapedType::isDynamic(extent) && extent != 1;
  });
  if (before.size() > 2)
    return row != rowSize(from);
  if (parts == 0)
    return isHeaded && row != rowSize(from);
  // Rows of tokens that are put in front of one another.
  if (isHeaded)
    return true;
  int64_t token = 0;
  if (llvm::MulOverflow(parts, rowSize(from), token))
    return true;
  rowsOf[op.getResult()] = row == 0 || token % row != 0 ? 0 : token / row;
  return row > token;
}

/// Whether what an op reads or writes by indices lies along an open axis.
bool TokenOrder::isIndexed(Operation *op) const {
  Value data = op->getOperand(0);
  auto along = [&](Value indices, int64_t first) {
    auto type = dyn_cast<RankedTensorType>(indices.getType());
    if (!type || type.getRank() == 0 || type.isDynamicDim(type.getRank() - 1))
      return true;
    return llvm::any_of(llvm::seq(first, first + type.getShape().back()),
                        [&](int64_t axis) { return isOpen(data, axis); });
  };
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case<onnx::GatherOp, onnx::GatherElementsOp, onnx::ScatterElementsOp,
            onnx::TensorScatterOp>(
          [&](auto one) { return isOpen(data, one.getAxis()); })
      .Case<onnx::GatherNDOp>([&](onnx::GatherNDOp gather) {
        return along(gather.getIndices(), gather.getBatchDims());
      })
      .Case<onnx::ScatterNDOp>([&](onnx::ScatterNDOp scatter) {
        return along(scatter.getIndices(), 0);
      })
      .Default(false);
}

/// Whether each token of one operand meets all those of another, as two copies
/// do that are unsqueezed at different places.
bool TokenOrder::pairs(ValueRange operands) const {
  auto sizeFromEnd = [](RankedTensorType type, int64_t i) {
    return i < type.getRank() ? type.getDimSize(type.getRank() - 1 - i) : 1;
  };
  for (auto [i, x] : llvm::enumerate(operands))
    for (Value y : operands.take_front(i)) {
      auto a = dyn_cast<RankedTensorType>(x.getType());
      auto b = dyn_cast<RankedTensorType>(y.getType());
      if (!a || !b)
        continue;
      bool isAWide = false, isBWide = false;
      for (int64_t d = 0, e = std::max(a.getRank(), b.getRank()); d < e; ++d) {
        int64_t sizeA = sizeFromEnd(a, d), sizeB = sizeFromEnd(b, d);
        isAWide |= ShapedType::isDynamic(sizeA) && sizeB == 1;
        isBWide |= ShapedType::isDynamic(sizeB) && sizeA == 1;
      }
      if (isAWide && isBWide)
        return true;
    }
  return false;
}

bool TokenOrder::moves(Operation *op) const {
  Value data = op->getOperand(0);
  if (isa<onnx::GatherOp, onnx::GatherElementsOp, onnx::GatherNDOp>(op))
    return carries(data) && isIndexed(op);
  if (auto slice = dyn_cast<onnx::SliceOp>(op)) {
    std::optional<SmallVector<int64_t>> axes =
        slice.getAxes() ? raise::integerConstant(slice.getAxes())
                        : std::nullopt;
    if (!axes)
      return isOpenAlong(data, slice.getAxes());
    for (auto [i, axis] : llvm::enumerate(*axes))
      if (isOpen(data, axis) && !takesAll(slice, i))
        return true;
    return false;
  }
  if (auto pad = dyn_cast<onnx::PadOp>(op)) {
    std::optional<SmallVector<int64_t>> pads =
        raise::integerConstant(pad.getPads());
    if (!pads || pad.getAxes())
      return isOpenAlong(data, pad.getAxes());
    size_t rank = pads->size() / 2;
    for (size_t i = 0; i < rank; ++i)
      if (((*pads)[i] || (*pads)[i + rank]) && isOpen(data, i))
        return true;
    return false;
  }
  if (auto concat = dyn_cast<onnx::ConcatOp>(op))
    // Those after the past ones are where they were.
    return isOpen(concat.getResult(), concat.getAxis()) &&
           llvm::any_of(op->getOperands(),
                        [&](Value value) { return !deps.isData(value); });
  if (auto split = dyn_cast<onnx::SplitOp>(op))
    return isOpen(data, split.getAxis());
  if (auto tile = dyn_cast<onnx::TileOp>(op)) {
    std::optional<SmallVector<int64_t>> repeats =
        raise::integerConstant(tile.getRepeats());
    if (!repeats)
      return isOpenAlong(data, Value());
    for (auto [i, count] : llvm::enumerate(*repeats))
      if (count != 1 && isOpen(data, i))
        return true;
    return false;
  }
  if (auto most = dyn_cast<onnx::TopKOp>(op))
    return isOpen(data, most.getAxis());
  return false;
}

void TokenOrder::visit(Operation *op) {
  SmallVector<Value> operands;
  auto add = [&](Value value) {
    if (carries(value))
      operands.push_back(value);
  };
  llvm::for_each(op->getOperands(), add);
  // What a branch gives is what it yields.
  if (isa<onnx::IfOp>(op))
    for (Region &region : op->getRegions())
      llvm::for_each(region.front().getTerminator()->getOperands(), add);
  if (operands.empty() || op->hasTrait<OpTrait::IsTerminator>())
    return;
  Value order = orders.lookup(operands.front());
  bool differ = llvm::any_of(
      operands, [&](Value value) { return orders.lookup(value) != order; });
  // Written beside each other, tokens are in one more order.
  auto concat = dyn_cast<onnx::ConcatOp>(op);
  bool isBeside = concat ? operands.size() > 1 &&
                               isOpen(concat.getResult(), concat.getAxis())
                         : isa<onnx::TensorScatterOp, onnx::ScatterElementsOp,
                               onnx::ScatterNDOp>(op) &&
                               isIndexed(op);
  differ &= !isBeside;
  if (isa<AttentionOp>(op)) {
    differ |= static_cast<bool>(order);
  }
  if (auto reshape = dyn_cast<onnx::ReshapeOp>(op))
    differ |= mergesRows(reshape);
  if (!concat && !op->getNumRegions())
    differ |= pairs(operands);
  // Said once: what follows is taken for tokens in their places again.
  bool isMoved = !differ && (isBeside || moves(op));
  if (differ) {
    for (Value value : operands)
      if (Value mover = orders.lookup(value))
        order = mover;
    joining[op] = order;
    order = Value();
  }
  for (Value result : op->getResults()) {
    if (!deps.isData(result))
      continue;
    // Results of one op are not in each other's order.
    orders[result] = isMoved ? result : order;
    // What is gathered from all tokens may be of any of them.
    if (isMoved)
      rowsOf[result] = 0;
    if (isa<onnx::ReshapeOp>(op) || isMoved)
      continue;
    for (Value value : operands)
      if (auto it = rowsOf.find(value); it != rowsOf.end())
        rowsOf[result] = it->second;
  }
}

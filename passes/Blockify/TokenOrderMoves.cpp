//===- TokenOrderMoves.cpp - tokens in ops that move elements -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The part of TokenOrder for ops that compute nothing: along other dimensions
// than the tokens' they may do what they like. What they pick, repeat or add of
// tokens is in an order of its own; by itself that brings nothing together.
//
//===----------------------------------------------------------------------===//

#include "passes/Blockify/TokenOrder.h"

#include "llvm/ADT/TypeSwitch.h"
#include <limits>

using namespace mlir;
using namespace blockattn;

TokenOrder::Placed TokenOrder::moved(Value result, ArrayRef<int64_t> along,
                                     ArrayRef<const TokenAxes *> others) {
  TokenSizes::Dims dims = dimsOf(result);
  SmallVector<bool> ofTokens(dims.size(), false);
  for (const TokenAxes *axes : others)
    for (size_t i = 0; axes && i < std::min(axes->size(), dims.size()); ++i)
      ofTokens[i] |= holdsTokens((*axes)[i]);
  for (int64_t axis : along)
    if (axis >= 0 && axis < static_cast<int64_t>(dims.size()))
      ofTokens[axis] = true;
  return {sizes.axesOf(dims, ofTokens), /*isMoved=*/true};
}

TokenOrder::MaybePlaced TokenOrder::move(OpResult result) {
  Operation *op = result.getOwner();
  const TokenAxes *data =
      op->getNumOperands() ? axesOf(op->getOperand(0)) : nullptr;
  // Sizes and axes of these ops are no data.
  auto regroup = [&](auto) -> MaybePlaced {
    std::optional<TokenAxes> axes;
    if (data)
      axes = sizes.regroup(*data, dimsOf(result));
    if (!axes)
      return std::nullopt;
    return Placed{*axes};
  };
  return llvm::TypeSwitch<Operation *, MaybePlaced>(op)
      .Case<onnx::ReshapeOp, onnx::FlattenOp, onnx::SqueezeOp,
            onnx::UnsqueezeOp>(regroup)
      .Case<onnx::TransposeOp>([&](onnx::TransposeOp turn) -> MaybePlaced {
        TokenAxes axes;
        for (int64_t from : turn.permutation())
          if (data && from < static_cast<int64_t>(data->size()))
            axes.push_back((*data)[from]);
        return Placed{axes};
      })
      .Case<onnx::SplitOp>([&](onnx::SplitOp split) -> MaybePlaced {
        if (!data)
          return std::nullopt;
        std::optional<int64_t> axis = frontAxis(split.getAxis(), data->size());
        if (!axis)
          return std::nullopt;
        // Into one part some exporters split where they leave out others.
        if (holdsTokens((*data)[*axis]) && split.getNumResults() > 1)
          return moved(result, {}, {data});
        return broadcast(split.getInput(), result);
      })
      .Case<onnx::ConcatOp>([&](auto one) { return concat(one); })
      .Case<onnx::SliceOp>([&](auto one) { return slice(one); })
      .Case<onnx::PadOp>([&](auto one) { return pad(one); })
      .Case<onnx::TileOp>([&](auto one) { return tile(one); })
      .Case<onnx::GatherOp, onnx::GatherElementsOp, onnx::GatherNDOp>(
          [&](auto one) { return gather(one); })
      .Case<onnx::ScatterElementsOp>([&](auto one) {
        return scatter(op, one.getIndices(), one.getUpdates(), one.getAxis());
      })
      .Case<onnx::TensorScatterOp>([&](auto one) {
        return scatter(op, one.getWriteIndices(), one.getUpdate(),
                       one.getAxis());
      })
      .Case<onnx::ScatterNDOp>([&](auto one) { return scatter(one); })
      .Case<onnx::OneHotOp>([&](auto one) { return oneHot(one); })
      // What is not known may do anything.
      .Default([](auto) -> MaybePlaced { return std::nullopt; });
}

TokenOrder::MaybePlaced TokenOrder::concat(onnx::ConcatOp op) {
  Value result = op.getResult();
  TokenSizes::Dims dims = dimsOf(result);
  std::optional<int64_t> axis = frontAxis(op.getAxis(), dims.size());
  if (!axis)
    return std::nullopt;
  SmallVector<const TokenAxes *> carried;
  bool isAlong = false, isAlone = true;
  for (Value value : op.getInputs()) {
    if (const TokenAxes *axes = axesOf(value)) {
      if (axes->size() != dims.size())
        return std::nullopt;
      isAlong |= holdsTokens((*axes)[*axis]);
      carried.push_back(axes);
      continue;
    }
    // Those after the past ones are where they were. What has another size is
    // no list of past tokens, though it may come from them.
    std::optional<TokenSizes::Dims> own = sizes.dims(value);
    AffineExpr size =
        own && own->size() == dims.size() ? (*own)[*axis] : AffineExpr();
    bool isPast =
        pasts.contains(value) && (!isa_and_present<AffineConstantExpr>(size) ||
                                  llvm::is_contained(pastLengths, size));
    isAlone &= isPast || size == sizes.constant(0);
  }
  if (!isAlong)
    return broadcast(op.getInputs(), result);
  if (!isAlone || carried.size() > 1)
    return moved(result, {*axis}, carried);
  // Its size is that of the new tokens, whatever is known of the past.
  if (AffineExpr size = sizes.sizeOf((*carried.front())[*axis]))
    sizes.identify(dims[*axis], size);
  return Placed{*carried.front()};
}

/// Whether a slice is all that there is along an axis: entry `i` of its ranges.
static bool takesAll(onnx::SliceOp op, size_t i) {
  auto entry = [&](Value list) -> std::optional<int64_t> {
    std::optional<SmallVector<int64_t>> all = raise::integerConstant(list);
    if (!all || i >= all->size())
      return std::nullopt;
    return (*all)[i];
  };
  return entry(op.getStarts()) == 0 &&
         entry(op.getEnds()).value_or(0) >= std::numeric_limits<int32_t>::max();
}

TokenOrder::MaybePlaced TokenOrder::slice(onnx::SliceOp op) {
  const TokenAxes *data = axesOf(op.getData());
  Value result = op.getResult();
  TokenSizes::Dims dims = dimsOf(result);
  if (!data || data->size() != dims.size())
    return std::nullopt;
  std::optional<SmallVector<int64_t>> axes, steps;
  if (op.getAxes())
    axes = raise::integerConstant(op.getAxes());
  else if (TokenSizes::Dims count = dimsOf(op.getStarts()); count.size() == 1)
    if (auto known = dyn_cast<AffineConstantExpr>(count.front()))
      axes = llvm::to_vector(llvm::seq<int64_t>(0, known.getValue()));
  if (op.getSteps())
    steps = raise::integerConstant(op.getSteps());
  TokenAxes placed = *data;
  for (auto [i, axis] : llvm::enumerate(placed)) {
    size_t entry = 0, count = axes ? axes->size() : 0;
    while (entry < count &&
           frontAxis((*axes)[entry], dims.size()) != static_cast<int64_t>(i))
      ++entry;
    if (axes && entry == count)
      continue;
    bool isForward =
        !op.getSteps() ||
        (axes && steps && entry < steps->size() && (*steps)[entry] == 1);
    if (!holdsTokens(axis))
      axis = sizes.axisOfOthers(dims[i]);
    else if (!isForward || !(sizes.equal(sizes.sizeOf(axis), dims[i]) ||
                             (axes && takesAll(op, entry))))
      return moved(result, {}, {data});
  }
  return Placed{placed};
}

TokenOrder::MaybePlaced TokenOrder::pad(onnx::PadOp op) {
  const TokenAxes *data = axesOf(op.getData());
  Value result = op.getResult();
  TokenSizes::Dims dims = dimsOf(result);
  if (!data || data->size() != dims.size())
    return std::nullopt;
  std::optional<SmallVector<int64_t>> pads =
      raise::integerConstant(op.getPads(), 2 * 64);
  std::optional<SmallVector<int64_t>> axes;
  if (op.getAxes())
    axes = raise::integerConstant(op.getAxes());
  else
    axes = llvm::to_vector(llvm::seq<int64_t>(0, dims.size()));
  TokenAxes placed = *data;
  for (auto [i, axis] : llvm::enumerate(placed)) {
    bool isPadded = !axes || !pads || pads->size() != 2 * axes->size();
    for (size_t entry = 0; !isPadded && entry < axes->size(); ++entry)
      isPadded =
          frontAxis((*axes)[entry], dims.size()) == static_cast<int64_t>(i) &&
          ((*pads)[entry] || (*pads)[entry + axes->size()]);
    if (!isPadded)
      continue;
    if (holdsTokens(axis))
      return moved(result, {}, {data});
    axis = sizes.axisOfOthers(dims[i]);
  }
  return Placed{placed};
}

TokenOrder::MaybePlaced TokenOrder::tile(onnx::TileOp op) {
  const TokenAxes *data = axesOf(op.getInput());
  Value result = op.getResult();
  TokenSizes::Dims dims = dimsOf(result);
  if (!data || data->size() != dims.size())
    return std::nullopt;
  std::optional<SmallVector<int64_t>> repeats =
      raise::integerConstant(op.getRepeats());
  for (auto [i, axis] : llvm::enumerate(*data)) {
    bool isOnce = repeats && i < repeats->size() && (*repeats)[i] == 1;
    if (holdsTokens(axis) && !isOnce &&
        !sizes.equal(sizes.sizeOf(axis), dims[i]))
      return moved(result, {}, {data});
  }
  return broadcast(op.getInput(), result);
}

TokenOrder::MaybePlaced TokenOrder::gather(onnx::GatherOp op) {
  const TokenAxes *data = axesOf(op.getData());
  const TokenAxes *indices = axesOf(op.getIndices());
  TokenSizes::Dims dims = dimsOf(op.getResult());
  size_t rank = dimsOf(op.getData()).size(),
         added = dimsOf(op.getIndices()).size();
  std::optional<int64_t> axis = frontAxis(op.getAxis(), rank);
  if (!axis || dims.size() + 1 != rank + added)
    return std::nullopt;
  TokenAxes placed(dims.size());
  for (size_t i = 0; i < dims.size(); ++i)
    placed[i] = sizes.axisOfOthers(dims[i]);
  if (indices)
    for (auto [i, own] : llvm::enumerate(*indices))
      placed[*axis + i] = own;
  if (!data)
    return Placed{placed};
  bool isIndexed = holdsTokens((*data)[*axis]);
  // Each token's index would read of every token.
  if (!isIndexed && indices && holdsTokens(*indices) && holdsTokens(*data))
    return std::nullopt;
  for (auto [i, own] : llvm::enumerate(*data))
    if (static_cast<int64_t>(i) != *axis)
      placed[static_cast<int64_t>(i) < *axis ? i : i + added - 1] = own;
  if (!isIndexed)
    return Placed{placed};
  return moved(op.getResult(),
               llvm::to_vector(llvm::seq<int64_t>(*axis, *axis + added)),
               {&placed});
}

TokenOrder::MaybePlaced TokenOrder::gather(onnx::GatherElementsOp op) {
  const TokenAxes *data = axesOf(op.getData());
  const TokenAxes *indices = axesOf(op.getIndices());
  TokenSizes::Dims dims = dimsOf(op.getResult());
  std::optional<int64_t> axis = frontAxis(op.getAxis(), dims.size());
  if (!axis || (data && data->size() != dims.size()))
    return std::nullopt;
  // As in a table.
  if (!data || !holdsTokens(*data))
    return indices ? Placed{*indices} : broadcast(op.getData(), op.getResult());
  if (holdsTokens((*data)[*axis]))
    return moved(op.getResult(), {*axis}, {data, indices});
  // The indices may be of the first tokens alone.
  for (auto [i, own] : llvm::enumerate(*data))
    if (holdsTokens(own) && !indices &&
        !sizes.equal(sizes.sizeOf(own), dims[i]))
      return moved(op.getResult(), {}, {data});
  return broadcast(op->getOperands(), op.getResult());
}

TokenOrder::MaybePlaced TokenOrder::gather(onnx::GatherNDOp op) {
  const TokenAxes *data = axesOf(op.getData());
  const TokenAxes *indices = axesOf(op.getIndices());
  TokenSizes::Dims dims = dimsOf(op.getResult());
  TokenSizes::Dims shape = dimsOf(op.getIndices());
  size_t rank = dimsOf(op.getData()).size();
  auto length = shape.empty() ? AffineConstantExpr()
                              : dyn_cast<AffineConstantExpr>(shape.back());
  // The indices' dimensions, then what of the data they don't index.
  size_t first = op.getBatchDims(), added = shape.size() - 1;
  if (!length || first > added || length.getValue() < 0 ||
      first + length.getValue() > rank ||
      dims.size() != added + rank - first - length.getValue() ||
      (indices && holdsTokens(indices->back())))
    return std::nullopt;
  size_t rest = first + length.getValue();
  TokenAxes placed(dims.size()), batch(dims.size());
  for (size_t i = 0; i < dims.size(); ++i)
    placed[i] = batch[i] = sizes.axisOfOthers(dims[i]);
  bool isIndexed = false;
  for (size_t i = 0; indices && i < added; ++i)
    placed[i] = (*indices)[i];
  for (size_t i = 0; data && i < rank; ++i) {
    if (i >= first && i < rest)
      isIndexed |= holdsTokens((*data)[i]);
    else
      batch[i < first ? i : i - rest + added] = (*data)[i];
  }
  if (isIndexed) {
    SmallVector<int64_t> along =
        llvm::to_vector(llvm::seq<int64_t>(first, added));
    return moved(op.getResult(), along, {&placed, &batch});
  }
  std::optional<TokenAxes> all = sizes.broadcast({placed, batch}, dims);
  if (!all)
    return std::nullopt;
  return Placed{*all};
}

/// Tokens written among others along an axis that holds some.
TokenOrder::MaybePlaced TokenOrder::scatter(Operation *op, Value indices,
                                            Value updates, int64_t axis) {
  Value data = op->getOperand(0), result = op->getResult(0);
  std::optional<int64_t> along = frontAxis(axis, dimsOf(result).size());
  if (!along)
    return std::nullopt;
  bool isAlong = false;
  SmallVector<const TokenAxes *> carried;
  for (Value value : {data, indices, updates})
    if (const TokenAxes *axes = value ? axesOf(value) : nullptr) {
      carried.push_back(axes);
      // Places in a cache are those of prompts.
      isAlong |=
          axes->size() != dimsOf(result).size() || holdsTokens((*axes)[*along]);
    }
  if (isAlong)
    return moved(result, {*along}, carried);
  return broadcast(op->getOperands(), result);
}

TokenOrder::MaybePlaced TokenOrder::scatter(onnx::ScatterNDOp op) {
  const TokenAxes *data = axesOf(op.getData());
  const TokenAxes *updates = axesOf(op.getUpdates());
  Value result = op.getResult();
  TokenSizes::Dims dims = dimsOf(result), shape = dimsOf(op.getIndices());
  auto length = shape.empty() ? AffineConstantExpr()
                              : dyn_cast<AffineConstantExpr>(shape.back());
  int64_t rank = dims.size();
  if (!length || length.getValue() < 0 || length.getValue() > rank)
    return std::nullopt;
  int64_t indexed = length.getValue();
  // The dimensions of the slices that are written.
  TokenAxes slices(rank);
  bool isIndexed = axesOf(op.getIndices());
  for (int64_t i = 0; updates && i < static_cast<int64_t>(updates->size());
       ++i) {
    int64_t to = i + rank - static_cast<int64_t>(updates->size());
    if (i + 1 < static_cast<int64_t>(shape.size()) || to < indexed)
      isIndexed |= holdsTokens((*updates)[i]);
    else
      slices[to] = (*updates)[i];
  }
  for (int64_t i = 0; data && i < indexed; ++i)
    isIndexed |= holdsTokens((*data)[i]);
  if (isIndexed)
    return moved(result, llvm::to_vector(llvm::seq<int64_t>(0, indexed)),
                 {data, &slices});
  SmallVector<TokenAxes> operands;
  if (data)
    operands.push_back(*data);
  if (updates)
    operands.push_back(slices);
  std::optional<TokenAxes> all = sizes.broadcast(operands, dims);
  if (!all)
    return std::nullopt;
  return Placed{*all};
}

TokenOrder::MaybePlaced TokenOrder::oneHot(onnx::OneHotOp op) {
  const TokenAxes *indices = axesOf(op.getIndices());
  TokenSizes::Dims dims = dimsOf(op.getResult());
  std::optional<int64_t> axis = frontAxis(op.getAxis(), dims.size());
  if (!indices || !axis || indices->size() + 1 != dims.size() ||
      axesOf(op.getDepth()) || axesOf(op.getValues()))
    return std::nullopt;
  TokenAxes placed = *indices;
  placed.insert(placed.begin() + *axis, sizes.axisOfOthers(dims[*axis]));
  return Placed{placed};
}

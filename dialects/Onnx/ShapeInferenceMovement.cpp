//===- ShapeInferenceMovement.cpp - rules of ops that move elements -------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/ShapeInferenceRules.h"

using namespace mlir;

namespace blockattn::onnx {

/// A bound on lengths that become ranks before they are checked: the length of
/// a vector may be any number.
static constexpr int64_t absurdRank = 1 << 16;

/// Hands the elements on where they stay in order.
static void copyContents(SymbolicShapes &shapes, Value from, OpResult to) {
  if (std::optional<ArrayRef<AffineExpr>> elements = shapes.contents(from))
    shapes.setContents(to, *elements);
}

static LogicalResult identity(IdentityOp op, SymbolicShapes &shapes) {
  if (failed(sameAsFirst(op, shapes)))
    return failure();
  copyContents(shapes, op.getInput(), op->getResult(0));
  return success();
}

//===----------------------------------------------------------------------===//
// Reshape
//===----------------------------------------------------------------------===//

/// The dimensions that a Reshape asks for. Null stands for what is not known;
/// `inferred` is the place of -1, or, where all others are known, of the one
/// that is not.
static FailureOr<Dims> requestedDims(ReshapeOp op, SymbolicShapes &shapes,
                                     ArrayRef<AffineExpr> target,
                                     std::optional<ArrayRef<AffineExpr>> data,
                                     std::optional<size_t> &inferred) {
  Dims dims;
  std::optional<size_t> minusOne;
  SmallVector<size_t> unknown;
  for (auto [index, expr] : llvm::enumerate(target)) {
    std::optional<int64_t> number = asConstant(expr);
    AffineExpr dim;
    if (number == 0 && !op.getAllowzero()) {
      if (data && index >= data->size())
        return op->emitOpError()
               << "has a 0 in place " << index
               << " of its shape, but its operand has rank " << data->size();
      if (data)
        dim = (*data)[index];
    } else if (number == -1) {
      if (minusOne)
        return op->emitOpError() << "has more than one -1 in its shape";
      minusOne = index;
    } else if (number && *number < 0) {
      return op->emitOpError() << "has the size " << *number << " in place "
                               << index << " of its shape";
    } else if (shapes.lowerBound(expr).value_or(-1) >= 0) {
      // That a dimension is 0, and so means another, is left to the run.
      dim = expr;
    }
    if (!dim && minusOne != index)
      unknown.push_back(index);
    dims.push_back(dim);
  }
  if (minusOne && unknown.empty())
    inferred = minusOne;
  else if (!minusOne && unknown.size() == 1)
    inferred = unknown.front();
  return dims;
}

/// Drops what both lists have from both. True if nothing dropped can be 0.
static bool cancel(SymbolicShapes &shapes, Dims &a, Dims &b) {
  bool positive = true;
  llvm::erase_if(a, [&](AffineExpr expr) {
    auto *it = llvm::find_if(
        b, [&](AffineExpr other) { return shapes.provenEqual(expr, other); });
    if (it == b.end())
      return false;
    b.erase(it);
    positive &= shapes.lowerBound(expr).value_or(0) > 0;
    return true;
  });
  return positive;
}

static LogicalResult reshape(ReshapeOp op, SymbolicShapes &shapes) {
  OpResult result = op->getResult(0);
  Type type = shapes.elementType(op.getData());
  std::optional<ArrayRef<AffineExpr>> data = shapes.dims(op.getData());
  std::optional<ArrayRef<AffineExpr>> target =
      shapes.contentsOrSymbols(op.getShape());
  if (!target)
    return shapes.set(result, type, std::nullopt);
  std::optional<size_t> inferred;
  FailureOr<Dims> dims = requestedDims(op, shapes, *target, data, inferred);
  if (failed(dims))
    return failure();
  bool complete = llvm::all_of(*dims, [](AffineExpr dim) { return bool(dim); });
  if (data && (inferred || complete)) {
    Dims from(*data), to;
    for (AffineExpr dim : *dims)
      if (dim)
        to.push_back(dim);
    bool positive = cancel(shapes, from, to);
    AffineExpr have = shapes.product(from), want = shapes.product(to);
    if (inferred && have && want) {
      std::optional<int64_t> all = asConstant(have), part = asConstant(want);
      if (all && part && *part != 0 && *all % *part != 0)
        return op->emitOpError() << "can not make dimensions of " << *part
                                 << " elements out of " << *all;
      (*dims)[*inferred] = shapes.exactQuotient(have, want);
    }
    // If something cancelled is 0, the equation says nothing; a sum of
    // products says little.
    bool simple = (from.size() <= 1 && to.size() <= 1) ||
                  (asConstant(have) && asConstant(want));
    if (complete && positive && simple)
      if (failed(requireEqual(op, shapes, have, want,
                              "has operand and shape of different sizes")))
        return failure();
  }
  if (failed(shapes.set(result, type, ArrayRef<AffineExpr>(*dims))))
    return failure();
  copyContents(shapes, op.getData(), result);
  return success();
}

static LogicalResult flatten(FlattenOp op, SymbolicShapes &shapes) {
  OpResult result = op->getResult(0);
  Type type = shapes.elementType(op.getInput());
  Dims dims(2);
  if (std::optional<ArrayRef<AffineExpr>> data = shapes.dims(op.getInput())) {
    int64_t rank = data->size(), axis = op.getAxis();
    if (axis < -rank || axis > rank)
      return op->emitOpError() << "has axis " << axis << ", which is not in [-"
                               << rank << ", " << rank << ']';
    axis += axis < 0 ? rank : 0;
    dims[0] = shapes.product(data->take_front(axis));
    dims[1] = shapes.product(data->drop_front(axis));
  }
  return shapes.set(result, type, ArrayRef<AffineExpr>(dims));
}

static LogicalResult squeeze(SqueezeOp op, SymbolicShapes &shapes) {
  OpResult result = op->getResult(0);
  Type type = shapes.elementType(op.getData());
  std::optional<ArrayRef<AffineExpr>> data = shapes.dims(op.getData());
  if (!data)
    return shapes.set(result, type, std::nullopt);
  Dims dims;
  if (op.getAxes()) {
    FailureOr<std::optional<SmallVector<int64_t>>> axes =
        constantAxes(op, shapes, op.getAxes(), data->size());
    if (failed(axes))
      return failure();
    if (!*axes)
      return shapes.set(result, type, std::nullopt);
    for (auto [index, dim] : llvm::enumerate(*data)) {
      if (!llvm::is_contained(**axes, int64_t(index)))
        dims.push_back(dim);
      else if (failed(requireEqual(op, shapes, dim, shapes.constant(1),
                                   "drops a dimension that is not 1")))
        return failure();
    }
  } else {
    for (AffineExpr dim : *data) {
      if (!asConstant(dim) && shapes.lowerBound(dim).value_or(0) < 2)
        return shapes.set(result, type, std::nullopt);
      if (asConstant(dim) != 1)
        dims.push_back(dim);
    }
  }
  if (failed(shapes.set(result, type, ArrayRef<AffineExpr>(dims))))
    return failure();
  copyContents(shapes, op.getData(), result);
  return success();
}

static LogicalResult unsqueeze(UnsqueezeOp op, SymbolicShapes &shapes) {
  OpResult result = op->getResult(0);
  Type type = shapes.elementType(op.getData());
  std::optional<ArrayRef<AffineExpr>> data = shapes.dims(op.getData());
  std::optional<int64_t> count = staticLength(shapes, op.getAxes());
  if (!data || !count)
    return shapes.set(result, type, std::nullopt);
  int64_t rank = data->size() + std::min(*count, absurdRank);
  FailureOr<std::optional<SmallVector<int64_t>>> axes =
      constantAxes(op, shapes, op.getAxes(), rank);
  if (failed(axes))
    return failure();
  Dims dims(rank);
  if (*axes) {
    const AffineExpr *next = data->begin();
    for (int64_t index = 0; index < rank; ++index)
      dims[index] =
          llvm::is_contained(**axes, index) ? shapes.constant(1) : *next++;
  }
  if (failed(shapes.set(result, type, ArrayRef<AffineExpr>(dims))))
    return failure();
  copyContents(shapes, op.getData(), result);
  return success();
}

static LogicalResult transpose(TransposeOp op, SymbolicShapes &shapes) {
  OpResult result = op->getResult(0);
  Type type = shapes.elementType(op.getData());
  std::optional<ArrayRef<AffineExpr>> data = shapes.dims(op.getData());
  std::optional<ArrayRef<int64_t>> perm = op.getPerm();
  if (!data) {
    // The length of a permutation is a rank.
    Dims unknown(perm ? perm->size() : 0);
    return shapes.set(result, type,
                      perm ? std::optional<ArrayRef<AffineExpr>>(unknown)
                           : std::nullopt);
  }
  Dims dims(llvm::reverse(*data));
  if (perm) {
    if (perm->size() != data->size())
      return op->emitOpError()
             << "has a permutation of " << perm->size()
             << " dimensions for an operand of rank " << data->size();
    for (auto [dim, from] : llvm::zip_equal(dims, *perm)) {
      if (from < 0 || from >= int64_t(data->size()))
        return op->emitOpError() << "has " << from << " in its permutation";
      dim = (*data)[from];
    }
  }
  if (failed(shapes.set(result, type, ArrayRef<AffineExpr>(dims))))
    return failure();
  copyContents(shapes, op.getData(), result);
  return success();
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

static LogicalResult expand(ExpandOp op, SymbolicShapes &shapes) {
  OpResult result = op->getResult(0);
  Type type = shapes.elementType(op.getInput());
  std::optional<ArrayRef<AffineExpr>> data = shapes.dims(op.getInput());
  std::optional<ArrayRef<AffineExpr>> target =
      shapes.contentsOrSymbols(op.getShape());
  if (!data || !target) {
    // The result's rank is at least the number of sizes asked for.
    std::optional<int64_t> count = staticLength(shapes, op.getShape());
    if (!data || !count)
      return shapes.set(result, type, std::nullopt);
    Dims unknown(std::max<size_t>(data->size(), std::min(*count, absurdRank)));
    return shapes.set(result, type, ArrayRef<AffineExpr>(unknown));
  }
  FailureOr<std::optional<Dims>> dims =
      broadcastDims(op, shapes, ArrayRef<ArrayRef<AffineExpr>>{*data, *target});
  if (failed(dims) || failed(shapes.set(result, type, *dims)))
    return failure();
  std::optional<ArrayRef<AffineExpr>> elements = shapes.contents(op.getInput());
  std::optional<int64_t> count = staticLength(shapes, result);
  if (elements && count && elements->size() == 1 && *count <= 256)
    shapes.setContents(result, Dims(*count, elements->front()));
  else if (elements)
    shapes.setContents(result, *elements);
  return success();
}

static LogicalResult tile(TileOp op, SymbolicShapes &shapes) {
  OpResult result = op->getResult(0);
  std::optional<Dims> dims = copyDims(shapes, op.getInput());
  std::optional<ArrayRef<AffineExpr>> repeats =
      shapes.contentsOrSymbols(op.getRepeats());
  if (dims && repeats && repeats->size() != dims->size())
    return op->emitOpError()
           << "has " << repeats->size() << " repeats for an operand of rank "
           << dims->size();
  if (dims)
    for (auto [index, dim] : llvm::enumerate(*dims))
      dim = repeats ? shapes.product({dim, (*repeats)[index]}) : AffineExpr();
  return shapes.set(result, shapes.elementType(op.getInput()), dims);
}

static LogicalResult concat(ConcatOp op, SymbolicShapes &shapes) {
  OpResult result = op->getResult(0);
  Type type = commonElementType(shapes, op->getOperands());
  std::optional<Dims> dims;
  int64_t axis = 0;
  for (Value operand : op->getOperands()) {
    std::optional<ArrayRef<AffineExpr>> part = shapes.dims(operand);
    if (!part)
      continue;
    if (!dims) {
      dims = Dims(*part);
      FailureOr<int64_t> normal = normalAxis(op, op.getAxis(), part->size());
      if (failed(normal))
        return failure();
      axis = *normal;
      (*dims)[axis] = shapes.constant(0);
    }
    if (part->size() != dims->size())
      return op->emitOpError() << "has operands of the ranks " << dims->size()
                               << " and " << part->size();
    for (auto [index, dim] : llvm::enumerate(*part)) {
      if (int64_t(index) == axis)
        continue;
      if (failed(requireEqual(op, shapes, (*dims)[index], dim,
                              "has operands of different sizes in dimension " +
                                  Twine(index))))
        return failure();
      if (asConstant(dim))
        (*dims)[index] = dim;
    }
  }
  if (dims)
    for (Value operand : op->getOperands()) {
      std::optional<ArrayRef<AffineExpr>> part = shapes.dims(operand);
      AffineExpr &sum = (*dims)[axis];
      sum = sum && part ? sum + (*part)[axis] : AffineExpr();
    }
  if (failed(shapes.set(result, type, dims)))
    return failure();

  bool useful = llvm::any_of(op->getOperands(), [&](Value operand) {
    return shapes.contents(operand).has_value();
  });
  SmallVector<AffineExpr> elements;
  for (Value operand : op->getOperands()) {
    std::optional<ArrayRef<AffineExpr>> part;
    if (useful)
      part = shapes.contentsOrSymbols(operand);
    if (!part)
      return success();
    elements.append(part->begin(), part->end());
  }
  shapes.setContents(result, elements);
  return success();
}

static LogicalResult pad(PadOp op, SymbolicShapes &shapes) {
  OpResult result = op->getResult(0);
  Type type = shapes.elementType(op.getData());
  std::optional<Dims> dims = copyDims(shapes, op.getData());
  if (!dims)
    return shapes.set(result, type, std::nullopt);
  std::optional<SmallVector<int64_t>> axes =
      llvm::to_vector(llvm::seq<int64_t>(0, dims->size()));
  if (op.getAxes()) {
    FailureOr<std::optional<SmallVector<int64_t>>> list =
        constantAxes(op, shapes, op.getAxes(), dims->size());
    if (failed(list))
      return failure();
    axes = *list;
  }
  std::optional<ArrayRef<AffineExpr>> pads =
      shapes.contentsOrSymbols(op.getPads());
  if (!axes || !pads)
    return shapes.set(result, type, ArrayRef<AffineExpr>(Dims(dims->size())));
  if (pads->size() != 2 * axes->size())
    return op->emitOpError()
           << "has " << pads->size() << " pads for " << axes->size() << " axes";
  for (auto [index, axis] : llvm::enumerate(*axes))
    (*dims)[axis] =
        (*dims)[axis] + (*pads)[index] + (*pads)[index + axes->size()];
  return shapes.set(result, type, ArrayRef<AffineExpr>(*dims));
}

void addMovementRules(ShapeRules &rules) {
  rules.add<IdentityOp>(identity);
  rules.add<ReshapeOp>(reshape);
  rules.add<FlattenOp>(flatten);
  rules.add<SqueezeOp>(squeeze);
  rules.add<UnsqueezeOp>(unsqueeze);
  rules.add<TransposeOp>(transpose);
  rules.add<ExpandOp>(expand);
  rules.add<TileOp>(tile);
  rules.add<ConcatOp>(concat);
  rules.add<PadOp>(pad);
  rules.addAll<TriluOp>(sameAsFirst);
}

} // namespace blockattn::onnx

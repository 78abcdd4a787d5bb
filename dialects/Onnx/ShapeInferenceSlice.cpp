//===- ShapeInferenceSlice.cpp - rules of Slice and Split -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/ShapeInferenceRules.h"

#include <limits>

using namespace mlir;

namespace blockattn::onnx {

//===----------------------------------------------------------------------===//
// Slice
//===----------------------------------------------------------------------===//

/// A bound that exporters write for "to the end": no dimension gets there.
static constexpr int64_t theEnd = std::numeric_limits<int32_t>::max();

/// A start or an end, counted from the front and clamped to [low, dim + high]
/// as the spec has it; null when it is not known which.
static AffineExpr clampBound(SymbolicShapes &shapes, AffineExpr bound,
                             AffineExpr dim, int64_t low, int64_t high) {
  std::optional<int64_t> number = asConstant(bound), size = asConstant(dim);
  if (number && *number >= theEnd)
    return dim + high;
  if (number && *number <= -theEnd)
    return shapes.constant(low);
  if (number && size) {
    int64_t value = *number < 0 ? *number + *size : *number;
    return shapes.constant(std::max(low, std::min(value, *size + high)));
  }
  // "From the last one": if there is none, nothing is taken either way.
  if (number == -1 && high == -1)
    return dim - 1;
  AffineExpr opposite = shapes.canonical(-bound);
  if (!opposite)
    return {};
  // From the back.
  if (shapes.lowerBound(opposite).value_or(0) > 0)
    bound = shapes.canonical(bound + dim);
  else if (shapes.lowerBound(bound).value_or(-1) < 0)
    return {};
  if (!bound)
    return {};
  AffineExpr room = shapes.canonical(dim + high - bound);
  AffineExpr below = shapes.canonical(shapes.constant(low) - bound);
  AffineExpr above = shapes.canonical(bound - low);
  if (!room || !below || !above)
    return {};
  if (shapes.lowerBound(below).value_or(-1) >= 0)
    return shapes.constant(low);
  AffineExpr excess = shapes.canonical(-room);
  if (excess && shapes.lowerBound(excess).value_or(-1) >= 0)
    return dim + high;
  if (shapes.lowerBound(above).value_or(-1) < 0 ||
      shapes.lowerBound(room).value_or(-1) < 0)
    return {};
  return bound;
}

namespace {
/// What is taken of one dimension.
struct Taken {
  AffineExpr start, length;
  int64_t step = 1;
};
} // namespace

static Taken takenOf(SymbolicShapes &shapes, AffineExpr dim, AffineExpr start,
                     AffineExpr end, AffineExpr step) {
  Taken taken;
  std::optional<int64_t> by = asConstant(step);
  if (!by || *by == 0 || *by == std::numeric_limits<int64_t>::min())
    return taken;
  taken.step = *by;
  if (asConstant(dim) == 0) {
    taken.start = taken.length = dim;
    return taken;
  }
  bool forward = *by > 0;
  // Going backward starts at the last element at most, and ends before it
  // gets to -1.
  taken.start = clampBound(shapes, start, dim, 0, forward ? 0 : -1);
  AffineExpr stop =
      clampBound(shapes, end, dim, forward ? 0 : -1, forward ? 0 : -1);
  if (!taken.start || !stop)
    return taken;
  AffineExpr span =
      shapes.canonical(forward ? stop - taken.start : taken.start - stop);
  AffineExpr negative = span ? shapes.canonical(-span) : AffineExpr();
  if (!negative)
    return taken;
  if (shapes.lowerBound(negative).value_or(-1) >= 0)
    taken.length = shapes.constant(0);
  else if (shapes.lowerBound(span).value_or(-1) >= 0)
    taken.length = shapes.canonical(span.ceilDiv(std::abs(*by)));
  return taken;
}

static LogicalResult slice(SliceOp op, SymbolicShapes &shapes) {
  OpResult result = op->getResult(0);
  Type type = shapes.elementType(op.getData());
  std::optional<Dims> dims = copyDims(shapes, op.getData());
  if (!dims)
    return shapes.set(result, type, std::nullopt);
  size_t rank = dims->size();
  std::optional<ArrayRef<AffineExpr>> starts =
      shapes.contentsOrSymbols(op.getStarts());
  std::optional<ArrayRef<AffineExpr>> ends =
      shapes.contentsOrSymbols(op.getEnds());
  std::optional<SmallVector<int64_t>> axes;
  if (op.getAxes()) {
    FailureOr<std::optional<SmallVector<int64_t>>> list =
        constantAxes(op, shapes, op.getAxes(), rank);
    if (failed(list))
      return failure();
    axes = *list;
  } else if (starts) {
    axes = llvm::to_vector(llvm::seq<int64_t>(0, starts->size()));
  }
  SmallVector<AffineExpr> one;
  std::optional<ArrayRef<AffineExpr>> steps;
  if (op.getSteps()) {
    steps = shapes.contentsOrSymbols(op.getSteps());
  } else if (starts) {
    one.assign(starts->size(), shapes.constant(1));
    steps = one;
  }
  if (!axes)
    return shapes.set(result, type, ArrayRef<AffineExpr>(Dims(rank)));
  if ((starts && starts->size() != axes->size()) ||
      (ends && ends->size() != axes->size()) ||
      (steps && steps->size() != axes->size()) || axes->size() > rank)
    return op->emitOpError()
           << "has starts, ends, axes and steps of different lengths";

  Taken last;
  for (auto [index, axis] : llvm::enumerate(*axes)) {
    if (starts && ends && steps)
      last = takenOf(shapes, (*dims)[axis], (*starts)[index], (*ends)[index],
                     (*steps)[index]);
    (*dims)[axis] = last.length;
  }
  if (failed(shapes.set(result, type, ArrayRef<AffineExpr>(*dims))))
    return failure();

  std::optional<ArrayRef<AffineExpr>> elements = shapes.contents(op.getData());
  std::optional<int64_t> start = asConstant(last.start),
                         length = asConstant(last.length);
  if (!elements || axes->size() != 1 || !start || !length)
    return success();
  SmallVector<AffineExpr> part;
  for (int64_t index = 0; index < *length; ++index)
    part.push_back((*elements)[*start + index * last.step]);
  shapes.setContents(result, part);
  return success();
}

//===----------------------------------------------------------------------===//
// Split
//===----------------------------------------------------------------------===//

/// The lengths of the parts; null where not known.
static FailureOr<Dims> partLengths(SplitOp op, SymbolicShapes &shapes,
                                   AffineExpr whole) {
  int64_t count = op->getNumResults();
  if (count == 0)
    return op->emitOpError() << "has no results";
  if (op.getSplit()) {
    std::optional<ArrayRef<AffineExpr>> lengths =
        shapes.contentsOrSymbols(op.getSplit());
    if (!lengths)
      return Dims(count);
    if (int64_t(lengths->size()) != count)
      return op->emitOpError() << "has " << lengths->size() << " lengths for "
                               << count << " results";
    AffineExpr sum = shapes.constant(0);
    for (AffineExpr length : *lengths)
      sum = sum + length;
    // A split into one part is there to be checked in the run: were its length
    // taken for the whole, it would be left out.
    sum = shapes.canonical(sum);
    bool isDecided = asConstant(sum) && asConstant(whole);
    if ((count > 1 || isDecided) &&
        failed(requireEqual(op, shapes, sum, whole,
                            "has parts that do not make the whole")))
      return failure();
    return Dims(*lengths);
  }
  if (AffineExpr part = shapes.exactQuotient(whole, shapes.constant(count)))
    return Dims(count, part);
  AffineExpr chunk = shapes.canonical(whole.ceilDiv(count));
  if (!chunk)
    return Dims(count);
  AffineExpr before = shapes.product({chunk, shapes.constant(count - 1)});
  Dims lengths(count, chunk);
  lengths.back() = before ? whole - before : AffineExpr();
  // Fewer elements than parts: the last ones would be less than nothing.
  if (asConstant(whole)) {
    if (std::optional<int64_t> rest = asConstant(lengths.back());
        rest && *rest < 0)
      return op->emitOpError() << "cuts " << *asConstant(whole)
                               << " elements into " << count << " parts";
  }
  return lengths;
}

static LogicalResult split(SplitOp op, SymbolicShapes &shapes) {
  Type type = shapes.elementType(op.getInput());
  std::optional<Dims> dims = copyDims(shapes, op.getInput());
  if (!dims) {
    for (OpResult result : op->getResults())
      if (failed(shapes.set(result, type, std::nullopt)))
        return failure();
    return success();
  }
  FailureOr<int64_t> axis = normalAxis(op, op.getAxis(), dims->size());
  if (failed(axis))
    return failure();
  FailureOr<Dims> lengths = partLengths(op, shapes, (*dims)[*axis]);
  if (failed(lengths))
    return failure();
  std::optional<ArrayRef<AffineExpr>> elements = shapes.contents(op.getInput());
  int64_t start = 0;
  for (auto [result, length] : llvm::zip_equal(op->getResults(), *lengths)) {
    (*dims)[*axis] = length;
    if (failed(shapes.set(result, type, ArrayRef<AffineExpr>(*dims))))
      return failure();
    std::optional<int64_t> count = asConstant(length);
    if (!elements || !count || *count > int64_t(elements->size()) - start) {
      elements = std::nullopt;
      continue;
    }
    shapes.setContents(result, elements->slice(start, *count));
    start += *count;
  }
  return success();
}

void addSliceRules(ShapeRules &rules) {
  rules.add<SliceOp>(slice);
  rules.add<SplitOp>(split);
}

} // namespace blockattn::onnx

//===- EvaluateIndexing.cpp - gather and scatter --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/EvaluateRules.h"
#include "dialects/Onnx/Onnx.h"
#include "llvm/ADT/StringSwitch.h"
#include <cstring>

using namespace mlir;
using namespace blockattn::onnx;

// An index in [-dim, dim), brought into [0, dim).
static FailureOr<int64_t> wrapIndex(RuleContext &c, int64_t index,
                                    int64_t dim) {
  if (index < -dim || index >= dim)
    return c.fail("index " + Twine(index) + " is outside of a dimension of " +
                  Twine(dim));
  return index < 0 ? index + dim : index;
}

static void copyRun(HostTensor &to, int64_t i, const HostTensor &from,
                    int64_t j, int64_t count) {
  int64_t width = byteWidth(to.getScalar());
  if (count)
    std::memcpy(to.getMutableBytes().data() + i * width,
                from.getBytes().data() + j * width, count * width);
}

//===----------------------------------------------------------------------===//
// Gather
//===----------------------------------------------------------------------===//

static LogicalResult evalGather(GatherOp op, In<GatherOp> in, RuleContext &c) {
  const HostTensor &x = *in.getData(), &indices = *in.getIndices();
  FailureOr<int64_t> axis = c.axis(op.getAxis(), x.getRank());
  if (failed(axis))
    return failure();
  SmallVector<int64_t> shape(x.getShape().take_front(*axis));
  llvm::append_range(shape, indices.getShape());
  llvm::append_range(shape, x.getShape().drop_front(*axis + 1));
  HostTensor y = c.make(x.getElementType(), shape);
  if (!y)
    return failure();
  AxisSplit split(x.getShape(), *axis);
  int64_t count = indices.getNumElements();
  for (int64_t i = 0; i < count; ++i) {
    FailureOr<int64_t> index = wrapIndex(c, indices.getI(i), split.length);
    if (failed(index))
      return failure();
    for (int64_t o = 0; o < split.outer; ++o)
      copyRun(y, (o * count + i) * split.inner, x,
              (o * split.length + *index) * split.inner, split.inner);
  }
  return c.set(0, std::move(y));
}

// Calls body(i, at) for each element of `indices`, with the flat index `at`
// into x at the same place, but for the axis, where the index stands.
static LogicalResult
forEachElementIndex(RuleContext &c, const HostTensor &x,
                    const HostTensor &indices, int64_t rawAxis,
                    llvm::function_ref<void(int64_t, int64_t)> body) {
  if (x.getRank() != indices.getRank() || x.getRank() == 0)
    return c.fail("data and indices must have one rank, which is not 0");
  FailureOr<int64_t> axis = c.axis(rawAxis, x.getRank());
  if (failed(axis))
    return failure();
  for (int64_t d = 0; d < x.getRank(); ++d)
    if (d != *axis && indices.getDim(d) > x.getDim(d))
      return c.fail("the indices are longer than the data in dimension " +
                    Twine(d));
  SmallVector<int64_t> strides = stridesOf(x.getShape());
  int64_t alongAxis = strides[*axis];
  strides[*axis] = 0;
  LogicalResult status = success();
  walk(indices.getShape(), {strides}, [&](int64_t i, ArrayRef<int64_t> at) {
    if (failed(status))
      return;
    FailureOr<int64_t> index = wrapIndex(c, indices.getI(i), x.getDim(*axis));
    if (failed(index))
      status = failure();
    else
      body(i, at[0] + *index * alongAxis);
  });
  return status;
}

static LogicalResult evalGatherElements(GatherElementsOp op,
                                        In<GatherElementsOp> in,
                                        RuleContext &c) {
  const HostTensor &x = *in.getData();
  HostTensor y = c.make(x.getElementType(), in.getIndices()->getShape());
  if (!y || failed(forEachElementIndex(
                c, x, *in.getIndices(), op.getAxis(),
                [&](int64_t i, int64_t at) { copyElement(y, i, x, at); })))
    return failure();
  return c.set(0, std::move(y));
}

// Reads the index vectors in the last dimension of `indices`, after
// `batchDims` dimensions that run along with those of the data. Calls
// body(i, at) with the number of the vector and the flat index of the slice.
static LogicalResult
forEachIndexVector(RuleContext &c, ArrayRef<int64_t> shape,
                   const HostTensor &indices, int64_t batchDims,
                   llvm::function_ref<void(int64_t, int64_t)> body) {
  int64_t depth = indices.getShape().back();
  SmallVector<int64_t> strides = stridesOf(shape);
  int64_t batches = countElements(shape.take_front(batchDims)).value_or(0);
  int64_t perBatch = countElements(shape.drop_front(batchDims)).value_or(0);
  int64_t vectors = countElements(indices.getShape().drop_back()).value_or(0);
  int64_t vectorsPerBatch = batches ? vectors / batches : 0;
  for (int64_t i = 0; i < vectors; ++i) {
    int64_t at = vectorsPerBatch ? i / vectorsPerBatch * perBatch : 0;
    for (int64_t d = 0; d < depth; ++d) {
      FailureOr<int64_t> index =
          wrapIndex(c, indices.getI(i * depth + d), shape[batchDims + d]);
      if (failed(index))
        return failure();
      at += *index * strides[batchDims + d];
    }
    body(i, at);
  }
  return success();
}

static LogicalResult evalGatherND(GatherNDOp op, In<GatherNDOp> in,
                                  RuleContext &c) {
  const HostTensor &x = *in.getData(), &indices = *in.getIndices();
  int64_t batchDims = op.getBatchDims();
  if (batchDims < 0 || batchDims >= std::min(x.getRank(), indices.getRank()))
    return c.fail("batch_dims is " + Twine(batchDims) +
                  ", which does not fit the ranks of the operands");
  if (x.getShape().take_front(batchDims) !=
      indices.getShape().take_front(batchDims))
    return c.fail("data and indices differ in the batch dimensions");
  int64_t depth = indices.getShape().back();
  if (depth < 1 || depth > x.getRank() - batchDims)
    return c.fail("index vectors of " + Twine(depth) +
                  " elements do not fit the rank of the data");
  SmallVector<int64_t> shape(indices.getShape().drop_back());
  llvm::append_range(shape, x.getShape().drop_front(batchDims + depth));
  HostTensor y = c.make(x.getElementType(), shape);
  if (!y)
    return failure();
  int64_t slice =
      countElements(x.getShape().drop_front(batchDims + depth)).value_or(0);
  if (failed(forEachIndexVector(
          c, x.getShape(), indices, batchDims,
          [&](int64_t i, int64_t at) { copyRun(y, i * slice, x, at, slice); })))
    return failure();
  return c.set(0, std::move(y));
}

//===----------------------------------------------------------------------===//
// Scatter
//===----------------------------------------------------------------------===//

namespace {
enum class Combine { Replace, Add, Mul, Max, Min };
} // namespace

static std::optional<Combine> parseCombine(StringRef reduction) {
  return llvm::StringSwitch<std::optional<Combine>>(reduction)
      .Case("none", Combine::Replace)
      .Case("add", Combine::Add)
      .Case("mul", Combine::Mul)
      .Case("max", Combine::Max)
      .Case("min", Combine::Min)
      .Default(std::nullopt);
}

static void combine(Combine how, HostTensor &y, int64_t i, const HostTensor &x,
                    int64_t j) {
  switch (how) {
  case Combine::Replace:
    return copyElement(y, i, x, j);
  case Combine::Add:
    return isFloat(y.getScalar())
               ? y.setF(i, y.getF(i) + x.getF(j))
               : y.setI(i, static_cast<int64_t>(uint64_t(y.getI(i)) +
                                                uint64_t(x.getI(j))));
  case Combine::Mul:
    return isFloat(y.getScalar())
               ? y.setF(i, y.getF(i) * x.getF(j))
               : y.setI(i, static_cast<int64_t>(uint64_t(y.getI(i)) *
                                                uint64_t(x.getI(j))));
  case Combine::Max:
  case Combine::Min:
    if (isNaNAt(x, j) ||
        compareElements(x, j, y, i) == (how == Combine::Max ? 1 : -1))
      copyElement(y, i, x, j);
    return;
  }
}

static LogicalResult evalScatterElements(ScatterElementsOp op,
                                         In<ScatterElementsOp> in,
                                         RuleContext &c) {
  const HostTensor &updates = *in.getUpdates();
  std::optional<Combine> how = parseCombine(op.getReduction());
  if (!how)
    return c.fail("reduction '" + op.getReduction() + "' is unknown");
  if (updates.getShape() != in.getIndices()->getShape() ||
      updates.getElementType() != in.getData()->getElementType())
    return c.fail("updates must have the shape of the indices and the type of "
                  "the data");
  HostTensor y = *in.getData();
  if (failed(forEachElementIndex(
          c, y, *in.getIndices(), op.getAxis(),
          [&](int64_t i, int64_t at) { combine(*how, y, at, updates, i); })))
    return failure();
  return c.set(0, std::move(y));
}

static LogicalResult evalScatterND(ScatterNDOp op, In<ScatterNDOp> in,
                                   RuleContext &c) {
  const HostTensor &x = *in.getData(), &indices = *in.getIndices(),
                   &updates = *in.getUpdates();
  std::optional<Combine> how = parseCombine(op.getReduction());
  if (!how)
    return c.fail("reduction '" + op.getReduction() + "' is unknown");
  if (indices.getRank() < 1 || indices.getShape().back() > x.getRank())
    return c.fail("the index vectors do not fit the rank of the data");
  SmallVector<int64_t> shape(indices.getShape().drop_back());
  llvm::append_range(shape, x.getShape().drop_front(indices.getShape().back()));
  if (updates.getShape() != ArrayRef<int64_t>(shape) ||
      updates.getElementType() != x.getElementType())
    return c.fail(
        "updates must have a slice of the data for each index vector");
  HostTensor y = x;
  int64_t slice =
      countElements(x.getShape().drop_front(indices.getShape().back()))
          .value_or(0);
  if (failed(forEachIndexVector(c, x.getShape(), indices, /*batchDims=*/0,
                                [&](int64_t i, int64_t at) {
                                  for (int64_t e = 0; e < slice; ++e)
                                    combine(*how, y, at + e, updates,
                                            i * slice + e);
                                })))
    return failure();
  return c.set(0, std::move(y));
}

static LogicalResult evalTensorScatter(TensorScatterOp op,
                                       In<TensorScatterOp> in, RuleContext &c) {
  const HostTensor &cache = *in.getPastCache(), &update = *in.getUpdate(),
                   *starts = in.getWriteIndices();
  FailureOr<int64_t> axis = c.axis(op.getAxis(), cache.getRank());
  if (failed(axis))
    return failure();
  if (*axis == 0)
    return c.fail("the axis must not be the batch dimension");
  bool fits = cache.getRank() == update.getRank() &&
              cache.getElementType() == update.getElementType();
  for (int64_t d = 0; fits && d < cache.getRank(); ++d)
    fits = d == *axis ? update.getDim(d) <= cache.getDim(d)
                      : update.getDim(d) == cache.getDim(d);
  if (!fits)
    return c.fail("the update does not fit the cache");
  if (starts && starts->getNumElements() != cache.getDim(0))
    return c.fail("'write_indices' must have an element for each batch entry");

  bool circular = op.getMode() == "circular";
  AxisSplit to(cache.getShape(), *axis), from(update.getShape(), *axis);
  int64_t outerPerBatch = cache.getDim(0) ? to.outer / cache.getDim(0) : 0;
  HostTensor y = cache;
  for (int64_t o = 0; o < from.outer; ++o) {
    int64_t start = starts ? starts->getI(o / outerPerBatch) : 0;
    if (start < 0 || (!circular && start > to.length - from.length))
      return c.fail("write index " + Twine(start) +
                    " puts the update outside of the cache");
    for (int64_t i = 0; i < from.length; ++i) {
      int64_t place =
          circular ? (start % to.length + i) % to.length : start + i;
      copyRun(y, (o * to.length + place) * to.inner, update,
              (o * from.length + i) * from.inner, from.inner);
    }
  }
  return c.set(0, std::move(y));
}

void blockattn::onnx::addIndexingRules(RuleTable &t) {
  t.add<GatherOp>(evalGather);
  t.add<GatherElementsOp>(evalGatherElements);
  t.add<GatherNDOp>(evalGatherND);
  t.add<ScatterElementsOp>(evalScatterElements);
  t.add<ScatterNDOp>(evalScatterND);
  t.add<TensorScatterOp>(evalTensorScatter);
}

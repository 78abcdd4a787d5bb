//===- EvaluateMovement.cpp - ops that rearrange elements -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/EvaluateRules.h"
#include "dialects/Onnx/Onnx.h"
#include "llvm/Support/MathExtras.h"
#include <cstring>

using namespace mlir;
using namespace blockattn::onnx;

// The elements of x from `offset` on, read with `strides` as a tensor of
// `shape`.
static LogicalResult setStrided(RuleContext &c, const HostTensor &x,
                                ArrayRef<int64_t> shape, int64_t offset,
                                SmallVector<int64_t> strides) {
  HostTensor y = c.make(x.getElementType(), shape);
  if (!y)
    return failure();
  walk(shape, {std::move(strides)}, [&](int64_t i, ArrayRef<int64_t> at) {
    copyElement(y, i, x, offset + at[0]);
  });
  return c.set(0, std::move(y));
}

static LogicalResult setReshaped(RuleContext &c, const HostTensor &x,
                                 ArrayRef<int64_t> shape) {
  HostTensor y = x.reshaped(shape);
  if (!y)
    return c.fail("the new shape has not as many elements as the operand (" +
                  Twine(x.getNumElements()) + ")");
  return c.set(0, std::move(y));
}

//===----------------------------------------------------------------------===//
// The same elements under another shape
//===----------------------------------------------------------------------===//

static LogicalResult evalIdentity(IdentityOp op, In<IdentityOp> in,
                                  RuleContext &c) {
  return c.set(0, *in.getInput());
}

static LogicalResult evalReshape(ReshapeOp op, In<ReshapeOp> in,
                                 RuleContext &c) {
  const HostTensor &x = *in.getData();
  auto shape = c.ints(in.getShape(), "shape");
  if (failed(shape))
    return failure();
  int64_t inferred = -1;
  for (auto [i, dim] : llvm::enumerate(*shape)) {
    if (dim == 0 && !op.getAllowzero()) {
      if (static_cast<int64_t>(i) >= x.getRank())
        return c.fail("the 0 at place " + Twine(i) +
                      " of the shape stands for no dimension of the operand");
      dim = x.getDim(i);
    } else if (dim == -1) {
      if (inferred >= 0)
        return c.fail("the shape has more than one -1");
      inferred = i;
    } else if (dim < 0) {
      return c.fail("the shape has the negative dimension " + Twine(dim));
    }
  }
  if (inferred >= 0) {
    (*shape)[inferred] = 1;
    std::optional<int64_t> others = countElements(*shape);
    if (!others || (*others == 0 ? x.getNumElements() != 0
                                 : x.getNumElements() % *others != 0))
      return c.fail("the -1 in the shape has no solution");
    (*shape)[inferred] = *others == 0 ? 0 : x.getNumElements() / *others;
  }
  return setReshaped(c, x, *shape);
}

static LogicalResult evalFlatten(FlattenOp op, In<FlattenOp> in,
                                 RuleContext &c) {
  const HostTensor &x = *in.getInput();
  int64_t axis = op.getAxis(), rank = x.getRank();
  if (axis < -rank || axis > rank)
    return c.fail("axis " + Twine(axis) + " is outside of rank " + Twine(rank));
  axis += axis < 0 ? rank : 0;
  return setReshaped(
      c, x,
      {countElements(x.getShape().take_front(axis)).value_or(0),
       countElements(x.getShape().drop_front(axis)).value_or(0)});
}

static LogicalResult evalSqueeze(SqueezeOp op, In<SqueezeOp> in,
                                 RuleContext &c) {
  const HostTensor &x = *in.getData();
  SmallVector<int64_t> shape;
  if (!in.getAxes()) {
    llvm::copy_if(x.getShape(), std::back_inserter(shape),
                  [](int64_t d) { return d != 1; });
    return setReshaped(c, x, shape);
  }
  auto list = c.ints(in.getAxes(), "axes");
  if (failed(list))
    return failure();
  auto axes = c.axes(*list, x.getRank());
  if (failed(axes))
    return failure();
  for (int64_t i = 0; i < x.getRank(); ++i) {
    if (!llvm::is_contained(*axes, i))
      shape.push_back(x.getDim(i));
    else if (x.getDim(i) != 1)
      return c.fail("dimension " + Twine(i) + " is " + Twine(x.getDim(i)) +
                    " and cannot be dropped");
  }
  return setReshaped(c, x, shape);
}

static LogicalResult evalUnsqueeze(UnsqueezeOp op, In<UnsqueezeOp> in,
                                   RuleContext &c) {
  const HostTensor &x = *in.getData();
  auto list = c.ints(in.getAxes(), "axes");
  if (failed(list))
    return failure();
  int64_t rank = x.getRank() + static_cast<int64_t>(list->size());
  auto axes = c.axes(*list, rank);
  if (failed(axes))
    return failure();
  SmallVector<int64_t> shape;
  for (int64_t i = 0, from = 0; i < rank; ++i)
    shape.push_back(llvm::is_contained(*axes, i) ? 1 : x.getDim(from++));
  return setReshaped(c, x, shape);
}

static LogicalResult evalTranspose(TransposeOp op, In<TransposeOp> in,
                                   RuleContext &c) {
  const HostTensor &x = *in.getData();
  SmallVector<int64_t> perm;
  if (auto given = op.getPerm())
    perm.assign(given->begin(), given->end());
  else
    perm = llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(x.getRank())));
  if (static_cast<int64_t>(perm.size()) != x.getRank() ||
      failed(c.axes(perm, x.getRank())) ||
      llvm::any_of(perm, [](int64_t p) { return p < 0; }))
    return c.fail("'perm' is no permutation of the dimensions");
  SmallVector<int64_t> own = stridesOf(x.getShape()), shape, strides;
  for (int64_t p : perm) {
    shape.push_back(x.getDim(p));
    strides.push_back(own[p]);
  }
  return setStrided(c, x, shape, 0, std::move(strides));
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

static LogicalResult evalExpand(ExpandOp op, In<ExpandOp> in, RuleContext &c) {
  const HostTensor &x = *in.getInput();
  auto target = c.ints(in.getShape(), "shape");
  if (failed(target))
    return failure();
  auto shape = broadcastShapes(x.getShape(), *target);
  if (!shape)
    return c.fail("the operand does not broadcast to the shape");
  return setStrided(c, x, *shape, 0, broadcastStrides(x.getShape(), *shape));
}

static LogicalResult evalTile(TileOp op, In<TileOp> in, RuleContext &c) {
  const HostTensor &x = *in.getInput();
  auto repeats = c.ints(in.getRepeats(), "repeats");
  if (failed(repeats))
    return failure();
  if (static_cast<int64_t>(repeats->size()) != x.getRank())
    return c.fail("'repeats' must have an element for each dimension");
  // As a tensor of twice the rank, of which every other dimension stands
  // still; its elements are in the order of the result.
  SmallVector<int64_t> own = stridesOf(x.getShape()), shape, doubled, strides;
  for (auto [repeat, dim, stride] : llvm::zip(*repeats, x.getShape(), own)) {
    int64_t extent;
    if (repeat < 0 || llvm::MulOverflow(repeat, dim, extent))
      return c.fail("'repeats' is negative or too large");
    shape.push_back(extent);
    doubled.append({repeat, dim});
    strides.append({0, stride});
  }
  if (!c.make(x.getElementType(), shape) ||
      failed(setStrided(c, x, doubled, 0, std::move(strides))))
    return failure();
  return setReshaped(c, HostTensor(c.results[0]), shape);
}

static LogicalResult evalConcat(ConcatOp op, In<ConcatOp> in, RuleContext &c) {
  if (c.operands.empty())
    return c.fail("there must be an operand");
  const HostTensor &first = *c.operands[0];
  FailureOr<int64_t> axis = c.axis(op.getAxis(), first.getRank());
  if (failed(axis))
    return failure();
  SmallVector<int64_t> shape(first.getShape());
  shape[*axis] = 0;
  for (const HostTensor *x : c.operands) {
    if (x->getElementType() != first.getElementType() ||
        x->getRank() != first.getRank())
      return c.fail("the operands must have one element type and one rank");
    for (int64_t i = 0; i < x->getRank(); ++i)
      if (i != *axis && x->getDim(i) != shape[i])
        return c.fail("the operands differ in dimension " + Twine(i));
    if (llvm::AddOverflow(shape[*axis], x->getDim(*axis), shape[*axis]))
      return c.fail("the result is too large to evaluate");
  }
  HostTensor y = c.make(first.getElementType(), shape);
  if (!y)
    return failure();
  int64_t width = byteWidth(y.getScalar()), before = 0;
  AxisSplit whole(shape, *axis);
  for (const HostTensor *x : c.operands) {
    AxisSplit part(x->getShape(), *axis);
    int64_t run = part.length * part.inner * width;
    for (int64_t o = 0; run && o < part.outer; ++o)
      std::memcpy(y.getMutableBytes().data() +
                      (o * whole.length + before) * whole.inner * width,
                  x->getBytes().data() + o * run, run);
    before += part.length;
  }
  return c.set(0, std::move(y));
}

static LogicalResult evalSplit(SplitOp op, In<SplitOp> in, RuleContext &c) {
  const HostTensor &x = *in.getInput();
  FailureOr<int64_t> axis = c.axis(op.getAxis(), x.getRank());
  if (failed(axis))
    return failure();
  int64_t parts = op.getNumResults(), length = x.getDim(*axis);
  SmallVector<int64_t> lengths;
  if (in.getSplit()) {
    auto given = c.ints(in.getSplit(), "split");
    if (failed(given))
      return failure();
    lengths = std::move(*given);
  } else {
    // Equal parts, the last one shorter if need be.
    int64_t each = parts ? llvm::divideCeil(length, parts) : 0;
    for (int64_t left = length, i = 0; i < parts; ++i) {
      lengths.push_back(std::min(each, left));
      left -= lengths.back();
    }
  }
  int64_t total = 0;
  for (int64_t part : lengths)
    if (part < 0 || llvm::AddOverflow(total, part, total))
      return c.fail("a part has the length " + Twine(part));
  if (static_cast<int64_t>(lengths.size()) != parts || total != length)
    return c.fail("the parts do not make up dimension " + Twine(*axis) +
                  " of the operand");
  AxisSplit whole(x.getShape(), *axis);
  int64_t width = byteWidth(x.getScalar()), before = 0;
  for (auto [i, part] : llvm::enumerate(lengths)) {
    SmallVector<int64_t> shape(x.getShape());
    shape[*axis] = part;
    HostTensor y = c.make(x.getElementType(), shape);
    int64_t run = part * whole.inner * width;
    for (int64_t o = 0; y && run && o < whole.outer; ++o)
      std::memcpy(y.getMutableBytes().data() + o * run,
                  x.getBytes().data() +
                      (o * whole.length + before) * whole.inner * width,
                  run);
    before += part;
    if (failed(c.set(i, std::move(y))))
      return failure();
  }
  return success();
}

static LogicalResult evalSlice(SliceOp op, In<SliceOp> in, RuleContext &c) {
  const HostTensor &x = *in.getData();
  auto starts = c.ints(in.getStarts(), "starts");
  auto ends = c.ints(in.getEnds(), "ends");
  if (failed(starts) || failed(ends))
    return failure();
  SmallVector<int64_t> list =
      llvm::to_vector(llvm::seq<int64_t>(starts->size()));
  SmallVector<int64_t> steps(starts->size(), 1);
  if (in.getAxes()) {
    auto given = c.ints(in.getAxes(), "axes");
    if (failed(given))
      return failure();
    list = std::move(*given);
  }
  if (in.getSteps()) {
    auto given = c.ints(in.getSteps(), "steps");
    if (failed(given))
      return failure();
    steps = std::move(*given);
  }
  auto axes = c.axes(list, x.getRank());
  if (failed(axes))
    return failure();
  if (ends->size() != starts->size() || axes->size() != starts->size() ||
      steps.size() != starts->size())
    return c.fail("starts, ends, axes and steps must have one length");

  SmallVector<int64_t> shape(x.getShape()), strides = stridesOf(x.getShape());
  int64_t offset = 0;
  for (auto [start, end, axis, step] :
       llvm::zip_equal(*starts, *ends, *axes, steps)) {
    int64_t dim = x.getDim(axis);
    if (step == 0)
      return c.fail("a step is 0");
    // No step beyond the dimension makes a difference; bounded, the
    // arithmetic below cannot overflow.
    int64_t stride = std::clamp(step, -dim - 1, dim + 1);
    int64_t low = step < 0 ? -1 : 0, high = step < 0 ? dim - 1 : dim;
    int64_t from = std::clamp(start < 0 ? start + dim : start, int64_t(0),
                              std::max<int64_t>(high, 0));
    int64_t to = std::clamp(end < 0 ? end + dim : end, low, high);
    int64_t span = stride < 0 ? from - to : to - from;
    shape[axis] =
        dim == 0 || span <= 0
            ? 0
            : static_cast<int64_t>(llvm::divideCeil(span, std::abs(stride)));
    offset += from * strides[axis];
    strides[axis] *= stride;
  }
  return setStrided(c, x, shape, offset, std::move(strides));
}

static LogicalResult evalTrilu(TriluOp op, In<TriluOp> in, RuleContext &c) {
  const HostTensor &x = *in.getInput();
  if (x.getRank() < 2)
    return c.fail("the operand must have a rank of at least 2");
  int64_t k = 0;
  if (in.getK()) {
    FailureOr<int64_t> given = c.scalarInt(in.getK(), "k");
    if (failed(given))
      return failure();
    k = *given;
  }
  HostTensor y = c.make(x.getElementType(), x.getShape());
  int64_t rows = x.getShape().drop_back().back(), columns = x.getShape().back();
  for (int64_t i = 0; i < y.getNumElements(); ++i) {
    int64_t distance = i % columns - i / columns % rows;
    if (op.getUpper() ? distance >= k : distance <= k)
      copyElement(y, i, x, i);
  }
  return c.set(0, std::move(y));
}

//===----------------------------------------------------------------------===//
// Pad
//===----------------------------------------------------------------------===//

static constexpr int64_t kMaxPad = int64_t(1) << 40;

// For each place along one dimension of the result, the place in the operand
// that it is a copy of, or -1 for the constant.
static std::optional<SmallVector<int64_t>>
padMap(int64_t dim, int64_t before, int64_t after, StringRef mode) {
  // What negative pads remove goes first.
  int64_t low = std::max<int64_t>(0, -before);
  int64_t length = dim - low - std::max<int64_t>(0, -after);
  if (length < 0)
    return std::nullopt;
  before = std::max<int64_t>(before, 0);
  after = std::max<int64_t>(after, 0);
  if (length == 0 && before + after > 0 && mode != "constant")
    return std::nullopt;
  SmallVector<int64_t> map;
  for (int64_t i = -before; i < length + after; ++i) {
    int64_t from = i;
    if (i < 0 || i >= length) {
      if (mode == "constant") {
        map.push_back(-1);
        continue;
      }
      if (mode == "edge") {
        from = std::clamp<int64_t>(i, 0, length - 1);
      } else if (mode == "wrap") {
        from = ((i % length) + length) % length;
      } else { // reflect: a walk to and fro, without repeating the ends.
        int64_t period = std::max<int64_t>(1, 2 * (length - 1));
        from = ((i % period) + period) % period;
        from = std::min(from, period - from);
        from = length == 1 ? 0 : from;
      }
    }
    map.push_back(low + from);
  }
  return map;
}

static LogicalResult evalPad(PadOp op, In<PadOp> in, RuleContext &c) {
  const HostTensor &x = *in.getData();
  auto pads = c.ints(in.getPads(), "pads");
  if (failed(pads))
    return failure();
  SmallVector<int64_t> list = llvm::to_vector(llvm::seq<int64_t>(x.getRank()));
  if (in.getAxes()) {
    auto given = c.ints(in.getAxes(), "axes");
    if (failed(given))
      return failure();
    list = std::move(*given);
  }
  auto axes = c.axes(list, x.getRank());
  if (failed(axes))
    return failure();
  size_t count = axes->size();
  if (pads->size() != 2 * count)
    return c.fail("'pads' must have two elements for each of the axes");
  const HostTensor *value = in.getConstantValue();
  if (value && (value->getNumElements() != 1 ||
                value->getElementType() != x.getElementType()))
    return c.fail("the constant must be one element of the operand's type");

  SmallVector<int64_t> shape(x.getShape());
  for (size_t i = 0; i < 2 * count; ++i) {
    int64_t &dim = shape[(*axes)[i % count]];
    int64_t pad = (*pads)[i];
    // Bounded so that sums and negations of pads cannot overflow.
    if (pad < -kMaxPad || pad > kMaxPad || llvm::AddOverflow(dim, pad, dim))
      return c.fail("the result is too large to evaluate");
  }
  HostTensor y = c.make(x.getElementType(), shape);
  if (!y)
    return failure();
  if (y.getNumElements() == 0)
    return c.set(0, std::move(y));

  SmallVector<SmallVector<int64_t>> maps(x.getRank());
  for (int64_t d = 0; d < x.getRank(); ++d) {
    auto place = llvm::find(*axes, d);
    size_t i = place - axes->begin();
    bool padded = place != axes->end();
    auto map = padMap(x.getDim(d), padded ? (*pads)[i] : 0,
                      padded ? (*pads)[i + count] : 0, op.getMode());
    if (!map)
      return c.fail("dimension " + Twine(d) + " cannot be padded that way");
    maps[d] = std::move(*map);
  }
  SmallVector<int64_t> to = stridesOf(shape), from = stridesOf(x.getShape());
  for (int64_t i = 0; i < y.getNumElements(); ++i) {
    int64_t at = 0;
    bool inside = true;
    for (int64_t d = 0; d < x.getRank() && inside; ++d) {
      int64_t place = maps[d][i / to[d] % shape[d]];
      inside = place >= 0;
      at += place * from[d];
    }
    if (inside)
      copyElement(y, i, x, at);
    else if (value)
      copyElement(y, i, *value, 0);
  }
  return c.set(0, std::move(y));
}

void blockattn::onnx::addMovementRules(RuleTable &t) {
  t.add<IdentityOp>(evalIdentity);
  t.add<ReshapeOp>(evalReshape);
  t.add<FlattenOp>(evalFlatten);
  t.add<SqueezeOp>(evalSqueeze);
  t.add<UnsqueezeOp>(evalUnsqueeze);
  t.add<TransposeOp>(evalTranspose);
  t.add<ExpandOp>(evalExpand);
  t.add<TileOp>(evalTile);
  t.add<ConcatOp>(evalConcat);
  t.add<SplitOp>(evalSplit);
  t.add<SliceOp>(evalSlice);
  t.add<TriluOp>(evalTrilu);
  t.add<PadOp>(evalPad);
}

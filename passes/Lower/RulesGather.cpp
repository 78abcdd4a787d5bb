//===- RulesGather.cpp - reading and writing by index ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Indices come from data, so each is compared with its range before it is
// used: one pass over the indices tells whether all are good, and one check
// reports it. What reads by index takes element 0 in place of a bad index;
// what writes by index leaves it out. No memory outside a tensor is touched.
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/LoopAttributes.h"
#include "passes/Lower/Lowering.h"

using namespace mlir;
using namespace blockattn;

/// An index as it is used: counted from the front. Its range is [0, size).
namespace {
struct Position {
  Value index, valid;
};
} // namespace

static Position normalize(OpBuilder &b, Location loc, Value raw, Value size) {
  Value index = arith::IndexCastOp::create(b, loc, b.getIndexType(), raw);
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  Value negative =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, index, zero);
  Value fromBack = arith::AddIOp::create(b, loc, index, size);
  index = arith::SelectOp::create(b, loc, negative, fromBack, index);
  // Unsigned: what is still negative is too great.
  Value valid =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, index, size);
  return {index, valid};
}

/// The index, or 0 in place of one out of range.
static Value safeIndex(OpBuilder &b, Location loc, Value raw, Value size) {
  Position position = normalize(b, loc, raw, size);
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  return arith::SelectOp::create(b, loc, position.valid, position.index, zero);
}

/// Checks all elements of `indices`. With `vectors` the last dimension holds
/// index vectors, and element k of one is checked against sizes[k].
static void checkIndices(Lowering &l, Value indices,
                         ArrayRef<OpFoldResult> sizes, bool vectors) {
  auto type = cast<RankedTensorType>(indices.getType());
  SmallVector<Value> limits;
  for (OpFoldResult size : sizes)
    limits.push_back(l.toValue(size));
  SmallVector<utils::IteratorType> iterators(type.getRank(),
                                             utils::IteratorType::reduction);
  AffineMap none = AffineMap::get(type.getRank(), 0, l.b.getContext());
  Value all =
      l.generic(
           {indices}, {l.filled({}, l.b.getBoolAttr(true))},
           {l.identity(type.getRank()), none}, iterators,
           [&](OpBuilder &b, Location loc, ValueRange v) -> SmallVector<Value> {
             Value size = limits.front();
             if (vectors) {
               Value k = linalg::IndexOp::create(b, loc, type.getRank() - 1);
               for (size_t i = 1; i < limits.size(); ++i) {
                 Value is = arith::CmpIOp::create(
                     b, loc, arith::CmpIPredicate::eq, k,
                     arith::ConstantIndexOp::create(b, loc, i));
                 size = arith::SelectOp::create(b, loc, is, limits[i], size);
               }
             }
             Position position = normalize(b, loc, v[0], size);
             return {arith::AndIOp::create(b, loc, v[1], position.valid)};
           })
          .front();
  Value ok = tensor::ExtractOp::create(l.b, l.loc, all, ValueRange{});
  l.check(ok, BA_KERNEL_FAIL_INDEX, "index out of range");
}

/// Element 0 must exist where anything is read.
static void checkNotEmpty(Lowering &l, ArrayRef<OpFoldResult> data,
                          ArrayRef<OpFoldResult> result) {
  OpFoldResult zero = l.b.getIndexAttr(0);
  Value someData, noResult;
  bool certain = true;
  for (OpFoldResult size : data)
    certain &= Lowering::constant(size).value_or(0) > 0;
  if (certain)
    return;
  someData = arith::CmpIOp::create(l.b, l.loc, arith::CmpIPredicate::sgt,
                                   l.toValue(l.product(data)), l.toValue(zero));
  noResult =
      arith::CmpIOp::create(l.b, l.loc, arith::CmpIPredicate::eq,
                            l.toValue(l.product(result)), l.toValue(zero));
  l.check(arith::OrIOp::create(l.b, l.loc, someData, noResult),
          BA_KERNEL_FAIL_SHAPE, "indices into a tensor without elements");
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

static LogicalResult lowerGather(onnx::GatherOp op, Lowering &l,
                                 std::string &) {
  Value data = l.get(op.getData()), indices = l.get(op.getIndices());
  auto type = cast<RankedTensorType>(data.getType());
  int64_t rank = type.getRank();
  int64_t axis = op.getAxis() < 0 ? op.getAxis() + rank : op.getAxis();
  int64_t indexRank = cast<RankedTensorType>(indices.getType()).getRank();
  SmallVector<OpFoldResult> dataSizes = l.sizes(op.getData());
  SmallVector<OpFoldResult> sizes(ArrayRef(dataSizes).take_front(axis));
  llvm::append_range(sizes, l.sizes(op.getIndices()));
  llvm::append_range(sizes, ArrayRef(dataSizes).drop_front(axis + 1));
  // An index that is known to be in range needs no check.
  bool known = false;
  if (std::optional<SmallVector<int64_t>> constants =
          l.shapes.constantContents(op.getIndices()))
    if (std::optional<int64_t> size = Lowering::constant(dataSizes[axis]))
      known = llvm::all_of(*constants,
                           [&](int64_t i) { return i >= -*size && i < *size; });
  if (!known) {
    checkIndices(l, indices, dataSizes[axis], /*vectors=*/false);
    checkNotEmpty(l, dataSizes[axis], sizes);
  }
  Value limit = l.toValue(dataSizes[axis]);
  SmallVector<AffineExpr> results;
  for (int64_t i = 0; i < indexRank; ++i)
    results.push_back(l.b.getAffineDimExpr(axis + i));
  AffineMap map = AffineMap::get(sizes.size(), 0, results, l.b.getContext());
  l.set(op.getOutput(),
        l.generic({indices}, {map}, sizes, type.getElementType(),
                  [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
                    SmallVector<Value> at;
                    for (int64_t i = 0; i < rank; ++i) {
                      if (i == axis)
                        at.push_back(safeIndex(b, loc, v[0], limit));
                      else
                        at.push_back(linalg::IndexOp::create(
                            b, loc, i < axis ? i : i - 1 + indexRank));
                    }
                    return tensor::ExtractOp::create(b, loc, data, at);
                  }));
  return success();
}

static LogicalResult lowerGatherElements(onnx::GatherElementsOp op, Lowering &l,
                                         std::string &) {
  Value data = l.get(op.getData()), indices = l.get(op.getIndices());
  auto type = cast<RankedTensorType>(data.getType());
  int64_t rank = type.getRank();
  int64_t axis = op.getAxis() < 0 ? op.getAxis() + rank : op.getAxis();
  SmallVector<OpFoldResult> dataSizes = l.sizes(op.getData());
  SmallVector<OpFoldResult> sizes = l.sizes(op.getIndices());
  checkIndices(l, indices, dataSizes[axis], /*vectors=*/false);
  checkNotEmpty(l, dataSizes[axis], sizes);
  for (int64_t i = 0; i < rank; ++i) {
    if (i == axis || Lowering::same(sizes[i], dataSizes[i]))
      continue;
    l.check(arith::CmpIOp::create(l.b, l.loc, arith::CmpIPredicate::sle,
                                  l.toValue(sizes[i]), l.toValue(dataSizes[i])),
            BA_KERNEL_FAIL_SHAPE, "there are more indices than data");
  }
  Value limit = l.toValue(dataSizes[axis]);
  l.set(op.getOutput(),
        l.generic({indices}, {l.identity(rank)}, sizes, type.getElementType(),
                  [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
                    SmallVector<Value> at;
                    for (int64_t i = 0; i < rank; ++i)
                      at.push_back(i == axis
                                       ? safeIndex(b, loc, v[0], limit)
                                       : linalg::IndexOp::create(b, loc, i));
                    return tensor::ExtractOp::create(b, loc, data, at);
                  }));
  return success();
}

static LogicalResult lowerGatherND(onnx::GatherNDOp op, Lowering &l,
                                   std::string &why) {
  Value data = l.get(op.getData()), indices = l.get(op.getIndices());
  auto type = cast<RankedTensorType>(data.getType());
  auto indexType = cast<RankedTensorType>(indices.getType());
  int64_t batch = op.getBatchDims(), indexRank = indexType.getRank();
  int64_t depth = indexType.getShape().back();
  if (ShapedType::isDynamic(depth) || batch + depth > type.getRank()) {
    why = "the length of its index vectors must be known and fit the data";
    return failure();
  }
  SmallVector<OpFoldResult> dataSizes = l.sizes(op.getData());
  SmallVector<OpFoldResult> sizes = l.sizes(op.getIndices());
  ArrayRef<OpFoldResult> limits = ArrayRef(dataSizes).slice(batch, depth);
  sizes.pop_back();
  for (int64_t i = 0; i < batch; ++i)
    l.checkEqual(sizes[i], dataSizes[i],
                 "the batch dimensions of data and indices differ");
  llvm::append_range(sizes, ArrayRef(dataSizes).drop_front(batch + depth));
  if (depth > 0) {
    checkIndices(l, indices, limits, /*vectors=*/true);
    checkNotEmpty(l, limits, sizes);
  }
  SmallVector<Value> limitValues;
  for (OpFoldResult limit : limits)
    limitValues.push_back(l.toValue(limit));
  l.set(op.getOutput(),
        l.generic({}, {}, sizes, type.getElementType(),
                  [&](OpBuilder &b, Location loc, ValueRange) -> Value {
                    SmallVector<Value> where, at;
                    for (int64_t i = 0; i < indexRank - 1; ++i)
                      where.push_back(linalg::IndexOp::create(b, loc, i));
                    at.assign(where.begin(), where.begin() + batch);
                    where.push_back(Value());
                    for (int64_t k = 0; k < depth; ++k) {
                      where.back() = arith::ConstantIndexOp::create(b, loc, k);
                      Value raw =
                          tensor::ExtractOp::create(b, loc, indices, where);
                      at.push_back(safeIndex(b, loc, raw, limitValues[k]));
                    }
                    for (int64_t i = indexRank - 1,
                                 e = static_cast<int64_t>(sizes.size());
                         i < e; ++i)
                      at.push_back(linalg::IndexOp::create(b, loc, i));
                    return tensor::ExtractOp::create(b, loc, data, at);
                  }));
  return success();
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

/// Loops over `sizes`, carrying one tensor.
static Value
loopNest(OpBuilder &b, Location loc, ArrayRef<Value> sizes, Value carried,
         SmallVectorImpl<Value> &indices,
         llvm::function_ref<Value(OpBuilder &, Location, Value)> body) {
  if (indices.size() == sizes.size())
    return body(b, loc, carried);
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  return scf::ForOp::create(
             b, loc, zero, sizes[indices.size()], one, ValueRange{carried},
             [&](OpBuilder &b, Location loc, Value at, ValueRange state) {
               indices.push_back(at);
               Value next = loopNest(b, loc, sizes, state[0], indices, body);
               indices.pop_back();
               scf::YieldOp::create(b, loc, next);
             })
      .getResult(0);
}

/// Notes with the loops of a scattering, whose result is `scattered`, that
/// which of several updates of one element stays is not defined.
static Value markAnyOrder(Value scattered, StringRef reduction) {
  // Each of the loops: one of a single iteration disappears.
  auto outer = scattered.getDefiningOp<scf::ForOp>();
  if (outer && reduction == "none")
    outer->walk([](scf::ForOp loop) {
      loop->setAttr(kAnyOrderAttr, UnitAttr::get(loop.getContext()));
    });
  return scattered;
}

/// Old and new element combined as `reduction` says; null when unknown.
static Value combine(OpBuilder &b, Location loc, StringRef reduction,
                     Value before, Value update, bool isUnsigned) {
  bool isFloat = isa<FloatType>(before.getType());
  if (reduction == "none")
    return update;
  if (reduction == "add")
    return isFloat ? Value(arith::AddFOp::create(b, loc, before, update))
                   : Value(arith::AddIOp::create(b, loc, before, update));
  if (reduction == "mul")
    return isFloat ? Value(arith::MulFOp::create(b, loc, before, update))
                   : Value(arith::MulIOp::create(b, loc, before, update));
  if (reduction == "max")
    return isFloat ? Value(arith::MaximumFOp::create(b, loc, before, update))
           : isUnsigned ? Value(arith::MaxUIOp::create(b, loc, before, update))
                        : Value(arith::MaxSIOp::create(b, loc, before, update));
  return isFloat      ? Value(arith::MinimumFOp::create(b, loc, before, update))
         : isUnsigned ? Value(arith::MinUIOp::create(b, loc, before, update))
                      : Value(arith::MinSIOp::create(b, loc, before, update));
}

/// Writes one element where all positions are valid.
static Value writeElement(OpBuilder &b, Location loc, Value tensor,
                          ArrayRef<Value> at, Value valid, Value update,
                          StringRef reduction, bool isUnsigned) {
  return scf::IfOp::create(
             b, loc, valid,
             [&](OpBuilder &b, Location loc) {
               Value element = update;
               if (reduction != "none") {
                 Value before = tensor::ExtractOp::create(b, loc, tensor, at);
                 element =
                     combine(b, loc, reduction, before, update, isUnsigned);
               }
               Value next =
                   tensor::InsertOp::create(b, loc, element, tensor, at);
               scf::YieldOp::create(b, loc, next);
             },
             [&](OpBuilder &b, Location loc) {
               scf::YieldOp::create(b, loc, tensor);
             })
      .getResult(0);
}

static LogicalResult lowerScatterElements(onnx::ScatterElementsOp op,
                                          Lowering &l, std::string &) {
  Value data = l.get(op.getData()), indices = l.get(op.getIndices()),
        updates = l.get(op.getUpdates());
  int64_t rank = cast<RankedTensorType>(data.getType()).getRank();
  int64_t axis = op.getAxis() < 0 ? op.getAxis() + rank : op.getAxis();
  SmallVector<OpFoldResult> dataSizes = l.sizes(op.getData());
  SmallVector<OpFoldResult> updateSizes = l.sizes(op.getUpdates());
  SmallVector<Value> sizes, limits;
  for (auto [i, size] : llvm::enumerate(l.sizes(op.getIndices()))) {
    l.checkEqual(size, updateSizes[i], "indices and updates differ in shape");
    sizes.push_back(l.toValue(size));
    limits.push_back(l.toValue(dataSizes[i]));
  }
  checkIndices(l, indices, dataSizes[axis], /*vectors=*/false);
  bool isUnsigned = l.shapes.elementType(op.getData()).isUnsignedInteger();
  SmallVector<Value> loops;
  l.set(op.getOutput(),
        markAnyOrder(
            loopNest(l.b, l.loc, sizes, data, loops,
                     [&](OpBuilder &b, Location loc, Value tensor) {
                       Value raw =
                           tensor::ExtractOp::create(b, loc, indices, loops);
                       Position position = normalize(b, loc, raw, limits[axis]);
                       SmallVector<Value> at(loops);
                       Value valid = position.valid;
                       for (int64_t i = 0; i < rank; ++i)
                         if (i != axis)
                           valid = arith::AndIOp::create(
                               b, loc, valid,
                               arith::CmpIOp::create(b, loc,
                                                     arith::CmpIPredicate::slt,
                                                     loops[i], limits[i]));
                       at[axis] = position.index;
                       Value update =
                           tensor::ExtractOp::create(b, loc, updates, loops);
                       return writeElement(b, loc, tensor, at, valid, update,
                                           op.getReduction(), isUnsigned);
                     }),
            op.getReduction()));
  return success();
}

static LogicalResult lowerScatterND(onnx::ScatterNDOp op, Lowering &l,
                                    std::string &why) {
  Value data = l.get(op.getData()), indices = l.get(op.getIndices()),
        updates = l.get(op.getUpdates());
  auto indexType = cast<RankedTensorType>(indices.getType());
  int64_t rank = cast<RankedTensorType>(data.getType()).getRank();
  int64_t lead = indexType.getRank() - 1, depth = indexType.getShape().back();
  if (ShapedType::isDynamic(depth) || depth > rank) {
    why = "the length of its index vectors must be known and fit the data";
    return failure();
  }
  SmallVector<OpFoldResult> dataSizes = l.sizes(op.getData());
  SmallVector<OpFoldResult> indexSizes = l.sizes(op.getIndices());
  SmallVector<OpFoldResult> updateSizes = l.sizes(op.getUpdates());
  if (static_cast<int64_t>(updateSizes.size()) != lead + rank - depth) {
    why = "its updates do not have the rank that its indices ask for";
    return failure();
  }
  SmallVector<Value> sizes, limits;
  for (auto [i, size] : llvm::enumerate(updateSizes)) {
    int64_t at = static_cast<int64_t>(i);
    l.checkEqual(size,
                 at < lead ? indexSizes[at] : dataSizes[at - lead + depth],
                 "the updates do not have the shape that is replaced");
    sizes.push_back(l.toValue(size));
  }
  for (OpFoldResult size : dataSizes)
    limits.push_back(l.toValue(size));
  if (depth > 0)
    checkIndices(l, indices, ArrayRef(dataSizes).take_front(depth),
                 /*vectors=*/true);
  bool isUnsigned = l.shapes.elementType(op.getData()).isUnsignedInteger();
  SmallVector<Value> loops;
  l.set(op.getOutput(),
        markAnyOrder(
            loopNest(
                l.b, l.loc, sizes, data, loops,
                [&](OpBuilder &b, Location loc, Value tensor) {
                  SmallVector<Value> where(loops.begin(), loops.begin() + lead);
                  where.push_back(Value());
                  SmallVector<Value> at;
                  Value valid =
                      arith::ConstantOp::create(b, loc, b.getBoolAttr(true));
                  for (int64_t k = 0; k < depth; ++k) {
                    where.back() = arith::ConstantIndexOp::create(b, loc, k);
                    Value raw =
                        tensor::ExtractOp::create(b, loc, indices, where);
                    Position position = normalize(b, loc, raw, limits[k]);
                    valid =
                        arith::AndIOp::create(b, loc, valid, position.valid);
                    at.push_back(position.index);
                  }
                  at.append(loops.begin() + lead, loops.end());
                  Value update =
                      tensor::ExtractOp::create(b, loc, updates, loops);
                  return writeElement(b, loc, tensor, at, valid, update,
                                      op.getReduction(), isUnsigned);
                }),
            op.getReduction()));
  return success();
}

void blockattn::populateGatherRules(LoweringRules &rules) {
  rules.add<onnx::GatherOp>(lowerGather);
  rules.add<onnx::GatherElementsOp>(lowerGatherElements);
  rules.add<onnx::GatherNDOp>(lowerGatherND);
  rules.add<onnx::ScatterElementsOp>(lowerScatterElements);
  rules.add<onnx::ScatterNDOp>(lowerScatterND);
}

//===- RulesControl.cpp - branches and loops ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/Lowering.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"

using namespace mlir;
using namespace blockattn;

/// Lowers one branch into `region`, which is to yield values of `types`.
static LogicalResult lowerBranch(Region &from, Region &region,
                                 ArrayRef<Type> types, Lowering &l,
                                 bool &complete) {
  OpBuilder::InsertionGuard guard(l.b);
  Lowering::Scope scope(l);
  // scf.if makes its blocks, and a terminator where nothing is yielded.
  Block *block = &region.front();
  if (block->mightHaveTerminator())
    block->getTerminator()->erase();
  l.b.setInsertionPointToEnd(block);
  complete = succeeded(l.lowerBlock(from.front()));
  if (!complete)
    return success();
  SmallVector<Value> yielded;
  for (auto [value, type] :
       llvm::zip(from.front().getTerminator()->getOperands(), types)) {
    Value lowered = l.get(value);
    auto given = dyn_cast<RankedTensorType>(lowered.getType());
    auto wanted = cast<RankedTensorType>(type);
    if (!given || given.getRank() != wanted.getRank() ||
        given.getElementType() != wanted.getElementType())
      return failure();
    // A buffer of its own: that of the branches then has one layout, whatever
    // they yield.
    lowered = bufferization::AllocTensorOp::create(l.b, l.loc, given,
                                                   ValueRange(), lowered);
    if (given != wanted)
      lowered = tensor::CastOp::create(l.b, l.loc, wanted, lowered);
    yielded.push_back(lowered);
  }
  scf::YieldOp::create(l.b, l.loc, yielded);
  return success();
}

static LogicalResult lowerIf(onnx::IfOp op, Lowering &l, std::string &why) {
  SmallVector<Type> types;
  for (Value result : op.getResults()) {
    RankedTensorType type = l.resultType(result);
    if (!type) {
      why = "its branches yield tensors of different rank or element type";
      return failure();
    }
    // What only one branch knows is not known of the result.
    types.push_back(RankedTensorType::get(
        SmallVector<int64_t>(type.getRank(), ShapedType::kDynamic),
        type.getElementType()));
  }
  Value cond = l.get(op.getCond());
  SmallVector<Value> zeros(cast<RankedTensorType>(cond.getType()).getRank(),
                           l.index(0));
  cond = tensor::ExtractOp::create(l.b, l.loc, cond, zeros);
  Location loc = l.loc;
  auto branch =
      scf::IfOp::create(l.b, loc, types, cond, /*withElseRegion=*/true);
  bool allComplete = true;
  for (unsigned i = 0; i < 2; ++i) {
    bool complete = false;
    if (failed(lowerBranch(op->getRegion(i), branch->getRegion(i), types, l,
                           complete))) {
      why = "its branches yield tensors of different rank or element type";
      return failure();
    }
    allComplete &= complete;
  }
  l.loc = loc;
  // What was refused inside has been noted.
  if (!allComplete)
    return success();
  for (auto [result, lowered] : llvm::zip(op.getResults(), branch.getResults()))
    l.setChecked(result, lowered);
  return success();
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

/// Whether the value is true in every iteration: a constant, or what the body
/// is given as the condition.
static bool staysTrue(Value value, onnx::LoopOp loop) {
  while (auto identity = value.getDefiningOp<onnx::IdentityOp>())
    value = identity.getInput();
  if (value == loop.getBody().front().getArgument(1))
    return true;
  std::optional<SmallVector<int64_t>> known = onnx::constantInts(value);
  return known && known->size() == 1 && known->front() != 0;
}

/// The tensor, whose sizes are checked. Where they are others there is one of
/// the wanted sizes without meaning, so that nothing is written beyond a
/// buffer.
static Value withSizes(Value tensor, ArrayRef<OpFoldResult> wanted,
                       Lowering &l) {
  Value fits;
  for (auto [given, expected] : llvm::zip(l.sizesOf(tensor), wanted)) {
    if (Lowering::same(given, expected))
      continue;
    Value equal = arith::CmpIOp::create(l.b, l.loc, arith::CmpIPredicate::eq,
                                        l.toValue(given), l.toValue(expected));
    fits = fits ? arith::AndIOp::create(l.b, l.loc, fits, equal) : equal;
  }
  if (!fits)
    return tensor;
  l.check(fits, BA_KERNEL_FAIL_SHAPE,
          "a value of the loop changes its shape from one iteration to the "
          "next");
  Type element = cast<RankedTensorType>(tensor.getType()).getElementType();
  return l.generic({}, {}, wanted, element,
                   [&](OpBuilder &b, Location loc, ValueRange) -> Value {
                     SmallVector<Value> at;
                     for (size_t i = 0; i < wanted.size(); ++i)
                       at.push_back(linalg::IndexOp::create(b, loc, i));
                     auto choice = scf::IfOp::create(
                         b, loc, fits,
                         [&](OpBuilder &then, Location) {
                           Value read =
                               tensor::ExtractOp::create(then, loc, tensor, at);
                           scf::YieldOp::create(then, loc, read);
                         },
                         [&](OpBuilder &otherwise, Location) {
                           Value none = arith::ConstantOp::create(
                               otherwise, loc, l.zero(element));
                           scf::YieldOp::create(otherwise, loc, none);
                         });
                     return choice.getResult(0);
                   });
}

/// The body of a loop, at the insertion point: what the next iteration is
/// given. Null values after a refusal, of which `why` may tell the reason.
static SmallVector<Value> lowerIteration(onnx::LoopOp op, Value number,
                                         ValueRange state, Lowering &l,
                                         std::string &why) {
  Block &body = op.getBody().front();
  size_t carried = op.getVInitial().size();
  Lowering::Scope scope(l);
  Value i = arith::IndexCastOp::create(l.b, l.loc, l.b.getI64Type(), number);
  l.set(body.getArgument(0),
        tensor::FromElementsOp::create(
            l.b, l.loc, RankedTensorType::get({}, l.b.getI64Type()), i));
  l.set(body.getArgument(1),
        l.filled({}, l.b.getIntegerAttr(l.b.getI1Type(), 1)));
  for (size_t k = 0; k < carried; ++k)
    l.set(body.getArgument(k + 2), state[k]);
  Location loc = l.loc;
  bool complete = succeeded(l.lowerBlock(body));
  l.loc = loc;
  SmallVector<Value> next;
  for (size_t k = 0; k < state.size() && complete; ++k) {
    Value yielded = body.getTerminator()->getOperand(k + 1);
    Value value = l.get(yielded);
    auto type = cast<RankedTensorType>(value.getType());
    auto wanted = cast<RankedTensorType>(state[k].getType());
    int64_t rank = wanted.getRank() - (k < carried ? 0 : 1);
    if (type.getRank() != rank ||
        type.getElementType() != wanted.getElementType()) {
      why = "a value changes its rank or element type from one iteration to "
            "the next";
      return {};
    }
    // Written where the value before was, or into its slice of the stack.
    SmallVector<OpFoldResult> all = l.sizesOf(state[k]);
    ArrayRef<OpFoldResult> sizes = ArrayRef(all).take_back(rank);
    value = withSizes(value, sizes, l);
    auto slice =
        RankedTensorType::get(SmallVector<int64_t>(rank, ShapedType::kDynamic),
                              type.getElementType());
    if (value.getType() != slice)
      value = tensor::CastOp::create(l.b, l.loc, slice, value);
    if (k < carried) {
      // Others may still read what it replaces, so that it waits in a buffer.
      next.push_back(bufferization::AllocTensorOp::create(l.b, l.loc, slice,
                                                          ValueRange(), value));
      continue;
    }
    SmallVector<OpFoldResult> offsets(all.size(), l.b.getIndexAttr(0));
    SmallVector<OpFoldResult> strides(all.size(), l.b.getIndexAttr(1));
    offsets[0] = number;
    all[0] = l.b.getIndexAttr(1);
    next.push_back(tensor::InsertSliceOp::create(l.b, l.loc, value, state[k],
                                                 offsets, all, strides));
  }
  for (size_t k = 0; k < std::min(carried, next.size()); ++k)
    next[k] = bufferization::MaterializeInDestinationOp::create(
                  l.b, l.loc, next[k].getType(), next[k], state[k])
                  .getResult();
  return next;
}

/// A size in the body as it can be told before the loop: carried values keep
/// the shape that they have at first. Null where it can't be told.
static OpFoldResult sizeBefore(AffineExpr expr, onnx::LoopOp op, Lowering &l) {
  llvm::DenseMap<AffineExpr, AffineExpr> atFirst;
  for (auto [initial, argument] :
       llvm::zip(op.getVInitial(),
                 op.getBody().front().getArguments().drop_front(2))) {
    std::optional<ArrayRef<AffineExpr>> from = l.shapes.dims(argument);
    std::optional<ArrayRef<AffineExpr>> to = l.shapes.dims(initial);
    if (from && to && from->size() == to->size())
      for (auto [inside, outside] : llvm::zip(*from, *to))
        atFirst[inside] = outside;
  }
  expr = expr.replace(atFirst);
  bool outside = true;
  expr.walk([&](AffineExpr part) {
    auto symbol = dyn_cast<AffineSymbolExpr>(part);
    Value value =
        symbol ? l.shapes.symbols()[symbol.getPosition()].value : Value();
    if (symbol)
      outside &= value && !op.getBody().isAncestor(value.getParentRegion());
  });
  return outside ? l.materialize(expr) : OpFoldResult();
}

/// As scf.for, whose tensors are buffers that each iteration writes anew.
static LogicalResult lowerLoop(onnx::LoopOp op, Lowering &l, std::string &why) {
  Block &body = op.getBody().front();
  size_t carried = op.getVInitial().size();
  Operation *yield = body.getTerminator();
  if (!op.getM() || !staysTrue(yield->getOperand(0), op)) {
    why = "its number of iterations is up to a condition that it computes; "
          "loops of a number that is known before are supported";
    return failure();
  }
  auto single = [&](Value operand) -> Value {
    Value tensor = l.get(operand);
    SmallVector<Value> zeros(cast<RankedTensorType>(tensor.getType()).getRank(),
                             l.index(0));
    return tensor::ExtractOp::create(l.b, l.loc, tensor, zeros);
  };
  Value trips = arith::IndexCastOp::create(l.b, l.loc, l.b.getIndexType(),
                                           single(op.getM()));
  trips = arith::MaxSIOp::create(l.b, l.loc, trips, l.index(0));
  // A condition that is not true at first is never.
  if (op.getCond())
    trips = arith::SelectOp::create(l.b, l.loc, single(op.getCond()), trips,
                                    l.index(0));

  // What is carried, in buffers of its own, and the stacks.
  SmallVector<Value> state;
  for (auto [k, result] : llvm::enumerate(op.getResults())) {
    Value yielded = yield->getOperand(k + 1);
    RankedTensorType type = l.resultType(yielded);
    if (!type) {
      why = "the rank of a value is not known";
      return failure();
    }
    SmallVector<int64_t> dynamic(type.getRank() + (k < carried ? 0 : 1),
                                 ShapedType::kDynamic);
    auto stateType = RankedTensorType::get(dynamic, type.getElementType());
    if (k < carried) {
      Value initial = l.get(op.getVInitial()[k]);
      if (cast<RankedTensorType>(initial.getType()).getRank() !=
          type.getRank()) {
        why = "a value changes its rank from one iteration to the next";
        return failure();
      }
      Value own = bufferization::AllocTensorOp::create(
          l.b, l.loc, cast<RankedTensorType>(initial.getType()), ValueRange(),
          initial);
      state.push_back(
          own.getType() == stateType
              ? own
              : tensor::CastOp::create(l.b, l.loc, stateType, own).getResult());
      continue;
    }
    SmallVector<OpFoldResult> sizes = {trips};
    std::optional<ArrayRef<AffineExpr>> dims = l.shapes.dims(yielded);
    for (int64_t i = 0; i < type.getRank(); ++i) {
      OpFoldResult size =
          dims && static_cast<int64_t>(dims->size()) == type.getRank()
              ? sizeBefore((*dims)[i], op, l)
              : OpFoldResult();
      if (!size) {
        why = "the shape of a value that is stacked is not known before the "
              "loop";
        return failure();
      }
      sizes.push_back(size);
    }
    // Of the sizes as they are, whatever is known of them.
    SmallVector<Value> extents;
    for (OpFoldResult size : sizes)
      extents.push_back(l.toValue(size));
    state.push_back(bufferization::AllocTensorOp::create(l.b, l.loc, stateType,
                                                         extents, Value()));
  }

  bool complete = true;
  Location loc = l.loc;
  auto loop =
      scf::ForOp::create(l.b, loc, l.index(0), trips, l.index(1), state);
  {
    OpBuilder::InsertionGuard guard(l.b);
    Block *block = loop.getBody();
    if (block->mightHaveTerminator())
      block->getTerminator()->erase();
    l.b.setInsertionPointToEnd(block);
    SmallVector<Value> next = lowerIteration(op, loop.getInductionVar(),
                                             loop.getRegionIterArgs(), l, why);
    complete = next.size() == state.size();
    if (complete)
      scf::YieldOp::create(l.b, loc, next);
  }
  l.loc = loc;
  // What was refused inside has been noted.
  if (!complete)
    return why.empty() ? success() : failure();
  for (auto [result, lowered] : llvm::zip(op.getResults(), loop.getResults()))
    l.setChecked(result, lowered);
  return success();
}

void blockattn::populateControlRules(LoweringRules &rules) {
  rules.add<onnx::IfOp>(lowerIf);
  rules.add<onnx::LoopOp>(lowerLoop);
}

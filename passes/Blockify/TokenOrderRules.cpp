//===- TokenOrderRules.cpp - tokens in ops that compute -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The part of TokenOrder for ops that compute elements from others.
//
//===----------------------------------------------------------------------===//

#include "passes/Blockify/TokenOrder.h"

#include "dialects/Onnx/Bitwise.h"
#include "dialects/Onnx/Microsoft.h"

#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace blockattn;

std::optional<int64_t> blockattn::frontAxis(int64_t axis, size_t rank) {
  axis += axis < 0 ? static_cast<int64_t>(rank) : 0;
  if (axis < 0 || axis >= static_cast<int64_t>(rank))
    return std::nullopt;
  return axis;
}

static bool isElementwise(Operation *op) {
  return isa<
      onnx::AbsOp, onnx::AddOp, onnx::AndOp, onnx::AtanOp, onnx::BitShiftOp,
      onnx::BitwiseAndOp, onnx::BitwiseNotOp, onnx::BitwiseOrOp,
      onnx::BitwiseXorOp, onnx::CastLikeOp, onnx::CastOp, onnx::CeilOp,
      onnx::ClipOp, onnx::CosOp, onnx::CoshOp, onnx::DivOp, onnx::DropoutOp,
      onnx::EluOp, onnx::EqualOp, onnx::ErfOp, onnx::ExpOp, onnx::ExpandOp,
      onnx::FloorOp, onnx::GeluOp, onnx::GreaterOp, onnx::GreaterOrEqualOp,
      onnx::HardSigmoidOp, onnx::HardSwishOp, onnx::IdentityOp, onnx::IsInfOp,
      onnx::IsNaNOp, onnx::LeakyReluOp, onnx::LessOp, onnx::LessOrEqualOp,
      onnx::LogOp, onnx::MaxOp, onnx::MeanOp, onnx::MinOp, onnx::MishOp,
      onnx::ModOp, onnx::MulOp, onnx::NegOp, onnx::NotOp, onnx::OrOp,
      onnx::PowOp, onnx::ReciprocalOp, onnx::ReluOp, onnx::RoundOp,
      onnx::SeluOp, onnx::SigmoidOp, onnx::SignOp, onnx::SinOp, onnx::SinhOp,
      onnx::SoftplusOp, onnx::SoftsignOp, onnx::SqrtOp, onnx::SubOp,
      onnx::SumOp, onnx::SwishOp, onnx::TanOp, onnx::TanhOp, onnx::TriluOp,
      onnx::WhereOp, onnx::XorOp>(op);
}

TokenOrder::MaybePlaced TokenOrder::broadcast(ValueRange operands,
                                              Value result) {
  SmallVector<TokenAxes> axes;
  for (Value operand : operands)
    if (const TokenAxes *own = axesOf(operand))
      axes.push_back(*own);
  std::optional<TokenAxes> all = sizes.broadcast(axes, dimsOf(result));
  if (!all)
    return std::nullopt;
  return Placed{*all};
}

TokenOrder::MaybePlaced TokenOrder::follow(OpResult result) {
  Operation *op = result.getOwner();
  if (isElementwise(op))
    return broadcast(op->getOperands(), result);
  return llvm::TypeSwitch<Operation *, MaybePlaced>(op)
      .Case<onnx::QuantizeLinearOp, onnx::DequantizeLinearOp>(
          [&](auto one) -> MaybePlaced {
            // Scales of a token each have a dimension of their own for it.
            for (Value scale : llvm::drop_begin(op->getOperands()))
              if (const TokenAxes *axes = axesOf(scale);
                  axes && holdsTokens(*axes) &&
                  axes->size() != dimsOf(result).size())
                return std::nullopt;
            return broadcast(op->getOperands(), result);
          })
      .Case<onnx::ReduceL1Op, onnx::ReduceL2Op, onnx::ReduceMaxOp,
            onnx::ReduceMeanOp, onnx::ReduceMinOp, onnx::ReduceProdOp,
            onnx::ReduceSumOp, onnx::ReduceSumSquareOp>([&](auto one) {
        bool isAbsent = !one.getAxes();
        std::optional<SmallVector<int64_t>> list =
            raise::integerConstant(one.getAxes());
        if (one.getNoopWithEmptyAxes() && (isAbsent || (list && list->empty())))
          return broadcast(op->getOperands(), result);
        return reduce(result, list, one.getKeepdims());
      })
      .Case<onnx::ArgMaxOp, onnx::ArgMinOp>([&](auto one) {
        return reduce(result, SmallVector<int64_t>{one.getAxis()},
                      one.getKeepdims());
      })
      .Case<onnx::SoftmaxOp, onnx::LogSoftmaxOp, onnx::TopKOp>([&](auto one) {
        return computeAlong(result, op->getOperand(0), one.getAxis(), false);
      })
      .Case<onnx::LayerNormalizationOp, onnx::RMSNormalizationOp>(
          [&](auto one) {
            return computeAlong(result, op->getOperand(0), one.getAxis(), true);
          })
      .Case<onnx::CumSumOp>([&](onnx::CumSumOp sum) -> MaybePlaced {
        std::optional<SmallVector<int64_t>> axis =
            raise::integerConstant(sum.getAxis());
        if (axis && axis->size() == 1)
          return computeAlong(result, sum.getX(), axis->front(), false);
        return std::nullopt;
      })
      .Case<onnx::MatMulOp>(
          [&](auto one) { return multiply(one.getA(), one.getB(), result); })
      .Case<onnx::MSMatMulNBitsOp>([&](onnx::MSMatMulNBitsOp product) {
        return multiplyPacked(result, product.getA());
      })
      .Case<onnx::GemmOp>([&](onnx::GemmOp gemm) { return multiply(gemm); })
      .Case<AttentionOp>([&](auto) { return attend(result); })
      .Case<RotaryOp, onnx::RotaryEmbeddingOp>(
          [&](auto) { return rotate(result, op->getOperand(0)); })
      .Case<onnx::IfOp>([&](auto) {
        SmallVector<Value> yielded;
        for (Region &region : op->getRegions())
          yielded.push_back(region.front().getTerminator()->getOperand(
              result.getResultNumber()));
        return broadcast(yielded, result);
      })
      .Default([&](auto) { return move(result); });
}

/// Along a list of axes, or all where there is none.
TokenOrder::MaybePlaced
TokenOrder::reduce(OpResult result, std::optional<SmallVector<int64_t>> along,
                   bool keepsDims) {
  const TokenAxes *data = axesOf(result.getOwner()->getOperand(0));
  if (!data)
    return std::nullopt;
  bool isAll = !along || along->empty();
  BitVector reduced(data->size(), isAll);
  for (int64_t axis : isAll ? ArrayRef<int64_t>() : ArrayRef(*along))
    if (std::optional<int64_t> front = frontAxis(axis, data->size()))
      reduced.set(*front);
  TokenAxes axes;
  for (auto [i, axis] : llvm::enumerate(*data)) {
    if (!reduced.test(i))
      axes.push_back(axis);
    else if (holdsTokens(axis))
      return std::nullopt;
    else if (keepsDims)
      axes.emplace_back();
  }
  return Placed{axes};
}

/// An axis, or all from it on, whose elements are computed from one another.
TokenOrder::MaybePlaced TokenOrder::computeAlong(OpResult result, Value data,
                                                 int64_t axis, bool toEnd) {
  const TokenAxes *axes = axesOf(data);
  std::optional<int64_t> first;
  if (axes)
    first = frontAxis(axis, axes->size());
  if (!first)
    return std::nullopt;
  int64_t end = toEnd ? axes->size() : *first + 1;
  for (int64_t i = *first; i < end; ++i)
    if (holdsTokens((*axes)[i]))
      return std::nullopt;
  return broadcast(result.getOwner()->getOperands(), result);
}

TokenOrder::MaybePlaced TokenOrder::multiply(Value a, Value b, Value result) {
  const TokenAxes *left = axesOf(a), *right = axesOf(b);
  TokenSizes::Dims dims = dimsOf(result);
  // The dimensions of an operand as the result has them, summed ones left out.
  auto isVector = [&](Value value) { return dimsOf(value).size() == 1; };
  if (dimsOf(a).empty() || dimsOf(b).empty())
    return std::nullopt;
  bool hasRows = !isVector(a), hasColumns = !isVector(b);
  SmallVector<TokenAxes> operands;
  if (left) {
    TokenAxes axes = *left;
    if (holdsTokens(axes.pop_back_val()))
      return std::nullopt;
    if (hasColumns && hasRows)
      axes.emplace_back();
    operands.push_back(axes);
  }
  if (right) {
    TokenAxes axes = *right;
    auto summed = axes.end() - (hasColumns ? 2 : 1);
    if (holdsTokens(*summed))
      return std::nullopt;
    if (hasRows && hasColumns)
      summed->clear();
    else
      axes.erase(summed);
    operands.push_back(axes);
  }
  std::optional<TokenAxes> all = sizes.broadcast(operands, dims);
  if (!all)
    return std::nullopt;
  return Placed{*all};
}

TokenOrder::MaybePlaced TokenOrder::multiply(onnx::GemmOp op) {
  SmallVector<TokenAxes> operands;
  auto add = [&](Value value, bool isTransposed, size_t summed) {
    const TokenAxes *own = axesOf(value);
    if (!own)
      return true;
    TokenAxes axes = *own;
    if (axes.size() != 2)
      return false;
    if (isTransposed)
      std::swap(axes[0], axes[1]);
    if (holdsTokens(axes[summed]))
      return false;
    axes[summed].clear();
    operands.push_back(axes);
    return true;
  };
  if (!add(op.getA(), op.getTransA(), 1) || !add(op.getB(), op.getTransB(), 0))
    return std::nullopt;
  if (const TokenAxes *added = op.getC() ? axesOf(op.getC()) : nullptr)
    operands.push_back(*added);
  std::optional<TokenAxes> all =
      sizes.broadcast(operands, dimsOf(op.getResult()));
  if (!all)
    return std::nullopt;
  return Placed{*all};
}

/// By weights of a form of their own.
TokenOrder::MaybePlaced TokenOrder::multiplyPacked(OpResult result, Value a) {
  const TokenAxes *rows = axesOf(a);
  TokenSizes::Dims dims = dimsOf(result);
  if (!rows || dims.empty() || rows->size() != dims.size() ||
      holdsTokens(rows->back()) ||
      llvm::any_of(result.getOwner()->getOperands(),
                   [&](Value other) { return other != a && axesOf(other); }))
    return std::nullopt;
  TokenAxes axes = *rows;
  axes.back() = sizes.axisOfOthers(dims.back());
  return Placed{axes};
}

TokenOrder::MaybePlaced TokenOrder::attend(OpResult result) {
  auto isOne = [&](AffineExpr weight) {
    return weight && sizes.equal(weight, sizes.constant(1));
  };
  for (Value operand : result.getOwner()->getOperands()) {
    const TokenAxes *axes = axesOf(operand);
    if (!axes || !holdsTokens(*axes))
      continue;
    for (auto [i, axis] : llvm::enumerate(*axes))
      if (i == 1 ? axis.size() != 1 || !isOne(axis.front().weight)
                 : holdsTokens(axis))
        return std::nullopt;
  }
  TokenSizes::Dims dims = dimsOf(result);
  SmallVector<bool> ofTokens(dims.size(), false);
  ofTokens[1] = true;
  return Placed{sizes.axesOf(dims, ofTokens)};
}

TokenOrder::MaybePlaced TokenOrder::rotate(OpResult result, Value data) {
  const TokenAxes *axes = axesOf(data);
  // Elements of a head are rotated in pairs.
  if (!axes || axes->empty() || holdsTokens(axes->back()))
    return std::nullopt;
  // Angles of each token's own, which no ids should make.
  for (Value angle : llvm::drop_begin(result.getOwner()->getOperands()))
    if (axesOf(angle))
      return std::nullopt;
  return Placed{*axes};
}

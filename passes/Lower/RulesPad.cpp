//===- RulesPad.cpp - padding ---------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/RuntimeAxes.h"

using namespace mlir;
using namespace blockattn;

static LogicalResult lowerPad(onnx::PadOp op, Lowering &l, std::string &why) {
  Value data = l.get(op.getData());
  auto type = cast<RankedTensorType>(data.getType());
  int64_t rank = type.getRank();
  Type element = type.getElementType();
  if (!element.isIntOrFloat()) {
    why = "its element type is not supported";
    return failure();
  }
  bool constantMode = op.getMode() == "constant";
  SmallVector<OpFoldResult> from = l.sizes(op.getData()), sizes = from;
  SmallVector<Value> before(rank), dims;
  for (OpFoldResult size : from)
    dims.push_back(l.toValue(size));
  FailureOr<SmallVector<OpFoldResult>> pads = l.elements(op.getPads());
  std::optional<SmallVector<int64_t>> axes =
      llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (op.getAxes())
    axes = l.shapes.constantContents(op.getAxes());
  bool atRuntime = failed(pads) || !axes;
  if (!atRuntime) {
    if (pads->size() != 2 * axes->size()) {
      why = "it must have two pads for each axis";
      return failure();
    }
    for (auto [i, axis] : llvm::enumerate(*axes)) {
      int64_t at = axis < 0 ? axis + rank : axis;
      before[at] = l.toValue((*pads)[i]);
      sizes[at] =
          l.max(l.add(l.add(from[at], (*pads)[i]), (*pads)[i + axes->size()]),
                l.b.getIndexAttr(0));
    }
  } else {
    Value list = l.get(op.getPads());
    Value axisList = op.getAxes() ? l.get(op.getAxes()) : Value();
    OpFoldResult length = l.sizesOf(list)[0];
    OpFoldResult count = axisList ? l.sizesOf(axisList)[0]
                                  : OpFoldResult(l.b.getIndexAttr(rank));
    l.checkEqual(length, l.mul(count, l.b.getIndexAttr(2)),
                 "there must be two pads for each axis");
    OpFoldResult half =
        arith::DivUIOp::create(l.b, l.loc, l.toValue(length), l.index(2))
            .getResult();
    SmallVector<Value> none(rank, l.index(0));
    SpreadAxes spread =
        spreadAxes(l, axisList, l.toValue(l.min(count, half)), rank,
                   {{list, l.b.getIndexAttr(0), none}, {list, half, none}});
    for (int64_t i = 0; i < rank; ++i) {
      before[i] = spread.numbers[0][i];
      sizes[i] = l.max(
          l.add(l.add(from[i], before[i]), OpFoldResult(spread.numbers[1][i])),
          l.b.getIndexAttr(0));
    }
  }
  if (!constantMode)
    for (auto [size, given] : llvm::zip(sizes, from)) {
      // Something must be there to be repeated.
      Value some = arith::CmpIOp::create(l.b, l.loc, arith::CmpIPredicate::sgt,
                                         l.toValue(given), l.index(0));
      Value none = arith::CmpIOp::create(l.b, l.loc, arith::CmpIPredicate::eq,
                                         l.toValue(size), l.index(0));
      l.check(arith::OrIOp::create(l.b, l.loc, some, none),
              BA_KERNEL_FAIL_SHAPE, "padding of a tensor without elements");
    }
  Value fill = op.getConstantValue() ? onlyElement(l, op.getConstantValue())
                                     : l.scalar(l.zero(element));
  Value result = l.generic(
      {}, {}, sizes, element,
      [&](OpBuilder &b, Location loc, ValueRange) -> Value {
        Value zero = arith::ConstantIndexOp::create(b, loc, 0);
        Value one = arith::ConstantIndexOp::create(b, loc, 1);
        Value inside = arith::ConstantOp::create(b, loc, b.getBoolAttr(true));
        SmallVector<Value> at;
        for (int64_t i = 0; i < rank; ++i) {
          Value index = linalg::IndexOp::create(b, loc, i);
          if (!before[i]) {
            at.push_back(index);
            continue;
          }
          index = arith::SubIOp::create(b, loc, index, before[i]);
          Value last = arith::SubIOp::create(b, loc, dims[i], one);
          if (op.getMode() == "wrap" || op.getMode() == "reflect") {
            // Modulo the period; reflection goes there and back.
            Value period = dims[i];
            if (op.getMode() == "reflect")
              period = arith::MaxSIOp::create(
                  b, loc, arith::AddIOp::create(b, loc, last, last), one);
            Value rest = arith::RemSIOp::create(b, loc, index, period);
            Value negative = arith::CmpIOp::create(
                b, loc, arith::CmpIPredicate::slt, rest, zero);
            index = arith::SelectOp::create(
                b, loc, negative, arith::AddIOp::create(b, loc, rest, period),
                rest);
            if (op.getMode() == "reflect")
              index = arith::MinSIOp::create(
                  b, loc, index, arith::SubIOp::create(b, loc, period, index));
          }
          if (constantMode) {
            Value ok = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult,
                                             index, dims[i]);
            inside = arith::AndIOp::create(b, loc, inside, ok);
          } else {
            index = arith::MinSIOp::create(
                b, loc, arith::MaxSIOp::create(b, loc, index, zero), last);
          }
          at.push_back(index);
        }
        if (!constantMode)
          return tensor::ExtractOp::create(b, loc, data, at);
        return scf::IfOp::create(
                   b, loc, inside,
                   [&](OpBuilder &b, Location loc) {
                     Value read = tensor::ExtractOp::create(b, loc, data, at);
                     scf::YieldOp::create(b, loc, read);
                   },
                   [&](OpBuilder &b, Location loc) {
                     scf::YieldOp::create(b, loc, fill);
                   })
            .getResult(0);
      });
  if (atRuntime)
    l.setChecked(op.getOutput(), result);
  else
    l.set(op.getOutput(), result);
  return success();
}

void blockattn::populatePadRules(LoweringRules &rules) {
  rules.add<onnx::PadOp>(lowerPad);
}

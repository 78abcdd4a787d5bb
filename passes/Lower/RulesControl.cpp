//===- RulesControl.cpp - branches ----------------------------------------===//
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

void blockattn::populateControlRules(LoweringRules &rules) {
  rules.add<onnx::IfOp>(lowerIf);
}

//===- OnnxOpsControl.cpp - constants, weights, branches, foreign ops -----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/OnnxVerify.h"
#include "dialects/Onnx/Weights.h"

#include "mlir/IR/PatternMatch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace blockattn::onnx;

//===----------------------------------------------------------------------===//
// Constants and weights
//===----------------------------------------------------------------------===//

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValueAttr(); }

OpFoldResult NoneOp::fold(FoldAdaptor) { return UnitAttr::get(getContext()); }

LogicalResult WeightOp::verify() {
  // C1, C2
  auto type = cast<TensorType>(getOutput().getType());
  // The file may have another type, from which the compiler converts.
  if (auto stored = (*this)->getAttrOfType<TypeAttr>("onnx.stored"))
    type = type.clone(stored.getValue());
  std::optional<int64_t> bytes = byteSize(type);
  if (!bytes)
    return emitOpError("(C1) a weight must have a static shape and elements of "
                       "a known number of bits, but is ")
           << type;
  if (*bytes != getSize())
    return emitOpError("(C2) size is ")
           << getSize() << ", but " << type << " has " << *bytes << " bytes";
  // C3
  int64_t end;
  if (getSource() < 0 || getOffset() < 0 || getSize() < 0 ||
      llvm::AddOverflow(getOffset(), getSize(), end))
    return emitOpError("(C3) there are no such bytes: source ")
           << getSource() << ", offset " << getOffset() << ", size "
           << getSize();
  // C4
  auto module = (*this)->getParentOfType<ModuleOp>();
  auto sources =
      module ? module->getAttrOfType<ArrayAttr>("onnx.sources") : ArrayAttr();
  if (sources && static_cast<uint64_t>(getSource()) >= sources.size())
    return emitOpError("(C4) source is ")
           << getSource() << ", but the module lists " << sources.size();
  return success();
}

//===----------------------------------------------------------------------===//
// Foreign ops
//===----------------------------------------------------------------------===//

LogicalResult ForeignOp::verify() {
  if (getOpType().empty())
    return emitOpError("(C1) op_type must not be empty");
  size_t names = getGraphNames() ? getGraphNames()->size() : 0;
  if (names != getGraphs().size())
    return emitOpError("(C2) there are ")
           << names << " names for " << getGraphs().size() << " regions";
  return success();
}

//===----------------------------------------------------------------------===//
// Branches
//===----------------------------------------------------------------------===//

LogicalResult IfOp::verify() {
  if (!mayBeSingle(getCond()))
    return emitOpError("(C1) cond must have one element, but is ")
           << getCond().getType();
  for (auto [branch, name] :
       {std::pair<Region *, StringRef>(&getThenBranch(), "then"),
        {&getElseBranch(), "else"}}) {
    auto yield = dyn_cast_if_present<YieldOp>(
        branch->front().empty() ? nullptr : &branch->front().back());
    if (!yield)
      return emitOpError("(C2) the ")
             << name << " branch must end in onnx.Yield";
    if (yield.getOutputs().size() != getOutputs().size())
      return emitOpError("(C2) the ")
             << name << " branch yields " << yield.getOutputs().size()
             << " values for " << getOutputs().size() << " results";
    for (auto [value, result] :
         llvm::zip_equal(yield.getOutputs(), getOutputs()))
      if (!isa<TensorType>(value.getType()) ||
          !elementTypesMayAgree(value, result))
        return emitOpError("(C2) the ")
               << name << " branch yields " << value.getType()
               << " for a result of " << result.getType();
  }
  return success();
}

namespace {
/// A branch that is known to be taken takes the op's place.
struct InlineKnownBranch : OpRewritePattern<IfOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(IfOp op,
                                PatternRewriter &rewriter) const override {
    auto cond = constantInts(op.getCond());
    if (!cond || cond->size() != 1)
      return failure();
    Region &region = cond->front() ? op.getThenBranch() : op.getElseBranch();
    Operation *yield = &region.front().back();
    if (yield->getOperandTypes() != op.getResultTypes())
      return failure();
    SmallVector<Value> values(yield->getOperands());
    rewriter.eraseOp(yield);
    rewriter.inlineBlockBefore(&region.front(), op);
    rewriter.replaceOp(op, values);
    return success();
  }
};
} // namespace

void IfOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                       MLIRContext *context) {
  patterns.add<InlineKnownBranch>(context);
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

LogicalResult LoopOp::verify() {
  // C1
  for (auto [value, name] :
       {std::pair<Value, StringRef>(getM(), "M"), {getCond(), "cond"}})
    if (value && !mayBeSingle(value))
      return emitOpError("(C1) ")
             << name << " must have one element, but is " << value.getType();
  // C2
  Block &block = getBody().front();
  size_t carried = getVInitial().size(), results = getOutputs().size();
  if (block.getNumArguments() != carried + 2)
    return emitOpError("(C2) the body has ")
           << block.getNumArguments() << " arguments for " << carried
           << " carried values";
  Type number = knownElementType(block.getArgument(0));
  Type condition = knownElementType(block.getArgument(1));
  if ((number && !number.isInteger(64)) ||
      (condition && !condition.isInteger(1)))
    return emitOpError("(C2) the body must begin with an i64 and a Boolean, "
                       "but has ")
           << block.getArgument(0).getType() << " and "
           << block.getArgument(1).getType();
  // C3
  auto yield =
      dyn_cast_if_present<YieldOp>(block.empty() ? nullptr : &block.back());
  if (!yield)
    return emitOpError("(C3) the body must end in onnx.Yield");
  if (yield.getOutputs().size() != results + 1)
    return emitOpError("(C3) the body yields ")
           << yield.getOutputs().size() << " values for a condition and "
           << results << " results";
  Type next = knownElementType(yield.getOutputs()[0]);
  if ((next && !next.isInteger(1)) || !mayBeSingle(yield.getOutputs()[0]))
    return emitOpError("(C3) the condition that is yielded must be a Boolean, "
                       "but is ")
           << yield.getOutputs()[0].getType();
  // C4
  if (results < carried)
    return emitOpError("(C4) there are ")
           << results << " results for " << carried << " carried values";
  // C5
  for (size_t i = 0; i < results; ++i) {
    Value yielded = yield.getOutputs()[i + 1], result = getOutputs()[i];
    SmallVector<Value> same = {yielded, result};
    if (i < carried)
      same.append({getVInitial()[i], block.getArgument(i + 2)});
    for (Value value : same)
      if (!isa<TensorType>(value.getType()) ||
          !elementTypesMayAgree(value, result))
        return emitOpError("(C5) the types of result ")
               << i << " and of what is carried or yielded for it must agree, "
               << "but are " << result.getType() << " and " << value.getType();
  }
  return success();
}

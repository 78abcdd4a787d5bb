//===- BlockAttnKernelOps.cpp - verifiers and effects of the kernel ops ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/BlockAttn/BlockAttn.h"

#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace blockattn;

LogicalResult CheckOp::canonicalize(CheckOp op, PatternRewriter &rewriter) {
  if (!matchPattern(op.getCondition(), m_One()))
    return failure();
  rewriter.eraseOp(op);
  return success();
}

LogicalResult AttentionKernelOp::verify() {
  auto rankIs = [](Value value, int64_t rank) {
    return cast<ShapedType>(value.getType()).getRank() == rank;
  };
  // C1
  ValueRange results = getOutputs();
  // Memory to work in comes last.
  if (!results.empty() && rankIs(results.back(), 1))
    results = results.drop_back();
  if (results.empty() || results.size() > 2)
    return emitOpError("(C1) one or two outputs are needed, but there are ")
           << results.size();
  // C2
  bool tensors = isa<TensorType>(getQuery().getType());
  for (Value operand : getOperands())
    if (isa<TensorType>(operand.getType()) != tensors)
      return emitOpError("(C2) operands must be all tensors or all memrefs");
  if (getResults().size() != (tensors ? getOutputs().size() : 0))
    return emitOpError("(C2) there must be ")
           << (tensors ? "one result for each output" : "no result on memrefs");
  for (auto [result, output] : llvm::zip(getResults(), getOutputs()))
    if (result.getType() != output.getType())
      return emitOpError("(C2) a result has type ")
             << result.getType() << ", its output " << output.getType();
  if (!rankIs(results[0], 4) || (results.size() == 2 && !rankIs(results[1], 3)))
    return emitOpError("(C1) the result has rank 4 and the log-sum-exp rank 3");
  // C3
  if ((getFirstKey() || getCache()) && !getCausal())
    return emitOpError("(C3) first_key and cache need causal");
  if (getFirstKey() && getCache())
    return emitOpError("(C3) first_key and cache exclude one another");
  // C4
  if (getCache() && !getLayer())
    return emitOpError("(C4) a cache needs the layer to read");
  if (getQueryRotaryAttr() && !getCache())
    return emitOpError("(C4) query_rotary has no meaning without a cache");
  // C5
  if (getKeyPositions() && !getSlopes())
    return emitOpError("(C5) key_positions has no meaning without slopes");
  if (std::optional<ArrayRef<float>> slopes = getSlopes())
    if (static_cast<int64_t>(slopes->size()) !=
        cast<ShapedType>(getQuery().getType()).getDimSize(2))
      return emitOpError("(C5) there must be a slope for each head, but there "
                         "are ")
             << slopes->size();
  return success();
}

void AttentionKernelOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  if (isa<TensorType>(getQuery().getType()))
    return;
  for (OpOperand &operand : getOperation()->getOpOperands()) {
    if (llvm::is_contained(getOutputs(), operand.get()))
      effects.emplace_back(MemoryEffects::Write::get(), &operand,
                           SideEffects::DefaultResource::get());
    else
      effects.emplace_back(MemoryEffects::Read::get(), &operand,
                           SideEffects::DefaultResource::get());
  }
  // Cached blocks are reached through addresses, not through operands.
  if (getCache())
    effects.emplace_back(MemoryEffects::Read::get(),
                         SideEffects::DefaultResource::get());
}

LogicalResult PackedProductOp::verify() {
  // C1
  bool tensors = isa<TensorType>(getA().getType());
  for (Value operand : getOperands())
    if (isa<TensorType>(operand.getType()) != tensors)
      return emitOpError("(C1) operands must be all tensors or all memrefs");
  if (static_cast<bool>(getResult()) != tensors)
    return emitOpError("(C1) there must be ")
           << (tensors ? "a result" : "no result on memrefs");
  if (tensors && getResult().getType() != getOutput().getType())
    return emitOpError("(C1) the result has type ")
           << getResult().getType() << ", its output " << getOutput().getType();
  // C2
  int64_t bits = getBits(), blockSize = getBlockSize();
  if (bits != 4 && bits != 8)
    return emitOpError("(C2) bits must be 4 or 8, but is ") << bits;
  if (blockSize < 16 || !llvm::isPowerOf2_64(blockSize))
    return emitOpError("(C2) block_size must be a power of two and at least "
                       "16, but is ")
           << blockSize;
  // C3
  auto a = cast<ShapedType>(getA().getType());
  auto weight = cast<ShapedType>(getWeight().getType());
  auto output = cast<ShapedType>(getOutput().getType());
  int64_t columns = a.getDimSize(1);
  if (ShapedType::isDynamic(columns) || !weight.hasStaticShape())
    return emitOpError("(C3) the shape of the weight must be known");
  if (weight.getDimSize(0) != output.getDimSize(1) ||
      weight.getDimSize(1) != llvm::divideCeil(columns, blockSize) ||
      weight.getDimSize(2) != blockSize * bits / 8)
    return emitOpError("(C3) the weight has type ")
           << weight << " for " << a << " and " << output;
  return success();
}

void PackedProductOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  if (isa<TensorType>(getA().getType()))
    return;
  for (OpOperand &operand : getOperation()->getOpOperands())
    if (operand.get() == getOutput())
      effects.emplace_back(MemoryEffects::Write::get(), &operand,
                           SideEffects::DefaultResource::get());
    else
      effects.emplace_back(MemoryEffects::Read::get(), &operand,
                           SideEffects::DefaultResource::get());
}

//===- DecomposeMicrosoftAttention.cpp - Attention, MultiHeadAttention ----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Normalize/AttentionParts.h"

using namespace mlir;

namespace blockattn {

//===----------------------------------------------------------------------===//
// Masks
//===----------------------------------------------------------------------===//

/// The number of keys, past ones included, of rank 0.
static Value keyCount(GraphBuilder &g, const AttentionParts &parts) {
  Value count = g.dim(parts.key, 2);
  return parts.pastKey ? g.binary<onnx::AddOp>(g.dim(parts.pastKey, 2), count)
                       : count;
}

/// Adds to `parts.bias` what a mask operand forbids.
static Refusal addMask(GraphBuilder &g, AttentionParts &parts, Value mask,
                       double filter) {
  Type i64 = IntegerType::get(mask.getContext(), 64);
  Value visible;
  switch (g.rank(mask)) {
  case 1: {
    onnx::SymbolicShapes &shapes = g.symbolic();
    AffineExpr length = shapes.dims(mask)->front();
    std::optional<ArrayRef<AffineExpr>> query = shapes.dims(parts.query);
    AffineExpr batch = query ? query->front() : AffineExpr();
    if (!length || !batch)
      return "the length of its mask is not known";
    bool isLengths = shapes.provenEqual(length, batch);
    if (!isLengths && !shapes.provenEqual(length, batch * 2))
      return "its mask has one dimension, whose size is neither that of the "
             "batch nor twice that; export with a mask of [batch, tokens]";
    Value numbers = g.cast(mask, i64);
    Value ends = numbers, starts;
    if (!isLengths) {
      Value pair = g.reshape(numbers, {2, -1});
      ends = g.at(pair, 0, 0);
      starts = g.at(pair, 0, 1);
    }
    Value columns = g.range(g.number(i64, 0), keyCount(g, parts));
    visible = g.binary<onnx::LessOp>(columns, g.unsqueeze(ends, 1));
    if (starts)
      visible = g.binary<onnx::AndOp>(
          visible,
          g.binary<onnx::GreaterOrEqualOp>(columns, g.unsqueeze(starts, 1)));
    visible = g.unsqueeze(visible, {1, 2});
    break;
  }
  case 2:
  case 3:
    visible = g.binary<onnx::GreaterOp>(mask, g.number(g.element(mask), 0));
    visible = g.rank(mask) == 2 ? g.unsqueeze(visible, {1, 2})
                                : g.unsqueeze(visible, 1);
    break;
  default:
    return "its mask has another rank than 1, 2 or 3; export with a mask of "
           "[batch, tokens]";
  }
  Type element = g.element(parts.query);
  Value bias = g.make<onnx::WhereOp>(
      {visible, g.number(element, 0), g.number(element, filter)});
  parts.bias = parts.bias ? g.binary<onnx::AddOp>(bias, parts.bias) : bias;
  return {};
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

Refusal decompose(onnx::MSAttentionOp op, GraphBuilder &g) {
  if (op.getDoRotary())
    return "do_rotary is not supported; export rotary positions as "
           "RotaryEmbedding or with GroupQueryAttention";
  if (op.getPastPresentShareBuffer() || op.getPastSequenceLength())
    return "a buffer that past and present share is not supported; export with "
           "past_present_share_buffer = 0";
  Value input = op.getInput();
  if (Refusal refusal = requireFloats(input); !refusal.empty())
    return refusal;
  SmallVector<int64_t> sizes;
  if (std::optional<ArrayRef<int64_t>> given = op.getQkvHiddenSizes())
    sizes.assign(given->begin(), given->end());
  else if (int64_t columns = g.size(op.getWeights(), 1);
           !ShapedType::isDynamic(columns))
    sizes.assign(3, columns / 3);
  if (sizes.empty() || g.rank(input) != 3)
    return "the shapes of its input and weights are not known";

  Value projected = g.binary<onnx::MatMulOp>(input, op.getWeights());
  if (Value bias = op.getBias())
    projected = g.binary<onnx::AddOp>(projected, bias);
  int64_t heads = op.getNumHeads();
  SmallVector<Value> pieces = splitLast(g, projected, sizes);
  AttentionParts parts;
  parts.query = splitHeads(g, pieces[0], heads);
  parts.key = splitHeads(g, pieces[1], heads);
  parts.value = splitHeads(g, pieces[2], heads);
  if (Refusal refusal = parts.requireHeads(); !refusal.empty())
    return refusal;
  if (Value past = op.getPast()) {
    if (sizes[1] != sizes[2])
      return "it has a past, and keys and values of different sizes";
    parts.pastKey = g.at(past, 0, 0);
    parts.pastValue = g.at(past, 0, 1);
  }
  parts.causal = op.getUnidirectional() != 0;
  parts.scale = op.getScale().convertToDouble();
  parts.bias = op.getAttentionBias();
  if (Value mask = op.getMaskIndex())
    if (Refusal refusal =
            addMask(g, parts, mask, op.getMaskFilterValue().convertToDouble());
        !refusal.empty())
      return refusal;
  SmallVector<Value> results = parts.attend(g, op.getPresent() != nullptr);
  g.replace(op.getOutput(), results[0]);
  if (Value present = op.getPresent())
    g.replace(present, g.make<onnx::ConcatOp>({g.unsqueeze(results[1], 0),
                                               g.unsqueeze(results[2], 0)},
                                              g.attr("axis", 0)));
  return {};
}

//===----------------------------------------------------------------------===//
// MultiHeadAttention
//===----------------------------------------------------------------------===//

/// Query, key and value in whichever form they are given, with the bias.
static Refusal gatherOperands(onnx::MSMultiHeadAttentionOp op, GraphBuilder &g,
                              AttentionParts &parts) {
  int64_t heads = op.getNumHeads();
  Value query = op.getQuery(), key = op.getKey(), value = op.getValue();
  Value bias = op.getBias();
  int64_t taken = 0;
  // The part of the bias that belongs to the next operand.
  auto addBias = [&](Value operand, int64_t size, bool isSplit) {
    if (!bias)
      return operand;
    Value part = g.slice(bias, 0, taken, taken + size);
    taken += size;
    if (isSplit)
      part = g.reshape(part, {heads, -1});
    return g.binary<onnx::AddOp>(operand, part);
  };
  auto fromHidden = [&](Value operand) {
    int64_t size = g.size(operand, 2);
    return splitHeads(g, addBias(operand, size, false), heads);
  };
  auto fromPacked = [&](Value operand, int64_t index) {
    Value part = g.at(operand, 3, index);
    return g.transpose(addBias(part, heads * g.size(operand, 4), true),
                       {0, 2, 1, 3});
  };
  auto isKnown = [&](Value operand) {
    int64_t rank = operand ? g.rank(operand) : 3;
    return rank == 4 ||
           (rank > 0 && !ShapedType::isDynamic(g.size(operand, rank - 1)));
  };
  if (!isKnown(query) || (key && !isKnown(key)) || (value && !isKnown(value)))
    return "the shapes of its operands are not known";
  if (!key) {
    parts.query = fromPacked(query, 0);
    parts.key = fromPacked(query, 1);
    parts.value = fromPacked(query, 2);
    return {};
  }
  bool areHeads = value && g.rank(key) == 4;
  if (areHeads && bias)
    return "it has a bias, and keys that are split into heads";
  if (areHeads && op.getUnidirectional())
    return "it is unidirectional, with keys of another sequence; what a query "
           "sees of these is not defined";
  parts.query = fromHidden(query);
  parts.key = areHeads ? key : value ? fromHidden(key) : fromPacked(key, 0);
  parts.value = areHeads ? value
                : value  ? fromHidden(value)
                         : fromPacked(key, 1);
  return {};
}

Refusal decompose(onnx::MSMultiHeadAttentionOp op, GraphBuilder &g) {
  if (op.getQk() && !op.getQk().use_empty())
    return "its scores (output 3) are used, which is not supported";
  if (op.getPastSequenceLength() || op.getCacheIndirection())
    return "past_sequence_length and cache_indirection (buffers that past and "
           "present share, beam search) are not supported; export without "
           "them";
  if (Refusal refusal = requireFloats(op.getQuery()); !refusal.empty())
    return refusal;
  AttentionParts parts;
  if (Refusal refusal = gatherOperands(op, g, parts); !refusal.empty())
    return refusal;
  if (Refusal refusal = parts.requireHeads(); !refusal.empty())
    return refusal;
  parts.pastKey = op.getPastKey();
  parts.pastValue = op.getPastValue();
  parts.causal = op.getUnidirectional() != 0;
  parts.scale = op.getScale().convertToDouble();
  parts.bias = op.getAttentionBias();
  if (Value mask = op.getKeyPaddingMask())
    if (Refusal refusal =
            addMask(g, parts, mask, op.getMaskFilterValue().convertToDouble());
        !refusal.empty())
      return refusal;
  SmallVector<Value> results = parts.attend(g, op.getPresentKey() != nullptr);
  g.replace(op.getOutput(), results[0]);
  if (Value present = op.getPresentKey()) {
    g.replace(present, results[1]);
    g.replace(op.getPresentValue(), results[2]);
  }
  return {};
}

} // namespace blockattn

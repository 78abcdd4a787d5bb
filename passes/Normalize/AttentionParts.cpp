//===- AttentionParts.cpp - what com.microsoft attentions share -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Normalize/AttentionParts.h"

using namespace mlir;
using namespace blockattn;

Value blockattn::splitHeads(GraphBuilder &g, Value value, int64_t heads) {
  int64_t hidden = g.size(value, 2);
  Value split =
      g.reshape(value, {0, 0, heads,
                        ShapedType::isDynamic(hidden) ? -1 : hidden / heads});
  return g.transpose(split, {0, 2, 1, 3});
}

Value blockattn::joinHeads(GraphBuilder &g, Value value) {
  Value joined = g.transpose(value, {0, 2, 1, 3});
  int64_t heads = g.size(value, 1), size = g.size(value, 3);
  bool isKnown = !ShapedType::isDynamic(heads) && !ShapedType::isDynamic(size);
  return g.reshape(joined, {0, 0, isKnown ? heads * size : -1});
}

SmallVector<Value> blockattn::splitLast(GraphBuilder &g, Value value,
                                        ArrayRef<int64_t> sizes) {
  return g.makeAll<onnx::SplitOp>({value, g.ints(sizes)}, g.attr("axis", 2),
                                  sizes.size());
}

Refusal blockattn::requireFloats(Value value) {
  if (isa<FloatType>(GraphBuilder::element(value)))
    return {};
  return "the element type of its operands is not known";
}

Refusal AttentionParts::requireHeads() const {
  for (Value operand : {query, key, value})
    if (GraphBuilder::rank(operand) != 4 ||
        ShapedType::isDynamic(GraphBuilder::size(operand, 1)) ||
        ShapedType::isDynamic(GraphBuilder::size(operand, 3)))
      return "the number of its heads, or their size, is not known";
  return {};
}

/// The sum of values by their weights, of which a part goes to no value.
Value AttentionParts::weighWithSinks(GraphBuilder &g, Value scores,
                                     Value values) const {
  int64_t heads = g.size(query, 1), kvHeads = g.size(values, 1);
  auto join = [&](ArrayRef<Value> pieces) {
    return g.make<onnx::ConcatOp>(pieces, g.attr("axis", 0));
  };
  Value shape = join({g.shapeOf(query, 0, 1), g.ints(heads),
                      g.shapeOf(query, 2, 3), g.ints(1)});
  Value column = g.make<onnx::ExpandOp>(
      {g.reshape(g.cast(sinks, g.element(scores)), {1, heads, 1, 1}), shape});
  Value weights = g.make<onnx::SoftmaxOp>(
      {g.make<onnx::ConcatOp>({scores, column}, g.attr("axis", 3))},
      g.attr("axis", -1));
  weights = g.slice(weights, 3, 0, -1);
  if (heads != kvHeads) {
    Value wide = g.make<onnx::ExpandOp>(
        {g.unsqueeze(values, 2), g.ints({1, 1, heads / kvHeads, 1, 1})});
    values = g.reshape(wide, {0, heads, -1, g.size(values, 3)});
  }
  return g.binary<onnx::MatMulOp>(weights, values);
}

SmallVector<Value> AttentionParts::attend(GraphBuilder &g,
                                          bool wantsPresent) const {
  SmallVector<NamedAttribute> attributes;
  if (scale != 0)
    attributes.push_back(g.attr("scale", APFloat(static_cast<float>(scale))));
  if (softcap > 0)
    attributes.push_back(
        g.attr("softcap", APFloat(static_cast<float>(softcap))));
  if (causal)
    attributes.push_back(g.attr("is_causal", int64_t(1)));
  if (window > 0)
    attributes.push_back(g.attr("left_window_size", window - 1));
  // The scores as they are before the softmax.
  if (sinks)
    attributes.push_back(g.attr("qk_matmul_output_mode", 2));
  SmallVector<Value> results = g.makeAll<onnx::AttentionOp>(
      {query, key, value, bias, pastKey, pastValue}, attributes,
      sinks          ? 4
      : wantsPresent ? 3
                     : 1);
  if (sinks)
    results[0] = weighWithSinks(g, results[3], results[2]);
  results[0] = joinHeads(g, results[0]);
  return results;
}

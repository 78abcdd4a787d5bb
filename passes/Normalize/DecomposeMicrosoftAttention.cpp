//===- DecomposeMicrosoftAttention.cpp - com.microsoft attention ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All three forms become onnx.Attention on [batch, heads, tokens, size], with
// what comes before it (projections, rotary positions, norms) as ops of their
// own. So there is one form to raise from, and one that is right where it is
// not raised.
//
//===----------------------------------------------------------------------===//

#include "passes/Normalize/DecomposeMicrosoft.h"

#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;

namespace blockattn {

//===----------------------------------------------------------------------===//
// Heads
//===----------------------------------------------------------------------===//

/// [batch, tokens, heads * size] -> [batch, heads, tokens, size]
static Value splitHeads(GraphBuilder &g, Value value, int64_t heads) {
  int64_t hidden = g.size(value, 2);
  Value split =
      g.reshape(value, {0, 0, heads,
                        ShapedType::isDynamic(hidden) ? -1 : hidden / heads});
  return g.transpose(split, {0, 2, 1, 3});
}

/// [batch, heads, tokens, size] -> [batch, tokens, heads * size]
static Value joinHeads(GraphBuilder &g, Value value) {
  Value joined = g.transpose(value, {0, 2, 1, 3});
  int64_t heads = g.size(value, 1), size = g.size(value, 3);
  bool isKnown = !ShapedType::isDynamic(heads) && !ShapedType::isDynamic(size);
  return g.reshape(joined, {0, 0, isKnown ? heads * size : -1});
}

/// Parts of these sizes along the last of three dimensions.
static SmallVector<Value> splitLast(GraphBuilder &g, Value value,
                                    ArrayRef<int64_t> sizes) {
  return g.makeAll<onnx::SplitOp>({value, g.ints(sizes)}, g.attr("axis", 2),
                                  sizes.size());
}

/// Positions first, first + 1, ... of the tokens (dimension `axis` of `like`),
/// for each row.
static Value positionsFrom(GraphBuilder &g, Value first, Value like,
                           int64_t axis) {
  Value row = g.unsqueeze(g.range(first, g.dim(like, axis)), 0);
  Value batch = g.shapeOf(like, 0, 1);
  Value one = g.ints(1);
  Value shape = g.make<onnx::ConcatOp>({batch, one}, g.attr("axis", 0));
  return g.make<onnx::ExpandOp>({row, shape});
}

//===----------------------------------------------------------------------===//
// Masks
//===----------------------------------------------------------------------===//

namespace {
/// The parts of an attention that all forms have.
struct Parts {
  Value query, key, value; ///< [batch, heads, tokens, size]
  Value pastKey, pastValue;
  Value bias; ///< added to the scores, or null
  bool causal = false;
  double scale = 0; ///< 0: 1 / sqrt(size)
  double softcap = 0;
  int64_t window = 0; ///< 0: none
};
} // namespace

/// The number of keys, past ones included, of rank 0.
static Value keyCount(GraphBuilder &g, const Parts &parts) {
  Value count = g.dim(parts.key, 2);
  return parts.pastKey ? g.binary<onnx::AddOp>(g.dim(parts.pastKey, 2), count)
                       : count;
}

/// Adds to `parts.bias` what a mask operand forbids.
static Refusal addMask(GraphBuilder &g, Parts &parts, Value mask,
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

/// Emits onnx.Attention; returns its result and, where asked for, the present
/// keys and values.
static SmallVector<Value> attend(GraphBuilder &g, const Parts &parts,
                                 bool wantsPresent) {
  SmallVector<NamedAttribute> attributes;
  if (parts.scale != 0)
    attributes.push_back(
        g.attr("scale", APFloat(static_cast<float>(parts.scale))));
  if (parts.softcap > 0)
    attributes.push_back(
        g.attr("softcap", APFloat(static_cast<float>(parts.softcap))));
  if (parts.causal)
    attributes.push_back(g.attr("is_causal", int64_t(1)));
  if (parts.window > 0)
    attributes.push_back(g.attr("left_window_size", parts.window - 1));
  return g.makeAll<onnx::AttentionOp>({parts.query, parts.key, parts.value,
                                       parts.bias, parts.pastKey,
                                       parts.pastValue},
                                      attributes, wantsPresent ? 3 : 1);
}

/// Why heads cannot be told apart, if they cannot.
static Refusal requireHeads(GraphBuilder &g, const Parts &parts) {
  for (Value value : {parts.query, parts.key, parts.value})
    if (g.rank(value) != 4 || ShapedType::isDynamic(g.size(value, 1)) ||
        ShapedType::isDynamic(g.size(value, 3)))
      return "the number of its heads, or their size, is not known";
  return {};
}

static Refusal requireFloats(GraphBuilder &g, Value value) {
  if (isa<FloatType>(g.element(value)))
    return {};
  return "the element type of its operands is not known";
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
  if (Refusal refusal = requireFloats(g, input); !refusal.empty())
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
  Parts parts;
  parts.query = splitHeads(g, pieces[0], heads);
  parts.key = splitHeads(g, pieces[1], heads);
  parts.value = splitHeads(g, pieces[2], heads);
  if (Refusal refusal = requireHeads(g, parts); !refusal.empty())
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
  SmallVector<Value> results = attend(g, parts, op.getPresent() != nullptr);
  g.replace(op.getOutput(), joinHeads(g, results[0]));
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
                              Parts &parts) {
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
  if (Refusal refusal = requireFloats(g, op.getQuery()); !refusal.empty())
    return refusal;
  Parts parts;
  if (Refusal refusal = gatherOperands(op, g, parts); !refusal.empty())
    return refusal;
  if (Refusal refusal = requireHeads(g, parts); !refusal.empty())
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
  SmallVector<Value> results = attend(g, parts, op.getPresentKey() != nullptr);
  g.replace(op.getOutput(), joinHeads(g, results[0]));
  if (Value present = op.getPresentKey()) {
    g.replace(present, results[1]);
    g.replace(op.getPresentValue(), results[2]);
  }
  return {};
}

//===----------------------------------------------------------------------===//
// Rotary positions
//===----------------------------------------------------------------------===//

/// Rotates heads [batch, heads, tokens, size] at positions [batch, tokens].
static Value rotate(GraphBuilder &g, Value heads, Value cosines, Value sines,
                    Value positions, bool interleaved) {
  int64_t rotated = 2 * g.size(cosines, 1);
  Type i64 = IntegerType::get(heads.getContext(), 64);
  SmallVector<NamedAttribute> attributes;
  if (interleaved)
    attributes.push_back(g.attr("interleaved", int64_t(1)));
  if (rotated != g.size(heads, 3))
    attributes.push_back(g.attr("rotary_embedding_dim", rotated));
  return g.make<onnx::RotaryEmbeddingOp>(
      {heads, cosines, sines, g.cast(positions, i64)}, attributes);
}

Refusal decompose(onnx::MSRotaryEmbeddingOp op, GraphBuilder &g) {
  if (op.getIsPackedBatching())
    return "is_packed_batching is not supported; export without it";
  if (op.getScale().convertToDouble() != 1)
    return "scale must be 1, but is " +
           std::to_string(op.getScale().convertToDouble());
  Value input = op.getInput(), cosines = op.getCosCache();
  int64_t rank = g.rank(input);
  int64_t hidden = rank > 0 ? g.size(input, rank - 1) : ShapedType::kDynamic;
  int64_t rotated = g.size(cosines, 1);
  if (ShapedType::isDynamic(hidden) || ShapedType::isDynamic(rotated))
    return "the sizes of its input and caches are not known";
  rotated *= 2;
  int64_t heads = op.getNumHeads();
  if (rank == 3) {
    bool divides = rotated > 0 && hidden % rotated == 0;
    if (heads == 0 && divides)
      heads = hidden / rotated;
    if (heads <= 0 || hidden % heads != 0 || rotated > hidden / heads)
      return "its hidden size is " + std::to_string(hidden) +
             ", which its caches of " + std::to_string(rotated / 2) +
             " columns do not divide into heads";
    input = splitHeads(g, input, heads);
  } else if (rotated > hidden) {
    return "its caches are wider than its heads";
  }
  Value positions = op.getPositionIds();
  if (g.rank(positions) < 0)
    return "the shape of its position_ids is not known";
  if (g.rank(positions) != 2) {
    Type i64 = IntegerType::get(op.getContext(), 64);
    Value first = g.make<onnx::ReshapeOp>(
        {g.cast(positions, i64), g.ints(ArrayRef<int64_t>())});
    positions = positionsFrom(g, first, input, 2);
  }
  Value result = rotate(g, input, cosines, op.getSinCache(), positions,
                        op.getInterleaved() != 0);
  g.replace(op.getOutput(), rank == 3 ? joinHeads(g, result) : result);
  return {};
}

//===----------------------------------------------------------------------===//
// GroupQueryAttention
//===----------------------------------------------------------------------===//

/// What is said of an option that is not supported.
static Refusal unsupportedOption(onnx::MSGroupQueryAttentionOp op) {
  if (op.getSmoothSoftmax() > 0 || op.getHeadSink())
    return "smooth_softmax and head_sink (a score that belongs to no key) are "
           "not supported";
  if (op.getKQuantType() != "NONE" || op.getVQuantType() != "NONE" ||
      op.getKScale() || op.getVScale() || op.getKvCacheBitWidth() != 0)
    return "quantized keys and values are not supported; export with "
           "k_quant_type and v_quant_type NONE";
  if (op.getSlidingWindowCache())
    return "sliding_window_cache (a past that is cut to the window) is not "
           "supported; export with sliding_window_cache = 0";
  if (op.getOutputQk() && !op.getOutputQk().use_empty())
    return "its scores (output 3) are used, which is not supported";
  if (op.getLocalWindowSize() == 0)
    return "local_window_size is 0, so that no query sees a key; -1 is without "
           "a window";
  return {};
}

/// Exporters name the head size of the past as if it were open. It is that of
/// the query, and the inputs are to say so.
static void fixHeadSize(Value past, int64_t size) {
  auto argument = dyn_cast_if_present<BlockArgument>(past);
  auto type = argument ? dyn_cast<RankedTensorType>(argument.getType())
                       : RankedTensorType();
  auto function =
      argument
          ? dyn_cast<FunctionOpInterface>(argument.getOwner()->getParentOp())
          : FunctionOpInterface();
  if (!function || !type || type.getRank() != 4 || !type.isDynamicDim(3))
    return;
  SmallVector<int64_t> shape(type.getShape());
  shape[3] = size;
  argument.setType(RankedTensorType::get(shape, type.getElementType()));
  SmallVector<Type> types(function.getArgumentTypes());
  unsigned number = argument.getArgNumber();
  types[number] = argument.getType();
  function.setType(function.cloneTypeWith(types, function.getResultTypes()));
  auto names = function.getArgAttrOfType<ArrayAttr>(number, "onnx.dims");
  if (!names || names.size() != 4)
    return;
  SmallVector<Attribute> list(names.begin(), names.end());
  list[3] = StringAttr::get(past.getContext(), "");
  function.setArgAttr(number, "onnx.dims",
                      ArrayAttr::get(past.getContext(), list));
}

Refusal decompose(onnx::MSGroupQueryAttentionOp op, GraphBuilder &g) {
  if (Refusal refusal = unsupportedOption(op); !refusal.empty())
    return refusal;
  Value query = op.getQuery();
  if (Refusal refusal = requireFloats(g, query); !refusal.empty())
    return refusal;
  int64_t heads = op.getNumHeads(), kvHeads = op.getKvNumHeads();
  int64_t hidden = g.size(query, 2);
  if (g.rank(query) != 3 || ShapedType::isDynamic(hidden))
    return "the shape of its query is not known";
  Value key = op.getKey(), value = op.getValue();
  if (!key) {
    int64_t size = hidden / (heads + 2 * kvHeads);
    SmallVector<Value> pieces =
        splitLast(g, query, {heads * size, kvHeads * size, kvHeads * size});
    query = pieces[0];
    key = pieces[1];
    value = pieces[2];
  }
  Parts parts;
  parts.query = splitHeads(g, query, heads);
  parts.key = splitHeads(g, key, kvHeads);
  parts.value = splitHeads(g, value, kvHeads);
  if (Refusal refusal = requireHeads(g, parts); !refusal.empty())
    return refusal;
  auto normalize = [&](Value &operand, Value weight) {
    if (weight)
      operand = g.make<onnx::RMSNormalizationOp>(
          {operand, weight}, g.attr("epsilon", op.getQkNormEpsilon()));
  };
  normalize(parts.query, op.getQNormWeight());
  normalize(parts.key, op.getKNormWeight());
  parts.pastKey = op.getPastKey();
  parts.pastValue = op.getPastValue();
  for (Value past : {parts.pastKey, parts.pastValue})
    fixHeadSize(past, g.size(parts.query, 3));

  if (op.getDoRotary()) {
    Value cosines = op.getCosCache(), sines = op.getSinCache();
    int64_t columns = g.size(cosines, 1);
    if (g.rank(cosines) != 2 || g.rank(sines) != 2 ||
        ShapedType::isDynamic(columns) || 2 * columns > g.size(parts.query, 3))
      return "its caches must be matrices with at most half as many columns as "
             "a head has elements";
    Value positions = op.getPositionIds();
    if (!positions) {
      // seqlens_k says the same: the tokens stand behind the past ones.
      Type i64 = IntegerType::get(op.getContext(), 64);
      Value first = parts.pastKey ? g.dim(parts.pastKey, 2) : g.number(i64, 0);
      positions = positionsFrom(g, first, parts.query, 2);
    }
    bool interleaved = op.getRotaryInterleaved() != 0;
    parts.query =
        rotate(g, parts.query, cosines, sines, positions, interleaved);
    parts.key = rotate(g, parts.key, cosines, sines, positions, interleaved);
  }
  parts.causal = op.getCausal() != 0;
  parts.scale = op.getScale().convertToDouble();
  parts.softcap = op.getSoftcap().convertToDouble();
  parts.window = std::max<int64_t>(op.getLocalWindowSize(), 0);
  parts.bias = op.getAttentionBias();
  SmallVector<Value> results = attend(g, parts, op.getPresentKey() != nullptr);
  g.replace(op.getOutput(), joinHeads(g, results[0]));
  if (Value present = op.getPresentKey()) {
    g.replace(present, results[1]);
    g.replace(op.getPresentValue(), results[2]);
  }
  return {};
}

} // namespace blockattn

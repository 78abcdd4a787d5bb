//===- DecomposeMicrosoftGroupQuery.cpp - rotary, GroupQueryAttention -----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Normalize/AttentionParts.h"

#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;

namespace blockattn {

static Type i64Of(Value value) {
  return IntegerType::get(value.getContext(), 64);
}

//===----------------------------------------------------------------------===//
// Rotary positions
//===----------------------------------------------------------------------===//

/// Positions first, first + 1, ... of the tokens (dimension 2 of `heads`), for
/// each row; `first` is a number or has one element for each row.
static Value positionsFrom(GraphBuilder &g, Value first, Value heads) {
  bool isNumber = g.rank(first) == 0;
  Value zero = isNumber ? first : g.number(i64Of(heads), 0);
  Value rows = g.unsqueeze(g.range(zero, g.dim(heads, 2)), 0);
  if (!isNumber)
    rows = g.binary<onnx::AddOp>(g.unsqueeze(first, 1), rows);
  Value shape = g.make<onnx::ConcatOp>({g.shapeOf(heads, 0, 1), g.ints(1)},
                                       g.attr("axis", 0));
  return g.make<onnx::ExpandOp>({rows, shape});
}

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
    positions = positionsFrom(g, first, input);
  }
  Value result = rotate(g, input, cosines, op.getSinCache(), positions,
                        op.getInterleaved() != 0);
  g.replace(op.getOutput(), rank == 3 ? joinHeads(g, result) : result);
  return {};
}

//===----------------------------------------------------------------------===//
// Rows of different lengths
//===----------------------------------------------------------------------===//
//
// The past of a row is as long as the row's number in `seqlens_k` says, and
// padded on the right: the new tokens of a row stand behind its own past. Keys
// that are attended to are all of the past and then the new ones, as without
// such rows, and a mask says which of the past are there. With a window,
// distances count, and each row's past is moved to the right end before.

namespace {
/// How many past tokens each row has.
struct PastLengths {
  Value rows;         ///< [batch]
  Value there;        ///< how many of them are in the buffer, [batch]
  Value total;        ///< the number of tokens of the longest row, rank 0
  int64_t window = 0; ///< not 0: what is no longer seen leaves the buffer
};
} // namespace

/// How many of each row's tokens stay in a buffer for a window. It drops as
/// many as it has room to spare at once, and so that the window is whole.
static Value keptIn(GraphBuilder &g, Value past, int64_t window, Value rows) {
  Type i64 = i64Of(past);
  Value capacity = g.dim(past, 2), one = g.number(i64, 1);
  Value room = g.binary<onnx::SubOp>(capacity, g.number(i64, window - 1));
  room = g.binary<onnx::MaxOp>(room, one);
  Value over = g.binary<onnx::MaxOp>(g.binary<onnx::SubOp>(rows, capacity),
                                     g.number(i64, 0));
  Value times = g.binary<onnx::DivOp>(
      g.binary<onnx::AddOp>(over, g.binary<onnx::SubOp>(room, one)), room);
  return g.binary<onnx::SubOp>(rows, g.binary<onnx::MulOp>(times, room));
}

static PastLengths pastLengths(onnx::MSGroupQueryAttentionOp op,
                               GraphBuilder &g, Value heads) {
  Type i64 = i64Of(heads);
  Value total = g.make<onnx::ReshapeOp>(
      {g.cast(op.getTotalSequenceLength(), i64), g.ints(ArrayRef<int64_t>())});
  Value last = g.reshape(g.cast(op.getSeqlensK(), i64), {-1});
  Value count = g.dim(heads, 2);
  Value before = g.binary<onnx::SubOp>(
      g.binary<onnx::AddOp>(last, g.number(i64, 1)), count);
  // Where the new tokens are all there are, short rows are padded among these.
  Value isFirst = g.binary<onnx::EqualOp>(total, count);
  Value rows = g.make<onnx::WhereOp>({isFirst, g.number(i64, 0), before});
  PastLengths lengths{rows, rows, total};
  if (!op.getSlidingWindowCache())
    return lengths;
  lengths.window = op.getLocalWindowSize();
  lengths.there = keptIn(g, op.getPastKey(), lengths.window, rows);
  // A buffer that lacks a part of the window has no place for new entries,
  // which is reported where they are written.
  Value capacity = g.dim(op.getPastKey(), 2);
  Value needed = g.binary<onnx::MinOp>(rows, g.number(i64, lengths.window));
  lengths.there = g.make<onnx::WhereOp>(
      {g.binary<onnx::LessOp>(capacity, needed),
       g.binary<onnx::AddOp>(capacity, g.number(i64, 1)), lengths.there});
  return lengths;
}

/// Entry `from`[batch, i] of a row's keys (or values) for each i.
static Value gatherTokens(GraphBuilder &g, Value keys, Value from,
                          Value count) {
  Value shape = g.make<onnx::ConcatOp>(
      {g.shapeOf(keys, 0, 2), g.unsqueeze(count, 0), g.ints(1)},
      g.attr("axis", 0));
  from = g.make<onnx::ExpandOp>({g.unsqueeze(from, {1, 3}), shape});
  return g.make<onnx::GatherNDOp>({keys, from}, g.attr("batch_dims", 2));
}

/// Moves each row's past keys (or values) to the right end.
static Value moveRight(GraphBuilder &g, Value past,
                       const PastLengths &lengths) {
  Type i64 = i64Of(past);
  Value places = g.range(g.number(i64, 0), g.dim(past, 2));
  Value padding = g.binary<onnx::SubOp>(g.dim(past, 2), lengths.there);
  Value from = g.binary<onnx::SubOp>(places, g.unsqueeze(padding, 1));
  from = g.binary<onnx::MaxOp>(from, g.number(i64, 0));
  return gatherTokens(g, past, from, g.dim(past, 2));
}

/// Which of the keys, past and then new ones, are there: [batch, 1, 1, keys].
static Value keysThere(GraphBuilder &g, const AttentionParts &parts,
                       const PastLengths &lengths) {
  Value count = g.dim(parts.pastKey, 2);
  Value places = g.range(g.number(i64Of(count), 0), count);
  Value rows = g.unsqueeze(lengths.there, 1);
  Value past = parts.window > 0
                   ? g.binary<onnx::GreaterOrEqualOp>(
                         places, g.binary<onnx::SubOp>(count, rows))
                   : g.binary<onnx::LessOp>(places, rows);
  Value shape = g.make<onnx::ConcatOp>(
      {g.shapeOf(parts.query, 0, 1), g.shapeOf(parts.query, 2, 3)},
      g.attr("axis", 0));
  Type i1 = IntegerType::get(count.getContext(), 1);
  Value added = g.make<onnx::ExpandOp>({g.number(i1, 1), shape});
  return g.unsqueeze(g.make<onnx::ConcatOp>({past, added}, g.attr("axis", 1)),
                     {1, 2});
}

/// The columns of a bias are the places of keys in their rows. Brings them in
/// the order of keys, past and then new ones.
static Value biasOfKeys(GraphBuilder &g, Value bias,
                        const AttentionParts &parts,
                        const PastLengths &lengths) {
  Type i64 = i64Of(bias);
  Value count = g.dim(parts.pastKey, 2);
  Value places = g.unsqueeze(g.range(g.number(i64, 0), count), 0);
  Value rows = g.unsqueeze(lengths.there, 1);
  if (parts.window > 0)
    places = g.binary<onnx::SubOp>(places, g.binary<onnx::SubOp>(count, rows));
  Value batch = g.shapeOf(parts.query, 0, 1);
  Value pastShape = g.make<onnx::ConcatOp>(
      {batch, g.shapeOf(parts.pastKey, 2, 3)}, g.attr("axis", 0));
  Value past = g.make<onnx::ExpandOp>({places, pastShape});
  Value added = g.binary<onnx::AddOp>(
      g.unsqueeze(g.range(g.number(i64, 0), g.dim(parts.query, 2)), 0), rows);
  Value columns = g.make<onnx::ConcatOp>({past, added}, g.attr("axis", 1));
  // What a row lacks is masked, but must be there to be read.
  Value end = g.binary<onnx::SubOp>(g.dim(bias, 3), g.number(i64, 1));
  columns = g.binary<onnx::MaxOp>(g.binary<onnx::MinOp>(columns, end),
                                  g.number(i64, 0));
  Value ones = g.ints({1, 1, 1});
  Value all = g.make<onnx::ExpandOp>(
      {bias, g.make<onnx::ConcatOp>({batch, ones}, g.attr("axis", 0))});
  Value shape = g.make<onnx::ConcatOp>({g.shapeOf(all, 0, 3), g.ints(1)},
                                       g.attr("axis", 0));
  columns = g.make<onnx::ExpandOp>({g.unsqueeze(columns, {1, 2}), shape});
  return g.make<onnx::GatherElementsOp>({all, columns}, g.attr("axis", 3));
}

/// Masks what the rows' past lacks.
static void maskPast(GraphBuilder &g, AttentionParts &parts,
                     const PastLengths &lengths) {
  Value there = keysThere(g, parts, lengths);
  if (parts.bias) {
    Type element = g.element(parts.query);
    there = g.make<onnx::WhereOp>(
        {there, biasOfKeys(g, g.cast(parts.bias, element), parts, lengths),
         g.number(element, -std::numeric_limits<double>::infinity())});
  }
  parts.bias = there;
  if (parts.window > 0) {
    parts.pastKey = moveRight(g, parts.pastKey, lengths);
    parts.pastValue = moveRight(g, parts.pastValue, lengths);
  }
}

/// Past and new keys (or values) of each row, one behind the other. Where the
/// past is a buffer of more room than needed, it stays as long as it is; a
/// buffer for a window always does.
static Value presentOf(GraphBuilder &g, Value past, Value added,
                       const PastLengths &lengths) {
  Value all = g.make<onnx::ConcatOp>({past, added}, g.attr("axis", 2));
  if (!lengths.window) {
    Value end = g.binary<onnx::MaxOp>(lengths.total, g.dim(past, 2));
    all =
        g.make<onnx::SliceOp>({all, g.ints(0), g.unsqueeze(end, 0), g.ints(2)});
  }
  Value present = g.make<onnx::TensorScatterOp>({all, added, lengths.there},
                                                g.attr("axis", 2));
  if (!lengths.window)
    return present;
  Value count = g.dim(added, 2), capacity = g.dim(past, 2);
  Type i64 = i64Of(past);
  Value kept = keptIn(g, past, lengths.window,
                      g.binary<onnx::AddOp>(lengths.rows, count));
  Value first =
      g.binary<onnx::SubOp>(g.binary<onnx::AddOp>(lengths.there, count), kept);
  Value from = g.binary<onnx::AddOp>(g.unsqueeze(first, 1),
                                     g.range(g.number(i64, 0), capacity));
  Value last = g.binary<onnx::SubOp>(g.binary<onnx::AddOp>(capacity, count),
                                     g.number(i64, 1));
  from = g.binary<onnx::MaxOp>(g.binary<onnx::MinOp>(from, last),
                               g.number(i64, 0));
  return gatherTokens(g, present, from, capacity);
}

//===----------------------------------------------------------------------===//
// GroupQueryAttention
//===----------------------------------------------------------------------===//

/// What is said of an option that is not supported.
static Refusal unsupportedOption(onnx::MSGroupQueryAttentionOp op) {
  if (op.getKQuantType() != "NONE" || op.getVQuantType() != "NONE" ||
      op.getKScale() || op.getVScale() || op.getKvCacheBitWidth() != 0)
    return "quantized keys and values are not supported; export with "
           "k_quant_type and v_quant_type NONE";
  if (op.getSlidingWindowCache() && op.getLocalWindowSize() < 0)
    return "sliding_window_cache (a past that is cut to the window) needs a "
           "local_window_size";
  if (op.getSlidingWindowCache() && op.getAttentionBias())
    return "sliding_window_cache (a past that is cut to the window) with an "
           "attention bias is not supported; export with "
           "sliding_window_cache = 0";
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
  if (Refusal refusal = requireFloats(query); !refusal.empty())
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
  AttentionParts parts;
  parts.query = splitHeads(g, query, heads);
  parts.key = splitHeads(g, key, kvHeads);
  parts.value = splitHeads(g, value, kvHeads);
  if (Refusal refusal = parts.requireHeads(); !refusal.empty())
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
  PastLengths lengths;
  if (parts.pastKey)
    lengths = pastLengths(op, g, parts.query);

  if (op.getDoRotary()) {
    Value cosines = op.getCosCache(), sines = op.getSinCache();
    int64_t columns = g.size(cosines, 1);
    if (g.rank(cosines) != 2 || g.rank(sines) != 2 ||
        ShapedType::isDynamic(columns) || 2 * columns > g.size(parts.query, 3))
      return "its caches must be matrices with at most half as many columns as "
             "a head has elements";
    Value positions = op.getPositionIds();
    if (!positions)
      positions = positionsFrom(
          g, parts.pastKey ? lengths.rows : g.number(i64Of(query), 0),
          parts.query);
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
  parts.sinks = op.getHeadSink();
  if (!parts.sinks && op.getSmoothSoftmax() > 0)
    parts.sinks = g.floats(g.element(query), SmallVector<double>(heads, 0.0));
  // As they are before a window moves them.
  Value pastKey = parts.pastKey, pastValue = parts.pastValue;
  if (pastKey)
    maskPast(g, parts, lengths);
  bool wantsPresent = op.getPresentKey() != nullptr;
  SmallVector<Value> results = parts.attend(g, wantsPresent && !pastKey);
  g.replace(op.getOutput(), results[0]);
  if (!wantsPresent)
    return {};
  g.replace(op.getPresentKey(),
            pastKey ? presentOf(g, pastKey, parts.key, lengths) : results[1]);
  g.replace(op.getPresentValue(),
            pastKey ? presentOf(g, pastValue, parts.value, lengths)
                    : results[2]);
  return {};
}

} // namespace blockattn

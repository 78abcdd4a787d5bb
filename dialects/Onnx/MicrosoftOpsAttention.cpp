//===- MicrosoftOpsAttention.cpp - verifiers of com.microsoft attention ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/Microsoft.h"
#include "dialects/Onnx/OnnxVerify.h"

using namespace mlir;
using namespace blockattn::onnx;

static SmallVector<Value> present(ArrayRef<Value> values) {
  return llvm::filter_to_vector(values, [](Value value) { return !!value; });
}

static LogicalResult verifyRank(Operation *op, int number, Value value,
                                ArrayRef<int64_t> ranks, StringRef name) {
  RankedTensorType type = rankedType(value);
  if (!type || llvm::is_contained(ranks, type.getRank()))
    return success();
  InFlightDiagnostic diag = op->emitOpError() << "(C" << number << ") " << name
                                              << " must have rank ";
  for (auto [i, rank] : llvm::enumerate(ranks))
    diag << (i == 0 ? "" : " or ") << rank;
  return diag << ", but is " << type;
}

/// The last dimension is a multiple of the number of heads.
static LogicalResult verifyHidden(Operation *op, int number, Value value,
                                  int64_t heads, StringRef name) {
  RankedTensorType type = rankedType(value);
  if (!type || type.getRank() != 3 || type.isDynamicDim(2) ||
      type.getDimSize(2) % heads == 0)
    return success();
  return op->emitOpError() << "(C" << number << ") the hidden size of " << name
                           << ", " << type.getDimSize(2)
                           << ", is not a multiple of " << heads << " heads";
}

/// Past and present keys and values come in pairs, of rank 4.
template <typename OpT> static LogicalResult verifyPast(OpT op) {
  if (!op.getPastKey() != !op.getPastValue())
    return op.emitOpError("(C4) past_key and past_value must both be given or "
                          "both be left out");
  if (!op.getPresentKey() != !op.getPresentValue())
    return op.emitOpError("(C4) present_key and present_value must both be "
                          "given or both be left out");
  for (auto [value, name] :
       {std::pair<Value, StringRef>(op.getPastKey(), "past_key"),
        {op.getPastValue(), "past_value"},
        {op.getPresentKey(), "present_key"},
        {op.getPresentValue(), "present_value"}})
    if (failed(verifyRank(op, 4, value, 4, name)))
      return failure();
  return success();
}

LogicalResult MSRotaryEmbeddingOp::verify() {
  // C1
  if (failed(verifyElementTypes(
          *this, 1, "input, caches and output",
          {getInput(), getCosCache(), getSinCache(), getOutput()})))
    return failure();
  if (failed(verifyRank(*this, 2, getInput(), {3, 4}, "the input")))
    return failure();
  // C3
  RankedTensorType positions = rankedType(getPositionIds());
  if (positions && positions.getRank() != 2 &&
      !(positions.getRank() <= 1 && mayBeSingle(getPositionIds())))
    return emitOpError("(C3) position_ids must be one number or a matrix, but "
                       "are ")
           << positions;
  // C4
  RankedTensorType cosine = rankedType(getCosCache());
  RankedTensorType sine = rankedType(getSinCache());
  for (Value cache : {getCosCache(), getSinCache()})
    if (failed(verifyRank(*this, 4, cache, 2, "a cache")))
      return failure();
  if (cosine && sine && !shapesMayAgree(cosine.getShape(), sine.getShape()))
    return emitOpError("(C4) the caches must have one shape, but are ")
           << cosine << " and " << sine;
  // C5
  int64_t rotated = getRotaryEmbeddingDim(), heads = getNumHeads();
  RankedTensorType input = rankedType(getInput());
  if (rotated < 0 || rotated % 2 != 0 || heads < 0 ||
      (rotated > 0 && heads == 0 && input && input.getRank() == 3))
    return emitOpError("(C5) rotary_embedding_dim must be even and not "
                       "negative, and go with num_heads, but they are ")
           << rotated << " and " << heads;
  return success();
}

LogicalResult MSAttentionOp::verify() {
  // C1
  if (failed(verifyElementTypes(*this, 1,
                                "input, weights, bias, past and output",
                                present({getInput(), getWeights(), getBias(),
                                         getPast(), getOutput()}))) ||
      failed(verifyRank(*this, 2, getInput(), 3, "the input")) ||
      failed(verifyRank(*this, 2, getWeights(), 2, "the weights")))
    return failure();
  RankedTensorType input = rankedType(getInput());
  RankedTensorType weights = rankedType(getWeights());
  if (input && weights && !mayAgree(input.getDimSize(2), weights.getDimSize(0)))
    return emitOpError("(C2) the input has ")
           << input.getDimSize(2) << " columns, but the weights have "
           << weights.getDimSize(0) << " rows";
  // C5
  SmallVector<int64_t> sizes;
  if (std::optional<ArrayRef<int64_t>> given = getQkvHiddenSizes())
    sizes.assign(given->begin(), given->end());
  if (!sizes.empty() && (sizes.size() != 3 || llvm::any_of(sizes, [](auto n) {
                           return n <= 0 || n > (int64_t(1) << 40);
                         })))
    return emitOpError("(C5) qkv_hidden_sizes must be three positive numbers, "
                       "but are ")
           << spell(sizes);
  // C3
  int64_t heads = getNumHeads();
  if (heads <= 0)
    return emitOpError("(C3) num_heads must be positive, but is ") << heads;
  int64_t columns = weights ? weights.getDimSize(1) : ShapedType::kDynamic;
  if (sizes.empty() && isKnown(columns)) {
    if (columns % 3 != 0)
      return emitOpError("(C3) the weights have ")
             << columns << " columns, which is not a multiple of 3; "
             << "qkv_hidden_sizes is needed";
    sizes.assign(3, columns / 3);
  }
  if (!sizes.empty() && isKnown(columns) &&
      columns != sizes[0] + sizes[1] + sizes[2])
    return emitOpError("(C3) the weights have ")
           << columns << " columns, but qkv_hidden_sizes are " << spell(sizes);
  if (!sizes.empty() && sizes[0] != sizes[1])
    return emitOpError("(C3) queries and keys must have one width, but have ")
           << sizes[0] << " and " << sizes[1];
  for (int64_t size : sizes)
    if (size % heads != 0)
      return emitOpError("(C3) ")
             << size << " is not a multiple of " << heads << " heads";
  // C4
  RankedTensorType past = rankedType(getPast());
  if (past && (past.getRank() != 5 || !mayAgree(past.getDimSize(0), 2)))
    return emitOpError("(C4) past must be [2, batch, heads, tokens, size], but "
                       "is ")
           << past;
  return success();
}

LogicalResult MSMultiHeadAttentionOp::verify() {
  // C1
  SmallVector<Value> floats =
      present({getQuery(), getKey(), getValue(), getBias(), getPastKey(),
               getPastValue(), getOutput()});
  if (failed(verifyElementTypes(
          *this, 1, "query, key, value, bias, past and output", floats)))
    return failure();
  // C2
  int64_t heads = getNumHeads();
  if (heads <= 0)
    return emitOpError("(C2) num_heads must be positive, but is ") << heads;
  for (auto [value, name] : {std::pair<Value, StringRef>(getQuery(), "query"),
                             {getKey(), "key"},
                             {getValue(), "value"}})
    if (failed(verifyHidden(*this, 2, value, heads, name)))
      return failure();
  // C3
  RankedTensorType key = rankedType(getKey()), value = rankedType(getValue());
  if (!getKey()) {
    if (getValue() ||
        failed(verifyRank(*this, 3, getQuery(), 5, "a query without a key")))
      return getValue() ? emitOpError("(C3) there is a value, but no key")
                        : failure();
  } else if (!getValue()) {
    if (failed(verifyRank(*this, 3, getKey(), 5, "a key without a value")))
      return failure();
  } else if (key && value &&
             (key.getRank() != value.getRank() ||
              (key.getRank() != 3 && key.getRank() != 4))) {
    return emitOpError("(C3) key and value must both have rank 3 or both have "
                       "rank 4, but are ")
           << key << " and " << value;
  }
  if (getKey() && failed(verifyRank(*this, 3, getQuery(), 3, "query")))
    return failure();
  auto verifyPacked = [&](Value packed, int64_t parts) -> LogicalResult {
    RankedTensorType type = rankedType(packed);
    if (!type || type.getRank() != 5 ||
        (mayAgree(type.getDimSize(2), heads) &&
         mayAgree(type.getDimSize(3), parts)))
      return success();
    return emitOpError("(C3) a packed operand must be [batch, tokens, ")
           << heads << ", " << parts << ", size], but is " << type;
  };
  if (failed(verifyPacked(getQuery(), 3)) || failed(verifyPacked(getKey(), 2)))
    return failure();
  return verifyPast(*this);
}

LogicalResult MSGroupQueryAttentionOp::verify() {
  // C1
  if (failed(verifyElementTypes(
          *this, 1, "query, key, value and output",
          present({getQuery(), getKey(), getValue(), getOutput()}))))
    return failure();
  // C2
  int64_t heads = getNumHeads(), kvHeads = getKvNumHeads();
  constexpr int64_t kMost = int64_t(1) << 24;
  if (heads <= 0 || kvHeads <= 0 || heads > kMost || heads % kvHeads != 0)
    return emitOpError("(C2) num_heads must be a positive multiple of "
                       "kv_num_heads, but they are ")
           << heads << " and " << kvHeads;
  // C3
  if (!getKey() != !getValue())
    return emitOpError("(C3) key and value must both be given or both be left "
                       "out");
  for (auto [value, count, name] :
       {std::tuple<Value, int64_t, StringRef>(
            getQuery(), getKey() ? heads : heads + 2 * kvHeads, "query"),
        {getKey(), kvHeads, "key"},
        {getValue(), kvHeads, "value"}})
    if (failed(verifyRank(*this, 3, value, 3, name)) ||
        failed(verifyHidden(*this, 3, value, count, name)))
      return failure();
  if (failed(verifyPast(*this)))
    return failure();
  // C5
  if (getDoRotary() && (!getCosCache() || !getSinCache()))
    return emitOpError("(C5) do_rotary needs cos_cache and sin_cache");
  // C6
  APFloat softcap = getSoftcap();
  if (!softcap.isFinite() || (softcap.isNegative() && !softcap.isZero()))
    return emitOpError("(C6) softcap must be finite and not negative, but is ")
           << softcap.convertToDouble();
  // C7
  if (!getSeqlensK() || !getTotalSequenceLength())
    return emitOpError("(C7) seqlens_k and total_sequence_length must not be "
                       "left out");
  return success();
}

//===- MicrosoftAttention.td - attention in domain com.microsoft ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_DIALECTS_ONNX_MICROSOFTATTENTION_TD
#define BLOCKATTN_DIALECTS_ONNX_MICROSOFTATTENTION_TD

def Onnx_MSRotaryEmbeddingOp : Onnx_MSOp<"RotaryEmbedding",
    [Onnx_SameShape<2>]> {
  let summary = "rotates pairs of elements by tabulated angles";
  let description = [{
    As `onnx.RotaryEmbedding`, for [batch, tokens, hidden] or [batch, heads,
    tokens, size]. `position_ids` is [batch, tokens], or one number, the
    position of the first token. With `num_heads` 0 the head size is twice the
    number of columns of the caches.

    Constraints:
      * (C1) input, caches and output have one element type.
      * (C2) input and output have one shape, of rank 3 or 4.
      * (C3) `position_ids` has rank 0 or one element, or is a matrix.
      * (C4) the caches are matrices of one shape.
      * (C5) `rotary_embedding_dim` is even and not negative, `num_heads` is not
        negative, and a positive `rotary_embedding_dim` goes with a positive
        `num_heads` unless the input has rank 4.
  }];
  let arguments = (ins Onnx_FloatTensor:$input, Onnx_IndexTensor:$position_ids,
    Onnx_FloatTensor:$cos_cache, Onnx_FloatTensor:$sin_cache,
    Onnx_DefaultInt<"0">:$interleaved, Onnx_DefaultInt<"0">:$num_heads,
    Onnx_DefaultInt<"0">:$rotary_embedding_dim,
    Onnx_DefaultInt<"0">:$is_packed_batching,
    Onnx_DefaultFloat<"1.0f">:$scale);
  let results = (outs Onnx_FloatTensor:$output);
  let hasVerifier = 1;
}

def Onnx_MSAttentionOp : Onnx_MSOp<"Attention", [AttrSizedOperandSegments,
    Onnx_RequiredSlots<2, 0>]> {
  let summary = "attention with its projections";
  let description = [{
    Queries, keys and values are parts of input * weights + bias, of equal width
    or as `qkv_hidden_sizes` says. `past` and `present` are [2, batch, heads,
    tokens, size]: keys, then values. `mask_index` is one of

      * [batch, tokens] or [batch, queries, tokens]: a key is seen where it is
        positive
      * [batch]: the number of keys that are seen
      * [2 * batch]: the ends of what is seen, then the beginnings

    What is not seen has `mask_filter_value` added to its score.
    `attention_bias` is added, too. With `unidirectional` a query sees no later
    keys.

    Constraints:
      * (C1) input, weights, bias, past and output have one element type.
      * (C2) input has rank 3, the weights rank 2, and the rows of the weights
        are as many as the last dimension of the input.
      * (C3) `num_heads` is positive and divides the width of queries, of keys
        and of values; queries and keys have one width.
      * (C4) `past` has rank 5 with 2 as its first dimension.
      * (C5) `qkv_hidden_sizes` are three positive numbers.
  }];
  let arguments = (ins Onnx_FloatTensor:$input, Onnx_FloatTensor:$weights,
    Optional<Onnx_FloatTensor>:$bias, Optional<Onnx_IndexTensor>:$mask_index,
    Optional<Onnx_FloatTensor>:$past,
    Optional<Onnx_FloatTensor>:$attention_bias,
    Optional<Onnx_IndexTensor>:$past_sequence_length,
    Onnx_I64Attr:$num_heads, Onnx_DefaultInt<"0">:$unidirectional,
    OptionalAttr<DenseI64ArrayAttr>:$qkv_hidden_sizes,
    Onnx_DefaultFloat<"0.0f">:$scale,
    Onnx_DefaultFloat<"-10000.0f">:$mask_filter_value,
    Onnx_DefaultInt<"0">:$do_rotary,
    Onnx_DefaultInt<"0">:$rotary_embedding_dim,
    Onnx_DefaultInt<"0">:$past_present_share_buffer);
  let results = (outs Onnx_FloatTensor:$output,
    Optional<Onnx_FloatTensor>:$present);
  let hasVerifier = 1;
}

def Onnx_MSMultiHeadAttentionOp : Onnx_MSOp<"MultiHeadAttention",
    [AttrSizedOperandSegments, AttrSizedResultSegments,
     Onnx_RequiredSlots<1, 1>]> {
  let summary = "attention after its projections";
  let description = [{
    Query, key and value are [batch, tokens, hidden]; or key and value are
    [batch, heads, tokens, size]; or the key holds both, [batch, tokens, heads,
    2, size]; or the query holds all three, [batch, tokens, heads, 3, size]. The
    bias [hidden sizes together] is added to them. `key_padding_mask` is as the
    `mask_index` of `onnx.ms.Attention`.

    Constraints:
      * (C1) query, key, value, bias, past and output have one element type.
      * (C2) `num_heads` is positive and divides the hidden sizes.
      * (C3) key and value are given in one of these forms.
      * (C4) `past_key` and `past_value` are both there or both absent, of rank
        4, and so are `present_key` and `present_value`.
  }];
  let arguments = (ins Onnx_FloatTensor:$query, Optional<Onnx_FloatTensor>:$key,
    Optional<Onnx_FloatTensor>:$value, Optional<Onnx_FloatTensor>:$bias,
    Optional<Onnx_IndexTensor>:$key_padding_mask,
    Optional<Onnx_FloatTensor>:$attention_bias,
    Optional<Onnx_FloatTensor>:$past_key,
    Optional<Onnx_FloatTensor>:$past_value,
    Optional<Onnx_IndexTensor>:$past_sequence_length,
    Optional<Onnx_IndexTensor>:$cache_indirection,
    Onnx_I64Attr:$num_heads, Onnx_DefaultInt<"0">:$unidirectional,
    Onnx_DefaultFloat<"0.0f">:$scale,
    Onnx_DefaultFloat<"-10000.0f">:$mask_filter_value);
  let results = (outs Onnx_FloatTensor:$output,
    Optional<Onnx_FloatTensor>:$present_key,
    Optional<Onnx_FloatTensor>:$present_value,
    Optional<Onnx_FloatTensor>:$qk);
  let hasVerifier = 1;
}

def Onnx_MSGroupQueryAttentionOp : Onnx_MSOp<"GroupQueryAttention",
    [AttrSizedOperandSegments, AttrSizedResultSegments,
     Onnx_RequiredSlots<1, 1>]> {
  let summary = "causal attention with fewer heads of keys than of queries";
  let description = [{
    The query is [batch, tokens, hidden], key and value likewise; or the query
    holds all three, one after the other. Row b has `seqlens_k`[b] + 1 tokens,
    past ones included; `total_sequence_length` is the largest of these. With
    `do_rotary` queries and keys are rotated by the caches, at `position_ids`
    or, where absent, at the tokens' places behind the past ones. A query sees
    itself and earlier keys, with `local_window_size` >= 0 this many at most,
    itself included. Norms of the heads come before the rotation.
    ONNX Runtime takes but the first of the `position_ids` where there is no
    past, for all rows, and counts on from it; here each token has its own.

    Constraints:
      * (C1) query, key, value and output have one element type.
      * (C2) `num_heads` and `kv_num_heads` are positive, and the first is a
        multiple of the second.
      * (C3) key and value are both there or both absent; the hidden sizes are
        multiples of the numbers of heads.
      * (C4) `past_key` and `past_value` are both there or both absent, of rank
        4, and so are `present_key` and `present_value`.
      * (C5) with `do_rotary` both caches are there.
      * (C6) `softcap` is finite and not negative.
      * (C7) `seqlens_k` and `total_sequence_length` are there.
  }];
  let arguments = (ins Onnx_FloatTensor:$query, Optional<Onnx_FloatTensor>:$key,
    Optional<Onnx_FloatTensor>:$value, Optional<Onnx_NumberTensor>:$past_key,
    Optional<Onnx_NumberTensor>:$past_value,
    Optional<Onnx_IndexTensor>:$seqlens_k,
    Optional<Onnx_IndexTensor>:$total_sequence_length,
    Optional<Onnx_FloatTensor>:$cos_cache,
    Optional<Onnx_FloatTensor>:$sin_cache,
    Optional<Onnx_I64Tensor>:$position_ids,
    Optional<Onnx_FloatTensor>:$attention_bias,
    Optional<Onnx_FloatTensor>:$head_sink,
    Optional<Onnx_FloatTensor>:$k_scale, Optional<Onnx_FloatTensor>:$v_scale,
    Optional<Onnx_FloatTensor>:$q_norm_weight,
    Optional<Onnx_FloatTensor>:$k_norm_weight,
    Onnx_I64Attr:$num_heads, Onnx_I64Attr:$kv_num_heads,
    Onnx_DefaultFloat<"0.0f">:$scale, Onnx_DefaultFloat<"0.0f">:$softcap,
    Onnx_DefaultInt<"0">:$do_rotary, Onnx_DefaultInt<"0">:$rotary_interleaved,
    Onnx_DefaultInt<"-1">:$local_window_size,
    Onnx_DefaultInt<"-1">:$smooth_softmax, Onnx_DefaultInt<"0">:$qk_output,
    Onnx_DefaultInt<"1">:$causal, Onnx_DefaultInt<"0">:$sliding_window_cache,
    Onnx_DefaultInt<"0">:$kv_cache_bit_width,
    Onnx_DefaultFloat<"1e-6f">:$qk_norm_epsilon,
    Onnx_DefaultString<"NONE">:$k_quant_type,
    Onnx_DefaultString<"NONE">:$v_quant_type);
  let results = (outs Onnx_FloatTensor:$output,
    Optional<Onnx_NumberTensor>:$present_key,
    Optional<Onnx_NumberTensor>:$present_value,
    Optional<Onnx_FloatTensor>:$output_qk);
  let hasVerifier = 1;
}

#endif // BLOCKATTN_DIALECTS_ONNX_MICROSOFTATTENTION_TD

//===- OnnxNN.td - products, norms, softmax, attention --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_DIALECTS_ONNX_NN_TD
#define BLOCKATTN_DIALECTS_ONNX_NN_TD

include "dialects/Onnx/OnnxDialect.td"

//===----------------------------------------------------------------------===//
// Matrix products
//===----------------------------------------------------------------------===//

def Onnx_MatMulOp : Onnx_Op<"MatMul", [Onnx_OneElementType<1>]> {
  let summary = "matrix product";
  let description = [{
    The products of the matrices in the last two dimensions; the others
    broadcast. A vector on the left is a row, on the right a column, of which
    the added dimension is dropped from the result.

    Constraints:
      * (C1) operands and result have one element type.
      * (C2) the operands have a rank of at least 1.
      * (C3) the columns of A are as many as the rows of B.
      * (C4) the result has the broadcast dimensions of the operands, and the
        rows of A and the columns of B.
  }];
  let arguments = (ins Onnx_NumberTensor:$A, Onnx_NumberTensor:$B);
  let results = (outs Onnx_NumberTensor:$Y);
  let hasVerifier = 1;
}

def Onnx_GemmOp : Onnx_Op<"Gemm", [Onnx_OneElementType<1>]> {
  let summary = "alpha * A * B + beta * C";
  let description = [{
    The product of two matrices, either of which may be transposed first
    (`transA`, `transB`), plus an optional C that broadcasts to it.

    Constraints:
      * (C1) operands and result have one element type.
      * (C2) A, B and the result are matrices.
      * (C3) the columns of A, transposed or not, are as many as the rows of B.
      * (C4) the result has the rows of A and the columns of B.
      * (C5) C broadcasts to the result.
  }];
  let arguments = (ins Onnx_NumberTensor:$A, Onnx_NumberTensor:$B,
    Optional<Onnx_NumberTensor>:$C, Onnx_DefaultFloat<"1.0f">:$alpha,
    Onnx_DefaultFloat<"1.0f">:$beta, Onnx_DefaultInt<"0">:$transA,
    Onnx_DefaultInt<"0">:$transB);
  let results = (outs Onnx_NumberTensor:$Y);
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Norms, softmax, dropout
//===----------------------------------------------------------------------===//

def Onnx_LayerNormalizationOp : Onnx_Op<"LayerNormalization",
    [AttrSizedResultSegments, Onnx_RequiredSlots<0, 1>]> {
  let summary = "(X - mean) / sqrt(variance + epsilon) * Scale + B";
  let description = [{
    Mean and variance are those of the dimensions from `axis` on, computed in
    `stash_type` (f32 where absent). Optional results: Mean and InvStdDev (the
    reciprocal of the root), with 1 for these dimensions.

    Constraints:
      * (C1) X, Scale, B and Y have one element type.
      * (C2) `axis` lies within the rank of X.
      * (C3) X and Y have one shape.
      * (C4) Scale and B broadcast to X.
      * (C5) Mean and InvStdDev have the dimensions of X, from `axis` on 1.
      * (C6) `epsilon` is not negative.
  }];
  let arguments = (ins Onnx_FloatTensor:$X, Onnx_FloatTensor:$Scale,
    Optional<Onnx_FloatTensor>:$B, Onnx_DefaultInt<"-1">:$axis,
    Onnx_DefaultFloat<"1e-5f">:$epsilon, OptionalAttr<TypeAttr>:$stash_type);
  let results = (outs Onnx_FloatTensor:$Y, Optional<Onnx_FloatTensor>:$Mean,
    Optional<Onnx_FloatTensor>:$InvStdDev);
  let hasVerifier = 1;
}

def Onnx_RMSNormalizationOp : Onnx_Op<"RMSNormalization",
    [Onnx_SameShape<2>]> {
  let summary = "X / sqrt(mean(X * X) + epsilon) * scale";
  let description = [{
    The mean is that of the dimensions from `axis` on, computed in `stash_type`
    (f32 where absent).

    Constraints:
      * (C1) Y has the element type of `scale`.
      * (C2) X and Y have one shape.
      * (C3) `axis` lies within the rank of X.
      * (C4) the scale broadcasts to X.
      * (C5) `epsilon` is not negative.
  }];
  let arguments = (ins Onnx_FloatTensor:$X, Onnx_FloatTensor:$scale,
    Onnx_DefaultInt<"-1">:$axis, Onnx_DefaultFloat<"1e-5f">:$epsilon,
    OptionalAttr<TypeAttr>:$stash_type);
  let results = (outs Onnx_FloatTensor:$Y);
  let hasVerifier = 1;
}

class Onnx_SoftmaxLike<string mnemonic, string formula>
    : Onnx_Op<mnemonic, [Onnx_OneElementType<1>, Onnx_SameShape<2>]> {
  let summary = formula;
  let description = "Computes `" # formula # [{`, the sum along `axis`.

    Constraints:
      * (C1) input and output have one element type.
      * (C2) input and output have one shape.
      * (C3) `axis` lies within the rank.
  }];
  let arguments = (ins Onnx_FloatTensor:$input, Onnx_DefaultInt<"-1">:$axis);
  let results = (outs Onnx_FloatTensor:$output);
  let hasVerifier = 1;
}
def Onnx_SoftmaxOp : Onnx_SoftmaxLike<"Softmax",
    "exp(input) / sum exp(input)">;
def Onnx_LogSoftmaxOp : Onnx_SoftmaxLike<"LogSoftmax",
    "input - log(sum exp(input))">;

def Onnx_DropoutOp : Onnx_Op<"Dropout", [AttrSizedOperandSegments,
    Onnx_RequiredSlots<1, 0>]> {
  let summary = "sets a random part of the elements to 0";
  let description = [{
    With `training_mode` true, drops the share `ratio` (0.5 where absent) of
    the elements and scales the others by 1 / (1 - ratio); otherwise the output
    is `data`. The optional mask tells what was kept.

    Constraints:
      * (C1) data and output have one element type.
      * (C2) data, output and mask have one shape.
      * (C3) `ratio` and `training_mode` have one element.
  }];
  let arguments = (ins Onnx_FloatTensor:$data,
    Optional<Onnx_FloatTensor>:$ratio, Optional<Onnx_BoolTensor>:$training_mode,
    OptionalAttr<Onnx_I64Attr>:$seed);
  let results = (outs Onnx_FloatTensor:$output,
    Optional<Onnx_BoolTensor>:$mask);
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

def Onnx_AttentionOp : Onnx_Op<"Attention", [AttrSizedOperandSegments,
    AttrSizedResultSegments, Onnx_RequiredSlots<3, 1>]> {
  let summary = "softmax(scale * Q K^T + mask) V";
  let description = [{
    Scaled dot product attention, for operands [batch, heads, tokens, size] or
    [batch, tokens, heads * size] with `q_num_heads` and `kv_num_heads`. Past
    keys and values precede those of K and V; together they are the present
    ones. The score of query i and key j is

        s = softcap(scale * Q[i] . K[j]) + mask[i, j]

    scale = 1 / sqrt(head size) where absent; softcap(x) =
    softcap * tanh(x / softcap) where `softcap` is not 0. A boolean mask forbids
    where false; one with too few keys forbids the others. Query i stands at
    p = offset + i, offset being the past length, or `nonpad_kv_seqlen` - the
    number of queries, or 0. With `is_causal` it sees j <= p; with
    `left_window_size` >= 0 j >= p - left_window_size, with
    `right_window_size` >= 0 j <= p + right_window_size; with
    `nonpad_kv_seqlen` j < nonpad_kv_seqlen[batch]. A query that sees nothing
    yields 0. `qk_matmul_output` is, by `qk_matmul_output_mode`, 0: scaled
    Q K^T, 1: after the soft cap, 2: after the mask, 3: after the softmax.

    Constraints:
      * (C1) Q, K, past_key and Y have one element type; V and past_value too.
      * (C2) Q, K and V have one rank, 3 or 4, and Y that of Q.
      * (C3) with rank 3 `q_num_heads` and `kv_num_heads` are given, positive,
        and divide the hidden sizes.
      * (C4) Q has a multiple of the heads of K, and V as many as K.
      * (C5) the batch sizes agree, the lengths of K and V, and the head sizes
        of Q and K.
      * (C6) past_key and past_value are both there or both absent, of rank 4
        [batch, kv heads, past length, head size].
      * (C7) present_key and present_value are both there or both absent, of
        rank 4.
      * (C8) `nonpad_kv_seqlen` is a vector [batch], and there is no past then.
      * (C9) the mask broadcasts to [batch, heads, queries, keys]; its last
        dimension may be smaller.
      * (C10) `softcap` is not negative, `qk_matmul_output_mode` lies in [0, 3],
        and the window sizes are at least -1.
      * (C11) Y has the shape of Q, but for the head size, which is that of V.
  }];
  let arguments = (ins Onnx_FloatTensor:$Q, Onnx_FloatTensor:$K,
    Onnx_FloatTensor:$V, Optional<Onnx_BoolOrNumberTensor>:$attn_mask,
    Optional<Onnx_FloatTensor>:$past_key,
    Optional<Onnx_FloatTensor>:$past_value,
    Optional<Onnx_I64Tensor>:$nonpad_kv_seqlen,
    Onnx_DefaultInt<"0">:$is_causal,
    OptionalAttr<Onnx_I64Attr>:$q_num_heads,
    OptionalAttr<Onnx_I64Attr>:$kv_num_heads,
    OptionalAttr<F32Attr>:$scale,
    Onnx_DefaultFloat<"0.0f">:$softcap,
    Onnx_DefaultInt<"-1">:$left_window_size,
    Onnx_DefaultInt<"-1">:$right_window_size,
    Onnx_DefaultInt<"0">:$qk_matmul_output_mode,
    OptionalAttr<TypeAttr>:$softmax_precision);
  let results = (outs Onnx_FloatTensor:$Y,
    Optional<Onnx_FloatTensor>:$present_key,
    Optional<Onnx_FloatTensor>:$present_value,
    Optional<Onnx_FloatTensor>:$qk_matmul_output);
  let hasVerifier = 1;
}

def Onnx_RotaryEmbeddingOp : Onnx_Op<"RotaryEmbedding", [Onnx_SameShape<2>]> {
  let summary = "rotates pairs of elements by tabulated angles";
  let description = [{
    X is [batch, heads, tokens, size], or [batch, tokens, heads * size] with
    `num_heads`. The first `rotary_embedding_dim` elements r of a head (all
    where 0) form pairs (x[i], x[i + r/2]), or (x[2i], x[2i + 1]) where
    `interleaved` is 1, of which each is rotated by the angle whose cosine and
    sine the caches hold: at row `position_ids`[batch, token] of a table
    [positions, r/2], or, where `position_ids` is absent, at [batch, token].

    Constraints:
      * (C1) X, both caches and Y have one element type.
      * (C2) X and Y have one shape.
      * (C3) X has rank 3 or 4, and with rank 3 `num_heads` is positive and
        divides the hidden size.
      * (C4) the caches have one shape, of rank 2 with `position_ids` and of
        rank 3 without.
      * (C5) `position_ids` is a matrix [batch, tokens].
      * (C6) `rotary_embedding_dim` is even, not negative, and at most the head
        size.
      * (C7) the last dimension of the caches is half the number of elements
        that are rotated.
  }];
  let arguments = (ins Onnx_FloatTensor:$X, Onnx_FloatTensor:$cos_cache,
    Onnx_FloatTensor:$sin_cache, Optional<Onnx_I64Tensor>:$position_ids,
    Onnx_DefaultInt<"0">:$interleaved, OptionalAttr<Onnx_I64Attr>:$num_heads,
    Onnx_DefaultInt<"0">:$rotary_embedding_dim);
  let results = (outs Onnx_FloatTensor:$Y);
  let hasVerifier = 1;
}

#endif // BLOCKATTN_DIALECTS_ONNX_NN_TD

//===- BlockAttnOps.td - the ops of the blockattn dialect -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_DIALECTS_BLOCKATTN_OPS_TD
#define BLOCKATTN_DIALECTS_BLOCKATTN_OPS_TD

include "dialects/BlockAttn/BlockAttnDialect.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"

class BlockAttn_Op<string mnemonic, list<Trait> traits = []>
    : Op<BlockAttn_Dialect, mnemonic, traits>;

def BlockAttn_FloatTensor3 : RankedTensorOf<[F32, F16, BF16], [HasAnyRankOfPred<[3]>],
    "3D tensor of f32, f16 or bf16">;
def BlockAttn_FloatTensor4 : RankedTensorOf<[F32, F16, BF16], [HasAnyRankOfPred<[4]>],
    "4D tensor of f32, f16 or bf16">;
def BlockAttn_FloatTensor2 : RankedTensorOf<[F32, F16, BF16], [HasAnyRankOfPred<[2]>],
    "2D tensor of f32, f16 or bf16">;

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

def BlockAttn_AttentionOp : BlockAttn_Op<"attention",
    [Pure, AttrSizedOperandSegments]> {
  let summary = "softmax(scale * Q K^T) V under an interval mask";
  let description = [{
    For batch b, query head h and query i, with g = H / Hkv:

        s(j)   = scale * sum_d query[b, i, h, d] * key[b, j, h / g, d]
        s(j)   = softcap * tanh(s(j) / softcap)         if softcap > 0
        s(j)   = s(j) + slopes[h] * (p(j) - p(i + d))   if there are slopes
        lse    = log sum_j exp(s(j))                    over the visible j
        result = sum_j exp(s(j) - lse) * value[b, j, h / g, :]

    The query has shape [B, Nq, H, D], the key [B, Nk, Hkv, D], the value
    [B, Nk, Hkv, Dv], the result [B, Nq, H, Dv] and `lse`, when asked for,
    [B, Nq, H] in f32. Sums are accumulated in f32.

    Key j is visible to query i, with d = Nk - Nq (queries are the last Nq of
    the Nk tokens), if all of these hold:

      * `causal` is absent, or j <= i + d
      * `window` is 0, or i + d - j < window, and j - i - d < window: without
        `causal` a window is as wide on both sides
      * `layout` is absent, or j and i are in one segment, and in one
        block unless the block of i is global
      * `key_mask` is absent, or key_mask[b, j] is true

    `slopes`, one for each query head, make a bias that is linear in the
    distance (ALiBi, arXiv 2108.12409). p(j) is `key_positions[b, j]`, or j where
    these are absent; d = Nk - Nq as below. Cached tokens stand before the
    others, each at its position in the prompt. Only distances count, so that
    keys do not depend on their place.

    With a `cache` every token of every cached block comes before the Nk keys,
    in list order, and is visible to every query, but for the window. Layer
    `layer` of the cache is read. For a cached block with shift s the query is
    rotated by -s as `query_rotary` says (keys are never rewritten; for a
    query at position p and a key that was rotated for position j the angle
    becomes p - s - j). Without `query_rotary` the shift is ignored.

    A query that sees nothing yields 0 and a log-sum-exp of minus infinity.

    Constraints:
      * (C1) `query`, `key`, `value` and the result have one element type.
      * (C2) B, D and Nk agree wherever they are known; Dv likewise.
      * (C3) H is a multiple of Hkv where both are known.
      * (C4) `window` is not negative.
      * (C5) `softcap` is not negative; `scale` is finite.
      * (C6) `layout` needs `causal`, B = 1 and Nq = Nk where these are known,
        and no `cache`.
      * (C7) `cache` needs `causal`, `layer` and B = 1; `layer` is not negative.
      * (C8) `query_rotary` needs `cache`, and its rotary dimension is at most D.
      * (C9) `key_mask` has shape [B, Nk].
      * (C10) `lse` has shape [B, Nq, H].
      * (C11) there is a finite slope for each head, and H and Hkv are known.
      * (C12) `key_positions` needs `slopes` and has shape [B, Nk].
  }];
  let arguments = (ins
    BlockAttn_FloatTensor4:$query, BlockAttn_FloatTensor4:$key,
    BlockAttn_FloatTensor4:$value,
    Optional<BlockAttn_LayoutType>:$layout,
    Optional<BlockAttn_KVType>:$cache,
    Optional<RankedTensorOf<[I1], [HasAnyRankOfPred<[2]>]>>:$key_mask,
    Optional<RankedTensorOf<[I64], [HasAnyRankOfPred<[2]>]>>:$key_positions,
    F32Attr:$scale,
    DefaultValuedAttr<F32Attr, "0.0f">:$softcap,
    DefaultValuedAttr<I64Attr, "0">:$window,
    UnitAttr:$causal,
    OptionalAttr<I64Attr>:$layer,
    OptionalAttr<BlockAttn_RotaryAttr>:$query_rotary,
    OptionalAttr<DenseF32ArrayAttr>:$slopes);
  let results = (outs BlockAttn_FloatTensor4:$result,
    Optional<RankedTensorOf<[F32], [HasAnyRankOfPred<[3]>]>>:$lse);
  let assemblyFormat = [{
    $query `,` $key `,` $value
    (`layout` `(` $layout^ `)`)? (`cache` `(` $cache^ `)`)?
    (`key_mask` `(` $key_mask^ `:` type($key_mask) `)`)?
    (`key_positions` `(` $key_positions^ `:` type($key_positions) `)`)?
    attr-dict `:` type($query) `,` type($key) `,` type($value)
    `->` type($result) (`,` type($lse)^)?
  }];
  // Without slopes, as most models are.
  let builders = [
    OpBuilder<(ins "::mlir::Type":$result, "::mlir::Type":$lse,
      "::mlir::Value":$query, "::mlir::Value":$key, "::mlir::Value":$value,
      "::mlir::Value":$layout, "::mlir::Value":$cache, "::mlir::Value":$key_mask,
      "::mlir::FloatAttr":$scale, "::mlir::FloatAttr":$softcap,
      "::mlir::IntegerAttr":$window, "::mlir::UnitAttr":$causal,
      "::mlir::IntegerAttr":$layer, "::blockattn::RotaryAttr":$query_rotary), [{
      build($_builder, $_state, result, lse, query, key, value, layout, cache,
            key_mask, /*key_positions=*/::mlir::Value(), scale, softcap, window,
            causal, layer, query_rotary,
            /*slopes=*/::mlir::DenseF32ArrayAttr());
    }]>];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

def BlockAttn_RotaryOp : BlockAttn_Op<"rotary",
    [Pure, AllTypesMatch<["input", "result"]>]> {
  let summary = "rotary position embedding";
  let description = [{
    Rotates each head of `input` [B, N, H, D] by its token's position, as the
    `rope` attribute says; `positions` is [B, N] or [1, N].

    Constraints:
      * (C1) the rotary dimension of `rope` is at most D.
      * (C2) `positions` has N columns, and B or 1 rows, where these are known.
  }];
  let arguments = (ins BlockAttn_FloatTensor4:$input,
    RankedTensorOf<[I64], [HasAnyRankOfPred<[2]>]>:$positions,
    BlockAttn_RotaryAttr:$rope);
  let results = (outs BlockAttn_FloatTensor4:$result);
  let assemblyFormat =
    "$input `,` $positions $rope attr-dict `:` type($input) `,` type($positions)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Layouts
//===----------------------------------------------------------------------===//

def BlockAttn_LayoutOp : BlockAttn_Op<"layout", [Pure]> {
  let summary = "makes a layout from tensors";
  let description = [{
    `block_starts` [nb] i64, `is_global` [nb] i1, `segment` [nb] i64. See the
    layout type. That the starts increase from 0 is checked when the values
    are known, and by the runtime otherwise.

    Constraints:
      * (C1) the three operands have one length where it is known.
      * (C2) a constant `block_starts` begins with 0 and increases.
  }];
  let arguments = (ins
    RankedTensorOf<[I64], [HasAnyRankOfPred<[1]>]>:$block_starts,
    RankedTensorOf<[I1], [HasAnyRankOfPred<[1]>]>:$is_global,
    RankedTensorOf<[I64], [HasAnyRankOfPred<[1]>]>:$segment);
  let results = (outs BlockAttn_LayoutType:$result);
  let assemblyFormat = [{
    $block_starts `,` $is_global `,` $segment attr-dict
    `:` type($block_starts) `,` type($is_global) `,` type($segment)
  }];
  let hasVerifier = 1;
}

def BlockAttn_LayoutFromPositionsOp
    : BlockAttn_Op<"layout_from_positions", [Pure]> {
  let summary = "the layout of sequences packed by their positions";
  let description = [{
    Each longest run within a row of `positions` [B, N] in which every position
    is the one before it plus 1 is a segment of one block. So graphs read their
    positions that detect packed sequences (a mask that is causal, but does not
    reach back beyond such a run). The layout is of B * N tokens, row after row.
  }];
  let arguments = (ins RankedTensorOf<[I64], [HasAnyRankOfPred<[2]>]>:$positions);
  let results = (outs BlockAttn_LayoutType:$result);
  let assemblyFormat = "$positions attr-dict `:` type($positions)";
}

def BlockAttn_FirstKeyOp : BlockAttn_Op<"first_key", [Pure]> {
  let summary = "for each packed token, the first token that it may see";
  let description = [{
    result[i] is the first token of i's block, or, where that block is
    global, of i's segment. Under a layout query i sees exactly the keys from
    result[i] to i: a layout costs one integer a token, never a mask.

    Constraints:
      * (C1) the result is an i64 vector.
  }];
  let arguments = (ins BlockAttn_LayoutType:$layout, Index:$tokens);
  let results = (outs RankedTensorOf<[I64], [HasAnyRankOfPred<[1]>]>:$result);
  let assemblyFormat = "$layout `,` $tokens attr-dict `:` type($result)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Sink tokens
//===----------------------------------------------------------------------===//

def BlockAttn_InsertSinksOp : BlockAttn_Op<"insert_sinks", [Pure]> {
  let summary = "puts learned embeddings before every block, or all tokens";
  let description = [{
    `embeddings` [1, N, C] are the tokens' embeddings, `table` [n, C] the sink
    embeddings. The result is [1, N + n * blocks, C]: each block is preceded by
    the n rows of the table. `positions` [1, N] become [1, N + n * blocks]:
    every token moves back by the sinks put before it in its segment, and the
    sinks take the positions in between. The result layout has the sinks in
    their blocks.

    With `shared` the sinks are there once, ahead of all tokens, however many
    prompts are packed: the result is [1, N + n, C]. They take the positions
    0 to n - 1, and every token moves back by n. In the result layout they are
    tokens of the first block. That the other blocks of all segments see them
    as well is no matter of the layout: `--blockattn-attend-shared-sinks`
    spells it out.

    A table of no rows is folded away: the model without sinks is the same IR.

    Constraints:
      * (C1) `embeddings` and its result differ in dimension 1 alone.
      * (C2) the table's columns and element type are those of the embeddings.
      * (C3) `positions` has as many columns as `embeddings` has tokens.
  }];
  let arguments = (ins BlockAttn_FloatTensor3:$embeddings,
    BlockAttn_FloatTensor2:$table,
    RankedTensorOf<[I64], [HasAnyRankOfPred<[2]>]>:$positions,
    BlockAttn_LayoutType:$layout, UnitAttr:$shared);
  let results = (outs BlockAttn_FloatTensor3:$result,
    RankedTensorOf<[I64], [HasAnyRankOfPred<[2]>]>:$result_positions,
    BlockAttn_LayoutType:$result_layout);
  let assemblyFormat = [{
    $embeddings `,` $table `,` $positions `,` $layout attr-dict
    `:` type($embeddings) `,` type($table) `,` type($positions)
    `->` type($result) `,` type($result_positions)
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

def BlockAttn_DropSinksOp : BlockAttn_Op<"drop_sinks", [Pure]> {
  let summary = "takes the rows of sink tokens out again";
  let description = [{
    The inverse of `insert_sinks` on a per-token tensor [1, N', ...]: the rows
    of sink tokens are dropped. `layout` is the layout without sinks, and
    `count` the number of sink rows at each block (with `shared`, ahead of
    all tokens); it is an operand because the number of rows of the sinks' table
    may be known at run time only.

    Constraints:
      * (C1) the ranks agree, and the dimensions other than 1.
      * (C2) a constant `count` is not negative.
  }];
  let arguments = (ins AnyRankedTensor:$input, BlockAttn_LayoutType:$layout,
    Index:$count, UnitAttr:$shared);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $input `,` $layout `,` $count attr-dict `:` type($input) `->` type($result)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

include "dialects/BlockAttn/BlockAttnKernelOps.td"

#endif // BLOCKATTN_DIALECTS_BLOCKATTN_OPS_TD

//===- Microsoft.td - ops of ONNX Runtime, domain com.microsoft -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// `onnx.ms.Name` mirrors com.microsoft.Name. Those of these ops that equal a
// standard one (SimplifiedLayerNormalization, Gelu, DequantizeLinear) are
// imported as that. Source: ONNX Runtime's ContribOperators.md.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_DIALECTS_ONNX_MICROSOFT_TD
#define BLOCKATTN_DIALECTS_ONNX_MICROSOFT_TD

include "dialects/Onnx/OnnxDialect.td"

class Onnx_MSOp<string name, list<Trait> traits = []>
    : Onnx_Op<"ms." # name, traits> {
  let cppNamespace = "::blockattn::onnx";
}

//===----------------------------------------------------------------------===//
// Activations
//===----------------------------------------------------------------------===//

def Onnx_MSBiasGeluOp : Onnx_MSOp<"BiasGelu",
    [Onnx_OneElementType<1>, Onnx_SameShape<2>]> {
  let summary = "Gelu(A + B)";
  let description = [{
    The exact form of Gelu, of A plus a vector B along the last dimension.

    Constraints:
      * (C1) operands and result have one element type.
      * (C2) A and C have one shape.
      * (C3) B broadcasts to A.
  }];
  let arguments = (ins Onnx_FloatTensor:$A, Onnx_FloatTensor:$B);
  let results = (outs Onnx_FloatTensor:$C);
  let hasVerifier = 1;
}

def Onnx_MSFastGeluOp : Onnx_MSOp<"FastGelu",
    [Onnx_OneElementType<1>, Onnx_SameShape<2>]> {
  let summary = "Gelu(X + bias), by tanh";
  let description = [{
    The form of Gelu that is made of tanh. The bias is optional.

    Constraints:
      * (C1) operands and result have one element type.
      * (C2) X and Y have one shape.
      * (C3) the bias broadcasts to X.
  }];
  let arguments = (ins Onnx_FloatTensor:$X, Optional<Onnx_FloatTensor>:$bias);
  let results = (outs Onnx_FloatTensor:$Y);
  let hasVerifier = 1;
}

def Onnx_MSQuickGeluOp : Onnx_MSOp<"QuickGelu",
    [Onnx_OneElementType<1>, Onnx_SameShape<2>]> {
  let summary = "X * sigmoid(alpha * X)";
  let description = [{
    Constraints:
      * (C1) operand and result have one element type.
      * (C2) X and Y have one shape.
  }];
  let arguments = (ins Onnx_FloatTensor:$X, Onnx_DefaultFloat<"1.702f">:$alpha);
  let results = (outs Onnx_FloatTensor:$Y);
}

//===----------------------------------------------------------------------===//
// Norms and embeddings
//===----------------------------------------------------------------------===//

class Onnx_MSSkipNorm<string name, dag operands, list<Trait> traits>
    : Onnx_MSOp<name, !listconcat([AttrSizedResultSegments], traits)> {
  let arguments = !con(operands, (ins Onnx_DefaultFloat<"1e-12f">:$epsilon));
  let results = (outs Onnx_FloatTensor:$output,
    Optional<Onnx_FloatTensor>:$mean, Optional<Onnx_FloatTensor>:$inv_std_var,
    Optional<Onnx_FloatTensor>:$input_skip_bias_sum);
  let hasVerifier = 1;
}

def Onnx_MSSkipLayerNormalizationOp : Onnx_MSSkipNorm<"SkipLayerNormalization",
    (ins Onnx_FloatTensor:$input, Onnx_FloatTensor:$skip,
     Onnx_FloatTensor:$gamma, Optional<Onnx_FloatTensor>:$beta,
     Optional<Onnx_FloatTensor>:$bias),
    [AttrSizedOperandSegments, Onnx_RequiredSlots<3, 1>]> {
  let summary = "LayerNormalization(input + skip + bias)";
  let description = [{
    Adds, and normalizes the last dimension. `input_skip_bias_sum` is the sum.

    Constraints:
      * (C1) the operands, `output` and `input_skip_bias_sum` have one element
        type.
      * (C2) `skip` broadcasts to `input`, whose shape `output` has.
      * (C3) `gamma`, `beta` and `bias` are vectors of the size of the last
        dimension of `input`.
      * (C4) `epsilon` is not negative.
  }];
}

def Onnx_MSSkipSimplifiedLayerNormalizationOp
    : Onnx_MSSkipNorm<"SkipSimplifiedLayerNormalization",
    (ins Onnx_FloatTensor:$input, Onnx_FloatTensor:$skip,
     Onnx_FloatTensor:$gamma, Optional<Onnx_FloatTensor>:$bias),
    [Onnx_RequiredSlots<0, 1>]> {
  let summary = "RMSNormalization(input + skip + bias)";
  let description = [{
    Adds, and normalizes the last dimension. `input_skip_bias_sum` is the sum.

    Constraints:
      * (C1) the operands, `output` and `input_skip_bias_sum` have one element
        type.
      * (C2) `skip` broadcasts to `input`, whose shape `output` has.
      * (C3) `gamma` and `bias` are vectors of the size of the last dimension of
        `input`.
      * (C4) `epsilon` is not negative.
  }];
}

def Onnx_MSEmbedLayerNormalizationOp : Onnx_MSOp<"EmbedLayerNormalization",
    [AttrSizedOperandSegments, AttrSizedResultSegments,
     Onnx_RequiredSlots<1, 1>]> {
  let summary = "LayerNormalization of the sum of embeddings";
  let description = [{
    The rows of `word_embedding` at `input_ids`, plus those of
    `position_embedding` at `position_ids` (0, 1, 2, ... where absent), plus
    those of `segment_embedding` at `segment_ids`, are normalized with `gamma`
    and `beta`. `mask_index` counts the ones in each row of `mask` (0 without a
    mask), and `embedding_sum` is the sum before it is normalized.

    Constraints:
      * (C1) `input_ids` and `mask` are matrices of one shape, and so is
        `segment_ids`; `position_ids` may have one row for all.
      * (C2) the embeddings are matrices with one number of columns.
      * (C3) `segment_ids` and `segment_embedding` are both there or both
        absent.
      * (C4) `gamma` and `beta` are vectors of as many elements.
      * (C5) `epsilon` is not negative.
      * (C6) the operands other than `segment_ids`, `segment_embedding`, `mask`
        and `position_ids` are there.
  }];
  // What is required comes behind what is not, so that C6 has to say it.
  let arguments = (ins Onnx_IndexTensor:$input_ids,
    Optional<Onnx_IndexTensor>:$segment_ids,
    Optional<Onnx_FloatTensor>:$word_embedding,
    Optional<Onnx_FloatTensor>:$position_embedding,
    Optional<Onnx_FloatTensor>:$segment_embedding,
    Optional<Onnx_FloatTensor>:$gamma, Optional<Onnx_FloatTensor>:$beta,
    Optional<Onnx_IndexTensor>:$mask,
    Optional<Onnx_IndexTensor>:$position_ids,
    Onnx_DefaultFloat<"1e-12f">:$epsilon,
    Onnx_DefaultInt<"0">:$mask_index_type);
  let results = (outs Onnx_FloatTensor:$output,
    Optional<Onnx_IndexTensor>:$mask_index,
    Optional<Onnx_FloatTensor>:$embedding_sum);
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

def Onnx_MSFusedMatMulOp : Onnx_MSOp<"FusedMatMul", [Onnx_OneElementType<1>]> {
  let summary = "alpha * A * B, transposed first";
  let description = [{
    As MatMul. `transA` and `transB` swap the last two dimensions of an operand
    first; `transBatchA` and `transBatchB` move its first dimension behind the
    other batch dimensions (before the last dimension of an operand).

    Constraints:
      * (C1) operands and result have one element type.
      * (C2) the operands have a rank of at least 1, and of at least 2 where
        they are transposed.
  }];
  let arguments = (ins Onnx_FloatTensor:$A, Onnx_FloatTensor:$B,
    Onnx_DefaultFloat<"1.0f">:$alpha, Onnx_DefaultInt<"0">:$transA,
    Onnx_DefaultInt<"0">:$transB, Onnx_DefaultInt<"0">:$transBatchA,
    Onnx_DefaultInt<"0">:$transBatchB);
  let results = (outs Onnx_FloatTensor:$Y);
  let hasVerifier = 1;
}

def Onnx_MSMatMulNBitsOp : Onnx_MSOp<"MatMulNBits", [AttrSizedOperandSegments,
    Onnx_RequiredSlots<3, 0>]> {
  let summary = "a product with a weight of few bits";
  let description = [{
    Y = A * W^T + bias, W being [N, K]:

        W[n, k] = (B[n, k] - zero_points[n, g]) * scales[n, g]

    with g = k / block_size, or g = g_idx[k]. B is [N, blocks, bytes of a
    block], the elements packed from the lowest bits of a byte up. Zero points
    are packed likewise, each row to whole bytes, or have the type of the
    scales; without them they are 2 to the power of `bits` - 1.

    `accuracy_level` and `weight_prepacked` tell ONNX Runtime how to compute.

    Constraints:
      * (C1) A, the scales, the bias and Y have one element type.
      * (C2) `bits` is 2, 4 or 8; N and K are positive; `block_size` is a power
        of two and at least 16.
      * (C3) B has the elements that follow from `N`, `K`, `bits` and
        `block_size`; so have scales and zero points.
      * (C4) the last dimension of A is `K`, and that of Y is `N`.
      * (C5) `g_idx` has at least `K` elements, and the bias `N`.
  }];
  let arguments = (ins Onnx_FloatTensor:$A, Onnx_NumberTensor:$B,
    Onnx_FloatTensor:$scales, Optional<Onnx_NumberTensor>:$zero_points,
    Optional<Onnx_IndexTensor>:$g_idx, Optional<Onnx_FloatTensor>:$bias,
    Onnx_I64Attr:$N, Onnx_I64Attr:$K, Onnx_DefaultInt<"4">:$bits,
    Onnx_I64Attr:$block_size, Onnx_DefaultInt<"0">:$accuracy_level,
    Onnx_DefaultInt<"0">:$weight_prepacked);
  let results = (outs Onnx_FloatTensor:$Y);
  let hasVerifier = 1;
}

def Onnx_MSGatherBlockQuantizedOp : Onnx_MSOp<"GatherBlockQuantized"> {
  let summary = "Gather from a table of few bits";
  let description = [{
    Gather along `gather_axis` from

        (data[..., i, ...] - zero_points[..., i / block_size, ...])
            * scales[..., i / block_size, ...]

    i being the index along `quantize_axis`. Data of bytes hold 8 / `bits`
    elements each along the last dimension, packed from the lowest bits up;
    without zero points they are 2 to the power of `bits` - 1, and for data of
    4-bit integers 0.

    Constraints:
      * (C1) the scales and the result have one element type.
      * (C2) `bits` is 2, 4 or 8; `block_size` is a power of two and at least 16.
      * (C3) both axes lie within the rank of `data`, and differ.
  }];
  let arguments = (ins Onnx_NumberTensor:$data, Onnx_IndexTensor:$indices,
    Onnx_FloatTensor:$scales, Optional<Onnx_NumberTensor>:$zero_points,
    Onnx_DefaultInt<"4">:$bits, Onnx_DefaultInt<"128">:$block_size,
    Onnx_DefaultInt<"0">:$gather_axis, Onnx_DefaultInt<"1">:$quantize_axis);
  let results = (outs Onnx_FloatTensor:$output);
  let hasVerifier = 1;
}

include "dialects/Onnx/MicrosoftAttention.td"
include "dialects/Onnx/MicrosoftExperts.td"
include "dialects/Onnx/MicrosoftQuantized.td"

#endif // BLOCKATTN_DIALECTS_ONNX_MICROSOFT_TD

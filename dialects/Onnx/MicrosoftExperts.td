//===- MicrosoftExperts.td - mixtures of experts, domain com.microsoft ----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_DIALECTS_ONNX_MICROSOFTEXPERTS_TD
#define BLOCKATTN_DIALECTS_ONNX_MICROSOFTEXPERTS_TD

class Onnx_MSExperts<string name, dag operands, dag attributes>
    : Onnx_MSOp<name, [AttrSizedOperandSegments, Onnx_RequiredSlots<3, 0>,
                       Onnx_SameShape<2>]> {
  let arguments = !con(operands, (ins Onnx_DefaultString<"relu">:$activation_type,
    Onnx_DefaultFloat<"1.0f">:$activation_alpha,
    Onnx_DefaultFloat<"0.0f">:$activation_beta, Onnx_DefaultInt<"1">:$k,
    Onnx_DefaultInt<"0">:$normalize_routing_weights,
    Onnx_DefaultInt<"0">:$swiglu_fusion, OptionalAttr<F32Attr>:$swiglu_limit,
    Onnx_DefaultInt<"0">:$use_sparse_mixer), attributes);
  let results = (outs Onnx_FloatTensor:$output);
  let hasVerifier = 1;
}

def Onnx_MSMoEOp : Onnx_MSExperts<"MoE",
    (ins Onnx_FloatTensor:$input, Onnx_FloatTensor:$router_probs,
     Onnx_FloatTensor:$fc1_experts_weights,
     Optional<Onnx_FloatTensor>:$fc1_experts_bias,
     Optional<Onnx_FloatTensor>:$fc2_experts_weights,
     Optional<Onnx_FloatTensor>:$fc2_experts_bias,
     Optional<Onnx_FloatTensor>:$fc3_experts_weights,
     Optional<Onnx_FloatTensor>:$fc3_experts_bias), (ins)> {
  let summary = "a mixture of experts";
  let description = [{
    Each token goes to the `k` experts with the largest `router_probs`, and the
    result is the sum of theirs, weighed by the softmax over all experts, or,
    with `normalize_routing_weights`, by shares of these weights that add up to
    1. An expert is

        fc2(activation(fc1(x)))

    with each fc a product with the rows of its weight, [experts, rows,
    columns], plus a bias, [experts, rows]. The activation is relu, gelu (made
    of tanh), silu or identity, times fc3(x) where that is given; or it is
    swiglu of two parts g and l,

        min(g, limit) * sigmoid(alpha * min(g, limit)) *
            (clip(l, -limit, limit) + beta)

    which are fc1(x) and fc3(x) (`swiglu_fusion` 0), or the even and the odd
    rows of fc1 (1), or its first and its second half (2).

    Constraints:
      * (C1) input, weights, biases and output have one element type.
      * (C2) input and output have one shape, of rank 2 or 3; `router_probs`
        are a matrix.
      * (C3) weights have rank 3, biases rank 2, all of as many experts as
        `router_probs` have columns.
      * (C4) fc2 is there, and fc3 has a weight where it has a bias.
      * (C5) `k` is positive and not more than the experts.
      * (C6) `activation_type` is relu, gelu, silu, swiglu or identity,
        `swiglu_fusion` is 0, 1 or 2.
  }];
}

def Onnx_MSQMoEOp : Onnx_MSExperts<"QMoE",
    (ins Onnx_FloatTensor:$input, Onnx_FloatTensor:$router_probs,
     Onnx_NumberTensor:$fc1_experts_weights,
     Optional<Onnx_FloatTensor>:$fc1_scales,
     Optional<Onnx_FloatTensor>:$fc1_experts_bias,
     Optional<Onnx_NumberTensor>:$fc2_experts_weights,
     Optional<Onnx_FloatTensor>:$fc2_scales,
     Optional<Onnx_FloatTensor>:$fc2_experts_bias,
     Optional<Onnx_NumberTensor>:$fc3_experts_weights,
     Optional<Onnx_FloatTensor>:$fc3_scales,
     Optional<Onnx_FloatTensor>:$fc3_experts_bias,
     Optional<Onnx_NumberTensor>:$fc1_zero_points,
     Optional<Onnx_NumberTensor>:$fc2_zero_points,
     Optional<Onnx_NumberTensor>:$fc3_zero_points,
     Optional<Onnx_FloatTensor>:$router_weights,
     Optional<Onnx_FloatTensor>:$fc1_global_scale,
     Optional<Onnx_FloatTensor>:$fc2_global_scale,
     Optional<Onnx_FloatTensor>:$fc1_act_scale,
     Optional<Onnx_FloatTensor>:$fc2_act_scale,
     Optional<Onnx_NumberTensor>:$fc1_act_block_scale,
     Optional<Onnx_NumberTensor>:$fc2_act_block_scale),
    (ins Onnx_DefaultInt<"4">:$expert_weight_bits,
     OptionalAttr<Onnx_I64Attr>:$fc1_expert_weight_bits,
     OptionalAttr<Onnx_I64Attr>:$fc2_expert_weight_bits,
     OptionalAttr<Onnx_I64Attr>:$fc3_expert_weight_bits,
     OptionalAttr<Onnx_I64Attr>:$block_size,
     Onnx_DefaultString<"int">:$quant_type,
     Onnx_DefaultInt<"-1">:$weights_prepacked,
     Onnx_DefaultInt<"0">:$accuracy_level)> {
  let summary = "a mixture of experts with weights of few bits";
  let description = [{
    As `onnx.ms.MoE`, with weights as those of `onnx.ms.MatMulNBits`: bytes with
    8 / bits elements each, and a scale for each `block_size` elements of a row,
    or one for a row. With `router_weights` the weights of a token's experts
    are taken from these, and `router_probs` only choose the experts. Without
    them ONNX Runtime's CPU kernel makes the weights of a token add up to 1 even
    where `normalize_routing_weights` is 0; here they are what is asked for.

    Constraints:
      * (C1) input, biases and output have one element type.
      * (C2) to (C6) as `onnx.ms.MoE`.
      * (C7) bits are 2, 4 or 8; `block_size` is a power of two and at least 16.
      * (C8) each weight has scales.
  }];
}

#endif // BLOCKATTN_DIALECTS_ONNX_MICROSOFTEXPERTS_TD

//===- OnnxComposite.td - ops that are made of others ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Ops that `--blockattn-decompose-composite` spells out in those of OnnxOps.td,
// so that no phase after normalize meets them. Apart from the others: what uses
// the dialect does not have to know them.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_DIALECTS_ONNX_COMPOSITE_TD
#define BLOCKATTN_DIALECTS_ONNX_COMPOSITE_TD

include "dialects/Onnx/OnnxDialect.td"

def Onnx_ByteTensor : TensorOf<[I8, UI8, Onnx_UnknownType]>;

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

def Onnx_ReduceLogSumOp : Onnx_Reduce<"ReduceLogSum", "logarithm of the sum">;
def Onnx_ReduceLogSumExpOp : Onnx_Reduce<"ReduceLogSumExp",
    "logarithm of the sum of exponentials">;

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

def Onnx_EinsumOp : Onnx_Op<"Einsum", [Onnx_OneElementType<1>]> {
  let summary = "a sum of products, by Einstein's convention";
  let description = [{
    `equation` names the dimensions of each operand by letters, the operands
    parted by commas; then, after "->", those of the result. An element of the
    result is the sum, over all letters that the result lacks, of the products
    of the elements at the places that the letters name. "..." stands for any
    number of dimensions, which broadcast. Without "->" the result has those of
    "..." and the letters that occur once, in alphabetical order.

    Constraints:
      * (C1) operands and result have one element type.
      * (C2) `equation` consists of terms of letters, each with at most one
        "...", one for each operand and perhaps one for the result.
      * (C3) the result's letters differ and are those of operands, and it has
        a "..." where an operand has one.
      * (C4) an operand has as many dimensions as its term has letters, or more
        where there is a "...".
      * (C5) dimensions of one letter agree, those of "..." broadcast, and the
        dimensions of the result are those of its letters.
  }];
  let arguments = (ins Variadic<Onnx_NumberTensor>:$Inputs,
    StrAttr:$equation);
  let results = (outs Onnx_NumberTensor:$Output);
  let hasVerifier = 1;
}

def Onnx_MatMulIntegerOp : Onnx_Op<"MatMulInteger",
    [AttrSizedOperandSegments, Onnx_RequiredSlots<2, 0>]> {
  let summary = "(A - a_zero_point) * (B - b_zero_point), in 32 bits";
  let description = [{
    The product of matrices of bytes as `onnx.MatMul` has it, in integers of 32
    bits. A zero point is one number, or one for each row of A or column of B.

    Constraints:
      * (C1) a zero point has the element type of its matrix.
      * (C2) a zero point is one number, a vector of as many as A has rows or B
        has columns, or broadcasts to the matrix along its columns or rows.
      * (C3) A and B have a rank of at least 1.
      * (C4) the columns of A are as many as the rows of B.
      * (C5) the result has the broadcast dimensions of the operands, and the
        rows of A and the columns of B.
  }];
  let arguments = (ins Onnx_ByteTensor:$A, Onnx_ByteTensor:$B,
    Optional<Onnx_ByteTensor>:$a_zero_point,
    Optional<Onnx_ByteTensor>:$b_zero_point);
  let results = (outs TensorOf<[I32, Onnx_UnknownType]>:$Y);
  let hasVerifier = 1;
}

def Onnx_QLinearMatMulOp : Onnx_Op<"QLinearMatMul"> {
  let summary = "a product of quantized matrices, quantized";
  let description = [{
    The product of (a - a_zero_point) * a_scale and (b - b_zero_point) *
    b_scale, as `onnx.MatMul` has it, divided by y_scale, rounded (of two
    equally near integers to the even one), plus y_zero_point; what does not fit
    becomes the nearest number that does.

    Constraints:
      * (C1) a zero point has the element type of its matrix, and the scales
        have one element type.
      * (C2) a scale and its zero point have one shape: one number, a vector of
        as many as a has rows or b has columns, or one that broadcasts to the
        matrix along its columns or rows; those of y have one element.
      * (C3) a and b have a rank of at least 1.
      * (C4) the columns of a are as many as the rows of b.
      * (C5) the result has the broadcast dimensions of the operands, and the
        rows of a and the columns of b.
  }];
  let arguments = (ins Onnx_ByteTensor:$a, Onnx_FloatTensor:$a_scale,
    Onnx_ByteTensor:$a_zero_point, Onnx_ByteTensor:$b,
    Onnx_FloatTensor:$b_scale, Onnx_ByteTensor:$b_zero_point,
    Onnx_FloatTensor:$y_scale, Onnx_ByteTensor:$y_zero_point);
  let results = (outs Onnx_ByteTensor:$y);
  let hasVerifier = 1;
}

def Onnx_DynamicQuantizeLinearOp : Onnx_Op<"DynamicQuantizeLinear",
    [Onnx_SameShape<1>]> {
  let summary = "quantizes to bytes, with the range that the elements have";
  let description = [{
    With max and min over all elements and 0: y_scale = (max - min) / 255, or
    1 / 255 where that is 0; y_zero_point = -min / y_scale, rounded; and y as
    `onnx.QuantizeLinear` has it.

    Constraints:
      * (C1) x and y have one shape.
      * (C2) y_scale and y_zero_point have rank 0.
  }];
  let arguments = (ins TensorOf<[F32, Onnx_UnknownType]>:$x);
  let results = (outs TensorOf<[UI8, Onnx_UnknownType]>:$y,
    TensorOf<[F32, Onnx_UnknownType]>:$y_scale,
    TensorOf<[UI8, Onnx_UnknownType]>:$y_zero_point);
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Norms and activations
//===----------------------------------------------------------------------===//

class Onnx_AlongAxis<string mnemonic, string what, dag attributes = (ins),
                     string more = "">
    : Onnx_Op<mnemonic, [Onnx_OneElementType<1>, Onnx_SameShape<2>]> {
  let summary = what;
  let description = what # [{, along `axis`.

    Constraints:
      * (C1) input and output have one element type.
      * (C2) input and output have one shape.
      * (C3) `axis` lies within the rank.
  }] # more;
  let arguments = !con((ins Onnx_FloatTensor:$input,
    Onnx_DefaultInt<"-1">:$axis), attributes);
  let results = (outs Onnx_FloatTensor:$output);
  let hasVerifier = 1;
}
def Onnx_HardmaxOp : Onnx_AlongAxis<"Hardmax",
    "1 for the first of the greatest elements, 0 for the others">;
def Onnx_LpNormalizationOp : Onnx_AlongAxis<"LpNormalization",
    "input / norm, the sum of absolute values (`p` = 1) or the root of the sum "
    "of squares (`p` = 2), or 0 where the norm is 0",
    (ins Onnx_DefaultInt<"2">:$p), [{
      * (C4) `p` is 1 or 2.
  }]>;

def Onnx_MeanVarianceNormalizationOp : Onnx_Op<"MeanVarianceNormalization",
    [Onnx_OneElementType<1>, Onnx_SameShape<2>]> {
  let summary = "(X - mean) / (deviation + 1e-9)";
  let description = [{
    Mean and standard deviation are those along `axes`, [0, 2, 3] where absent.

    Constraints:
      * (C1) X and Y have one element type.
      * (C2) X and Y have one shape.
      * (C3) the axes differ and lie within the rank.
  }];
  let arguments = (ins Onnx_FloatTensor:$X,
    OptionalAttr<DenseI64ArrayAttr>:$axes);
  let results = (outs Onnx_FloatTensor:$Y);
  let extraClassDeclaration = [{
    /// The axes, spelled out.
    ::llvm::SmallVector<int64_t> axesOrDefault();
  }];
  let hasVerifier = 1;
}

def Onnx_GroupNormalizationOp : Onnx_Op<"GroupNormalization",
    [Onnx_OneElementType<1>, Onnx_SameShape<2>]> {
  let summary = "(X - mean) / sqrt(variance + epsilon) * scale + bias";
  let description = [{
    Dimension 1 of X, the channels, is cut into `num_groups` equal parts; mean
    and variance are those of all elements of a part, computed in `stash_type`
    (f32 where absent). Scale and bias have a number for each channel.

    Constraints:
      * (C1) operands and result have one element type.
      * (C2) X and Y have one shape.
      * (C3) X has a rank of at least 2, and `num_groups` is positive and
        divides its channels.
      * (C4) scale and bias are vectors, of as many elements as X has channels.
      * (C5) `epsilon` is not negative.
  }];
  let arguments = (ins Onnx_FloatTensor:$X, Onnx_FloatTensor:$scale,
    Onnx_FloatTensor:$bias, Onnx_DefaultFloat<"1e-5f">:$epsilon,
    Onnx_I64Attr:$num_groups, OptionalAttr<TypeAttr>:$stash_type);
  let results = (outs Onnx_FloatTensor:$Y);
  let hasVerifier = 1;
}

class Onnx_CompositeUnary<string mnemonic, Type type, string formula,
                          dag attributes, string operand, string res>
    : Onnx_Op<mnemonic, [Onnx_OneElementType<1>, Onnx_SameShape<2>]> {
  let summary = formula;
  let description = "Computes `" # formula # [{` for every element.

    Constraints:
      * (C1) operand and result have one element type.
      * (C2) operand and result have one shape.
  }];
  let arguments = !con(!dag(ins, [type], [operand]), attributes);
  let results = !dag(outs, [type], [res]);
}
def Onnx_CeluOp : Onnx_CompositeUnary<"Celu", Onnx_FloatTensor,
    "max(0, X) + min(0, alpha * (exp(X / alpha) - 1))",
    (ins Onnx_DefaultFloat<"1.0f">:$alpha), "X", "Y">;
def Onnx_ShrinkOp : Onnx_CompositeUnary<"Shrink", Onnx_NumberTensor,
    "input < -lambd ? input + bias : input > lambd ? input - bias : 0",
    (ins Onnx_DefaultFloat<"0.0f">:$bias, Onnx_DefaultFloat<"0.5f">:$lambd),
    "input", "output">;
def Onnx_ThresholdedReluOp : Onnx_CompositeUnary<"ThresholdedRelu",
    Onnx_FloatTensor, "X > alpha ? X : 0",
    (ins Onnx_DefaultFloat<"1.0f">:$alpha), "X", "Y">;

def Onnx_PReluOp : Onnx_Op<"PRelu", [Onnx_OneElementType<1>,
    Onnx_SameShape<2>]> {
  let summary = "X < 0 ? slope * X : X";
  let description = [{
    Constraints:
      * (C1) operands and result have one element type.
      * (C2) X and Y have one shape.
      * (C3) the slope broadcasts to X.
  }];
  let arguments = (ins Onnx_NumberTensor:$X, Onnx_NumberTensor:$slope);
  let results = (outs Onnx_NumberTensor:$Y);
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Elements by place
//===----------------------------------------------------------------------===//

def Onnx_ReverseSequenceOp : Onnx_Op<"ReverseSequence",
    [Onnx_FirstElementType<1>, Onnx_SameShape<2>]> {
  let summary = "reverses the first elements of each row";
  let description = [{
    Along `time_axis` the first `sequence_lens`[b] elements come in reverse
    order, b being the index along `batch_axis`; the others stay.

    Constraints:
      * (C1) input and Y have one element type.
      * (C2) input and Y have one shape.
      * (C3) one axis is 0, the other 1, and the input has both.
      * (C4) `sequence_lens` is a vector, of as many elements as the batch.
  }];
  let arguments = (ins Onnx_Tensor:$input, Onnx_I64Tensor:$sequence_lens,
    Onnx_DefaultInt<"0">:$time_axis, Onnx_DefaultInt<"1">:$batch_axis);
  let results = (outs Onnx_Tensor:$Y);
  let hasVerifier = 1;
}

def Onnx_CompressOp : Onnx_Op<"Compress", [Onnx_FirstElementType<1>]> {
  let summary = "the slices for which a condition is true";
  let description = [{
    The slices of `input` along `axis`, or, where that is absent, the elements
    of all of it in row-major order, for which `condition` is true; those
    beyond the condition's end are left out.

    Constraints:
      * (C1) input and output have one element type.
      * (C2) `axis` lies within the rank of the input.
      * (C3) `condition` is a vector, not longer than what it chooses from.
      * (C4) the output has the rank of the input, or 1 without `axis`, and the
        dimensions of the input but in `axis`.
  }];
  let arguments = (ins Onnx_Tensor:$input, Onnx_BoolTensor:$condition,
    OptionalAttr<Onnx_I64Attr>:$axis);
  let results = (outs Onnx_Tensor:$output);
  let hasVerifier = 1;
}

#endif // BLOCKATTN_DIALECTS_ONNX_COMPOSITE_TD

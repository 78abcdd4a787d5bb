//===- OnnxElementwise.td - ops that work element by element --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_DIALECTS_ONNX_ELEMENTWISE_TD
#define BLOCKATTN_DIALECTS_ONNX_ELEMENTWISE_TD

include "dialects/Onnx/OnnxDialect.td"

//===----------------------------------------------------------------------===//
// Unary
//===----------------------------------------------------------------------===//

// `operand` and `res` are the names that the ONNX specification uses.
class Onnx_Unary<string mnemonic, Type type, string formula,
                 dag attributes = (ins), string operand = "X",
                 string res = "Y", string more = "">
    : Onnx_Op<mnemonic, [Onnx_OneElementType<1>, Onnx_SameShape<2>]> {
  let summary = formula;
  let description = "Computes `" # formula # [{` for every element.

    Constraints:
      * (C1) operand and result have one element type.
      * (C2) operand and result have one shape.
  }] # more;
  let arguments = !con(!dag(ins, [type], [operand]), attributes);
  let results = !dag(outs, [type], [res]);
}
class Onnx_InputUnary<string mnemonic, string formula>
    : Onnx_Unary<mnemonic, Onnx_FloatTensor, formula, (ins), "input", "output">;

def Onnx_AbsOp : Onnx_Unary<"Abs", Onnx_NumberTensor, "|X|">;
def Onnx_NegOp : Onnx_Unary<"Neg", Onnx_NumberTensor, "-X"> {
  let hasFolder = 1;
}
def Onnx_SignOp : Onnx_Unary<"Sign", Onnx_NumberTensor,
    "(input > 0) - (input < 0)", (ins), "input", "output">;
def Onnx_ReluOp : Onnx_Unary<"Relu", Onnx_NumberTensor, "max(X, 0)">;
def Onnx_NotOp : Onnx_Unary<"Not", Onnx_BoolTensor, "not X"> {
  let hasFolder = 1;
}

def Onnx_AtanOp : Onnx_InputUnary<"Atan", "atan(input)">;
def Onnx_CosOp : Onnx_InputUnary<"Cos", "cos(input)">;
def Onnx_CoshOp : Onnx_InputUnary<"Cosh", "cosh(input)">;
def Onnx_ErfOp : Onnx_InputUnary<"Erf", "erf(input)">;
def Onnx_ExpOp : Onnx_InputUnary<"Exp", "exp(input)">;
def Onnx_LogOp : Onnx_InputUnary<"Log", "log(input)">;
def Onnx_SinOp : Onnx_InputUnary<"Sin", "sin(input)">;
def Onnx_SinhOp : Onnx_InputUnary<"Sinh", "sinh(input)">;
def Onnx_SoftsignOp : Onnx_InputUnary<"Softsign", "input / (1 + |input|)">;
def Onnx_TanOp : Onnx_InputUnary<"Tan", "tan(input)">;
def Onnx_TanhOp : Onnx_InputUnary<"Tanh", "tanh(input)">;

def Onnx_CeilOp : Onnx_Unary<"Ceil", Onnx_FloatTensor, "ceil(X)">;
def Onnx_FloorOp : Onnx_Unary<"Floor", Onnx_FloatTensor, "floor(X)">;
def Onnx_RoundOp : Onnx_Unary<"Round", Onnx_FloatTensor,
    "X rounded to the nearest integer, halves to even">;
def Onnx_ReciprocalOp : Onnx_Unary<"Reciprocal", Onnx_FloatTensor, "1 / X">;
def Onnx_SqrtOp : Onnx_Unary<"Sqrt", Onnx_FloatTensor, "sqrt(X)">;
def Onnx_SigmoidOp : Onnx_Unary<"Sigmoid", Onnx_FloatTensor,
    "1 / (1 + exp(-X))">;
def Onnx_SoftplusOp : Onnx_Unary<"Softplus", Onnx_FloatTensor,
    "log(1 + exp(X))">;
def Onnx_HardSwishOp : Onnx_Unary<"HardSwish", Onnx_FloatTensor,
    "X * max(0, min(1, X / 6 + 0.5))">;
def Onnx_MishOp : Onnx_Unary<"Mish", Onnx_FloatTensor,
    "X * tanh(log(1 + exp(X)))">;

def Onnx_EluOp : Onnx_Unary<"Elu", Onnx_FloatTensor,
    "X < 0 ? alpha * (exp(X) - 1) : X",
    (ins Onnx_DefaultFloat<"1.0f">:$alpha)>;
def Onnx_HardSigmoidOp : Onnx_Unary<"HardSigmoid", Onnx_FloatTensor,
    "max(0, min(1, alpha * X + beta))",
    (ins Onnx_DefaultFloat<"0.2f">:$alpha, Onnx_DefaultFloat<"0.5f">:$beta)>;
def Onnx_LeakyReluOp : Onnx_Unary<"LeakyRelu", Onnx_FloatTensor,
    "X < 0 ? alpha * X : X", (ins Onnx_DefaultFloat<"0.01f">:$alpha)>;
def Onnx_SeluOp : Onnx_Unary<"Selu", Onnx_FloatTensor,
    "gamma * (X <= 0 ? alpha * (exp(X) - 1) : X)",
    (ins Onnx_DefaultFloat<"1.67326319217681884765625f">:$alpha,
         Onnx_DefaultFloat<"1.05070102214813232421875f">:$gamma)>;
def Onnx_SwishOp : Onnx_Unary<"Swish", Onnx_FloatTensor,
    "X / (1 + exp(-alpha * X))", (ins Onnx_DefaultFloat<"1.0f">:$alpha)>;
def Onnx_GeluOp : Onnx_Unary<"Gelu", Onnx_FloatTensor,
    "X * Phi(X), Phi the normal distribution function",
    (ins Onnx_DefaultString<"none">:$approximate), "X", "Y", [{
      * (C3) `approximate` is "none", or "tanh" for
        0.5 * X * (1 + tanh(sqrt(2 / pi) * (X + 0.044715 * X^3))).
  }]> {
  let hasVerifier = 1;
}

class Onnx_FloatTest<string mnemonic, string formula, dag attributes = (ins)>
    : Onnx_Op<mnemonic, [Onnx_SameShape<1>]> {
  let summary = formula;
  let description = "Computes `" # formula # [{` for every element.

    Constraints:
      * (C1) operand and result have one shape.
  }];
  let arguments = !con((ins Onnx_FloatTensor:$X), attributes);
  let results = (outs Onnx_BoolTensor:$Y);
}
def Onnx_IsNaNOp : Onnx_FloatTest<"IsNaN", "X is not a number">;
def Onnx_IsInfOp : Onnx_FloatTest<"IsInf",
    "X is infinite, of a sign that is to be detected",
    (ins Onnx_DefaultInt<"1">:$detect_negative,
         Onnx_DefaultInt<"1">:$detect_positive)>;

//===----------------------------------------------------------------------===//
// Conversion
//===----------------------------------------------------------------------===//

def Onnx_CastOp : Onnx_Op<"Cast", [Onnx_SameShape<1>]> {
  let summary = "converts the elements to type `to`";
  let description = [{
    Converts every element of the input to the type `to`. `saturate` and
    `round_mode` matter for 8-bit floats only.

    Constraints:
      * (C1) input and output have one shape.
      * (C2) the element type of the output is `to`.
      * (C3) `round_mode` is "up", "down" or "nearest".
  }];
  let arguments = (ins Onnx_Tensor:$input, TypeAttr:$to,
    Onnx_DefaultInt<"1">:$saturate, Onnx_DefaultString<"up">:$round_mode);
  let results = (outs Onnx_Tensor:$output);
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Onnx_CastLikeOp : Onnx_Op<"CastLike", [Onnx_SameShape<1>]> {
  let summary = "converts the elements to the type of another tensor";
  let description = [{
    Converts every element of `input` to the element type of `target_type`.

    Constraints:
      * (C1) input and output have one shape.
      * (C2) the element type of the output is that of `target_type`.
      * (C3) `round_mode` is "up", "down" or "nearest".
  }];
  let arguments = (ins Onnx_Tensor:$input, Onnx_Tensor:$target_type,
    Onnx_DefaultInt<"1">:$saturate, Onnx_DefaultString<"up">:$round_mode);
  let results = (outs Onnx_Tensor:$output);
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

//===----------------------------------------------------------------------===//
// Binary
//===----------------------------------------------------------------------===//

class Onnx_Arithmetic<string mnemonic, string formula>
    : Onnx_Op<mnemonic, [Onnx_OneElementType<1>, Onnx_Broadcasts<2>]> {
  let summary = formula;
  let description = "Computes `" # formula # [{` for every pair of elements.

    Constraints:
      * (C1) operands and result have one element type.
      * (C2) the operands broadcast to the shape of the result.
  }];
  let arguments = (ins Onnx_NumberTensor:$A, Onnx_NumberTensor:$B);
  let results = (outs Onnx_NumberTensor:$C);
}
def Onnx_AddOp : Onnx_Arithmetic<"Add", "A + B">;
def Onnx_SubOp : Onnx_Arithmetic<"Sub", "A - B">;
def Onnx_MulOp : Onnx_Arithmetic<"Mul", "A * B">;
def Onnx_DivOp : Onnx_Arithmetic<"Div",
    "A / B, towards zero for integers">;

def Onnx_ModOp : Onnx_Op<"Mod", [Onnx_OneElementType<1>, Onnx_Broadcasts<2>]> {
  let summary = "A mod B";
  let description = [{
    The remainder of A / B for every pair of elements: with the sign of B
    (A - floor(A / B) * B), or with the sign of A where `fmod` is 1
    (A - trunc(A / B) * B).

    Constraints:
      * (C1) operands and result have one element type.
      * (C2) the operands broadcast to the shape of the result.
      * (C3) `fmod` is 0 or 1.
  }];
  let arguments = (ins Onnx_NumberTensor:$A, Onnx_NumberTensor:$B,
    Onnx_DefaultInt<"0">:$fmod);
  let results = (outs Onnx_NumberTensor:$C);
  let hasVerifier = 1;
}

def Onnx_PowOp : Onnx_Op<"Pow", [Onnx_FirstElementType<1>,
    Onnx_Broadcasts<2>]> {
  let summary = "X to the power of Y";
  let description = [{
    Computes `X ^ Y` for every pair of elements, in the type of X.

    Constraints:
      * (C1) X and the result have one element type.
      * (C2) the operands broadcast to the shape of the result.
  }];
  let arguments = (ins Onnx_NumberTensor:$X, Onnx_NumberTensor:$Y);
  let results = (outs Onnx_NumberTensor:$Z);
}

class Onnx_Comparison<string mnemonic, string formula, Type type>
    : Onnx_Op<mnemonic, [Onnx_OperandsOneElementType<1>, Onnx_Broadcasts<2>]> {
  let summary = formula;
  let description = "Computes `" # formula # [{` for every pair of elements.

    Constraints:
      * (C1) the operands have one element type.
      * (C2) the operands broadcast to the shape of the result.
  }];
  let arguments = (ins type:$A, type:$B);
  let results = (outs Onnx_BoolTensor:$C);
}
def Onnx_EqualOp : Onnx_Comparison<"Equal", "A = B", Onnx_Tensor>;
def Onnx_GreaterOp : Onnx_Comparison<"Greater", "A > B", Onnx_NumberTensor>;
def Onnx_GreaterOrEqualOp : Onnx_Comparison<"GreaterOrEqual", "A >= B",
    Onnx_NumberTensor>;
def Onnx_LessOp : Onnx_Comparison<"Less", "A < B", Onnx_NumberTensor>;
def Onnx_LessOrEqualOp : Onnx_Comparison<"LessOrEqual", "A <= B",
    Onnx_NumberTensor>;

class Onnx_Logical<string mnemonic, string formula>
    : Onnx_Op<mnemonic, [Onnx_Broadcasts<1>]> {
  let summary = formula;
  let description = "Computes `" # formula # [{` for every pair of elements.

    Constraints:
      * (C1) the operands broadcast to the shape of the result.
  }];
  let arguments = (ins Onnx_BoolTensor:$A, Onnx_BoolTensor:$B);
  let results = (outs Onnx_BoolTensor:$C);
}
def Onnx_AndOp : Onnx_Logical<"And", "A and B">;
def Onnx_OrOp : Onnx_Logical<"Or", "A or B">;
def Onnx_XorOp : Onnx_Logical<"Xor", "A xor B">;

//===----------------------------------------------------------------------===//
// More than two operands
//===----------------------------------------------------------------------===//

class Onnx_Variadic<string mnemonic, string what, Type type, string res>
    : Onnx_Op<mnemonic, [Onnx_OneElementType<1>, Onnx_Broadcasts<2>]> {
  let summary = what;
  let description = "Computes the " # what # [{, element by element.

    Constraints:
      * (C1) operands and result have one element type.
      * (C2) the operands broadcast to the shape of the result.
      * (C3) there is an operand.
  }];
  let arguments = (ins Variadic<type>:$data_0);
  let results = !dag(outs, [type], [res]);
  let hasFolder = 1;
  let hasVerifier = 1;
}
def Onnx_MaxOp : Onnx_Variadic<"Max", "maximum of the operands",
    Onnx_NumberTensor, "max">;
def Onnx_MinOp : Onnx_Variadic<"Min", "minimum of the operands",
    Onnx_NumberTensor, "min">;
def Onnx_SumOp : Onnx_Variadic<"Sum", "sum of the operands", Onnx_FloatTensor,
    "sum">;
def Onnx_MeanOp : Onnx_Variadic<"Mean", "mean of the operands",
    Onnx_FloatTensor, "mean">;

def Onnx_ClipOp : Onnx_Op<"Clip", [AttrSizedOperandSegments,
    Onnx_RequiredSlots<1, 0>, Onnx_OneElementType<1>, Onnx_SameShape<2>]> {
  let summary = "min(max(input, min), max)";
  let description = [{
    Keeps every element between two bounds; a bound that is absent does not
    bind. Where min > max the result is max.

    Constraints:
      * (C1) operands and result have one element type.
      * (C2) input and output have one shape.
      * (C3) the bounds have rank 0.
  }];
  let arguments = (ins Onnx_NumberTensor:$input,
    Optional<Onnx_NumberTensor>:$min, Optional<Onnx_NumberTensor>:$max);
  let results = (outs Onnx_NumberTensor:$output);
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Onnx_WhereOp : Onnx_Op<"Where", [Onnx_Broadcasts<2>]> {
  let summary = "condition ? X : Y";
  let description = [{
    Takes every element from X or from Y.

    Constraints:
      * (C1) X, Y and the result have one element type.
      * (C2) the operands broadcast to the shape of the result.
  }];
  let arguments = (ins Onnx_BoolTensor:$condition, Onnx_Tensor:$X,
    Onnx_Tensor:$Y);
  let results = (outs Onnx_Tensor:$output);
  let hasVerifier = 1;
}

def Onnx_DequantizeLinearOp : Onnx_Op<"DequantizeLinear",
    [Onnx_SameShape<1>]> {
  let summary = "(x - x_zero_point) * x_scale";
  let description = [{
    Turns quantized numbers into floats. The scale is a scalar, a vector along
    `axis`, or, where `block_size` is not 0, has a number for each block of
    `block_size` elements along `axis`. The type of the result is
    `output_dtype`, or else that of the scale.

    Constraints:
      * (C1) x and y have one shape.
      * (C2) x and its zero point have one element type.
      * (C3) scale and zero point have one shape, or one element each.
      * (C4) `axis` lies within the rank of x, where the scale is no scalar.
      * (C5) the scale has the rank 0, 1, or, with `block_size`, that of x.
      * (C6) `block_size` is not negative.
      * (C7) the element type of y is `output_dtype`, or else that of the scale.
  }];
  let arguments = (ins Onnx_NumberTensor:$x, Onnx_FloatTensor:$x_scale,
    Optional<Onnx_NumberTensor>:$x_zero_point,
    Onnx_DefaultInt<"1">:$axis, Onnx_DefaultInt<"0">:$block_size,
    OptionalAttr<TypeAttr>:$output_dtype);
  let results = (outs Onnx_FloatTensor:$y);
  let hasVerifier = 1;
}

def Onnx_QuantizeLinearOp : Onnx_Op<"QuantizeLinear",
    [Onnx_SameShape<1>]> {
  let summary = "x / y_scale, rounded, plus y_zero_point";
  let description = [{
    Turns floats into quantized numbers: to the nearest integer, of two equally
    near ones the even one, and what does not fit becomes the nearest number
    that does. Floats of 8 and 4 bits are rounded as Cast rounds them. The scale
    is as that of `onnx.DequantizeLinear`. The type of the result is that of the
    zero point, or else `output_dtype`, or else uint8. x is divided in the type
    `precision`, or else in that of the scale.

    Constraints:
      * (C1) x and y have one shape.
      * (C2) y and the zero point have one element type, `output_dtype` where
        it is given.
      * (C3) scale and zero point have one shape, or one element each.
      * (C4) `axis` lies within the rank of x, where the scale is no scalar.
      * (C5) the scale has the rank 0, 1, or, with `block_size`, that of x.
      * (C6) `block_size` is not negative.
  }];
  let arguments = (ins Onnx_NumberTensor:$x, Onnx_FloatTensor:$y_scale,
    Optional<Onnx_NumberTensor>:$y_zero_point,
    Onnx_DefaultInt<"1">:$axis, Onnx_DefaultInt<"0">:$block_size,
    OptionalAttr<TypeAttr>:$output_dtype, Onnx_DefaultInt<"1">:$saturate,
    OptionalAttr<TypeAttr>:$precision);
  let results = (outs Onnx_NumberTensor:$y);
  let hasVerifier = 1;
}

#endif // BLOCKATTN_DIALECTS_ONNX_ELEMENTWISE_TD

//===- MicrosoftQuantized.td - products of bytes, domain com.microsoft ----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What ONNX Runtime's optimizer makes of dynamic quantization:
// DynamicQuantizeLinear, MatMulInteger and the scales in one.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_DIALECTS_ONNX_MICROSOFTQUANTIZED_TD
#define BLOCKATTN_DIALECTS_ONNX_MICROSOFTQUANTIZED_TD

class Onnx_MSByteProduct<string name, dag operands, list<Trait> traits>
    : Onnx_MSOp<name, !listconcat([AttrSizedOperandSegments], traits)> {
  let arguments = operands;
  let results = (outs Onnx_FloatTensor:$Y);
  let hasVerifier = 1;
}

def Onnx_MSMatMulIntegerToFloatOp : Onnx_MSByteProduct<"MatMulIntegerToFloat",
    (ins TensorOf<[I8, UI8, Onnx_UnknownType]>:$A,
     TensorOf<[I8, UI8, Onnx_UnknownType]>:$B, Onnx_FloatTensor:$a_scale,
     Onnx_FloatTensor:$b_scale, Optional<Onnx_NumberTensor>:$a_zero_point,
     Optional<Onnx_NumberTensor>:$b_zero_point,
     Optional<Onnx_FloatTensor>:$bias), [Onnx_RequiredSlots<4, 0>]> {
  let summary = "MatMulInteger(A, B) * a_scale * b_scale + bias";
  let description = [{
    Constraints:
      * (C1) a zero point has the element type of its matrix; scales, bias and
        Y have one element type.
      * (C2) a scale or zero point is one number, or one for each row of A or
        column of B.
      * (C3) A and B have a rank of at least 1.
      * (C4) the columns of A are as many as the rows of B.
      * (C5) Y has the shape of the product.
      * (C6) the bias is a vector, of as many elements as B has columns.
  }];
}

def Onnx_MSDynamicQuantizeMatMulOp : Onnx_MSByteProduct<"DynamicQuantizeMatMul",
    (ins TensorOf<[F32, Onnx_UnknownType]>:$A,
     TensorOf<[I8, UI8, Onnx_UnknownType]>:$B, Onnx_FloatTensor:$b_scale,
     Optional<Onnx_NumberTensor>:$b_zero_point,
     Optional<Onnx_FloatTensor>:$bias), [Onnx_RequiredSlots<3, 0>]> {
  let summary = "A, quantized to bytes, times B, and scaled";
  let description = [{
    `onnx.ms.MatMulIntegerToFloat` of what `onnx.DynamicQuantizeLinear` makes of
    A.

    Constraints:
      * (C1) the zero point has the element type of B; A, scale, bias and Y have
        one element type.
      * (C2) scale and zero point are one number, or one for each column of B.
      * (C3) A and B have a rank of at least 1.
      * (C4) the columns of A are as many as the rows of B.
      * (C5) Y has the shape of the product.
      * (C6) the bias is a vector, of as many elements as B has columns.
  }];
}

#endif // BLOCKATTN_DIALECTS_ONNX_MICROSOFTQUANTIZED_TD

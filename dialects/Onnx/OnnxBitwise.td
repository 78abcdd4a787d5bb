//===- OnnxBitwise.td - the bits of integers ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Models that unpack their weights themselves have these. Apart from the other
// elementwise ops: few places have to know them.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_DIALECTS_ONNX_BITWISE_TD
#define BLOCKATTN_DIALECTS_ONNX_BITWISE_TD

include "dialects/Onnx/OnnxDialect.td"

def Onnx_IntTensor : TensorOf<[Onnx_Int, Onnx_UnknownType]>;

class Onnx_Bits<string mnemonic, string formula>
    : Onnx_Op<mnemonic, [Onnx_OneElementType<1>, Onnx_Broadcasts<2>]> {
  let summary = formula;
  let description = "Computes `" # formula # [{` for every pair of elements, bit
    by bit.

    Constraints:
      * (C1) operands and result have one element type.
      * (C2) the operands broadcast to the shape of the result.
  }];
  let arguments = (ins Onnx_IntTensor:$A, Onnx_IntTensor:$B);
  let results = (outs Onnx_IntTensor:$C);
}
def Onnx_BitwiseAndOp : Onnx_Bits<"BitwiseAnd", "A and B">;
def Onnx_BitwiseOrOp : Onnx_Bits<"BitwiseOr", "A or B">;
def Onnx_BitwiseXorOp : Onnx_Bits<"BitwiseXor", "A xor B">;

def Onnx_BitwiseNotOp : Onnx_Op<"BitwiseNot",
    [Onnx_OneElementType<1>, Onnx_SameShape<2>]> {
  let summary = "not X";
  let description = [{
    Turns over every bit of every element.

    Constraints:
      * (C1) operand and result have one element type.
      * (C2) operand and result have one shape.
  }];
  let arguments = (ins Onnx_IntTensor:$X);
  let results = (outs Onnx_IntTensor:$Y);
}

def Onnx_BitShiftOp : Onnx_Op<"BitShift",
    [Onnx_OneElementType<1>, Onnx_Broadcasts<2>]> {
  let summary = "X shifted by Y bits";
  let description = [{
    Moves the bits of X towards the highest one ("LEFT") or the lowest one
    ("RIGHT") by Y places. 0 comes in, or, from the left, the sign; that is all
    that is left where Y is negative, or the number of bits or more.

    Constraints:
      * (C1) operands and result have one element type.
      * (C2) the operands broadcast to the shape of the result.
      * (C3) `direction` is "LEFT" or "RIGHT".
  }];
  let arguments = (ins Onnx_IntTensor:$X, Onnx_IntTensor:$Y,
    StrAttr:$direction);
  let results = (outs Onnx_IntTensor:$Z);
  let hasVerifier = 1;
}

#endif // BLOCKATTN_DIALECTS_ONNX_BITWISE_TD

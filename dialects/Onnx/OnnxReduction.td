//===- OnnxReduction.td - reductions, arg max, top k, cumulative sums -----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_DIALECTS_ONNX_REDUCTION_TD
#define BLOCKATTN_DIALECTS_ONNX_REDUCTION_TD

include "dialects/Onnx/OnnxDialect.td"

def Onnx_ReduceL1Op : Onnx_Reduce<"ReduceL1", "sum of absolute values">;
def Onnx_ReduceL2Op : Onnx_Reduce<"ReduceL2", "root of the sum of squares">;
def Onnx_ReduceMaxOp : Onnx_Reduce<"ReduceMax", "maximum",
    Onnx_BoolOrNumberTensor>;
def Onnx_ReduceMeanOp : Onnx_Reduce<"ReduceMean", "mean">;
def Onnx_ReduceMinOp : Onnx_Reduce<"ReduceMin", "minimum",
    Onnx_BoolOrNumberTensor>;
def Onnx_ReduceProdOp : Onnx_Reduce<"ReduceProd", "product">;
def Onnx_ReduceSumOp : Onnx_Reduce<"ReduceSum", "sum">;
def Onnx_ReduceSumSquareOp : Onnx_Reduce<"ReduceSumSquare", "sum of squares">;

class Onnx_Arg<string mnemonic, string what> : Onnx_Op<mnemonic> {
  let summary = "the index of the " # what;
  let description = "The index of the " # what # [{ along `axis`: of the first
    one, or of the last where `select_last_index` is 1.

    Constraints:
      * (C1) `axis` lies within the rank of `data`.
      * (C2) the dimensions of the result are those of `data`, `axis` dropped,
        or 1 with `keepdims`.
  }];
  let arguments = (ins Onnx_NumberTensor:$data, Onnx_DefaultInt<"0">:$axis,
    Onnx_DefaultInt<"1">:$keepdims, Onnx_DefaultInt<"0">:$select_last_index);
  let results = (outs Onnx_I64Tensor:$reduced);
  let hasVerifier = 1;
}
def Onnx_ArgMaxOp : Onnx_Arg<"ArgMax", "greatest element">;
def Onnx_ArgMinOp : Onnx_Arg<"ArgMin", "smallest element">;

def Onnx_TopKOp : Onnx_Op<"TopK"> {
  let summary = "the k greatest or smallest elements";
  let description = [{
    The K greatest (`largest` = 1) or smallest elements along `axis`, in order
    where `sorted` is 1, and their indices.

    Constraints:
      * (C1) X and Values have one element type.
      * (C2) `axis` lies within the rank of X.
      * (C3) K has one element, and a constant one is not negative.
      * (C4) Values and Indices have one shape: that of X, but for K along
        `axis`.
  }];
  let arguments = (ins Onnx_NumberTensor:$X, Onnx_I64Tensor:$K,
    Onnx_DefaultInt<"-1">:$axis, Onnx_DefaultInt<"1">:$largest,
    Onnx_DefaultInt<"1">:$sorted);
  let results = (outs Onnx_NumberTensor:$Values, Onnx_I64Tensor:$Indices);
  let hasVerifier = 1;
}

def Onnx_CumSumOp : Onnx_Op<"CumSum", [Onnx_FirstElementType<1>,
    Onnx_SameShape<2>]> {
  let summary = "running sums";
  let description = [{
    The sums of the elements along `axis` up to each one, without it where
    `exclusive` is 1, from the end where `reverse` is 1.

    Constraints:
      * (C1) x and y have one element type.
      * (C2) x and y have one shape.
      * (C3) `axis` has one element, and a constant one lies within the rank.
  }];
  let arguments = (ins Onnx_NumberTensor:$x, Onnx_IndexTensor:$axis,
    Onnx_DefaultInt<"0">:$exclusive, Onnx_DefaultInt<"0">:$reverse);
  let results = (outs Onnx_NumberTensor:$y);
  let hasVerifier = 1;
}

#endif // BLOCKATTN_DIALECTS_ONNX_REDUCTION_TD

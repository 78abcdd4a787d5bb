//===- OnnxTensor.td - ops that make, move and select elements ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_DIALECTS_ONNX_TENSOR_TD
#define BLOCKATTN_DIALECTS_ONNX_TENSOR_TD

include "dialects/Onnx/OnnxDialect.td"

//===----------------------------------------------------------------------===//
// Shapes as values
//===----------------------------------------------------------------------===//

def Onnx_ShapeOp : Onnx_Op<"Shape"> {
  let summary = "the dimensions of a tensor";
  let description = [{
    The dimensions [start, end) of the operand; negative ones count from the
    back, and both are clamped to the rank. An absent `end` is the rank.

    Constraints:
      * (C1) the result is a vector.
      * (C2) the result has as many elements as there are such dimensions.
  }];
  let arguments = (ins Onnx_Tensor:$data, Onnx_DefaultInt<"0">:$start,
    OptionalAttr<Onnx_I64Attr>:$end);
  let results = (outs Onnx_I64Tensor:$shape);
  let extraClassDeclaration = [{
    /// The dimensions [begin, end) that are asked for of a tensor of this rank.
    std::pair<int64_t, int64_t> range(int64_t rank);
  }];
  let hasVerifier = 1;
}

def Onnx_SizeOp : Onnx_Op<"Size"> {
  let summary = "the number of elements of a tensor";
  let description = [{
    Constraints:
      * (C1) the result has rank 0.
  }];
  let arguments = (ins Onnx_Tensor:$data);
  let results = (outs Onnx_I64Tensor:$size);
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Making tensors
//===----------------------------------------------------------------------===//

def Onnx_ConstantOfShapeOp : Onnx_Op<"ConstantOfShape"> {
  let summary = "a tensor of equal elements";
  let description = [{
    A tensor with the dimensions `input` of which every element is the one
    element of `value`, or f32 zero where that is absent.

    Constraints:
      * (C1) `input` is a vector.
      * (C2) `value` has one element, and the result its element type.
      * (C3) the result has as many dimensions as `input` has elements.
      * (C4) a constant `input` holds the result's dimensions.
  }];
  let arguments = (ins Onnx_I64Tensor:$input,
    OptionalAttr<ElementsAttr>:$value);
  let results = (outs Onnx_Tensor:$output);
  let hasVerifier = 1;
}

def Onnx_EyeLikeOp : Onnx_Op<"EyeLike", [Onnx_SameShape<1>]> {
  let summary = "ones on a diagonal, zeros elsewhere";
  let description = [{
    A matrix of the shape of `input` with ones where column - row = k. Its
    element type is `dtype`, or else that of `input`.

    Constraints:
      * (C1) input and output have one shape.
      * (C2) it is a matrix.
      * (C3) the element type of the output is `dtype`, or else the input's.
  }];
  let arguments = (ins Onnx_Tensor:$input, OptionalAttr<TypeAttr>:$dtype,
    Onnx_DefaultInt<"0">:$k);
  let results = (outs Onnx_Tensor:$output);
  let hasVerifier = 1;
}

def Onnx_RangeOp : Onnx_Op<"Range", [Onnx_OneElementType<1>]> {
  let summary = "start, start + delta, ... up to limit";
  let description = [{
    The numbers start + i * delta for i from 0, as long as they lie before
    `limit`. `stash_type` is the type in which 16-bit floats are computed, f32
    where it is absent.

    Constraints:
      * (C1) operands and result have one element type.
      * (C2) the operands have one element each.
      * (C3) the result is a vector.
      * (C4) a constant delta is not 0.
  }];
  let arguments = (ins Onnx_NumberTensor:$start, Onnx_NumberTensor:$limit,
    Onnx_NumberTensor:$delta, OptionalAttr<TypeAttr>:$stash_type);
  let results = (outs Onnx_NumberTensor:$output);
  let hasVerifier = 1;
}

def Onnx_OneHotOp : Onnx_Op<"OneHot"> {
  let summary = "vectors with one element that differs";
  let description = [{
    Inserts a dimension of `depth` elements at `axis`: each is values[1] where
    its index is the element of `indices` (negative ones count from `depth`),
    and values[0] elsewhere.

    Constraints:
      * (C1) the result has the element type of `values`.
      * (C2) `depth` has one element.
      * (C3) `values` is a vector of two elements.
      * (C4) the rank of the result is that of `indices` plus 1.
      * (C5) `axis` lies within the rank of the result.
  }];
  let arguments = (ins Onnx_NumberTensor:$indices, Onnx_NumberTensor:$depth,
    Onnx_Tensor:$values, Onnx_DefaultInt<"-1">:$axis);
  let results = (outs Onnx_Tensor:$output);
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// The same elements under another shape
//===----------------------------------------------------------------------===//

def Onnx_IdentityOp : Onnx_Op<"Identity", [Onnx_OneElementType<1>,
    Onnx_SameShape<2>]> {
  let summary = "its operand";
  let description = [{
    Constraints:
      * (C1) operand and result have one element type.
      * (C2) operand and result have one shape.
  }];
  let arguments = (ins Onnx_Tensor:$input);
  let results = (outs Onnx_Tensor:$output);
  let hasFolder = 1;
}

def Onnx_ReshapeOp : Onnx_Op<"Reshape", [Onnx_FirstElementType<1>]> {
  let summary = "the elements under other dimensions";
  let description = [{
    The elements of `data` in row-major order under the dimensions `shape`.
    One of these may be -1: what remains. A 0 is the dimension of `data` in its
    place, or 0 where `allowzero` is 1.

    Constraints:
      * (C1) data and result have one element type.
      * (C2) `shape` is a vector with an element for each dimension of the
        result.
      * (C3) a constant `shape` has at most one -1 and nothing below, and with
        `allowzero` not both -1 and 0.
      * (C4) a 0 in a constant `shape` stands for a dimension that `data` has.
      * (C5) data and result have as many elements, where both are known.
      * (C6) the result has the dimensions that a constant `shape` holds.
  }];
  let arguments = (ins Onnx_Tensor:$data, Onnx_I64Tensor:$shape,
    Onnx_DefaultInt<"0">:$allowzero);
  let results = (outs Onnx_Tensor:$reshaped);
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Onnx_FlattenOp : Onnx_Op<"Flatten", [Onnx_OneElementType<1>]> {
  let summary = "a matrix of the elements";
  let description = [{
    The elements as a matrix: the dimensions before `axis` make its rows, the
    others its columns.

    Constraints:
      * (C1) input and output have one element type.
      * (C2) `axis` lies in [-r, r], r the rank of the input.
      * (C3) the output has rank 2.
      * (C4) the output has as many rows and columns as the input's dimensions
        make, where these are known.
  }];
  let arguments = (ins Onnx_Tensor:$input, Onnx_DefaultInt<"1">:$axis);
  let results = (outs Onnx_Tensor:$output);
  let hasVerifier = 1;
}

def Onnx_SqueezeOp : Onnx_Op<"Squeeze", [Onnx_FirstElementType<1>]> {
  let summary = "drops dimensions of 1";
  let description = [{
    Drops the dimensions `axes`, or all dimensions of 1 where `axes` is absent.

    Constraints:
      * (C1) data and result have one element type.
      * (C2) `axes` is a vector or one number, and constant ones differ and lie
        within the rank of `data`.
      * (C3) the dimensions that are dropped are 1.
      * (C4) the result has the other dimensions, in order.
  }];
  let arguments = (ins Onnx_Tensor:$data, Optional<Onnx_I64Tensor>:$axes);
  let results = (outs Onnx_Tensor:$squeezed);
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Onnx_UnsqueezeOp : Onnx_Op<"Unsqueeze", [Onnx_FirstElementType<1>]> {
  let summary = "inserts dimensions of 1";
  let description = [{
    Inserts a dimension of 1 at each of `axes`, which are those of the result.

    Constraints:
      * (C1) data and result have one element type.
      * (C2) `axes` is a vector or one number, and constant ones differ and lie
        within the rank of the result.
      * (C3) the result has the dimensions of `data` and a 1 at each of `axes`.
  }];
  let arguments = (ins Onnx_Tensor:$data, Onnx_I64Tensor:$axes);
  let results = (outs Onnx_Tensor:$expanded);
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Onnx_TransposeOp : Onnx_Op<"Transpose", [Onnx_OneElementType<1>]> {
  let summary = "permutes the dimensions";
  let description = [{
    Dimension i of the result is dimension perm[i] of the operand; where `perm`
    is absent, the dimensions are reversed.

    Constraints:
      * (C1) operand and result have one element type and one rank.
      * (C2) `perm` is a permutation of the dimensions.
      * (C3) the dimensions of the result are those of the operand, permuted.
  }];
  let arguments = (ins Onnx_Tensor:$data,
    OptionalAttr<DenseI64ArrayAttr>:$perm);
  let results = (outs Onnx_Tensor:$transposed);
  let extraClassDeclaration = [{
    /// The permutation, spelled out. Not to be asked for where there is neither
    /// a `perm` nor a rank.
    ::llvm::SmallVector<int64_t> permutation();
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

//===----------------------------------------------------------------------===//
// Copies and parts
//===----------------------------------------------------------------------===//

def Onnx_ExpandOp : Onnx_Op<"Expand", [Onnx_FirstElementType<1>]> {
  let summary = "broadcasts to a shape";
  let description = [{
    Broadcasts `input` together with the dimensions `shape` (which may be
    smaller than those of the input).

    Constraints:
      * (C1) input and output have one element type.
      * (C2) `shape` is a vector, and a constant one holds nothing negative.
      * (C3) the input broadcasts to the shape of the output.
  }];
  let arguments = (ins Onnx_Tensor:$input, Onnx_I64Tensor:$shape);
  let results = (outs Onnx_Tensor:$output);
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Onnx_TileOp : Onnx_Op<"Tile", [Onnx_FirstElementType<1>]> {
  let summary = "repeats a tensor along its dimensions";
  let description = [{
    Constraints:
      * (C1) input and output have one element type.
      * (C2) `repeats` is a vector with an element for each dimension.
      * (C3) constant `repeats` are not negative, and times the dimensions of
        the input they are those of the output.
  }];
  let arguments = (ins Onnx_Tensor:$input, Onnx_I64Tensor:$repeats);
  let results = (outs Onnx_Tensor:$output);
  let hasVerifier = 1;
}

def Onnx_ConcatOp : Onnx_Op<"Concat", [Onnx_OneElementType<1>]> {
  let summary = "puts tensors one after another";
  let description = [{
    Constraints:
      * (C1) operands and result have one element type.
      * (C2) there is an operand, and operands and result have one rank.
      * (C3) `axis` lies within the rank.
      * (C4) dimensions other than `axis` agree, and there the result is as
        long as the operands together.
  }];
  let arguments = (ins Variadic<Onnx_Tensor>:$inputs, Onnx_I64Attr:$axis);
  let results = (outs Onnx_Tensor:$concat_result);
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Onnx_SplitOp : Onnx_Op<"Split", [Onnx_FirstElementType<1>]> {
  let summary = "cuts a tensor into parts";
  let description = [{
    Cuts `input` along `axis` into parts of the lengths `split`, or, where this
    is absent, into equal ones (the last may be shorter). The importer leaves
    `num_outputs` out where it is the number of results.

    Constraints:
      * (C1) input and outputs have one element type.
      * (C2) `axis` lies within the rank of the input.
      * (C3) outputs and input have one rank and agree but in `axis`.
      * (C4) constant lengths are as many as the outputs, not negative, and
        together the input's.
      * (C5) `num_outputs` is the number of outputs, of which there is one.
  }];
  let arguments = (ins Onnx_Tensor:$input, Optional<Onnx_I64Tensor>:$split,
    Onnx_DefaultInt<"0">:$axis, OptionalAttr<Onnx_I64Attr>:$num_outputs);
  let results = (outs Variadic<Onnx_Tensor>:$outputs);
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Onnx_SliceOp : Onnx_Op<"Slice", [AttrSizedOperandSegments,
    Onnx_RequiredSlots<3, 0>, Onnx_FirstElementType<1>]> {
  let summary = "every n-th element of a range";
  let description = [{
    The elements [start, end) of each of `axes`, every `steps`-th one; negative
    starts and ends count from the back, and all are clamped. Absent axes are
    the first dimensions, absent steps are 1.

    Constraints:
      * (C1) data and output have one element type.
      * (C2) data and output have one rank.
      * (C3) starts, ends, axes and steps are vectors of one length.
      * (C4) constant `axes` differ and lie within the rank.
      * (C5) constant `steps` are not 0.
  }];
  let arguments = (ins Onnx_Tensor:$data, Onnx_IndexTensor:$starts,
    Onnx_IndexTensor:$ends, Optional<Onnx_IndexTensor>:$axes,
    Optional<Onnx_IndexTensor>:$steps);
  let results = (outs Onnx_Tensor:$output);
  let hasVerifier = 1;
}

def Onnx_PadOp : Onnx_Op<"Pad", [AttrSizedOperandSegments,
    Onnx_RequiredSlots<2, 0>, Onnx_FirstElementType<1>]> {
  let summary = "adds elements around a tensor";
  let description = [{
    `pads` holds, for `axes` (or all dimensions, where these are absent), the
    elements to add before, then those to add after; negative ones remove.
    `mode` is "constant" (`constant_value`, or 0), "reflect", "edge" or "wrap".

    Constraints:
      * (C1) data and output have one element type.
      * (C2) data and output have one rank.
      * (C3) `mode` is one of the four.
      * (C4) constant `axes` differ and lie within the rank.
      * (C5) `pads` has two elements for each of the axes.
      * (C6) `constant_value` has the element type of `data`, and one element.
  }];
  let arguments = (ins Onnx_Tensor:$data, Onnx_I64Tensor:$pads,
    Optional<Onnx_Tensor>:$constant_value, Optional<Onnx_IndexTensor>:$axes,
    Onnx_DefaultString<"constant">:$mode);
  let results = (outs Onnx_Tensor:$output);
  let hasVerifier = 1;
}

def Onnx_TriluOp : Onnx_Op<"Trilu", [Onnx_FirstElementType<1>,
    Onnx_SameShape<2>]> {
  let summary = "the upper or lower triangle of matrices";
  let description = [{
    Keeps the elements with column - row >= k (`upper`) or <= k, and puts 0 in
    place of the others; an absent k is 0.

    Constraints:
      * (C1) input and output have one element type.
      * (C2) input and output have one shape.
      * (C3) its rank is at least 2.
      * (C4) k has one element.
  }];
  let arguments = (ins Onnx_Tensor:$input, Optional<Onnx_I64Tensor>:$k,
    Onnx_DefaultInt<"1">:$upper);
  let results = (outs Onnx_Tensor:$output);
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Elements by index
//===----------------------------------------------------------------------===//

def Onnx_GatherOp : Onnx_Op<"Gather", [Onnx_FirstElementType<1>]> {
  let summary = "slices by index";
  let description = [{
    Puts in place of dimension `axis` of `data` the dimensions of `indices`:
    result[a..., i..., b...] = data[a..., indices[i...], b...]; negative
    indices count from the back.

    Constraints:
      * (C1) data and result have one element type.
      * (C2) `axis` lies within the rank of `data`.
      * (C3) the rank of the result is rank(data) + rank(indices) - 1.
      * (C4) the dimensions of the result are as the formula says.
  }];
  let arguments = (ins Onnx_Tensor:$data, Onnx_IndexTensor:$indices,
    Onnx_DefaultInt<"0">:$axis);
  let results = (outs Onnx_Tensor:$output);
  let hasVerifier = 1;
}

def Onnx_GatherElementsOp : Onnx_Op<"GatherElements",
    [Onnx_FirstElementType<1>]> {
  let summary = "elements by index along one dimension";
  let description = [{
    result[..., i, ...] = data[..., indices[..., i, ...], ...], where the index
    replaces that of dimension `axis`; negative ones count from the back.

    Constraints:
      * (C1) data and result have one element type.
      * (C2) data and indices have one rank, which is not 0.
      * (C3) `axis` lies within the rank.
      * (C4) the result has the shape of `indices`.
  }];
  let arguments = (ins Onnx_Tensor:$data, Onnx_IndexTensor:$indices,
    Onnx_DefaultInt<"0">:$axis);
  let results = (outs Onnx_Tensor:$output);
  let hasVerifier = 1;
}

def Onnx_GatherNDOp : Onnx_Op<"GatherND", [Onnx_FirstElementType<1>]> {
  let summary = "slices by index vector";
  let description = [{
    The last dimension of `indices` holds index vectors into `data`, after
    `batch_dims` leading dimensions that both have.

    Constraints:
      * (C1) data and result have one element type.
      * (C2) `batch_dims` is not negative and less than both ranks.
      * (C3) an index vector has 1 to rank(data) - `batch_dims` elements.
      * (C4) the rank of the result is rank(data) + rank(indices) - 1 -
        `batch_dims` - the length of an index vector.
      * (C5) data and indices agree in the first `batch_dims` dimensions.
  }];
  let arguments = (ins Onnx_Tensor:$data, Onnx_I64Tensor:$indices,
    Onnx_DefaultInt<"0">:$batch_dims);
  let results = (outs Onnx_Tensor:$output);
  let hasVerifier = 1;
}

def Onnx_ScatterElementsOp : Onnx_Op<"ScatterElements",
    [Onnx_FirstElementType<1>, Onnx_SameShape<2>]> {
  let summary = "replaces elements by index along one dimension";
  let description = [{
    A copy of `data` in which, for every element of `updates`, the one at its
    place, with `indices` for dimension `axis`, is replaced by it or, by
    `reduction` ("add", "mul", "max", "min"), combined with it.

    Constraints:
      * (C1) data, updates and result have one element type.
      * (C2) data and result have one shape.
      * (C3) data and indices have one rank, which is not 0.
      * (C4) `axis` lies within the rank.
      * (C5) updates and indices have one shape.
      * (C6) `reduction` is "none", "add", "mul", "max" or "min".
  }];
  let arguments = (ins Onnx_Tensor:$data, Onnx_IndexTensor:$indices,
    Onnx_Tensor:$updates, Onnx_DefaultInt<"0">:$axis,
    Onnx_DefaultString<"none">:$reduction);
  let results = (outs Onnx_Tensor:$output);
  let hasVerifier = 1;
}

def Onnx_ScatterNDOp : Onnx_Op<"ScatterND",
    [Onnx_FirstElementType<1>, Onnx_SameShape<2>]> {
  let summary = "replaces slices by index vector";
  let description = [{
    A copy of `data` in which the slices that the index vectors in the last
    dimension of `indices` name are replaced by those of `updates` or, by
    `reduction` ("add", "mul", "max", "min"), combined with them.

    Constraints:
      * (C1) data, updates and result have one element type.
      * (C2) data and result have one shape.
      * (C3) `indices` has a rank of at least 1, and an index vector at most
        rank(data) elements.
      * (C4) the rank of `updates` is rank(data) + rank(indices) - 1 - the
        length of an index vector.
      * (C5) `reduction` is "none", "add", "mul", "max" or "min".
  }];
  let arguments = (ins Onnx_Tensor:$data, Onnx_I64Tensor:$indices,
    Onnx_Tensor:$updates, Onnx_DefaultString<"none">:$reduction);
  let results = (outs Onnx_Tensor:$output);
  let hasVerifier = 1;
}

def Onnx_TensorScatterOp : Onnx_Op<"TensorScatter",
    [Onnx_FirstElementType<1>, Onnx_SameShape<2>]> {
  let summary = "writes new entries into a cache";
  let description = [{
    A copy of `past_cache` in which, for each batch entry, the elements of
    `update` are written along `axis` from `write_indices` (0 where absent) on,
    modulo the length of the cache where `mode` is "circular".

    Constraints:
      * (C1) cache, update and result have one element type.
      * (C2) the caches before and after have one shape.
      * (C3) `axis` lies within the rank and is not the first dimension.
      * (C4) cache and update have one rank and agree but in `axis`, where the
        update is not longer.
      * (C5) `write_indices` has shape [batch].
      * (C6) `mode` is "linear" or "circular".
  }];
  let arguments = (ins Onnx_Tensor:$past_cache, Onnx_Tensor:$update,
    Optional<Onnx_I64Tensor>:$write_indices, Onnx_DefaultInt<"-2">:$axis,
    Onnx_DefaultString<"linear">:$mode);
  let results = (outs Onnx_Tensor:$present_cache);
  let hasVerifier = 1;
}

def Onnx_NonZeroOp : Onnx_Op<"NonZero"> {
  let summary = "where the elements are not 0";
  let description = [{
    The index vectors of the elements that are not 0, in row-major order, as
    the columns of a matrix.

    Constraints:
      * (C1) the result is a matrix with a row for each dimension of the
        operand.
  }];
  let arguments = (ins Onnx_Tensor:$X);
  let results = (outs Onnx_I64Tensor:$Y);
  let hasVerifier = 1;
}

#endif // BLOCKATTN_DIALECTS_ONNX_TENSOR_TD

//===- OnnxControl.td - constants, weights, control flow, foreign ops -----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_DIALECTS_ONNX_CONTROL_TD
#define BLOCKATTN_DIALECTS_ONNX_CONTROL_TD

include "dialects/Onnx/OnnxDialect.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"

def Onnx_ConstantOp : Onnx_BaseOp<"Constant",
    [Pure, ConstantLike, AllTypesMatch<["value", "output"]>]> {
  let summary = "a tensor whose elements are in the IR";
  let description = [{
    For small tensors, and for large ones that a pass computed. Tensors of the
    model file that are larger are `onnx.Weight`. ONNX's other attributes
    (value_int, value_floats, ...) are imported as `value`.

    Constraints:
      * (C1) `value` has the type of the result.
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Onnx_Tensor:$output);
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
}

def Onnx_WeightOp : Onnx_BaseOp<"Weight", [Pure]> {
  let summary = "a tensor whose elements are in a file";
  let description = [{
    Bytes [offset, offset + size) of file number `source` in the module's
    `onnx.sources`: the elements in row-major order, little-endian, those of 2
    or 4 bits packed from the lowest bit of a byte up. Weights are
    mapped when somebody reads them (Weights.h) and are never copied into the
    IR, so there is no folder.

    Constraints:
      * (C1) the result has a static shape and elements of a known number of
        bits.
      * (C2) `size` is the result's size in bytes.
      * (C3) `source`, `offset` and `size` are not negative, and their sum is a
        64-bit integer.
      * (C4) the module lists the source, where it has `onnx.sources`.
  }];
  let arguments = (ins StrAttr:$name, Onnx_I64Attr:$source,
    Onnx_I64Attr:$offset, Onnx_I64Attr:$size);
  let results = (outs Onnx_Tensor:$output);
  let assemblyFormat = [{
    $name `source` $source `offset` $offset `size` $size attr-dict
    `:` type($output)
  }];
  let hasVerifier = 1;
}

def Onnx_NoneOp : Onnx_BaseOp<"None", [Pure, ConstantLike]> {
  let summary = "an operand left out of a foreign op";
  let description = [{
    Ops of this dialect simply lack the operands that are left out. Nobody knows
    what the operands of a foreign op are, so that there the place is kept.
  }];
  let arguments = (ins);
  let results = (outs NoneType:$output);
  let assemblyFormat = "attr-dict `:` type($output)";
  let hasFolder = 1;
}

def Onnx_ForeignOp : Onnx_BaseOp<"Foreign", [NoTerminator]> {
  let summary = "an op outside this dialect";
  let description = [{
    An operator that this dialect does not contain, kept whole: all are
    reported together later. Nothing is known about its effects.
    `node_attributes` holds its attributes as in ONNX; those that are graphs are
    regions, their names in order are `graph_names`, and each ends in
    `onnx.Yield`.

    Constraints:
      * (C1) `op_type` is not empty.
      * (C2) there is a name for each region.
  }];
  let arguments = (ins StrAttr:$domain, StrAttr:$op_type,
    DefaultValuedOptionalAttr<DictionaryAttr, "{}">:$node_attributes,
    OptionalAttr<StrArrayAttr>:$graph_names,
    Variadic<AnyType>:$inputs);
  let results = (outs Variadic<AnyType>:$outputs);
  let regions = (region VariadicRegion<SizedRegion<1>>:$graphs);
  let assemblyFormat = [{
    $domain $op_type `(` $inputs `)` attr-dict
    `:` functional-type($inputs, $outputs) $graphs
  }];
  let hasVerifier = 1;
}

def Onnx_IfOp : Onnx_BaseOp<"If", [RecursiveMemoryEffects, NoRegionArguments,
    SingleBlock]> {
  let summary = "one of two branches";
  let description = [{
    The values that the branch chosen by `cond` yields. Branches may use the
    values around them.

    Constraints:
      * (C1) `cond` has one element.
      * (C2) each branch ends in `onnx.Yield` with as many operands as the op
        has results, of element types that agree with theirs.
  }];
  let arguments = (ins Onnx_BoolTensor:$cond);
  let results = (outs Variadic<Onnx_Tensor>:$outputs);
  let regions = (region SizedRegion<1>:$then_branch,
    SizedRegion<1>:$else_branch);
  let assemblyFormat = [{
    `(` $cond `)` attr-dict `:` functional-type(operands, results)
    $then_branch `else` $else_branch
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

def Onnx_LoopOp : Onnx_BaseOp<"Loop", [RecursiveMemoryEffects,
    AttrSizedOperandSegments, SingleBlock]> {
  let summary = "a body that is repeated";
  let description = [{
    Runs the body while the condition holds, `M` times at most. The body is
    given the number of the iteration, from 0 up, the condition, and the carried
    values, those of `v_initial` at first. It yields the next condition, the
    next carried values, and any number of further values. Results are the last
    carried values, and for each further value its values in all iterations,
    stacked along a new first dimension. Without `M` the number of iterations is
    up to the condition, and without `cond` the first one is run in any case.
    The body may use the values around it.

    Constraints:
      * (C1) `M` and `cond` have one element.
      * (C2) the body has two arguments, an i64 and a Boolean, and one for each
        carried value, of the carried value's element type.
      * (C3) the body ends in `onnx.Yield` with a Boolean of one element, and
        with as many values behind it as the op has results.
      * (C4) there is a result for each carried value.
      * (C5) the element types of what is carried, yielded and returned agree.
  }];
  let arguments = (ins Optional<Onnx_I64Tensor>:$M,
    Optional<Onnx_BoolTensor>:$cond, Variadic<Onnx_Tensor>:$v_initial);
  let results = (outs Variadic<Onnx_Tensor>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    (`trips` `(` $M^ `:` type($M) `)`)? (`while` `(` $cond^ `:` type($cond) `)`)?
    (`carries` `(` $v_initial^ `:` type($v_initial) `)`)?
    (`->` type($outputs)^)? attr-dict-with-keyword $body
  }];
  let hasVerifier = 1;
}

def Onnx_YieldOp : Onnx_BaseOp<"Yield", [Pure, Terminator, ReturnLike,
    ParentOneOf<["IfOp", "LoopOp", "ForeignOp"]>]> {
  let summary = "the results of a subgraph";
  let description = "Ends a region of `onnx.If`, `onnx.Loop` or `onnx.Foreign`.";
  let arguments = (ins Variadic<AnyType>:$outputs);
  let results = (outs);
  let assemblyFormat = "attr-dict ($outputs^ `:` type($outputs))?";
}

#endif // BLOCKATTN_DIALECTS_ONNX_CONTROL_TD

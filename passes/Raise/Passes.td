//===- Passes.td - the raise phase ----------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_RAISE_PASSES_TD
#define BLOCKATTN_PASSES_RAISE_PASSES_TD

include "mlir/Pass/PassBase.td"

def RaiseNorms : Pass<"blockattn-raise-norms", "::mlir::func::FuncOp"> {
  let summary = "Find RMS and layer normalization spelled out";
  let description = [{
    x / sqrt(mean(x * x) + eps) * w, in whatever order and with whichever of
    Pow, Mul, Sqrt, Reciprocal and Div it is written, becomes
    `onnx.RMSNormalization`, or, where x is a difference from its own mean,
    `onnx.LayerNormalization`. Casts to f32 and back are part of the norm.
  }];
  let dependentDialects = ["::blockattn::onnx::OnnxDialect"];
}

def RaiseSoftmax : Pass<"blockattn-raise-softmax", "::mlir::func::FuncOp"> {
  let summary = "Find softmax spelled out";
  let description = [{
    exp(z) / sum(exp(z)) over the last dimension, as a quotient, as a product
    with the sum's inverse, or as exp(z - log(sum(exp(z)))), which is what
    becomes of Exp behind LogSoftmax, is made `onnx.Softmax`. Where z is
    x - max(x), x is its operand: softmax takes care of large values itself.
    What else is added to the sum, such as a sink, makes it something else.
  }];
  let dependentDialects = ["::blockattn::onnx::OnnxDialect"];
}

def RaiseActivations
    : Pass<"blockattn-raise-activations", "::mlir::func::FuncOp"> {
  let summary = "Find GELU and Swish spelled out";
  let description = [{
    A chain of elementwise ops with one tensor operand and otherwise scalar
    constants is a function of one variable. Those that contain Erf, Tanh,
    Sigmoid or Exp are evaluated at a few dozen points and compared with GELU
    (both forms) and Swish; the spelling does not matter.
  }];
  let dependentDialects = ["::blockattn::onnx::OnnxDialect"];
}

def DecomposeOnnxAttention
    : Pass<"blockattn-decompose-onnx-attention", "::mlir::func::FuncOp"> {
  let summary = "Spell out onnx.Attention";
  let description = [{
    Turns `onnx.Attention` into MatMul, Softmax and what belongs to them, so
    that there is one form to raise from. The locations stay those of the op. An
    attention of which rank, heads or head size are unknown is left alone, with
    a missed remark.
  }];
  let dependentDialects = ["::blockattn::onnx::OnnxDialect"];
}

def GatherTables : Pass<"blockattn-gather-tables", "::mlir::ModuleOp"> {
  let summary = "Look up by position what is cut from a table";
  let description = [{
    An embedding of positions, or a table of cosines, of which the graph takes
    the rows [past, past + tokens) by an onnx.Slice, has positions that no value
    holds. The slice becomes an onnx.Gather by an onnx.Range, so that rotary
    embeddings are found, and positions from outside can take the place of the
    range. What the bounds are is found by evaluating them.
  }];
  let dependentDialects = ["::blockattn::onnx::OnnxDialect"];
}

def RaiseRotary : Pass<"blockattn-raise-rotary", "::mlir::ModuleOp"> {
  let summary = "Find rotary position embeddings";
  let description = [{
    Looks for a region with one data operand x and one result y, both heads of
    tokens, in which positions are multiplied into the data. Evaluates it at
    unit vectors, which gives the matrix by which a position acts on a head; fits
    frequencies, pairing and scale to it, and then compares
    `blockattn.rotary` with the region on random data at small, large and
    unordered positions. Only what agrees is replaced. Works on
    `onnx.RotaryEmbedding` as on any spelling of it.
  }];
  let dependentDialects = ["::blockattn::BlockAttnDialect",
                           "::blockattn::onnx::OnnxDialect"];
}

def TurnSoftmax : Pass<"blockattn-turn-softmax", "::mlir::func::FuncOp"> {
  let summary = "Make a softmax over columns one over rows";
  let description = [{
    Scores may be keys times transposed queries: then softmax is over the last
    dimension but one, and its result is transposed before values are weighed.
    Product, mask and softmax are turned, so that they are those of queries and
    transposed keys. A softmax over columns of anything else than a product
    stays as it is.
  }];
  let dependentDialects = ["::blockattn::onnx::OnnxDialect"];
}

def GroupHeads : Pass<"blockattn-group-heads", "::mlir::func::FuncOp"> {
  let summary = "Give each row of a product of grouped queries a token";
  let description = [{
    Where a group of queries shares a head of keys, a graph may multiply all of
    the group in one matrix: its rows are two dimensions, group and tokens, of
    what is reshaped before and after the product. The product becomes one of
    rank 5 without the reshapes, in which keys, or values, are broadcast. That
    the dimensions are the same is proven, not assumed.
  }];
  let dependentDialects = ["::blockattn::onnx::OnnxDialect"];
}

def OrderHeads : Pass<"blockattn-order-heads", "::mlir::func::FuncOp"> {
  let summary = "Bring heads of sequences that come first in the usual order";
  let description = [{
    Data may be [tokens, batch, heads * size], as `nn.MultiheadAttention` has
    it. It is often reshaped to [tokens, batch * heads, size] before it is
    transposed, and back behind attention: no value has heads as a dimension.
    Such moves go by way of [batch, heads, tokens, size], where heads are found.
  }];
  let dependentDialects = ["::blockattn::onnx::OnnxDialect"];
}

def RaiseAttention : Pass<"blockattn-raise-attention", "::mlir::ModuleOp"> {
  let summary = "Find attention and make it blockattn.attention";
  let description = [{
    Starts at each Softmax between two matrix products. Where the heads of
    query, key and value come from, scale, soft cap and mask are found by
    evaluating the ops between them, and the whole is compared with the
    candidate on random data before anything is replaced. The mask is evaluated
    for several lengths, past lengths, paddings and positions, and must equal
    one of: everything, causal, causal with a window; each optionally with
    padding from an argument, or with sequences packed by position.

    Scale, soft cap and sinks must be the same for few tokens and for many. A
    factor of the queries, keys or values that depends on how many there are,
    such as its logarithm, is no part of the attention and stays where it is; of
    the scores, nothing is replaced.

    Sets the module attribute `blockattn.attentions`, a dictionary for
    each attention, and emits a missed remark for each that was left.
  }];
  let dependentDialects = ["::blockattn::BlockAttnDialect",
                           "::blockattn::onnx::OnnxDialect"];
}

#endif // BLOCKATTN_PASSES_RAISE_PASSES_TD

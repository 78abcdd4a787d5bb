//===- Passes.td - from the model as it came to a small, typed graph ------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_NORMALIZE_PASSES_TD
#define BLOCKATTN_PASSES_NORMALIZE_PASSES_TD

include "mlir/Pass/PassBase.td"

def InferShapes : Pass<"blockattn-infer-shapes", "::mlir::func::FuncOp"> {
  let summary = "give every value the type that follows from its operands";
  let description = [{
    Runs the symbolic shape inference over the function and refines the types
    of all results of onnx ops, and the function's result types with them.
    Operands that contradict one another, or a type that was declared, are
    errors at the op concerned. An onnx.If whose condition follows from the
    shapes is replaced by the branch that it takes. Dimensions of results that the model left
    nameless get names (`onnx.dims`) where these follow.

    With `remarks` every result is reported with its symbolic shape, and, if
    they are known, its elements: `[1, seq + 1] = {...}`.
  }];
  let options = [
    Option<"remarks", "remarks", "bool", "false",
           "report the symbolic shape of every result">
  ];
}

def SplitBranches : Pass<"blockattn-split-branches", "::mlir::ModuleOp"> {
  let summary = "make a function for each branch of a merged decoder";
  let description = [{
    Some exporters put two decoders into one file, one without and one with past
    keys and values, as the branches of an onnx.If on a boolean input. Where
    both branches of such an op contain attention, `@main` becomes the function
    in which the condition is what it is for the branch that reads fewer inputs,
    and `@main.other` the other one; each has the inputs that it needs. The module
    attribute `blockattn.branches` keeps the condition and the inputs of the
    model: `--blockattn-join-branches` puts both together again in the program
    `full`. So each is an ordinary graph in the phases between.
  }];
  let dependentDialects = ["::blockattn::onnx::OnnxDialect"];
}

def FoldConstants : Pass<"blockattn-fold-constants", "::mlir::func::FuncOp"> {
  let summary = "compute at compile time what depends on constants alone";
  let description = [{
    Evaluates ops whose operands are constants, and replaces those of which a
    result is used elsewhere by `onnx.Constant`. A weight counts as a constant
    only if it is a vector of at most `max-elements` elements (the scale of a
    norm, a bias): matrices stay where they are, in their file.
  }];
  let options = [
    Option<"maxElements", "max-elements", "int64_t", "65536",
           "the largest tensor to be folded">
  ];
  let statistics = [
    Statistic<"numFolded", "num-folded", "Number of ops evaluated">
  ];
}

def FoldShapes : Pass<"blockattn-fold-shapes", "::mlir::func::FuncOp"> {
  let summary = "fold shape arithmetic, and what it shows to do nothing";
  let description = [{
    By the symbolic shapes of the function:

      * small integer tensors with constant elements become constants; those
        whose elements are expressions of the arguments' dimensions are
        computed straight from these, where an op that is no shape arithmetic
        uses them
      * the shape of a Reshape becomes a constant (with 0 for a dimension kept
        in its place, and -1 for one unknown) where that says the same
      * a Reshape, Expand, Slice, Tile or Pad that changes nothing, and a Where
        of which the condition is one constant, go
  }];
}

def Decompose : Pass<"blockattn-decompose", "::mlir::func::FuncOp"> {
  let summary = "rewrite ops that are made of simpler ones";
  let description = [{
    Leaves fewer kinds of ops to the phases after: Gemm becomes MatMul and Add,
    Flatten and Size become Reshape and ReduceProd, ops of any number of
    operands become binary, and activations and reductions that are short
    formulas are spelled out. Norms, Softmax, Attention, RotaryEmbedding, Gelu
    and Swish stay whole.
  }];
}

def DecomposeComposite
    : Pass<"blockattn-decompose-composite", "::mlir::func::FuncOp"> {
  let summary = "spell out ops that need the shapes of their operands for it";
  let description = [{
    The ops of OnnxComposite.td become others: Einsum becomes the transposes and
    the MatMul, product or sum that it stands for; products of quantized
    matrices become sums of products in f32 that are short enough to be exact;
    ReduceLogSumExp takes the greatest element out of its sum, so that nothing
    overflows; and norms, activations and selections are written as formulas.

    An op without such a form is an error that names the node and the reason.
  }];
}

def DecomposeMicrosoft
    : Pass<"blockattn-decompose-microsoft", "::mlir::func::FuncOp"> {
  let summary = "rewrite ops of ONNX Runtime to standard ones";
  let description = [{
    The ops of domain com.microsoft (`onnx.ms.*`) become standard ops:

      * norms with a skip connection or embeddings in them become Add, Gather
        and LayerNormalization or RMSNormalization
      * activations with a bias become Add and Gelu
      * Attention, MultiHeadAttention and GroupQueryAttention become
        `onnx.Attention`, with their projections, norms and rotary positions
        before it. Where a past is given, each row of GroupQueryAttention has
        its own length, which `seqlens_k` says: a mask hides what a row lacks,
        positions and present keys follow its length. A score that belongs to
        no key (`head_sink`, `smooth_softmax`) is one more column of a Softmax.
      * MatMulNBits and GatherBlockQuantized become what unpacks the weight,
        and a MatMul or Gather. The weight stays packed in the artifact; each
        run of the program unpacks it into a buffer that one product needs.
        With `keep-packed-products` MatMulNBits stays as it is where the CPU's
        library takes it: 4 or 8 bits, zero points of bytes or none, no `g_idx`
      * MoE and QMoE become products of all tokens with all experts, of which a
        matrix of weights, mostly zeros, makes a sum

    An option without such a form is an error that names the node, the option
    and what to do.
  }];
  let options = [
    Option<"keepPackedProducts", "keep-packed-products", "bool", "false",
           "leave products with packed weights to the CPU's library">
  ];
}

def SinkReshapes : Pass<"blockattn-sink-reshapes", "::mlir::func::FuncOp"> {
  let summary = "compute in the shape that the data has";
  let description = [{
    Exporters flatten [batch, tokens, channels] to a matrix before a product
    with a weight, and restore it after the bias; and merge batch and heads
    before they transpose. Such a Reshape moves below the MatMul, Add or
    Transpose, where it meets the one that undoes it.
  }];
}

def ResolveSequences
    : Pass<"blockattn-resolve-sequences", "::mlir::func::FuncOp"> {
  let summary = "lists of tensors become tensors";
  let description = [{
    Exporters write what cuts a tensor as SplitToSequence and SequenceAt, and
    what joins tensors as SequenceConstruct (or SequenceEmpty and
    SequenceInsert) and ConcatFromSequence. These ops are foreign to the onnx
    dialect, which has no sequences. Where the number of elements is known they
    become Split, Gather, Concat and plain values; others stay, and are reported
    with all ops that are not supported.
  }];
  let dependentDialects = ["::blockattn::onnx::OnnxDialect"];
}

def ReportUnsupported
    : Pass<"blockattn-report-unsupported", "::mlir::ModuleOp"> {
  let summary = "report all ops outside of the onnx dialect, at once";
  let description = [{
    One error for the whole module: for each kind of `onnx.Foreign` op its
    domain, the opset that the model imports, how often it occurs, the first
    nodes, and what can be done. Succeeds where there is none.
  }];
}

#endif // BLOCKATTN_PASSES_NORMALIZE_PASSES_TD

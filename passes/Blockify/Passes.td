//===- Passes.td - from one full-attention graph to its programs ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_BLOCKIFY_PASSES_TD
#define BLOCKATTN_PASSES_BLOCKIFY_PASSES_TD

include "mlir/Pass/PassBase.td"

def AssignRoles : Pass<"blockattn-assign-roles", "::mlir::ModuleOp"> {
  let summary = "turn @main into the program `full` and name its arguments' roles";
  let description = [{
    Gives every argument of `@main` a `blockattn.role`: `tokens`, `positions`,
    `attention_mask`, `past_key` and `past_value` (with `blockattn.layer`), or
    `input`; and every result `output`, or `present_key` and `present_value`.
    Past arguments and positions are found by where they flow (into the keys
    and values of an attention; into rotary positions), the others by the
    exporters' common names. Attentions are numbered with `layer` in program
    order, and `@main` becomes `@full`.

    The module attribute `blockattn.kv` records layers, kv_heads, head_size and
    whether cached blocks are independent of their place in the prompt.
  }];
}

def DeriveBlock : Pass<"blockattn-derive-block", "::mlir::ModuleOp"> {
  let summary = "derive the program `block` from `full`";
  let description = [{
    `@block` runs packed tokens under a layout: the batch is 1, past keys and values
    are empty, and every attention reads the layout argument. A graph that can't
    be made so (an attention that was not raised, or that is not causal, another
    op that brings tokens together, or no token input) is left with `full` alone,
    and the module attribute `blockattn.refused` says why; with `required` that is
    an error. So does a graph with a fixed number of tokens, of which `@block` is
    made all the same.

    Tokens are followed from the inputs through every op: which dimensions hold
    them, and in which order. Brought together are those that an op computes along
    (a sum, a norm, a product with weights), and those that two of its operands
    have at one place though they are others. Detours that are undone are none.
  }];
  let options = [
    Option<"required", "required", "bool", "false",
           "fail where the program can't be derived">,
    Option<"needsLengths", "needs-lengths", "bool", "false",
           "blocks of any length are required, too">
  ];
  let dependentDialects = ["::blockattn::BlockAttnDialect",
                           "::blockattn::onnx::OnnxDialect"];
}

def JoinBranches : Pass<"blockattn-join-branches", "::mlir::ModuleOp"> {
  let summary = "make one program `full` of the branches of a merged decoder";
  let description = [{
    The inverse of `--blockattn-split-branches`: `@full` and `@main.other`
    become the branches of an onnx.If in a new `@full` with all inputs of the
    model. The programs derived before are those of the branch without past keys
    and values. Nothing is done without `@main.other`.
  }];
  let dependentDialects = ["::blockattn::BlockAttnDialect",
                           "::blockattn::onnx::OnnxDialect"];
}

def ReplacePositions : Pass<"blockattn-replace-positions", "::mlir::ModuleOp"> {
  let summary = "let positions come from outside where the graph makes them";
  let description = [{
    A graph without a position input makes its positions from the number of
    tokens, a range, or sums of the attention mask. In `@block` values are found
    that hold the tokens' places, plus a constant, by evaluating the graph at a
    few lengths; the argument `position_ids` takes their place, so that a block can
    be run at any place of a prompt. Where no such value is found though the
    model has positions, `@block` is removed.

    Everything that is computed from positions, given or made, should depend on
    each token's position alone, and what else enters data must not depend on how
    many tokens there are. Otherwise (rotary positions that are scaled by the length
    of the prompt, hidden states that are divided by it), blocks can't be encoded
    on their own: `@block` gets the attribute `blockattn.whole_prompts`. The module
    attribute `blockattn.refused` says why in both cases; with `required` it is an
    error.
  }];
  let options = [
    Option<"required", "required", "bool", "false",
           "fail where the positions can't be replaced">,
    Option<"needsLengths", "needs-lengths", "bool", "false",
           "blocks that are encoded on their own are required, too">
  ];
  let dependentDialects = ["::blockattn::BlockAttnDialect",
                           "::blockattn::onnx::OnnxDialect"];
}

def InsertSinks : Pass<"blockattn-insert-sinks", "::mlir::ModuleOp"> {
  let summary = "put learned sink tokens before blocks or prompts";
  let description = [{
    `@block` gets an argument `sinks` [n, hidden], the learned embeddings, and
    puts its rows before every block, behind the token embedding, or, with the
    placement `prefix`, once at the head of the packed tokens; results lose
    the rows of sink tokens again, and masks of keys get them. The number of
    rows is read at run time: a table without rows is the model without
    sinks. With `count` 0 nothing is done. The module attribute
    `blockattn.sinks` records count and placement.

    That every block sees a prefix is the work of
    `--blockattn-attend-shared-sinks`, once the programs of one block are
    derived, which need no more than the prefix before their tokens.
  }];
  let options = [
    Option<"count", "count", "int64_t", "0", "sink tokens of the table">,
    Option<"placement", "placement", "std::string", "\"block\"",
           "before every `block`, or as one `prefix`">
  ];
  let dependentDialects = ["::blockattn::BlockAttnDialect",
                           "::blockattn::onnx::OnnxDialect",
                           "::mlir::tensor::TensorDialect"];
}

def AttendSharedSinks
    : Pass<"blockattn-attend-shared-sinks", "::mlir::ModuleOp"> {
  let summary = "let every block see the shared prefix of sinks";
  let description = [{
    An attention under the layout of an `insert_sinks` that is `shared` becomes
    two: the one that it was, and one of every query over the sinks' keys.
    They are merged by their log-sum-exps; a query that sees the sinks by
    itself (in the first block, or in a global block of the first segment)
    keeps its result exactly.

    The sinks stand right before every block, wherever that is in the prompt:
    so a block is the same when it is encoded alone, behind the sinks. For
    rotary positions the query is therefore rotated anew, by its place in the
    block or, in a global block, in the segment. Where blocks are tied to
    their place (`blockattn.kv`), they keep their true distance.

    An attention with a sliding window is refused.
  }];
  let dependentDialects = ["::blockattn::BlockAttnDialect",
                           "::blockattn::onnx::OnnxDialect",
                           "::mlir::arith::ArithDialect",
                           "::mlir::tensor::TensorDialect"];
}

def KeepPrograms : Pass<"blockattn-keep-programs", "::mlir::ModuleOp"> {
  let summary = "drop the programs that were not asked for";
  let description = [{
    Programs are derived from one another: `encode` needs `block`, and `block`
    `full`. What only served that goes when all are derived. Without
    `programs` all are kept; one that is not there is an error.
  }];
  let options = [
    ListOption<"programs", "programs", "std::string", "programs to keep">
  ];
}

def DeriveEncode : Pass<"blockattn-derive-encode", "::mlir::ModuleOp"> {
  let summary = "derive the program `encode` from `block`";
  let description = [{
    `@encode` runs the tokens of one block, which is full causal attention, and
    returns the key and value of every layer ([1, N, kv_heads, head_size]);
    what only the logits need is gone. Nothing is done without `@block`.
  }];
  let dependentDialects = ["::blockattn::BlockAttnDialect",
                           "::blockattn::onnx::OnnxDialect"];
}

def DeriveExtend : Pass<"blockattn-derive-extend", "::mlir::ModuleOp"> {
  let summary = "derive the program `extend` from `block`";
  let description = [{
    `@extend` runs tokens that follow cached blocks: every attention reads the
    `!blockattn.kv` argument in place, and rotates its query to each block's
    own positions where the keys are rotary. Returns the outputs and the key and value
    of the new tokens, rotated for their true positions. Nothing is done
    without `@block`.
  }];
  let dependentDialects = ["::blockattn::BlockAttnDialect",
                           "::blockattn::onnx::OnnxDialect"];
}

def ReducePrecision : Pass<"blockattn-reduce-precision", "::mlir::ModuleOp"> {
  let summary = "compute in 16-bit floats";
  let description = [{
    In each program, f32 weights become weights of type `dtype`, and so does
    whatever is computed with them; a weight keeps its bytes in the model's
    file, and says so by `onnx.stored`. Norms, softmax, products and attention
    are summed in f32 all the same. Angles, masks and shapes, which come from
    no weight, stay. An operation that takes no such type is computed in f32.
    Inputs and outputs keep their types, but for `kv_key` and `kv_value`.
  }];
  let options = [
    Option<"dtype", "dtype", "std::string", "\"bf16\"", "bf16 or f16">
  ];
  let dependentDialects = ["::blockattn::BlockAttnDialect",
                           "::blockattn::onnx::OnnxDialect"];
}

#endif // BLOCKATTN_PASSES_BLOCKIFY_PASSES_TD

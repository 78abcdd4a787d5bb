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
    be made so (an attention that was not raised, or that is not causal, or no
    token input) is left with `full` alone, and the module attribute
    `blockattn.refused` says why; with `required` that is an error.
  }];
  let options = [
    Option<"required", "required", "bool", "false",
           "fail where the program can't be derived">
  ];
  let dependentDialects = ["::blockattn::BlockAttnDialect",
                           "::blockattn::onnx::OnnxDialect"];
}

def InsertSinks : Pass<"blockattn-insert-sinks", "::mlir::ModuleOp"> {
  let summary = "put learned sink tokens at the start of every block";
  let description = [{
    `@block` gets an argument `sinks` [n, hidden], the learned embeddings, and
    puts its rows before every block, behind the token embedding; results lose
    the rows of sink tokens again. The number of rows is read at run time: a
    table without rows is the model without sinks. With `count` 0 nothing is
    done.
  }];
  let options = [
    Option<"count", "count", "int64_t", "0", "sink tokens for each block">
  ];
  let dependentDialects = ["::blockattn::BlockAttnDialect",
                           "::mlir::tensor::TensorDialect"];
}

def DeriveEncode : Pass<"blockattn-derive-encode", "::mlir::ModuleOp"> {
  let summary = "derive the program `encode` from `block`";
  let description = [{
    `@encode` runs the tokens of one block, which is full causal attention, and
    returns the key and value of every layer ([1, N, kv_heads, head_size]);
    what only the logits need is gone. Nothing is done without `@block`.
  }];
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
  let dependentDialects = ["::blockattn::BlockAttnDialect"];
}

#endif // BLOCKATTN_PASSES_BLOCKIFY_PASSES_TD

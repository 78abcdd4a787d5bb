//===- BlockAttnDialect.td - the blockattn dialect, types, attributes -----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_DIALECTS_BLOCKATTN_DIALECT_TD
#define BLOCKATTN_DIALECTS_BLOCKATTN_DIALECT_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/DialectBase.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"

def BlockAttn_Dialect : Dialect {
  let name = "blockattn";
  let cppNamespace = "::blockattn";
  let summary = "Block-structured attention: what ONNX cannot say";
  let description = [{
    Attention over packed tokens with a block layout, rotary positions as an
    operation of their own, cached keys and values of blocks, and sink tokens.
    Everything else of a model stays in the `onnx` dialect, and everything
    below is upstream. The Rationale says why the dialect is cut here.
  }];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
}

class BlockAttn_Type<string name, string typeMnemonic>
    : TypeDef<BlockAttn_Dialect, name> {
  let mnemonic = typeMnemonic;
}

def BlockAttn_LayoutType : BlockAttn_Type<"Layout", "layout"> {
  let summary = "how packed tokens are divided into blocks and prompts";
  let description = [{
    A list of blocks over packed tokens `[0, N)`. For each block: its first
    token (strictly increasing, the first is 0), whether it is *global* (sees every
    earlier token of its segment) or *local* (sees its own block), and the
    segment (prompt) that it belongs to. Tokens of different segments never see
    one another. The last block of a segment is global.

    At run time a layout is an i64 array of shape [blocks, 3] with the columns
    start, is_global, segment.
  }];
}

def BlockAttn_KVType : BlockAttn_Type<"KV", "kv"> {
  let summary = "keys and values of cached blocks, for all layers";
  let description = [{
    An ordered list of cached blocks that precede the tokens of a program. The
    keys and values stay where they were written when the block was encoded:
    a program only reads them, and any number of prompts may hold the same
    block at once.

    At run time it is an i64 array of shape [blocks, 4 + 2 * layers]. The
    columns are: length (tokens), shift, position of the first token in the
    prompt, 0, and then for each layer the address of its keys and of its
    values, each a row-major [length, kv_heads, head_size] array. `shift` is
    by how many positions the keys lie before their place in the prompt: they
    were rotated for position p - shift and stand at p. A block that was
    encoded in its true place has shift 0.
  }];
}

def BlockAttn_RotaryAttr : AttrDef<BlockAttn_Dialect, "Rotary"> {
  let mnemonic = "rope";
  let summary = "the angles and the pairing of a rotary position embedding";
  let description = [{
    Pair `i` of a head is rotated by `position * inv_freq[i]` (computed in
    f32) and scaled by `scale`. With `interleaved` false the pair is
    (x[i], x[i + r/2]), with true (x[2i], x[2i + 1]), r = 2 * size of
    `inv_freq`; elements from r on pass through unchanged. Source: RoFormer,
    arXiv 2104.09864.
  }];
  let parameters = (ins
    "::mlir::DenseFPElementsAttr":$inv_freq,
    DefaultValuedParameter<"bool", "false">:$interleaved,
    DefaultValuedParameter<"::mlir::FloatAttr",
      "::mlir::FloatAttr::get(::mlir::Float64Type::get($_ctxt), 1.0)">:$scale);
  let builders = [
    AttrBuilder<(ins "::mlir::DenseFPElementsAttr":$inv_freq,
                     "bool":$interleaved, "double":$scale), [{
      return $_get($_ctxt, inv_freq, interleaved,
        ::mlir::FloatAttr::get(::mlir::Float64Type::get($_ctxt), scale));
    }]>];
  let assemblyFormat = "`<` struct(params) `>`";
  let extraClassDeclaration = [{
    /// The number of elements of a head that are rotated.
    int64_t getRotaryDim() const { return 2 * getInvFreq().getNumElements(); }
    double getScaleValue() const { return getScale().getValueAsDouble(); }
  }];
  let genVerifyDecl = 1;
}

#endif // BLOCKATTN_DIALECTS_BLOCKATTN_DIALECT_TD
